//! What the program says of itself: log lines, and every metric with its labels.
//!
//! [`METRICS`] is the one list of metrics; the README's table is held against it. [`Meters`] are
//! the handles that the judges count with, batch by batch; a live thread never counts a metric.
//!
//! This module never decides anything.

mod log;
mod meters;
mod metric;

pub use log::{LogError, init as init_log, report_panics};
pub use meters::{Meters, Recorder};
pub use metric::{METRICS, Metric, Name, Unit};
