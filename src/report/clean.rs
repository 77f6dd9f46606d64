//! Text from traffic made fit to print: nothing is left that a terminal, an editor or a reader's
//! eye would be misled by, and nothing is hidden. What is taken out shows as an escape.
//!
//! This module never lets a control, format or invisible character through.

use unicode_width::UnicodeWidthChar;

/// So many marks may stand on one letter; more would pile up over the lines above.
const MARKS: usize = 4;

/// The text on one line, each character that does not show as itself escaped: `\n`, `\u{1b}`.
pub fn clean(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    // A mark with no letter before it would land on whatever stands to its left.
    let mut marks = MARKS;
    for char in text.chars() {
        let is_mark = columns(char) == 0;
        marks = if is_mark { marks + 1 } else { 0 };
        match char {
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            hidden if is_hidden(hidden) || marks > MARKS => out.extend(hidden.escape_unicode()),
            plain => out.push(plain),
        }
    }
    out
}

/// Whether a character acts on a terminal or on the order of the text, or cannot be seen: controls
/// (C0, DEL, C1), format characters and bidi controls, line separators, blanks other than the
/// plain and the ideographic space, variation selectors, and letters without ink.
pub fn is_hidden(char: char) -> bool {
    char.is_control()
        || matches!(char,
            // Format characters (Unicode general category Cf).
            '\u{ad}' | '\u{600}'..='\u{605}' | '\u{61c}' | '\u{6dd}' | '\u{70f}'
            | '\u{890}'..='\u{891}' | '\u{8e2}' | '\u{180e}' | '\u{200b}'..='\u{200f}'
            | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}'
            | '\u{fff9}'..='\u{fffb}' | '\u{110bd}' | '\u{110cd}' | '\u{13430}'..='\u{1343f}'
            | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e007f}'
            // Line and paragraph separators, and blanks of other widths.
            | '\u{2028}' | '\u{2029}' | '\u{a0}' | '\u{1680}' | '\u{2000}'..='\u{200a}'
            | '\u{202f}' | '\u{205f}'
            // Variation selectors.
            | '\u{180b}'..='\u{180f}' | '\u{fe00}'..='\u{fe0f}' | '\u{e0100}'..='\u{e01ef}'
            // Fillers: letters and a symbol that show nothing.
            | '\u{34f}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{2800}'
            | '\u{3164}' | '\u{ffa0}'
            // No characters at all.
            | '\u{fff0}'..='\u{fff8}' | '\u{fffe}' | '\u{ffff}')
}

/// How many columns of a terminal a clean text takes.
pub fn width(text: &str) -> usize {
    text.chars().map(columns).sum()
}

/// The text if it fits, else its start and `…`.
pub fn cut(text: &str, limit: usize) -> String {
    if width(text) <= limit {
        return text.to_owned();
    }
    let mut out = take(text.chars(), limit.saturating_sub(1));
    if limit > 0 {
        out.push('…');
    }
    out
}

/// The text if it fits, else `…` and its end.
pub fn cut_start(text: &str, limit: usize) -> String {
    if width(text) <= limit {
        return text.to_owned();
    }
    let end = take(text.chars().rev(), limit.saturating_sub(1));
    let end: String = end.chars().rev().collect();
    // A mark whose letter was cut off would land on the ellipsis.
    let end = end.trim_start_matches(|char| columns(char) == 0);
    if limit > 0 { format!("…{end}") } else { String::new() }
}

/// Two texts, each cut to the columns, so that the place where they begin to differ is in sight.
pub fn cut_pair(one: &str, other: &str, limit: usize) -> (String, String) {
    const CONTEXT: usize = 8;
    if width(one) <= limit && width(other) <= limit {
        return (one.to_owned(), other.to_owned());
    }
    let pairs = one.chars().zip(other.chars());
    let same: Vec<char> = pairs.take_while(|(a, b)| a == b).map(|(char, _)| char).collect();
    if same.iter().map(|char| columns(*char)).sum::<usize>() + CONTEXT < limit {
        return (cut(one, limit), cut(other, limit));
    }
    // No more is left out than makes the longer one fit.
    let (mut skip, mut wanted) = (0, width(one).max(width(other)) + 1);
    for char in same.iter().take(same.len().saturating_sub(CONTEXT)) {
        if wanted <= limit {
            break;
        }
        wanted -= columns(*char);
        skip += 1;
    }
    if skip == 0 {
        return (cut(one, limit), cut(other, limit));
    }
    let from = |text: &str| {
        let rest: String = text.chars().skip(skip).collect();
        let rest = rest.trim_start_matches(|char| columns(char) == 0);
        cut(&format!("…{rest}"), limit)
    };
    (from(one), from(other))
}

fn take(chars: impl Iterator<Item = char>, limit: usize) -> String {
    let mut used = 0;
    chars
        .take_while(|char| {
            used += columns(*char);
            used <= limit
        })
        .collect()
}

fn columns(char: char) -> usize {
    char.width().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn check(text: &str, expected: &str) {
        assert_eq!(clean(text), expected);
    }

    #[test]
    fn what_does_not_show_as_itself_is_escaped() {
        check("Grüße, 世界 🎉 (ok)", "Grüße, 世界 🎉 (ok)");
        check("a\nb\tc\r", "a\\nb\\tc\\r");
        check("\u{1b}[31mred\u{9b}0m\0\u{7f}", "\\u{1b}[31mred\\u{9b}0m\\u{0}\\u{7f}");
        check("user\u{202e}gpj.exe", "user\\u{202e}gpj.exe");
        check("pay\u{200b}pal a\u{a0}b", "pay\\u{200b}pal a\\u{a0}b");
        check("\u{e0041}\u{fe0f}\u{3164}", "\\u{e0041}\\u{fe0f}\\u{3164}");
    }

    #[test]
    fn marks_neither_pile_up_nor_stand_alone() {
        check("e\u{301}", "e\u{301}");
        check("\u{301}e", "\\u{301}e");
        let piled = format!("e{}", "\u{301}".repeat(1_000));
        assert_eq!(clean(&piled).matches("\\u{301}").count(), 1_000 - MARKS);
    }

    #[test]
    fn a_cut_text_says_so_and_keeps_its_width() {
        assert_eq!(cut("abc", 3), "abc");
        assert_eq!(cut("abcd", 3), "ab…");
        assert_eq!(cut("世界世界", 4), "世…");
        assert_eq!(cut_start("$.items[*].price", 7), "….price");
        assert_eq!((cut("abc", 0), cut_start("abc", 0)), (String::new(), String::new()));
    }

    #[test]
    fn a_cut_pair_shows_where_it_begins_to_differ() {
        let (one, other) = ("x".repeat(100) + "1", "x".repeat(100) + "2");
        let shown = cut_pair(&one, &other, 20);
        let fill = "x".repeat(18);
        assert_eq!(shown, (format!("…{fill}1"), format!("…{fill}2")));
        let long = cut_pair(&format!("{one}{fill}{fill}"), &other, 20);
        assert_eq!(long, ("…xxxxxxxx1xxxxxxxxx…".into(), "…xxxxxxxx2".into()));
        let wide = "世".repeat(50);
        let wide = cut_pair(&format!("{wide}1"), &format!("{wide}2"), 20);
        assert_eq!(wide, (format!("…{}1", "世".repeat(9)), format!("…{}2", "世".repeat(9))));
        let early = cut_pair("1 and so on and on", "2 and so on and on", 10);
        assert_eq!(early, ("1 and so …".into(), "2 and so …".into()));
    }

    proptest! {
        #[test]
        fn no_hidden_character_survives(text in any::<String>()) {
            prop_assert!(!clean(&text).chars().any(is_hidden));
            prop_assert_eq!(clean(&clean(&text)), clean(&text));
        }

        #[test]
        fn nothing_is_wider_than_its_limit(one in any::<String>(), two in any::<String>(), limit in 0usize..40) {
            let (one, two) = (clean(&one), clean(&two));
            prop_assert!(width(&cut(&one, limit)) <= limit);
            prop_assert!(width(&cut_start(&one, limit)) <= limit);
            let (left, right) = cut_pair(&one, &two, limit);
            prop_assert!(width(&left) <= limit && width(&right) <= limit);
        }
    }
}
