//! How fast two answers are compared: equal ones, ones that differ a little, and long arrays.

use bytes::Bytes;
use criterion::{BatchSize, BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use http::{HeaderMap, HeaderValue, StatusCode};
use shadowdiff::compare::{Decoded, Rules, compare, same};
use shadowdiff::config;
use shadowdiff::model::{Outcome, Reply};
use shadowdiff::syntax::json::Document;
use std::hint::black_box;
use std::iter;

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

/// One product of a shop's catalogue, about 500 bytes.
fn product(text: &mut String, id: u32) {
    text.push_str(&format!(
        r#"{{"id":{id},"sku":"SKU-{:06}","name":"Product number {id} in the catalogue","price":{}.{:02},"currency":"EUR","tags":["new","sale","tag-{}"],"stock":{{"warehouse":"berlin-{}","available":{},"reserved":{}}},"description":"A short text about product {id}, long enough to look like one that somebody wrote.","image":"https://cdn.example.com/images/{id}/large.jpg","rating":{}.{},"active":{},"updated_at":"2026-10-{:02}T12:00:{:02}Z","parent":null}}"#,
        id * 7,
        id % 300,
        id % 100,
        id % 13,
        id % 4,
        id % 500,
        id % 17,
        id % 5,
        id % 10,
        !id.is_multiple_of(7),
        id % 28 + 1,
        id % 60
    ));
}

/// A page of a catalogue, about 96 KB.
fn page() -> String {
    let mut text = String::from(r#"{"page":1,"total":4711,"items":["#);
    for id in 0..226 {
        if id > 0 {
            text.push(',');
        }
        product(&mut text, id);
    }
    text.push_str(r#"],"next":"/items?page=2"}"#);
    text
}

/// The page with five changed values, one member more and one less.
fn changed(page: &str) -> String {
    let edits = [
        (r#""available":3,"#, r#""available":4,"#),
        (r#""name":"Product number 50 "#, r#""name":"Article number 50 "#),
        (r#""id":90,"#, r#""id":91,"#),
        (r#""sku":"SKU-000840","#, r#""sku":"SKU-000841","#),
        (r#""id":170,"#, r#""id":"170","#),
        (r#""id":180,"#, r#""id":180,"added":true,"#),
        (r#"SKU-001295","name":"Product number 185 in the catalogue","#, r#"SKU-001295","#),
    ];
    edits.iter().fold(page.to_owned(), |text, (from, to)| text.replacen(from, to, 1))
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

fn pairs() -> Vec<(&'static str, String, String)> {
    let page = page();
    let short = page.chars().take(200).collect::<String>();
    let indented = page.replace(",\"", ",\n        \"");
    let base = || array(0..20_000);
    vec![
        ("equal_200B", short.clone(), short),
        ("equal_96KB", page.clone(), page.clone()),
        ("few_changes_96KB", page.clone(), changed(&page)),
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

criterion_group!(benches, bench, parse);
criterion_main!(benches);
