//! Waiting beside a busy task for what hardly ever happens.
//!
//! A task is woken for each message of a connection, and asking each time whether the process ends
//! costs more than it should. What is waited for here is asked only where it has been signalled, or
//! where it does not know yet whom to wake.
//!
//! This module never leaves a signal unseen: who gives one also wakes.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

/// A future that is polled seldom.
pub(super) struct Seldom<F> {
    future: F,
    /// Whom it wakes.
    waker: Option<Waker>,
}

impl<F: Future + Unpin> Seldom<F> {
    pub fn new(future: F) -> Self {
        Self { future, waker: None }
    }

    /// Polls it where `signalled` says that it may be ready, and where another task asks than the
    /// last time.
    pub fn poll(&mut self, cx: &mut Context<'_>, signalled: bool) -> Poll<F::Output> {
        let knows = self.waker.as_ref().is_some_and(|waker| waker.will_wake(cx.waker()));
        if knows && !signalled {
            return Poll::Pending;
        }
        if !knows {
            self.waker = Some(cx.waker().clone());
        }
        Pin::new(&mut self.future).poll(cx)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::future::poll_fn;
    use std::sync::Arc;
    use std::task::Wake;

    struct Task;

    impl Wake for Task {
        fn wake(self: Arc<Self>) {}
    }

    #[test]
    fn it_is_polled_at_first_when_signalled_and_for_another_task() {
        let mut polls = 0;
        let mut seldom = Seldom::new(poll_fn(|_| {
            polls += 1;
            if polls == 4 { Poll::Ready(polls) } else { Poll::Pending }
        }));
        let wakers = [0, 1].map(|_| Waker::from(Arc::new(Task)));
        let mut ask = |task: usize, signalled| {
            seldom.poll(&mut Context::from_waker(&wakers[task]), signalled)
        };
        assert_eq!(ask(0, false), Poll::Pending);
        assert_eq!(ask(0, false), Poll::Pending);
        assert_eq!(ask(1, false), Poll::Pending);
        assert_eq!(ask(1, true), Poll::Pending);
        assert_eq!(ask(1, false), Poll::Pending);
        assert_eq!(ask(1, true), Poll::Ready(4));
    }
}
