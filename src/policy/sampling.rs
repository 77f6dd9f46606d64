//! Which of the eligible requests are taken.

use crate::base::Percent;
use crate::config::{Needle, Sticky, Where};
use crate::model::{Request, RequestId};
use http::request::Parts;
use http::{HeaderMap, Uri};
use std::net::IpAddr;
use xxhash_rust::xxh3::xxh3_64;

/// Whether a request is within the sample. One key always gets one answer for one percentage, in
/// every process; what is sampled at a percentage is sampled at every higher one too. A request
/// without the sticky field is decided for itself.
pub(super) fn sampled(
    sample: Percent,
    sticky: &Sticky,
    head: &Parts,
    client: IpAddr,
    id: RequestId,
) -> bool {
    if sample == Percent::ALL || sample == Percent::ZERO {
        return sample == Percent::ALL;
    }
    let key = match sticky {
        Sticky::None => None,
        Sticky::Client => Some(match client.to_canonical() {
            IpAddr::V4(address) => xxh3_64(&address.octets()),
            IpAddr::V6(address) => xxh3_64(&address.octets()),
        }),
        Sticky::Field(field) => found(field, head).map(|value| xxh3_64(value.as_bytes())),
    };
    let point = key.unwrap_or_else(|| spread(id));
    // The hash as a fraction of 2^64, in millionths.
    let millionths = (u128::from(point) * 1_000_000) >> 64;
    millionths < u128::from(sample.millionths())
}

/// Whether one of the needles is found.
pub(super) fn always(needles: &[Needle], head: &Parts) -> bool {
    needles.iter().any(|needle| found(&needle.field, head) == Some(&needle.value))
}

fn spread(id: RequestId) -> u64 {
    let mut bytes = [0; 16];
    let (process, number) = bytes.split_at_mut(8);
    process.copy_from_slice(&id.process.to_le_bytes());
    number.copy_from_slice(&id.number.to_le_bytes());
    xxh3_64(&bytes)
}

/// What the requests of one flow have in common: the value of the sticky field or, without one, the
/// client's address as the tap has told it.
pub fn flow(sticky: &Sticky, request: &Request) -> u64 {
    let field = match sticky {
        Sticky::None | Sticky::Client => None,
        Sticky::Field(field) => value(field, &request.headers, &request.uri),
    };
    let address = || {
        let chain = request.headers.get("x-forwarded-for")?.to_str().ok()?;
        chain.split(',').map(str::trim).next()
    };
    let (by, text) = match field {
        Some(value) => ("field", value),
        None => ("client", address().unwrap_or_default()),
    };
    xxh3_64(&[by.as_bytes(), text.as_bytes()].join(&b'\0'))
}

fn found<'a>(field: &Where, head: &'a Parts) -> Option<&'a str> {
    value(field, &head.headers, &head.uri)
}

/// The value of a field of the head, as it is written.
fn value<'a>(field: &Where, headers: &'a HeaderMap, uri: &'a Uri) -> Option<&'a str> {
    match field {
        Where::Header(name) => headers.get(name)?.to_str().ok(),
        Where::Cookie(name) => headers
            .get_all(http::header::COOKIE)
            .iter()
            .filter_map(|line| line.to_str().ok())
            .flat_map(|line| line.split(';'))
            .find_map(|pair| pair.trim().strip_prefix(name)?.strip_prefix('=')),
        Where::Query(name) => uri
            .query()?
            .split('&')
            .find_map(|pair| pair.strip_prefix(name.as_str())?.strip_prefix('=')),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Payload;
    use http::{Method, Request as Message};

    const CLIENT: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);

    fn head(user: Option<&str>) -> Parts {
        let request = Message::get("/x?tenant=t1&user=q");
        let request = request.header("cookie", "a=b; sid=s1");
        let request = match user {
            Some(user) => request.header("x-user-id", user),
            None => request,
        };
        request.body(()).expect("a valid request").into_parts().0
    }

    fn id(number: u64) -> RequestId {
        RequestId { process: 7, number }
    }

    fn percent(text: &str) -> Percent {
        text.parse().expect("a percentage")
    }

    #[test]
    fn m32_the_share_of_sampled_requests_is_the_percentage_in_every_part_of_them() {
        const PART: u64 = 10_000;
        for (text, share) in [("10%", 0.1), ("50%", 0.5), ("0.1%", 0.001_f64)] {
            let (sample, head) = (percent(text), head(None));
            let hit = |number: &u64| sampled(sample, &Sticky::None, &head, CLIENT, id(*number));
            let hits = |part: u64| (part * PART..(part + 1) * PART).filter(hit).count() as f64;
            let (expected, other) = (PART as f64 * share, PART as f64 * (1.0 - share));
            // Pearson's statistic of 20 parts, each with its hits and its misses.
            let term = |part| (hits(part) - expected).powi(2) * (1.0 / expected + 1.0 / other);
            let statistic: f64 = (0..20).map(term).sum();
            // The quantiles of chi-square with 20 degrees of freedom at 0.0001 and 0.9999.
            assert!((4.0..52.4).contains(&statistic), "{statistic} at {text}");
        }
    }

    #[test]
    fn nothing_is_sampled_at_0_and_everything_at_100_percent() {
        let hit = |sample, number| sampled(sample, &Sticky::None, &head(None), CLIENT, id(number));
        assert!((0..1000).all(|number| hit(Percent::ALL, number)));
        assert!(!(0..1000).any(|number| hit(Percent::ZERO, number)));
    }

    #[test]
    fn the_same_key_gets_the_same_decision() {
        let sticky = Sticky::Field(Where::Header(http::HeaderName::from_static("x-user-id")));
        let users: Vec<String> = (0..200).map(|user| format!("user-{user}")).collect();
        let hit = |user: &str, sample, number| {
            sampled(percent(sample), &sticky, &head(Some(user)), CLIENT, id(number))
        };
        for user in &users {
            let first = hit(user, "30%", 0);
            assert!((1..20).all(|number| hit(user, "30%", number) == first), "{user}");
            assert!(!first || hit(user, "60%", 1), "{user} fell out at a higher percentage");
        }
        let sampled = users.iter().filter(|user| hit(user, "30%", 0)).count();
        assert!((30..90).contains(&sampled), "{sampled} of 200 users at 30%");
    }

    #[test]
    fn the_requests_of_one_client_are_one_flow() {
        let flow = |sticky: &str, name: &str, value: &str, address: &str| {
            let mut headers = HeaderMap::new();
            let name: http::HeaderName = name.parse().expect("a name");
            headers.insert(name, value.parse().expect("a value"));
            headers.insert("x-forwarded-for", address.parse().expect("a value"));
            let (uri, body) = (Uri::from_static("/"), Payload::default());
            let request = Request { method: Method::GET, uri, headers, body, trailers: None };
            let name: http::HeaderName = sticky.parse().expect("a name");
            super::flow(&Sticky::Field(Where::Header(name)), &request)
        };
        let ada = flow("x-user", "x-user", "ada", "10.0.0.1");
        assert_eq!(ada, flow("x-user", "x-user", "ada", "10.0.0.2"));
        assert_ne!(ada, flow("x-user", "x-user", "bob", "10.0.0.1"));
        let somebody = flow("x-user", "x-other", "a", "10.0.0.1, 10.9.9.9");
        assert_eq!(somebody, flow("x-user", "x-other", "b", "10.0.0.1"));
        assert_ne!(somebody, flow("x-user", "x-other", "a", "10.0.0.2"));
    }

    #[test]
    fn fields_are_found_in_headers_cookies_and_queries() {
        let head = head(Some("u1"));
        let check = |field: Where, expected: Option<&str>| {
            assert_eq!(found(&field, &head), expected, "{field:?}");
        };
        check(Where::Header(http::HeaderName::from_static("x-user-id")), Some("u1"));
        check(Where::Cookie("sid".into()), Some("s1"));
        check(Where::Cookie("si".into()), None);
        check(Where::Query("tenant".into()), Some("t1"));
        check(Where::Query("ten".into()), None);
        let needle =
            |value: &str| Needle { field: Where::Query("tenant".into()), value: value.into() };
        assert!(always(&[needle("t2"), needle("t1")], &head));
        assert!(!always(&[needle("t2")], &head));
    }
}
