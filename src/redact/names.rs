//! Which field names announce a secret.

use crate::syntax::notation::bytes_of;

/// A longer name is no name but data, and treated as a secret.
pub(super) const MAX_NAME: usize = 128;

/// Parts that announce a secret wherever they stand, once case and separators are taken out
/// (`X-Api-Key`, `api_key` and `apiKey` are all `apikey`), and the harmless words that contain
/// them.
const ANYWHERE: [(&str, &[&str]); 21] = [
    ("password", &[]),
    ("passwd", &[]),
    ("passphrase", &[]),
    ("passcode", &[]),
    ("pwd", &[]),
    ("secret", &["secretary", "secretari"]),
    ("token", &[]),
    ("apikey", &[]),
    ("accesskey", &[]),
    ("privatekey", &[]),
    ("signingkey", &[]),
    ("encryptionkey", &[]),
    ("credential", &[]),
    ("authorization", &[]),
    ("authorisation", &[]),
    ("csrf", &[]),
    ("xsrf", &[]),
    ("cvv", &[]),
    ("sessid", &[]),
    ("session", &["obsession", "possession"]),
    (
        "card",
        &[
            "discard",
            "wildcard",
            "scorecard",
            "cardinal",
            "cardio",
            "cardiac",
            "cardboard",
            "cardigan",
            "postcard",
            "placard",
            "flashcard",
            "timecard",
        ],
    ),
];

/// Words that announce a secret where they stand alone: within longer words they are too common
/// (`ssn` in `className`, `pin` in `shipping`).
const WORDS: [&str; 15] = [
    "ssn",
    "cvc",
    "pin",
    "pan",
    "otp",
    "totp",
    "sid",
    "auth",
    "oauth",
    "pass",
    "jwt",
    "bearer",
    "sig",
    "signature",
    "creds",
];

/// Words that are looked for at both ends of a word that is written in one.
const ENDS: [&str; 2] = ["ssn", "cvc"];

/// Whether a field of this name holds a secret, whatever its case and separators; a namespace
/// says nothing (`{http://tokens.example}colour`).
pub(super) fn is_secret(name: &str) -> bool {
    // A key of a binary format may be a name written as bytes.
    if let Some(bytes) = bytes_of(name) {
        return bytes.len() > MAX_NAME || is_plain_secret(&String::from_utf8_lossy(&bytes));
    }
    let name = local(name);
    name.len() > MAX_NAME || is_plain_secret(name)
}

fn is_plain_secret(name: &str) -> bool {
    mentions(name) || words(name).iter().any(|word| is_word(word))
}

/// The name of an element or attribute behind its namespace.
fn local(name: &str) -> &str {
    let plain = name.strip_prefix('@').unwrap_or(name);
    match plain.strip_prefix('{').and_then(|rest| rest.rsplit_once('}')) {
        Some((namespace, local)) if namespace.contains([':', '/']) && !local.is_empty() => local,
        _ => name,
    }
}

/// Whether a text has a part that announces a secret.
pub(super) fn mentions(text: &str) -> bool {
    let lower = text.chars().flat_map(char::to_lowercase);
    let plain: String = lower.filter(|char| char.is_alphanumeric()).collect();
    ANYWHERE.iter().any(|(part, harmless)| {
        plain.contains(part) && {
            let rest = harmless.iter().fold(plain.clone(), |rest, word| rest.replace(word, " "));
            rest.contains(part)
        }
    })
}

fn is_word(word: &str) -> bool {
    let word = word.trim_matches(|char: char| char.is_ascii_digit());
    WORDS.contains(&word) || ENDS.iter().any(|end| word.starts_with(end) || word.ends_with(end))
}

/// The words of a name in lower case: split at separators, and these split at capitals too.
fn words(name: &str) -> Vec<String> {
    let separated = name.split(|char: char| !char.is_alphanumeric());
    let mut words = Vec::new();
    for part in separated.filter(|part| !part.is_empty()) {
        words.push(part.to_lowercase());
        words.extend(camel_words(part));
    }
    words
}

/// `userSSNNumber` as `user`, `ssn`, `number`: a capital begins a word after a small letter, or
/// before one.
fn camel_words(part: &str) -> Vec<String> {
    let chars: Vec<char> = part.chars().collect();
    let mut words = vec![String::new()];
    let mut before = None;
    for (index, char) in chars.iter().enumerate() {
        let small_next = chars.get(index + 1).is_some_and(|next| next.is_lowercase());
        let begins = char.is_uppercase()
            && before.is_some_and(|before: char| !before.is_uppercase() || small_next);
        if begins {
            words.push(String::new());
        }
        if let Some(word) = words.last_mut() {
            word.extend(char.to_lowercase());
        }
        before = Some(*char);
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const SECRET: &[&str] = &[
        "password",
        "Passwd",
        "user[password]",
        "old_password",
        "passwordHash",
        "secret",
        "clientSecret",
        "client-secret",
        "secretKey",
        "token",
        "accessToken",
        "csrf_token",
        "X-CSRF-Token",
        "xsrf",
        "api_key",
        "apikey",
        "x-api-key",
        "APIKey",
        "card",
        "cardNumber",
        "credit_card",
        "creditcard",
        "cardno",
        "cards",
        "cvv",
        "cvv2",
        "cvc",
        "cardCvc",
        "cvcCode",
        "ssn",
        "SSN",
        "userSSN",
        "user_ssn_4",
        "ssnLast4",
        "authorization",
        "x-authorization",
        "credential",
        "credentials",
        "private_key",
        "privateKey",
        "session",
        "sessionId",
        "JSESSIONID",
        "PHPSESSID",
        "connect.sid",
        "pin",
        "userPin",
        "PIN1",
        "passphrase",
        "pass",
        "db_pwd",
        "bearer",
        "jwt",
        "auth",
        "otp",
        "sig",
        "X-Amz-Signature",
        "X-Amz-Credential",
        "PaSsWoRd",
        "tokeN",
        "toKen",
        "CaRd_NuMbEr",
    ];

    const HARMLESS: &[&str] = &[
        "discard",
        "scorecard",
        "scoreCard",
        "cardinality",
        "wildcard",
        "cardiology",
        "discard_number",
        "secretary",
        "obsession",
        "possession",
        "className",
        "class_name",
        "business_name",
        "shipping",
        "spin",
        "passenger",
        "compass",
        "passed",
        "author",
        "authority",
        "key",
        "primary_key",
        "keyboard",
        "public_key",
        "design",
        "company",
        "expand",
        "side",
        "id",
        "name",
        "description",
        "accordion",
        "assignment",
        "besides",
        "addressName",
        "processNumber",
        "svc_version",
    ];

    #[test]
    fn secrets_are_announced_in_any_spelling() {
        for name in SECRET {
            assert!(is_secret(name), "{name}");
        }
    }

    #[test]
    fn harmless_names_are_left_alone() {
        for name in HARMLESS {
            assert!(!is_secret(name), "{name}");
        }
    }

    #[test]
    fn a_namespace_says_nothing() {
        assert!(!is_secret("{http://tokens.example/session}colour"));
        assert!(is_secret("@{http://example.com}token"));
        assert!(is_secret("{password}") && is_secret("{token}x") && is_secret("@password"));
    }

    #[test]
    fn a_name_that_is_too_long_is_taken_for_data() {
        assert!(is_secret(&"n".repeat(MAX_NAME + 1)));
        assert!(!is_secret(&"n".repeat(MAX_NAME)));
    }

    proptest! {
        #[test]
        fn case_never_hides_a_name(
            index in 0..SECRET.len(), upper in proptest::collection::vec(any::<bool>(), 32),
        ) {
            // A capital may split a word, but what is a secret without it stays one.
            let plain = SECRET[index].to_lowercase();
            let mixed: String = plain
                .chars()
                .zip(&upper)
                .map(|(char, upper)| if *upper { char.to_ascii_uppercase() } else { char })
                .collect();
            prop_assert!(!is_secret(&plain) || is_secret(&mixed), "{}", mixed);
        }
    }
}
