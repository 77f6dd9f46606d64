//! Numbers as the decimals that they are.

use std::cmp::Ordering;

/// A number of a JSON text, by its value: sign, digits without zeros at either end, and the power
/// of ten before them. Nothing is rounded: `10^23 + 1` is not `10^23 + 2`.
#[derive(Clone, Copy, Debug)]
pub struct Decimal<'a> {
    text: &'a [u8],
    negative: bool,
    whole: &'a [u8],
    fraction: &'a [u8],
    /// The value is `0.DIGITS * 10^magnitude`; absent where that does not fit.
    magnitude: Option<i64>,
}

impl<'a> Decimal<'a> {
    /// Reads a number whose grammar was validated.
    pub fn new(text: &'a [u8]) -> Self {
        let negative = text.first() == Some(&b'-');
        let (mantissa, exponent) =
            split(text.get(usize::from(negative)..).unwrap_or_default(), b"eE");
        let (whole, fraction) = split(mantissa, b".");
        let fraction = trim_end(fraction);
        let whole_digits = whole.len();
        let whole = if fraction.is_empty() { trim_end(whole) } else { whole };
        let leading = whole.iter().chain(fraction).take_while(|&&digit| digit == b'0').count();
        let skipped = leading.min(whole.len());
        let point = i64::try_from(whole_digits).ok().zip(i64::try_from(leading).ok());
        let magnitude = read_exponent(exponent)
            .zip(point)
            .and_then(|(exponent, (whole, leading))| exponent.checked_add(whole - leading));
        Self {
            text,
            negative,
            whole: whole.get(skipped..).unwrap_or_default(),
            fraction: fraction.get(leading - skipped..).unwrap_or_default(),
            magnitude,
        }
    }

    /// Whether it is zero, however written.
    pub fn is_zero(&self) -> bool {
        self.whole.is_empty() && self.fraction.is_empty()
    }

    /// Whether both are the same number. Where an exponent is beyond 64 bits, only the same text
    /// is the same number.
    pub fn same(&self, other: &Self) -> bool {
        if self.is_zero() || other.is_zero() {
            return self.is_zero() && other.is_zero();
        }
        if self.magnitude.is_none() || other.magnitude.is_none() {
            return self.text == other.text;
        }
        self.negative == other.negative
            && self.magnitude == other.magnitude
            && self.whole.len() + self.fraction.len() == other.whole.len() + other.fraction.len()
            && self.digits().eq(other.digits())
    }

    /// Which of both is the smaller number; nothing where they differ and an exponent is beyond
    /// 64 bits.
    pub fn order(&self, other: &Self) -> Option<Ordering> {
        if self.same(other) {
            return Some(Ordering::Equal);
        }
        let signs = self.sign().cmp(&other.sign());
        if signs != Ordering::Equal {
            return Some(signs);
        }
        let sizes = self.magnitude?.cmp(&other.magnitude?);
        let sizes = sizes.then_with(|| self.digits().cmp(other.digits()));
        Some(if self.is_negative() { sizes.reverse() } else { sizes })
    }

    fn sign(&self) -> i8 {
        if self.is_zero() {
            0
        } else if self.negative {
            -1
        } else {
            1
        }
    }

    /// Appends what all spellings of the number share, and those of no other number have.
    pub fn canonical_into(&self, bytes: &mut Vec<u8>) {
        match self.magnitude() {
            Some(magnitude) => {
                bytes.push(u8::from(self.is_negative()));
                bytes.extend(magnitude.to_le_bytes());
                bytes.extend(self.digits());
            }
            None => bytes.extend(self.text),
        }
    }

    /// Whether it is below zero; a zero has no sign.
    pub(super) fn is_negative(&self) -> bool {
        self.negative && !self.is_zero()
    }

    /// The power of ten in front of which the first digit stands, as in `0.DIGITS * 10^magnitude`;
    /// nothing where it does not fit.
    pub(super) fn magnitude(&self) -> Option<i64> {
        if self.is_zero() { Some(0) } else { self.magnitude }
    }

    /// Its digits without zeros at either end, as text.
    pub(super) fn digits(&self) -> impl ExactSizeIterator<Item = u8> + use<'a> {
        Digits { whole: self.whole, fraction: self.fraction }
    }
}

/// The digits that are left.
struct Digits<'a> {
    whole: &'a [u8],
    fraction: &'a [u8],
}

impl Iterator for Digits<'_> {
    type Item = u8;

    fn next(&mut self) -> Option<u8> {
        if let Some((digit, rest)) = self.whole.split_first() {
            self.whole = rest;
            return Some(*digit);
        }
        let (digit, rest) = self.fraction.split_first()?;
        self.fraction = rest;
        Some(*digit)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = self.whole.len() + self.fraction.len();
        (left, Some(left))
    }
}

impl ExactSizeIterator for Digits<'_> {}

/// What stands before and after the first of these bytes.
fn split<'a>(text: &'a [u8], marks: &[u8]) -> (&'a [u8], &'a [u8]) {
    let mut parts = text.splitn(2, |byte| marks.contains(byte));
    (parts.next().unwrap_or_default(), parts.next().unwrap_or_default())
}

fn trim_end(digits: &[u8]) -> &[u8] {
    let kept = digits.iter().rposition(|&digit| digit != b'0').map_or(0, |last| last + 1);
    digits.get(..kept).unwrap_or_default()
}

/// An exponent, zero if there is none; nothing if it does not fit.
fn read_exponent(text: &[u8]) -> Option<i64> {
    let (negative, digits) = match text.split_first() {
        Some((b'-', digits)) => (true, digits),
        Some((b'+', digits)) => (false, digits),
        _ => (false, text),
    };
    let value = digits.iter().try_fold(0_i64, |value, digit| {
        value.checked_mul(10)?.checked_add(i64::from(digit.wrapping_sub(b'0')))
    })?;
    Some(if negative { -value } else { value })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn same(a: &str, b: &str) -> bool {
        let (a, b) = (Decimal::new(a.as_bytes()), Decimal::new(b.as_bytes()));
        assert_eq!(a.same(&b), b.same(&a));
        let canonical = |decimal: &Decimal<'_>| {
            let mut bytes = Vec::new();
            decimal.canonical_into(&mut bytes);
            bytes
        };
        assert_eq!(canonical(&a) == canonical(&b), a.same(&b));
        a.same(&b)
    }

    #[test]
    fn spellings_of_one_number_are_the_same() {
        for (a, b) in [
            ("1", "1.0"),
            ("-0", "0"),
            ("0e5", "-0.000"),
            ("0e99999999999999999999", "0"),
            ("100", "1e2"),
            ("100", "1.00E+2"),
            ("0.00120", "12e-4"),
            ("1200", "12.0e2"),
            ("10.10", "1010e-2"),
            ("1e99999999999999999999", "1e99999999999999999999"),
        ] {
            assert!(same(a, b), "{a} {b}");
        }
    }

    #[test]
    fn different_numbers_are_never_the_same() {
        for (a, b) in [
            ("1", "-1"),
            ("1", "10"),
            ("1", "0"),
            ("0.1", "0.01"),
            ("100000000000000000000001", "100000000000000000000002"),
            ("9007199254740993", "9007199254740992.0"),
            ("0.1", "0.10000000000000000555"),
            ("1e400", "1e401"),
            ("1e999999", "1e-999999"),
            ("1e99999999999999999999", "1e99999999999999999998"),
            ("1e9223372036854775807", "10e9223372036854775807"),
            ("101", "11"),
            ("1001", "101e1"),
        ] {
            assert!(!same(a, b), "{a} {b}");
        }
    }

    #[test]
    fn numbers_have_the_order_of_their_values() {
        let sorted = [
            "-1e400",
            "-10",
            "-1.5",
            "-0.10",
            "-1e-9",
            "-0",
            "1e-400",
            "0.1",
            "0.11",
            "0.9",
            "1",
            "1.0000000000000000000000001",
            "9",
            "10",
            "1e2",
            "101",
            "1e400",
        ];
        for (place, x) in sorted.iter().enumerate() {
            for (other, y) in sorted.iter().enumerate() {
                let order = Decimal::new(x.as_bytes()).order(&Decimal::new(y.as_bytes()));
                assert_eq!(order, Some(place.cmp(&other)), "{x} {y}");
            }
        }
        let (huge, larger) = ("1e99999999999999999999", "2e99999999999999999999");
        let order =
            |x: &str, y: &str| Decimal::new(x.as_bytes()).order(&Decimal::new(y.as_bytes()));
        assert_eq!(order(huge, huge), Some(Ordering::Equal));
        assert_eq!(order(huge, larger), None);
        assert_eq!(order("-1", huge), Some(Ordering::Less));
    }

    proptest! {
        #[test]
        fn shifting_the_point_and_the_exponent_together_changes_nothing(
            digits in "[1-9][0-9]{0,30}", zeros in 0_usize..20, exponent in -400_i64..400,
        ) {
            let (zeros_text, wide) = ("0".repeat(zeros), (digits.len() + zeros) as i64);
            let plain = format!("{digits}e{exponent}");
            let padded = format!("{digits}{zeros_text}e{}", exponent - zeros as i64);
            let small = format!("0.{zeros_text}{digits}{zeros_text}e{}", exponent + wide);
            let (larger, longer) = (exponent + 1, exponent - 1);
            prop_assert!(same(&plain, &padded));
            prop_assert!(same(&plain, &small));
            let others = [format!("{digits}e{larger}"), format!("{digits}1e{longer}")];
            prop_assert!(others.iter().all(|other| !same(&plain, other)));
            let negated = format!("-{plain}");
            prop_assert!(!same(&plain, &negated));
        }
    }
}
