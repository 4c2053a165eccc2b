//! `amictl copy`: an image into other regions and accounts, all of them side by side.

use std::collections::{BTreeMap, BTreeSet};
use std::str::FromStr;

use anyhow::Result;
use futures::StreamExt;

use super::copying::{self, Copies, Failed, Made};
use super::finishing::Finish;
use super::sources::{self, Source};
use super::{Context, foreign, landing, remaining};
use crate::domain::failure::{Failure, Kind};
use crate::domain::image::State;
use crate::domain::reference::ImageRef;
use crate::domain::region::Region;
use crate::service::copy::{self, Encryption};

/// How many accounts or regions are asked at a time.
const SIDE_BY_SIDE: usize = 32;

const EXAMPLES: &str = "\
Examples:
  amictl copy web:v3 --to eu-west-1,ap-southeast-1
  amictl copy web --to eu-west-1 --encrypt
  amictl copy web --to eu-west-1,us-west-2 --encrypt --kms-key eu-west-1=alias/ami
  amictl copy web:v3 --to eu-west-1 --share-with 222222222222 --deprecate-after 180d --protect
  amictl copy ami-0123456789abcdef0 --to us-east-1 --encrypt --kms-key alias/ami
  amictl copy web --to us-east-1 --from-role-arn arn:aws:iam::222222222222:role/ami
  amictl copy web --to us-east-1,eu-west-1 --org-role ami     every account of the organization";

/// Copy an image to other regions and accounts
///
/// Running it again is safe: a copy that is there already is adopted. Tags are copied to the image and its
/// snapshots. With several accounts (--role-arn, --org-role) each gets its own copy in each region. Each account and
/// region is reported by itself. An image of another account must be shared with the one that copies, and so must its
/// snapshots and its key; what is missing is said, with the command line for its owner.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The image: an id, a name, web, web:v3, web:prod, or an SSM parameter that names it (ssm:/golden/web)
    #[arg(value_name = "REF")]
    reference: ImageRef,

    /// The regions to copy it to, in each account
    #[arg(long, value_name = "REGION", value_delimiter = ',', required = true)]
    to: Vec<Region>,

    /// Role in the account that owns the image: it is found there, by name too, and its tags are carried over
    #[arg(long, value_name = "ARN")]
    from_role_arn: Option<String>,

    /// The name of the copy [default: the name of the image]
    #[arg(long, value_name = "NAME", value_parser = name)]
    name: Option<String>,

    /// Encrypts the copy, with the default key of the region unless --kms-key is given
    #[arg(long)]
    encrypt: bool,

    /// Key to encrypt with: an id, ARN or alias for every region, or REGION=KEY for one; an alias is that of each account
    #[arg(long, value_name = "[REGION=]KEY", requires = "encrypt")]
    kms_key: Vec<Key>,

    /// Copies no tags
    #[arg(long)]
    no_tags: bool,

    #[command(flatten)]
    finish: Finish,

    /// Does not wait until the copies are available
    #[arg(long)]
    no_wait: bool,

    /// Asks EC2 whether it would work; changes nothing
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
fn name(text: &str) -> Result<String, String> {
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
    let find = sources::find(context, targets, &args.reference, args.from_role_arn.as_deref());
    let (mut all, mut refused) = (Vec::new(), Vec::new());
    for Source { target, image, owner, refusal } in context.unless_stopped(find).await? {
        let plain = Copies::of(target, image);
        let mut copies = Copies {
            whose: if several { plain.target.whose().await } else { None },
            owner,
            name: args.name.clone().unwrap_or_else(|| plain.name.clone()),
            to: args.to.iter().cloned().collect(),
            encryption: encryption.clone(),
            tags: !args.no_tags,
            wait: !args.no_wait,
            steps: steps.clone(),
            ..plain
        };
        match refusal {
            Some(error) if several => refused.push(Failed { of: all.len(), region: None, error }),
            Some(error) => return Err(error),
            None => check(context, &mut copies)?,
        }
        all.push(copies);
    }
    context.unless_stopped(land(context, &all, &mut refused)).await?;
    foreign::tell(context, copying::open(&all, &refused).map(|of| &all[of]));
    if args.dry_run {
        return context.unless_stopped(dry_run(context, &all, refused)).await;
    }
    copying::carry_out(context, &all, refused, Made::default()).await
}

/// Refuses accounts whose copies could not be shared.
async fn land(context: &Context, all: &[Copies], refused: &mut Vec<Failed>) -> Result<()> {
    let open = copying::open(all, refused);
    let each = open.map(|of| async move { (of, landing::copies(context, &all[of]).await) });
    let landed: Vec<_> = futures::stream::iter(each).buffered(SIDE_BY_SIDE).collect().await;
    for (of, landing) in landed {
        match landing {
            Err(error) if all.len() > 1 => refused.push(Failed { of, region: None, error }),
            landing => landing?,
        }
    }
    Ok(())
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

/// Refuses what cannot be copied. With several accounts, the owner's has the image where it is.
fn check(context: &Context, copies: &mut Copies) -> Result<()> {
    let source = &copies.source;
    if source.state != State::Available {
        let message =
            format!("{} in {} is {}: only available images are copied", source.label(), source.region, source.state);
        let failure = Failure::new(Kind::Failed, "InvalidAMIID.Unavailable", message);
        let wait = format!("amictl wait {} {}", source.id, copies.target.options());
        return Err(if source.state == State::Pending {
            failure.hint(format!("wait for it with: {wait}"))
        } else {
            failure
        }
        .into());
    }
    if !source.own || !copies.to.contains(&source.region) || source.name.as_ref() != Some(&copies.name) {
        return Ok(());
    }
    let message = format!("{} is in {} already, under that name", source.label(), copies.at(&source.region));
    if copies.whose.is_none() {
        return Err(Failure::usage(message).hint("give the copy another name with --name").into());
    }
    context.printer.say(format!("{message}: it is the source, and is left as it is"));
    copies.to.remove(&source.region);
    Ok(())
}

async fn dry_run(context: &Context, all: &[Copies], mut failed: Vec<Failed>) -> Result<()> {
    let open = copying::open(all, &failed);
    let each = open.flat_map(|of| all[of].to.iter().map(move |region| (of, region)));
    let ask = |(of, region): (usize, &Region)| {
        let (copies, region) = (&all[of], region.clone());
        async move {
            let to = copies.target.in_region(&region);
            let said = match copy::check(&to, &copies.request(&region)).await {
                Ok(Some(there)) => Ok(format!("{there} is there already")),
                Ok(None) => Ok(format!("{} would be copied from {}", copies.name, copies.source.region)),
                Err(error) => Err(foreign::explained(&to, copies, error).await),
            };
            (of, region, said)
        }
    };
    let mut asked = futures::stream::iter(each.collect::<Vec<_>>()).map(ask).buffered(SIDE_BY_SIDE);
    while let Some((of, region, said)) = asked.next().await {
        let copies = &all[of];
        match said {
            Ok(said) => {
                let (at, then) = (copies.at(&region), copies.steps.would(context.now));
                context.printer.say(format!("dry run: {at}: {said}{then}"));
            }
            Err(error) if copies.whose.is_some() => failed.push(Failed { of, region: Some(region), error }),
            Err(error) => return Err(error),
        }
    }
    drop(asked);
    remaining::dry(context, all, failed)
}
