//! Clients that have gone without a word (RFC 9113 section 6.7).

use crate::base::{Alarms, clock};
use crate::tap::patient::Begun;
use h2::{Ping, PingPong};
use std::time::Duration;
use tokio::time::timeout;

/// Ready once a client that has sent nothing for so long does not answer a PING within the same
/// time either.
pub(super) async fn gone(mut pings: PingPong, begun: Begun, alarms: Alarms, patience: Duration) {
    loop {
        let heard = begun.bytes();
        alarms.at(clock::now() + patience).await;
        if begun.bytes() != heard {
            continue;
        }
        let mut pong = std::pin::pin!(pings.ping(Ping::opaque()));
        // It answers late where much of what it sends comes before that.
        while timeout(patience, &mut pong).await.is_err() {
            if begun.bytes() == heard {
                return;
            }
        }
    }
}
