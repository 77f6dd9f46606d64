//! One reading of one file: the environment, the problems found so far, and where each key stands.
//!
//! Main types: [`Sheet`] and [`Spot`]. Whoever finds a problem reports it here and reads on, so
//! that all problems of a file are reported at once.
//!
//! This module never decides what is a problem.

use crate::config::compared::Origin;
use crate::config::expand::{Env, expand};
use crate::config::keys::Shape;
use crate::config::problem::{Problem, Problems};
use crate::config::setting::{Setting, Text, Wrong};
use crate::config::yaml::{MAX_TEXT, Node, Value};
use std::cell::RefCell;
use std::collections::BTreeMap;

/// A place in the file.
#[derive(Clone, Debug)]
pub(super) struct Spot {
    /// Dotted: `routes[1].match.path`.
    pub path: String,
    pub line: usize,
}

impl From<Spot> for Origin {
    fn from(spot: Spot) -> Self {
        Self { key: spot.path, line: spot.line }
    }
}

impl Spot {
    /// The place of a key in the section at this one.
    pub fn key(&self, name: &str, line: usize) -> Self {
        let plain = |char: char| char.is_alphanumeric() || "-_".contains(char);
        let path = match (name.chars().all(plain), self.path.is_empty()) {
            (true, true) => name.to_owned(),
            (true, false) => format!("{}.{name}", self.path),
            (false, _) => format!("{}[\"{name}\"]", self.path),
        };
        Self { path, line }
    }

    /// The place of an item in the list at this one.
    pub fn item(&self, index: usize, line: usize) -> Self {
        Self { path: format!("{}[{index}]", self.path), line }
    }
}

pub(super) struct Sheet<'a> {
    env: Env<'a>,
    problems: RefCell<Vec<Problem>>,
    lines: RefCell<BTreeMap<String, usize>>,
}

impl<'a> Sheet<'a> {
    pub fn new(env: Env<'a>) -> Self {
        Self { env, problems: RefCell::default(), lines: RefCell::default() }
    }

    /// Remembers on which line a key stands.
    pub fn note(&self, spot: &Spot) {
        self.lines.borrow_mut().insert(spot.path.clone(), spot.line);
    }

    /// Whether the file has the key.
    pub fn has(&self, path: &str) -> bool {
        self.lines.borrow().contains_key(path)
    }

    pub fn report(&self, spot: &Spot, text: impl Into<String>) {
        let problem = Problem { line: Some(spot.line), key: spot.path.clone(), text: text.into() };
        self.problems.borrow_mut().push(problem);
    }

    /// Reports at a key by its path; where the file does not have it, at the line of the nearest
    /// key around it.
    pub fn report_at(&self, path: &str, text: impl Into<String>) {
        let lines = self.lines.borrow();
        let mut around = path;
        let line = loop {
            match (lines.get(around), around.rfind(['.', '['])) {
                (Some(line), _) => break *line,
                (None, Some(end)) => around = around.get(..end).unwrap_or_default(),
                (None, None) => break 1,
            }
        };
        self.report(&Spot { path: path.to_owned(), line }, text);
    }

    /// Whether nothing is wrong with a key, with what is around it, or with what is in it.
    pub fn is_sound(&self, path: &str) -> bool {
        let within = |inner: &str, outer: &str| {
            inner
                .strip_prefix(outer)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
        };
        !self
            .problems
            .borrow()
            .iter()
            .any(|problem| within(&problem.key, path) || within(path, &problem.key))
    }

    /// The value of one scalar, or a problem.
    pub fn read<T: Setting>(&self, spot: &Spot, node: &Node, shape: &Shape) -> Option<T> {
        let text = self.text(spot, node)?;
        match interpret(&text, shape) {
            Ok(value) => Some(value),
            Err(problem) => {
                self.report(spot, problem);
                None
            }
        }
    }

    /// The text of one scalar with its variables expanded, or a problem.
    pub fn text(&self, spot: &Spot, node: &Node) -> Option<Text> {
        let written = match &node.value {
            Value::Text(text) => text.clone(),
            Value::Null => String::new(),
            Value::List(_) | Value::Map(_) => {
                return self.refuse(spot, "one value is wanted here; write it without brackets");
            }
        };
        match expand(&written, self.env) {
            Ok(value) if value.len() > MAX_TEXT => {
                self.refuse(spot, &format!("`{written}` is over {MAX_TEXT} bytes once expanded"))
            }
            Ok(value) => Some(Text { value: value.into_owned(), written }),
            Err(problem) => self.refuse(spot, &problem),
        }
    }

    fn refuse<T>(&self, spot: &Spot, text: &str) -> Option<T> {
        self.report(spot, text);
        None
    }

    /// All problems, where there are any.
    pub fn into_problems(self, file: &str) -> Option<Problems> {
        let problems = self.problems.into_inner();
        (!problems.is_empty()).then(|| Problems::new(file, problems))
    }
}

/// The value that a text says, or what is wrong with it and the mend.
pub(super) fn interpret<T: Setting>(text: &Text, shape: &Shape) -> Result<T, String> {
    let value = T::read(text).map_err(|wrong| match wrong {
        Wrong::Form => text.is_wrong(&shape.wrong()),
        Wrong::Because(because) => text.is_wrong(&because),
        Wrong::Hidden(sentence) => sentence,
    })?;
    if shape.accepts(&text.value) { Ok(value) } else { Err(text.is_wrong(&shape.wrong())) }
}
