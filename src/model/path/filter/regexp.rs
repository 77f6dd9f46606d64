//! I-Regexps (RFC 9485): a text is checked against their grammar while it is written in that of
//! the `regex` crate, which takes linear time.
//!
//! Main type: [`Regexp`]. Beyond the grammar, `^` and `$` outside of brackets stand for the ends
//! of the text, as everybody writes them.
//!
//! This module never compiles what grows beyond its bound.

use super::expression::Span;
use regex::{Error, Regex, RegexBuilder};
use std::hash::{Hash, Hasher};
use std::iter::Peekable;
use std::str::Chars;

/// An expression that may have been compiled.
#[derive(Clone, Debug)]
pub(super) struct Regexp {
    text: String,
    /// Nothing where the text is no I-Regexp.
    compiled: Option<Regex>,
}

/// Compiled, the expression would be too large.
#[derive(Debug)]
pub(super) struct TooLarge;

impl Regexp {
    pub fn new(text: &str, span: Span, size: usize) -> Result<Self, TooLarge> {
        let translated = translate(text).map(|body| match span {
            Span::Whole => format!("^(?:{body})$"),
            Span::Part => body,
        });
        let compiled =
            match translated.map(|text| RegexBuilder::new(&text).size_limit(size).build()) {
                Some(Err(Error::CompiledTooBig(_))) => return Err(TooLarge),
                built => built.and_then(Result::ok),
            };
        Ok(Self { text: text.to_owned(), compiled })
    }

    pub fn text(&self) -> &str {
        &self.text
    }

    /// What is no I-Regexp fits nothing.
    pub fn fits(&self, text: &str) -> bool {
        self.compiled.as_ref().is_some_and(|compiled| compiled.is_match(text))
    }
}

// A compiled expression is equal when its text is.
impl PartialEq for Regexp {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for Regexp {}

impl Hash for Regexp {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.text.hash(state);
    }
}

/// The same expression in the words of the `regex` crate; nothing for what is no I-Regexp.
fn translate(text: &str) -> Option<String> {
    let mut translator =
        Translator { rest: text.chars().peekable(), out: String::new(), open: 0, atom: false };
    while let Some(char) = translator.rest.next() {
        translator.part(char)?;
    }
    (translator.open == 0).then_some(translator.out)
}

struct Translator<'t> {
    rest: Peekable<Chars<'t>>,
    out: String,
    /// How many groups are open.
    open: usize,
    /// Whether something stands before that may be repeated.
    atom: bool,
}

impl Translator<'_> {
    fn part(&mut self, char: char) -> Option<()> {
        let atom = std::mem::replace(&mut self.atom, true);
        match char {
            '*' | '+' | '?' | '{' => {
                self.atom = false;
                return atom.then(|| self.quantifier(char)).flatten();
            }
            '|' | '(' => {
                self.atom = false;
                self.open += usize::from(char == '(');
                self.out.push_str(if char == '(' { "(?:" } else { "|" });
            }
            ')' => {
                self.open = self.open.checked_sub(1)?;
                self.out.push(')');
            }
            '.' => self.out.push_str("[^\\n\\r]"),
            '[' => self.class()?,
            '\\' => self.escape()?,
            '^' | '$' => self.out.push(char),
            ']' | '}' => return None,
            plain => self.literal(plain),
        }
        Some(())
    }

    fn literal(&mut self, char: char) {
        self.out.push_str(&regex::escape(char.encode_utf8(&mut [0; 4])));
    }

    fn quantifier(&mut self, first: char) -> Option<()> {
        self.out.push(first);
        if first != '{' {
            return Some(());
        }
        self.digits()?;
        if self.rest.next_if_eq(&',').is_some() {
            self.out.push(',');
            if self.rest.peek() != Some(&'}') {
                self.digits()?;
            }
        }
        self.out.push(self.rest.next_if_eq(&'}')?);
        Some(())
    }

    fn digits(&mut self) -> Option<()> {
        let before = self.out.len();
        while let Some(digit) = self.rest.next_if(char::is_ascii_digit) {
            self.out.push(digit);
        }
        (self.out.len() > before).then_some(())
    }

    /// What stands between `[` and `]`: single characters, ranges and categories. A `-` that is
    /// no range stands at either end.
    fn class(&mut self) -> Option<()> {
        self.out.push('[');
        if self.rest.next_if_eq(&'^').is_some() {
            self.out.push('^');
        }
        let mut filled = self.rest.next_if_eq(&'-').is_some();
        if filled {
            self.literal('-');
        }
        loop {
            match self.rest.next()? {
                ']' => break,
                '-' => {
                    self.literal('-');
                    filled &= self.rest.next()? == ']';
                    break;
                }
                first => self.range(first)?,
            }
            filled = true;
        }
        self.out.push(']');
        filled.then_some(())
    }

    /// A character, a range of them, or a category.
    fn range(&mut self, first: char) -> Option<()> {
        if first == '\\' && matches!(self.rest.peek(), Some('p' | 'P')) {
            return self.escape();
        }
        self.member(first)?;
        let mut ahead = self.rest.clone();
        let ranges = ahead.next() == Some('-') && ahead.next().is_some_and(|next| next != ']');
        if ranges {
            self.rest.next();
            self.out.push('-');
            let last = self.rest.next()?;
            let category = last == '\\' && matches!(self.rest.peek(), Some('p' | 'P'));
            return (!category).then(|| self.member(last)).flatten();
        }
        Some(())
    }

    /// One character of a class.
    fn member(&mut self, char: char) -> Option<()> {
        match char {
            '\\' => self.escape(),
            '[' | ']' | '-' => None,
            plain => {
                self.literal(plain);
                Some(())
            }
        }
    }

    fn escape(&mut self) -> Option<()> {
        match self.rest.next()? {
            sign @ ('p' | 'P') => self.category(sign),
            char @ ('n' | 'r' | 't' | '(' | ')' | '*' | '+' | '-' | '.' | '?' | '[' | '\\'
            | ']' | '^' | '{' | '|' | '}') => {
                self.out.extend(['\\', char]);
                Some(())
            }
            _ => None,
        }
    }

    fn category(&mut self, sign: char) -> Option<()> {
        self.rest.next_if_eq(&'{')?;
        let letters: String =
            std::iter::from_fn(|| self.rest.next_if(|char| *char != '}')).collect();
        self.rest.next_if_eq(&'}')?;
        let mut chars = letters.chars();
        let minor = match chars.next()? {
            'L' => "lmotu",
            'M' => "cen",
            'N' => "dlo",
            'P' => "cdefios",
            'Z' => "lps",
            'S' => "ckmo",
            'C' => "cfno",
            _ => return None,
        };
        let known = chars.next().is_none_or(|letter| minor.contains(letter));
        (known && chars.next().is_none()).then(|| {
            self.out.push_str(&format!("\\{sign}{{{letters}}}"));
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(expression: &str, span: Span, fitting: &[&str], others: &[&str]) {
        let regexp = Regexp::new(expression, span, 1 << 20).expect("small");
        assert!(regexp.compiled.is_some(), "{expression}");
        for text in fitting {
            assert!(regexp.fits(text), "{expression} fits {text:?}");
        }
        for text in others {
            assert!(!regexp.fits(text), "{expression} does not fit {text:?}");
        }
    }

    #[test]
    fn an_expression_fits_as_rfc_9485_says() {
        check("a.*", Span::Whole, &["a", "ab"], &["ba", "a\n", "a\r"]);
        check("a|bc", Span::Whole, &["a", "bc"], &["ac", "abc"]);
        check("b", Span::Part, &["abc"], &["ac"]);
        check("", Span::Whole, &[""], &["a"]);
        check("(a|b){2,3}c?", Span::Whole, &["ab", "abac"], &["a", "aaaa"]);
        check("a{2}|b{1,}", Span::Whole, &["aa", "bbb"], &["a", ""]);
        check(".", Span::Whole, &["\u{2028}", "é", "😀"], &["\n", "\r", "ab"]);
        check("[a-c.\\-]", Span::Whole, &["b", ".", "-"], &["d", "\\"]);
        check("[-a]|[a-]|[^-]", Span::Whole, &["-", "a", "b"], &[""]);
        check("[^a-c]", Span::Whole, &["d", "\n"], &["a"]);
        check("[a&&b]|[~~^]|[#-%]", Span::Whole, &["&", "~", "^", "$"], &["["]);
        check("\\p{Lu}\\P{L}", Span::Whole, &["Ж1"], &["ж1", "ЖЖ"]);
        check("[\\p{Nd}x]", Span::Whole, &["7", "x"], &["y"]);
        check("\\.\\n\\^#", Span::Whole, &[".\n^#"], &["x\n^#"]);
        check("^ab.*$", Span::Part, &["abc"], &["xab"]);
        check("a,b-<>:\"'/ ", Span::Whole, &["a,b-<>:\"'/ "], &[]);
    }

    #[test]
    fn what_is_no_i_regexp_fits_nothing() {
        for wrong in [
            "(",
            ")",
            "a)",
            "[",
            "[]",
            "[^]",
            "[a",
            "]",
            "{",
            "}",
            "a{",
            "a{}",
            "a{,2}",
            "a{2",
            "*",
            "a**",
            "a*?",
            "(*a)",
            "|+",
            "\\d",
            "\\w",
            "\\b",
            "\\u0041",
            "\\",
            "\\p",
            "\\p{",
            "\\p{X}",
            "\\p{Lx}",
            "\\p{Lul}",
            "\\pL",
            "\\p{Greek}",
            "[a-\\p{L}]",
            "[z-a]",
            "[a-b-c]",
            "[[a]]",
            "a{3,2}",
            "(?i)a",
            "(?:a)",
            "\\$",
            "[\\d]",
        ] {
            let regexp = Regexp::new(wrong, Span::Part, 1 << 20).expect("small");
            assert!(regexp.compiled.is_none(), "{wrong}");
            assert!(!regexp.fits(wrong) && !regexp.fits(""), "{wrong}");
        }
    }

    #[test]
    fn what_would_be_too_large_is_told_from_what_is_wrong() {
        assert!(Regexp::new("(a{900}){900}", Span::Whole, 1 << 16).is_err());
    }
}
