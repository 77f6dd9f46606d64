//! What is kept, and what is read back.

use super::{Parts, fields};
use http::{HeaderMap, HeaderValue};
use shadowdiff::config::Redact;
use shadowdiff::model::{Exemplars, Path, Place, Seg, Session, Variant};
use shadowdiff::redact::Redactor;
use shadowdiff::store::{Pair, SAMPLES_PER_FINDING, load_controls, salvage};
use shadowdiff::syntax::json::Document;
use std::fs;
use std::sync::LazyLock;
use xxhash_rust::xxh3::xxh3_64;

/// It must never be found in what is kept; no input that holds it says anything.
const SECRET: &str = "Zq7Xv9Kp2LmW4tRbN8sY";

static REDACTOR: LazyLock<Redactor> = LazyLock::new(|| {
    let config = Redact {
        headers: vec!["x-tenant".parse().expect("a name")],
        json: vec!["$..iban".parse().expect("a pattern")],
        query: vec!["code".into()],
        form: vec!["answer".into()],
    };
    Redactor::new(&config, [7; 32])
});

/// A planted secret survives nowhere, whatever stands beside it, and what is kept is bounded.
/// Parts: a media type, a body, a request target, header fields.
pub fn redact(bytes: &[u8]) {
    let mut parts = Parts::of(bytes);
    let (media, body, target, lines) = (parts.text(), parts.next(), parts.text(), parts.next());
    if bytes.windows(SECRET.len()).any(|part| part == SECRET.as_bytes()) {
        return;
    }
    kept(&media, body);
    for (media, body) in planted(body) {
        kept(media, &body);
    }
    let target = REDACTOR.target(&format!("{target}&token={SECRET}&code={SECRET}"));
    assert!(!target.contains('?') || hides(&target), "{target}");
    let mut headers = fields(lines);
    plant(&mut headers, "authorization", &format!("Bearer {SECRET}"));
    plant(&mut headers, "x-tenant", SECRET);
    for (name, value) in REDACTOR.headers(&headers) {
        assert!(hides(&value) && value.len() <= (4 << 10) + 8, "{name}: {value}");
    }
}

fn plant(headers: &mut HeaderMap, name: &'static str, value: &str) {
    headers.append(name, HeaderValue::try_from(value).expect("a value"));
}

fn kept(media: &str, body: &[u8]) {
    for media in [Some(media), None] {
        let shown = REDACTOR.body(media, body).unwrap_or_default();
        assert!(shown.len() <= (16 << 10) + 64, "{} bytes are kept", shown.len());
        assert!(hides(&shown), "{shown}");
    }
    let path = Path(vec![Seg::Key("iban".into())]);
    for place in [Place::Body(Path::default()), Place::Body(path)] {
        let shown = REDACTOR.value(&place, body);
        assert!(shown.len() <= 256 + 8 && hides(&shown), "{shown}");
    }
}

/// The body with a secret planted in it, for each format that it fits.
fn planted(body: &[u8]) -> Vec<(&'static str, Vec<u8>)> {
    let mut all = Vec::new();
    let secret = SECRET.as_bytes();
    if Document::parse(body).is_ok() {
        let wrapped = [b"{\"a\":", body, b",\"password\":[\"", secret, b"\"]}"].concat();
        all.push(("application/json", wrapped.clone()));
        all.push(("text/plain", wrapped));
        let listed =
            [b"[{\"iban\":\"", secret, b"\"},", body, b",{\"name\":\"token\",\"value\":\""];
        all.push(("application/json", [&listed.concat()[..], secret, b"\"}]"].concat()));
    }
    all.push(("text/plain", [body, b"\npassword=", secret, b"\n"].concat()));
    all.push(("text/html", [b"<password>", secret, b"</password>", body].concat()));
    let form = "application/x-www-form-urlencoded";
    all.push((form, [b"session=", secret, b"&", body, b"&token=", secret].concat()));
    all
}

fn hides(shown: &str) -> bool {
    !shown.contains(SECRET)
}

/// Any bytes of a database are a session or damage: nothing in them is trusted. Parts: of each
/// record the key, then the value; a value is sealed so that it passes for one of ours, unless it
/// begins with `!`.
pub fn records(bytes: &[u8]) {
    let mut parts = Parts::of(bytes);
    let mut pairs = vec![];
    while !parts.is_done() && pairs.len() < 256 {
        let (key, value) = (parts.next(), parts.next());
        match value.split_first() {
            Some((b'!', raw)) => pairs.push((key.to_vec(), raw.to_vec())),
            _ => pairs.push(sealed(&key_of(key), value)),
        }
    }
    pairs.sort();
    if let Some((session, _damaged)) = salvage(pairs) {
        consistent(&session);
    }
}

/// Keys of findings, samples, variants and traces are binary; here they are written as `f`, `s`,
/// `v` or `w` and one byte.
fn key_of(text: &[u8]) -> Vec<u8> {
    match text {
        [kind @ (b'f' | b'v' | b'w'), byte] => [&[*kind][..], &[*byte; 16]].concat(),
        [b's', byte, slot] => [&b"s"[..], &[*byte; 16], &[*slot]].concat(),
        other => other.to_vec(),
    }
}

/// A record as the store's format has it, in one piece.
fn sealed(key: &[u8], payload: &[u8]) -> Pair {
    let (version, plain) = (1, 0);
    let sum = xxh3_64(&[key, &[version, plain], payload].concat());
    let length = u32::try_from(payload.len()).expect("inputs are short");
    let head = [&[version, plain][..], &length.to_le_bytes(), &sum.to_le_bytes()].concat();
    ([key, &[0, 0]].concat(), [&head, payload].concat())
}

/// All that a report does with a session's figures can be done.
fn consistent(session: &Session) {
    let ledger = session.ledger();
    ledger.unsettled();
    ledger.is_exact();
    ledger.failed_total();
    for stats in session.endpoints.values() {
        assert!(stats.primary.quantile(0.95) >= 0.0);
        assert!(stats.candidate.buckets().count() <= 1281);
        stats.primary.count();
    }
    let samples = session.findings.values().map(|finding| finding.samples.len());
    assert!(samples.max().unwrap_or(0) <= SAMPLES_PER_FINDING);
    for variant in session.variants.values() {
        assert!(variant.findings.len() <= Variant::MAX_FINDINGS);
        assert!(variant.traces.exemplars.iter().count() <= Exemplars::MAX);
        variant.traces.entities.estimate();
    }
    super::telling::every_format(session);
}

/// A file of saved controls is understood or refused, and never taken for the default.
pub fn controls(bytes: &[u8]) {
    thread_local! {
        static FOLDER: tempfile::TempDir = tempfile::tempdir().expect("a folder");
    }
    FOLDER.with(|folder| {
        fs::write(folder.path().join("controls.json"), bytes).expect("written");
        let Ok(controls) = load_controls(folder.path()) else { return };
        let json: serde_json::Value = serde_json::from_slice(bytes).expect("it is JSON");
        let enabled = json.get("enabled").and_then(serde_json::Value::as_bool);
        assert_eq!(controls.enabled, enabled, "the kill switch is what the file says");
        let sample = json.get("sample").and_then(serde_json::Value::as_str);
        assert_eq!(controls.sample, sample.and_then(|text| text.parse().ok()));
    });
}
