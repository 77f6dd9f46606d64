//! The two sides behind the tap: they do what the schedule says, and note what they see.

use crate::http::{Broken, Framing, Got, Reader};
use crate::pipe::{End, Fuse, WriteEnd, connection};
use crate::schedule::{Act, After, CANARY, Door, ID, Say};
use crate::world::World;
use flate2::Compression;
use flate2::write::GzEncoder;
use shadowdiff::upstream::{Connect, ConnectError, Connecting, Stream};
use std::fmt;
use std::future::pending;
use std::io::{self, Write};
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use tokio::io::AsyncWriteExt;
use tokio::time::{sleep, timeout};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    Primary,
    Candidate,
}

/// The way to one side.
pub struct Way(pub Arc<World>, pub Side);

impl fmt::Debug for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} {}", self.side, self.number)
    }
}

impl fmt::Debug for Way {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a way to the {:?}", self.1)
    }
}

impl Connect for Way {
    fn connect(&self) -> Connecting<'_> {
        Box::pin(async move {
            let Self(world, side) = self;
            let number = world.number(*side);
            let doors = world.doors(*side);
            let door = doors.first.get(number).copied().unwrap_or(Door::Open { delay: 0 });
            world.log(|| format!("{side:?} {number}: {door:?}"));
            match door {
                Door::Refuse => {
                    world.excuse(*side);
                    let error = io::ErrorKind::ConnectionRefused.into();
                    return Err(ConnectError::Refused(error));
                }
                Door::Hang => {
                    world.excuse(*side);
                    pending::<()>().await;
                }
                Door::Open { delay } => sleep(Duration::from_millis(delay)).await,
            }
            let (near, far) = connection(doors.capacity);
            let place = Place { side: *side, number };
            let world = world.clone();
            tokio::spawn(async move {
                serve(world.clone(), place, far).await;
                world.log(|| format!("{place:?} ends"));
            });
            Ok(Box::new(near) as Box<dyn Stream>)
        })
    }
}

/// Which connection of which side.
#[derive(Clone, Copy)]
pub struct Place {
    pub side: Side,
    pub number: usize,
}

/// What became of a request at a side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// Nothing yet.
    Open,
    /// Not a byte of an answer came.
    Silent,
    /// Something of an answer came, but not all.
    Begun,
    Answered,
}

async fn serve(world: Arc<World>, place: Place, end: End) {
    let (read, mut write, fuse) = end.split();
    let mut reader = Reader::new(read, crate::http::Pace::default());
    let mut idle = None;
    for nth in 0.. {
        let begun = match idle {
            None => reader.begun().await,
            Some(most) => match timeout(Duration::from_millis(most), reader.begun()).await {
                Ok(begun) => begun,
                Err(_) => {
                    world.excuse(place.side);
                    world.log(|| format!("{place:?} closes, idle"));
                    return;
                }
            },
        };
        if begun.is_err() {
            return;
        }
        match request(&world, place, nth, &mut reader, &mut write, &fuse).await {
            Some(After::Keep) => idle = None,
            Some(After::Idle(most)) => idle = Some(most),
            Some(After::Drop) => {
                world.excuse(place.side);
                return;
            }
            Some(After::Close) | None => return,
        }
    }
}

/// One request; gives how the connection goes on, where it does.
async fn request(
    world: &World,
    place: Place,
    nth: usize,
    reader: &mut Reader,
    write: &mut WriteEnd,
    fuse: &Fuse,
) -> Option<After> {
    let head = match reader.head().await {
        Ok(head) => head,
        Err(broken) => {
            world.log(|| format!("{place:?} got no head: {broken:?}"));
            return None;
        }
    };
    let id = head.get(ID).and_then(|id| id.parse().ok());
    let framing = head.framing(true);
    let mut got = Got { head, ..Got::default() };
    let arrival = world.arrive(place, nth, id, &got.head);
    let act = id.and_then(|id| world.act(place.side, id, arrival))?;
    if !act.early && !body(world, arrival, framing, reader, &mut got).await {
        return None;
    }
    sleep(Duration::from_millis(act.delay)).await;
    let went_well = say(world, arrival, &act, reader, write, fuse).await;
    if !went_well {
        return None;
    }
    match act.after {
        After::Keep if act.early => {
            let whole = body(world, arrival, framing, reader, &mut got).await;
            whole.then_some(After::Keep)
        }
        // The rest of the request is not read.
        _ if act.early => Some(After::Drop),
        after => Some(after),
    }
}

async fn body(
    world: &World,
    arrival: usize,
    framing: Framing,
    reader: &mut Reader,
    got: &mut Got,
) -> bool {
    let read = reader.body(framing, got).await;
    world.body(arrival, got, &read);
    if let Err(Broken::Malformed(text)) = &read {
        world.problem(format!("arrival {arrival} cannot be read: {text}"));
    }
    read.is_ok()
}

/// Says what is to be said; false where the connection ends with it.
async fn say(
    world: &World,
    arrival: usize,
    act: &Act,
    reader: &mut Reader,
    write: &mut WriteEnd,
    fuse: &Fuse,
) -> bool {
    let (bytes, _) = world.rendered(arrival, act);
    let (share, reset) = match act.say {
        Say::Answer => (bytes.len(), false),
        Say::Cut { share, reset } => ((bytes.len() - 1) * share / 1000, reset),
        Say::Silence { reset } => (0, reset),
        Say::Garbage => {
            world.fate(arrival, Fate::Begun);
            write.write_all(format!("{CANARY}\r\n\r\n").as_bytes()).await.ok();
            return false;
        }
        Say::Hang => {
            // Whatever comes on such a connection, nothing is answered.
            reader.begun().await.ok();
            return false;
        }
        Say::EndlessHead => {
            endless(write).await;
            return false;
        }
    };
    world.fate(arrival, if share == 0 { Fate::Silent } else { Fate::Begun });
    if act.interim && share > 0 {
        write.write_all(b"HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n").await.ok();
    }
    let whole = spell(&bytes[..share], act, write).await;
    if reset {
        fuse.reset();
    }
    if share == bytes.len() && whole {
        world.fate(arrival, Fate::Answered);
    }
    share == bytes.len() && whole
}

async fn spell(mut bytes: &[u8], act: &Act, write: &mut WriteEnd) -> bool {
    for _ in 0..act.pace.pauses {
        let (some, rest) = bytes.split_at(act.pace.most.min(bytes.len()));
        if write.write_all(some).await.is_err() {
            return false;
        }
        bytes = rest;
        sleep(Duration::from_millis(act.pace.pause)).await;
    }
    write.write_all(bytes).await.is_ok()
}

/// Fields without an end, until the other side has had enough.
async fn endless(write: &mut WriteEnd) {
    write.write_all(b"HTTP/1.1 200 OK\r\n").await.ok();
    let line = format!("x-more: {}\r\n", CANARY.repeat(100));
    for _ in 0..1000 {
        if write.write_all(line.as_bytes()).await.is_err() {
            return;
        }
    }
}

/// A few bytes of gzip that stand for many.
pub fn bomb() -> Vec<u8> {
    static BOMB: OnceLock<Vec<u8>> = OnceLock::new();
    let make = || {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(&vec![0; 4 << 20]).expect("written to memory");
        encoder.finish().expect("written to memory")
    };
    BOMB.get_or_init(make).clone()
}
