//! Protection of the live path: whether mirroring is to step back, by what was measured.
//!
//! [`Protector`] is the state machine; it is asked about once a second.
//!
//! This module never measures, waits or reads the clock.

use crate::base::ByteSize;
use crate::config;
use crate::model::Strain;
use std::time::{Duration, Instant};

/// Resident memory may be this much above `mirror.memory`.
pub const OVERHEAD: ByteSize = ByteSize(512 << 20);

/// Fewer slow answers, or late timers, in one sample are no evidence.
const FEW: u64 = 3;

/// The live path must be well for this long before mirroring resumes, at least and at most.
const LEAST_CALM: Duration = Duration::from_secs(5);
const MOST_CALM: Duration = Duration::from_secs(300);

/// Strain that comes back this soon after mirroring has resumed comes from mirroring: it waits
/// twice as long the next time.
const RELAPSE: Duration = Duration::from_secs(60);

/// What was measured since the last time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sample {
    /// Answers given to clients.
    pub answers: u64,
    /// Those of them to which the tap added more than `added_p99`.
    pub slow: u64,
    /// Timers that live threads have come to, several a second for each.
    pub ticks: u64,
    /// Those of them to which they came by more than `added_p99` too late.
    pub late: u64,
    /// How long the oldest queued exchange has waited.
    pub queue_age: Duration,
    /// Resident memory in bytes, where it can be read.
    pub resident: Option<u64>,
    pub descriptors: Option<Descriptors>,
}

/// How many files and sockets are open, of how many.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Descriptors {
    pub open: u64,
    pub limit: u64,
}

impl Descriptors {
    /// How many are kept for the live path: a tenth, at least 64, at most half.
    fn reserve(self) -> u64 {
        (self.limit / 10).max(64).min(self.limit / 2)
    }
}

/// What is to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Advice {
    /// As before.
    Stay,
    /// Mirroring is to stop, for this reason.
    Protect(Strain),
    /// Mirroring may go on.
    Resume,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Mirroring, after an earlier strain since then.
    Calm {
        resumed: Option<Instant>,
    },
    Strained {
        by: Strain,
        calm_since: Option<Instant>,
    },
}

/// Stops mirroring when a bound is passed, and lets it resume when everything has been below four
/// fifths of its bound for a while: 5 s, and twice as long after each relapse, up to 5 min.
#[derive(Debug)]
pub struct Protector {
    state: State,
    calm: Duration,
}

impl Default for Protector {
    fn default() -> Self {
        Self { state: State::Calm { resumed: None }, calm: LEAST_CALM }
    }
}

impl Protector {
    /// Takes in a sample.
    pub fn step(&mut self, now: Instant, mirror: &config::Mirror, sample: &Sample) -> Advice {
        match self.state {
            State::Calm { resumed } => {
                let Some(by) = strain(mirror, sample, Margin::NONE) else { return Advice::Stay };
                let relapse = |since| now.saturating_duration_since(since) < RELAPSE;
                let again = resumed.is_some_and(relapse);
                self.calm = if again { (self.calm * 2).min(MOST_CALM) } else { LEAST_CALM };
                self.state = State::Strained { by, calm_since: None };
                Advice::Protect(by)
            }
            State::Strained { by, calm_since } => {
                let well = strain(mirror, sample, Margin::FIFTH).is_none();
                let calm_since = well.then(|| calm_since.unwrap_or(now));
                let calm = calm_since.map(|since| now.saturating_duration_since(since));
                if calm.is_some_and(|calm| calm >= self.calm) {
                    self.state = State::Calm { resumed: Some(now) };
                    return Advice::Resume;
                }
                self.state = State::Strained { by, calm_since };
                Advice::Stay
            }
        }
    }

    /// Why mirroring is off at the moment, if it is.
    pub fn strain(&self) -> Option<Strain> {
        match self.state {
            State::Calm { .. } => None,
            State::Strained { by, .. } => Some(by),
        }
    }
}

/// How far below its bound something must be, in percent of the bound.
#[derive(Clone, Copy)]
struct Margin(u32);

impl Margin {
    const NONE: Self = Self(100);
    const FIFTH: Self = Self(80);

    fn over(self, value: Duration, bound: Duration) -> bool {
        value * 100 > bound * self.0
    }
}

/// What the live path suffers from, if anything.
fn strain(mirror: &config::Mirror, sample: &Sample, margin: Margin) -> Option<Strain> {
    let Margin(percent) = margin;
    // The 99th percentile is over the bound where more than one in a hundred is.
    let many = |some: u64, all: u64| {
        some >= FEW && some.saturating_mul(10_000) > all.saturating_mul(percent.into())
    };
    let (slow, late) = (many(sample.slow, sample.answers), many(sample.late, sample.ticks));
    let aged = mirror.protect.queue_age.is_some_and(|most| margin.over(sample.queue_age, most));
    let most = u128::from(mirror.memory.0) + u128::from(OVERHEAD.0);
    let fat = |resident: u64| u128::from(resident) * 100 > most * u128::from(percent);
    let fat = sample.resident.is_some_and(fat);
    let short = sample.descriptors.is_some_and(|files| {
        let left = files.limit.saturating_sub(files.open);
        left * u64::from(percent) < files.reserve() * 100
    });
    if short {
        Some(Strain::Descriptors)
    } else if fat {
        Some(Strain::Memory)
    } else if mirror.protect.added_p99.is_some() && slow {
        Some(Strain::Added)
    } else if mirror.protect.added_p99.is_some() && late {
        Some(Strain::Lag)
    } else {
        aged.then_some(Strain::QueueAge)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::clock;
    use crate::config::parse;
    use proptest::prelude::*;

    fn mirror() -> config::Mirror {
        let text = "primary: { url: http://a:1 }\n\
             mirror: { memory: 64MiB, protect: { added_p99: 5ms, queue_age: 5s } }";
        parse(text, "shadow.yaml", &|_| None).expect("a config").mirror
    }

    const WELL: Sample = Sample {
        answers: 1000,
        slow: 0,
        ticks: 20,
        late: 0,
        queue_age: Duration::ZERO,
        resident: None,
        descriptors: None,
    };

    fn aged(ms: u64) -> Sample {
        Sample { queue_age: Duration::from_millis(ms), ..WELL }
    }

    fn files(open: u64, limit: u64) -> Sample {
        Sample { descriptors: Some(Descriptors { open, limit }), ..WELL }
    }

    #[test]
    fn each_bound_is_passed_by_more_than_its_value() {
        let check = |sample: Sample, expected: Option<Strain>| {
            assert_eq!(strain(&mirror(), &sample, Margin::NONE), expected, "{sample:?}");
        };
        check(WELL, None);
        check(aged(5000), None);
        check(aged(5001), Some(Strain::QueueAge));
        check(Sample { slow: 10, ..WELL }, None);
        check(Sample { slow: 11, ..WELL }, Some(Strain::Added));
        check(Sample { answers: 2, slow: 2, ..WELL }, None);
        check(Sample { answers: 3, slow: 3, ..WELL }, Some(Strain::Added));
        check(Sample { late: 2, ..WELL }, None);
        check(Sample { late: 3, ..WELL }, Some(Strain::Lag));
        check(Sample { late: 10, ticks: 1000, ..WELL }, None);
        check(Sample { resident: Some(576 << 20), ..WELL }, None);
        check(Sample { resident: Some((576 << 20) + 100), ..WELL }, Some(Strain::Memory));
        check(files(960, 1024), Some(Strain::Descriptors));
        check(files(922, 1024), None);
        check(files(923, 1024), Some(Strain::Descriptors));
        check(files(192, 256), None);
        check(files(193, 256), Some(Strain::Descriptors));
        check(files(90_001, 100_000), Some(Strain::Descriptors));
        check(files(5, 64), None);
    }

    #[test]
    fn what_the_config_does_not_bound_is_no_strain() {
        let mut mirror = mirror();
        mirror.protect = config::Protect::default();
        let sample = Sample { slow: 1000, late: 20, queue_age: Duration::from_secs(99), ..WELL };
        assert_eq!(strain(&mirror, &sample, Margin::NONE), None);
    }

    /// Steps once a second over queue ages in tenths of a second; `P` protects, `R` resumes, `.`
    /// stays.
    fn play(protector: &mut Protector, start: &mut Instant, ages: &[u64]) -> String {
        let mirror = mirror();
        let step = |age: &u64| {
            *start += Duration::from_secs(1);
            match protector.step(*start, &mirror, &aged(age * 100)) {
                Advice::Stay => '.',
                Advice::Protect(_) => 'P',
                Advice::Resume => 'R',
            }
        };
        ages.iter().map(step).collect()
    }

    #[test]
    fn it_resumes_only_when_all_was_well_for_a_while() {
        let (mut protector, mut now) = (Protector::default(), clock::now());
        let ages = [0, 51, 0, 0, 45, 0, 0, 0, 0, 0, 0, 45];
        assert_eq!(play(&mut protector, &mut now, &ages), ".P........R.");
    }

    #[test]
    fn it_waits_twice_as_long_after_each_relapse() {
        let (mut protector, mut now) = (Protector::default(), clock::now());
        let mut waited = Vec::new();
        for _ in 0..8 {
            assert_eq!(play(&mut protector, &mut now, &[99]), "P");
            assert_eq!(protector.strain(), Some(Strain::QueueAge));
            let mut seconds = 0;
            while play(&mut protector, &mut now, &[0]) != "R" {
                seconds += 1;
            }
            waited.push(seconds);
        }
        assert_eq!(waited, [5, 10, 20, 40, 80, 160, 300, 300]);
        play(&mut protector, &mut now, &[0; 60]);
        assert_eq!(play(&mut protector, &mut now, &[99, 0, 0, 0, 0, 0, 0]), "P.....R");
    }

    proptest! {
        #[test]
        fn it_always_resumes_once_all_is_well(ages in prop::collection::vec(0..100_u64, 0..100)) {
            let (mut protector, mut now) = (Protector::default(), clock::now());
            play(&mut protector, &mut now, &ages);
            play(&mut protector, &mut now, &[0; 302]);
            prop_assert_eq!(protector.strain(), None);
        }
    }
}
