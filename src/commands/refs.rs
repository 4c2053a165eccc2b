//! `amictl refs`: who uses an image.

use std::path::PathBuf;

use anyhow::Result;

use super::Context;
use crate::domain::failure::{Failure, Kind};
use crate::domain::reference::ImageRef;
use crate::domain::usage::{Source, Usage};
use crate::output;
use crate::service::resolve;
use crate::service::usage::{self, Scope};

const EXAMPLES: &str = "\
Examples:
  amictl refs web
  amictl refs web:v3 web:v4 -o json
  amictl refs web --refs-from infra/";

/// Show who uses images: instances, templates, groups, fleets, parameters
///
/// Reads every source to its end. A source that cannot be read is shown with EC2's message, and the run ends with
/// exit code 4: an image without a known user may then still be in use.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The images: ids, names, web, web:v3 or web:prod
    #[arg(value_name = "REF", required = true)]
    references: Vec<ImageRef>,

    /// File or folder in which image ids count as use; repeat it for several
    #[arg(long, value_name = "PATH")]
    refs_from: Vec<PathBuf>,

    /// Does not look for use in this source; repeat it for several
    #[arg(long, value_name = "SOURCE", value_delimiter = ',')]
    without_source: Vec<Source>,
}

pub async fn run(context: &Context, args: Args) -> Result<()> {
    let target = context.target().await?;
    let images = resolve::images(&target, &args.references, context.now).await?;
    let ids = images.iter().map(|image| image.id.clone()).collect();
    let scope = Scope { without: args.without_source.into_iter().collect(), files: args.refs_from };
    let usage = {
        let bar = context.printer.bars().count(Source::ALL.len() as u64, "looking for use");
        usage::find(&target, async { ids }, &scope, &|_| bar.step()).await
    };
    output::refs(&context.printer, &images, &usage)?;
    output::unread_sources(&usage).iter().for_each(|line| context.printer.tell(line));
    verified(&usage)
}

/// A refusal where a source could not be read: who uses an image is then not known for certain.
pub fn verified(usage: &Usage) -> Result<()> {
    let failed = usage.failed();
    match failed.is_empty() {
        true => Ok(()),
        false => {
            let message = format!("{} of {} sources could not be read", failed.len(), usage.sources.len());
            Err(Failure::new(Kind::Refused, "Unverified", message)
                .hint("make the source readable, or leave it out with --without-source NAME")
                .into())
        }
    }
}
