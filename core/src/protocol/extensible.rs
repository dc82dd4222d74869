//! What an older reader survives: kinds, words and members that a later version added.
//!
//! In: values of the protocol. Out: their two forms on the wire. Three rules make every later
//! writer of version 1 readable by every earlier one, and the other way round:
//!
//! * A **kind** (`extensible!`) is, in postcard, `tag: u16, length, payload`; in JSON an object
//!   with a `type`. A kind that a reader does not know is kept as it came ([`Unread`]): it can be
//!   passed on, and read after an upgrade.
//! * A **word** (`words!` in `word`) is a number in postcard and a string in JSON. A word that a
//!   reader does not know is kept as its number, and counts as what its type says of `Unknown`.
//! * A **struct** grows at its end. A kind's payload and every struct within another
//!   (`growing!`) has its length before it: bytes after what a reader knows are ignored. A member
//!   that was added is read by [`appended`], as an earlier writer does not send it. In JSON unknown
//!   members are ignored and missing ones have their default.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de, ser};

/// Something that a later version added, as it came. In JSON only that it was something is kept.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Unread {
    tag: u16,
    payload: Vec<u8>,
}

impl Unread {
    /// A kind that this version does not know, by its tag, and what it holds in postcard.
    pub const fn new(tag: u16, payload: Vec<u8>) -> Self {
        Self { tag, payload }
    }

    /// How long what it holds is.
    pub const fn bytes(&self) -> usize {
        self.payload.len()
    }

    pub(crate) fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        (self.tag, Bytes(&self.payload)).serialize(serializer)
    }
}

/// Declares an extensible enum: `tag "type" Variant(Payload)` a line. Tag 0 stands for a kind that
/// came as JSON and is not known.
macro_rules! extensible {
    (
        $(#[$doc:meta])*
        pub enum $name:ident {
            $($(#[$vdoc:meta])* $tag:literal $json:literal $variant:ident($payload:ty),)+
        }
    ) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub enum $name {
            $($(#[$vdoc])* $variant($payload),)+
            /// Something that a later version of the protocol added: never understood, at most
            /// passed on.
            Unknown($crate::protocol::Unread),
        }

        impl $name {
            /// The `type` of this variant in JSON and in metrics.
            pub const fn kind(&self) -> &'static str {
                match self {
                    $(Self::$variant(_) => $json,)+
                    Self::Unknown(_) => "unknown",
                }
            }
        }

        $(impl From<$payload> for $name {
            fn from(payload: $payload) -> Self {
                Self::$variant(payload)
            }
        })+

        const _: () = {
            #[cfg(feature = "json")]
            #[derive(serde::Serialize)]
            #[serde(tag = "type")]
            enum Tagged<'a> {
                $(#[serde(rename = $json)] $variant(&'a $payload),)+
                #[serde(rename = "unknown")]
                Unknown,
            }

            #[cfg(feature = "json")]
            #[derive(serde::Deserialize)]
            #[serde(tag = "type")]
            enum TaggedOwned {
                $(#[serde(rename = $json)] $variant($payload),)+
                #[serde(other)]
                Unknown,
            }

            impl serde::Serialize for $name {
                fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                    #[cfg(feature = "json")]
                    if serializer.is_human_readable() {
                        return match self {
                            $(Self::$variant(payload) => Tagged::$variant(payload),)+
                            Self::Unknown(_) => Tagged::Unknown,
                        }
                        .serialize(serializer);
                    }
                    match self {
                        $(Self::$variant(payload) => $crate::protocol::extensible::write($tag, payload, serializer),)+
                        Self::Unknown(unread) => unread.write(serializer),
                    }
                }
            }

            impl<'de> serde::Deserialize<'de> for $name {
                fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                    #[cfg(feature = "json")]
                    if deserializer.is_human_readable() {
                        return TaggedOwned::deserialize(deserializer).map(|tagged| match tagged {
                            $(TaggedOwned::$variant(payload) => Self::$variant(payload),)+
                            TaggedOwned::Unknown => Self::Unknown(Default::default()),
                        });
                    }
                    let (tag, payload) = <(u16, &'de [u8])>::deserialize(deserializer)?;
                    match tag {
                        $($tag => $crate::protocol::extensible::read(payload).map(Self::$variant),)+
                        _ => Ok(Self::Unknown($crate::protocol::Unread::new(tag, payload.to_vec()))),
                    }
                }
            }
        };
    };
}
pub(crate) use extensible;

/// Makes structs that stand within others able to grow: in postcard their length stands before
/// them. They derive both of serde's traits with `#[serde(remote = "Self")]`.
macro_rules! growing {
    ($($name:ident),+ $(,)?) => {
        $(const _: () = {
            struct Plain<T>(T);

            impl serde::Serialize for Plain<&$name> {
                fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                    $name::serialize(self.0, serializer)
                }
            }

            impl<'de> serde::Deserialize<'de> for Plain<$name> {
                fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                    $name::deserialize(deserializer).map(Plain)
                }
            }

            impl serde::Serialize for $name {
                fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                    #[cfg(feature = "json")]
                    if serializer.is_human_readable() {
                        return $name::serialize(self, serializer);
                    }
                    $crate::protocol::extensible::write_sized(&Plain(self), serializer)
                }
            }

            impl<'de> serde::Deserialize<'de> for $name {
                fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                    #[cfg(feature = "json")]
                    if deserializer.is_human_readable() {
                        return $name::deserialize(deserializer);
                    }
                    let payload = <&'de [u8]>::deserialize(deserializer)?;
                    $crate::protocol::extensible::read(payload).map(|Plain(value)| value)
                }
            }
        };)+
    };
}
pub(crate) use growing;

struct Bytes<'a>(&'a [u8]);

impl Serialize for Bytes<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(self.0)
    }
}

/// Writes one variant's tag and length-prefixed payload.
pub(crate) fn write<T: Serialize, S: Serializer>(
    tag: u16,
    payload: &T,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    write_tagged(tag, postcard::to_allocvec(payload), serializer)
}

/// Writes a struct within another, with its length before it.
pub(crate) fn write_sized<T: Serialize, S: Serializer>(
    value: &T,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    write_bytes(postcard::to_allocvec(value), serializer)
}

// Not once for each type: the widget counts its bytes.
#[inline(never)]
fn write_tagged<S: Serializer>(
    tag: u16,
    payload: postcard::Result<Vec<u8>>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    let payload = payload.map_err(ser::Error::custom)?;
    (tag, Bytes(&payload)).serialize(serializer)
}

#[inline(never)]
fn write_bytes<S: Serializer>(
    value: postcard::Result<Vec<u8>>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.serialize_bytes(&value.map_err(ser::Error::custom)?)
}

/// Reads a payload; what follows it was appended by a later version.
pub(crate) fn read<'de, T: Deserialize<'de>, E: de::Error>(payload: &'de [u8]) -> Result<T, E> {
    postcard::take_from_bytes(payload)
        .map(|(value, _later)| value)
        .map_err(E::custom)
}

/// Reads a member that was added to a struct after its first version: an earlier writer does not
/// send it, and it has its default. To be used with `#[serde(default, deserialize_with = …)]` on
/// the struct's last members.
///
/// # Errors
/// In JSON, if what is there is of another type. In postcard a damaged member counts as missing,
/// as the end of a payload can't be told from the middle of a member.
pub fn appended<'de, T, D>(deserializer: D) -> Result<T, D::Error>
where
    T: Deserialize<'de> + Default,
    D: Deserializer<'de>,
{
    let is_text = deserializer.is_human_readable();
    match T::deserialize(deserializer) {
        Err(_) if !is_text => Ok(T::default()),
        read => read,
    }
}
