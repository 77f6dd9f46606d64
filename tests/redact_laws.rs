//! What holds for everything that is kept: no secret in any form, and all else as it was.

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample;
use shadowdiff::compare::{Decoded, Rules, compare};
use shadowdiff::config::Redact;
use shadowdiff::model::{Outcome, Place, Reply};
use shadowdiff::redact::Redactor;
use std::sync::LazyLock;

const NAMES: [&str; 24] = [
    "password",
    "old_passwd",
    "client-secret",
    "clientsecretvalue",
    "accesstoken",
    "csrf_token",
    "x-api-key",
    "apikey",
    "card",
    "card_number",
    "creditcard",
    "cardno",
    "cvv",
    "cvc2",
    "ssn",
    "customer.ssn",
    "authorization",
    "aws_credential",
    "private_key",
    "session",
    "phpsessid",
    "connect.sid",
    "pin",
    "passphrase",
];

fn redactor() -> &'static Redactor {
    static REDACTOR: LazyLock<Redactor> =
        LazyLock::new(|| Redactor::new(&Redact::default(), [42; 32]));
    &REDACTOR
}

/// The mark of a secret: a header with a secret's name shows nothing else.
fn mark(secret: &str) -> String {
    redactor().value(&Place::Header("authorization".into()), secret.as_bytes())
}

/// JSON with secrets under secrets' names.
#[derive(Clone, Debug)]
enum Doc {
    Plain(&'static str),
    Text(String),
    Array(Vec<Doc>),
    Object(Vec<(String, Doc)>),
    /// A member under a secret's name, in this case, that holds the secret this deep.
    Secret {
        name: &'static str,
        upper: u32,
        secret: String,
        depth: usize,
    },
}

fn secret() -> impl Strategy<Value = String> {
    "[A-Z]{2}[0-9]{2}[a-zA-Z0-9 é\"\\\\/]{0,10}[g-z]{6}"
}

fn planted() -> impl Strategy<Value = Doc> {
    (sample::select(&NAMES), any::<u32>(), secret(), 0_usize..4)
        .prop_map(|(name, upper, secret, depth)| Doc::Secret { name, upper, secret, depth })
}

fn document() -> impl Strategy<Value = Doc> {
    let leaf = prop_oneof![
        sample::select(vec!["null", "true", "-1.50e3", "0", "[]", "{}", "\"\\u00e9\\/\""])
            .prop_map(Doc::Plain),
        "[a-h0-9 é\"\\\\.,-]{0,12}".prop_map(Doc::Text),
        planted(),
    ];
    leaf.prop_recursive(6, 100, 8, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..8).prop_map(Doc::Array),
            vec(("[aeghm]{0,6}", inner), 0..8).prop_map(Doc::Object),
        ]
    })
}

/// Writes a document in a drawn style, and beside it what is expected of the redactor.
struct Writer {
    random: u64,
    raw: String,
    expected: String,
}

impl Writer {
    fn draw(&mut self, below: u64) -> u64 {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        (self.random >> 8) % below
    }

    fn both(&mut self, text: &str) {
        self.raw.push_str(text);
        self.expected.push_str(text);
    }

    fn space(&mut self) {
        let space = match self.draw(8) {
            0 => " ",
            1 => "\n  ",
            2 => "\r\n\t",
            _ => "",
        };
        self.both(space);
    }

    fn quoted(&mut self, text: &str) -> String {
        let mut quoted = String::from("\"");
        for char in text.chars() {
            if char < ' ' || matches!(char, '"' | '\\') || self.draw(4) == 0 {
                for unit in char.encode_utf16(&mut [0; 2]) {
                    quoted.push_str(&format!("\\u{unit:04x}"));
                }
            } else {
                quoted.push(char);
            }
        }
        quoted + "\""
    }

    fn write(&mut self, doc: &Doc) {
        self.space();
        match doc {
            Doc::Plain(raw) => self.both(raw),
            Doc::Text(text) => {
                let quoted = self.quoted(text);
                self.both(&quoted);
            }
            Doc::Array(elements) => {
                self.both("[");
                for (index, element) in elements.iter().enumerate() {
                    self.both(if index > 0 { "," } else { "" });
                    self.write(element);
                }
                self.both("]");
            }
            Doc::Object(members) => {
                self.both("{");
                for (index, (key, value)) in members.iter().enumerate() {
                    self.both(if index > 0 { "," } else { "" });
                    self.key(key);
                    self.write(value);
                }
                self.both("}");
            }
            Doc::Secret { name, upper, secret, depth } => self.secret(name, *upper, secret, *depth),
        }
        self.space();
    }

    fn key(&mut self, key: &str) {
        self.space();
        let quoted = self.quoted(key);
        self.both(&quoted);
        self.space();
        self.both(":");
    }

    fn secret(&mut self, name: &str, upper: u32, secret: &str, depth: usize) {
        let name: String = name
            .chars()
            .enumerate()
            .map(
                |(at, char)| {
                    if upper >> (at % 32) & 1 == 1 { char.to_ascii_uppercase() } else { char }
                },
            )
            .collect();
        self.both("{");
        self.key(&name);
        let quoted = self.quoted(secret);
        let (open, close) = ("[{\"a\": ".repeat(depth), "}\n]".repeat(depth));
        let value = format!("{open}{quoted}{close}");
        self.raw.push_str(&value);
        let hashed = if depth == 0 { secret } else { &value };
        self.expected.push_str(&format!("\"{}\"", mark(hashed)));
        self.both("}");
    }
}

fn written(doc: &Doc, seed: u64) -> (String, String) {
    let mut writer = Writer { random: seed, raw: String::new(), expected: String::new() };
    writer.write(doc);
    (writer.raw, writer.expected)
}

fn secrets(doc: &Doc, found: &mut Vec<String>) {
    match doc {
        Doc::Plain(_) | Doc::Text(_) => {}
        Doc::Array(elements) => elements.iter().for_each(|each| secrets(each, found)),
        Doc::Object(members) => members.iter().for_each(|(_, each)| secrets(each, found)),
        Doc::Secret { secret, .. } => found.push(secret.clone()),
    }
}

/// Undoes `\u` escapes, percent-encoding and backslashes, so that no spelling hides a secret.
fn bare(text: &str) -> String {
    let mut bare = String::new();
    let mut rest = text;
    while let Some(char) = rest.chars().next() {
        let escape = |mark: &str, digits: usize| {
            let hex = rest.strip_prefix(mark)?.get(..digits)?;
            Some((u32::from_str_radix(hex, 16).ok().and_then(char::from_u32)?, mark.len() + digits))
        };
        let (char, length) =
            escape("\\u", 4).or_else(|| escape("%", 2)).unwrap_or((char, char.len_utf8()));
        if char.is_ascii_alphanumeric() {
            bare.push(char);
        }
        rest = rest.get(length..).unwrap_or_default();
    }
    bare
}

fn assert_hidden(shown: &str, planted: &[String]) {
    let shown = bare(shown);
    for secret in planted {
        assert!(!shown.contains(&bare(secret)), "{secret} in {shown}");
        // Not even its end, where a cut has taken the beginning.
        let secret = bare(secret);
        let (_, end) = secret.split_at(secret.len() - 6);
        assert!(!shown.contains(end), "{end} in {shown}");
    }
}

fn percent(text: &str, mask: u32) -> String {
    text.bytes()
        .enumerate()
        .map(|(at, byte)| match byte {
            b' ' => "+".to_owned(),
            plain if plain.is_ascii_alphanumeric() && mask >> (at % 32) & 1 == 0 => {
                char::from(plain).to_string()
            }
            other => format!("%{other:02X}"),
        })
        .collect()
}

fn reply(body: &str) -> Outcome {
    typed("application/json", body)
}

fn typed(media: &'static str, body: &str) -> Outcome {
    let mut headers = HeaderMap::new();
    headers.insert("content-type", HeaderValue::from_static(media));
    let body = Bytes::copy_from_slice(body.as_bytes()).into();
    Outcome::Reply(Reply { status: StatusCode::OK, headers, body, trailers: None })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn secrets_are_replaced_and_all_else_stays_byte_for_byte(doc in document(), seed in 1_u64..) {
        let (raw, expected) = written(&doc, seed);
        let mut planted = Vec::new();
        secrets(&doc, &mut planted);
        for media in [Some("application/json"), Some("application/problem+json"), None] {
            let shown = redactor().body(media, raw.as_bytes()).unwrap_or_default();
            assert_hidden(&shown, &planted);
            if media.is_some() && expected.len() < 16_000 {
                prop_assert_eq!(&shown, &expected);
            }
        }
    }

    #[test]
    fn no_cut_brings_a_secret_to_light(doc in document(), seed in 1_u64.., at in any::<sample::Index>()) {
        let (raw, _) = written(&doc, seed);
        let mut planted = Vec::new();
        secrets(&doc, &mut planted);
        let mut end = at.index(raw.len() + 1);
        while !raw.is_char_boundary(end) {
            end -= 1;
        }
        for media in [Some("application/json"), Some("text/plain"), Some("application/octet-stream"), None] {
            let shown = redactor().body(media, &raw.as_bytes()[..end]).unwrap_or_default();
            assert_hidden(&shown, &planted);
        }
    }

    #[test]
    fn a_document_within_a_string_hides_its_secrets_too(doc in document(), seed in 1_u64..) {
        let (raw, _) = written(&doc, seed);
        let mut planted = Vec::new();
        secrets(&doc, &mut planted);
        let mut writer = Writer { random: seed, raw: String::new(), expected: String::new() };
        let outer = format!("{{\"a\":[{}]}}", writer.quoted(&raw));
        let shown = redactor().body(Some("application/json"), outer.as_bytes()).unwrap_or_default();
        assert_hidden(&shown, &planted);
    }

    #[test]
    fn a_divergence_shows_no_secret(x in document(), y in document(), seed in 1_u64..) {
        let mut planted = Vec::new();
        secrets(&x, &mut planted);
        secrets(&y, &mut planted);
        let (x, y) = (reply(&written(&x, seed).0), reply(&written(&y, seed).0));
        let decoded = Decoded::new(&x, &y);
        for divergence in compare(&x, &y, &decoded, &Rules::default()).divergences {
            let (primary, candidate) = redactor().preview(&divergence, decoded.compared());
            for shown in [primary, candidate].into_iter().flatten() {
                prop_assert!(shown.len() <= 256);
                assert_hidden(&shown, &planted);
            }
        }
    }

    #[test]
    fn what_is_read_into_json_hides_its_secrets_too(x in document(), y in document(), seed in 1_u64..) {
        let mut planted = Vec::new();
        secrets(&x, &mut planted);
        secrets(&y, &mut planted);
        let (raw_x, raw_y) = (written(&x, seed).0, written(&y, seed).0);
        let spaced = |raw: &str, line: &str| raw.replace(['\r', '\n'], line);
        let event = |raw: &str| format!("data: {}\n\n", spaced(raw, "\ndata: "));
        let lines = |raw: &str| format!("1\n{}\n", spaced(raw, " "));
        let part = |raw: &str| {
            format!("--x\r\ncontent-type: application/json\r\n\r\n{raw}\r\n--x--\r\n")
        };
        for (media, x, y) in [
            ("text/event-stream", event(&raw_x), event(&raw_y)),
            ("application/x-ndjson", lines(&raw_x), lines(&raw_y)),
            ("multipart/mixed; boundary=x", part(&raw_x), part(&raw_y)),
        ] {
            let shown = redactor().body(Some(media), x.as_bytes()).unwrap_or_default();
            assert_hidden(&shown, &planted);
            let (x, y) = (typed(media, &x), typed(media, &y));
            let decoded = Decoded::new(&x, &y);
            for divergence in compare(&x, &y, &decoded, &Rules::default()).divergences {
                let (primary, candidate) = redactor().preview(&divergence, decoded.compared());
                for shown in [primary, candidate].into_iter().flatten() {
                    assert_hidden(&shown, &planted);
                }
            }
        }
    }

    #[test]
    fn queries_and_forms_keep_all_but_their_secrets(
        pairs in vec((sample::select(&NAMES), secret(), any::<u32>(), any::<bool>()), 0..8),
    ) {
        let (mut raw, mut expected, mut planted) = (String::new(), String::new(), Vec::new());
        for (name, secret, mask, is_secret) in &pairs {
            let name = if *is_secret { percent(name, *mask) } else { "page".to_owned() };
            let value = if *is_secret { secret } else { "a-b c" };
            let separator = if raw.is_empty() { "" } else { "&" };
            raw.push_str(&format!("{separator}{name}={}", percent(value, *mask)));
            let shown = if *is_secret { mark(value) } else { percent(value, *mask) };
            expected.push_str(&format!("{separator}{name}={shown}"));
            planted.extend(is_secret.then(|| secret.clone()));
        }
        prop_assert_eq!(redactor().target(&format!("/a?{raw}")), format!("/a?{expected}"));
        let form = redactor().body(Some("application/x-www-form-urlencoded"), raw.as_bytes());
        prop_assert_eq!(form.unwrap_or_default(), expected);
        assert_hidden(&redactor().text(&format!("see https://e.com/a?{raw}")), &planted);
    }

    #[test]
    fn headers_with_a_secrets_name_show_nothing(
        name in sample::select(&NAMES), secret in "[A-Z]{2}[0-9]{2}[a-zA-Z0-9 ;=,]{0,20}[g-z]{6}",
    ) {
        let mut headers = HeaderMap::new();
        for name in [name, "cookie", "set-cookie", "authorization"] {
            let name = HeaderName::from_bytes(name.as_bytes()).expect("a header name");
            headers.insert(name, HeaderValue::from_str(&format!("a={secret}")).expect("a value"));
        }
        for (_, value) in redactor().headers(&headers) {
            let whole = bare(&secret);
            prop_assert!(!bare(&value).contains(&whole), "{} in {}", secret, value);
        }
    }

    #[test]
    fn no_bytes_make_it_panic_or_grow(bytes in vec(any::<u8>(), 0..300), text in any::<String>()) {
        for media in [None, Some("application/json"), Some("text/html"), Some("application/x-www-form-urlencoded")] {
            for bytes in [&bytes[..], text.as_bytes()] {
                prop_assert!(redactor().body(media, bytes).is_none_or(|shown| shown.len() <= 16 << 10));
            }
        }
        prop_assert!(redactor().target(&text).len() <= 16 << 10);
        prop_assert!(redactor().text(&text).len() <= 16 << 10);
        for place in [Place::Outcome, Place::Header("set-cookie".into()), Place::Body(Default::default())] {
            prop_assert!(redactor().value(&place, &bytes).len() <= 256);
            prop_assert!(redactor().value(&place, text.as_bytes()).len() <= 256);
        }
    }
}

#[test]
fn hostile_documents_are_bounded() {
    let deep = "[".repeat(1_000_000) + &"]".repeat(1_000_000);
    let keys = format!("{{{}}}", vec!["\"password\":\"hunter2\""; 100_000].join(","));
    let nested = (0..12).fold("{\"password\":\"hunter2\"}".to_owned(), |inner, _| {
        format!("{{\"a\":{}}}", serde_json::Value::from(inner))
    });
    let pairs = "password=hunter2&".repeat(100_000);
    // Nothing ends the first value, and every name in it begins another one.
    let endless = "password=hunter2-".repeat(20_000);
    for text in [deep, keys, nested, pairs, endless] {
        for media in ["application/json", "text/plain", "application/x-www-form-urlencoded"] {
            let shown = redactor().body(Some(media), text.as_bytes()).expect("not empty");
            assert!(shown.len() <= 16 << 10);
            assert!(!shown.contains("hunter2"), "{media}");
        }
    }
}

#[test]
fn secrets_in_binary_bodies_are_redacted_as_in_json() {
    let token =
        format!("eyJ{}.{}", "hbGciOiJIUzI1NiJ9", "eyJzdWIiOiIxIn0.c2lnbmF0dXJlc2lnbmF0dXJl");
    let short = |text: &str| u8::try_from(text.len()).expect("short");
    let text = |text: &str| [&[0x78, short(text)], text.as_bytes()].concat();
    let raw = |text: &str| [&[0x58, short(text)], text.as_bytes()].concat();
    let tagged = |value: Vec<u8>| [vec![0xd8, 0x25], value].concat();
    for (key, value) in [
        (text("password"), text("hunter2-hunter2")),
        (text("password"), raw("hunter2-hunter2")),
        (text("password"), tagged(text("hunter2-hunter2"))),
        (raw("password"), text("hunter2-hunter2")),
        (text("note"), text(&token)),
        (text("note"), raw(&token)),
    ] {
        let body = |value: &[u8]| [&[0xa1][..], &key, value].concat();
        let headers = HeaderMap::from_iter([(
            HeaderName::from_static("content-type"),
            HeaderValue::from_static("application/cbor"),
        )]);
        let reply = |body: Vec<u8>| {
            let (headers, body) = (headers.clone(), Bytes::from(body).into());
            Outcome::Reply(Reply { status: StatusCode::OK, headers, body, trailers: None })
        };
        let (x, y) = (reply(body(&value)), reply(body(&[0x61, b'-'])));
        let decoded = Decoded::new(&x, &y);
        let found = compare(&x, &y, &decoded, &Rules::default());
        assert!(found.total > 0);
        for each in &found.divergences {
            let (shown, _) = redactor().preview(each, decoded.compared());
            let shown = shown.unwrap_or_default();
            let hex: String = b"hunter2".iter().map(|byte| format!("{byte:02x}")).collect();
            let hidden =
                ["hunter2", &hex, "eyJ", "65794a"].iter().all(|part| !shown.contains(part));
            assert!(hidden, "{shown}");
        }
    }
}
