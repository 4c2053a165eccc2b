//! `amictl list`: finds images.

use std::collections::{BTreeMap, HashSet};

use anyhow::Result;
use clap::ValueEnum;

use crate::domain::age::Age;
use crate::domain::cost::{Price, Prices};
use crate::domain::count::counted;
use crate::domain::failure::{Failure, Kind};
use crate::domain::family::{FamilyPattern, FamilyWord};
use crate::domain::family_summary::arrange;
use crate::domain::image::Image;
use crate::domain::image_filter::{ImageFilter, Sort};
use crate::domain::problem::PlaceError;
use crate::domain::tags::TagMatch;
use crate::output::{self, Column, ColumnName, FamilyColumn, Options, UnknownColumn, UnknownFamilyColumn, printer};
use crate::service::images::{FILTER_CHARACTERS, FILTERS, Query};
use crate::workflows::families::{self, Families};
use crate::workflows::run::context::{self, Context};
use crate::workflows::select::query;
use crate::workflows::select::selection::Selection;
use crate::workflows::usage;

const EXAMPLES: &str = "\
Examples:
  amictl list --family web                             versions of one family, newest first
  amictl list 'api-*' --region all -o json             in every enabled region, for a script
  amictl list --latest --environment prod -o ids       the image that a launch of each family uses
  amictl list --older-than 90d --sort size --cost      the largest old images, with their cost
  amictl list --families                               a row for each family
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
    family: Option<FamilyWord>,

    /// The newest version of each family that is available and neither deprecated nor revoked
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

    /// Columns of table and csv, e.g. name,tag:Team,used_by,scan
    #[arg(long, value_name = "COLUMN", value_delimiter = ',')]
    columns: Vec<ColumnName>,

    /// Show a row for each family: newest image, use, cost, …
    #[arg(long, group = "priced", conflicts_with_all = ["latest", "cost", "owner", "shared", "public"])]
    families: bool,

    /// Put unmanaged images into families by name; repeatable
    ///
    /// A regular expression that matches whole names, with a capture 'family' and, if wanted, 'order':
    /// '(?<family>.+)-(?<order>\d+)'. The first that matches counts. By default those of the configuration file.
    #[arg(long, value_name = "REGEX")]
    family_pattern: Vec<FamilyPattern>,

    /// Show the most that the snapshots of each image may cost a month
    #[arg(long, group = "priced")]
    cost: bool,

    /// US dollars per GiB and month for --cost [default: of each region]
    #[arg(long, value_name = "USD", requires = "priced")]
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
    let patterns = context.families_or(&args.family_pattern)?;
    if let (Some(family), true) = (&args.family, patterns.is_empty()) {
        family.check().map_err(|error| Failure::usage(error.to_string()))?;
    }
    let columns = columns(&args)?;
    let (mut images, listing) = query::find(context, query(&args, !patterns.is_empty())).await?;
    images.iter_mut().flatten().for_each(|image| image.group_by(&patterns));
    let chosen = images.iter().flatten().filter(|image| !args.shared || !image.own);
    let chosen = selection(&args).apply(chosen, context.now);
    let shown = match columns {
        Columns::Images(columns) => show(context, &args, columns, &chosen, listing).await,
        Columns::Families(columns) => {
            show_families(context, &args, &columns, &chosen, &listing, !patterns.is_empty()).await
        }
    };
    // The run ends here: freeing thousands of images one by one would only prolong it.
    std::mem::forget(images);
    shown
}

/// The columns to show, of images or of families.
enum Columns {
    Images(Vec<Column>),
    Families(Vec<FamilyColumn>),
}

fn columns(args: &Args) -> Result<Columns> {
    let wrong = |error: &dyn std::error::Error| Failure::usage(format!("--columns: {error}"));
    Ok(match args.families {
        true => Columns::Families(ColumnName::of(&args.columns).map_err(|error: UnknownFamilyColumn| wrong(&error))?),
        false => Columns::Images(ColumnName::of(&args.columns).map_err(|error: UnknownColumn| wrong(&error))?),
    })
}

async fn show(
    context: &Context,
    args: &Args,
    columns: Vec<Column>,
    images: &[&Image],
    listing: Selection,
) -> Result<()> {
    let mut used_by = BTreeMap::new();
    let mut errors = listing.errors.clone();
    if columns.contains(&Column::Named("used_by")) {
        let failed;
        (used_by, failed) = usage::images::usage_of(context, images, &listing).await?.in_words();
        errors.extend(failed);
    }
    let options = Options {
        columns,
        regions: listing.targets.len() > 1,
        owners: listing.several,
        prices: args.cost.then(|| Prices::new(args.price_per_gb)),
        used_by,
        ..Options::default()
    };
    output::images(&context.printer, images, &errors, &options, context.now)?;
    if images.is_empty() && errors.is_empty() && context.printer.format() == printer::Format::Table {
        context.printer.say("no images match");
    }
    whole(context, &errors)
}

async fn show_families(
    context: &Context,
    args: &Args,
    columns: &[FamilyColumn],
    images: &[&Image],
    listing: &Selection,
    patterned: bool,
) -> Result<()> {
    let with_use = columns.is_empty() || columns.iter().any(|column| column.needs_use());
    let Families { mut summaries, ungrouped, errors } =
        families::read(context, images, listing, with_use, Prices::new(args.price_per_gb)).await?;
    arrange(&mut summaries, order(args));
    summaries.truncate(args.limit.unwrap_or(usize::MAX));
    let errors: Vec<_> = listing.errors.iter().cloned().chain(errors).collect();
    output::families(&context.printer, &summaries, &errors, columns, listing.several, context.now)?;
    output::ungrouped(&ungrouped, patterned).iter().for_each(|line| context.printer.say(line));
    whole(context, &errors)
}

/// Fails if a place could not be listed, or a source not be read.
fn whole(context: &Context, errors: &[PlaceError]) -> Result<()> {
    if errors.is_empty() {
        return Ok(());
    }
    context::tell_errors(context, errors);
    let places = counted(errors.len(), "place").unwrap_or_default();
    Err(Failure::new(Kind::Partial, "PartialListing", format!("{places} could not be listed")).into())
}

/// The part of the filter that EC2 applies. With family patterns the name does not tell whether an image is of a family.
fn query(args: &Args, patterned: bool) -> Query {
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
        (None, Some(family)) if !patterned => vec![format!("{family}-v*")],
        (None, _) => Vec::new(),
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
        sort: order(args),
        limit: args.limit.filter(|_| !args.families),
    }
}

fn order(args: &Args) -> Sort {
    match args.sort {
        None => Sort::Newest,
        Some(Order::Created) => Sort::Created,
        Some(Order::Name) => Sort::Name,
        Some(Order::Version) => Sort::Version,
        Some(Order::Size) => Sort::Size,
    }
}
