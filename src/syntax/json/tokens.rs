//! The words of the grammar, each validated as it is passed.
//!
//! This module never looks at how the words follow each other.

/// What a step found wrong at the place where it stopped.
pub(crate) type Problem = &'static str;

/// A place in a text, and the way on from it, word by word.
#[derive(Clone, Debug)]
pub(crate) struct Tokens<'a> {
    text: &'a [u8],
    at: usize,
}

impl<'a> Tokens<'a> {
    pub fn new(text: &'a [u8], at: usize) -> Self {
        Self { text, at }
    }

    pub fn text(&self) -> &'a [u8] {
        self.text
    }

    /// Offset of the next byte.
    #[inline]
    pub fn at(&self) -> usize {
        self.at
    }

    /// Goes on from elsewhere.
    pub fn move_to(&mut self, at: usize) {
        self.at = at;
    }

    /// The next byte.
    #[inline]
    pub fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    /// Passes a byte that was looked at.
    #[inline]
    pub fn pass(&mut self) {
        self.at += 1;
    }

    /// Passes white space, and gives the byte behind it.
    #[inline]
    pub fn after_space(&mut self) -> Option<u8> {
        let next = self.peek()?;
        if next > b' ' {
            return Some(next);
        }
        self.at = skip_space(self.text, self.at);
        self.peek()
    }

    /// Passes the key that stands here, and the colon; gives its characters, if it has no escapes.
    #[inline(always)]
    pub fn key(&mut self) -> Result<Option<&'a [u8]>, Problem> {
        if self.after_space() != Some(b'"') {
            return Err("a key is missing");
        }
        let plain = self.string()?;
        if self.after_space() != Some(b':') {
            return Err("a colon is missing");
        }
        self.pass();
        Ok(plain)
    }

    /// Passes the scalar that stands here.
    #[inline(always)]
    pub fn scalar(&mut self) -> Result<(), Problem> {
        match self.peek() {
            Some(b'"') => self.string().map(|_| ()),
            Some(b'-' | b'0'..=b'9') => self.number(),
            Some(b't') => self.word(b"true"),
            Some(b'f') => self.word(b"false"),
            Some(b'n') => self.word(b"null"),
            _ => Err("a value is missing"),
        }
    }

    #[inline(always)]
    fn string(&mut self) -> Result<Option<&'a [u8]>, Problem> {
        let start = self.at + 1;
        self.at = plain_run(self.text, start);
        let mut plain = self.text.get(start..self.at);
        if self.peek() != Some(b'"') {
            self.rest_of_string()?;
            plain = None;
        }
        self.at += 1;
        Ok(plain)
    }

    /// To the closing quote of a string that has more in it than plain characters.
    #[inline(never)]
    fn rest_of_string(&mut self) -> Result<(), Problem> {
        loop {
            match self.peek() {
                Some(b'"') => return Ok(()),
                Some(b'\\') => self.escape()?,
                Some(_) => return Err("a control character in a string"),
                None => return Err("the text ends within a string"),
            }
            self.at = plain_run(self.text, self.at);
        }
    }

    fn escape(&mut self) -> Result<(), Problem> {
        self.at += match self.text.get(self.at + 1) {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => 2,
            Some(b'u') if self.text.get(self.at + 2..self.at + 6).is_some_and(hexadecimal) => 6,
            _ => return Err("an unknown escape"),
        };
        Ok(())
    }

    fn number(&mut self) -> Result<(), Problem> {
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        if self.peek() == Some(b'0') {
            self.at += 1;
        } else {
            self.digits()?;
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            self.digits()?;
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            self.at += 1;
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.at += 1;
            }
            self.digits()?;
        }
        Ok(())
    }

    fn digits(&mut self) -> Result<(), Problem> {
        let start = self.at;
        while self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            self.at += 1;
        }
        if self.at == start { Err("a digit is missing") } else { Ok(()) }
    }

    fn word(&mut self, word: &[u8]) -> Result<(), Problem> {
        let end = self.at + word.len();
        if self.text.get(self.at..end) != Some(word) {
            return Err("an unknown word");
        }
        self.at = end;
        Ok(())
    }
}

fn hexadecimal(digits: &[u8]) -> bool {
    digits.iter().all(u8::is_ascii_hexdigit)
}

/// The first place from `at` on that is not white space.
#[inline]
pub(super) fn skip_space(text: &[u8], mut at: usize) -> usize {
    while let Some(b' ' | b'\n' | b'\r' | b'\t') = text.get(at) {
        at += 1;
        // Indented text: eight spaces in one step.
        while eight(text, at) == Some(0x2020_2020_2020_2020) {
            at += 8;
        }
    }
    at
}

/// The first place from `at` on that a string cannot just run over: a quote, a backslash, a
/// control character or the end.
#[inline(always)]
pub(super) fn plain_run(text: &[u8], at: usize) -> usize {
    let mut rest = text.get(at..).unwrap_or_default();
    while let Some((word, behind)) = rest.split_first_chunk() {
        let stops = stops(u64::from_le_bytes(*word));
        if stops != 0 {
            return text.len() - rest.len() + (stops.trailing_zeros() / 8) as usize;
        }
        rest = behind;
    }
    let plain = |byte: &&u8| **byte >= b' ' && **byte != b'"' && **byte != b'\\';
    text.len() - rest.len() + rest.iter().take_while(plain).count()
}

#[inline]
fn eight(text: &[u8], at: usize) -> Option<u64> {
    text.get(at..)?.first_chunk().map(|bytes| u64::from_le_bytes(*bytes))
}

/// Marks, by its top bit, each of eight bytes that is a quote, a backslash or below 0x20. The
/// lowest mark is exact; a borrow may set false ones above it (Mycroft's test for a byte below).
#[inline]
fn stops(word: u64) -> u64 {
    const ONES: u64 = u64::MAX / 255;
    const TOPS: u64 = ONES << 7;
    let below = |word: u64, bound: u8| word.wrapping_sub(ONES * u64::from(bound)) & !word;
    // Flipping this bit puts the quote right behind the control characters.
    let quote_or_control = below(word ^ (ONES * 2), 0x21);
    let backslash = below(word ^ (ONES * u64::from(b'\\')), 1);
    (quote_or_control | backslash) & TOPS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_stops_at_the_first_byte_that_matters_wherever_it_stands() {
        for stop in [b'"', b'\\', 0, b'\n', 0x1f] {
            for before in 0..20 {
                let mut text = vec![b'#'; 24];
                text[before] = stop;
                assert_eq!(plain_run(&text, 0), before);
            }
        }
        assert_eq!(plain_run("é\u{7f}ÿ!  #[]^x".as_bytes(), 0), "é\u{7f}ÿ!  #[]^x".len());
    }
}
