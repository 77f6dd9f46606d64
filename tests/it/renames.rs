//! Identifiers that each side makes up for itself, through the whole process.

use crate::support::{Act, Client, Origin, Reply, Shadow, command, stdout};
use std::fs;
use tempfile::TempDir;

const U: &str = "0b8f2d3c-5a7e-4f10-9c1d-2e3f4a5b6c7d";
const V: &str = "7d6c5b4a-3f2e-4d1c-8f10-5a7e0b8f2d3c";

/// Answers a POST with an order of this number, and a GET with a list that has it.
fn shop(id: &'static str) -> Origin {
    Origin::start(move |seen| {
        let body = match seen.method.as_str() {
            "POST" => format!(r#"{{"order":{{"id":{id},"state":"new"}}}}"#),
            _ => format!(r#"{{"orders":[{{"id":{id},"state":"new"}}],"count":1}}"#),
        };
        Act::Answer(Reply::json(&body))
    })
}

#[test]
fn what_a_post_has_answered_is_known_to_the_gets_of_the_same_client() {
    let (primary, candidate) = (shop("4711"), shop("12"));
    let rest = "mirror: { methods: all, sticky: header:x-user }\n\
                isolation: { assert: \"the candidate of this test stores nothing\" }";
    let shadow = Shadow::start(primary.address, candidate.address, rest);
    let mut client = Client::connect(shadow.listen);
    let mut ask = |method: &str, user: &str| {
        client.send(format!(
            "{method} /orders HTTP/1.1\r\nhost: a\r\nx-user: {user}\r\ncontent-length: 0\r\n\r\n"
        ));
        assert_eq!(client.answer(method).status, 200);
    };
    ask("POST", "ada");
    shadow.settled(1);
    ask("GET", "ada");
    shadow.settled(2);
    ask("GET", "bob");
    let report = shadow.settled(3);
    let endpoint = |name: &str| {
        let endpoints = report["endpoints"].as_array().expect("endpoints");
        endpoints.iter().find(|one| one["endpoint"] == name).expect(name).clone()
    };
    let (post, get) = (endpoint("POST /orders"), endpoint("GET /orders"));
    assert_eq!((post["diverged"].as_u64(), post["equal"].as_u64()), (Some(1), Some(0)));
    assert_eq!((get["diverged"].as_u64(), get["equal"].as_u64()), (Some(1), Some(1)));
    assert_eq!(get["renames"]["$.orders[*].id"]["renamed"], 1);
    assert_eq!(report["totals"]["renames"]["renamed"], 1);
}

#[test]
fn diff_tells_what_it_took_for_identifiers() {
    let folder = TempDir::new().expect("a folder");
    let write =
        |name: &str, text: &str| fs::write(folder.path().join(name), text).expect("written");
    let body = |id: &str, state: &str| {
        format!(r#"{{"id":"{id}","self":"/orders/{id}","state":"{state}"}}"#)
    };
    write("a.json", &body(U, "new"));
    write("b.json", &body(V, "new"));
    write("c.json", &body(V, "gone"));
    let run = |args: &[&str]| {
        let output = command(folder.path(), args).output().expect("it runs");
        (output.status.code(), stdout(&output))
    };
    let (code, text) = run(&["diff", "a.json", "b.json"]);
    let said = "No difference.\nIdentifiers that count as equal: 2 renamed.\n";
    assert_eq!((code, text.as_str()), (Some(0), said));
    let (code, text) = run(&["diff", "a.json", "c.json", "--format", "json"]);
    let found: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!((code, found["total"].as_u64()), (Some(1), Some(1)));
    assert_eq!(found["renames"]["$.self"]["renamed"], 1);
    write(
        "shadow.yaml",
        "primary: { url: \"http://a:1\" }\ncompare: { identifiers: { rename: false } }",
    );
    let (_, text) = run(&["diff", "a.json", "b.json", "--format", "json"]);
    let found: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!(found["total"].as_u64(), Some(2));
}
