//! Bare sockets, for both ends of what a test writes byte by byte.

use super::PATIENCE;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};

/// An origin that the test plays itself.
pub fn listener() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    (listener, address)
}

/// The next connection to it.
pub fn accept(listener: &TcpListener) -> TcpStream {
    let stream = listener.accept().expect("a connection").0;
    stream.set_read_timeout(Some(PATIENCE)).expect("a time-out");
    stream
}

/// A connection on which this has been written.
pub fn connect(address: SocketAddr, bytes: &str) -> TcpStream {
    let mut stream = TcpStream::connect(address).expect("a connection");
    stream.set_read_timeout(Some(PATIENCE)).expect("a time-out");
    stream.write_all(bytes.as_bytes()).expect("written");
    stream
}

/// Reads until a text has come.
pub fn until(stream: &mut TcpStream, text: &str) -> String {
    let mut seen = Vec::new();
    let mut buffer = [0; 4096];
    while !String::from_utf8_lossy(&seen).contains(text) {
        let length = stream.read(&mut buffer).expect("bytes");
        assert!(length > 0, "ended before {text}: {:?}", String::from_utf8_lossy(&seen));
        seen.extend(&buffer[..length]);
    }
    String::from_utf8_lossy(&seen).into_owned()
}
