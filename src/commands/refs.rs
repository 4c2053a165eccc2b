//! `amictl refs`: lists the use of images.

use anyhow::Result;

use crate::domain::plan::document::ErrorRow;
use crate::domain::reference::ImageRef;
use crate::options::usage::{FileArgs, ReportArgs, SourceArgs};
use crate::output;
use crate::service::usage::sources::Scope;
use crate::workflows::conclude::survey;
use crate::workflows::run::context::{self, Context};
use crate::workflows::select::references;
use crate::workflows::usage::selection;

const EXAMPLES: &str = "\
Examples:
  amictl refs web
  amictl refs web:v3 web:v4 -o json
  amictl refs web --refs-from infra/";

/// Show what uses images: instances, templates, groups, …
///
/// Sources are instances, launch templates and configurations, Auto Scaling groups, fleets, Spot requests and SSM
/// parameters. If one cannot be read, it is shown with EC2's message and the exit code is 4: images may then be in use
/// although no reference was found.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Images: ids, names, web, web:v3, web:prod, or SSM parameters (ssm:/golden/web)
    #[arg(value_name = "REF", required = true)]
    references: Vec<ImageRef>,

    #[command(flatten)]
    files: FileArgs,

    #[command(flatten)]
    sources: SourceArgs,

    #[command(flatten)]
    reports: ReportArgs,
}

pub async fn run(context: &Context, args: Args) -> Result<()> {
    let chosen = references::choose(context, &args.references, false, false).await?;
    let scope = Scope::new(args.sources.without_source.into_iter().collect(), args.files.refs_from);
    let used = selection::usage_of(context, &chosen, &scope, args.reports.usage_reports).await?;
    let places: Vec<_> = used.iter().map(|place| (place.images.as_slice(), &place.usage)).collect();
    output::refs(&context.printer, &places, &chosen.errors)?;
    for place in &used {
        output::unread_sources(&place.usage).iter().for_each(|line| context.printer.tell(line));
    }
    let warnings: Vec<_> = used.iter().flat_map(|place| &place.usage.warnings).map(ErrorRow::new).collect();
    output::warnings(&warnings).iter().for_each(|line| context.printer.tell(line));
    context::tell_errors(context, &chosen.errors);
    survey::all_read(used.iter().map(|place| &place.usage))?;
    survey::whole(&chosen.errors)
}
