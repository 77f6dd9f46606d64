//! What the live path can suffer from.

use crate::model::words::words;

words! {
    /// Why mirroring has turned itself off.
    Strain {
        /// The tap adds more than `mirror.protect.added_p99` to an answer.
        Added = "added_p99",
        /// A live thread comes to its work by more than `mirror.protect.added_p99` too late.
        Lag = "lag",
        /// An exchange waits for longer than `mirror.protect.queue_age`.
        QueueAge = "queue_age",
        /// The process holds more memory than `mirror.memory` and what it needs itself.
        Memory = "memory",
        /// File descriptors run out.
        Descriptors = "descriptors",
    }
}
