//! One request and the head of its answer: sent, and sent once more where that does no harm.
//!
//! This module never sends anything a second time that the other side may have acted on, unless
//! doing it twice does what doing it once does.

use crate::model::Fault;
use crate::upstream::framing;
use crate::upstream::pool::{Lease, Need, Pool, Refusal};
use crate::upstream::retry::{MOST_TRIES, Retry};
use bytes::Bytes;
use http::{Request, Response, StatusCode, Version};
use http_body::Body;
use hyper::body::Incoming;
use std::error::Error;
use std::sync::Arc;
use std::time::Instant;

/// How a request is sent once more.
pub struct Again<F> {
    /// It is idempotent, and can be made again whole (RFC 9110 section 9.2.2).
    pub replayable: bool,
    /// Makes it again, where nothing of it is lost that has passed already.
    pub request: F,
}

/// The head of an answer, with the connection that its body comes on.
pub type Answered<B> = (Response<Incoming>, Lease<B>);

impl<B> Pool<B>
where
    B: Body<Data = Bytes> + Send + Unpin + 'static,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
    /// Sends a request. Where a kept-alive connection was being closed by the other side at that
    /// moment, sends it once more on another: if not a byte of it was written, if the other side
    /// says that it did nothing with it (RFC 9113 section 8.7), or if doing it twice does no harm.
    pub async fn exchange<F>(
        self: &Arc<Self>,
        request: Request<B>,
        again: Again<F>,
        now: Instant,
    ) -> Result<Answered<B>, Fault>
    where
        F: Fn() -> Option<Request<B>>,
    {
        let has_body = !request.body().is_end_stream();
        let need = Need { replayable: again.replayable, has_body };
        let mut lease = match self.rested(need, now) {
            Some(lease) => lease,
            None => Box::pin(self.connect(need)).await?,
        };
        match lease.send(request).await {
            Ok(response) => answered(response, lease),
            // Seldom, and large.
            Err(refusal) => Box::pin(self.exchange_again(refusal, lease, (need, again))).await,
        }
    }

    async fn exchange_again<F>(
        self: &Arc<Self>,
        mut refusal: Refusal<B>,
        mut lease: Lease<B>,
        (need, again): (Need, Again<F>),
    ) -> Result<Answered<B>, Fault>
    where
        F: Fn() -> Option<Request<B>>,
    {
        for tries in 1..MOST_TRIES {
            let fault = refusal.fault;
            let request = match refusal {
                Refusal { unsent: Some(request), .. } if lease.may_be_closing() => Some(request),
                Refusal { retry: Retry::Harmless, .. } => (again.request)(),
                Refusal { fault: Fault::Reset, retry: Retry::Idempotent, .. }
                    if lease.reused && again.replayable =>
                {
                    (again.request)()
                }
                Refusal { .. } => None,
            };
            let Some(request) = request else { return Err(fault) };
            lease = self.reconnect(need, tries).await?;
            refusal = match lease.send(request).await {
                Ok(response) => return answered(response, lease),
                Err(refusal) => refusal,
            };
        }
        Err(refusal.fault)
    }
}

/// An answer that can be passed on. To a side that answers as HTTP/1.0 hyper would speak that from
/// now on, and so leave out a body in chunks: its connection is not used again.
fn answered<B>(
    mut response: Response<Incoming>,
    mut lease: Lease<B>,
) -> Result<Answered<B>, Fault> {
    framing::settle(response.headers_mut())?;
    if response.version() == Version::HTTP_2 {
        framing::trim(response.headers_mut());
    }
    lease.last = response.version() == Version::HTTP_10;
    Ok((response, lease))
}

/// Whether an answer ends with its head, whatever was asked (RFC 9110 section 6.4.1).
pub fn is_without_content(status: StatusCode) -> bool {
    matches!(status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED)
}
