//! A bad line between two sides: it delays, throttles, cuts into pieces and breaks off, alike for
//! the same seed.

use super::reset;
use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::thread;
use std::time::Duration;

/// What is wrong with the line, in both directions unless it says otherwise.
#[derive(Clone, Copy, Debug, Default)]
pub struct Line {
    pub seed: u64,
    /// Each piece comes so much later.
    pub latency: Duration,
    /// Bytes a second; 0 is as fast as it goes.
    pub bandwidth: u64,
    /// Pieces have from 1 to so many bytes; 0 leaves them as they are.
    pub slices: usize,
    /// After so many bytes of each connection both ends get a reset.
    pub breaks: Breaks,
}

/// Where a line breaks off.
#[derive(Clone, Copy, Debug, Default)]
pub enum Breaks {
    #[default]
    Never,
    /// After so many bytes towards the server.
    Request(usize),
    /// After so many bytes towards the client.
    Answer(usize),
}

/// A running relay.
pub struct Relay {
    pub address: SocketAddr,
    broken: Arc<AtomicUsize>,
}

/// One connection through the relay.
struct Passage {
    line: Line,
    /// Its ends are reset, not ended in order.
    cut: AtomicBool,
    broken: Arc<AtomicUsize>,
}

impl Relay {
    /// Relays to a server for the rest of the test.
    pub fn start(server: SocketAddr, line: Line) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("an address");
        let broken = Arc::new(AtomicUsize::new(0));
        let count = broken.clone();
        thread::spawn(move || {
            for (number, client) in listener.incoming().flatten().enumerate() {
                let Ok(server) = TcpStream::connect(server) else { continue };
                let seed = line.seed.wrapping_add(number as u64);
                let line = Line { seed, ..line };
                let cut = AtomicBool::new(false);
                let passage = Arc::new(Passage { line, cut, broken: count.clone() });
                passage.open(client, server);
            }
        });
        Self { address, broken }
    }

    /// How many connections it has broken.
    pub fn broken(&self) -> usize {
        self.broken.load(SeqCst)
    }
}

impl Passage {
    fn open(self: Arc<Self>, client: TcpStream, server: TcpStream) {
        client.set_nodelay(true).ok();
        server.set_nodelay(true).ok();
        let (there, back) = match self.line.breaks {
            Breaks::Never => (None, None),
            Breaks::Request(most) => (Some(most), None),
            Breaks::Answer(most) => (None, Some(most)),
        };
        let clones = (client.try_clone(), server.try_clone());
        let (Ok(client_too), Ok(server_too)) = clones else { return };
        let other = self.clone();
        thread::spawn(move || self.pump(client, server, there));
        thread::spawn(move || other.pump(server_too, client_too, back));
    }

    /// Passes bytes on until there are no more, or it breaks.
    fn pump(&self, mut from: TcpStream, mut to: TcpStream, mut left: Option<usize>) {
        let (mut random, mut buffer) = (Random(self.line.seed), [0; 16 * 1024]);
        if left == Some(0) {
            return self.end(from, to);
        }
        while let Ok(length @ 1..) = from.read(&mut buffer) {
            let mut rest = &buffer[..length];
            while !rest.is_empty() {
                let size = random.piece(self.line.slices, rest.len());
                let size = size.min(left.unwrap_or(size));
                self.wait(size);
                if to.write_all(&rest[..size]).is_err() {
                    return;
                }
                rest = &rest[size..];
                left = left.map(|left| left - size);
                if left == Some(0) {
                    return self.end(from, to);
                }
            }
        }
        if self.cut.load(SeqCst) {
            [from, to].into_iter().for_each(reset);
        } else {
            to.shutdown(Shutdown::Write).ok();
        }
    }

    fn wait(&self, bytes: usize) {
        let nanos = (bytes as u64 * 1_000_000_000).checked_div(self.line.bandwidth);
        let pause = self.line.latency + Duration::from_nanos(nanos.unwrap_or(0));
        if !pause.is_zero() {
            thread::sleep(pause);
        }
    }

    /// Breaks the connection. The other direction wakes from its reading and lets go too; with the
    /// last hold on a socket its end is a reset.
    fn end(&self, from: TcpStream, to: TcpStream) {
        self.cut.store(true, SeqCst);
        self.broken.fetch_add(1, SeqCst);
        to.shutdown(Shutdown::Read).ok();
        [from, to].into_iter().for_each(reset);
    }
}

/// The generator SplitMix64.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// The size of the next piece of what is there.
    fn piece(&mut self, most: usize, there: usize) -> usize {
        match most {
            0 => there,
            most => {
                let size = self.next() % most as u64 + 1;
                there.min(usize::try_from(size).expect("at most `most`"))
            }
        }
    }
}
