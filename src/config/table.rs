//! Every key of `shadow.yaml` with its shape, default and meaning: the one description.
//!
//! The main table is [`ROOT`]. The text that ends each description is for users: it stands beside
//! the key in the file of `shadow init` and in the JSON Schema.
//!
//! This module never decides anything.

use crate::config::forms::{
    ADDRESS, DURATION, FREE, HEADER, HOST, JSON_PATH, LABEL, LEVEL, METHOD, NETWORK, NUMBER, PART,
    PATH, PERCENT, PLACES, RATE, REGEX, SERVICE, SIZE, STICKY, TEXT, URL, VIA,
};
use crate::config::keys::Key;
use crate::config::keys::Shape::{Bool, Count, List, Map, Section, Sections, Text, Texts, Word};

/// The whole file.
pub(super) const ROOT: &[Key] = &[
    Key::new("service", Text(&SERVICE), "names the service in sessions and reports")
        .default("service"),
    Key::new("listen", Section(LISTEN), "where clients connect"),
    Key::new("primary", Section(PRIMARY), "the live version: its answer is the client's answer")
        .required(""),
    Key::new("candidate", Section(CANDIDATE), "the version under test; without it, only forward")
        .optional(""),
    Key::later("secondary"),
    Key::new("mirror", Section(MIRROR), "what is copied to the candidate, within which bounds"),
    Key::new("routes", List(&Section(ROUTE)), "for some requests only; the first match wins")
        .optional(""),
    Key::new("isolation", Section(ISOLATION), "what keeps the copy's side effects harmless"),
    Key::new("compare", Section(COMPARE), "what may differ between the two answers"),
    Key::later("noise"),
    Key::new("endpoints", Section(ENDPOINTS), "what requests are called that belong together"),
    Key::new("redact", Section(REDACT), "hidden before storing, beside passwords and the like"),
    Key::new("store", Section(STORE), "where differences are kept"),
    Key::later("expected"),
    Key::new("gate", Section(GATE), "the thresholds by which `shadow gate` judges a session"),
    Key::new("admin", Section(ADMIN), "metrics, reports and the kill switch, on their own port"),
    Key::new("telemetry", Section(TELEMETRY), "what this process says about itself"),
];

const LISTEN: &[Key] = &[
    Key::new("address", Text(&ADDRESS), "port 0 takes any free port").default("127.0.0.1:8080"),
    Key::new("tls", Section(TLS), "HTTP/2 or HTTP/1.1 over TLS, as the client chooses")
        .optional(""),
    Key::new("via", Text(&VIA), "this proxy's name in Via; off: none, and no loop is noticed")
        .default("shadow"),
    Key::new("allow", List(&Text(&NETWORK)), "who may connect; absent: all who reach it")
        .optional("[10.0.0.0/8]"),
    Key::new(
        "trusted_proxies",
        List(&Text(&NETWORK)),
        "believed in X-Forwarded-*; all others are not",
    )
    .optional("[10.0.0.0/8]"),
    Key::new("limits", Section(LIMITS), "what clients may ask for"),
    Key::new("timeouts", Section(TIMEOUTS), "how long clients may take"),
];

const LIMITS: &[Key] = &[
    Key::new("target", Text(&SIZE), "a longer path and query: 414").default("8KiB"),
    Key::new("head", Text(&SIZE), "larger header fields: 431; beyond 400KiB always")
        .default("64KiB"),
    Key::new("fields", Count(1000), "more header fields: 431").default("100"),
    Key::new("body", Text(&SIZE), "a larger body: 413; absent: no limit").optional("32MiB"),
    Key::new("connections", Count(MOST), "more at one time: 503; absent: no limit")
        .optional("10000"),
    Key::new("per_client", Count(MOST), "more of one address: 503; absent: no limit")
        .optional("100"),
];

const TIMEOUTS: &[Key] = &[
    Key::new("head", Text(&DURATION), "no whole head by then, first or next: closed")
        .default("30s"),
    Key::new("body", Text(&DURATION), "nothing more of a body for so long: 408").default("30s"),
    Key::new("write", Text(&DURATION), "nothing of an answer taken for so long: closed")
        .default("30s"),
    Key::new("total", Text(&DURATION), "a whole exchange: 504, or cut off; absent: no bound")
        .optional("5m"),
    Key::new("tunnel", Text(&DURATION), "nothing on an upgraded connection for so long: closed")
        .default("1h"),
    Key::new("drain", Text(&DURATION), "at the end of the process, for what has begun")
        .default("30s"),
];

/// Named by their files, seen from the working directory, and read anew with each reload.
const TLS: &[Key] = &[
    Key::new("cert_file", Text(&TEXT), "the certificate in PEM, then those that signed it")
        .required("tls/cert.pem"),
    Key::new("key_file", Text(&TEXT), "its private key in PEM").required("tls/key.pem"),
    Key::new("client_ca_file", Text(&TEXT), "who signs clients' certificates: each must show one")
        .optional("tls/clients.pem"),
];

const PROTOCOL: Key = Key::new(
    "protocol",
    Word(&["auto", "http1", "http2"]),
    "auto: as it chooses under TLS, HTTP/1.1 in clear",
)
.default("auto");
const CA_FILE: Key =
    Key::new("ca_file", Text(&TEXT), "who signs its certificate; absent: whom this machine trusts")
        .optional("tls/ca.pem");
const INSECURE: Key = Key::elsewhere(
    "insecure",
    "is not offered: a certificate is always verified; name who signed it in `ca_file`",
);

const PRIMARY: &[Key] = &[
    Key::new("url", Text(&URL), "requests keep their own path and query")
        .required("http://127.0.0.1:8081"),
    Key::new("timeout", Text(&DURATION), "no head of an answer by then: the client gets 504")
        .default("30s"),
    PROTOCOL,
    CA_FILE,
    INSECURE,
];

const CANDIDATE: &[Key] = &[
    Key::new("url", Text(&URL), "another process than the primary")
        .required("http://127.0.0.1:8082"),
    Key::new("timeout", Text(&DURATION), "no end of an answer by then: compared as a timeout")
        .default("5s"),
    Key::new("version", Text(&LABEL), "its name in sessions and reports").optional("v2"),
    PROTOCOL,
    CA_FILE,
    INSECURE,
];

const ENABLED: Key = Key::new("enabled", Bool, "false: only forward").default("true");
const SAMPLE: Key =
    Key::new("sample", Text(&PERCENT), "of the requests that may be mirrored").default("100%");
const STICKY_KEY: Key = Key::new(
    "sticky",
    Text(&STICKY),
    "or header:NAME, cookie:NAME, query:NAME, client: same value, same choice",
)
.default("none");
const ALWAYS: Key =
    Key::new("always", List(&Section(NEEDLE)), "requests that sampling never drops")
        .optional("[{ header: { x-user: test@example.com } }]");
const METHODS: Key = Key::new(
    "methods",
    Word(&["safe", "all"]),
    "GET, HEAD, OPTIONS; all: writes too, which needs isolation.assert",
)
.default("safe");
const MAX_BODY: Key =
    Key::new("max_body", Text(&SIZE), "larger exchanges are counted, not mirrored").default("1MiB");

/// The most that may wait, or run at one time.
const MOST: u64 = 1_000_000;

const MIRROR: &[Key] = &[
    ENABLED,
    SAMPLE,
    STICKY_KEY,
    ALWAYS,
    METHODS,
    MAX_BODY,
    Key::new("memory", Text(&SIZE), "of all that is in flight; beyond it, copies are dropped")
        .default("64MiB"),
    Key::new("queue", Count(MOST), "copies that wait; beyond it, copies are dropped")
        .default("4096"),
    Key::new("concurrency", Count(MOST), "requests at the candidate at one time").default("64"),
    Key::new("rate", Text(&RATE), "copies beyond it are dropped; absent: no limit")
        .optional("500/s"),
    Key::new("breaker", Section(BREAKER), "leaves a candidate alone that cannot be reached"),
    Key::new("protect", Section(PROTECT), "at this, mirroring turns itself off for a while"),
    Key::new("ramp", List(&Section(STAGE)), "what grows by stages; more than it is never mirrored")
        .optional("[{ sample: 1%, hold: 10m }, { sample: 100% }]"),
];

const PROTECT: &[Key] = &[
    Key::new(
        "added_p99",
        Text(&DURATION),
        "most that is added to 99% of the answers, or a thread lags",
    )
    .optional("5ms"),
    Key::new("queue_age", Text(&DURATION), "how long a copy may wait to be sent").optional("5s"),
];

const STAGE: &[Key] = &[
    Key::new("sample", Text(&PERCENT), "of the requests that may be mirrored").required("1%"),
    Key::new("hold", Text(&DURATION), "until the next stage; the last goes without")
        .optional("10m"),
];

const BREAKER: &[Key] = &[
    Key::new("failures", Text(&PERCENT), "of the last copies: faults of the connection, time-outs")
        .default("50%"),
    Key::new("of", Count(10_000), "copies that are looked back on").default("20"),
    Key::new("open", Text(&DURATION), "copies are dropped that long, then one tries again")
        .default("10s"),
];

const NEEDLE: &[Key] = &[
    Key::new("header", Map(&Text(&FREE)), "by a header's value")
        .choice("{ x-user: test@example.com }"),
    Key::new("cookie", Map(&Text(&FREE)), "by a cookie's value").choice("{ canary: yes }"),
    Key::new("query", Map(&Text(&FREE)), "by a query parameter's value").choice("{ debug: yes }"),
];

const ROUTE: &[Key] = &[
    Key::new("match", Section(MATCH), "which requests it is for").required(""),
    Key::new("name", Text(&LABEL), "the endpoint's name in reports").optional("orders.get"),
    Key::new("mirror", Section(ROUTE_MIRROR), "laid over the general settings"),
    Key::new("isolation", Section(ROUTE_ISOLATION), "added to the general edits"),
    Key::new("compare", Section(COMPARE), "added to the general rules"),
];

const MATCH: &[Key] = &[
    Key::new("path", Text(&PATH), "{name} is any one segment, ** at the end any rest")
        .required("/orders/**"),
    Key::new("method", List(&Text(&METHOD)), "absent: any").optional("[GET]"),
];

const OF_MIRROR: &str = "holds for all routes together; set it under `mirror`";

const ROUTE_MIRROR: &[Key] = &[
    ENABLED.inherited(),
    SAMPLE.inherited(),
    STICKY_KEY.inherited(),
    ALWAYS.inherited(),
    METHODS.inherited(),
    MAX_BODY.inherited(),
    Key::elsewhere("memory", OF_MIRROR),
    Key::elsewhere("queue", OF_MIRROR),
    Key::elsewhere("concurrency", OF_MIRROR),
    Key::elsewhere("rate", OF_MIRROR),
    Key::elsewhere("timeout", "holds for all routes together; set it under `candidate`"),
    Key::elsewhere("breaker", OF_MIRROR),
    Key::elsewhere("protect", OF_MIRROR),
    Key::elsewhere("ramp", OF_MIRROR),
];

const REQUEST: Key =
    Key::new("request", Section(REWRITE), "edits of the candidate's copy, in this order");

const ISOLATION: &[Key] = &[
    REQUEST,
    Key::later("stores"),
    Key::later("egress"),
    Key::new("assert", Text(&TEXT), "your word that its writes are harmless; reports print it")
        .optional("\"the candidate's settings point at the staging stores\""),
];

const OF_ISOLATION: &str = "holds for all routes together; set it under `isolation`";

const ROUTE_ISOLATION: &[Key] = &[
    REQUEST,
    Key::elsewhere("stores", OF_ISOLATION),
    Key::elsewhere("egress", OF_ISOLATION),
    Key::elsewhere("assert", OF_ISOLATION),
];

const REWRITE: &[Key] = &[
    Key::new("remove", List(&Text(&HEADER)), "headers that it does not get")
        .optional("[authorization, cookie]"),
    Key::new("set", Map(&Text(&FREE)), "headers that it gets; {session} is the session's id")
        .optional("{ x-shadow: \"{session}\" }"),
    Key::new("replace", List(&Section(REPLACE)), "values; where one cannot be, no copy is sent")
        .optional("[{ query: tenant, with: shadow }]"),
];

const REPLACE: &[Key] = &[
    Key::new("header", Text(&HEADER), "the value of a header").choice("x-tenant"),
    Key::new("query", Text(&TEXT), "the value of a query parameter").choice("tenant"),
    Key::new("path", Text(&REGEX), "what a regular expression finds in the path")
        .choice("^/tenants/[^/]+"),
    Key::new("json", Text(&JSON_PATH), "a string in a JSON body").choice("$.callback_url"),
    Key::new("form", Text(&TEXT), "the value of a field in a urlencoded form").choice("account"),
    Key::new("with", Text(&FREE), "what stands there instead").required("shadow"),
];

const COMPARE: &[Key] = &[
    Key::new("ignore", List(&Text(&JSON_PATH)), "values that may differ, within their class")
        .optional("[\"$.generated_at\"]"),
    Key::new("headers", Section(HEADERS), "which headers are compared"),
    Key::new("arrays", List(&Section(ARRAYS)), "how elements are paired; else it is found out")
        .optional("[{ path: \"$.items\", key: id }]"),
    Key::new("only", List(&Text(&JSON_PATH)), "all of a body that is compared; absent: the whole")
        .optional("[\"$.items\"]"),
    Key::new("numbers", List(&Section(NUMBERS)), "how near is near enough; else none is rounded")
        .optional("[{ path: \"$.total\", abs: 0.01 }]"),
    Key::new("times", Sections(TIMES), "how far apart times may lie, everywhere or at paths")
        .optional("{ within: 5s }"),
    Key::new("normalise", List(&Section(NORMALISE)), "replaced on both sides before comparing")
        .optional("[{ path: \"$.trace\", find: \"-[0-9]+$\", with: \"\" }]"),
    Key::new("hosts", Map(&Text(&HOST)), "the candidate's names for the primary's hosts, in URLs")
        .optional("{ shop.example.com: shop-v2.example.com }"),
    Key::new("identifiers", Section(IDENTIFIERS), "ids that each side makes up by itself"),
    Key::new("null_equals_missing", List(&Text(&JSON_PATH)), "members that may be null or absent")
        .optional("[\"$.nickname\"]"),
    Key::new("protobuf", Section(PROTOBUF), "by what gRPC and protobuf answers are read"),
];

const PROTOBUF: &[Key] = &[
    Key::new("descriptors", Text(&TEXT), "a descriptor set with its imports; absent: by wire")
        .optional("shop.pb"),
    Key::new(
        "message",
        Text(&TEXT),
        "type of answers without a gRPC method; absent: by media type",
    )
    .optional("shop.v1.Order"),
];

const ARRAYS: &[Key] = &[
    Key::new("path", Text(&JSON_PATH), "the array; of two rules for one the last holds")
        .required("$.items"),
    Key::new("key", Texts(&TEXT), "by this field; by several that name an element together")
        .choice("id"),
    Key::new(
        "as",
        Word(&["auto", "index", "lcs", "set", "multiset"]),
        "found out, by place, as a sequence, or in any order",
    )
    .choice("set"),
    Key::new("ordered", Bool, "true: an element that has moved gates").default("false"),
];

const IDENTIFIERS: &[Key] = &[Key::new(
    "rename",
    Bool,
    "true, the default: equal where each has one other name throughout",
)
.optional("false")];

const NUMBERS: &[Key] = &[
    Key::new("path", Text(&JSON_PATH), "where; of two rules for one place the last holds")
        .required("$.total"),
    Key::new("abs", Text(&NUMBER), "no further apart than this").choice("0.01"),
    Key::new("rel", Text(&PART), "no further apart than this part of the larger one")
        .choice("0.1%"),
    Key::new("ulp", Count(1_000_000_000), "no further apart than so many doubles").choice("4"),
    Key::new("round", Text(&PLACES), "the same once rounded to so many digits").choice("2"),
    Key::new("as", Word(&["decimal", "ieee754", "lexical"]), "the same as this").choice("ieee754"),
];

const TIMES: &[Key] = &[
    Key::new("within", Text(&DURATION), "of each other").required("5s"),
    Key::new("path", Text(&JSON_PATH), "where; absent: everywhere, but for bare numbers")
        .optional("\"$.updated_at\""),
];

const NORMALISE: &[Key] = &[
    Key::new("path", Text(&JSON_PATH), "where").required("$.trace"),
    Key::new("find", Text(&REGEX), "a regular expression").required("-[0-9]+$"),
    Key::new("with", Text(&FREE), "what stands there instead; $1 is the first group")
        .optional("\"\""),
];

const HEADERS: &[Key] = &[
    Key::new("also", List(&Text(&HEADER)), "beside the usual ones").optional("[x-price-list]"),
    Key::new("ignore", List(&Text(&HEADER)), "left out").optional("[retry-after]"),
];

const ENDPOINTS: &[Key] =
    &[Key::new("openapi", Text(&TEXT), "an OpenAPI 3 file, YAML or JSON: each operation is one")
        .optional("openapi.yaml")];

const REDACT: &[Key] = &[
    Key::new("headers", List(&Text(&HEADER)), "of requests and answers").optional("[x-session]"),
    Key::new("json", List(&Text(&JSON_PATH)), "in JSON bodies").optional("[\"$..iban\"]"),
    Key::new("query", List(&Text(&TEXT)), "parameters").optional("[code]"),
    Key::new("form", List(&Text(&TEXT)), "fields of urlencoded forms").optional("[iban]"),
];

const STORE: &[Key] = &[
    Key::new("path", Text(&TEXT), "a folder, seen from the working directory").default(".shadow"),
    Key::new("max_size", Text(&SIZE), "beyond it nothing new is stored; counting goes on")
        .default("2GiB"),
    Key::new("keep", Text(&DURATION), "sessions that ended longer ago are deleted").default("7d"),
];

const GATE: &[Key] = &[
    Key::new("divergence", Text(&PERCENT), "at most, of the compared requests").default("1%"),
    Key::new("errors", Text(&PERCENT), "at most: failures where the primary had none")
        .default("0.1%"),
    Key::new("min_samples", Count(1_000_000_000), "fewer compared requests: inconclusive")
        .default("100"),
    Key::new("min_coverage", Text(&PERCENT), "compared, of what was chosen; less: inconclusive")
        .default("90%"),
    Key::new("endpoints", Map(&Section(ENDPOINT)), "limits of single endpoints")
        .optional("{ \"POST /orders\": { divergence: 0% } }"),
    Key::later("latency"),
    Key::later("confidence"),
];

const ENDPOINT: &[Key] =
    &[Key::new("divergence", Text(&PERCENT), "at most, of its compared requests").required("0%")];

const NO_TOKEN: &str = "a secret has no place in this file; write it to a file of its own and name \
     that one in `admin.token_file`";

const ADMIN: &[Key] = &[
    Key::new("address", Text(&ADDRESS), "off the loopback it needs token_file")
        .default("127.0.0.1:9900"),
    Key::new("token_file", Text(&TEXT), "holds the token that requests must carry")
        .optional("admin.token"),
    Key::elsewhere("token", NO_TOKEN),
    Key::new("allow", List(&Text(&NETWORK)), "who may connect; absent: all who reach it")
        .optional("[127.0.0.0/8]"),
];

const TELEMETRY: &[Key] = &[
    Key::new("log", Section(LOG), "lines on stderr"),
    Key::new("access_log", Section(ACCESS_LOG), "one line for each answered request"),
];

const ACCESS_LOG: &[Key] = &[
    Key::new("format", Word(&["off", "common", "json"]), "common: as web servers write it")
        .default("off"),
    Key::new("path", Text(&TEXT), "a file, which is appended to; absent: stdout")
        .optional("access.log"),
];

const LOG: &[Key] = &[
    Key::new("format", Word(&["auto", "text", "json"]), "auto: text on a terminal, JSON elsewhere")
        .default("auto"),
    Key::new("level", Text(&LEVEL), "or by module, as in shadowdiff::tap=debug,warn")
        .default("info"),
];
