//! `amictl create`: makes the next version of a family, from an instance or a snapshot.

use std::collections::BTreeSet;

use anyhow::Result;

use crate::domain::ci_tags::CiTags;
use crate::domain::failure::{Failure, Kind};
use crate::domain::ids::InstanceId;
use crate::domain::naming::{Date, Family, Version};
use crate::domain::region::Region;
use crate::domain::registration::Wanted;
use crate::domain::tags::{Tag, TagError, Tags};
use crate::options::follow_up::FollowUpArgs;
use crate::options::registration::SnapshotArgs;
use crate::output::{self, Options};
use crate::service::client::quota::Room;
use crate::service::image_request::{ImageOrigin, Request};
use crate::service::{create, wait};
use crate::workflows::copy::job::{CopyJob, Made};
use crate::workflows::copy::{keys, run};
use crate::workflows::create::instance::{look_at_instance, not_available, volumes_of};
use crate::workflows::create::snapshot;
use crate::workflows::follow_up::PendingImage;
use crate::workflows::run::context::Context;

/// EC2's limit for descriptions, in characters.
const LONGEST_DESCRIPTION: usize = 255;

const EXAMPLES: &str = "\
Examples:
  amictl create web --instance i-0123456789abcdef0 --environment prod --owner platform
  amictl create web --instance i-0123456789abcdef0 --no-reboot --copy-to eu-west-1,us-west-2
  amictl create web --snapshot snap-0123456789abcdef0 --arch arm64 --tag Build=1234 -o ids
  amictl create web --snapshot snap-0123456789abcdef0 --like web:v3";

/// Create an image: the next version of a family
///
/// The image is named FAMILY-v<N>-<YYYY-MM-DD>: the newest version in the region plus one, and today's date (UTC).
/// Tags the image and its snapshots with Name, Family, Version, Environment, Owner, amictl:created-by and amictl:run; in
/// GitHub Actions, GitLab CI, CodeBuild and Jenkins also with Commit, Build and Repository.
/// Waits until the image is available.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES, group = clap::ArgGroup::new("origin").required(true))]
pub struct Args {
    /// Family, e.g. debian-nginx: lower-case letters, digits and . _ / -
    family: Family,

    /// Instance to create it from; rebooted unless --no-reboot
    #[arg(long, value_name = "ID", group = "origin")]
    instance: Option<InstanceId>,

    #[command(flatten)]
    from_snapshot: SnapshotArgs,

    /// Version number [default: the newest plus one]
    #[arg(long = "version", value_name = "N")]
    number: Option<Version>,

    /// Date in the name, YYYY-MM-DD [default: today in UTC]
    #[arg(long)]
    date: Option<Date>,

    /// Description, up to 255 characters
    #[arg(long, value_name = "TEXT", value_parser = description)]
    description: Option<String>,

    /// Value of the tag Environment
    #[arg(long, value_name = "NAME")]
    environment: Option<String>,

    /// Value of the tag Owner
    #[arg(long, value_name = "NAME")]
    owner: Option<String>,

    /// Another tag; repeatable
    #[arg(long, value_name = "KEY=VALUE")]
    tag: Vec<Tag>,

    /// No tags Commit, Build and Repository from the variables of CI systems
    #[arg(long)]
    no_ci_tags: bool,

    /// Do not reboot the instance; file systems may be inconsistent
    #[arg(long, conflicts_with = "snapshot")]
    no_reboot: bool,

    /// Tag only the image, for roles that may not tag snapshots
    #[arg(long)]
    no_snapshot_tags: bool,

    /// Regions to copy it to once it is available
    #[arg(long, value_name = "REGION", value_delimiter = ',', conflicts_with = "no_wait")]
    copy_to: Vec<Region>,

    #[command(flatten)]
    finish: FollowUpArgs,

    /// Do not wait until it is available
    #[arg(long)]
    no_wait: bool,

    /// Only check with EC2 (DryRun) that it would work
    #[arg(long)]
    dry_run: bool,
}

fn description(text: &str) -> Result<String, String> {
    match text.chars().count() {
        length if length > LONGEST_DESCRIPTION => {
            Err(format!("it has {length} characters; EC2 takes at most {LONGEST_DESCRIPTION}"))
        }
        _ => Ok(text.to_owned()),
    }
}

pub async fn run(context: &Context, args: Args) -> Result<()> {
    let wanted = args.from_snapshot.wanted()?;
    let mut request = request(context, &args, wanted.as_ref())?;
    let steps = args.finish.steps(context.now)?;
    let target = context.target().await?;
    let copy_to: BTreeSet<Region> = args.copy_to.iter().cloned().collect();
    if copy_to.contains(&target.region) {
        let message = format!("--copy-to {}: the image is created in that region", target.region);
        return Err(Failure::usage(message).hint("leave that region out").into());
    }
    let looking = async {
        let reboots = match &wanted {
            None => look_at_instance(context, &target, &request.origin).await?,
            Some(wanted) => {
                let made_of =
                    snapshot::registration(context, &target, args.from_snapshot.like.as_ref(), wanted).await?;
                request.origin = ImageOrigin::Snapshot(Box::new(made_of));
                None
            }
        };
        if steps.shares() {
            let volumes = volumes_of(context, &target, &request.origin).await;
            keys::image(context, &target, &copy_to, request.family.as_str(), &volumes).await?;
        }
        Ok(reboots)
    };
    let reboots = context.unless_stopped(looking).await?;
    if args.dry_run {
        let name = context.unless_stopped(create::check(&target, &request)).await?;
        let then = steps.would(context.now);
        context.printer.say(format!("dry run: {name} would be made in {}{then}", target.region));
        return Ok(());
    }
    if let Some(instance) = reboots {
        context.printer.say(format!("{instance} is running and will reboot; --no-reboot would leave it running"));
    }
    // After a lost answer, the search for the image may take two minutes.
    let tell = |text: String| context.printer.say(text);
    let bar = context.printer.bars().spinner(format!("asking for an image of {}", request.family));
    let started = context.begin(create::start(&target, &request, &Room::new(context.patience(), &tell))).await;
    drop(bar);
    let (name, id) = started?;
    context.printer.say(format!("making {name} ({id}) in {}", target.region));
    let tagged = create::tag_snapshots(&target, &request, &name).await;
    if let Err(error) = &tagged {
        // Printed now, as later steps may fail too.
        context.printer.tell(&format!("the snapshots of {name} ({id}) could not be tagged: {error:#}"));
    }
    let seen = if args.no_wait {
        wait::image_visible(&target, &id, &context.patience()).await
    } else {
        context
            .watched(name.to_string(), async |watch| {
                wait::image_available(&target, &id, true, &context.patience(), watch).await
            })
            .await
    };
    let image = match seen {
        Ok(image) => image,
        Err(error) => {
            let image = PendingImage { target: &target, id: &id, name: &name.to_string() };
            let (left, error) = not_available(context, &steps, &copy_to, image, error).await;
            left.map_or(Ok(()), |left| show(context, &left))?;
            return Err(error);
        }
    };
    let made =
        Made { steps: steps.take(context, &target, &image).await, images: vec![image.clone()], errors: Vec::new() };
    let copies = CopyJob { to: copy_to, steps, ..CopyJob::of(target, image) };
    let copies = [copies];
    let run = run::carry_out(context, &copies, Vec::new(), made).await;
    show(context, &run.made)?;
    run.conclude(context, &copies)?;
    tagged.map_err(|error| {
        let message = format!("{name} ({id}) is made, but its snapshots could not be tagged: {error:#}");
        let hint = "tag the snapshots by hand; if the role may not tag them, use --no-snapshot-tags";
        Failure::new(Kind::Partial, "SnapshotNotTagged", message).hint(hint).into()
    })
}

/// Writes what was made to stdout.
fn show(context: &Context, made: &Made) -> Result<()> {
    let options = Options { steps: made.steps.clone(), ..Options::default() };
    output::images(&context.printer, &made.images.iter().collect::<Vec<_>>(), &made.errors, &options, context.now)
}

fn request(context: &Context, args: &Args, wanted: Option<&Wanted>) -> Result<Request> {
    let named = [("Environment", &args.environment), ("Owner", &args.owner)];
    let named = named.into_iter().filter_map(|(key, value)| value.as_ref().map(|v| Tag::new(key, v)));
    let mut tags: Vec<Tag> = named.collect::<Result<_, TagError>>()?;
    tags.extend(args.tag.iter().cloned());
    let origin = match (&args.instance, wanted) {
        (Some(id), _) => ImageOrigin::Instance { id: id.clone(), no_reboot: args.no_reboot },
        (None, Some(wanted)) => {
            ImageOrigin::Snapshot(Box::new(snapshot::alone(args.from_snapshot.like.as_ref(), wanted)?))
        }
        (None, None) => return Err(Failure::usage("give --instance or --snapshot").into()),
    };
    let mut request = Request {
        family: args.family.clone(),
        version: args.number,
        date: args.date.map_or_else(|| create::today(context.now), Ok)?,
        origin,
        description: args.description.clone(),
        tags,
        ci_tags: Tags::new(),
        snapshot_tags: !args.no_snapshot_tags,
        maker: context.maker.clone(),
    };
    let tags = request.check()?;
    if !args.no_ci_tags {
        let CiTags { tags, left_out } = CiTags::read(|name| context.env(name), &tags);
        left_out.into_iter().for_each(|text| context.printer.say(text));
        request.ci_tags = tags;
    }
    Ok(request)
}
