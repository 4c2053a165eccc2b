//! Work on many items side by side, with a bound on how many are under way.
//!
//! Everything here makes the future of an item when its turn comes, and works only while its caller polls. How many
//! calls reach AWS is bounded below: by `rate_limit` in each account and region, by `connections` in the process.

use futures::StreamExt;
use futures::stream::{self, Stream};

/// Calls of one kind in one account and region: as many as [`super::rate_limit`] lets read there at a time.
pub const CALLS: usize = 10;

/// Accounts that are entered. Each takes a role at STS and asks for its regions before anything else can begin, so
/// that every run waits for it.
pub const SIGN_INS: usize = 64;

/// Works on all items and gives what came of them in the order of the items.
pub fn each<T, F: Future>(
    bound: usize,
    items: impl IntoIterator<Item = T>,
    work: impl FnMut(T) -> F,
) -> impl Future<Output = Vec<F::Output>> {
    in_order(bound, items, work).collect()
}

/// What comes of each item, in the order of the items, as soon as those before it are done. An item that takes long
/// holds up those after it, which count as under way. Dropping the stream stops the work.
pub fn in_order<T, F: Future>(
    bound: usize,
    items: impl IntoIterator<Item = T>,
    work: impl FnMut(T) -> F,
) -> impl Stream<Item = F::Output> {
    stream::iter(items).map(work).buffered(bound)
}

/// What comes of each item as soon as it is done. Dropping the stream stops the work.
pub fn as_done<T, F: Future>(
    bound: usize,
    items: impl IntoIterator<Item = T>,
    work: impl FnMut(T) -> F,
) -> impl Stream<Item = F::Output> {
    stream::iter(items).map(work).buffer_unordered(bound)
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use futures::TryStreamExt;

    use super::*;

    /// Counts the futures that were made, those under way, and the most of them.
    #[derive(Default)]
    struct Count {
        made: Cell<usize>,
        now: Cell<usize>,
        most: Cell<usize>,
    }

    impl Count {
        /// A future that takes that many turns and gives their number, which is an error where it is 0.
        fn work(&self, turns: u8) -> impl Future<Output = Result<u8, u8>> {
            self.made.set(self.made.get() + 1);
            self.now.set(self.now.get() + 1);
            self.most.set(self.most.get().max(self.now.get()));
            async move {
                for _ in 0..turns {
                    tokio::task::yield_now().await;
                }
                self.now.set(self.now.get() - 1);
                if turns == 0 { Err(turns) } else { Ok(turns) }
            }
        }
    }

    #[tokio::test]
    async fn results_come_in_order_and_so_many_are_under_way() {
        let (ordered, count) = ([5, 1, 4, 2, 3], Count::default());
        let done = each(2, ordered, |turns| count.work(turns));
        assert_eq!(count.made.get(), 0);
        assert_eq!(done.await, ordered.map(Ok));
        assert_eq!((count.made.get(), count.most.get()), (5, 2));
        let count = Count::default();
        let done: Vec<_> = as_done(3, ordered, |turns| count.work(turns)).try_collect().await.unwrap_or_default();
        assert_eq!(done, [1, 2, 4, 5, 3]);
        assert_eq!((count.made.get(), count.most.get()), (5, 3));
    }

    #[tokio::test]
    async fn the_first_error_ends_the_work() {
        let count = Count::default();
        let done: Result<Vec<_>, _> = in_order(1, [1, 0, 2, 3], |turns| count.work(turns)).try_collect().await;
        assert_eq!((done, count.made.get()), (Err(0), 2));
        let count = Count::default();
        let done: Result<Vec<_>, _> = as_done(2, [9, 0, 2, 3], |turns| count.work(turns)).try_collect().await;
        assert_eq!((done, count.made.get()), (Err(0), 2));
    }
}
