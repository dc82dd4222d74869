//! Words: closed lists today that may be longer tomorrow.
//!
//! In postcard a word is its number, in JSON its text. A reader keeps a number that it does not
//! know, so that a hop of an earlier version passes it on unharmed.

/// Declares a word: `number "text" Variant` a line. A number is never used for anything else.
macro_rules! words {
    (
        $(#[$doc:meta])*
        pub enum $name:ident {
            $($(#[$vdoc:meta])* $number:literal $text:literal $(#[$attribute:meta])? $variant:ident,)+
        }
    ) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum $name {
            $($(#[$vdoc])* $(#[$attribute])? $variant,)+
            /// A word that a later version added, by its number; 65535 for one that came as text.
            Unknown(u16),
        }

        impl $name {
            /// Every word of this version.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The word for it in JSON, in metrics and in a store.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $text,)+
                    Self::Unknown(_) => "unknown",
                }
            }

            const fn number(self) -> u16 {
                match self {
                    $(Self::$variant => $number,)+
                    Self::Unknown(number) => number,
                }
            }

            const fn from_number(number: u16) -> Self {
                match number {
                    $($number => Self::$variant,)+
                    _ => Self::Unknown(number),
                }
            }
        }

        impl core::str::FromStr for $name {
            type Err = core::convert::Infallible;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Ok(match text {
                    $($text => Self::$variant,)+
                    _ => Self::Unknown(u16::MAX),
                })
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                #[cfg(feature = "json")]
                if serializer.is_human_readable() {
                    return serializer.serialize_str(self.as_str());
                }
                serializer.serialize_u16(self.number())
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                #[cfg(feature = "json")]
                if deserializer.is_human_readable() {
                    return $crate::protocol::word::from_text(deserializer);
                }
                u16::deserialize(deserializer).map(Self::from_number)
            }
        }
    };
}
pub(crate) use words;

/// Reads a word as JSON has it.
#[cfg(feature = "json")]
pub(crate) fn from_text<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: serde::Deserializer<'de>,
    T: core::str::FromStr<Err = core::convert::Infallible>,
{
    struct Text<T>(core::marker::PhantomData<T>);

    impl<T: core::str::FromStr<Err = core::convert::Infallible>> serde::de::Visitor<'_> for Text<T> {
        type Value = T;

        fn expecting(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
            f.write_str("a word")
        }

        fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<T, E> {
            let Ok(word) = text.parse();
            Ok(word)
        }
    }

    deserializer.deserialize_str(Text(core::marker::PhantomData))
}
