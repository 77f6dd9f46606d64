//! Lines, columns and tables for a terminal of 80 columns. Takes clean text only.

use crate::report::clean::{cut, width};
use crate::report::palette::{Palette, paint};
use anstyle::Style;

/// No line is wider.
pub(super) const WIDTH: usize = 80;

/// The text with blanks after it.
pub(super) fn left(text: &str, columns: usize) -> String {
    format!("{text}{}", " ".repeat(columns.saturating_sub(width(text))))
}

/// The text with blanks before it.
pub(super) fn right(text: &str, columns: usize) -> String {
    format!("{}{text}", " ".repeat(columns.saturating_sub(width(text))))
}

/// Lines of at most so many columns, broken at blanks; a longer word is broken where it must be.
pub(super) fn wrap(text: &str, columns: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        let mut word = word;
        loop {
            let line = lines.last_mut().expect("there is always a line");
            let gap = usize::from(!line.is_empty());
            if width(line) + gap + width(word) <= columns {
                line.push_str(if gap == 1 { " " } else { "" });
                line.push_str(word);
                break;
            }
            if !line.is_empty() {
                lines.push(String::new());
                continue;
            }
            let (head, tail) = split(word, columns);
            line.push_str(head);
            word = tail;
            if word.is_empty() {
                break;
            }
            lines.push(String::new());
        }
    }
    lines
}

/// As much of the word as fits, at least one character, and the rest.
fn split(word: &str, columns: usize) -> (&str, &str) {
    let mut used = 0;
    for (at, char) in word.char_indices() {
        used += width(char.encode_utf8(&mut [0; 4]));
        if used > columns && at > 0 {
            return word.split_at_checked(at).unwrap_or((word, ""));
        }
    }
    (word, "")
}

/// A label in a column of its own, and a text wrapped beside it.
pub(super) struct Labelled<'a> {
    /// May hold styles; `label_width` is what it takes up.
    pub label: String,
    pub label_width: usize,
    pub text: &'a str,
    pub style: Style,
}

impl Labelled<'_> {
    pub(super) fn push_to(&self, out: &mut String) {
        let lines = wrap(self.text, WIDTH.saturating_sub(self.label_width).max(20));
        for (number, line) in lines.iter().enumerate() {
            match number {
                0 => out.push_str(&self.label),
                _ => out.push_str(&" ".repeat(self.label_width)),
            }
            if !line.is_empty() {
                out.push_str(&paint(self.style, line));
            }
            end_line(out);
        }
    }
}

/// Ends a line, blanks at its end taken off.
pub(super) fn end_line(out: &mut String) {
    out.truncate(out.trim_end_matches(' ').len());
    out.push('\n');
}

/// A table: names in the first column, which takes what the others leave, and figures after it.
pub(super) struct Table {
    heads: Vec<&'static str>,
    rows: Vec<(String, Vec<(String, Style)>)>,
}

impl Table {
    pub(super) fn new(heads: &[&'static str]) -> Self {
        Self { heads: heads.to_vec(), rows: Vec::new() }
    }

    pub(super) fn row(&mut self, name: String, figures: Vec<(String, Style)>) {
        self.rows.push((name, figures));
    }

    /// Two blanks of margin, two between columns. A name that is too long for its column stands on
    /// a line of its own.
    pub(super) fn push_to(&self, out: &mut String, palette: &Palette) {
        let widths = self.widths();
        let figures: usize = widths.iter().map(|width| width + 2).sum();
        let room = (WIDTH - 2).saturating_sub(figures);
        let mut heads = self.heads.iter();
        let mut head = format!("  {}", left(&cut(heads.next().unwrap_or(&""), room), room));
        for (text, width) in heads.zip(&widths) {
            head.push_str(&format!("  {}", right(text, *width)));
        }
        out.push_str(&paint(palette.faint, &head));
        out.push('\n');
        for (name, figures) in &self.rows {
            if width(name) > room {
                out.push_str(&format!("  {}\n  {}", cut(name, WIDTH - 2), left("", room)));
            } else {
                out.push_str(&format!("  {}", left(name, room)));
            }
            for ((text, style), width) in figures.iter().zip(&widths) {
                out.push_str(&format!("  {}", paint(*style, &right(text, *width))));
            }
            out.push('\n');
        }
    }

    /// Of the columns of figures.
    fn widths(&self) -> Vec<usize> {
        let mut widths: Vec<_> = self.heads.iter().skip(1).map(|head| width(head)).collect();
        for (_, figures) in &self.rows {
            for (widest, (text, _)) in widths.iter_mut().zip(figures) {
                *widest = width(text).max(*widest);
            }
        }
        widths
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_break_at_blanks_and_long_words_where_they_must() {
        let check = |text: &str, lines: &[&str]| assert_eq!(wrap(text, 6), lines);
        check("", &[""]);
        check("ab cd ef", &["ab cd", "ef"]);
        check("abcdefghij k", &["abcdef", "ghij k"]);
        check("a abcdefghij", &["a", "abcdef", "ghij"]);
        check("世界世界", &["世界世", "界"]);
        assert_eq!(wrap("世", 1), ["世"]);
    }

    #[test]
    fn a_name_too_long_for_its_column_stands_on_a_line_of_its_own() {
        let mut table = Table::new(&["name", "count"]);
        table.row("short".into(), vec![("5".into(), Style::new())]);
        table.row("x".repeat(75), vec![("1,000".into(), Style::new())]);
        let mut out = String::new();
        table.push_to(&mut out, &Palette::plain());
        let lines: Vec<_> = out.lines().map(str::trim_start).collect();
        assert_eq!(lines.len(), 4);
        assert_eq!(lines[2..], ["x".repeat(75), "1,000".to_owned()]);
        assert!(out.lines().all(|line| width(line) <= WIDTH));
    }
}
