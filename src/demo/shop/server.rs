//! The loop around the shop: connections in, answers out.

use super::answer::{Answer, Pace, Problem};
use super::render::{Moment, render};
use super::route::{Version, answer};
use crate::base::clock;
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use std::convert::Infallible;
use std::future;
use std::pin::pin;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::sleep;
use uuid::Uuid;

/// Over this, connections wait in the listener's backlog.
const MAX_CONNECTIONS: usize = 1024;
/// Over this, a request is answered with 413.
const MAX_BODY: usize = 64 << 10;
/// After a failed accept: descriptors may have run out, and come back.
const ACCEPT_PAUSE: Duration = Duration::from_millis(20);

/// Serves the shop until `shutdown` resolves. Then every connection is closed where it stands,
/// the ones that wait for an answer included.
pub async fn serve(listener: TcpListener, version: Version, shutdown: impl Future<Output = ()>) {
    let mut connections = JoinSet::new();
    let mut shutdown = pin!(shutdown);
    loop {
        tokio::select! {
            () = &mut shutdown => return,
            accepted = listener.accept(), if connections.len() < MAX_CONNECTIONS => match accepted {
                Ok((stream, _)) => drop(connections.spawn(converse(stream, version))),
                Err(_) => sleep(ACCEPT_PAUSE).await,
            },
            Some(_) = connections.join_next() => {}
        }
    }
}

async fn converse(stream: TcpStream, version: Version) {
    // Without it, small answers on a kept connection wait for the client's acknowledgement.
    stream.set_nodelay(true).ok();
    let service =
        service_fn(
            move |request| async move { Ok::<_, Infallible>(respond(version, request).await) },
        );
    let served = http1::Builder::new()
        .timer(TokioTimer::new())
        .serve_connection(TokioIo::new(stream), service)
        .await;
    if let Err(error) = served {
        tracing::debug!(%error, "a client of the example shop broke off");
    }
}

async fn respond(version: Version, request: Request<Incoming>) -> Response<Full<Bytes>> {
    let (head, body) = request.into_parts();
    let asked = head.headers.clone();
    let answer = match Limited::new(body, MAX_BODY).collect().await {
        Ok(body) => answer(version, &Request::from_parts(head, body.to_bytes())),
        Err(_) => Problem::TooLarge.into(),
    };
    keep_pace(&answer).await;
    let moment = Moment { request_id: Uuid::new_v4(), now: clock::wall() };
    render(answer, version, moment, &asked).map(Full::new)
}

async fn keep_pace(answer: &Answer) {
    match answer.pace {
        Pace::AtOnce => {}
        Pace::After(wait) => sleep(wait).await,
        Pace::Never => future::pending().await,
    }
}
