//! What is wrong with a file, as its writer reads it: file, line, key, fault and mend.
//!
//! Main types: [`Problem`] and [`Problems`].
//!
//! This module never shows a control character as such, nor more than a part of a long word.

use crate::config::wrap::wrap;
use std::error::Error;
use std::fmt;

/// Shown at one time; the others are counted.
const SHOWN: usize = 100;
/// Longer words are shown by their two ends.
const WORD: usize = 64;

/// One fault with its mend.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    /// From 1; absent where the fault is not in one line.
    pub line: Option<usize>,
    /// Dotted: `mirror.sample`, `routes[1].match.path`. Empty where the fault is not at a key.
    pub key: String,
    /// What is wrong, with the given value, and the mend.
    pub text: String,
}

/// Everything that is wrong with one file, in the order of its lines. Displays as one block a
/// problem, at most 80 columns wide.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problems {
    file: String,
    list: Vec<Problem>,
}

impl Problems {
    /// Sorted, without repetitions.
    pub(super) fn new(file: &str, mut list: Vec<Problem>) -> Self {
        list.sort();
        list.dedup();
        Self { file: file.to_owned(), list }
    }

    /// A fault of the file as a whole.
    pub(super) fn of_file(file: &str, text: impl Into<String>) -> Self {
        Self::new(file, vec![Problem { line: None, key: String::new(), text: text.into() }])
    }

    /// The name of the file, as it was given.
    pub fn file(&self) -> &str {
        &self.file
    }

    /// All of them.
    pub fn list(&self) -> &[Problem] {
        &self.list
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.list.iter().take(SHOWN).enumerate() {
            if index > 0 {
                f.write_str("\n")?;
            }
            let mut block = self.file.clone();
            if let Some(line) = problem.line {
                block.push_str(&format!(":{line}"));
            }
            if !problem.key.is_empty() {
                block.push_str(&format!(": {}", problem.key));
            }
            let block = printable(&format!("{block}: {}", problem.text));
            f.write_str(&wrap(&block, 0, 4))?;
        }
        match self.list.len().saturating_sub(SHOWN) {
            0 => Ok(()),
            more => write!(f, "\n{}: and {more} more problems", self.file),
        }
    }
}

impl Error for Problems {}

/// The text with control characters escaped and long words shortened.
pub(super) fn printable(text: &str) -> String {
    let words = text.split(' ').map(|word| {
        let escaped: String = word.chars().map(escape).collect();
        let length = escaped.chars().count();
        if length <= WORD {
            return escaped;
        }
        let head: String = escaped.chars().take(WORD / 2).collect();
        let tail: String = escaped.chars().skip(length - WORD / 4).collect();
        format!("{head}…{tail}")
    });
    words.collect::<Vec<_>>().join(" ")
}

fn escape(char: char) -> String {
    if char.is_control() { char.escape_default().to_string() } else { char.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem(line: Option<usize>, key: &str, text: &str) -> Problem {
        Problem { line, key: key.into(), text: text.into() }
    }

    #[test]
    fn problems_read_like_those_of_a_compiler() {
        let list = vec![
            problem(Some(12), "mirror.sample", "`120%` is not a percentage; write one like 2.5%"),
            problem(Some(3), "", "a tab where YAML wants spaces; indent with spaces"),
            problem(Some(3), "", "a tab where YAML wants spaces; indent with spaces"),
            problem(None, "primary", "is missing"),
        ];
        insta::assert_snapshot!(Problems::new("shadow.yaml", list), @r"
        shadow.yaml: primary: is missing
        shadow.yaml:3: a tab where YAML wants spaces; indent with spaces
        shadow.yaml:12: mirror.sample: `120%` is not a percentage; write one like 2.5%
        ");
    }

    #[test]
    fn a_hostile_value_cannot_write_to_the_terminal() {
        let text = format!("`\x1b[31m\r\n{}` is bad", "x".repeat(4000));
        let shown = Problems::of_file("shadow.yaml", text).to_string();
        assert!(!shown.contains('\x1b') && !shown.contains('\r'), "{shown:?}");
        assert!(shown.lines().all(|line| line.chars().count() <= 80), "{shown}");
    }

    #[test]
    fn what_is_not_shown_is_counted() {
        let list = (0..130).map(|line| problem(Some(line), "key", "is bad")).collect();
        let shown = Problems::new("shadow.yaml", list).to_string();
        assert_eq!(shown.lines().count(), 101);
        assert!(shown.ends_with("shadow.yaml: and 30 more problems"));
    }
}
