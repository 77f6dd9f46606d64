//! What the program says of itself: log lines, and every metric with its labels.
//!
//! [`METRICS`] is the one list of metrics; the README's table is held against it. [`Meters`] are
//! the handles that the judges count with, batch by batch; [`EdgeMeters`] count what is out of the ordinary on the live side. A live thread
//! counts no metric for an ordinary request.
//!
//! This module never decides anything.

mod access;
mod edge;
mod log;
mod meters;
mod metric;

pub use access::{Access, AccessLog, common as access_common, json as access_json};
pub use edge::{EdgeMeters, admin_refused};
pub use log::{LogError, init as init_log, report_panics};
pub use meters::{Meters, Recorder};
pub use metric::{METRICS, Metric, Name, Unit};
