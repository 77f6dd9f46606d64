//! Bodies in passing: the request's to the primary, and the answer's to the client.

use crate::base::clock;
use crate::model::{Answered, Fault};
use crate::policy::strip_markers;
use crate::tap::Sink;
use crate::tap::capture::{Capture, Upload};
use crate::tap::forward::Line;
use crate::upstream::{Lease, classify};
use bytes::Bytes;
use http::StatusCode;
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

/// Why a request's body came to no end.
#[derive(Debug, thiserror::Error)]
pub enum BodyError {
    #[error("the client broke off")]
    Client(#[from] hyper::Error),
    #[error("the body is over `listen.limits.body`")]
    TooLarge,
}

/// The body of a request on its way to the primary.
pub enum UpBody {
    Empty,
    /// A body that is watched, and captured where the exchange is.
    Stream {
        body: Incoming,
        upload: Arc<Upload>,
    },
}

impl Body for UpBody {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let Self::Stream { body, upload } = self.get_mut() else { return Poll::Ready(None) };
        let Poll::Ready(frame) = Pin::new(&mut *body).poll_frame(cx) else {
            upload.wait();
            return Poll::Pending;
        };
        Poll::Ready(match frame {
            Some(Ok(mut frame)) => {
                if let Some(chunk) = frame.data_ref()
                    && !upload.push(chunk)
                {
                    return Poll::Ready(Some(Err(BodyError::TooLarge)));
                }
                frame.trailers_mut().into_iter().for_each(strip_markers);
                if frame.is_trailers() || body.is_end_stream() {
                    upload.end(frame.trailers_ref().cloned());
                }
                Some(Ok(frame))
            }
            Some(Err(error)) => {
                if classify(&error) == Fault::Malformed {
                    upload.malformed();
                }
                Some(Err(error.into()))
            }
            None => {
                upload.end(None);
                None
            }
        })
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Empty => true,
            Self::Stream { body, .. } => body.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Empty => SizeHint::with_exact(0),
            Self::Stream { body, .. } => body.size_hint(),
        }
    }
}

/// The body of an answer on its way to the client.
pub enum LiveBody {
    /// An answer of the tap's own.
    Fixed(Option<Bytes>),
    Stream(Passage),
}

impl LiveBody {
    pub(super) fn fixed(text: Bytes) -> Self {
        Self::Fixed(Some(text))
    }

    pub(super) fn none() -> Self {
        Self::Fixed(None)
    }
}

/// The primary's answer in passing, with all that ends when it does.
pub struct Passage {
    pub(super) body: Incoming,
    pub(super) end: Option<Ending>,
}

/// What is to be done at the end of an answer.
pub struct Ending {
    pub(super) lease: Lease<UpBody>,
    pub(super) capture: Option<Box<Capture>>,
    pub(super) sink: Arc<dyn Sink>,
    pub(super) status: StatusCode,
    pub(super) received: Instant,
    pub(super) added: Duration,
    /// Where there is an access log: its line, and where it goes.
    pub(super) access: Option<Line>,
}

impl Ending {
    fn answered(&mut self, fault: Option<Fault>) {
        let latency = clock::now().saturating_duration_since(self.received);
        if let Some((log, mut access)) = self.access.take() {
            access.latency = latency;
            log.log(access);
        }
        self.sink.answered(Answered { status: self.status, fault, latency, added: self.added });
    }

    fn complete(mut self) {
        self.answered(None);
        self.lease.release();
        if let Some(capture) = self.capture {
            capture.complete();
        }
    }

    fn fault(mut self, fault: Fault) {
        self.answered(Some(fault));
        if let Some(capture) = self.capture {
            capture.fault(fault);
        }
    }
}

impl Passage {
    /// Looks at what passes; it never changes it.
    fn observe(&mut self, frame: Option<&Result<Frame<Bytes>, hyper::Error>>) {
        match frame {
            Some(Ok(frame)) => {
                if let Some((_, access)) = self.end.as_mut().and_then(|end| end.access.as_mut()) {
                    access.bytes += frame.data_ref().map_or(0, |chunk| chunk.len() as u64);
                }
                if let Some(capture) = self.end.as_mut().and_then(|end| end.capture.as_mut()) {
                    match (frame.data_ref(), frame.trailers_ref()) {
                        (Some(chunk), _) => capture.push(chunk),
                        (None, Some(trailers)) => capture.trailers(trailers),
                        (None, None) => {}
                    }
                }
                if self.body.is_end_stream() {
                    self.complete();
                }
            }
            Some(Err(error)) => {
                if let Some(end) = self.end.take() {
                    end.fault(classify(error));
                }
            }
            None => self.complete(),
        }
    }

    fn complete(&mut self) {
        if let Some(end) = self.end.take() {
            end.complete();
        }
    }
}

impl Drop for Passage {
    fn drop(&mut self) {
        if self.body.is_end_stream() {
            self.complete();
        } else if let Some(mut end) = self.end.take() {
            // The client went away: its capture is settled as cut off by being dropped.
            end.answered(None);
        }
    }
}

impl Body for LiveBody {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        match self.get_mut() {
            Self::Fixed(text) => Poll::Ready(text.take().map(|text| Ok(Frame::data(text)))),
            Self::Stream(passage) => {
                let frame = ready!(Pin::new(&mut passage.body).poll_frame(cx));
                passage.observe(frame.as_ref());
                Poll::Ready(frame)
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Fixed(text) => text.is_none(),
            Self::Stream(passage) => passage.body.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Fixed(text) => {
                SizeHint::with_exact(text.as_ref().map_or(0, |text| text.len() as u64))
            }
            Self::Stream(passage) => passage.body.size_hint(),
        }
    }
}
