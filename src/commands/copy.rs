//! `amictl copy`: an image into other regions, all of them side by side.

use std::collections::{BTreeMap, BTreeSet};
use std::str::FromStr;

use anyhow::Result;
use futures::StreamExt;

use super::Context;
use crate::domain::failure::{Failure, Kind};
use crate::domain::image::{Image, State};
use crate::domain::lineage;
use crate::domain::reference::ImageRef;
use crate::domain::region::Region;
use crate::domain::report::{PlaceError, Problem};
use crate::domain::tagging::{CopyTags, Tags};
use crate::exit;
use crate::output::{self, Options};
use crate::service::copy::{self, Encryption, Request, Started};
use crate::service::{Target, resolve, wait};

/// How many regions are copied to at a time.
const SIDE_BY_SIDE: usize = 32;

const EXAMPLES: &str = "\
Examples:
  amictl copy web:v3 --to eu-west-1,ap-southeast-1
  amictl copy web --to eu-west-1 --encrypt
  amictl copy web --to eu-west-1,us-west-2 --encrypt --kms-key eu-west-1=alias/ami";

/// Copy an image to other regions
///
/// Running it again is safe: a copy that is there already is adopted. Tags are copied to the image and its
/// snapshots. Each region is reported by itself.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The image: an id, a name, web, web:v3 or web:prod
    #[arg(value_name = "REF")]
    reference: ImageRef,

    /// The regions to copy it to
    #[arg(long, value_name = "REGION", value_delimiter = ',', required = true)]
    to: Vec<Region>,

    /// The name of the copy [default: the name of the image]
    #[arg(long, value_name = "NAME", value_parser = name)]
    name: Option<String>,

    /// Encrypts the copy, with the default key of the region unless --kms-key is given
    #[arg(long)]
    encrypt: bool,

    /// Key to encrypt with: an id, ARN or alias for every region, or REGION=KEY for one
    #[arg(long, value_name = "[REGION=]KEY", requires = "encrypt")]
    kms_key: Vec<Key>,

    /// Copies no tags
    #[arg(long)]
    no_tags: bool,

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

/// What to copy, and how.
#[derive(Debug, Clone)]
pub struct Copies {
    /// The image.
    pub source: Image,
    /// The regions.
    pub to: Vec<Region>,
    /// The name of the copies.
    pub name: String,
    /// How each region encrypts; regions without an entry as the source.
    pub encryption: BTreeMap<Region, Encryption>,
    /// Whether tags are copied.
    pub tags: bool,
    /// Whether to wait.
    pub wait: bool,
}

impl Copies {
    /// Plain copies of `source` under its own name, to no region yet.
    pub fn of(source: Image) -> Self {
        let name = source.name.clone().unwrap_or_else(|| source.id.to_string());
        Self { source, to: Vec::new(), name, encryption: BTreeMap::new(), tags: true, wait: true }
    }

    fn request(&self, region: &Region) -> Request {
        let tags = CopyTags {
            source: &self.source.tags,
            old_name: self.source.name.as_deref().unwrap_or_default(),
            new_name: &self.name,
            origin: lineage::mark(&self.source),
        };
        Request {
            source: self.source.clone(),
            name: self.name.clone(),
            encryption: self.encryption.get(region).cloned().unwrap_or(Encryption::AsSource),
            tags: if self.tags { tags.tags() } else { Tags::new() },
        }
    }
}

pub async fn run(context: &Context, args: Args) -> Result<()> {
    let encryption = encryption(&args)?;
    let target = context.target().await?;
    let source = resolve::image(&target, &args.reference, context.now).await?;
    let plain = Copies::of(source);
    let copies = Copies {
        name: args.name.clone().unwrap_or_else(|| plain.name.clone()),
        to: args.to,
        encryption,
        tags: !args.no_tags,
        wait: !args.no_wait,
        ..plain
    };
    check(&copies)?;
    if args.dry_run {
        return dry_run(context, &target, &copies).await;
    }
    carry_out(context, &target, &copies, Vec::new()).await
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

fn check(copies: &Copies) -> Result<()> {
    let source = &copies.source;
    if copies.to.contains(&source.region) && source.name.as_ref() == Some(&copies.name) {
        let message = format!("{} is in {} already, under that name", source.label(), source.region);
        return Err(Failure::usage(message).hint("give the copy another name with --name").into());
    }
    if source.state != State::Available {
        let message =
            format!("{} in {} is {}: only available images are copied", source.label(), source.region, source.state);
        let failure = Failure::new(Kind::Failed, "InvalidAMIID.Unavailable", message);
        let wait = format!("amictl wait {} --region {}", source.id, source.region);
        return Err(if source.state == State::Pending {
            failure.hint(format!("wait for it with: {wait}"))
        } else {
            failure
        }
        .into());
    }
    Ok(())
}

async fn dry_run(context: &Context, target: &Target, copies: &Copies) -> Result<()> {
    for region in &copies.to {
        let said = match copy::check(&target.in_region(region), &copies.request(region)).await? {
            Some(there) => format!("{there} is there already"),
            None => format!("{} would be copied from {}", copies.name, copies.source.region),
        };
        context.printer.say(format!("dry run: {region}: {said}"));
    }
    Ok(())
}

/// Makes all copies side by side and shows them after the images in `made`. A region that fails is reported
/// and does not stop the others.
pub async fn carry_out(context: &Context, target: &Target, copies: &Copies, made: Vec<Image>) -> Result<()> {
    let mut regions = copies.to.clone();
    regions.sort();
    regions.dedup();
    let one = |region: Region| async {
        let result = one(context, &target.in_region(&region), copies).await;
        (region, result)
    };
    let results: Vec<_> = futures::stream::iter(regions).map(one).buffered(SIDE_BY_SIDE).collect().await;
    let account = copies.source.own.then(|| copies.source.owner.as_ref().map(ToString::to_string)).flatten();
    let (mut all, mut errors, mut worst) = (made, Vec::new(), None);
    for (region, result) in results {
        match result {
            Ok(image) => all.push(image),
            Err(error) => {
                let last = exit::last_word(&error);
                let hint = last.hint.as_ref().map(|hint| format!("\n  hint: {hint}")).unwrap_or_default();
                context.printer.tell(&format!("{region}: {}{hint}", last.message));
                let problem = Problem { code: last.code, message: last.message };
                errors.push(PlaceError { account: account.clone(), region, problem });
                worst.get_or_insert(error);
            }
        }
    }
    output::images(&context.printer, &all, &errors, &Options::default(), context.now)?;
    match worst {
        None => Ok(()),
        Some(error) if all.is_empty() => Err(error),
        Some(error) if exit::last_word(&error).exit == exit::INTERRUPTED => Err(error),
        Some(_) => {
            let message = format!("{} of {} regions failed", errors.len(), copies.to.len());
            let failure = Failure::new(Kind::Partial, "PartialCopy", message);
            Err(failure.hint(format!("finish it with: {}", again(target, copies, &errors))).into())
        }
    }
}

/// The command line that makes the copies that failed; those that are there are adopted.
fn again(target: &Target, copies: &Copies, errors: &[PlaceError]) -> String {
    let to: Vec<_> = errors.iter().map(|error| error.region.as_str()).collect();
    let mut line = format!("amictl copy {} --to {} --name '{}'", copies.source.id, to.join(","), copies.name);
    let keys: Vec<_> = errors.iter().filter_map(|e| Some((&e.region, copies.encryption.get(&e.region)?))).collect();
    line.push_str(if keys.is_empty() { "" } else { " --encrypt" });
    for (region, encryption) in keys {
        if let Encryption::Key(key) = encryption {
            line.push_str(&format!(" --kms-key {region}={key}"));
        }
    }
    line.push_str(if copies.tags { "" } else { " --no-tags" });
    format!("{line} {}", target.options())
}

async fn one(context: &Context, to: &Target, copies: &Copies) -> Result<Image> {
    let request = copies.request(&to.region);
    let started = copy::start(to, &request).await?;
    let fresh = match &started {
        Started::New(id) => {
            context.printer.say(format!("copying {} to {} as {id}", copies.source.id, to.region));
            true
        }
        Started::Adopted(id) => {
            context.printer.say(format!("{id} in {} is a copy of {} already", to.region, copies.source.id));
            false
        }
    };
    let id = started.id();
    if !copies.wait {
        return wait::image_visible(to, id, &context.patience()).await;
    }
    let mut image = context
        .watched(format!("{} {id}", to.region), async |watch| {
            wait::image_available(to, id, fresh, &context.patience(), watch).await
        })
        .await?;
    copy::complete(to, &mut image, &request.tags).await?;
    Ok(image)
}
