//! What is kept of an exchange while it passes: shared bytes, capped and charged.

use crate::base::Charge;
use crate::model::{
    Disposition, DropReason, Exchange, Fault, Outcome, Payload, Reply, Request, Rule, SkipReason,
};
use crate::policy::Plan;
use crate::tap::{Admitted, Sink};
use bytes::Bytes;
use http::response::Parts;
use http::{HeaderMap, Method, Uri};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Waker};
use std::time::{Duration, Instant};

/// A complete exchange with the memory that it holds.
pub struct Captured {
    pub exchange: Box<Exchange>,
    pub plan: Arc<Plan>,
    pub charge: Charge,
}

/// A body as far as it has been seen.
struct Tee {
    payload: Payload,
    trailers: Option<HeaderMap>,
    max: usize,
    charge: Charge,
}

/// Keeps one more chunk of a body, or says why not.
fn keep(
    payload: &mut Payload,
    chunk: &Bytes,
    max: usize,
    charge: &mut Charge,
) -> Result<(), Disposition> {
    if payload.len() + chunk.len() > max {
        return Err(Disposition::Skipped(SkipReason::BodyTooLarge));
    }
    // The first chunk lies in the buffer that is charged with the head.
    if !payload.is_empty() && !charge.grow(chunk.len()) {
        return Err(Disposition::Dropped(DropReason::Memory));
    }
    payload.push(chunk.clone());
    Ok(())
}

/// The request's body on its way to the primary. Shared by the exchange, which ends with the
/// answer, and the body, which the primary's connection owns.
pub(super) struct Upload {
    state: Mutex<UploadState>,
}

struct UploadState {
    kept: Option<Result<Tee, Disposition>>,
    complete: bool,
    progressed: Instant,
    /// The primary would take more, and the client has not sent it.
    waiting: bool,
    /// Bytes that may still come.
    room: u64,
    /// The rule that it breaks.
    broken: Option<Rule>,
    /// It comes in chunks of HTTP/1.
    chunked: bool,
    /// It had trailers.
    trailed: bool,
    /// The request has been answered to the end: nobody needs the rest.
    answered: bool,
    /// Nobody passes it on any more.
    gone: bool,
    /// An exchange that is all there but for this.
    late: Option<Late>,
    /// Whoever passes it on, while it waits.
    waker: Option<Waker>,
}

/// How far an upload is.
pub(super) enum Progress {
    /// It waits for the client, since then.
    Waiting(Instant),
    /// It is all there, or waits for the primary; so it was then.
    Moving(Instant),
    /// It breaks a rule, and goes no further.
    Broken(Rule),
}

/// What is known of an upload in advance.
pub(super) struct UploadTerms {
    /// The most that it may have, in bytes.
    pub most: Option<u64>,
    /// It comes in chunks of HTTP/1.
    pub chunked: bool,
}

impl Upload {
    /// An upload of which nothing has come by now.
    pub(super) fn new(UploadTerms { most, chunked }: UploadTerms, now: Instant) -> Arc<Self> {
        let state = UploadState {
            kept: None,
            complete: false,
            progressed: now,
            waiting: false,
            room: most.unwrap_or(u64::MAX),
            broken: None,
            chunked,
            trailed: false,
            answered: false,
            gone: false,
            late: None,
            waker: None,
        };
        Arc::new(Self { state: Mutex::new(state) })
    }

    /// Takes one more chunk, with which it may end; false where that is too much.
    pub(super) fn push(&self, chunk: &Bytes, ends: bool, now: Instant) -> bool {
        let mut state = self.state();
        state.progressed = now;
        state.waiting = false;
        let Some(room) = state.room.checked_sub(chunk.len() as u64) else {
            state.broken = Some(Rule::BodyTooLarge);
            return false;
        };
        state.room = room;
        if let Some(Ok(tee)) = &mut state.kept
            && let Err(reason) = keep(&mut tee.payload, chunk, tee.max, &mut tee.charge)
        {
            state.kept = Some(Err(reason));
        }
        state.complete |= ends;
        Self::settle(state);
        true
    }

    /// Its framing cannot be read.
    pub(super) fn malformed(&self) {
        self.state().broken = Some(Rule::Malformed);
    }

    /// The client has not sent more yet. Once the request has been answered, says since when.
    pub(super) fn wait(&self, cx: &Context<'_>) -> Option<Instant> {
        self.state().waiting = true;
        self.unneeded(cx)
    }

    /// Where the request has been answered already: since when nothing has come. The task is woken
    /// when it is.
    pub(super) fn unneeded(&self, cx: &Context<'_>) -> Option<Instant> {
        let mut state = self.state();
        if state.answered {
            return Some(state.progressed);
        }
        match &mut state.waker {
            Some(waker) => waker.clone_from(cx.waker()),
            waker => *waker = Some(cx.waker().clone()),
        }
        None
    }

    /// The request has been answered to the end.
    pub(super) fn answered(&self) {
        let mut state = self.state();
        state.answered = true;
        let waker = state.waker.take().filter(|_| !state.complete);
        drop(state);
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    pub(super) fn end(&self, trailers: Option<HeaderMap>, now: Instant) {
        let mut state = self.state();
        state.progressed = now;
        state.complete = true;
        state.waiting = false;
        state.trailed = trailers.is_some();
        if let Some(Ok(tee)) = &mut state.kept {
            tee.trailers = trailers;
        }
        Self::settle(state);
    }

    /// Nobody passes it on any more; false where not all of it has passed.
    pub(super) fn leave(&self) -> bool {
        let mut state = self.state();
        state.gone = true;
        let complete = state.complete;
        Self::settle(state);
        complete
    }

    /// Takes an exchange that is all there but for this: once that has passed, it is offered.
    fn wait_for(&self, late: Late) {
        let mut state = self.state();
        state.late = Some(late);
        Self::settle(state);
    }

    /// Offers what has waited for the end of this, or settles it where that does not come.
    fn settle(mut state: MutexGuard<'_, UploadState>) {
        let decided = state.complete || state.gone || matches!(state.kept, Some(Err(_)));
        let Some(late) = state.late.take_if(|_| decided) else { return };
        let taken = match (state.kept.take(), state.complete) {
            (Some(Err(reason)), _) => Err(reason),
            (Some(Ok(tee)), true) => Ok(tee),
            _ => Err(Disposition::Skipped(SkipReason::Partial)),
        };
        drop(state);
        late.settle(taken);
    }

    /// How far it is.
    pub(super) fn progress(&self) -> Progress {
        let state = self.state();
        match (state.broken, state.waiting) {
            (Some(rule), _) => Progress::Broken(rule),
            (None, true) => Progress::Waiting(state.progressed),
            (None, false) => Progress::Moving(state.progressed),
        }
    }

    /// Whether all of it has passed.
    pub(super) fn is_complete(&self) -> bool {
        self.state().complete
    }

    /// Whether the next request on its connection is not to be looked for: where the rest of this one
    /// may not be read in full, its side having answered early and `closes`, or where nobody could
    /// tell the two apart. hyper (1.12) looks for the end of trailers by carriage returns, and takes a
    /// line feed alone for one within them: it may have read a request as part of them.
    pub(super) fn ends_its_connection(&self, closes: impl FnOnce() -> bool) -> bool {
        let state = self.state();
        match state.complete {
            true => state.chunked && state.trailed,
            false => state.chunked || closes(),
        }
    }

    fn keep(&self, max: usize, charge: Charge) {
        let tee = Tee { payload: Payload::default(), trailers: None, max, charge };
        self.state().kept = Some(Ok(tee));
    }

    fn state(&self) -> MutexGuard<'_, UploadState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One exchange being captured. However it ends, it is offered or settled exactly once: dropping
/// it settles it as cut off. It is passed on from hand to hand, and so holds little itself.
pub(super) struct Capture {
    sink: Arc<dyn Sink>,
    open: Option<Open>,
}

struct Open {
    exchange: Box<Exchange>,
    plan: Arc<Plan>,
    upload: Option<Arc<Upload>>,
    /// The most that may be kept of the answer's body.
    max: usize,
    charge: Charge,
}

/// An exchange that waits for the end of its request.
struct Late {
    open: Open,
    sink: Arc<dyn Sink>,
}

impl Late {
    fn settle(self, taken: Result<Tee, Disposition>) {
        let Self { open: Open { mut exchange, plan, mut charge, .. }, sink } = self;
        match taken {
            Ok(tee) => {
                exchange.request.body = tee.payload;
                exchange.request.trailers = tee.trailers;
                charge.absorb(tee.charge);
                sink.offer(Captured { exchange, plan, charge });
            }
            Err(reason) => sink.settle(&exchange, &plan, reason),
        }
    }
}

impl Capture {
    /// Begins with the head as it is sent to the primary.
    pub(super) fn new(
        sink: Arc<dyn Sink>,
        admitted: Admitted,
        head: Head,
        upload: Option<Arc<Upload>>,
    ) -> Self {
        let Admitted { id, at, plan, max_body, charge } = admitted;
        if let Some(upload) = &upload {
            upload.keep(max_body, charge.empty());
        }
        let Head { method, uri, headers } = head;
        let request = Request { method, uri, headers, body: Payload::default(), trailers: None };
        // Until the answer is there, the exchange is one that was cut off.
        let primary = Outcome::Fault(Fault::Reset);
        let latency = Duration::ZERO;
        let exchange = Box::new(Exchange { id, at, request, primary, latency });
        let open = Some(Open { exchange, plan, upload, max: max_body, charge });
        Self { sink, open }
    }

    /// The request's head, to be sent once more.
    pub(super) fn head(&self) -> Option<Head> {
        let request = &self.open.as_ref()?.exchange.request;
        let (method, uri) = (request.method.clone(), request.uri.clone());
        Some(Head { method, uri, headers: request.headers.clone() })
    }

    /// The head of the primary's answer, hop-by-hop fields removed.
    pub(super) fn answer(&mut self, head: &Parts) {
        if let Some(open) = &mut self.open {
            open.exchange.primary = Outcome::Reply(Reply {
                status: head.status,
                headers: head.headers.clone(),
                body: Payload::default(),
                trailers: None,
            });
        }
    }

    /// A chunk of the primary's answer. Over the cap, the capture ends.
    pub(super) fn push(&mut self, chunk: &Bytes) {
        if let Some(Open { exchange, max, charge, .. }) = &mut self.open
            && let Outcome::Reply(reply) = &mut exchange.primary
            && let Err(reason) = keep(&mut reply.body, chunk, *max, charge)
        {
            self.settle(reason);
        }
    }

    /// The trailers of the primary's answer.
    pub(super) fn trailers(&mut self, trailers: &HeaderMap) {
        if let Some(open) = &mut self.open
            && let Outcome::Reply(reply) = &mut open.exchange.primary
        {
            reply.trailers = Some(trailers.clone());
        }
    }

    /// The primary has answered to the end, and took so long.
    pub(super) fn complete(mut self, latency: Duration) {
        if let Some(open) = self.open.take() {
            self.offer(open, latency);
        }
    }

    /// The primary has failed after so long.
    pub(super) fn fault(mut self, fault: Fault, latency: Duration) {
        if let Some(mut open) = self.open.take() {
            open.exchange.primary = Outcome::Fault(fault);
            self.offer(open, latency);
        }
    }

    fn offer(&mut self, mut open: Open, latency: Duration) {
        open.exchange.latency = latency;
        match open.upload.take() {
            None => {
                let Open { exchange, plan, charge, .. } = open;
                self.sink.offer(Captured { exchange, plan, charge });
            }
            // The answer may come before the end of its request.
            Some(upload) => upload.wait_for(Late { open, sink: self.sink.clone() }),
        }
    }

    fn settle(&mut self, disposition: Disposition) {
        if let Some(open) = self.open.take() {
            self.sink.settle(&open.exchange, &open.plan, disposition);
        }
    }
}

impl Drop for Capture {
    fn drop(&mut self) {
        self.settle(Disposition::Skipped(SkipReason::Partial));
    }
}

/// A request's head as it is sent to the primary.
#[derive(Clone)]
pub(super) struct Head {
    pub method: Method,
    pub uri: Uri,
    pub headers: HeaderMap,
}
