//! Why the edge closes a WebSocket, and what the client is told: what it need not act on, connecting
//! again heals.

/// Why the edge closes a socket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Closing {
    /// The client broke a rule, which the frame before says.
    Refused,
    /// The client sent too much at once.
    TooLarge,
    /// The client does not read as fast as frames come; it catches up when it comes back.
    TooSlow,
    /// The edge forgot the socket's state: connecting again heals that.
    Restarted,
    /// Nothing has come from the client for long.
    Silent,
}

impl Closing {
    /// The WebSocket close code (RFC 6455, section 7.4.1).
    pub const fn code(self) -> u16 {
        match self {
            Self::Refused => 1008,
            Self::TooLarge => 1009,
            Self::TooSlow => 1013,
            Self::Restarted => 1012,
            Self::Silent => 1001,
        }
    }

    /// The reason beside it.
    pub const fn reason(self) -> &'static str {
        match self {
            Self::Refused => "refused",
            Self::TooLarge => "message too large",
            Self::TooSlow => "too slow; catch up",
            Self::Restarted => "edge restarted; connect again",
            Self::Silent => "silent for too long",
        }
    }
}
