//! Telling of bad clients on the log, without letting them fill it.

use crate::base::clock;
use crate::model::Rule;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// This many lines, then silence until the interval is over.
const MOST: u32 = 10;
const INTERVAL: Duration = Duration::from_secs(10);

/// Longer quotations are cut.
const QUOTED: usize = 120;

/// The complaints of one worker: at most ten lines in ten seconds; the next line says how many
/// were left out.
pub(super) struct Complaints {
    window: Mutex<Window>,
}

struct Window {
    begun: Instant,
    said: u32,
    unsaid: u64,
}

impl Window {
    /// Whether to speak now, and how many complaints were left unsaid before.
    fn step(&mut self, now: Instant) -> Option<u64> {
        if now.saturating_duration_since(self.begun) >= INTERVAL {
            (self.begun, self.said) = (now, 0);
        }
        if self.said == MOST {
            self.unsaid += 1;
            return None;
        }
        self.said += 1;
        Some(std::mem::take(&mut self.unsaid))
    }
}

impl Complaints {
    pub fn new(now: Instant) -> Self {
        Self { window: Mutex::new(Window { begun: now, said: 0, unsaid: 0 }) }
    }

    /// Names the client and the rule; what it quotes is cut and escaped.
    pub fn say(&self, client: IpAddr, rule: Rule, quoted: &str) {
        let step = self.window.lock().unwrap_or_else(PoisonError::into_inner).step(clock::now());
        if let Some(unsaid) = step {
            let quoted: String = quoted.chars().take(QUOTED).collect();
            tracing::warn!(%client, rule = rule.name(), ?quoted, unsaid, "a client was refused");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ten_lines_in_ten_seconds_and_then_how_many_were_left_out() {
        let start = clock::now();
        let mut window = Window { begun: start, said: 0, unsaid: 0 };
        assert!((0..10).all(|_| window.step(start) == Some(0)));
        assert!((0..5).all(|_| window.step(start).is_none()));
        assert_eq!(window.step(start + INTERVAL), Some(5));
        assert_eq!(window.step(start + INTERVAL), Some(0));
    }
}
