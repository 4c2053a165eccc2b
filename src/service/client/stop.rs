//! The user's stop signal, which ends work up to the first call that changes something.
//!
//! A change that was sent is in flight, so the work is then finished.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::Result;
use thiserror::Error;
use tokio::sync::watch;

tokio::task_local! {
    static WORK: Arc<Work>;
}

#[derive(Debug)]
struct Work {
    stop: Stop,
    /// Whether a changing call has been sent.
    sent: AtomicBool,
}

/// The error for a call that was not made, or for a read that was dropped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("interrupted before it began")]
pub(super) struct Stopped;

/// Runs work that reads first and then changes something. Until its first change is sent, even while that waits for its
/// turn, the user can stop it: its calls then fail with [`codes::INTERRUPTED`].
pub async fn begin<T>(stop: &Stop, work: impl Future<Output = T>) -> T {
    WORK.scope(Arc::new(Work { stop: stop.clone(), sent: AtomicBool::new(false) }), work).await
}

/// Lets work that runs as a task of its own be stopped together with the work that began it.
pub(super) fn along<T>(work: impl Future<Output = T>) -> impl Future<Output = T> {
    let begun = WORK.try_with(Arc::clone).ok();
    async {
        match begun {
            Some(begun) => WORK.scope(begun, work).await,
            None => work.await,
        }
    }
}

/// Records that the sent call had no effect, so that the user can stop the work again.
pub fn nothing_begun() {
    let _ = WORK.try_with(|work| work.sent.store(false, Ordering::Relaxed));
}

/// Makes a call when it is its turn. One that only `reads` can be dropped at any time.
pub(super) async fn call<T>(
    reads: bool,
    turn: impl Future<Output = ()>,
    call: impl Future<Output = T>,
) -> Result<T, Stopped> {
    let work = WORK.try_with(Arc::clone).ok().filter(|work| !work.sent.load(Ordering::Relaxed));
    let Some(Work { stop, sent }) = work.as_deref() else {
        turn.await;
        return Ok(call.await);
    };
    until(stop, turn).await?;
    match reads {
        true => until(stop, call).await,
        false => {
            sent.store(true, Ordering::Relaxed);
            Ok(call.await)
        }
    }
}

async fn until<T>(stop: &Stop, work: impl Future<Output = T>) -> Result<T, Stopped> {
    tokio::select! {
        biased;
        () = stop.wait() => Err(Stopped),
        done = work => Ok(done),
    }
}

/// The user's stop signal.
#[derive(Debug, Clone)]
pub struct Stop(watch::Receiver<bool>);

impl Stop {
    /// A signal that is given by sending `true`.
    pub fn new(receiver: watch::Receiver<bool>) -> Self {
        Self(receiver)
    }

    /// A signal that is never given, for work that makes good what was done.
    pub fn never() -> Self {
        Self(watch::channel(false).1)
    }

    /// Whether it was given.
    pub fn asked(&self) -> bool {
        *self.0.borrow()
    }

    /// Returns when it is given, else never.
    pub async fn wait(&self) {
        let mut receiver = self.0.clone();
        if receiver.wait_for(|asked| *asked).await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::sync::watch;

    use super::*;

    async fn never() {
        std::future::pending::<()>().await;
    }

    #[tokio::test]
    async fn what_is_asked_for_after_the_stop_is_not_sent() {
        let (ask, receiver) = watch::channel(false);
        let stop = Stop::new(receiver);
        assert_eq!(begin(&stop, call(false, async {}, async { 1 })).await, Ok(1));
        let (waits, hangs) = tokio::join!(
            begin(&stop, async { tokio::join!(call(false, never(), never()), call(true, async {}, never())) }),
            async { ask.send(true) }
        );
        assert_eq!((waits, hangs), ((Err(Stopped), Err(Stopped)), Ok(())));
        assert_eq!(begin(&stop, call(false, async {}, async { 1 })).await, Err(Stopped));
        assert_eq!(call(false, async {}, async { 1 }).await, Ok(1), "other work goes on");
    }

    #[tokio::test]
    async fn what_makes_good_is_not_stopped() {
        let stop = Stop::never();
        assert!(tokio::time::timeout(std::time::Duration::from_millis(20), stop.wait()).await.is_err());
        assert!(!stop.asked());
    }

    #[tokio::test]
    async fn what_was_sent_before_is_finished() {
        let (ask, receiver) = watch::channel(false);
        let change = || call(false, async {}, async { 1 });
        let work = async {
            let first = call(false, async {}, async { ask.send(true) }).await;
            let next = (change().await, call(true, async {}, async { 2 }).await);
            nothing_begun();
            (first, next, change().await)
        };
        let done = begin(&Stop::new(receiver), work).await;
        assert_eq!(done, (Ok(Ok(())), (Ok(1), Ok(2)), Err(Stopped)));
    }
}
