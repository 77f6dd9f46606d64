//! Values that are secret by what stands beside them: `{"name": "token", "value": "…"}`.
//!
//! Lists of fields are written so, as in HAR files, and elements of XML and HTML: their attributes
//! are members that begin with `@`.
//!
//! This module never recurses.

use super::names;
use crate::model::{Path, Seg};
use crate::syntax::json::{Document, Members, Shape, Text, Value};

/// The members by which lists of fields are written: one names, one holds.
fn is_name(key: &str) -> bool {
    let (key, attribute) = key.strip_prefix('@').map_or((key, false), |name| (name, true));
    let is = |words: &[&str]| words.iter().any(|word| word.eq_ignore_ascii_case(key));
    is(&["name", "key", "field", "header", "parameter"])
        || attribute && is(&["id", "property", "itemprop"])
}

/// Whether a member of this name holds what another announces.
pub(super) fn is_value(key: &str) -> bool {
    let key = key.strip_prefix('@').unwrap_or(key);
    ["value", "values", "content", "data"].iter().any(|word| word.eq_ignore_ascii_case(key))
}

/// Whether one member says that another holds a secret: a name, or an element's own.
pub(super) fn is_announced(document: &Document<'_>, members: Members<'_, '_>) -> bool {
    let (mut is_element, mut named) = (false, false);
    for member in members {
        let key = member.key.to_display();
        let is_string = document.shape(member.value) == Shape::String;
        if is_name(&key) && is_string && is_secret(document.string(member.value)) {
            return true;
        }
        let attribute = key.starts_with('@');
        is_element |= attribute;
        named |= !attribute && names::is_secret(&key);
    }
    is_element && named
}

fn is_secret(text: Text<'_>) -> bool {
    names::is_secret(&text.to_display())
}

/// Whether the place is where a field of a form stands once it is read, or one of its values, and
/// the field is one of these.
pub(super) fn is_form_field(path: &Path, fields: &[String]) -> bool {
    let ([Seg::Key(name) | Seg::AnyKey(name)] | [Seg::Key(name) | Seg::AnyKey(name), _]) =
        path.0.as_slice()
    else {
        return false;
    };
    fields.iter().any(|field| field.eq_ignore_ascii_case(name))
}

/// Whether a part of a JSON text is secret by what stands around it, wherever it was found.
pub(super) fn is_announced_within(text: &[u8], part: &[u8]) -> bool {
    let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
    let Some(offset) = (part.as_ptr() as usize).checked_sub(text.as_ptr() as usize) else {
        return false;
    };
    if offset + part.len() > text.len() {
        return false;
    }
    let Ok(document) = Document::parse(text) else { return false };
    let holds = |value: &Value| value.start() <= offset && offset < value.end();
    let mut value = document.root();
    // The part is a value as a whole: with the first that begins there, the way may go on.
    loop {
        let inner = match document.shape(value) {
            Shape::Object => {
                let members = document.members(value);
                let member = members.clone().find(|member| holds(&member.value));
                let Some(member) = member else { return false };
                let announced = is_value(&member.key.to_display());
                if announced && is_announced(&document, members) {
                    return true;
                }
                member.value
            }
            Shape::Array => match document.elements(value).find(holds) {
                Some(element) => element,
                None => return false,
            },
            Shape::Null | Shape::Bool | Shape::Number | Shape::String => return false,
        };
        value = inner;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, part: &str, expected: bool) {
        let at = text.find(part).expect("a part of the text");
        let part = text.get(at..at + part.len()).expect("whole characters");
        assert_eq!(is_announced_within(text.as_bytes(), part.as_bytes()), expected, "{text}");
        assert!(!is_announced_within(b"[1]", part.as_bytes()));
    }

    #[test]
    fn a_value_is_secret_by_the_name_beside_it() {
        check(r#"[{"name":"token","value":"abc"}]"#, r#""abc""#, true);
        check(r#"[{"value":{"x":["abc"]},"name":"token"}]"#, r#""abc""#, true);
        check(r#"[{"name":"colour","value":"abc"}]"#, r#""abc""#, false);
        check(r#"[{"name":"token","id":"abc"}]"#, r#""abc""#, false);
        check("\u{feff}{\"name\":\"pin\",\"value\":12}", "12", true);
        check(r#"{"name":"token","value":"abc""#, r#""abc""#, false);
    }

    #[test]
    fn an_attribute_is_secret_by_its_elements_name_or_by_another_attribute() {
        check(r#"[{"@name":"csrf_token","@value":"abc","input":""}]"#, r#""abc""#, true);
        check(r#"[{"@id":"password","@value":"abc","input":""}]"#, r#""abc""#, true);
        check(r#"[{"@value":"abc","{urn:x}token":""}]"#, r#""abc""#, true);
        check(r#"[{"@value":"abc","option":"token"}]"#, r#""abc""#, false);
        check(r#"[{"value":"abc","token":""}]"#, r#""abc""#, false);
    }
}
