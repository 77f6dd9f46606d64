//! Counting, and rendering the counts for Prometheus.

use crate::model::{
    Answered, DropReason, FailReason, Fault, Judged, Ledger, Outcome, SkipReason, Strain,
};
use crate::telemetry::{METRICS, Name, Unit};
use metrics::{Counter, Histogram, counter, gauge, histogram};
use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder, PrometheusHandle};
use std::time::Duration;

/// Upper bounds of the histograms' buckets in seconds: 100 us to 30 s.
const BUCKETS: [f64; 17] = [
    0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5,
    5.0, 10.0, 30.0,
];

/// For what the tap itself adds, and for its lag: 5 us to 100 ms.
const FINE_BUCKETS: [f64; 14] = [
    5e-6, 1e-5, 2.5e-5, 5e-5, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1,
];

/// Where all metrics of the process are kept.
#[derive(Clone)]
pub struct Recorder {
    handle: PrometheusHandle,
}

impl Recorder {
    /// Makes this the recorder of the process; it can be done once.
    pub fn install() -> Result<Self, BuildError> {
        let mut builder = PrometheusBuilder::new();
        for metric in METRICS.iter().filter(|metric| metric.unit == Unit::Seconds) {
            let matcher = Matcher::Full(metric.name.as_str().to_owned());
            let buckets: &[f64] = match metric.name {
                Name::AddedSeconds | Name::LagSeconds => &FINE_BUCKETS,
                _ => &BUCKETS,
            };
            builder = builder.set_buckets_for_metric(matcher, buckets)?;
        }
        let handle = builder.install_recorder()?;
        for metric in METRICS {
            let (name, help) = (metric.name.as_str(), metric.help);
            match metric.unit {
                Unit::Counter => metrics::describe_counter!(name, help),
                Unit::Gauge => metrics::describe_gauge!(name, help),
                Unit::Seconds => metrics::describe_histogram!(name, help),
            }
        }
        gauge!(Name::BuildInfo.as_str(), "version" => env!("CARGO_PKG_VERSION")).set(1.0);
        Ok(Self { handle })
    }

    /// Sums up what the histograms have taken in since the last time; until then each value is
    /// held. To be called every second, whether or not anybody asks for metrics.
    pub fn upkeep(&self) {
        self.handle.run_upkeep();
    }

    /// All metrics in the text format of Prometheus.
    pub fn render(&self) -> String {
        self.upkeep();
        self.handle.render()
    }

    /// Sets a gauge without labels.
    pub fn gauge(&self, name: Name, value: f64) {
        gauge!(name.as_str()).set(value);
    }

    /// Sets how many connections are open on a side.
    pub fn connections(&self, side: &'static str, open: usize) {
        gauge!(Name::Connections.as_str(), "side" => side).set(open as f64);
    }

    /// Sets what was let go at a bound.
    pub fn overflow(&self, bound: String, count: u64) {
        gauge!(Name::Overflow.as_str(), "bound" => bound).set(count as f64);
    }

    /// Sets what the live path suffers from.
    pub fn protect(&self, strain: Option<Strain>) {
        for cause in Strain::ALL {
            let is = f64::from(u8::from(strain == Some(*cause)));
            gauge!(Name::Protect.as_str(), "cause" => cause.name()).set(is);
        }
    }

    /// Counts a reload.
    pub fn reloaded(&self, ok: bool) {
        let result = if ok { "ok" } else { "rejected" };
        counter!(Name::Reloads.as_str(), "result" => result).increment(1);
    }
}

/// Handles on the counters that a judge counts with.
pub struct Meters {
    requests: Counter,
    mirrored: Counter,
    sampled_out: Counter,
    skipped: Vec<Counter>,
    dropped: Vec<Counter>,
    failed: Vec<Counter>,
    verdicts: [Counter; 4],
    classes: [Counter; 5],
    faults: Vec<(Fault, Counter)>,
    candidate_faults: Vec<(Fault, Counter)>,
    live: Histogram,
    added: Histogram,
    primary: Histogram,
    candidate: Histogram,
}

impl Meters {
    /// Handles on the recorder of the process.
    pub fn new() -> Self {
        let labelled = |name: Name, label: &'static str, values: &[&'static str]| {
            let value = |&value: &&'static str| counter!(name.as_str(), label => value);
            values.iter().map(value).collect::<Vec<_>>()
        };
        let skips: Vec<_> = SkipReason::ALL.iter().map(|reason| reason.name()).collect();
        let drops: Vec<_> = DropReason::ALL.iter().map(|reason| reason.name()).collect();
        let fails: Vec<_> = FailReason::ALL.iter().map(|reason| reason.name()).collect();
        let verdict = |value: &'static str| counter!(Name::Compared.as_str(), "verdict" => value);
        let class =
            |value: &'static str| counter!(Name::LiveResponses.as_str(), "status_class" => value);
        let faults = |name: Name| {
            let one = |fault: Fault| (fault, counter!(name.as_str(), "fault" => fault.name()));
            Fault::ALL.into_iter().map(one).collect::<Vec<_>>()
        };
        Self {
            requests: counter!(Name::Requests.as_str()),
            mirrored: counter!(Name::Mirrored.as_str()),
            sampled_out: counter!(Name::SampledOut.as_str()),
            skipped: labelled(Name::Skipped, "reason", &skips),
            dropped: labelled(Name::Dropped, "reason", &drops),
            failed: labelled(Name::Failed, "reason", &fails),
            verdicts: Judged::ALL.map(|judged| verdict(judged.name())),
            classes: ["1xx", "2xx", "3xx", "4xx", "5xx"].map(class),
            faults: faults(Name::LiveFaults),
            candidate_faults: faults(Name::CandidateFaults),
            live: histogram!(Name::LiveSeconds.as_str()),
            added: histogram!(Name::AddedSeconds.as_str()),
            primary: histogram!(Name::PrimarySeconds.as_str()),
            candidate: histogram!(Name::CandidateSeconds.as_str()),
        }
    }

    /// Counts what a batch has booked.
    pub fn booked(&self, ledger: &Ledger) {
        self.requests.increment(ledger.seen);
        self.mirrored.increment(ledger.mirrored);
        self.sampled_out.increment(ledger.sampled_out);
        let add = |counters: &[Counter], counts: &[u64]| {
            for (counter, count) in counters.iter().zip(counts).filter(|(_, count)| **count > 0) {
                counter.increment(*count);
            }
        };
        add(&self.skipped, &ledger.skipped);
        add(&self.dropped, &ledger.dropped);
        add(&self.failed, &ledger.failed);
    }

    /// Counts an answer given to a client.
    pub fn answered(&self, answered: &Answered) {
        let class = usize::from(answered.status.as_u16() / 100).saturating_sub(1);
        if let Some(counter) = self.classes.get(class) {
            counter.increment(1);
        }
        count(&self.faults, answered.fault);
        self.live.record(answered.latency.as_secs_f64());
        self.added.record(answered.added.as_secs_f64());
    }

    /// Counts how the candidate failed to answer a copy, if it did.
    pub fn fault(&self, candidate: &Outcome) {
        match candidate {
            Outcome::Reply(_) => {}
            Outcome::Fault(fault) => count(&self.candidate_faults, Some(*fault)),
        }
    }

    /// Counts a compared trial.
    pub fn compared(&self, judged: Judged, primary: Duration, candidate: Duration) {
        if let Some(counter) = self.verdicts.get(judged as usize) {
            counter.increment(1);
        }
        self.primary.record(primary.as_secs_f64());
        self.candidate.record(candidate.as_secs_f64());
    }
}

fn count(faults: &[(Fault, Counter)], fault: Option<Fault>) {
    if let Some((_, counter)) = faults.iter().find(|(each, _)| Some(*each) == fault) {
        counter.increment(1);
    }
}

impl Default for Meters {
    fn default() -> Self {
        Self::new()
    }
}
