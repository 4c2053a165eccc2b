//! `amictl unshare`: revokes launch permissions.

use anyhow::Result;

use crate::domain::permissions::principal::{self, Principal};
use crate::options::images::Which;
use crate::options::journal::JournalArgs;
use crate::output;
use crate::service::permissions::Give;
use crate::workflows::change;
use crate::workflows::permissions::grant::PermissionChange;
use crate::workflows::permissions::{preconditions, withdraw};
use crate::workflows::run::context::Context;
use crate::workflows::run::diagnostics::reported;

const EXAMPLES: &str = "\
Examples:
  amictl unshare web:v3 --with 222222222222,333333333333
  amictl unshare web:v3 --public --copyable
  amictl unshare web --every-version --all";

/// Stop sharing images
///
/// Running instances and copies in other accounts are not affected. Without --copyable the snapshots stay shared: others
/// can still create volumes from them. Permissions that 'amictl disable' recorded are removed as well, so that nothing
/// restores them later.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES, group = clap::ArgGroup::new("whom").required(true).multiple(true))]
pub struct Args {
    #[command(flatten)]
    which: Which,

    /// Account, or ARN of an organization or organizational unit, to stop sharing with; repeatable
    #[arg(long, value_name = "ACCOUNT|ARN", value_delimiter = ',', group = "whom")]
    with: Vec<Principal>,

    /// Stop sharing with everyone; accounts shared with by id keep their permission
    #[arg(long, group = "whom")]
    public: bool,

    /// Stop sharing the snapshots too
    #[arg(long)]
    copyable: bool,

    /// Remove all permissions, those on the snapshots too
    #[arg(long, group = "whom", conflicts_with_all = ["with", "public", "copyable"])]
    all: bool,

    /// All versions of the families given
    #[arg(long)]
    every_version: bool,

    #[command(flatten)]
    journal: JournalArgs,
}

pub async fn run(context: &Context, args: Args) -> Result<()> {
    let who = principal::whom(args.with, args.public);
    let sharing = PermissionChange { give: Give::Remove, who, snapshots: args.copyable || args.all };
    let chosen = change::choose(context, &args.which.references, args.which.how.copies, args.every_version).await?;
    if sharing.snapshots {
        preconditions::neighbours(context, &chosen).await;
    }
    let changes = withdraw::run(context, chosen, &sharing, &args.journal.file(), args.which.how.dry_run).await?;
    let written = output::changes(&context.printer, changes.report());
    reported(context, written, changes.conclude(context))
}
