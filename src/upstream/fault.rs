//! Naming a failed exchange with a side.

use crate::model::Fault;
use crate::upstream::connect::ConnectError;
use crate::upstream::retry::http2;
use std::error::Error;
use std::io;

/// The fault that an error of the HTTP connection stands for.
pub fn classify(error: &hyper::Error) -> Fault {
    if error.is_parse() {
        return Fault::Malformed;
    }
    if error.is_timeout() {
        return Fault::Timeout;
    }
    if let Some(error) = http2(error) {
        // Found by our own side: the other one broke the protocol.
        return if error.is_library() { Fault::Malformed } else { Fault::Reset };
    }
    let io = error.source().and_then(|cause| cause.downcast_ref::<io::Error>());
    match io.map(io::Error::kind) {
        // hyper reports chunk framing that it cannot read as an I/O error of this kind.
        Some(io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData) => Fault::Malformed,
        _ => Fault::Reset,
    }
}

impl From<ConnectError> for Fault {
    fn from(error: ConnectError) -> Self {
        match error {
            ConnectError::Dns(_) => Self::Dns,
            ConnectError::Refused(_) => Self::Refused,
            ConnectError::Tls(_) | ConnectError::Protocol => Self::Tls,
        }
    }
}
