//! What marks a request as a copy of ours, so that it is never mirrored again.
//!
//! The marker carries the session and a keyed hash of it. A client that writes one of its own could
//! otherwise keep its requests from being mirrored, and so from being compared.

use blake3::{Hash, keyed_hash};
use http::{HeaderMap, HeaderName, HeaderValue};

const NAME: &str = "x-shadow-mirror";

/// The name of the field.
pub static MARKER: HeaderName = HeaderName::from_static(NAME);

/// The marker of one process.
#[derive(Clone, Debug)]
pub struct Marker {
    value: HeaderValue,
    session: String,
    hash: Hash,
}

impl Marker {
    /// The marker for the copies of a session, signed with a key that nobody else has.
    pub fn new(session: &str, key: &[u8; 32]) -> Self {
        let hash = keyed_hash(key, session.as_bytes());
        let value = HeaderValue::try_from(format!("{session}.{}", hash.to_hex()));
        let value = value.expect("a session id and digits are a field value");
        Self { value, session: session.to_owned(), hash }
    }

    /// What copies carry.
    pub fn value(&self) -> &HeaderValue {
        &self.value
    }

    /// Removes markers without our signature, however they are written; says whether there were
    /// any. Afterwards a request that has [`MARKER`] is a copy of ours.
    pub fn strip(&self, headers: &mut HeaderMap) -> bool {
        if !headers.keys().any(|name| is_marker(name.as_str())) || self.is_signed(headers) {
            return false;
        }
        strip_markers(headers);
        true
    }

    /// Exactly one marker, and it is ours.
    fn is_signed(&self, headers: &HeaderMap) -> bool {
        let mut markers = headers.iter().filter(|(name, _)| is_marker(name.as_str()));
        match (markers.next(), markers.next()) {
            (Some((name, value)), None) => name == MARKER && self.signed(value).is_some(),
            _ => false,
        }
    }

    fn signed(&self, value: &HeaderValue) -> Option<()> {
        let (session, hash) = value.to_str().ok()?.split_once('.')?;
        // Hashes are compared in constant time.
        (session == self.session && Hash::from_hex(hash).ok()? == self.hash).then_some(())
    }
}

/// Removes every marker, signed or not: no trailer carries one.
pub fn strip_markers(headers: &mut HeaderMap) {
    let found = headers.keys().filter(|name| is_marker(name.as_str())).cloned();
    for name in found.collect::<Vec<_>>() {
        headers.remove(name);
    }
}

/// The marker's name, also as servers read it that take `_` for `-`.
pub fn is_marker(name: &str) -> bool {
    name.len() == NAME.len()
        && name.bytes().zip(NAME.bytes()).all(|(one, other)| {
            let one = if one == b'_' { b'-' } else { one };
            one == other
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(fields: &[(&'static str, &str)], stripped: bool) {
        let marker = Marker::new("s", &[7; 32]);
        let mut headers = HeaderMap::new();
        for (name, value) in fields {
            let own = marker.value().to_str().expect("text");
            let value = value.replace("OWN", own);
            headers.append(*name, HeaderValue::try_from(value).expect("a value"));
        }
        assert_eq!(marker.strip(&mut headers), stripped, "{fields:?}");
        assert_eq!(
            headers.keys().any(|name| is_marker(name.as_str())),
            !stripped && !fields.is_empty(),
            "{fields:?}"
        );
    }

    #[test]
    fn only_a_marker_with_our_signature_stays() {
        check(&[], false);
        check(&[("x-shadow-mirror", "OWN")], false);
        check(&[("x-shadow-mirror", "s")], true);
        check(&[("x-shadow-mirror", "s.00")], true);
        check(&[("x-shadow-mirror", "OWN"), ("x-shadow-mirror", "OWN")], true);
        check(&[("x_shadow_mirror", "OWN")], true);
        check(&[("x-shadow-mirror", "OWN"), ("x-shadow_mirror", "1")], true);
    }

    #[test]
    fn a_signature_of_another_process_is_none_of_ours() {
        let mut headers = HeaderMap::new();
        headers.insert(&MARKER, Marker::new("s", &[8; 32]).value().clone());
        assert!(Marker::new("s", &[7; 32]).strip(&mut headers));
    }
}
