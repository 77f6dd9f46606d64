//! What many templates show together: a segment that has too many values to be a word is variable.
//!
//! [`learn`] is a function of the templates and of how often each was requested. It can thus not
//! depend on the order of arrival, nor on who counted which part, as long as the counts are added
//! up. The tree of all paths is walked level by level: names that have come to share a prefix are
//! below one node from there on.
//!
//! This module never forgets a name: it says where each one belongs.

use std::collections::HashMap;

/// A node with more literal children than these, all of them rare, has one variable child.
const MAX_LITERALS: usize = 32;

/// Before so many requests a node has not shown what is rare.
const MIN_HITS: u64 = 200;

/// A child with this share of its node's requests, or more, is a word: one in ten.
const SHARE: u64 = 10;

/// The segment that stands for any.
const ANY: &str = "{*}";

/// What stands below one node, for now.
#[derive(Default)]
struct Node<'a> {
    hits: u64,
    children: HashMap<&'a str, u64>,
}

/// For each template with its number of requests, the name that it goes by among all of them.
///
/// A node of the tree of paths keeps its literal children that have a tenth of its requests, that
/// say a version or a locale, or that are of a class already. The others become `{*}` where there
/// are more than 32 of them and the node has had 200 requests, or where it has a `{*}` already;
/// what lies below them lies below it from then on.
pub fn learn(templates: &[(&str, u64)]) -> Vec<String> {
    let split: Vec<(&str, Vec<&str>)> = templates.iter().map(|(text, _)| parts(text)).collect();
    let mut names: Vec<String> = split.iter().map(|(root, _)| (*root).to_owned()).collect();
    let depth = split.iter().map(|(_, segments)| segments.len()).max().unwrap_or(0);
    for level in 0..depth {
        let at = |index: usize| split.get(index).and_then(|(_, parts)| parts.get(level).copied());
        let mut nodes: HashMap<&str, Node<'_>> = HashMap::new();
        for (index, (name, (_, hits))) in names.iter().zip(templates).enumerate() {
            let Some(segment) = at(index) else { continue };
            let node = nodes.entry(name).or_default();
            node.hits += hits;
            *node.children.entry(segment).or_default() += hits;
        }
        let joined = nodes.iter().filter(|(_, node)| node.is_variable());
        let joined: HashMap<&str, &Node<'_>> = joined.map(|(name, node)| (*name, node)).collect();
        let next = names.iter().enumerate().map(|(index, name)| {
            let segment = at(index)?;
            let node = joined.get(name.as_str()).filter(|node| node.is_rare(segment));
            Some(if node.is_some() { ANY } else { segment })
        });
        let next: Vec<_> = next.collect();
        for (name, segment) in names.iter_mut().zip(next) {
            if let Some(segment) = segment {
                name.push('/');
                name.push_str(segment);
            }
        }
    }
    names
}

impl Node<'_> {
    fn is_variable(&self) -> bool {
        let rare = || self.children.keys().filter(|segment| self.is_rare(segment)).count();
        self.children.contains_key(ANY) || (self.hits >= MIN_HITS && rare() > MAX_LITERALS)
    }

    fn is_rare(&self, segment: &str) -> bool {
        let hits = self.children.get(segment).copied().unwrap_or(0);
        hits.saturating_mul(SHARE) < self.hits && !is_kept(segment)
    }
}

/// Whether a template is one of those that a learned name stands for.
pub fn is_one_of(template: &str, name: &str) -> bool {
    let ((method, path), (root, segments)) = (parts(template), parts(name));
    let fits = |(one, of): (&&str, &&str)| one == of || (*of == ANY && !is_kept(one));
    method == root && path.len() == segments.len() && path.iter().zip(&segments).all(fits)
}

/// The method, and the segments of the path; a name of another shape is all root. An operation
/// that follows the path belongs to the last segment.
fn parts(template: &str) -> (&str, Vec<&str>) {
    let Some((root, path)) = template.split_once('/').filter(|(root, _)| root.ends_with(' '))
    else {
        return (template, Vec::new());
    };
    let end = path.find(' ').unwrap_or(path.len());
    let last = path.get(..end).and_then(|plain| plain.rfind('/'));
    let Some((before, last)) = last.and_then(|at| Some((path.get(..at)?, path.get(at + 1..)?)))
    else {
        return (root, vec![path]);
    };
    (root, before.split('/').chain([last]).collect())
}

/// Whether a segment is no literal, or one that means something by its form.
fn is_kept(segment: &str) -> bool {
    segment.is_empty()
        || segment.starts_with('{')
        || segment == "**"
        || segment.contains(' ')
        || is_version(segment)
        || is_locale(segment)
}

/// `v1`, `v2.3`, `v1beta2`.
fn is_version(segment: &str) -> bool {
    let Some(text) = segment.strip_prefix(['v', 'V']) else { return false };
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|it| it.is_ascii_digit());
    let mut stages = ["alpha", "beta", "rc"].into_iter();
    let (numbers, stage) = stages.find_map(|stage| text.split_once(stage)).unwrap_or((text, ""));
    numbers.split('.').all(is_number) && (stage.is_empty() || is_number(stage))
}

/// The languages of ISO 639-1: of two letters only these are one.
const LANGUAGES: &str = "aa ab ae af ak am an ar as av ay az ba be bg bh bi bm bn bo br bs ca ce ch \
     co cr cs cu cv cy da de dv dz ee el en eo es et eu fa ff fi fj fo fr fy ga gd gl gn gu gv ha \
     he hi ho hr ht hu hy hz ia id ie ig ii ik io is it iu ja jv ka kg ki kj kk kl km kn ko kr ks \
     ku kv kw ky la lb lg li ln lo lt lu lv mg mh mi mk ml mn mr ms mt my na nb nd ne ng nl nn no \
     nr nv ny oc oj om or os pa pi pl ps pt qu rm rn ro ru rw sa sc sd se sg si sk sl sm sn so sq \
     sr ss st su sv sw ta te tg th ti tk tl tn to tr ts tt tw ty ug uk ur uz ve vi vo wa wo xh yi \
     yo za zh zu";

/// `en`, `en-US`, `de_CH`, `pt-br`, `zh-Hans-CN`, `es-419`.
fn is_locale(segment: &str) -> bool {
    let mut parts = segment.split(['-', '_']);
    let language = parts.next().unwrap_or_default();
    let letters = |text: &str| text.bytes().all(|it| it.is_ascii_alphabetic());
    let is_part = |part: &str| match part.len() {
        2 | 4 => letters(part),
        3 => part.bytes().all(|it| it.is_ascii_digit()),
        _ => false,
    };
    language.len() == 2
        && language.bytes().all(|it| it.is_ascii_lowercase())
        && (parts.clone().next().is_some() || LANGUAGES.split(' ').any(|one| one == language))
        && parts.all(is_part)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    /// The names of these templates, with the requests that each stands for.
    fn check(templates: &[(String, u64)], expected: &[(&str, u64)]) {
        let expected = expected.iter().map(|(name, hits)| ((*name).to_owned(), *hits)).collect();
        assert_eq!(counts(templates), expected);
    }

    fn counts(templates: &[(String, u64)]) -> BTreeMap<String, u64> {
        let borrowed: Vec<_> =
            templates.iter().map(|(text, hits)| (text.as_str(), *hits)).collect();
        let mut counts = BTreeMap::new();
        for (name, (_, hits)) in learn(&borrowed).into_iter().zip(templates) {
            *counts.entry(name).or_default() += hits;
        }
        counts
    }

    fn many(from: &str, to: &str, number: usize, hits: u64) -> Vec<(String, u64)> {
        (0..number).map(|one| (format!("{from}u{one}x{to}"), hits)).collect()
    }

    #[test]
    fn a_segment_with_too_many_rare_values_is_variable() {
        check(&many("GET /users/", "", 33, 7), &[("GET /users/{*}", 231)]);
        check(&many("GET /users/", "/cart", 40, 7), &[("GET /users/{*}/cart", 280)]);
    }

    #[test]
    fn few_values_or_few_requests_show_nothing() {
        let few = many("GET /users/", "", 32, 100);
        assert_eq!(counts(&few).len(), 32);
        let early = many("GET /users/", "", 100, 1);
        assert_eq!(counts(&early).len(), 100);
    }

    #[test]
    fn what_is_asked_for_often_or_means_something_stays() {
        let mut all = many("GET /users/", "", 50, 10);
        let kept = ["me", "{int}", "en-US", "de", "zh-Hans-CN", "es-419", "v2", "v1beta1"];
        let joined = ["list", "xx", "va", "v1x", "en-", "de-abc", "EN"];
        all.extend(kept.iter().chain(&joined).map(|it| (format!("GET /users/{it}"), 1)));
        all[50].1 = 500;
        let expected = [
            ("GET /users/de", 1),
            ("GET /users/en-US", 1),
            ("GET /users/es-419", 1),
            ("GET /users/me", 500),
            ("GET /users/v1beta1", 1),
            ("GET /users/v2", 1),
            ("GET /users/zh-Hans-CN", 1),
            ("GET /users/{*}", 507),
            ("GET /users/{int}", 1),
        ];
        check(&all, &expected);
    }

    #[test]
    fn operations_of_one_path_are_no_values_of_a_variable() {
        let all: Vec<_> = (0..40)
            .flat_map(|one| {
                let call = format!("POST /t/shop{one}/mcp tools/call");
                let graph = format!("POST /t/shop7/graphql Query{one}");
                [(call, 6), (graph, 6)]
            })
            .collect();
        let found = counts(&all);
        assert_eq!(found["POST /t/{*}/mcp tools/call"], 240 - 6);
        assert_eq!(found.len(), 42);
        let each = |one: usize| (format!("POST /graphql Query{one}"), 6);
        let all: Vec<_> = (0..40).map(each).collect();
        assert_eq!(counts(&all).len(), 40);
        assert!(is_one_of("POST /t/a/mcp tools/call", "POST /t/{*}/mcp tools/call"));
        assert!(!is_one_of("POST /t/a/mcp tools/list", "POST /t/{*}/mcp tools/call"));
    }

    #[test]
    fn what_lies_below_joined_segments_is_looked_at_together() {
        let each = |one: usize| (format!("GET /s/shop{one}/item-{one}"), 6);
        let all: Vec<_> = (0..40).map(each).collect();
        check(&all, &[("GET /s/{*}/{*}", 240)]);
        let each = |one: usize| (format!("GET /s/shop{one}/page-{}", one % 5), 6);
        let all: Vec<_> = (0..40).map(each).collect();
        assert_eq!(counts(&all).len(), 5);
    }

    #[test]
    fn what_was_joined_before_takes_in_what_comes_later() {
        let all = [("GET /users/{*}".to_owned(), 100), ("GET /users/zoe".to_owned(), 1)];
        check(&all, &[("GET /users/{*}", 101)]);
    }

    #[test]
    fn methods_and_names_of_another_shape_stay_apart() {
        let mut all = many("GET /users/", "", 40, 6);
        all.extend(many("PUT /users/", "", 3, 1));
        all.extend([("orders.get".to_owned(), 1), ("OPTIONS *".to_owned(), 1)]);
        assert_eq!(counts(&all).len(), 6);
    }

    fn traffic() -> impl Strategy<Value = Vec<String>> {
        let segment = prop_oneof![
            3 => (0_u8..60).prop_map(|one| format!("w{one}w")),
            1 => Just("{int}".to_owned()),
            1 => Just("me".to_owned()),
            1 => Just("{*}".to_owned()),
        ];
        let path = proptest::collection::vec(segment, 0..4);
        proptest::collection::vec(path.prop_map(|path| format!("GET /{}", path.join("/"))), 0..600)
    }

    fn counted<'a>(requests: impl IntoIterator<Item = &'a String>) -> Vec<(String, u64)> {
        let mut order: Vec<(String, u64)> = Vec::new();
        for request in requests {
            match order.iter_mut().find(|(text, _)| text == request) {
                Some((_, hits)) => *hits += 1,
                None => order.push((request.clone(), 1)),
            }
        }
        order
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]

        #[test]
        fn the_order_of_arrival_and_who_counted_make_no_difference(
            (requests, shuffled) in traffic()
                .prop_flat_map(|all| (Just(all.clone()), Just(all).prop_shuffle())),
            cut in any::<prop::sample::Index>(),
        ) {
            let whole = counts(&counted(&requests));
            prop_assert_eq!(&whole, &counts(&counted(&shuffled)));
            let cut = cut.index(requests.len() + 1);
            let (one, other) = shuffled.split_at(cut.min(shuffled.len()));
            let mut merged = counted(one);
            merged.extend(counted(other));
            prop_assert_eq!(whole.values().sum::<u64>(), requests.len() as u64);
            prop_assert_eq!(whole, counts(&merged));
        }

        #[test]
        fn names_that_were_learned_are_kept_when_more_is_learned(requests in traffic()) {
            let once = counts(&counted(&requests));
            let again: Vec<_> = once.clone().into_iter().collect();
            prop_assert_eq!(counts(&again), once);
        }
    }
}
