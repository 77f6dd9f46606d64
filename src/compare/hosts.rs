//! Hosts that have another name on the candidate's side.
//!
//! Main type: [`Hosts`]. Both sides are rewritten to the candidate's names, so that a verdict does
//! not depend on which side is which.
//!
//! This module never looks a name up in the network.

use crate::config::{HostRule, Listed};
use std::collections::HashMap;

/// The candidate's name for each host of the primary, with the number of its rule.
#[derive(Clone, Debug, Default)]
pub(super) struct Hosts(HashMap<String, (String, usize)>);

/// A text with other hosts in it, and the rules that did it.
pub(super) type Mapped = (Vec<u8>, Vec<usize>);

impl Hosts {
    /// The rules, numbered from `first` on; the last one for a host holds.
    pub(super) fn new(rules: &[Listed<HostRule>], first: usize) -> Self {
        let name = |(number, rule): (usize, &Listed<HostRule>)| {
            (rule.primary.clone(), (rule.candidate.clone(), first + number))
        };
        Self(rules.iter().enumerate().map(name).collect())
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The text with the candidate's hosts, where it is a host or has URLs in it with one of the
    /// primary's; nothing where it has none.
    pub(super) fn mapped(&self, text: &[u8]) -> Option<Mapped> {
        if let Some((name, rule)) = self.host(text) {
            return Some((name, vec![rule]));
        }
        let (mut out, mut rules, mut rest) = (Vec::new(), Vec::new(), text);
        if let Some(after) = text.strip_prefix(b"//") {
            out.extend(b"//");
            rest = self.authority(after, &mut out, &mut rules);
        }
        while let Some(at) = find(rest, b"://") {
            let (before, after) = rest.split_at(at + 3);
            out.extend(before);
            rest = self.authority(after, &mut out, &mut rules);
        }
        out.extend(rest);
        (!rules.is_empty()).then_some((out, rules))
    }

    /// The candidate's name for a name without a port.
    pub(super) fn name(&self, name: &[u8]) -> Option<(Vec<u8>, usize)> {
        let (mut mapped, rule) = self.host(name)?;
        let port =
            mapped.iter().rposition(|&byte| byte == b':').filter(|_| !mapped.ends_with(b"]"));
        mapped.truncate(port.unwrap_or(mapped.len()));
        Some((mapped, rule))
    }

    /// Writes the authority that a text begins with, and gives what follows it.
    fn authority<'t>(&self, text: &'t [u8], out: &mut Vec<u8>, rules: &mut Vec<usize>) -> &'t [u8] {
        let ends = |byte: &u8| byte.is_ascii_whitespace() || b"/?#\"'<>\\,;)".contains(byte);
        let (authority, rest) = text.split_at(text.iter().position(ends).unwrap_or(text.len()));
        let user = authority.iter().rposition(|&byte| byte == b'@').map_or(0, |at| at + 1);
        let (user, host) = authority.split_at(user);
        out.extend(user);
        match self.host(host) {
            Some((name, rule)) => {
                out.extend(name);
                rules.push(rule);
            }
            None => out.extend(host),
        }
        rest
    }

    /// The candidate's name for a host, by name and port or by the name alone; then the port stays.
    fn host(&self, host: &[u8]) -> Option<(Vec<u8>, usize)> {
        // No name in the system of names is longer, a port included.
        if host.len() > 260 {
            return None;
        }
        let text = str::from_utf8(host).ok()?.to_ascii_lowercase();
        if let Some((name, rule)) = self.0.get(&text) {
            return Some((name.clone().into_bytes(), *rule));
        }
        let (name, port) = text.rsplit_once(':')?;
        let (mapped, rule) = self.0.get(name)?;
        let has_port = mapped.rsplit(']').next().is_some_and(|end| end.contains(':'));
        let mapped = if has_port { mapped.clone() } else { format!("{mapped}:{port}") };
        Some((mapped.into_bytes(), *rule))
    }
}

fn find(text: &[u8], wanted: &[u8]) -> Option<usize> {
    text.windows(wanted.len()).position(|window| window == wanted)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: Option<&str>) {
        let rule = |(primary, candidate): (&str, &str)| {
            HostRule { primary: primary.into(), candidate: candidate.into() }.into()
        };
        let names = [("shop.test", "v2.test"), ("127.0.0.1:8081", "127.0.0.1:8082")];
        let hosts = Hosts::new(&names.map(rule), 5);
        let mapped = hosts.mapped(text.as_bytes());
        let shown = mapped.map(|(text, _)| String::from_utf8(text).expect("UTF-8"));
        assert_eq!(shown.as_deref(), expected, "{text}");
    }

    #[test]
    fn a_name_has_no_port() {
        let names = [("a.test", "b.test:8080"), ("c.test", "[::1]"), ("d.test:1", "e.test")];
        let rule = |(primary, candidate): (&str, &str)| {
            HostRule { primary: primary.into(), candidate: candidate.into() }.into()
        };
        let hosts = Hosts::new(&names.map(rule), 0);
        let name = |text: &str| hosts.name(text.as_bytes()).map(|(name, _)| name);
        assert_eq!(name("A.test").as_deref(), Some(&b"b.test"[..]));
        assert_eq!(name("c.test").as_deref(), Some(&b"[::1]"[..]));
        assert_eq!(name("d.test"), None);
    }

    #[test]
    fn hosts_are_mapped_wherever_a_url_has_one() {
        check("shop.test", Some("v2.test"));
        check("SHOP.test:80", Some("v2.test:80"));
        check("https://shop.test/a?b=shop.test", Some("https://v2.test/a?b=shop.test"));
        check("https://u:p@Shop.Test:8443", Some("https://u:p@v2.test:8443"));
        check("//shop.test/a", Some("//v2.test/a"));
        check("http://127.0.0.1:8081/a", Some("http://127.0.0.1:8082/a"));
        check("http://127.0.0.1:9/a", None);
        check(
            "<https://shop.test/a>; rel=next, <https://shop.test/b>",
            Some("<https://v2.test/a>; rel=next, <https://v2.test/b>"),
        );
        check("https://shop.test.evil/", None);
        check("https://v2.test/", None);
        check("a@shop.test", None);
        check("", None);
        check("://", None);
    }
}
