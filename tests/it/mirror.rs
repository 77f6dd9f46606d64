//! What the candidate gets: which requests, in what form, within which bounds.

use crate::support::{Act, Client, Origin, Reply, Shadow, closed, eventually, get};
use serde_json::Value;
use std::fs;

const WRITES: &str = "isolation: { assert: \"the candidate of this test stores nothing\" }";

fn both(body: &'static str) -> (Origin, Origin) {
    (Origin::json(body), Origin::json(body))
}

fn request(client: &mut Client, request: &str) -> u16 {
    client.send(request);
    client.answer(request.split(' ').next().unwrap_or_default()).status
}

#[test]
fn the_copy_is_the_request_with_our_marker() {
    let (primary, candidate) = both("{}");
    let shadow = Shadow::start(primary.address, candidate.address, "");
    let mut client = Client::connect(shadow.listen);
    request(&mut client, "GET /items?page=2 HTTP/1.1\r\nhost: shop.test\r\naccept: a, b\r\n\r\n");
    shadow.settled(1);
    let (live, copy) = (&primary.seen()[0], &candidate.seen()[0]);
    assert_eq!((&live.method, &live.target), (&copy.method, &copy.target));
    assert_eq!(live.header("x-shadow-mirror"), None);
    assert!(copy.header("x-shadow-mirror").is_some());
    for (name, value) in &live.headers {
        assert_eq!(copy.header(name), Some(value.as_str()), "{name}");
    }
}

#[test]
fn only_safe_methods_are_mirrored_unless_all_are_asked_for() {
    let (primary, candidate) = both("{}");
    let shadow = Shadow::start(primary.address, candidate.address, "");
    let mut client = Client::connect(shadow.listen);
    for method in ["GET", "HEAD", "OPTIONS", "DELETE", "PUT", "POST", "PATCH"] {
        let head = format!("{method} / HTTP/1.1\r\nhost: a\r\ncontent-length: 0\r\n\r\n");
        assert_eq!(request(&mut client, &head), 200);
    }
    let report = shadow.settled(7);
    assert_eq!(report["coverage"]["skipped"]["method"], 4);
    let mut methods: Vec<_> = candidate.seen().into_iter().map(|seen| seen.method).collect();
    methods.sort();
    assert_eq!(methods, ["GET", "HEAD", "OPTIONS"]);
}

#[test]
fn a_write_is_mirrored_with_its_body_where_the_user_vouches_for_it() {
    let (primary, candidate) = both("{}");
    let rest = format!("mirror: {{ methods: all }}\n{WRITES}");
    let shadow = Shadow::start(primary.address, candidate.address, &rest);
    let mut client = Client::connect(shadow.listen);
    client.post("/orders", "application/json", r#"{"item":1}"#);
    client.send(
        "POST /orders HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n\
         4\r\nabcd\r\n3\r\nefg\r\n0\r\n\r\n",
    );
    client.answer("POST");
    shadow.settled(2);
    let mut bodies: Vec<_> = candidate.seen().into_iter().map(|seen| seen.body).collect();
    bodies.sort();
    assert_eq!(bodies, [b"abcdefg".to_vec(), br#"{"item":1}"#.to_vec()]);
}

#[test]
fn the_copy_is_rewritten_and_the_live_request_is_not() {
    let (primary, candidate) = both("{}");
    let rest = "mirror: { methods: all }\nisolation:\n  assert: \"x\"\n  request:\n    \
         set: { x-session: \"s-{session}\" }\n    remove: [authorization, cookie]\n    \
         replace:\n      - { header: x-tenant, with: shadow }\n      \
         - { query: tenant, with: shadow }\n      \
         - { path: \"^/tenants/[^/]+\", with: /tenants/shadow }\n      \
         - { json: $.callback.url, with: \"http://127.0.0.1:9/\" }\n      \
         - { form: account, with: shadow }\n";
    let shadow = Shadow::start(primary.address, candidate.address, rest);
    let mut client = Client::connect(shadow.listen);
    let json =
        r#"{"n":1e400,"callback":{"\u0075rl":"http://live/","a":1},"callback2":{"url":"k"}}"#;
    client.send(format!(
        "POST /tenants/live/orders?a=1&ten%61nt=live HTTP/1.1\r\nhost: a\r\nauthorization: t\r\n\
         cookie: c=1\r\nx-tenant: live\r\ncontent-type: application/json\r\n\
         content-length: {}\r\n\r\n{json}",
        json.len()
    ));
    client.answer("POST");
    client.post("/forms", "application/x-www-form-urlencoded", "a=1&%61ccount=live");
    shadow.settled(2);
    let live = &primary.seen()[0];
    assert_eq!(live.target, "/tenants/live/orders?a=1&ten%61nt=live");
    assert_eq!((live.header("x-tenant"), live.header("authorization")), (Some("live"), Some("t")));
    assert_eq!(live.body, json.as_bytes());
    let seen = candidate.seen();
    let copy = seen.iter().find(|seen| seen.target.starts_with("/tenants")).expect("the order");
    assert_eq!(copy.target, "/tenants/shadow/orders?a=1&ten%61nt=shadow");
    assert_eq!((copy.header("authorization"), copy.header("cookie")), (None, None));
    assert_eq!(copy.header("x-tenant"), Some("shadow"));
    assert!(copy.header("x-session").is_some_and(|value| value.len() == 38));
    let expected = json.replace("\"http://live/\"", "\"http://127.0.0.1:9/\"");
    assert_eq!(String::from_utf8_lossy(&copy.body), expected);
    let form = seen.iter().find(|seen| seen.target == "/forms").expect("the form");
    assert_eq!(String::from_utf8_lossy(&form.body), "a=1&%61ccount=shadow");
}

#[test]
fn what_cannot_be_rewritten_is_not_sent_and_is_counted() {
    let (primary, candidate) = both("{}");
    let rest = "mirror: { methods: all }\nisolation:\n  assert: \"x\"\n  request:\n    \
                replace:\n      - { json: $.account, with: shadow }";
    let shadow = Shadow::start(primary.address, candidate.address, rest);
    let mut client = Client::connect(shadow.listen);
    assert_eq!(client.post("/a", "application/json", r#"{"account":"live""#).status, 200);
    assert_eq!(client.post("/b", "application/json", r#"{"account":"live"}"#).status, 200);
    let report = shadow.settled(2);
    assert_eq!(report["coverage"]["skipped"]["rewrite"], 1);
    let bodies: Vec<_> = candidate.seen().into_iter().map(|seen| seen.body).collect();
    assert_eq!(bodies, [br#"{"account":"shadow"}"#.to_vec()]);
}

#[test]
fn a_body_over_the_cap_is_not_mirrored_half() {
    let large = "x".repeat(3000);
    let body = large.clone();
    let primary = Origin::start(move |seen| match seen.target.as_str() {
        "/large" => Reply::new(200, body.clone()),
        _ => Reply::json("{}"),
    });
    let candidate = Origin::json("{}");
    let rest = format!("mirror: {{ methods: all, max_body: 2KiB }}\n{WRITES}");
    let shadow = Shadow::start(primary.address, candidate.address, &rest);
    let mut client = Client::connect(shadow.listen);
    assert_eq!(client.get("/large").body.len(), 3000);
    client.post("/declared", "text/plain", &large);
    let chunk = format!("{:x}\r\n{large}\r\n0\r\n\r\n", large.len());
    client.send(format!(
        "POST /chunked HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n{chunk}"
    ));
    assert_eq!(client.answer("POST").status, 200);
    let report = shadow.settled(3);
    assert_eq!(report["coverage"]["skipped"]["body_too_large"], 3);
    assert_eq!(candidate.seen().len(), 0);
}

#[test]
fn a_client_that_goes_away_leaves_no_half_of_an_exchange() {
    let primary = Origin::json("{}");
    let candidate = Origin::json("{}");
    let rest = format!("mirror: {{ methods: all }}\n{WRITES}");
    let shadow = Shadow::start(primary.address, candidate.address, &rest);
    let mut client = Client::connect(shadow.listen);
    client.send("POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 100\r\n\r\nhalf");
    eventually("the request to be seen", || {
        (shadow.report()["coverage"]["seen"] == 1).then_some(())
    });
    drop(client);
    assert_eq!(shadow.settled(1)["coverage"]["skipped"]["partial"], 1);
    assert_eq!(candidate.seen().len(), 0);
}

#[test]
fn sampling_is_counted_and_an_allow_list_wins() {
    let (primary, candidate) = both("{}");
    let rest = "mirror:\n  sample: 0%\n  always: [{ header: { x-user: test@example.com } }]";
    let shadow = Shadow::start(primary.address, candidate.address, rest);
    let mut client = Client::connect(shadow.listen);
    for _ in 0..50 {
        client.get("/");
    }
    request(&mut client, "GET / HTTP/1.1\r\nhost: a\r\nx-user: test@example.com\r\n\r\n");
    let coverage = shadow.settled(51)["coverage"].clone();
    assert_eq!((&coverage["sampled_out"], &coverage["mirrored"]), (&50.into(), &1.into()));
    assert_eq!(candidate.seen().len(), 1);
}

#[test]
fn the_rate_and_the_queue_drop_what_is_too_much_and_count_it() {
    let (primary, candidate) = both("{}");
    let shadow = Shadow::start(primary.address, candidate.address, "mirror: { rate: 1/h }");
    let mut client = Client::connect(shadow.listen);
    (0..10).for_each(|_| drop(client.get("/")));
    let coverage = shadow.settled(10)["coverage"].clone();
    assert_eq!((&coverage["dropped"]["rate"], &coverage["mirrored"]), (&9.into(), &1.into()));

    let hung = Origin::start(|_| Act::Hang);
    let rest = "mirror: { queue: 3, concurrency: 2 }";
    let shadow = Shadow::start(primary.address, hung.address, rest);
    let mut client = Client::connect(shadow.listen);
    (0..10).for_each(|_| drop(client.get("/")));
    let coverage = shadow.settled(10)["coverage"].clone();
    assert_eq!((&coverage["dropped"]["queue_full"], &coverage["mirrored"]), (&5.into(), &5.into()));
}

#[test]
fn a_pause_holds_at_once_and_after_a_restart_and_until_a_resume() {
    let (primary, candidate) = both("{}");
    let shadow = Shadow::start(primary.address, candidate.address, "");
    assert!(shadow.command(&["pause"]).status.success());
    get(shadow.listen, "/");
    assert_eq!(shadow.settled(1)["coverage"]["skipped"]["disabled"], 1);
    let folder = shadow.folder.clone();
    assert_eq!(shadow.stop().0.code(), Some(0));

    let shadow = Shadow::start_in(folder, primary.address, candidate.address, "");
    get(shadow.listen, "/");
    assert_eq!(shadow.settled(1)["coverage"]["skipped"]["disabled"], 1);
    assert!(shadow.command(&["resume"]).status.success());
    assert!(shadow.command(&["percent", "100"]).status.success());
    get(shadow.listen, "/");
    assert_eq!(shadow.settled(2)["coverage"]["compared"], 1);
    assert_eq!(candidate.seen().len(), 1);
}

#[test]
fn a_reload_changes_the_mirror_and_a_bad_config_changes_nothing() {
    let (primary, candidate) = both("{}");
    let shadow = Shadow::start(primary.address, candidate.address, "mirror: { sample: 0% }");
    let path = shadow.folder.path().join("shadow.yaml");
    let old = fs::read_to_string(&path).expect("a config");
    get(shadow.listen, "/");
    shadow.settled(1);

    fs::write(&path, old.replace("sample: 0%", "sample: 120%")).expect("written");
    let mut admin = Client::connect(shadow.admin);
    admin.send("POST /api/v1/reload HTTP/1.1\r\nhost: localhost\r\ncontent-length: 0\r\n\r\n");
    let answer = admin.answer("POST");
    assert_eq!(answer.status, 422);
    let error: Value = serde_json::from_str(&answer.text()).expect("JSON");
    assert!(error["error"].as_str().is_some_and(|text| text.contains("120%")), "{error}");
    get(shadow.listen, "/");
    assert_eq!(shadow.settled(2)["coverage"]["sampled_out"], 2);

    fs::write(&path, old.replace("sample: 0%", "sample: 100%")).expect("written");
    shadow.signal("HUP");
    eventually("the reload", || {
        shadow.log().iter().any(|line| line.contains("the config is reloaded")).then_some(())
    });
    get(shadow.listen, "/");
    assert_eq!(shadow.settled(3)["coverage"]["compared"], 1);
}

#[test]
fn routes_have_names_and_settings_of_their_own() {
    let (primary, candidate) = both("{}");
    let rest = "routes:\n  - match: { method: [GET], path: \"/files/{name}\" }\n    \
                name: files\n  - match: { path: \"/internal/**\" }\n    \
                mirror: { enabled: false }";
    let shadow = Shadow::start(primary.address, candidate.address, rest);
    let mut client = Client::connect(shadow.listen);
    for target in ["/files/a", "/files/b", "/internal/x/y", "/items/7"] {
        client.get(target);
    }
    let report = shadow.settled(4);
    let endpoints = report["endpoints"].as_array().expect("endpoints");
    let count = |name: &str, field: &str| {
        let found = endpoints.iter().find(|each| each["endpoint"] == name);
        found.unwrap_or_else(|| panic!("no endpoint {name}: {endpoints:?}"))[field].as_u64()
    };
    assert_eq!(count("files", "compared"), Some(2));
    assert_eq!(count("GET /items/{int}", "compared"), Some(1));
    assert_eq!(report["coverage"]["skipped"]["disabled"], 1);
}

#[test]
fn a_dead_candidate_is_a_divergence_and_not_a_failure() {
    let primary = Origin::json("{}");
    let shadow = Shadow::start(primary.address, closed(), "");
    assert_eq!(get(shadow.listen, "/").status, 200);
    let report = shadow.settled(1);
    assert_eq!(report["findings"][0]["kind"], "outcome");
    assert_eq!(report["findings"][0]["severity"], "breaking");
}
