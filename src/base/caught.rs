//! Bugs of our own, kept to the piece of work that they strike.

use std::panic::{AssertUnwindSafe, catch_unwind};

/// What the work gives; nothing where it panicked. The hook of the process has told and counted
/// that by then. What the work was changing may be half changed: the caller answers for it.
pub fn caught<T>(work: impl FnOnce() -> T) -> Option<T> {
    catch_unwind(AssertUnwindSafe(work)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_nothing_and_all_else_is_what_it_is() {
        assert_eq!(caught(|| 1), Some(1));
        assert_eq!(caught(|| panic!("a bug")), None::<()>);
    }
}
