//! The checked config, in the parts that the rooms are handed.

use crate::base::{ByteSize, Percent, Rate};
use crate::config::compared::{ArrayRule, HostRule, Listed, Normaliser, NumberRule, TimeRule};
use crate::config::tls::{ServerTls, Trust};
use crate::model::Pattern;
use crate::syntax::protobuf::Schema;
use http::uri::Authority;
use http::{HeaderName, HeaderValue, Method};
use ipnet::IpNet;
use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// Everything that `shadow.yaml` says, checked.
#[derive(Clone, Debug, PartialEq)]
pub struct Config {
    pub service: String,
    pub listen: Listen,
    pub primary: Target,
    /// Absent: the tap only forwards.
    pub candidate: Option<Target>,
    pub mirror: Mirror,
    /// First match wins.
    pub routes: Vec<Route>,
    pub isolation: Isolation,
    pub compare: Compare,
    pub redact: Redact,
    pub store: Store,
    pub gate: Gate,
    /// The operations that a description of the API lists.
    pub described: Described,
    pub admin: Admin,
    pub telemetry: Telemetry,
}

/// What an OpenAPI file describes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Described {
    pub operations: Vec<Operation>,
}

/// One operation; its path may have parameters (`/orders/{id}`), also within segments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Operation {
    pub method: Method,
    pub path: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listen {
    pub address: SocketAddr,
    /// This proxy's name in `Via`; none where it adds no such field.
    pub via: Option<String>,
    /// Who may connect; empty: whoever reaches the address.
    pub allow: Vec<IpNet>,
    /// Whose word on the client behind them is believed.
    pub trusted_proxies: Vec<IpNet>,
    pub limits: ListenLimits,
    pub timeouts: ListenTimeouts,
    /// Absent: clients speak in clear.
    pub tls: Option<ServerTls>,
}

/// What clients may ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ListenLimits {
    /// Of a path with its query.
    pub target: ByteSize,
    /// Of all header fields of a request.
    pub head: ByteSize,
    pub fields: usize,
    pub body: Option<ByteSize>,
    /// At one time, over all workers.
    pub connections: Option<usize>,
    /// At one time, of one address.
    pub per_client: Option<usize>,
}

/// How long clients may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ListenTimeouts {
    /// From the opening of a connection, or the end of an exchange, to a whole head.
    pub head: Duration,
    /// Between two pieces of a request's body.
    pub body: Duration,
    /// Between two pieces of an answer that the client takes.
    pub write: Duration,
    /// From the head of a request to the last byte of its answer; tunnels are not bound by it.
    pub total: Option<Duration>,
    /// Of silence on an upgraded connection.
    pub tunnel: Duration,
    /// For what has begun when the process is told to stop.
    pub drain: Duration,
}

/// One side that requests are sent to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    pub url: TargetUrl,
    /// From sending a request until the head of its answer (primary), or its end (candidate).
    pub timeout: Duration,
    pub version: Option<String>,
    pub protocol: Protocol,
    /// Present where the URL says https.
    pub trust: Option<Trust>,
}

/// What is spoken to a side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// What the side chooses in the TLS handshake; HTTP/1.1 in clear.
    Auto,
    Http1,
    /// In clear without asking: the side must know it.
    Http2,
}

/// Whether a side is spoken to in clear.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Scheme {
    Http,
    Https,
}

impl Scheme {
    pub fn name(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
        }
    }

    pub fn port(self) -> u16 {
        match self {
            Self::Http => 80,
            Self::Https => 443,
        }
    }
}

/// `http://HOST:PORT` or `https://HOST:PORT`: no path, no user, no query.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct TargetUrl {
    pub scheme: Scheme,
    /// A name, an IPv4 address, or an IPv6 address without its brackets.
    pub host: String,
    pub port: u16,
}

impl TargetUrl {
    /// Host and port, as they stand in the URL.
    pub fn authority(&self) -> Authority {
        let text = self.to_string();
        let authority = text.split_once("://").map_or("", |(_, authority)| authority);
        Authority::try_from(authority).unwrap_or(Authority::from_static("localhost"))
    }
}

impl fmt::Display for TargetUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = self.scheme.name();
        if self.host.contains(':') {
            return write!(f, "{scheme}://[{}]:{}", self.host, self.port);
        }
        write!(f, "{scheme}://{}:{}", self.host, self.port)
    }
}

/// What is copied to the candidate, and within which bounds. All of it can be reloaded.
#[derive(Clone, Debug, PartialEq)]
pub struct Mirror {
    pub enabled: bool,
    /// Of the eligible requests.
    pub sample: Percent,
    pub sticky: Sticky,
    /// Requests that sampling never drops.
    pub always: Vec<Needle>,
    pub methods: Methods,
    /// A request or answer body over this is not mirrored.
    pub max_body: ByteSize,
    /// Of everything in flight on the shadow side.
    pub memory: ByteSize,
    /// Exchanges that wait for the candidate.
    pub queue: usize,
    /// Requests at the candidate at one time.
    pub concurrency: usize,
    pub rate: Option<Rate>,
    pub breaker: Breaker,
    pub protect: Protect,
    /// How the sample grows; empty: it holds from the start.
    pub ramp: Vec<Stage>,
}

/// At what mirroring turns itself off for the sake of the live path.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Protect {
    /// The 99th percentile of what the tap itself adds to the time of an answer, and of how late
    /// its threads are.
    pub added_p99: Option<Duration>,
    /// Of the oldest exchange in the queue.
    pub queue_age: Option<Duration>,
}

/// One step of a ramp.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stage {
    /// No more than this is mirrored.
    pub sample: Percent,
    /// Until the next stage; the last holds for ever.
    pub hold: Option<Duration>,
}

/// When a candidate that fails is left alone, and for how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Breaker {
    /// Of the last copies.
    pub failures: Percent,
    /// How many copies are looked back on.
    pub of: usize,
    /// Until one copy tries it again.
    pub open: Duration,
}

/// What makes two requests get the same sampling decision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sticky {
    /// Each request is decided for itself.
    None,
    /// The client's address.
    Client,
    Field(Where),
}

/// A named place in a request's head.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Where {
    Header(HeaderName),
    Cookie(String),
    Query(String),
}

/// A request is found by the value of one field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Needle {
    pub field: Where,
    pub value: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Methods {
    /// GET, HEAD and OPTIONS.
    Safe,
    /// Writes too: needs isolation.
    All,
}

/// Settings for the requests that match.
#[derive(Clone, Debug, PartialEq)]
pub struct Route {
    pub matcher: Matcher,
    /// The endpoint's name in place of a template.
    pub name: Option<String>,
    /// The general settings with this route's own laid over.
    pub mirror: Mirror,
    /// The general rules, then this route's.
    pub rewrite: Rewrite,
    pub compare: Compare,
}

/// Which requests a route is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Matcher {
    /// Empty: any.
    pub methods: Vec<Method>,
    /// Segments of the path: `{name}` fits any one segment, a last `**` any rest.
    pub path: String,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Isolation {
    /// Applied to the candidate's copy of a request that matches no route.
    pub request: Rewrite,
    /// The user's word that the candidate's writes are harmless.
    pub assert: Option<String>,
}

/// Edits of the candidate's copy, in this order: remove, set, replace.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Rewrite {
    pub remove: Vec<HeaderName>,
    /// `{session}` in a value stands for the session's id and is filled in at the start.
    pub set: Vec<(HeaderName, HeaderValue)>,
    pub replace: Vec<Replace>,
}

/// One replacement; where it cannot be applied, the request is not mirrored at all.
#[derive(Clone, Debug)]
pub enum Replace {
    /// The value of a header, where the request has it.
    Header { name: HeaderName, with: HeaderValue },
    /// The value of a query parameter, where the request has it.
    Query { name: String, with: String },
    /// Whatever the expression finds in the path.
    Path { find: regex::Regex, with: String },
    /// A string in a JSON body, wherever the pattern finds something.
    Json { at: Pattern, with: String },
    /// The value of a field in a urlencoded form, where the request has it.
    Form { name: String, with: String },
}

impl PartialEq for Replace {
    fn eq(&self, other: &Self) -> bool {
        // A compiled expression is equal when its text is.
        format!("{self:?}") == format!("{other:?}")
    }
}

/// What is compared and what is not.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Compare {
    /// Places whose value may differ: presence, type and class still count.
    pub ignore: Vec<Listed<Pattern>>,
    /// Places of a body outside of which nothing is compared; empty: all of it is.
    pub only: Vec<Listed<Pattern>>,
    pub arrays: Vec<Listed<ArrayRule>>,
    pub numbers: Vec<Listed<NumberRule>>,
    pub times: Vec<Listed<TimeRule>>,
    pub normalise: Vec<Listed<Normaliser>>,
    pub hosts: Vec<Listed<HostRule>>,
    /// Members that may be null on one side and missing on the other.
    pub null_equals_missing: Vec<Listed<Pattern>>,
    /// Absent: as the default of it says.
    pub identifiers: Option<Identifiers>,
    /// Headers compared beside the default ones.
    pub headers_also: Vec<Listed<HeaderName>>,
    /// Headers left out.
    pub headers_ignore: Vec<Listed<HeaderName>>,
    pub protobuf: Protobuf,
}

/// By what protobuf bodies are read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Protobuf {
    /// The types of a descriptor set; absent: by wire.
    pub schema: Option<Arc<Schema>>,
    /// The full name of the type that answers are of, where no method of gRPC tells; one of
    /// `schema`.
    pub message: Option<String>,
}

/// How values are compared that a service makes up to name things by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Identifiers {
    /// Each may have one other name on the candidate's side.
    #[default]
    Renamed,
    /// As any other value.
    Exact,
}

/// Names whose values never reach the store, beside the built-in ones.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Redact {
    pub headers: Vec<HeaderName>,
    pub json: Vec<Pattern>,
    pub query: Vec<String>,
    pub form: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Store {
    /// Seen from the working directory, not from the config file.
    pub path: PathBuf,
    /// Over this, nothing new is stored; counting goes on in memory.
    pub max_size: ByteSize,
    /// Sessions that ended longer ago are deleted.
    pub keep: Duration,
}

/// Thresholds over a session.
#[derive(Clone, Debug, PartialEq)]
pub struct Gate {
    /// Of compared trials, after noise and expected changes.
    pub divergence: Percent,
    /// Of compared trials: candidate outcomes worse than the primary's.
    pub errors: Percent,
    pub min_samples: u64,
    pub min_coverage: Percent,
    /// Divergence limits of single endpoints.
    pub endpoints: Vec<(String, Percent)>,
}

#[derive(Clone, PartialEq, Eq)]
pub struct Admin {
    pub address: SocketAddr,
    /// Demanded of every request but `/livez`; always set where `address` is not loopback.
    pub token: Option<String>,
    /// Who may connect; empty: whoever reaches the address.
    pub allow: Vec<IpNet>,
}

/// Never shows the token.
impl fmt::Debug for Admin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Admin")
            .field("address", &self.address)
            .field("token", &self.token.as_ref().map(|_| "(hidden)"))
            .field("allow", &self.allow)
            .finish()
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Telemetry {
    pub log_format: LogFormat,
    /// A `tracing` filter: `info`, or `shadowdiff::tap=debug,warn`.
    pub log_level: String,
    /// Absent: no access log.
    pub access_log: Option<AccessFormat>,
    /// Where it is appended to; absent: stdout.
    pub access_path: Option<PathBuf>,
}

/// How a line of the access log is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AccessFormat {
    /// The Common Log Format of web servers.
    Common,
    Json,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// Text on a terminal, JSON elsewhere.
    Auto,
    Text,
    Json,
}
