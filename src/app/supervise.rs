//! Tasks that the process needs for as long as it runs.

use crate::base::caught;
use std::future::{Future, poll_fn};
use std::task::Poll;
use std::time::Duration;
use tokio::time;

/// Between a panic and the next try, so that a bug that strikes each time costs little.
const PAUSE: Duration = Duration::from_millis(100);

/// Runs a task to its end. Where it panics, it is begun again: without it the process would serve
/// on only in part, and nobody would know.
pub(super) async fn supervise<F: Future<Output = ()>>(name: &'static str, begin: impl Fn() -> F) {
    loop {
        let mut task = Box::pin(begin());
        let ended = poll_fn(|context| match caught(|| task.as_mut().poll(context)) {
            Some(polled) => polled.map(|()| true),
            None => Poll::Ready(false),
        });
        if ended.await {
            return;
        }
        tracing::error!(name, "a task has panicked, and is begun again");
        time::sleep(PAUSE).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;
    use tokio::task::yield_now;

    #[tokio::test(start_paused = true)]
    async fn a_task_that_panics_is_begun_again_until_it_ends_by_itself() {
        let begun = Cell::new(0);
        supervise("test", || {
            begun.set(begun.get() + 1);
            let turn = begun.get();
            async move {
                yield_now().await;
                assert!(turn == 3, "as the test wants it");
            }
        })
        .await;
        assert_eq!(begun.get(), 3);
    }
}
