//! What two sequences have in common at either end.
//!
//! This module never looks at what lies between.

/// How many items both begin with, and with how many of the rest both end.
pub(super) fn ends<T: PartialEq>(x: &[T], y: &[T]) -> (usize, usize) {
    let equal = |(one, other): &(&T, &T)| one == other;
    let head = x.iter().zip(y).take_while(equal).count();
    let most = x.len().min(y.len()) - head;
    let tail = x.iter().rev().zip(y.iter().rev()).take(most).take_while(equal).count();
    (head, tail)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_item_is_at_both_ends() {
        for (x, y, expected) in [
            ("", "", (0, 0)),
            ("abc", "abc", (3, 0)),
            ("abc", "abxc", (2, 1)),
            ("aa", "aaa", (2, 0)),
            ("abab", "ab", (2, 0)),
            ("x", "y", (0, 0)),
            ("xc", "c", (0, 1)),
        ] {
            assert_eq!(ends(x.as_bytes(), y.as_bytes()), expected, "{x} {y}");
            assert_eq!(ends(y.as_bytes(), x.as_bytes()), expected, "{y} {x}");
        }
    }
}
