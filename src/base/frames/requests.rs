//! How far the requests of a client are. Pure.

use std::collections::BTreeSet;

/// So many that go on are known: those that began last.
const MOST_OPEN: usize = 1024;

/// The requests on a connection, by their streams.
#[derive(Default)]
pub struct Requests {
    /// Those that have not ended.
    open: BTreeSet<u32>,
    newest: u32,
    /// The newest of those that went on when they were forgotten.
    forgotten: u32,
}

impl Requests {
    /// One has begun that has not ended with its head, or goes on.
    pub fn go_on(&mut self, stream: u32) {
        self.newest = self.newest.max(stream);
        self.open.insert(stream);
        if self.open.len() > MOST_OPEN {
            self.forgotten = self.open.pop_first().unwrap_or_default().max(self.forgotten);
        }
    }

    /// One has ended, maybe with its head.
    pub fn end(&mut self, stream: u32) {
        self.newest = self.newest.max(stream);
        self.open.remove(&stream);
    }

    /// Whether one is known to go on.
    pub fn has_open(&self, stream: u32) -> bool {
        self.open.contains(&stream)
    }

    /// Whether one is known to have ended.
    pub fn has_ended(&self, stream: u32) -> bool {
        (self.forgotten + 1..=self.newest).contains(&stream) && !self.has_open(stream)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_goes_on_until_it_ends() {
        let mut requests = Requests::default();
        assert!(!requests.has_open(1) && !requests.has_ended(1));
        requests.go_on(1);
        assert!(requests.has_open(1) && !requests.has_ended(1));
        requests.end(1);
        assert!(!requests.has_open(1) && requests.has_ended(1));
        requests.end(3);
        assert!(requests.has_ended(3) && !requests.has_ended(5));
    }

    #[test]
    fn of_what_is_forgotten_nothing_is_said() {
        let mut requests = Requests::default();
        (0..=MOST_OPEN)
            .for_each(|number| requests.go_on(2 * u32::try_from(number).expect("few") + 1));
        assert!(!requests.has_open(1) && !requests.has_ended(1));
        assert!(requests.has_open(3));
        requests.end(3);
        assert!(requests.has_ended(3));
    }
}
