//! Every route of an edge on one screen.

use firsthop_core::limits::{BATCH_BYTES_MAX, INBOX_KEY_BYTES_MAX, WIRE_MESSAGE_BYTES_MAX};
use firsthop_core::pack::PackHash;
use firsthop_core::protocol::{Code, Problem};

use crate::http::{Head, Response};

/// What a request asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Route {
    /// A token for a visitor.
    Admission,
    /// A WebSocket of a visitor.
    Socket,
    /// Frames in, frames out, perhaps after waiting.
    Frames,
    /// Frames in, server-sent events out.
    Stream,
    /// Which pack of an inbox is current.
    PackPointer(String),
    /// A pack.
    Pack(PackHash),
    /// A file of the widget.
    Asset(String),
    /// What the origin sends.
    Push,
    /// A static page, if the host has any; the path below `/demo`.
    Page(String),
    /// Whether the edge is alive.
    Health,
    /// A browser asks whether a page may.
    Preflight,
}

impl Route {
    /// The route of a request.
    ///
    /// # Errors
    /// `not_found`.
    pub fn of(head: &Head) -> Result<Self, Problem> {
        let segments: Vec<_> = head.path.split('/').skip(1).collect();
        let reads = matches!(head.method.as_str(), "GET" | "HEAD");
        let posts = head.method == "POST";
        let route = match segments.as_slice() {
            ["v1", ..] if head.method == "OPTIONS" => Self::Preflight,
            ["v1", "visitor", "admission"] if posts => Self::Admission,
            ["v1", "visitor", "socket"] if head.method == "GET" => Self::Socket,
            ["v1", "visitor", "frames"] if posts => Self::Frames,
            ["v1", "visitor", "stream"] if posts => Self::Stream,
            ["v1", "inboxes", key, "pack"] if reads && is_inbox_key(key) => {
                Self::PackPointer((*key).to_owned())
            }
            ["v1", "packs", hash] if reads => {
                Self::Pack(hash.parse().map_err(|_| nothing_there())?)
            }
            ["v1", "edge", "push"] if posts => Self::Push,
            ["widget.js"] if reads => Self::Asset("widget.js".to_owned()),
            ["w", file] if reads => Self::Asset((*file).to_owned()),
            ["demo", ..] if reads => Self::Page(
                head.path
                    .strip_prefix("/demo")
                    .unwrap_or_default()
                    .to_owned(),
            ),
            ["healthz"] if reads => Self::Health,
            _ => return Err(nothing_there()),
        };
        Ok(route)
    }

    /// How long a body may be, in bytes. Nothing more is read.
    pub const fn body_max(&self) -> usize {
        match self {
            Self::Admission | Self::Frames | Self::Stream => WIRE_MESSAGE_BYTES_MAX,
            Self::Push => BATCH_BYTES_MAX,
            _ => 0,
        }
    }

    /// Who may read the answer from a page of another site: `None`, the visitor's page as far as
    /// its inbox allows (which is checked with the token); `Some("*")`, everybody.
    const fn sharing(&self) -> Sharing {
        match self {
            Self::Admission
            | Self::Socket
            | Self::Frames
            | Self::Stream
            | Self::PackPointer(_)
            | Self::Preflight => Sharing::Page,
            Self::Pack(_) | Self::Asset(_) => Sharing::Everybody,
            Self::Push | Self::Page(_) | Self::Health => Sharing::Nobody,
        }
    }

    /// Adds what lets the visitor's page read the answer (the Fetch standard, CORS protocol).
    ///
    /// A problem is shared too, or the page could not tell `origin_not_allowed` from a network
    /// that fails; it holds nothing that its reader could not learn without a browser.
    #[must_use]
    pub fn share(&self, head: &Head, response: Response) -> Response {
        match self.sharing() {
            Sharing::Everybody => response
                .with("access-control-allow-origin", "*")
                .with("cross-origin-resource-policy", "cross-origin")
                .with("timing-allow-origin", "*"),
            Sharing::Page => match head.page_origin() {
                Some(origin) => response
                    .with("access-control-allow-origin", origin)
                    .with("access-control-expose-headers", "retry-after")
                    .with("vary", "Origin"),
                None => response.with("vary", "Origin"),
            },
            Sharing::Nobody => response,
        }
    }
}

enum Sharing {
    Everybody,
    Page,
    Nobody,
}

/// The answer to a preflight. It promises nothing: the request itself is checked.
pub fn preflight() -> Response {
    Response::empty(204)
        .with("access-control-allow-methods", "GET, POST")
        .with(
            "access-control-allow-headers",
            "authorization, content-type",
        )
        .with("access-control-max-age", "86400")
}

/// Whether a text can be an inbox's key: letters, digits, `-`, `_` and `.`, which need no
/// escaping in any address.
pub fn is_inbox_key(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= INBOX_KEY_BYTES_MAX
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'))
}

fn nothing_there() -> Problem {
    Problem::new(Code::NotFound, "no such address here")
}

/// A body that is longer than its route allows.
pub fn too_large(bytes_max: usize) -> Problem {
    Problem::new(
        Code::MessageTooLarge,
        format!("a body of more than {bytes_max} bytes is not read here"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn route(method: &str, path: &str) -> Option<Route> {
        Route::of(&Head::new(method, path, "")).ok()
    }

    #[test]
    fn paths_lead_where_they_should() {
        let hash = "ab".repeat(32);
        for (method, path, expected) in [
            ("POST", "/v1/visitor/admission", Some(Route::Admission)),
            ("GET", "/v1/visitor/admission", None),
            ("GET", "/v1/visitor/socket", Some(Route::Socket)),
            ("OPTIONS", "/v1/visitor/frames", Some(Route::Preflight)),
            (
                "GET",
                "/v1/inboxes/demo/pack",
                Some(Route::PackPointer("demo".to_owned())),
            ),
            ("GET", "/v1/inboxes/a%2Fb/pack", None),
            (
                "GET",
                &format!("/v1/packs/{hash}"),
                Some(Route::Pack(PackHash([0xab; 32]))),
            ),
            ("GET", "/v1/packs/ab", None),
            (
                "HEAD",
                "/widget.js",
                Some(Route::Asset("widget.js".to_owned())),
            ),
            ("GET", "/w/a.wasm", Some(Route::Asset("a.wasm".to_owned()))),
            ("GET", "/w/a/b", None),
            ("GET", "/demo/", Some(Route::Page("/".to_owned()))),
            ("GET", "/demo", Some(Route::Page(String::new()))),
            ("GET", "/demonstration", None),
            ("GET", "/", None),
            ("GET", "", None),
        ] {
            assert_eq!(route(method, path), expected, "{method} {path}");
        }
    }

    #[test]
    fn inbox_keys_need_no_escaping() {
        assert!(is_inbox_key("shop-1_a.b"));
        for wrong in ["", "a b", "a/b", "é", &"a".repeat(INBOX_KEY_BYTES_MAX + 1)] {
            assert!(!is_inbox_key(wrong), "{wrong}");
        }
    }

    #[test]
    fn answers_are_shared_with_whom_they_are_for() {
        let head = Head::new("GET", "/", "").with("Origin", "https://shop.example");
        let shared = |route: &Route| {
            route
                .share(&head, Response::empty(200))
                .header("access-control-allow-origin")
                .map(str::to_owned)
        };
        assert_eq!(
            shared(&Route::Frames).as_deref(),
            Some("https://shop.example")
        );
        assert_eq!(
            shared(&Route::Asset("widget.js".to_owned())).as_deref(),
            Some("*")
        );
        assert_eq!(shared(&Route::Push), None);
    }
}
