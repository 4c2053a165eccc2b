//! The root of the command line: the global options and a command.

use clap::{CommandFactory, Parser};

use super::global::Global;
use super::{help, version};
use crate::commands::Command;

const WORDS: &str = "\
An image (REF) is ami-…, an image name, web (the newest version of a family),
web:v3 (a version), web:prod (an alias) or ssm:/golden/web (an SSM parameter).
Exit: 0 done, 1 failed, 2 usage, 3 partly, 4 refused, 5 timed out, 130 stopped.";

/// Creates, finds, copies, releases, shares and retires Amazon Machine Images
#[derive(Debug, Parser)]
#[command(name = "amictl", version, long_version = version::long(), after_help = WORDS)]
#[command(infer_subcommands = false, propagate_version = false)]
pub struct Cli {
    #[command(flatten)]
    pub global: Global,
    #[command(subcommand)]
    pub command: Command,
}

/// The command line as clap knows it, with its help.
pub fn command_line() -> clap::Command {
    help::arranged(Cli::command())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Command lines that give the text to each option and argument of each command in turn.
    fn lines(text: &str) -> Vec<Vec<String>> {
        let mut cli = command_line();
        cli.build();
        let mut lines = Vec::new();
        for command in cli.get_subcommands() {
            let begin = ["amictl".to_owned(), command.get_name().to_owned()];
            for option in command.get_arguments().filter_map(|arg| arg.get_long()) {
                lines.push([&begin[..], &[format!("--{option}={text}")]].concat());
            }
            for before in 0..3 {
                let words = [vec!["web".to_owned(); before], vec!["--".to_owned(), text.to_owned()]].concat();
                lines.push([&begin[..], &words].concat());
            }
        }
        lines
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4))]

        #[test]
        fn no_word_of_a_command_line_panics(any in any::<String>(), near in "[a-z0-9=:/@.,-]{0,24}") {
            // One command for all lines: to build it takes longer than to parse a line.
            let mut command = command_line();
            for line in lines(&any).into_iter().chain(lines(&near)) {
                if let Err(error) = command.try_get_matches_from_mut(&line) {
                    prop_assert!(!error.to_string().is_empty(), "{line:?}");
                }
            }
        }
    }

    #[test]
    fn every_command_has_lines_to_try() {
        let tried = lines("x");
        assert!(tried.len() > 300, "{}", tried.len());
        assert!(tried.contains(&["amictl", "prune", "--keep=x"].map(str::to_owned).to_vec()));
    }
}
