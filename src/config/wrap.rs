//! Text for people in lines of at most 80 columns.
//!
//! This module never breaks a word, whatever its length.

/// The widest line.
pub(super) const WIDTH: usize = 80;

/// A longer text in backticks is broken like any other.
const QUOTED: usize = 60;

/// Breaks a text between words, and not within backticks; every line but the first is indented by
/// `hang` spaces, and the first is taken to start at column `start`.
pub(super) fn wrap(text: &str, start: usize, hang: usize) -> String {
    let mut wrapped = String::new();
    let (mut column, mut fresh) = (start, true);
    for word in words(text) {
        let width = word.chars().count();
        if !fresh && column + 1 + width > WIDTH {
            wrapped.push('\n');
            wrapped.push_str(&" ".repeat(hang));
            column = hang;
        } else if !fresh {
            wrapped.push(' ');
            column += 1;
        }
        wrapped.push_str(&word);
        column += width;
        fresh = false;
    }
    wrapped
}

/// The words of a text; what stands between backticks is one word.
fn words(text: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    for word in text.split(' ') {
        match words.last_mut() {
            Some(last) if last.len() < QUOTED && last.matches('`').count() % 2 == 1 => {
                last.push(' ');
                last.push_str(word);
            }
            _ => words.push(word.to_owned()),
        }
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_line_is_wider_than_eighty_columns() {
        let text = "word ".repeat(60);
        let wrapped = wrap(text.trim_end(), 0, 4);
        assert!(wrapped.lines().all(|line| line.len() <= WIDTH), "{wrapped}");
        assert!(wrapped.lines().skip(1).all(|line| line.starts_with("    word")));
        let words = |text: &str| text.split_whitespace().count();
        assert_eq!(words(&wrapped), words(&text));
    }

    #[test]
    fn a_quoted_text_stays_whole() {
        let quoted = "`mirror: { sample: 100% }`";
        let wrapped = wrap(&format!("{} {quoted}", "x".repeat(60)), 0, 4);
        assert!(wrapped.ends_with(&format!("\n    {quoted}")), "{wrapped}");
    }

    #[test]
    fn a_long_word_stays_whole() {
        let word = "x".repeat(100);
        assert_eq!(wrap(&word, 10, 4), word);
    }
}
