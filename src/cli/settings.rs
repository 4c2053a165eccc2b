//! The context of a run, from options, environment and configuration file.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use chrono::{DateTime, Utc};

use super::global::Global;
use super::platform::Platform;
use crate::domain::command_line::{Invocation, amictl};
use crate::domain::failure::Failure;
use crate::domain::tags::Maker;
use crate::options::config_file::Defaults;
use crate::output::printer::{self, Printer};
use crate::service::client::address::Endpoint;
use crate::service::client::stop::Stop;
use crate::service::session::settings::{Ask, Settings, SignedIn};
use crate::workflows::run::context::{Context, NamedPlaces};

/// Enough for large volumes; EC2 may take a day in the worst case.
pub const DEFAULT_TIMEOUT: Duration = Duration::from_secs(2 * 3600);

/// The clock and the environment of the process, read once at the start.
#[derive(Debug, Clone)]
pub struct Process {
    /// The clock.
    pub clock: fn() -> DateTime<Utc>,
    /// The environment; variables that are not UTF-8 are left out.
    pub env: HashMap<String, String>,
}

/// Combines the command line, the environment and the file of defaults, in this order of precedence; gives the file, too.
pub fn context(global: &Global, process: &Process, stop: Stop, invocation: Invocation) -> Result<(Context, Defaults)> {
    let file = global.config.as_deref().filter(|path| !path.as_os_str().is_empty());
    let platform = Platform::read(&process.env, (process.clock)())?;
    let defaults = Defaults::read(file, &process.env, platform.contained)?;
    let set = |name: &str| process.env.get(name).is_some_and(|value| !value.is_empty());
    let format = global.output.or(defaults.output).unwrap_or_default();
    if let Some((command, name)) = format.of_one_command() {
        only_of(command, name, &invocation.name, process)?;
    }
    if let (Some(_), Some(other)) = (&global.query, format.without_document()) {
        return Err(Failure::usage(format!("--query works on the JSON document, and the output is to be {other}"))
            .hint("give -o json, or -o table for bare values")
            .into());
    }
    let printer = Arc::new(Printer::new(printer::Settings {
        format,
        query: global.query.clone(),
        color: global.color.or(defaults.color).unwrap_or_default(),
        quiet: global.quiet,
        no_progress: global.no_progress,
        plain_terminal: set("NO_COLOR") || process.env.get("TERM").is_some_and(|term| term == "dumb"),
        summary: process.env.get("AMICTL_STEP_SUMMARY").filter(|file| !file.is_empty()).map(PathBuf::from),
    }));
    let or = |given: &Vec<_>, default| if given.is_empty() { default } else { given.clone() };
    let region_known = set("AWS_REGION") || set("AWS_DEFAULT_REGION");
    let endpoint_known = set("AWS_ENDPOINT_URL") || set("AWS_ENDPOINT_URL_EC2");
    let keys_known = set("AWS_PROFILE") || set("AWS_ACCESS_KEY_ID");
    let roles_named = !global.role_arn.is_empty() || global.org_role.is_some();
    let settings = Settings {
        profile: said(&global.profile).or(said(&defaults.profile).filter(|_| !keys_known)),
        regions: match region_known {
            true => global.region.clone(),
            false => or(&global.region, defaults.region.clone()),
        },
        // The options that select accounts belong together: a role given here replaces those of the file.
        role_arns: if roles_named { global.role_arn.clone() } else { defaults.role_arn.clone() },
        org_role: if roles_named { global.org_role.clone() } else { defaults.org_role.clone() },
        members: Vec::new(),
        external_id: global.external_id.clone().or_else(|| defaults.external_id.clone()),
        ask_code: printer.can_ask().then(|| asker(&printer)),
        signed_in: SignedIn::default(),
        endpoint_url: match said(&global.endpoint_url) {
            Some(url) => Some(endpoint("--endpoint-url", &url)?),
            None => said(&defaults.endpoint_url)
                .filter(|_| !endpoint_known)
                .map(|url| endpoint("endpoint_url in the configuration", &url))
                .transpose()?,
        },
        max_attempts: global.max_attempts.or(defaults.max_attempts),
        retry_mode: global.retry_mode,
        pace: global.request_limits.unwrap_or_default(),
        env: process.env.clone(),
    };
    let timeout = global.timeout.or(defaults.timeout);
    let context = Context {
        now: (process.clock)(),
        clock: process.clock,
        printer,
        maker: Maker {
            program: concat!("amictl/", env!("CARGO_PKG_VERSION")).to_owned(),
            run: platform.run.clone().unwrap_or_else(|| format!("{:032x}", fastrand::u128(..))),
        },
        delivered: platform.run.is_some(),
        deadline: platform.deadline,
        contained: platform.contained,
        read_only: platform.read_only,
        stop,
        invocation,
        named: NamedPlaces {
            regions: !global.region.is_empty(),
            roles: !global.role_arn.is_empty(),
            org_role: global.org_role.is_some(),
        },
        families: defaults.family_patterns.clone(),
        audit: defaults.audit.clone(),
        settings,
        timeout: timeout.map_or(DEFAULT_TIMEOUT, |age| age.duration()),
        timeout_set: timeout.is_some(),
        origins: Vec::new(),
    };
    Ok((context, defaults))
}

/// Refuses a format that one command has on the command line, anywhere else.
fn only_of(command: &str, format: &str, given: &str, process: &Process) -> Result<()> {
    let why = match process.env.get("AMICTL_OUTPUT").is_some_and(|value| value == format) {
        true => format!("AMICTL_OUTPUT={format} would hold for every command"),
        false if given != command => format!("'{given}' does not write {format}"),
        false => return Ok(()),
    };
    let hint = amictl(command).word("-o").word(format);
    Err(Failure::usage(why).hint(format!("{format} is written by '{hint}' alone")).into())
}

/// A setting, unless it is empty.
fn said(text: &Option<String>) -> Option<String> {
    text.clone().filter(|text| !text.is_empty())
}

fn endpoint(source: &str, url: &str) -> Result<Endpoint> {
    let wrong = |why| Failure::usage(format!("{source}: {why}")).hint(Endpoint::HINT);
    Ok(url.parse().map_err(wrong)?)
}

/// The function that asks for an MFA code on the terminal.
fn asker(printer: &Arc<Printer>) -> Ask {
    let printer = Arc::clone(printer);
    Arc::new(move |serial| Ok(printer.ask_code(serial)?))
}
