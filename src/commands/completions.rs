//! `amictl completions` and `amictl man`: generated from the command tree.

use anyhow::Result;
use clap::CommandFactory;
use clap_complete::Shell;

use super::Context;
use crate::cli::Cli;

const EXAMPLES: &str = "\
Examples:
  amictl completions bash > /etc/bash_completion.d/amictl
  amictl completions zsh > \"${fpath[1]}/_amictl\"
  amictl completions fish > ~/.config/fish/completions/amictl.fish";

/// Print completions for a shell
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The shell
    shell: Shell,
}

const MAN_EXAMPLES: &str = "\
Examples:
  amictl man > /usr/local/share/man/man1/amictl.1
  amictl man list | man -l -";

/// Print the manual page of amictl, or of one command
#[derive(Debug, clap::Args)]
#[command(after_help = MAN_EXAMPLES)]
pub struct ManArgs {
    /// The command; amictl itself when left out
    command: Option<String>,
}

/// Prints the completions of a shell.
pub fn run(context: &Context, args: &Args) -> Result<()> {
    let mut text = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "amictl", &mut text);
    Ok(context.printer.text(&text)?)
}

/// Prints a manual page.
pub fn man(context: &Context, args: &ManArgs) -> Result<()> {
    let mut root = Cli::command();
    root.build();
    let page = match &args.command {
        None => root,
        Some(name) => root.find_subcommand(name).cloned().ok_or_else(|| {
            crate::domain::failure::Failure::usage(format!("there is no command '{name}'")).hint("see: amictl --help")
        })?,
    };
    let mut text = Vec::new();
    clap_mangen::Man::new(page).render(&mut text)?;
    Ok(context.printer.text(&text)?)
}
