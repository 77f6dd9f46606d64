//! One request: from the client to the primary and back.

use crate::base::{Alarm, Alarms, clock};
use crate::model::{Answered, Fault, Rule};
use crate::policy::{Marker, upgrade};
use crate::tap::body::{Ending, LiveBody, Passage, Rest, Streamed, UpBody};
use crate::tap::bound::Bound;
use crate::tap::capture::{Capture, Head, Progress, Upload, UploadTerms};
use crate::tap::client::Client;
use crate::tap::complaints::Complaints;
use crate::tap::headers::{
    close, closes, frame, frame_empty, name_host, nominated, strip, to_client, to_upstream,
};
use crate::tap::incoming::FromClient;
use crate::tap::interim::{Interim, is_expected};
use crate::tap::known::{Fields, Known};
use crate::tap::pass::rule_against;
use crate::tap::patient::Begun;
use crate::tap::refuse::{for_fault, for_rule, status};
use crate::tap::settings::Settings;
use crate::tap::tunnel::Tunnel;
use crate::tap::{Admission, Sink};
use crate::telemetry::{Access, AccessLog, EdgeMeters};
use crate::upstream::{self, Again, Endpoint, Pool, is_without_content};
use arc_swap::ArcSwap;
use http::header::{CONNECTION, UPGRADE};
use http::request::Parts;
use http::{HeaderValue, Method, Request, Response, StatusCode, Version};
use http_body::Body as _;
use hyper::upgrade::OnUpgrade;
use std::convert::Infallible;
use std::future::poll_fn;
use std::net::IpAddr;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::Poll;
use std::time::{Duration, Instant};

/// What the connections of one worker share.
pub struct Tap {
    pool: Arc<Pool<UpBody>>,
    sink: Arc<dyn Sink>,
    settings: Arc<ArcSwap<Settings>>,
    marker: Marker,
    pub(super) meters: EdgeMeters,
    complaints: Complaints,
    interim: Interim,
    alarms: Alarms,
}

/// A line of the access log, and where it goes.
pub(super) type Line = (AccessLog, Box<Access>);

/// An answer of the primary's.
type Answer = upstream::Answered<UpBody>;

impl Tap {
    /// A tap in front of the primary.
    pub fn new(
        primary: impl Into<Endpoint>,
        sink: Arc<dyn Sink>,
        settings: Arc<ArcSwap<Settings>>,
        marker: Marker,
    ) -> Arc<Self> {
        let (pool, now) = (Pool::new(primary), clock::now());
        let (meters, complaints) = (EdgeMeters::new(), Complaints::new(now));
        let (interim, alarms) = (Interim::new(), Alarms::default());
        Arc::new(Self { pool, sink, settings, marker, meters, complaints, interim, alarms })
    }

    /// The timers of this worker's requests.
    pub(super) fn alarms(&self) -> Alarms {
        self.alarms.clone()
    }

    /// The settings as they are now.
    pub(super) fn settings(&self) -> Arc<Settings> {
        self.settings.load_full()
    }

    /// Counts and tells that a rule held against a client.
    pub(super) fn complain(&self, client: IpAddr, rule: Rule, quoted: &str) {
        self.meters.refused(rule);
        self.complaints.say(client, rule, quoted);
    }

    /// The worker's thread has come to a timer by so much too late.
    pub fn lag(&self, lag: Duration) {
        self.meters.lag(lag);
    }

    /// Closes connections to the primary that have rested for too long.
    pub fn prune(&self, now: Instant) {
        self.pool.prune(now);
    }

    /// Answers one request. Whatever happens, there is an answer. What it gives is passed on as it is:
    /// it is large.
    pub(super) async fn forward(
        client: Arc<Client>,
        request: Request<impl Into<FromClient>>,
    ) -> Result<Response<LiveBody>, Infallible> {
        let tap = &client.tap;
        let received = Received { at: clock::now(), version: request.version() };
        let is_head = *request.method() == Method::HEAD;
        // Large as they are, the head and what is kept of it are moved as seldom as can be.
        let (mut head, body) = request.into_parts();
        let Job { admission, line, body, upload, expects, upgrade, patience } =
            match tap.prepare(&client, (&mut head, body.into()), received) {
                Ok(job) => job,
                Err(refused) => return Ok(*refused),
            };
        let kept = tap.keep(&head, admission, upload.as_ref(), line);
        let mut request = Request::from_parts(head, body);
        tap.watch(&mut request, expects);
        let sent = clock::now();
        let alarm = tap.alarms.at(patience.first(sent, upload.is_some()));
        let done = {
            let again = Again { replayable: kept.replayable, request: || tap.again(&kept) };
            let exchange = pin!(tap.pool.exchange(request, again, sent));
            within(patience, exchange, upload.as_deref(), alarm).await
        };
        Ok(match done {
            Ok(answer) if answer.0.status() == StatusCode::SWITCHING_PROTOCOLS => match upgrade {
                Some(upgrade) => {
                    tap.switch(Switch { client: &client, upgrade, kept }, answer, received)
                }
                // Nobody has asked for it.
                None => tap.fail(Fault::Malformed, kept, (received, sent)),
            },
            Ok(answer) => {
                let primary = clock::now().saturating_duration_since(sent);
                let bound = patience.end.map(|end| Bound::new(end, &client));
                let socket = client.socket(received.version);
                tap.pass(
                    answer,
                    kept,
                    Passing { upload, received, is_head, sent, primary, bound, socket },
                )
            }
            Err(Failure::Primary(fault)) => tap.fail(fault, kept, (received, sent)),
            Err(Failure::Client(rule)) => {
                tap.complain(client.peer.address, rule, "");
                tap.answered(status(rule), None, received.at, kept.line);
                for_rule(rule, received.version)
            }
        })
    }

    /// The line of the access log for a request, where there is one.
    fn line(&self, client: &Client, head: &Parts, settings: &Settings) -> Option<Line> {
        let log = settings.access.clone()?;
        let line = Access {
            client: client.peer.address,
            at: clock::wall(),
            method: head.method.clone(),
            uri: head.uri.clone(),
            version: head.version,
            status: StatusCode::OK,
            bytes: 0,
            latency: Duration::ZERO,
        };
        Some((log, Box::new(line)))
    }

    /// Has a request admitted, and makes of it what is sent on. One that a rule is against is
    /// answered.
    fn prepare(
        &self,
        client: &Client,
        (head, body): (&mut Parts, FromClient),
        received: Received,
    ) -> Result<Job, Box<Response<LiveBody>>> {
        let settings = self.settings.load();
        let fields = Fields::of(&head.headers);
        if let Some(rule) = rule_against(head, fields, &settings) {
            if !body.is_end_stream() {
                client.begun.leave();
            }
            let line = self.line(client, head, &settings);
            return Err(Box::new(self.refuse(client, head, (rule, line), received)));
        }
        if fields.has(Known::Marker) && self.marker.strip(&mut head.headers) {
            self.meters.stripped();
        }
        let line = self.line(client, head, &settings);
        let address = client.peer.client(&head.headers, &settings);
        let admission = self.sink.admit(head, address);
        let upgrade = head.extensions.remove::<OnUpgrade>().filter(|_| upgrade(head).is_some());
        let version = head.version;
        let most = settings.limits.body.map(|most| most.0);
        let chunked = version < Version::HTTP_2 && body.size_hint().exact().is_none();
        let terms = UploadTerms { most, chunked };
        let upload = (!body.is_end_stream()).then(|| Upload::new(terms, received.at));
        if let Some(upload) = upload.as_ref().filter(|_| body.is_whole()) {
            upload.end(None, received.at);
        }
        let nominated = if chunked { nominated(&head.headers) } else { Vec::new() };
        to_upstream(head, fields, &client.peer, settings.via.as_ref());
        if version == Version::HTTP_10 {
            name_host(head, self.pool.authority());
        }
        match (&upload, version) {
            (Some(_), _) => frame(head, fields),
            (None, Version::HTTP_2) if !self.pool.may_multiplex() => frame_empty(head, fields),
            _ => {}
        }
        let expects =
            version > Version::HTTP_10 && fields.has(Known::Expect) && is_expected(&head.headers);
        let body = match upload.clone() {
            Some(upload) => {
                let rest = Rest::new(settings.timeouts.body);
                UpBody::Stream(Box::new(Streamed {
                    body,
                    upload,
                    nominated,
                    hold: None,
                    rest,
                    begun: client.begun.clone(),
                }))
            }
            None => UpBody::Empty,
        };
        let patience = Patience {
            primary: settings.timeout,
            client: settings.timeouts.body,
            end: settings.timeouts.total.and_then(|total| received.at.checked_add(total)),
        };
        Ok(Job { admission, line, body, upload, expects, upgrade, patience })
    }

    /// Has the primary's interim answers to a request heard. Over HTTP/2 they are not.
    fn watch(&self, request: &mut Request<UpBody>, expects: bool) {
        if !expects || self.pool.may_multiplex() {
            return self.interim.watch(request);
        }
        let until = self.interim.hold(request);
        if let UpBody::Stream(streamed) = request.body_mut() {
            streamed.hold = Some(until);
        }
    }

    /// A request once more, where it can be made again whole.
    fn again(&self, kept: &Kept) -> Option<Request<UpBody>> {
        let mut request = kept.again()?;
        self.interim.count(&mut request);
        Some(request)
    }

    /// The primary has agreed to another protocol: the rest is a tunnel.
    fn switch(
        &self,
        Switch { client, upgrade, kept }: Switch<'_>,
        (mut response, lease): Answer,
        received: Received,
    ) -> Response<LiveBody> {
        let primary = hyper::upgrade::on(&mut response);
        let (mut head, _) = response.into_parts();
        let protocol = head.headers.get(UPGRADE).cloned();
        strip(&mut head.headers);
        to_client(&mut head, received.version);
        head.headers.extend(protocol.map(|protocol| (UPGRADE, protocol)));
        head.headers.insert(CONNECTION, HeaderValue::from_static("upgrade"));
        self.answered(head.status, None, received.at, kept.line);
        self.meters.tunnel();
        client.tunnel(Tunnel { client: upgrade, primary, lease });
        Response::from_parts(head, LiveBody::none())
    }

    /// What is kept of a request's head: by the capture, or for sending it once more.
    fn keep(
        &self,
        head: &Parts,
        admission: Admission,
        upload: Option<&Arc<Upload>>,
        line: Option<Line>,
    ) -> Kept {
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
        Kept { copy: kept, bodiless, replayable, line }
    }

    /// Passes on an answer.
    fn pass(
        &self,
        (response, lease): Answer,
        kept: Kept,
        Passing { upload, received, is_head, sent, primary, bound, socket }: Passing,
    ) -> Response<LiveBody> {
        let (mut head, body) = response.into_parts();
        let version = head.version;
        let ends =
            upload.as_ref().is_some_and(|upload| upload.ends_its_connection(|| closes(&head)));
        strip(&mut head.headers);
        let (mut capture, mut access) = kept.into_capture();
        if let Some((_, line)) = &mut access {
            line.status = head.status;
        }
        if let Some(capture) = &mut capture {
            capture.answer(&head);
        }
        to_client(&mut head, received.version);
        if ends && received.version < Version::HTTP_2 {
            close(&mut head);
        }
        let (sink, status) = (self.sink.clone(), head.status);
        let added = clock::now().saturating_duration_since(received.at).saturating_sub(primary);
        let received = received.at;
        let end = Some(Ending { lease, capture, sink, status, received, sent, added, access });
        let ends_with_head = is_head || is_without_content(status);
        let over = version == Version::HTTP_2 && ends_with_head && !body.is_end_stream();
        let passage = Passage { body, version, upload, bound, socket, broken: None, end };
        if over {
            tokio::spawn(passage.pass_over());
            return Response::from_parts(head, LiveBody::none());
        }
        Response::from_parts(head, LiveBody::Stream(passage))
    }

    fn fail(
        &self,
        fault: Fault,
        kept: Kept,
        (received, sent): (Received, Instant),
    ) -> Response<LiveBody> {
        let response = for_fault(fault);
        let (capture, line) = kept.into_capture();
        self.answered(response.status(), Some(fault), received.at, line);
        if let Some(capture) = capture {
            capture.fault(fault, clock::now().saturating_duration_since(sent));
        }
        response
    }

    fn refuse(
        &self,
        client: &Client,
        head: &Parts,
        (rule, line): (Rule, Option<Line>),
        received: Received,
    ) -> Response<LiveBody> {
        self.sink.refused(&head.method, head.uri.path());
        self.complain(client.peer.address, rule, head.uri.path());
        self.answered(status(rule), None, received.at, line);
        for_rule(rule, received.version)
    }

    fn answered(
        &self,
        status: StatusCode,
        fault: Option<Fault>,
        received: Instant,
        line: Option<Line>,
    ) {
        let latency = clock::now().saturating_duration_since(received);
        if let Some((log, mut line)) = line {
            (line.status, line.latency) = (status, latency);
            log.log(line);
        }
        self.sink.answered(Answered { status, fault, latency, added: Duration::ZERO });
    }
}

/// When a request came, and in which version.
#[derive(Clone, Copy)]
struct Received {
    at: Instant,
    version: Version,
}

/// An answer on its way to the client.
struct Passing {
    /// The request's body, where it had one.
    upload: Option<Arc<Upload>>,
    received: Received,
    /// The request was one for the head alone.
    is_head: bool,
    /// When the request was sent to the primary.
    sent: Instant,
    /// What the primary took to begin it.
    primary: Duration,
    bound: Option<Bound>,
    socket: Option<Begun>,
}

/// What goes with a head that is ready to be sent on.
struct Job {
    admission: Admission,
    line: Option<Line>,
    body: UpBody,
    upload: Option<Arc<Upload>>,
    /// Its client waits to be told to send the body.
    expects: bool,
    /// The client's side of the upgrade that it asks for.
    upgrade: Option<OnUpgrade>,
    patience: Patience,
}

/// A request for another protocol to which the primary has agreed.
struct Switch<'a> {
    client: &'a Client,
    upgrade: OnUpgrade,
    kept: Kept,
}

/// What is left of a request once it is on its way.
struct Kept {
    copy: Copy,
    bodiless: bool,
    /// It has no body, and sending it twice does what sending it once does.
    replayable: bool,
    line: Option<Line>,
}

enum Copy {
    None,
    Head(Head),
    Captured(Capture),
}

impl Kept {
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

    fn into_capture(self) -> (Option<Capture>, Option<Line>) {
        let capture = match self.copy {
            Copy::Captured(capture) => Some(capture),
            Copy::None | Copy::Head(_) => None,
        };
        (capture, self.line)
    }
}

/// Why there is no answer of the primary's.
enum Failure {
    /// The primary's fault.
    Primary(Fault),
    /// The client's, by a rule.
    Client(Rule),
}

/// How long the head of an answer is waited for.
#[derive(Clone, Copy)]
struct Patience {
    /// With the primary.
    primary: Duration,
    /// With a client that has not sent its whole body.
    client: Duration,
    /// When the whole exchange is to be over, where that is bounded.
    end: Option<Instant>,
}

impl Patience {
    /// How long is waited at first, for a request that was sent now.
    fn first(&self, now: Instant, has_body: bool) -> Instant {
        let wait = if has_body { self.primary.min(self.client) } else { self.primary };
        self.capped(now + wait)
    }

    fn capped(&self, deadline: Instant) -> Instant {
        self.end.map_or(deadline, |end| deadline.min(end))
    }
}

/// Waits for the answer's head. The time starts anew with each byte of the request's body, but for
/// that of the whole exchange.
async fn within(
    patience: Patience,
    mut exchange: Pin<&mut impl Future<Output = Result<Answer, Fault>>>,
    upload: Option<&Upload>,
    mut alarm: Alarm,
) -> Result<Answer, Failure> {
    loop {
        let deadline = alarm.due();
        let done = poll_fn(|cx| match exchange.as_mut().poll(cx) {
            Poll::Ready(done) => Poll::Ready(Ok(done)),
            Poll::Pending => Pin::new(&mut alarm).poll(cx).map(Err),
        });
        let fault = match done.await {
            Ok(Ok(answer)) => return Ok(answer),
            Ok(Err(fault)) => Some(fault),
            Err(_) => None,
        };
        let (later, failure) = match (fault, upload.map(Upload::progress)) {
            (Some(_), Some(Progress::Broken(rule))) => return Err(Failure::Client(rule)),
            (Some(fault), _) => return Err(Failure::Primary(fault)),
            (None, _) if patience.end.is_some_and(|end| end <= deadline) => {
                return Err(Failure::Client(Rule::TotalTimeout));
            }
            (None, Some(Progress::Waiting(since))) => {
                (since + patience.client, Failure::Client(Rule::BodyTimeout))
            }
            (None, Some(Progress::Moving(since))) => {
                (since + patience.primary, Failure::Primary(Fault::Timeout))
            }
            (None, _) => return Err(Failure::Primary(Fault::Timeout)),
        };
        if later <= deadline {
            return Err(failure);
        }
        alarm.set(patience.capped(later));
    }
}
