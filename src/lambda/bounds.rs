//! Bounds of a function: the commands that it may run, and the options that an event may give.

use std::collections::BTreeSet;
use std::path::Path;

use clap::parser::ValueSource;
use clap::{ArgMatches, FromArgMatches};

use super::path_options::{check, takes_path};
use crate::cli::parse;
use crate::cli::root::Cli;
use crate::domain::failure::{Failure, Kind};
use crate::domain::policy::Policy;
use crate::workflows::run::roots::Roots;

/// The variable that names what a function may run.
pub const ALLOW: &str = "AMICTL_ALLOW";
/// Commands that write text for a person, and no document.
const TEXTS: [&str; 2] = ["completions", "man"];
/// Options that an event may not give, as they belong to the function.
const OF_THE_FUNCTION: [(&str, &str); 4] = [
    ("endpoint_url", "AWS_ENDPOINT_URL"),
    ("profile", "AWS_PROFILE"),
    ("config", "AMICTL_CONFIG"),
    (JOURNAL, "AMICTL_JOURNAL"),
];
const JOURNAL: &str = "journal";
/// The command that reads a journal, and cannot read stderr.
pub const READS_THE_JOURNAL: &str = "restore";
/// The option that the policy of an event stands for.
const POLICY: &str = "policy";
/// Options that would change the document that the answer is made from.
const OF_THE_ANSWER: [&str; 2] = ["output", "query"];

/// The bounds within which events are run.
pub struct Bounds {
    /// The commands that may run, in all their forms; without them all that only read.
    allow: Option<BTreeSet<String>>,
    roots: Roots,
}

/// A command line that may run.
#[derive(Debug, PartialEq, Eq)]
pub struct Admitted {
    /// Its command, e.g. `prune`.
    pub command: String,
    /// Whether it only checks, so that it need not write a document.
    pub dry_run: bool,
}

impl Bounds {
    /// Bounds of a function with this value of `AMICTL_ALLOW`.
    pub fn new(allow: Option<&str>, roots: Roots, tree: &clap::Command) -> Result<Self, Failure> {
        let names = allow.unwrap_or_default().split([',', ' ', '\t', '\n']).filter(|name| !name.is_empty());
        let allow: BTreeSet<String> = names.map(str::to_owned).collect();
        for name in &allow {
            let why = match tree.find_subcommand(name) {
                None => "is no command",
                Some(_) if TEXTS.contains(&name.as_str()) => "writes text for a person, and is never run in a function",
                Some(_) => continue,
            };
            let hint = format!("set {ALLOW} to commands with commas or blanks between them, e.g. \"prune create\"");
            return Err(Failure::usage(format!("{ALLOW}: '{name}' {why}")).hint(hint));
        }
        Ok(Self { allow: Some(allow).filter(|allow| !allow.is_empty()), roots })
    }

    /// Admits a command line, with the text of its policy if the event has one, or refuses it; `tree` is the command line as
    /// clap knows it. Nothing has been started.
    pub fn admit(&self, mut tree: clap::Command, args: &[String], policy: Option<&str>) -> Result<Admitted, Failure> {
        let words = std::iter::once("amictl").chain(args.iter().map(String::as_str));
        let parsed = tree.try_get_matches_from_mut(words);
        let parsed = parsed.and_then(|matches| Ok((Cli::from_arg_matches(&matches)?, matches)));
        let (cli, matches) = parsed.map_err(|error| match error.use_stderr() {
            true => parse::failure(&error),
            false => Failure::usage("args ask for help or the version, which a function does not print"),
        })?;
        let name = matches.subcommand_name().unwrap_or_default();
        if TEXTS.contains(&name) {
            return Err(Failure::usage(format!("'{name}' writes text for a person, and is never run in a function")));
        }
        let rules = policy.map(Policy::parse).transpose();
        let reports = rules.as_ref().is_ok_and(|rules| rules.as_ref().is_some_and(|rules| rules.usage_reports));
        self.allowed(name, cli.command.only_reads() && !reports)?;
        if policy.is_some() {
            for_policy(&tree, &matches)?;
        }
        // Its sender may see it quoted, as nobody may see a file.
        let rules = rules.map_err(|why| Failure::usage(format!("policy in the event: {why}")))?;
        for file in rules.iter().flat_map(|rules| &rules.refs_from) {
            self.roots.read("refs_from of the policy in the event", Path::new(file))?;
        }
        let (mut command, mut found) = (Some(&tree), Some(&matches));
        let mut dry_run = false;
        while let (Some(level), Some(given)) = (command, found) {
            self.options(level, given)?;
            dry_run |= matches!(given.try_get_one::<bool>("dry_run"), Ok(Some(true)));
            let next = given.subcommand();
            command = next.and_then(|(name, _)| level.find_subcommand(name));
            found = next.map(|(_, given)| given);
        }
        Ok(Admitted { command: name.to_owned(), dry_run })
    }

    /// Whether nothing is allowed but what only reads.
    pub fn only_reads(&self) -> bool {
        self.allow.is_none()
    }

    fn allowed(&self, name: &str, only_reads: bool) -> Result<(), Failure> {
        let (allowed, why) = match &self.allow {
            Some(allow) => (allow.contains(name), format!("{ALLOW} does not name it")),
            None => (only_reads, format!("it does not only read, and {ALLOW} is not set")),
        };
        if allowed {
            return Ok(());
        }
        let names = self.allow.iter().flatten().map(String::as_str).chain([name]).collect::<Vec<_>>().join(" ");
        let hint = format!("{ALLOW}=\"{names}\" on the function would allow it, in all its forms");
        let message = format!("this function may not run this '{name}': {why}; nothing was done");
        Err(Failure::new(Kind::Refused, "NotAllowed", message).hint(hint))
    }

    /// Refuses options that an event may not give, and paths that lead elsewhere.
    fn options(&self, command: &clap::Command, given: &ArgMatches) -> Result<(), Failure> {
        for arg in command.get_arguments() {
            let id = arg.get_id().as_str();
            if !matches!(given.try_contains_id(id), Ok(true))
                || given.value_source(id) != Some(ValueSource::CommandLine)
            {
                continue;
            }
            let long = arg.get_long().unwrap_or(id);
            let reads = id == JOURNAL && command.get_name() == READS_THE_JOURNAL;
            if let Some((_, variable)) = OF_THE_FUNCTION.iter().find(|(own, _)| *own == id && !reads) {
                // To stderr it goes anyway.
                if id == JOURNAL && given.get_raw(id).is_some_and(|mut values| values.all(|value| value == "-")) {
                    continue;
                }
                let message = format!("--{long}: an event may not give it; nothing was done");
                let hint = format!("if it is needed, set {variable} on the function");
                return Err(Failure::new(Kind::Refused, "NotAllowed", message).hint(hint));
            }
            if OF_THE_ANSWER.contains(&id) {
                let hint = "leave it out: the answer has the summary, and the log a JSON line for each row";
                return Err(Failure::usage(format!("--{long}: an event may not give it")).hint(hint));
            }
            if takes_path(arg) {
                let values = given.get_raw(id).into_iter().flatten();
                values.map(Path::new).try_for_each(|value| check(&self.roots, arg, value))?;
            }
        }
        Ok(())
    }
}

/// Refuses a policy in the event for a command that takes none, or beside another.
fn for_policy(tree: &clap::Command, matches: &ArgMatches) -> Result<(), Failure> {
    let Some((name, given)) = matches.subcommand() else { return Ok(()) };
    let takes =
        tree.find_subcommand(name).is_some_and(|command| command.get_arguments().any(|arg| arg.get_id() == POLICY));
    let why = match takes {
        false => format!("the event has a policy, and '{name}' takes none"),
        true if given.value_source(POLICY) == Some(ValueSource::CommandLine) => {
            "the event has a policy, and --policy in its args".to_owned()
        }
        true => return Ok(()),
    };
    Err(Failure::usage(why).hint("leave one of them out"))
}

#[cfg(test)]
#[path = "bounds_tests.rs"]
mod tests;
