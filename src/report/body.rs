//! Two bodies, and how they differ around one place: JSON broken into lines as it stands, not
//! parsed into values, so that numbers, duplicate keys and cut-off ends show as they were sent.

use crate::report::clean::{clean, cut};
use similar::{Algorithm, ChangeTag, DiffOp, capture_diff_slices, group_diff_ops};

/// Deeper lines are indented no further: a body of brackets alone stays small.
const INDENT: usize = 16;

/// Lines of context around a change.
const CONTEXT: usize = 3;

/// A body in lines, and the line on which the place stands.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Lines {
    pub lines: Vec<String>,
    place: Option<usize>,
}

impl Lines {
    /// JSON is indented; other text keeps its lines. The pointer is an RFC 6901 one.
    pub(super) fn of(body: &str, pointer: &str) -> Self {
        if !body.trim_start().starts_with(['{', '[']) {
            return Self { lines: body.lines().map(str::to_owned).collect(), place: None };
        }
        let target = pointer.split('/').skip(1);
        let target = target.map(|token| token.replace("~1", "/").replace("~0", "~"));
        let mut printer = Printer { target: target.collect(), ..Printer::default() };
        tokens(body).for_each(|token| printer.push(token));
        printer.finish()
    }
}

/// One line of a diff.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct DiffLine {
    pub tag: ChangeTag,
    pub text: String,
}

/// The part of a diff that is shown.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Excerpt {
    pub lines: Vec<DiffLine>,
    /// The place is among the hunk's lines; otherwise it is the first change that is shown.
    pub is_at_place: bool,
    /// Changed lines, on both sides, that are not among them.
    pub more: usize,
}

/// At most so many lines of the difference around the place, or around the first change where the
/// place is not known or not among the changes; each line cut to the columns.
pub(super) fn excerpt(primary: &Lines, candidate: &Lines, size: (usize, usize)) -> Excerpt {
    let (limit, columns) = size;
    let ops = capture_diff_slices(Algorithm::Histogram, &primary.lines, &candidate.lines);
    let hunks = group_diff_ops(ops, CONTEXT);
    let holds_place = |hunk: &&Vec<DiffOp>| {
        hunk.iter().any(|op| {
            let is_in = |place: Option<usize>, range: std::ops::Range<usize>| {
                place.is_some_and(|place| range.contains(&place))
            };
            is_in(primary.place, op.old_range()) || is_in(candidate.place, op.new_range())
        })
    };
    let at_place = hunks.iter().find(holds_place);
    let Some(hunk) = at_place.or_else(|| hunks.first()) else { return Excerpt::default() };
    let (lines, middle) = flatten(hunk, primary, candidate);
    let start = middle.saturating_sub(limit / 2).min(lines.len().saturating_sub(limit));
    let lines: Vec<_> = lines
        .into_iter()
        .skip(start)
        .take(limit)
        .map(|(tag, text)| DiffLine { tag, text: cut(&clean(text), columns) })
        .collect();
    let shown = lines.iter().filter(|line| line.tag != ChangeTag::Equal).count();
    let changed: usize = hunks.iter().flatten().map(changed_lines).sum();
    Excerpt { lines, is_at_place: at_place.is_some(), more: changed.saturating_sub(shown) }
}

fn changed_lines(op: &DiffOp) -> usize {
    match op {
        DiffOp::Equal { .. } => 0,
        other => other.old_range().len() + other.new_range().len(),
    }
}

/// The lines of a hunk with their tags, and where among them the place is, or the first change.
fn flatten<'a>(
    hunk: &[DiffOp],
    primary: &'a Lines,
    candidate: &'a Lines,
) -> (Vec<(ChangeTag, &'a str)>, usize) {
    let mut lines = Vec::new();
    let (mut place, mut first_change) = (None, None);
    let mut push = |tag: ChangeTag, side: &'a Lines, index: usize| {
        if side.place == Some(index) {
            place.get_or_insert(lines.len());
        }
        if tag != ChangeTag::Equal {
            first_change.get_or_insert(lines.len());
        }
        lines.extend(side.lines.get(index).map(|line| (tag, line.as_str())));
    };
    for op in hunk {
        let is_equal = matches!(op, DiffOp::Equal { .. });
        let tag = if is_equal { ChangeTag::Equal } else { ChangeTag::Delete };
        op.old_range().for_each(|index| push(tag, primary, index));
        if !is_equal {
            op.new_range().for_each(|index| push(ChangeTag::Insert, candidate, index));
        }
    }
    let middle = place.or(first_change).unwrap_or(0);
    (lines, middle)
}

#[derive(Clone, Copy)]
enum Token<'a> {
    /// With its quotes; the last one of a body that was cut off may lack one.
    Text(&'a str),
    /// A bracket, a comma or a colon.
    Mark(char),
    /// A number, a literal, or whatever else stands between the others.
    Bare(&'a str),
}

/// The body's tokens, blanks between them left out.
fn tokens(body: &str) -> impl Iterator<Item = Token<'_>> {
    let mut rest = body;
    std::iter::from_fn(move || {
        rest = rest.trim_start_matches([' ', '\t', '\r', '\n']);
        let first = rest.chars().next()?;
        let length = match first {
            '"' => text_length(rest),
            '{' | '}' | '[' | ']' | ',' | ':' => 1,
            _ => rest.find(|char| "{}[],:\" \t\r\n".contains(char)).unwrap_or(rest.len()),
        };
        let (token, after) = rest.split_at_checked(length)?;
        rest = after;
        Some(match first {
            '"' => Token::Text(token),
            '{' | '}' | '[' | ']' | ',' | ':' => Token::Mark(first),
            _ => Token::Bare(token),
        })
    })
}

/// The length in bytes of the string that the text begins with, quotes included.
fn text_length(text: &str) -> usize {
    let mut is_escaped = false;
    for (at, char) in text.char_indices().skip(1) {
        match char {
            _ if is_escaped => is_escaped = false,
            '\\' => is_escaped = true,
            '"' => return at + 1,
            _ => {}
        }
    }
    text.len()
}

enum Frame {
    /// The key whose value comes next, once it was read.
    Object(Option<String>),
    Array(usize),
}

#[derive(Default)]
struct Printer {
    target: Vec<String>,
    stack: Vec<Frame>,
    done: Vec<String>,
    line: String,
    /// A bracket was opened and nothing was put into it.
    is_open: bool,
    place: Option<usize>,
}

impl Printer {
    fn push(&mut self, token: Token<'_>) {
        match token {
            Token::Mark(bracket @ ('{' | '[')) => {
                self.start_value();
                self.line.push(bracket);
                self.stack.push(if bracket == '{' { Frame::Object(None) } else { Frame::Array(0) });
                self.is_open = true;
            }
            Token::Mark(bracket @ ('}' | ']')) => {
                self.stack.pop();
                if !self.is_open {
                    self.break_line();
                }
                self.is_open = false;
                self.line.push(bracket);
            }
            Token::Mark(',') => {
                match self.stack.last_mut() {
                    Some(Frame::Object(key)) => *key = None,
                    Some(Frame::Array(index)) => *index += 1,
                    None => {}
                }
                self.line.push(',');
                self.break_line();
            }
            Token::Mark(_) => self.line.push_str(": "),
            Token::Text(text) if matches!(self.stack.last(), Some(Frame::Object(None))) => {
                self.enter();
                self.line.push_str(text);
                let key = serde_json::from_str(text).unwrap_or_else(|_| text.to_owned());
                if let Some(Frame::Object(slot)) = self.stack.last_mut() {
                    *slot = Some(key);
                }
            }
            Token::Text(text) | Token::Bare(text) => {
                self.start_value();
                self.line.push_str(text);
            }
        }
    }

    fn start_value(&mut self) {
        self.enter();
        if self.place.is_none() && !self.target.is_empty() && self.is_at_target() {
            self.place = Some(self.done.len());
        }
    }

    fn is_at_target(&self) -> bool {
        self.stack.len() == self.target.len()
            && self.stack.iter().zip(&self.target).all(|(frame, token)| match frame {
                Frame::Object(key) => key.as_ref() == Some(token),
                Frame::Array(index) => index.to_string() == *token,
            })
    }

    /// The first thing in a bracket begins a new line.
    fn enter(&mut self) {
        if self.is_open {
            self.is_open = false;
            self.break_line();
        }
    }

    fn break_line(&mut self) {
        let indent = "  ".repeat(self.stack.len().min(INDENT));
        self.done.push(std::mem::replace(&mut self.line, indent));
    }

    fn finish(mut self) -> Lines {
        self.done.push(self.line);
        Lines { lines: self.done, place: self.place }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn check(body: &str, pointer: &str, place: Option<usize>, expected: &[&str]) {
        let found = Lines::of(body, pointer);
        assert_eq!(found.lines, expected, "{body}");
        assert_eq!(found.place, place, "{pointer} in {body}");
    }

    #[test]
    fn json_is_broken_into_lines_as_it_stands() {
        check("{}", "", None, &["{}"]);
        check(" [ ] ", "/0", None, &["[]"]);
        let body = r#"{"a":1.0,"a":1e400,"b":[{"c":"x,\"}"},[]],"~/":null}"#;
        let lines = [
            "{",
            "  \"a\": 1.0,",
            "  \"a\": 1e400,",
            "  \"b\": [",
            "    {",
            r#"      "c": "x,\"}""#,
            "    },",
            "    []",
            "  ],",
            "  \"~/\": null",
            "}",
        ];
        check(body, "/a", Some(1), &lines);
        check(body, "/b", Some(3), &lines);
        check(body, "/b/0/c", Some(5), &lines);
        check(body, "/b/1", Some(7), &lines);
        check(body, "/~0~1", Some(9), &lines);
        check(body, "/b/2", None, &lines);
        check(body, "", None, &lines);
    }

    #[test]
    fn a_body_that_was_cut_off_or_is_no_json_still_has_lines() {
        check(r#"{"a":[1,"un"#, "/a/1", Some(3), &["{", "  \"a\": [", "    1,", "    \"un"]);
        check("]]}", "", None, &["]]}"]);
        check("[}", "", None, &["[}"]);
        check("plain\ntext", "/0", None, &["plain", "text"]);
        check("", "", None, &[]);
    }

    #[test]
    fn a_body_of_brackets_stays_small() {
        let lines = Lines::of(&"[".repeat(16_384), "/0/0").lines;
        assert!(lines.iter().map(String::len).sum::<usize>() < 16_384 * (2 * INDENT + 2));
    }

    fn numbers(count: usize, changed: &[usize]) -> String {
        let number = |n: usize| if changed.contains(&n) { format!("-{n}") } else { n.to_string() };
        format!("[{}]", (0..count).map(number).collect::<Vec<_>>().join(","))
    }

    fn marked(excerpt: &Excerpt) -> Vec<String> {
        let sign = |tag| match tag {
            ChangeTag::Equal => ' ',
            ChangeTag::Delete => '-',
            ChangeTag::Insert => '+',
        };
        excerpt.lines.iter().map(|line| format!("{}{}", sign(line.tag), line.text)).collect()
    }

    #[test]
    fn the_excerpt_is_around_the_place_and_counts_the_rest() {
        let (one, other) = (numbers(100, &[]), numbers(100, &[5, 50, 90]));
        let at = |pointer| excerpt(&Lines::of(&one, pointer), &Lines::of(&other, pointer), (20, 9));
        let around_fifty = at("/50");
        let expected =
            ["   47,", "   48,", "   49,", "-  50,", "+  -50,", "   51,", "   52,", "   53,"];
        assert_eq!(marked(&around_fifty), expected);
        assert_eq!((around_fifty.is_at_place, around_fifty.more), (true, 4));
        assert!(!at("/70").is_at_place);
        assert_eq!(marked(&at("/70"))[3], "-  5,", "the first change where the place is equal");
        assert_eq!(marked(&at(""))[3], "-  5,");
    }

    #[test]
    fn a_long_hunk_is_cut_to_its_middle() {
        let (one, other) = (numbers(200, &[]), numbers(200, &(0..200).collect::<Vec<_>>()));
        let pointer = "/150";
        let found = excerpt(&Lines::of(&one, pointer), &Lines::of(&other, pointer), (10, 20));
        assert_eq!(found.lines.len(), 10);
        assert!(marked(&found).contains(&"-  150,".to_owned()), "{found:?}");
        // 0 and -0 are told apart as text: all of the 200 lines differ on both sides.
        assert_eq!(found.more, 400 - 10);
    }

    #[test]
    fn equal_bodies_have_no_excerpt() {
        let lines = Lines::of("[1]", "/0");
        assert_eq!(excerpt(&lines, &lines, (10, 10)), Excerpt::default());
    }

    proptest! {
        #[test]
        fn every_character_but_blanks_is_kept(body in "[\\[\\]{},:\"\\\\a1 \n]{0,60}", pointer in "(/[a0-2]){0,3}") {
            let blank = |text: &str| text.replace([' ', '\n'], "");
            let found = Lines::of(&body, &pointer);
            prop_assert_eq!(blank(&found.lines.concat()), blank(&body));
        }
    }
}
