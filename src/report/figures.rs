//! Times, durations and counts as people read them.

use crate::base::grouped;
use jiff::Timestamp;
use std::time::Duration;

/// `2026-11-21 09:12:44 UTC`.
pub(super) fn when(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M:%S UTC").to_string()
}

/// `2026-11-21 09:13:02 to 09:20:44 UTC`; the second day only where it is another.
pub(super) fn span(from: Timestamp, to: Timestamp) -> String {
    let is_one_day = from.strftime("%F").to_string() == to.strftime("%F").to_string();
    let end = to.strftime(if is_one_day { "%H:%M:%S" } else { "%F %H:%M:%S" });
    format!("{} to {end} UTC", from.strftime("%F %H:%M:%S"))
}

/// From one time to a later one; nothing where the clock went back.
pub(super) fn between(from: Timestamp, to: Timestamp) -> Duration {
    Duration::try_from(to.duration_since(from)).unwrap_or_default()
}

/// The two largest units: `45s`, `12m 5s`, `3h 20m`, `2d 4h`.
pub(super) fn elapsed(duration: Duration) -> String {
    let seconds = duration.as_secs();
    let (minutes, hours, days) = (seconds / 60, seconds / 3_600, seconds / 86_400);
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{seconds}s"),
        (0, 0, _) => format!("{minutes}m {}s", seconds % 60),
        (0, _, _) => format!("{hours}h {}m", minutes % 60),
        _ => format!("{days}d {}h", hours % 24),
    }
}

/// Seconds in three figures: `830us`, `12.1ms`, `1.24s`; `-` for none.
pub(super) fn latency(seconds: f64) -> String {
    let micros = seconds * 1e6;
    let (number, unit) = match micros {
        none if none <= 0.0 => return "-".to_owned(),
        few if few < 999.5 => (few, "us"),
        some if some < 999_500.0 => (some / 1e3, "ms"),
        many => (many / 1e6, "s"),
    };
    match (number, unit) {
        (number, "us") => format!("{number:.0}{unit}"),
        (number, _) if number < 9.995 => format!("{number:.2}{unit}"),
        (number, _) if number < 99.95 => format!("{number:.1}{unit}"),
        (number, _) => format!("{number:.0}{unit}"),
    }
}

/// `1 endpoint`, `2,000 endpoints`.
pub(super) fn count(number: usize, thing: &str) -> String {
    format!("{} {thing}{}", grouped(number as u64), if number == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_latency_has_three_figures() {
        let check = |seconds: f64, text: &str| assert_eq!(latency(seconds), text);
        check(0.0, "-");
        check(0.000_004, "4us");
        check(0.000_830, "830us");
        check(0.000_999_6, "1.00ms");
        check(0.012_14, "12.1ms");
        check(0.099_96, "100ms");
        check(0.999_6, "1.00s");
        check(1.244, "1.24s");
        check(300.4, "300s");
    }

    #[test]
    fn an_elapsed_time_has_its_two_largest_units() {
        let check = |seconds, text: &str| assert_eq!(elapsed(Duration::from_secs(seconds)), text);
        check(0, "0s");
        check(725, "12m 5s");
        check(12_000, "3h 20m");
        check(187_200, "2d 4h");
    }

    #[test]
    fn a_clock_that_went_back_gives_no_time_at_all() {
        let (early, late) = (Timestamp::UNIX_EPOCH, Timestamp::from_second(5).expect("valid"));
        assert_eq!(between(early, late), Duration::from_secs(5));
        assert_eq!(between(late, early), Duration::ZERO);
        assert_eq!(when(late), "1970-01-01 00:00:05 UTC");
        assert_eq!(span(early, late), "1970-01-01 00:00:00 to 00:00:05 UTC");
        let later = Timestamp::from_second(86_400).expect("valid");
        assert_eq!(span(early, later), "1970-01-01 00:00:00 to 1970-01-02 00:00:00 UTC");
    }
}
