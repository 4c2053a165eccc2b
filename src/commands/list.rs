//! `amictl list`: finds images.

use std::collections::{BTreeMap, HashSet};

use anyhow::Result;
use clap::ValueEnum;

use crate::domain::age::Age;
use crate::domain::cost::{Price, Prices};
use crate::domain::failure::{Failure, Kind};
use crate::domain::ids::ImageId;
use crate::domain::image::Image;
use crate::domain::image_filter::{ImageFilter, Sort};
use crate::domain::naming::Family;
use crate::domain::problem::{PlaceError, Problem};
use crate::domain::reason::named;
use crate::domain::tags::TagMatch;
use crate::domain::usage::accounts::NOT_ACTIVE;
use crate::domain::usage::source::{SourceStatus, UseVerdict};
use crate::output::{self, Column, Options, printer};
use crate::service::images::{FILTER_CHARACTERS, FILTERS, Query};
use crate::service::usage::sources::Scope;
use crate::workflows::run::context::{self, Context};
use crate::workflows::select::query;
use crate::workflows::select::selection::Selection;
use crate::workflows::usage::selection::{self, ImagesInUse};

const EXAMPLES: &str = "\
Examples:
  amictl list --family web                             versions of one family, newest first
  amictl list 'api-*' --region all -o json             in every enabled region, for a script
  amictl list --latest --environment prod -o ids       the image that a launch of each family uses
  amictl list --older-than 90d --sort size --cost      the largest old images, with their cost
  amictl list 'al2023-ami-*' --owner amazon --limit 5  Amazon's images";

/// List and find images
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Names to show; * and ? are wildcards
    #[arg(value_name = "GLOB")]
    glob: Option<String>,

    /// Whose images: self, amazon, aws-marketplace or an account id [default: self]
    #[arg(long, value_name = "OWNER", value_delimiter = ',', value_parser = owner)]
    owner: Vec<String>,

    /// Images that other accounts share with this one
    #[arg(long, conflicts_with = "public")]
    shared: bool,

    /// Public images; give --owner or GLOB too, as there are very many
    #[arg(long)]
    public: bool,

    /// Images of this family
    #[arg(long, value_name = "FAMILY")]
    family: Option<Family>,

    /// The newest version of each family that is available and not deprecated
    #[arg(long)]
    latest: bool,

    /// Images in these states, e.g. available, pending, failed, disabled
    #[arg(long, value_name = "STATE", value_delimiter = ',', value_parser = ["available", "pending", "failed", "error", "invalid", "transient", "disabled", "deregistered"])]
    state: Vec<String>,

    /// Images tagged Environment=VALUE
    #[arg(long, value_name = "VALUE")]
    environment: Option<String>,

    /// Images with this tag; repeatable, and all must match
    #[arg(long, value_name = "KEY[=VALUE]")]
    tag: Vec<TagMatch>,

    /// Images of this architecture, e.g. x86_64 or arm64
    #[arg(long, value_name = "ARCH")]
    arch: Option<String>,

    /// Images older than this, e.g. 90d
    #[arg(long, value_name = "AGE")]
    older_than: Option<Age>,

    /// Images younger than this, e.g. 12h
    #[arg(long, value_name = "AGE")]
    newer_than: Option<Age>,

    /// Own images whose names follow amictl's pattern
    #[arg(long, conflicts_with = "unmanaged")]
    managed: bool,

    /// All other images
    #[arg(long)]
    unmanaged: bool,

    /// Order: newest first, by name, highest version first, or largest first
    /// [default: newest first, each family by version]
    #[arg(long, value_enum, value_name = "ORDER")]
    sort: Option<Order>,

    /// Show at most N images
    #[arg(long, value_name = "N")]
    limit: Option<usize>,

    /// Columns of table and csv, e.g. name,id,tag:Team or name,used_by or name,scan,watermarks
    #[arg(long, value_name = "COLUMN", value_delimiter = ',')]
    columns: Vec<Column>,

    /// Show the most that the snapshots of each image may cost a month
    #[arg(long)]
    cost: bool,

    /// Snapshot price for --cost, in US dollars per GiB and month [default: that of each region]
    #[arg(long, value_name = "USD", requires = "cost")]
    pub price_per_gb: Option<Price>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Order {
    Created,
    Name,
    Version,
    Size,
}

fn owner(text: &str) -> Result<String, String> {
    let known = ["self", "amazon", "aws-marketplace", "aws-backup-vault"].contains(&text);
    match known || text.parse::<crate::domain::ids::AccountId>().is_ok() {
        true => Ok(text.to_owned()),
        false => Err("give self, amazon, aws-marketplace or an account id of twelve digits".to_owned()),
    }
}

/// Lists the images; a failed place is reported and does not hide the others.
pub async fn run(context: &Context, args: Args) -> Result<()> {
    let (images, listing) = query::find(context, query(&args)).await?;
    let shown = show(context, &args, &images, listing).await;
    // The run ends here: freeing thousands of images one by one would only prolong it.
    std::mem::forget(images);
    shown
}

/// The use of each image; unknown if a source cannot be read.
async fn users(
    context: &Context,
    images: &[&Image],
    listing: &Selection,
) -> Result<(BTreeMap<ImageId, String>, Vec<PlaceError>)> {
    let mut places = Vec::new();
    for target in &listing.targets {
        places.push((target, target.account().await.ok()));
    }
    let of_owner =
        |image: &Image| places.iter().find(|(t, id)| t.region == image.region && *id == image.owner.as_ref());
    let of_region = |image: &Image| places.iter().find(|(target, _)| target.region == image.region);
    let place = |image: &Image| of_owner(image).or_else(|| of_region(image)).map(|(target, _)| (*target).clone());
    let chosen = listing.with(images.iter().filter_map(|image| Some((place(image)?, (*image).clone()))).collect());
    let (mut found, mut errors) = (BTreeMap::new(), Vec::new());
    for ImagesInUse { target, images, usage } in selection::usage_of(context, &chosen, &Scope::default(), false).await?
    {
        let text = |image: &Image| match usage.verdict(&image.id) {
            UseVerdict::InUse(by) => named(by),
            UseVerdict::Unverified(_) => "unverified".to_owned(),
            UseVerdict::Unused => String::new(),
        };
        found.extend(images.iter().map(|image| (image.id.clone(), text(image))));
        for state in usage.failed() {
            if let SourceStatus::Failed(problem) = &state.status
                && problem.code != NOT_ACTIVE
            {
                let message = format!("{}: {}", state.source, problem.message);
                errors.push(target.error(Problem { message, ..problem.clone() }).await);
            }
        }
    }
    Ok((found, errors))
}

async fn show(context: &Context, args: &Args, all: &[Vec<Image>], listing: Selection) -> Result<()> {
    let all = all.iter().flatten().filter(|image| !args.shared || !image.own);
    let images = selection(args).apply(all, context.now);
    let mut used_by = BTreeMap::new();
    let mut errors = listing.errors.clone();
    if args.columns.contains(&Column::Named("used_by")) {
        let failed;
        (used_by, failed) = users(context, &images, &listing).await?;
        errors.extend(failed);
    }
    let errors = errors.as_slice();
    let prices = args.cost.then(|| Prices::new(args.price_per_gb));
    let options = Options {
        columns: args.columns.clone(),
        regions: listing.targets.len() > 1,
        owners: listing.several,
        prices,
        used_by,
        ..Options::default()
    };
    output::images(&context.printer, &images, errors, &options, context.now)?;
    if images.is_empty() && errors.is_empty() && context.printer.format() == printer::Format::Table {
        context.printer.say("no images match");
    }
    if errors.is_empty() {
        return Ok(());
    }
    context::tell_errors(context, errors);
    Err(Failure::new(Kind::Partial, "PartialListing", format!("{} places could not be listed", errors.len())).into())
}

/// The part of the filter that EC2 applies.
fn query(args: &Args) -> Query {
    let mut query = Query::default();
    match (args.shared, args.public) {
        (true, _) => query.executable_by = Some("self"),
        (_, true) => query.executable_by = Some("all"),
        (false, false) => {}
    }
    query.owners.clone_from(&args.owner);
    if query.owners.is_empty() && query.executable_by.is_none() {
        query.owners = vec!["self".to_owned()];
    }
    let names = match (&args.glob, &args.family) {
        (Some(glob), _) => vec![glob.clone()],
        (None, Some(family)) => vec![format!("{family}-v*")],
        (None, None) => Vec::new(),
    };
    let mut filters = vec![
        ("name".to_owned(), names),
        ("state".to_owned(), args.state.clone()),
        ("architecture".to_owned(), args.arch.iter().cloned().collect()),
        ("tag:Environment".to_owned(), args.environment.iter().cloned().collect()),
    ];
    let short = |tag: &&TagMatch| tag.value.as_ref().is_none_or(|value| value.chars().count() <= FILTER_CHARACTERS);
    filters.extend(args.tag.iter().filter(short).map(|tag| match &tag.value {
        Some(value) => (format!("tag:{}", tag.key), vec![value.clone()]),
        None => ("tag-key".to_owned(), vec![tag.key.clone()]),
    }));
    // EC2 accepts each filter once; the rest is filtered here.
    let mut names = HashSet::new();
    filters.retain(|(name, values)| !values.is_empty() && names.insert(name.clone()));
    filters.truncate(FILTERS);
    query.filters = filters;
    query
}

/// The part of the filter, and the order, that amictl applies.
fn selection(args: &Args) -> ImageFilter {
    ImageFilter {
        family: args.family.clone(),
        latest: args.latest,
        tags: args.tag.clone(),
        managed: args.managed.then_some(true).or(args.unmanaged.then_some(false)),
        older_than: args.older_than,
        newer_than: args.newer_than,
        sort: match args.sort {
            None => Sort::Newest,
            Some(Order::Created) => Sort::Created,
            Some(Order::Name) => Sort::Name,
            Some(Order::Version) => Sort::Version,
            Some(Order::Size) => Sort::Size,
        },
        limit: args.limit,
    }
}
