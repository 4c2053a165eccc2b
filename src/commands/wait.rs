//! `amictl wait`: resumes waiting for an image.

use anyhow::Result;

use super::Context;
use super::context::on_bar;
use crate::domain::reference::ImageRef;
use crate::output::{self, Options};
use crate::service::{resolve, wait};

const EXAMPLES: &str = "\
Examples:
  amictl wait ami-0123456789abcdef0 --region eu-west-1
  amictl wait web-v3-2026-01-02 --timeout 30m";

/// Wait until an image is available
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The image: an id, a name, web:v3 or web:prod
    #[arg(value_name = "REF")]
    reference: ImageRef,
}

pub async fn run(context: &Context, args: Args) -> Result<()> {
    let target = context.target().await?;
    let found = resolve::image(&target, &args.reference, context.now).await?;
    let bar = context.printer.bars().percent(found.label());
    let show = on_bar(&bar);
    let watch: Option<wait::Watch<'_>> = context.printer.bars().shown().then_some(&show);
    let image = wait::image_available(&target, &found.id, false, &context.patience(), watch).await?;
    output::images(&context.printer, &[image], &[], &Options::default(), context.now)
}
