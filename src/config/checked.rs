//! From the tree of the file to the checked parts.
//!
//! Every key is read once, whatever else is wrong; the checks between keys come last.
//!
//! This module never stops at a problem: it reports it and goes on with the default.

use crate::config::across;
use crate::config::keys::Shape;
use crate::config::parts::{
    AccessFormat, Admin, Breaker, Config, Described, Gate, Isolation, Listen, ListenLimits,
    ListenTimeouts, Mirror, Needle, Protect, Protobuf, Protocol, Redact, Scheme, Stage, Store,
    Target, TargetUrl, Telemetry, Where,
};
use crate::config::rules::{compare, rewrite, routes};
use crate::config::section::Section;
use crate::config::setting::{ByPlace, Text};
use crate::config::sheet::{Sheet, interpret};
use crate::config::table::ROOT;
use crate::config::tls::{ServerTls, Trust};
use crate::config::yaml::Node;
use crate::config::{forms, openapi, secret};
use http::HeaderName;
use std::path::PathBuf;

/// The config that the file says; only to be used where the sheet has no problem.
pub(super) fn config(sheet: &Sheet<'_>, node: &Node) -> Config {
    let root = Section::root(sheet, ROOT, node);
    let mirror = mirror(&root.section("mirror"));
    let isolation = isolation(&root.section("isolation"));
    let compare = compare(&root.section("compare"), &Protobuf::default());
    let general = (&mirror, &isolation.request, &compare);
    let routes = routes(&root.sections("routes"), general);
    let config = Config {
        service: root.value("service"),
        listen: listen(&root.section("listen")),
        primary: root.given_section("primary").map_or_else(nowhere, |section| target(&section)),
        candidate: root.given_section("candidate").map(|section| candidate(&section)),
        gate: gate(&root.section("gate")),
        described: described(&root.section("endpoints")),
        redact: redact(&root.section("redact")),
        store: store(&root.section("store")),
        admin: admin(&root.section("admin")),
        telemetry: telemetry(&root.section("telemetry")),
        mirror,
        routes,
        isolation,
        compare,
    };
    across::check(sheet, &config);
    config
}

fn listen(section: &Section<'_>) -> Listen {
    let (limits, timeouts) = (section.section("limits"), section.section("timeouts"));
    let via: String = section.value("via");
    Listen {
        address: section.value("address"),
        via: (via != "off").then_some(via),
        allow: section.list("allow"),
        trusted_proxies: section.list("trusted_proxies"),
        limits: ListenLimits {
            target: limits.value("target"),
            head: limits.value("head"),
            fields: limits.value("fields"),
            body: limits.given("body"),
            connections: limits.given("connections"),
            per_client: limits.given("per_client"),
        },
        timeouts: ListenTimeouts {
            head: timeouts.value("head"),
            body: timeouts.value("body"),
            write: timeouts.value("write"),
            total: timeouts.given("total"),
            tunnel: timeouts.value("tunnel"),
            drain: timeouts.value("drain"),
        },
        tls: section.given_section("tls").and_then(|section| server_tls(&section)),
    }
}

/// Stands for a side whose URL cannot be read, while reading goes on.
fn nowhere() -> Target {
    let url = TargetUrl { scheme: Scheme::Http, host: String::new(), port: 0 };
    let timeout = std::time::Duration::ZERO;
    Target { url, timeout, version: None, protocol: Protocol::Auto, trust: None }
}

fn target(section: &Section<'_>) -> Target {
    let url = section.given("url").unwrap_or_else(|| nowhere().url);
    Target {
        trust: trust(section, &url),
        url,
        timeout: section.value("timeout"),
        version: None,
        protocol: section.value("protocol"),
    }
}

/// Whom to believe, where the URL says https.
fn trust(section: &Section<'_>, url: &TargetUrl) -> Option<Trust> {
    let ca_file = section.given("ca_file");
    match url.scheme {
        Scheme::Https => kept(section, Trust::read(url, ca_file)),
        Scheme::Http if ca_file.is_some() && url.port != 0 => {
            let text = "is for https, and the URL says http; write https://, or remove it";
            section.report_at("ca_file", text);
            None
        }
        Scheme::Http => None,
    }
}

fn server_tls(section: &Section<'_>) -> Option<ServerTls> {
    let cert: PathBuf = section.given("cert_file")?;
    let key: PathBuf = section.given("key_file")?;
    let clients: Option<PathBuf> = section.given("client_ca_file");
    // A file that was named and cannot be read must not leave the listener open to all.
    kept(section, ServerTls::read(&cert, &key, clients.as_deref()))
}

/// What was read; a problem is reported at its key.
fn kept<T>(section: &Section<'_>, read: Result<T, (&'static str, String)>) -> Option<T> {
    read.map_err(|(key, text)| section.report_at(key, text)).ok()
}

fn candidate(section: &Section<'_>) -> Target {
    Target { version: section.given("version"), ..target(section) }
}

fn mirror(section: &Section<'_>) -> Mirror {
    Mirror {
        enabled: section.value("enabled"),
        sample: section.value("sample"),
        sticky: section.value("sticky"),
        always: needles(section),
        methods: section.value("methods"),
        max_body: section.value("max_body"),
        memory: section.value("memory"),
        queue: section.value("queue"),
        concurrency: section.value("concurrency"),
        rate: section.given("rate"),
        breaker: breaker(&section.section("breaker")),
        protect: protect(&section.section("protect")),
        ramp: section.sections("ramp").iter().filter_map(stage).collect(),
    }
}

fn protect(section: &Section<'_>) -> Protect {
    Protect { added_p99: section.given("added_p99"), queue_age: section.given("queue_age") }
}

fn stage(section: &Section<'_>) -> Option<Stage> {
    let hold = section.given("hold");
    section.given("sample").map(|sample| Stage { sample, hold })
}

fn breaker(section: &Section<'_>) -> Breaker {
    Breaker {
        failures: section.value("failures"),
        of: section.value("of"),
        open: section.value("open"),
    }
}

/// `always`, of the general settings or of a route.
pub(super) fn needles(section: &Section<'_>) -> Vec<Needle> {
    section.sections("always").iter().filter_map(needle).collect()
}

fn needle(section: &Section<'_>) -> Option<Needle> {
    let kind = ["header", "cookie", "query"].into_iter().find(|kind| section.has(kind))?;
    let named = section.named(kind)?;
    let [field] = named.as_slice() else {
        let many =
            format!("names {} fields; write one, and the others as further items", named.len());
        section.report_at(kind, many);
        return None;
    };
    let value = section.read(field)?;
    let name = Text { value: field.name.into(), written: field.name.into() };
    let field = match kind {
        "header" => match interpret::<HeaderName>(&name, &Shape::Text(&forms::HEADER)) {
            Ok(name) => Where::Header(name),
            Err(problem) => {
                section.report_named(field, problem);
                return None;
            }
        },
        "cookie" => Where::Cookie(name.value),
        _ => Where::Query(name.value),
    };
    Some(Needle { field, value })
}

fn isolation(section: &Section<'_>) -> Isolation {
    Isolation { request: rewrite(&section.section("request")), assert: section.given("assert") }
}

fn redact(section: &Section<'_>) -> Redact {
    Redact {
        headers: section.list("headers"),
        json: section.list("json").into_iter().map(|ByPlace(at)| at).collect(),
        query: section.list("query"),
        form: section.list("form"),
    }
}

fn store(section: &Section<'_>) -> Store {
    Store {
        path: section.value("path"),
        max_size: section.value("max_size"),
        keep: section.value("keep"),
    }
}

fn gate(section: &Section<'_>) -> Gate {
    let endpoints =
        section.named("endpoints").unwrap_or_default().into_iter().filter_map(|named| {
            let limit = section.under("endpoints", &named).given("divergence")?;
            Some((named.name.to_owned(), limit))
        });
    Gate {
        divergence: section.value("divergence"),
        errors: section.value("errors"),
        min_samples: section.value("min_samples"),
        min_coverage: section.value("min_coverage"),
        endpoints: endpoints.collect(),
    }
}

fn described(section: &Section<'_>) -> Described {
    let file: Option<PathBuf> = section.given("openapi");
    let read = file.map(|file| openapi::read(&file).map_err(|problem| ("openapi", problem)));
    read.and_then(|read| kept(section, read)).unwrap_or_default()
}

fn admin(section: &Section<'_>) -> Admin {
    let file = section.given::<PathBuf>("token_file");
    let token = file.and_then(|file| match secret::read(&file) {
        Ok(token) => Some(token),
        Err(problem) => {
            section.report_at("token_file", problem);
            None
        }
    });
    Admin { address: section.value("address"), token, allow: section.list("allow") }
}

fn telemetry(section: &Section<'_>) -> Telemetry {
    let (log, access) = (section.section("log"), section.section("access_log"));
    let format: String = access.value("format");
    Telemetry {
        log_format: log.value("format"),
        log_level: log.value("level"),
        access_log: match format.as_str() {
            "common" => Some(AccessFormat::Common),
            "json" => Some(AccessFormat::Json),
            _ => None,
        },
        access_path: access.given("path"),
    }
}
