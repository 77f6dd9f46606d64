//! Media types (RFC 9110, section 8.3.1).

/// How a body is to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    Json,
    /// One JSON text a line.
    JsonLines,
    /// JSON texts, each behind a record separator (RFC 7464).
    JsonSequence,
    /// `application/x-www-form-urlencoded`.
    Form,
    Multipart,
    /// Server-sent events.
    EventStream,
    Xml,
    Html,
    Text,
    Binary,
}

impl Format {
    /// Whether a body of this format is text, which a charset was needed to write.
    pub fn is_text(self) -> bool {
        !matches!(self, Self::Multipart | Self::Binary)
    }
}

/// A `content-type`, taken apart.
#[derive(Clone, Copy, Debug)]
pub struct MediaType<'a> {
    essence: &'a str,
    parameters: &'a str,
}

impl<'a> MediaType<'a> {
    /// Takes `type/subtype; name=value` apart; any text has at least an essence.
    pub fn new(text: &'a str) -> Self {
        let (essence, parameters) = text.split_once(';').unwrap_or((text, ""));
        Self { essence: essence.trim(), parameters }
    }

    /// `type/subtype`, as written.
    pub fn essence(self) -> &'a str {
        self.essence
    }

    /// Whether both are of the same type and subtype.
    pub fn same_essence(self, other: Self) -> bool {
        self.essence.eq_ignore_ascii_case(other.essence)
    }

    /// Names and values of the parameters, quotes taken off.
    pub fn parameters(self) -> impl Iterator<Item = (&'a str, &'a str)> {
        self.parameters.split(';').filter_map(|parameter| {
            let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
            let name = name.trim();
            (!name.is_empty()).then(|| (name, value.trim().trim_matches('"')))
        })
    }

    /// How a body of this type is to be read; nothing for a type that does not say.
    pub fn format(self) -> Option<Format> {
        let essence = self.essence.to_ascii_lowercase();
        let (kind, subtype) = essence.split_once('/')?;
        match (kind, subtype) {
            (_, "json") => Some(Format::Json),
            (_, "x-ndjson" | "ndjson" | "jsonl" | "x-jsonl" | "x-jsonlines" | "jsonlines") => {
                Some(Format::JsonLines)
            }
            (_, "json-seq") => Some(Format::JsonSequence),
            (_, _) if subtype.ends_with("+json") => Some(Format::Json),
            ("application", "x-www-form-urlencoded") => Some(Format::Form),
            ("multipart", _) => Some(Format::Multipart),
            ("text", "event-stream") => Some(Format::EventStream),
            ("text", "html") => Some(Format::Html),
            (_, "xml") => Some(Format::Xml),
            (_, _) if subtype.ends_with("+xml") => Some(Format::Xml),
            (_, _) if subtype.ends_with("+json-seq") => Some(Format::JsonSequence),
            ("text", _) => Some(Format::Text),
            (_, "javascript" | "ecmascript" | "graphql" | "yaml" | "x-yaml" | "toml") => {
                Some(Format::Text)
            }
            (_, _) if subtype.ends_with("+yaml") => Some(Format::Text),
            ("image" | "audio" | "video" | "font", _) => Some(Format::Binary),
            ("application", "octet-stream" | "pdf" | "zip" | "gzip" | "protobuf" | "grpc") => {
                Some(Format::Binary)
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: Option<Format>) {
        assert_eq!(MediaType::new(text).format(), expected, "{text}");
    }

    #[test]
    fn a_type_tells_how_its_bodies_are_read() {
        check("application/json", Some(Format::Json));
        check("Application/Problem+JSON; charset=utf-8", Some(Format::Json));
        check("application/x-ndjson", Some(Format::JsonLines));
        check("application/x-www-form-urlencoded", Some(Format::Form));
        check("multipart/form-data; boundary=x", Some(Format::Multipart));
        check("text/html; charset=utf-8", Some(Format::Html));
        check("application/xhtml+xml", Some(Format::Xml));
        check("text/xml", Some(Format::Xml));
        check("application/soap+xml", Some(Format::Xml));
        check("image/svg+xml", Some(Format::Xml));
        check("text/event-stream", Some(Format::EventStream));
        check("application/json-seq", Some(Format::JsonSequence));
        check("application/geo+json-seq", Some(Format::JsonSequence));
        check("text/css", Some(Format::Text));
        check("image/png", Some(Format::Binary));
        check("application/vnd.acme", None);
        check("json", None);
        check("", None);
    }

    #[test]
    fn parameters_come_without_their_quotes() {
        let media = MediaType::new("text/html; Charset=\"UTF-8\" ;; q");
        assert_eq!(media.parameters().collect::<Vec<_>>(), [("Charset", "UTF-8"), ("q", "")]);
    }
}
