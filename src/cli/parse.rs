//! Errors of clap, and environment variables that are set but empty.

use std::error::Error as _;
use std::ffi::OsString;
use std::io::{self, Write as _};

use clap::ValueEnum;
use clap::error::{ContextKind, ContextValue, ErrorKind};

use super::settings::Process;
use crate::domain::failure::Failure;
use crate::domain::reference::RefError;
use crate::exit;
use crate::output::error;
use crate::output::printer::FormatChoice;

/// Ignores empty variables, which CI systems export.
pub fn without_empty_variables(command: clap::Command, process: &Process) -> clap::Command {
    let empty = |arg: &clap::Arg| {
        let name = arg.get_env().and_then(|name| name.to_str());
        name.is_some_and(|name| process.env.get(name).is_some_and(String::is_empty))
    };
    let command = command.mut_args(|arg| if empty(&arg) { arg.env(None) } else { arg });
    command.mut_subcommands(|command| without_empty_variables(command, process))
}

/// Prints clap's message: help and version go to stdout, everything else is a usage error.
pub fn unparsed(error: &clap::Error, args: &[OsString], process: &Process) -> u8 {
    if !error.use_stderr() {
        return match error.print().and_then(|()| io::stdout().flush()) {
            // A closed pipe is no error.
            Err(why) if why.kind() != io::ErrorKind::BrokenPipe => {
                error::failure(wants_json(args, process), "Failed", &format!("stdout: {why}"), None, exit::FAILED);
                exit::FAILED
            }
            _ => exit::DONE,
        };
    }
    if wants_json(args, process) {
        let Failure { message, hint, .. } = failure(error);
        error::failure(true, "Usage", &message, Some(hint.as_deref().unwrap_or("see: amictl --help")), exit::USAGE);
        return exit::USAGE;
    }
    let text = error.render().to_string();
    if error::annotates() || text.contains('\r') {
        // A carriage return, as of a list from Windows, would hide what it follows.
        error::usage(&text.replace('\r', "\\r"), hint(error).as_deref());
    } else {
        let _ = error.print();
        hint(error).iter().for_each(|hint| error::hint(hint));
    }
    exit::USAGE
}

/// A usage error of clap, with the hint of a reference.
pub fn failure(error: &clap::Error) -> Failure {
    let text = error.render().to_string();
    Failure { hint: hint(error), ..Failure::usage(text.trim().trim_start_matches("error: ")) }
}

fn hint(error: &clap::Error) -> Option<String> {
    let hint = error.source().and_then(|source| source.downcast_ref::<RefError>()).and_then(RefError::hint);
    hint.or_else(|| formats(error))
}

/// The formats of one command each, which clap does not list.
fn formats(error: &clap::Error) -> Option<String> {
    let of_output = error.kind() == ErrorKind::InvalidValue
        && matches!(
            error.get(ContextKind::InvalidArg),
            Some(ContextValue::String(option)) if option.starts_with("--output")
        );
    let hidden = FormatChoice::value_variants().iter().filter_map(|format| format.of_one_command());
    let hidden: Vec<_> = hidden.map(|(command, format)| format!("'amictl {command}' writes {format}, too")).collect();
    of_output.then(|| hidden.join("; "))
}

/// Whether a command line that clap refused asks for JSON.
pub fn wants_json(args: &[OsString], process: &Process) -> bool {
    let args: Vec<_> = args.iter().filter_map(|arg| arg.to_str()).collect();
    let pair = |two: &[&str]| matches!(two, ["-o" | "--output", "json"]);
    args.windows(2).any(pair)
        || args.iter().any(|arg| matches!(*arg, "-ojson" | "-o=json" | "--output=json"))
        || process.env.get("AMICTL_OUTPUT").is_some_and(|value| value == "json")
}
