//! Which sessions are old enough to go.
//!
//! A clock that jumps must not empty the store. A collection therefore believes the time only up
//! to a day beyond the newest evidence: the last writes of the other sessions and, once it has been
//! running for an hour, the running session's start plus its running time by the monotonic clock.
//! After a long absence, too, nothing goes before a session has been running for that hour.
//!
//! This module never deletes anything itself.

use jiff::{SignedDuration, Timestamp};
use std::time::Duration;

/// The session that is being written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Running {
    pub id: String,
    pub started_at: Timestamp,
    /// By the monotonic clock.
    pub uptime: Duration,
}

/// When there was something of a session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Lifetime {
    pub id: String,
    /// Absent: it runs, or its process was killed.
    pub ended_at: Option<Timestamp>,
    pub last_write: Timestamp,
}

const TRUSTED_UPTIME: Duration = Duration::from_secs(3600);
const BELIEVED_GAP: SignedDuration = SignedDuration::from_hours(24);

/// The ids of the sessions that ended, or were last written, longer than `keep` ago.
pub(super) fn expired(
    sessions: &[Lifetime],
    keep: Duration,
    now: Timestamp,
    running: Option<&Running>,
) -> Vec<String> {
    let others =
        || sessions.iter().filter(|each| running.is_none_or(|running| running.id != each.id));
    let uptime = running.filter(|running| running.uptime >= TRUSTED_UPTIME);
    let evidence = others()
        .map(|each| each.last_write)
        .chain(uptime.and_then(|running| running.started_at.checked_add(running.uptime).ok()))
        .max();
    let Some(evidence) = evidence else { return Vec::new() };
    let believed = evidence.checked_add(BELIEVED_GAP).map_or(now, |limit| now.min(limit));
    // A time to live beyond what the calendar holds never ends.
    let Ok(limit) = believed.checked_sub(keep) else { return Vec::new() };
    let old = |each: &&Lifetime| each.ended_at.unwrap_or(each.last_write) < limit;
    others().filter(old).map(|each| each.id.clone()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: i64 = 24;
    const KEEP: Duration = Duration::from_secs(7 * 24 * 3600);

    fn at(hours: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + hours * 3600).expect("in range")
    }

    fn ended(id: &str, hours: i64) -> Lifetime {
        Lifetime { id: id.into(), ended_at: Some(at(hours)), last_write: at(hours) }
    }

    fn killed(id: &str, hours: i64) -> Lifetime {
        Lifetime { ended_at: None, ..ended(id, hours) }
    }

    fn running(hours: i64, uptime: u64) -> Running {
        let uptime = Duration::from_secs(uptime * 3600);
        Running { id: "running".into(), started_at: at(hours), uptime }
    }

    fn check(sessions: &[Lifetime], now: i64, running: Option<&Running>, expected: &[&str]) {
        let found = expired(sessions, KEEP, at(now), running);
        assert_eq!(found, expected, "{sessions:?} at {now} beside {running:?}");
    }

    #[test]
    fn sessions_go_when_they_ended_longer_ago_than_keep() {
        let sessions = [ended("new", 10 * DAY), ended("edge", 3 * DAY), ended("old", 3 * DAY - 1)];
        check(&sessions, 10 * DAY, None, &["old"]);
        check(&sessions, 0, None, &[]);
        check(&[], 10 * DAY, None, &[]);
    }

    #[test]
    fn a_session_that_was_killed_is_judged_by_its_last_write() {
        let sessions = [killed("new", 9 * DAY), killed("old", DAY)];
        check(&sessions, 9 * DAY, None, &["old"]);
    }

    #[test]
    fn the_running_session_never_goes() {
        let sessions = [killed("running", 0), ended("new", 9 * DAY)];
        check(&sessions, 9 * DAY, Some(&running(0, 9 * 24)), &[]);
    }

    #[test]
    fn m28_a_clock_that_jumps_does_not_empty_the_store() {
        let sessions = [ended("b", 5 * DAY), ended("a", 0), killed("running", 1000 * DAY)];
        check(&sessions[..2], 1000 * DAY, None, &[]);
        check(&sessions, 1000 * DAY, Some(&running(1000 * DAY, 0)), &[]);
        check(&sessions[..2], 1000 * DAY, Some(&running(5 * DAY, 2)), &[]);
    }

    #[test]
    fn after_a_long_absence_an_hour_of_running_is_believed() {
        let sessions = [ended("b", 5 * DAY), ended("a", 0)];
        check(&sessions, 30 * DAY, Some(&running(30 * DAY, 0)), &[]);
        check(&sessions, 30 * DAY + 1, Some(&running(30 * DAY, 1)), &["b", "a"]);
    }
}
