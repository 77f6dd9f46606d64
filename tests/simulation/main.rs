//! A simulation: the real planes between made-up clients and origins, in made-up time, under
//! thousands of schedules of faults. A seed gives a schedule, and always the same run.
//!
//! `SHADOW_SEED=7 cargo test --test simulation` runs one seed and shows what happens;
//! `SHADOW_SCHEDULES=10000` says how many are run.

#![allow(
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::cast_possible_truncation,
    clippy::disallowed_methods,
    clippy::needless_pass_by_value,
    reason = "a test that fails may panic"
)]

mod check;
mod client;
mod dice;
mod http;
mod origin;
mod pipe;
mod schedule;
mod world;

use schedule::Schedule;
use shadowdiff::model::{DropReason, FailReason, Ledger, SkipReason};
use std::cell::Cell;
use std::env;
use std::panic;
use std::sync::Once;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::thread;
use world::Ran;

/// Seeds that have found something: an early answer that was lost when the primary hung up, two
/// connections that outlived their exchange, and two pipelining clients that waited for ever.
const REGRESSIONS: [u64; 5] = [475, 536, 906, 6373, 7918];

/// How many schedules are run unless told otherwise.
const SCHEDULES: u64 = 10_000;

/// More failures of one kind teach nothing.
const ENOUGH: usize = 10;

thread_local! {
    static PANICS: Cell<usize> = const { Cell::new(0) };
}

/// A panic in a task ends that task alone, and would not be seen.
fn watch_panics() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            PANICS.set(PANICS.get() + 1);
            before(info);
        }));
    });
}

fn run(seed: u64) -> Ran {
    watch_panics();
    let before = PANICS.get();
    let mut ran = world::run(Schedule::new(seed));
    if PANICS.get() > before {
        ran.record.problems.push("something has panicked".into());
    }
    ran
}

/// All that helps to see why a seed fails.
fn tell(seed: u64, ran: &Ran) -> String {
    let (problems, log) = (ran.record.problems.join("\n  "), ran.record.log.join("\n  "));
    let schedule = Schedule::new(seed);
    format!(
        "seed {seed} fails:\n  {problems}\nrun it alone with \
         `SHADOW_SEED={seed} cargo test --test simulation`\nits schedule is\n{schedule:#?}\n{}\n\
         what happened:\n  {log}\nledger: {:?}\n",
        schedule::config(schedule.config),
        ran.ledger
    )
}

fn number(name: &str) -> Option<u64> {
    let text = env::var(name).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("{name} is a number, and not `{text}`")))
}

/// Runs seeds on two threads; gives what all of them counted, and the first that fail.
fn run_all(seeds: &[u64]) -> (Ledger, Vec<(u64, Ran)>) {
    let next = AtomicU64::new(0);
    let work = || {
        let (mut total, mut failures) = (Ledger::default(), Vec::new());
        while let Some(&seed) = seeds.get(next.fetch_add(1, Relaxed) as usize) {
            let ran = run(seed);
            total.merge(&ran.ledger);
            if !ran.record.problems.is_empty() {
                failures.push((seed, ran));
                if failures.len() == ENOUGH {
                    break;
                }
            }
        }
        (total, failures)
    };
    thread::scope(|scope| {
        let other = scope.spawn(work);
        let (mut total, mut failures) = work();
        let (also, more) = other.join().expect("no run panics");
        total.merge(&also);
        failures.extend(more);
        (total, failures)
    })
}

#[test]
fn clients_get_what_the_primary_sent_and_all_is_counted_whatever_happens() {
    if let Some(seed) = number("SHADOW_SEED") {
        let ran = run(seed);
        println!("{}", tell(seed, &ran));
        assert!(ran.record.problems.is_empty(), "{:#?}", ran.record.problems);
        return;
    }
    let count = number("SHADOW_SCHEDULES").unwrap_or(SCHEDULES);
    let seeds: Vec<u64> = REGRESSIONS.into_iter().chain(0..count).collect();
    let (total, failures) = run_all(&seeds);
    if let Some((seed, ran)) = failures.first() {
        let each = failures.iter().map(|(seed, ran)| format!("{seed}: {:?}", ran.record.problems));
        panic!(
            "{}\nof those that fail:\n{}",
            tell(*seed, ran),
            each.collect::<Vec<_>>().join("\n")
        );
    }
    reaches_all(&total);
}

/// A schedule that never gets anywhere would find nothing.
fn reaches_all(total: &Ledger) {
    let skips = [
        SkipReason::Refused,
        SkipReason::Disabled,
        SkipReason::Method,
        SkipReason::BodyTooLarge,
        SkipReason::Partial,
    ];
    let skipped = skips.into_iter().all(|reason| total.skipped[reason as usize] > 0);
    let mut drops = DropReason::ALL.iter().filter(|reason| reason.name() != "panic");
    let dropped = drops.all(|&reason| total.dropped[reason as usize] > 0);
    let failed = [FailReason::Shutdown, FailReason::Memory];
    let failed = failed.into_iter().all(|reason| total.failed[reason as usize] > 0);
    assert!(total.compared > total.seen / 5 && skipped && dropped && failed, "{total:?}");
}

#[test]
fn one_seed_is_one_run() {
    for seed in 0..40 {
        let (first, second) = (run(seed), run(seed));
        assert_eq!(first.record.log, second.record.log, "seed {seed}");
        assert_eq!(first.ledger, second.ledger, "seed {seed}");
    }
}
