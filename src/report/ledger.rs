//! The ledger in words: the rows of a table, and the sentence at the end of a run.

use crate::base::grouped;
use crate::model::{DropReason, FailReason, Ledger, SkipReason};

/// One line of the account.
pub(super) struct Row {
    pub name: &'static str,
    pub count: u64,
    /// Its reasons with their counts; may be empty.
    pub note: String,
}

/// The account of one ledger, without zeros: seen first, then the rows that add up to it.
pub(super) fn rows(ledger: &Ledger) -> Vec<Row> {
    let rows = [
        Row { name: "mirrored", count: ledger.mirrored, note: fates(ledger).join(", ") },
        Row { name: "sampled out", count: ledger.sampled_out, note: String::new() },
        Row { name: "skipped", count: ledger.skipped_total(), note: skipped(ledger) },
        Row { name: "dropped", count: ledger.dropped_total(), note: dropped(ledger) },
        Row {
            name: "in flight",
            count: ledger.unsettled(),
            note: "or lost when a process was killed".to_owned(),
        },
    ];
    let seen = Row { name: "seen", count: ledger.seen, note: String::new() };
    std::iter::once(seen).chain(rows.into_iter().filter(|row| row.count > 0)).collect()
}

/// `seen 12,480 = 11,072 mirrored + 800 sampled out + 354 skipped (300 method, 54 body_too_large)
/// + …; mirrored 11,072 = 11,020 compared + 52 failed (52 backlog)`, zeros left out.
pub fn sentence(ledger: &Ledger) -> String {
    let terms: Vec<_> = rows(ledger)
        .iter()
        .skip(1)
        .map(|row| match (row.name, row.note.as_str()) {
            ("mirrored" | "in flight", _) | (_, "") => {
                format!("{} {}", grouped(row.count), row.name)
            }
            (name, note) => format!("{} {name} ({note})", grouped(row.count)),
        })
        .collect();
    if terms.is_empty() {
        return "no request was seen".to_owned();
    }
    let mut text = format!("seen {} = {}", grouped(ledger.seen), terms.join(" + "));
    if ledger.mirrored > 0 {
        let fates = fates(ledger).join(" + ");
        text.push_str(&format!("; mirrored {} = {fates}", grouped(ledger.mirrored)));
    }
    text
}

/// What became of the mirrored ones.
fn fates(ledger: &Ledger) -> Vec<String> {
    let mut fates = vec![format!("{} compared", grouped(ledger.compared))];
    let failed = ledger.failed_total();
    if failed > 0 {
        let names = FailReason::ALL.iter().map(|reason| reason.name());
        fates.push(format!("{} failed ({})", grouped(failed), reasons(names.zip(ledger.failed))));
    }
    let pending = ledger.mirrored.saturating_sub(ledger.compared + failed);
    if pending > 0 {
        fates.push(format!("{} not yet compared", grouped(pending)));
    }
    fates
}

fn skipped(ledger: &Ledger) -> String {
    reasons(SkipReason::ALL.iter().map(|reason| reason.name()).zip(ledger.skipped))
}

fn dropped(ledger: &Ledger) -> String {
    reasons(DropReason::ALL.iter().map(|reason| reason.name()).zip(ledger.dropped))
}

/// `300 method, 54 body_too_large`.
fn reasons(counts: impl Iterator<Item = (&'static str, u64)>) -> String {
    let words = counts.filter(|(_, count)| *count > 0);
    words.map(|(name, count)| format!("{} {name}", grouped(count))).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Disposition;

    fn check(entries: &[(Disposition, u64)], expected: &str) {
        let mut ledger = Ledger::default();
        for &(disposition, count) in entries {
            (0..count).for_each(|_| ledger.settle(disposition));
            ledger.seen += count;
        }
        assert_eq!(sentence(&ledger), expected);
    }

    #[test]
    fn the_sentence_adds_up_and_leaves_zeros_out() {
        use Disposition::{Compared, Dropped, Failed, SampledOut, Skipped};
        check(&[], "no request was seen");
        check(&[(Compared, 1_234)], "seen 1,234 = 1,234 mirrored; mirrored 1,234 = 1,234 compared");
        check(&[(Skipped(SkipReason::Method), 3)], "seen 3 = 3 skipped (3 method)");
        check(
            &[
                (Compared, 20),
                (Failed(FailReason::Memory), 2),
                (SampledOut, 8),
                (Skipped(SkipReason::Method), 3),
                (Skipped(SkipReason::BodyTooLarge), 1),
                (Dropped(DropReason::QueueFull), 5),
            ],
            "seen 39 = 22 mirrored + 8 sampled out + 4 skipped (3 method, 1 body_too_large) + \
             5 dropped (5 queue_full); mirrored 22 = 20 compared + 2 failed (2 memory)",
        );
    }

    #[test]
    fn what_has_no_entry_yet_is_in_flight() {
        let ledger = Ledger { seen: 5, mirrored: 2, compared: 2, ..Ledger::default() };
        let expected = "seen 5 = 2 mirrored + 3 in flight; mirrored 2 = 2 compared";
        assert_eq!(sentence(&ledger), expected);
    }
}
