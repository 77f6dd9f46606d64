//! Secrets in free text.

use super::names;
use super::patterns::{Values, cards, is_basic};
use crate::syntax::json::Text;
use crate::syntax::percent_decode;
use regex::{Match, Regex};
use std::ops::Range;
use std::sync::LazyLock;

/// Finds what looks like a secret, or stands beside a name that announces one. Expressions of the
/// `regex` crate take time in proportion to the text.
#[derive(Clone, Debug)]
pub(super) struct Scanner {
    jwt: Regex,
    private_key: Regex,
    scheme: Regex,
    userinfo: Regex,
    digits: Regex,
    credentials: Regex,
    named: Regex,
    element: Regex,
    tag: Regex,
    attribute: Regex,
}

impl Scanner {
    /// The one scanner. To compile it takes longer than all else that a reload does, or a switch
    /// that is turned, and no config changes it.
    pub(super) fn get() -> &'static Self {
        static SCANNER: LazyLock<Scanner> = LazyLock::new(Scanner::new);
        &SCANNER
    }

    fn new() -> Self {
        let regex = |text| Regex::new(text).expect("a fixed expression, compiled by every test");
        Self {
            jwt: regex(r"eyJ[A-Za-z0-9_-]{4,}\.[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]*)*"),
            private_key: regex(
                r"(?s)-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----.*?(?:-----END [A-Z0-9 ]*-----|\z)",
            ),
            scheme: regex(r"(?i)\b(bearer|basic)(?:\s|%20|\+)+([A-Za-z0-9._~+/=%-]+)"),
            userinfo: regex(r#"://([^/?#\s"'<>\\]+)@"#),
            digits: regex(r"[0-9](?:[ -]?[0-9]){12,}"),
            credentials: regex(r#"(?i)(?:authorization|cookie)["']?[ \t]*:[ \t]*([^\r\n]+)"#),
            named: regex(
                r#"([A-Za-z0-9_%\[\]$\\-]{2,128})(?:(?:["']|&quot;|&#34;|&#39;)\s*[=:]>?\s*|[ \t]*[=:]>?[ \t]*)"#,
            ),
            element: regex(r"<([A-Za-z_][A-Za-z0-9_.:-]{0,127})(?:\s[^<>]*)?>"),
            tag: regex(r"<[A-Za-z][^<>]*>"),
            attribute: regex(r#"([A-Za-z:-]+)\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'<>]+))"#),
        }
    }

    /// The secrets in a text, in order and apart from each other.
    pub(super) fn find(&self, text: &str) -> Vec<Range<usize>> {
        let mut found = Vec::new();
        if is_plain_word(text) {
            return found;
        }
        found.extend(self.jwt.find_iter(text).map(|found| found.range()));
        found.extend(self.private_key.find_iter(text).map(|found| found.range()));
        found.extend(
            self.userinfo.captures_iter(text).filter_map(|found| Some(found.get(1)?.range())),
        );
        found.extend(
            self.credentials.captures_iter(text).filter_map(|found| Some(found.get(1)?.range())),
        );
        self.schemes(text, &mut found);
        self.cards(text, &mut found);
        self.named(text, &mut found);
        self.markup(text, &mut found);
        merge(found)
    }

    fn schemes(&self, text: &str, found: &mut Vec<Range<usize>>) {
        for captures in self.scheme.captures_iter(text) {
            let (Some(all), Some(scheme), Some(secret)) =
                (captures.get(0), captures.get(1), captures.get(2))
            else {
                continue;
            };
            let word = secret.as_str();
            let drawn = word.len() >= 16 || !word.bytes().all(|byte| byte.is_ascii_alphabetic());
            let is_secret = if scheme.as_str().eq_ignore_ascii_case("basic") {
                is_basic(word)
            } else {
                drawn || all.as_str() == text.trim()
            };
            if is_secret {
                found.push(secret.range());
            }
        }
    }

    fn cards(&self, text: &str, found: &mut Vec<Range<usize>>) {
        for run in self.digits.find_iter(text) {
            let before = text.get(..run.start()).unwrap_or_default().as_bytes();
            // The fraction of a decimal number has as many digits as a card, and no check digit.
            if !matches!(before, [.., b'0'..=b'9', b'.']) {
                found.extend(cards(text, run.range()));
            }
        }
    }

    fn named(&self, text: &str, found: &mut Vec<Range<usize>>) {
        let mut values = Values::of(text);
        for captures in self.named.captures_iter(text) {
            let (Some(all), Some(name)) = (captures.get(0), captures.get(1)) else { continue };
            if is_secret(name) {
                let query = all.as_str().ends_with('=');
                found.extend(values.value(all.end(), query));
            }
        }
    }

    /// What stands between the tags of an element with a secret's name, and the value of a form's
    /// field that has one.
    fn markup(&self, text: &str, found: &mut Vec<Range<usize>>) {
        for captures in self.element.captures_iter(text) {
            let (Some(open), Some(name)) = (captures.get(0), captures.get(1)) else { continue };
            let local = name.as_str().rsplit(':').next().unwrap_or_default();
            if names::is_secret(local) && !open.as_str().ends_with("/>") {
                let close = format!("</{}", name.as_str());
                let inside = text.get(open.end()..).unwrap_or_default();
                found.push(open.end()..open.end() + inside.find(&close).unwrap_or(inside.len()));
            }
        }
        for tag in self.tag.find_iter(text) {
            self.field(tag, found);
        }
    }

    fn field(&self, tag: Match<'_>, found: &mut Vec<Range<usize>>) {
        let attributes: Vec<_> = self
            .attribute
            .captures_iter(tag.as_str())
            .filter_map(|found| {
                let value = found.get(2).or(found.get(3)).or(found.get(4))?;
                Some((found.get(1)?.as_str().to_ascii_lowercase(), value))
            })
            .collect();
        let names = ["name", "id", "property", "itemprop"];
        let announced = attributes.iter().any(|(name, value)| {
            names.contains(&name.as_str()) && names::is_secret(value.as_str())
        });
        let values = attributes.iter().filter(|(name, _)| name == "value" || name == "content");
        if announced {
            found.extend(
                values.map(|(_, value)| tag.start() + value.start()..tag.start() + value.end()),
            );
        }
    }
}

/// Whether a text is one short word: most strings of a document are, and no expression fits them.
fn is_plain_word(text: &str) -> bool {
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"-_./@,".contains(&byte);
    digits < 13 && text.bytes().all(fits) && !text.contains("eyJ")
}

/// A name as it stands in text: percent-encoded, or escaped as in JSON.
fn is_secret(name: Match<'_>) -> bool {
    let decoded = percent_decode(name.as_str().as_bytes());
    names::is_secret(&Text::new(&decoded).to_display())
}

fn merge(mut found: Vec<Range<usize>>) -> Vec<Range<usize>> {
    found.retain(|range| !range.is_empty());
    found.sort_unstable_by_key(|range| range.start);
    let mut merged: Vec<Range<usize>> = Vec::with_capacity(found.len());
    for range in found {
        match merged.last_mut() {
            Some(last) if range.start < last.end => last.end = last.end.max(range.end),
            _ => merged.push(range),
        }
    }
    merged
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &[&str]) {
        let found = Scanner::get().find(text);
        let found: Vec<_> = found.into_iter().filter_map(|range| text.get(range)).collect();
        assert_eq!(found, expected, "{text}");
    }

    const JWT: &str = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.dBjftJeZ4CVP";

    #[test]
    fn secrets_are_known_by_their_look() {
        check(&format!("see {JWT}, please"), &[JWT]);
        check("Bearer abc", &["abc"]);
        check("got bearer: no, Bearer a1b2c3 it was", &["no", "a1b2c3"]);
        check("Basic dXNlcjpwYXNz", &["dXNlcjpwYXNz"]);
        check("Basic training for the bearer of news", &[]);
        check("redis://user:pa@ss@host:6379/0", &["user:pa@ss"]);
        check("https://example.com/a@b", &[]);
        check("paid with 4111 1111 1111 1111 12/27", &["4111 1111 1111 1111"]);
        check("0.4111111111111111 and 1700000000000", &[]);
        check(
            "-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----.",
            &["-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----"],
        );
        check("-----BEGIN PRIVATE KEY-----\nMIIE", &["-----BEGIN PRIVATE KEY-----\nMIIE"]);
    }

    #[test]
    fn secrets_are_known_by_the_name_beside_them() {
        check("https://e.com/cb?token=a,b;c&x=1#access_token=d", &["a,b;c", "d"]);
        check("user=bob password=\"a b\" x=1", &["a b"]);
        check("pass%77ord=x&y=1", &["x"]);
        check(r#"oops: {"user":"bob","password":"hun\"ter2","n":1}"#, &[r#"hun\"ter2"#]);
        check(r#"{\"pass\u0077ord\":\"hunter2\",\"n\":1}"#, &["hunter2"]);
        check("{'api_key': 'x', 'b': 'c'}", &["x"]);
        check("Authorization: Digest a=\"b\", c=\"d\"\nX-Other: 1", &["Digest a=\"b\", c=\"d\""]);
        check("Cookie: theme=dark; lang=en\r\nx: 1", &["theme=dark; lang=en"]);
        check("\"secrets\": {\"a\": 1}\nnext", &["{\"a\": 1}"]);
        check("https://tokens.example.com:8080/x", &[]);
        check("data-x=\"{&quot;token&quot;:&quot;a b&quot;,&quot;n&quot;:1}\"", &["a b"]);
        check("\"pin\"\n  :\n  \"1234\"", &["1234"]);
        check("password: null, token=", &[]);
    }

    #[test]
    fn secrets_are_known_by_the_markup_around_them() {
        check("<user>bob</user><ns:password>x &amp; y</ns:password>", &["x &amp; y"]);
        check("<credentials><u>a</u><p>b</p></credentials>!", &["<u>a</u><p>b</p>"]);
        check("<password><![CDATA[a<b]]></password>", &["<![CDATA[a<b]]>"]);
        check("<token", &[]);
        check("<token>abc", &["abc"]);
        check("<input type=hidden name=\"csrf_token\" value=\"abc\">", &["abc"]);
        check("<meta content='abc' name='csrf-token'/><input name=q value=abc>", &["abc"]);
    }
}
