//! A page of labels with lines beside them.
//!
//! Main type: [`Page`].
//!
//! This module never knows what the page is about.

use crate::config::problem::printable;
use crate::config::wrap::wrap;

#[derive(Default)]
pub(super) struct Page {
    pub text: String,
    /// Columns before the labels.
    pub indent: usize,
}

/// Widths of the two kinds of names.
const LABEL: usize = 11;
const REASON: usize = 17;

impl Page {
    /// A label with lines beside it; nothing where there are no lines.
    pub fn rows<T: AsRef<str>>(&mut self, label: &str, lines: &[T]) {
        for (index, line) in lines.iter().enumerate() {
            let label = if index == 0 { label } else { "" };
            let head = format!("{:indent$}{label:LABEL$} ", "", indent = self.indent);
            self.line(&head, line.as_ref());
        }
    }

    /// The word for a reason, with what it means.
    pub fn reason(&mut self, name: &str, text: &str) {
        self.line(&format!("  {name:REASON$} "), text);
    }

    /// A line that goes on below its own start where it is too long.
    pub fn line(&mut self, head: &str, text: &str) {
        let hang = head.chars().count();
        let text = wrap(&printable(text), hang, hang);
        self.text.push_str(format!("{head}{text}").trim_end());
        self.text.push('\n');
    }

    /// An empty line.
    pub fn gap(&mut self) {
        self.text.push('\n');
    }
}
