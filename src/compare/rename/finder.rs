//! Identifiers within longer texts: links, paths, requests.
//!
//! Main type: [`Finder`]. An identifier is found where it stands as a word of its own: neither
//! letters nor digits go on before or behind it. Of several that begin at one place the longest is
//! meant. Each word costs one look-up for each length there is, whatever the number of identifiers:
//! an automaton over them all would cost more to build than most answers take to be searched.
//!
//! This module never decides what stands in place of an identifier.

use crate::compare::table::Map;

/// Identifiers of so many lengths are looked for: the shorter ones.
const LENGTHS: usize = 64;

/// Longer ones are found as whole values only.
const LONGEST: usize = 256;

/// Identifiers by their text, each with what the caller knows it by.
#[derive(Debug)]
pub(super) struct Finder<'t, T> {
    by_text: Map<&'t [u8], T>,
    /// Longest first.
    lengths: Vec<usize>,
}

/// One identifier within a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Hit<T> {
    pub start: usize,
    pub end: usize,
    pub id: T,
}

impl<'t, T: Copy> Finder<'t, T> {
    /// Looks, within texts, for those of at least so many bytes.
    pub(super) fn new(ids: impl IntoIterator<Item = (&'t [u8], T)>, shortest: usize) -> Self {
        let by_text: Map<_, _> = ids.into_iter().collect();
        let lengths = by_text.keys().map(|text| text.len());
        let mut lengths: Vec<_> =
            lengths.filter(|length| (shortest.max(1)..=LONGEST).contains(length)).collect();
        lengths.sort_unstable();
        lengths.dedup();
        lengths.truncate(LENGTHS);
        lengths.reverse();
        Self { by_text, lengths }
    }

    /// The identifier that a text is as a whole.
    pub(super) fn whole(&self, text: &[u8]) -> Option<T> {
        self.by_text.get(text).copied()
    }

    /// Those in a text from left to right; none lies within another.
    pub(super) fn within<'f>(&'f self, text: &'f [u8]) -> impl Iterator<Item = Hit<T>> + 'f {
        self.hits(text, text.len())
    }

    /// The same without those of more than so many bytes.
    fn hits<'f>(&'f self, text: &'f [u8], most: usize) -> impl Iterator<Item = Hit<T>> + 'f {
        let mut at = 0;
        std::iter::from_fn(move || {
            if self.lengths.is_empty() {
                return None;
            }
            while at < text.len() {
                if let Some(hit) = self.at(text, at, most) {
                    at = hit.end;
                    return Some(hit);
                }
                at += 1;
            }
            None
        })
    }

    fn at(&self, text: &[u8], start: usize, most: usize) -> Option<Hit<T>> {
        if !is_edge(text, start) {
            return None;
        }
        self.lengths.iter().filter(|length| **length <= most).find_map(|length| {
            let end = start + length;
            let found = text.get(start..end).filter(|_| is_edge(text, end))?;
            Some(Hit { start, end, id: self.whole(found)? })
        })
    }

    /// The text with what stands for each identifier in its place; nothing where it has none but
    /// may itself be one.
    pub(super) fn replaced_within<'r>(
        &self,
        text: &[u8],
        mut with: impl FnMut(T) -> &'r [u8],
    ) -> Option<Vec<u8>> {
        let (mut out, mut done) = (Vec::new(), 0);
        for Hit { start, end, id } in self.hits(text, text.len().saturating_sub(1)) {
            out.extend(text.get(done..start)?);
            out.extend(with(id));
            done = end;
        }
        let rest = text.get(done..).filter(|_| done > 0)?;
        out.extend(rest);
        Some(out)
    }
}

/// Whether no word goes on across this place.
pub(super) fn is_edge(text: &[u8], at: usize) -> bool {
    let is_word = |at: usize| text.get(at).is_some_and(u8::is_ascii_alphanumeric);
    !(is_word(at) && at.checked_sub(1).is_some_and(is_word))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(ids: &[&str], text: &str, expected: &str) {
        let ids: Vec<_> = ids.iter().map(|id| (id.as_bytes(), *id)).collect();
        let finder = Finder::new(ids, 2);
        let upper = |id: &str| format!("<{id}>");
        let found: Vec<_> = finder.within(text.as_bytes()).map(|hit| upper(hit.id)).collect();
        assert_eq!(found.concat(), expected, "{text}");
        let same = finder.replaced_within(text.as_bytes(), str::as_bytes);
        assert!(same.is_none_or(|same| same == text.as_bytes()), "{text}");
    }

    #[test]
    fn an_identifier_is_found_as_a_word_of_its_own() {
        check(&["ab12"], "/orders/ab12?x=ab12", "<ab12><ab12>");
        check(&["ab12"], "ab12", "<ab12>");
        check(&["ab12"], "ab123 xab12 ab1 ", "");
        check(&["ab12"], "img_ab12.png", "<ab12>");
        check(&["a", "ab12"], "a ab12", "<ab12>");
        check(&["ab12", "ab12-cd"], "ab12-cd ab12-ce", "<ab12-cd><ab12>");
        check(&["-7"], "x-7 -7", "<-7><-7>");
        check(&[], "ab12", "");
        check(&["ab12"], "", "");
    }

    #[test]
    fn what_stands_for_it_takes_its_place() {
        let finder = Finder::new([(&b"ab12"[..], &b"z"[..]), (b"cd34", b"longer one")], 1);
        let replaced = |text: &[u8]| finder.replaced_within(text, |with| with);
        assert_eq!(replaced(b"/ab12/cd34/").as_deref(), Some(&b"/z/longer one/"[..]));
        assert_eq!(replaced(b"/none/"), None);
        assert_eq!(replaced(b"ab12"), None);
    }
}
