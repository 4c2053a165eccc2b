//! `amictl aliases`: what each alias names, since when, by whom and why.

use anyhow::Result;

use crate::domain::naming::Family;
use crate::output;
use crate::workflows::aliases::list;
use crate::workflows::conclude::survey;
use crate::workflows::run::context::{self, Context};

const EXAMPLES: &str = "\
Examples:
  amictl aliases
  amictl aliases web --region us-east-1,eu-west-1
  amictl aliases web --history                      every version that SSM keeps, newest first
  amictl aliases --org-role ami --region all -o json";

/// Show what aliases name, since when, by whom and why
///
/// An alias is the SSM parameter /amictl/<family>/<alias> of an account and region. SSM keeps its last 100 versions; each
/// has a note of who promoted what and why, unless somebody wrote it by other means. If an account or region fails, the
/// others are shown.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Aliases of this family
    #[arg(value_name = "FAMILY")]
    family: Option<Family>,

    /// Also show the versions before
    #[arg(long)]
    history: bool,
}

pub async fn run(context: &Context, args: Args) -> Result<()> {
    let listing = list::read(context, args.family.as_ref()).await?;
    let aliases = listing.aliases.into_iter();
    let aliases: Vec<_> = match args.history {
        true => aliases.collect(),
        false => aliases.map(|alias| alias.without_history()).collect(),
    };
    output::aliases(&context.printer, &aliases, &listing.errors, context.now)?;
    if aliases.is_empty() && listing.errors.is_empty() {
        let whose = args.family.map(|family| format!(" of the family {family}")).unwrap_or_default();
        context.printer.say(format!("there are no aliases{whose}; 'amictl promote REF --to ALIAS' makes one"));
    }
    context::tell_errors(context, &listing.errors);
    survey::whole(&listing.errors)
}
