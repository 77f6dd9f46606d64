//! Paths with filters over a document.

use super::Parts;
use shadowdiff::model::{Filter, Pattern, Progress, Reach, Seg, Spent};
use shadowdiff::syntax::json::{Document, Inside, Value, Way};

/// Enough for all that is not made to be slow.
const FUEL: u64 = 100_000;

/// A path selects the same however it is spelled, leads somewhere within a filter exactly where it
/// selects something, and gives up where its work has no end. First part: a path; second: JSON.
pub fn filter(bytes: &[u8]) {
    let mut parts = Parts::of(bytes);
    let (text, json) = (parts.text(), parts.next());
    let Ok(pattern) = text.parse::<Pattern>() else { return };
    let normal = pattern.normalised();
    let again = normal.parse::<Pattern>().expect("our own spelling");
    assert_eq!(again.normalised(), normal);
    let Ok(document) = Document::parse(json) else { return };
    let Ok(selected) = selected(&pattern, &document, FUEL) else { return };
    let same = self::selected(&again, &document, FUEL);
    assert_eq!(same.as_ref(), Ok(&selected), "{text} is not {normal}");
    let query = format!("$[?{normal}]").parse::<Pattern>();
    let (Ok(query), false) = (query, text.starts_with('/')) else { return };
    let opposite = format!("$[?!{normal}]").parse::<Pattern>().expect("the same, negated");
    let some = !selected.is_empty();
    assert_eq!(passes(&query, &document).unwrap_or(some), some, "{text} leads to {selected:?}");
    assert_eq!(passes(&opposite, &document).unwrap_or(!some), !some, "not {text}");
}

/// Whether the root of the document passes a path that is one filter.
fn passes(pattern: &Pattern, document: &Document<'_>) -> Option<bool> {
    let mut fuel = FUEL;
    let mut passes = |filter: &Filter| filter.passes(document, document.root(), &mut fuel);
    let seg = Seg::Key(String::new());
    let followed = pattern.follow(pattern.start(), &seg, None, &mut passes).ok()?;
    Some(pattern.reached(followed) == Reach::At)
}

/// Where the values that a path selects begin, in the order of the document.
pub fn selected(
    pattern: &Pattern,
    document: &Document<'_>,
    mut fuel: u64,
) -> Result<Vec<usize>, Spent> {
    let mut found = Vec::new();
    let mut left: Vec<(Value, Progress)> = vec![(document.root(), pattern.start())];
    while let Some((value, progress)) = left.pop() {
        fuel = fuel.checked_sub(1).ok_or(Spent)?;
        match pattern.reached(progress) {
            Reach::At => found.push(value.start()),
            Reach::Above | Reach::Below => {}
            Reach::Outside => continue,
        }
        let Some(inside) = document.inside(value) else { continue };
        let length = matches!(inside, Inside::Array(_)).then(|| document.elements(value).count());
        for (way, child) in inside {
            let seg = match way {
                // A key that is no text has no place in a path.
                Way::Key(key) => match String::from_utf8(key.canonical().into_owned()) {
                    Ok(name) => Seg::Key(name),
                    Err(_) => continue,
                },
                Way::Index(index) => Seg::Index(index),
            };
            let mut passes = |filter: &Filter| filter.passes(document, child, &mut fuel);
            left.push((child, pattern.follow(progress, &seg, length, &mut passes)?));
        }
    }
    found.sort_unstable();
    Ok(found)
}
