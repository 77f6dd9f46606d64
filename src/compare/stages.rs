//! The stages of a comparison, in order: what differs at one is not told again at the next.

use super::comparison::{Comparison, Sides};
use super::decode::Decoded;
use super::headers::Fields;
use super::rename::settle;
use super::terms::Terms;
use super::{body, headers};
use crate::model::{Class, Kind, Outcome, Place, Reply, Severity};

/// Lists what differs between two answers. Where the outcomes or the classes of the statuses
/// differ, that alone is told: the rest follows from it.
pub fn compare<'a, 't>(
    primary: &'a Outcome,
    candidate: &'a Outcome,
    decoded: &'a Decoded,
    terms: impl Into<Terms<'t>>,
) -> Comparison<'a> {
    let terms = terms.into();
    match (primary, candidate) {
        (Outcome::Reply(x), Outcome::Reply(y)) => {
            let mut found = replies((x, y), decoded, terms);
            settle(&mut found, terms);
            found
        }
        (Outcome::Fault(x), Outcome::Fault(y)) if x == y => Comparison::default(),
        _ => {
            let mut found = Comparison::default();
            let words = [Some(word(primary)), Some(word(candidate))];
            found.add(Kind::Outcome, || Place::Outcome, Sides::Known(words, [Class::Text; 2]));
            found
        }
    }
}

/// The status code, or the name of the fault.
fn word(outcome: &Outcome) -> &[u8] {
    match outcome {
        Outcome::Reply(reply) => reply.status.as_str().as_bytes(),
        Outcome::Fault(fault) => fault.name().as_bytes(),
    }
}

fn replies<'a>(
    (x, y): (&'a Reply, &'a Reply),
    decoded: &'a Decoded,
    terms: Terms<'_>,
) -> Comparison<'a> {
    let mut found = Comparison::default();
    if x.status != y.status {
        let words = [x, y].map(|reply| Some(reply.status.as_str().as_bytes()));
        let sides = Sides::Known(words, [Class::Int; 2]);
        let mut divergence = sides.divergence(Kind::Status, Place::Status);
        if x.status.as_u16() / 100 != y.status.as_u16() / 100 {
            divergence.severity = Severity::Breaking;
            found.push(divergence);
            return found;
        }
        found.push(divergence);
    }
    let [fields_x, fields_y] =
        [x, y].map(|reply| Fields { headers: &reply.headers, trailers: reply.trailers.as_ref() });
    headers::headers(fields_x, fields_y, terms.rules, &mut found);
    headers::trailers(fields_x, fields_y, terms.rules, &mut found);
    body::bodies((x, y), decoded, terms, &mut found);
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compare::Rules;
    use crate::compare::testing::{check, json, reply};
    use crate::model::Fault;

    #[test]
    fn a_fault_differs_from_a_reply_and_from_another_fault() {
        let rules = Rules::default();
        let (timeout, reset) = (Outcome::Fault(Fault::Timeout), Outcome::Fault(Fault::Reset));
        check(&timeout, &timeout, &rules, &[]);
        check(&timeout, &reset, &rules, &["outcome outcome timeout -> reset"]);
        check(&json("[1]"), &reset, &rules, &["outcome outcome 200 -> reset"]);
    }

    #[test]
    fn another_class_of_status_is_breaking_and_told_alone() {
        let (x, y) = (json("[1]"), reply(500, &[("content-type", "text/html")], b"<p>"));
        check(&x, &y, &Rules::default(), &["status status 200 -> 500"]);
        let decoded = Decoded::new(&x, &y);
        let found = compare(&x, &y, &decoded, &Rules::default());
        assert_eq!(found.divergences[0].severity, Severity::Breaking);
    }

    #[test]
    fn within_a_class_of_status_the_rest_is_compared_too() {
        let lines = [("content-type", "application/json")];
        let (x, y) = (reply(200, &lines, b"[1]"), reply(201, &lines, b"[2]"));
        check(&x, &y, &Rules::default(), &["status status 200 -> 201", "value $/0 1 -> 2"]);
        let decoded = Decoded::new(&x, &y);
        let found = compare(&x, &y, &decoded, &Rules::default());
        assert_eq!(found.divergences[0].severity, Severity::Behavioural);
    }
}
