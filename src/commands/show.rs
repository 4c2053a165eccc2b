//! `amictl show`: everything about one image.

use std::collections::BTreeSet;
use std::path::PathBuf;

use anyhow::Result;
use futures::FutureExt;

use super::{Context, ending};
use crate::domain::cost::{Price, Prices, snapshot_gib};
use crate::domain::failure::{Failure, Kind};
use crate::domain::image::Image;
use crate::domain::lineage::{Sight, origin};
use crate::domain::reference::ImageRef;
use crate::domain::region::Region;
use crate::domain::report::{PlaceError, Problem};
use crate::domain::sharing::Principal;
use crate::domain::usage::Source;
use crate::output::{self, Details};
use crate::service::error::ApiError;
use crate::service::lineage::{self, Copies};
use crate::service::usage::{self, Scope};
use crate::service::{Target, permissions, resolve, snapshots};

/// What is read of an image beside the sources of use.
const PARTS: usize = 4;

const EXAMPLES: &str = "\
Examples:
  amictl show web
  amictl show web:prod -o json | jq .launch_permissions
  amictl show ami-0123456789abcdef0 --copies-in us-east-1,eu-west-1";

/// Show everything about one image on a page
///
/// Its identity, state and dates, its volumes with their snapshots, who may launch it, what it was copied from and
/// its copies in every enabled region, its aliases, who uses it, and what it costs at most. What cannot be read is
/// shown as unknown: the run then ends with exit code 3, or with 4 where it is a source of use.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The image: an id, a name, web, web:v3 or web:prod
    #[arg(value_name = "REF")]
    reference: ImageRef,

    /// Regions to look for copies in [default: every enabled one]
    #[arg(long, value_name = "REGION", value_delimiter = ',')]
    copies_in: Vec<Region>,

    /// File or folder in which image ids count as use; repeat it for several
    #[arg(long, value_name = "PATH")]
    refs_from: Vec<PathBuf>,

    /// Does not look for use in this source; repeat it for several
    #[arg(long, value_name = "SOURCE", value_delimiter = ',')]
    without_source: Vec<Source>,

    /// Price of snapshots in US dollars for a GiB and month [default: that of the region]
    #[arg(long, value_name = "USD")]
    price_per_gb: Option<Price>,
}

pub async fn run(context: &Context, args: Args) -> Result<()> {
    let target = context.target().await?;
    let image = resolve::image(&target, &args.reference, context.now).await?;
    let details = read(context, &target, image, args).await;
    output::show(&context.printer, &details, context.now)?;
    output::unread_sources(&details.usage).iter().for_each(|line| context.printer.tell(line));
    for error in &details.errors {
        context.printer.tell(&format!("{}: {} [{}]", error.region, error.problem.message, error.problem.code));
    }
    // Doubt about use weighs more than anything else that is not known.
    ending::all_read([&details.usage])?;
    match details.errors.len() {
        0 => Ok(()),
        count => {
            let parts = if count == 1 { "1 part".to_owned() } else { format!("{count} parts") };
            Err(Failure::new(Kind::Partial, "PartialPage", format!("{parts} of the page could not be read"))
                .hint("add the missing permissions; --copies-in names the regions to look for copies in")
                .into())
        }
    }
}

/// Reads everything there is about the image, all of it side by side. What fails is noted and hides nothing else.
async fn read(context: &Context, target: &Target, image: Image, args: Args) -> Details {
    let scope = Scope { without: args.without_source.into_iter().collect(), files: args.refs_from };
    let ids = BTreeSet::from([image.id.clone()]);
    let snapshot_ids: Vec<_> = image.snapshots.iter().map(|snapshot| snapshot.id.clone()).collect();
    let sources = Source::ALL.len() + usize::from(!scope.files.is_empty());
    let bar = context.printer.bars().count((sources + PARTS) as u64, "reading");
    let read_source = |_: Source| bar.step();
    let (usage, shares, snapshots, search, parent) = tokio::join!(
        usage::find(target, async { ids }, &scope, &read_source),
        launch_permissions(target, &image).inspect(|_| bar.step()),
        snapshots::existing(target, &snapshot_ids).inspect(|_| bar.step()),
        search(target, &image, args.copies_in).inspect(|_| bar.step()),
        parent(target, &image).inspect(|_| bar.step()),
    );
    drop(bar);
    let mut gaps = Gaps { target, errors: Vec::new() };
    // The snapshots of a foreign image are not this account's to pay for.
    let cost = || Prices::new(args.price_per_gb).monthly([(&image.region, snapshot_gib([&image]))]);
    Details {
        monthly_cost: image.own.then(cost),
        launch_permissions: gaps.known("launch permissions", shares).await.flatten(),
        snapshots: gaps.known("snapshots", snapshots).await,
        copied_from: origin(&image).zip(gaps.known("source image", parent).await.unwrap_or(Some(Sight::Unknown))),
        copies: search.copies.images,
        regions: search.regions,
        all_regions: gaps.known("enabled regions", search.unlisted.map_or(Ok(()), Err)).await.is_some(),
        unread_regions: gaps.regions("copies", search.copies.unread).await,
        errors: gaps.errors,
        usage,
        image,
    }
}

/// Who may launch the image; `None` for an image of others, as EC2 tells its owner only.
async fn launch_permissions(target: &Target, image: &Image) -> Result<Option<BTreeSet<Principal>>, ApiError> {
    match image.own {
        true => permissions::launch_permissions(target, &image.id).await.map(Some),
        false => Ok(None),
    }
}

/// What the image was copied from, if it was.
async fn parent(target: &Target, image: &Image) -> Result<Option<Sight>, ApiError> {
    match origin(image) {
        Some(origin) => lineage::source(target, &origin).await.map(Some),
        None => Ok(None),
    }
}

/// Where copies were looked for, and what was found.
struct Search {
    regions: Vec<Region>,
    copies: Copies,
    /// Why it is not known which regions there are; only that of the image was looked into then.
    unlisted: Option<ApiError>,
}

async fn search(target: &Target, image: &Image, named: Vec<Region>) -> Search {
    let (regions, unlisted) = match named.is_empty() {
        false => (BTreeSet::from_iter(named).into_iter().collect(), None),
        true => match target.enabled_regions().await {
            Ok(regions) => (regions, None),
            Err(error) => (vec![target.region.clone()], Some(error)),
        },
    };
    let copies = lineage::copies(target, std::slice::from_ref(image), &regions).await;
    Search { regions, copies, unlisted }
}

/// What could not be read.
struct Gaps<'a> {
    target: &'a Target,
    errors: Vec<PlaceError>,
}

impl Gaps<'_> {
    /// What was read, or a note that it could not be.
    async fn known<T>(&mut self, what: &str, answer: Result<T, ApiError>) -> Option<T> {
        match answer {
            Ok(known) => Some(known),
            Err(error) => {
                let problem = Problem { message: format!("{what}: {}", error.message), ..error.problem() };
                self.errors.push(PlaceError { region: error.region, ..self.target.error(problem).await });
                None
            }
        }
    }

    /// The regions that could not be read, each with a note.
    async fn regions(&mut self, what: &str, unread: Vec<ApiError>) -> BTreeSet<Region> {
        let regions = unread.iter().map(|error| error.region.clone()).collect();
        for error in unread {
            self.known(what, Err::<(), _>(error)).await;
        }
        regions
    }
}
