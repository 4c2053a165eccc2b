//! Origins of the settings of a run, for `config show`: option, variable, line of a file, or default.

use std::collections::{BTreeMap, HashMap};

use clap::parser::ValueSource;
use clap::{ArgMatches, ValueEnum};

use super::global::Global;
use super::settings::DEFAULT_TIMEOUT;
use crate::domain::age::Age;
use crate::domain::audit::AuditSettings;
use crate::domain::count::counted;
use crate::domain::settings::{Setting, SettingSource};
use crate::domain::toml_text;
use crate::options::config_file::Defaults;
use crate::output::printer::{ColorChoice, FormatChoice};
use crate::service::client::address::shown_endpoint;
use crate::service::client::rate_limit::Pace;
use crate::service::session::settings::{DEFAULT_ATTEMPTS, RetryMode};
use crate::workflows::run::context::Context;

/// What stands for a value that is not shown.
const SET: &str = "(set)";

/// An option that clap found, with its source and the texts of its values.
struct Found {
    source: SettingSource,
    detail: String,
    text: String,
}

/// What settings are read from.
struct Origins<'a> {
    found: BTreeMap<String, Found>,
    env: &'a HashMap<String, String>,
    file: String,
    /// The lines of the keys of the file.
    lines: BTreeMap<String, usize>,
    rows: Vec<Setting>,
}

/// All settings of a run, with their origins.
pub fn of(
    context: &Context,
    global: &Global,
    defaults: &Defaults,
    command: &clap::Command,
    matches: &ArgMatches,
) -> Vec<Setting> {
    let path = defaults.place.clone();
    let mut origins = Origins {
        found: found(command, matches),
        env: &context.settings.env,
        file: path.as_ref().map(|path| path.display().to_string()).unwrap_or_default(),
        lines: defaults.text.as_deref().map(toml_text::lines).unwrap_or_default(),
        rows: Vec::new(),
    };
    origins.accounts(context);
    origins.output(global, defaults);
    origins.calls(global, defaults);
    let missing = defaults.text.is_none().then(|| "there is no such file".to_owned());
    origins.row("config", &[], None, path.map(|path| path.display().to_string()));
    if let Some(row) = origins.rows.last_mut() {
        row.detail = row.detail.take().or(missing);
    }
    let patterns = context.families.iter().map(ToString::to_string).collect::<Vec<_>>();
    origins.row("family_patterns", &[], list(&patterns), None);
    origins.audit(&context.audit);
    origins.rows
}

impl Origins<'_> {
    /// Adds a setting; its value is where clap or the file have it, and a variable is one that the SDK or a terminal reads.
    fn row(&mut self, name: &str, variables: &[&str], value: Option<String>, default: Option<String>) {
        let found = self.found.get(name).filter(|found| !found.text.is_empty() || value.is_some());
        let set = |name: &&&str| self.env.get(**name).is_some_and(|value| !value.trim().is_empty());
        let variable = variables.iter().find(set);
        let (value, source, detail) = match (found, variable, self.lines.get(name)) {
            (Some(found), ..) => {
                let shown = value.unwrap_or_else(|| found.text.clone());
                (Some(shown), found.source, Some(found.detail.clone()))
            }
            (None, Some(variable), _) => {
                (self.env.get(*variable).cloned(), SettingSource::Environment, Some((*variable).to_owned()))
            }
            (None, None, Some(line)) if value.is_some() => {
                (value, SettingSource::File, Some(format!("{}:{line}", self.file)))
            }
            (None, None, _) => (value.or(default), SettingSource::Default, None),
        };
        self.rows.push(Setting { name: name.to_owned(), value, source, detail });
    }

    fn accounts(&mut self, context: &Context) {
        let settings = &context.settings;
        self.row("profile", &["AWS_PROFILE"], settings.profile.clone(), Some("default".to_owned()));
        self.row("region", &["AWS_REGION", "AWS_DEFAULT_REGION"], list(&settings.regions), None);
        self.row("role_arn", &[], list(&settings.role_arns), None);
        self.row("org_role", &[], settings.org_role.as_ref().map(ToString::to_string), None);
        self.row("external_id", &[], settings.external_id.as_ref().map(|_| SET.to_owned()), None);
        let endpoint = settings.endpoint_url.as_ref().map(ToString::to_string);
        self.row("endpoint_url", &["AWS_ENDPOINT_URL_EC2", "AWS_ENDPOINT_URL"], endpoint, None);
        // Nobody has looked yet at what a variable has.
        if let Some(row) = self.rows.last_mut() {
            row.value = row.value.as_deref().map(shown_endpoint);
        }
    }

    fn output(&mut self, global: &Global, defaults: &Defaults) {
        let output = global.output.or(defaults.output).map(word);
        self.row("output", &[], output, Some(word(FormatChoice::default())));
        self.row("query", &[], None, None);
        let color = global.color.or(defaults.color).map(word);
        let plain = self.env.get("NO_COLOR").is_some_and(|value| !value.is_empty());
        self.row("color", &[], color, Some(word(ColorChoice::default())));
        if let Some(row) = self.rows.last_mut().filter(|row| plain && row.value.as_deref() == Some("auto")) {
            row.value = Some("never".to_owned());
            (row.source, row.detail) = (SettingSource::Environment, Some("NO_COLOR".to_owned()));
        }
        self.row("quiet", &[], Some(global.quiet.to_string()), None);
        self.row("verbose", &[], Some(global.verbose.to_string()), None);
        self.row("no_progress", &[], Some(global.no_progress.to_string()), None);
    }

    fn calls(&mut self, global: &Global, defaults: &Defaults) {
        let timeout = global.timeout.or(defaults.timeout).map(|timeout| timeout.to_string());
        self.row("timeout", &[], timeout, Some(Age::of(DEFAULT_TIMEOUT).to_string()));
        let attempts = global.max_attempts.or(defaults.max_attempts).map(|attempts| attempts.to_string());
        self.row("max_attempts", &[], attempts, Some(DEFAULT_ATTEMPTS.to_string()));
        let mode = |mode| match mode {
            RetryMode::Standard => "standard".to_owned(),
            RetryMode::Adaptive => "adaptive".to_owned(),
        };
        self.row("aws_retry_mode", &[], global.retry_mode.map(mode), Some(mode(RetryMode::default())));
        let limits = |pace| match pace {
            Pace::Documented => "ec2".to_owned(),
            Pace::Unlimited => "off".to_owned(),
        };
        self.row("request_limits", &[], global.request_limits.map(limits), Some(limits(Pace::default())));
    }

    /// The table `[audit]`; its limits always have a value.
    fn audit(&mut self, audit: &AuditSettings) {
        let limits = audit.limits(&[]);
        let allowed = limits.allow_accounts.map(|all| all.iter().map(ToString::to_string).collect::<Vec<_>>());
        let skipped = counted(audit.skip.len(), "finding");
        for (key, value) in [
            ("allow_accounts", allowed.as_deref().and_then(list)),
            ("required_tags", list(&limits.required_tags)),
            ("max_age", Some(limits.max_age.to_string())),
            ("rebuild_age", Some(limits.rebuild_age.to_string())),
            ("critical_fix", Some(limits.critical_fix.to_string())),
            ("behind_versions", Some(limits.behind_versions.to_string())),
            ("skip", skipped),
        ] {
            self.row(&format!("audit.{key}"), &[], value, None);
        }
    }
}

/// The global options that clap found on the command line or in the environment, by the names of their keys.
fn found(command: &clap::Command, matches: &ArgMatches) -> BTreeMap<String, Found> {
    let (name, given) = matches.subcommand().unwrap_or(("", matches));
    let command = command.find_subcommand(name).unwrap_or(command);
    let mut all = BTreeMap::new();
    for arg in command.get_arguments().filter(|arg| arg.is_global_set()) {
        let (id, long) = (arg.get_id().as_str(), arg.get_long().unwrap_or_default());
        let variable = arg.get_env().map(|name| name.to_string_lossy().into_owned());
        let (source, detail) = match (given.value_source(id), variable) {
            (Some(ValueSource::CommandLine), _) => (SettingSource::CommandLine, format!("--{long}")),
            (Some(ValueSource::EnvVariable), Some(variable)) => (SettingSource::Environment, variable),
            _ => continue,
        };
        let texts: Vec<_> = given.get_raw(id).into_iter().flatten().map(|text| text.to_string_lossy()).collect();
        all.insert(long.replace('-', "_"), Found { source, detail, text: texts.join(",") });
    }
    all
}

/// Values with commas between them; `None` if there are none.
fn list(values: &[impl ToString]) -> Option<String> {
    let texts: Vec<String> = values.iter().map(ToString::to_string).collect();
    (!texts.is_empty()).then(|| texts.join(","))
}

fn word(value: impl ValueEnum) -> String {
    value.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
}
