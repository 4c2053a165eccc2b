//! `amictl lineage`: shows what an image came of, and what came of it.

use anyhow::Result;

use crate::domain::reference::ImageRef;
use crate::output;
use crate::output::printer::Format;
use crate::workflows::conclude::survey;
use crate::workflows::lineage_tree;
use crate::workflows::run::context::{self, Context};

const EXAMPLES: &str = "\
Examples:
  amictl lineage base:v7
  amictl lineage base:v7 --region all --org-role ami       in every account of the organization
  amictl lineage ami-0123456789abcdef0 --all -o json
  amictl lineage web:prod -o dot | dot -Tsvg > lineage.svg";

/// Show what an image came of, and what came of it
///
/// The images that it was copied or made from stand above it, its copies and what was made from instances of it below,
/// in every region and account given. All of it is in the listings; where they end, EC2 is asked once for the images
/// above. An image that no listing has is known by its id and region. An image may be given that is gone. If several
/// places have an image of that name, the original of these copies is shown. With -o dot, the tree is written for
/// Graphviz.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Image: an id, a name, web, web:v3, web:prod, or an SSM parameter (ssm:/golden/web)
    #[arg(value_name = "REF")]
    reference: ImageRef,

    /// Show the whole tree: also what else came of the images above
    #[arg(long)]
    all: bool,
}

pub async fn run(context: &Context, args: Args) -> Result<()> {
    let with_use = context.printer.format() != Format::Ids;
    let tree = lineage_tree::read(context, &args.reference, args.all, with_use).await?;
    output::lineage(&context.printer, &tree)?;
    tree.notes.iter().for_each(|note| context.printer.say(&note.message));
    context::tell_errors(context, &tree.errors);
    survey::whole(&tree.errors)
}
