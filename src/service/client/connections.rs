//! A process-wide limit on concurrent calls, derived from the limit of open files.
//!
//! Each call holds a connection, and so a file, of which systems allow a process some hundreds.

use std::sync::Arc;

use aws_smithy_runtime_api::client::http::{HttpConnector, HttpConnectorFuture, SharedHttpConnector};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use tokio::sync::Semaphore;
use tokio::time::Instant;

use super::action::described;

/// The file with the limits of the process; some systems have none.
const LIMITS: &str = "/proc/self/limits";
const LIMIT: &str = "Max open files";
/// The minimum and maximum of concurrent calls, and the number for an unknown limit.
const LEAST: usize = 32;
const MOST: usize = 512;
const UNKNOWN: usize = 128;

/// The permits for calls of the process.
#[derive(Debug, Clone)]
pub(super) struct Turns(Arc<Semaphore>);

impl Default for Turns {
    fn default() -> Self {
        let files = std::fs::read_to_string(LIMITS).ok().and_then(|text| files(&text));
        Self(Arc::new(Semaphore::new(at_once(files))))
    }
}

impl Turns {
    /// The connector with calls that wait for a permit.
    pub(super) fn with(&self, inner: SharedHttpConnector) -> SharedHttpConnector {
        SharedHttpConnector::new(InTurn { inner, turns: Arc::clone(&self.0) })
    }
}

#[derive(Debug)]
struct InTurn {
    inner: SharedHttpConnector,
    turns: Arc<Semaphore>,
}

impl HttpConnector for InTurn {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let (inner, turns) = (self.inner.clone(), Arc::clone(&self.turns));
        HttpConnectorFuture::new(async move {
            let _turn = turns.acquire().await.ok();
            if !tracing::enabled!(tracing::Level::DEBUG) {
                return inner.call(request).await;
            }
            let (call, begun) = (described(&request), Instant::now());
            let answer = inner.call(request).await;
            let end = answer.as_ref().map_or("no answer".to_owned(), |answer| answer.status().as_u16().to_string());
            tracing::debug!("{call}: {end} after {} ms", begun.elapsed().as_millis());
            answer
        })
    }
}

/// The number of files a process may open, from the text of its limits.
fn files(limits: &str) -> Option<usize> {
    let line = limits.lines().find_map(|line| line.strip_prefix(LIMIT))?;
    line.split_whitespace().next()?.parse().ok()
}

/// Half of the files are for connections: idle ones stay open for a while, and the process opens other files too.
fn at_once(files: Option<usize>) -> usize {
    files.map_or(UNKNOWN, |files| (files / 2).clamp(LEAST, MOST))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_many_calls_are_under_way_as_a_process_may_have_files_for() {
        let said = |files: &str| {
            format!(
                "Limit         Soft Limit  Hard Limit  Units\nMax processes  7  8  processes\n{LIMIT}  {files}  9  files\n"
            )
        };
        for (text, expected) in [("1024", 512), ("256", 128), ("20000", 512), ("10", 32), ("unlimited", 128)] {
            assert_eq!(at_once(files(&said(text))), expected, "{text}");
        }
        assert_eq!(at_once(files("")), UNKNOWN);
    }
}
