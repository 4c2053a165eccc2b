//! `amictl launch`: launches instances from an image named by any reference.

use std::path::PathBuf;
use std::str::FromStr;

use anyhow::Result;

use crate::domain::failure::Failure;
use crate::domain::ids::{SecurityGroupId, SubnetId};
use crate::domain::reference::ImageRef;
use crate::domain::tags::{CREATED_BY, Tag, TagError, Tags};
use crate::output;
use crate::service::launch::{self, Request, Template};
use crate::workflows::launch::{allow_http, check, lost, not_launched, web_group};
use crate::workflows::run::context::Context;
use crate::workflows::select::resolve;

/// EC2's limit for user data before it is encoded.
const LONGEST_USER_DATA: usize = 16 * 1024;

const EXAMPLES: &str = "\
Examples:
  amictl launch web --type t3.micro --key-name ops
  amictl launch web:v3 --type t3.micro --allow-http --name canary --user-data boot.sh
  amictl launch web:prod --template web --count 3 -o json
  amictl launch ssm:/aws/service/debian/release/13/latest/amd64 --type t3.micro";

/// Launch instances from an image
///
/// Waits until they run, and prints their ids, state and addresses.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Image: an id, a name, web, web:v3, web:prod, or an SSM parameter (ssm:/golden/web)
    #[arg(value_name = "REF")]
    reference: ImageRef,

    /// Instance type, e.g. t3.micro [default: that of the template]
    #[arg(long = "type", value_name = "TYPE", required_unless_present = "template")]
    instance_type: Option<String>,

    /// Key pair for SSH
    #[arg(long, value_name = "NAME")]
    key_name: Option<String>,

    /// Subnet [default: one of the default VPC]
    #[arg(long, value_name = "ID")]
    subnet: Option<SubnetId>,

    /// Security group; repeat it for several [default: the default group of the VPC]
    #[arg(long, value_name = "ID", value_delimiter = ',')]
    security_group: Vec<SecurityGroupId>,

    /// Add a security group that admits ports 80 and 443 from everywhere; created once per VPC
    #[arg(long)]
    allow_http: bool,

    /// Number of instances; EC2 launches all or none
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(i32).range(1..=1000))]
    count: i32,

    /// Tag Name of the instances
    #[arg(long)]
    name: Option<String>,

    /// File with user data, up to 16 KiB
    #[arg(long, value_name = "FILE")]
    user_data: Option<PathBuf>,

    /// Instance profile, by name
    #[arg(long, value_name = "NAME")]
    instance_profile: Option<String>,

    /// Request Spot capacity
    #[arg(long)]
    spot: bool,

    /// Launch template for everything not given here; REF replaces its image
    #[arg(long, value_name = "NAME[:VERSION]")]
    template: Option<TemplateArg>,

    /// Tag of the instances and their volumes; repeatable
    #[arg(long, value_name = "KEY=VALUE")]
    tag: Vec<Tag>,

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

#[derive(Debug, Clone)]
struct TemplateArg(Template);

impl FromStr for TemplateArg {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (name, version) = match text.split_once(':') {
            Some((name, version)) => (name, Some(version)),
            None => (text, None),
        };
        let version = match version {
            None | Some("$Latest" | "$Default") => version.map(str::to_owned),
            Some("latest") => Some("$Latest".to_owned()),
            Some("default") => Some("$Default".to_owned()),
            Some(n) if n.parse::<u32>().is_ok_and(|n| n > 0) => Some(n.to_owned()),
            Some(_) => return Err("the version must be a number, latest or default, e.g. web:3".to_owned()),
        };
        let takes = |c: char| c.is_ascii_alphanumeric() || "().-/_".contains(c);
        match (3..=128).contains(&name.len()) && name.chars().all(takes) {
            true => Ok(Self(Template { name: name.to_owned(), version })),
            false => Err("a template name has 3 to 128 letters, digits and ( ) . - / _".to_owned()),
        }
    }
}

pub async fn run(context: &Context, args: Args) -> Result<()> {
    let tags = tags(&args, &context.maker.program)?;
    let user_data = args.user_data.as_deref().map(read_user_data).transpose()?;
    if args.allow_http && args.template.is_some() && args.subnet.is_none() {
        let failure = Failure::usage("--allow-http needs a VPC, and the template may choose it");
        return Err(failure.hint("give --subnet as well").into());
    }
    let target = context.target().await?;
    let looking = async {
        let image = resolve::image(context, &target, &args.reference).await?;
        check(&image)?;
        let web = if args.allow_http { Some(web_group(&target, args.subnet.as_ref()).await?) } else { None };
        Ok((image, web))
    };
    let (image, web) = context.unless_stopped(looking).await?;
    let mut request = Request {
        image: image.id.clone(),
        instance_type: args.instance_type.clone(),
        count: args.count,
        key_name: args.key_name.clone(),
        subnet: args.subnet.clone(),
        security_groups: args.security_group.clone(),
        user_data,
        instance_profile: args.instance_profile.clone(),
        spot: args.spot,
        template: args.template.clone().map(|t| t.0),
        tags,
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
    let ids = started.iter().map(|i| i.id.to_string()).collect::<Vec<_>>().join(" ");
    context.printer.say(format!("launched {ids} from {} in {}", image.label(), target.region));
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

fn tags(args: &Args, made_by: &str) -> Result<Tags> {
    let mut tags: Tags = [(CREATED_BY.to_owned(), made_by.to_owned())].into();
    let name = args.name.as_ref().map(|name| Tag::new("Name", name)).transpose()?;
    for tag in name.into_iter().chain(args.tag.iter().cloned()) {
        if tags.insert(tag.key.clone(), tag.value).is_some() {
            return Err(TagError::Twice(tag.key).into());
        }
    }
    match tags.len() {
        count if count > 50 => Err(TagError::TooMany(count).into()),
        _ => Ok(tags),
    }
}

fn read_user_data(path: &std::path::Path) -> Result<String> {
    let wrong = |why: String| Failure::usage(format!("--user-data {}: {why}", path.display()));
    let data = std::fs::read(path).map_err(|error| wrong(error.to_string()))?;
    match data.len() {
        length if length > LONGEST_USER_DATA => {
            Err(wrong(format!("it has {length} bytes; EC2 takes at most {LONGEST_USER_DATA}")).into())
        }
        _ => Ok(launch::encode(&data)),
    }
}
