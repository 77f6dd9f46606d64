//! Judges whose comparer does what it never should.
//!
//! This module never waits for time to pass.

use crate::base::Budget;
use crate::compare::compare;
use crate::config::parse;
use crate::judge::judgement::Comparer;
use crate::judge::{Batch, Inbox, Judge, Judges, Pending, Subject};
use crate::model::{
    Controls, Disposition, EndpointStats, Exchange, FailReason, Ledger, Outcome, Payload, Reply,
    Request, RequestId, RuleName, RuleUse, Session, Trial,
};
use crate::policy::{Constants, Plan, Policy};
use crate::store::Book;
use crate::store::testing::{at, info};
use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderValue, Method, StatusCode, Uri};
use std::sync::mpsc::sync_channel;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

fn plan() -> Arc<Plan> {
    plan_of("primary: { url: http://a:1 }")
}

fn plan_of(text: &str) -> Arc<Plan> {
    let config = parse(text, "shadow.yaml", &|_| None);
    let constants = Constants { session: String::new(), key: [0; 32] };
    let policy = Policy::new(&config.expect("a config"), Controls::default(), None, &constants);
    policy.plan(&Method::GET, "/api").clone()
}

fn reply(body: &'static str) -> Outcome {
    let body = Payload::from(Bytes::from_static(body.as_bytes()));
    let (status, headers) = (StatusCode::OK, HeaderMap::new());
    Outcome::Reply(Reply { status, headers, body, trailers: None })
}

/// A request that was seen, and its trial, in which the candidate answered so.
fn batch(candidate: &'static str, memory: &Arc<Budget>) -> Box<Batch> {
    let mut batch = Batch::default();
    add(&mut batch, get(), candidate, Call { plan: plan(), memory });
    Box::new(batch)
}

/// `GET /`.
fn get() -> Request {
    Request {
        method: Method::GET,
        uri: Uri::from_static("/"),
        headers: HeaderMap::new(),
        body: Payload::default(),
        trailers: None,
    }
}

/// `POST /api` with a JSON body.
fn post(body: &str) -> Request {
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    let body = Bytes::copy_from_slice(body.as_bytes()).into();
    Request { method: Method::POST, uri: Uri::from_static("/api"), headers, body, trailers: None }
}

/// What a trial goes by, and where its memory is counted.
struct Call<'m> {
    plan: Arc<Plan>,
    memory: &'m Arc<Budget>,
}

/// Adds a request that was seen, and its trial, in which the candidate answered so.
fn add(batch: &mut Batch, request: Request, candidate: &'static str, call: Call<'_>) {
    let Call { plan, memory } = call;
    batch.seen(Subject::new(&request.method, request.uri.path(), Some(&plan)));
    let exchange = Exchange {
        id: RequestId { process: 1, number: 1 },
        at: at(0),
        request,
        primary: reply("primary"),
        latency: Duration::ZERO,
    };
    let exchange = Box::new(exchange);
    let trial = Trial { exchange, candidate: reply(candidate), latency: Duration::ZERO };
    let charge = memory.take(1).expect("room");
    batch.trial(Pending { trial, plan, charge });
}

/// The session in which a judge has booked this batch.
fn booked(batch: Batch) -> Session {
    let book = Arc::new(Mutex::new(Book::new(info("a"))));
    Judge::new(book.clone()).work(batch);
    let book = book.lock().unwrap_or_else(PoisonError::into_inner);
    book.session().into_owned()
}

/// One judge with such a comparer; what it has booked is given once it has ended.
fn judged(comparer: Box<Comparer>, offer: impl FnOnce(&Inbox)) -> Ledger {
    let book = Arc::new(Mutex::new(Book::new(info("a"))));
    let judge = Judge::with(book.clone(), comparer);
    let (judges, inboxes) = Judges::start([judge]).expect("a thread");
    inboxes.iter().for_each(offer_once(offer));
    drop(inboxes);
    judges.join();
    let book = book.lock().unwrap_or_else(PoisonError::into_inner);
    book.session().ledger()
}

/// There is one inbox, as there is one judge.
fn offer_once(offer: impl FnOnce(&Inbox)) -> impl FnMut(&Inbox) {
    let mut offer = Some(offer);
    move |inbox| {
        if let Some(offer) = offer.take() {
            offer(inbox);
        }
    }
}

#[test]
fn a_request_is_counted_under_the_operation_that_it_asks_for() {
    let (memory, mut batch) = (Budget::new(100), Batch::default());
    let call = || Call { plan: plan(), memory: &memory };
    let rpc = r#"{"jsonrpc":"2.0","method":"eth_call","id":1}"#;
    add(&mut batch, post(rpc), "primary", call());
    add(&mut batch, post(rpc), "other", call());
    add(&mut batch, post(r#"{"query":"query Items { a }"}"#), "primary", call());
    add(&mut batch, post(r#"{"name":"no operation"}"#), "primary", call());
    // Its body is nowhere: it was never mirrored.
    let subject = Subject::new(&Method::POST, "/api", None);
    batch.seen_and_settled(subject, Disposition::SampledOut);
    let session = booked(batch);
    let counts = |(name, stats): (&String, &EndpointStats)| {
        assert!(stats.ledger.is_exact(), "{name}: {:?}", stats.ledger);
        (name.clone(), stats.ledger.seen, stats.equal)
    };
    let counts: Vec<_> = session.endpoints.iter().map(counts).collect();
    let expected = [("POST /api", 2, 1), ("POST /api Items", 1, 1), ("POST /api eth_call", 2, 1)];
    assert_eq!(counts, expected.map(|(name, seen, equal)| (name.to_owned(), seen, equal)));
    let finding = session.findings.values().next().expect("one differs");
    assert_eq!(finding.endpoint, "POST /api eth_call");
}

#[test]
fn a_name_that_a_route_gives_stays() {
    let (memory, mut batch) = (Budget::new(100), Batch::default());
    let plan =
        plan_of("primary: { url: http://a:1 }\nroutes: [{ match: { path: /api }, name: rpc }]");
    let rpc = r#"{"jsonrpc":"2.0","method":"eth_call","id":1}"#;
    add(&mut batch, post(rpc), "other", Call { plan, memory: &memory });
    let names: Vec<_> = booked(batch).endpoints.into_keys().collect();
    assert_eq!(names, ["rpc"]);
}

#[test]
fn a_rule_whose_field_never_differs_has_matched_something() {
    let (memory, mut batch) = (Budget::new(100), Batch::default());
    let plan = plan_of(
        "primary: { url: http://a:1 }\ncompare: { ignore: [$.id, $.idd], headers: { also: [x-a] } }",
    );
    let answer = r#"{"id":1}"#;
    add(&mut batch, get(), "{}", Call { plan: plan.clone(), memory: &memory });
    let mut trials = batch.take_trials();
    for pending in &mut trials {
        pending.trial.exchange.primary = reply(answer);
        pending.trial.candidate = reply(answer);
    }
    trials.into_iter().for_each(|pending| batch.trial(pending));
    let session = booked(batch);
    let matched = |(name, used): (&RuleName, &RuleUse)| (name.text.clone(), used.matched);
    let matched: Vec<_> = session.rules.iter().map(matched).collect();
    assert_eq!(matched, [("$.id".to_owned(), 1)]);
}

#[test]
fn m21_a_panic_of_the_comparer_costs_the_trial_that_it_strikes_and_no_other() {
    let memory = Budget::new(10);
    let comparer: Box<Comparer> = Box::new(|primary, candidate, decoded, terms| {
        let Outcome::Reply(reply) = candidate else { unreachable!("there are only replies") };
        assert!(reply.body.joined() != "a bug", "as the test wants it");
        compare(primary, candidate, decoded, terms)
    });
    let ledger = judged(comparer, |inbox| {
        for answer in ["other", "a bug", "primary", "a bug", "other"] {
            inbox.send(batch(answer, &memory));
        }
    });
    assert!(ledger.is_exact(), "{ledger:?}");
    assert_eq!((ledger.seen, ledger.compared), (5, 3));
    assert_eq!(ledger.failed[FailReason::Panic.index()], 2);
    assert_eq!(memory.used(), 0);
}

#[test]
fn m22_a_comparer_that_takes_for_ever_holds_up_nobody_who_offers() {
    let memory = Budget::new(1000);
    let ((begun, has_begun), (go, may_go)) = (sync_channel(1000), sync_channel::<()>(0));
    let may_go = Mutex::new(may_go);
    let comparer: Box<Comparer> = Box::new(move |primary, candidate, decoded, terms| {
        begun.send(()).expect("the test waits");
        // An error means that the test lets everything go.
        may_go.lock().expect("one judge").recv().ok();
        compare(primary, candidate, decoded, terms)
    });
    let mut taken = 0;
    let ledger = judged(comparer, |inbox| {
        inbox.send(batch("other", &memory));
        has_begun.recv().expect("the judge is in the middle of a trial");
        taken = 1;
        // Nobody takes anything from the inbox: what does not fit comes back at once.
        while inbox.offer(batch("other", &memory)).is_ok() {
            taken += 1;
            assert!(taken < 500, "the inbox has no bound");
        }
        assert_eq!((inbox.trials() as u64, memory.used() as u64), (taken, taken));
        drop(go);
    });
    assert!(ledger.is_exact() && taken > 1, "{ledger:?}");
    assert_eq!((ledger.seen, ledger.compared, memory.used()), (taken, taken, 0));
}
