//! The config, and what it does to requests.

use super::{Parts, fields};
use bytes::Bytes;
use http::uri::PathAndQuery;
use http::{Method, Uri, Version, request};
use shadowdiff::config::{Config, Replace, Rewrite, describe, needs_restart, parse};
use shadowdiff::isolate::rewrite as rewritten;
use shadowdiff::model::{Controls, Request, RequestId};
use shadowdiff::policy::{Constants, MARKER, Marker, Policy};
use shadowdiff::tap::{Settings, is_hop_by_hop, pass};
use std::net::IpAddr;
use std::sync::LazyLock;

const CONFIG: &str = r#"
primary: { url: "http://127.0.0.1:8081" }
candidate: { url: "http://127.0.0.1:8082" }
listen: { via: edge, trusted_proxies: [10.0.0.0/8, "fd00::/8"] }
mirror:
  sample: 50%
  sticky: cookie:user
  always: [{ cookie: { canary: "yes" } }, { query: { debug: 1 } }, { header: { x-user: t } }]
routes: [{ match: { method: [GET], path: "/orders/{id}/**" }, name: orders, mirror: { sticky: header:x-user } }]
"#;

static KNOWN: LazyLock<Config> = LazyLock::new(|| parse(CONFIG, "", &|_| None).expect("valid"));
static POLICY: LazyLock<Policy> = LazyLock::new(|| {
    let constants = Constants { session: "session".into(), key: [7; 32] };
    Policy::new(&KNOWN, Controls::default(), None, &constants)
});
static RULES: LazyLock<Rewrite> = LazyLock::new(rules);

/// A config is understood as a whole or refused with problems that can be printed; one that is
/// understood can be explained, put to work, and is no change from itself.
pub fn config(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let env = |name: &str| (name.len() < 4).then(|| format!("{name}: [\"'"));
    let config = match parse(&text, "shadow.yaml", &env) {
        Ok(config) => config,
        Err(problems) => {
            let shown = problems.to_string();
            assert!(!problems.list().is_empty() && !shown.is_empty());
            assert!(!shown.contains(|char: char| char.is_control() && char != '\n'), "{shown:?}");
            let lines = text.lines().count() + 1;
            assert!(problems.list().iter().all(|each| each.line.is_none_or(|line| line <= lines)));
            return;
        }
    };
    describe(&config);
    assert_eq!(needs_restart(&config, &config), Vec::<&str>::new());
    Settings::new(&config, 7);
}

fn head_of(parts: &mut Parts<'_>) -> Option<request::Parts> {
    let (method, target, version) = (parts.next(), parts.next(), parts.next());
    let mut head = request::Request::new(()).into_parts().0;
    head.method = Method::from_bytes(method).ok()?;
    head.uri = Uri::try_from(target).ok()?;
    head.version = match version {
        b"2" => Version::HTTP_2,
        b"1.0" => Version::HTTP_10,
        _ => Version::HTTP_11,
    };
    head.headers = fields(parts.next());
    Some(head)
}

/// Whatever a client sends, it is refused or becomes one request to the primary: in origin form,
/// with one host, no field of another connection, one chain of clients, and no marker that we did
/// not write. Parts: method, target, version, fields; the first byte of a fifth is an address.
pub fn head(bytes: &[u8]) {
    let mut parts = Parts::of(bytes);
    let Some(mut head) = head_of(&mut parts) else { return };
    let peer = IpAddr::from([10, 0, 0, parts.next().first().copied().unwrap_or_default()]);
    let settings = Settings::new(&KNOWN, 7);
    Marker::new("session", &[7; 32]).strip(&mut head.headers);
    assert!(!head.headers.contains_key(&MARKER), "nobody knows our signature");
    for peer in [peer, IpAddr::from([192, 0, 2, 1])] {
        let mut head = head.clone();
        let Ok(client) = pass(&mut head, peer, &settings) else { continue };
        sent(&head);
        let trusted = KNOWN.listen.trusted_proxies.iter().any(|net| net.contains(&peer));
        assert!(trusted || client == peer, "a stranger's word on who it is");
        let id = RequestId { process: 1, number: 2 };
        let (once, _) = POLICY.decide(&head, client, id);
        assert_eq!(once, POLICY.decide(&head, client, id).0);
        // What was sent on is seen as a loop when it comes back.
        assert!(pass(&mut head, peer, &settings).is_err(), "a loop");
    }
}

fn sent(head: &request::Parts) {
    let one = |name: &str| head.headers.get_all(name).iter().count() == 1;
    assert!(head.uri.scheme().is_none() && head.uri.authority().is_none(), "{}", head.uri);
    assert!(head.uri.path().starts_with('/') || head.uri.path() == "*", "{}", head.uri);
    assert!(one("x-forwarded-for"));
    assert!(one("host") || !head.headers.contains_key("host"));
    let may = ["connection", "te", "upgrade", "transfer-encoding"];
    for name in head.headers.keys().filter(|name| is_hop_by_hop(name)) {
        assert!(may.contains(&name.as_str()) && one(name.as_str()), "{name} was passed on");
    }
}

/// Rules as a config has them, for the values of one account.
fn rules() -> Rewrite {
    let with = || "shadow'\"<".to_owned();
    let json = |at: &str| Replace::Json { at: at.parse().expect("a pattern"), with: with() };
    Rewrite {
        remove: vec!["cookie".parse().expect("a name")],
        set: vec![("x-set".parse().expect("a name"), "1".parse().expect("a value"))],
        replace: vec![
            Replace::Header {
                name: "x-a".parse().expect("a name"),
                with: "s".parse().expect("ok"),
            },
            Replace::Query { name: "account".into(), with: with() },
            Replace::Path { find: "^/t/[^/]+".parse().expect("ok"), with: "/t/shadow".into() },
            json("$.account"),
            json("$..deep"),
            json("/list/*/at"),
            Replace::Form { name: "account".into(), with: with() },
        ],
    }
}

/// A copy is edited so that editing it once more changes nothing, or it is not sent. Parts:
/// method, target, version, fields, body.
pub fn rewrite(bytes: &[u8]) {
    let mut parts = Parts::of(bytes);
    let Some(head) = head_of(&mut parts) else { return };
    let Some(target) = head.uri.path_and_query().map(PathAndQuery::as_str) else { return };
    let Ok(uri) = target.parse::<Uri>() else { return };
    let body = Bytes::copy_from_slice(parts.0.unwrap_or_default());
    let original = Request {
        method: head.method,
        uri,
        headers: head.headers,
        body: body.clone().into(),
        trailers: None,
    };
    let Ok(copy) = rewritten(&RULES, &original) else { return };
    assert!(!copy.headers.contains_key("cookie"));
    assert!(copy.headers.get("x-a").is_none_or(|value| value == "s"));
    let again = rewritten(&RULES, &copy).expect("what was edited can be edited");
    assert_eq!(again.uri, copy.uri);
    assert_eq!(again.body.joined(), copy.body.joined(), "a value still stood");
    let json = serde_json::from_slice::<serde_json::Value>(&copy.body.joined());
    let account = json.as_ref().ok().and_then(|json| json.get("account"));
    let is_json = copy.headers.get("content-type").is_some_and(|it| it == "application/json");
    assert!(!is_json || account.is_none_or(|it| it == "shadow'\"<"), "{account:?}");
}
