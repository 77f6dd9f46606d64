//! Stable names: of a divergence across requests, of an answer by all that differs in it, and of a
//! request's place in a draw.
//!
//! This module never hashes with a seed or key of its own: names are the same on every machine.

use crate::model::{Divergence, Kind, RequestId, Signature};
use xxhash_rust::xxh3::{xxh3_64, xxh3_128};

/// The first byte of every signature. A change of what goes into one needs another.
const VERSION: u8 = 2;
/// The same for response signatures, which are told from others by the first bit.
const RESPONSE_VERSION: u8 = 0x81;

/// What names a divergence beside its endpoint: findings of endpoints that turn out to be one are
/// the same finding where their stems are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Stem(pub [u8; 16]);

impl Stem {
    /// Of a divergence: XXH3-128 with seed 0 over its pattern, kind and classes, each after its
    /// length in four bytes. For an outcome or a status, the two words themselves stand for the
    /// classes: 200 to 404 is another finding than 200 to 500.
    pub fn of(divergence: &Divergence<'_>) -> Self {
        let mut bytes = Vec::with_capacity(256);
        field(&mut bytes, divergence.place.pattern().as_bytes());
        field(&mut bytes, divergence.kind.name().as_bytes());
        match divergence.kind {
            Kind::Outcome | Kind::Status => {
                field(&mut bytes, divergence.primary.unwrap_or_default());
                field(&mut bytes, divergence.candidate.unwrap_or_default());
            }
            _ => {
                field(&mut bytes, divergence.primary_class.name().as_bytes());
                field(&mut bytes, divergence.candidate_class.name().as_bytes());
            }
        }
        Self(xxh3_128(&bytes).to_be_bytes())
    }

    /// The signature at an endpoint: a version, then 120 bits of XXH3-128 with seed 0 over the
    /// endpoint after its length, and the stem.
    pub fn at(self, endpoint: &str) -> Signature {
        let mut bytes = Vec::with_capacity(128);
        field(&mut bytes, endpoint.as_bytes());
        bytes.extend(self.0);
        versioned(VERSION, &bytes)
    }
}

/// Names what an answer shows as a whole: a version, then 120 bits of XXH3-128 with seed 0 over
/// the endpoint and the outcomes of primary and candidate, each after its length, and the
/// signatures of the divergences, in order, each once.
pub fn response_signature(
    endpoint: &str,
    outcomes: [&str; 2],
    changes: impl IntoIterator<Item = Signature>,
) -> Signature {
    let mut changes: Vec<_> = changes.into_iter().collect();
    changes.sort_unstable();
    changes.dedup();
    let mut bytes = Vec::with_capacity(128 + 16 * changes.len());
    field(&mut bytes, endpoint.as_bytes());
    outcomes.iter().for_each(|outcome| field(&mut bytes, outcome.as_bytes()));
    changes.iter().for_each(|change| bytes.extend(change.0));
    versioned(RESPONSE_VERSION, &bytes)
}

/// The version, then 120 bits of the hash.
fn versioned(version: u8, bytes: &[u8]) -> Signature {
    let [_, rest @ ..] = (xxh3_128(bytes) >> 8).to_be_bytes();
    let mut name = [version; 16];
    if let Some(tail) = name.last_chunk_mut() {
        *tail = rest;
    }
    Signature(name)
}

/// Names a divergence by its endpoint, pattern, kind and classes.
pub fn signature(endpoint: &str, divergence: &Divergence<'_>) -> Signature {
    Stem::of(divergence).at(endpoint)
}

/// Appends a text behind its length, so that no two lists of texts look the same.
fn field(bytes: &mut Vec<u8>, text: &[u8]) {
    let length = u32::try_from(text.len()).unwrap_or(u32::MAX);
    bytes.extend(length.to_le_bytes());
    bytes.extend(text);
}

/// A request's place in the draw for a finding's samples: the lowest ranks are kept, so that the
/// same requests are chosen whatever their order, on however many machines, and whatever their
/// endpoint was called at the time.
pub fn rank(request_id: RequestId, stem: Stem) -> u64 {
    let mut bytes = [0; 32];
    let id = bytes_of(request_id);
    bytes.iter_mut().zip(id.iter().chain(&stem.0)).for_each(|(to, from)| *to = *from);
    xxh3_64(&bytes)
}

/// A request's place in the draw for the exemplars of a response signature: the same in each.
pub fn draw(request_id: RequestId) -> u64 {
    xxh3_64(&bytes_of(request_id))
}

fn bytes_of(request_id: RequestId) -> [u8; 16] {
    let number = u128::from(request_id.process) << 64 | u128::from(request_id.number);
    number.to_be_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Class, Path, Place, Seg, Severity};

    fn divergence<'a>(kind: Kind, place: Place, sides: [&'a str; 2]) -> Divergence<'a> {
        Divergence {
            kind,
            severity: Severity::Behavioural,
            place,
            primary: Some(sides[0].as_bytes()),
            candidate: Some(sides[1].as_bytes()),
            primary_class: Class::Int,
            candidate_class: Class::Int,
            count: 1,
        }
    }

    fn price() -> Place {
        Place::Body(Path(vec![Seg::Key("items".into()), Seg::Index(3), Seg::Key("price".into())]))
    }

    #[test]
    fn signatures_never_change() {
        let value = divergence(Kind::Value, price(), ["1", "2"]);
        let status = divergence(Kind::Status, Place::Status, ["200", "500"]);
        assert_eq!(
            signature("GET /items/{int}", &value).to_string(),
            "02b95f08c260ec3405ced6c2111adf0d"
        );
        assert_eq!(
            signature("GET /items/{int}", &status).to_string(),
            "02877fd9ce21ed1f1d44896d49f21598"
        );
        let id = RequestId { process: 0x0123_4567_89ab_cdef, number: 42 };
        assert_eq!(rank(id, Stem::of(&value)), 11_735_999_112_089_553_523);
        assert_eq!(draw(id), 10_119_935_402_011_580_264);
        let changes = [signature("GET /items/{int}", &value)];
        let response = response_signature("GET /items/{int}", ["200", "200"], changes);
        assert_eq!(response.to_string(), "81b96e37cc688be7f5b5ebbcedf109c0");
    }

    #[test]
    fn a_response_signature_depends_on_the_set_of_changes_and_on_both_outcomes() {
        let [a, b, c] = [1, 2, 3].map(|byte| Signature([byte; 16]));
        let of = |changes: &[Signature]| {
            response_signature("e", ["200", "500"], changes.iter().copied())
        };
        assert_eq!(of(&[a, b, a]), of(&[b, a]));
        assert_ne!(of(&[a, b]), of(&[a, b, c]));
        assert_ne!(of(&[a]), response_signature("f", ["200", "500"], [a]));
        assert_ne!(of(&[a]), response_signature("e", ["500", "200"], [a]));
        assert_ne!(of(&[a]), response_signature("e", ["200", "50"], [a]));
    }

    #[test]
    fn a_signature_depends_on_what_names_the_finding_and_on_nothing_else() {
        let one = divergence(Kind::Value, price(), ["1", "2"]);
        let mut other = divergence(Kind::Value, price(), ["3", "44"]);
        other.count = 7;
        assert_eq!(signature("e", &one), signature("e", &other));
        assert_ne!(signature("e", &one), signature("f", &one));
        other.candidate_class = Class::Decimal;
        assert_ne!(signature("e", &one), signature("e", &other));
        let status = |to| divergence(Kind::Status, Place::Status, ["200", to]);
        assert_ne!(signature("e", &status("404")), signature("e", &status("500")));
    }
}
