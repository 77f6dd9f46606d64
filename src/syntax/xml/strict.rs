//! What XML 1.0 (fifth edition) and Namespaces in XML 1.0 forbid, and the parser lets pass.
//!
//! This module never keeps anything of what it looks at.

use std::collections::HashSet;

/// What is wrong.
pub(super) type Problem = &'static str;

/// The namespace of `xml:lang` and the like, which needs no declaration.
pub(super) const XML: &str = "http://www.w3.org/XML/1998/namespace";
const XMLNS: &str = "http://www.w3.org/2000/xmlns/";

/// Whether it is a character of XML (section 2.2).
pub(super) fn is_character(char: char) -> bool {
    matches!(char, '\t' | '\n' | '\r' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..)
}

/// The first character of this kind that is none of XML.
pub(super) fn stray(text: &str) -> Option<usize> {
    text.char_indices().find(|(_, char)| !is_character(*char)).map(|(at, _)| at)
}

/// Text between tags (section 2.4), as it is written.
pub(super) fn text(text: &str) -> Result<(), Problem> {
    if text.contains("]]>") { Err("the end of a CDATA section that has not begun") } else { Ok(()) }
}

/// What a comment says (section 2.5).
pub(super) fn comment(text: &str) -> Result<(), Problem> {
    let is_wrong = text.contains("--") || text.ends_with('-');
    if is_wrong { Err("two hyphens in a comment") } else { Ok(()) }
}

/// The target of a processing instruction (section 2.6).
pub(super) fn target(name: &str) -> Result<(), Problem> {
    if name.eq_ignore_ascii_case("xml") {
        return Err("a declaration that is not at the beginning");
    }
    self::name(name)
}

/// The declaration that a document begins with (section 2.8), behind `<?xml`.
pub(super) fn declaration(text: &str) -> Result<(), Problem> {
    let is_version = |text: &str| {
        let minor = text.strip_prefix("1.").unwrap_or_default();
        !minor.is_empty() && minor.bytes().all(|byte| byte.is_ascii_digit())
    };
    let is_encoding = |text: &str| {
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
        text.starts_with(|char: char| char.is_ascii_alphabetic()) && text.bytes().all(fits)
    };
    let is_choice = |text: &str| matches!(text, "yes" | "no");
    let wrong = "a declaration that is none of XML 1.0";
    let rest = said(text, "version", is_version).ok_or(wrong)?;
    let rest = said(rest, "encoding", is_encoding).unwrap_or(rest);
    let rest = said(rest, "standalone", is_choice).unwrap_or(rest);
    if rest.trim_matches(SPACE).is_empty() { Ok(()) } else { Err(wrong) }
}

const SPACE: [char; 4] = [' ', '\t', '\r', '\n'];

/// What follows ` NAME = "VALUE"`, where the value fits.
fn said<'t>(text: &'t str, name: &str, fits: impl Fn(&str) -> bool) -> Option<&'t str> {
    let rest = text.strip_prefix(SPACE)?.trim_start_matches(SPACE).strip_prefix(name)?;
    let rest = rest.trim_start_matches(SPACE).strip_prefix('=')?.trim_start_matches(SPACE);
    let (value, rest) = literal(rest)?;
    fits(value).then_some(rest)
}

/// What is quoted, and what follows.
fn literal(text: &str) -> Option<(&str, &str)> {
    let quote = text.chars().next().filter(|char| matches!(char, '"' | '\''))?;
    text.get(1..)?.split_once(quote)
}

/// The declaration of a document's type (section 2.8), behind `<!DOCTYPE` and white space. Of what
/// is declared in it, only how each begins is looked at, where nothing quoted may look like it.
pub(super) fn document_type(text: &str) -> Result<(), Problem> {
    let wrong = "a document type that is none";
    let text = text.trim_start_matches(SPACE);
    let end = text.find(|char| SPACE.contains(&char) || char == '[').unwrap_or(text.len());
    let (name, rest) = text.split_at_checked(end).unwrap_or((text, ""));
    qualified(name).map_err(|_| wrong)?;
    let rest = rest.trim_start_matches(SPACE);
    let rest = match (rest.strip_prefix("SYSTEM"), rest.strip_prefix("PUBLIC")) {
        (Some(rest), _) => quoted(rest).ok_or(wrong)?,
        (_, Some(rest)) => quoted(rest).and_then(quoted).ok_or(wrong)?,
        (None, None) => rest,
    };
    let rest = rest.trim_matches(SPACE);
    if rest.is_empty() {
        return Ok(());
    }
    let inside = rest.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).ok_or(wrong)?;
    let known = ["!ELEMENT", "!ATTLIST", "!ENTITY", "!NOTATION"];
    let begins = |part: &str| known.iter().any(|known| part.starts_with(known));
    let is_plain =
        !inside.contains(['"', '\'']) && !inside.contains("<!--") && !inside.contains("<?");
    if is_plain && !inside.split('<').skip(1).all(begins) { Err(wrong) } else { Ok(()) }
}

/// What follows white space and a literal.
fn quoted(text: &str) -> Option<&str> {
    let rest = text.strip_prefix(SPACE)?.trim_start_matches(SPACE);
    literal(rest).map(|(_, rest)| rest)
}

/// Attributes as they are written: each behind white space (section 3.1), no `<` in a value.
pub(super) fn apart(attributes: &str) -> Result<(), Problem> {
    let (mut quote, mut is_behind_value) = (None, false);
    for char in attributes.chars() {
        let is_space = matches!(char, ' ' | '\t' | '\r' | '\n');
        match quote {
            Some(_) if char == '<' => return Err("a `<` in an attribute"),
            Some(open) if char == open => (quote, is_behind_value) = (None, true),
            Some(_) => {}
            None if is_behind_value && !is_space && char != '/' => {
                return Err("no space between attributes");
            }
            None => {
                is_behind_value = false;
                quote = Some(char).filter(|char| matches!(char, '"' | '\''));
            }
        }
    }
    Ok(())
}

/// A name with its prefix (section 4 of the namespaces).
pub(super) fn qualified(name: &str) -> Result<(), Problem> {
    match name.split_once(':') {
        Some((prefix, local)) => self::name(prefix).and_then(|()| self::name(local)),
        None => self::name(name),
    }
}

/// A name without a colon (section 2.3).
fn name(name: &str) -> Result<(), Problem> {
    let mut chars = name.chars();
    let is_name = chars.next().is_some_and(begins_name) && chars.all(continues_name);
    if is_name { Ok(()) } else { Err("a name that is none") }
}

fn begins_name(char: char) -> bool {
    matches!(char,
        'A'..='Z' | '_' | 'a'..='z' | '\u{c0}'..='\u{d6}' | '\u{d8}'..='\u{f6}'
        | '\u{f8}'..='\u{2ff}' | '\u{370}'..='\u{37d}' | '\u{37f}'..='\u{1fff}'
        | '\u{200c}'..='\u{200d}' | '\u{2070}'..='\u{218f}' | '\u{2c00}'..='\u{2fef}'
        | '\u{3001}'..='\u{d7ff}' | '\u{f900}'..='\u{fdcf}' | '\u{fdf0}'..='\u{fffd}'
        | '\u{10000}'..='\u{effff}')
}

fn continues_name(char: char) -> bool {
    begins_name(char)
        || matches!(char, '-' | '.' | '0'..='9' | '\u{b7}' | '\u{300}'..='\u{36f}' | '\u{203f}'..='\u{2040}')
}

/// The namespaces that an element declares, by prefix (sections 2.2 and 3 of the namespaces).
pub(super) fn declared(namespaces: &[(String, String)]) -> Result<(), Problem> {
    let mut seen = HashSet::new();
    for (prefix, namespace) in namespaces {
        if !seen.insert(prefix) {
            return Err("an attribute is repeated");
        }
        let is_wrong = match prefix.as_str() {
            "" => [XML, XMLNS].contains(&namespace.as_str()),
            "xml" => namespace != XML,
            "xmlns" => true,
            _ => namespace.is_empty() || [XML, XMLNS].contains(&namespace.as_str()),
        };
        if is_wrong {
            return Err("a prefix that cannot stand for that");
        }
    }
    Ok(())
}
