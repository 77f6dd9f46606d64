//! A sample's request as a command that sends it again.

use crate::model::{REDACTED, Sample, SampleRequest};
use crate::report::clean::{clean, is_hidden, width};
use crate::report::figures::count;

/// Longer bodies were not kept whole, so that one of this size may have been cut.
const BODY_KEPT: usize = 16 << 10;

/// A `curl` command for a shell, with comments above it where it cannot be the very same request.
/// The base URL is a scheme, a host and a port.
///
/// Whatever the request holds, the shell reads it as plain words. Characters that do not show are
/// written in `$'…'`, which bash, zsh and ksh read.
pub fn curl(sample: &Sample, base: &str) -> String {
    let request = &sample.request;
    let mut words = vec![method(&request.method)];
    words.extend(target(request, base));
    words.extend(headers(request));
    if let Some(body) = &request.body {
        words.push(format!("--data-raw {}", quote(body)));
    }
    let mut text: String = notes(request).iter().map(|note| format!("# {note}\n")).collect();
    let is_special =
        |word: &String| word.split(' ').nth(1).is_some_and(|quoted| quoted.starts_with("$'"));
    if words.iter().any(is_special) {
        text.push_str("# for bash, zsh or ksh: $'…' holds characters that do not show\n");
    }
    text + "curl " + &words.join(" \\\n  ") + "\n"
}

/// HEAD has a flag of its own: otherwise curl would wait for a body.
fn method(method: &str) -> String {
    match method {
        "HEAD" => "--head".to_owned(),
        other => format!("--request {}", quote(other)),
    }
}

/// The URL as it was sent: no globbing, no tidying of the path.
fn target(request: &SampleRequest, base: &str) -> Vec<String> {
    let base = base.trim_end_matches('/');
    let is_plain = request.target.starts_with('/')
        && request.target.chars().all(|char| char.is_ascii_graphic() && char != '#');
    let mut words = vec!["--globoff --path-as-is".to_owned()];
    if is_plain {
        words.push(quote(&format!("{base}{}", request.target)));
    } else {
        words.push(format!("--request-target {}", quote(&request.target)));
        words.push(quote(&format!("{base}/")));
    }
    words
}

fn headers(request: &SampleRequest) -> Vec<String> {
    let mut words: Vec<_> = request
        .headers
        .iter()
        .filter(|(name, value)| is_sendable(name, value))
        .map(|(name, value)| match value.as_str() {
            // `name:` would take the header out.
            "" => format!("--header {}", quote(&format!("{name};"))),
            value => format!("--header {}", quote(&format!("{name}: {value}"))),
        })
        .collect();
    let has =
        |wanted: &str| request.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case(wanted));
    // What curl would add of its own.
    let own = ["accept", "user-agent", "content-type"];
    let added = own.iter().take(if request.body.is_some() { 3 } else { 2 });
    words.extend(added.filter(|name| !has(name)).map(|name| format!("--header {name}:")));
    if has("accept-encoding") {
        words.push("--compressed".to_owned());
    }
    words
}

/// Whether a header goes on the command line: not what curl works out itself, and nothing that
/// could end the header early or be read as a file's name.
fn is_sendable(name: &str, value: &str) -> bool {
    const OWN: [&str; 4] = ["content-length", "transfer-encoding", "connection", "expect"];
    is_well_formed(name, value) && !OWN.iter().any(|own| name.eq_ignore_ascii_case(own))
}

fn is_well_formed(name: &str, value: &str) -> bool {
    let is_token = |char: char| char.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(char);
    !name.is_empty() && name.chars().all(is_token) && !value.contains(['\r', '\n', '\0'])
}

/// Why the command is not the very same request.
fn notes(request: &SampleRequest) -> Vec<String> {
    let mut notes = Vec::new();
    let redacted = redacted(request);
    if !redacted.is_empty() {
        notes.push(format!("redacted, put your own values in: {}", redacted.join(", ")));
    }
    let is_odd = |(name, value): &&(String, String)| !is_well_formed(name, value);
    let odd = request.headers.iter().filter(is_odd).count();
    if odd > 0 {
        notes.push(format!("{} left out: not what HTTP allows", count(odd, "header")));
    }
    let length =
        request.headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("content-length"));
    match (&request.body, length) {
        (Some(body), _) if body.len() + 4 > BODY_KEPT => {
            notes.push("only the first 16 KiB of the body were kept".to_owned());
        }
        (None, Some((_, length))) if length != "0" => {
            notes.push(format!("the body was not kept; its length was {}", clean(length)));
        }
        _ => {}
    }
    let all = [Some(&request.method), Some(&request.target), request.body.as_ref()];
    if all.into_iter().flatten().any(|text| text.contains('\0')) {
        notes.push("left out, as no command line can hold them: NUL characters".to_owned());
    }
    notes
}

/// The places that hold a redacted value.
fn redacted(request: &SampleRequest) -> Vec<String> {
    let is_redacted =
        |text: &str| text.contains(REDACTED) || text.contains(&REDACTED.replace(':', "%3A"));
    let headers = request.headers.iter().filter(|(_, value)| is_redacted(value));
    let mut places: Vec<_> = headers.map(|(name, _)| format!("header {}", clean(name))).collect();
    if is_redacted(&request.target) {
        places.push("the path or query".to_owned());
    }
    if request.body.as_deref().is_some_and(is_redacted) {
        places.push("the body".to_owned());
    }
    places
}

/// One word for a shell: bare where that is plain, else in single quotes, else in `$'…'`.
fn quote(text: &str) -> String {
    let is_bare = |char: char| char.is_ascii_alphanumeric() || "/:.-_,@+%".contains(char);
    let shows = |char: char| !is_hidden(char) && width(char.encode_utf8(&mut [0; 4])) > 0;
    if !text.is_empty() && text.chars().all(is_bare) {
        return text.to_owned();
    }
    if text.chars().all(shows) {
        return format!("'{}'", text.replace('\'', "'\\''"));
    }
    let mut out = String::from("$'");
    for char in text.chars() {
        match char {
            '\0' => {}
            '\n' => out.push_str("\\n"),
            // An interactive shell's history, which some look up within these quotes too.
            '!' => out.push_str("\\041"),
            '\'' | '\\' => out.extend(['\\', char]),
            plain if shows(plain) => out.push(plain),
            hidden => {
                for byte in hidden.encode_utf8(&mut [0; 4]).bytes() {
                    out.push_str(&format!("\\{byte:03o}"));
                }
            }
        }
    }
    out.push('\'');
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixtures::{HOSTILE, hostile, rich};
    use proptest::prelude::*;

    /// Reads a command as a shell does: single quotes, `$'…'`, a backslash before anything else.
    fn words(command: &str) -> Vec<String> {
        let (mut words, mut word) = (Vec::new(), None::<Vec<u8>>);
        let mut bytes = command.bytes().peekable();
        while let Some(byte) = bytes.next() {
            match byte {
                b' ' | b'\n' => words.extend(word.take()),
                b'\\' => match bytes.next() {
                    Some(b'\n') => {}
                    escaped => word.get_or_insert_default().extend(escaped),
                },
                b'\'' => {
                    let inner = word.get_or_insert_default();
                    inner.extend(bytes.by_ref().take_while(|byte| *byte != b'\''));
                }
                b'$' if bytes.peek() == Some(&b'\'') => {
                    bytes.next();
                    ansi(&mut bytes, word.get_or_insert_default());
                }
                plain => {
                    assert!(
                        !b"\"`$&|;<>()*?[]{}~!#".contains(&plain),
                        "{} in {command}",
                        plain as char
                    );
                    word.get_or_insert_default().push(plain);
                }
            }
        }
        words.extend(word);
        words.into_iter().map(|word| String::from_utf8(word).expect("valid UTF-8")).collect()
    }

    fn ansi(bytes: &mut impl Iterator<Item = u8>, word: &mut Vec<u8>) {
        while let Some(byte) = bytes.next() {
            match byte {
                b'\'' => return,
                b'\\' => match bytes.next().expect("something is escaped") {
                    b'n' => word.push(b'\n'),
                    first @ b'0'..=b'7' => {
                        let rest = [bytes.next().unwrap(), bytes.next().unwrap()];
                        let digits = [first, rest[0], rest[1]].map(|digit| u32::from(digit - b'0'));
                        word.push(
                            u8::try_from(digits[0] * 64 + digits[1] * 8 + digits[2]).unwrap(),
                        );
                    }
                    other => word.push(other),
                },
                plain => word.push(plain),
            }
        }
        panic!("the quote is not closed");
    }

    fn sample(request: SampleRequest) -> Sample {
        let session = rich();
        let finding = session.findings.values().next().expect("it has findings");
        Sample { request, ..finding.samples.values().next().expect("it has samples").clone() }
    }

    fn pairs(headers: &[(&str, &str)]) -> Vec<(String, String)> {
        headers.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect()
    }

    #[test]
    fn a_sample_becomes_a_command() {
        let request = SampleRequest {
            method: "POST".into(),
            target: "/orders?token=redacted:77aa&tag[]=x".into(),
            headers: pairs(&[
                ("host", "shop.example"),
                ("Accept", "*/*"),
                ("authorization", "redacted:c41f6b20a9d3"),
                ("x-empty", ""),
                ("accept-encoding", "gzip"),
                ("content-length", "24"),
                ("content-type", "application/json"),
            ]),
            body: Some("{\"name\":\"it's\",\n\"n\":1}".into()),
        };
        insta::assert_snapshot!(curl(&sample(request), "http://127.0.0.1:8082/"), @r#"
        # redacted, put your own values in: header authorization, the path or query
        # for bash, zsh or ksh: $'…' holds characters that do not show
        curl --request POST \
          --globoff --path-as-is \
          'http://127.0.0.1:8082/orders?token=redacted:77aa&tag[]=x' \
          --header 'host: shop.example' \
          --header 'Accept: */*' \
          --header 'authorization: redacted:c41f6b20a9d3' \
          --header 'x-empty;' \
          --header 'accept-encoding: gzip' \
          --header 'content-type: application/json' \
          --header user-agent: \
          --compressed \
          --data-raw $'{"name":"it\'s",\n"n":1}'
        "#);
    }

    #[test]
    fn a_request_with_odd_parts_says_what_was_left_out() {
        let request = SampleRequest {
            method: "HEAD".into(),
            target: "*".into(),
            headers: pairs(&[
                ("@/etc/passwd", "x"),
                ("x-split", "a\r\nb: c"),
                ("content-length", "9"),
            ]),
            body: None,
        };
        insta::assert_snapshot!(curl(&sample(request), "http://127.0.0.1:8082"), @"
        # 2 headers left out: not what HTTP allows
        # the body was not kept; its length was 9
        curl --head \\
          --globoff --path-as-is \\
          --request-target '*' \\
          http://127.0.0.1:8082/ \\
          --header accept: \\
          --header user-agent:
        ");
    }

    #[test]
    fn whatever_a_request_holds_the_shell_reads_plain_words() {
        for finding in hostile().findings.values() {
            let sample = finding.samples.values().next().expect("one");
            let text = curl(sample, "http://127.0.0.1:1");
            assert!(!text.chars().any(|char| char != '\n' && is_hidden(char)), "{text:?}");
            let command: String = text
                .lines()
                .filter(|line| !line.starts_with("# "))
                .fold(String::new(), |command, line| command + line + "\n");
            let words = words(&command);
            let body = words.iter().skip_while(|word| *word != "--data-raw").nth(1);
            let expected = sample.request.body.as_ref().map(|body| body.replace('\0', ""));
            assert_eq!(body, expected.as_ref());
            assert_eq!(words[0], "curl");
        }
    }

    #[test]
    fn a_comment_is_one_line_whatever_the_header_is_called() {
        for name in HOSTILE {
            let headers = pairs(&[(name, "redacted:1"), ("content-length", name)]);
            let request = SampleRequest { headers, ..SampleRequest::default() };
            let text = curl(&sample(request), "http://h");
            let comments = text.lines().take_while(|line| line.starts_with("# "));
            let rest: Vec<_> = text.lines().skip(comments.count()).collect();
            assert!(rest[0].starts_with("curl "), "{text}");
            assert!(rest[1..].iter().all(|line| line.starts_with("  ")), "{text}");
        }
    }

    proptest! {
        #[test]
        fn a_quoted_text_reads_back(text in any::<String>()) {
            let text = text.replace('\0', "");
            prop_assert_eq!(words(&quote(&text)), [text]);
        }
    }
}
