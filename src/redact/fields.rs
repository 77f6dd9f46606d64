//! Fields of a head and of forms: headers, cookies, paths, queries.

use super::json::Scope;
use super::names;
use super::redactor::Redactor;
use crate::model::Path;
use crate::syntax::percent_decode;
use std::borrow::Cow;

/// The attributes of a cookie that are no secret (RFC 6265 and its successors).
const ATTRIBUTES: [&str; 9] = [
    "expires",
    "max-age",
    "domain",
    "path",
    "secure",
    "httponly",
    "samesite",
    "partitioned",
    "priority",
];

impl Redactor {
    /// The value of a header or trailer field, given its name in lower case.
    pub(super) fn header(&self, name: &str, value: &[u8]) -> String {
        if value.is_empty() {
            return String::new();
        }
        match name {
            "cookie" => self.cookies(value),
            "set-cookie" => self.set_cookie(value),
            _ if name.contains("cookie") || names::is_secret(name) || self.names_header(name) => {
                self.marks.of(value)
            }
            _ => self.free_text(&String::from_utf8_lossy(value)),
        }
    }

    /// `name=value; name=value`: the names stay.
    fn cookies(&self, value: &[u8]) -> String {
        let text = String::from_utf8_lossy(value);
        // A semicolon within quotes would pass for the end of a value, and its rest for a name.
        if text.contains('"') {
            return self.marks.of(value);
        }
        let cookies = text.split(';').map(|cookie| self.cookie(cookie.trim()));
        cookies.collect::<Vec<_>>().join("; ")
    }

    fn cookie(&self, cookie: &str) -> String {
        match cookie.split_once('=') {
            Some((name, "")) if self.is_plain(name) => cookie.to_owned(),
            Some((name, value)) if self.is_plain(name) => {
                format!("{name}={}", self.marks.of(value.as_bytes()))
            }
            _ if cookie.is_empty() => String::new(),
            _ => self.marks.of(cookie.as_bytes()),
        }
    }

    /// Whether a cookie's name may be shown: a short token that looks like no secret.
    fn is_plain(&self, name: &str) -> bool {
        let fits = |byte: u8| byte.is_ascii_graphic() && !b"()<>@,;:\\\"/[]?={}".contains(&byte);
        (1..=64).contains(&name.len())
            && name.bytes().all(fits)
            && self.scanner.find(name).is_empty()
    }

    /// One cookie, then attributes; what is no known attribute is taken for the rest of the value.
    fn set_cookie(&self, value: &[u8]) -> String {
        let text = String::from_utf8_lossy(value);
        let (cookie, rest) = match text.split_once(';') {
            Some((cookie, rest)) => (cookie, Some(rest)),
            None => (&*text, None),
        };
        let mut line = self.cookie(cookie.trim());
        for part in rest.into_iter().flat_map(|rest| rest.split(';')) {
            let part = part.trim();
            let name = part.split('=').next().unwrap_or_default().trim().to_ascii_lowercase();
            line.push_str("; ");
            match ATTRIBUTES.contains(&name.as_str()) {
                true => line.push_str(&self.free_text(part)),
                false => line.push_str(&self.marks.of(part.as_bytes())),
            }
        }
        line
    }

    /// A path, segment by segment: those that hold a secret, or follow a segment that announces
    /// one and look drawn.
    pub(super) fn path(&self, path: &str) -> String {
        // Only a proxy's client names a scheme and an authority before the path.
        let authority = path.find("://").map_or(0, |scheme| scheme + 3);
        let rest = path.get(authority..).unwrap_or_default();
        let (head, rest) = match rest.find('/') {
            Some(slash) if authority > 0 => path.split_at(authority + slash),
            _ if authority > 0 => (path, ""),
            _ => ("", path),
        };
        let mut announced = false;
        let segments = rest.split('/').map(|segment| {
            let mut parts = segment.split(';');
            let name = parts.next().unwrap_or_default();
            let mut shown = self.segment(name, announced);
            announced = names::is_secret(&decoded(name));
            for parameter in parts {
                shown.push(';');
                shown.push_str(&self.pair(parameter, &[]));
            }
            shown
        });
        self.free_text(head) + &segments.collect::<Vec<_>>().join("/")
    }

    fn segment(&self, segment: &str, announced: bool) -> String {
        let content = decoded(segment);
        let drawn = content.len() >= 20
            || content.len() >= 6 && content.bytes().any(|byte| byte.is_ascii_digit());
        if announced && drawn || !self.scanner.find(&content).is_empty() {
            return self.marks.of(content.as_bytes());
        }
        segment.to_owned()
    }

    /// `name=value&name=value`: what holds no secret stays byte for byte.
    pub(super) fn pairs(&self, text: &str, also: &[String]) -> String {
        let pairs = text.split('&').map(|pair| self.pair(pair, also));
        pairs.collect::<Vec<_>>().join("&")
    }

    fn pair(&self, pair: &str, also: &[String]) -> String {
        let (name, value) = match pair.split_once('=') {
            Some((name, value)) => (name, Some(value)),
            None => (pair, None),
        };
        let plain_name = decoded(name);
        let shown = match plain_name.len() > names::MAX_NAME
            || !self.scanner.find(&plain_name).is_empty()
        {
            true => self.marks.of(plain_name.as_bytes()),
            false => name.to_owned(),
        };
        let Some(value) = value else { return shown };
        let content = decoded(value);
        let named = names::is_secret(&plain_name)
            || also.iter().any(|other| other.eq_ignore_ascii_case(&plain_name));
        let scope = Scope { base: &Path::default(), limit: usize::MAX, nesting: 0 };
        match !content.is_empty() && (named || self.within(&content, scope).is_some()) {
            true => format!("{shown}={}", self.marks.of(content.as_bytes())),
            false => format!("{shown}={value}"),
        }
    }
}

/// What a part of a query or a form stands for.
fn decoded(part: &str) -> Cow<'_, str> {
    if !part.contains(['%', '+']) {
        return Cow::Borrowed(part);
    }
    let spaced = part.replace('+', " ");
    Cow::Owned(String::from_utf8_lossy(&percent_decode(spaced.as_bytes())).into_owned())
}
