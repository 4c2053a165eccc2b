//! `amictl man`: prints a manual page, made from the command tree.

use anyhow::Result;

use crate::domain::failure::Failure;
use crate::workflows::run::context::Context;

const EXAMPLES: &str = "\
Examples:
  amictl man > /usr/local/share/man/man1/amictl.1
  amictl man list | man -l -";

/// Print the manual page of amictl, or of one command
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Command [default: amictl itself]
    command: Option<String>,
}

/// Prints a manual page.
pub fn run(context: &Context, args: &Args, mut root: clap::Command) -> Result<()> {
    root.build();
    let page = match &args.command {
        None => root,
        Some(name) => root
            .find_subcommand(name)
            .cloned()
            .ok_or_else(|| Failure::usage(format!("there is no command '{name}'")).hint("see: amictl --help"))?,
    };
    let mut text = Vec::new();
    // A page has the version alone: commit and target are of one build.
    clap_mangen::Man::new(page.long_version(None::<&'static str>)).render(&mut text)?;
    context.printer.text(&text)
}
