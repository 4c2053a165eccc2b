//! Reports of failed runs and of panics.

use std::io::{self, Write};
use std::sync::{Mutex, PoisonError};

use super::annotations::{self, harmless};
pub use super::annotations::{begin as annotate, is_read as annotates};
use super::escape::{escaped, escaped_lines};
use super::json::document;
use super::printer::Printer;

/// What else to say after a panic: how to make good what the run would have made good.
static AFTER_PANIC: Mutex<Option<String>> = Mutex::new(None);

/// As long as it lives, a panic prints a command line that makes good what is left.
pub struct InCaseOfPanic(());

impl InCaseOfPanic {
    /// Sets the command line that ends what was launched.
    pub fn tell(line: String) -> Self {
        Self::hint(format!("end what it has launched with: {line}"))
    }

    fn hint(text: String) -> Self {
        *AFTER_PANIC.lock().unwrap_or_else(PoisonError::into_inner) = Some(text);
        Self(())
    }
}

impl Printer {
    /// As long as what it gives lives, a panic prints this hint.
    pub fn in_case_of_panic(&self, hint: String) -> InCaseOfPanic {
        InCaseOfPanic::hint(hint)
    }
}

impl Drop for InCaseOfPanic {
    fn drop(&mut self) {
        *AFTER_PANIC.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

/// The hint about what is left. A lock that the panic came in has nothing to say.
fn left() -> String {
    let line = AFTER_PANIC.try_lock().ok().and_then(|line| line.clone());
    line.map(|line| format!("\nhint: {}", escaped(&line))).unwrap_or_default()
}

/// Reports a panic as a bug.
pub fn panicked(panic: &std::panic::PanicHookInfo<'_>) {
    let place = panic.location().map(|at| format!("{}:{}", of_crate(at.file()), at.line())).unwrap_or_default();
    let what = panic.payload_as_str().unwrap_or("no message");
    let message = format!("bug in amictl {} at {place}: {}", env!("CARGO_PKG_VERSION"), escaped_lines(what));
    let hint = format!("please report it with the command line; the journal has what was done{}", left());
    let annotation = annotations::error("Bug", &message, None);
    // Ignored if stderr is closed.
    let _ = writeln!(io::stderr(), "{annotation}{}", harmless(&format!("error: {message}\nhint: {hint}")));
}

/// A hint after a message of another library.
pub fn hint(text: &str) {
    // Ignored if stderr is closed.
    let _ = writeln!(io::stderr(), "hint: {}", harmless(&escaped(text)));
}

/// The path of a source file without the folders of the build machine.
pub fn of_crate(file: &str) -> &str {
    let folder = |at: usize| file[..at].rfind(['/', '\\']).map_or(0, |slash| slash + 1);
    file.rfind("/src/").or(file.rfind("\\src\\")).map_or(file, |at| &file[folder(at)..])
}

/// Reports a failed run: JSON for programs, a sentence and a hint for people; before it the annotation.
pub fn failure(json: bool, code: &str, message: &str, hint: Option<&str>, exit_code: u8) {
    let text = if json {
        document::error(code, message, hint, exit_code)
    } else {
        let hint = hint.map(|hint| format!("\nhint: {}", escaped(hint))).unwrap_or_default();
        // A usage error may quote lines of a file; the others quote AWS.
        let message = if code == "Usage" { escaped_lines(message) } else { escaped(message).into_owned() };
        format!("error: {message}{hint}")
    };
    let annotation = annotations::error(code, message, hint);
    // Ignored if stderr is closed.
    let _ = writeln!(io::stderr(), "{annotation}{}", harmless(&text));
}

/// Reports a usage error with the text of clap, of which the first paragraph says what is wrong.
pub fn usage(text: &str, hint: Option<&str>) {
    let message = text.split("\n\n").next().unwrap_or_default().trim_start_matches("error: ");
    let annotation = annotations::error("Usage", message, hint);
    let hint = hint.map(|hint| format!("hint: {}\n", escaped(hint))).unwrap_or_default();
    // Ignored if stderr is closed.
    let _ = write!(io::stderr(), "{annotation}{}", harmless(&format!("{text}{hint}")));
}

/// Standard error for the log, with control characters escaped: the log of the SDK quotes what AWS says.
pub fn log_writer() -> impl Write {
    EscapingWriter(io::stderr())
}

/// A writer that escapes whole lines.
struct EscapingWriter<W>(W);

impl<W: Write> Write for EscapingWriter<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let text = escaped_lines(&String::from_utf8_lossy(bytes));
        self.0.write_all(harmless(&text).as_bytes())?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_is_said_only_while_it_may_be_there() {
        let told = InCaseOfPanic::tell("amictl test --sweep --region us-east-1".to_owned());
        assert_eq!(left(), "\nhint: end what it has launched with: amictl test --sweep --region us-east-1");
        drop(told);
        assert_eq!(left(), "");
        let told = InCaseOfPanic::hint("i-0 may be stopped: start it with: x".to_owned());
        assert_eq!(left(), "\nhint: i-0 may be stopped: start it with: x");
        drop(told);
    }
}
