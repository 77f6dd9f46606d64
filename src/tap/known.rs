//! The fields that mean something to the tap, found in one look at a whole head: that costs less
//! than looking for each of them.

use crate::policy::is_marker;
use http::{HeaderMap, HeaderName, HeaderValue};

/// A field that is not just passed on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Known {
    Connection,
    ContentLength,
    Expect,
    Forwarded,
    ForwardedFor,
    ForwardedHost,
    ForwardedProto,
    Host,
    KeepAlive,
    /// However it is written.
    Marker,
    ProxyConnection,
    Te,
    TransferEncoding,
    Upgrade,
    Via,
}

impl Known {
    /// The one that goes by a name.
    pub fn of(name: &HeaderName) -> Option<Self> {
        Some(match name.as_str() {
            "connection" => Self::Connection,
            "content-length" => Self::ContentLength,
            "expect" => Self::Expect,
            "forwarded" => Self::Forwarded,
            "host" => Self::Host,
            "keep-alive" => Self::KeepAlive,
            "proxy-connection" => Self::ProxyConnection,
            "te" => Self::Te,
            "transfer-encoding" => Self::TransferEncoding,
            "upgrade" => Self::Upgrade,
            "via" => Self::Via,
            "x-forwarded-for" => Self::ForwardedFor,
            "x-forwarded-host" => Self::ForwardedHost,
            "x-forwarded-proto" => Self::ForwardedProto,
            name if is_marker(name) => Self::Marker,
            _ => return None,
        })
    }

    const fn bit(self) -> u32 {
        1 << self as u32
    }
}

/// Those that belong to one connection.
const HOP_BY_HOP: u32 = Known::Connection.bit()
    | Known::KeepAlive.bit()
    | Known::ProxyConnection.bit()
    | Known::Te.bit()
    | Known::TransferEncoding.bit()
    | Known::Upgrade.bit();

/// Whether a field belongs to one connection only, and never passes a proxy.
pub fn is_hop_by_hop(name: &HeaderName) -> bool {
    Known::of(name).is_some_and(|known| known.bit() & HOP_BY_HOP != 0)
}

/// Whether white space stands around a value, which no value of HTTP/2 has (RFC 9113 section 8.2.1).
pub fn is_padded(value: &HeaderValue) -> bool {
    let white = |byte: Option<&u8>| matches!(byte, Some(b' ' | b'\t'));
    white(value.as_bytes().first()) || white(value.as_bytes().last())
}

/// What a head has of these, and how large it is.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Fields {
    /// A bit for each that is there, and for each that is there on several lines.
    once: u32,
    again: u32,
    bytes: usize,
    padded: bool,
}

impl Fields {
    /// Beside its name and its value, a line has a colon, a space and its end.
    const PUNCTUATION: usize = 4;

    /// The fields of a head.
    pub fn of(headers: &HeaderMap) -> Self {
        let mut fields = Self::default();
        for (name, value) in headers {
            let bit = Known::of(name).map_or(0, Known::bit);
            fields.again |= fields.once & bit;
            fields.once |= bit;
            fields.bytes += name.as_str().len() + value.len() + Self::PUNCTUATION;
            fields.padded |= is_padded(value);
        }
        fields
    }

    /// Whether one is there.
    pub fn has(self, known: Known) -> bool {
        self.once & known.bit() != 0
    }

    /// Whether one is there on several lines.
    pub fn repeats(self, known: Known) -> bool {
        self.again & known.bit() != 0
    }

    /// Whether there are any of one connection.
    pub fn has_hop_by_hop(self) -> bool {
        self.once & HOP_BY_HOP != 0
    }

    /// Whether white space stands around one of the values.
    pub fn are_padded(self) -> bool {
        self.padded
    }

    /// What all lines take.
    pub fn bytes(self) -> usize {
        self.bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    fn fields(lines: &[(&'static str, &'static str)]) -> Fields {
        let mut headers = HeaderMap::new();
        for &(name, value) in lines {
            headers.append(name, HeaderValue::from_static(value));
        }
        Fields::of(&headers)
    }

    #[test]
    fn what_is_there_is_told_apart_from_what_is_there_twice() {
        let fields = fields(&[("host", "a"), ("x-other", "b"), ("via", "1.1 a"), ("via", "1.1 b")]);
        let all = [Known::Host, Known::Via, Known::Te, Known::Marker];
        assert_eq!(all.map(|known| fields.has(known)), [true, true, false, false]);
        assert_eq!(all.map(|known| fields.repeats(known)), [false, true, false, false]);
        assert_eq!(fields.bytes(), "host: a\r\nx-other: b\r\nvia: 1.1 a\r\nvia: 1.1 b\r\n".len());
    }

    #[test]
    fn a_marker_is_known_however_it_is_written() {
        for name in ["x-shadow-mirror", "x_shadow_mirror", "x-shadow_mirror"] {
            assert!(fields(&[(name, "1")]).has(Known::Marker), "{name}");
        }
        assert!(!fields(&[("x-shadow-mirrors", "1")]).has(Known::Marker));
    }

    #[test]
    fn some_belong_to_one_connection() {
        let of_one =
            ["connection", "keep-alive", "proxy-connection", "te", "transfer-encoding", "upgrade"];
        for name in of_one {
            assert!(fields(&[("host", "a"), (name, "1")]).has_hop_by_hop(), "{name}");
            assert!(is_hop_by_hop(&HeaderName::from_static(name)), "{name}");
        }
        assert!(!fields(&[("host", "a"), ("via", "b"), ("expect", "c")]).has_hop_by_hop());
    }
}
