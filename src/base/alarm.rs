//! Time-outs that are set for every request and hardly ever come due.
//!
//! A timer of the runtime's is entered into its wheel and taken out again each time. An alarm keeps
//! the timer that it has: one that would go off too early stays as it is, and is moved on only when
//! it goes off. So a worker that answers in time sets a timer about once in each time-out.
//!
//! This module never goes off early.

use super::clock;
use hyper::rt::{Sleep as HyperSleep, Timer};
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};
use tokio::time::{Sleep, sleep_until};

/// More timers than this are let go as they come back.
const MOST_IDLE: usize = 1024;

/// The timers of one worker that no alarm holds at the moment. The lock is never contended: only
/// its own worker's thread takes it.
#[derive(Clone, Default)]
pub struct Alarms(Arc<Mutex<Vec<Pin<Box<Sleep>>>>>);

/// Ready once an instant has come.
pub struct Alarm {
    due: Instant,
    /// Goes off at that instant, or before it.
    timer: Option<Pin<Box<Sleep>>>,
    home: Alarms,
}

impl Alarms {
    /// An alarm that goes off at `due`.
    pub fn at(&self, due: Instant) -> Alarm {
        let timer = self.idle().pop();
        let timer = timer.unwrap_or_else(|| Box::pin(sleep_until(due.into())));
        let mut alarm = Alarm { due, timer: Some(timer), home: self.clone() };
        alarm.set(due);
        alarm
    }

    fn idle(&self) -> MutexGuard<'_, Vec<Pin<Box<Sleep>>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Alarm {
    /// When it goes off.
    pub fn due(&self) -> Instant {
        self.due
    }

    /// Sets it anew, earlier or later.
    pub fn set(&mut self, due: Instant) {
        self.due = due;
        if let Some(timer) = &mut self.timer
            && due < timer.deadline().into_std()
        {
            timer.as_mut().reset(due.into());
        }
    }
}

impl Future for Alarm {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let due = self.due;
        let Some(timer) = &mut self.timer else { return Poll::Ready(()) };
        loop {
            ready!(timer.as_mut().poll(cx));
            if timer.deadline().into_std() >= due {
                return Poll::Ready(());
            }
            timer.as_mut().reset(due.into());
        }
    }
}

impl Drop for Alarm {
    fn drop(&mut self) {
        let mut idle = self.home.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(timer) = self.timer.take()
            && idle.len() < MOST_IDLE
        {
            idle.push(timer);
        }
    }
}

impl HyperSleep for Alarm {}

impl Timer for Alarms {
    fn sleep(&self, duration: Duration) -> Pin<Box<dyn HyperSleep>> {
        self.sleep_until(clock::now() + duration)
    }

    fn now(&self) -> Instant {
        clock::now()
    }

    fn sleep_until(&self, deadline: Instant) -> Pin<Box<dyn HyperSleep>> {
        Box::pin(self.at(deadline))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::time;

    fn secs(secs: u64) -> Duration {
        Duration::from_secs(secs)
    }

    fn now() -> Instant {
        time::Instant::now().into_std()
    }

    #[tokio::test(start_paused = true)]
    async fn an_alarm_goes_off_at_its_time_whatever_its_timer_was_set_to() {
        let alarms = Alarms::default();
        for (before, wait) in [(9, 5), (5, 9), (5, 5), (1, 30)] {
            // What was set before leaves its timer behind.
            drop(alarms.at(now() + secs(before)));
            let (begun, due) = (now(), now() + secs(wait));
            alarms.at(due).await;
            assert!(now() >= due && now() < due + secs(1), "{:?}", now() - begun);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_timer_that_went_off_while_nobody_had_it_is_set_anew() {
        let alarms = Alarms::default();
        drop(alarms.at(now() + secs(1)));
        time::sleep(secs(5)).await;
        let due = now() + secs(3);
        alarms.at(due).await;
        assert!(now() >= due);
    }

    #[tokio::test(start_paused = true)]
    async fn an_alarm_can_be_set_earlier_and_later() {
        let alarms = Alarms::default();
        let mut alarm = alarms.at(now() + secs(10));
        alarm.set(now() + secs(2));
        alarm.set(now() + secs(4));
        let due = now() + secs(4);
        (&mut alarm).await;
        assert!(now() >= due && now() < due + secs(1));
    }

    #[tokio::test(start_paused = true)]
    async fn an_alarm_that_is_not_due_leaves_one_timer_behind() {
        let alarms = Alarms::default();
        for _ in 0..100 {
            drop(alarms.at(clock::now() + secs(30)));
        }
        assert_eq!(alarms.idle().len(), 1);
    }
}
