//! `amictl wait`: resumes the wait for an image, for launched instances, or for a roll-out.

use std::str::FromStr;

use anyhow::Result;

use crate::domain::failure::Failure;
use crate::domain::ids::InstanceId;
use crate::domain::reference::{ImageRef, RefError};
use crate::domain::rollout::GroupName;
use crate::domain::tags::COPIED_FROM;
use crate::output::{self, Options};
use crate::service::{Target, instances, launch, wait};
use crate::workflows::copy::make;
use crate::workflows::rollout;
use crate::workflows::run::context::Context;
use crate::workflows::run::diagnostics::reported;
use crate::workflows::select::resolve;

const EXAMPLES: &str = "\
Examples:
  amictl wait ami-0123456789abcdef0 --region eu-west-1
  amictl wait web-v3-2026-01-02 --timeout 30m
  amictl wait i-0123456789abcdef0 i-0123456789abcdef1
  amictl wait --group web";

/// Wait for an image, instances or a roll-out
///
/// Until the image is available, the instances run, or with --group the last instance refresh of an Auto Scaling group
/// has ended, whoever began it. Also tags the snapshots of a copy made by 'amictl copy --no-wait', as copy itself would
/// have done.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Image (id, name, web:v3 or web:prod), or ids of instances
    #[arg(value_name = "REF", required_unless_present = "group", conflicts_with = "group")]
    what: Vec<What>,

    /// Auto Scaling group, by name: wait for its last instance refresh
    #[arg(long, value_name = "NAME")]
    group: Option<GroupName>,
}

#[derive(Debug, Clone)]
enum What {
    Image(ImageRef),
    Instance(InstanceId),
}

impl FromStr for What {
    type Err = RefError;

    fn from_str(text: &str) -> Result<Self, RefError> {
        match text.parse() {
            Ok(id) => Ok(Self::Instance(id)),
            Err(_) => text.parse().map(Self::Image),
        }
    }
}

pub async fn run(context: &Context, args: Args) -> Result<()> {
    if let Some(group) = args.group {
        let (report, end) = rollout::wait(context, &context.target().await?, &group).await?;
        return reported(context, output::rollouts(&context.printer, &report), end);
    }
    let (mut images, mut ids) = (Vec::new(), Vec::new());
    for what in args.what {
        match what {
            What::Image(reference) => images.push(reference),
            What::Instance(id) => ids.push(id),
        }
    }
    let target = context.target().await?;
    match (images.as_slice(), ids.as_slice()) {
        ([one], []) => image(context, &target, one).await,
        ([], ids) => running(context, &target, ids).await,
        _ => Err(Failure::usage("wait takes one image, or one or more instances").into()),
    }
}

async fn image(context: &Context, target: &Target, reference: &ImageRef) -> Result<()> {
    let found = context.unless_stopped(resolve::image(context, target, reference)).await?;
    let image = context
        .watched(found.label(), async |watch| {
            wait::image_available(target, &found.id, false, &context.patience(), watch).await
        })
        .await?;
    // A copy whose run did not wait to the end.
    if image.own && image.tags.contains_key(COPIED_FROM) {
        make::mark(context, target, &image).await;
    }
    output::images(&context.printer, &[&image], &[], &Options::default(), context.now)
}

async fn running(context: &Context, target: &Target, ids: &[InstanceId]) -> Result<()> {
    let started = context.unless_stopped(async { Ok(instances::by_ids(target, ids).await?) }).await?;
    let running = context
        .watched("launching", async |watch| launch::running(target, started, &context.patience(), watch).await)
        .await?;
    output::instances(&context.printer, &running)
}
