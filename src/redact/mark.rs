//! What stands in a secret's place.

use std::fmt;

/// Makes marks by keyed BLAKE3: equal secrets get equal marks, and without the key nobody can try
/// secrets until the mark fits.
#[derive(Clone)]
pub(super) struct Marks {
    key: [u8; 32],
}

impl Marks {
    pub(super) fn new(key: [u8; 32]) -> Self {
        Self { key }
    }

    /// `redacted:` and 16 hexadecimal digits.
    pub(super) fn of(&self, secret: &[u8]) -> String {
        format!("redacted:{}", self.digits(secret))
    }

    /// What stands for a body of which nothing can be shown.
    pub(super) fn placeholder(&self, bytes: &[u8]) -> String {
        format!("[{} bytes, blake3-keyed {}]", bytes.len(), self.digits(bytes))
    }

    /// The same as a number, of which nothing is shown.
    pub(super) fn number(&self, bytes: &[u8]) -> u64 {
        let hash = blake3::keyed_hash(&self.key, bytes);
        let first = hash.as_bytes().first_chunk().copied();
        u64::from_le_bytes(first.unwrap_or_default())
    }

    fn digits(&self, bytes: &[u8]) -> String {
        let mut digits = blake3::keyed_hash(&self.key, bytes).to_hex().to_string();
        digits.truncate(16);
        digits
    }
}

/// The key is a secret itself.
impl fmt::Debug for Marks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Marks")
    }
}

/// Cuts text to so many bytes at a character's end, and says so; the mark is within the bound.
pub(super) fn cut(mut text: String, limit: usize, mark: &str) -> String {
    if text.len() > limit {
        text.truncate(text.floor_char_boundary(limit.saturating_sub(mark.len())));
        text.push_str(mark);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_secrets_have_equal_marks_under_one_key() {
        let (one, other) = (Marks::new([1; 32]), Marks::new([2; 32]));
        assert_eq!(one.of(b"hunter2"), one.of(b"hunter2"));
        assert_ne!(one.of(b"hunter2"), one.of(b"hunter3"));
        assert_ne!(one.of(b"hunter2"), other.of(b"hunter2"));
        assert_eq!(one.of(b"").len(), "redacted:".len() + 16);
        assert!(!format!("{one:?}").contains('1'));
    }

    #[test]
    fn text_is_cut_between_characters_and_within_the_bound() {
        assert_eq!(cut("ééé".into(), 6, "…"), "ééé");
        assert_eq!(cut("éééé".into(), 6, "…"), "é…");
    }
}
