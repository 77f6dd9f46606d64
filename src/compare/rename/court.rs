//! What each difference turns out to be, by what all places of one comparison say together, and by
//! what earlier exchanges have shown.
//!
//! Main types: [`Court`] and [`Verdict`].
//!
//! This module never looks at a place where something is missing, or of another type or class.

use super::bijection::{Bijection, Claim, Standing};
use super::finder::Finder;
use super::known::{Known, Learned, Lesson};
use super::renamable::is_random;
use super::suspects::{Agreed, SHORTEST_WITHIN, Sort, Suspect, Suspects};
use crate::compare::rules::Rules;
use crate::compare::table::{Map, Set};
use crate::compare::terms::Terms;
use crate::model::Request;
use crate::syntax::percent_decode;
use std::borrow::Cow;

/// What a difference turns out to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// What it was.
    Value,
    Renamed,
    Opaque,
    /// The candidate's number is higher by this.
    Offset(i64),
    Broken,
}

/// All that is weighed together.
pub(super) struct Court<'s, 'a> {
    suspects: &'s Suspects<'a>,
    rules: &'s Rules,
    known: &'s Known,
    /// What each suspect says, where it is an identifier that the request does not name.
    claims: Vec<Option<Claim<'s>>>,
    /// What is thought of each claim.
    standings: Vec<Option<Standing>>,
    believed: Bijection<'s>,
    /// What other texts are read by: the primary's identifiers with the candidate's, and the other
    /// way round.
    forth: Finder<'s, &'s [u8]>,
    back: Finder<'s, &'s [u8]>,
    /// Suspects that differ in nothing but the names within them.
    explained: Set<usize>,
    /// How many of those have a name in them.
    mentions: Map<&'s [u8], u64>,
}

impl<'s, 'a> Court<'s, 'a> {
    pub(super) fn new(suspects: &'s Suspects<'a>, terms: Terms<'s>, known: &'s Known) -> Self {
        let asked = asked(suspects, terms.request);
        let claims: Vec<_> = suspects.list.iter().map(|one| claim(one, &asked, known)).collect();
        let all: Vec<_> =
            claims.iter().flatten().copied().chain(suspects.agreed.iter().map(agreement)).collect();
        let believed = Bijection::new(&all, known);
        let standing = |claim: &Option<Claim<'_>>| Some(believed.standing(claim.as_ref()?));
        let standings = claims.iter().map(standing).collect();
        let names: Vec<_> = known.pairs.texts(known.at).chain(believed.pairs()).collect();
        let forth = Finder::new(names.iter().copied(), SHORTEST_WITHIN);
        let back = Finder::new(names.iter().map(|(u, v)| (*v, *u)), SHORTEST_WITHIN);
        let (explained, mentions) = (Set::default(), Map::default());
        let mut court = Self {
            suspects,
            rules: terms.rules,
            known,
            claims,
            standings,
            believed,
            forth,
            back,
            explained,
            mentions,
        };
        court.read();
        court
    }

    /// Reads the texts that differ with the names that are believed.
    fn read(&mut self) {
        for (index, suspect) in self.suspects.list.iter().enumerate() {
            let random = is_random(suspect.divergence.primary_class);
            let broken = self.standing(index) == Some(Standing::Broken);
            if suspect.sort == Sort::Number || random || broken {
                continue;
            }
            let Some(names) = self.explain(suspect) else { continue };
            // What it claims itself is counted there.
            let claimed = suspect.names().map(|(_, candidate)| candidate);
            let others = names.iter().filter(|name| Some(**name) != claimed);
            others.for_each(|name| *self.mentions.entry(name).or_default() += 1);
            self.explained.insert(index);
        }
    }

    /// The names in the candidate's text, where each side's becomes the other's once they are
    /// replaced.
    fn explain(&self, suspect: &Suspect<'a>) -> Option<Vec<&'s [u8]>> {
        let Suspect { primary, candidate, .. } = suspect;
        let mut used = Vec::new();
        let forth = self.forth.replaced_within(primary, |name| {
            used.push(name);
            name
        })?;
        let back = self.back.replaced_within(candidate, |name| name)?;
        used.sort_unstable();
        used.dedup();
        (self.alike(&forth, candidate) && self.alike(&back, primary)).then_some(used)
    }

    /// Whether two texts are the same, once hosts are called as the candidate calls them.
    fn alike(&self, x: &[u8], y: &[u8]) -> bool {
        let hosts = &self.rules.hosts;
        let mapped = |text| match hosts.mapped(text) {
            Some((mapped, _)) => Cow::Owned(mapped),
            None => Cow::Borrowed(text),
        };
        x == y || (!hosts.is_empty() && mapped(x) == mapped(y))
    }

    fn standing(&self, index: usize) -> Option<Standing> {
        self.standings.get(index).copied().flatten()
    }

    pub(super) fn verdicts(&self) -> Vec<Verdict> {
        (0..self.suspects.list.len()).map(|index| self.verdict(index)).collect()
    }

    fn verdict(&self, index: usize) -> Verdict {
        let Some(suspect) = self.suspects.list.get(index) else { return Verdict::Value };
        let standing = self.standing(index);
        let is_seen_twice = match standing {
            Some(Standing::Sound(_) | Standing::Apart(_)) => self.places(index) > 1,
            Some(Standing::Broken) | None => false,
        };
        if is_seen_twice {
            return Verdict::Renamed;
        }
        let is_within = suspect.is_within() && standing.is_some();
        if self.explained.contains(&index) && !is_within {
            return Verdict::Renamed;
        }
        let random = is_within || is_random(suspect.divergence.primary_class);
        if random && matches!(standing, Some(Standing::Sound(_))) {
            return Verdict::Opaque;
        }
        match (self.offset(index, suspect), standing) {
            (Some(by), _) => Verdict::Offset(by),
            (None, Some(Standing::Broken)) => Verdict::Broken,
            (None, _) => Verdict::Value,
        }
    }

    /// At how many places a claim is seen: here, within other texts, and before.
    fn places(&self, index: usize) -> u64 {
        let Some(claim) = self.claims.get(index).and_then(Option::as_ref) else { return 0 };
        let before = u64::from(self.known.has(claim.room, claim.primary, claim.candidate));
        match self.standing(index) {
            Some(Standing::Sound(count)) => {
                let mentions = self.mentions.get(claim.candidate).copied().unwrap_or(0);
                count + mentions + before
            }
            Some(Standing::Apart(count)) => count + before,
            Some(Standing::Broken) | None => 0,
        }
    }

    /// By how much the candidate's number is higher, where it always is.
    fn offset(&self, index: usize, suspect: &Suspect<'_>) -> Option<i64> {
        if !self.known.has_offsets() {
            return None;
        }
        let (x, y) = suspect.numbers().filter(|_| !self.is_asked(index, suspect))?;
        let by = self.known.offset(&suspect.divergence.place.pattern())?;
        (y.checked_sub(x) == Some(by)).then_some(by)
    }

    /// Whether it is an identifier that the request names.
    fn is_asked(&self, index: usize, suspect: &Suspect<'_>) -> bool {
        suspect.sort == Sort::Identifier && self.claims.get(index).is_none_or(Option::is_none)
    }

    /// Which equal values hold an identifier that elsewhere has another name.
    pub(super) fn broken(&self) -> Vec<usize> {
        let agreed = self.suspects.agreed.iter().enumerate();
        let broken = |one: &Agreed<'_>| self.believed.standing(&agreement(one)) == Standing::Broken;
        agreed.filter(|(_, one)| broken(one)).map(|(index, _)| index).collect()
    }

    pub(super) fn learned(&self) -> Learned {
        let mut learned = Learned::default();
        let numbers = self.suspects.list.iter().enumerate().filter_map(|(index, suspect)| {
            let numbers = suspect.numbers().filter(|_| !self.is_asked(index, suspect))?;
            Some((&suspect.divergence.place, numbers))
        });
        for (place, (x, y)) in numbers.take(Learned::MAX_NUMBERS) {
            learned.number(place, x, y);
        }
        let mut taught = Set::default();
        for (index, claim) in self.claims.iter().enumerate() {
            let Some(claim) = claim.filter(|claim| claim.primary != claim.candidate) else {
                continue;
            };
            let sound = self.standing(index) != Some(Standing::Broken);
            if sound && taught.insert((claim.room, claim.primary)) {
                learned.pairs.push(Lesson {
                    room: claim.room.map(str::to_owned),
                    primary: claim.primary.into(),
                    candidate: claim.candidate.into(),
                    confirmed: self.places(index) > 1,
                });
            }
        }
        learned
    }
}

/// What a suspect says; nothing where it is no identifier, or one that the request names. What the
/// flow knows by another name anyhow may be named.
fn claim<'s>(suspect: &'s Suspect<'_>, asked: &Set<&[u8]>, known: &Known) -> Option<Claim<'s>> {
    let (primary, candidate) = suspect.names()?;
    let path = suspect.path()?;
    let (room, is_within) = (suspect.room(), suspect.is_within());
    let claim = Claim { primary, candidate, path, room, is_within };
    let named = asked.contains(primary) || asked.contains(candidate);
    (!named || known.has(claim.room, primary, candidate)).then_some(claim)
}

/// That an identifier is the same on both sides.
fn agreement<'s>(agreed: &'s Agreed<'_>) -> Claim<'s> {
    let id = &*agreed.id;
    let (path, room) = (&agreed.path, agreed.room());
    Claim { primary: id, candidate: id, path, room, is_within: false }
}

/// The identifiers that the request names, in its path, its query or its body.
fn asked<'s>(suspects: &'s Suspects<'_>, request: Option<&Request>) -> Set<&'s [u8]> {
    let Some(request) = request else { return Set::default() };
    let names = suspects.list.iter().filter_map(Suspect::names);
    let mut texts = names.flat_map(|(u, v)| [u, v]).peekable();
    if texts.peek().is_none() {
        return Set::default();
    }
    let finder = Finder::new(texts.map(|text| (text, text)), 1);
    let target = request.uri.path_and_query().map_or("", |target| target.as_str());
    let body = request.body.joined();
    let mut asked = Set::default();
    for text in [target.as_bytes(), &percent_decode(target.as_bytes()), &body] {
        asked.extend(finder.within(text).map(|hit| hit.id));
    }
    asked
}
