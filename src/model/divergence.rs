//! What differs between two answers, where, and how bad it is.

use crate::model::Place;
use crate::model::words::words;
use std::fmt;
use std::str::FromStr;

words! {
    /// How much a divergence matters; the first is the worst.
    Severity {
        /// A client that relies on the primary's contract breaks.
        Breaking = "breaking",
        /// The contract holds, the content differs.
        Behavioural = "behavioural",
        /// Something new that a tolerant client ignores.
        Additive = "additive",
        /// Worth knowing; never gates.
        Info = "info",
    }
}

words! {
    /// What kind of difference it is.
    Kind {
        Outcome = "outcome",
        Status = "status",
        MediaType = "media_type",
        HeaderMissing = "header_missing",
        HeaderExtra = "header_extra",
        HeaderValue = "header_value",
        Encoding = "encoding",
        Unparsable = "unparsable",
        Missing = "missing",
        Extra = "extra",
        Type = "type",
        Null = "null",
        Value = "value",
        NumberSpelling = "number_spelling",
        TimeDrift = "time_drift",
        Reordered = "reordered",
        Moved = "moved",
        Removed = "removed",
        Added = "added",
        ArrayLength = "array_length",
        DuplicateKey = "duplicate_key",
        DuplicateIdentity = "duplicate_identity",
        ReferenceBroken = "reference_broken",
        KeyOrder = "key_order",
        TooDeep = "too_deep",
        Truncated = "truncated",
    }
}

impl Kind {
    /// How bad a difference of this kind is, where nothing more is known. A change of the status
    /// class (2xx to 5xx, say) is raised to breaking by the comparer.
    pub fn severity(self) -> Severity {
        match self {
            Self::Outcome
            | Self::MediaType
            | Self::Unparsable
            | Self::Missing
            | Self::Type
            | Self::Null
            | Self::DuplicateKey
            | Self::TooDeep
            | Self::Truncated
            | Self::ReferenceBroken => Severity::Breaking,
            Self::Status
            | Self::HeaderMissing
            | Self::HeaderExtra
            | Self::HeaderValue
            | Self::Value
            | Self::TimeDrift
            | Self::Reordered
            | Self::Removed
            | Self::Added
            | Self::ArrayLength => Severity::Behavioural,
            Self::Extra => Severity::Additive,
            Self::Encoding
            | Self::NumberSpelling
            | Self::Moved
            | Self::DuplicateIdentity
            | Self::KeyOrder => Severity::Info,
        }
    }
}

words! {
    /// What sort of value stands at a place: part of a divergence's identity, and what an ignored
    /// place must still keep to.
    Class {
        Absent = "absent",
        Null = "null",
        Bool = "bool",
        Int = "int",
        Decimal = "decimal",
        Empty = "empty",
        Uuid = "uuid",
        Ulid = "ulid",
        ObjectId = "objectid",
        Hex = "hex",
        Base64 = "base64",
        Jwt = "jwt",
        Rfc3339 = "rfc3339",
        HttpDate = "http_date",
        Date = "date",
        Epoch = "epoch",
        Duration = "duration",
        Ip = "ip",
        Host = "host",
        Url = "url",
        Email = "email",
        Etag = "etag",
        Semver = "semver",
        Text = "text",
        Object = "object",
        Array = "array",
        Bytes = "bytes",
    }
}

/// One difference at one place. The values are the raw text of each side, borrowed from the
/// decoded bodies: nothing is copied until a sample of it is kept, and then it is redacted first.
#[derive(Clone, Debug, PartialEq)]
pub struct Divergence<'a> {
    pub kind: Kind,
    pub severity: Severity,
    pub place: Place,
    pub primary: Option<&'a [u8]>,
    pub candidate: Option<&'a [u8]>,
    pub primary_class: Class,
    pub candidate_class: Class,
    /// How many like it this record stands for; 1 but for aggregated ones.
    pub count: u64,
}

/// The stable hash that groups equal divergences across requests, processes and machines: a
/// version byte, then 120 bits of XXH3-128 with seed 0 over endpoint, pattern, kind and classes.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Signature(pub [u8; 16]);

impl fmt::Display for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Signature({self})")
    }
}

/// The text is not 32 hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a signature is 32 hexadecimal digits")]
pub struct SignatureError;

impl FromStr for Signature {
    type Err = SignatureError;

    fn from_str(text: &str) -> Result<Self, SignatureError> {
        if text.len() != 32 || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(SignatureError);
        }
        let number = u128::from_str_radix(text, 16).map_err(|_| SignatureError)?;
        Ok(Self(number.to_be_bytes()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_reads_back_as_it_prints() {
        let signature = Signature(*b"\x01abcdefghijklmno");
        assert_eq!(signature.to_string().parse(), Ok(signature));
        assert_eq!("01".parse::<Signature>(), Err(SignatureError));
        assert_eq!("+1234567890123456789012345678901".parse::<Signature>(), Err(SignatureError));
    }

    #[test]
    fn names_lead_back_to_their_kinds() {
        for &kind in Kind::ALL {
            assert_eq!(Kind::from_name(kind.name()), Some(kind));
        }
    }
}
