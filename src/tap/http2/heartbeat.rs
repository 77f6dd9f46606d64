//! Clients that have gone without a word (RFC 9113 section 6.7).

use crate::base::{Alarms, clock};
use crate::tap::patient::Begun;
use h2::{Ping, PingPong};
use std::pin::pin;
use std::time::Duration;
use tokio::time::timeout;

/// Ready once a client that has sent nothing for so long does not answer a PING within the same
/// time either, and sends nothing else. While its socket is full the PING waits with all else; how
/// long that may be is for whoever writes.
pub(super) async fn gone(mut pings: PingPong, begun: Begun, alarms: Alarms, patience: Duration) {
    loop {
        let heard = begun.bytes();
        alarms.at(clock::now() + patience).await;
        if begun.bytes() != heard {
            continue;
        }
        let mut pong = pin!(pings.ping(Ping::opaque()));
        loop {
            let heard = begun.bytes();
            match timeout(patience, &mut pong).await {
                Ok(_) => break,
                Err(_) if begun.bytes() == heard && !begun.is_full() => return,
                // It answers late where much of what it sends comes before that.
                Err(_) => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tap::patient::Patient;
    use bytes::Bytes;
    use std::future::pending;
    use tokio::io::{
        AsyncReadExt, AsyncWriteExt, DuplexStream, ReadHalf, WriteHalf, duplex, split,
    };

    const PATIENCE: Duration = Duration::from_secs(5);
    const BEGIN: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";
    /// A WINDOW_UPDATE of the connection, by one.
    const MORE: &[u8] = b"\0\0\x04\x08\0\0\0\0\0\0\0\0\x01";
    /// The head of a PING.
    const PING: &[u8] = b"\0\0\x08\x06\0\0\0\0\0";

    /// Room on the line for all that is said.
    const WIDE: usize = 64 << 10;

    /// A client that has begun to speak HTTP/2, on a line that holds so many bytes; and whether it is
    /// taken to be gone within a while.
    async fn client(
        line: usize,
    ) -> (ReadHalf<DuplexStream>, WriteHalf<DuplexStream>, impl Future<Output = bool>) {
        let (mut far, near) = duplex(line);
        let begun = Begun::default();
        let near = Patient::new(near, PATIENCE * 100, begun.clone());
        let handshake = h2::server::Builder::new().handshake::<_, Bytes>(near);
        let (said, connection) = tokio::join!(far.write_all(BEGIN), handshake);
        said.expect("it is read");
        let mut connection = connection.expect("a client");
        let pings = connection.ping_pong().expect("it is given once");
        tokio::spawn(async move { while connection.accept().await.is_some() {} });
        let gone = gone(pings, begun, Alarms::default(), PATIENCE);
        let (reading, writing) = split(far);
        (reading, writing, async { timeout(PATIENCE * 20, gone).await.is_ok() })
    }

    #[tokio::test(start_paused = true)]
    async fn one_that_says_nothing_is_gone() {
        let (_reading, _writing, gone) = client(WIDE).await;
        assert!(gone.await);
    }

    #[tokio::test(start_paused = true)]
    async fn one_that_reads_nothing_is_for_who_writes() {
        // The settings and their acknowledgement fit in, of a PING only a part.
        let (_reading, _writing, gone) = client(9 + 9 + 2).await;
        assert!(!gone.await);
    }

    #[tokio::test(start_paused = true)]
    async fn one_that_answers_stays() {
        let (mut reading, mut writing, gone) = client(WIDE).await;
        tokio::spawn(async move {
            let mut come = Vec::new();
            while reading.read_buf(&mut come).await.is_ok_and(|length| length > 0) {
                let Some(at) = come.windows(9).position(|head| head == PING) else { continue };
                let Some(payload) = come.get(at + 9..at + 17) else { continue };
                let pong = [b"\0\0\x08\x06\x01\0\0\0\0", payload].concat();
                writing.write_all(&pong).await.expect("room");
                come.clear();
            }
        });
        assert!(!gone.await);
    }

    #[tokio::test(start_paused = true)]
    async fn one_that_has_said_something_else_in_answer_and_then_nothing_is_gone() {
        let (mut reading, mut writing, gone) = client(WIDE).await;
        tokio::spawn(async move {
            let mut come = Vec::new();
            while !come.windows(9).any(|head| head == PING) {
                reading.read_buf(&mut come).await.expect("a ping");
            }
            writing.write_all(MORE).await.expect("room");
            pending::<()>().await;
        });
        assert!(gone.await);
    }

    #[tokio::test(start_paused = true)]
    async fn one_that_is_busy_stays() {
        let (_reading, mut writing, gone) = client(WIDE).await;
        tokio::spawn(async move {
            loop {
                tokio::time::sleep(PATIENCE / 2).await;
                writing.write_all(MORE).await.expect("room");
            }
        });
        assert!(!gone.await);
    }
}
