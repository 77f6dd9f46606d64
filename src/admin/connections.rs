//! Connections to the admin API: few, and none for long.

use crate::admin::access::too_slow;
use crate::model::AdminRule;
use crate::telemetry::admin_refused;
use axum::Router;
use axum::extract::ConnectInfo;
use hyper::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::time::{sleep, timeout};

/// Connections at one time; more are closed at once.
const MOST: usize = 128;

/// A head must be whole by then, the first and each next one.
const HEAD: Duration = Duration::from_secs(10);

/// A request must be whole, and worked on, by then.
const REQUEST: Duration = Duration::from_secs(30);

/// A connection takes no further request after so long, and ends another `REQUEST` later.
const LIFE: Duration = Duration::from_secs(300);

/// How long accepting pauses where the process is out of something.
const PAUSE: Duration = Duration::from_millis(100);

/// Accepts and serves until it is dropped.
pub(super) async fn serve(listener: TcpListener, routes: Router) {
    let slots = Arc::new(Semaphore::new(MOST));
    loop {
        let Ok((stream, address)) = listener.accept().await else {
            sleep(PAUSE).await;
            continue;
        };
        let Ok(slot) = slots.clone().try_acquire_owned() else {
            admin_refused(AdminRule::Connections);
            continue;
        };
        let routes = routes.clone();
        tokio::spawn(async move {
            connection(stream, address, routes).await;
            drop(slot);
        });
    }
}

async fn connection(stream: TcpStream, address: SocketAddr, routes: Router) {
    let routes = TowerToHyperService::new(routes);
    let service = service_fn(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(ConnectInfo(address));
        let answer = routes.call(request);
        async move { timeout(REQUEST, answer).await.unwrap_or_else(|_| Ok(too_slow())) }
    });
    let mut builder = http1::Builder::new();
    builder.timer(TokioTimer::new()).header_read_timeout(HEAD);
    let mut connection = pin!(builder.serve_connection(TokioIo::new(stream), service));
    // Whatever ended it, there is nobody else to tell.
    tokio::select! {
        _ = &mut connection => return,
        () = sleep(LIFE) => connection.as_mut().graceful_shutdown(),
    }
    timeout(REQUEST, connection).await.ok();
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::to_bytes;
    use axum::routing::post;
    use std::future::pending;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    /// Sends the start of something on an idle clock, and gives all that comes back.
    async fn answer(start: &str) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let read =
            |body| async { to_bytes(body, 100).await.map_or(0, |body| body.len()).to_string() };
        let hang = || async { pending::<()>().await };
        let routes = Router::new().route("/read", post(read)).route("/hang", post(hang));
        tokio::spawn(serve(listener, routes));
        let mut client = TcpStream::connect(address).await.expect("a connection");
        client.write_all(start.as_bytes()).await.expect("written");
        let mut answer = String::new();
        client.read_to_string(&mut answer).await.expect("an end");
        answer
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_is_slow_is_given_up() {
        for start in ["", "POST /re", "POST /read HTTP/1.1\r\nhost: a\r\nx-slow: "] {
            assert_eq!(answer(start).await, "", "{start}");
        }
        let half = "POST /read HTTP/1.1\r\nhost: a\r\ncontent-length: 9\r\n\r\nhalf";
        assert!(answer(half).await.starts_with("HTTP/1.1 408 "));
        let hang = "POST /hang HTTP/1.1\r\nhost: a\r\ncontent-length: 0\r\n\r\n";
        assert!(answer(hang).await.starts_with("HTTP/1.1 408 "));
    }
}
