//! What a failed request may be sent again after. Pure.

use crate::base::causes;
use h2::Reason;
use std::error::Error;

/// How often one request is sent where nothing was done with it. The last time it has a connection
/// of its own; one that is shared may be closing already.
pub(super) const MOST_TRIES: usize = 3;

/// Whether a request that failed may be sent once more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Retry {
    /// The other side has said that it did nothing with it (RFC 9113 section 8.7).
    Harmless,
    /// The connection ended under it: only where doing it twice does what doing it once does.
    Idempotent,
    /// It was this request that failed.
    Never,
}

/// What an error of the connection says of sending the request again.
pub(super) fn retry(error: &hyper::Error) -> Retry {
    let Some(error) = http2(error) else { return Retry::Idempotent };
    let refused = error.is_reset() && error.reason() == Some(Reason::REFUSED_STREAM);
    match () {
        () if error.is_remote() && (refused || error.is_go_away()) => Retry::Harmless,
        // It takes no more on this connection at the moment; what it did is not said.
        () if error.is_remote() && error.reason() == Some(Reason::ENHANCE_YOUR_CALM) => {
            Retry::Idempotent
        }
        () if error.is_io() => Retry::Idempotent,
        () => Retry::Never,
    }
}

/// Whether the connection goes on without this stream.
pub(super) fn is_of_one_stream(error: &hyper::Error) -> bool {
    http2(error).is_some_and(h2::Error::is_reset)
}

/// The error of HTTP/2 that stands behind another.
pub fn http2(error: &dyn Error) -> Option<&h2::Error> {
    causes(error).find_map(|cause| cause.downcast_ref())
}
