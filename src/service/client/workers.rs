//! Work on the threads of the runtime, so that many calls use all cores.
//!
//! Most of the time that a call takes the processor goes into the SDK, which works where the caller polls. Calls that
//! one future makes side by side therefore share one core.

use std::panic;

use tokio::task::JoinSet;

use super::stop;

/// Runs work as a task of its own. It ends when its caller is dropped, and panics go on in the caller.
pub async fn run<T: Send + 'static>(work: impl Future<Output = T> + Send + 'static) -> T {
    // A set ends its tasks when it is dropped.
    let mut tasks = JoinSet::new();
    tasks.spawn(stop::along(work));
    match tasks.join_next().await {
        Some(Ok(done)) => done,
        Some(Err(error)) if error.is_panic() => panic::resume_unwind(error.into_panic()),
        // Only a runtime that is being shut down ends a task, and nobody polls there any more.
        Some(Err(_)) | None => std::future::pending().await,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use tokio::sync::watch;

    use super::super::stop::{Stop, begin, call};
    use super::*;

    #[tokio::test]
    async fn work_ends_with_its_caller() {
        let held = Arc::new(());
        let mine = Arc::clone(&held);
        let work = async move {
            let _mine = mine;
            std::future::pending::<()>().await;
        };
        assert!(tokio::time::timeout(std::time::Duration::from_millis(20), run(work)).await.is_err());
        while Arc::strong_count(&held) > 1 {
            tokio::task::yield_now().await;
        }
        assert_eq!(run(async { 1 }).await, 1);
    }

    #[tokio::test]
    async fn the_stop_signal_reaches_it() {
        let (ask, receiver) = watch::channel(false);
        let stop = Stop::new(receiver);
        let reads = begin(&stop, run(call(true, async {}, std::future::pending::<()>())));
        let (read, asked) = tokio::join!(reads, async { ask.send(true) });
        assert!(read.is_err() && asked.is_ok());
    }
}
