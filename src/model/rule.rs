//! Why the tap answers, or hangs up, by itself.

use crate::model::words::words;

words! {
    /// The rule by which a request or a connection did not reach the primary.
    Rule {
        /// The bytes are no HTTP.
        Malformed = "malformed",
        /// The TLS handshake failed: no TLS, nothing in common, or no certificate that is believed.
        Handshake = "handshake",
        /// `Host` is missing, given twice, no host, or not the one of the target.
        Host = "host",
        /// The form of the target does not fit its method.
        Target = "target",
        /// The target's scheme is neither http nor https.
        Scheme = "scheme",
        /// The body is coded in another way than in chunks.
        Coding = "coding",
        /// CONNECT: no tunnel is opened to an address of the client's choice.
        Connect = "connect",
        /// TRACE would reflect fields that a client's script must not see.
        Trace = "trace",
        /// The request has passed this process before.
        Loop = "loop",
        /// The target is over `listen.limits.target`.
        TargetTooLong = "target_too_long",
        /// The header fields are over `listen.limits.head` or `listen.limits.fields`.
        HeadTooLarge = "head_too_large",
        /// The body is over `listen.limits.body`.
        BodyTooLarge = "body_too_large",
        /// No whole head came within `listen.timeouts.head`.
        HeadTimeout = "head_timeout",
        /// Nothing more of a body came for `listen.timeouts.body`.
        BodyTimeout = "body_timeout",
        /// The client took nothing of its answer for `listen.timeouts.write`.
        WriteTimeout = "write_timeout",
        /// The exchange was not over within `listen.timeouts.total`.
        TotalTimeout = "total_timeout",
        /// The client's address is not in `listen.allow`.
        Denied = "denied",
        /// `listen.limits.connections` are open already.
        Connections = "connections",
        /// `listen.limits.per_client` of this address are open already.
        PerClient = "per_client",
    }
}
