//! How far two numbers may lie apart and still count as one.
//!
//! Main types: [`Nearness`] and [`Bound`]. Differences are taken digit by digit from the left, and
//! the work ends where the rest can change nothing any more: `1e999999` costs what its nine
//! characters cost.
//!
//! This module never rounds where it is not told to, and never writes a power of ten out.

use super::Decimal;
use std::cmp::Ordering;
use std::fmt;
use std::iter::Peekable;
use std::str::FromStr;

/// When two numbers count as one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Nearness {
    /// As decimals: nothing is rounded.
    Decimal,
    /// As the double that IEEE 754 rounds each of them to.
    Ieee754,
    /// As they are written.
    Lexical,
    /// Where they lie no further apart than this.
    Abs(Bound),
    /// Where they lie no further apart than this part of the larger one.
    Rel(Bound),
    /// Where at most so many steps from double to double lie between them.
    Ulp(u64),
    /// Where they are one number once rounded to so many digits behind the point, halves away
    /// from zero.
    Round(u32),
}

/// A small number that is not negative: `coefficient * 10^exponent`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bound {
    coefficient: i64,
    exponent: i64,
}

/// The text is no bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a bound is a number above zero with at most 15 digits, such as 0.01, 1e-6 or 0.1%")]
pub struct BoundError;

impl Nearness {
    /// Whether two numbers count as one; their grammar was validated. Numbers whose exponent is
    /// beyond 64 bits are near only to what is the same number.
    pub fn holds(self, x: &[u8], y: &[u8]) -> bool {
        let (one, other) = (Decimal::new(x), Decimal::new(y));
        match self {
            Self::Lexical => x == y,
            _ if one.same(&other) => true,
            Self::Decimal => false,
            Self::Ieee754 => doubles(x, y).is_some_and(|(x, y)| x == y),
            Self::Ulp(steps) => doubles(x, y).is_some_and(|(x, y)| apart(x, y) <= steps.into()),
            Self::Abs(bound) => within(one, other, bound.of(Decimal::new(b"1"))),
            Self::Rel(bound) => {
                within(one, other, bound.of(one)) || within(one, other, bound.of(other))
            }
            Self::Round(places) => rounded(one, other, i64::from(places)),
        }
    }
}

/// Both as doubles, where both are within the range of those.
fn doubles(x: &[u8], y: &[u8]) -> Option<(f64, f64)> {
    let read = |text| str::from_utf8(text).ok()?.parse::<f64>().ok();
    read(x).zip(read(y)).filter(|(x, y)| x.is_finite() && y.is_finite())
}

/// How many steps lie between two doubles.
fn apart(x: f64, y: f64) -> u128 {
    let place = |double: f64| {
        let magnitude = i128::from(double.abs().to_bits());
        if double.is_sign_negative() { -magnitude } else { magnitude }
    };
    place(x).abs_diff(place(y))
}

/// Whether `|x - y| <= bound`.
fn within(x: Decimal<'_>, y: Decimal<'_>, bound: Term<'_>) -> bool {
    let below = |x, y| sign([Term::of(x, 1), Term::of(y, -1), bound.negated()]);
    [below(x, y), below(y, x)].iter().all(|sign| sign.is_some_and(Ordering::is_le))
}

/// Whether both are the same once rounded.
fn rounded(x: Decimal<'_>, y: Decimal<'_>, places: i64) -> bool {
    let Some((kept_x, up_x)) = Term::of(x, 1).rounded(places) else { return false };
    let Some((kept_y, up_y)) = Term::of(y, -1).rounded(places) else { return false };
    let unit = Bound { coefficient: 1, exponent: -places }.of(Decimal::new(b"1"));
    let carried = Term { coefficient: up_x + up_y, ..unit };
    sign([kept_x, kept_y, carried]) == Some(Ordering::Equal)
}

/// A number times `coefficient * 10^shift`, of which only the first digits may count.
#[derive(Clone, Copy)]
struct Term<'a> {
    number: Decimal<'a>,
    coefficient: i64,
    shift: i64,
    digits: usize,
}

impl<'a> Term<'a> {
    fn of(number: Decimal<'a>, factor: i64) -> Self {
        let coefficient = if number.is_negative() { -factor } else { factor };
        Self { number, coefficient, shift: 0, digits: usize::MAX }
    }

    fn negated(self) -> Self {
        Self { coefficient: -self.coefficient, ..self }
    }

    /// Only the digits down to so many places, and the unit to be added there for the others.
    fn rounded(self, places: i64) -> Option<(Self, i64)> {
        let kept = self.number.magnitude()?.checked_add(places)?;
        let Ok(digits) = usize::try_from(kept) else {
            return Some((Self { digits: 0, ..self }, 0));
        };
        let next = self.number.digits().nth(digits).unwrap_or(b'0');
        let up = if next >= b'5' { self.coefficient } else { 0 };
        Some((Self { digits, ..self }, up))
    }
}

impl Bound {
    /// This part of a number's absolute value.
    fn of(self, number: Decimal<'_>) -> Term<'_> {
        let Self { coefficient, exponent: shift } = self;
        Term { number, coefficient, shift, digits: usize::MAX }
    }
}

/// The digits of a term that are left.
struct Cursor<I: Iterator<Item = u8>> {
    coefficient: i64,
    digits: Peekable<I>,
    /// The power of ten of the next digit.
    place: i64,
}

/// Whether a sum is below, at or above zero; nothing where a power of ten does not fit.
///
/// Of the digits down to a place, `sum` is their sum in units of it. What follows adds up to less
/// than one for each unit of the coefficients, so that beyond their sum nothing can change.
fn sign(terms: [Term<'_>; 3]) -> Option<Ordering> {
    let limit: i128 = terms.iter().map(|term| i128::from(term.coefficient.unsigned_abs())).sum();
    let mut cursors = Vec::with_capacity(terms.len());
    for term in terms {
        let place = term.number.magnitude()?.checked_add(term.shift)?.checked_sub(1)?;
        let digits = term.number.digits().take(term.digits).peekable();
        cursors.push(Cursor { coefficient: term.coefficient, digits, place });
    }
    let mut sum = 0_i128;
    let mut last = None;
    while let Some(place) = next_place(&mut cursors) {
        let mut gap = last.map_or(0, |last: i64| last.abs_diff(place));
        while gap > 0 && sum != 0 {
            if sum.abs() >= limit {
                return Some(sum.cmp(&0));
            }
            (sum, gap) = (sum * 10, gap - 1);
        }
        sum += cursors.iter_mut().map(|cursor| cursor.take(place)).sum::<i128>();
        last = Some(place);
    }
    Some(sum.cmp(&0))
}

/// The highest power of ten at which a digit is left.
fn next_place<I: Iterator<Item = u8>>(cursors: &mut [Cursor<I>]) -> Option<i64> {
    let places = cursors.iter_mut().filter_map(|cursor| {
        let place = cursor.place;
        cursor.digits.peek().map(|_| place)
    });
    places.max()
}

impl<I: Iterator<Item = u8>> Cursor<I> {
    /// What the term has at this place.
    fn take(&mut self, place: i64) -> i128 {
        if self.place != place {
            return 0;
        }
        let Some(digit) = self.digits.next() else { return 0 };
        self.place = self.place.saturating_sub(1);
        i128::from(self.coefficient) * i128::from(digit.wrapping_sub(b'0'))
    }
}

impl FromStr for Bound {
    type Err = BoundError;

    fn from_str(text: &str) -> Result<Self, BoundError> {
        let (number, percent) = match text.strip_suffix('%') {
            Some(number) => (number.trim_end(), 2),
            None => (text, 0),
        };
        let (mantissa, exponent) = match number.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, exponent.parse::<i16>().ok()),
            None => (number, Some(0)),
        };
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, "0"));
        let plain =
            |digits: &str| !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
        let exponent = exponent.filter(|exponent| (-999..=999).contains(exponent));
        let digits = format!("{whole}{fraction}");
        let kept = digits.trim_end_matches('0');
        let short = kept.trim_start_matches('0').len() <= 15;
        let (Some(exponent), true, true, true) =
            (exponent, plain(whole), plain(fraction), short && digits.len() < 1_000)
        else {
            return Err(BoundError);
        };
        let dropped = i64::try_from(digits.len() - kept.len()).map_err(|_| BoundError)?;
        let behind = i64::try_from(fraction.len()).map_err(|_| BoundError)?;
        let coefficient = kept.parse().ok().filter(|number| *number > 0).ok_or(BoundError)?;
        Ok(Self { coefficient, exponent: i64::from(exponent) + dropped - behind - percent })
    }
}

impl fmt::Display for Bound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = self.coefficient.to_string();
        let behind = usize::try_from(-self.exponent).unwrap_or(0);
        match self.exponent {
            0..=9 => {
                let zeros = usize::try_from(self.exponent).unwrap_or(0);
                write!(f, "{digits}{}", "0".repeat(zeros))
            }
            -9..0 if behind < digits.len() => {
                let (whole, fraction) = digits.split_at(digits.len() - behind);
                write!(f, "{whole}.{fraction}")
            }
            -9..0 => write!(f, "0.{digits:0>behind$}"),
            exponent => write!(f, "{digits}e{exponent}"),
        }
    }
}

impl fmt::Display for Nearness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Decimal => f.write_str("as decimals"),
            Self::Ieee754 => f.write_str("as doubles"),
            Self::Lexical => f.write_str("as written"),
            Self::Abs(bound) => write!(f, "within {bound}"),
            Self::Rel(bound) => write!(f, "within {bound} of the larger"),
            Self::Ulp(steps) => write!(f, "within {steps} ulp"),
            Self::Round(places) => write!(f, "rounded to {places} digits"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn bound(text: &str) -> Bound {
        text.parse().expect(text)
    }

    fn abs(text: &str) -> Nearness {
        Nearness::Abs(bound(text))
    }

    fn rel(text: &str) -> Nearness {
        Nearness::Rel(bound(text))
    }

    fn check(nearness: Nearness, x: &str, y: &str, expected: bool) {
        for (x, y) in [(x, y), (y, x)] {
            assert_eq!(nearness.holds(x.as_bytes(), y.as_bytes()), expected, "{nearness}: {x} {y}");
        }
    }

    #[test]
    fn a_bound_is_a_small_number_above_zero() {
        for (text, shown) in [
            ("0.01", "0.01"),
            ("1e-6", "0.000001"),
            ("0.1%", "0.001"),
            ("5 %", "0.05"),
            ("12.50", "12.5"),
            ("1000", "1000"),
            ("1E+3", "1000"),
            ("2.5e-20", "25e-21"),
        ] {
            assert_eq!(bound(text).to_string(), shown);
            assert_eq!(bound(shown), bound(text));
        }
        for bad in ["", "0", "-1", "0.0", ".5", "1.", "1e", "1e9999", "1234567890123456", "x", "%"]
        {
            assert_eq!(bad.parse::<Bound>(), Err(BoundError), "{bad}");
        }
    }

    #[test]
    fn an_absolute_bound_is_exact() {
        check(abs("0.01"), "0.1", "0.11", true);
        check(abs("0.01"), "0.1", "0.110000000000000000000000000001", false);
        check(abs("0.01"), "9.99", "10", true);
        check(abs("0.01"), "-0.005", "0.005", true);
        check(abs("0.01"), "-0.005", "0.0051", false);
        check(abs("1"), "100000000000000000000001", "100000000000000000000002", true);
        check(abs("1"), "100000000000000000000001", "100000000000000000000003", false);
        check(abs("0.01"), "0", "1e-999999", true);
        check(abs("0.01"), "1e999999", "1e999999", true);
        check(abs("0.01"), "1e999999", "1", false);
        check(abs("0.01"), "1e999999", "-1e999999", false);
        check(abs("1"), "1e99999999999999999999", "1e99999999999999999998", false);
        check(abs("1"), "9223372036854775807e9223372036854775807", "1", false);
    }

    #[test]
    fn a_relative_bound_is_of_the_larger_one() {
        check(rel("1%"), "100", "99", true);
        check(rel("1%"), "100", "98.9", false);
        check(rel("1%"), "-100", "-99", true);
        check(rel("1%"), "100", "-100", false);
        check(rel("1%"), "1e999999", "0.99e999999", true);
        check(rel("1%"), "0", "1e-300", false);
        check(rel("1e-15"), "1", "1.000000000000001", true);
        check(rel("1e-15"), "1", "1.0000000000000011", false);
    }

    #[test]
    fn doubles_are_the_nearest_to_what_is_written() {
        check(Nearness::Ieee754, "0.1", "0.10000000000000000555", true);
        check(Nearness::Ieee754, "9007199254740993", "9007199254740992.0", true);
        check(Nearness::Ieee754, "0", "-0.0", true);
        check(Nearness::Ieee754, "0.1", "0.2", false);
        check(Nearness::Ieee754, "1e400", "1e401", false);
        check(Nearness::Ieee754, "1e400", "10e399", true);
        check(Nearness::Ulp(1), "0.3", "0.30000000000000004", true);
        check(Nearness::Ulp(1), "0.3", "0.3000000000000001", false);
        check(Nearness::Ulp(2), "5e-324", "-5e-324", true);
        check(Nearness::Ulp(1), "5e-324", "-5e-324", false);
        check(Nearness::Ulp(u64::MAX), "1e400", "1", false);
        check(Nearness::Lexical, "1", "1.0", false);
        check(Nearness::Decimal, "1", "1.0", true);
        check(Nearness::Decimal, "0.1", "0.10000000000000000555", false);
    }

    #[test]
    fn rounding_takes_halves_away_from_zero() {
        check(Nearness::Round(2), "1.004", "1", true);
        check(Nearness::Round(2), "1.005", "1.01", true);
        check(Nearness::Round(2), "1.0049999", "1.01", false);
        check(Nearness::Round(0), "9.5", "10.4", true);
        check(Nearness::Round(0), "-0.4", "0.4", true);
        check(Nearness::Round(0), "-0.5", "0.5", false);
        check(Nearness::Round(0), "0.99", "0.5", true);
        check(Nearness::Round(2), "0.005", "0.01", true);
        check(Nearness::Round(2), "0.004", "0", true);
        check(Nearness::Round(3), "1e999999", "1e999998", false);
        check(Nearness::Round(3), "1e-999999", "0", true);
    }

    /// A number with up to three digits behind the point, in thousandths.
    fn written(thousandths: i64) -> String {
        let sign = if thousandths < 0 { "-" } else { "" };
        let digits = thousandths.unsigned_abs();
        format!("{sign}{}.{:03}", digits / 1000, digits % 1000)
    }

    proptest! {
        #[test]
        fn small_numbers_are_near_as_arithmetic_says(
            x in -50_000_i64..50_000, y in -50_000_i64..50_000, by in 1_i64..5_000, close: bool,
        ) {
            let y = if close { x + y % 100 } else { y };
            let (text_x, text_y) = (written(x), written(y));
            let holds = |near: Nearness| near.holds(text_x.as_bytes(), text_y.as_bytes());
            let bound = bound(&written(by));
            prop_assert_eq!(holds(Nearness::Abs(bound)), (x - y).abs() <= by);
            let largest = x.abs().max(y.abs());
            prop_assert_eq!(holds(Nearness::Rel(bound)), (x - y).abs() * 1000 <= by * largest);
            let rounded = |number: i64| (number.abs() + 5) / 10 * number.signum();
            prop_assert_eq!(holds(Nearness::Round(2)), rounded(x) == rounded(y));
        }

        #[test]
        fn whatever_is_written_the_verdict_is_the_same_both_ways_round(
            x in "-?(0|[1-9][0-9]{0,30})(\\.[0-9]{1,30})?([eE][+-]?[0-9]{1,22})?",
            y in "-?(0|[1-9][0-9]{0,30})(\\.[0-9]{1,30})?([eE][+-]?[0-9]{1,22})?",
        ) {
            let all = [
                Nearness::Decimal, Nearness::Ieee754, Nearness::Lexical, Nearness::Ulp(4),
                Nearness::Round(3), abs("0.5"), rel("10%"),
            ];
            for near in all {
                prop_assert_eq!(
                    near.holds(x.as_bytes(), y.as_bytes()), near.holds(y.as_bytes(), x.as_bytes())
                );
                prop_assert!(near.holds(x.as_bytes(), x.as_bytes()), "{}", near);
            }
        }
    }
}
