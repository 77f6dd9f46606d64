//! Dates, times and durations.

/// The first second of 2001 and that of 2101, in seconds since 1970.
pub(super) const EPOCHS: std::ops::Range<i128> = 978_307_200..4_133_980_800;

/// Seconds, milli-, micro- or nanoseconds since 1970 that lie in the years 2001 to 2100. An int is
/// such a time only where a rule says so: most ints of that size are not.
pub fn is_epoch(digits: &[u8]) -> bool {
    let number = digits.iter().try_fold(0_i128, |number, byte| {
        let digit = byte.is_ascii_digit().then(|| i128::from(byte - b'0'))?;
        number.checked_mul(10)?.checked_add(digit)
    });
    let fits = |number: i128| {
        [1, 1_000, 1_000_000, 1_000_000_000].iter().any(|unit| EPOCHS.contains(&(number / unit)))
    };
    !digits.is_empty() && number.is_some_and(fits)
}

/// A full-date of RFC 3339: `2026-02-28`.
pub(super) fn is_date(text: &[u8]) -> bool {
    date(text).is_some_and(<[u8]>::is_empty)
}

/// A date-time of RFC 3339, or one of its relatives in ISO 8601: a space for the `T`, no offset,
/// an offset without its colon.
pub(super) fn is_date_time(text: &[u8]) -> bool {
    let Some((b'T' | b't' | b' ', rest)) = date(text).and_then(<[u8]>::split_first) else {
        return false;
    };
    let Some(rest) = clock(rest) else { return false };
    let rest = match rest.strip_prefix(b".") {
        Some(fraction) => after_digits(fraction),
        None => Some(rest),
    };
    match rest.and_then(|rest| Some((rest.split_first()?, rest.len()))) {
        None => rest.is_some(),
        Some(((b'Z' | b'z', _), length)) => length == 1,
        Some(((b'+' | b'-', offset), _)) => is_offset(offset),
        Some(_) => false,
    }
}

/// An IMF-fixdate of RFC 9110: `Sun, 06 Nov 1994 08:49:37 GMT`.
pub(super) fn is_http_date(text: &[u8]) -> bool {
    const DAYS: [&[u8]; 7] = [b"Mon", b"Tue", b"Wed", b"Thu", b"Fri", b"Sat", b"Sun"];
    const MONTHS: [&[u8]; 12] = [
        b"Jan", b"Feb", b"Mar", b"Apr", b"May", b"Jun", b"Jul", b"Aug", b"Sep", b"Oct", b"Nov",
        b"Dec",
    ];
    let fits = || {
        let (name, rest) = text.split_at_checked(3)?;
        let rest = number(rest.strip_prefix(b", ")?, 2, 1..=31)?.strip_prefix(b" ")?;
        let (month, rest) = rest.split_at_checked(3)?;
        let rest = number(rest.strip_prefix(b" ")?, 4, 0..=9999)?.strip_prefix(b" ")?;
        let end = clock(rest)? == b" GMT";
        Some(end && DAYS.contains(&name) && MONTHS.contains(&month))
    };
    fits() == Some(true)
}

/// A duration of ISO 8601 (`PT5M`), or numbers with units (`1h30m`, `250ms`).
pub(super) fn is_duration(text: &[u8]) -> bool {
    const UNITS: [&[u8]; 8] = [b"ns", b"us", b"ms", b"min", b"s", b"m", b"h", b"d"];
    match text.strip_prefix(b"P") {
        Some(rest) => {
            let mut halves = rest.splitn(2, |&byte| byte == b'T');
            let (date, time) = (halves.next().unwrap_or_default(), halves.next());
            let some = !date.is_empty() || time.is_some();
            let time =
                time.is_none_or(|time| !time.is_empty() && amounts(time, &[b"H", b"M", b"S"]));
            some && time && amounts(date, &[b"Y", b"M", b"W", b"D"])
        }
        None => !text.is_empty() && amounts(text, &UNITS),
    }
}

/// Whether the text is a run of numbers, each with a unit.
fn amounts(mut text: &[u8], units: &[&[u8]]) -> bool {
    while !text.is_empty() {
        let Some(mut rest) = after_digits(text) else { return false };
        if let Some(fraction) = rest.strip_prefix(b".") {
            let Some(after) = after_digits(fraction) else { return false };
            rest = after;
        }
        let Some(after) = units.iter().find_map(|unit| rest.strip_prefix(*unit)) else {
            return false;
        };
        text = after;
    }
    true
}

fn date(text: &[u8]) -> Option<&[u8]> {
    let text = number(text, 4, 0..=9999)?.strip_prefix(b"-")?;
    let text = number(text, 2, 1..=12)?.strip_prefix(b"-")?;
    number(text, 2, 1..=31)
}

/// Hours, minutes and seconds, a leap second included.
fn clock(text: &[u8]) -> Option<&[u8]> {
    let text = number(text, 2, 0..=23)?.strip_prefix(b":")?;
    let text = number(text, 2, 0..=59)?.strip_prefix(b":")?;
    number(text, 2, 0..=60)
}

fn is_offset(text: &[u8]) -> bool {
    let rest = number(text, 2, 0..=23).map(|rest| rest.strip_prefix(b":").unwrap_or(rest));
    rest.and_then(|rest| number(rest, 2, 0..=59)).is_some_and(<[u8]>::is_empty)
}

/// What follows a number of so many digits within the range.
fn number(text: &[u8], digits: usize, range: std::ops::RangeInclusive<u32>) -> Option<&[u8]> {
    let (number, rest) = text.split_at_checked(digits)?;
    let value = number.iter().try_fold(0, |value, byte| {
        byte.is_ascii_digit().then(|| value * 10 + u32::from(byte - b'0'))
    })?;
    range.contains(&value).then_some(rest)
}

/// What follows one digit or more.
fn after_digits(text: &[u8]) -> Option<&[u8]> {
    let digits = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    text.get(digits..).filter(|_| digits > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_epoch_lies_between_2001_and_2100_in_any_of_four_units() {
        for text in
            ["978307200", "1700000000", "1700000000000", "1700000000000000", "1700000000000000000"]
        {
            assert!(is_epoch(text.as_bytes()), "{text}");
        }
        for text in
            ["", "978307199", "4133980800", "17", "17000000000", "-1700000000", "1700000000.5"]
        {
            assert!(!is_epoch(text.as_bytes()), "{text}");
        }
    }
}
