//! Options of every command.

use std::path::PathBuf;

use clap::builder::FalseyValueParser;
use clap::{ArgAction, Args};

use crate::domain::age::Age;
use crate::domain::region::RegionChoice;
use crate::domain::roles::{ExternalId, RoleArn, RoleName};
use crate::output::Expression;
use crate::output::printer::{ColorChoice, FormatChoice};
use crate::service::client::rate_limit::Pace;
use crate::service::session::settings::RetryMode;

/// Options of every command.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Global options")]
pub struct Global {
    /// AWS profile; overrides access keys in the environment [env: AWS_PROFILE]
    #[arg(long, global = true, value_name = "NAME")]
    pub profile: Option<String>,

    /// Region, several separated by commas, or 'all' for every enabled one [env: AWS_REGION, AWS_DEFAULT_REGION]
    #[arg(long, global = true, value_name = "REGION", value_delimiter = ',')]
    pub region: Vec<RegionChoice>,

    /// Role to assume; several to work in several accounts
    #[arg(
        long,
        global = true,
        value_name = "ARN",
        env = "AMICTL_ROLE_ARN",
        hide_env_values = true,
        value_delimiter = ','
    )]
    pub role_arn: Vec<RoleArn>,

    /// Role, by name, to assume in every active account of the organization
    #[arg(long, global = true, value_name = "NAME", env = "AMICTL_ORG_ROLE", hide_env_values = true)]
    pub org_role: Option<RoleName>,

    /// External ID that these roles require
    #[arg(long, global = true, value_name = "ID", env = "AMICTL_EXTERNAL_ID", hide_env_values = true)]
    pub external_id: Option<ExternalId>,

    /// Endpoint URL to use instead of AWS's own [env: AWS_ENDPOINT_URL, AWS_ENDPOINT_URL_EC2]
    #[arg(long, global = true, value_name = "URL")]
    pub endpoint_url: Option<String>,

    /// Output format [default: table]
    #[arg(short, long, global = true, value_enum, env = "AMICTL_OUTPUT", hide_env_values = true)]
    pub output: Option<FormatChoice>,

    /// Print only what this JMESPath expression finds in the JSON document, as in the AWS CLI
    #[arg(long, global = true, value_name = "EXPR")]
    pub query: Option<Expression>,

    /// When to use colors [default: auto; NO_COLOR turns them off]
    #[arg(long, global = true, value_enum, env = "AMICTL_COLOR", hide_env_values = true, value_name = "WHEN")]
    pub color: Option<ColorChoice>,

    /// Print only errors and warnings to stderr
    #[arg(short, long, global = true, env = "AMICTL_QUIET", hide_env_values = true, value_parser = FalseyValueParser::new())]
    pub quiet: bool,

    /// Log calls to AWS to stderr; -vv and -vvv log more
    #[arg(short, long, global = true, action = ArgAction::Count, env = "AMICTL_VERBOSE", hide_env_values = true)]
    pub verbose: u8,

    /// Show no progress bars
    #[arg(long, global = true, env = "AMICTL_NO_PROGRESS", hide_env_values = true, value_parser = FalseyValueParser::new())]
    pub no_progress: bool,

    /// How long to wait for images and instances, e.g. 30m [default: 2h, for test 15m]
    #[arg(long, global = true, value_name = "TIME", env = "AMICTL_TIMEOUT", hide_env_values = true)]
    pub timeout: Option<Age>,

    /// Attempts for each call to AWS, including the first [default: 8]
    #[arg(long, global = true, value_name = "N", env = "AWS_MAX_ATTEMPTS", hide_env_values = true,
          value_parser = attempts)]
    pub max_attempts: Option<u32>,

    /// Retry mode of the AWS SDK. Read here because the SDK panics on values it does not know.
    #[arg(long = "aws-retry-mode", global = true, env = "AWS_RETRY_MODE", hide_env_values = true, value_name = "MODE", hide = true,
          value_parser = retry_mode)]
    pub retry_mode: Option<RetryMode>,

    /// Request limits: 'ec2' keeps to those EC2 documents, 'off' to none, if AWS has raised yours [default: ec2]
    #[arg(long, global = true, value_name = "LIMITS", env = "AMICTL_REQUEST_LIMITS", hide_env_values = true,
          value_parser = request_limits)]
    pub request_limits: Option<Pace>,

    /// File with defaults for these options [default: $XDG_CONFIG_HOME/amictl/config.toml, if it exists]
    #[arg(long, global = true, value_name = "FILE", env = "AMICTL_CONFIG", hide_env_values = true)]
    pub config: Option<PathBuf>,
}

pub fn attempts(text: &str) -> Result<u32, String> {
    let number = text.parse().ok().filter(|number| (1..=100).contains(number));
    number.ok_or_else(|| "--max-attempts and AWS_MAX_ATTEMPTS take a number from 1 to 100".to_owned())
}

pub fn request_limits(text: &str) -> Result<Pace, String> {
    match text {
        "ec2" => Ok(Pace::Documented),
        "off" => Ok(Pace::Unlimited),
        _ => Err("it must be 'ec2' or 'off'".to_owned()),
    }
}

pub fn retry_mode(text: &str) -> Result<RetryMode, String> {
    text.parse().map_err(|_| "set AWS_RETRY_MODE to 'standard', 'adaptive' or 'legacy', or unset it".to_owned())
}
