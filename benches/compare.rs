//! How fast two answers are compared: equal ones, ones that differ a little, and long arrays.

#[path = "fixtures/page.rs"]
mod fixture;

use bytes::Bytes;
use criterion::{BatchSize, BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use fixture::{changed, page};
use http::{HeaderMap, HeaderValue, StatusCode};
use shadowdiff::compare::{Decoded, Rules, compare, same, signature};
use shadowdiff::config;
use shadowdiff::model::{Outcome, Reply};
use shadowdiff::syntax::json::Document;
use std::hint::black_box;
use std::iter;

/// The allocator that the program has.
#[cfg(feature = "mimalloc")]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn outcome(body: &str) -> Outcome {
    let mut headers = HeaderMap::new();
    for (name, value) in [
        ("content-type", "application/json; charset=utf-8"),
        ("cache-control", "private, max-age=60"),
        ("vary", "accept, accept-encoding"),
        ("date", "Sun, 06 Nov 2026 08:49:37 GMT"),
        ("server", "shop/1"),
        ("x-request-id", "0b8f2d3c-5a7e-4f10-9c1d-2e3f4a5b6c7d"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    let body = Bytes::copy_from_slice(body.as_bytes()).into();
    Outcome::Reply(Reply { status: StatusCode::OK, headers, body, trailers: None })
}

/// The same and one SKU: then nothing tells that all products are what they were.
fn changed_identity(page: &str) -> String {
    changed(page).replacen(r#""sku":"SKU-000840","#, r#""sku":"SKU-000841","#, 1)
}

/// An order, 200 bytes.
const ORDER: &str = r#"{"id":1009,"status":"paid","total":119.90,"currency":"EUR","created_at":"2026-11-06T08:49:37Z","customer":{"id":77,"name":"Ada Byron"},"lines":[{"sku":"SKU-000840","quantity":2}],"note":null,"vat":19.0}"#;

/// Orders with what a comparison of them has to find.
fn orders() -> [(&'static str, String, bool); 6] {
    let edited = |from: &str, to: &str| ORDER.replacen(from, to, 1);
    let moved = edited(r#""status":"paid","#, "").replacen("{", r#"{"status":"paid","#, 1);
    [
        ("equal_spelling", edited("119.90", "119.9"), true),
        ("equal_moved", moved, true),
        ("equal_indented", ORDER.replace(",\"", ",\n  \""), true),
        ("one_value", edited("paid", "open"), false),
        ("in_a_line", edited(":2}", ":3}"), false),
        ("one_extra", edited(r#","vat""#, r#","tax":1,"vat""#), false),
    ]
}

/// An array of 20,000 objects in the order of the numbers.
fn array(numbers: impl Iterator<Item = u32>) -> String {
    let mut text = String::from("[");
    for (index, number) in numbers.enumerate() {
        let comma = if index > 0 { "," } else { "" };
        text.push_str(&format!(r#"{comma}{{"id":{number},"name":"n{number}"}}"#));
    }
    text.push(']');
    text
}

/// The numbers below a bound in an order that looks like none.
fn shuffled(below: u32) -> impl Iterator<Item = u32> {
    (0..below).map(move |number| (number * 7_919 + 13) % below)
}

/// An array of so many of four strings.
fn letters(length: u32, seed: u64) -> String {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mut letter = |_| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        match (state >> 20) % 4 {
            0 => "\"a\"",
            1 => "\"b\"",
            2 => "\"c\"",
            _ => "\"d\"",
        }
    };
    let letters: Vec<_> = (0..length).map(&mut letter).collect();
    format!("[{}]", letters.join(","))
}

fn whole(primary: &Outcome, candidate: &Outcome, rules: &Rules) -> u64 {
    if same(primary, candidate, rules) {
        return 0;
    }
    let decoded = Decoded::new(primary, candidate);
    compare(primary, candidate, &decoded, rules).total
}

/// Compares and signs what differs, as the judge does with a pair that is not the same in writing.
fn signed(primary: &Outcome, candidate: &Outcome, rules: &Rules) -> u64 {
    let decoded = Decoded::new(primary, candidate);
    let found = compare(primary, candidate, &decoded, rules);
    let names = found.divergences.iter().map(|each| signature("GET /orders/{int}", each));
    names.map(|name| u64::from(name.0[15])).sum::<u64>() + found.total
}

fn pairs() -> Vec<(&'static str, String, String)> {
    let page = page();
    let short = page.chars().take(200).collect::<String>();
    let indented = page.replace(",\"", ",\n        \"");
    let base = || array(0..20_000);
    vec![
        ("equal_200B", short.clone(), short),
        ("equal_96KB", page.clone(), page.clone()),
        ("few_changes_96KB", page.clone(), changed(&page)),
        ("changed_identity_96KB", page.clone(), changed_identity(&page)),
        ("few_changes_indented", indented.clone(), changed(&indented)),
        ("every_item_96KB", page.clone(), page.replace("\"EUR\"", "\"USD\"")),
        ("white_space_96KB", page, indented),
        ("array_20k_one", base(), base().replacen("\"n10000\"", "\"m10000\"", 1)),
        ("array_20k_reversed", base(), array((0..20_000).rev())),
        ("array_20k_disjoint", base(), array(100_000..120_000)),
        ("array_20k_shuffled", base(), array(shuffled(20_000))),
        ("array_20k_shuffled_one", base(), {
            array(shuffled(20_000)).replacen("\"n10000\"", "\"m10000\"", 1)
        }),
        ("array_20k_four_letters", letters(20_000, 1), letters(20_000, 2)),
        ("array_10k_four_letters", letters(10_000, 1), letters(10_000, 2)),
        ("array_20k_at_the_front", base(), array(iter::once(99_999).chain(0..20_000))),
        ("array_190_at_the_front", array(0..190), array(iter::once(999).chain(0..190))),
    ]
}

fn bench(criterion: &mut Criterion) {
    let rules = Rules::new(&config::Compare::default());
    let mut group = criterion.benchmark_group("compare");
    for (name, primary, candidate) in pairs() {
        group.throughput(Throughput::Bytes((primary.len() + candidate.len()) as u64));
        let (primary, candidate) = (outcome(&primary), outcome(&candidate));
        group.bench_function(BenchmarkId::from_parameter(name), |bencher| {
            let run = |()| whole(black_box(&primary), black_box(&candidate), &rules);
            bencher.iter_batched(|| (), run, BatchSize::SmallInput);
        });
    }
    group.finish();
}

/// The small end, where what is done once for each pair counts.
fn small(criterion: &mut Criterion) {
    let rules = Rules::new(&config::Compare::default());
    let mut group = criterion.benchmark_group("signed_200B");
    let primary = outcome(ORDER);
    for (name, candidate, is_equal) in orders() {
        let candidate = outcome(&candidate);
        assert_eq!(signed(&primary, &candidate, &rules) == 0, is_equal, "{name}");
        group.bench_function(BenchmarkId::from_parameter(name), |bencher| {
            bencher.iter(|| signed(black_box(&primary), black_box(&candidate), &rules));
        });
    }
    group.finish();
}

/// The validating pass alone.
fn parse(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("parse");
    let page = page();
    for (name, text) in [("96KB", page.clone()), ("indented", page.replace(",\"", ",\n        \""))]
    {
        group.throughput(Throughput::Bytes(text.len() as u64));
        group.bench_function(BenchmarkId::from_parameter(name), |bencher| {
            bencher.iter(|| Document::parse(black_box(text.as_bytes())).is_ok());
        });
    }
    group.finish();
}

criterion_group!(benches, bench, small, parse);
criterion_main!(benches);
