//! Forms (`application/x-www-form-urlencoded`, as the URL standard reads them), as an object of
//! name to list of values.
//!
//! Values of one name keep their order; that of different names says nothing to those who read
//! forms. Bytes that are no UTF-8 are written as [`quote_into`] does.
//!
//! This module never drops a pair.

use super::json::quote_into;
use super::{Unreadable, percent_decode};
use std::borrow::Cow;
use std::collections::HashMap;

/// A name, and the values under it as they are written.
type Field<'a> = (Cow<'a, [u8]>, Vec<&'a [u8]>);

/// The pairs by name. What is no form is told by bytes that an encoder never leaves as they are.
pub fn to_json(bytes: &[u8]) -> Result<Vec<u8>, Unreadable> {
    let bytes = bytes.trim_ascii_end();
    let odd = |byte: &u8| byte.is_ascii_control() || b" \"<>{}\\^`|".contains(byte);
    if let Some(at) = bytes.iter().position(odd) {
        return Err(Unreadable { at, problem: "a character that no form holds" });
    }
    let mut places = HashMap::new();
    let mut fields: Vec<Field<'_>> = Vec::new();
    for pair in bytes.split(|&byte| byte == b'&').filter(|pair| !pair.is_empty()) {
        let end = pair.iter().position(|&byte| byte == b'=').unwrap_or(pair.len());
        let (name, value) = pair.split_at_checked(end).unwrap_or((pair, &[]));
        let name = decode(name);
        let place = *places.entry(name.clone()).or_insert(fields.len());
        let value = value.strip_prefix(b"=").unwrap_or_default();
        match fields.get_mut(place) {
            Some((_, values)) => values.push(value),
            None => fields.push((name, vec![value])),
        }
    }
    Ok(write(&fields).into_bytes())
}

fn write(fields: &[Field<'_>]) -> String {
    let mut out = String::from("{");
    for (index, (name, values)) in fields.iter().enumerate() {
        if index > 0 {
            out.push(',');
        }
        quote_into(&mut out, name);
        out.push(':');
        for (index, value) in values.iter().enumerate() {
            out.push(if index > 0 { ',' } else { '[' });
            quote_into(&mut out, &decode(value));
        }
        out.push(']');
    }
    out.push('}');
    out
}

fn decode(text: &[u8]) -> Cow<'_, [u8]> {
    if !text.contains(&b'+') {
        return percent_decode(text);
    }
    let spaced: Vec<u8> = text.iter().map(|&byte| if byte == b'+' { b' ' } else { byte }).collect();
    Cow::Owned(percent_decode(&spaced).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn check(text: &str, expected: Result<&str, usize>) {
        let found = to_json(text.as_bytes()).map_err(|error| error.at);
        let found = found.map(|json| String::from_utf8(json).expect("JSON is UTF-8"));
        assert_eq!(found.as_deref().map_err(|at| *at), expected, "{text}");
    }

    #[test]
    fn a_form_is_an_object_of_lists() {
        check("a=1&b=2&a=3\r\n", Ok(r#"{"a":["1","3"],"b":["2"]}"#));
        check("a&b=&&c=d=e", Ok(r#"{"a":[""],"b":[""],"c":["d=e"]}"#));
        check("q=a+b%2Bc%26%C3%a9&%71=", Ok(r#"{"q":["a b+c&é",""]}"#));
        check("x=%ff%zz", Ok(r#"{"x":["\udcff%zz"]}"#));
        check("é=ü", Ok(r#"{"é":["ü"]}"#));
        check("", Ok("{}"));
        check("a=1\nb=2", Err(3));
        check("{\"a\":1}", Err(0));
    }

    proptest! {
        #[test]
        fn every_pair_comes_out_under_its_name(
            pairs in prop::collection::vec(("[a-c]", prop::collection::vec(any::<u8>(), 0..8)), 0..9),
        ) {
            let encode = |bytes: &[u8]| -> String {
                bytes.iter().map(|byte| format!("%{byte:02X}")).collect()
            };
            let text: Vec<_> =
                pairs.iter().map(|(name, value)| format!("{name}={}", encode(value))).collect();
            let json = to_json(text.join("&").as_bytes()).expect("a form");
            let json = String::from_utf8(json).expect("UTF-8");
            for (name, value) in &pairs {
                let mut quoted = String::new();
                quote_into(&mut quoted, value);
                let member = format!("\"{name}\":[");
                prop_assert!(json.contains(&quoted) && json.contains(&member));
            }
        }

        #[test]
        fn different_values_are_written_differently(
            x in prop::collection::vec(any::<u8>(), 0..6), y in prop::collection::vec(any::<u8>(), 0..6),
        ) {
            let quote = |bytes: &[u8]| {
                let mut out = String::new();
                quote_into(&mut out, bytes);
                out
            };
            prop_assert_eq!(x == y, quote(&x) == quote(&y));
        }
    }
}
