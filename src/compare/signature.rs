//! Stable names: of a divergence across requests, and of a sample's place in the draw.

use crate::model::{Divergence, Kind, RequestId, Signature};
use xxhash_rust::xxh3::{xxh3_64, xxh3_128};

/// The first byte of every signature. A change of what goes into one needs another.
const VERSION: u8 = 1;

/// Names a divergence by its endpoint, pattern, kind and classes: XXH3-128 with seed 0 over these
/// texts, each after its length in four bytes. For an outcome or a status, the two words themselves
/// stand for the classes: 200 to 404 is another finding than 200 to 500.
pub fn signature(endpoint: &str, divergence: &Divergence<'_>) -> Signature {
    let mut bytes = Vec::with_capacity(256);
    field(&mut bytes, endpoint.as_bytes());
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
    let [_, rest @ ..] = (xxh3_128(&bytes) >> 8).to_be_bytes();
    let mut name = [VERSION; 16];
    if let Some(tail) = name.last_chunk_mut() {
        *tail = rest;
    }
    Signature(name)
}

/// Appends a text behind its length, so that no two lists of texts look the same.
fn field(bytes: &mut Vec<u8>, text: &[u8]) {
    let length = u32::try_from(text.len()).unwrap_or(u32::MAX);
    bytes.extend(length.to_le_bytes());
    bytes.extend(text);
}

/// A request's place in the draw for a finding's samples: the lowest ranks are kept, so that the
/// same requests are chosen whatever their order, and on however many machines.
pub fn rank(request_id: RequestId, signature: Signature) -> u64 {
    let mut bytes = [0; 32];
    let parts = [request_id.process.to_be_bytes(), request_id.number.to_be_bytes()];
    let source = parts.iter().flatten().chain(&signature.0);
    bytes.iter_mut().zip(source).for_each(|(to, from)| *to = *from);
    xxh3_64(&bytes)
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
            "011a33a8aaea8e143268498bbffd936a"
        );
        assert_eq!(
            signature("GET /items/{int}", &status).to_string(),
            "01618682c5835d47078efd986ee4f5dc"
        );
        let id = RequestId { process: 0x0123_4567_89ab_cdef, number: 42 };
        assert_eq!(rank(id, signature("GET /items/{int}", &value)), 15_862_864_115_386_212_333);
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
