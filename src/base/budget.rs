//! Memory that may be held, counted in bytes and never exceeded.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

/// A limit on bytes held at one time. Taking never waits: it succeeds or it does not.
#[derive(Debug)]
pub struct Budget {
    used: AtomicUsize,
    limit: AtomicUsize,
}

impl Budget {
    /// A budget of so many bytes.
    pub fn new(limit: usize) -> Arc<Self> {
        Arc::new(Self { used: AtomicUsize::new(0), limit: AtomicUsize::new(limit) })
    }

    /// Changes the limit; what is held already stays.
    pub fn set_limit(&self, limit: usize) {
        self.limit.store(limit, Relaxed);
    }

    /// Bytes held now.
    pub fn used(&self) -> usize {
        self.used.load(Relaxed)
    }

    /// Takes bytes until the charge is dropped; `None` where the limit does not allow it.
    pub fn take(self: &Arc<Self>, bytes: usize) -> Option<Charge> {
        let mut charge = Charge { budget: self.clone(), bytes: 0 };
        charge.grow(bytes).then_some(charge)
    }
}

/// Bytes taken from a budget; dropping it gives them back.
#[derive(Debug)]
pub struct Charge {
    budget: Arc<Budget>,
    bytes: usize,
}

impl Charge {
    /// How many it holds.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// Takes more bytes; false, and nothing taken, where the limit does not allow it.
    pub fn grow(&mut self, bytes: usize) -> bool {
        let limit = self.budget.limit.load(Relaxed);
        let before = self.budget.used.fetch_add(bytes, Relaxed);
        let fits = before.checked_add(bytes).is_some_and(|after| after <= limit);
        if fits {
            self.bytes += bytes;
        } else {
            self.budget.used.fetch_sub(bytes, Relaxed);
        }
        fits
    }

    /// A charge of nothing on the same budget.
    pub fn empty(&self) -> Self {
        Self { budget: self.budget.clone(), bytes: 0 }
    }

    /// Takes over what another charge of the same budget holds.
    pub fn absorb(&mut self, mut other: Self) {
        self.bytes += std::mem::take(&mut other.bytes);
    }
}

impl Drop for Charge {
    fn drop(&mut self) {
        self.budget.used.fetch_sub(self.bytes, Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_budget_is_never_exceeded_and_always_given_back() {
        let budget = Budget::new(100);
        let mut first = budget.take(60).expect("fits");
        assert!(budget.take(41).is_none());
        assert!(first.grow(40));
        assert!(!first.grow(1));
        assert_eq!(budget.used(), 100);
        drop(first);
        assert_eq!(budget.used(), 0);
        budget.set_limit(10);
        assert!(budget.take(11).is_none());
    }
}
