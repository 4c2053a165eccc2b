//! The `amictl` binary: reads the clock and the process, and leaves the rest to the library.

use std::process::ExitCode;

use amictl::{Process, run};

fn main() -> ExitCode {
    let text = |(name, value): (std::ffi::OsString, std::ffi::OsString)| {
        Some((name.into_string().ok()?, value.into_string().ok()?))
    };
    #[expect(clippy::disallowed_methods, reason = "here the clock is read, and nowhere else")]
    let clock = chrono::Utc::now;
    let process = Process { clock, env: std::env::vars_os().filter_map(text).collect() };
    ExitCode::from(run(std::env::args_os().collect(), process))
}
