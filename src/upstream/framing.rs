//! The fields of an answer: those by which it says how long it is, and what no value may have. Pure.

use crate::model::Fault;
use http::HeaderValue;
use http::header::{CONTENT_LENGTH, HeaderMap, TRANSFER_ENCODING};

/// Leaves at most one length, that hyper has read the answer by. Chunks win over a length
/// (RFC 9112 section 6.3); a coding beside them would be lost with its field (section 6.1), so that
/// such an answer is none; a length that is no number is not passed on (RFC 9110 section 8.6).
pub(super) fn settle(headers: &mut HeaderMap) -> Result<(), Fault> {
    let (mut lengths, mut numbers, mut codings, mut chunked) = (0, true, 0, true);
    for (name, value) in &*headers {
        if name == CONTENT_LENGTH {
            lengths += 1;
            numbers &= is_number(value.as_bytes());
        } else if name == TRANSFER_ENCODING {
            codings += 1;
            chunked &= value.as_bytes().eq_ignore_ascii_case(b"chunked");
        }
    }
    match (lengths, codings) {
        (0 | 1, 0) if numbers => {}
        (_, 0) => {
            let length = one_length(headers);
            headers.remove(CONTENT_LENGTH);
            headers.extend(length.map(|length| (CONTENT_LENGTH, length)));
        }
        (0, 1) if chunked => {}
        (_, 1) if chunked => {
            headers.remove(CONTENT_LENGTH);
        }
        _ => return Err(Fault::Malformed),
    }
    Ok(())
}

/// Leaves values as they are meant: white space around one is no part of it (RFC 9110 section 5.5),
/// and none of HTTP/2 has any (RFC 9113 section 8.2.1).
pub fn trim(fields: &mut HeaderMap) {
    for value in fields.values_mut() {
        let trimmed = value.as_bytes().trim_ascii();
        if trimmed.len() < value.len()
            && let Ok(trimmed) = HeaderValue::from_bytes(trimmed)
        {
            *value = trimmed;
        }
    }
}

/// What all lines and members of lines say, where that is one number.
fn one_length(headers: &HeaderMap) -> Option<HeaderValue> {
    let lines = headers.get_all(CONTENT_LENGTH).iter();
    let members = lines.flat_map(|line| line.as_bytes().split(|&byte| byte == b','));
    let mut members = members.map(<[u8]>::trim_ascii);
    let first = members.next().filter(|first| is_number(first))?;
    let value = members.all(|other| other == first).then(|| HeaderValue::from_bytes(first).ok());
    value.flatten()
}

fn is_number(text: &[u8]) -> bool {
    !text.is_empty() && text.len() < 20 && text.iter().all(u8::is_ascii_digit)
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderName;

    #[test]
    fn one_length_or_chunks_alone_are_left() {
        for (lines, expected) in [
            (&["content-length: 5"][..], Some(&["content-length: 5"][..])),
            (&["transfer-encoding: Chunked"], Some(&["transfer-encoding: Chunked"])),
            (&["x: 1"], Some(&["x: 1"])),
            (&["content-length: 5", "content-length: 5"], Some(&["content-length: 5"])),
            (&["content-length: 5, 5"], Some(&["content-length: 5"])),
            (&["content-length: +5"], Some(&[])),
            (&["content-length: 5, 6"], Some(&[])),
            (&["content-length:"], Some(&[])),
            (
                &["content-length: 2", "transfer-encoding: chunked"],
                Some(&["transfer-encoding: chunked"]),
            ),
            (&["transfer-encoding: gzip, chunked"], None),
            (&["transfer-encoding: chunked, identity"], None),
            (&["transfer-encoding: xchunked", "content-length: 2"], None),
            (&["transfer-encoding: gzip", "transfer-encoding: chunked"], None),
        ] {
            let mut headers = HeaderMap::new();
            for (name, value) in lines.iter().map(|line| field(line)) {
                headers.append(name, value);
            }
            let settled = settle(&mut headers).ok().map(|()| {
                let line = |(name, value): (&HeaderName, &HeaderValue)| {
                    format!("{name}: {}", value.to_str().expect("text"))
                };
                headers.iter().map(line).collect::<Vec<_>>()
            });
            let expected = expected.map(|lines| lines.iter().map(|&it| it.into()).collect());
            assert_eq!(settled, expected, "{lines:?}");
        }
    }

    fn field(line: &str) -> (HeaderName, HeaderValue) {
        let (name, value) = line.split_once(':').expect("a field");
        (name.parse().expect("a name"), value.trim().parse().expect("a value"))
    }
}
