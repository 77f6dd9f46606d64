//! Which changes a running process cannot take up.
//!
//! This module never applies a change.

use crate::config::parts::{Config, Target};

/// The keys that differ and hold until a restart; all other differences can be taken up at once.
pub fn needs_restart(old: &Config, new: &Config) -> Vec<&'static str> {
    // Every part is named, so that a new one has to be decided on.
    let Config {
        service,
        listen,
        primary,
        candidate,
        mirror: _,
        routes: _,
        isolation: _,
        compare: _,
        redact: _,
        store,
        gate: _,
        described,
        admin,
        telemetry,
    } = old;
    let url = |config: &Config| config.candidate.as_ref().map(|side| side.url.clone());
    let version = |config: &Config| config.candidate.as_ref().and_then(|side| side.version.clone());
    let protocol = |config: &Config| config.candidate.as_ref().map(|side| side.protocol);
    let differs = [
        ("service", *service != new.service),
        ("listen.address", listen.address != new.listen.address),
        // A port does not change what it speaks under its clients; its certificates may change.
        ("listen.tls", listen.tls.is_some() != new.listen.tls.is_some()),
        ("primary.url", primary.url != new.primary.url),
        ("primary.protocol", primary.protocol != new.primary.protocol),
        ("primary.ca_file", believes(primary, &new.primary)),
        ("candidate", candidate.is_some() != new.candidate.is_some()),
        ("candidate.url", both(url(old), url(new))),
        ("candidate.protocol", both(protocol(old), protocol(new))),
        ("candidate.ca_file", {
            let sides = candidate.as_ref().zip(new.candidate.as_ref());
            sides.is_some_and(|(old, new)| believes(old, new))
        }),
        ("candidate.version", version(old) != version(new)),
        ("store.path", store.path != new.store.path),
        ("store.max_size", store.max_size != new.store.max_size),
        ("store.keep", store.keep != new.store.keep),
        ("admin.address", admin.address != new.admin.address),
        ("admin.token_file", admin.token != new.admin.token),
        ("admin.allow", admin.allow != new.admin.allow),
        ("endpoints.openapi", *described != new.described),
        ("telemetry.log.format", telemetry.log_format != new.telemetry.log_format),
        ("telemetry.log.level", telemetry.log_level != new.telemetry.log_level),
        ("telemetry.access_log.format", telemetry.access_log != new.telemetry.access_log),
        ("telemetry.access_log.path", telemetry.access_path != new.telemetry.access_path),
    ];
    differs.into_iter().filter(|(_, differs)| *differs).map(|(key, _)| key).collect()
}

/// Whether one host's certificate is judged anew.
fn believes(old: &Target, new: &Target) -> bool {
    old.url == new.url && old.trust != new.trust
}

/// Whether both are given, and differ.
fn both<T: PartialEq>(old: Option<T>, new: Option<T>) -> bool {
    old.zip(new).is_some_and(|(old, new)| old != new)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::parse;

    fn check(change: &str, expected: &[&str]) {
        let base = "primary: { url: http://a:1 }\n";
        let read = |text: &str| parse(text, "shadow.yaml", &|_| None).expect(text);
        let old = read(&format!("{base}candidate: {{ url: http://a:2 }}\n"));
        let changed = match change.contains("primary:") {
            true => change.to_owned(),
            false => format!("{base}candidate: {{ url: http://a:2 }}\n{change}\n"),
        };
        assert_eq!(needs_restart(&old, &read(&changed)), expected, "{change}");
    }

    #[test]
    fn what_holds_until_a_restart_is_named() {
        check("service: other", &["service"]);
        check("listen: { address: 127.0.0.1:8090 }", &["listen.address"]);
        check(
            "store: { path: x, max_size: 1GiB, keep: 1d }",
            &["store.path", "store.max_size", "store.keep"],
        );
        check("admin: { address: 127.0.0.1:1, allow: [::1] }", &["admin.address", "admin.allow"]);
        check(
            "telemetry: { log: { level: debug, format: json } }",
            &["telemetry.log.format", "telemetry.log.level"],
        );
        check(
            "telemetry: { access_log: { format: json, path: a } }",
            &["telemetry.access_log.format", "telemetry.access_log.path"],
        );
        check("endpoints: { openapi: fixtures/config/openapi/shop.yaml }", &["endpoints.openapi"]);
        check("primary: { url: http://b:1 }", &["primary.url", "candidate"]);
        check(
            "primary: { url: http://a:1, protocol: http2 }\n\
             candidate: { url: http://a:2, protocol: http2 }",
            &["primary.protocol", "candidate.protocol"],
        );
        check(&tls("key", "cert"), &["listen.tls"]);
        check(
            "primary: { url: http://a:1 }\ncandidate: { url: http://b:2, version: v3 }",
            &["candidate.url", "candidate.version"],
        );
    }

    fn tls(key: &str, cert: &str) -> String {
        format!(
            "listen: {{ tls: {{ cert_file: fixtures/tls/{cert}.pem, \
             key_file: fixtures/tls/{key}.pem }} }}"
        )
    }

    #[test]
    fn certificates_of_the_listener_can_be_taken_up_and_those_believed_of_a_side_cannot() {
        let read = |listen: &str, ca: &str| {
            let text = format!("primary: {{ url: https://a:1, ca_file: fixtures/tls/{ca}.pem }}");
            parse(&format!("{text}\n{listen}\n"), "shadow.yaml", &|_| None).expect(listen)
        };
        let asking =
            tls("key", "cert").replace(" } }", ", client_ca_file: fixtures/tls/ca.pem } }");
        let old = read(&tls("key", "cert"), "ca");
        let new = read(&asking, "ca");
        assert_ne!(old, new);
        assert_eq!(needs_restart(&old, &new), [""; 0]);
        assert_eq!(needs_restart(&old, &read(&asking, "cert")), ["primary.ca_file"]);
    }

    #[test]
    fn everything_else_can_be_taken_up_at_once() {
        check("", &[]);
        check("mirror: { sample: 1%, queue: 1, memory: 2MiB }", &[]);
        check("isolation: { request: { remove: [cookie] }, assert: yes }", &[]);
        check("gate: { divergence: 2% }", &[]);
        check("redact: { headers: [x-a] }\ncompare: { ignore: [$.a] }", &[]);
        check("routes: [{ match: { path: /a }, mirror: { enabled: false } }]", &[]);
        let timeouts = "primary: { url: http://a:1, timeout: 1s }\n\
             candidate: { url: http://a:2, timeout: 1s }";
        check(timeouts, &[]);
    }
}
