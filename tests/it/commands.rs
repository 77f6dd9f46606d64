//! Every command, and every bad input: one clear sentence, the right exit code, nothing lost.

use crate::support::{Client, Origin, Shadow, command, eventually, get, stdout};
use flate2::Compression;
use flate2::write::GzEncoder;
use insta::assert_snapshot;
use std::fs;
use std::io::Write;
use std::net::TcpListener;
use std::path::Path;
use std::process::Output;
use std::sync::Arc;
use tempfile::TempDir;

fn folder(config: &str) -> TempDir {
    let folder = TempDir::new().expect("a folder");
    fs::write(folder.path().join("shadow.yaml"), config).expect("written");
    folder
}

fn run(folder: &Path, args: &[&str]) -> Output {
    command(folder, args).output().expect("the binary runs")
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Runs a command that is refused, and gives what it says.
fn refused(folder: &Path, args: &[&str], exit: i32) -> String {
    let output = run(folder, args);
    assert_eq!(output.status.code(), Some(exit), "{args:?}: {}", stderr(&output));
    assert_eq!(stdout(&output), "", "{args:?}");
    stderr(&output)
}

const TWO_LINES: &str =
    "primary: { url: http://127.0.0.1:9 }\ncandidate: { url: http://127.0.0.1:7 }";

#[test]
fn every_problem_of_a_config_is_told_at_once() {
    let folder = folder(
        "primry: { url: http://127.0.0.1:9 }\nmirror:\n  sample: 120%\n  queue: many\n\
         listen: { address: nowhere }\n",
    );
    assert_snapshot!(refused(folder.path(), &["check"], 2));
    assert_snapshot!(refused(folder.path(), &["run"], 2));
}

#[test]
fn a_config_of_two_lines_works_and_is_explained() {
    let folder = folder(TWO_LINES);
    let output = run(folder.path(), &["check"]);
    assert_eq!(output.status.code(), Some(0));
    let text = stdout(&output);
    assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
    assert_snapshot!(text);
}

#[test]
fn sides_that_are_one_are_refused() {
    let same =
        folder("primary: { url: http://127.0.0.1:9 }\ncandidate: { url: http://localhost:9 }");
    assert_snapshot!(refused(same.path(), &["run"], 2));
    let itself = folder("listen: { address: 127.0.0.1:9 }\nprimary: { url: http://127.0.0.1:9 }");
    assert_snapshot!(refused(itself.path(), &["run"], 2));
}

#[test]
fn a_port_in_use_is_told_with_its_mend() {
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = taken.local_addr().expect("an address").to_string();
    let listen = folder(&format!("listen: {{ address: {address} }}\n{TWO_LINES}"));
    let said = refused(listen.path(), &["run"], 2).replace(&address, "ADDRESS");
    assert_snapshot!(said);
    let admin = folder(&format!(
        "listen: {{ address: 127.0.0.1:0 }}\nadmin: {{ address: {address} }}\n{TWO_LINES}"
    ));
    let said = refused(admin.path(), &["run"], 2).replace(&address, "ADDRESS");
    assert_snapshot!(said);
}

#[test]
fn a_second_tap_on_the_same_port_is_refused_and_the_first_serves_on() {
    let origin = Origin::json("{}");
    let shadow = Shadow::start(origin.address, Origin::json("{}").address, "");
    let second = folder(&format!(
        "listen: {{ address: \"{}\" }}\nadmin: {{ address: 127.0.0.1:0 }}\n{TWO_LINES}",
        shadow.listen
    ));
    assert!(refused(second.path(), &["run"], 2).contains("is in use"));
    assert_eq!(get(shadow.listen, "/").status, 200);
}

#[test]
fn a_file_that_is_not_there_and_a_command_line_that_is_wrong_are_usage_errors() {
    let empty = TempDir::new().expect("a folder");
    assert_snapshot!(refused(empty.path(), &["run"], 2));
    for args in [&["nonsense"][..], &["report", "--format", "pdf"], &["percent"]] {
        assert_eq!(run(empty.path(), args).status.code(), Some(2), "{args:?}");
    }
}

#[test]
fn questions_without_a_store_a_session_or_a_finding_are_told_why() {
    let folder = folder(TWO_LINES);
    assert_snapshot!(refused(folder.path(), &["report"], 4));
    let said = refused(folder.path(), &["pause"], 4);
    assert!(said.contains("start `shadow run`"), "{said}");

    let origin = Origin::json("{}");
    let shadow = Shadow::start(origin.address, Origin::json("{}").address, "");
    get(shadow.listen, "/");
    shadow.settled(1);
    let path = shadow.folder.path();
    let said = refused(path, &["show", "0123456789ab"], 2);
    assert!(said.contains("no finding"), "{said}");
    let said = refused(path, &["report", "--session", "nosuch"], 2);
    assert!(said.contains("has no session `nosuch`"), "{said}");
    let said = refused(path, &["report", "--since", "soon"], 2);
    assert!(said.contains("is not a duration"), "{said}");
    let kept = shadow.folder.clone();
    shadow.stop();
    assert!(refused(kept.path(), &["show", "0123456789ab"], 2).contains("no finding"));
}

#[test]
fn a_store_of_another_format_is_refused_and_left_alone() {
    let origin = Origin::json("{}");
    let shadow = Shadow::start(origin.address, Origin::json("{}").address, "");
    get(shadow.listen, "/");
    shadow.settled(1);
    let kept = shadow.folder.clone();
    shadow.stop();
    let sessions = kept.path().join(".shadow/sessions");
    let session = fs::read_dir(&sessions).expect("sessions").next().expect("one").expect("one");
    fs::write(session.path().join("FORMAT"), "shadowdiff 99 other\n").expect("written");
    let said = refused(kept.path(), &["report"], 4);
    assert!(said.contains("is of format `shadowdiff 99 other`"), "{said}");
    assert!(session.path().exists());
}

#[test]
fn a_store_that_another_process_holds_is_asked_through_it_or_refused() {
    let origin = Origin::json("{}");
    let shadow = Shadow::start(origin.address, Origin::json("{}").address, "");
    get(shadow.listen, "/");
    shadow.settled(1);
    // The same store from another folder, and so from another config.
    let store = shadow.folder.path().join(".shadow");
    let other = folder(&format!("{TWO_LINES}\nstore: {{ path: \"{}\" }}", store.display()));
    let asked = run(other.path(), &["report", "--format", "json"]);
    assert_eq!(asked.status.code(), Some(0), "{}", stderr(&asked));
    let report: serde_json::Value = serde_json::from_str(&stdout(&asked)).expect("JSON");
    assert_eq!(report["coverage"]["compared"], 1);
    // A process that holds it and does not answer.
    shadow.signal("STOP");
    let info = run(other.path(), &["store", "info", "--server", "http://127.0.0.1:1"]);
    assert_eq!(info.status.code(), Some(4), "{}", stderr(&info));
    shadow.signal("CONT");
}

#[test]
fn the_gate_tells_pass_fail_and_inconclusive_apart() {
    let (primary, equal) = (Origin::json(r#"{"a":1}"#), Origin::json(r#"{"a":1}"#));
    let differs = Origin::json(r#"{"a":2}"#);
    let rest = "gate: { min_samples: 3 }";
    let exit = |shadow: &Shadow| shadow.command(&["gate"]).status.code();
    let shadow = Shadow::start(primary.address, equal.address, rest);
    assert_eq!(exit(&shadow), Some(3), "nothing was compared");
    (0..3).for_each(|_| drop(get(shadow.listen, "/")));
    shadow.settled(3);
    assert_eq!(exit(&shadow), Some(0));
    let shadow = Shadow::start(primary.address, differs.address, rest);
    (0..3).for_each(|_| drop(get(shadow.listen, "/")));
    shadow.settled(3);
    let output = shadow.command(&["gate"]);
    assert_eq!(output.status.code(), Some(1));
    assert_snapshot!(stdout(&output));
    let folder = shadow.folder.clone();
    shadow.stop();
    assert_eq!(run(folder.path(), &["gate"]).status.code(), Some(1), "from the disk");
}

#[test]
fn check_names_the_rules_that_the_last_session_had_no_use_for_and_the_broad_ones() {
    let (primary, candidate) = (
        Origin::json(r#"{"a":1,"b":{"x":1,"y":1}}"#),
        Origin::json(r#"{"a":1,"b":{"x":2,"y":2}}"#),
    );
    let rest = "compare: { ignore: [$.gone, $.b.*] }";
    let shadow = Shadow::start(primary.address, candidate.address, rest);
    assert!(!stdout(&shadow.command(&["check"])).contains("matched nothing"), "of no request");
    get(shadow.listen, "/");
    shadow.settled(1);
    let check = |text: String| {
        let (_, rules) = text.split_once("Rules to look at\n").expect(&text);
        let rules: Vec<_> = rules.lines().map(str::trim).collect();
        assert_eq!(rules.len(), 2, "{text}");
        assert!(rules[0].ends_with("$.gone matched nothing"), "{text}");
        assert!(rules[1].ends_with("$.b.* excused 2 fields: $.b.x, $.b.y"), "{text}");
    };
    check(stdout(&shadow.command(&["check"])));
    let folder = shadow.folder.clone();
    shadow.stop();
    check(stdout(&run(folder.path(), &["check"])));
    let config = folder.path().join("shadow.yaml");
    let text = fs::read_to_string(&config).expect("a config").replace("$.gone", "$.a");
    fs::write(config, text).expect("written");
    let text = stdout(&run(folder.path(), &["check"]));
    assert!(!text.contains("matched nothing") && text.contains("$.b.* excused"), "{text}");
}

#[test]
fn a_finding_is_shown_side_by_side_and_can_be_sent_again() {
    let primary = Origin::json(r#"{"price":9.99,"name":"lamp"}"#);
    let candidate = Origin::json(r#"{"price":10.99,"name":"lamp"}"#);
    let shadow = Shadow::start(primary.address, candidate.address, "");
    get(shadow.listen, "/items/7?a=1");
    let report = shadow.settled(1);
    let signature = report["findings"][0]["signature"].as_str().expect("a signature");
    let shown = stdout(&shadow.command(&["show", &signature[..12]]));
    for part in ["GET /items/{int}", "$.price", "9.99", "10.99", "/items/7?a=1"] {
        assert!(shown.contains(part), "no {part} in {shown}");
    }
    let curl = stdout(&shadow.command(&["show", signature, "--curl"]));
    assert!(curl.contains("curl --request") && curl.contains("/items/7?a=1"), "{curl}");
}

#[test]
fn sessions_and_the_store_are_listed_running_and_stopped() {
    let origin = Origin::json("{}");
    let candidate = Origin::json("{}");
    let folder = Arc::new(TempDir::new().expect("a folder"));
    for _ in 0..2 {
        let shadow = Shadow::start_in(folder.clone(), origin.address, candidate.address, "");
        get(shadow.listen, "/");
        shadow.settled(1);
        eventually("the store to be taken", || {
            get(shadow.admin, "/readyz").text().contains("\"ok\"").then_some(())
        });
        let info = shadow.command(&["store", "info", "--format", "json"]);
        assert_eq!(info.status.code(), Some(0), "{}", stderr(&info));
        assert_eq!(shadow.stop().0.code(), Some(0));
    }
    let list = stdout(&run(folder.path(), &["session", "list", "--format", "json"]));
    let list: serde_json::Value = serde_json::from_str(&list).expect("JSON");
    let compared: Vec<_> =
        list.as_array().expect("a list").iter().map(|one| &one["compared"]).collect();
    assert_eq!(compared, [&serde_json::json!(1), &serde_json::json!(1)]);
    let text = stdout(&run(folder.path(), &["session", "list"]));
    assert!(text.matches("service").count() >= 1, "{text}");
    let info = stdout(&run(folder.path(), &["store", "info"]));
    assert!(info.contains("sessions  2"), "{info}");
}

#[test]
fn two_saved_responses_are_compared() {
    let folder = TempDir::new().expect("a folder");
    let write =
        |name: &str, text: &str| fs::write(folder.path().join(name), text).expect("written");
    write("a.json", r#"{"id":1,"price":9.99,"tags":["x","y"]}"#);
    write("b.json", r#"{ "price":9.990, "id":1, "tags":["x","y"]}"#);
    write("c.json", r#"{"id":"1","price":9.98,"tags":["x"],"new":null}"#);
    write(
        "a.http",
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ndate: now\r\n\r\n{\"a\":1}",
    );
    write("b.http", "HTTP/1.1 404 Not Found\r\ncontent-type: application/json\r\n\r\n{}");
    let equal = run(folder.path(), &["diff", "a.json", "b.json"]);
    assert_eq!((equal.status.code(), stdout(&equal).as_str()), (Some(0), "No difference.\n"));
    let different = run(folder.path(), &["diff", "a.json", "c.json"]);
    assert_eq!(different.status.code(), Some(1));
    assert_snapshot!(stdout(&different));
    let heads = run(folder.path(), &["diff", "a.http", "b.http", "--format", "json"]);
    assert_eq!(heads.status.code(), Some(1));
    let heads: serde_json::Value = serde_json::from_str(&stdout(&heads)).expect("JSON");
    assert_eq!(heads["differences"][0]["kind"], "status");
    assert!(refused(folder.path(), &["diff", "a.json", "none"], 2).contains("cannot be read"));
    let patch = run(folder.path(), &["diff", "a.json", "c.json", "--format", "patch"]);
    assert_eq!(patch.status.code(), Some(1));
    assert_snapshot!(stdout(&patch));
    write("d.txt", "no JSON");
    let problem = refused(folder.path(), &["diff", "a.json", "d.txt", "--format", "patch"], 2);
    assert!(problem.contains("d.txt"), "{problem}");
}

#[test]
fn a_saved_body_is_what_the_command_its_ending_or_its_bytes_say() {
    let folder = TempDir::new().expect("a folder");
    let first = |(x, y): (&str, &str), (left, right): (&str, &str), more: &[&str]| {
        fs::write(folder.path().join(x), left).expect("written");
        fs::write(folder.path().join(y), right).expect("written");
        let args = [&["diff", x, y, "--format", "json"][..], more].concat();
        let report = stdout(&run(folder.path(), &args));
        let report: serde_json::Value = serde_json::from_str(&report).expect("JSON");
        let told = &report["differences"][0];
        format!("{} {}", told["kind"].as_str().expect("a kind"), told["pointer"])
    };
    let xml = ("<a><b>1</b></a>", "<a><b>2</b></a>");
    assert_eq!(first(("a.xml", "b.xml"), xml, &[]), "value \"/a/0/b\"");
    assert_eq!(first(("a", "b"), xml, &["--type", "application/xml"]), "value \"/a/0/b\"");
    let lines = ("{\"a\":1}\n{\"a\":2}\n", "{\"a\":1}\n{\"a\":3}\n");
    assert_eq!(first(("a.ndjson", "b.jsonl"), lines, &[]), "value \"/1/a\"");
    // What stands beside JSON is expected to be JSON too.
    assert_eq!(first(("a", "b"), ("{\"a\":1}", "{\"a\":1"), &[]), "unparsable \"\"");
    assert_eq!(first(("a", "b"), ("", "null"), &[]), "extra \"\"");
    let problem = refused(folder.path(), &["diff", "a", "b", "--type", "xml"], 2);
    assert!(problem.contains("application/xml"), "{problem}");
}

#[test]
fn a_body_that_curl_has_decoded_is_read_where_both_are() {
    let folder = TempDir::new().expect("a folder");
    let save = |name: &str, codings: &[&str], body: &[u8]| {
        let codings: String =
            codings.iter().map(|coding| format!("Content-Encoding: {coding}\r\n")).collect();
        let head = format!("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n{codings}\r\n");
        fs::write(folder.path().join(name), [head.as_bytes(), body].concat()).expect("written");
    };
    let gzip = |text: &[u8]| {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(text).expect("a Vec takes all");
        encoder.finish().expect("a Vec takes all")
    };
    save("plain", &["gzip"], br#"{"a":1}"#);
    save("other", &["br"], br#"{"a":1.0}"#);
    save("coded", &["gzip"], &gzip(br#"{"a":1}"#));
    save("twice", &["gzip", "gzip"], &gzip(&gzip(br#"{"a":1}"#)));
    let diff = |x: &str, y: &str| {
        let done = run(folder.path(), &["diff", x, y, "--format", "json"]);
        let report: serde_json::Value = serde_json::from_str(&stdout(&done)).expect("JSON");
        let kinds = report["differences"].as_array().expect("a list").iter();
        kinds.map(|each| each["kind"].as_str().expect("a kind").to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(diff("plain", "other"), [""; 0]);
    assert_eq!(diff("coded", "twice"), ["encoding"]);
    assert_eq!(diff("coded", "plain"), ["unparsable"]);
    assert_eq!(diff("plain", "coded"), ["unparsable"]);
}

#[test]
fn saved_protobuf_is_compared_by_its_descriptors() {
    let folder = TempDir::new().expect("a folder");
    let write = |name: &str, bytes: &[u8]| {
        fs::write(folder.path().join(name), bytes).expect("written");
    };
    let descriptors = include_bytes!("../../fixtures/config/protobuf/shop.pb");
    write("shop.pb", descriptors);
    let config = "primary: { url: \"http://127.0.0.1:3001\" }\n\
                  compare: { protobuf: { descriptors: shop.pb } }\n";
    write("shadow.yaml", config.as_bytes());
    write("a", b"\x08\x01\x12\x04open");
    write("b", b"\x12\x04shut\x08\x01");
    let path = |args: &[&str]| {
        let different =
            run(folder.path(), &[&["diff", "a", "b", "--format", "json"][..], args].concat());
        assert_eq!(different.status.code(), Some(1));
        let report: serde_json::Value = serde_json::from_str(&stdout(&different)).expect("JSON");
        report["differences"][0]["path"].as_str().expect("a path").to_owned()
    };
    assert_eq!(path(&["--message", "shop.v1.Order"]), "$.state");
    let frame = |message: &[u8]| [&b"\0\0\0\0\x08"[..], message].concat();
    write("a", &frame(b"\x08\x01\x12\x04open"));
    write("b", &frame(b"\x12\x04shut\x08\x01"));
    assert_eq!(path(&["--method", "/shop.v1.Orders/GetOrder"]), "$[*].state");
    for unknown in [["--message", "shop.v1.None"], ["--method", "/shop.v1.Orders/None"]] {
        let problem = refused(folder.path(), &[&["diff", "a", "b"][..], &unknown[..]].concat(), 2);
        assert!(problem.contains("in no descriptors"), "{problem}");
    }
}

#[test]
fn init_writes_a_config_that_checks_and_never_overwrites_one() {
    let folder = TempDir::new().expect("a folder");
    let args =
        ["init", "--primary", "http://127.0.0.1:3001", "--candidate", "http://127.0.0.1:3002"];
    assert_eq!(run(folder.path(), &args).status.code(), Some(0));
    assert_eq!(run(folder.path(), &["check"]).status.code(), Some(0));
    let written = fs::read_to_string(folder.path().join("shadow.yaml")).expect("a config");
    assert!(refused(folder.path(), &args, 2).contains("is there already"));
    assert_eq!(fs::read_to_string(folder.path().join("shadow.yaml")).expect("still"), written);
    assert_eq!(run(folder.path(), &[&args[..], &["--force"]].concat()).status.code(), Some(0));
    let bad = refused(folder.path(), &["init", "--primary", "x", "--candidate", "y", "--force"], 2);
    assert!(bad.contains("primary"), "{bad}");
}

#[test]
fn schemas_completions_and_the_version_are_printed() {
    let folder = TempDir::new().expect("a folder");
    for what in ["config", "report"] {
        let text = stdout(&run(folder.path(), &["schema", what]));
        let schema: serde_json::Value = serde_json::from_str(&text).expect("JSON");
        assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
    }
    for shell in ["bash", "zsh", "fish"] {
        assert!(stdout(&run(folder.path(), &["completions", shell])).contains("shadow"), "{shell}");
    }
    let version = stdout(&run(folder.path(), &["--version"]));
    assert_eq!(version, format!("shadow {}\n", env!("CARGO_PKG_VERSION")));
}

#[test]
fn reports_have_three_formats_and_go_to_files() {
    let primary = Origin::json(r#"{"a":1}"#);
    let candidate = Origin::json(r#"{"a":2}"#);
    let shadow = Shadow::start(primary.address, candidate.address, "service: shop");
    get(shadow.listen, "/x");
    shadow.settled(1);
    let text = stdout(&shadow.command(&["report"]));
    assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
    assert!(text.contains("GET /x") && text.contains("$.a") && text.contains("1 -> 2"), "{text}");
    assert!(!text.contains('\x1b'), "colours in a pipe: {text}");
    let coloured = stdout(&shadow.command(&["report", "--color", "always"]));
    assert!(coloured.contains('\x1b'));
    let none = stdout(&shadow.command(&["report", "--endpoint", "POST *"]));
    assert!(!none.contains("$.a"), "{none}");
    let saved = shadow.command(&["report", "--format", "markdown", "-o", "report.md"]);
    assert_eq!((saved.status.code(), stdout(&saved).as_str()), (Some(0), ""));
    let markdown = fs::read_to_string(shadow.folder.path().join("report.md")).expect("a file");
    assert!(markdown.contains("GET /x"), "{markdown}");
}

#[test]
fn the_admin_api_is_healthy_and_guarded() {
    let origin = Origin::json("{}");
    let folder = Arc::new(TempDir::new().expect("a folder"));
    fs::write(folder.path().join("token"), "let-me-in\n").expect("written");
    let config = format!(
        "listen: {{ address: 127.0.0.1:0 }}\nprimary: {{ url: \"{}\" }}\n\
         admin: {{ address: 127.0.0.1:0, token_file: token }}",
        origin.url()
    );
    fs::write(folder.path().join("shadow.yaml"), config).expect("written");
    let shadow = Shadow::launch(folder);
    assert_eq!(get(shadow.admin, "/livez").status, 200);
    for path in ["/readyz", "/metrics", "/api/v1/report", "/api/v1/mirror"] {
        assert_eq!(get(shadow.admin, path).status, 401, "{path}");
    }
    let ask = |path: &str, token: &str| {
        let mut client = Client::connect(shadow.admin);
        client.send(format!(
            "GET {path} HTTP/1.1\r\nhost: a\r\nauthorization: Bearer {token}\r\n\r\n"
        ));
        client.answer("GET")
    };
    assert_eq!(ask("/metrics", "wrong").status, 401);
    assert!(ask("/metrics", "let-me-in").text().contains("shadow_build_info"));
    assert!(ask("/readyz", "let-me-in").text().contains("\"ready\""));
    // The commands take the token from the config.
    assert_eq!(shadow.command(&["report"]).status.code(), Some(0));
    let off_loopback =
        self::folder("primary: { url: http://127.0.0.1:9 }\nadmin: { address: 0.0.0.0:1 }");
    assert!(refused(off_loopback.path(), &["run"], 2).contains("token"));
}
