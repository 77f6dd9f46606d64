//! The containers of a text, listed by whoever validates it in another way than [`Document::parse`].
//!
//! This module never reads a text.

use super::document::Document;
use super::scan::Container;

/// The containers so far, numbered in the order in which they open.
#[derive(Debug, Default)]
pub(crate) struct Listing(Vec<Container>);

impl Listing {
    /// One opens; gives its number.
    #[inline]
    pub fn open(&mut self) -> usize {
        self.0.push(Container { end: 0, next: 0 });
        self.0.len() - 1
    }

    /// The one of this number has ended before this place, as have all that have opened since.
    #[inline]
    pub fn close(&mut self, number: usize, end: usize) {
        let (end, next) = (small(end), small(self.0.len()));
        if let Some(container) = self.0.get_mut(number) {
            *container = Container { end, next };
        }
    }

    /// Forgets the one of this number, and all that have opened since.
    pub fn forget(&mut self, number: usize) {
        self.0.truncate(number);
    }

    /// Adds those of a part of the text, which begins here.
    pub fn add(&mut self, part: &Document<'_>, base: usize) {
        let (base, number) = (small(base), small(self.0.len()));
        let moved = |each: &Container| Container {
            end: each.end.saturating_add(base),
            next: each.next.saturating_add(number),
        };
        self.0.extend(part.containers().iter().map(moved));
    }

    /// The document of a text that was validated, all containers of which were listed.
    pub fn document(self, text: &[u8]) -> Document<'_> {
        Document::listed(text, self.0)
    }
}

/// Texts are shorter than 4 GiB, and have at most one container a byte.
fn small(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_and_containers_make_up_the_document_that_parsing_gives() {
        let text = br#" [{"a":[[],{}]}, [1,[]], {"b":{}}]"#;
        let mut listing = Listing::default();
        let root = listing.open();
        let first = listing.open();
        listing.open();
        listing.forget(first);
        let (part, end) = Document::prefix(text, 2).expect("a value");
        listing.add(&part, 2);
        let second = listing.open();
        let (inner, _) = Document::prefix(text, end + 5).expect("a value");
        listing.add(&inner, end + 5);
        listing.close(second, end + 8);
        let (part, end) = Document::prefix(text, end + 9).expect("a value");
        listing.add(&part, end - part.text().len());
        listing.close(root, end + 1);
        let (listed, parsed) = (listing.document(text), Document::parse(text).expect("JSON"));
        let values = |document: &Document<'_>| {
            let elements: Vec<_> = document.elements(document.root()).collect();
            let members = elements.iter().flat_map(|each| document.members(*each));
            let inner: Vec<_> = members.map(|member| member.value).collect();
            (document.root(), elements, inner)
        };
        assert_eq!(values(&listed), values(&parsed));
        assert_eq!(format!("{listed:?}"), format!("{parsed:?}"));
    }
}
