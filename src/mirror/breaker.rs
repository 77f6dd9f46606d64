//! The breaker: whether the candidate is worth a connection at the moment.
//!
//! [`Breaker`] is the state machine; [`Gate`] lets all workers of the process ask one of them.
//!
//! This module never reads the clock, sends or counts.

use crate::config;
use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

/// What is told to the breaker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Event {
    /// A copy is about to be sent.
    Ask,
    /// A copy that was let through has come to its end.
    Ended(Pass, Ending),
}

/// How a copy ended, as far as the breaker is concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ending {
    /// The candidate answered, whatever it said.
    Answered,
    /// It could not be connected to, broke off, or took too long.
    Failed,
    /// It was not sent, or given up for a reason of our own: nothing is known.
    Unknown,
}

/// Leave to send one copy. Its end is told with it, so that a copy let through before the breaker
/// opened has no say in what came after.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Pass {
    era: u64,
}

/// What the breaker makes of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// The copy may be sent.
    Pass(Pass),
    /// The copy is to be dropped.
    Drop,
    /// The candidate is left alone from now on.
    Opened,
    /// It was tried again, and failed again.
    Reopened,
    /// It answers again.
    Closed,
    /// Nothing has changed.
    Noted,
}

/// Where the breaker stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BreakerState {
    /// Copies are sent.
    Closed,
    /// One copy at a time tries whether the candidate is back.
    HalfOpen,
    /// Copies are dropped.
    Open,
}

impl BreakerState {
    /// The word for it in the admin API.
    pub fn name(self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::HalfOpen => "half_open",
            Self::Open => "open",
        }
    }

    /// The number for it among the metrics.
    pub fn level(self) -> u8 {
        match self {
            Self::Closed => 0,
            Self::HalfOpen => 1,
            Self::Open => 2,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Closed,
    Open {
        until: Instant,
    },
    /// The last probe's fate is known, and it was not a failure.
    Ready,
    Probing,
}

/// The state machine: closed until enough of the last copies failed, then open for a while, then
/// half-open. In half-open one probe at a time is let through: an answer closes the breaker, a
/// failure opens it for the same time again. It never opens without the failures, and always
/// tries again.
#[derive(Debug)]
pub(super) struct Breaker {
    settings: config::Breaker,
    state: State,
    /// Whether each of the last copies failed; at most `settings.of` of them.
    window: VecDeque<bool>,
    failed: usize,
    /// Counts the changes of state.
    era: u64,
}

impl Breaker {
    pub(super) fn new(settings: config::Breaker) -> Self {
        Self { settings, state: State::Closed, window: VecDeque::new(), failed: 0, era: 0 }
    }

    /// Takes over new settings. An open breaker stays open until its time is over.
    pub(super) fn set(&mut self, settings: config::Breaker) {
        self.settings = settings;
        while self.window.len() > settings.of {
            self.forget();
        }
    }

    pub(super) fn step(&mut self, now: Instant, event: Event) -> Step {
        match event {
            Event::Ask => self.ask(now),
            Event::Ended(pass, _) if pass.era != self.era => Step::Noted,
            Event::Ended(_, ending) => match self.state {
                State::Closed => self.note(now, ending),
                State::Probing => self.probed(now, ending),
                // Nothing is let through under these, so nothing of this era can end.
                State::Open { .. } | State::Ready => Step::Noted,
            },
        }
    }

    fn ask(&mut self, now: Instant) -> Step {
        match self.state {
            State::Closed => Step::Pass(Pass { era: self.era }),
            State::Open { until } if now < until => Step::Drop,
            State::Open { .. } | State::Ready => {
                self.enter(State::Probing);
                Step::Pass(Pass { era: self.era })
            }
            State::Probing => Step::Drop,
        }
    }

    fn note(&mut self, now: Instant, ending: Ending) -> Step {
        let failed = match ending {
            Ending::Unknown => return Step::Noted,
            Ending::Answered => false,
            Ending::Failed => true,
        };
        if self.window.len() >= self.settings.of {
            self.forget();
        }
        self.window.push_back(failed);
        self.failed += usize::from(failed);
        if !failed || !self.is_too_much() {
            return Step::Noted;
        }
        self.open(now);
        Step::Opened
    }

    fn probed(&mut self, now: Instant, ending: Ending) -> Step {
        match ending {
            Ending::Answered => {
                self.enter(State::Closed);
                Step::Closed
            }
            Ending::Failed => {
                self.open(now);
                Step::Reopened
            }
            Ending::Unknown => {
                self.enter(State::Ready);
                Step::Noted
            }
        }
    }

    /// Whether the window is full, and holds the share of failures at which the breaker opens.
    fn is_too_much(&self) -> bool {
        let share = self.failed as u128 * 1_000_000;
        let limit = self.window.len() as u128 * u128::from(self.settings.failures.millionths());
        self.window.len() >= self.settings.of && share >= limit
    }

    fn open(&mut self, now: Instant) {
        self.enter(State::Open { until: now + self.settings.open });
    }

    fn enter(&mut self, state: State) {
        self.window.clear();
        self.failed = 0;
        self.era += 1;
        self.state = state;
    }

    fn forget(&mut self) {
        let failed = self.window.pop_front();
        self.failed -= usize::from(failed == Some(true));
    }

    pub(super) fn state(&self, now: Instant) -> BreakerState {
        match self.state {
            State::Closed => BreakerState::Closed,
            State::Open { until } if now < until => BreakerState::Open,
            State::Open { .. } | State::Ready | State::Probing => BreakerState::HalfOpen,
        }
    }

    /// What bars the way at the moment.
    fn bar(&self) -> Bar {
        match self.state {
            State::Closed | State::Ready => Bar::Nothing,
            State::Open { until } => Bar::Until(until),
            State::Probing => Bar::Probe,
        }
    }
}

/// What keeps copies back, told to those who only look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Bar {
    Nothing,
    Until(Instant),
    /// A probe is on its way.
    Probe,
}

/// One breaker for all workers. Only the shadow side takes the lock, for some nanoseconds, and
/// holds it across nothing; who only looks reads one word.
pub(super) struct Gate {
    breaker: Mutex<Breaker>,
    /// What bars the way: 0 nothing, `PROBE` a probe, else time in nanoseconds since `start`.
    bar: AtomicU64,
    start: Instant,
}

const PROBE: u64 = u64::MAX;

impl Gate {
    pub(super) fn new(settings: config::Breaker, now: Instant) -> Self {
        let breaker = Mutex::new(Breaker::new(settings));
        Self { breaker, bar: AtomicU64::new(0), start: now }
    }

    pub(super) fn set(&self, settings: config::Breaker) {
        self.breaker().set(settings);
    }

    /// Whether a copy would be dropped. Asks for no leave: an exchange that would come to nothing
    /// need not be captured.
    pub(super) fn is_shut(&self, now: impl FnOnce() -> Instant) -> bool {
        match self.bar.load(Relaxed) {
            0 => false,
            PROBE => true,
            until => self.nanos(now()) < until,
        }
    }

    pub(super) fn step(&self, now: Instant, event: Event) -> Step {
        let mut breaker = self.breaker();
        let step = breaker.step(now, event);
        let bar = match breaker.bar() {
            Bar::Nothing => 0,
            Bar::Until(until) => self.nanos(until),
            Bar::Probe => PROBE,
        };
        self.bar.store(bar, Relaxed);
        step
    }

    pub(super) fn state(&self, now: Instant) -> BreakerState {
        self.breaker().state(now)
    }

    fn nanos(&self, time: Instant) -> u64 {
        let since = time.saturating_duration_since(self.start).as_nanos();
        u64::try_from(since).unwrap_or(PROBE).clamp(1, PROBE - 1)
    }

    fn breaker(&self) -> MutexGuard<'_, Breaker> {
        self.breaker.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::clock;
    use crate::config::parse;
    use proptest::prelude::*;
    use std::time::Duration;

    const OPEN: Duration = Duration::from_secs(10);

    fn settings(failures: &str, of: usize) -> config::Breaker {
        let failures = failures.parse().expect("a percentage");
        config::Breaker { failures, of, open: OPEN }
    }

    /// Acts out a script: `.` answered, `x` failed, `?` unknown, each a copy of its own; `a` a
    /// copy that stays on its way; `A` `X` `U` the end of the oldest of those; `+` ten seconds.
    /// Gives what each came to: `p` let through, `-` dropped, `o` opened, `r` reopened, `c`
    /// closed.
    fn play(breaker: &mut Breaker, script: &str) -> String {
        let (mut now, mut flying) = (clock::now(), VecDeque::new());
        let mut shown = String::new();
        for step in script.chars() {
            let ending = match step {
                '+' => {
                    now += OPEN;
                    continue;
                }
                '.' | 'A' => Ending::Answered,
                'x' | 'X' => Ending::Failed,
                _ => Ending::Unknown,
            };
            let mut came = '-';
            if !step.is_ascii_uppercase()
                && let Step::Pass(pass) = breaker.step(now, Event::Ask)
            {
                flying.push_back(pass);
                came = 'p';
            }
            if step != 'a' && (came == 'p' || step.is_ascii_uppercase()) {
                let pass = if came == 'p' { flying.pop_back() } else { flying.pop_front() };
                let pass = pass.expect("one is on its way");
                came = match breaker.step(now, Event::Ended(pass, ending)) {
                    Step::Opened => 'o',
                    Step::Reopened => 'r',
                    Step::Closed => 'c',
                    Step::Noted => 'p',
                    Step::Pass(_) | Step::Drop => unreachable!("nothing was asked"),
                };
            }
            shown.push(came);
        }
        shown
    }

    fn check(failures: &str, of: usize, script: &str, expected: &str) {
        assert_eq!(play(&mut Breaker::new(settings(failures, of)), script), expected, "{script}");
    }

    #[test]
    fn it_opens_when_the_share_of_the_last_copies_failed() {
        check("50%", 4, "x.x.xx", "ppppo-");
        check("50%", 4, "xxx", "ppp");
        check("50%", 4, "xxxx", "pppo");
        check("50%", 4, "x...x...x", "ppppppppp");
        check("50%", 4, "x...x...xx", "pppppppppo");
        check("100%", 2, "x.x.xx.", "pppppo-");
        check("0%", 2, "....x", "ppppo");
        check("50%", 1, "x", "o");
    }

    #[test]
    fn a_copy_of_unknown_fate_does_not_count() {
        check("100%", 2, "x?x", "ppo");
    }

    #[test]
    fn after_its_time_one_probe_decides() {
        check("100%", 1, "x.+..", "o-cp");
        check("100%", 1, "x+x.+.", "or-c");
        check("100%", 1, "x+aa.Aa", "op--cp");
        check("100%", 1, "x+aX.+aU.", "opr-ppc");
        check("100%", 1, "x+?.", "opc");
    }

    #[test]
    fn what_was_sent_before_it_opened_has_no_say_afterwards() {
        check("100%", 1, "aaxA.", "ppop-");
        check("100%", 1, "aax+aAXA.", "ppopppcp");
    }

    #[test]
    fn a_larger_share_asks_for_more_after_a_reload() {
        let mut breaker = Breaker::new(settings("50%", 4));
        assert_eq!(play(&mut breaker, "x.x"), "ppp");
        breaker.set(settings("100%", 2));
        assert_eq!(play(&mut breaker, "xx"), "o-");
    }

    #[test]
    fn who_only_looks_sees_what_would_be_dropped() {
        let now = clock::now();
        let gate = Gate::new(settings("100%", 1), now);
        assert!(!gate.is_shut(|| now));
        let pass = |step| match step {
            Step::Pass(pass) => pass,
            other => panic!("{other:?}"),
        };
        let first = pass(gate.step(now, Event::Ask));
        assert_eq!(gate.step(now, Event::Ended(first, Ending::Failed)), Step::Opened);
        assert!(gate.is_shut(|| now) && !gate.is_shut(|| now + OPEN));
        assert_eq!(gate.state(now), BreakerState::Open);
        let probe = pass(gate.step(now + OPEN, Event::Ask));
        assert!(gate.is_shut(|| now + OPEN));
        assert_eq!(gate.state(now + OPEN), BreakerState::HalfOpen);
        let closed = gate.step(now + OPEN, Event::Ended(probe, Ending::Answered));
        assert_eq!((closed, gate.is_shut(|| now + OPEN)), (Step::Closed, false));
    }

    #[test]
    fn the_default_is_half_of_twenty_for_ten_seconds() {
        let config = parse("primary: { url: http://a:1 }", "shadow.yaml", &|_| None);
        assert_eq!(config.expect("a config").mirror.breaker, settings("50%", 20));
    }

    /// What happens to a breaker in a property: time passes, or a copy is asked for or ends.
    #[derive(Clone, Debug)]
    enum Move {
        Wait(u64),
        Ask,
        End(usize, Ending),
    }

    fn moves() -> impl Strategy<Value = Vec<Move>> {
        let endings = prop::sample::select(vec![
            Ending::Answered,
            Ending::Failed,
            Ending::Failed,
            Ending::Unknown,
        ]);
        let one = prop_oneof![
            2 => (0..12_000_u64).prop_map(Move::Wait),
            6 => Just(Move::Ask),
            6 => (0..8_usize, endings).prop_map(|(which, ending)| Move::End(which, ending)),
        ];
        prop::collection::vec(one, 0..300)
    }

    proptest! {
        /// Never more than one probe at a time, never open without the failures, and whatever
        /// happened, it lets copies through again once they are answered.
        #[test]
        fn it_is_never_open_without_cause_and_never_for_good(moves in moves(), of in 1..6_usize) {
            let settings = settings("50%", of);
            let mut breaker = Breaker::new(settings);
            let (mut now, mut flying) = (clock::now(), Vec::new());
            // Failures told since the breaker was last closed, of whatever age.
            let mut failures = 0;
            let mut probes = 0;
            for step in moves {
                match step {
                    Move::Wait(ms) => now += Duration::from_millis(ms),
                    Move::Ask => {
                        let before = breaker.state(now);
                        if let Step::Pass(pass) = breaker.step(now, Event::Ask) {
                            prop_assert_ne!(before, BreakerState::Open);
                            let probe = before == BreakerState::HalfOpen;
                            probes += usize::from(probe);
                            prop_assert!(probes <= 1, "two probes at a time");
                            flying.push((pass, probe));
                        }
                    }
                    Move::End(which, ending) if !flying.is_empty() => {
                        let (pass, probe) = flying.swap_remove(which % flying.len());
                        probes -= usize::from(probe);
                        failures += usize::from(ending == Ending::Failed);
                        match breaker.step(now, Event::Ended(pass, ending)) {
                            Step::Opened => {
                                prop_assert!(2 * failures >= of, "{failures} of {of}");
                                failures = 0;
                            }
                            Step::Reopened => prop_assert!(probe && ending == Ending::Failed),
                            Step::Closed => {
                                prop_assert!(probe && ending == Ending::Answered);
                                failures = 0;
                            }
                            Step::Noted => {}
                            other => prop_assert!(false, "{:?}", other),
                        }
                    }
                    Move::End(..) => {}
                }
            }
            for (pass, _) in flying {
                breaker.step(now, Event::Ended(pass, Ending::Unknown));
            }
            now += OPEN;
            let Step::Pass(pass) = breaker.step(now, Event::Ask) else {
                return Err(TestCaseError::fail("it is shut for good"));
            };
            breaker.step(now, Event::Ended(pass, Ending::Answered));
            prop_assert_eq!(breaker.state(now), BreakerState::Closed);
        }
    }
}
