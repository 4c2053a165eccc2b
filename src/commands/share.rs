//! `amictl share`: grants permissions to launch and copy images.

use anyhow::Result;

use crate::domain::failure::{Failure, Kind};
use crate::domain::image::{Image, State};
use crate::domain::permissions::principal::{self, Principal};
use crate::domain::report::Verb;
use crate::options::images::Which;
use crate::output;
use crate::service::Target;
use crate::service::permissions::Give;
use crate::workflows::change::{self, each};
use crate::workflows::permissions::grant::{self, PermissionChange};
use crate::workflows::permissions::preconditions;
use crate::workflows::run::context::Context;
use crate::workflows::run::diagnostics::reported;
use crate::workflows::select::refusals;

const EXAMPLES: &str = "\
Examples:
  amictl share web:v3 --with 222222222222
  amictl share web --with 222222222222,333333333333 --copyable
  amictl share web --every-version --with 222222222222 --region all
  amictl share web --with arn:aws:organizations::111111111111:organization/o-abcdefghij
  amictl share web:v3 --public";

/// Share images with accounts, organizations or everyone
///
/// Checks first what EC2 would refuse: images encrypted with aws/ebs cannot be shared, encrypted images cannot be made
/// public, and no image can where block public access is on for AMIs (with --copyable, for snapshots). To launch an
/// encrypted image, others also need its KMS key, which only the key's policy can allow. EC2 deprecates a public image
/// 2 years after its creation.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES, group = clap::ArgGroup::new("whom").required(true).multiple(true))]
pub struct Args {
    #[command(flatten)]
    which: Which,

    /// Account, or ARN of an organization or organizational unit, to share with; repeatable
    #[arg(long, value_name = "ACCOUNT|ARN", value_delimiter = ',', group = "whom")]
    with: Vec<Principal>,

    /// Share with everyone
    #[arg(long, group = "whom")]
    public: bool,

    /// Share the snapshots too, so that it can be copied; accounts only
    #[arg(long)]
    copyable: bool,

    /// All versions of the families given, except disabled and failed ones
    #[arg(long)]
    every_version: bool,
}

pub async fn run(context: &Context, args: Args) -> Result<()> {
    let who = principal::whom(args.with, args.public);
    if let Some(organization) = who.iter().find(|who| who.is_organization()).filter(|_| args.copyable) {
        let message = format!("--copyable cannot be given to {organization}: EC2 shares snapshots with accounts only");
        return Err(Failure::usage(message)
            .hint("its accounts can launch the image; to let them copy it too, share it --copyable with each of them")
            .into());
    }
    let sharing = PermissionChange { give: Give::Add, who, snapshots: args.copyable };
    let mut chosen = change::choose(context, &args.which.references, args.which.how.copies, args.every_version).await?;
    if args.every_version {
        chosen.images.retain(|(_, image)| usable(context, image));
        if chosen.images.is_empty() {
            return Err(Failure::new(Kind::Failed, "InvalidAMIID.Unavailable", "no version can be shared").into());
        }
    }
    let acceptable = preconditions::acceptable(context, &chosen, &sharing).await;
    refusals::unless(context, &chosen, acceptable)?;
    let changes = if args.which.how.dry_run {
        let ask = async |target: &Target, image: &Image| grant::check(target, image, &sharing).await;
        each::tried(context, chosen, Verb::Share, ask).await?
    } else {
        let work = async |target: &Target, image: &Image| grant::shared(target, image, Verb::Share, &sharing).await;
        each::each(context, chosen, Verb::Share, work).await
    };
    let written = output::changes(&context.printer, changes.report());
    reported(context, written, changes.conclude(context))
}

/// A family may have failed or disabled versions: those are no reason not to share the others.
fn usable(context: &Context, image: &Image) -> bool {
    let usable = image.state == State::Available || image.state.may_become_available();
    if !usable {
        context.printer.say(format!("left out: {} in {} is {}", image.label(), image.place(), image.state));
    }
    usable
}
