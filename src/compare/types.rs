//! Which message type the protobuf bodies of an answer are of.
//!
//! Main type: [`Types`]. In gRPC the path says it, which names a method; else a rule for the
//! request's route, or the media type in a parameter (`messagetype`, `message` or `proto`). A request
//! of which nothing of this is known is read by wire.
//!
//! This module never looks at a body.

use crate::config::Protobuf;
use crate::syntax::MediaType;
use crate::syntax::protobuf::{Schema, Type};

/// What is known of the types before an answer is looked at.
#[derive(Clone, Copy, Debug, Default)]
pub struct Types<'a> {
    schema: Option<&'a Schema>,
    /// The type that a rule names.
    named: Option<Type<'a>>,
    /// The type that the request's method answers with.
    answered: Option<Type<'a>>,
}

impl<'a> Types<'a> {
    /// What a rule says of a request for this path.
    pub(super) fn new(rule: &'a Protobuf, path: &str) -> Self {
        let schema = rule.schema.as_deref();
        let named = rule.message.as_deref().and_then(|name| schema?.message(name));
        Self { schema, named, answered: schema.and_then(|schema| schema.answer(path)) }
    }

    /// Whether the path names a method whose answers are known.
    pub fn is_answer(self) -> bool {
        self.answered.is_some()
    }

    /// The type of a message that is a body, where it is known.
    pub(super) fn of(self, media: MediaType<'_>) -> Option<Type<'a>> {
        self.named.or_else(|| self.said(media)).or(self.answered)
    }

    /// The type of the messages in an answer of gRPC, where it is known.
    pub(super) fn of_call(self, media: MediaType<'_>) -> Option<Type<'a>> {
        self.answered.or_else(|| self.of(media))
    }

    fn said(self, media: MediaType<'_>) -> Option<Type<'a>> {
        let schema = self.schema?;
        let names = |name: &str| {
            ["messagetype", "message", "proto"].iter().any(|word| name.eq_ignore_ascii_case(word))
        };
        let mut said = media.parameters().filter(|(name, _)| names(name));
        said.find_map(|(_, value)| schema.message(value))
    }
}

#[cfg(test)]
mod tests {
    use crate::compare::testing::reply;
    use crate::compare::{Decoded, Rules, compare};
    use crate::config;
    use crate::model::Divergence;

    const ORDERS: &str = "/shop.v1.Orders/GetOrder";

    /// An answer for this path, and its media type; the rules name descriptors, and a message.
    fn check((path, media, message): (&str, &str, &str), [x, y]: [&[u8]; 2], expected: &[&str]) {
        let text = format!(
            "primary: {{ url: \"http://a:1\" }}\ncompare:\n  protobuf:\n    \
             descriptors: fixtures/config/protobuf/shop.pb\n    {message}\n"
        );
        let rules =
            Rules::new(&config::parse(&text, "shadow.yaml", &|_| None).expect(&text).compare);
        let lines = [("content-type", media)];
        let (x, y) = (reply(200, &lines, x), reply(200, &lines, y));
        let decoded = Decoded::typed(&x, &y, rules.types(path));
        let found = compare(&x, &y, &decoded, &rules);
        let line = |each: &Divergence<'_>| {
            format!("{} {} {}", each.severity.name(), each.kind.name(), each.place.pointer())
        };
        let lines: Vec<_> = found.divergences.iter().map(line).collect();
        assert_eq!(lines, expected, "{path} {media} {message}");
    }

    const ONE: &[u8] = b"\x08\x01\x12\x04open";
    const OTHER: &[u8] = b"\x12\x04shut\x08\x01";
    const PLAIN: &str = "application/x-protobuf";

    #[test]
    fn a_type_is_known_by_the_method_the_media_type_or_a_rule() {
        let state = ["behavioural value /state"];
        let frame = |message: &[u8]| [b"\0\0\0\0\x08", message].concat();
        let frames = [frame(ONE), frame(OTHER)];
        let frames = frames.each_ref().map(Vec::as_slice);
        check((ORDERS, "application/grpc", ""), frames, &["behavioural value /0/state"]);
        let request = "message: shop.v1.GetOrderRequest";
        check((ORDERS, "application/grpc", request), frames, &["behavioural value /0/state"]);
        check((ORDERS, "application/proto", ""), [ONE, OTHER], &state);
        for parameter in ["messageType", "message", "proto"] {
            let media = format!("{PLAIN}; {parameter}=\"shop.v1.Order\"");
            check(("/", &media, ""), [ONE, OTHER], &state);
        }
        check(("/", PLAIN, "message: shop.v1.Order"), [ONE, OTHER], &state);
        check(
            ("/", PLAIN, "message: shop.v1.Order"),
            [ONE, b""],
            &["behavioural value /id", "behavioural value /state"],
        );
        check(("/", PLAIN, ""), [ONE, OTHER], &["behavioural value /¤2/0"]);
        let media = format!("{PLAIN}; proto=shop.v1.None");
        check(("/", &media, ""), [ONE, OTHER], &["behavioural value /¤2/0"]);
    }

    #[test]
    fn a_message_that_does_not_fit_is_told_and_compared_by_wire() {
        let order = ("/", PLAIN, "message: shop.v1.Order");
        // The number of an order as text.
        let text: &[u8] = b"\x0a\x011\x12\x04open";
        check(order, [ONE, text], &["breaking unparsable ", "breaking type /¤1/0"]);
        check(order, [text, ONE], &["breaking unparsable ", "breaking type /¤1/0"]);
        // The same fields in another order: nothing else differs.
        check(order, [text, b"\x12\x04open\x0a\x011"], &["info unparsable "]);
        check(order, [ONE, b"\x08"], &["breaking unparsable "]);
    }
}
