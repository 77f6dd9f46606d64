//! Calls that may never come back or may panic, made on a thread of their own.
//!
//! A call that is late keeps its thread: it cannot be stopped, only left behind, at low priority.
//!
//! This module never knows what is called.

use rustix::process::setpriority_process;
use std::any::Any;
use std::io;
use std::sync::mpsc::{RecvTimeoutError, sync_channel};
use std::thread::{Builder, JoinHandle};
use std::time::Duration;

/// How a call failed to give its result.
#[derive(Debug, thiserror::Error)]
pub(super) enum Lost {
    #[error("it took longer than {}", crate::base::show_duration(*.0))]
    Late(Duration),
    #[error("it panicked: {0}")]
    Panicked(String),
    #[error("no thread could be started")]
    Thread(#[from] io::Error),
}

/// Runs `work` on a thread of its own and waits for it so long.
pub(super) fn within<T: Send + 'static>(
    deadline: Duration,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Lost> {
    let (result_tx, result_rx) = sync_channel(1);
    let thread = Builder::new().name("shadow-store-io".to_owned()).spawn(move || {
        lower_priority();
        // Nobody waits any more where this fails.
        result_tx.send(work()).ok();
    })?;
    match result_rx.recv_timeout(deadline) {
        Ok(result) => Ok(result),
        Err(RecvTimeoutError::Timeout) => Err(Lost::Late(deadline)),
        Err(RecvTimeoutError::Disconnected) => Err(Lost::Panicked(panic_text(thread))),
    }
}

/// Storing gives way to serving: on Linux a thread has a niceness of its own, which the threads it
/// starts inherit.
pub(super) fn lower_priority() {
    // Refused only where the process may not even be nice; then it is as it was.
    setpriority_process(None, 10).ok();
}

fn panic_text(thread: JoinHandle<()>) -> String {
    let Err(payload) = thread.join() else { return "no reason is known".to_owned() };
    let payload: &dyn Any = &*payload;
    let text = payload.downcast_ref::<&str>().copied();
    let text = text.or_else(|| payload.downcast_ref::<String>().map(String::as_str));
    text.and_then(|text| text.lines().next()).unwrap_or("no reason is known").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustix::process::getpriority_process;

    const LONG: Duration = Duration::from_secs(60);

    #[test]
    fn a_call_that_panics_says_what_it_panicked_with() {
        let lost = within(LONG, || panic!("of {}", "course")).map(|(): ()| ());
        assert_eq!(lost.map_err(|lost| lost.to_string()), Err("it panicked: of course".into()));
    }

    #[test]
    fn a_call_that_hangs_is_left_behind() {
        let (hold_tx, hold_rx) = sync_channel::<()>(0);
        let lost = within(Duration::from_millis(1), move || hold_rx.recv().is_ok());
        assert!(matches!(lost, Err(Lost::Late(_))));
        drop(hold_tx);
    }

    #[test]
    fn a_call_gives_way_to_the_threads_that_serve() {
        let before = getpriority_process(None).expect("known");
        let niceness = within(LONG, || getpriority_process(None).expect("known"));
        assert!(niceness.is_ok_and(|niceness| niceness >= 10));
        assert_eq!(getpriority_process(None).expect("known"), before);
    }

    #[test]
    fn a_call_that_comes_back_gives_its_result() {
        assert_eq!(within(LONG, || 1 + 1).ok(), Some(2));
    }
}
