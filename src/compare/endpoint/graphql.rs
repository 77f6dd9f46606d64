//! What a GraphQL document asks for (spec.graphql.org, section 2).
//!
//! This module never builds a tree: it walks over the tokens once.

use xxhash_rust::xxh3::Xxh3;

/// The operations of a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Operations<'a> {
    /// The name of the only operation, where there is one and it has one.
    pub name: Option<&'a str>,
    /// Of all tokens, numbers and strings by their sort alone: the same for documents that differ
    /// in layout, or in what they ask it of.
    pub hash: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Token<'a> {
    Name(&'a str),
    Number,
    String,
    Sign(&'a str),
}

/// Reads a document that can be run; nothing for any other text.
pub(super) fn operations(document: &str) -> Option<Operations<'_>> {
    let (mut rest, mut hash) = (document.trim_start_matches('\u{feff}'), Xxh3::new());
    let (mut names, mut depth, mut definition) = (Vec::new(), 0_usize, Definition::None);
    while let Some((token, after)) = token(rest)? {
        rest = after;
        let word = match token {
            Token::Name(word) | Token::Sign(word) => word,
            Token::Number => "0",
            Token::String => "\"\"",
        };
        hash.update(word.as_bytes());
        hash.update(b" ");
        let opens = matches!(word, "{" | "(" | "[");
        if depth == 0 {
            definition = definition.step(token, &mut names)?;
        }
        if opens {
            depth += 1;
        } else if matches!(word, "}" | ")" | "]") {
            depth = depth.checked_sub(1)?;
            if depth == 0 && word == "}" {
                definition = Definition::None;
            }
        }
    }
    if depth > 0 || definition != Definition::None {
        return None;
    }
    let hash = hash.digest();
    match names.as_slice() {
        [] => None,
        [name] => Some(Operations { name: *name, hash }),
        _ => Some(Operations { name: None, hash }),
    }
}

/// Whether a text is a name in GraphQL.
pub(super) fn is_name(text: &str) -> bool {
    !text.starts_with(|first: char| first.is_ascii_digit())
        && !text.is_empty()
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

/// What stands on the outermost level before the braces that it ends with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Definition {
    None,
    /// Its keyword has been read.
    Operation,
    /// All but its braces has been read, or it is of no interest.
    Rest,
}

impl Definition {
    /// Takes the next token in; nothing where no such document can be run.
    fn step<'a>(self, token: Token<'a>, names: &mut Vec<Option<&'a str>>) -> Option<Self> {
        Some(match (self, token) {
            (Self::None, Token::Name("query" | "mutation" | "subscription")) => {
                names.push(None);
                Self::Operation
            }
            (Self::None, Token::Name("fragment")) => Self::Rest,
            (Self::None, Token::Sign("{")) => {
                names.push(None);
                Self::Rest
            }
            (Self::None, _) => return None,
            (Self::Operation, Token::Name(name)) => {
                if let Some(last) = names.last_mut() {
                    *last = Some(name);
                }
                Self::Rest
            }
            (Self::Operation | Self::Rest, _) => Self::Rest,
        })
    }
}

/// What is left behind a token.
type Next<'a> = Option<(Token<'a>, &'a str)>;

/// The next token; nothing at all where the text has none that GraphQL knows.
fn token(text: &str) -> Option<Next<'_>> {
    let text = ignored(text);
    let Some(first) = text.chars().next() else { return Some(None) };
    let until = |is: fn(char) -> bool| text.find(|char| !is(char)).unwrap_or(text.len());
    let (token, end) = match first {
        'a'..='z' | 'A'..='Z' | '_' => {
            let end = until(|char| char.is_ascii_alphanumeric() || char == '_');
            (Token::Name(text.get(..end)?), end)
        }
        '0'..='9' | '-' => {
            (Token::Number, until(|char| char.is_ascii_alphanumeric() || "+-.".contains(char)))
        }
        '"' => (Token::String, string(text)?),
        '.' => (Token::Sign("..."), text.starts_with("...").then_some(3)?),
        '!' | '$' | '&' | '(' | ')' | ':' | '=' | '@' | '[' | ']' | '{' | '|' | '}' => {
            (Token::Sign(text.get(..1)?), 1)
        }
        _ => return None,
    };
    Some(Some((token, text.get(end..)?)))
}

/// A text without what means nothing at its start: space, commas and comments.
fn ignored(mut text: &str) -> &str {
    loop {
        text = text.trim_start_matches([' ', '\t', '\r', '\n', ',']);
        let Some(comment) = text.strip_prefix('#') else { return text };
        text = comment.find(['\r', '\n']).and_then(|end| comment.get(end..)).unwrap_or("");
    }
}

/// The length of the string that a text begins with.
fn string(text: &str) -> Option<usize> {
    if let Some(block) = text.strip_prefix("\"\"\"") {
        let mut at = 0;
        loop {
            let end = at + block.get(at..)?.find("\"\"\"")?;
            if !block.get(..end)?.ends_with('\\') {
                return Some(end + 6);
            }
            at = end + 3;
        }
    }
    let mut escaped = false;
    for (at, byte) in text.bytes().enumerate().skip(1) {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return Some(at + 1),
            b'\n' | b'\r' => return None,
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn check(document: &str, expected: Option<Option<&str>>) {
        let found = operations(document).map(|found| found.name);
        assert_eq!(found, expected, "{document}");
    }

    #[test]
    fn the_only_operation_names_a_document() {
        check("query Items { a }", Some(Some("Items")));
        check("mutation Buy($id: ID! = \"}\") @live { buy(id: $id) { id } }", Some(Some("Buy")));
        check("fragment F on Item { id } subscription S { ...F }", Some(Some("S")));
        check("{ a }", Some(None));
        check("query { a }", Some(None));
        check("query ($id: ID) { query(id: $id) }", Some(None));
        check("query @live { a }", Some(None));
        check("query A { a } query B { b }", Some(None));
        check("# query A\n,{ a(s: \"\"\"} \\\"\"\" \"\"\") }", Some(None));
    }

    #[test]
    fn what_cannot_be_run_is_no_document() {
        for text in [
            "",
            "shoes",
            "red shoes",
            "{",
            "{ a } }",
            "query A",
            "type A { a: Int }",
            "{ a } ?",
            "fragment F on Item { id }",
            "{ \"a }",
            "{ .. }",
            "{\"match_all\": {}}%",
            "select * from a",
        ] {
            check(text, None);
        }
    }

    #[test]
    fn layout_and_values_make_no_other_document() {
        let hash = |text: &str| operations(text).expect(text).hash;
        let one = hash("{ item(id: 7, name: \"a\") { id, name } }");
        assert_eq!(one, hash("# x\n{item(id:-8.5e1 name:\"\"\"b\"\"\"){id name}}"));
        assert_ne!(one, hash("{ item(id: $id, name: \"a\") { id, name } }"));
        assert_ne!(one, hash("{ item(id: 7, name: \"a\") { idname } }"));
    }

    proptest! {
        #[test]
        fn no_text_makes_the_walk_panic(text in "[a{}()\"\\\\#., \n$!é0-]{0,40}") {
            operations(&text);
        }

        #[test]
        fn more_space_says_nothing(words in proptest::collection::vec("[a-z]{1,3}", 1..6)) {
            let plain = format!("query Q{{{}}}", words.join(" "));
            let spaced = format!(" query\n Q {{ {} }}\n", words.join(" ,\t"));
            prop_assert_eq!(operations(&plain), operations(&spaced));
        }
    }
}
