//! The tasks that send copies. One that has nothing to do rests, and is used again: beginning a
//! task costs more than all that is decided about a copy.
//!
//! This module never keeps more tasks at rest than [`MOST_RESTING`].

use std::collections::VecDeque;
use std::mem;
use std::ops::ControlFlow;
use std::sync::{Mutex, MutexGuard, PoisonError};
use tokio::sync::Notify;

/// A task that finds so many others at rest ends.
const MOST_RESTING: usize = 64;

/// The tasks of one worker that are at rest, and what they are called for. The lock is never
/// contended: only its own worker's thread takes it.
pub(super) struct Crew<T> {
    state: Mutex<State<T>>,
    called: Notify,
}

struct State<T> {
    /// Tasks that rest and have not been called.
    resting: usize,
    /// What those who were called are to do.
    calls: VecDeque<T>,
    /// So many were told to end.
    dismissed: usize,
    /// Somebody was called since this was last asked.
    busy: bool,
}

impl<T> Crew<T> {
    /// Nobody rests.
    pub fn new() -> Self {
        let state =
            Mutex::new(State { resting: 0, calls: VecDeque::new(), dismissed: 0, busy: false });
        Self { state, called: Notify::new() }
    }

    /// Calls a task at rest; gives back what it was to do where none is.
    pub fn call(&self, work: T) -> Option<T> {
        let mut state = self.state();
        state.busy = true;
        let Some(others) = state.resting.checked_sub(1) else { return Some(work) };
        state.resting = others;
        state.calls.push_back(work);
        // The one that has rested the least: what it needs is near at hand.
        self.called.notify_last();
        None
    }

    /// Rests until called; gives nothing to do where enough others rest, or there is no need.
    pub async fn rest(&self) -> Option<T> {
        {
            let mut state = self.state();
            if state.resting >= MOST_RESTING {
                return None;
            }
            state.resting += 1;
        }
        loop {
            let called = self.called.notified();
            if let ControlFlow::Break(work) = self.told() {
                return work;
            }
            called.await;
        }
    }

    /// What one of those who rest is told to do, if there is something: nothing more, perhaps.
    fn told(&self) -> ControlFlow<Option<T>> {
        let mut state = self.state();
        if let Some(work) = state.calls.pop_front() {
            return ControlFlow::Break(Some(work));
        }
        match state.dismissed.checked_sub(1) {
            Some(others) => {
                state.dismissed = others;
                ControlFlow::Break(None)
            }
            None => ControlFlow::Continue(()),
        }
    }

    /// Ends all that rest where nobody was called since this was last done.
    pub fn prune(&self) {
        let mut state = self.state();
        if !mem::take(&mut state.busy) {
            state.dismissed += mem::take(&mut state.resting);
            self.called.notify_waiters();
        }
    }

    /// Takes back what those who were called have not begun.
    pub fn recall(&self) -> VecDeque<T> {
        mem::take(&mut self.state().calls)
    }

    fn state(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;
    use tokio::sync::mpsc;
    use tokio::task::{self, JoinSet};

    /// Begins tasks that tell of each piece of work, and lets them go to rest.
    async fn crew(tasks: usize) -> (Arc<Crew<usize>>, mpsc::Receiver<usize>) {
        let (crew, (tell, told)) = (Arc::new(Crew::new()), mpsc::channel(16));
        for _ in 0..tasks {
            let (crew, tell) = (crew.clone(), tell.clone());
            tokio::spawn(async move {
                while let Some(work) = crew.rest().await {
                    tell.try_send(work).expect("the test listens");
                }
            });
        }
        task::yield_now().await;
        (crew, told)
    }

    #[tokio::test]
    async fn each_piece_of_work_is_done_once_and_none_is_taken_that_nobody_would_do() {
        let (crew, mut told) = crew(3).await;
        for _ in 0..10 {
            let refused: Vec<_> = (0..5).filter_map(|work| crew.call(work)).collect();
            assert_eq!(refused, [3, 4]);
            let mut done = [told.recv().await, told.recv().await, told.recv().await];
            done.sort_unstable();
            assert_eq!(done, [Some(0), Some(1), Some(2)]);
            // They rest again.
            task::yield_now().await;
        }
    }

    #[tokio::test]
    async fn a_task_ends_where_enough_others_rest() {
        let (crew, mut tasks) = (Arc::new(Crew::<usize>::new()), JoinSet::new());
        for _ in 0..=MOST_RESTING {
            let crew = crew.clone();
            tasks.spawn(async move { crew.rest().await });
        }
        assert_eq!(tasks.join_next().await.expect("a task").ok(), Some(None));
        let taken = (0..=MOST_RESTING).filter(|&work| crew.call(work).is_none()).count();
        assert_eq!(taken, MOST_RESTING);
        let done = tasks.join_all().await;
        assert!(done.iter().all(Option::is_some));
    }

    #[tokio::test]
    async fn those_who_were_not_called_for_a_while_end_and_no_work_is_lost() {
        let (crew, mut told) = crew(3).await;
        assert_eq!(crew.call(1), None);
        crew.prune();
        assert_eq!(told.recv().await, Some(1));
        task::yield_now().await;
        // Two pieces of work, and one of the three that rest ends.
        assert_eq!((crew.call(2), crew.call(3)), (None, None));
        mem::take(&mut crew.state().busy);
        crew.prune();
        assert_eq!((told.recv().await, told.recv().await), (Some(2), Some(3)));
        task::yield_now().await;
        crew.prune();
        assert_eq!(told.recv().await, None);
        assert_eq!(crew.call(4), Some(4));
    }

    #[tokio::test]
    async fn what_was_not_begun_can_be_taken_back() {
        let (crew, mut told) = crew(2).await;
        assert_eq!((crew.call(1), crew.call(2)), (None, None));
        assert_eq!(crew.recall(), [1, 2]);
        task::yield_now().await;
        assert!(told.try_recv().is_err());
    }
}
