//! Secrets go to the two sides and nowhere else.

use super::WRITES;
use crate::support::{Act, Client, Origin, Reply, Shadow, command, get, stdout};
use flate2::{Compression, write::GzEncoder};
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

/// How many are planted.
const PLANTED: usize = 44;

/// The secret of a number: no part of it occurs anywhere else.
fn secret(number: usize) -> String {
    format!("Cnry{number:02}qZxvW{number:02}")
}

/// A text with `<n>` where the secrets are to be.
fn planted(text: &str) -> String {
    let plant = |text: String, n| text.replace(&format!("<{n}>"), &secret(n));
    (0..PLANTED).fold(text.to_owned(), plant)
}

fn base64(text: &str) -> String {
    const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut shown = String::new();
    for three in text.as_bytes().chunks(3) {
        let bits = three.iter().fold(0, |bits, byte| bits << 8 | usize::from(*byte));
        let bits = bits << (8 * (3 - three.len()));
        let letter = |index: usize| char::from(LETTERS[bits >> (18 - 6 * index) & 63]);
        shown.extend((0..=three.len()).map(letter));
        shown.push_str(&"=".repeat(3 - three.len()));
    }
    shown
}

/// The answer of a side; `side` makes the two differ.
fn answer(target: &str, side: u8) -> Act {
    let json = |text: String| Reply::json(&planted(&text));
    let reply = match target.split('?').next() {
        Some("/json") => json(format!(
            r#"{{"side":{side},"token":"<30>","session":{{"id":"<31>"}},"cvv":"<32>",
               "link":"http://shop.test/?access_token=<33>","note":"password: <34>"}}"#
        ))
        .with("set-cookie", &planted("sid=<35>; path=/"))
        .with("x-session-id", &planted("<36>"))
        .with("location", &planted("/next?token=<37>")),
        Some("/packed") => {
            let mut packed = GzEncoder::new(Vec::new(), Compression::best());
            let text =
                planted(&format!(r#"{{"side":{side},"password":"<38>","secret":["<39>"]}}"#));
            packed.write_all(text.as_bytes()).expect("memory");
            Reply::new(200, packed.finish().expect("memory"))
                .with("content-type", "application/json")
                .with("content-encoding", "gzip")
        }
        Some("/key") => json(format!(r#"{{"side":{side},"tokens":{{"<40><40>":{side}}}}}"#)),
        Some("/changed") => json(format!(
            r#"{{"side":{side},"password":"{}"}}"#,
            if side == 1 { "<41>" } else { "<42>" }
        )),
        _ => Reply::new(200, format!("side {side}")).with("content-type", "text/plain"),
    };
    Act::Answer(reply)
}

/// Every request with a secret in it, in each place that one can be in.
fn requests() -> Vec<(&'static str, &'static str, String)> {
    let basic = base64(&planted("user:<43>"));
    let post = |target, media, body: &str| ("POST", target, (media, planted(body)));
    let bodies = [
        post(
            "/json",
            "application/json",
            r#"{"password":"<15>","user":{"token":"<16>","ssn":"<17>"},"list":[{"card_number":"<18>"}],
               "private_key":"<19>","payload":"{\"secret\":\"<20>\"}","url":"http://x/?token=<21>",
               "text":"Authorization: Bearer <22>"}"#,
        ),
        post(
            "/form",
            "application/x-www-form-urlencoded",
            "password=<23>&n=1&token=<24>&%70in=<25>",
        ),
        post(
            "/parts",
            "multipart/form-data; boundary=x",
            "--x\r\ncontent-disposition: form-data; name=\"password\"\r\n\r\n<26>\r\n--x\r\n\
             content-disposition: form-data; name=\"file\"\r\n\r\ntoken=<27>\r\n--x--\r\n",
        ),
        post("/text", "text/plain", "password=<28> and then\nAuthorization: Bearer <29>"),
    ];
    let mut requests: Vec<_> = bodies
        .map(|(method, target, (media, body))| {
            let length = body.len();
            let text = format!("content-type: {media}\r\ncontent-length: {length}\r\n\r\n{body}");
            (method, target, text)
        })
        .into();
    let head = planted(
        "authorization: Bearer <5>\r\nx-api-key: <6>\r\nx-auth-token: <7>\r\n\
         cookie: sid=<8>; prefs=<9>\r\nx-csrf-token: <10>\r\nx-amz-security-token: <11>\r\n\
         x-shop-secret: <12>\r\nx-credential: <13>\r\nreferer: http://shop.test/?password=<14>\r\n",
    );
    requests.push(("GET", "/", format!("{head}x-upstream: Basic {basic}\r\n\r\n")));
    requests.extend(["/packed", "/key", "/changed"].map(|target| ("GET", target, "\r\n".into())));
    requests
}

/// All that anybody can be shown of a session, in the folder of its store.
fn shown(folder: &Path) -> Vec<String> {
    let run = |args: &[&str]| {
        let output = command(folder, args).output().expect("the binary runs");
        assert!(output.status.success(), "{args:?}: {output:?}");
        stdout(&output)
    };
    let report = run(&["report", "--format", "json"]);
    let json: serde_json::Value = serde_json::from_str(&report).expect("JSON");
    let mut shown = vec![run(&["report"]), run(&["report", "--format", "markdown"]), report];
    let findings = json["findings"].as_array().expect("findings");
    assert!(findings.len() > 7, "{json}");
    for finding in findings {
        let signature = finding["signature"].as_str().expect("a signature");
        shown.push(run(&["show", signature]));
        shown.push(run(&["show", signature, "--curl"]));
    }
    shown
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("a folder").flatten().map(|entry| entry.path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

/// No secret is in there, as it is or in base64.
fn check(what: &str, bytes: &[u8]) {
    // What all secrets begin with, alone and as the password of a user.
    for needle in ["Cnry", "Q25yeT", "dXNlcjpDbnJ5"] {
        let found = bytes.windows(needle.len()).position(|window| window == needle.as_bytes());
        if let Some(at) = found {
            let around = &bytes[at.saturating_sub(60)..bytes.len().min(at + 60)];
            panic!("a secret is in {what}: {}", String::from_utf8_lossy(around));
        }
    }
}

#[test]
fn m31_secrets_reach_the_two_sides_and_nothing_that_is_kept_or_shown() {
    let (primary, candidate) = (
        Origin::start(|seen| answer(&seen.target, 1)),
        Origin::start(|seen| answer(&seen.target, 2)),
    );
    let rest =
        format!("mirror: {{ methods: all }}\n{WRITES}\ntelemetry: {{ log: {{ level: trace }} }}");
    let shadow = Shadow::start(primary.address, candidate.address, &rest);
    let mut client = Client::connect(shadow.listen);
    let query =
        planted("?api_key=<0>&access_token=<1>&x=1&password=<2>&sig=<3>&client%5Fsecret=<4>");
    let requests = requests();
    for (method, target, rest) in &requests {
        client.send(format!("{method} {target}{query} HTTP/1.1\r\nhost: a\r\n{rest}"));
        assert_eq!(client.answer(method).status, 200);
    }
    shadow.settled(requests.len() as u64);
    assert!(base64(&secret(7)).starts_with("Q25yeT"));
    assert!(base64(&format!("user:{}", secret(7))).starts_with("dXNlcjpDbnJ5"));
    // They were all there.
    let seen = format!("{:?}", candidate.seen());
    assert!(seen.contains(&secret(0)) && seen.contains(&secret(14)));

    for page in ["/metrics", "/readyz", "/api/v1/mirror", "/api/v1/report?format=json"] {
        check(page, &get(shadow.admin, page).body);
    }
    shown(shadow.folder.path()).iter().for_each(|text| check("what is shown", text.as_bytes()));
    let folder = shadow.folder.clone();
    let (_, log) = shadow.stop();
    check("the log", log.join("\n").as_bytes());
    let shown = shown(folder.path());
    assert!(shown.iter().any(|text| text.contains("redacted:")));
    shown.iter().for_each(|text| check("what is shown of the store", text.as_bytes()));
    for file in files(&folder.path().join(".shadow")) {
        check(&file.display().to_string(), &fs::read(&file).expect("a file"));
    }
}
