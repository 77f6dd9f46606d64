//! The bound on work: counted, not timed, so that a result can be reproduced.

/// What is left to spend. One unit is a visited node, or 256 bytes of children compared as text.
#[derive(Debug)]
pub(super) struct Fuel(u64);

impl Fuel {
    /// What one comparison may spend.
    pub(super) const LIMIT: u64 = 2_000_000;

    pub(super) fn new() -> Self {
        Self(Self::LIMIT)
    }

    /// Takes one unit; nothing once they are used up.
    pub(super) fn node(&mut self) -> Option<()> {
        self.spend(1)
    }

    /// Takes what looking at so many bytes once more costs.
    pub(super) fn bytes(&mut self, length: usize) -> Option<()> {
        self.spend(length as u64 / 256)
    }

    /// What is left, for those who take from it themselves.
    pub(super) fn units(&mut self) -> &mut u64 {
        &mut self.0
    }

    /// Takes so many where that leaves most of what there is, and says whether it did: for what makes
    /// a result better, and can be done without.
    pub(super) fn afford(&mut self, units: u64) -> bool {
        units <= self.0 / 4 && self.spend(units).is_some()
    }

    /// Takes so many.
    pub(super) fn spend(&mut self, units: u64) -> Option<()> {
        self.0 = self.0.checked_sub(units)?;
        Some(())
    }
}
