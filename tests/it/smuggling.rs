//! Case 37 of the list that a careful proxy is held against: requests whose end two readers could
//! see in two places. Whatever the tap makes of one, it makes of all that follows; and what it
//! sends on could not be read in two ways by anybody.

use crate::support::{Client, Shadow};
use std::collections::HashMap;
use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

/// What has reached the origin: the targets in order, and everything that is not by the letter.
#[derive(Default)]
struct Record {
    targets: Vec<String>,
    doubtful: Vec<String>,
}

/// An origin that reads by the letter of RFC 9112, and answers with the target.
fn strict(record: Arc<Mutex<Record>>) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let record = record.clone();
            thread::spawn(move || {
                let mut writer = stream.try_clone().expect("a socket");
                let mut reader = BufReader::new(stream);
                while let Some(read) = request(&mut reader) {
                    let mut record = record.lock().expect("no panic");
                    match read {
                        Ok(target) => {
                            let length = target.len();
                            let answer = format!(
                                "HTTP/1.1 200 OK\r\ncontent-length: {length}\r\n\r\n{target}"
                            );
                            record.targets.push(target);
                            drop(record);
                            if writer.write_all(answer.as_bytes()).is_err() {
                                return;
                            }
                        }
                        Err(doubt) => return record.doubtful.push(doubt),
                    }
                }
            });
        }
    });
    address
}

/// One request: its target, what is doubtful of it, or nothing where it does not come whole.
fn request(reader: &mut impl BufRead) -> Option<Result<String, String>> {
    let line = match line(reader)? {
        Ok(line) => line,
        Err(doubt) => return Some(Err(doubt)),
    };
    let words: Vec<_> = line.split(' ').collect();
    let ["GET" | "POST", target, "HTTP/1.1"] = words[..] else { return Some(Err(line)) };
    let target = target.to_owned();
    let (mut lengths, mut codings) = (Vec::new(), Vec::new());
    loop {
        let line = match self::line(reader)? {
            Ok(line) if line.is_empty() => break,
            Ok(line) => line,
            Err(doubt) => return Some(Err(doubt)),
        };
        let Some((name, value)) = line.split_once(": ") else { return Some(Err(line)) };
        match name {
            "content-length" => lengths.push(value.to_owned()),
            "transfer-encoding" => codings.push(value.to_owned()),
            _ if name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte)) => {
            }
            _ => return Some(Err(line)),
        }
    }
    match (&lengths[..], &codings[..]) {
        ([], []) => {}
        ([length], []) => {
            let mut body = vec![0; length.parse().ok()?];
            reader.read_exact(&mut body).ok()?;
        }
        ([], [coding]) if coding == "chunked" => {
            if let Err(doubt) = chunks(reader)? {
                return Some(Err(doubt));
            }
        }
        _ => return Some(Err(format!("{target}: {lengths:?} {codings:?}"))),
    }
    Some(Ok(target))
}

fn chunks(reader: &mut impl BufRead) -> Option<Result<(), String>> {
    loop {
        let line = match line(reader)? {
            Ok(line) => line,
            Err(doubt) => return Some(Err(doubt)),
        };
        let Ok(size) = usize::from_str_radix(&line, 16) else { return Some(Err(line)) };
        let mut chunk = vec![0; size + 2];
        reader.read_exact(&mut chunk).ok()?;
        if &chunk[size..] != b"\r\n" {
            return Some(Err(format!("a chunk ends with {:?}", &chunk[size..])));
        }
        if size == 0 {
            return Some(Ok(()));
        }
    }
}

/// One line without its end, which is CR LF, and without any other control byte.
fn line(reader: &mut impl BufRead) -> Option<Result<String, String>> {
    let mut line = Vec::new();
    reader.read_until(b'\n', &mut line).ok()?;
    if !line.ends_with(b"\n") {
        return None;
    }
    let doubt = format!("{:?}", String::from_utf8_lossy(&line));
    let Some(text) = line.strip_suffix(b"\r\n") else { return Some(Err(doubt)) };
    if text.iter().any(|byte| byte.is_ascii_control() && *byte != b'\t') {
        return Some(Err(doubt));
    }
    // Bytes beyond ASCII may stand in a value (RFC 9110 section 5.5).
    Some(Ok(String::from_utf8_lossy(text).into_owned()))
}

/// What stands where it should not.
const ODD: [&[u8]; 16] = [
    b" ", b"\t", b"\x0b", b"\x0c", b"\0", b"\r", b"\n", b"\r\n ", b"\n ", b"\r\r\n", b"\x7f",
    b"\xa0", b",", b";", b"\"", b"\\",
];

/// A field in all its odd forms: something before, within and after its name and its value.
fn forms(name: &str, value: &str) -> Vec<Vec<u8>> {
    let (name, value) = (name.as_bytes(), value.as_bytes());
    let (half_name, half_value) = (name.len() / 2, value.len() / 2);
    let mut forms = Vec::new();
    for odd in ODD {
        forms.push([odd, name, b": ", value].concat());
        forms.push([&name[..half_name], odd, &name[half_name..], b": ", value].concat());
        forms.push([name, odd, b": ", value].concat());
        forms.push([name, b":", odd, value].concat());
        forms.push([name, b": ", &value[..half_value], odd, &value[half_value..]].concat());
        forms.push([name, b": ", value, odd].concat());
        forms.push([b"x: y".as_slice(), odd, name, b": ", value].concat());
    }
    forms
}

fn field(name: &str, value: &str) -> Vec<u8> {
    format!("{name}: {value}").into_bytes()
}

/// What is hidden in a body, and must never be answered.
fn hidden(number: usize) -> String {
    format!("GET /hidden-{number} HTTP/1.1\r\nhost: a\r\n\r\n")
}

/// The first request: these lines after its head, then its body.
fn post(number: usize, fields: &[&[u8]], body: &str) -> Vec<u8> {
    let mut request = format!("POST /first-{number} HTTP/1.1\r\nhost: a\r\n").into_bytes();
    for field in fields {
        request.extend_from_slice(field);
        request.extend_from_slice(b"\r\n");
    }
    request.extend_from_slice(b"\r\n");
    request.extend_from_slice(body.as_bytes());
    request
}

/// A length that covers all beside a coding in every odd form: who reads the coding ends early.
fn codings() -> Vec<Gadget> {
    let mut fields = forms("transfer-encoding", "chunked");
    fields.extend(forms("Transfer-Encoding", "Chunked"));
    let values = [
        "chunked",
        "CHUNKED",
        "chunked,",
        ",chunked",
        "chunked, chunked",
        "identity",
        "xchunked",
        "chunked, identity",
        "gzip, chunked",
        "chunked;q=1",
        "'chunked'",
        "chunk",
        "x chunked",
    ];
    fields.extend(values.map(|value| field("transfer-encoding", value)));
    fields.push(b"transfer_encoding: chunked".to_vec());
    fields.push(b"transfer-encoding: x\r\ntransfer-encoding: chunked".to_vec());
    fields.push(b"transfer-encoding: chunked\r\ntransfer-encoding: x".to_vec());
    fields.push(b"transfer-encoding:\r\n chunked".to_vec());
    let gadget = |field: Vec<u8>| -> Gadget {
        Box::new(move |number| {
            let body = format!("0\r\n\r\n{}", hidden(number));
            let length = self::field("content-length", &body.len().to_string());
            match number % 2 {
                0 => post(number, &[&length, &field], &body),
                _ => post(number, &[&field, &length], &body),
            }
        })
    };
    fields.into_iter().map(gadget).collect()
}

/// A short length in every odd form beside a coding, or beside a length that covers all.
fn lengths() -> Vec<Gadget> {
    let mut fields = forms("content-length", "4");
    let values = ["+4", "-4", "0x4", "4 4", "4,4", "04", "4.0", "4e0", "", "4;", "0", "4, 9"];
    fields.extend(values.map(|value| field("content-length", value)));
    fields.push(b"content_length: 4".to_vec());
    let beside_coding = |field: Vec<u8>| -> Gadget {
        Box::new(move |number| {
            let hidden = hidden(number);
            let body = format!("{:x}\r\n{hidden}\r\n0\r\n\r\n", hidden.len());
            post(number, &[&field, b"transfer-encoding: chunked"], &body)
        })
    };
    let beside_length = |field: Vec<u8>| -> Gadget {
        Box::new(move |number| {
            let body = format!("abcd{}", hidden(number));
            let length = self::field("content-length", &body.len().to_string());
            post(number, &[&length, &field], &body)
        })
    };
    let all = fields.clone().into_iter().map(beside_coding);
    all.chain(fields.into_iter().map(beside_length)).collect()
}

/// Chunks whose sizes, extensions and ends are odd.
fn chunked() -> Vec<Gadget> {
    let sizes = [
        "2",
        "02",
        "2;a",
        "2;a=b",
        "2;a=\"b\"",
        "2;a=\"\n\"",
        "2 ",
        "2\t",
        " 2",
        "+2",
        "-2",
        "0x2",
        "2;\n",
        "2\n",
        "2\r",
        "2\r\r",
        "2\0",
        "2,",
        "2;;",
        "2 ;a",
        "2;\0",
        "2;\r",
        "g",
        "",
        "2;a\nGET /hidden HTTP/1.1",
        "00000000000000002",
        "100000002",
        "\n2",
        "\r\n2",
    ];
    let ends = ["\r\n", "\n", "\r", "", "\n\r", "\r\n\r\n", "xx\r\n"];
    let lasts =
        ["0\r\n\r\n", "0\n\n", "0\r\n\n", "0\n\r\n", "00\r\n\r\n", "0;a\r\n\r\n", "0 \r\n\r\n"];
    let mut bodies = Vec::new();
    for size in sizes {
        for last in lasts {
            bodies.push(format!("{size}\r\nhi\r\n{last}"));
        }
    }
    for end in ends {
        bodies.push(format!("2{end}hi\r\n0\r\n\r\n"));
        bodies.push(format!("2\r\nhi{end}0\r\n\r\n"));
        bodies.push(format!("2\r\nhi\r\n0{end}\r\n"));
        bodies.push(format!("2\r\nhi\r\n0\r\nx: y{end}\r\n"));
    }
    let gadget = |body: String| -> Gadget {
        Box::new(move |number| post(number, &[b"transfer-encoding: chunked"], &body))
    };
    bodies.into_iter().map(gadget).collect()
}

/// A request to begin with, by its number.
type Gadget = Box<dyn Fn(usize) -> Vec<u8> + Send + Sync>;

/// Whether what follows is sent along, or when the first request has been answered.
#[derive(Clone, Copy, Debug)]
enum Mode {
    Pipelined,
    KeptAlive,
}

/// The statuses and texts of all answers to a request and what follows it.
fn answers(address: SocketAddr, first: &[u8], number: usize, mode: Mode) -> Vec<(u16, String)> {
    let next = format!("GET /next-{number} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n");
    let mut client = Client::of(TcpStream::connect(address).expect("a connection"));
    let mut answers = Vec::new();
    match mode {
        Mode::Pipelined => drop(client.try_send(&[first, next.as_bytes()].concat())),
        Mode::KeptAlive => {
            client.try_send(first);
            let Some(answer) = client.try_answer("POST") else { return answers };
            answers.push((answer.status, answer.text()));
            client.try_send(next.as_bytes());
        }
    }
    while let Some(answer) = client.try_answer("GET") {
        answers.push((answer.status, answer.text()));
    }
    answers
}

/// How a request was taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Taken {
    Refused,
    /// Answered, and the connection ended.
    Alone,
    /// Answered, and so was what follows.
    WithNext,
}

/// Judges the answers: each is its own request's, or the connection has ended.
fn judge(answers: &[(u16, String)], number: usize) -> Option<Taken> {
    let (first, next) = (format!("/first-{number}"), format!("/next-{number}"));
    let of = |answer: &(u16, String), text: &str| *answer == (200, text.to_owned());
    match answers {
        [] => Some(Taken::Refused),
        [(400..=431 | 501, _)] => Some(Taken::Refused),
        [one] if of(one, &first) => Some(Taken::Alone),
        [one, (400..=431, _)] if of(one, &first) => Some(Taken::Alone),
        [one, two] if of(one, &first) && of(two, &next) => Some(Taken::WithNext),
        _ => None,
    }
}

/// Plays all gadgets in both modes; gives how many were taken in which way.
fn play(gadgets: Vec<Gadget>) -> HashMap<Taken, usize> {
    const PLAYERS: usize = 8;
    let record = Arc::new(Mutex::new(Record::default()));
    let shadow = Shadow::edge(strict(record.clone()), "timeouts: { head: 300ms, body: 300ms }");
    let total = Mutex::new(HashMap::new());
    let round = |player: usize| {
        for (index, gadget) in gadgets.iter().enumerate().skip(player).step_by(PLAYERS) {
            for (mode, number) in [(Mode::Pipelined, 2 * index), (Mode::KeptAlive, 2 * index + 1)] {
                let first = gadget(number);
                let answers = answers(shadow.listen, &first, number, mode);
                let taken = judge(&answers, number);
                let shown = String::from_utf8_lossy(&first);
                let taken = taken.unwrap_or_else(|| panic!("{mode:?} {shown:?}: {answers:?}"));
                *total.lock().expect("no panic").entry(taken).or_default() += 1;
            }
        }
    };
    thread::scope(|scope| {
        let players: Vec<_> = (0..PLAYERS)
            .map(|player| {
                scope.spawn({
                    let round = &round;
                    move || round(player)
                })
            })
            .collect();
        players.into_iter().for_each(|player| player.join().expect("no desynchronisation"));
    });
    let record = record.lock().expect("no panic");
    assert!(record.doubtful.is_empty(), "{:?}", record.doubtful);
    let hidden: Vec<_> = record.targets.iter().filter(|one| one.contains("hidden")).collect();
    assert!(hidden.is_empty(), "{hidden:?}");
    let mut once = record.targets.clone();
    once.sort();
    once.dedup();
    assert_eq!(once.len(), record.targets.len(), "none arrives twice");
    total.into_inner().expect("no panic")
}

#[test]
fn case_37_no_form_of_a_coding_smuggles_a_request() {
    let taken = play(codings());
    assert!(taken[&Taken::Refused] > 200 && taken[&Taken::WithNext] > 5, "{taken:?}");
}

#[test]
fn case_37_no_form_of_a_length_smuggles_a_request() {
    let taken = play(lengths());
    assert!(taken[&Taken::Refused] > 200 && taken[&Taken::Alone] > 5, "{taken:?}");
}

#[test]
fn case_37_no_form_of_a_chunk_smuggles_a_request() {
    let taken = play(chunked());
    assert!(taken[&Taken::Refused] > 100 && taken[&Taken::WithNext] > 20, "{taken:?}");
}
