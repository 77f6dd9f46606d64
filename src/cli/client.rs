//! Asking the admin API of a running process.

use crate::base::clock;
use crate::cli::Failure;
use crate::cli::args::Global;
use crate::cli::run::runtime;
use crate::config::Config;
use crate::store::{Holder, Root};
use crate::upstream::{Address, Again, Pool};
use bytes::Bytes;
use http::header::{AUTHORIZATION, HOST};
use http::{Method, Request, StatusCode, Uri};
use http_body_util::{BodyExt, Full, Limited};
use std::fs;
use std::time::Duration;
use tokio::time;

/// No answer takes longer.
const PATIENCE: Duration = Duration::from_secs(30);

/// No answer is larger.
const LARGEST: usize = 256 << 20;

/// A running process.
pub(super) struct Client {
    authority: String,
    address: Address,
    token: Option<String>,
}

/// What a process answered.
pub(super) struct Reply {
    pub status: StatusCode,
    pub text: String,
}

impl Client {
    /// The process that `--server` names.
    pub(super) fn named(global: &Global, url: &str) -> Result<Self, Failure> {
        let bad = || Failure::usage(format!("--server {url}: write a URL like http://HOST:PORT"));
        let uri: Uri = url.parse().map_err(|_| bad())?;
        let authority = uri.authority().filter(|_| uri.scheme_str() == Some("http"));
        let authority = authority.ok_or_else(bad)?;
        let host = authority.host().trim_start_matches('[').trim_end_matches(']');
        let address = Address::new(host, authority.port_u16().unwrap_or(80));
        let token = token(global, None)?;
        Ok(Self { authority: authority.to_string(), address, token })
    }

    /// The process that holds the store of a config, if one does.
    pub(super) fn holder(global: &Global, config: &Config) -> Result<Option<Self>, Failure> {
        let holder = Root::holder(&config.store.path);
        let Some(Holder { admin: Some(admin), .. }) = holder else { return Ok(None) };
        let address = Address::Socket(admin);
        let token = token(global, config.admin.token.as_ref())?;
        Ok(Some(Self { authority: admin.to_string(), address, token }))
    }

    /// The process to be steered: the one that `--server` names, or the config's.
    pub(super) fn steered(global: &Global, config: &Config) -> Result<Self, Failure> {
        if let Some(client) = Self::holder(global, config)? {
            return Ok(client);
        }
        let admin = config.admin.address;
        let token = token(global, config.admin.token.as_ref())?;
        Ok(Self { authority: admin.to_string(), address: Address::Socket(admin), token })
    }

    /// Asks; an answer that is not a success is a failure with the process's own words.
    pub(super) fn ask(
        &self,
        method: Method,
        target: &str,
        body: Option<String>,
    ) -> Result<Reply, Failure> {
        let reply = runtime()?.block_on(async {
            match time::timeout(PATIENCE, self.exchange(method, target, body)).await {
                Ok(reply) => reply,
                Err(_) => Err(self.silent("it does not answer")),
            }
        })?;
        if reply.status.is_success() { Ok(reply) } else { Err(self.refused(&reply)) }
    }

    async fn exchange(
        &self,
        method: Method,
        target: &str,
        body: Option<String>,
    ) -> Result<Reply, Failure> {
        let pool = Pool::new(self.address.clone());
        let mut request =
            Request::builder().method(method).uri(target).header(HOST, &self.authority);
        if let Some(token) = &self.token {
            request = request.header(AUTHORIZATION, format!("Bearer {token}"));
        }
        let request = request
            .body(Full::new(Bytes::from(body.unwrap_or_default())))
            .map_err(|error| Failure::usage(error.to_string()))?;
        let once = Again { replayable: false, request: || None };
        let sent = pool.exchange(request, once, clock::now()).await;
        // The connection stays open for as long as it is held.
        let (answer, _lease) = sent.map_err(|fault| self.silent(fault.name()))?;
        let (head, body) = answer.into_parts();
        let body = Limited::new(body, LARGEST).collect().await;
        let bytes = body.map_err(|error| self.silent(&error.to_string()))?.to_bytes();
        Ok(Reply { status: head.status, text: String::from_utf8_lossy(&bytes).into_owned() })
    }

    fn silent(&self, why: &str) -> Failure {
        Failure::unreachable(format!(
            "no process answers at http://{} ({why}); start `shadow run`, or name one with --server",
            self.authority
        ))
    }

    fn refused(&self, reply: &Reply) -> Failure {
        let error = serde_json::from_str::<serde_json::Value>(&reply.text).ok();
        let words = error.as_ref().and_then(|error| error.get("error")?.as_str());
        let words = words.unwrap_or(reply.text.trim());
        match reply.status {
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
                Failure::unreachable(format!("{words} (give the token with --token-file)"))
            }
            StatusCode::NOT_FOUND | StatusCode::UNPROCESSABLE_ENTITY => Failure::usage(words),
            _ => Failure::unreachable(words),
        }
    }
}

fn token(global: &Global, config: Option<&String>) -> Result<Option<String>, Failure> {
    let Some(path) = &global.token_file else { return Ok(config.cloned()) };
    let text = fs::read_to_string(path).map_err(|error| {
        Failure::usage(format!("--token-file {} cannot be read: {error}", path.display()))
    })?;
    Ok(Some(text.trim().to_owned()))
}
