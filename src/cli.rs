//! The command line: global options and the list of commands. No logic.

use std::path::PathBuf;

use clap::builder::FalseyValueParser;
use clap::{ArgAction, Args, Parser, Subcommand};

use crate::commands::{
    apply, completions, copy, create, deprecate, deregister, disable, enable, launch, list, orphans, protect, prune,
    refs, restore, share, show, tag, wait,
};
use crate::domain::age::Age;
use crate::domain::region::RegionChoice;
use crate::domain::roles::{ExternalId, RoleArn, RoleName};
use crate::output::printer::{ColorChoice, Format};
use crate::service::pace::Pace;
use crate::service::session::RetryMode;

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

/// Options of every command.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Global options")]
pub struct Global {
    /// Profile of the AWS configuration; beats keys in the environment [env: AWS_PROFILE]
    #[arg(long, global = true, value_name = "NAME")]
    pub profile: Option<String>,

    /// Region, several with commas, or 'all' for every enabled one [env: AWS_REGION, AWS_DEFAULT_REGION]
    #[arg(long, global = true, value_name = "REGION", value_delimiter = ',')]
    pub region: Vec<RegionChoice>,

    /// Role to assume; several for a run over several accounts
    #[arg(
        long,
        global = true,
        value_name = "ARN",
        env = "AMICTL_ROLE_ARN",
        hide_env_values = true,
        value_delimiter = ','
    )]
    pub role_arn: Vec<RoleArn>,

    /// Name of a role to assume in every active account of the organization
    #[arg(long, global = true, value_name = "NAME", env = "AMICTL_ORG_ROLE", hide_env_values = true)]
    pub org_role: Option<RoleName>,

    /// External id that these roles ask for
    #[arg(long, global = true, value_name = "ID", env = "AMICTL_EXTERNAL_ID", hide_env_values = true)]
    pub external_id: Option<ExternalId>,

    /// Endpoint to use instead of AWS [env: AWS_ENDPOINT_URL, AWS_ENDPOINT_URL_EC2]
    #[arg(long, global = true, value_name = "URL")]
    pub endpoint_url: Option<String>,

    /// How to write data to stdout [default: table]
    #[arg(short, long, global = true, value_enum, env = "AMICTL_OUTPUT", hide_env_values = true)]
    pub output: Option<Format>,

    /// When to use colours [default: auto; NO_COLOR turns them off]
    #[arg(long, global = true, value_enum, env = "AMICTL_COLOR", hide_env_values = true, value_name = "WHEN")]
    pub color: Option<ColorChoice>,

    /// Say nothing on stderr but errors and warnings
    #[arg(short, long, global = true, env = "AMICTL_QUIET", hide_env_values = true, value_parser = FalseyValueParser::new())]
    pub quiet: bool,

    /// Log what is asked of AWS to stderr; -vv and -vvv say more
    #[arg(short, long, global = true, action = ArgAction::Count, env = "AMICTL_VERBOSE", hide_env_values = true)]
    pub verbose: u8,

    /// No progress bars
    #[arg(long, global = true, env = "AMICTL_NO_PROGRESS", hide_env_values = true, value_parser = FalseyValueParser::new())]
    pub no_progress: bool,

    /// How long to wait for images and instances, e.g. 30m [default: 2h]
    #[arg(long, global = true, value_name = "TIME", env = "AMICTL_TIMEOUT", hide_env_values = true)]
    pub timeout: Option<Age>,

    /// Attempts for one call to AWS, the first included [default: 8]
    #[arg(long, global = true, value_name = "N", env = "AWS_MAX_ATTEMPTS", hide_env_values = true,
          value_parser = attempts)]
    pub max_attempts: Option<u32>,

    /// Retry mode of the AWS SDK. Read here because the SDK panics on values it does not know.
    #[arg(long = "aws-retry-mode", global = true, env = "AWS_RETRY_MODE", hide_env_values = true, value_name = "MODE", hide = true,
          value_parser = retry_mode)]
    pub retry_mode: Option<RetryMode>,

    /// Request limits to keep to: 'ec2' as EC2 documents them, 'off' where AWS has raised them [default: ec2]
    #[arg(long, global = true, value_name = "LIMITS", env = "AMICTL_REQUEST_LIMITS", hide_env_values = true,
          value_parser = request_limits)]
    pub request_limits: Option<Pace>,

    /// File with defaults for these options [default: $XDG_CONFIG_HOME/amictl/config.toml, where there is one]
    #[arg(long, global = true, value_name = "FILE", env = "AMICTL_CONFIG", hide_env_values = true)]
    pub config: Option<PathBuf>,
}

fn attempts(text: &str) -> Result<u32, String> {
    let number = text.parse().ok().filter(|number| (1..=100).contains(number));
    number.ok_or_else(|| "--max-attempts and AWS_MAX_ATTEMPTS take a number from 1 to 100".to_owned())
}

fn request_limits(text: &str) -> Result<Pace, String> {
    match text {
        "ec2" => Ok(Pace::Documented),
        "off" => Ok(Pace::Unlimited),
        _ => Err("it must be 'ec2' or 'off'".to_owned()),
    }
}

fn retry_mode(text: &str) -> Result<RetryMode, String> {
    text.parse().map_err(|_| "set AWS_RETRY_MODE to 'standard', 'adaptive' or 'legacy', or unset it".to_owned())
}

#[derive(Debug, Subcommand)]
pub enum Command {
    Create(create::Args),
    List(list::Args),
    Show(show::Args),
    Launch(launch::Args),
    Copy(copy::Args),
    Share(share::Args),
    Unshare(share::UnshareArgs),
    Deprecate(deprecate::Args),
    Disable(disable::Args),
    Enable(enable::Args),
    Protect(protect::Args),
    Unprotect(protect::UnprotectArgs),
    Tag(tag::Args),
    Deregister(deregister::Args),
    Restore(restore::Args),
    Refs(refs::Args),
    Prune(prune::Args),
    Apply(apply::Args),
    Orphans(orphans::Args),
    Wait(wait::Args),
    Completions(completions::Args),
    Man(completions::ManArgs),
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;
    use proptest::prelude::*;

    use super::*;

    /// Command lines that give the text to each option and argument of each command in turn.
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
