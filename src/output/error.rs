//! How a failed run is reported, and how a panic is reported as a bug.

use std::io::{self, Write};

use super::escape::{escaped, escaped_lines};
use super::json;

/// The last word of a run that came upon a mistake of our own.
pub fn panicked(panic: &std::panic::PanicHookInfo<'_>) {
    let place = panic.location().map(|at| format!("{}:{}", of_crate(at.file()), at.line())).unwrap_or_default();
    let what = panic.payload_as_str().unwrap_or("no message");
    // Nobody is left to tell when stderr is closed.
    let _ = writeln!(
        io::stderr(),
        "error: bug in amictl {} at {place}: {}\n\
         hint: please report it with the command line; the journal has what was done",
        env!("CARGO_PKG_VERSION"),
        escaped_lines(what)
    );
}

/// What to do next, after a message that is not ours.
pub fn hint(text: &str) {
    // Nobody is left to tell when stderr is closed.
    let _ = writeln!(io::stderr(), "hint: {}", escaped(text));
}

/// A source file without the folders of the machine that amictl was built on.
pub fn of_crate(file: &str) -> &str {
    let folder = |at: usize| file[..at].rfind(['/', '\\']).map_or(0, |slash| slash + 1);
    file.rfind("/src/").or(file.rfind("\\src\\")).map_or(file, |at| &file[folder(at)..])
}

/// The last word of a run that failed: JSON for programs, a sentence and a hint for people.
pub fn failure(json: bool, code: &str, message: &str, hint: Option<&str>, exit_code: u8) {
    let text = if json {
        json::error(code, message, hint, exit_code)
    } else {
        let hint = hint.map(|hint| format!("\nhint: {}", escaped(hint))).unwrap_or_default();
        // A usage error says where in a file something is wrong, in lines of its own; the others quote AWS.
        let message = if code == "Usage" { escaped_lines(message) } else { escaped(message).into_owned() };
        format!("error: {message}{hint}")
    };
    // Nobody is left to tell when stderr is closed.
    let _ = writeln!(io::stderr(), "{text}");
}
