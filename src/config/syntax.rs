//! What YAML cannot read, in words that lead to the mend.
//!
//! This module never reads the file itself.

use crate::config::yaml::{Broken, MAX_DEPTH};
use granit_parser::{ErrorKind, ScanError};

pub(super) fn syntax(text: &str, error: &ScanError) -> Broken {
    let line = error.marker().line();
    match mend(error.kind()) {
        Some(mend) if mend == TAB => Broken { line: tab_after(text, line), text: mend },
        Some(mend) => Broken { line, text: mend },
        None => {
            let general = "mend the indentation, brackets or quotes here";
            Broken { line, text: format!("not valid YAML ({}); {general}", error.info()) }
        }
    }
}

const TAB: &str = "a tab where YAML wants spaces; indent with spaces";

/// The first line from this one that a tab indents: the parser names the line where the value
/// around it began.
fn tab_after(text: &str, line: usize) -> usize {
    let mut lines = text.lines().enumerate().skip(line.saturating_sub(1));
    let tab = lines.find(|(_, text)| text.trim_start_matches(' ').starts_with('\t'));
    tab.map_or(line, |(index, _)| index + 1)
}

/// The usual slips by name.
fn mend(kind: &ErrorKind) -> Option<String> {
    let mend = match kind {
        ErrorKind::TabNotAllowed
        | ErrorKind::TabInBlockIndentation
        | ErrorKind::TabInIndentation
        | ErrorKind::TabInPlainScalar
        | ErrorKind::TabAtBlockScalarStart => TAB,
        ErrorKind::UnclosedQuotedScalar => "a quote opens here and never closes; close it",
        ErrorKind::InvalidQuotedScalarIndent => {
            "a quoted text goes on in this line; close the quote above, or indent this line"
        }
        ErrorKind::InvalidTrailingSingleQuotedScalar
        | ErrorKind::InvalidTrailingDoubleQuotedScalar => {
            "more text after a closing quote; put all of it in quotes, and inner quotes twice"
        }
        ErrorKind::UnknownQuotedScalarEscape => {
            "a backslash that means nothing in double quotes; use single quotes"
        }
        ErrorKind::UnclosedFlowCollection { open } => {
            return Some(format!("`{open}` opens here and never closes; close it"));
        }
        ErrorKind::MismatchedFlowCollectionEnd { open, close } => {
            return Some(format!("`{open}` is closed by `{close}`; close each by its own kind"));
        }
        ErrorKind::ExpectedFlowMappingSeparator | ErrorKind::ExpectedFlowSequenceSeparator => {
            "a `,` or a closing bracket is wanted here; a value that holds brackets needs \
             quotes, as in `path: \"/orders/{id}\"`"
        }
        ErrorKind::MappingValueNotAllowed => {
            "a `:` where no key can stand; put the value in quotes, or mend the indentation"
        }
        ErrorKind::ExpectedBlockMappingKey => {
            "indented like nothing above it; give it the indentation of its neighbours"
        }
        ErrorKind::SimpleKeyExpected => "a name without a `:`; write `name: value`",
        ErrorKind::UnexpectedCharacter { character } => {
            let character = character.escape_default();
            return Some(format!("a value cannot start with `{character}`; put it in quotes"));
        }
        ErrorKind::MissingAnchorOrAliasName => {
            "a value cannot start with `*` or `&`; put it in quotes"
        }
        ErrorKind::UnknownAnchor => "an alias whose anchor is not above it; write the value",
        ErrorKind::RecursionLimitExceeded => {
            let most = format!("nested over {MAX_DEPTH} levels deep");
            return Some(format!("{most}; no key lies that deep, so remove some"));
        }
        _ => return None,
    };
    Some(mend.to_owned())
}
