//! Latencies in logarithmic buckets: mergeable by addition, bounded, within 1 % of the truth.

use std::collections::BTreeMap;
use std::time::Duration;

/// Bucket `i` holds the durations in `(GAMMA^(i-1), GAMMA^i]` microseconds and is read back as the
/// value that lies within 1 % of all of them: the mapping of DDSketch (Masson, Rim and Lee, 2019).
const GAMMA: f64 = 1.02;

/// The last bucket: 28 hours and above.
const LAST: u16 = 1280;

/// Counts by bucket; at most `LAST + 1` of them, however much is recorded.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Histogram {
    counts: BTreeMap<u16, u64>,
}

impl Histogram {
    /// Counts one duration.
    pub fn record(&mut self, duration: Duration) {
        *self.counts.entry(bucket(duration)).or_default() += 1;
    }

    /// Adds what another one counted.
    pub fn merge(&mut self, other: &Self) {
        for (&bucket, count) in &other.counts {
            *self.counts.entry(bucket).or_default() += count;
        }
    }

    /// How many durations were recorded.
    pub fn count(&self) -> u64 {
        self.counts.values().sum()
    }

    /// The quantile `q` in seconds (0.5 is the median); 0 where nothing was recorded.
    pub fn quantile(&self, q: f64) -> f64 {
        let total = self.count();
        let mut below = 0;
        for (&bucket, count) in &self.counts {
            below += count;
            if below as f64 >= q * total as f64 {
                return seconds(bucket);
            }
        }
        0.0
    }

    /// The buckets that hold something, with their counts, in order.
    pub fn buckets(&self) -> impl Iterator<Item = (u16, u64)> {
        self.counts.iter().map(|(&bucket, &count)| (bucket, count))
    }

    /// A histogram of these buckets; numbers beyond the last bucket are counted in it.
    pub fn from_buckets(buckets: impl IntoIterator<Item = (u16, u64)>) -> Self {
        let mut histogram = Self::default();
        for (bucket, count) in buckets {
            *histogram.counts.entry(bucket.min(LAST)).or_default() += count;
        }
        histogram
    }
}

fn bucket(duration: Duration) -> u16 {
    let micros = duration.as_secs_f64() * 1e6;
    let index = (micros.max(1.0).ln() / GAMMA.ln()).ceil().min(f64::from(LAST));
    // In 0..=LAST by the two bounds above.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "bounded above")]
    {
        index as u16
    }
}

fn seconds(bucket: u16) -> f64 {
    2.0 * GAMMA.powi(i32::from(bucket)) / (1.0 + GAMMA) / 1e6
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quantile_is_within_one_percent() {
        for micros in [1, 3, 50, 1_000, 123_456, 5_000_000] {
            let mut histogram = Histogram::default();
            histogram.record(Duration::from_micros(micros));
            let found = histogram.quantile(0.5) * 1e6;
            assert!((found / micros as f64 - 1.0).abs() < 0.0101, "{micros} us read as {found}");
        }
    }

    #[test]
    fn merging_is_adding() {
        let (mut one, mut other) = (Histogram::default(), Histogram::default());
        (1..=50).for_each(|ms| one.record(Duration::from_millis(ms)));
        (51..=100).for_each(|ms| other.record(Duration::from_millis(ms)));
        one.merge(&other);
        assert_eq!(one.count(), 100);
        assert!((one.quantile(0.95) - 0.095).abs() < 0.001);
        assert_eq!(Histogram::from_buckets(one.buckets()), one);
        assert_eq!(Histogram::default().quantile(0.5), 0.0);
    }
}
