//! Every metric, as data.

/// How a metric is to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Only grows.
    Counter,
    /// Goes up and down.
    Gauge,
    /// A histogram of seconds.
    Seconds,
}

/// One metric. Its labels take their values from closed sets.
#[derive(Clone, Copy, Debug)]
pub struct Metric {
    pub name: Name,
    pub unit: Unit,
    pub labels: &'static [&'static str],
    pub help: &'static str,
}

/// Declares the metrics and their list.
macro_rules! metrics {
    ($($variant:ident = $text:literal, $unit:ident, [$($label:literal),*], $help:literal;)+) => {
        /// The name of a metric.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Name { $(#[doc = $help] $variant,)+ }

        impl Name {
            /// The name as it is exported.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)+ }
            }
        }

        /// All metrics.
        pub const METRICS: &[Metric] = &[$(
            Metric {
                name: Name::$variant,
                unit: Unit::$unit,
                labels: &[$($label),*],
                help: $help,
            },
        )+];
    };
}

metrics! {
    BuildInfo = "shadow_build_info", Gauge, ["version"],
        "Always 1; the label has the version.";
    Requests = "shadow_requests_total", Counter, [],
        "Requests seen by the tap.";
    Mirrored = "shadow_mirrored_total", Counter, [],
        "Requests sent to the candidate.";
    Compared = "shadow_compared_total", Counter, ["verdict"],
        "Trials compared, by verdict: equal, diverged, noise or expected.";
    SampledOut = "shadow_sampled_out_total", Counter, [],
        "Eligible requests that sampling left out.";
    Skipped = "shadow_skipped_total", Counter, ["reason"],
        "Requests that were not eligible for mirroring.";
    Dropped = "shadow_dropped_total", Counter, ["reason"],
        "Sampled requests let go at a bound before they reached the candidate.";
    Failed = "shadow_failed_total", Counter, ["reason"],
        "Mirrored requests that were not compared.";
    LiveResponses = "shadow_live_responses_total", Counter, ["status_class"],
        "Answers given to clients.";
    LiveFaults = "shadow_live_faults_total", Counter, ["fault"],
        "Requests for which the primary gave no answer, or broke it off.";
    PrimaryInterim = "shadow_primary_interim_total", Counter, [],
        "Interim answers (1xx) of the primary, which end here; counted from the first one noticed.";
    Refused = "shadow_refused_total", Counter, ["rule"],
        "Requests and connections that the tap answered or closed by itself.";
    MarkersStripped = "shadow_markers_stripped_total", Counter, [],
        "Requests of clients that carried a marker of copies without its signature.";
    Tunnels = "shadow_tunnels_total", Counter, [],
        "Connections that were upgraded to another protocol.";
    AccessLost = "shadow_access_log_lost_total", Counter, [],
        "Lines that the access log has lost: its file or its reader is too slow.";
    LiveSeconds = "shadow_live_duration_seconds", Seconds, [],
        "From a request's head to the end of its answer, on the live side.";
    AddedSeconds = "shadow_added_seconds", Seconds, [],
        "What the tap itself added to the time until the head of the primary's answer.";
    LagSeconds = "shadow_loop_lag_seconds", Seconds, [],
        "How late live threads come to a timer, beyond what its grain makes it.";
    PrimarySeconds = "shadow_primary_duration_seconds", Seconds, [],
        "The primary's time for compared requests.";
    CandidateSeconds = "shadow_candidate_duration_seconds", Seconds, [],
        "The candidate's time for compared requests.";
    CandidateFaults = "shadow_candidate_faults_total", Counter, ["fault"],
        "Copies to which the candidate gave no answer, or broke it off.";
    InFlight = "shadow_copies_in_flight", Gauge, [],
        "Copies at the candidate now.";
    Breaker = "shadow_breaker_state", Gauge, [],
        "Whether copies are sent: 0 closed (sent), 1 half-open (one tries), 2 open (dropped).";
    Connections = "shadow_open_connections", Gauge, ["side"],
        "Open connections by side: client, primary, candidate; tunnels count for the client alone.";
    Protect = "shadow_protect", Gauge, ["cause"],
        "1 while mirroring is off for the sake of the live path, which suffers from this.";
    RampStage = "shadow_ramp_stage", Gauge, [],
        "The stage of `mirror.ramp`, from 1 on; 0 where none holds.";
    QueueAge = "shadow_queue_age_seconds", Gauge, [],
        "How long the oldest queued exchange has waited.";
    Queue = "shadow_queue_length", Gauge, [],
        "Exchanges that wait for a slot at the candidate.";
    QueueBytes = "shadow_queue_bytes", Gauge, [],
        "Memory that exchanges in the queue hold, of `mirror.memory`.";
    Backlog = "shadow_backlog_trials", Gauge, [],
        "Trials that wait to be compared.";
    Memory = "shadow_memory_bytes", Gauge, [],
        "Memory held on the shadow side, of `mirror.memory`.";
    MirrorEnabled = "shadow_mirror_enabled", Gauge, [],
        "1 while mirroring is on.";
    MirrorSample = "shadow_mirror_sample_ratio", Gauge, [],
        "The share of eligible requests that is mirrored.";
    Findings = "shadow_findings", Gauge, [],
        "Findings of the session.";
    Overflow = "shadow_overflow", Gauge, ["bound"],
        "What was let go at a bound of the session: endpoints, findings, variants.";
    StoreUp = "shadow_store_up", Gauge, [],
        "1 while what is found is also being stored.";
    StoreBytes = "shadow_store_bytes", Gauge, [],
        "Size of the store on disk.";
    Panics = "shadow_panics_total", Counter, ["thread"],
        "Bugs of shadow that were caught, by the thread they struck.";
    AcceptErrors = "shadow_accept_errors_total", Counter, [],
        "Tries to accept a client for which the process or the machine lacked something.";
    AdminRefused = "shadow_admin_refused_total", Counter, ["rule"],
        "Requests and connections that the admin API refused.";
    Reloads = "shadow_config_reloads_total", Counter, ["result"],
        "Reloads of the config: ok or rejected.";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_follow_the_conventions_of_prometheus() {
        for metric in METRICS {
            let name = metric.name.as_str();
            assert!(name.starts_with("shadow_"), "{name}");
            assert_eq!(name.ends_with("_total"), metric.unit == Unit::Counter, "{name}");
            assert!(name.ends_with("_seconds") || metric.unit != Unit::Seconds, "{name}");
            assert!(metric.help.ends_with('.'), "{name}");
        }
    }
}
