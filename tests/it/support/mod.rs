//! What the tests are made of: origins that do what they are told, bad lines to them, the program
//! under test, and a client that shows every byte.

mod client;
mod frames;
mod origin;
mod relay;
mod rogue;
mod shadow;
mod socket;
pub mod wire;

pub use client::{Answer, Client, get};
pub use frames::{Frame, H2, fields_of};
pub use origin::{Act, Origin, Reply, closed};
pub use relay::{Breaks, Line, Relay};
pub use rogue::{black_hole, hold, read_head, reset, rogue, write_forever};
pub use shadow::{Shadow, command, stdout, under};
pub use socket::{accept, connect, listener, until};

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

/// Nothing that a test waits for takes longer.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// Writes bytes on a connection of their own, and reads all that comes until it is closed.
pub fn raw(address: SocketAddr, bytes: impl AsRef<[u8]>) -> String {
    let mut stream = TcpStream::connect(address).expect("a connection");
    stream.set_read_timeout(Some(PATIENCE)).expect("a time-out");
    stream.write_all(bytes.as_ref()).expect("written");
    let mut answer = Vec::new();
    // A reset after the answer is an end too.
    stream.read_to_end(&mut answer).ok();
    String::from_utf8_lossy(&answer).into_owned()
}

/// Waits until `check` gives something.
pub fn eventually<T>(what: &str, mut check: impl FnMut() -> Option<T>) -> T {
    let end = Instant::now() + PATIENCE;
    loop {
        if let Some(found) = check() {
            return found;
        }
        assert!(Instant::now() < end, "waited in vain for {what}");
        std::thread::park_timeout(Duration::from_millis(5));
    }
}
