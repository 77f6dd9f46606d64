//! The query of a target: `application/x-www-form-urlencoded` pairs.

use super::answer::Problem;

/// The pairs of a query, decoded.
#[derive(Debug, Default)]
pub struct Query(Vec<(String, String)>);

impl Query {
    /// Reads what stands after the `?`. Nothing is refused: what is not well encoded stays as it
    /// is, and bytes that are not UTF-8 become U+FFFD.
    pub fn read(text: &str) -> Self {
        let pairs = text.split('&').filter(|pair| !pair.is_empty());
        Self(
            pairs
                .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
                .map(|(name, value)| (decode(name), decode(value)))
                .collect(),
        )
    }

    /// The first value of that name.
    pub fn find(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(each, _)| each == name).map(|(_, value)| value.as_str())
    }

    /// A whole number from 1 to `most`.
    pub fn number(&self, name: &str, default: usize, most: usize) -> Result<usize, Problem> {
        let Some(text) = self.find(name) else { return Ok(default) };
        let number = text.parse().ok().filter(|number| (1..=most).contains(number));
        number.ok_or_else(|| {
            Problem::BadRequest(format!("`{name}` is a whole number from 1 to {most}"))
        })
    }
}

fn decode(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, tail)) = rest.split_first() {
        let (byte, tail) = match (first, tail) {
            (b'+', tail) => (b' ', tail),
            (b'%', [high, low, after @ ..]) => match (digit(*high), digit(*low)) {
                (Some(high), Some(low)) => (high << 4 | low, after),
                _ => (b'%', tail),
            },
            (other, tail) => (other, tail),
        };
        bytes.push(byte);
        rest = tail;
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn digit(byte: u8) -> Option<u8> {
    match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        b'A'..=b'F' => Some(byte - b'A' + 10),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn check(query: &str, name: &str, expected: Option<&str>) {
        assert_eq!(Query::read(query).find(name), expected, "{name} in {query}");
    }

    #[test]
    fn pairs_are_decoded() {
        check("q=caf%C3%A9+noir&page=2", "q", Some("café noir"));
        check("q=caf%C3%A9+noir&page=2", "page", Some("2"));
        check("q=a%2Bb%26c", "q", Some("a+b&c"));
        check("q", "q", Some(""));
        check("q=1&q=2", "q", Some("1"));
        check("", "q", None);
    }

    #[test]
    fn what_is_not_well_encoded_stays_as_it_is() {
        check("q=100%", "q", Some("100%"));
        check("q=%zz%4", "q", Some("%zz%4"));
        check("q=%ff", "q", Some("\u{fffd}"));
    }

    proptest! {
        #[test]
        fn any_text_is_read(text in ".{0,80}") {
            Query::read(&text);
        }
    }
}
