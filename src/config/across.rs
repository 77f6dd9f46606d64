//! What must hold between keys.
//!
//! Each check is silent where one of its keys has a problem of its own.
//!
//! This module never resolves a name: `localhost`, `127.0.0.1` and `[::1]` count as one host.

use crate::config::parts::{Config, Methods, Mirror, Stage, TargetUrl};
use crate::config::sheet::{Sheet, Spot};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

pub(super) fn check(sheet: &Sheet<'_>, config: &Config) {
    sides(sheet, config);
    listeners(sheet, config);
    admin(sheet, config);
    mirror(sheet, config, "mirror", &config.mirror);
    for (index, route) in config.routes.iter().enumerate() {
        let (own, general) = (&route.mirror, &config.mirror);
        if own.methods != general.methods || own.max_body != general.max_body {
            mirror(sheet, config, &format!("routes[{index}].mirror"), own);
        }
    }
    ramp(sheet, &config.mirror.ramp);
    routes(sheet, config);
    endpoints(sheet, config);
}

fn sides(sheet: &Sheet<'_>, config: &Config) {
    let Some(candidate) = &config.candidate else { return };
    let (ours, theirs) = (&config.primary.url, &candidate.url);
    let same = host(&ours.host) == host(&theirs.host) && ours.port == theirs.port;
    if same && sound(sheet, &["primary.url", "candidate.url"]) {
        let text = "is the primary too, so nothing would differ; name another process";
        sheet.report_at("candidate.url", format!("`{theirs}` {text}"));
    }
}

/// No side is this process itself, and its two ports are two.
fn listeners(sheet: &Sheet<'_>, config: &Config) {
    let sides =
        [("primary.url", Some(&config.primary)), ("candidate.url", config.candidate.as_ref())];
    let ports =
        [("listen.address", config.listen.address), ("admin.address", config.admin.address)];
    for (key, side) in sides {
        let Some(url) = side.map(|side| &side.url) else { continue };
        for (port_key, address) in ports {
            if reaches(url, address) && sound(sheet, &[key, port_key]) {
                let text = format!("`{url}` is this process itself ({port_key}: {address})");
                sheet.report_at(key, format!("{text}; change one of the two"));
            }
        }
    }
    let (listen, admin) = (config.listen.address, config.admin.address);
    let open = listen.ip().is_unspecified() || admin.ip().is_unspecified();
    let same = listen.port() == admin.port() && (open || listen.ip() == admin.ip());
    if same && listen.port() != 0 && sound(sheet, &["listen.address", "admin.address"]) {
        let [listen, admin] = ports;
        let (at, other) = if sheet.has(admin.0) { (admin, listen) } else { (listen, admin) };
        let text = format!("`{}` is taken by {} ({})", at.1, other.0, other.1);
        sheet.report_at(at.0, format!("{text}; choose another port"));
    }
}

fn admin(sheet: &Sheet<'_>, config: &Config) {
    let admin = &config.admin;
    let open = !admin.address.ip().to_canonical().is_loopback();
    if open && admin.token.is_none() && sound(sheet, &["admin.address", "admin.token_file"]) {
        let text = "can be reached from other machines, so it needs a token; write one to a file \
             and name that in `admin.token_file`, or listen on 127.0.0.1";
        sheet.report_at("admin.address", format!("`{}` {text}", admin.address));
    }
}

fn mirror(sheet: &Sheet<'_>, config: &Config, at: &str, mirror: &Mirror) {
    let (methods, max_body) = (format!("{at}.methods"), format!("{at}.max_body"));
    let trusted = config.isolation.assert.is_some();
    let writes = mirror.methods == Methods::All && !trusted;
    if writes && sound(sheet, &[&methods, "isolation.assert"]) {
        let text = "`all` mirrors writes too, and nothing proves that the candidate's are \
             harmless; say why they are in `isolation.assert`, or write safe";
        sheet.report_at(&methods, text);
    }
    let (one, all) = (mirror.max_body, mirror.memory);
    if one > all && sound(sheet, &[&max_body, "mirror.memory"]) {
        let text = format!("`{one}` is more than mirror.memory ({all}), so it could never be held");
        sheet.report_at(&max_body, format!("{text}; raise mirror.memory or lower this"));
    }
}

/// Every stage but the last ends, and none is smaller than the one before.
fn ramp(sheet: &Sheet<'_>, stages: &[Stage]) {
    if !sound(sheet, &["mirror.ramp"]) {
        return;
    }
    for (index, pair) in stages.windows(2).enumerate() {
        let [stage, next] = pair else { continue };
        if stage.hold.is_none() {
            let text = "never ends, so the next stage never comes; write `hold: 10m`";
            sheet.report_at(&format!("mirror.ramp[{index}]"), text);
        }
        if next.sample < stage.sample {
            let text =
                format!("`{}` is less than the stage before ({})", next.sample, stage.sample);
            let at = format!("mirror.ramp[{}].sample", index + 1);
            sheet.report_at(&at, format!("{text}; write the stages in rising order"));
        }
    }
}

/// Every route can match something.
fn routes(sheet: &Sheet<'_>, config: &Config) {
    for (index, route) in config.routes.iter().enumerate() {
        let at = format!("routes[{index}].match");
        let earlier = config.routes.iter().take(index).enumerate();
        let mut taken = earlier.filter(|(first, other)| {
            let sound = sound(sheet, &[&at, &format!("routes[{first}].match")]);
            sound && other.matcher.covers(&route.matcher)
        });
        if let Some((first, _)) = taken.next() {
            let text = format!("never matches, for routes[{first}] takes all that it fits");
            sheet.report_at(&at, format!("{text}; move it above that one, or remove it"));
        }
    }
}

/// A limit is for an endpoint that reports can name.
fn endpoints(sheet: &Sheet<'_>, config: &Config) {
    let named = |name: &str| config.routes.iter().any(|route| route.name.as_deref() == Some(name));
    for (name, _) in &config.gate.endpoints {
        if !is_template(name) && !named(name) {
            let around = Spot { path: "gate.endpoints".into(), line: 0 };
            let text = "is no endpoint; write one like `POST /orders`, or the name of a route";
            sheet.report_at(&around.key(name, 0).path, text);
        }
    }
}

/// `METHOD /path`.
fn is_template(name: &str) -> bool {
    name.split_once(' ').is_some_and(|(method, path)| {
        let capitals = method.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'-');
        !method.is_empty() && capitals && path.starts_with('/') && !path.contains(' ')
    })
}

fn sound(sheet: &Sheet<'_>, keys: &[&str]) -> bool {
    keys.iter().all(|key| sheet.is_sound(key))
}

#[derive(PartialEq)]
enum Host<'a> {
    /// This machine, by its usual names.
    Here,
    Address(IpAddr),
    Name(&'a str),
}

fn host(text: &str) -> Host<'_> {
    const V4: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
    const V6: IpAddr = IpAddr::V6(Ipv6Addr::LOCALHOST);
    match text.parse::<IpAddr>().map(|address| address.to_canonical()) {
        Err(_) if text == "localhost" => Host::Here,
        Err(_) => Host::Name(text),
        // A connection to the unspecified address goes to this machine.
        Ok(address) if address == V4 || address == V6 || address.is_unspecified() => Host::Here,
        Ok(address) => Host::Address(address),
    }
}

/// Whether a request to the URL would arrive at the listener.
fn reaches(url: &TargetUrl, listener: SocketAddr) -> bool {
    let to = host(&url.host);
    let local = match &to {
        Host::Here => true,
        Host::Address(address) => address.is_loopback(),
        Host::Name(_) => false,
    };
    let at = listener.ip().to_canonical();
    let same = host(&at.to_string()) == to || (at.is_unspecified() && local);
    same && url.port == listener.port()
}
