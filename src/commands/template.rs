//! `amictl template`: makes a launch template, or a new version of one.

use anyhow::Result;

use crate::domain::instance_options::MetadataTokens;
use crate::domain::launch_template::TemplateName;
use crate::domain::reference::ImageRef;
use crate::options::instances::InstanceArgs;
use crate::output;
use crate::workflows::launch_template::{TemplateRequest, run};
use crate::workflows::run::context::Context;
use crate::workflows::run::diagnostics::reported;

const EXAMPLES: &str = "\
Examples:
  amictl template web --image web:prod --type t3.micro --security-group sg-0123456789abcdef0
  amictl template web --image web:v3 --default
  amictl template web --image web:prod --pin --dry-run
  amictl template web --image web --type t3.micro --region us-east-1,eu-west-1 -o json";

/// Make a launch template, or a new version of one
///
/// A new version is made from the default one: what is not given stays as it is, snapshots of volumes included. It does
/// not become the default without --default. A version with the same contents is used again. An alias or an SSM
/// parameter as REF is written as resolve:ssm:…: each launch then takes the image that it names at that moment. Instances
/// of a new template require IMDSv2. Says which Auto Scaling groups use the template, and which of them follow.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
#[command(mut_arg("instance_type", |arg| arg.help("Instance type, e.g. t3.micro; a new template needs it")))]
pub struct Args {
    /// Name of the launch template
    #[arg(value_name = "NAME")]
    template: TemplateName,

    /// Image: an id, a name, web, web:v3, web:prod, or an SSM parameter (ssm:/golden/web)
    #[arg(long, value_name = "REF")]
    image: ImageRef,

    /// Write the id of the image, also for an alias or a parameter
    #[arg(long)]
    pin: bool,

    #[command(flatten)]
    instances: InstanceArgs,

    /// v2.0 (instances require IMDSv2) or optional [default: the version before, else v2.0]
    #[arg(long, hide_possible_values = true, value_name = "VERSION", value_parser = ["v2.0", "optional"])]
    imds: Option<String>,

    /// Make the version the default
    #[arg(long)]
    default: bool,

    /// Only check with EC2 (DryRun) that it would work
    #[arg(long)]
    dry_run: bool,
}

pub async fn run(context: &Context, args: Args) -> Result<()> {
    let request = TemplateRequest {
        name: args.template,
        image: args.image,
        pin: args.pin,
        default: args.default,
        options: args.instances.options(None)?,
        metadata: args.imds.map(|version| match version.as_str() {
            "optional" => MetadataTokens::Optional,
            _ => MetadataTokens::Required,
        }),
    };
    let plans = context.unless_stopped(run::check(context, &request)).await?;
    if args.dry_run {
        return context.unless_stopped(run::attempt(context, &plans)).await;
    }
    let outcomes = run::apply(context, plans).await;
    let written = output::templates(&context.printer, &outcomes);
    run::tell(context, &outcomes);
    reported(context, written, run::conclude(context, &outcomes))
}
