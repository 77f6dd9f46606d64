//! Two bodies of 96 KB, compared by this project and, in the same run, by what else there is: the same
//! body twice, and one with five values changed, one member more and one less.

#[path = "../fixtures/page.rs"]
mod fixture;

use bytes::Bytes;
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use fixture::{changed, page};
use http::{HeaderMap, HeaderValue, StatusCode};
use shadowdiff::compare::{Decoded, Rules, compare, same};
use shadowdiff::model::{Outcome, Reply};
use std::hint::black_box;

fn outcome(body: &str) -> Outcome {
    let mut headers = HeaderMap::new();
    headers.insert("content-type", HeaderValue::from_static("application/json"));
    let body = Bytes::copy_from_slice(body.as_bytes()).into();
    Outcome::Reply(Reply { status: StatusCode::OK, headers, body, trailers: None })
}

/// The whole of a comparison: headers, coding and media type too.
fn ours(x: &Outcome, y: &Outcome, rules: &Rules) -> usize {
    if same(x, y, rules) {
        return 0;
    }
    compare(x, y, &Decoded::new(x, y), rules).divergences.len()
}

type Peer = (&'static str, fn(&str, &str) -> usize);

const PEERS: [Peer; 5] = [
    ("serde_json", peers::serde_json),
    ("treediff", peers::treediff),
    ("json-patch", peers::json_patch),
    ("simd-json", peers::simd_json),
    ("sonic-rs", peers::sonic_rs),
];

fn bench(criterion: &mut Criterion) {
    let page = page();
    for (name, x, y, expected) in
        [("equal", page.clone(), page.clone(), 0), ("seven_changes", page.clone(), changed(&page), 7)]
    {
        let mut group = criterion.benchmark_group(name);
        group.throughput(Throughput::Bytes((x.len() + y.len()) as u64));
        let (rules, sides) = (Rules::default(), (outcome(&x), outcome(&y)));
        assert_eq!(ours(&sides.0, &sides.1, &rules), expected);
        group.bench_function(BenchmarkId::from_parameter("shadowdiff"), |bencher| {
            bencher.iter(|| ours(black_box(&sides.0), black_box(&sides.1), &rules));
        });
        for (peer, diff) in PEERS {
            assert_eq!(diff(&x, &y), expected, "{peer}");
            group.bench_function(BenchmarkId::from_parameter(peer), |bencher| {
                bencher.iter(|| diff(black_box(&x), black_box(&y)));
            });
        }
        group.finish();
    }
}

criterion_group!(benches, bench);
criterion_main!(benches);
