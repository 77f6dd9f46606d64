//! A walk through bytes that never goes beyond their end.
//!
//! This module never copies, and allocates nothing.

use super::Unreadable;

/// What is left to read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Input<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Input<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    /// Offset of the next byte.
    pub(super) fn at(&self) -> usize {
        self.at
    }

    pub(super) fn left(&self) -> usize {
        self.bytes.len() - self.at
    }

    pub(super) fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    /// What was read since an earlier offset.
    pub(super) fn since(&self, start: usize) -> &'a [u8] {
        self.bytes.get(start..self.at).unwrap_or_default()
    }

    /// Takes so many bytes; nothing is taken where there are fewer.
    pub(super) fn take(&mut self, length: u64) -> Result<&'a [u8], Unreadable> {
        let end = usize::try_from(length).ok().and_then(|length| self.at.checked_add(length));
        match end.and_then(|end| self.bytes.get(self.at..end)) {
            Some(taken) => {
                self.at += taken.len();
                Ok(taken)
            }
            None => Err(self.wrong("the bytes end within a value")),
        }
    }

    pub(super) fn array<const N: usize>(&mut self) -> Result<[u8; N], Unreadable> {
        let taken = self.take(N as u64)?;
        taken.try_into().map_err(|_| self.wrong("the bytes end within a value"))
    }

    pub(super) fn byte(&mut self) -> Result<u8, Unreadable> {
        self.array().map(|[byte]| byte)
    }

    /// Says what is wrong where the walk stands.
    pub(super) fn wrong(&self, problem: &'static str) -> Unreadable {
        Unreadable { at: self.at, problem }
    }
}
