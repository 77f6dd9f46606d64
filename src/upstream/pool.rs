//! Connections to one target, kept alive between requests.

use crate::base::clock;
use crate::model::Fault;
use crate::upstream::connect::{Address, ConnectError};
use bytes::Bytes;
use http::{Request, Response};
use http_body::Body;
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use std::error::Error;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Connections that rest longer are closed: just below the 5 s after which common servers close
/// theirs, so that a request seldom meets a connection that is being closed.
const IDLE: Duration = Duration::from_secs(4);

/// A connection that has rested for less than this is hardly being closed at this moment.
const WARM: Duration = Duration::from_secs(1);

/// More idle connections than this are closed as they come back.
const MOST_IDLE: usize = 512;

/// The idle connections of one worker to one target. The lock is never contended: only its own
/// worker's thread takes it.
pub struct Pool<B> {
    address: Address,
    idle: Mutex<Vec<Idle<B>>>,
    builder: http1::Builder,
}

struct Idle<B> {
    sender: http1::SendRequest<B>,
    since: Instant,
}

/// A connection on loan for one exchange.
pub struct Lease<B> {
    pool: Arc<Pool<B>>,
    sender: http1::SendRequest<B>,
    /// It has carried an exchange before: the other side may be closing it at this moment.
    pub reused: bool,
}

/// A request that got no answer.
pub struct Refusal<B> {
    pub fault: Fault,
    /// The request, where not one byte of it was written: it is safe to send it again.
    pub unsent: Option<Request<B>>,
}

impl<B> Pool<B>
where
    B: Body<Data = Bytes> + Send + 'static,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
    /// A pool without connections.
    pub fn new(address: Address) -> Arc<Self> {
        let mut builder = http1::Builder::new();
        builder.writev(true);
        Arc::new(Self { address, idle: Mutex::default(), builder })
    }

    /// The connection used last that is still open, or a new one. A request that must not be sent
    /// twice gets one that was in use a moment ago: the other side will hardly be closing that.
    pub async fn lease(self: &Arc<Self>, replayable: bool) -> Result<Lease<B>, Fault> {
        match self.take_idle(clock::now(), if replayable { IDLE } else { WARM }) {
            Some(sender) => Ok(Lease { pool: self.clone(), sender, reused: true }),
            None => self.connect().await,
        }
    }

    /// A new connection.
    pub async fn connect(self: &Arc<Self>) -> Result<Lease<B>, Fault> {
        let stream = self.address.connect().await.map_err(|error| match error {
            ConnectError::Dns(_) => Fault::Dns,
            ConnectError::Refused(_) => Fault::Refused,
        })?;
        let (sender, connection) =
            self.builder.handshake(TokioIo::new(stream)).await.map_err(|_| Fault::Reset)?;
        // Its errors reach whoever waits for an answer; there is nobody else to tell.
        tokio::spawn(async move { connection.with_upgrades().await.ok() });
        Ok(Lease { pool: self.clone(), sender, reused: false })
    }

    /// Closes what has rested for too long.
    pub fn prune(&self, now: Instant) {
        let rested = |idle: &Idle<B>| now.saturating_duration_since(idle.since) > IDLE;
        self.idle().retain(|idle| !idle.sender.is_closed() && !rested(idle));
    }

    /// How many connections rest.
    pub fn resting(&self) -> usize {
        self.idle().len()
    }

    fn take_idle(&self, now: Instant, most: Duration) -> Option<http1::SendRequest<B>> {
        let mut idle = self.idle();
        // The last one has rested the least.
        while idle.last().is_some_and(|last| now.saturating_duration_since(last.since) <= most) {
            let sender = idle.pop()?.sender;
            if sender.is_ready() {
                return Some(sender);
            }
        }
        None
    }

    fn idle(&self) -> MutexGuard<'_, Vec<Idle<B>>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<B> Lease<B>
where
    B: Body<Data = Bytes> + Send + 'static,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
    /// Sends a request; gives the head of the answer, its body to be read.
    pub async fn send(&mut self, request: Request<B>) -> Result<Response<Incoming>, Refusal<B>> {
        self.sender.try_send_request(request).await.map_err(|mut error| Refusal {
            unsent: error.take_message(),
            fault: super::classify(error.error()),
        })
    }

    /// Gives the connection back: the answer has been read to its end.
    pub fn release(self) {
        if self.sender.is_closed() {
            return;
        }
        let mut idle = self.pool.idle();
        if idle.len() < MOST_IDLE {
            idle.push(Idle { sender: self.sender, since: clock::now() });
        }
    }
}
