//! The child process of a run: the same binary with the arguments of the event.
//!
//! A process of its own has a fresh clock, environment and credentials, and its panic or its end ends that run only.

use std::collections::VecDeque;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::process::{Command, ExitStatus, Stdio};
use std::time::Duration;

use tokio::task::{JoinHandle, spawn_blocking};
use tokio::time::{Instant, sleep, timeout};

use super::inline_policy::InlinePolicy;

/// The pause between two looks whether it has ended.
const LOOK: Duration = Duration::from_millis(10);
/// The time for what is left in the pipes of a child that has ended: a process that it left behind may hold them open.
const LEFT: Duration = Duration::from_millis(500);
/// As many of the last lines of stderr as are kept, for the error and for what was said before a crash.
const LAST_LINES: usize = 20;

/// A run to start.
pub struct ChildRun<'a> {
    /// The arguments.
    pub args: Vec<String>,
    /// Variables to set, or to remove.
    pub env: Vec<(&'static str, Option<String>)>,
    /// The time after which it is killed.
    pub within: Option<Duration>,
    /// A file that its talk must not name.
    pub policy: Option<&'a InlinePolicy>,
}

/// A run that is over.
#[derive(Debug)]
pub struct ChildEnd {
    /// How it ended; `None` if it was killed as its time was up.
    pub status: Option<ExitStatus>,
    /// What it wrote to stdout.
    pub stdout: Vec<u8>,
    /// The last lines that it wrote to stderr.
    pub last_lines: Vec<String>,
}

impl ChildRun<'_> {
    /// Runs it to its end. Its stderr goes on to ours, each line at once: the journal must be in the log before the call
    /// that it announces is answered.
    pub async fn run(&self) -> io::Result<ChildEnd> {
        let mut command = Command::new(std::env::current_exe()?);
        command.args(&self.args).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        for (name, value) in &self.env {
            match value {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            };
        }
        let until = self.within.map(|within| Instant::now() + within);
        let mut child = command.spawn()?;
        let stdout = child.stdout.take().map(|mut pipe| {
            spawn_blocking(move || {
                let mut read = Vec::new();
                // Half a document is none, and is found out by reading it.
                let _ = pipe.read_to_end(&mut read);
                read
            })
        });
        let rename = self.policy.map(InlinePolicy::names);
        let stderr = child.stderr.take().map(|pipe| spawn_blocking(move || forward(BufReader::new(pipe), rename)));
        let status = loop {
            let late = until.is_some_and(|until| Instant::now() >= until);
            match child.try_wait() {
                Ok(Some(status)) => break Ok(Some(status)),
                Ok(None) if !late => sleep(LOOK).await,
                looked => {
                    // It must not go on beside a later run, with what it knew of an earlier day.
                    child.kill()?;
                    let ended = child.wait()?;
                    // It may have ended by itself just before.
                    break looked.map(|_| ended.code().is_some().then_some(ended));
                }
            }
        };
        // Both at once: a run that was killed leaves two seconds for all of this and the answer.
        let (stdout, last_lines) = tokio::join!(rest(stdout), rest(stderr));
        Ok(ChildEnd { status: status?, stdout, last_lines })
    }
}

async fn rest<T: Default>(reader: Option<JoinHandle<T>>) -> T {
    let Some(reader) = reader else { return T::default() };
    timeout(LEFT, reader).await.ok().and_then(Result::ok).unwrap_or_default()
}

/// Passes lines on to stderr, and gives the last.
fn forward(mut from: impl BufRead, rename: Option<impl Fn(&str) -> String>) -> Vec<String> {
    let (mut last, mut line) = (VecDeque::new(), Vec::new());
    while from.read_until(b'\n', &mut line).is_ok_and(|read| read > 0) {
        let text = String::from_utf8_lossy(&line);
        let text = rename.as_ref().map_or_else(|| text.to_string(), |rename| rename(&text));
        // Ignored if stderr is closed.
        let _ = io::stderr().write_all(text.as_bytes());
        if last.len() == LAST_LINES {
            last.pop_front();
        }
        last.push_back(text.trim_end().to_owned());
        line.clear();
    }
    last.into()
}
