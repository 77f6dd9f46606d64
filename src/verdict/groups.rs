//! Which findings come from one cause, as far as can be told from what is found together.
//!
//! This module never changes a count: it says which findings are read as one item, nothing more.

use crate::model::{Finding, Kind, Signature, Variant};
use std::collections::HashMap;

/// Findings belong together where at least four of five trials that show one show both.
const TOGETHER: (u64, u64) = (4, 5);

/// Findings that are read as one item. The first of a group, in the order given, leads it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Groups {
    /// The leader of each finding that is not alone.
    leads: HashMap<Signature, Signature>,
    /// The others of a leader's group, in the order given.
    members: HashMap<Signature, Vec<Signature>>,
}

impl Groups {
    /// Joins findings of one endpoint
    /// - that are shown together: Jaccard's index over the trials that show them is 0.8 or more;
    /// - one of which is shown only together with the other, of which it is part: elements that
    ///   were added to or removed from an array beside its length, or a field that is missing,
    ///   extra or of another type at several places under one name.
    ///
    /// Being shown only with another is not enough by itself: what shows in every answer would
    /// swallow all that shows in some.
    pub fn new<'a>(findings: &[&Finding], variants: impl IntoIterator<Item = &'a Variant>) -> Self {
        let shown = Shown::of(findings, variants);
        let mut leads: Vec<usize> = (0..findings.len()).collect();
        for (&(one, other), &both) in &shown.both {
            let (Some(a), Some(b)) = (findings.get(one), findings.get(other)) else { continue };
            let counts = (shown.count(one), shown.count(other), both);
            if a.endpoint == b.endpoint && belong(a, b, counts) {
                join(&mut leads, one, other);
            }
        }
        Self::from_leads(findings, &mut leads)
    }

    fn from_leads(findings: &[&Finding], leads: &mut [usize]) -> Self {
        let mut groups = Self::default();
        for (place, finding) in findings.iter().enumerate() {
            let lead = find(leads, place);
            let Some(leader) = findings.get(lead).filter(|_| lead != place) else { continue };
            groups.leads.insert(leader.signature, leader.signature);
            groups.leads.insert(finding.signature, leader.signature);
            groups.members.entry(leader.signature).or_default().push(finding.signature);
        }
        groups
    }

    /// Who leads the group of a finding; nothing where it is alone.
    pub fn lead(&self, signature: Signature) -> Option<Signature> {
        self.leads.get(&signature).copied()
    }

    /// Whether it is told under another finding.
    pub fn is_led(&self, signature: Signature) -> bool {
        self.lead(signature).is_some_and(|lead| lead != signature)
    }

    /// The others of the group that a finding leads.
    pub fn members(&self, lead: Signature) -> &[Signature] {
        self.members.get(&lead).map_or(&[], Vec::as_slice)
    }

    /// The others of a finding's group, its leader first.
    pub fn others(&self, signature: Signature) -> Vec<Signature> {
        let Some(lead) = self.lead(signature) else { return Vec::new() };
        let all = [&[lead][..], self.members(lead)].concat();
        all.into_iter().filter(|&other| other != signature).collect()
    }
}

/// How often findings are shown, by their places.
struct Shown {
    alone: Vec<u64>,
    /// By the lower place first.
    both: HashMap<(usize, usize), u64>,
}

impl Shown {
    fn of<'a>(findings: &[&Finding], variants: impl IntoIterator<Item = &'a Variant>) -> Self {
        let places: HashMap<_, _> = findings.iter().map(|one| one.signature).zip(0..).collect();
        let mut shown = Self { alone: vec![0; findings.len()], both: HashMap::new() };
        for variant in variants {
            let known = variant.findings.iter().filter_map(|one| places.get(one).copied());
            let mut known: Vec<usize> = known.collect();
            known.sort_unstable();
            known.dedup();
            shown.add(&known, variant.count);
        }
        shown
    }

    fn add(&mut self, known: &[usize], count: u64) {
        for (number, &one) in known.iter().enumerate() {
            if let Some(alone) = self.alone.get_mut(one) {
                *alone += count;
            }
            for &other in known.iter().skip(number + 1) {
                *self.both.entry((one, other)).or_default() += count;
            }
        }
    }

    fn count(&self, place: usize) -> u64 {
        self.alone.get(place).copied().unwrap_or(0)
    }
}

/// Whether two findings come from one cause; `counts` are the trials that show the one, the other,
/// and both.
fn belong(a: &Finding, b: &Finding, (one, other, both): (u64, u64, u64)) -> bool {
    let either = u128::from(one) + u128::from(other) - u128::from(both);
    let (part, whole) = TOGETHER;
    let jaccard = u128::from(both) * u128::from(whole) >= either * u128::from(part);
    jaccard && both > 0 || both == one.min(other) && is_akin(a, b)
}

/// Whether one finding is part of the other by its place and kind.
fn is_akin(a: &Finding, b: &Finding) -> bool {
    let is_of_length = |array: &Finding, element: &Finding| {
        array.kind == Kind::ArrayLength
            && matches!(element.kind, Kind::Added | Kind::Removed)
            && element.path.strip_suffix("[*]") == Some(&array.path)
    };
    let is_shape = matches!(a.kind, Kind::Missing | Kind::Extra | Kind::Type | Kind::Null);
    let is_same_field = || a.kind == b.kind && is_shape && field(&a.path) == field(&b.path);
    is_of_length(a, b) || is_of_length(b, a) || is_same_field()
}

/// The last name in a pattern: `price` of `$.items[*].price` and of `$['price']`.
fn field(path: &str) -> &str {
    let place = path.trim_end_matches("[*]");
    match place.strip_suffix("']") {
        Some(quoted) => quoted.rsplit("['").next().unwrap_or(quoted),
        None => place.rsplit('.').next().unwrap_or(place),
    }
}

/// The place that leads the group of another.
fn find(leads: &mut [usize], place: usize) -> usize {
    let mut at = place;
    while let Some(&next) = leads.get(at).filter(|next| **next != at) {
        // Halves the way for the next time.
        let beyond = leads.get(next).copied().unwrap_or(next);
        if let Some(lead) = leads.get_mut(at) {
            *lead = beyond;
        }
        at = next;
    }
    at
}

/// Makes two groups one; the lower place leads.
fn join(leads: &mut [usize], one: usize, other: usize) {
    let (one, other) = (find(leads, one), find(leads, other));
    if let Some(lead) = leads.get_mut(one.max(other)) {
        *lead = one.min(other);
    }
}

#[cfg(test)]
pub(super) mod testing {
    use super::*;
    use crate::model::{Severity, Status, Traces};
    use jiff::Timestamp;
    use std::collections::BTreeMap;

    pub fn finding(number: u8) -> Finding {
        Finding {
            signature: Signature([number; 16]),
            endpoint: "GET /".to_owned(),
            kind: Kind::Value,
            path: format!("$.field{number}"),
            severity: Severity::Behavioural,
            status: Status::Open,
            count: 1,
            first_seen: Timestamp::UNIX_EPOCH,
            last_seen: Timestamp::UNIX_EPOCH,
            samples: BTreeMap::new(),
        }
    }

    pub fn variant(shown: &[u8], count: u64) -> Variant {
        Variant {
            signature: Signature([0x81; 16]),
            endpoint: "GET /".to_owned(),
            primary: "200".to_owned(),
            candidate: "200".to_owned(),
            severity: Severity::Behavioural,
            findings: shown.iter().map(|&number| finding(number).signature).collect(),
            count,
            first_seen: Timestamp::UNIX_EPOCH,
            last_seen: Timestamp::UNIX_EPOCH,
            traces: Traces::default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::testing::{finding, variant};
    use super::*;
    use proptest::prelude::*;

    fn of(findings: &[Finding], variants: &[(&[u8], u64)]) -> Groups {
        let findings: Vec<_> = findings.iter().collect();
        let variants: Vec<_> =
            variants.iter().map(|(shown, count)| variant(shown, *count)).collect();
        Groups::new(&findings, &variants)
    }

    /// The groups of more than one, each with its leader first.
    fn listed(groups: &Groups) -> Vec<Vec<u8>> {
        let number = |signature: &Signature| signature.0[0];
        let mut all: Vec<_> = groups
            .members
            .iter()
            .map(|(lead, members)| [lead].into_iter().chain(members).map(number).collect())
            .collect();
        all.sort();
        all
    }

    fn check(variants: &[(&[u8], u64)], expected: &[&[u8]]) {
        let findings: Vec<_> = (0..10).map(finding).collect();
        assert_eq!(listed(&of(&findings, variants)), expected);
    }

    #[test]
    fn what_is_mostly_shown_together_is_one_group() {
        check(&[(&[1], 5), (&[2], 5)], &[]);
        check(&[(&[1, 2], 5)], &[&[1, 2]]);
        check(&[(&[1, 2], 4), (&[1], 1)], &[&[1, 2]]);
        check(&[(&[1, 2], 79), (&[1], 21)], &[]);
        check(&[(&[3, 7], 9), (&[7, 5], 1), (&[2, 4], 1)], &[&[2, 4], &[3, 7]]);
    }

    #[test]
    fn what_shows_everywhere_does_not_swallow_what_shows_somewhere() {
        check(&[(&[1], 90), (&[1, 2], 5), (&[1, 3], 5)], &[]);
    }

    fn at(number: u8, kind: Kind, path: &str) -> Finding {
        Finding { kind, path: path.to_owned(), ..finding(number) }
    }

    fn check_akin(one: (Kind, &str), other: (Kind, &str), is_one: bool) {
        let findings = [at(1, one.0, one.1), at(2, other.0, other.1)];
        let groups = of(&findings, &[(&[1], 90), (&[1, 2], 10)]);
        assert_eq!(listed(&groups).len(), usize::from(is_one), "{one:?} {other:?}");
        // Shown apart, they are two.
        assert_eq!(listed(&of(&findings, &[(&[1], 9), (&[2], 9), (&[1, 2], 1)])).len(), 0);
    }

    #[test]
    fn a_part_belongs_to_its_whole_where_it_is_never_shown_without() {
        use Kind::{Added, ArrayLength, Extra, Missing, Removed, Value};
        check_akin((ArrayLength, "$.images"), (Removed, "$.images[*]"), true);
        check_akin((Added, "$[*]"), (ArrayLength, "$"), true);
        check_akin((ArrayLength, "$.images"), (Removed, "$.items[*]"), false);
        check_akin((ArrayLength, "$.items"), (Value, "$.items[*].price"), false);
        check_akin((Missing, "$.user.name"), (Missing, "$.team[*].name"), true);
        check_akin((Extra, "$['first name']"), (Extra, "$.a['first name'][*]"), true);
        check_akin((Missing, "$.user.name"), (Extra, "$.team[*].name"), false);
        check_akin((Value, "$.user.name"), (Value, "$.team[*].name"), false);
    }

    #[test]
    fn findings_of_two_endpoints_are_never_one_group() {
        let elsewhere = Finding { endpoint: "GET /other".to_owned(), ..finding(2) };
        assert_eq!(listed(&of(&[finding(1), elsewhere], &[(&[1, 2], 5)])).len(), 0);
    }

    #[test]
    fn the_others_of_a_group_are_told_to_each_of_its_members() {
        let findings: Vec<_> = [4, 1, 2, 3].map(finding).into();
        let groups = of(&findings, &[(&[1, 2, 4], 5), (&[3], 2)]);
        let name = |number: u8| finding(number).signature;
        assert_eq!(groups.lead(name(2)), Some(name(4)));
        assert_eq!(groups.members(name(4)), [name(1), name(2)]);
        assert_eq!(groups.others(name(1)), [name(4), name(2)]);
        assert_eq!(groups.others(name(4)), [name(1), name(2)]);
        assert!(groups.is_led(name(1)) && !groups.is_led(name(4)) && !groups.is_led(name(3)));
        assert_eq!((groups.lead(name(3)), groups.others(name(3))), (None, vec![]));
    }

    fn groups_of(findings: &[u8], variants: &[(Vec<u8>, u64)]) -> Groups {
        let findings: Vec<_> = findings.iter().map(|&number| finding(number)).collect();
        let variants: Vec<(&[u8], u64)> =
            variants.iter().map(|(shown, count)| (&shown[..], *count)).collect();
        of(&findings, &variants)
    }

    proptest! {
        #[test]
        fn groups_depend_on_no_order_but_for_who_leads(
            (variants, shuffled) in proptest::collection::vec(
                (proptest::collection::vec(0u8..8, 1..5), 1u64..9), 0..30)
                .prop_flat_map(|all| (Just(all.clone()), Just(all).prop_shuffle())),
            findings in Just((0u8..8).collect::<Vec<_>>()).prop_shuffle(),
        ) {
            let sorted: Vec<u8> = (0..8).collect();
            let one = groups_of(&sorted, &variants);
            prop_assert_eq!(&one, &groups_of(&sorted, &shuffled));
            let as_sets = |groups: &Groups| {
                let mut all = listed(groups);
                all.iter_mut().for_each(|group| group.sort_unstable());
                all.sort();
                all
            };
            prop_assert_eq!(as_sets(&one), as_sets(&groups_of(&findings, &variants)));
        }
    }
}
