//! Objects, member by member.

use super::task::{Change, Children, Step, Task};
use crate::compare::fuel::Fuel;
use crate::compare::table::{Map, Set};
use crate::syntax::json::{Document, Member, Text, Value};
use xxhash_rust::xxh3::xxh3_64;

/// Up to so many keys, comparing each with each is the fastest way to see that all are distinct.
const FEW: usize = 8;

/// Pairs members by key: those that differ in the primary's order, then those that only the
/// candidate has in its own; nothing where the fuel ran out.
pub(super) fn pair<'a>(
    mut children: Children<'_, 'a>,
    x: Value,
    y: Value,
) -> Option<Vec<Task<'a>>> {
    let xs = list(children.x, x, children.fuel)?;
    let ys = list(children.y, y, children.fuel)?;
    if seem_distinct(&xs) && seem_distinct(&ys) {
        distinct(&mut children, &xs, &ys)?;
    } else {
        repeated(&mut children, &xs, &ys)?;
    }
    Some(children.tasks)
}

fn list<'a>(document: &Document<'a>, object: Value, fuel: &mut Fuel) -> Option<Vec<Member<'a>>> {
    let mut members = Vec::with_capacity(16);
    for member in document.members(object) {
        fuel.node()?;
        members.push(member);
    }
    Some(members)
}

/// Whether no key occurs twice. Two keys of one hash count as one: then the slower way is taken,
/// which looks at the keys themselves.
fn seem_distinct(members: &[Member<'_>]) -> bool {
    if members.len() <= FEW {
        let mut rest = members.iter();
        while let Some(member) = rest.next() {
            if rest.clone().any(|other| other.key == member.key) {
                return false;
            }
        }
        return true;
    }
    let hash = |member: &Member<'_>| xxh3_64(&member.key.canonical());
    let mut hashes: Vec<u64> = members.iter().map(hash).collect();
    hashes.sort_unstable();
    hashes.is_sorted_by(|one, next| one < next)
}

/// Most objects keep the order of their keys: only what lies between the first and the last key
/// out of step is looked up.
fn distinct<'a>(
    children: &mut Children<'_, 'a>,
    xs: &[Member<'a>],
    ys: &[Member<'a>],
) -> Option<()> {
    let in_step = |(x, y): &(&Member<'a>, &Member<'a>)| x.key == y.key;
    let head = xs.iter().zip(ys).take_while(in_step).count();
    let (head_x, rest_x) = xs.split_at(head);
    let (head_y, rest_y) = ys.split_at(head);
    let tail = rest_x.iter().rev().zip(rest_y.iter().rev()).take_while(in_step).count();
    let (middle_x, tail_x) = rest_x.split_at(rest_x.len() - tail);
    let (middle_y, tail_y) = rest_y.split_at(rest_y.len() - tail);
    in_order(children, head_x, head_y)?;
    let extra = looked_up(children, middle_x, middle_y)?;
    in_order(children, tail_x, tail_y)?;
    for member in middle_y.iter().filter(|member| extra.contains(&member.key)) {
        children.one(Step::Key(member.key), Change::Candidate(member.value));
    }
    Some(())
}

fn in_order<'a>(
    children: &mut Children<'_, 'a>,
    xs: &[Member<'a>],
    ys: &[Member<'a>],
) -> Option<()> {
    xs.iter().zip(ys).try_for_each(|(x, y)| children.both(Step::Key(x.key), x.value, y.value))
}

/// Pairs by key, and says which keys of the candidate were left over.
fn looked_up<'a>(
    children: &mut Children<'_, 'a>,
    xs: &[Member<'a>],
    ys: &[Member<'a>],
) -> Option<Set<Text<'a>>> {
    let mut left: Map<Text<'a>, Value> =
        ys.iter().map(|member| (member.key, member.value)).collect();
    for x in xs {
        match left.remove(&x.key) {
            Some(y) => children.both(Step::Key(x.key), x.value, y)?,
            None => children.one(Step::Key(x.key), Change::Primary(x.value)),
        }
    }
    Some(left.into_keys().collect())
}

/// The members of one side, each with the number of those of its key that came before it.
struct Numbered<'a> {
    members: Vec<(Member<'a>, usize)>,
    counts: Map<Text<'a>, usize>,
}

impl<'a> Numbered<'a> {
    fn new(members: &[Member<'a>]) -> Self {
        let mut counts = Map::default();
        let number = |member: &Member<'a>| {
            let count = counts.entry(member.key).or_insert(0);
            *count += 1;
            (*member, *count - 1)
        };
        Self { members: members.iter().map(number).collect(), counts }
    }

    fn count(&self, key: Text<'a>) -> usize {
        self.counts.get(&key).copied().unwrap_or(0)
    }
}

/// Where keys are repeated. As often on both sides: they are paired in their order. Else the
/// repetition itself differs, and the last of them, which most readers take, are compared.
fn repeated<'a>(
    children: &mut Children<'_, 'a>,
    xs: &[Member<'a>],
    ys: &[Member<'a>],
) -> Option<()> {
    let (xs, ys) = (Numbered::new(xs), Numbered::new(ys));
    let values: Map<(Text<'a>, usize), Value> =
        ys.members.iter().map(|(member, number)| ((member.key, *number), member.value)).collect();
    for (x, number) in &xs.members {
        let (count_x, count_y) = (xs.count(x.key), ys.count(x.key));
        let is_last = number + 1 == count_x;
        let partner = if count_x == count_y { *number } else { count_y.saturating_sub(1) };
        match values.get(&(x.key, partner)) {
            Some(y) if count_x == count_y => children.both(Step::Key(x.key), x.value, *y)?,
            Some(y) if is_last => children.one(Step::Key(x.key), Change::Repeated(x.value, *y)),
            None if is_last => children.one(Step::Key(x.key), Change::Primary(x.value)),
            Some(_) | None => children.one(Step::Key(x.key), Change::Untold(x.value)),
        }
    }
    for (y, number) in &ys.members {
        if xs.count(y.key) == 0 && number + 1 == ys.count(y.key) {
            children.one(Step::Key(y.key), Change::Candidate(y.value));
        }
    }
    Some(())
}
