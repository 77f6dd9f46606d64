//! `${VAR}` and `${VAR:-default}` in values, as a shell expands them; `$$` stands for `$`.
//!
//! Expansion happens after parsing, so a variable's value is never read as YAML.
//!
//! This module never reads the environment itself: the caller passes a reader.

use std::borrow::Cow;

/// Reads one environment variable.
pub(super) type Env<'a> = &'a dyn Fn(&str) -> Option<String>;

/// The text with its variables replaced; an error says which one cannot be, and the mend.
pub(super) fn expand<'a>(text: &'a str, env: Env<'_>) -> Result<Cow<'a, str>, String> {
    let mut expanded = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('$') {
        expanded.push_str(before);
        if let Some(after) = after.strip_prefix('{') {
            let unclosed = || "`${` is never closed; write `}`, or `$${` for the characters".into();
            let (inside, after) = after.split_once('}').ok_or_else::<String, _>(unclosed)?;
            expanded.push_str(&variable(inside, env)?);
            rest = after;
        } else {
            expanded.push('$');
            rest = after.strip_prefix('$').unwrap_or(after);
        }
    }
    expanded.push_str(rest);
    Ok(if expanded == text { Cow::Borrowed(text) } else { Cow::Owned(expanded) })
}

/// The value of `NAME` or `NAME:-default`; as in a shell, the default also replaces an empty value.
fn variable(inside: &str, env: Env<'_>) -> Result<String, String> {
    let (name, default) = match inside.split_once(":-") {
        Some((name, default)) => (name, Some(default)),
        None => (inside, None),
    };
    if !is_name(name) {
        return Err(format!("`${{{inside}}}` is not a variable; write one like ${{PORT:-8080}}"));
    }
    if default.is_some_and(|default| default.contains("${")) {
        return Err(format!("the default of `${{{name}}}` holds another variable; write a text"));
    }
    match (env(name), default) {
        (Some(value), None) => Ok(value),
        (Some(value), Some(_)) if !value.is_empty() => Ok(value),
        (_, Some(default)) => Ok(default.to_owned()),
        (None, None) => Err(format!(
            "`${{{name}}}` is not set; set it, or give a default as in ${{{name}:-value}}"
        )),
    }
}

fn is_name(text: &str) -> bool {
    !text.is_empty()
        && !text.starts_with(|first: char| first.is_ascii_digit())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: Result<&str, &str>) {
        let env = |name: &str| match name {
            "PORT" => Some("8081".to_owned()),
            "EMPTY" => Some(String::new()),
            "TRICK" => Some("a: b\n${PORT}".to_owned()),
            _ => None,
        };
        match (expand(text, &env), expected) {
            (Ok(found), Ok(expected)) => assert_eq!(found, expected, "{text}"),
            (Err(found), Err(part)) => assert!(found.contains(part), "{text}: {found}"),
            (found, _) => panic!("{text}: {found:?}"),
        }
    }

    #[test]
    fn variables_expand_as_in_a_shell() {
        check("http://127.0.0.1:${PORT}", Ok("http://127.0.0.1:8081"));
        check("${PORT:-1}${NOPE:-2}${EMPTY:-3}[${EMPTY}]", Ok("808123[]"));
        check("$$${PORT}$${PORT}", Ok("$8081${PORT}"));
        check("${NOPE:-}", Ok(""));
    }

    #[test]
    fn a_lone_dollar_is_itself() {
        for text in ["$.items[*].id", "^/a$", "$", "a $b"] {
            check(text, Ok(text));
        }
    }

    #[test]
    fn a_value_is_not_expanded_again() {
        check("${TRICK}", Ok("a: b\n${PORT}"));
    }

    #[test]
    fn what_cannot_be_expanded_says_why() {
        check("${NOPE}", Err("`${NOPE}` is not set"));
        check("${NOPE", Err("never closed"));
        check("${}", Err("not a variable"));
        check("${MY VAR}", Err("not a variable"));
        check("${NOPE:-${PORT}}", Err("holds another variable"));
    }
}
