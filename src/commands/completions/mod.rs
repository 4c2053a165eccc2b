//! `amictl completions`: prints or installs completions for a shell, made from the command tree.

mod install;
mod script;

use anyhow::Result;
use clap_complete::Shell;

use crate::workflows::run::context::Context;

const EXAMPLES: &str = "\
Examples:
  amictl completions --install                  for the shell of $SHELL, where it looks for them
  amictl completions zsh --install
  amictl completions bash > /etc/bash_completion.d/amictl
  amictl completions elvish > amictl.elv";

/// Print completions for a shell, or install them
///
/// With bash, zsh and fish they also complete regions, columns, sources, and the names of families and aliases that 'list'
/// and 'aliases' have seen. They ask the program for these, which calls nothing of AWS for it. --install writes the file
/// of the user, makes its folder, and replaces what it has written before, but never a file of others.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Shell [with --install: that of $SHELL by default]
    #[arg(required_unless_present = "install")]
    shell: Option<Shell>,

    /// Write them to where the shell looks for those of the user
    #[arg(long)]
    install: bool,
}

/// Prints or installs the completions of a shell.
pub fn run(context: &Context, args: &Args, tree: clap::Command) -> Result<()> {
    let shell = match args.shell {
        Some(shell) => shell,
        None => install::shell(context)?,
    };
    let text = script::of(shell, tree)?;
    match args.install {
        true => install::install(context, shell, &text),
        false => context.printer.text(text.as_bytes()),
    }
}
