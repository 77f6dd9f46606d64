//! What becomes of the differences that may be none.
//!
//! [`settle`] has them weighed and puts what differs after all in its place among the rest. Only a
//! difference in value is ever taken away, and each that is, is counted.
//!
//! This module never decides what an identifier stands for.

use super::court::{Court, Verdict};
use super::known::Known;
use super::suspects::{Agreed, Suspect, Suspects};
use crate::compare::comparison::{Comparison, Sides};
use crate::compare::terms::Terms;
use crate::model::{Divergence, Kind, Place, Renames, Severity};

/// Tells what of the suspects differs after all.
pub(in crate::compare) fn settle(found: &mut Comparison<'_>, terms: Terms<'_>) {
    let suspects = std::mem::take(&mut found.suspects);
    found.names.beyond += suspects.beyond;
    if suspects.list.is_empty() {
        return;
    }
    if found.truncated || suspects.is_overrun() {
        found.names.beyond += suspects.list.len() as u64;
        let verdicts = vec![Verdict::Value; suspects.list.len()];
        return release(found, suspects, &verdicts, &[]);
    }
    let nothing = Known::default();
    let (learned, verdicts, broken) = {
        let court = Court::new(&suspects, terms, terms.known.unwrap_or(&nothing));
        // Where nothing is kept from one exchange for another, nothing is learned.
        let learned = terms.known.map(|_| court.learned()).unwrap_or_default();
        (learned, court.verdicts(), court.broken())
    };
    found.learned = learned;
    release(found, suspects, &verdicts, &broken);
}

/// Where something is told: after so many recorded divergences, after so many suspects, and whether
/// it is the next of these.
type Turn = (usize, usize, bool);

/// Puts what differs after all in its place, and counts what does not.
fn release<'a>(
    found: &mut Comparison<'a>,
    suspects: Suspects<'a>,
    verdicts: &[Verdict],
    broken: &[usize],
) {
    let Suspects { list, agreed, .. } = suspects;
    let mut told: Vec<(Turn, Divergence<'a>)> = Vec::new();
    let mut broken: Vec<_> = broken.iter().filter_map(|index| agreed.get(*index)).collect();
    broken.dedup_by(|one, other| one.path == other.path);
    for agreed in broken {
        let (recorded, noted) = agreed.after;
        told.push(((recorded, noted, false), unchanged(agreed)));
    }
    found.total += told.len() as u64;
    // Suspects are noted in the order in which they are told: beyond so many there is no room.
    let most = told.len() + Comparison::MAX_RECORDED;
    for (index, (suspect, verdict)) in list.into_iter().zip(verdicts).enumerate() {
        let Suspect { mut divergence, after, .. } = suspect;
        if let Some(renames) = excuse(*verdict) {
            found.total -= 1;
            found.names.count(&divergence.place, &renames);
            continue;
        }
        if told.len() == most {
            continue;
        }
        if *verdict == Verdict::Broken {
            divergence.kind = Kind::ReferenceBroken;
            divergence.severity = raised(divergence.severity);
        }
        told.push(((after, index, true), divergence));
    }
    told.sort_by_key(|(turn, _)| *turn);
    merge(&mut found.divergences, told);
}

fn excuse(verdict: Verdict) -> Option<Renames> {
    let none = Renames::default();
    match verdict {
        Verdict::Value | Verdict::Broken => None,
        Verdict::Renamed => Some(Renames { renamed: 1, ..none }),
        Verdict::Opaque => Some(Renames { opaque: 1, ..none }),
        Verdict::Offset(by) => Some(Renames { offset: 1, by: Some(by), ..none }),
    }
}

/// The identifier is the same where elsewhere it has another name.
fn unchanged<'a>(agreed: &Agreed<'a>) -> Divergence<'a> {
    let sides = Sides::Known([Some(agreed.raw); 2], [agreed.class; 2]);
    sides.divergence(Kind::ReferenceBroken, Place::Body(agreed.path.clone()))
}

/// A broken reference breaks, unless nothing at its place matters.
fn raised(severity: Severity) -> Severity {
    match severity {
        Severity::Info => Severity::Info,
        _ => Kind::ReferenceBroken.severity(),
    }
}

/// Inserts what is told, each after as many of the others as its turn says.
fn merge<'a>(divergences: &mut Vec<Divergence<'a>>, told: Vec<(Turn, Divergence<'a>)>) {
    if told.is_empty() {
        return;
    }
    let recorded = std::mem::take(divergences);
    let mut told = told.into_iter().peekable();
    for (index, divergence) in recorded.into_iter().enumerate() {
        while let Some((_, earlier)) = told.next_if(|((after, ..), _)| *after <= index) {
            divergences.push(earlier);
        }
        divergences.push(divergence);
    }
    divergences.extend(told.map(|(_, divergence)| divergence));
    divergences.truncate(Comparison::MAX_RECORDED);
}
