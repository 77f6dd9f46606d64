//! What one seed stands for: who asks what, how both sides behave, and what is switched when.

use crate::dice::Dice;
use crate::http::{Fields, Framing, Message, Pace};

/// In every answer of the candidate's; no client may ever see it.
pub const CANARY: &str = "yellow-bird-of-the-candidate";

/// The field by which a request is known on all sides.
pub const ID: &str = "x-sim";

/// The field by which an answer of an origin is known.
pub const TAG: &str = "x-sim-answer";

/// How many configs there are to choose from.
const CONFIGS: usize = 32;

#[derive(Clone, Debug)]
pub struct Schedule {
    pub config: usize,
    /// Milliseconds between two looks of the judge.
    pub judge: u64,
    pub requests: Vec<Request>,
    pub clients: Vec<Client>,
    pub primary: Doors,
    pub candidate: Doors,
    pub switches: Vec<(u64, Switch)>,
    /// When the process is told to end while clients are served.
    pub stop: Option<(u64, Ending)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    Drain,
    Now,
}

#[derive(Clone, Copy, Debug)]
pub enum Switch {
    Mirror(bool),
    Protect(bool),
    Config(usize),
}

/// How connections to one side come about, in their order; then all are open.
#[derive(Clone, Debug)]
pub struct Doors {
    pub first: Vec<Door>,
    pub capacity: usize,
}

#[derive(Clone, Copy, Debug)]
pub enum Door {
    Open { delay: u64 },
    Refuse,
    Hang,
}

#[derive(Clone, Debug)]
pub struct Request {
    pub method: &'static str,
    pub kind: Kind,
    pub message: Message,
    /// What the primary does with it the first time, and when it comes again.
    pub primary: [Act; 2],
    pub candidate: Act,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Fine,
    /// The tap answers it by itself.
    Refused(u16),
    /// It is not even a request.
    Garbage,
}

impl Request {
    pub fn is_idempotent(&self) -> bool {
        !matches!(self.method, "POST" | "PATCH")
    }

    pub fn has_body(&self) -> bool {
        !self.message.body.is_empty() || self.message.framing == Framing::Chunked
    }
}

/// What an origin does with a request.
#[derive(Clone, Debug)]
pub struct Act {
    pub delay: u64,
    /// It answers before it reads the body.
    pub early: bool,
    pub say: Say,
    pub reply: Message,
    /// An informational answer comes first.
    pub interim: bool,
    pub pace: Pace,
    pub after: After,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Say {
    Answer,
    /// So much of the answer, in thousandths.
    Cut {
        share: usize,
        reset: bool,
    },
    Silence {
        reset: bool,
    },
    Garbage,
    Hang,
    EndlessHead,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum After {
    Keep,
    /// It says that it closes, and does.
    Close,
    /// It closes without a word.
    Drop,
    /// It closes when nothing comes for so many milliseconds.
    Idle(u64),
}

#[derive(Clone, Debug)]
pub struct Client {
    pub start: u64,
    pub talks: Vec<Talk>,
}

/// One connection of a client's.
#[derive(Clone, Debug)]
pub struct Talk {
    /// By their place in the schedule.
    pub requests: Vec<usize>,
    pub pipelined: bool,
    pub capacity: usize,
    pub writing: Pace,
    pub reading: Pace,
    pub manner: Manner,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Manner {
    /// Reads every answer, then closes.
    Fair,
    /// Ends its own direction after the last request, and reads on.
    HalfClose,
    /// Goes away when it has written, or read, so many bytes.
    Abort {
        written: usize,
        reset: bool,
    },
    Leave {
        read: usize,
    },
    /// Writes, or reads, no more after so many bytes.
    StallWriting {
        written: usize,
    },
    StallReading {
        read: usize,
    },
}

impl Schedule {
    pub fn new(seed: u64) -> Self {
        let mut dice = Dice::of(seed, 1);
        let mut requests = Vec::new();
        let count = dice.range(1, 4);
        let clients = (0..count).map(|_| client(&mut dice, seed, &mut requests)).collect();
        let (primary, candidate) = (doors(&mut dice, 2, 1), doors(&mut dice, 12, 6));
        let switches = if dice.percent(40) { switches(&mut dice) } else { Vec::new() };
        let ending = dice.pick(&[Ending::Drain, Ending::Drain, Ending::Now]);
        let stop = dice.percent(30).then(|| (dice.millis(0, 1500), ending));
        Self {
            config: dice.range(0, CONFIGS - 1),
            judge: dice.pick(&[1, 1, 10, 3000]),
            requests,
            clients,
            primary,
            candidate,
            switches,
            stop,
        }
    }
}

/// One of the configs, all for the same two sides.
pub fn config(which: usize) -> String {
    let mut dice = Dice::of(which as u64, 2);
    let sample = dice.pick(&["100%", "100%", "100%", "100%", "50%", "0%"]);
    let methods = dice.pick(&["all", "all", "safe"]);
    let bounds = [("1MiB", "64MiB"), ("300B", "64MiB"), ("64KiB", "80KiB"), ("10KiB", "20KiB")];
    let (max_body, memory) = dice.pick(&bounds);
    let queue = dice.pick(&["100", "100", "2", "1"]);
    let concurrency = dice.pick(&["64", "64", "2", "1"]);
    let rate = dice.pick(&["", "", "", "rate: 3/s,"]);
    let (of, open) = (dice.pick(&["20", "2", "1"]), dice.pick(&["200ms", "10s"]));
    let enabled = !dice.percent(5);
    let rewrite = dice.pick(&["set: { x-copied: yes }", "remove: [x-many]"]);
    format!(
        "primary: {{ url: http://primary:1, timeout: 2s }}\n\
         candidate: {{ url: http://candidate:1, timeout: 1s }}\n\
         listen: {{ timeouts: {{ head: 5s, body: 3s, write: 4s, drain: 6s }} }}\n\
         mirror: {{ enabled: {enabled}, sample: {sample}, methods: {methods}, \
         max_body: {max_body}, memory: {memory}, queue: {queue}, concurrency: {concurrency}, {rate} \
         breaker: {{ failures: 50%, of: {of}, open: {open} }} }}\n\
         isolation: {{ assert: \"it is all made up\", request: {{ {rewrite} }} }}\n"
    )
}

fn doors(dice: &mut Dice, refused: u64, hung: u64) -> Doors {
    let dead = dice.percent(refused);
    let mut door = || match () {
        () if dead => Door::Refuse,
        () if dice.percent(refused) => Door::Refuse,
        () if dice.percent(hung) => Door::Hang,
        () => Door::Open { delay: dice.pick(&[0, 0, 1, 30]) },
    };
    let first = (0..12).map(|_| door()).collect();
    Doors { first, capacity: dice.pick(&[300, 4096, 65_536, 262_144]) }
}

fn switches(dice: &mut Dice) -> Vec<(u64, Switch)> {
    let mut at = 0;
    let mut one = || {
        at += dice.millis(0, 500);
        let switch = match dice.range(0, 5) {
            0 | 1 => Switch::Mirror(false),
            2 => Switch::Mirror(true),
            3 => Switch::Protect(dice.percent(50)),
            _ => Switch::Config(dice.range(0, CONFIGS - 1)),
        };
        (at, switch)
    };
    (0..4).map(|_| one()).collect()
}

fn client(dice: &mut Dice, seed: u64, requests: &mut Vec<Request>) -> Client {
    let start = dice.pick(&[0, 0, 0, 1]) * dice.millis(0, 1500);
    let talks = dice.pick(&[1, 1, 2]);
    Client { start, talks: (0..talks).map(|_| talk(dice, seed, requests)).collect() }
}

fn talk(dice: &mut Dice, seed: u64, requests: &mut Vec<Request>) -> Talk {
    let count = dice.pick(&[1, 1, 2, 3, 4]);
    let first = requests.len();
    let mut bytes = 0;
    for place in 0..count {
        let request = request(dice, seed, first + place, place + 1 == count);
        bytes += request.message.body.len() + 200;
        requests.push(request);
    }
    let manner = match dice.range(0, 19) {
        0..=9 => Manner::Fair,
        10..=12 => Manner::HalfClose,
        13 | 14 => Manner::Abort { written: dice.range(0, bytes), reset: dice.percent(50) },
        15 | 16 => Manner::Leave { read: dice.range(0, 3000) },
        17 => Manner::StallWriting { written: dice.range(0, bytes) },
        18 => Manner::StallReading { read: dice.range(0, 3000) },
        _ => Manner::Fair,
    };
    Talk {
        requests: (first..first + count).collect(),
        pipelined: dice.percent(30),
        capacity: dice.pick(&[300, 4096, 65_536, 65_536]),
        writing: pace(dice),
        reading: pace(dice),
        manner,
    }
}

fn pace(dice: &mut Dice) -> Pace {
    if dice.percent(60) {
        return Pace::default();
    }
    Pace {
        most: dice.pick(&[1, 7, 100, 3000]),
        pause: dice.millis(0, 40),
        pauses: dice.range(1, 12),
    }
}

fn request(dice: &mut Dice, seed: u64, id: usize, last: bool) -> Request {
    const METHODS: [&str; 20] = [
        "GET", "GET", "GET", "GET", "GET", "GET", "GET", "GET", "GET", "HEAD", "POST", "POST",
        "POST", "POST", "POST", "PUT", "PUT", "DELETE", "OPTIONS", "PATCH",
    ];
    let method = dice.pick(&METHODS);
    let writes = matches!(method, "POST" | "PUT" | "PATCH");
    let framing = match writes || dice.percent(4) {
        false => Framing::None,
        true => dice.pick(&[Framing::Length, Framing::Chunked]),
    };
    let body = if framing == Framing::None { 0 } else { dice.length() };
    let mut message = Message {
        first: format!("{method} /items/{id}?seed={seed} HTTP/1.1"),
        fields: fields(dice, id, framing != Framing::None),
        framing,
        body: dice.bytes(body),
        trailers: Vec::new(),
    };
    add_trailers(dice, &mut message);
    let kind = if dice.percent(4) { spoil(dice, &mut message) } else { Kind::Fine };
    if last && dice.percent(20) {
        message.fields.push(("connection".into(), "close".into()));
    }
    let method = if message.first.starts_with("TRACE") { "TRACE" } else { method };
    let primary = [act(dice, method, id, 0), act(dice, method, id, 1)];
    let candidate = shadow(dice, &primary[0]);
    Request { method, kind, message, primary, candidate }
}

fn fields(dice: &mut Dice, id: usize, body: bool) -> Fields {
    let mut fields = vec![("host".to_owned(), "shop.test".to_owned()), (ID.into(), id.to_string())];
    let mut add = |name: &str, value: &str| fields.push((name.to_owned(), value.to_owned()));
    if dice.percent(20) {
        add("connection", "x-private");
        add("x-private", "of this hop");
    } else if dice.percent(40) {
        add("connection", "te");
        add("te", "trailers");
    }
    if dice.percent(15) {
        add("x-many", "one");
        add("x-many", "two");
    }
    if dice.percent(10) {
        add("x-shadow-mirror", "forged");
    }
    if dice.percent(10) {
        add("x-forwarded-for", "198.51.100.1");
    }
    if body && dice.percent(10) {
        add("expect", "100-continue");
    }
    fields
}

fn add_trailers(dice: &mut Dice, message: &mut Message) {
    if message.framing == Framing::Chunked && dice.percent(30) {
        message.fields.push(("trailer".into(), "x-checksum".into()));
        message.trailers.push(("x-checksum".into(), dice.next().to_string()));
    }
}

fn spoil(dice: &mut Dice, message: &mut Message) -> Kind {
    match dice.range(0, 3) {
        0 => {
            let rest = message.first.split_once(' ').map_or("/", |(_, rest)| rest).to_owned();
            message.first = format!("TRACE {rest}");
            Kind::Refused(405)
        }
        1 => {
            message.fields.remove(0);
            Kind::Refused(400)
        }
        2 => {
            message.fields.push(("host".into(), "other.test".into()));
            Kind::Refused(400)
        }
        _ => {
            message.first = "this is\tno request".into();
            Kind::Garbage
        }
    }
}

/// What the primary does with a request.
fn act(dice: &mut Dice, method: &str, id: usize, attempt: usize) -> Act {
    let mut act = answer(dice, method, format!("{id}.{attempt}"));
    act.say = match dice.range(0, 39) {
        0 | 1 => Say::Cut { share: dice.range(0, 999), reset: false },
        2 => Say::Cut { share: dice.range(0, 999), reset: true },
        3 | 4 => Say::Silence { reset: dice.percent(50) },
        5 => Say::Garbage,
        6 => Say::Hang,
        _ => Say::Answer,
    };
    if matches!(act.say, Say::Cut { reset: false, .. }) && act.reply.framing == Framing::Close {
        // Nobody could tell it from a whole one.
        act.say = Say::Cut { share: 500, reset: true };
    }
    act
}

/// What the candidate does with the copy: the same, or anything else.
fn shadow(dice: &mut Dice, primary: &Act) -> Act {
    let mut act = primary.clone();
    act.delay = dice.pick(&[0, 0, 20, 300, 1500]);
    act.interim = false;
    act.early = dice.percent(5);
    act.say = match dice.range(0, 29) {
        0 | 1 => Say::Cut { share: dice.range(0, 999), reset: dice.percent(50) },
        2 | 3 => Say::Silence { reset: dice.percent(50) },
        4 => Say::Garbage,
        5 => Say::Hang,
        6 if dice.percent(15) => Say::EndlessHead,
        _ => Say::Answer,
    };
    let reply = &mut act.reply;
    if let Some((_, tag)) = reply.fields.iter_mut().find(|(name, _)| name == TAG) {
        *tag = CANARY.into();
    }
    match dice.range(0, 9) {
        0..=3 => {
            let text = String::from_utf8_lossy(&reply.body).replace("pine", CANARY);
            reply.body = text.into_bytes();
        }
        4 => reply.first = format!("HTTP/1.1 500 {CANARY}"),
        5 => reply.body = CANARY.repeat(dice.range(1, 1000)).into_bytes(),
        6 if dice.percent(10) && reply.framing == Framing::Length => {
            reply.fields.push(("content-encoding".into(), "gzip".into()));
            reply.body = crate::origin::bomb();
        }
        _ => {}
    }
    if matches!(reply.framing, Framing::None) {
        reply.body.clear();
    }
    act
}

fn answer(dice: &mut Dice, method: &str, tag: String) -> Act {
    let status = dice.pick(&[
        "200 OK",
        "200 OK",
        "200 OK",
        "404 Not Found",
        "204 No Content",
        "304 Not Modified",
        "503 Service Unavailable",
    ]);
    let empty = status.starts_with("204") || status.starts_with("304");
    let framing = match empty {
        true => Framing::None,
        false => dice.pick(&[Framing::Length, Framing::Length, Framing::Chunked, Framing::Close]),
    };
    let mut after = match dice.range(0, 9) {
        0 => After::Close,
        1 => After::Drop,
        2 | 3 => After::Idle(dice.pick(&[0, 1, 10, 100, 900])),
        _ => After::Keep,
    };
    if framing == Framing::Close && after != After::Close {
        after = After::Drop;
    }
    let mut fields = vec![(TAG.to_owned(), tag)];
    let mut add = |name: &str, value: &str| fields.push((name.to_owned(), value.to_owned()));
    match (after, dice.percent(20)) {
        (After::Close, _) => add("connection", "close"),
        (_, true) => {
            add("connection", "x-private");
            add("x-private", "of this hop");
        }
        _ => {}
    }
    if dice.percent(15) {
        add("set-cookie", "a=1");
        add("set-cookie", "b=2");
    }
    let json = dice.percent(40);
    if json {
        add("content-type", "application/json");
    }
    let length = dice.length();
    let body = match (empty, json) {
        (true, _) => Vec::new(),
        (false, true) => object(dice, length).into_bytes(),
        (false, false) => dice.bytes(length),
    };
    let first = format!("HTTP/1.1 {status}");
    let mut reply = Message { first, fields, framing, body, trailers: Vec::new() };
    add_trailers(dice, &mut reply);
    Act {
        delay: dice.pick(&[0, 0, 0, 5, 400]),
        early: method != "GET" && dice.percent(8),
        say: Say::Answer,
        reply,
        interim: dice.percent(4),
        pace: pace(dice),
        after,
    }
}

fn object(dice: &mut Dice, length: usize) -> String {
    let items: Vec<String> = (0..length / 60 + 1)
        .map(|id| {
            format!("{{\"id\":{id},\"name\":\"pine shelf\",\"price\":{}}}", dice.next() % 999)
        })
        .collect();
    format!("{{\"items\":[{}]}}", items.join(","))
}
