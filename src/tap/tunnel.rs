//! A connection that was upgraded to another protocol: bytes both ways, until both sides have ended.

use crate::base::clock;
use crate::tap::Stop;
use crate::tap::body::UpBody;
use crate::upstream::Lease;
use hyper::upgrade::{OnUpgrade, Upgraded};
use hyper_util::rt::TokioIo;
use std::io;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, split};
use tokio::sync::watch;
use tokio::time::sleep_until;

/// Both sides of an upgrade to which the primary has agreed.
pub(super) struct Tunnel {
    pub client: OnUpgrade,
    pub primary: OnUpgrade,
    /// Its connection is open as long as this is held.
    pub lease: Lease<UpBody>,
}

/// What is read at once.
const CHUNK: usize = 8 * 1024;

impl Tunnel {
    /// Passes bytes until both sides have ended, one has failed, nothing came for `idle`, or the
    /// process has to end now.
    pub async fn run(self, idle: Duration, mut stop: watch::Receiver<Stop>) {
        let Self { client, primary, lease } = self;
        let passing = async {
            let (Ok(client), Ok(primary)) = tokio::join!(client, primary) else { return };
            both_ways(client, primary, idle).await;
        };
        tokio::select! {
            () = passing => {}
            // An error means that the sender is gone, and with it the process.
            _ = stop.wait_for(|stop| *stop == Stop::Now) => {}
        }
        drop(lease);
    }
}

/// When the last byte passed.
struct Last(Mutex<Instant>);

impl Last {
    fn now(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = clock::now();
    }

    fn get(&self) -> Instant {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn both_ways(client: Upgraded, primary: Upgraded, idle: Duration) {
    let (from_client, to_client) = split(TokioIo::new(client));
    let (from_primary, to_primary) = split(TokioIo::new(primary));
    let last = Last(Mutex::new(clock::now()));
    let passing = async {
        tokio::try_join!(pass(from_client, to_primary, &last), pass(from_primary, to_client, &last))
    };
    tokio::select! {
        // What fails on one side ends the other; there is nobody to tell.
        _ = passing => {}
        () = silence(&last, idle) => {}
    }
}

/// One direction. Its end is passed on as an end: the other direction goes on by itself.
async fn pass(
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    last: &Last,
) -> io::Result<()> {
    let mut chunk = vec![0; CHUNK];
    loop {
        let length = from.read(&mut chunk).await?;
        last.now();
        if length == 0 {
            return to.shutdown().await;
        }
        to.write_all(chunk.get(..length).unwrap_or_default()).await?;
        last.now();
    }
}

async fn silence(last: &Last, idle: Duration) {
    loop {
        let end = last.get() + idle;
        if clock::now() >= end {
            return;
        }
        sleep_until(end.into()).await;
    }
}
