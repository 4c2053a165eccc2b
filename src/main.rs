//! The `amictl` binary: reads the clock and the process, and leaves the rest to the library.

use std::ffi::OsString;
use std::process::ExitCode;

use amictl::{Process, is_function, run, serve};

fn main() -> ExitCode {
    without_empty_variables();
    let text = |(name, value): (OsString, OsString)| Some((name.into_string().ok()?, value.into_string().ok()?));
    #[expect(clippy::disallowed_methods, reason = "here the clock is read, and nowhere else")]
    let clock = chrono::Utc::now;
    let process = Process { clock, env: std::env::vars_os().filter_map(text).collect() };
    let args: Vec<OsString> = std::env::args_os().collect();
    ExitCode::from(if is_function(&args, &process) { serve(&process) } else { run(args, process) })
}

/// Removes empty variables: they have no meaning, but the SDK reads the environment itself and treats some as settings.
/// The process then replaces itself by one without them; if it cannot, it goes on as it is.
#[cfg(unix)]
fn without_empty_variables() {
    use std::os::unix::process::CommandExt;
    let read = ["AWS_", "SSL_CERT_FILE", "SSL_CERT_DIR"];
    let read = |name: &OsString| read.iter().any(|begin| name.as_encoded_bytes().starts_with(begin.as_bytes()));
    let mut empty = std::env::vars_os().filter(|(name, value)| value.is_empty() && read(name)).peekable();
    let (Some(_), Ok(program)) = (empty.peek(), std::env::current_exe()) else { return };
    let mut again = std::process::Command::new(program);
    again.args(std::env::args_os().skip(1));
    again.arg0(std::env::args_os().next().unwrap_or_default());
    empty.for_each(|(name, _)| {
        again.env_remove(name);
    });
    let _ = again.exec();
}

#[cfg(not(unix))]
fn without_empty_variables() {}
