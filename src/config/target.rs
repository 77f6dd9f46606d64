//! Reading `http://HOST:PORT` and `https://HOST:PORT`.
//!
//! This module never resolves a name.

use crate::config::parts::{Scheme, TargetUrl};
use std::net::{Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

/// Why a text is not the URL of a side; reads on after the text itself, but for [`UrlError::User`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UrlError {
    #[error("has no scheme; write http://HOST:PORT")]
    NoScheme,
    #[error("is not an http URL; write http://HOST:PORT")]
    Scheme,
    #[error("the URL holds a user or a password; write http://HOST:PORT without them")]
    User,
    #[error("has more than a host and a port; write http://HOST:PORT: requests keep their path")]
    Path,
    #[error("has no host that can be read; write http://HOST:PORT, an IPv6 address in brackets")]
    Host,
    #[error("has no port from 1 to 65535; write http://HOST:PORT")]
    Port,
}

impl FromStr for TargetUrl {
    type Err = UrlError;

    fn from_str(text: &str) -> Result<Self, UrlError> {
        if text.contains('@') {
            return Err(UrlError::User);
        }
        let (scheme, rest) = text.split_once("://").ok_or(UrlError::NoScheme)?;
        let scheme = match scheme {
            "http" => Scheme::Http,
            "https" => Scheme::Https,
            _ => return Err(UrlError::Scheme),
        };
        let authority = rest.strip_suffix('/').unwrap_or(rest);
        if authority.contains(['/', '?', '#']) {
            return Err(UrlError::Path);
        }
        let (host, port) = match authority.strip_prefix('[') {
            Some(rest) => bracketed(rest)?,
            None => named(authority)?,
        };
        let port = port.map_or(Ok(scheme.port()), parse_port)?;
        Ok(Self { scheme, host, port })
    }
}

/// `ADDRESS]` or `ADDRESS]:PORT`, after the opening bracket.
fn bracketed(text: &str) -> Result<(String, Option<&str>), UrlError> {
    let (host, rest) = text.split_once(']').ok_or(UrlError::Host)?;
    let address = host.parse::<Ipv6Addr>().map_err(|_| UrlError::Host)?;
    match rest.strip_prefix(':') {
        None if rest.is_empty() => Ok((address.to_string(), None)),
        None => Err(UrlError::Host),
        port => Ok((address.to_string(), port)),
    }
}

/// `HOST` or `HOST:PORT`.
fn named(text: &str) -> Result<(String, Option<&str>), UrlError> {
    let (host, port) = match text.split_once(':') {
        Some((host, port)) => (host, Some(port)),
        None => (text, None),
    };
    let plain = host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._".contains(&byte));
    let numeric = host.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    if !plain || host.is_empty() || (numeric && host.parse::<Ipv4Addr>().is_err()) {
        return Err(UrlError::Host);
    }
    Ok((host.to_ascii_lowercase(), port))
}

fn parse_port(text: &str) -> Result<u16, UrlError> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    let port = text.parse().ok().filter(|port| digits && *port > 0);
    port.ok_or(UrlError::Port)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: Result<&str, UrlError>) {
        let found = text.parse::<TargetUrl>().map(|url| url.to_string());
        assert_eq!(found, expected.map(str::to_owned), "{text}");
    }

    #[test]
    fn a_url_is_a_host_and_a_port() {
        check("http://127.0.0.1:8081", Ok("http://127.0.0.1:8081"));
        check("http://Shop-1.internal:1/", Ok("http://shop-1.internal:1"));
        check("http://localhost", Ok("http://localhost:80"));
        check("http://[0:0::1]:9", Ok("http://[::1]:9"));
        check("http://[::1]", Ok("http://[::1]:80"));
        check("https://Shop.test", Ok("https://shop.test:443"));
        check("https://shop.test:8443/", Ok("https://shop.test:8443"));
    }

    #[test]
    fn a_url_that_is_none_says_why() {
        check("127.0.0.1:8081", Err(UrlError::NoScheme));
        check("", Err(UrlError::NoScheme));
        check("unix://a", Err(UrlError::Scheme));
        check("http://user:word@a:1", Err(UrlError::User));
        check("user:word@a:1", Err(UrlError::User));
        check("http://a:1/v2", Err(UrlError::Path));
        check("http://a:1?x", Err(UrlError::Path));
        check("http://a:1//", Err(UrlError::Path));
        for bad in ["http://", "http://:1", "http://a b:1", "http://[::1", "http://[::1]x:1"] {
            check(bad, Err(UrlError::Host));
        }
        check("http://::1:8081", Err(UrlError::Host));
        check("http://300.1.1.1:1", Err(UrlError::Host));
        for bad in ["http://a:0", "http://a:65536", "http://a:", "http://a:+1", "http://a:1:2"] {
            check(bad, Err(UrlError::Port));
        }
    }
}
