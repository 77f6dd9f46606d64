//! Editing the body of a copy.

use crate::isolate::Unappliable;
use crate::isolate::json::edit;
use crate::isolate::target::replace_pair;
use crate::model::{Pattern, Payload};
use crate::syntax::{Format, MediaType};
use bytes::Bytes;
use http::HeaderMap;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE};

/// The form with every value of one field replaced; `None` where the body is no form or has no
/// such field. A form that cannot be read as one is refused.
pub(super) fn with_form(
    headers: &HeaderMap,
    body: &Payload,
    name: &str,
    with: &str,
) -> Result<Option<Payload>, Unappliable> {
    match format(headers) {
        _ if body.is_empty() => Ok(None),
        Some(Format::Form) | None => {
            let bytes = readable(headers, body).ok_or(Unappliable::Form)?;
            let text = std::str::from_utf8(&bytes).map_err(|_| Unappliable::Form)?;
            Ok(replace_pair(text, name, with).map(|text| Bytes::from(text).into()))
        }
        // Its fields are not edited in this version, so that none is sent as it is.
        Some(Format::Multipart) => Err(Unappliable::Form),
        Some(
            Format::Json
            | Format::JsonLines
            | Format::JsonSequence
            | Format::EventStream
            | Format::Xml
            | Format::Html
            | Format::Text
            | Format::Binary,
        ) => Ok(None),
    }
}

/// The JSON text with every selected value replaced; `None` where nothing is selected, or where
/// the body is said to be something else and is not JSON. JSON that cannot be read is refused.
pub(super) fn with_json(
    headers: &HeaderMap,
    body: &Payload,
    at: &Pattern,
    with: &str,
) -> Result<Option<Payload>, Unappliable> {
    if body.is_empty() {
        return Ok(None);
    }
    let bytes = readable(headers, body).ok_or(Unappliable::Json)?;
    match (edit(&bytes, at, with), format(headers)) {
        (Ok(edited), _) => Ok(edited.map(|text| Bytes::from(text).into())),
        (Err(_), None | Some(Format::Json | Format::JsonLines | Format::JsonSequence)) => {
            Err(Unappliable::Json)
        }
        (
            Err(_),
            Some(
                Format::Form
                | Format::Multipart
                | Format::EventStream
                | Format::Xml
                | Format::Html
                | Format::Text
                | Format::Binary,
            ),
        ) => Ok(None),
    }
}

fn format(headers: &HeaderMap) -> Option<Format> {
    MediaType::new(headers.get(CONTENT_TYPE)?.to_str().ok()?).format()
}

/// The bytes of a body that is not encoded; what is encoded cannot be edited.
fn readable(headers: &HeaderMap, body: &Payload) -> Option<Bytes> {
    let plain = |value: &http::HeaderValue| value.as_bytes().eq_ignore_ascii_case(b"identity");
    headers.get_all(CONTENT_ENCODING).iter().all(plain).then(|| body.joined())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(media: &str, coding: Option<&str>) -> HeaderMap {
        let mut headers = HeaderMap::new();
        if !media.is_empty() {
            headers.insert(CONTENT_TYPE, media.parse().expect("a value"));
        }
        if let Some(coding) = coding {
            headers.insert(CONTENT_ENCODING, coding.parse().expect("a value"));
        }
        headers
    }

    fn text(edited: Result<Option<Payload>, Unappliable>) -> Result<Option<String>, Unappliable> {
        let text = |body: Payload| String::from_utf8_lossy(&body.joined()).into_owned();
        edited.map(|body| body.map(text))
    }

    #[test]
    fn json_is_edited_or_refused_and_never_sent_as_it_is() {
        let at = "$.account".parse().expect("a path");
        let check = |media: &str, coding, body: &'static str, expected: Result<Option<&str>, _>| {
            let body = Payload::from(Bytes::from_static(body.as_bytes()));
            let edited = with_json(&headers(media, coding), &body, &at, "shadow");
            assert_eq!(text(edited), expected.map(|text| text.map(str::to_owned)), "{media}");
        };
        let (json, edited) = (r#"{"account":"live"}"#, r#"{"account":"shadow"}"#);
        check("application/json", None, json, Ok(Some(edited)));
        check("application/vnd.a+json; charset=utf-8", None, json, Ok(Some(edited)));
        check("text/plain", None, json, Ok(Some(edited)));
        check("", None, json, Ok(Some(edited)));
        check("application/json", Some("identity"), json, Ok(Some(edited)));
        check("application/json", Some("gzip"), json, Err(Unappliable::Json));
        check("text/plain", Some("br"), json, Err(Unappliable::Json));
        check("application/json", None, r#"{"account":"live""#, Err(Unappliable::Json));
        check("", None, "account=live", Err(Unappliable::Json));
        check("application/x-www-form-urlencoded", None, "account=live", Ok(None));
        check("application/json", None, r#"{"other":1}"#, Ok(None));
        check("application/json", None, "", Ok(None));
    }

    #[test]
    fn forms_are_edited_or_refused() {
        let check = |media: &str, coding, body: &'static str, expected: Result<Option<&str>, _>| {
            let body = Payload::from(Bytes::from_static(body.as_bytes()));
            let edited = with_form(&headers(media, coding), &body, "account", "shadow");
            assert_eq!(text(edited), expected.map(|text| text.map(str::to_owned)), "{media}");
        };
        let form = "application/x-www-form-urlencoded";
        check(form, None, "a=1&account=live", Ok(Some("a=1&account=shadow")));
        check(form, Some("gzip"), "a=1&account=live", Err(Unappliable::Form));
        check("", None, "account=live", Ok(Some("account=shadow")));
        check("multipart/form-data; boundary=x", None, "--x", Err(Unappliable::Form));
        check("application/json", None, "{}", Ok(None));
        check(form, None, "", Ok(None));
    }
}
