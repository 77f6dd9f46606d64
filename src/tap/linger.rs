//! Closing a connection of HTTP/1 in stages (RFC 9112 section 9.6): a socket that is closed with
//! bytes unread resets its connection, and may so take back the last answer.

use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::time::timeout;

/// A client that sends nothing for so long has seen the end.
const SILENCE: Duration = Duration::from_secs(5);

/// For longer than this, and beyond so many bytes, nobody is listened to.
const WHOLE: Duration = Duration::from_secs(30);
const MOST: u64 = 16 << 20;

/// So much is read at one time.
const PIECE: usize = 8 << 10;

/// Lets go of all that a client still sends, once it has been told that there is no more for it.
pub(super) async fn linger(stream: impl AsyncRead + Unpin) {
    let (mut stream, mut piece) = (stream.take(MOST), vec![0; PIECE]);
    let rest = async { while let Ok(Ok(1..)) = timeout(SILENCE, stream.read(&mut piece)).await {} };
    // Whoever is still there then is not heard.
    timeout(WHOLE, rest).await.ok();
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncWriteExt, duplex};
    use tokio::time::{Instant, sleep};

    #[tokio::test(start_paused = true)]
    async fn a_client_is_listened_to_until_it_ends_or_is_silent_or_goes_on_and_on() {
        for (gap, last, expected) in [(1, 3, 3), (6, 3, 5), (1, 60, 30)] {
            let (mut client, server) = duplex(16);
            tokio::spawn(async move {
                for _ in 0..last {
                    sleep(Duration::from_secs(gap)).await;
                    client.write_all(b"more").await.ok();
                }
            });
            let begun = Instant::now();
            linger(server).await;
            assert_eq!(begun.elapsed().as_secs(), expected, "{gap}, {last}");
        }
    }
}
