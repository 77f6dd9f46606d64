//! What the tap can be told anew while it runs.

use crate::config::{Config, ListenLimits, ListenTimeouts, ServerTls};
use crate::telemetry::AccessLog;
use http::header::{HeaderMap, VIA};
use http::{HeaderValue, Version};
use ipnet::IpNet;
use rustls::ServerConfig;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

/// The settings of the live path in one generation of the config.
#[derive(Clone, Debug)]
pub struct Settings {
    /// From sending a request, or the last byte of its body, to the head of the answer.
    pub timeout: Duration,
    pub(super) limits: ListenLimits,
    pub(super) timeouts: ListenTimeouts,
    pub(super) via: Option<Via>,
    pub(super) access: Option<AccessLog>,
    /// What new connections of clients are secured with.
    pub(super) tls: Option<Arc<ServerConfig>>,
    allow: Vec<IpNet>,
    trusted: Vec<IpNet>,
    process: u64,
}

impl Settings {
    /// The settings for a process that is named by a random number.
    pub fn new(config: &Config, process: u64) -> Self {
        let listen = &config.listen;
        Self {
            timeout: config.primary.timeout,
            limits: listen.limits,
            timeouts: listen.timeouts,
            via: listen.via.as_ref().map(|name| Via::new(name, process)),
            access: None,
            tls: listen.tls.as_ref().map(ServerTls::config),
            allow: listen.allow.clone(),
            trusted: listen.trusted_proxies.clone(),
            process,
        }
    }

    /// The same, with an access log.
    pub fn with_access(self, access: Option<AccessLog>) -> Self {
        Self { access, ..self }
    }

    /// The settings of the next generation of the config in the same process.
    pub fn renewed(&self, config: &Config) -> Self {
        Self::new(config, self.process).with_access(self.access.clone())
    }

    /// Whether a client may connect. Judged by the address of its socket; an IPv4 address that is
    /// written as an IPv6 one is an IPv4 address.
    pub(super) fn admits(&self, client: IpAddr) -> bool {
        self.allow.is_empty() || contains(&self.allow, client)
    }

    /// How far a client's word on those behind it goes.
    pub(super) fn trust(&self, client: IpAddr) -> Trust {
        match self.trusted.is_empty() {
            true => Trust::Unsaid,
            false if contains(&self.trusted, client) => Trust::Full,
            false => Trust::None,
        }
    }

    /// Whose request it is that a trusted proxy hands on: of the chain, the last address that is
    /// not a trusted proxy's.
    pub(super) fn origin(&self, chain: &str, proxy: IpAddr) -> IpAddr {
        let mut client = proxy;
        for address in chain.rsplit(',') {
            let Ok(address) = address.trim().parse::<IpAddr>() else { break };
            client = address.to_canonical();
            if !contains(&self.trusted, client) {
                break;
            }
        }
        client
    }
}

fn contains(networks: &[IpNet], address: IpAddr) -> bool {
    let address = address.to_canonical();
    networks.iter().any(|network| network.contains(&address))
}

/// Whether what a client says of those behind it is believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Trust {
    /// There is no list: passed on, and not believed.
    Unsaid,
    /// A trusted proxy: passed on, and believed.
    Full,
    /// Anybody else where there is a list: replaced.
    None,
}

/// Our lines of `Via` (RFC 9110 section 7.6.3), one for each version that a request came in. Answers
/// get none, so that no client learns the number and has requests of others refused as loops.
#[derive(Clone, Debug)]
pub(super) struct Via {
    /// Tells this process from others of its name.
    number: String,
    lines: [HeaderValue; 3],
}

const VERSIONS: [&str; 3] = ["1.0", "1.1", "2"];

impl Via {
    fn new(name: &str, process: u64) -> Self {
        let number = format!("({process:016x})");
        let line = |text: String| {
            HeaderValue::try_from(text).expect("a token and a number are a field value")
        };
        Self { lines: VERSIONS.map(|version| line(format!("{version} {name} {number}"))), number }
    }

    /// For a request that was received in a version.
    pub fn of_request(&self, version: Version) -> HeaderValue {
        let [v10, v11, v2] = &self.lines;
        match version {
            Version::HTTP_2 => v2.clone(),
            Version::HTTP_10 | Version::HTTP_09 => v10.clone(),
            _ => v11.clone(),
        }
    }

    /// Whether a request has passed this process before.
    pub fn is_loop(&self, headers: &HeaderMap) -> bool {
        let number = self.number.as_bytes();
        let ours =
            |value: &HeaderValue| value.as_bytes().windows(number.len()).any(|part| part == number);
        headers.get_all(VIA).iter().any(ours)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::parse;

    fn settings(listen: &str) -> Settings {
        let text = format!("primary: {{ url: http://a:1 }}\nlisten: {{ {listen} }}\n");
        let config = parse(&text, "shadow.yaml", &|_| None).expect(listen);
        Settings::new(&config, 7)
    }

    fn address(text: &str) -> IpAddr {
        text.parse().expect("an address")
    }

    #[test]
    fn an_address_is_admitted_by_its_network_however_it_is_written() {
        let settings = settings("allow: [10.0.0.0/8, 2001:db8::/32]");
        for (client, admitted) in [
            ("10.1.2.3", true),
            ("::ffff:10.1.2.3", true),
            ("192.0.2.1", false),
            ("2001:db8::1", true),
            ("2001:db9::1", false),
        ] {
            assert_eq!(settings.admits(address(client)), admitted, "{client}");
        }
        assert!(self::settings("").admits(address("192.0.2.1")));
    }

    #[test]
    fn the_client_is_the_last_of_the_chain_that_is_no_trusted_proxy() {
        let settings = settings("trusted_proxies: [10.0.0.0/8]");
        let check = |chain: &str, expected: &str| {
            assert_eq!(settings.origin(chain, address("10.0.0.1")), address(expected), "{chain}");
        };
        check("192.0.2.1", "192.0.2.1");
        check("192.0.2.9, 192.0.2.1, 10.0.0.2", "192.0.2.1");
        check("192.0.2.9, nonsense, 10.0.0.2", "10.0.0.2");
        check("::ffff:192.0.2.1", "192.0.2.1");
        check("", "10.0.0.1");
        assert_eq!(settings.trust(address("::ffff:10.0.0.1")), Trust::Full);
        assert_eq!(settings.trust(address("192.0.2.1")), Trust::None);
        assert_eq!(self::settings("").trust(address("10.0.0.1")), Trust::Unsaid);
    }

    #[test]
    fn only_our_own_number_is_a_loop() {
        let via = settings("").via.expect("the default");
        let mut headers = HeaderMap::new();
        headers.append(VIA, HeaderValue::from_static("1.1 shadow (0000000000000008), 1.1 x"));
        assert!(!via.is_loop(&headers));
        headers.append(VIA, via.of_request(Version::HTTP_2));
        assert!(via.is_loop(&headers));
        assert!(settings("via: off").via.is_none());
    }
}
