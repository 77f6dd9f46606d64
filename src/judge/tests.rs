//! Judges whose comparer does what it never should.
//!
//! This module never waits for time to pass.

use crate::base::Budget;
use crate::compare::compare_in;
use crate::config::parse;
use crate::judge::judgement::Comparer;
use crate::judge::{Batch, Inbox, Judge, Judges, Pending, Subject};
use crate::model::{
    Controls, Exchange, FailReason, Ledger, Outcome, Payload, Reply, Request, RequestId, Trial,
};
use crate::policy::{Constants, Plan, Policy};
use crate::store::Book;
use crate::store::testing::{at, info};
use bytes::Bytes;
use http::{HeaderMap, Method, StatusCode, Uri};
use std::sync::mpsc::sync_channel;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

fn plan() -> Arc<Plan> {
    let config = parse("primary: { url: http://a:1 }", "shadow.yaml", &|_| None);
    let constants = Constants { session: String::new(), key: [0; 32] };
    let policy = Policy::new(&config.expect("a config"), Controls::default(), None, &constants);
    policy.plan(&Method::GET, "/").clone()
}

fn reply(body: &'static str) -> Outcome {
    let body = Payload::from(Bytes::from_static(body.as_bytes()));
    let (status, headers) = (StatusCode::OK, HeaderMap::new());
    Outcome::Reply(Reply { status, headers, body, trailers: None })
}

/// A request that was seen, and its trial, in which the candidate answered so.
fn batch(candidate: &'static str, memory: &Arc<Budget>) -> Box<Batch> {
    let mut batch = Batch::default();
    batch.seen(Subject::new(&Method::GET, "/", None));
    let request = Request {
        method: Method::GET,
        uri: Uri::from_static("/"),
        headers: HeaderMap::new(),
        body: Payload::default(),
        trailers: None,
    };
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
    batch.trial(Pending { trial, plan: plan(), charge });
    Box::new(batch)
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
fn m21_a_panic_of_the_comparer_costs_the_trial_that_it_strikes_and_no_other() {
    let memory = Budget::new(10);
    let comparer: Box<Comparer> = Box::new(|(primary, candidate), decoded, scene| {
        let Outcome::Reply(reply) = candidate else { unreachable!("there are only replies") };
        assert!(reply.body.joined() != "a bug", "as the test wants it");
        compare_in((primary, candidate), decoded, scene)
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
    let comparer: Box<Comparer> = Box::new(move |(primary, candidate), decoded, scene| {
        begun.send(()).expect("the test waits");
        // An error means that the test lets everything go.
        may_go.lock().expect("one judge").recv().ok();
        compare_in((primary, candidate), decoded, scene)
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
