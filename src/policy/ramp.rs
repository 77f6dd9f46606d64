//! The ramp: how much may be mirrored, by the time for which mirroring has gone on.
//!
//! [`Ramp`] keeps that time; the stages themselves come from the config at each question, so that
//! a reload changes them without starting over.

use crate::config::Stage;
use std::time::{Duration, Instant};

/// Monotonic time of mirroring. It stands still while mirroring is off.
#[derive(Clone, Copy, Debug)]
pub struct Ramp {
    elapsed: Duration,
    /// Running since then; `None` while it stands still.
    since: Option<Instant>,
}

impl Ramp {
    /// Mirroring begins now.
    pub fn new(now: Instant) -> Self {
        Self { elapsed: Duration::ZERO, since: Some(now) }
    }

    /// Mirroring is on.
    pub fn run(&mut self, now: Instant) {
        self.since.get_or_insert(now);
    }

    /// Mirroring is off.
    pub fn halt(&mut self, now: Instant) {
        *self = Self { elapsed: self.elapsed(now), since: None };
    }

    /// The live path has suffered: back to the beginning of the stage before this one.
    pub fn fall_back(&mut self, now: Instant, stages: &[Stage]) {
        let before = self.stage(now, stages).unwrap_or(0).saturating_sub(1);
        let holds = stages.iter().take(before).filter_map(|stage| stage.hold);
        *self = Self { elapsed: holds.sum(), since: self.since.map(|_| now) };
    }

    /// Which stage holds now; `None` where there are none.
    pub fn stage(&self, now: Instant, stages: &[Stage]) -> Option<usize> {
        stage(stages, self.elapsed(now))
    }

    fn elapsed(&self, now: Instant) -> Duration {
        let running = self.since.map(|since| now.saturating_duration_since(since));
        self.elapsed + running.unwrap_or_default()
    }
}

/// The stage after so much mirroring: the last one holds for ever.
fn stage(stages: &[Stage], elapsed: Duration) -> Option<usize> {
    let last = stages.len().checked_sub(1)?;
    let ends = stages.iter().scan(Duration::ZERO, |end, stage| {
        *end += stage.hold?;
        Some(*end)
    });
    Some(ends.take_while(|end| *end <= elapsed).count().min(last))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::parse;

    fn stages(text: &str) -> Vec<Stage> {
        let text = format!("primary: {{ url: http://a:1 }}\nmirror: {{ ramp: [{text}] }}");
        parse(&text, "shadow.yaml", &|_| None).expect("a config").mirror.ramp
    }

    fn three() -> Vec<Stage> {
        stages("{ sample: 1%, hold: 10m }, { sample: 10%, hold: 1h }, { sample: 100% }")
    }

    const MINUTE: Duration = Duration::from_secs(60);

    /// A moment from which to count.
    fn start() -> Instant {
        use crate::base::clock as real;
        real::now()
    }

    #[test]
    fn each_stage_holds_for_its_time_and_the_last_for_ever() {
        let check = |minutes: u32, expected: usize| {
            assert_eq!(stage(&three(), MINUTE * minutes), Some(expected), "{minutes}");
        };
        check(0, 0);
        check(9, 0);
        check(10, 1);
        check(69, 1);
        check(70, 2);
        check(1_000_000, 2);
        assert_eq!(stage(&[], MINUTE), None);
        let bounded = stages("{ sample: 1%, hold: 10m }, { sample: 10%, hold: 1h }");
        assert_eq!(stage(&bounded, MINUTE * 500), Some(1));
    }

    #[test]
    fn it_stands_still_while_mirroring_is_off() {
        let start = start();
        let mut ramp = Ramp::new(start);
        ramp.halt(start + MINUTE * 9);
        ramp.halt(start + MINUTE * 20);
        assert_eq!(ramp.stage(start + MINUTE * 30, &three()), Some(0));
        ramp.run(start + MINUTE * 40);
        ramp.run(start + MINUTE * 40);
        assert_eq!(ramp.stage(start + MINUTE * 40, &three()), Some(0));
        assert_eq!(ramp.stage(start + MINUTE * 41, &three()), Some(1));
    }

    #[test]
    fn it_falls_back_to_the_beginning_of_the_stage_before() {
        let start = start();
        let mut ramp = Ramp::new(start);
        let late = start + MINUTE * 500;
        ramp.fall_back(late, &three());
        assert_eq!(ramp.stage(late + MINUTE * 59, &three()), Some(1));
        assert_eq!(ramp.stage(late + MINUTE * 60, &three()), Some(2));
        ramp.fall_back(late + MINUTE, &three());
        assert_eq!(ramp.stage(late + MINUTE * 10, &three()), Some(0));
        ramp.fall_back(late + MINUTE * 10, &three());
        assert_eq!(ramp.stage(late + MINUTE * 10, &three()), Some(0));
        assert_eq!(ramp.stage(late + MINUTE * 20, &three()), Some(1));
    }

    #[test]
    fn a_reload_does_not_start_over() {
        let start = start();
        let ramp = Ramp::new(start);
        let now = start + MINUTE * 30;
        let other = stages("{ sample: 2%, hold: 20m }, { sample: 3%, hold: 20m }, { sample: 4% }");
        assert_eq!((ramp.stage(now, &three()), ramp.stage(now, &other)), (Some(1), Some(1)));
    }
}
