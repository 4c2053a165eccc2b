//! `amictl completions`: prints completions for a shell, made from the command tree.

use anyhow::Result;
use clap_complete::Shell;

use crate::workflows::run::context::Context;

const EXAMPLES: &str = "\
Examples:
  amictl completions bash > /etc/bash_completion.d/amictl
  amictl completions zsh > \"${fpath[1]}/_amictl\"
  amictl completions fish > ~/.config/fish/completions/amictl.fish";

/// Print completions for a shell
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Shell
    shell: Shell,
}

/// Prints the completions of a shell.
pub fn run(context: &Context, args: &Args, mut tree: clap::Command) -> Result<()> {
    let mut text = Vec::new();
    clap_complete::generate(args.shell, &mut tree, "amictl", &mut text);
    context.printer.text(&text)
}
