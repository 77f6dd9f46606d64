//! The frames of gRPC (grpc.io, "gRPC over HTTP2", Length-Prefixed-Message).
//!
//! This module never decompresses: whoever knows the coding does.

use super::Unreadable;
use super::input::Input;

/// One message as it came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frame<'a> {
    /// Where its bytes stand in the body.
    pub at: usize,
    /// Whether they are coded as `grpc-encoding` says.
    pub compressed: bool,
    pub bytes: &'a [u8],
}

/// Cuts a body into its messages; none are in an empty one.
pub fn frames(body: &[u8]) -> Result<Vec<Frame<'_>>, Unreadable> {
    let mut input = Input::new(body);
    let mut frames = Vec::new();
    while input.left() > 0 {
        let start = input;
        let compressed = match input.byte()? {
            0 => false,
            1 => true,
            _ => return Err(start.wrong("a message says neither that it is compressed nor not")),
        };
        let length = u32::from_be_bytes(input.array()?);
        let at = input.at();
        let bytes = input.take(length.into()).map_err(|_| start.wrong("a message is cut short"))?;
        frames.push(Frame { at, compressed, bytes });
    }
    Ok(frames)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_is_cut_into_its_messages() {
        let frame = |at, compressed, bytes| Frame { at, compressed, bytes };
        assert_eq!(frames(b""), Ok(vec![]));
        assert_eq!(
            frames(b"\0\0\0\0\x02hi\x01\0\0\0\0"),
            Ok(vec![frame(5, false, &b"hi"[..]), frame(12, true, &b""[..])])
        );
    }

    #[test]
    fn what_is_cut_short_or_unknown_says_where() {
        let check = |body: &[u8], at, problem| {
            assert_eq!(frames(body), Err(Unreadable { at, problem }));
        };
        check(b"\0\0\0", 1, "the bytes end within a value");
        check(b"\0\0\0\0\0\0\xff\xff\xff\xffhi", 5, "a message is cut short");
        check(b"\x80\0\0\0\0", 0, "a message says neither that it is compressed nor not");
    }
}
