//! A client on one kept connection.

use super::fixture::FixtureRequest;
use bytes::Bytes;
use http::header::HOST;
use http::{HeaderValue, Request, Response, Uri};
use http_body_util::{BodyExt, Full, Limited};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::timeout;

/// From sending a request until the last byte of its answer.
const PATIENCE: Duration = Duration::from_secs(30);
/// Over this, an answer is given up.
const MAX_ANSWER: usize = 4 << 20;

/// Why a request has no answer.
#[derive(Debug, thiserror::Error)]
pub enum SendError {
    #[error("cannot connect to {address}")]
    Connect { address: SocketAddr, source: io::Error },
    #[error("the connection broke before the answer")]
    Broken(#[source] hyper::Error),
    #[error("the answer broke off, or is over {MAX_ANSWER} bytes")]
    Answer(#[source] Box<dyn std::error::Error + Send + Sync>),
    #[error("no answer within {} seconds", PATIENCE.as_secs())]
    Timeout,
}

/// Connects when it must, and keeps the connection as long as the server does.
pub struct Client {
    address: SocketAddr,
    host: HeaderValue,
    sender: Option<SendRequest<Full<Bytes>>>,
    /// The connection's own task: it ends with the client.
    connection: JoinSet<()>,
}

impl Client {
    pub fn new(address: SocketAddr) -> Self {
        let host = HeaderValue::from_str(&address.to_string());
        Self {
            address,
            host: host.expect("an address is visible ASCII"),
            sender: None,
            connection: JoinSet::new(),
        }
    }

    /// Sends a request and reads its whole answer. After an error the next request gets a new
    /// connection.
    pub async fn ask(&mut self, request: &FixtureRequest) -> Result<Response<Bytes>, SendError> {
        let asked = timeout(PATIENCE, self.exchange(request)).await;
        let answer = asked.unwrap_or(Err(SendError::Timeout));
        if answer.is_err() {
            self.sender = None;
        }
        answer
    }

    async fn exchange(&mut self, request: &FixtureRequest) -> Result<Response<Bytes>, SendError> {
        let message = self.message(request);
        let sender = self.ready().await?;
        let answer = sender.send_request(message).await.map_err(SendError::Broken)?;
        let (head, body) = answer.into_parts();
        let body = Limited::new(body, MAX_ANSWER).collect().await.map_err(SendError::Answer)?;
        Ok(Response::from_parts(head, body.to_bytes()))
    }

    fn message(&self, request: &FixtureRequest) -> Request<Full<Bytes>> {
        let mut message = Request::new(Full::new(request.body.clone()));
        *message.method_mut() = request.method.clone();
        *message.uri_mut() = Uri::from(request.target.clone());
        *message.headers_mut() = request.headers.clone();
        message.headers_mut().insert(HOST, self.host.clone());
        message
    }

    /// The kept connection where it still takes requests, else a new one.
    async fn ready(&mut self) -> Result<&mut SendRequest<Full<Bytes>>, SendError> {
        let kept = match self.sender.take() {
            Some(mut sender) => sender.ready().await.is_ok().then_some(sender),
            None => None,
        };
        let sender = match kept {
            Some(sender) => sender,
            None => self.connect().await?,
        };
        Ok(self.sender.insert(sender))
    }

    async fn connect(&mut self) -> Result<SendRequest<Full<Bytes>>, SendError> {
        let address = self.address;
        let stream = TcpStream::connect(address).await;
        let stream = stream.map_err(|source| SendError::Connect { address, source })?;
        stream.set_nodelay(true).ok();
        let (sender, connection) =
            handshake(TokioIo::new(stream)).await.map_err(SendError::Broken)?;
        self.connection.abort_all();
        self.connection.spawn(async move {
            // How it ends is told to whoever waits for an answer.
            connection.await.ok();
        });
        Ok(sender)
    }
}
