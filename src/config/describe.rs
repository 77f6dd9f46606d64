//! The effective policy in words, as `shadow check` prints it.
//!
//! This module never prints a secret: no token, and no value that came from a variable.

use crate::base::show_duration;
use crate::config::page::Page;
use crate::config::parts::{
    Admin, Breaker, Config, Gate, Isolation, Listen, LogFormat, Methods, Mirror, Protect, Protocol,
    Redact, Replace, Rewrite, Route, Stage, Sticky, Target, Where,
};
use crate::config::tls::Trust;
use crate::config::worded;
use crate::model::{DropReason, SkipReason};
use ipnet::IpNet;
use std::fmt::Display;

/// Says what a config means: who answers, what is mirrored and what is not and why, what bounds
/// hold and what happens at each. At most 80 columns wide.
pub fn describe(config: &Config) -> String {
    let mut page = Page::default();
    sides(&mut page, config);
    if config.candidate.is_some() {
        mirrored(&mut page, config);
        not_mirrored(&mut page, config);
        dropped(&mut page, &config.mirror);
        treated(&mut page, config);
        routes(&mut page, config);
        operations(&mut page, config);
    }
    kept(&mut page, config);
    page.text
}

fn sides(page: &mut Page, config: &Config) {
    page.rows("service", &[&config.service]);
    page.rows("listens on", &listening(&config.listen));
    let timeout = show_duration(config.primary.timeout);
    page.rows(
        "primary",
        &[
            format!("{} answers every client, byte for byte", config.primary.url),
            format!("502 where it cannot be reached, 504 if no answer starts within {timeout}"),
            spoken(&config.primary),
        ],
    );
    let Some(candidate) = &config.candidate else {
        page.rows("candidate", &["none: requests are only forwarded"]);
        return;
    };
    let version: String = candidate.version.iter().map(|version| format!(" ({version})")).collect();
    let timeout = show_duration(candidate.timeout);
    page.rows(
        "candidate",
        &[
            format!("{}{version}, whose answers no client ever sees", candidate.url),
            format!("an answer that is not whole within {timeout} counts as a timeout"),
            spoken(candidate),
        ],
    );
}

fn listening(listen: &Listen) -> Vec<String> {
    let mut lines = vec![listen.address.to_string(), heard(listen)];
    let networks = |networks: &[IpNet]| {
        networks.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
    };
    if !listen.allow.is_empty() {
        lines.push(format!("only for {}", networks(&listen.allow)));
    }
    if !listen.trusted_proxies.is_empty() {
        lines.push(format!("X-Forwarded-* only from {}", networks(&listen.trusted_proxies)));
    }
    let limits = &listen.limits;
    lines.push(format!(
        "at most {} of target, {} and {} fields of head",
        limits.target, limits.head, limits.fields
    ));
    lines.extend(limits.body.map(|body| format!("bodies up to {body}, else 413")));
    lines.extend(limits.connections.map(|most| format!("{most} connections, else 503")));
    lines.extend(limits.per_client.map(|most| format!("{most} of one address, else 503")));
    lines
}

fn heard(listen: &Listen) -> String {
    match &listen.tls {
        None => "HTTP/1.1 and HTTP/2, in clear".into(),
        Some(tls) if tls.asks_clients => {
            "HTTP/2 and HTTP/1.1 over TLS, with a client's certificate only".into()
        }
        Some(_) => "HTTP/2 and HTTP/1.1 over TLS".into(),
    }
}

/// What is spoken to a side, and whose certificate it must show.
fn spoken(target: &Target) -> String {
    let protocol = match (target.protocol, &target.trust) {
        (Protocol::Auto, None) | (Protocol::Http1, _) => "HTTP/1.1",
        (Protocol::Auto, Some(_)) => "HTTP/2 or HTTP/1.1",
        (Protocol::Http2, _) => "HTTP/2",
    };
    match &target.trust {
        None => format!("{protocol} in clear"),
        Some(Trust { ca_file: None, .. }) => {
            format!("{protocol} over TLS, verified by whom this machine trusts")
        }
        Some(Trust { ca_file: Some(file), .. }) => {
            format!("{protocol} over TLS, verified by {}", file.display())
        }
    }
}

fn mirrored(page: &mut Page, config: &Config) {
    page.gap();
    let mut lines = choice(&config.mirror);
    lines.push(format!("{} at a time, the others wait", config.mirror.concurrency));
    page.rows("mirrored", &lines);
}

/// What a request must be like to be mirrored.
fn choice(mirror: &Mirror) -> Vec<String> {
    if !mirror.enabled {
        return vec!["nothing, for mirror.enabled is false".into()];
    }
    let mut words = vec![
        format!("{} of {} requests", mirror.sample, methods(mirror.methods)),
        format!("bodies up to {}", mirror.max_body),
    ];
    words.push(match &mirror.sticky {
        Sticky::None => "each request is chosen for itself".into(),
        Sticky::Client => "one choice for all requests of a client".into(),
        Sticky::Field(place) => format!("one choice for each value of {}", at(place)),
    });
    if !mirror.ramp.is_empty() {
        words.push(format!("at most {}", stages(&mirror.ramp)));
    }
    if !mirror.always.is_empty() {
        let fields: Vec<_> = mirror.always.iter().map(|needle| at(&needle.field)).collect();
        words.push(format!("always, by its listed value: {}", fields.join(", ")));
    }
    words
}

fn stages(ramp: &[Stage]) -> String {
    let stage = |Stage { sample, hold }: &Stage| match hold {
        Some(hold) => format!("{sample} for {}", show_duration(*hold)),
        None => format!("{sample} from then on"),
    };
    ramp.iter().map(stage).collect::<Vec<_>>().join(", ")
}

fn methods(methods: Methods) -> &'static str {
    match methods {
        Methods::Safe => "GET, HEAD and OPTIONS",
        Methods::All => "all",
    }
}

fn at(place: &Where) -> String {
    match place {
        Where::Header(name) => format!("header {name}"),
        Where::Cookie(name) => format!("cookie {name}"),
        Where::Query(name) => format!("query {name}"),
    }
}

fn not_mirrored(page: &mut Page, config: &Config) {
    page.text.push_str("not mirrored, and counted by reason\n");
    page.reason("sampled_out", "what mirror.sample leaves out, or `shadow percent`");
    for reason in SkipReason::ALL {
        if let Some(text) = skipped(*reason, config) {
            page.reason(reason.name(), &text);
        }
    }
}

/// When a request is skipped for this reason; nothing where it cannot be.
fn skipped(reason: SkipReason, config: &Config) -> Option<String> {
    let mirror = &config.mirror;
    let mut mirrors = config.routes.iter().map(|route| &route.mirror).chain([mirror]);
    let rewrites = config.routes.iter().map(|route| &route.rewrite);
    let replaces =
        rewrites.chain([&config.isolation.request]).any(|edits| !edits.replace.is_empty());
    match reason {
        SkipReason::Refused => {
            Some("malformed, CONNECT or TRACE: the tap answers by itself".into())
        }
        SkipReason::Disabled => Some("mirror.enabled is false, or after `shadow pause`".into()),
        SkipReason::NoCandidate => {
            config.candidate.is_none().then(|| "there is no candidate".into())
        }
        SkipReason::Method if mirror.methods == Methods::Safe => {
            Some(format!("any method but {}", methods(Methods::Safe)))
        }
        SkipReason::Method => mirrors
            .any(|mirror| mirror.methods == Methods::Safe)
            .then(|| format!("not {}, on a route that says safe", methods(Methods::Safe))),
        SkipReason::Marker => Some("it is a copy already".into()),
        SkipReason::Upgrade => Some("upgrades to another protocol".into()),
        SkipReason::BodyTooLarge => {
            Some(format!("the body of the request or answer is over {}", mirror.max_body))
        }
        SkipReason::Partial => Some("the client or the primary broke off".into()),
        SkipReason::Rewrite => replaces.then(|| "a value could not be replaced".into()),
    }
}

fn dropped(page: &mut Page, mirror: &Mirror) {
    page.text.push_str("dropped at a bound, and counted by reason\n");
    for reason in DropReason::ALL {
        if let Some(text) = bound(*reason, mirror) {
            page.reason(reason.name(), &text);
        }
    }
}

/// The bound at which a copy is dropped for this reason; nothing where there is none.
fn bound(reason: DropReason, mirror: &Mirror) -> Option<String> {
    match reason {
        DropReason::QueueFull => Some(format!("{} copies wait already", mirror.queue)),
        DropReason::Memory => Some(format!("{} are in flight already", mirror.memory)),
        DropReason::Rate => mirror.rate.map(|rate| format!("over {rate}")),
        DropReason::Breaker => Some(failing(&mirror.breaker)),
        DropReason::Protected => Some(suffering(mirror.protect)),
        DropReason::Backlog => Some(format!("comparing is {} trials behind", mirror.queue)),
        DropReason::Paused => Some("mirroring was switched off while it waited".into()),
        DropReason::Shutdown => Some("the process is stopping".into()),
        // Nobody can do anything about it beforehand.
        DropReason::Panic => None,
    }
}

fn failing(Breaker { failures, of, open }: &Breaker) -> String {
    format!("for {}, where {failures} of the last {of} copies got no answer", show_duration(*open))
}

fn suffering(Protect { added_p99, queue_age }: Protect) -> String {
    let mut causes = Vec::new();
    causes.extend(added_p99.map(|most| {
        format!("p99 of added time, or of its threads' lag, over {}", show_duration(most))
    }));
    causes.extend(queue_age.map(|most| format!("a copy waits over {}", show_duration(most))));
    causes.push("memory or file descriptors run short".into());
    format!("the live path suffers: {}", causes.join(", "))
}

/// What happens to a copy, and to its answer.
fn treated(page: &mut Page, config: &Config) {
    page.gap();
    let edits = edits(&config.isolation.request);
    page.rows("rewritten", &or(edits, "nothing: the candidate gets the request as it came"));
    page.rows("isolation", &[word(&config.isolation)]);
    let mut compared = vec!["outcome, status, headers, and bodies by structure".to_owned()];
    compared.extend(worded::compared(&config.compare));
    page.rows("compared", &compared);
    let ignored = worded::ignored(&config.compare);
    page.rows("ignored", &or(ignored, "nothing beside dates, request ids and the like"));
    page.rows("broad", &worded::broad(&config.compare));
    page.rows("hidden", &hidden(&config.redact));
}

fn word(isolation: &Isolation) -> String {
    match &isolation.assert {
        Some(word) => format!("no write is proven to be isolated: `{}` is your word", flat(word)),
        None => "no write is proven to be isolated, so none is mirrored".into(),
    }
}

/// The edits of the candidate's copy, in their order.
fn edits(rewrite: &Rewrite) -> Vec<String> {
    let removed = rewrite.remove.iter().map(|name| format!("header {name} removed"));
    let set = rewrite.set.iter().map(|(name, value)| {
        let shown = value.to_str().ok().filter(|_| !value.is_sensitive());
        let shown = shown.map_or("a hidden value".into(), |value| format!("`{value}`"));
        format!("header {name} set to {shown}")
    });
    let replaced = rewrite.replace.iter().map(|replace| match replace {
        Replace::Header { name, .. } => format!("header {name} replaced"),
        Replace::Query { name, .. } => format!("query {name} replaced"),
        Replace::Path { find, .. } => format!("`{find}` in the path replaced"),
        Replace::Json { at, .. } => format!("JSON {at} replaced"),
        Replace::Form { name, .. } => format!("form {name} replaced"),
    });
    removed.chain(set).chain(replaced).collect()
}

fn hidden(redact: &Redact) -> Vec<String> {
    let mut lines = vec!["before storing: credentials, cookies, card numbers and the like".into()];
    lines.extend(named([
        ("headers", list(&redact.headers)),
        ("JSON", list(&redact.json)),
        ("query", list(&redact.query)),
        ("form", list(&redact.form)),
    ]));
    lines
}

fn routes(page: &mut Page, config: &Config) {
    if config.routes.is_empty() {
        return;
    }
    page.gap();
    page.text.push_str("routes: the first match wins; what one does not say is as above\n");
    page.indent = 4;
    for route in &config.routes {
        page.line("  ", &request(route));
        let mut lines = beyond(choice(&route.mirror), &choice(&config.mirror));
        if route.mirror.always.is_empty() && !config.mirror.always.is_empty() {
            lines.push("no request always".into());
        }
        page.rows("mirrored", &lines);
        page.rows("rewritten", &edits(&own_edits(&route.rewrite, &config.isolation.request)));
        let own = worded::own(&route.compare, &config.compare);
        page.rows("compared", &worded::compared(&own));
        page.rows("ignored", &worded::ignored(&own));
        page.rows("broad", &worded::broad(&own));
    }
    page.indent = 0;
}

fn operations(page: &mut Page, config: &Config) {
    let count = config.described.operations.len();
    if count > 0 {
        let text =
            format!("by the {count} operations of the OpenAPI file, where no route names it");
        page.gap();
        page.rows("named", &[text]);
    }
}

fn request(route: &Route) -> String {
    let methods = match route.matcher.methods.as_slice() {
        [] => "any method".to_owned(),
        methods => list(methods),
    };
    let name: String = route.name.iter().map(|name| format!(", named {name}")).collect();
    format!("{methods} {}{name}", route.matcher.path)
}

/// A route's edits without the general ones, which come first.
fn own_edits(route: &Rewrite, general: &Rewrite) -> Rewrite {
    Rewrite {
        remove: beyond(route.remove.clone(), &general.remove),
        set: beyond(route.set.clone(), &general.set),
        replace: route.replace.iter().skip(general.replace.len()).cloned().collect(),
    }
}

pub(super) fn beyond<T: PartialEq>(mut own: Vec<T>, general: &[T]) -> Vec<T> {
    own.retain(|item| !general.contains(item));
    own
}

fn kept(page: &mut Page, config: &Config) {
    page.gap();
    let store = &config.store;
    page.rows(
        "store",
        &[
            format!("{}, at most {}; beyond it, only counts", store.path.display(), store.max_size),
            format!("a session is deleted {} after its end", show_duration(store.keep)),
        ],
    );
    page.rows("gate", &gate(&config.gate));
    page.rows("admin", &admin(&config.admin));
    let log = &config.telemetry;
    let format = match log.log_format {
        LogFormat::Auto => "text on a terminal, JSON elsewhere",
        LogFormat::Text => "text",
        LogFormat::Json => "JSON",
    };
    page.rows("log", &[format!("{format}; {}", log.log_level)]);
    if log.access_log.is_some() {
        let path = log.access_path.as_ref().map(|path| path.display().to_string());
        page.rows("access log", &[path.unwrap_or_else(|| "stdout".into())]);
    }
}

fn gate(gate: &Gate) -> Vec<String> {
    let (samples, coverage) = (gate.min_samples, gate.min_coverage);
    let mut lines = vec![
        format!("fails over {} divergence or {} errors", gate.divergence, gate.errors),
        format!("inconclusive under {samples} samples or {coverage} coverage"),
    ];
    let endpoints = gate.endpoints.iter();
    lines.extend(endpoints.map(|(name, limit)| format!("{name} fails over {limit} divergence")));
    lines
}

fn admin(admin: &Admin) -> Vec<String> {
    let token = if admin.token.is_some() { "with the token" } else { "no token is demanded" };
    let from = match admin.allow.as_slice() {
        [] => "whoever reaches it".to_owned(),
        networks => list(networks),
    };
    vec![admin.address.to_string(), format!("open to {from}; {token}")]
}

pub(super) fn list<T: Display>(items: &[T]) -> String {
    items.iter().map(T::to_string).collect::<Vec<_>>().join(", ")
}

/// Those of the lists that are not empty, each after its name.
pub(super) fn named<const N: usize>(lists: [(&str, String); N]) -> Vec<String> {
    let given = lists.into_iter().filter(|(_, list)| !list.is_empty());
    given.map(|(name, list)| format!("{name}: {list}")).collect()
}

fn or(lines: Vec<String>, nothing: &str) -> Vec<String> {
    if lines.is_empty() { vec![nothing.into()] } else { lines }
}

/// The text in one line.
fn flat(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::parse;

    fn said(text: &str) -> String {
        let env = |name: &str| (name == "SECRET").then(|| "hunter2".to_owned());
        let said = describe(&parse(text, "shadow.yaml", &env).expect(text));
        assert!(said.lines().all(|line| line.chars().count() <= 80), "{said}");
        said
    }

    #[test]
    fn the_defaults_in_words() {
        insta::assert_snapshot!(said(
            "primary: { url: http://127.0.0.1:8081 }\n\
             candidate: { url: http://127.0.0.1:8082 }"
        ));
    }

    #[test]
    fn a_tap_without_a_candidate_in_words() {
        insta::assert_snapshot!(said("primary: { url: http://127.0.0.1:8081 }"));
    }

    #[test]
    fn a_full_policy_in_words() {
        insta::assert_snapshot!(said(include_str!("../../fixtures/config/good-full.yaml")));
    }

    #[test]
    fn a_value_from_a_variable_is_not_printed() {
        let text = "primary: { url: http://a:1 }\n\
             candidate: { url: http://a:2 }\n\
             isolation: { request: { set: { authorization: \"Bearer ${SECRET}\" } } }";
        let said = said(text);
        assert!(said.contains("header authorization set to a hidden value"), "{said}");
        assert!(!said.contains("hunter2"), "{said}");
    }
}
