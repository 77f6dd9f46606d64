//! Text, line by line.

use super::comparison::{Comparison, Sides};
use crate::model::{Class, Kind, Path, Place};
use similar::{Algorithm, DiffOp, DiffTag, capture_diff_slices};
use std::collections::HashMap;
use std::ops::Range;

/// Lines of both sides between the first and the last that differ. With more of them, what lies
/// between counts as one hunk: the work of aligning grows with the square at worst, and a time
/// limit would make the result depend on the machine.
const MAX_LINES: usize = 4_000;

/// Reports one `value` at the root: the first hunk on each side, and how many hunks there are.
pub(super) fn diff<'a>(x: &'a [u8], y: &'a [u8], class: Class, found: &mut Comparison<'a>) {
    let (x, y) = trim(x, y);
    let Some(hunks) = hunks(x, y) else { return };
    let sides = Sides::Known([Some(hunks.x), Some(hunks.y)], [class; 2]);
    let mut divergence = sides.divergence(Kind::Value, Place::Body(Path::default()));
    divergence.count = hunks.count;
    found.push(divergence);
}

/// Leaves out the lines that both sides begin and end with.
fn trim<'a>(x: &'a [u8], y: &'a [u8]) -> (&'a [u8], &'a [u8]) {
    let newline = |byte: &u8| *byte == b'\n';
    let same = x.iter().zip(y).take_while(|(x, y)| x == y).count();
    let head = x.get(..same).and_then(|text| text.iter().rposition(newline)).map_or(0, |at| at + 1);
    let (x, y) = (x.get(head..).unwrap_or_default(), y.get(head..).unwrap_or_default());
    let same = x.iter().rev().zip(y.iter().rev()).take_while(|(x, y)| x == y).count();
    let ending = x.get(x.len() - same..).unwrap_or_default();
    let tail = ending.iter().position(newline).map_or(0, |at| same - at - 1);
    let keep = |side: &'a [u8]| side.get(..side.len() - tail).unwrap_or_default();
    (keep(x), keep(y))
}

/// The first hunk on each side, empty where only the other side has lines there.
struct Hunks<'a> {
    x: &'a [u8],
    y: &'a [u8],
    count: u64,
}

fn hunks<'a>(x: &'a [u8], y: &'a [u8]) -> Option<Hunks<'a>> {
    let (lines_x, lines_y) = (split(x), split(y));
    if lines_x.len() + lines_y.len() > MAX_LINES {
        return Some(Hunks { x, y, count: 1 });
    }
    let mut numbers = HashMap::new();
    let (numbers_x, numbers_y) = (number(&mut numbers, &lines_x), number(&mut numbers, &lines_y));
    let ops = capture_diff_slices(Algorithm::Histogram, &numbers_x, &numbers_y);
    let mut hunks = ops.split(|op| op.tag() == DiffTag::Equal).filter(|hunk| !hunk.is_empty());
    let first = hunks.next()?;
    let range = |side: fn(&DiffOp) -> Range<usize>| {
        Some(first.first().map(side)?.start..first.last().map(side)?.end)
    };
    Some(Hunks {
        x: text(x, &lines_x, range(DiffOp::old_range)?)?,
        y: text(y, &lines_y, range(DiffOp::new_range)?)?,
        count: 1 + hunks.count() as u64,
    })
}

/// The lines, but no more than tell that there are too many.
fn split(text: &[u8]) -> Vec<&[u8]> {
    text.split_inclusive(|&byte| byte == b'\n').take(MAX_LINES + 1).collect()
}

/// The lines as numbers, equal where the lines are: however long they are, each is read once.
fn number<'a>(numbers: &mut HashMap<&'a [u8], usize>, lines: &[&'a [u8]]) -> Vec<usize> {
    let mut number = |line: &'a [u8]| {
        let next = numbers.len();
        *numbers.entry(line).or_insert(next)
    };
    lines.iter().map(|line| number(line)).collect()
}

/// The lines of the range in one piece.
fn text<'a>(whole: &'a [u8], lines: &[&[u8]], range: Range<usize>) -> Option<&'a [u8]> {
    let length = |lines: &[&[u8]]| lines.iter().map(|line| line.len()).sum::<usize>();
    let start = length(lines.get(..range.start)?);
    whole.get(start..start + length(lines.get(range)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(x: &str, y: &str, expected: Option<(&str, &str, u64)>) {
        let mut found = Comparison::default();
        diff(x.as_bytes(), y.as_bytes(), Class::Text, &mut found);
        let found = found.divergences.first().map(|each| {
            let text =
                |side: Option<&'_ [u8]>| String::from_utf8_lossy(side.unwrap_or(b"?")).into_owned();
            (text(each.primary), text(each.candidate), each.count)
        });
        let expected = expected.map(|(x, y, count)| (x.to_owned(), y.to_owned(), count));
        assert_eq!(found, expected);
    }

    #[test]
    fn the_first_hunk_is_shown_and_all_are_counted() {
        check("a\nb\nc\nd\ne\n", "a\nB\nc\nd\nE\n", Some(("b\n", "B\n", 2)));
        check("a\nb\nc\n", "a\nc\n", Some(("b\n", "", 1)));
        check("a\nc\n", "a\nb1\nb2\nc\n", Some(("", "b1\nb2\n", 1)));
        check("a", "b", Some(("a", "b", 1)));
        check("a\n", "a", Some(("a\n", "a", 1)));
        check("a\r\nb", "a\nb", Some(("a\r\n", "a\n", 1)));
        check("a\n", "a\n", None);
    }

    #[test]
    fn over_the_bound_all_between_the_ends_is_one_hunk() {
        let long =
            |mark: &str| -> String { (0..3_000).map(|line| format!("{line}{mark}\n")).collect() };
        let mut found = Comparison::default();
        let (x, y) = (format!("head\n{}tail", long("x")), format!("head\n{}tail", long("y")));
        diff(x.as_bytes(), y.as_bytes(), Class::Text, &mut found);
        assert_eq!(
            found.divergences.first().and_then(|each| each.primary),
            Some(long("x").as_bytes())
        );
        assert_eq!(found.total, 1);
    }
}
