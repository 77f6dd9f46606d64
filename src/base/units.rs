//! Units of the config: percentages, sizes, durations and rates.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

/// Why a text is not a value of its unit.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UnitError {
    #[error("`{0}` is not a percentage; write one like 2.5% (from 0% to 100%)")]
    Percent(String),
    #[error("`{0}` is not a size; write one like 64KiB, 1MiB or 2GiB")]
    Size(String),
    #[error("`{0}` is not a duration; write one like 250ms, 5s, 10m or 1h")]
    Duration(String),
    #[error("`{0}` is not a rate; write one like 500/s or 30/m")]
    Rate(String),
}

/// A share, held in millionths so that 100 % is exact.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Percent(u32);

impl Percent {
    pub const ZERO: Self = Self(0);
    pub const ALL: Self = Self(1_000_000);

    /// So many of a hundred; more than all is all.
    pub const fn of_hundred(hundredths: u8) -> Self {
        let hundredths = if hundredths > 100 { 100 } else { hundredths };
        Self(hundredths as u32 * 10_000)
    }

    /// Millionths: 1,000,000 is 100 %.
    pub fn millionths(self) -> u32 {
        self.0
    }

    /// As a number between 0 and 1.
    pub fn ratio(self) -> f64 {
        f64::from(self.0) / 1e6
    }
}

impl FromStr for Percent {
    type Err = UnitError;

    fn from_str(text: &str) -> Result<Self, UnitError> {
        let bad = || UnitError::Percent(text.to_owned());
        let number = decimal(text.strip_suffix('%').ok_or_else(bad)?.trim_end()).ok_or_else(bad)?;
        let millionths = (number * 10_000.0).round();
        if !(0.0..=1e6).contains(&millionths) {
            return Err(bad());
        }
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "just checked")]
        Ok(Self(millionths as u32))
    }
}

impl fmt::Display for Percent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}%", f64::from(self.0) / 1e4)
    }
}

/// A number of bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ByteSize(pub u64);

impl ByteSize {
    /// For sizes of things in memory.
    pub fn as_usize(self) -> usize {
        usize::try_from(self.0).unwrap_or(usize::MAX)
    }
}

const SIZES: [(&str, u64); 8] = [
    ("KiB", 1 << 10),
    ("MiB", 1 << 20),
    ("GiB", 1 << 30),
    ("TiB", 1 << 40),
    ("KB", 1_000),
    ("MB", 1_000_000),
    ("GB", 1_000_000_000),
    ("B", 1),
];

impl FromStr for ByteSize {
    type Err = UnitError;

    fn from_str(text: &str) -> Result<Self, UnitError> {
        let bad = || UnitError::Size(text.to_owned());
        let (number, unit) = SIZES
            .iter()
            .find_map(|(name, unit)| Some((text.strip_suffix(name)?.trim_end(), *unit)))
            .ok_or_else(bad)?;
        let whole = number.parse::<u64>().ok().and_then(|number| number.checked_mul(unit));
        match whole.filter(|bytes| *bytes <= LARGEST) {
            Some(bytes) => Ok(Self(bytes)),
            None => fraction(number, unit).ok_or_else(bad),
        }
    }
}

/// A larger size is none: however it is written, it reads back as it prints.
const LARGEST: u64 = 1_000_000_000_000_000_000;

/// A size like `1.5GiB`.
fn fraction(number: &str, unit: u64) -> Option<ByteSize> {
    let bytes = decimal(number)? * unit as f64;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "just checked")]
    (0.0..=LARGEST as f64).contains(&bytes).then_some(ByteSize(bytes as u64))
}

impl fmt::Display for ByteSize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let unit = SIZES[..4].iter().rev().find(|(_, unit)| self.0 >= *unit);
        match unit {
            Some((name, unit)) if self.0.is_multiple_of(*unit) => {
                write!(f, "{}{name}", self.0 / unit)
            }
            Some((name, unit)) => write!(f, "{:.1}{name}", self.0 as f64 / *unit as f64),
            None => write!(f, "{}B", self.0),
        }
    }
}

/// So many in a period: `500/s`, `30/m`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rate {
    pub per_second: f64,
}

impl FromStr for Rate {
    type Err = UnitError;

    fn from_str(text: &str) -> Result<Self, UnitError> {
        let bad = || UnitError::Rate(text.to_owned());
        let (number, period) = text.split_once('/').ok_or_else(bad)?;
        let seconds = match period.trim() {
            "s" => 1.0,
            "m" => 60.0,
            "h" => 3600.0,
            _ => return Err(bad()),
        };
        let per_second = decimal(number.trim()).ok_or_else(bad)? / seconds;
        // Digits enough make an infinite rate, and points enough one of nothing.
        let fits = per_second.is_normal() && per_second > 0.0;
        fits.then_some(Self { per_second }).ok_or_else(bad)
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/s", self.per_second)
    }
}

const DURATIONS: [(&str, f64); 6] =
    [("us", 1e-6), ("ms", 1e-3), ("s", 1.0), ("m", 60.0), ("h", 3600.0), ("d", 86_400.0)];

/// Reads a duration like `250ms`, `5s`, `1h30m` or `7d`.
pub fn parse_duration(text: &str) -> Result<Duration, UnitError> {
    let bad = || UnitError::Duration(text.to_owned());
    let (mut rest, mut total) = (text, 0.0);
    while !rest.is_empty() {
        let digits = rest.find(|char: char| !char.is_ascii_digit() && char != '.');
        let (number, tail) = rest.split_at_checked(digits.ok_or_else(bad)?).ok_or_else(bad)?;
        let letters = tail.find(|char: char| !char.is_ascii_alphabetic()).unwrap_or(tail.len());
        let (unit, tail) = tail.split_at_checked(letters).ok_or_else(bad)?;
        let unit = DURATIONS.iter().find(|(name, _)| *name == unit).ok_or_else(bad)?.1;
        total += decimal(number).ok_or_else(bad)? * unit;
        rest = tail;
    }
    let fits = !text.is_empty() && total <= 1e10;
    fits.then(|| Duration::from_secs_f64(total)).ok_or_else(bad)
}

/// Writes a duration in the largest unit that divides it: `250ms`, `90s`, `1h`.
pub fn show_duration(duration: Duration) -> String {
    let micros = duration.as_micros();
    let units = [("d", 86_400_000_000), ("h", 3_600_000_000), ("m", 60_000_000)];
    let units = units.into_iter().chain([("s", 1_000_000), ("ms", 1_000), ("us", 1)]);
    for (name, unit) in units {
        if micros >= unit && micros.is_multiple_of(unit) {
            return format!("{}{name}", micros / unit);
        }
    }
    "0s".to_owned()
}

/// A plain decimal number: digits with at most one point; no sign, no exponent, no words.
fn decimal(text: &str) -> Option<f64> {
    let plain = text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    (plain && !text.is_empty()).then(|| text.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentages_are_exact() {
        assert_eq!("100%".parse(), Ok(Percent::ALL));
        assert_eq!("0%".parse(), Ok(Percent::ZERO));
        assert_eq!("2.5%".parse::<Percent>().map(Percent::millionths), Ok(25_000));
        for bad in ["100", "101%", "-1%", "%", "1e2%", "nan%", "1.2.3%"] {
            assert_eq!(bad.parse::<Percent>(), Err(UnitError::Percent(bad.into())));
        }
        assert_eq!("0.1%".parse::<Percent>().map(|percent| percent.to_string()), Ok("0.1%".into()));
    }

    #[test]
    fn sizes_know_both_systems() {
        for (text, bytes) in [("64KiB", 65_536), ("1 MiB", 1 << 20), ("2GB", 2_000_000_000)] {
            assert_eq!(text.parse(), Ok(ByteSize(bytes)));
        }
        assert_eq!("1.5GiB".parse(), Ok(ByteSize(3 << 29)));
        assert_eq!("512B".parse(), Ok(ByteSize(512)));
        for bad in ["64", "KiB", "-1B", "99999999999GiB", "1 k", "18446744073709551615B"] {
            assert_eq!(bad.parse::<ByteSize>(), Err(UnitError::Size(bad.into())));
        }
        assert_eq!(ByteSize(1 << 20).to_string(), "1MiB");
        assert_eq!(ByteSize(1_500_000).to_string(), "1.4MiB");
    }

    #[test]
    fn durations_read_back_as_they_print() {
        for text in ["250ms", "5s", "90m", "1h", "7d", "100us"] {
            let duration = parse_duration(text).expect(text);
            assert_eq!(parse_duration(&show_duration(duration)), Ok(duration));
        }
        assert_eq!(parse_duration("1h30m"), Ok(Duration::from_secs(5400)));
        for bad in ["", "5", "s", "-1s", "5 s", "1e3s", "99999999999d"] {
            assert_eq!(parse_duration(bad), Err(UnitError::Duration(bad.into())));
        }
    }

    #[test]
    fn rates_are_per_second() {
        assert_eq!("30/m".parse(), Ok(Rate { per_second: 0.5 }));
        let (huge, tiny) = (format!("{}/s", "9".repeat(400)), format!("0.{}5/h", "0".repeat(322)));
        for bad in ["500", "0/s", "-1/s", "5/x", &huge, &tiny] {
            assert_eq!(bad.parse::<Rate>(), Err(UnitError::Rate(bad.into())));
        }
    }
}
