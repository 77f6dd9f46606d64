//! The id of a new session.

use crate::store::newest_id;
use std::path::Path;
use uuid::{NoContext, Timestamp, Uuid};

/// An id that comes after those of all sessions in the store: ids are what sessions are listed by,
/// and a clock may have been set back.
pub(super) fn id(store: &Path) -> String {
    let newest = newest_id(store).and_then(|id| Uuid::parse_str(&id).ok());
    after(newest, Uuid::now_v7()).to_string()
}

/// The new id, or one of a millisecond after the newest.
fn after(newest: Option<Uuid>, new: Uuid) -> Uuid {
    let late = newest.filter(|newest| *newest >= new).and_then(|newest| newest.get_timestamp());
    let Some((seconds, nanos)) = late.map(|time| time.to_unix()) else { return new };
    let (seconds, nanos) = match nanos + 1_000_000 {
        whole @ 1_000_000_000.. => (seconds + 1, whole - 1_000_000_000),
        nanos => (seconds, nanos),
    };
    Uuid::new_v7(Timestamp::from_unix(NoContext, seconds, nanos))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64, nanos: u32) -> Uuid {
        Uuid::new_v7(Timestamp::from_unix(NoContext, seconds, nanos))
    }

    #[test]
    fn a_session_comes_after_every_stored_one_whatever_the_clock_says() {
        const MONTH: u64 = 30 * 24 * 3600;
        let now = at(2_000_000_000, 0);
        assert_eq!(after(None, now), now);
        assert_eq!(after(Some(at(2_000_000_000 - MONTH, 0)), now), now);
        let mut newest = at(2_000_000_000 + MONTH, 998_000_000);
        for _ in 0..5 {
            let next = after(Some(newest), now);
            assert!(next > newest && next.to_string() > newest.to_string());
            newest = next;
        }
        // Somebody's own directory says nothing about time.
        assert_eq!(after(Some(Uuid::max()), now), now);
    }
}
