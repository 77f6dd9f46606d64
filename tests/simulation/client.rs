//! The clients: each writes as the schedule says, and keeps all that it gets.

use crate::http::{Broken, Framing, Got, Reader};
use crate::pipe::{Fuse, WriteEnd};
use crate::schedule::{Client, Manner, Talk};
use crate::world::World;
use std::future::pending;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::Duration;
use tokio::io::AsyncWriteExt;
use tokio::sync::watch;
use tokio::time::sleep;

/// What one connection of a client's came to.
#[derive(Debug, Default)]
pub struct Talked {
    /// Nobody accepted it any more.
    pub refused: bool,
    /// Bytes of requests that were taken.
    pub written: usize,
    /// Where each request, and its head, ends among them.
    pub marks: Vec<(usize, usize)>,
    pub answers: Vec<Answer>,
    /// Why reading ended.
    pub end: Option<Broken>,
    /// Something came that nobody had asked for.
    pub surplus: bool,
    pub all: Vec<u8>,
}

/// One answer, or as much as came of it.
#[derive(Debug, PartialEq, Eq)]
pub struct Answer {
    pub got: Got,
    pub whole: bool,
    /// The connection was said to end with it, and had to.
    pub last: bool,
}

pub async fn run(world: Arc<World>, number: usize, client: Client) {
    sleep(Duration::from_millis(client.start)).await;
    for (place, talk) in client.talks.iter().enumerate() {
        let talked = converse(&world, talk).await;
        world.log(|| {
            let answers = talked.answers.iter().map(|it| (it.got.head.status(), it.got.body.len()));
            format!(
                "client {number}.{place} wrote {} and got {:?}, {:?}",
                talked.written,
                answers.collect::<Vec<_>>(),
                talked.end
            )
        });
        world.talked(talk.clone(), talked);
    }
}

async fn converse(world: &Arc<World>, talk: &Talk) -> Talked {
    let mut talked = Talked::default();
    let Some(end) = world.knock(talk.capacity) else {
        return Talked { refused: true, ..talked };
    };
    let (read, write, fuse) = end.split();
    let mut reader = Reader::new(read, talk.reading);
    match talk.manner {
        Manner::Leave { read } => reader.leaves = Some(read),
        Manner::StallReading { read } => reader.stalls = Some(read),
        _ => {}
    }
    let (bytes, marks) = script(world, talk);
    talked.marks = marks;
    let written = AtomicUsize::new(0);
    let (answered, turn) = watch::channel(0);
    {
        let writer = Writer { talk, bytes: &bytes, marks: &talked.marks, written: &written };
        let reading = read_all(world, talk, &mut reader, &mut talked.answers, answered);
        tokio::select! {
            biased;
            broken = reading => talked.end = broken,
            () = writer.run(write, turn, &fuse) => talked.end = Some(Broken::Left),
        }
    }
    talked.written = written.load(Relaxed);
    let complete = matches!(talked.end, None | Some(Broken::End { begun: false }));
    talked.surplus = !reader.is_empty() && complete;
    talked.all = reader.all;
    talked
}

fn script(world: &World, talk: &Talk) -> (Vec<u8>, Vec<(usize, usize)>) {
    let (mut bytes, mut marks) = (Vec::new(), Vec::new());
    for &id in &talk.requests {
        let (rendered, head) = world.schedule.requests[id].message.render(false);
        marks.push((bytes.len() + head, bytes.len() + rendered.len()));
        bytes.extend_from_slice(&rendered);
    }
    (bytes, marks)
}

struct Writer<'a> {
    talk: &'a Talk,
    bytes: &'a [u8],
    marks: &'a [(usize, usize)],
    written: &'a AtomicUsize,
}

impl Writer<'_> {
    /// Writes all requests; ends only where the client goes away.
    async fn run(&self, mut write: WriteEnd, mut turn: watch::Receiver<usize>, fuse: &Fuse) {
        let stop = match self.talk.manner {
            Manner::Abort { written, .. } | Manner::StallWriting { written } => written,
            _ => usize::MAX,
        };
        let mut begin = 0;
        for (number, &(_, end)) in self.marks.iter().enumerate() {
            if !self.talk.pipelined && turn.wait_for(|answered| *answered >= number).await.is_err()
            {
                break;
            }
            let whole = self.write(begin, end.min(stop), &mut write).await;
            if !whole || end > stop {
                break;
            }
            begin = end;
        }
        match self.talk.manner {
            Manner::Abort { reset, written } if self.written.load(Relaxed) == written => {
                if reset {
                    fuse.reset();
                }
                return;
            }
            Manner::HalfClose => {
                write.shutdown().await.ok();
            }
            _ => {}
        }
        pending::<()>().await;
    }

    async fn write(&self, begin: usize, end: usize, write: &mut WriteEnd) -> bool {
        let mut rest = &self.bytes[begin.min(end)..end];
        let mut pauses = self.talk.writing.pauses;
        while !rest.is_empty() {
            let most = if pauses > 0 { self.talk.writing.most } else { rest.len() };
            let Ok(length) = write.write(&rest[..most.min(rest.len())]).await else { return false };
            self.written.fetch_add(length, Relaxed);
            rest = &rest[length..];
            if pauses > 0 {
                pauses -= 1;
                sleep(Duration::from_millis(self.talk.writing.pause)).await;
            }
        }
        true
    }
}

/// Reads the answers; says why it ended, where that was before the last.
async fn read_all(
    world: &World,
    talk: &Talk,
    reader: &mut Reader,
    answers: &mut Vec<Answer>,
    answered: watch::Sender<usize>,
) -> Option<Broken> {
    for (number, &id) in talk.requests.iter().enumerate() {
        let head = loop {
            match reader.head().await {
                Ok(head) if (100..200).contains(&head.status()) => {}
                Ok(head) => break head,
                Err(broken) => return Some(broken),
            }
        };
        let empty =
            world.schedule.requests[id].method == "HEAD" || matches!(head.status(), 204 | 304);
        let framing = if empty { Framing::None } else { head.framing(false) };
        let last = head.get("connection").is_some_and(|value| value.contains("close"))
            || framing == Framing::Close;
        let got = Got { head, ..Got::default() };
        answers.push(Answer { got, whole: false, last });
        let answer = answers.last_mut()?;
        if let Err(broken) = reader.body(framing, &mut answer.got).await {
            return Some(broken);
        }
        answer.whole = true;
        if last {
            return reader.begun().await.err();
        }
        answered.send_replace(number + 1);
    }
    if talk.manner == Manner::HalfClose {
        return reader.begun().await.err();
    }
    None
}
