//! `amictl rollout`: replaces the instances of Auto Scaling groups.

use std::time::Duration;

use anyhow::Result;

use crate::domain::age::Age;
use crate::domain::failure::Failure;
use crate::domain::reference::ImageRef;
use crate::domain::rollout::{Checkpoints, GroupName, RolloutPreferences};
use crate::output;
use crate::workflows::rollout::{self, Goal, Halt, RolloutRequest};
use crate::workflows::run::context::Context;
use crate::workflows::run::diagnostics::reported;

/// The longest pause at a checkpoint, and the longest time to bake: 48 hours.
const LONGEST: Duration = Duration::from_secs(172_800);
/// The most alarms that an instance refresh watches.
const MOST_ALARMS: usize = 10;

const EXAMPLES: &str = "\
Examples:
  amictl rollout web --image web:prod
  amictl rollout web --image web:v7 --checkpoint 20,50,100 --bake 10m --alarm web-5xx
  amictl rollout web-blue web-green --template-version 12 --no-wait
  amictl wait --group web
  amictl rollout web --rollback";

/// Replace the instances of Auto Scaling groups
///
/// Begins an instance refresh to a version of the group's launch template, by its number, so that AWS can roll back, and
/// waits for its end. With --image that is a new version with this image, or the one that is there already. Everything is
/// checked before anything is changed. A group that follows $Latest, $Default or an SSM parameter is pinned first, as AWS
/// could not roll back otherwise; it no longer follows afterwards. Several groups go one after another, up to the first
/// that fails. What no option says is left to the group's own policy.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Auto Scaling group, by name
    #[arg(value_name = "GROUP", required = true)]
    groups: Vec<GroupName>,

    /// Image: an id, a name, web, web:v3, web:prod, or an SSM parameter (ssm:/golden/web)
    #[arg(long, value_name = "REF", required_unless_present_any = ["template_version", "cancel", "rollback"],
          conflicts_with = "template_version")]
    image: Option<ImageRef>,

    /// Version of the launch template of the group, by number
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(i64).range(1..))]
    template_version: Option<i64>,

    /// Least percentage of healthy instances
    #[arg(long, value_name = "PERCENT", value_parser = clap::value_parser!(i32).range(0..=100))]
    min_healthy: Option<i32>,

    /// Most percentage of instances, at most 100 more than --min-healthy
    #[arg(long, value_name = "PERCENT", value_parser = clap::value_parser!(i32).range(100..=200),
          requires = "min_healthy")]
    max_healthy: Option<i32>,

    /// Time until a new instance counts as ready, e.g. 2m
    #[arg(long, value_name = "TIME")]
    warmup: Option<Age>,

    /// Percentages at which to pause, in ascending order to 100
    #[arg(long, value_name = "P,P,100")]
    checkpoint: Option<Checkpoints>,

    /// Length of these pauses, e.g. 10m [default: that of AWS, 1h]
    #[arg(long, value_name = "TIME", requires = "checkpoint")]
    checkpoint_delay: Option<Age>,

    /// Time to watch the new instances before it counts as successful, e.g. 10m
    #[arg(long, value_name = "TIME")]
    bake: Option<Age>,

    /// CloudWatch alarm that makes it fail; repeatable, up to 10
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    alarm: Vec<String>,

    /// Let AWS roll back by itself after a failure; the default
    #[arg(long, overrides_with = "no_auto_rollback", hide = true)]
    auto_rollback: bool,

    /// After a failure leave the group as it is; AWS rolls back by itself otherwise
    #[arg(long)]
    no_auto_rollback: bool,

    /// Leave instances that run the version already; the default
    #[arg(long, overrides_with = "no_skip_matching", hide = true)]
    skip_matching: bool,

    /// Replace also instances that run the version already
    #[arg(long)]
    no_skip_matching: bool,

    /// End the instance refresh that is under way; instances that are replaced stay
    #[arg(long, conflicts_with_all = ["image", "template_version", "rollback"])]
    cancel: bool,

    /// Roll back the instance refresh that is under way
    #[arg(long, conflicts_with_all = ["image", "template_version"])]
    rollback: bool,

    /// Do not wait for the end
    #[arg(long)]
    no_wait: bool,

    /// Only check; Auto Scaling has no DryRun, so its permissions are not tried
    #[arg(long)]
    dry_run: bool,
}

pub async fn run(context: &Context, args: Args) -> Result<()> {
    let request = request(&args)?;
    let target = context.target().await?;
    let (report, end) = match (request, args.cancel) {
        (Some(request), _) => rollout::run(context, &target, &request).await?,
        (None, cancel) => {
            let halt = if cancel { Halt::Cancel } else { Halt::RollBack };
            rollout::stop(context, &target, &args.groups, halt, (!args.no_wait, args.dry_run)).await?
        }
    };
    if args.dry_run {
        return end;
    }
    reported(context, output::rollouts(&context.printer, &report), end)
}

/// The roll-out that is asked for; `None` where one is to end.
fn request(args: &Args) -> Result<Option<RolloutRequest>> {
    let groups = &args.groups;
    if let Some(twice) = groups.iter().enumerate().find(|(at, group)| groups[..*at].contains(group)) {
        return Err(Failure::usage(format!("the group {} is given twice", twice.1)).into());
    }
    let goal = match (&args.image, args.template_version) {
        (Some(reference), _) => Goal::Image(Box::new(reference.clone())),
        (None, Some(number)) => Goal::Version(number),
        (None, None) => {
            return match args.prefers() {
                true => Err(Failure::usage("--cancel and --rollback take no preferences of a roll-out").into()),
                false => Ok(None),
            };
        }
    };
    if let (Some(least), Some(most)) = (args.min_healthy, args.max_healthy)
        && most - least > 100
    {
        let message = format!("--max-healthy {most} is more than 100 above --min-healthy {least}");
        return Err(Failure::usage(message).hint("AWS takes a difference of at most 100").into());
    }
    if args.alarm.len() > MOST_ALARMS {
        let message = format!("{} alarms: an instance refresh watches at most {MOST_ALARMS}", args.alarm.len());
        return Err(Failure::usage(message).into());
    }
    let span = |given: Option<Age>| -> Result<Option<Duration>> {
        let whole = |age: Age| match (age.duration().subsec_nanos(), i32::try_from(age.duration().as_secs())) {
            (0, Ok(_)) => Ok(age.duration()),
            _ => Err(Failure::usage(format!("{age}: AWS counts in whole seconds, up to {}", i32::MAX))),
        };
        Ok(given.map(whole).transpose()?)
    };
    let bounded = |given: Option<Age>, option: &str| match given {
        Some(age) if age.duration() > LONGEST => {
            Err(Failure::usage(format!("{option} {age}: AWS takes at most 48 hours")))
        }
        _ => Ok(given),
    };
    if args.alarm.iter().any(|alarm| alarm.is_empty() || alarm.chars().count() > 255) {
        return Err(Failure::usage("--alarm: the name of an alarm has 1 to 255 characters").into());
    }
    let preferences = RolloutPreferences {
        min_healthy: args.min_healthy,
        max_healthy: args.max_healthy,
        warmup: span(args.warmup)?,
        checkpoints: args.checkpoint.clone(),
        checkpoint_delay: span(bounded(args.checkpoint_delay, "--checkpoint-delay")?)?,
        bake: span(bounded(args.bake, "--bake")?)?,
        alarms: args.alarm.clone(),
        auto_rollback: !args.no_auto_rollback,
        skip_matching: !args.no_skip_matching,
    };
    let (wait, dry_run) = (!args.no_wait, args.dry_run);
    Ok(Some(RolloutRequest { groups: groups.clone(), goal, preferences, wait, dry_run }))
}

impl Args {
    /// Whether any preference of a roll-out is given.
    fn prefers(&self) -> bool {
        self.min_healthy.is_some()
            || self.warmup.is_some()
            || self.checkpoint.is_some()
            || self.bake.is_some()
            || !self.alarm.is_empty()
            || self.no_auto_rollback
            || self.no_skip_matching
    }
}
