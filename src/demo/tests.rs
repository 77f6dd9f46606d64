//! The two versions under the bundled traffic.

use super::shop::{Answer, Content, Pace, Resource, answer};
use super::traffic::Client;
use super::*;
use crate::config;
use crate::model::Kind;
use bytes::Bytes;
use flate2::read::GzDecoder;
use http::{HeaderMap, Method, Request, Response, StatusCode};
use proptest::prelude::*;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::io::Read;
use std::net::SocketAddr;
use tokio::net::{TcpListener, TcpSocket};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

type Finding = (Kind, String);

/// A shop on a free port. It closes when `stop` is sent or dropped.
struct Running {
    address: SocketAddr,
    stop: oneshot::Sender<()>,
    ended: JoinHandle<()>,
}

async fn start(version: Version) -> Running {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a free port");
    let address = listener.local_addr().expect("it is bound");
    let (stop, stopped) = oneshot::channel::<()>();
    let ended = tokio::spawn(serve(listener, version, async move { drop(stopped.await) }));
    Running { address, stop, ended }
}

/// What the shop answers to each request, asked in this order.
async fn play(version: Version, requests: &[FixtureRequest]) -> Vec<Response<Bytes>> {
    let shop = start(version).await;
    let mut clients = HashMap::new();
    let mut answers = Vec::new();
    for request in requests {
        let client = clients.entry(&request.flow).or_insert_with(|| Client::new(shop.address));
        answers.push(client.ask(request).await.expect("an answer"));
    }
    answers
}

/// The request as the shop gets it.
fn message(request: &FixtureRequest) -> Request<Bytes> {
    let mut message = Request::new(request.body.clone());
    *message.method_mut() = request.method.clone();
    *message.uri_mut() = request.target.clone().into();
    *message.headers_mut() = request.headers.clone();
    message
}

fn endpoint(request: &FixtureRequest) -> Option<String> {
    let resource = Resource::find(request.target.path())?;
    Some(format!("{} {}", request.method, resource.template()))
}

/// Everything of an answer that does not depend on when it was given.
fn lasting(answer: &Response<Bytes>) -> (StatusCode, HeaderMap, Result<Value, Bytes>) {
    let mut headers = answer.headers().clone();
    for name in ["date", "server", "x-request-id", "etag", "content-length"] {
        headers.remove(name);
    }
    let body = plain(answer);
    let parsed = serde_json::from_slice::<Value>(&body).map(|mut body| {
        if let Value::Object(fields) = &mut body {
            fields.remove("request_id").expect("every document has its id");
            fields.remove("generated_at").expect("every document has its time");
        }
        body
    });
    (answer.status(), headers, parsed.map_err(|_| body))
}

/// The body, decompressed.
fn plain(answer: &Response<Bytes>) -> Bytes {
    if answer.body().is_empty() || !answer.headers().contains_key("content-encoding") {
        return answer.body().clone();
    }
    let mut body = Vec::new();
    GzDecoder::new(answer.body().as_ref()).read_to_end(&mut body).expect("it is gzip");
    body.into()
}

/// What a comparison by array index finds.
fn findings(one: &Answer, two: &Answer) -> BTreeSet<Finding> {
    let at = |kind, place: &str| BTreeSet::from([(kind, place.to_owned())]);
    if two.pace == Pace::Never {
        return at(Kind::Outcome, "outcome");
    }
    if one.status != two.status {
        return at(Kind::Status, "status");
    }
    let mut found = BTreeSet::new();
    if one.headers != two.headers {
        let names = one.headers.keys().chain(two.headers.keys());
        let changed = names.filter(|name| one.headers.get(*name) != two.headers.get(*name));
        found.extend(changed.map(|name| (Kind::HeaderValue, format!("header:{name}"))));
    }
    match (&one.content, &two.content) {
        (Content::Json(one), Content::Json(two)) => differences(one, two, "$", &mut found),
        (
            Content::File { media_type: one, bytes },
            Content::File { media_type: two, bytes: other },
        ) => {
            assert_eq!(bytes, other);
            if one != two {
                found.insert((Kind::MediaType, "header:content-type".into()));
            }
        }
        (one, two) => assert_eq!(one, two),
    }
    found
}

fn differences(one: &Value, two: &Value, path: &str, found: &mut BTreeSet<Finding>) {
    match (one, two) {
        (Value::Object(one), Value::Object(two)) => {
            for key in one.keys().chain(two.keys()) {
                let path = format!("{path}.{key}");
                match (one.get(key), two.get(key)) {
                    (Some(one), Some(two)) => differences(one, two, &path, found),
                    (Some(_), None) => drop(found.insert((Kind::Missing, path))),
                    (None, _) => drop(found.insert((Kind::Extra, path))),
                }
            }
        }
        (Value::Array(one), Value::Array(two)) if is_reordered(one, two) => {
            found.insert((Kind::Reordered, path.to_owned()));
        }
        (Value::Array(one), Value::Array(two)) => {
            let element = format!("{path}[*]");
            one.iter().zip(two).for_each(|(one, two)| differences(one, two, &element, found));
            if one.len() != two.len() {
                let kind = if one.len() > two.len() { Kind::Removed } else { Kind::Added };
                found.extend([(Kind::ArrayLength, path.to_owned()), (kind, element)]);
            }
        }
        _ if one == two => {}
        (Value::Null, _) | (_, Value::Null) => drop(found.insert((Kind::Null, path.into()))),
        (Value::Number(_), Value::Number(_))
        | (Value::String(_), Value::String(_))
        | (Value::Bool(_), Value::Bool(_)) => drop(found.insert((Kind::Value, path.into()))),
        _ => drop(found.insert((Kind::Type, path.into()))),
    }
}

/// Whether nothing but the order is another one.
fn is_reordered(one: &[Value], two: &[Value]) -> bool {
    let sorted = |elements: &[Value]| {
        let mut texts: Vec<_> = elements.iter().map(Value::to_string).collect();
        texts.sort();
        texts
    };
    one != two && sorted(one) == sorted(two)
}

/// For each endpoint, how many requests get another answer from version 2, and what differs.
fn struck() -> BTreeMap<String, (usize, BTreeSet<Finding>)> {
    let mut struck = BTreeMap::<String, (usize, BTreeSet<Finding>)>::new();
    for request in load() {
        let one = answer(Version::One, &message(&request));
        let two = answer(Version::Two, &message(&request));
        if one != two {
            let endpoint = endpoint(&request).expect("only resources have faults");
            let (count, found) = struck.entry(endpoint).or_default();
            *count += 1;
            found.extend(findings(&one, &two));
        }
    }
    struck
}

#[test]
fn the_versions_differ_on_the_planted_endpoints_and_nowhere_else() {
    let planted: BTreeSet<_> = PLANTED.iter().map(|planted| planted.endpoint.to_owned()).collect();
    assert_eq!(planted.len(), PLANTED.len(), "each fault is on an endpoint of its own");
    assert_eq!(struck().into_keys().collect::<BTreeSet<_>>(), planted);
}

#[test]
fn each_fault_shows_exactly_what_its_entry_says() {
    let struck = struck();
    for planted in PLANTED {
        let expected: BTreeSet<_> =
            planted.findings.iter().map(|(kind, place)| (*kind, (*place).to_owned())).collect();
        assert_eq!(struck[planted.endpoint].1, expected, "{}", planted.name);
    }
}

#[test]
fn each_fault_is_hit_by_at_least_three_requests() {
    let struck = struck();
    for planted in PLANTED {
        assert!(struck[planted.endpoint].0 >= 3, "{}", planted.name);
    }
}

#[test]
fn each_fault_stands_in_the_table_of_the_module() {
    let table = include_str!("mod.rs");
    for planted in PLANTED {
        let row = format!("//! | {} | `{}` | ", planted.name, planted.endpoint);
        let row = table.lines().find(|line| line.starts_with(&row)).expect(planted.name);
        for (kind, place) in planted.findings {
            assert!(row.contains(&format!("{kind} at `{place}`")), "{}", planted.name);
        }
    }
}

#[test]
fn the_traffic_uses_every_method_of_every_resource() {
    let asked: BTreeSet<_> = load()
        .iter()
        .filter(|request| answer(Version::One, &message(request)).status.as_u16() < 400)
        .filter_map(endpoint)
        .collect();
    let templates: BTreeSet<_> =
        asked.iter().filter_map(|endpoint| endpoint.split(' ').nth(1)).collect();
    assert_eq!(templates.len(), 17, "{templates:?}");
    for request in load() {
        let Some(resource) = Resource::find(request.target.path()) else { continue };
        let methods = resource.allowed().split(", ");
        for method in methods.filter(|method| !matches!(*method, "HEAD" | "OPTIONS")) {
            let endpoint = format!("{method} {}", resource.template());
            assert!(asked.contains(&endpoint), "{endpoint}");
        }
    }
}

#[test]
fn the_traffic_is_refused_in_every_way() {
    let refused = |request| answer(Version::One, &message(request)).status.as_u16();
    let seen: BTreeSet<_> = load().iter().map(refused).filter(|status| *status >= 400).collect();
    assert_eq!(seen, BTreeSet::from([400, 401, 404, 405, 422]));
}

#[test]
fn a_flow_uses_only_cart_ids_that_it_was_given() {
    let mut given = HashMap::<String, String>::new();
    for request in load() {
        let answer = answer(Version::One, &message(&request));
        let given = given.entry(request.flow.clone()).or_default();
        if let Some(Resource::Cart(id) | Resource::Line(id, _)) =
            Resource::find(request.target.path())
            && answer.status.is_success()
        {
            assert!(given.contains(&id.to_string()), "{}: {}", request.flow, request.target);
        }
        if let Content::Json(body) = answer.content {
            given.push_str(&body.to_string());
        }
    }
}

#[tokio::test]
async fn version_1_answers_all_of_the_traffic_without_an_error() {
    let shop = start(Version::One).await;
    let requests = load();
    let total = requests.len();
    let mut last = None;
    let sent = send(shop.address, requests.clone(), 8, |progress| last = Some(progress)).await;
    assert_eq!(last, Some(Progress { done: total, total, errors: 0 }));
    assert!(sent.iter().all(|sent| !sent.is_error()));
    let (asked, told): (Vec<_>, Vec<_>) = requests
        .iter()
        .zip(&sent)
        .map(|(asked, sent)| ((&asked.flow, asked.target.as_str()), (&sent.flow, &*sent.target)))
        .unzip();
    assert_eq!(asked, told, "the result is in the order of the requests");
}

#[tokio::test]
async fn two_shops_of_one_version_differ_only_in_the_harmless_fields() {
    let requests = load();
    let (ours, theirs) = (play(Version::One, &requests).await, play(Version::One, &requests).await);
    for ((request, ours), theirs) in requests.iter().zip(&ours).zip(&theirs) {
        assert_eq!(lasting(ours), lasting(theirs), "{} {}", request.method, request.target);
    }
    let ids = |answers: &[Response<Bytes>]| -> BTreeSet<_> {
        answers
            .iter()
            .map(|answer| answer.headers()["x-request-id"].clone())
            .map(|id| id.as_bytes().to_vec())
            .collect()
    };
    assert_eq!((&ids(&ours) | &ids(&theirs)).len(), 2 * requests.len(), "ids are never repeated");
}

#[tokio::test]
async fn answers_do_not_depend_on_the_order_of_the_requests() {
    let mut requests = load();
    let forth = play(Version::One, &requests).await;
    requests.reverse();
    let mut back = play(Version::One, &requests).await;
    back.reverse();
    for (forth, back) in forth.iter().zip(&back) {
        assert_eq!(lasting(forth), lasting(back));
    }
}

#[tokio::test]
async fn answers_are_compressed_only_where_the_client_accepts_it() {
    let requests = load();
    let answers = play(Version::One, &requests).await;
    let (mut compressed, mut large) = (0, 0);
    for (request, answer) in requests.iter().zip(&answers) {
        let accepted = request.headers.get("accept-encoding");
        let accepted = accepted.is_some_and(|codings| codings.as_bytes().starts_with(b"gzip"));
        let is_gzip = answer.headers().contains_key("content-encoding");
        assert!(accepted || !is_gzip, "{}", request.target);
        let media_type = answer.headers().get("content-type").map_or(&b""[..], |v| v.as_bytes());
        if accepted && !media_type.starts_with(b"image/") && plain(answer).len() >= 256 {
            assert!(is_gzip, "{}", request.target);
            compressed += 1;
        } else if !accepted && plain(answer).len() >= 256 {
            large += 1;
        }
    }
    assert!(compressed >= 100 && large >= 10, "{compressed} and {large}");
}

#[tokio::test]
async fn a_known_entity_tag_is_answered_with_not_modified() {
    let requests: Vec<_> = load();
    let known = requests.iter().filter(|request| request.headers.contains_key("if-none-match"));
    let known: Vec<_> = known.cloned().collect();
    for answer in play(Version::One, &known).await {
        assert_eq!(answer.status(), StatusCode::NOT_MODIFIED);
        assert!(answer.body().is_empty() && !answer.headers().contains_key("content-type"));
    }
    assert!(known.len() >= 2);
}

fn asking(method: Method, target: &'static str) -> FixtureRequest {
    FixtureRequest {
        flow: "test".into(),
        method,
        target: http::uri::PathAndQuery::from_static(target),
        headers: HeaderMap::new(),
        body: Bytes::new(),
    }
}

#[tokio::test]
async fn head_is_get_without_the_body() {
    let asked = [asking(Method::GET, "/items/1001"), asking(Method::HEAD, "/items/1001")];
    let answers = play(Version::Two, &asked).await;
    assert_eq!(answers[0].headers()["content-length"], answers[0].body().len().to_string());
    assert!(answers[1].body().is_empty());
    assert_eq!(answers[1].status(), StatusCode::OK);
    assert_eq!(answers[1].headers()["content-type"], "application/json");
}

#[tokio::test]
async fn a_body_over_the_limit_is_refused() {
    let mut request = asking(Method::POST, "/carts");
    request.body = vec![b' '; 65 << 10].into();
    let answers = play(Version::One, &[request]).await;
    assert_eq!(answers[0].status(), StatusCode::PAYLOAD_TOO_LARGE);
}

#[tokio::test]
async fn the_slow_endpoint_gives_an_equal_answer() {
    let asked = [asking(Method::GET, "/export/items.csv")];
    let (one, two) = (play(Version::One, &asked).await, play(Version::Two, &asked).await);
    assert_eq!(lasting(&one[0]), lasting(&two[0]));
    let pace = |version| answer(version, &message(&asked[0])).pace;
    assert_eq!(pace(Version::One), Pace::AtOnce);
    assert!(matches!(pace(Version::Two), Pace::After(wait) if wait.as_millis() == 300));
}

#[tokio::test]
async fn an_order_that_hangs_ends_with_the_shop() {
    let requests = load();
    let hangs =
        |request: &&FixtureRequest| answer(Version::Two, &message(request)).pace == Pace::Never;
    let express = requests.iter().find(hangs).expect("an express order").clone();
    let shop = start(Version::Two).await;
    let (mut patient, mut other) = (Client::new(shop.address), Client::new(shop.address));
    let mut waiting = tokio::spawn(async move { patient.ask(&express).await });
    for _ in 0..20 {
        let asked = asking(Method::GET, "/healthz");
        tokio::select! {
            biased;
            answer = &mut waiting => panic!("{answer:?}"),
            answer = other.ask(&asked) => assert_eq!(answer.expect("an answer").status(), 200),
        }
    }
    shop.stop.send(()).expect("the shop listens");
    shop.ended.await.expect("the shop ends");
    let ended = waiting.await.expect("the client ends");
    assert!(matches!(ended, Err(SendError::Broken(_))), "{ended:?}");
}

#[tokio::test]
async fn a_shop_that_is_not_there_is_an_error_for_each_request() {
    // Bound but not listening: the port is refused, and nobody else gets it meanwhile.
    let socket = TcpSocket::new_v4().expect("a socket");
    socket.bind(([127, 0, 0, 1], 0).into()).expect("a free port");
    let address = socket.local_addr().expect("it is bound");
    let asked = vec![asking(Method::GET, "/items"), asking(Method::GET, "/categories")];
    let mut errors = 0;
    let sent = send(address, asked, 2, |progress| errors = progress.errors).await;
    assert_eq!((sent.len(), errors), (2, 2));
    assert!(matches!(sent[0].status, Err(SendError::Connect { .. })));
}

#[test]
fn the_repositorys_own_config_ignores_the_harmless_fields_and_no_others() {
    let text = include_str!("../../shadow.yaml");
    let config = config::parse(text, "shadow.yaml", &|_| None).expect("a good config");
    let ignored: Vec<_> = config.compare.ignore.iter().map(|listed| listed.as_str()).collect();
    assert_eq!(ignored, ["$..request_id", "$..generated_at"]);
}

proptest! {
    #[test]
    fn any_request_is_answered(
        method in "(GET|HEAD|POST|PUT|DELETE|OPTIONS|PATCH)",
        target in "/(items|users|carts|orders|search|images|old-items)?(/[a-z0-9-]{0,40}){0,3}(\\?(q|page|sort|category)=[a-z0-9%+]{0,12})?",
        body in prop::collection::vec(any::<u8>(), 0..64),
    ) {
        let request = Request::builder().method(method.as_str()).uri(target.as_str());
        let request = request.body(Bytes::from(body)).expect("a good request");
        let status = answer(Version::Two, &request).status;
        prop_assert!(status != StatusCode::INTERNAL_SERVER_ERROR || target.ends_with("/reviews"));
    }
}
