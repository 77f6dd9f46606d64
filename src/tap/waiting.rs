//! How long the head of the next request is waited for, and when a connection has come to rest.
//!
//! hyper waits for a head from when the exchange before it is over; until then, and from the head's
//! last byte on, it holds no timer. So the timer tells that nothing of an exchange is left in hyper.
//!
//! This module never ends a wait before its time.

use crate::base::clock;
use crate::base::{Alarm, Alarms};
use crate::tap::patient::Begun;
use hyper::rt::{Sleep, Timer};
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

/// A connection rests once its client has asked for nothing for so long.
pub(super) const REST: Duration = Duration::from_millis(500);

/// Makes the timers of one connection.
pub(super) struct Waiting {
    pub alarms: Alarms,
    pub begun: Begun,
    /// How long a head is waited for.
    pub head: Duration,
}

impl Timer for Waiting {
    fn sleep(&self, duration: Duration) -> Pin<Box<dyn Sleep>> {
        self.sleep_until(clock::now() + duration)
    }

    fn now(&self) -> Instant {
        clock::now()
    }

    fn sleep_until(&self, deadline: Instant) -> Pin<Box<dyn Sleep>> {
        let rests = deadline.checked_sub(self.head.saturating_sub(REST)).unwrap_or(deadline);
        Box::pin(Wait { alarm: self.alarms.at(rests), deadline, begun: self.begun.clone() })
    }
}

/// One wait for a head.
struct Wait {
    alarm: Alarm,
    deadline: Instant,
    begun: Begun,
}

impl Sleep for Wait {}

impl Future for Wait {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        ready!(Pin::new(&mut self.alarm).poll(cx));
        let deadline = self.deadline;
        if self.alarm.due() < deadline {
            self.begun.set_waiting(true);
            self.alarm.set(deadline);
            ready!(Pin::new(&mut self.alarm).poll(cx));
        }
        Poll::Ready(())
    }
}

impl Drop for Wait {
    fn drop(&mut self) {
        self.begun.set_waiting(false);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tap::patient::Patient;
    use std::future::poll_fn;
    use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};
    use tokio::time;

    /// Something was read, and something written.
    async fn answered() -> Begun {
        let begun = Begun::default();
        let (mut far, near) = duplex(1);
        let mut near = Patient::new(near, REST, begun.clone());
        far.write_u8(0).await.expect("room");
        near.read_u8().await.expect("a byte");
        near.write_u8(0).await.expect("room");
        near.flush().await.expect("nothing to flush");
        begun
    }

    #[tokio::test(start_paused = true)]
    async fn a_wait_comes_to_rest_on_its_way_and_ends_in_its_time() {
        let (begun, head) = (answered().await, Duration::from_secs(60));
        let waiting = Waiting { alarms: Alarms::default(), begun: begun.clone(), head };
        let start = time::Instant::now();
        let mut wait = waiting.sleep_until(start.into_std() + head);
        let rested = poll_fn(|cx| {
            assert!(wait.as_mut().poll(cx).is_pending());
            if begun.rests() { Poll::Ready(start.elapsed()) } else { Poll::Pending }
        });
        assert!((REST..2 * REST).contains(&rested.await));
        wait.as_mut().await;
        assert!(start.elapsed() >= head);
        drop(wait);
        assert!(!begun.rests());
    }

    #[tokio::test(start_paused = true)]
    async fn a_wait_that_is_shorter_than_that_never_rests() {
        let (begun, head) = (answered().await, REST / 2);
        let waiting = Waiting { alarms: Alarms::default(), begun: begun.clone(), head };
        waiting.sleep(head).await;
        assert!(!begun.rests());
    }
}
