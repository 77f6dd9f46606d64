//! Figures as people read them: grouped digits and shares that never round onto 0 % or 100 %.

/// Digits in groups of three: `12,480`.
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (position, digit) in digits.chars().enumerate() {
        if position > 0 && (digits.len() - position).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A part of a whole with two decimals: `4.90%`. Only none is `0%` and only all is `100%`: what
/// would round onto them reads `<0.01%` or `>99.99%`. A part of nothing is `-`.
pub fn share(part: u64, whole: u64) -> String {
    if whole == 0 {
        return "-".to_owned();
    }
    if part == 0 {
        return "0%".to_owned();
    }
    if part == whole {
        return "100%".to_owned();
    }
    let percent = part as f64 * 100.0 / whole as f64;
    match format!("{percent:.2}%").as_str() {
        "0.00%" => "<0.01%".to_owned(),
        "100.00%" if part < whole => ">99.99%".to_owned(),
        "100.00%" => ">100%".to_owned(),
        text => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_stand_in_groups_of_three() {
        for (number, text) in [(0, "0"), (999, "999"), (1_000, "1,000"), (1_234_567, "1,234,567")] {
            assert_eq!(grouped(number), text);
        }
        assert_eq!(grouped(u64::MAX), "18,446,744,073,709,551,615");
    }

    #[test]
    fn only_none_is_zero_and_only_all_is_a_hundred() {
        let check = |part, whole, text: &str| assert_eq!(share(part, whole), text);
        check(0, 5, "0%");
        check(5, 5, "100%");
        check(49, 1_000, "4.90%");
        check(1, 1_000_000, "<0.01%");
        check(999_999, 1_000_000, ">99.99%");
        check(1_000_001, 1_000_000, ">100%");
        check(3, 2, "150.00%");
        check(0, 0, "-");
        check(3, 0, "-");
    }
}
