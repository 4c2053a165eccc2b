//! `amictl share` and `amictl unshare`: who else may launch an image.

use std::collections::BTreeSet;

use anyhow::Result;

use super::Context;
use super::changing::{self, Which};
use super::sharing::{self, Sharing};
use crate::domain::failure::Failure;
use crate::domain::report::Verb;
use crate::domain::sharing::Principal;
use crate::service::permissions::Give;

const EXAMPLES: &str = "\
Examples:
  amictl share web:v3 --with 222222222222
  amictl share web --with 222222222222,333333333333 --copyable
  amictl share web --every-version --with arn:aws:organizations::111111111111:organization/o-abcdefghij
  amictl share web:v3 --public";

/// Share images: let others launch them, and copy them with --copyable
///
/// Checks first what EC2 would refuse: images under the key aws/ebs cannot be shared, encrypted ones never publicly.
/// Whoever launches an encrypted image also needs the use of its key, which only the key's policy gives.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES, group = clap::ArgGroup::new("whom").required(true).multiple(true))]
pub struct Args {
    #[command(flatten)]
    which: Which,

    /// An account, or the ARN of an organization or of a unit of one; repeat it for several
    #[arg(long, value_name = "ACCOUNT|ARN", value_delimiter = ',', group = "whom")]
    with: Vec<Principal>,

    /// Everybody
    #[arg(long, group = "whom")]
    public: bool,

    /// Also lets them copy it, by sharing its snapshots; for accounts and everybody, EC2 knows no organizations there
    #[arg(long)]
    copyable: bool,

    /// All versions of the families named
    #[arg(long)]
    every_version: bool,
}

pub async fn run(context: &Context, args: Args) -> Result<()> {
    let who = whom(args.with, args.public);
    if let Some(organization) = who.iter().find(|who| who.is_organization()).filter(|_| args.copyable) {
        let message = format!("--copyable cannot be given to {organization}: EC2 shares snapshots with accounts only");
        return Err(Failure::usage(message)
            .hint("its accounts can launch the image; to let them copy it too, share it --copyable with each of them")
            .into());
    }
    let sharing = Sharing { give: Give::Add, who, snapshots: args.copyable };
    let chosen = changing::choose(context, &args.which.references, args.which.how.copies, args.every_version).await?;
    sharing::acceptable(context, &chosen, &sharing).await?;
    sharing::run(context, chosen, Verb::Share, &sharing, args.which.how.dry_run).await
}

const UNSHARE_EXAMPLES: &str = "\
Examples:
  amictl unshare web:v3 --with 222222222222
  amictl unshare web:v3 --public --copyable
  amictl unshare web --every-version --all";

/// Take permissions back that share gave
///
/// Instances that others run go on running. Who copied the image keeps the copy.
#[derive(Debug, clap::Args)]
#[command(after_help = UNSHARE_EXAMPLES, group = clap::ArgGroup::new("whom").required(true).multiple(true))]
pub struct UnshareArgs {
    #[command(flatten)]
    which: Which,

    /// An account, or the ARN of an organization or of a unit of one; repeat it for several
    #[arg(long, value_name = "ACCOUNT|ARN", value_delimiter = ',', group = "whom")]
    with: Vec<Principal>,

    /// Everybody
    #[arg(long, group = "whom")]
    public: bool,

    /// Takes the permissions on the snapshots too
    #[arg(long)]
    copyable: bool,

    /// Takes every permission from everybody, those on the snapshots too
    #[arg(long, group = "whom", conflicts_with_all = ["with", "public", "copyable"])]
    all: bool,

    /// All versions of the families named
    #[arg(long)]
    every_version: bool,
}

pub async fn unshare(context: &Context, args: UnshareArgs) -> Result<()> {
    let who = whom(args.with, args.public);
    let sharing = Sharing { give: Give::Remove, who, snapshots: args.copyable || args.all };
    let chosen = changing::choose(context, &args.which.references, args.which.how.copies, args.every_version).await?;
    sharing::run(context, chosen, Verb::Unshare, &sharing, args.which.how.dry_run).await
}

fn whom(with: Vec<Principal>, public: bool) -> BTreeSet<Principal> {
    with.into_iter().chain(public.then_some(Principal::Everybody)).collect()
}
