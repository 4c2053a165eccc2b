//! The root of the command line: global options and the subcommands.

pub mod global;
pub mod invocation;
pub mod parse;
pub mod run;
pub mod settings;
pub mod signals;

use clap::Parser;

use crate::commands::Command;
use global::Global;

const EXAMPLES: &str = "\
Examples:
  amictl create web --instance i-0123456789abcdef0 --environment prod
  amictl list --family web
  amictl launch web --type t3.micro
  amictl copy web:v3 --to eu-west-1,us-west-2 --encrypt
  amictl deregister web-v1-2024-12-18

An image is named by its id (ami-…) or name (web-v3-2026-01-02), as the newest
version of a family (web, web:latest), a version (web:v3), an alias (web:prod) or
what an SSM parameter names (ssm:/golden/web, ssm:/aws/service/…).

Exit codes: 0 done, 1 failed, 2 usage, 3 partly done, 4 refused by a safety
check, 5 timed out waiting, 130 interrupted.";

/// Manages the life of Amazon Machine Images: create, find, launch, copy, retire
#[derive(Debug, Parser)]
#[command(name = "amictl", version, after_help = EXAMPLES, infer_subcommands = false, propagate_version = false)]
pub struct Cli {
    #[command(flatten)]
    pub global: Global,
    #[command(subcommand)]
    pub command: Command,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;
    use proptest::prelude::*;

    use super::*;

    /// Command lines that pass the text to each option and argument of each command in turn.
    fn lines(text: &str) -> Vec<Vec<String>> {
        let mut cli = Cli::command();
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
            for line in lines(&any).into_iter().chain(lines(&near)) {
                if let Err(error) = Cli::try_parse_from(&line) {
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
