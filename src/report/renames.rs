//! Values that count as equal for being identifiers with other names, in words.
//!
//! This module never prints anything that came from traffic.

use crate::base::grouped;
use crate::model::Renames;

/// `40 renamed, 3 opaque, 2 at an offset`; nothing where there is none.
pub(super) fn words(renames: &Renames) -> Option<String> {
    let counts = [
        (renames.renamed, "renamed"),
        (renames.opaque, "opaque"),
        (renames.offset, "at an offset"),
    ];
    let counts = counts.into_iter().filter(|(count, _)| *count > 0);
    let words: Vec<_> = counts.map(|(count, word)| format!("{} {word}", grouped(count))).collect();
    (!words.is_empty()).then(|| words.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_there_is_is_said() {
        assert_eq!(words(&Renames::default()), None);
        let renames = Renames { renamed: 1_200, offset: 2, ..Renames::default() };
        assert_eq!(words(&renames).as_deref(), Some("1,200 renamed, 2 at an offset"));
    }
}
