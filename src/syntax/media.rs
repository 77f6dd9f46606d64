//! Media types (RFC 9110, section 8.3.1).

/// How a body is to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    Json,
    /// One JSON text a line.
    JsonLines,
    /// `application/x-www-form-urlencoded`.
    Form,
    Multipart,
    Text,
    Binary,
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
            (_, "x-ndjson" | "ndjson" | "jsonl" | "x-jsonlines" | "jsonlines") => {
                Some(Format::JsonLines)
            }
            (_, _) if subtype.ends_with("+json") => Some(Format::Json),
            ("application", "x-www-form-urlencoded") => Some(Format::Form),
            ("multipart", _) => Some(Format::Multipart),
            ("text", _) => Some(Format::Text),
            (_, "xml" | "javascript" | "ecmascript" | "graphql" | "yaml" | "x-yaml" | "toml") => {
                Some(Format::Text)
            }
            (_, _) if subtype.ends_with("+xml") || subtype.ends_with("+yaml") => Some(Format::Text),
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
        check("text/html; charset=utf-8", Some(Format::Text));
        check("application/soap+xml", Some(Format::Text));
        check("image/svg+xml", Some(Format::Text));
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
