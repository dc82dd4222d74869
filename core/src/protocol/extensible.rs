//! Enums that an older reader survives.
//!
//! In postcard, a variant is `tag: u16, length, payload`: a reader that does not know the tag
//! skips the payload and gets `Unknown`; bytes after the payload that it knows are ignored, so
//! a later version may append fields. In JSON, a variant is an object with a `type`; unknown
//! types become `Unknown` too, and unknown members are ignored.

/// Declares an extensible enum: `tag "type" Variant(Payload)` a line.
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
            /// Something that a later version of the protocol added. It is skipped, never sent.
            Unknown,
        }

        impl $name {
            /// The `type` of this variant in JSON and in metrics.
            pub const fn kind(&self) -> &'static str {
                match self {
                    $(Self::$variant(_) => $json,)+
                    Self::Unknown => "unknown",
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
                            $(Self::$variant(payload) => Tagged::$variant(payload).serialize(serializer),)+
                            Self::Unknown => Err(serde::ser::Error::custom("an unknown variant is not sent")),
                        };
                    }
                    match self {
                        $(Self::$variant(payload) => $crate::protocol::extensible::write($tag, payload, serializer),)+
                        Self::Unknown => Err(serde::ser::Error::custom("an unknown variant is not sent")),
                    }
                }
            }

            impl<'de> serde::Deserialize<'de> for $name {
                fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                    #[cfg(feature = "json")]
                    if deserializer.is_human_readable() {
                        return TaggedOwned::deserialize(deserializer).map(|tagged| match tagged {
                            $(TaggedOwned::$variant(payload) => Self::$variant(payload),)+
                            TaggedOwned::Unknown => Self::Unknown,
                        });
                    }
                    let (tag, payload) = <(u16, &'de [u8])>::deserialize(deserializer)?;
                    match tag {
                        $($tag => $crate::protocol::extensible::read(payload).map(Self::$variant),)+
                        _ => Ok(Self::Unknown),
                    }
                }
            }
        };
    };
}
pub(crate) use extensible;

use serde::{Deserialize, Serialize, Serializer, de, ser};

/// Writes one variant's tag and length-prefixed payload.
pub(crate) fn write<T: Serialize, S: Serializer>(
    tag: u16,
    payload: &T,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    struct Bytes(Vec<u8>);
    impl Serialize for Bytes {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.serialize_bytes(&self.0)
        }
    }
    let bytes = postcard::to_allocvec(payload).map_err(ser::Error::custom)?;
    (tag, Bytes(bytes)).serialize(serializer)
}

/// Reads one variant's payload; what follows it was appended by a later version.
pub(crate) fn read<'de, T: Deserialize<'de>, E: de::Error>(payload: &'de [u8]) -> Result<T, E> {
    postcard::take_from_bytes(payload)
        .map(|(value, _later)| value)
        .map_err(E::custom)
}
