//! `amictl launch`: launches instances from an image named by any reference, or from a launch template.

use anyhow::Result;

use crate::domain::failure::Failure;
use crate::domain::launch_template::TemplateRef;
use crate::domain::reference::ImageRef;
use crate::options::instances::InstanceArgs;
use crate::output;
use crate::service::launch::{self, Request};
use crate::workflows::launch::{allow_http, check, launched, lost, not_launched, not_revoked, web_group};
use crate::workflows::launch_template::image::of_template;
use crate::workflows::run::context::Context;
use crate::workflows::select::resolve;

const EXAMPLES: &str = "\
Examples:
  amictl launch web --type t3.micro --key-name ops
  amictl launch web:v3 --type t3.micro --allow-http --name canary --user-data boot.sh
  amictl launch --template web --count 3 -o json
  amictl launch web:prod --template web
  amictl launch ssm:/aws/service/debian/release/13/latest/amd64 --type t3.micro";

/// Launch instances from an image
///
/// Waits until they run, and prints their ids, state and addresses. Without REF the image is that of the template.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
#[command(mut_arg("instance_type", |arg| arg.required_unless_present("template")))]
pub struct Args {
    /// Image: an id, a name, web, web:v3, web:prod, or an SSM parameter (ssm:/golden/web) [default: that of the template]
    #[arg(value_name = "REF", required_unless_present = "template")]
    reference: Option<ImageRef>,

    #[command(flatten)]
    instances: InstanceArgs,

    /// Add a security group that admits ports 80 and 443 from everywhere; created once per VPC
    #[arg(long)]
    allow_http: bool,

    /// Number of instances; EC2 launches all or none
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(i32).range(1..=1000))]
    count: i32,

    /// Launch template for everything not given here; REF replaces its image
    #[arg(long, value_name = "NAME[:VERSION]")]
    template: Option<TemplateRef>,

    /// Launch an image although it is revoked
    #[arg(long)]
    allow_revoked: bool,

    /// Idempotency token: with the same token and options, EC2 returns the instances launched before
    /// [default: a new token for each run]
    #[arg(long, value_name = "TOKEN", value_parser = client_token)]
    client_token: Option<String>,

    /// Do not wait until they are running
    #[arg(long)]
    no_wait: bool,

    /// Only check with EC2 (DryRun) that it would work
    #[arg(long)]
    dry_run: bool,
}

pub async fn run(context: &Context, args: Args) -> Result<()> {
    let options = args.instances.options(Some(&context.maker.program))?;
    if args.allow_http && args.template.is_some() && options.subnet.is_none() {
        let failure = Failure::usage("--allow-http needs a VPC, and the template may choose it");
        return Err(failure.hint("give --subnet as well").into());
    }
    let target = context.target().await?;
    let looking = async {
        let image = match (&args.reference, &args.template) {
            (Some(reference), _) => resolve::image(context, &target, reference).await?,
            (None, Some(template)) => of_template(context, &target, template).await?,
            (None, None) => return Err(Failure::usage("there is neither REF nor --template").into()),
        };
        not_revoked(context, &image, args.allow_revoked)?;
        check(&image)?;
        let web = if args.allow_http { Some(web_group(&target, options.subnet.as_ref()).await?) } else { None };
        Ok((image, web))
    };
    let (image, web) = context.unless_stopped(looking).await?;
    let mut request = Request {
        image: args.reference.is_some().then(|| image.id.clone()),
        count: args.count,
        options: options.clone(),
        template: args.template.clone(),
        client_token: args.client_token.clone().unwrap_or_else(|| format!("amictl-{}", context.maker.run)),
    };
    let mut changed = None;
    if let Some((vpc, group)) = web {
        changed = allow_http(context, &target, (&vpc, group), args.dry_run, &mut request).await?;
    }
    if args.dry_run {
        context.unless_stopped(async { Ok(launch::check(&target, &request).await?) }).await?;
        context.printer.say(format!(
            "dry run: {} of {} would be launched in {}",
            args.count,
            image.label(),
            target.region
        ));
        return Ok(());
    }
    let starting = async { launch::start(&target, &request).await.map_err(|error| lost(error, &request)) };
    let started = context.begin(starting).await.map_err(|error| not_launched(error, changed))?;
    context.printer.say(launched(&started, &image));
    if args.no_wait {
        return output::instances(&context.printer, &started);
    }
    let running = context
        .watched("launching", async |watch| launch::running(&target, started, &context.patience(), watch).await)
        .await?;
    output::instances(&context.printer, &running)
}

/// EC2's rule for client tokens.
fn client_token(text: &str) -> Result<String, String> {
    match (1..=64).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic()) {
        true => Ok(text.to_owned()),
        false => Err("a token has 1 to 64 visible ASCII characters".to_owned()),
    }
}
