//! Who wrote an event.
//!
//! In postcard an author is `tag: u16, length, payload`, in JSON a word or, for an agent, an
//! object whose one member is its kind. An author that a reader does not know is kept as it came.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::event::AgentRef;
use super::extensible::{Unread, read, write};

/// Who wrote an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Author {
    /// The visitor.
    Visitor,
    /// The bot, at whichever hop.
    Bot,
    /// An agent.
    Agent(AgentRef),
    /// The system itself, such as a change of status that nobody asked for.
    System,
    /// Somebody that a later version added: on our side, and shown without a name.
    Unknown(Unread),
}

impl Serialize for Author {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[cfg(feature = "json")]
        if serializer.is_human_readable() {
            return json::write(self, serializer);
        }
        match self {
            Self::Visitor => write(1, &(), serializer),
            Self::Bot => write(2, &(), serializer),
            Self::Agent(agent) => write(3, agent, serializer),
            Self::System => write(4, &(), serializer),
            Self::Unknown(unread) => unread.write(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Author {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[cfg(feature = "json")]
        if deserializer.is_human_readable() {
            return deserializer.deserialize_any(json::AuthorVisitor);
        }
        let (tag, payload) = <(u16, &'de [u8])>::deserialize(deserializer)?;
        Ok(match tag {
            1 => Self::Visitor,
            2 => Self::Bot,
            3 => Self::Agent(read(payload)?),
            4 => Self::System,
            _ => Self::Unknown(Unread::new(tag, payload.to_vec())),
        })
    }
}

#[cfg(feature = "json")]
mod json {
    use core::fmt;

    use serde::Serializer;
    use serde::de::{IgnoredAny, MapAccess, Visitor};
    use serde::ser::SerializeMap;

    use super::Author;

    pub(super) fn write<S: Serializer>(author: &Author, serializer: S) -> Result<S::Ok, S::Error> {
        match author {
            Author::Visitor => serializer.serialize_str("visitor"),
            Author::Bot => serializer.serialize_str("bot"),
            Author::System => serializer.serialize_str("system"),
            Author::Unknown(_) => serializer.serialize_str("unknown"),
            Author::Agent(agent) => {
                let mut map = serializer.serialize_map(Some(1))?;
                map.serialize_entry("agent", agent)?;
                map.end()
            }
        }
    }

    pub(super) struct AuthorVisitor;

    impl<'de> Visitor<'de> for AuthorVisitor {
        type Value = Author;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an author")
        }

        fn visit_str<E: serde::de::Error>(self, word: &str) -> Result<Author, E> {
            Ok(match word {
                "visitor" => Author::Visitor,
                "bot" => Author::Bot,
                "system" => Author::System,
                _ => Author::Unknown(Default::default()),
            })
        }

        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Author, A::Error> {
            let mut author = Author::Unknown(Default::default());
            while let Some(kind) = map.next_key::<String>()? {
                if kind == "agent" {
                    author = Author::Agent(map.next_value()?);
                } else {
                    map.next_value::<IgnoredAny>()?;
                }
            }
            Ok(author)
        }
    }
}
