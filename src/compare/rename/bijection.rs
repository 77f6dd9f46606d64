//! Which identifiers of one side stand for which of the other: at most one for each.
//!
//! Main types: [`Claim`], [`Bijection`] and [`Standing`]. Every place at which an identifier stands
//! claims that its two texts mean the same thing, a place where they are the same text too. Claims
//! that most places make are believed first, whichever side is which; one that contradicts what is
//! believed is broken.
//!
//! This module never looks at a class, and never excuses anything.

use super::known::Known;
use crate::compare::table::{Map, Set};
use crate::model::Path;
use std::cmp::Reverse;

type Text<'t> = &'t [u8];

/// What one place says.
#[derive(Clone, Copy, Debug)]
pub(super) struct Claim<'t> {
    pub primary: Text<'t>,
    pub candidate: Text<'t>,
    pub path: &'t Path,
    /// The key that a short number stands under: it may name another thing under another key.
    pub room: Option<&'t str>,
    /// It is said within a longer text.
    pub is_within: bool,
}

/// What is thought of a claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    /// So many places make it, and none that is believed contradicts.
    Sound(u64),
    /// So many places under one key make it, where nothing contradicts; under others something
    /// does.
    Apart(u64),
    Broken,
}

/// What is believed.
#[derive(Debug, Default)]
pub(super) struct Bijection<'t> {
    fwd: Map<Text<'t>, Text<'t>>,
    bwd: Map<Text<'t>, Text<'t>>,
    votes: Map<(Text<'t>, Text<'t>), Vote<'t>>,
    rooms: Map<(&'t str, Side, Text<'t>), Room<'t>>,
}

/// A pair with what speaks for it.
type Voted<'t> = ((Text<'t>, Text<'t>), Vote<'t>);

#[derive(Clone, Copy, Debug)]
struct Vote<'t> {
    count: u64,
    /// The least of the places.
    path: &'t Path,
    /// No place says it by itself.
    is_within: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Side {
    Primary,
    Candidate,
}

/// What the claims under one key say of one text.
#[derive(Clone, Copy, Debug)]
enum Room<'t> {
    Agree { other: Text<'t>, count: u64 },
    Disagree,
}

impl<'t> Bijection<'t> {
    /// Weighs all claims of one comparison, in the light of what is known from before.
    pub(super) fn new(claims: &[Claim<'t>], known: &Known) -> Self {
        let mut all = Self::default();
        all.votes.reserve(claims.len());
        for claim in claims {
            all.note(claim);
        }
        let mut contested = all.contested();
        all.keep(|u, v| !known.contradicts(u, v));
        contested.sort_by_key(|((u, v), vote)| {
            let weight = (Reverse(vote.count), u != v, vote.is_within);
            (weight, order(vote.path), *u.min(v), *u.max(v))
        });
        for ((u, v), _) in contested {
            let free = !all.fwd.contains_key(u) && !all.bwd.contains_key(v);
            if free && !known.contradicts(u, v) {
                all.fwd.insert(u, v);
                all.bwd.insert(v, u);
            }
        }
        all
    }

    /// Believes all pairs that share no text with another one, and gives those that do.
    fn contested(&mut self) -> Vec<Voted<'t>> {
        let (mut us, mut vs) = (Set::default(), Set::default());
        self.fwd.reserve(self.votes.len());
        self.bwd.reserve(self.votes.len());
        for &(u, v) in self.votes.keys() {
            us.extend(self.fwd.insert(u, v).map(|_| u));
            vs.extend(self.bwd.insert(v, u).map(|_| v));
        }
        if us.is_empty() && vs.is_empty() {
            return Vec::new();
        }
        let is_contested = |u: &[u8], v: &[u8]| us.contains(u) || vs.contains(v);
        self.keep(|u, v| !is_contested(u, v));
        let votes = self.votes.iter().filter(|((u, v), _)| is_contested(u, v));
        votes.map(|(pair, vote)| (*pair, *vote)).collect()
    }

    /// Goes on believing such pairs alone.
    fn keep(&mut self, is_kept: impl Fn(Text<'_>, Text<'_>) -> bool) {
        self.fwd.retain(|u, v| is_kept(u, v));
        self.bwd.retain(|v, u| is_kept(u, v));
    }

    fn note(&mut self, claim: &Claim<'t>) {
        let Claim { primary, candidate, path, room, is_within } = *claim;
        let first = Vote { count: 0, path, is_within };
        let vote = self.votes.entry((primary, candidate)).or_insert(first);
        vote.count += 1;
        vote.is_within &= is_within;
        if order(path) < order(vote.path) {
            vote.path = path;
        }
        let Some(room) = room else { return };
        let sides = [(Side::Primary, primary, candidate), (Side::Candidate, candidate, primary)];
        for (side, text, other) in sides {
            let said = self.rooms.entry((room, side, text));
            said.and_modify(|said| said.hear(other)).or_insert(Room::Agree { other, count: 1 });
        }
    }

    /// What is thought of a claim that was weighed.
    pub(super) fn standing(&self, claim: &Claim<'_>) -> Standing {
        let Claim { primary, candidate, room, .. } = *claim;
        if self.fwd.get(primary) == Some(&candidate) {
            let vote = self.votes.get(&(primary, candidate));
            return Standing::Sound(vote.map_or(0, |vote| vote.count));
        }
        let said = |side, text| room.and_then(|room| self.rooms.get(&(room, side, text)));
        match (said(Side::Primary, primary), said(Side::Candidate, candidate)) {
            (Some(Room::Agree { count, .. }), Some(Room::Agree { .. })) => Standing::Apart(*count),
            _ => Standing::Broken,
        }
    }

    /// The primary's texts, each with what is believed to be the candidate's.
    pub(super) fn pairs(&self) -> impl Iterator<Item = (Text<'t>, Text<'t>)> {
        self.fwd.iter().map(|(u, v)| (*u, *v))
    }
}

impl<'t> Room<'t> {
    fn hear(&mut self, text: Text<'t>) {
        match self {
            Self::Agree { other, count } if *other == text => *count += 1,
            Self::Agree { .. } | Self::Disagree => *self = Self::Disagree,
        }
    }
}

/// Of places that say as much, one that lies less deep comes first: what defines an identifier
/// mostly does. The order is one for both sides, whatever theirs is.
fn order(path: &Path) -> (usize, &Path) {
    (path.0.len(), path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Seg;
    use proptest::collection::vec;
    use proptest::prelude::*;

    /// The standings of claims that are written as `key:primary>candidate`, a short number's key in
    /// capitals.
    fn standings(claims: &[&str], turned: bool) -> Vec<Standing> {
        let read = |claim: &&str| {
            let (key, texts) = claim.split_once(':').expect("a key");
            let (u, v) = texts.split_once('>').expect("two texts");
            let path = Path(vec![Seg::Key(key.to_owned())]);
            let room = key.chars().all(char::is_uppercase).then(|| key.to_owned());
            let (u, v) = if turned { (v, u) } else { (u, v) };
            (u.to_owned(), v.to_owned(), path, room)
        };
        let read: Vec<_> = claims.iter().map(read).collect();
        let claims: Vec<_> = read
            .iter()
            .map(|(u, v, path, room)| Claim {
                primary: u.as_bytes(),
                candidate: v.as_bytes(),
                path,
                room: room.as_deref(),
                is_within: false,
            })
            .collect();
        let all = Bijection::new(&claims, &Known::default());
        claims.iter().map(|claim| all.standing(claim)).collect()
    }

    fn check(claims: &[&str], expected: &[Standing]) {
        assert_eq!(standings(claims, false), expected, "{claims:?}");
        assert_eq!(standings(claims, true), expected, "{claims:?} turned");
    }

    use Standing::{Apart, Broken, Sound};

    #[test]
    fn what_most_places_say_is_believed() {
        check(&["a:1>2"], &[Sound(1)]);
        check(&["a:1>2", "b:1>2"], &[Sound(2); 2]);
        check(&["a:1>2", "b:2>1"], &[Sound(1); 2]);
        check(&["a:1>3", "b:1>2", "c:1>2"], &[Broken, Sound(2), Sound(2)]);
        check(&["a:3>2", "b:1>2", "c:1>2"], &[Broken, Sound(2), Sound(2)]);
    }

    #[test]
    fn what_stays_the_same_is_believed_before_what_changes() {
        check(&["a:1>2", "b:1>1"], &[Broken, Sound(1)]);
        check(&["a:1>2", "b:2>2"], &[Broken, Sound(1)]);
        check(&["a:1>2", "b:1>2", "c:1>1"], &[Sound(2), Sound(2), Broken]);
    }

    #[test]
    fn short_numbers_may_mean_different_things_under_different_keys() {
        check(&["A:1>2", "B:1>1"], &[Apart(1), Sound(1)]);
        check(&["A:1>2", "A:1>2", "B:1>3"], &[Sound(2), Sound(2), Apart(1)]);
        check(&["A:1>2", "B:1>3", "B:1>2"], &[Sound(2), Broken, Sound(2)]);
    }

    proptest! {
        #[test]
        fn a_renaming_that_is_one_has_no_broken_claim(
            names in vec(0..6_usize, 1..40), rooms in vec("[a-d]|[A-D]", 40),
        ) {
            let other = ["q", "w", "0", "1", "4", "5"];
            let claims: Vec<_> = names.iter().zip(&rooms)
                .map(|(name, key)| format!("{key}:{name}>{}", other[*name])).collect();
            let claims: Vec<_> = claims.iter().map(String::as_str).collect();
            for (standing, name) in standings(&claims, false).into_iter().zip(&names) {
                let count = names.iter().filter(|other| *other == name).count() as u64;
                prop_assert_eq!(standing, Sound(count));
            }
        }

        #[test]
        fn turning_the_sides_round_changes_no_standing(
            texts in vec(("[a-cA-C]", "[0-4]", "[0-4]"), 0..20),
        ) {
            let claims: Vec<_> = texts.iter().enumerate()
                .map(|(at, (key, u, v))| match key.chars().all(char::is_uppercase) {
                    true => format!("{key}:{u}>{v}"),
                    false => format!("{key}{at}:{u}>{v}"),
                }).collect();
            let claims: Vec<_> = claims.iter().map(String::as_str).collect();
            prop_assert_eq!(standings(&claims, false), standings(&claims, true));
        }

        #[test]
        fn nothing_is_believed_twice(texts in vec(("[0-4]", "[0-4]"), 0..20)) {
            let claims: Vec<_> = texts.iter().map(|(u, v)| format!("a:{u}>{v}")).collect();
            let claims: Vec<_> = claims.iter().map(String::as_str).collect();
            let sound: std::collections::BTreeSet<_> = standings(&claims, false).into_iter()
                .zip(&texts).filter(|(standing, _)| matches!(standing, Sound(_)))
                .map(|(_, texts)| texts).collect();
            let (mut us, mut vs): (Vec<_>, Vec<_>) = sound.into_iter().cloned().unzip();
            let count = us.len();
            us.sort_unstable();
            us.dedup();
            vs.sort_unstable();
            vs.dedup();
            prop_assert_eq!((us.len(), vs.len()), (count, count));
        }
    }
}
