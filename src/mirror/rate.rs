//! A limit on events per second, without a lock.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

/// Events may come this much ahead of their even spacing.
const BURST: Duration = Duration::from_millis(100);

/// The generic cell rate algorithm (ITU-T I.371): `due` is when the next event would come if all
/// were evenly spaced; one that comes more than the burst ahead of it is refused.
/// Gives the new `due`; all times in nanoseconds.
fn step(due: u64, now: u64, spacing: u64, burst: u64) -> Option<u64> {
    let next = due.max(now).saturating_add(spacing);
    (next <= now.saturating_add(burst.max(spacing))).then_some(next)
}

/// A rate limit that any thread may ask.
#[derive(Debug, Default)]
pub(super) struct Limiter {
    due: AtomicU64,
    /// Nanoseconds between two events; 0 for no limit.
    spacing: AtomicU64,
}

impl Limiter {
    /// Sets the limit in events per second.
    pub(super) fn set(&self, per_second: Option<f64>) {
        let spacing = per_second.map_or(0.0, |rate| (1e9 / rate).clamp(1.0, 1e18));
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped")]
        self.spacing.store(spacing as u64, Relaxed);
    }

    /// Whether one more event is allowed now, counted from any fixed point. Without a limit the
    /// clock is not asked.
    pub(super) fn allows(&self, now: impl FnOnce() -> Duration) -> bool {
        let spacing = self.spacing.load(Relaxed);
        if spacing == 0 {
            return true;
        }
        let nanos = |time: Duration| u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
        let (now, burst) = (nanos(now()), nanos(BURST));
        self.due.fetch_update(Relaxed, Relaxed, |due| step(due, now, spacing, burst)).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn passed(rate: f64, offered_per_second: u32, seconds: u32) -> u32 {
        let limiter = Limiter::default();
        limiter.set(Some(rate));
        let start = Duration::from_secs(1000);
        let offers = (0..offered_per_second * seconds)
            .map(|number| start + Duration::from_secs(1) * number / offered_per_second);
        u32::try_from(offers.filter(|now| limiter.allows(|| *now)).count()).expect("few")
    }

    #[test]
    fn the_rate_is_exact_within_five_percent() {
        for rate in [1.0, 10.0, 500.0, 5_000.0] {
            let expected = rate * 20.0;
            let found = f64::from(passed(rate, 20_000, 20));
            let slack = (expected * 0.05).max(1.0);
            assert!((found - expected).abs() <= slack, "{found} of {expected}");
        }
    }

    #[test]
    fn what_stays_below_the_rate_always_passes() {
        assert_eq!(passed(1_000.0, 900, 10), 9_000);
        let unlimited = Limiter::default();
        assert!((0..100).all(|_| unlimited.allows(|| Duration::ZERO)));
    }
}
