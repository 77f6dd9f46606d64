//! Why the tap answers, or hangs up, by itself; and why the admin API does not answer.

use crate::model::words::words;

words! {
    /// The rule by which a request or a connection did not reach the primary.
    Rule {
        /// The bytes are no HTTP.
        Malformed = "malformed",
        /// Frames of HTTP/2 that say nothing and cost much: resets, empty ones, a head without an end.
        Flood = "flood",
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
        /// OPTIONS that may be forwarded no further: the tap is the last to answer it.
        MaxForwards = "max_forwards",
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

words! {
    /// The rule by which the admin API did not answer.
    AdminRule {
        /// So many connections are open already.
        Connections = "connections",
        /// The client's address is not in `admin.allow`.
        Address = "address",
        /// The request comes from a page of another site.
        Origin = "origin",
        /// It names a host that is no address, and carries no token.
        Host = "host",
        /// The token is missing or wrong.
        Token = "token",
        /// It was not sent, or worked on, in time.
        Slow = "slow",
    }
}
