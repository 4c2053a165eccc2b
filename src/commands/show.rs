//! `amictl show`: shows the details of one image.

use anyhow::Result;

use crate::domain::cost::Prices;
use crate::domain::failure::{Failure, Kind};
use crate::domain::plan::document::ErrorRow;
use crate::domain::problem::DEAD_REFERENCE;
use crate::domain::reference::ImageRef;
use crate::domain::region::Region;
use crate::domain::report::Warning;
use crate::options::price::PriceArgs;
use crate::options::usage::{FileArgs, SourceArgs};
use crate::output;
use crate::workflows::conclude::survey;
use crate::workflows::details::{Request, read};
use crate::workflows::run::context::{self, Context};
use crate::workflows::select::references;

const EXAMPLES: &str = "\
Examples:
  amictl show web
  amictl show web:prod -o json | jq .launch_permissions
  amictl show ami-0123456789abcdef0 --copies-in us-east-1,eu-west-1
  amictl show ami-0123456789abcdef0 --region all --org-role ops/ami";

/// Show everything about one image
///
/// Identity, state and dates, volumes with snapshots, launch permissions, the image it was copied from, copies in every
/// enabled region, aliases, what uses it, and the most it may cost. What cannot be read is shown as unknown; the exit
/// code is then 3, or 4 for a source of use.
///
/// Searches every region and account given. If several have an image of that name, they are listed and none is shown.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Image: an id, a name, web, web:v3, web:prod, or an SSM parameter (ssm:/golden/web)
    #[arg(value_name = "REF")]
    reference: ImageRef,

    /// Regions to search for copies [default: every enabled one]
    #[arg(long, value_name = "REGION", value_delimiter = ',')]
    copies_in: Vec<Region>,

    #[command(flatten)]
    files: FileArgs,

    #[command(flatten)]
    sources: SourceArgs,

    #[command(flatten)]
    price: PriceArgs,
}

pub async fn run(context: &Context, args: Args) -> Result<()> {
    let chosen = references::one(context, &args.reference).await?;
    let request = Request {
        copies_in: args.copies_in,
        files: args.files.refs_from,
        without: args.sources.without_source.into_iter().collect(),
        prices: Prices::new(args.price.price_per_gb),
    };
    let details = context.unless_stopped(read(context, &chosen, request)).await?;
    output::show(&context.printer, &details, context.now)?;
    output::unread_sources(&details.usage).iter().for_each(|line| context.printer.tell(line));
    tell_warnings(context, &details.usage.warnings);
    context::tell_errors(context, &details.errors);
    // Doubt about use is more important than other read errors.
    survey::all_read([&details.usage])?;
    match details.errors.len() {
        0 => Ok(()),
        count => {
            let parts = if count == 1 { "1 part".to_owned() } else { format!("{count} parts") };
            Err(Failure::new(Kind::Partial, "PartialPage", format!("{parts} of the page could not be read"))
                .hint("add the missing permissions, or limit the search for copies with --copies-in")
                .into())
        }
    }
}

/// Dead references are only counted: they belong to the whole place, and the page is about one image.
fn tell_warnings(context: &Context, warnings: &[Warning]) {
    let (dead, others): (Vec<_>, Vec<_>) = warnings.iter().partition(|one| one.problem.code == DEAD_REFERENCE);
    let others: Vec<_> = others.into_iter().map(ErrorRow::new).collect();
    output::warnings(&others).iter().for_each(|line| context.printer.tell(line));
    if let Some(first) = dead.first() {
        let (count, region) = (dead.len(), &first.region);
        context
            .printer
            .tell(&format!("warning: references in {region} that cannot be resolved: {count}; 'refs' lists them"));
    }
}
