//! `amictl create`: makes the next version of a family, from an instance or a snapshot.

use std::path::PathBuf;

use anyhow::Result;

use crate::domain::failure::Failure;
use crate::domain::instance_selector::InstanceSelector;
use crate::domain::naming::Family;
use crate::domain::region::Region;
use crate::options::follow_up::FollowUpArgs;
use crate::options::new_image::NewImageArgs;
use crate::options::registration::SnapshotArgs;
use crate::output::{self, Options};
use crate::workflows::copy::job::Made;
use crate::workflows::create::make::{Created, dry_run, make};
use crate::workflows::create::order::{InstanceOrder, NewImageOrder, OrderOrigin, SnapshotOrder};
use crate::workflows::create::{prepare, snapshot};
use crate::workflows::run::context::Context;

const EXAMPLES: &str = "\
Examples:
  amictl create web --instance i-0123456789abcdef0 --environment prod --copy-to eu-west-1,us-west-2
  amictl create web --instance tag:Role=web --newest --stop --prepare clean.sh -o ids
  amictl create web --snapshot snap-0123456789abcdef0 --like web:v3 --tag Build=1234";

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

    /// Instance to create it from, by id or by a tag; it is rebooted
    ///
    /// The tag must select exactly one running or stopped instance. With --no-reboot or --stop it is not rebooted.
    #[arg(long, value_name = "ID|tag:K=V", group = "origin")]
    instance: Option<InstanceSelector>,

    /// Of several instances with the tag take the one launched last
    ///
    /// For EC2 an instance that is stopped and started is launched again.
    #[arg(long, conflicts_with = "snapshot")]
    newest: bool,

    #[command(flatten)]
    from_snapshot: SnapshotArgs,

    #[command(flatten)]
    image: NewImageArgs,

    /// Do not reboot the instance; file systems may be inconsistent
    #[arg(long, conflicts_with = "snapshot")]
    no_reboot: bool,

    /// Stop the instance first, and start it again in every case
    ///
    /// One that did not run stays stopped.
    #[arg(long, conflicts_with_all = ["snapshot", "no_reboot"])]
    stop: bool,

    /// Script that SSM runs on the instance first; it must succeed
    ///
    /// Up to 64 KB. What it changes on the instance stays there, also if no image is made.
    #[arg(long, value_name = "FILE", conflicts_with = "snapshot")]
    prepare: Option<PathBuf>,

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

pub async fn run(context: &Context, args: Args) -> Result<()> {
    let order = args.order(context)?;
    if args.dry_run {
        return dry_run(context, &order).await;
    }
    let Created { made, end } = make(context, order).await?;
    made.map_or(Ok(()), |made| show(context, &made))?;
    end
}

/// Writes what was made to stdout.
fn show(context: &Context, made: &Made) -> Result<()> {
    let options = Options { steps: made.steps.clone(), ..Options::default() };
    output::images(&context.printer, &made.images.iter().collect::<Vec<_>>(), &made.errors, &options, context.now)
}

impl Args {
    /// What is to be made; refuses without a call what cannot be.
    fn order(&self, context: &Context) -> Result<NewImageOrder> {
        let wanted = self.from_snapshot.wanted()?;
        let image = self.image.image(context, &self.family)?;
        let origin = match (&self.instance, wanted) {
            (Some(selector), _) => OrderOrigin::Instance(self.from(selector)?),
            (None, Some(wanted)) => {
                let like = self.from_snapshot.like.clone();
                snapshot::alone(like.as_ref(), &wanted)?;
                OrderOrigin::Snapshot(SnapshotOrder { wanted, like })
            }
            (None, None) => return Err(Failure::usage("give --instance or --snapshot").into()),
        };
        Ok(NewImageOrder {
            image,
            origin,
            copy_to: self.copy_to.iter().cloned().collect(),
            steps: self.finish.steps(context.now)?,
            wait: !self.no_wait,
        })
    }

    fn from(&self, selector: &InstanceSelector) -> Result<InstanceOrder> {
        if let (InstanceSelector::Id(id), true) = (selector, self.newest) {
            let failure = Failure::usage(format!("--newest chooses among several instances, and {id} is one"));
            return Err(failure.hint("leave it out, or select by --instance tag:KEY=VALUE").into());
        }
        Ok(InstanceOrder {
            selector: selector.clone(),
            newest: self.newest,
            no_reboot: self.no_reboot,
            stop: self.stop,
            prepare: self.prepare.as_deref().map(prepare::read).transpose()?,
        })
    }
}
