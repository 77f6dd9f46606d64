//! One request: from the client to the primary and back.

use crate::base::clock;
use crate::config::{Config, ServerTls};
use crate::model::{Answered, Fault};
use crate::tap::body::{Ending, LiveBody, Passage, UpBody};
use crate::tap::capture::{Capture, Head, Upload};
use crate::tap::headers::{Peer, frame, strip, to_upstream};
use crate::tap::refuse::{for_fault, refusal, short};
use crate::tap::{Admission, Sink};
use crate::upstream::{Endpoint, Lease, MOST_TRIES, Pool, Refusal, Retry};
use arc_swap::ArcSwap;
use http::request::Parts;
use http::{Request, Response, StatusCode, Version};
use http_body::Body as _;
use hyper::body::Incoming;
use rustls::ServerConfig;
use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::time;

/// What the tap can be told anew while it runs.
#[derive(Clone, Debug)]
pub struct Settings {
    /// From sending a request, or the last byte of its body, to the head of the answer.
    pub timeout: Duration,
    /// What new connections of clients are secured with.
    pub tls: Option<Arc<ServerConfig>>,
}

impl Settings {
    /// What a config says of them.
    pub fn of(config: &Config) -> Self {
        let tls = config.listen.tls.as_ref().map(ServerTls::config);
        Self { timeout: config.primary.timeout, tls }
    }
}

/// What the connections of one worker share.
pub struct Tap {
    pool: Arc<Pool<UpBody>>,
    sink: Arc<dyn Sink>,
    settings: Arc<ArcSwap<Settings>>,
}

/// An answer of the primary's, with the connection that its body comes on.
type Answer = (Response<Incoming>, Lease<UpBody>);

impl Tap {
    /// A tap in front of the primary.
    pub fn new(
        primary: impl Into<Endpoint>,
        sink: Arc<dyn Sink>,
        settings: Arc<ArcSwap<Settings>>,
    ) -> Arc<Self> {
        Arc::new(Self { pool: Pool::new(primary), sink, settings })
    }

    /// What a new connection of a client is secured with.
    pub(super) fn tls(&self) -> Option<Arc<ServerConfig>> {
        self.settings.load().tls.clone()
    }

    /// Closes connections to the primary that have rested for too long.
    pub fn prune(&self, now: Instant) {
        self.pool.prune(now);
    }

    /// Answers one request. Whatever happens, there is an answer.
    pub(super) async fn forward(
        &self,
        peer: &Peer,
        request: Request<Incoming>,
    ) -> Response<LiveBody> {
        let received = clock::now();
        let (mut head, body) = request.into_parts();
        if let Some(status) = refusal(&head) {
            return self.refuse(&head, status, received);
        }
        let admission = self.sink.admit(&head, peer.address);
        let version = head.version;
        to_upstream(&mut head, peer);
        let upload = (!body.is_end_stream()).then(Upload::new);
        if upload.is_some() {
            frame(&mut head);
        }
        let kept = self.keep(&head, admission, upload.as_ref());
        let body = match upload.clone() {
            Some(upload) => UpBody::Stream { body, upload, version },
            None => UpBody::Empty,
        };
        let exchange = self.exchange(Request::from_parts(head, body), &kept);
        let timeout = self.settings.load().timeout;
        match within(timeout, exchange, upload.as_deref()).await {
            Ok(answer) => self.pass(answer, kept, upload, received),
            Err(fault) => self.fail(fault, kept, received),
        }
    }

    /// What is kept of a request's head: by the capture, or for sending it once more.
    fn keep(&self, head: &Parts, admission: Admission, upload: Option<&Arc<Upload>>) -> Kept {
        let copy = || Head {
            method: head.method.clone(),
            uri: head.uri.clone(),
            headers: head.headers.clone(),
        };
        let bodiless = upload.is_none();
        let replayable = bodiless && head.method.is_idempotent();
        let kept = match admission {
            Admission::Capture(admitted) => {
                let sink = self.sink.clone();
                Copy::Captured(Capture::new(sink, admitted, copy(), upload.cloned()))
            }
            Admission::Pass if bodiless => Copy::Head(copy()),
            Admission::Pass => Copy::None,
        };
        Kept { copy: kept, bodiless, replayable }
    }

    /// Sends the request. Where a kept-alive connection was being closed by the primary at that
    /// moment, sends it once more on another: if not a byte of it was written, if the primary
    /// says that it did nothing with it (RFC 9113 section 8.7), or if doing it twice does no harm
    /// (RFC 9110 section 9.2.2).
    async fn exchange(&self, request: Request<UpBody>, kept: &Kept) -> Result<Answer, Fault> {
        let mut request = request;
        let mut lease = self.pool.lease(kept.replayable).await?;
        for _ in 1..MOST_TRIES {
            let refusal = match lease.send(request).await {
                Ok(response) => return Ok((response, lease)),
                Err(refusal) => refusal,
            };
            request = match refusal {
                Refusal { unsent: Some(request), .. } if lease.reused => request,
                Refusal { retry: Retry::Harmless, fault, .. } => kept.again().ok_or(fault)?,
                Refusal { fault: Fault::Reset, retry: Retry::Idempotent, .. } if lease.reused => {
                    kept.replay().ok_or(Fault::Reset)?
                }
                Refusal { fault, .. } => return Err(fault),
            };
            lease = self.pool.connect().await?;
        }
        match lease.send(request).await {
            Ok(response) => Ok((response, lease)),
            Err(refusal) => Err(refusal.fault),
        }
    }

    fn pass(
        &self,
        (response, lease): Answer,
        kept: Kept,
        upload: Option<Arc<Upload>>,
        received: Instant,
    ) -> Response<LiveBody> {
        let (mut head, body) = response.into_parts();
        let version = head.version;
        strip(&mut head.headers);
        // The version belongs to a connection: each side has its own (RFC 9110 section 2.5).
        head.version = Version::HTTP_11;
        let mut capture = kept.into_capture();
        if let Some(capture) = &mut capture {
            capture.answer(&head);
        }
        let (sink, status) = (self.sink.clone(), head.status);
        let end = Some(Ending { lease, capture, sink, status, received });
        Response::from_parts(head, LiveBody::Stream(Passage { body, version, upload, end }))
    }

    fn fail(&self, fault: Fault, kept: Kept, received: Instant) -> Response<LiveBody> {
        let response = for_fault(fault);
        self.answered(response.status(), Some(fault), received);
        if let Some(capture) = kept.into_capture() {
            capture.fault(fault);
        }
        response
    }

    fn refuse(&self, head: &Parts, status: StatusCode, received: Instant) -> Response<LiveBody> {
        self.sink.refused(&head.method, head.uri.path());
        self.answered(status, None, received);
        short(status)
    }

    fn answered(&self, status: StatusCode, fault: Option<Fault>, received: Instant) {
        let latency = clock::now().saturating_duration_since(received);
        self.sink.answered(Answered { status, fault, latency });
    }
}

/// What is left of a request once it is on its way.
struct Kept {
    copy: Copy,
    bodiless: bool,
    /// It has no body, and sending it twice does what sending it once does.
    replayable: bool,
}

enum Copy {
    None,
    Head(Head),
    Captured(Box<Capture>),
}

impl Kept {
    fn replay(&self) -> Option<Request<UpBody>> {
        if self.replayable { self.again() } else { None }
    }

    /// The same request once more, where there is no body that has passed already.
    fn again(&self) -> Option<Request<UpBody>> {
        let head = match &self.copy {
            _ if !self.bodiless => return None,
            Copy::None => return None,
            Copy::Head(head) => head.clone(),
            Copy::Captured(capture) => capture.head()?,
        };
        let mut request = Request::new(UpBody::Empty);
        *request.method_mut() = head.method;
        *request.uri_mut() = head.uri;
        *request.headers_mut() = head.headers;
        Some(request)
    }

    fn into_capture(self) -> Option<Box<Capture>> {
        match self.copy {
            Copy::Captured(capture) => Some(capture),
            Copy::None | Copy::Head(_) => None,
        }
    }
}

/// Waits for the answer's head. The time starts anew with each byte of the request's body.
async fn within(
    timeout: Duration,
    exchange: impl Future<Output = Result<Answer, Fault>>,
    upload: Option<&Upload>,
) -> Result<Answer, Fault> {
    let mut exchange = pin!(exchange);
    let mut deadline = clock::now() + timeout;
    loop {
        if let Ok(done) = time::timeout_at(deadline.into(), &mut exchange).await {
            return done;
        }
        let later = upload.map(|upload| upload.progressed() + timeout);
        match later.filter(|later| *later > deadline) {
            Some(later) => deadline = later,
            None => return Err(Fault::Timeout),
        }
    }
}
