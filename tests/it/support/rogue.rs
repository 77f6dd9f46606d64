//! A server that does with its connections whatever a test wants, without knowing any HTTP.

use socket2::{Domain, SockRef, Socket, Type};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

/// Serves every connection with `act` on a thread of its own, for the rest of the test.
pub fn rogue(act: impl Fn(TcpStream) + Send + Sync + 'static) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("an address");
    let act = Arc::new(act);
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let act = act.clone();
            thread::spawn(move || act(stream));
        }
    });
    address
}

/// Reads the head of a request, so that what follows is an answer to it.
pub fn read_head(stream: &mut impl Read) {
    let (mut seen, mut byte) = (Vec::new(), [0]);
    while !seen.ends_with(b"\r\n\r\n") && stream.read(&mut byte).is_ok_and(|length| length > 0) {
        seen.push(byte[0]);
    }
}

/// Writes until the other side goes away.
pub fn write_forever(stream: &mut TcpStream, bytes: &[u8], pause: Duration) {
    while stream.write_all(bytes).is_ok() {
        thread::park_timeout(pause);
    }
}

/// Waits until the other side goes away.
pub fn hold(mut stream: TcpStream) {
    std::io::copy(&mut stream, &mut std::io::sink()).ok();
}

/// Ends a connection with a reset instead of a proper end.
pub fn reset(stream: TcpStream) {
    SockRef::from(&stream).set_linger(Some(Duration::ZERO)).expect("a socket");
}

/// An address at which connecting takes for ever: its queue of connections is full.
pub struct BlackHole {
    pub address: SocketAddr,
    _socket: Socket,
    _waiting: Vec<TcpStream>,
}

pub fn black_hole() -> BlackHole {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).expect("a socket");
    let any: SocketAddr = "127.0.0.1:0".parse().expect("an address");
    socket.bind(&any.into()).expect("a free port");
    socket.listen(0).expect("a listener");
    let address = socket.local_addr().ok().and_then(|bound| bound.as_socket());
    let address = address.expect("an address");
    let patience = Duration::from_millis(200);
    let connect = || TcpStream::connect_timeout(&address, patience).ok();
    let waiting = std::iter::from_fn(connect).take(16).collect();
    BlackHole { address, _socket: socket, _waiting: waiting }
}
