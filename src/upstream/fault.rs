//! Naming a failed exchange with a side.

use crate::model::Fault;
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
    let io = error.source().and_then(|cause| cause.downcast_ref::<io::Error>());
    match io.map(io::Error::kind) {
        // hyper reports chunk framing that it cannot read as an I/O error of this kind.
        Some(io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData) => Fault::Malformed,
        _ => Fault::Reset,
    }
}
