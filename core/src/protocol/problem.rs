//! What went wrong, as the other side is told: a machine-readable code and a human sentence.

use core::fmt;
use core::time::Duration;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Who must do something about a problem.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Remedy {
    /// The same thing, sent again later, may succeed; the sender keeps it in its outbox.
    RetryLater,
    /// The sender must be admitted again (a new token, a new login).
    Authenticate,
    /// The same thing will be refused again.
    Never,
}

macro_rules! codes {
    ($($(#[$doc:meta])* $number:literal $name:literal $variant:ident $remedy:ident $status:literal,)+) => {
        /// What went wrong. The text form is the contract; numbers are for postcard.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Code {
            $($(#[$doc])* $variant,)+
            /// A code that a later version added, by its number. [`Problem::remedy`] says what it
            /// means for the sender.
            Other(u16),
        }

        impl Code {
            /// Every code of this version.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The text form.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name,)+ Self::Other(_) => "other" }
            }

            const fn number(self) -> u16 {
                match self { $(Self::$variant => $number,)+ Self::Other(number) => number }
            }

            const fn from_number(number: u16) -> Self {
                match number { $($number => Self::$variant,)+ number => Self::Other(number) }
            }

            /// Who must act, as far as the code alone says.
            pub const fn remedy(self) -> Remedy {
                match self { $(Self::$variant => Remedy::$remedy,)+ Self::Other(_) => Remedy::Never }
            }

            /// The HTTP status of an answer that carries this code.
            pub const fn http_status(self) -> u16 {
                match self { $(Self::$variant => $status,)+ Self::Other(_) => 500 }
            }
        }

        impl core::str::FromStr for Code {
            type Err = core::convert::Infallible;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Ok(match text { $($name => Self::$variant,)+ _ => Self::Other(u16::MAX) })
            }
        }
    };
}

codes! {
    /// No version that both sides speak.
    1 "unsupported_version" UnsupportedVersion Never 400,
    /// Bytes that are no frame of the encoding in use.
    2 "malformed_frame" MalformedFrame Never 400,
    /// A wire message over `WIRE_MESSAGE_BYTES_MAX`, or a batch over `BATCH_BYTES_MAX`.
    3 "message_too_large" MessageTooLarge Never 413,
    /// More than `FRAMES_PER_WIRE_MESSAGE_MAX` frames or `SUBMISSIONS_PER_FRAME_MAX` submissions.
    4 "too_many_items" TooManyItems Never 413,
    /// A frame that has no place in this state, such as `submit` before `hello`.
    5 "unexpected_frame" UnexpectedFrame Never 409,
    /// No token where one is needed.
    6 "token_missing" TokenMissing Authenticate 401,
    /// A token that we did not sign, or that was signed for something else.
    7 "token_invalid" TokenInvalid Authenticate 401,
    /// A token whose time is over.
    8 "token_expired" TokenExpired Authenticate 401,
    /// Not allowed to do that, or to that conversation.
    9 "forbidden" Forbidden Never 403,
    /// A page whose origin is not on the inbox's list.
    10 "origin_not_allowed" OriginNotAllowed Never 403,
    /// No inbox has that key.
    11 "inbox_unknown" InboxUnknown Never 404,
    /// No such conversation, as far as the asker may know.
    12 "conversation_unknown" ConversationUnknown Never 404,
    /// A signature that does not match.
    13 "signature_invalid" SignatureInvalid Never 401,
    /// A signature older (or newer) than `SIGNATURE_AGE_MAX`.
    14 "signature_expired" SignatureExpired Never 401,
    /// A batch that was seen before.
    15 "signature_replayed" SignatureReplayed Never 409,
    /// An edge that is not registered, or whose key was revoked.
    16 "edge_unknown" EdgeUnknown Never 401,
    /// An id that was used before, with another body.
    17 "id_reused" IdReused Never 409,
    /// An id that is no version 7 UUID.
    18 "id_invalid" IdInvalid Never 422,
    /// A text of nothing but white space.
    19 "text_empty" TextEmpty Never 422,
    /// A text over `TEXT_BYTES_MAX`, or a field over its limit.
    20 "text_too_long" TextTooLong Never 422,
    /// Faster than allowed.
    21 "too_many_messages" TooManyMessages RetryLater 429,
    /// The store can't take it now (full, locked, read-only, failing).
    22 "storage_unavailable" StorageUnavailable RetryLater 503,
    /// A queue is full.
    23 "overloaded" Overloaded RetryLater 503,
    /// The server is about to stop.
    24 "draining" Draining RetryLater 503,
    /// Another agent has the conversation.
    25 "already_assigned" AlreadyAssigned Never 409,
    /// The conversation is not in a status in which that can be done.
    26 "wrong_status" WrongStatus Never 409,
    /// Not logged in.
    27 "login_required" LoginRequired Authenticate 401,
    /// E-mail address and password don't belong together.
    28 "login_failed" LoginFailed Never 401,
    /// A request from a page that is not the console.
    29 "cross_site" CrossSite Never 403,
    /// Nothing there.
    30 "not_found" NotFound Never 404,
    /// Input that breaks a rule which the message names.
    31 "invalid_input" InvalidInput Never 422,
    /// A fault of ours.
    32 "internal" Internal RetryLater 500,
    /// The origin does not answer the edge.
    33 "origin_unavailable" OriginUnavailable RetryLater 503,
    /// Too many sockets of one visitor.
    34 "too_many_sockets" TooManySockets RetryLater 429,
    /// The browser's outbox is full.
    35 "outbox_full" OutboxFull RetryLater 429,
    /// Somebody else changed it since the asker saw it.
    36 "edited_meanwhile" EditedMeanwhile Never 412,
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for Code {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[cfg(feature = "json")]
        if serializer.is_human_readable() {
            return serializer.serialize_str(self.as_str());
        }
        serializer.serialize_u16(self.number())
    }
}

impl<'de> Deserialize<'de> for Code {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[cfg(feature = "json")]
        if deserializer.is_human_readable() {
            return super::word::from_text(deserializer);
        }
        u16::deserialize(deserializer).map(Self::from_number)
    }
}

/// An error as it travels.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{code}: {message}")]
pub struct Problem {
    /// For machines.
    pub code: Code,
    /// For people: what was wrong, where, and what would be right. Never a visitor's text.
    pub message: String,
    /// When trying again makes sense, if the sender may: milliseconds from now.
    pub retry_after_ms: Option<u32>,
}

impl Problem {
    /// A problem without advice on when to try again.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            retry_after_ms: None,
        }
    }

    /// A problem whose message has numbers, each in the place of a `{}`. (What `format!` needs for
    /// that would be a kilobyte in every visitor's browser.)
    pub(crate) fn counted<const N: usize>(code: Code, message: &str, numbers: [usize; N]) -> Self {
        let mut numbers = numbers.iter();
        let mut told = String::new();
        for c in message.chars() {
            match c {
                '{' => told.extend(numbers.next().map(usize::to_string)),
                '}' => {}
                c => told.push(c),
            }
        }
        Self::new(code, told)
    }

    /// Who must do something about it. A code of a later version is one for the sender to keep and
    /// send again if it says when, and for good if not.
    pub const fn remedy(&self) -> Remedy {
        match (self.code, self.retry_after_ms) {
            (Code::Other(_), Some(_)) => Remedy::RetryLater,
            (code, _) => code.remedy(),
        }
    }

    /// The same, with advice.
    #[must_use]
    pub fn retry_after(mut self, wait: Duration) -> Self {
        self.retry_after_ms = Some(u32::try_from(wait.as_millis()).unwrap_or(u32::MAX));
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_stand_in_their_places() {
        let told = |message, numbers| Problem::counted(Code::TextTooLong, message, numbers).message;
        assert_eq!(told("{} of {}", [7, 12]), "7 of 12");
        assert_eq!(
            told("at most {} are {} allowed.", [0, 1]),
            "at most 0 are 1 allowed."
        );
    }

    #[test]
    fn codes_read_back_in_both_forms() {
        for &code in Code::ALL {
            assert_eq!(Ok(code), code.as_str().parse());
            assert_eq!(Code::from_number(code.number()), code);
        }
        assert_eq!(Ok(Code::Other(u16::MAX)), "from_the_future".parse());
        assert_eq!(Code::from_number(999).number(), 999);
    }

    #[test]
    fn a_code_of_a_later_version_says_by_its_advice_whether_to_try_again() {
        let problem = Problem::new(Code::Other(999), "too much joy");
        assert_eq!(problem.remedy(), Remedy::Never);
        let later = problem.retry_after(Duration::from_secs(1));
        assert_eq!(later.remedy(), Remedy::RetryLater);
    }
}
