//! What must hold after every run, whatever happened in it.

use crate::client::{Answer, Talked};
use crate::http::{Broken, Fields, Framing, find};
use crate::origin::{Fate, Side};
use crate::schedule::config;
use crate::schedule::{
    Act, CANARY, Ending, Kind, Manner, Request, Say, Schedule, Switch, TAG, Talk,
};
use crate::world::{Arrival, Record};
use shadowdiff::model::{DropReason, FailReason, Ledger, SkipReason};

/// Adds to the record what is wrong about it.
pub fn all(schedule: &Schedule, record: &mut Record, ledger: &Ledger) {
    let mut check = Check { schedule, record, problems: Vec::new(), unexplained: 0 };
    check.talks();
    check.primary();
    check.candidate();
    check.ledger(ledger);
    let problems = check.problems;
    record.problems.extend(problems);
}

struct Check<'a> {
    schedule: &'a Schedule,
    record: &'a Record,
    problems: Vec<String>,
    /// Answers of the tap's own for requests that the primary never saw.
    unexplained: usize,
}

/// How one request went, seen from its client.
struct Seen<'a> {
    id: usize,
    request: &'a Request,
    talk: &'a Talk,
    talked: &'a Talked,
    /// Whether its head, and all of it, was sent.
    head: bool,
    whole: bool,
    answer: Option<&'a Answer>,
}

impl Seen<'_> {
    /// Whether its client has waited for what would come.
    fn is_patient(&self) -> bool {
        let stalls = matches!(self.talk.manner, Manner::StallReading { .. });
        self.talked.end != Some(Broken::Left) && !stalls
    }
}

impl<'a> Check<'a> {
    fn wrong(&mut self, id: usize, text: impl AsRef<str>) {
        self.problems.push(format!("request {id}: {}", text.as_ref()));
    }

    fn arrivals(&self, side: Side, id: usize) -> impl Iterator<Item = &'a Arrival> + use<'a> {
        let all = self.record.arrivals.iter();
        all.filter(move |it| it.place.side == side && it.id == Some(id))
    }

    fn seen(&self) -> Vec<Seen<'a>> {
        let talks = self.record.talks.iter().filter(|(_, talked)| !talked.refused);
        let one = |(talk, talked): &'a (Talk, Talked)| {
            let ids = talk.requests.iter().zip(&talked.marks).enumerate();
            ids.map(|(place, (&id, &(head, end)))| Seen {
                id,
                request: &self.schedule.requests[id],
                talk,
                talked,
                head: talked.written >= head,
                whole: talked.written >= end,
                answer: talked.answers.get(place),
            })
        };
        talks.flat_map(one).collect()
    }

    // ---- what clients get

    fn talks(&mut self) {
        for (talk, talked) in &self.record.talks {
            let id = talk.requests[0];
            if contains(&talked.all, CANARY) {
                self.wrong(id, "its client got something of the candidate's");
            }
            if talked.surplus {
                self.wrong(id, "its client got more than it asked for");
            }
            if let Some(Broken::Malformed(text)) = &talked.end {
                self.wrong(id, format!("its client cannot read {text}"));
            }
        }
        let mut closing = false;
        for seen in self.seen() {
            closing &= seen.talk.requests[0] != seen.id;
            match seen.answer {
                Some(answer) => self.answer(&seen, answer),
                None if !closing => self.missing(&seen),
                None => {}
            }
            closing |= self.may_close(&seen);
        }
        if self.unexplained > self.record.excuses[Side::Primary as usize] {
            self.problems.push(format!("{} answers without a reason", self.unexplained));
        }
    }

    /// Whether the connection may end with an exchange.
    fn may_close(&self, seen: &Seen<'_>) -> bool {
        let Some(answer) = seen.answer else { return true };
        let unread = seen.request.has_body()
            && (answer.got.head.get(TAG).is_none()
                || seen.request.primary.iter().any(|it| it.early));
        answer.last || !answer.whole || unread || seen.request.kind != Kind::Fine
    }

    /// A request without an answer, where all before it went well.
    fn missing(&mut self, seen: &Seen<'_>) {
        let last = self.arrivals(Side::Primary, seen.id).last();
        let begun = last.is_some_and(|last| last.fate == Fate::Begun);
        let answered = last.is_some_and(|last| last.fate == Fate::Answered);
        let excused = match self.schedule.stop {
            None => begun,
            Some((_, Ending::Drain)) => !answered,
            Some((_, Ending::Now)) => true,
        };
        if seen.whole && seen.is_patient() && !excused {
            self.wrong(seen.id, format!("no answer; {:?}", seen.talked.end));
        }
    }

    fn answer(&mut self, seen: &Seen<'_>, answer: &Answer) {
        let status = answer.got.head.status();
        let expected = match seen.request.kind {
            Kind::Fine => None,
            Kind::Refused(status) => Some(status),
            Kind::Garbage => Some(400),
        };
        match (expected, answer.got.head.get(TAG)) {
            (Some(expected), None) if status == expected => {}
            (Some(_), _) => self.wrong(seen.id, format!("it was answered {status}")),
            (None, None) => self.own(seen, status),
            (None, Some(tag)) => self.primarys(seen, answer, tag),
        }
    }

    /// An answer of the tap's own.
    fn own(&mut self, seen: &Seen<'_>, status: u16) {
        let last = self.arrivals(Side::Primary, seen.id).last();
        // It may have been sent again, and not have arrived.
        let last = last.filter(|last| !self.may_come_again(seen, last) || status == 502);
        let act = last.map(|last| &seen.request.primary[last.attempt.min(1)]);
        let early = act.is_some_and(|act| act.early) && seen.request.has_body();
        let stalled = matches!(seen.talk.manner, Manner::StallWriting { .. });
        let hung = act.is_none_or(|act| act.say == Say::Hang);
        let known = match status {
            408 => stalled && !seen.whole,
            504 => hung,
            502 => early || last.is_none_or(|last| last.fate != Fate::Answered),
            _ => false,
        };
        if !known {
            self.wrong(seen.id, format!("the tap answered {status}; the primary {last:?}"));
        }
        if last.is_none() && status != 408 {
            self.unexplained += 1;
        }
    }

    /// An answer of the primary's: it is that answer and no other, or a piece of it.
    fn primarys(&mut self, seen: &Seen<'_>, answer: &Answer, tag: &str) {
        let Some(last) = self.arrivals(Side::Primary, seen.id).last() else {
            return self.wrong(seen.id, format!("an answer {tag} out of nothing"));
        };
        if tag != format!("{}.{}", seen.id, last.attempt.min(1)) {
            return self.wrong(seen.id, format!("it got the answer {tag}"));
        }
        let act = &seen.request.primary[last.attempt.min(1)];
        let (reply, got) = (&act.reply, &answer.got);
        if reply.first.split(' ').nth(1) != got.head.first.split(' ').nth(1) {
            self.wrong(seen.id, format!("{} became {}", reply.first, got.head.first));
        }
        let (mut sent, received) = (end_to_end(&reply.fields), end_to_end(&got.head.fields));
        if seen.request.method == "HEAD" {
            // There is no body that could be followed by any.
            sent.retain(|(name, _)| name != "trailer");
        }
        if sent != received {
            self.wrong(seen.id, format!("the fields {sent:?} became {received:?}"));
        }
        let length = (reply.framing == Framing::Length).then(|| reply.body.len().to_string());
        if got.head.get("content-length") != length.as_deref() {
            self.wrong(seen.id, format!("the length {length:?} became {:?}", got.head.fields));
        }
        let body = if seen.request.method == "HEAD" { &[][..] } else { &reply.body };
        if answer.whole {
            self.whole(seen, answer, act, body);
        } else {
            let whole = last.fate == Fate::Answered && !(act.early && seen.request.has_body());
            let now = matches!(self.schedule.stop, Some((_, Ending::Now)));
            if whole && seen.is_patient() && !now {
                self.wrong(seen.id, format!("its answer was cut off: {:?}", seen.talked.end));
            }
            if !body.starts_with(&got.body) {
                self.wrong(seen.id, "the piece of its answer is none");
            }
        }
    }

    fn whole(&mut self, seen: &Seen<'_>, answer: &Answer, act: &Act, body: &[u8]) {
        if act.say != Say::Answer {
            self.wrong(seen.id, format!("{:?} ended as if it were whole", act.say));
        }
        if answer.got.body != body {
            let (found, expected) = (answer.got.body.len(), body.len());
            self.wrong(seen.id, format!("{found} bytes of an answer of {expected} that differ"));
        }
        let wanted = seen.request.message.fields.iter().any(|(name, _)| name == "te");
        let empty = Vec::new();
        let expected = match wanted && seen.request.method != "HEAD" {
            true => &act.reply.trailers,
            false => &empty,
        };
        if answer.got.trailers != *expected {
            let found = &answer.got.trailers;
            self.wrong(seen.id, format!("the trailers {expected:?} became {found:?}"));
        }
    }

    // ---- what the sides get

    fn primary(&mut self) {
        let sent = self.seen();
        for arrival in &self.record.arrivals {
            let seen = sent.iter().find(|seen| Some(seen.id) == arrival.id);
            let Some(seen) = seen.filter(|it| it.head && it.request.kind == Kind::Fine) else {
                self.problems.push(format!("a request that nobody made: {arrival:?}"));
                continue;
            };
            self.request(seen, arrival);
            if arrival.place.side == Side::Primary {
                self.again(seen, arrival);
            }
        }
    }

    /// A request that arrived is the one that was sent, or a piece of it.
    fn request(&mut self, seen: &Seen<'_>, arrival: &Arrival) {
        let (message, got) = (&seen.request.message, &arrival.got);
        if got.head.first != message.first {
            self.wrong(seen.id, format!("it arrived as {}", got.head.first));
        }
        let copy = arrival.place.side == Side::Candidate;
        let marked = got.head.get("x-shadow-mirror");
        if copy != marked.is_some() || marked == Some("forged") {
            self.wrong(seen.id, format!("the marker at {:?} is {marked:?}", arrival.place));
        }
        let chain = got.head.get("x-forwarded-for").unwrap_or_default();
        let forwarded = chain.ends_with("192.0.2.7") && got.head.get("via").is_some();
        if got.head.get("x-private").is_some() || !forwarded {
            self.wrong(seen.id, format!("its fields arrived as {:?}", got.head.fields));
        }
        match arrival.whole {
            Some(true) if !seen.whole => self.wrong(seen.id, "it arrived whole, and was not"),
            Some(true) if got.body != message.body || got.trailers != message.trailers => {
                let lengths = (got.body.len(), message.body.len());
                self.wrong(seen.id, format!("its body changed: {lengths:?} {:?}", got.trailers));
            }
            _ if !message.body.starts_with(&got.body) => {
                self.wrong(seen.id, "the piece of it that arrived is none");
            }
            _ => {}
        }
    }

    /// A request comes again only where doing it twice does no harm, and a connection that had been
    /// kept alive broke under the first time.
    fn again(&mut self, seen: &Seen<'_>, arrival: &Arrival) {
        let mut same = self.arrivals(Side::Primary, seen.id);
        let before = same.find(|it| it.attempt + 1 == arrival.attempt);
        let Some(before) = before else { return };
        if !self.may_come_again(seen, before) {
            self.wrong(seen.id, format!("it was sent again after {:?}", before.fate));
        }
    }

    fn may_come_again(&self, seen: &Seen<'_>, before: &Arrival) -> bool {
        let act = &seen.request.primary[before.attempt.min(1)];
        let broken = matches!(act.say, Say::Silence { .. } | Say::Cut { .. });
        let harmless = seen.request.is_idempotent() && !seen.request.has_body();
        harmless && broken && before.nth > 0
    }

    fn candidate(&mut self) {
        let config = config(self.schedule.config);
        let fixed = self.schedule.switches.is_empty();
        let off = config.contains("enabled: false") || config.contains("sample: 0%");
        let copies = self.record.arrivals.iter().filter(|it| it.place.side == Side::Candidate);
        for copy in copies {
            let id = copy.id.unwrap_or_default();
            let method = copy.got.head.first.split(' ').next().unwrap_or_default();
            let safe = matches!(method, "GET" | "HEAD" | "OPTIONS");
            if fixed && (off || (config.contains("methods: safe") && !safe)) {
                self.wrong(id, "it was mirrored against the config");
            }
            if copy.attempt > 0 && !self.may_be_copied_again(id, copy.attempt) {
                self.wrong(id, "its copy was sent twice");
            }
        }
    }

    /// A copy comes again on the same grounds as a request, and its body is at hand.
    fn may_be_copied_again(&self, id: usize, attempt: usize) -> bool {
        let mut same = self.arrivals(Side::Candidate, id);
        let before = same.find(|it| it.attempt + 1 == attempt);
        let request = &self.schedule.requests[id];
        let broken = matches!(request.candidate.say, Say::Silence { .. } | Say::Cut { .. });
        request.is_idempotent() && broken && before.is_some_and(|before| before.nth > 0)
    }

    // ---- what is counted

    fn ledger(&mut self, ledger: &Ledger) {
        let seen = self.seen();
        let is_request = |it: &&Seen<'_>| it.request.kind != Kind::Garbage;
        let arrived = |id| self.arrivals(Side::Primary, id).next().is_some();
        let least = seen.iter().filter(is_request);
        let least = least.filter(|it| it.answer.is_some() || arrived(it.id)).count();
        let most = seen.iter().filter(is_request).filter(|it| it.head).count();
        let copies = self.record.arrivals.iter();
        let copies =
            copies.filter(|it| it.place.side == Side::Candidate && it.attempt == 0).count();
        let counts = |count: u64, least: usize, most: usize| {
            (least..=most).contains(&usize::try_from(count).unwrap_or(usize::MAX))
        };
        if !ledger.is_exact() {
            self.problems.push(format!("in the end the ledger is not exact: {ledger:?}"));
        }
        if !counts(ledger.seen, least, most) {
            let text = format!("{} requests were counted, of {least} to {most}", ledger.seen);
            self.problems.push(text);
        }
        if !counts(ledger.mirrored, copies, most) {
            let text = format!("{} copies were counted, and {copies} arrived", ledger.mirrored);
            self.problems.push(text);
        }
        let refused = |it: &&Seen<'_>| matches!(it.request.kind, Kind::Refused(_));
        let refused = seen.iter().filter(refused).filter(|it| it.head).count();
        self.reasons(ledger, refused);
    }

    /// No request is booked under a reason that there was not.
    fn reasons(&mut self, ledger: &Ledger, refused: usize) {
        let config = config(self.schedule.config);
        let switched = |which: fn(&Switch) -> bool| {
            self.schedule.switches.iter().any(|(_, switch)| which(switch))
        };
        let reloaded = switched(|switch| matches!(switch, Switch::Config(_)));
        let paused = switched(|switch| matches!(switch, Switch::Mirror(false)));
        let protected = switched(|switch| matches!(switch, Switch::Protect(true)));
        let has = |text| config.contains(text) || reloaded;
        let skipped = |reason: SkipReason| ledger.skipped[reason as usize];
        let dropped = |reason: DropReason| ledger.dropped[reason as usize];
        let tight = !config.contains("memory: 64MiB") || reloaded;
        let stopped = self.schedule.stop.is_some();
        let wrong = [
            ("sampled out", ledger.sampled_out, !config.contains("sample: 100%") || reloaded),
            ("skipped: disabled", skipped(SkipReason::Disabled), has("enabled: false") || paused),
            ("skipped: method", skipped(SkipReason::Method), has("methods: safe")),
            ("skipped: marker", skipped(SkipReason::Marker), false),
            ("skipped: no candidate", skipped(SkipReason::NoCandidate), false),
            ("skipped: rewrite", skipped(SkipReason::Rewrite), false),
            ("dropped: memory", dropped(DropReason::Memory), tight),
            ("dropped: rate", dropped(DropReason::Rate), has("rate:")),
            ("dropped: paused", dropped(DropReason::Paused), paused),
            ("dropped: protected", dropped(DropReason::Protected), protected),
            ("dropped: shutdown", dropped(DropReason::Shutdown), stopped),
            ("failed: shutdown", ledger.failed[FailReason::Shutdown as usize], stopped),
            ("failed: memory", ledger.failed[FailReason::Memory as usize], tight),
            ("failed: panic", ledger.failed[FailReason::Panic as usize], false),
        ];
        if skipped(SkipReason::Refused) > refused as u64 {
            self.problems.push("more were refused than were wrong".into());
        }
        for (name, count, allowed) in wrong {
            if count > 0 && !allowed {
                self.problems.push(format!("{count} {name}, for which there was no reason"));
            }
        }
    }
}

fn contains(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|part| part == text.as_bytes())
}

/// The fields that pass a proxy, by name; those of one name in their order.
fn end_to_end(fields: &Fields) -> Fields {
    const HOP: [&str; 6] =
        ["connection", "keep-alive", "transfer-encoding", "content-length", "date", "x-private"];
    let nominated = |name: &str| find(fields, "connection").is_some_and(|value| value == name);
    let passes = |(name, _): &&(String, String)| !HOP.contains(&name.as_str()) && !nominated(name);
    let mut kept: Fields = fields.iter().filter(passes).cloned().collect();
    kept.sort_by(|one, other| one.0.cmp(&other.0));
    kept
}
