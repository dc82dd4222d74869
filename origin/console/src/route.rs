//! Where in the console the agent is: the part of the address after `#`.
//!
//! In: that part. Out: a [`Route`], and back. Anything unknown is the start. So a reload, a
//! bookmark and the browser's Back button do what people expect.

use firsthop_core::id::ConversationId;

use crate::knowledge::wire::Kind;
use crate::replica::list::View;

/// A place in the console.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Route {
    /// Making the first account, with the token of a one-time link.
    Setup(String),
    /// Choosing the password of an account that somebody made, with the token of a one-time link.
    Welcome(String),
    /// A part of the list, and perhaps a conversation beside it.
    List(View, Option<ConversationId>),
    /// What the bot knows: of which inbox, unless that is still to be found out, and where there.
    Knowledge(Option<String>, Place),
}

/// A place in an inbox's knowledge.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Place {
    /// The list of items.
    #[default]
    Items,
    /// One of them, by its number.
    Item(u64),
    /// A new one.
    New(Kind),
    /// Questions that were handed off, and perhaps a group of them.
    Questions(Option<String>),
    /// What the draft would change, and publishing it.
    Publish,
    /// What was published.
    History,
}

impl Place {
    fn parse(path: &str) -> Self {
        let (first, rest) = path.split_once('/').unwrap_or((path, ""));
        match first {
            "entry" => rest.parse().map_or(Self::Items, Self::Item),
            "new" => Kind::parse(rest).map_or(Self::Items, Self::New),
            "questions" => Self::Questions((!rest.is_empty()).then(|| decoded(rest))),
            "publish" => Self::Publish,
            "history" => Self::History,
            _ => Self::Items,
        }
    }

    fn path(&self) -> String {
        match self {
            Self::Items => "items".to_owned(),
            Self::Item(item) => format!("entry/{item}"),
            Self::New(kind) => format!("new/{}", kind.as_str()),
            Self::Questions(None) => "questions".to_owned(),
            Self::Questions(Some(group)) => format!("questions/{}", encoded(group)),
            Self::Publish => "publish".to_owned(),
            Self::History => "history".to_owned(),
        }
    }
}

/// Text as one segment of an address.
pub fn encoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

fn decoded(segment: &str) -> String {
    let mut bytes = Vec::with_capacity(segment.len());
    let mut rest = segment.as_bytes();
    while let [first, tail @ ..] = rest {
        let escaped = match (first, tail) {
            (b'%', [a, b, ..]) => core::str::from_utf8(&[*a, *b])
                .ok()
                .and_then(|hex| u8::from_str_radix(hex, 16).ok()),
            _ => None,
        };
        bytes.push(escaped.unwrap_or(*first));
        rest = if escaped.is_some() {
            tail.get(2..).unwrap_or_default()
        } else {
            tail
        };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

impl Default for Route {
    fn default() -> Self {
        Self::List(View::default(), None)
    }
}

const fn word(view: View) -> &'static str {
    match view {
        View::Waiting => "waiting",
        View::Mine => "mine",
        View::All => "all",
        View::Resolved => "resolved",
    }
}

impl Route {
    /// Reads what stands after `#`, with or without it.
    pub fn parse(hash: &str) -> Self {
        let path = hash.trim_start_matches('#').trim_start_matches('/');
        let (first, rest) = path.split_once('/').unwrap_or((path, ""));
        match first {
            "setup" if !rest.is_empty() => return Self::Setup(rest.to_owned()),
            "welcome" if !rest.is_empty() => return Self::Welcome(rest.to_owned()),
            "knowledge" => {
                let (inbox, place) = rest.split_once('/').unwrap_or((rest, ""));
                let inbox = (!inbox.is_empty()).then(|| decoded(inbox));
                return Self::Knowledge(inbox, Place::parse(place));
            }
            _ => {}
        }
        match View::ALL.into_iter().find(|view| word(*view) == first) {
            Some(view) => Self::List(view, rest.parse().ok()),
            None => Self::default(),
        }
    }

    /// What stands after `#`, with it.
    pub fn hash(&self) -> String {
        match self {
            Self::Setup(token) => format!("#/setup/{token}"),
            Self::Welcome(token) => format!("#/welcome/{token}"),
            Self::List(view, None) => format!("#/{}", word(*view)),
            Self::List(view, Some(id)) => format!("#/{}/{id}", word(*view)),
            Self::Knowledge(None, _) => "#/knowledge".to_owned(),
            Self::Knowledge(Some(inbox), place) => {
                format!("#/knowledge/{}/{}", encoded(inbox), place.path())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::replica::testing::conversation;

    #[test]
    fn every_place_reads_back() {
        let mut places = vec![
            Route::Setup("a-token_1".to_owned()),
            Route::Welcome("a-token_2".to_owned()),
        ];
        for view in View::ALL {
            places.push(Route::List(view, None));
            places.push(Route::List(view, Some(conversation(1))));
        }
        places.push(Route::Knowledge(None, Place::Items));
        for place in [
            Place::Items,
            Place::Item(17),
            Place::New(Kind::Rule),
            Place::Questions(None),
            Place::Questions(Some("g/ 1%2é".to_owned())),
            Place::Publish,
            Place::History,
        ] {
            places.push(Route::Knowledge(Some("shop zh".to_owned()), place));
        }
        for place in places {
            assert_eq!(Route::parse(&place.hash()), place);
        }
    }

    #[test]
    fn anything_else_is_the_start() {
        for hash in [
            "",
            "#",
            "#/",
            "#/nowhere",
            "#/setup/",
            "#/setup",
            "#/welcome/",
        ] {
            assert_eq!(Route::parse(hash), Route::default(), "{hash}");
        }
        assert_eq!(
            Route::parse("#/knowledge/demo/entry/x"),
            Route::Knowledge(Some("demo".to_owned()), Place::Items)
        );
        assert_eq!(
            Route::parse("#/mine/not-an-id"),
            Route::List(View::Mine, None)
        );
    }
}
