//! The forms of texts: what a percentage, a URL or a header's name looks like, and what to say
//! where a text does not.
//!
//! A pattern is both the JSON Schema's and the reader's; a reader may refuse more.
//!
//! This module never turns a text into a value.

use crate::config::keys::Form;

pub(super) const FREE: Form = Form { pattern: "", wrong: "" };
pub(super) const TEXT: Form = Form { pattern: r"\S", wrong: "is empty; write a text" };
pub(super) const LABEL: Form = Form {
    pattern: r"^[^\x00-\x20\x7f]+( [^\x00-\x20\x7f]+)*$",
    wrong: "is not a name; write visible words, with one space between them",
};
pub(super) const SERVICE: Form = Form {
    pattern: "^[a-z0-9][a-z0-9._-]{0,62}$",
    wrong: "is not a service name; write at most 63 of a-z, 0-9, `-`, `_` and `.`, and start \
            with a letter or a digit",
};
pub(super) const VIA: Form = Form {
    pattern: "^[-!#$%&'*+.^_`|~0-9A-Za-z]{1,64}$",
    wrong: "is not a name for Via; write a word like shadow, or off",
};
pub(super) const ADDRESS: Form = Form {
    pattern: r"^([0-9.]+|\[[0-9A-Fa-f:.]+(%[0-9]+)?\]):[0-9]{1,5}$",
    wrong: "is not an address; write IP:PORT, as in 127.0.0.1:8080 or [::1]:8080",
};
pub(super) const URL: Form = Form {
    pattern: r"^https?://[^/?#@\s]+/?$",
    wrong: "is not a URL; write one like http://127.0.0.1:8081",
};
pub(super) const PERCENT: Form = Form {
    pattern: r"^[0-9.]+\s*%$",
    wrong: "is not a percentage; write one like 2.5% (from 0% to 100%)",
};
pub(super) const SIZE: Form = Form {
    pattern: r"^[0-9.]+\s*([KMGT]iB|[KMG]?B)$",
    wrong: "is not a size; write one like 64KiB, 1MiB or 2GiB",
};
pub(super) const DURATION: Form = Form {
    pattern: "^([0-9.]+(us|ms|s|m|h|d))+$",
    wrong: "is not a duration; write one like 250ms, 5s, 10m or 1h",
};
pub(super) const RATE: Form = Form {
    pattern: r"^[0-9.]+\s*/\s*[smh]\s*$",
    wrong: "is not a rate; write one like 500/s or 30/m",
};
pub(super) const STICKY: Form = Form {
    pattern: r"^(none|client|(header|cookie|query):\S+)$",
    wrong: "is not known here; write header:NAME, cookie:NAME, query:NAME, client or none",
};
pub(super) const METHOD: Form = Form {
    pattern: "^[A-Z][A-Z0-9-]*$",
    wrong: "is not a method; write one in capitals, such as GET",
};
pub(super) const PATH: Form = Form {
    pattern: r"^/[^\s?#]*$",
    wrong: "is not a path; write one like /orders/{id} or /orders/**",
};
pub(super) const HEADER: Form = Form {
    pattern: "^[-!#$%&'*+.^_`|~0-9A-Za-z]+$",
    wrong: "is not the name of a header; write one like x-tenant",
};
pub(super) const REGEX: Form =
    Form { pattern: r"\S", wrong: "is not a regular expression; write one like ^/tenants/[^/]+" };
pub(super) const JSON_PATH: Form =
    Form { pattern: "^[$/]", wrong: "is not a path; write one like $.items[*].id or /items/0/id" };
pub(super) const NUMBER: Form = Form {
    pattern: r"^[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]{1,3})?$",
    wrong: "is not a number above zero with at most 15 digits; write one like 0.01 or 1e-6",
};
pub(super) const PART: Form = Form {
    pattern: r"^[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]{1,3})?\s*%?$",
    wrong: "is not a part of a number; write one like 0.1% or 1e-9",
};
pub(super) const PLACES: Form = Form {
    pattern: "^[0-9]{1,3}$",
    wrong: "is not a number of digits behind the point; write one from 0 to 999",
};
pub(super) const HOST: Form = Form {
    pattern: r"^[^/?#@\s]+$",
    wrong: "is not a host; write NAME or NAME:PORT, without a scheme or a path",
};
pub(super) const NETWORK: Form = Form {
    pattern: "^[0-9A-Fa-f.:]+(/[0-9]{1,3})?$",
    wrong: "is not a network; write one like 127.0.0.0/8 or ::1/128",
};
pub(super) const LEVEL: Form = Form {
    pattern: "^([A-Za-z0-9_:]+=)?(off|error|warn|info|debug|trace)\
              (,([A-Za-z0-9_:]+=)?(off|error|warn|info|debug|trace))*$",
    wrong: "is not a level; write off, error, warn, info, debug or trace, alone or by module as \
            in shadowdiff::tap=debug,warn",
};
