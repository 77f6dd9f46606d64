//! Times as points on a line, so that how far two lie apart can be told.
//!
//! Main type: [`Moment`]. Two are told apart only where both are written in one form: a time
//! without an offset says nothing about one that has an offset.
//!
//! This module never reads a clock.

use super::times;
use jiff::civil::{Date, DateTime, Time};
use jiff::tz::Offset;

/// A point in time, in nanoseconds from 1970 on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// In a date-time that says where on earth.
    Instant(i128),
    /// In an HTTP date, which is in UTC.
    Http(i128),
    /// In a text without an offset.
    Local(i128),
    /// A day.
    Day(i128),
    /// A bare number of this many nanoseconds each.
    Epoch { unit: i128, at: i128 },
}

const SECOND: i128 = 1_000_000_000;

impl Moment {
    /// A date, a date-time of RFC 3339 or its relatives, or an HTTP date. A day that the calendar
    /// does not have is none.
    pub fn of_text(text: &[u8]) -> Option<Self> {
        if times::is_date_time(text) {
            return date_time(text);
        }
        if times::is_date(text) {
            let at = nanoseconds(date(text)?, Clock::default())?;
            return Some(Self::Day(at));
        }
        times::is_http_date(text).then(|| http_date(text)).flatten()
    }

    /// A number of seconds, milli-, micro- or nanoseconds in the years 2001 to 2100; seconds may
    /// have a fraction.
    pub fn of_number(text: &[u8]) -> Option<Self> {
        let point = text.iter().position(|&byte| byte == b'.').unwrap_or(text.len());
        let (whole, fraction) = text.split_at(point);
        if !times::is_epoch(whole) {
            return None;
        }
        let number = digits(whole)?;
        let units = [1, 1_000, 1_000_000, SECOND];
        let in_range = |unit: &i128| times::EPOCHS.contains(&(number / (SECOND / unit)));
        let unit = units.into_iter().find(in_range)?;
        let nanos = match fraction.strip_prefix(b".") {
            None => 0,
            Some(fraction) if unit == SECOND => nanos(fraction)?,
            Some(_) => return None,
        };
        Some(Self::Epoch { unit, at: number * unit + i128::from(nanos) })
    }

    /// Where it stands among the times of its form.
    pub fn at(self) -> i128 {
        match self {
            Self::Instant(at) | Self::Http(at) | Self::Local(at) | Self::Day(at) => at,
            Self::Epoch { at, .. } => at,
        }
    }

    /// How many nanoseconds lie between two times of one form.
    pub fn drift(self, other: Self) -> Option<u128> {
        match (self, other) {
            (Self::Instant(one), Self::Instant(other))
            | (Self::Http(one), Self::Http(other))
            | (Self::Local(one), Self::Local(other))
            | (Self::Day(one), Self::Day(other)) => Some(one.abs_diff(other)),
            (Self::Epoch { unit, at }, Self::Epoch { unit: theirs, at: other }) => {
                (unit == theirs).then(|| at.abs_diff(other))
            }
            (
                Self::Instant(_)
                | Self::Http(_)
                | Self::Local(_)
                | Self::Day(_)
                | Self::Epoch { .. },
                _,
            ) => None,
        }
    }
}

/// A time of day; a leap second is the one before it, and one more.
#[derive(Clone, Copy, Default)]
struct Clock {
    hour: i8,
    minute: i8,
    second: i8,
    nanos: i32,
}

fn date_time(text: &[u8]) -> Option<Moment> {
    let rest = text.get(19..)?;
    let (fraction, offset) = match rest.strip_prefix(b".") {
        Some(rest) => {
            let end = rest.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(rest.len());
            rest.split_at(end)
        }
        None => (&[][..], rest),
    };
    let clock = Clock { nanos: nanos(fraction)?, ..clock(text.get(11..19)?)? };
    let at = nanoseconds(date(text)?, clock)?;
    match offset.split_first() {
        None => Some(Moment::Local(at)),
        Some((b'Z' | b'z', _)) => Some(Moment::Instant(at)),
        Some((sign, offset)) => {
            let minutes = digits(offset.get(..2)?)? * 60 + digits(offset.get(offset.len() - 2..)?)?;
            let east = if *sign == b'-' { -minutes } else { minutes };
            Some(Moment::Instant(at - east * 60 * SECOND))
        }
    }
}

fn http_date(text: &[u8]) -> Option<Moment> {
    const MONTHS: &[u8] = b"JanFebMarAprMayJunJulAugSepOctNovDec";
    let name = text.get(8..11)?;
    let month = MONTHS.chunks(3).position(|month| month == name)? + 1;
    let (year, day) = (small(text.get(12..16)?)?, small(text.get(5..7)?)?);
    let date = Date::new(year, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()?;
    nanoseconds(date, clock(text.get(17..25)?)?).map(Moment::Http)
}

fn date(text: &[u8]) -> Option<Date> {
    let part = |range: std::ops::Range<usize>| small(text.get(range)?);
    let (month, day) = (i8::try_from(part(5..7)?).ok()?, i8::try_from(part(8..10)?).ok()?);
    Date::new(part(0..4)?, month, day).ok()
}

fn clock(text: &[u8]) -> Option<Clock> {
    let part = |range: std::ops::Range<usize>| i8::try_from(small(text.get(range)?)?).ok();
    Some(Clock { hour: part(0..2)?, minute: part(3..5)?, second: part(6..8)?, nanos: 0 })
}

fn nanoseconds(date: Date, clock: Clock) -> Option<i128> {
    let Clock { hour, minute, second, nanos } = clock;
    let time = Time::new(hour, minute, second.min(59), nanos).ok()?;
    let at = Offset::UTC.to_timestamp(DateTime::from_parts(date, time)).ok()?;
    Some(at.as_nanosecond() + i128::from(second / 60) * SECOND)
}

/// The first nine digits of a fraction of a second.
fn nanos(fraction: &[u8]) -> Option<i32> {
    let kept = fraction.get(..9).unwrap_or(fraction);
    let scale = 10_i128.pow(9 - u32::try_from(kept.len()).ok()?);
    i32::try_from(digits(kept)? * scale).ok()
}

fn small(text: &[u8]) -> Option<i16> {
    i16::try_from(digits(text)?).ok()
}

/// A number of at most 19 digits.
fn digits(text: &[u8]) -> Option<i128> {
    if text.len() > 19 {
        return None;
    }
    text.iter().try_fold(0, |number, byte| {
        byte.is_ascii_digit().then(|| number * 10 + i128::from(byte - b'0'))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Milliseconds between two texts.
    fn drift(x: &str, y: &str) -> Option<u128> {
        let drift = Moment::of_text(x.as_bytes())?.drift(Moment::of_text(y.as_bytes())?)?;
        Some(drift / 1_000_000)
    }

    #[test]
    fn times_of_one_form_lie_so_far_apart() {
        for (x, y, expected) in [
            ("2026-02-28T23:59:59Z", "2026-03-01T00:00:01.5Z", Some(2_500)),
            ("2026-02-28T23:59:60Z", "2026-03-01T00:00:00Z", Some(0)),
            ("2026-01-01T00:00:00Z", "2026-01-01T01:00:00+01:00", Some(0)),
            ("2026-01-01T00:00:00Z", "2025-12-31t20:00:00-0400", Some(0)),
            ("2026-01-01T00:00:00.1234567899Z", "2026-01-01T00:00:00.123Z", Some(0)),
            ("2026-01-01 00:00:00", "2026-01-01T00:00:01", Some(1_000)),
            ("2026-01-01T00:00:00", "2026-01-01T00:00:00Z", None),
            ("2026-01-01", "2026-01-02", Some(86_400_000)),
            ("2026-01-01", "2026-01-01T00:00:00", None),
            ("Sun, 06 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 1994 08:49:38 GMT", Some(1_000)),
            ("Sun, 06 Nov 1994 08:49:37 GMT", "1994-11-06T08:49:38Z", None),
            ("2026-02-30", "2026-02-28", None),
            ("yesterday", "2026-02-28", None),
        ] {
            assert_eq!((drift(x, y), drift(y, x)), (expected, expected), "{x} {y}");
        }
    }

    #[test]
    fn bare_numbers_are_times_of_the_unit_that_their_size_tells() {
        let drift = |x: &str, y: &str| {
            Moment::of_number(x.as_bytes())?.drift(Moment::of_number(y.as_bytes())?)
        };
        assert_eq!(drift("1700000000", "1700000003"), Some(3_000_000_000));
        assert_eq!(drift("1700000000.25", "1700000000"), Some(250_000_000));
        assert_eq!(drift("1700000000000", "1700000000007"), Some(7_000_000));
        assert_eq!(drift("1700000000000000", "1700000000000001"), Some(1_000));
        assert_eq!(drift("1700000000000000000", "1700000000000000001"), Some(1));
        for (x, y) in [("1700000000", "1700000000000"), ("17", "17"), ("1700000000000.5", "1")] {
            assert_eq!(drift(x, y), None);
        }
    }

    proptest! {
        #[test]
        fn whatever_looks_like_a_time_is_read_without_a_panic(
            text in "[0-9]{4}-[0-9]{2}-[0-9]{2}([T ][0-9]{2}:[0-9]{2}:[0-9]{2}(\\.[0-9]{0,12})?(Z|[+-][0-9]{2}:?[0-9]{2})?)?",
            number in "[0-9]{0,25}(\\.[0-9]{0,12})?",
        ) {
            if let Some(moment) = Moment::of_text(text.as_bytes()) {
                prop_assert_eq!(moment.drift(moment), Some(0));
            }
            if let Some(moment) = Moment::of_number(number.as_bytes()) {
                prop_assert_eq!(moment.drift(moment), Some(0));
            }
        }
    }
}
