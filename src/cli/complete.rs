//! The hidden command `__complete`, which the scripts call for values: no network, no messages.

use std::ffi::OsString;
use std::io::Write;
use std::path::Path;

use clap::FromArgMatches;
use tokio::sync::watch;

use super::bash_words;
use super::cursor::{self, Cursor};
use super::parse::without_empty_variables;
use super::root::{Cli, command_line};
use super::settings::{self, Process};
use crate::commands;
use crate::domain::command_line::Invocation;
use crate::domain::known_names::KnownNames;
use crate::domain::region::{Region, RegionChoice};
use crate::domain::usage::source::Source;
use crate::exit;
use crate::options::value_kind::ValueKind;
use crate::service::client::stop::Stop;
use crate::service::session::settings::Settings;
use crate::workflows::name_cache::NameCache;

/// The name of the command. It is read before clap, so that nothing on an unfinished line is an error.
pub const COMMAND: &str = "__complete";
/// The most values of one answer.
const MOST: usize = 1000;

/// Answers `__complete bash LINE BREAKS` and `__complete zsh|fish WORD…`: a value a line. The exit code 1 says that no
/// value is known, and that the script is to go on with what it knows itself.
pub fn answer(args: &[OsString], process: &Process) -> u8 {
    let args: Vec<String> = args.iter().map(|arg| arg.to_string_lossy().into_owned()).collect();
    let (shell, rest) = args.split_first().map_or(("", &[][..]), |(shell, rest)| (shell.as_str(), rest));
    let known = of_shell(shell, rest, process);
    // Fish would go on with the names of files.
    let none = if shell == "fish" { known.is_none() } else { known.as_ref().is_none_or(Vec::is_empty) };
    let values = known.unwrap_or_default();
    let text: String = values.iter().take(MOST).map(|value| format!("{value}\n")).collect();
    let written = std::io::stdout().lock().write_all(text.as_bytes());
    if none || written.is_err() { exit::FAILED } else { exit::DONE }
}

fn of_shell(shell: &str, args: &[String], process: &Process) -> Option<Vec<String>> {
    match (shell, args) {
        ("bash", [line, breaks]) => {
            let read = bash_words::split(line, breaks);
            let found = values(read.words.get(1..).unwrap_or_default(), true, process)?;
            Some(found.into_iter().filter_map(|value| Some(value.get(read.kept..)?.to_owned())).collect())
        }
        ("zsh", words) => values(words, true, process),
        // Fish takes the name of an option off by itself.
        ("fish", words) => values(words, false, process),
        _ => None,
    }
}

/// The values that may stand at the cursor, in order, each as the whole word; `None` where they are of no kind that is
/// known.
fn values(words: &[String], with_option: bool, process: &Process) -> Option<Vec<String>> {
    let mut root = command_line();
    root.build();
    let cursor = cursor::find(&root, words)?;
    let kind = ValueKind::of(cursor.arg)?;
    // Of a list, only the last value is unfinished.
    let comma = cursor.arg.get_value_delimiter().and_then(|comma| cursor.typed.rfind(comma).map(|at| at + 1));
    let (done, typed) = cursor.typed.split_at(comma.unwrap_or_default());
    let option = if with_option { cursor.option.as_str() } else { "" };
    let given = |value: &String| done.split(',').any(|other| other == value);
    let mut found = of_kind(kind, &cursor, process);
    found.retain(|value| value.starts_with(typed) && !given(value));
    found.sort();
    found.dedup();
    Some(found.into_iter().map(|value| format!("{option}{done}{value}")).collect())
}

fn of_kind(kind: ValueKind, cursor: &Cursor<'_>, process: &Process) -> Vec<String> {
    let texts = |texts: &mut dyn Iterator<Item = &str>| texts.map(str::to_owned).collect();
    match kind {
        ValueKind::Source => texts(&mut Source::OPTIONAL.iter().map(|source| source.as_str())),
        ValueKind::Column => texts(&mut commands::column_names()),
        ValueKind::Region => {
            let every = (cursor.arg.get_id() == "region").then(|| RegionChoice::All.to_string());
            Region::defaults().map(|region| region.to_string()).chain(every).collect()
        }
        ValueKind::Reference => {
            let known = names(cursor, process);
            texts(&mut known.families().chain(known.aliases()))
        }
        ValueKind::Family => texts(&mut names(cursor, process).families()),
        ValueKind::FamilyAlias => texts(&mut names(cursor, process).aliases()),
        ValueKind::Alias => texts(&mut names(cursor, process).alias_words().into_iter()),
    }
}

/// The cached names for the accounts and regions of the line, the environment and the configuration file.
fn names(cursor: &Cursor<'_>, process: &Process) -> KnownNames {
    let settings = settings_of(cursor, process);
    let cache = settings.as_ref().and_then(NameCache::of);
    let regions = settings.as_ref().and_then(regions);
    cache.map(|cache| cache.names(regions.as_deref())).unwrap_or_default()
}

fn settings_of(cursor: &Cursor<'_>, process: &Process) -> Option<Settings> {
    // To open a pipe would wait for a writer.
    let pipe = |word: &&OsString| {
        let file = word.to_str().and_then(|word| word.strip_prefix("--config="));
        file.is_some_and(|file| !Path::new(file).is_file())
    };
    let places = cursor.places.iter().filter(|word| !pipe(word)).cloned();
    // Any command does: its options are those of all.
    let words = [OsString::from("amictl"), "man".into()].into_iter().chain(places);
    let mut line = without_empty_variables(command_line(), process);
    let cli = Cli::from_arg_matches(&line.try_get_matches_from_mut(words).ok()?).ok()?;
    let (_, asked) = watch::channel(false);
    Some(settings::context(&cli.global, process, Stop::new(asked), Invocation::default()).ok()?.0.settings)
}

/// The regions, if they are known without the files of AWS, and not all.
fn regions(settings: &Settings) -> Option<Vec<Region>> {
    let set = |name: &str| settings.env.get(name).filter(|value| !value.trim().is_empty());
    let variable = || set("AWS_REGION").or_else(|| set("AWS_DEFAULT_REGION"));
    let choices = match settings.regions.is_empty() {
        true => {
            variable()?.split(',').map(|text| text.trim().parse()).collect::<Result<Vec<RegionChoice>, _>>().ok()?
        }
        false => settings.regions.clone(),
    };
    let one = |choice| match choice {
        RegionChoice::One(region) => Some(region),
        RegionChoice::All => None,
    };
    choices.into_iter().map(one).collect()
}
