//! `amictl copy`: copies an image to other regions and accounts, concurrently.

use std::collections::{BTreeMap, BTreeSet};
use std::str::FromStr;

use anyhow::Result;

use crate::domain::copy_duration::CopyDuration;
use crate::domain::failure::Failure;
use crate::domain::reference::ImageRef;
use crate::domain::region::Region;
use crate::options::follow_up::FollowUpArgs;
use crate::output::{self, Options};
use crate::service::copy::Encryption;
use crate::workflows::copy::dry_run::dry_run;
use crate::workflows::copy::job::{self, CopyJob, CopySource, Failed, Made};
use crate::workflows::copy::keys::land;
use crate::workflows::copy::source::{self, check};
use crate::workflows::copy::{explain, run};
use crate::workflows::launch::not_revoked;
use crate::workflows::run::context::Context;
use crate::workflows::run::diagnostics::reported;

const EXAMPLES: &str = "\
Examples:
  amictl copy web:v3 --to eu-west-1,ap-southeast-1
  amictl copy web --to eu-west-1 --encrypt
  amictl copy web --to eu-west-1,us-west-2 --encrypt --kms-key eu-west-1=alias/ami
  amictl copy web:v3 --to eu-west-1 --share-with 222222222222 --deprecate-after 180d --protect
  amictl copy ami-0123456789abcdef0 --to us-east-1 --encrypt --kms-key alias/ami
  amictl copy web:v3 --to eu-west-1 --within 30m               time-based, for a price
  amictl copy web --to us-east-1 --from-role-arn arn:aws:iam::222222222222:role/ami
  amictl copy web --to us-east-1,eu-west-1 --org-role ami     every account of the organization";

/// Copy an image to other regions and accounts
///
/// Safe to run again: existing copies are adopted. Tags are copied to the new image and its snapshots. With several
/// accounts (--role-arn, --org-role) each account gets a copy in each region, and each is reported by itself. To copy an
/// image of another account, its owner must share the image, its snapshots and its KMS key; if something is missing,
/// amictl prints the command for the owner.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Image: an id, a name, web, web:v3, web:prod, or an SSM parameter (ssm:/golden/web)
    #[arg(value_name = "REF")]
    reference: ImageRef,

    /// Regions to copy it to, in each account
    #[arg(long, value_name = "REGION", value_delimiter = ',', required = true)]
    to: Vec<Region>,

    /// Role in the account that owns the image: finds it there, also by name, and copies its tags
    #[arg(long, value_name = "ARN")]
    from_role_arn: Option<String>,

    /// Name of the copy [default: that of the image]
    #[arg(long, value_name = "NAME", value_parser = name)]
    name: Option<String>,

    /// Encrypt the copy, with the region's default key unless --kms-key is given
    #[arg(long)]
    encrypt: bool,

    /// KMS key: an id, ARN or alias for every region, or REGION=KEY for one; each account has its own aliases
    #[arg(long, value_name = "[REGION=]KEY", requires = "encrypt")]
    kms_key: Vec<Key>,

    /// Do not copy tags
    #[arg(long)]
    no_tags: bool,

    /// Copy an image although it is revoked; the copy carries the mark, even with --no-tags
    #[arg(long)]
    allow_revoked: bool,

    /// Time-based copies: EC2 completes each within this time, 15m to 48h in steps of 15m, for a price per GiB that is
    /// printed first
    #[arg(long, value_name = "TIME")]
    within: Option<CopyDuration>,

    #[command(flatten)]
    finish: FollowUpArgs,

    /// Do not wait until the copies are available
    #[arg(long)]
    no_wait: bool,

    /// Only check with EC2 (DryRun) that it would work
    #[arg(long)]
    dry_run: bool,
}

/// A key for one region, or for all.
#[derive(Debug, Clone)]
struct Key {
    region: Option<Region>,
    key: String,
}

impl FromStr for Key {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (region, key) = match text.split_once('=') {
            Some((region, key)) => (Some(region.parse().map_err(|e| format!("{e}"))?), key),
            None => (None, text),
        };
        match key.is_empty() {
            true => Err("the key is empty; give an id, an ARN or alias/NAME".to_owned()),
            false => Ok(Self { region, key: key.to_owned() }),
        }
    }
}

/// EC2's rule for image names.
pub fn name(text: &str) -> Result<String, String> {
    let takes = |c: char| c.is_ascii_alphanumeric() || "()[] ./-'@_".contains(c);
    match (3..=128).contains(&text.len()) && text.chars().all(takes) {
        true => Ok(text.to_owned()),
        false => Err("a name has 3 to 128 letters, digits, spaces and ( ) [ ] . / - ' @ _".to_owned()),
    }
}

pub async fn run(context: &Context, args: Args) -> Result<()> {
    let encryption = encryption(&args)?;
    let steps = args.finish.steps(context.now)?;
    let targets = context.session().await?.in_one_region().await?;
    let several = targets.len() > 1;
    let steps = steps.in_several(several);
    let find = source::find(context, targets, &args.reference, args.from_role_arn.as_deref());
    let (mut all, mut refused) = (Vec::new(), Vec::new());
    for CopySource { target, image, owner, refusal } in context.unless_stopped(find).await? {
        let plain = CopyJob::of(target, image);
        let mut copies = CopyJob {
            whose: if several { plain.target.whose().await } else { None },
            owner,
            name: args.name.clone().unwrap_or_else(|| plain.name.clone()),
            to: args.to.iter().cloned().collect(),
            encryption: encryption.clone(),
            tags: !args.no_tags,
            within: args.within,
            wait: !args.no_wait,
            steps: steps.clone(),
            ..plain
        };
        match refusal {
            Some(error) if several => refused.push(Failed { of: all.len(), region: None, error }),
            Some(error) => return Err(error),
            None => {
                not_revoked(context, &copies.source, args.allow_revoked)?;
                check(context, &mut copies)?;
            }
        }
        all.push(copies);
    }
    context.unless_stopped(land(context, &all, &mut refused)).await?;
    explain::tell(context, job::open(&all, &refused).map(|of| &all[of]));
    if let Some(cost) = job::cost(job::open(&all, &refused).map(|of| &all[of])) {
        context.printer.say(cost);
    }
    if args.dry_run {
        return context.unless_stopped(dry_run(context, &all, refused)).await;
    }
    let run = run::carry_out(context, &all, refused, Made::default()).await;
    let made = &run.made;
    let options = Options { steps: made.steps.clone(), owners: several, ..Options::default() };
    let images: Vec<_> = made.images.iter().collect();
    let written = output::images(&context.printer, &images, &made.errors, &options, context.now);
    reported(context, written, run.conclude(context, &all))
}

fn encryption(args: &Args) -> Result<BTreeMap<Region, Encryption>> {
    let mut chosen = BTreeMap::new();
    let to: Vec<Region> = args.to.iter().cloned().collect::<BTreeSet<_>>().into_iter().collect();
    for key in &args.kms_key {
        if let Some(region) = key.region.as_ref().filter(|region| !to.contains(region)) {
            let failure = Failure::usage(format!("--kms-key {region}={}: {region} is not among --to", key.key));
            return Err(failure.into());
        }
        let regions = key.region.as_ref().map_or(to.as_slice(), std::slice::from_ref);
        for region in regions {
            let foreign =
                key.key.strip_prefix("arn:").is_some_and(|arn| arn.split(':').nth(2) != Some(region.as_str()));
            if foreign {
                let failure = Failure::usage(format!("--kms-key {}: the key is not in {region}", key.key));
                return Err(failure.hint("a key works in its own region only: give REGION=KEY for each").into());
            }
            if chosen.insert(region.clone(), Encryption::Key(key.key.clone())).is_some() {
                return Err(Failure::usage(format!("--kms-key gives two keys for {region}")).into());
            }
        }
    }
    if args.encrypt {
        for region in &args.to {
            chosen.entry(region.clone()).or_insert(Encryption::DefaultKey);
        }
    }
    Ok(chosen)
}
