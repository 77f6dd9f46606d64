//! Keeping samples small: what a client or a candidate sends decides how long their texts are,
//! so each text has a limit, and one that is cut ends in `…`.
//!
//! This module never redacts; samples come redacted.

use crate::model::{Sample, SampleReply, SampleRequest};

/// Bytes of a value on either side.
const VALUE: usize = 256;
/// Bytes of an identifier, a pointer, a target or an outcome.
const LINE: usize = 1024;
/// Bytes of all header fields of one message.
const HEADERS: usize = 8 << 10;
/// Bytes of a body.
const BODY: usize = 16 << 10;

const CUT: &str = "…";

/// The text, cut at a character so that it has at most so many bytes before its `…`.
pub(super) fn cut(text: &str, max: usize) -> String {
    if text.len() <= max {
        return text.to_owned();
    }
    let end = text.floor_char_boundary(max);
    format!("{}{CUT}", text.get(..end).unwrap_or_default())
}

/// Cuts every text of a sample to its limit.
pub(super) fn bound(sample: &mut Sample) {
    let lines = [&mut sample.request_id, &mut sample.pointer];
    lines.into_iter().for_each(|line| shorten(line, LINE));
    let values = [&mut sample.primary, &mut sample.candidate];
    values.into_iter().flatten().for_each(|value| shorten(value, VALUE));
    let SampleRequest { method, target, headers, body } = &mut sample.request;
    shorten(method, LINE);
    shorten(target, LINE);
    bound_message(headers, body);
    for reply in [&mut sample.primary_reply, &mut sample.candidate_reply] {
        let SampleReply { outcome, headers, body } = reply;
        shorten(outcome, LINE);
        bound_message(headers, body);
    }
}

/// Leaves the header fields and bodies off: the values that differ stay, the messages do not.
pub(super) fn trim(sample: &mut Sample) {
    sample.request.headers = Vec::new();
    sample.request.body = None;
    for reply in [&mut sample.primary_reply, &mut sample.candidate_reply] {
        reply.headers = Vec::new();
        reply.body = None;
    }
}

/// About how many bytes of memory a sample takes.
pub(super) fn weight(sample: &Sample) -> usize {
    let message = |headers: &[(String, String)], body: &Option<String>| {
        headers.iter().map(field).sum::<usize>() + text(body)
    };
    let reply = |reply: &SampleReply| reply.outcome.len() + message(&reply.headers, &reply.body);
    size_of::<Sample>()
        + sample.request_id.len()
        + sample.pointer.len()
        + text(&sample.primary)
        + text(&sample.candidate)
        + sample.request.method.len()
        + sample.request.target.len()
        + message(&sample.request.headers, &sample.request.body)
        + reply(&sample.primary_reply)
        + reply(&sample.candidate_reply)
}

fn text(text: &Option<String>) -> usize {
    text.as_ref().map_or(0, String::len)
}

fn field((name, value): &(String, String)) -> usize {
    size_of::<(String, String)>() + name.len() + value.len()
}

fn shorten(text: &mut String, max: usize) {
    if text.len() > max {
        *text = cut(text, max);
    }
}

/// Fields beyond the limit are replaced by one that says how many there were.
fn bound_message(headers: &mut Vec<(String, String)>, body: &mut Option<String>) {
    if let Some(body) = body {
        shorten(body, BODY);
    }
    let mut bytes = 0;
    let within = |header: &&(String, String)| {
        bytes += field(header);
        bytes <= HEADERS
    };
    let kept = headers.iter().take_while(within).count();
    let left = headers.len() - kept;
    if left > 0 {
        headers.truncate(kept);
        headers.push((CUT.to_owned(), format!("{left} more")));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::testing::sample;

    #[test]
    fn a_text_is_cut_at_a_character_and_says_so() {
        assert_eq!(cut("short", 5), "short");
        assert_eq!(cut("longer", 5), "longe…");
        assert_eq!(cut("aéé", 2), "a…");
    }

    #[test]
    fn every_text_of_a_sample_has_a_limit() {
        let long = "x".repeat(100_000);
        let headers: Vec<_> = (0..1000).map(|n| (format!("h{n}"), "v".repeat(100))).collect();
        let mut sample = sample(1);
        sample.request_id.clone_from(&long);
        sample.pointer.clone_from(&long);
        sample.primary = Some(long.clone());
        sample.candidate = Some(long.clone());
        let body = Some(long.clone());
        sample.request = SampleRequest {
            method: long.clone(),
            target: long.clone(),
            headers: headers.clone(),
            body: body.clone(),
        };
        sample.primary_reply = SampleReply { outcome: long, headers, body };
        sample.candidate_reply = sample.primary_reply.clone();
        bound(&mut sample);
        assert!(
            weight(&sample) < 3 * (BODY + HEADERS) + 8 * LINE + 4 * VALUE,
            "{}",
            weight(&sample)
        );
        let last = sample.request.headers.last().map(|(name, value)| (&**name, &**value));
        assert_eq!(last, Some(("…", "946 more")));
        trim(&mut sample);
        assert!(weight(&sample) < 8 * LINE, "{}", weight(&sample));
    }
}
