//! Where in the console the agent is: the part of the address after `#`.
//!
//! In: that part. Out: a [`Route`], and back. Anything unknown is the start. So a reload, a
//! bookmark and the browser's Back button do what people expect.

use firsthop_core::id::ConversationId;

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
            Route::parse("#/mine/not-an-id"),
            Route::List(View::Mine, None)
        );
    }
}
