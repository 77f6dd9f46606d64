//! The redactor: what it is asked, and how it goes about each kind of content.

use super::announce::{is_announced_within, is_form_field};
use super::json::{self, Scope};
use super::mark::{Marks, cut};
use super::names;
use super::scan::Scanner;
use crate::config;
use crate::model::{Class, Divergence, Path, Pattern, Place, Seg};
use crate::syntax::json::Document;
use crate::syntax::{Format, MediaType, events};
use http::{HeaderMap, HeaderName};

/// Bytes that a body is cut to, once it is redacted.
const MAX_BODY: usize = 16 << 10;

/// Bytes that a header's value is cut to.
const MAX_HEADER: usize = 4 << 10;

/// Bytes that a divergence's value is cut to.
const MAX_VALUE: usize = 256;

/// A longer string within a document is replaced as a whole: it would be cut anyway.
const MAX_STRING: usize = 16 << 10;

/// As much of a text is looked through as may be shown, even if its secrets are long; the last
/// part of it is not shown, since a secret may have been cut there.
const MAX_SCANNED: usize = 128 << 10;
const MARGIN: usize = 8 << 10;

/// A shorter key of an object is a name, wherever it stands.
const LONG_KEY: usize = 16;

/// How deep JSON is looked for in strings of JSON.
const MAX_NESTING: u8 = 2;

/// Replaces secrets by marks. Made for each generation of the config, with the process's random key.
#[derive(Clone, Debug)]
pub struct Redactor {
    pub(super) marks: Marks,
    pub(super) scanner: &'static Scanner,
    headers: Vec<HeaderName>,
    json: Vec<Pattern>,
    query: Vec<String>,
    form: Vec<String>,
}

impl Redactor {
    /// Compiles the checked config. Marks made under one key can be compared with each other.
    pub fn new(config: &config::Redact, key: [u8; 32]) -> Self {
        Self {
            marks: Marks::new(key),
            scanner: Scanner::get(),
            headers: config.headers.clone(),
            json: config.json.clone(),
            query: config.query.clone(),
            form: config.form.clone(),
        }
    }

    /// A keyed hash, by which equal texts can be counted without being known.
    pub fn number(&self, text: &str) -> u64 {
        self.marks.number(text.as_bytes())
    }

    /// Names and redacted values of all fields, in their order; a value has at most 4 KiB.
    pub fn headers(&self, headers: &HeaderMap) -> Vec<(String, String)> {
        let field = |name: &HeaderName, value: &[u8]| {
            let value = cut(self.header(name.as_str(), value), MAX_HEADER, "…");
            (name.as_str().to_owned(), value)
        };
        headers.iter().map(|(name, value)| field(name, value.as_bytes())).collect()
    }

    /// A request's path and query.
    pub fn target(&self, target: &str) -> String {
        let redacted = match target.split_once('?') {
            Some((path, query)) => {
                format!("{}?{}", self.path(path), self.pairs(query, &self.query))
            }
            None => self.path(target),
        };
        cut(redacted, MAX_BODY, "…")
    }

    /// A decoded body as at most 16 KiB of text: nothing for an empty one, a placeholder for what
    /// is no text or not what its type says.
    pub fn body(&self, content_type: Option<&str>, bytes: &[u8]) -> Option<String> {
        if bytes.is_empty() {
            return None;
        }
        let shown = self.readable(content_type, bytes);
        let shown = shown.unwrap_or_else(|| self.marks.placeholder(bytes));
        Some(cut(shown, MAX_BODY, &format!("\n… [cut; {} bytes in all]", bytes.len())))
    }

    fn readable(&self, content_type: Option<&str>, bytes: &[u8]) -> Option<String> {
        let text = str::from_utf8(bytes).ok()?;
        let media = content_type.map(MediaType::new);
        let format = media.map(|media| media.format().filter(|_| is_plain_charset(media)));
        match format {
            Some(Some(Format::Json)) => self.json(text),
            Some(Some(Format::JsonLines)) => self.records(text, '\n'),
            Some(Some(Format::JsonSequence)) => self.records(text, '\u{1e}'),
            Some(Some(Format::Form)) => Some(self.pairs(text, &self.form)),
            Some(Some(Format::EventStream)) => {
                let json = events::to_json(text.as_bytes()).ok()?;
                self.json(str::from_utf8(&json).ok()?)
            }
            Some(Some(Format::Text | Format::Xml | Format::Html)) | None => self.json_or_text(text),
            Some(Some(Format::Multipart | Format::Binary) | None) => None,
        }
    }

    /// A divergence's value as at most 256 bytes of text: a mark where its place is secret, else
    /// with the secrets in it replaced.
    pub fn value(&self, place: &Place, raw: &[u8]) -> String {
        let shown = match place {
            Place::Outcome | Place::Status => String::from_utf8_lossy(raw).into_owned(),
            Place::Header(name) | Place::Trailer(name) => self.header(name, raw),
            Place::Body(path) => self.body_value(path, raw),
        };
        cut(shown, MAX_VALUE, "…")
    }

    /// Both values of a divergence; of a binary body, only that something is there. `within` are
    /// the JSON texts that they are parts of: one that is secret by what stands beside it on
    /// either side is replaced.
    pub fn preview(
        &self,
        divergence: &Divergence<'_>,
        within: [Option<&[u8]>; 2],
    ) -> (Option<String>, Option<String>) {
        let sides = [divergence.primary, divergence.candidate];
        let in_body = matches!(divergence.place, Place::Body(_));
        let announced = in_body
            && sides.iter().zip(within).any(|(side, within)| {
                side.zip(within).is_some_and(|(part, text)| is_announced_within(text, part))
            });
        let binary = [divergence.primary_class, divergence.candidate_class].contains(&Class::Bytes);
        let [primary, candidate] = sides.map(|side| {
            side.map(|raw| match announced && !json::is_harmless(raw) {
                _ if binary => self.marks.placeholder(raw),
                true => json::mark(self, raw),
                false => self.value(&divergence.place, raw),
            })
        });
        (primary, candidate)
    }

    /// A place whose keys can be shown: a key this long below a name that announces a secret is
    /// one of its values, as in `{"tokens": {"<the token>": …}}`.
    pub fn place(&self, place: &Place) -> Place {
        let Place::Body(path) = place else { return place.clone() };
        let mut below = false;
        let shown = path.0.iter().map(|seg| {
            let is_value = |key: &str| below && key.len() >= LONG_KEY;
            let shown = match seg {
                Seg::Key(key) if is_value(key) => Seg::Key(self.marks.of(key.as_bytes())),
                Seg::AnyKey(key) if is_value(key) => Seg::AnyKey(self.marks.of(key.as_bytes())),
                other => other.clone(),
            };
            below |= matches!(seg, Seg::Key(key) | Seg::AnyKey(key) if names::is_secret(key));
            shown
        });
        Place::Body(Path(shown.collect()))
    }

    /// Free text, as in an error's message: what looks like a secret or stands beside a name that
    /// announces one is replaced.
    pub fn text(&self, text: &str) -> String {
        cut(self.free_text(text), MAX_BODY, "…")
    }

    fn body_value(&self, path: &Path, raw: &[u8]) -> String {
        let steps = path.0.iter();
        let mut prefix = Path::default();
        let mut selected = self.selects(&prefix);
        for step in steps {
            prefix.0.push(step.clone());
            selected |= self.selects(&prefix);
        }
        if selected || path.keys().any(names::is_secret) {
            let plain = json::is_harmless(raw);
            return if plain {
                String::from_utf8_lossy(raw).into_owned()
            } else {
                json::mark(self, raw)
            };
        }
        let Ok(text) = str::from_utf8(raw) else { return self.marks.placeholder(raw) };
        let scope = Scope { base: path, limit: MAX_VALUE, nesting: 0 };
        match Document::parse(raw) {
            Ok(document) => json::rewrite(self, &document, text, scope).unwrap_or(text.to_owned()),
            Err(_) => self.plain_text(text).unwrap_or_else(|| self.marks.placeholder(raw)),
        }
    }

    fn json(&self, text: &str) -> Option<String> {
        let document = Document::parse(text.as_bytes()).ok()?;
        let scope = Scope { base: &Path::default(), limit: MAX_BODY, nesting: 0 };
        Some(json::rewrite(self, &document, text, scope).unwrap_or_else(|| text.to_owned()))
    }

    fn records(&self, text: &str, end: char) -> Option<String> {
        let mut shown = String::new();
        for record in text.split_inclusive(end) {
            if shown.len() > MAX_BODY {
                break;
            }
            let inside = record.strip_suffix(end).unwrap_or(record);
            match inside.trim().is_empty() {
                true => shown.push_str(inside),
                false => shown.push_str(&self.json(inside)?),
            }
            shown.push_str(record.get(inside.len()..).unwrap_or_default());
        }
        Some(shown)
    }

    /// Text that is JSON is read as such, whatever its type says.
    fn json_or_text(&self, text: &str) -> Option<String> {
        let container = text.trim_start().starts_with(['{', '[']);
        container.then(|| self.json(text)).flatten().or_else(|| self.plain_text(text))
    }

    /// Nothing for a text with control characters, which is in no charset that is read here, and
    /// for what was meant to be JSON: names are written there in ways that no search can follow.
    fn plain_text(&self, text: &str) -> Option<String> {
        if is_broken_json(text) {
            return None;
        }
        let odd = |char: char| char.is_control() && !matches!(char, '\n' | '\r' | '\t' | '\u{c}');
        (!text.contains(odd)).then(|| self.free_text(text))
    }

    pub(super) fn free_text(&self, text: &str) -> String {
        let shown = text.floor_char_boundary(MAX_SCANNED);
        let scanned = text.get(..shown).unwrap_or_default();
        let end = if scanned.len() < text.len() {
            scanned.floor_char_boundary(MAX_SCANNED - MARGIN)
        } else {
            scanned.len()
        };
        let mut out = String::with_capacity(scanned.len().min(MAX_BODY * 2));
        let mut copied = 0;
        for secret in self.scanner.find(scanned) {
            if out.len() > MAX_BODY {
                return out;
            }
            out.push_str(scanned.get(copied..secret.start).unwrap_or_default());
            let value = scanned.get(secret.clone()).unwrap_or_default();
            out.push_str(&self.marks.of(value.as_bytes()));
            copied = secret.end;
        }
        out.push_str(scanned.get(copied..end.max(copied)).unwrap_or_default());
        out
    }

    /// A string's content with the secrets in it replaced, JSON in it included; nothing where
    /// there is none. What looks like JSON, cannot be read and mentions secrets is replaced whole.
    pub(super) fn within(&self, content: &str, scope: Scope<'_>) -> Option<String> {
        let whole = || Some(self.marks.of(content.as_bytes()));
        if content.len() > MAX_STRING {
            return whole();
        }
        if content.trim_start().starts_with(['{', '[']) {
            match Document::parse(content.as_bytes()) {
                Ok(_) if scope.nesting >= MAX_NESTING => return whole(),
                Ok(document) => {
                    let scope = Scope { nesting: scope.nesting + 1, ..scope };
                    return json::rewrite(self, &document, content, scope);
                }
                Err(_) if names::mentions(content) => return whole(),
                Err(_) => {}
            }
        }
        (!self.scanner.find(content).is_empty()).then(|| self.free_text(content))
    }

    /// Whether the config names the value at this place in a body.
    pub(super) fn selects(&self, path: &Path) -> bool {
        self.json.iter().any(|pattern| pattern.matches(path)) || is_form_field(path, &self.form)
    }

    pub(super) fn names_header(&self, name: &str) -> bool {
        self.headers.iter().any(|other| other == name)
    }
}

/// Whether a text that is no JSON begins like an object, or like an array of more than a date.
fn is_broken_json(text: &str) -> bool {
    let text = text.trim_start();
    let inside = text.strip_prefix('[').map(str::trim_start);
    text.starts_with('{') || inside.is_some_and(|inside| inside.starts_with(['{', '[', '"']))
}

/// Whether ASCII in a body of this charset is ASCII: else names could hide from the search.
fn is_plain_charset(media: MediaType<'_>) -> bool {
    const PLAIN: [&str; 7] =
        ["utf-8", "utf8", "us-ascii", "ascii", "iso-8859-1", "latin1", "windows-1252"];
    let mut charsets = media.parameters().filter(|(name, _)| name.eq_ignore_ascii_case("charset"));
    charsets.all(|(_, charset)| PLAIN.iter().any(|plain| plain.eq_ignore_ascii_case(charset)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_key_below_a_secrets_name_is_a_secret() {
        let redactor = Redactor::new(&config::Redact::default(), [7; 32]);
        let check = |keys: &[&str], hidden: bool| {
            let path = Path(keys.iter().map(|key| Seg::Key((*key).to_owned())).collect());
            let place = Place::Body(path);
            assert_eq!(redactor.place(&place) != place, hidden, "{keys:?}");
        };
        check(&["tokens", "0123456789abcdef"], true);
        check(&["tokens", "of", "0123456789abcdef"], true);
        check(&["session", "id"], false);
        check(&["orders", "0123456789abcdef"], false);
    }
    use crate::model::{Kind, Seg, Severity};
    use http::HeaderValue;

    fn redactor() -> Redactor {
        let config = config::Redact {
            headers: vec![HeaderName::from_static("x-tenant")],
            json: vec![
                "$.user.email".parse().expect("a pattern"),
                "$..iban".parse().expect("a pattern"),
            ],
            query: vec!["code".into()],
            form: vec!["answer".into()],
        };
        Redactor::new(&config, [7; 32])
    }

    fn mark(secret: &str) -> String {
        redactor().marks.of(secret.as_bytes())
    }

    /// `‹secret›` in what is expected stands for its mark.
    fn marked(expected: &str) -> String {
        let mut parts = expected.split(['‹', '›']);
        let mut text = parts.next().unwrap_or_default().to_owned();
        while let (Some(secret), Some(plain)) = (parts.next(), parts.next()) {
            text.push_str(&mark(secret));
            text.push_str(plain);
        }
        text
    }

    fn header(name: &'static str, value: &'static str, expected: &str) {
        let mut headers = HeaderMap::new();
        headers.insert(name, HeaderValue::from_static(value));
        assert_eq!(redactor().headers(&headers), [(name.to_owned(), marked(expected))]);
    }

    fn body(media: &str, text: &str, expected: &str) {
        let found = redactor().body(Some(media).filter(|media| !media.is_empty()), text.as_bytes());
        assert_eq!(found.as_deref(), Some(marked(expected).as_str()), "{media}");
    }

    fn json(text: &str, expected: &str) {
        body("application/json", text, expected);
        body("", text, expected);
    }

    fn target(target: &str, expected: &str) {
        assert_eq!(redactor().target(target), marked(expected));
    }

    const JWT: &str = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.dBjftJeZ4CVP";

    #[test]
    fn headers_with_a_secrets_name_are_replaced() {
        header("authorization", "Bearer abc", "‹Bearer abc›");
        header("proxy-authorization", "Basic eDp5", "‹Basic eDp5›");
        header("x-api-key", "abc", "‹abc›");
        header("x-tenant", "abc", "‹abc›");
        header("cookie2", "a=b", "‹a=b›");
        header("accept", "text/html", "text/html");
        header(
            "referer",
            "https://u:p@e.com/x?token=abc&y=1",
            "https://‹u:p›@e.com/x?token=‹abc›&y=1",
        );
        header("location", "/cb?y=1&session=abc", "/cb?y=1&session=‹abc›");
    }

    #[test]
    fn of_cookies_the_names_and_the_attributes_stay() {
        header("cookie", "a=1; theme=; b=2=3", "a=‹1›; theme=; b=‹2=3›");
        header("cookie", "lonely", "‹lonely›");
        header("cookie", "a=\"x; y=z\"", "‹a=\"x; y=z\"›");
        header(
            "set-cookie",
            "sid=abc; Path=/; HttpOnly; Max-Age=5",
            "sid=‹abc›; Path=/; HttpOnly; Max-Age=5",
        );
        header("set-cookie", "a=\"x;y=z\"; Secure", "a=‹\"x›; ‹y=z\"›; Secure");
    }

    #[test]
    fn a_target_keeps_all_but_its_secrets() {
        target("/items/1?page=2&sort", "/items/1?page=2&sort");
        target("/a%2Fb/?q=%20", "/a%2Fb/?q=%20");
        target("/x?api%5Fkey=a%62c&CODE=d&e=f", "/x?api%5Fkey=‹abc›&CODE=‹d›&e=f");
        target("/x?token=&y", "/x?token=&y");
        target("/x?next=https%3A%2F%2Fu%3Ap%40h%2F", "/x?next=‹https://u:p@h/›");
        target("/reset-password/a1b2c3d4/form", "/reset-password/‹a1b2c3d4›/form");
        target("/sessions/current;jsessionid=abc", "/sessions/current;jsessionid=‹abc›");
        target(&format!("/verify/{JWT}"), &format!("/verify/‹{JWT}›"));
        target("/pay/4111-1111-1111-1111", "/pay/‹4111-1111-1111-1111›");
        target("http://u:p@e.com/x", "http://‹u:p›@e.com/x");
    }

    #[test]
    fn json_is_rewritten_as_raw_text() {
        json(
            " {\"id\" : 1.50, \"pass\\u0077ord\":\"a\\u0062c\",\n\"x\":[{\"API-Key\":12}]} ",
            " {\"id\" : 1.50, \"pass\\u0077ord\":\"‹abc›\",\n\"x\":[{\"API-Key\":\"‹12›\"}]} ",
        );
        json(
            r#"{"token":null,"has_password":true,"secret":"","tokens":[]}"#,
            r#"{"token":null,"has_password":true,"secret":"","tokens":[]}"#,
        );
        json(r#"{"token":{"a":[1,"b"]}}"#, r#"{"token":"‹{"a":[1,"b"]}›"}"#);
        json(r#"{"token":"a","token":"b"}"#, r#"{"token":"‹a›","token":"‹b›"}"#);
        json(
            r#"{"user":{"email":"a@b.c","iban":1},"email":"d@e.f"}"#,
            r#"{"user":{"email":"‹a@b.c›","iban":"‹1›"},"email":"d@e.f"}"#,
        );
        json(
            r#"{"n":4111111111111111,"f":0.4111111111111111}"#,
            r#"{"n":"‹4111111111111111›","f":0.4111111111111111}"#,
        );
        json(r#"{"4111111111111111" : "a"}"#, r#"{"‹4111111111111111›" : "a"}"#);
        json(
            r#"[{"value":"abc","name":"X-Token"},{"name":"a","value":"b"}]"#,
            r#"[{"value":"‹abc›","name":"X-Token"},{"name":"a","value":"b"}]"#,
        );
        json(&format!("[\"a {JWT}\", \"\\u00e9\"]"), &format!("[\"a ‹{JWT}›\", \"\\u00e9\"]"));
    }

    #[test]
    fn json_in_a_string_of_json_is_rewritten_too() {
        json(
            r#"{"body":"{\"password\":\"abc\",\"n\":1}"}"#,
            r#"{"body":"{\"password\":\"‹abc›\",\"n\":1}"}"#,
        );
        json(r#"{"body":"{\"n\":1}"}"#, r#"{"body":"{\"n\":1}"}"#);
        json(r#"{"body":"{\"password\":\"abc"}"#, r#"{"body":"‹{"password":"abc›"}"#);
    }

    #[test]
    fn forms_and_text_keep_all_but_their_secrets() {
        body(
            "application/x-www-form-urlencoded",
            "a=1&user%5Bpassword%5D=x+y&answer=42&c",
            "a=1&user%5Bpassword%5D=‹x y›&answer=‹42›&c",
        );
        body("text/plain", "hello token=abc", "hello token=‹abc›");
        body("text/plain", "{\"token\": \"abc\"}", "{\"token\": \"‹abc›\"}");
        body("", "a=1&password=abc", "a=1&password=‹abc›");
        body(
            "application/x-ndjson",
            "{\"pin\":1}\n\n{\"a\":1}\n",
            "{\"pin\":\"‹1›\"}\n\n{\"a\":1}\n",
        );
        body(
            "text/event-stream",
            "data: {\"token\":\ndata: \"abc\"}\n\n",
            "[{\"data\":{\"token\":\n\"‹abc›\"}}]",
        );
        body(
            "application/json-seq",
            "\u{1e}{\"pin\":1}\n\u{1e}2\n",
            "\u{1e}{\"pin\":\"‹1›\"}\n\u{1e}2\n",
        );
    }

    #[test]
    fn what_cannot_be_read_is_not_shown() {
        let check = |media: Option<&str>, bytes: &[u8]| {
            let shown = redactor().body(media, bytes).expect("not empty");
            let expected = format!("[{} bytes, blake3-keyed ", bytes.len());
            assert!(shown.starts_with(&expected), "{media:?}: {shown}");
        };
        check(Some("application/json"), b"{\"password\":\"abc\"");
        check(Some("application/x-ndjson"), b"{\"a\":1}\n{\"password\":\"abc\"");
        check(Some("multipart/form-data; boundary=x"), b"--x\r\npassword\r\n");
        check(Some("image/png"), b"abc");
        check(Some("application/vnd.acme"), b"abc");
        check(Some("text/plain"), b"\xff");
        check(Some("text/plain; charset=utf-7"), b"+AHAAYQBzAHM-word=abc");
        check(Some("text/plain"), b"p\0a\0s\0s\0");
        check(None, b"{\"password\":\n{\"a\":");
        assert_eq!(redactor().body(None, b""), None);
    }

    #[test]
    fn a_body_is_cut_after_it_was_redacted() {
        let many = format!("[{}]", vec![r#"{"password":"hunter2"}"#; 5_000].join(","));
        let long = format!("password=hunter2 {}", "é".repeat(20_000));
        for (media, text) in [("application/json", &many), ("text/plain", &long)] {
            let shown = redactor().body(Some(media), text.as_bytes()).expect("not empty");
            assert!(shown.len() <= MAX_BODY && shown.len() > MAX_BODY - 100, "{}", shown.len());
            assert!(shown.ends_with(&format!("[cut; {} bytes in all]", text.len())));
            assert!(!shown.contains("hunter2") && shown.contains(&mark("hunter2")));
        }
        let far = format!("{}password=hunter2", "x ".repeat(MAX_SCANNED));
        let shown = redactor().body(Some("text/plain"), far.as_bytes()).expect("not empty");
        assert!(shown.starts_with("x x ") && shown.len() <= MAX_BODY);
        let far = format!("token=\"{}\" 4111111111111111", "x".repeat(MAX_SCANNED - 20));
        let shown = redactor().body(Some("text/plain"), far.as_bytes()).expect("not empty");
        assert!(shown.starts_with("token=\"redacted:") && !shown.contains("4111"), "{shown}");
        let string = format!("[\"{}\"]", "x".repeat(MAX_STRING + 1));
        let shown = redactor().body(Some("application/json"), string.as_bytes());
        assert_eq!(shown, Some(format!("[\"{}\"]", mark(&"x".repeat(MAX_STRING + 1)))));
    }

    fn place(keys: &[&str]) -> Place {
        Place::Body(Path(keys.iter().map(|key| Seg::Key((*key).to_owned())).collect()))
    }

    #[test]
    fn a_value_is_secret_by_any_key_on_its_way() {
        let redactor = redactor();
        let check = |place: &Place, raw: &str, expected: &str| {
            assert_eq!(redactor.value(place, raw.as_bytes()), marked(expected));
        };
        check(&place(&["name"]), "\"bob\"", "\"bob\"");
        check(&place(&["token"]), "\"abc\"", "‹abc›");
        check(&place(&["credentials", "user"]), "\"abc\"", "‹abc›");
        check(&place(&["token"]), "null", "null");
        check(&place(&["user", "email"]), "\"abc\"", "‹abc›");
        check(&place(&["user", "email", "deep"]), "1", "‹1›");
        check(&place(&["user"]), r#"{"email":"abc","n":1}"#, r#"{"email":"‹abc›","n":1}"#);
        check(&place(&[]), "token=abc", "token=‹abc›");
        check(&Place::Status, "200", "200");
        check(&Place::Header("set-cookie".into()), "a=b; Secure", "a=‹b›; Secure");
        check(&Place::Header("x-api-key".into()), "abc", "‹abc›");
        let long =
            redactor.value(&place(&["name"]), format!("\"{}\"", "x".repeat(1_000)).as_bytes());
        assert!(long.len() == MAX_VALUE && long.ends_with("x…"));
        let many = format!("[{}]", vec![r#"{"password":"hunter2"}"#; 100].join(","));
        assert!(!redactor.value(&place(&[]), many.as_bytes()).contains("hunter2"));
        let broken = redactor.value(&place(&[]), b"{\"password\":\n\"hunter2\"");
        assert!(broken.starts_with("[22 bytes"), "{broken}");
    }

    #[test]
    fn of_a_binary_body_no_byte_is_shown() {
        let divergence = Divergence {
            kind: Kind::Value,
            severity: Severity::Behavioural,
            place: place(&[]),
            primary: Some(b"hunter2"),
            candidate: None,
            primary_class: Class::Bytes,
            candidate_class: Class::Absent,
            count: 1,
        };
        let (primary, candidate) = redactor().preview(&divergence, [None; 2]);
        assert!(primary.is_some_and(|shown| shown.starts_with("[7 bytes")));
        assert_eq!(candidate, None);
    }
    #[test]
    fn a_value_is_secret_by_what_stands_beside_it_on_either_side() {
        let (x, y) = (r#"[{"name":"token","value":"abc"}]"#, r#"[{"name":"hue","value":"abd"}]"#);
        let value = |text: &'static str| text.get(text.len() - 7..text.len() - 2);
        let divergence = Divergence {
            kind: Kind::Value,
            severity: Severity::Behavioural,
            place: place(&["value"]),
            primary: value(x).map(str::as_bytes),
            candidate: value(y).map(str::as_bytes),
            primary_class: Class::Text,
            candidate_class: Class::Text,
            count: 1,
        };
        let shown = redactor().preview(&divergence, [x, y].map(|text| Some(text.as_bytes())));
        assert_eq!(shown, (Some(mark("abc")), Some(mark("abd"))));
        let shown = redactor().preview(&divergence, [None; 2]).0;
        assert_eq!(shown.as_deref(), Some("\"abc\""));
    }

    #[test]
    fn the_fields_of_a_form_are_known_where_they_are_read_too() {
        let check = |keys: &[&str], expected: &str| {
            assert_eq!(redactor().value(&place(keys), b"\"abc\""), marked(expected), "{keys:?}");
        };
        check(&["Answer"], "‹abc›");
        check(&["answer", "0"], "‹abc›");
        check(&["other", "answer"], "\"abc\"");
    }
}
