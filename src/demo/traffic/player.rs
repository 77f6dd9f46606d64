//! Playing the traffic: every flow in order, several flows at a time.

use super::client::{Client, SendError};
use super::fixture::FixtureRequest;
use http::{Method, StatusCode};
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::sync::{Semaphore, mpsc};
use tokio::task::JoinSet;

/// How far the traffic has been sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    pub done: usize,
    pub total: usize,
    /// Of the done ones, those for which [`Sent::is_error`] holds.
    pub errors: usize,
}

/// What became of one request.
#[derive(Debug)]
pub struct Sent {
    pub flow: String,
    pub method: Method,
    /// Path and query.
    pub target: String,
    pub status: Result<StatusCode, SendError>,
}

impl Sent {
    /// No answer, or one with a status of 500 and up.
    pub fn is_error(&self) -> bool {
        !matches!(&self.status, Ok(status) if !status.is_server_error())
    }
}

/// Sends the requests to the address, `concurrency` flows (at least one) at a time, and calls
/// `on_done` after each request. A request that fails does not end its flow. The result is in the
/// order of the requests.
pub async fn send(
    address: SocketAddr,
    requests: Vec<FixtureRequest>,
    concurrency: usize,
    mut on_done: impl FnMut(Progress),
) -> Vec<Sent> {
    let mut progress = Progress { done: 0, total: requests.len(), errors: 0 };
    let slots = Arc::new(Semaphore::new(concurrency.max(1)));
    let (sent_tx, mut sent_rx) = mpsc::channel(64);
    let mut playing = JoinSet::new();
    for flow in flows(requests) {
        playing.spawn(play(address, flow, Arc::clone(&slots), sent_tx.clone()));
    }
    // The channel ends with the last flow.
    drop(sent_tx);
    let mut all = Vec::with_capacity(progress.total);
    while let Some((at, sent)) = sent_rx.recv().await {
        progress.done += 1;
        progress.errors += usize::from(Sent::is_error(&sent));
        all.push((at, sent));
        on_done(progress);
    }
    all.sort_by_key(|(at, _)| *at);
    all.into_iter().map(|(_, sent)| sent).collect()
}

/// Requests of one client, each with its place in the whole.
type Flow = Vec<(usize, FixtureRequest)>;

/// The flows, in the order of their first requests.
fn flows(requests: Vec<FixtureRequest>) -> Vec<Flow> {
    let mut flows = Vec::<Flow>::new();
    for (at, request) in requests.into_iter().enumerate() {
        let known = flows
            .iter_mut()
            .find(|flow| flow.first().is_some_and(|(_, first)| first.flow == request.flow));
        match known {
            Some(flow) => flow.push((at, request)),
            None => flows.push(vec![(at, request)]),
        }
    }
    flows
}

async fn play(
    address: SocketAddr,
    flow: Flow,
    slots: Arc<Semaphore>,
    sent_tx: mpsc::Sender<(usize, Sent)>,
) {
    let _slot = slots.acquire().await;
    let mut client = Client::new(address);
    for (at, request) in flow {
        let status = client.ask(&request).await.map(|answer| answer.status());
        let FixtureRequest { flow, method, target, .. } = request;
        let sent = Sent { flow, method, target: target.to_string(), status };
        if sent_tx.send((at, sent)).await.is_err() {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::demo::load;
    use std::collections::HashSet;

    #[test]
    fn requests_of_one_flow_stay_in_order() {
        let requests = load();
        let (total, names) = (requests.len(), requests.iter().map(|request| request.flow.clone()));
        let names: HashSet<_> = names.collect();
        let flows = flows(requests);
        assert_eq!((flows.len(), flows.iter().map(Vec::len).sum()), (names.len(), total));
        assert!(flows.iter().all(|flow| flow.is_sorted_by_key(|(at, _)| *at)));
    }

    #[tokio::test]
    async fn nothing_to_send_is_done_at_once() {
        let address = ([127, 0, 0, 1], 9).into();
        assert!(send(address, Vec::new(), 0, |_| ()).await.is_empty());
    }
}
