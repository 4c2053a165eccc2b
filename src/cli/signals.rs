//! Ctrl-C, SIGTERM and the deadline: the first asks the run to stop, a second signal ends it.

use std::sync::Arc;

#[cfg(unix)]
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;

use crate::exit;
use crate::workflows::run::context::Context;
use crate::workflows::run::deadline::Deadline;

/// What is said when the deadline stops a run.
pub const NEAR: &str = "stopping: the deadline of this run is near";

/// The first signal asks the run to stop at a point it can report; the second gets the default: an end at once.
pub async fn stop_on_signal(mut signals: Signals, ask: watch::Sender<bool>, context: Arc<Context>) {
    signals.next().await;
    let _ = ask.send(true);
    // A reader that does not read stderr blocks this message, and must not block the second signal.
    tokio::task::spawn_blocking(move || {
        context.printer.tell("stopping after the calls in progress; interrupt again to stop at once");
    });
    signals.next().await;
    end_now();
}

/// Asks the run to stop before the platform ends it.
pub async fn stop_in_time(deadline: Deadline, ask: watch::Sender<bool>, context: Arc<Context>) {
    tokio::time::sleep_until(deadline.stop).await;
    let _ = ask.send(true);
    // As above: the message may block.
    tokio::task::spawn_blocking(move || context.printer.tell(NEAR));
}

/// Ctrl-C and, on Unix, SIGTERM, both handled from the start, so that none is lost in between.
#[cfg(unix)]
pub struct Signals(Signal, Signal);

#[cfg(unix)]
impl Signals {
    pub fn listen() -> std::io::Result<Self> {
        Ok(Self(signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?))
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.0.recv() => {}
            _ = self.1.recv() => {}
        }
    }
}

#[cfg(not(unix))]
pub use CtrlC as Signals;

/// Ctrl-C, where there is no SIGTERM.
#[cfg(not(unix))]
pub struct CtrlC(tokio::signal::windows::CtrlC);

#[cfg(not(unix))]
impl CtrlC {
    pub fn listen() -> std::io::Result<Self> {
        Ok(Self(tokio::signal::windows::ctrl_c()?))
    }

    async fn next(&mut self) {
        self.0.recv().await;
    }
}

#[expect(clippy::disallowed_methods, reason = "the second Ctrl-C wants no more work, not even a clean end")]
pub fn end_now() -> ! {
    std::process::exit(i32::from(exit::INTERRUPTED))
}
