//! Requests and responses, as far as an edge looks at them: no platform's types.
//!
//! A [`Problem`] becomes a response in one place, here.

use firsthop_core::protocol::Problem;
use serde::Serialize;

/// A request without its body.
#[derive(Debug, Clone, Default)]
pub struct Head {
    /// `GET`, `POST`, …
    pub method: String,
    /// The path, beginning with a slash, percent-encoded as it came.
    pub path: String,
    /// What follows the question mark, or nothing.
    pub query: String,
    /// Names in lower case.
    headers: Vec<(String, String)>,
}

impl Head {
    /// A request without headers.
    pub fn new(method: &str, path: &str, query: &str) -> Self {
        Self {
            method: method.to_owned(),
            path: path.to_owned(),
            query: query.to_owned(),
            headers: Vec::new(),
        }
    }

    /// With one more header.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.to_ascii_lowercase(), value.into()));
        self
    }

    /// A header's value; `name` in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
    }

    /// The page that sends it, as browsers say.
    pub fn page_origin(&self) -> Option<&str> {
        self.header("origin")
    }

    /// The length that the body is said to have.
    pub fn content_length(&self) -> Option<usize> {
        self.header("content-length")?.parse().ok()
    }

    /// Whether `query` has `name=1`.
    pub fn flag(&self, name: &str) -> bool {
        self.query
            .split('&')
            .filter_map(|pair| pair.split_once('='))
            .any(|(key, value)| key == name && value == "1")
    }

    /// Whether the client reads this content coding: named without `q=0`, or by `*`.
    pub fn accepts(&self, coding: &str) -> bool {
        let Some(accepted) = self.header("accept-encoding") else {
            return false;
        };
        let named = |wanted: &str| {
            accepted.split(',').find_map(|item| {
                let mut parts = item.split(';').map(str::trim);
                let name = parts.next()?;
                name.eq_ignore_ascii_case(wanted).then(|| {
                    !parts.any(|part| matches!(part, "q=0" | "q=0.0" | "q=0.00" | "q=0.000"))
                })
            })
        };
        named(coding).or_else(|| named("*")).unwrap_or(false)
    }
}

/// A response with all of its body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Response {
    /// The status code.
    pub status: u16,
    /// Names in lower case.
    pub headers: Vec<(&'static str, String)>,
    /// The body, encoded as the headers say.
    pub body: Body,
}

/// A response's body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Body {
    /// Made for this response.
    Owned(Vec<u8>),
    /// Part of the program.
    Static(&'static [u8]),
}

impl Body {
    /// Its bytes.
    pub fn as_bytes(&self) -> &[u8] {
        match self {
            Self::Owned(bytes) => bytes,
            Self::Static(bytes) => bytes,
        }
    }
}

impl Response {
    /// A response without headers or body.
    pub const fn empty(status: u16) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body: Body::Static(b""),
        }
    }

    /// Text for people, not to be cached.
    pub fn text(status: u16, text: &'static str) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body: Body::Static(text.as_bytes()),
        }
        .with("content-type", "text/plain; charset=utf-8")
        .with("cache-control", "no-store")
    }

    /// JSON, not to be cached.
    pub fn json(status: u16, value: &impl Serialize) -> Self {
        let body = serde_json::to_vec(value).unwrap_or_default();
        Self {
            status,
            headers: Vec::new(),
            body: Body::Owned(body),
        }
        .with("content-type", "application/json")
        .with("cache-control", "no-store")
    }

    /// With one more header.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// A header's value; `name` in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(known, _)| *known == name)
            .map(|(_, value)| value.as_str())
    }
}

impl From<Problem> for Response {
    fn from(problem: Problem) -> Self {
        #[derive(Serialize)]
        struct Wrapped {
            error: Problem,
        }
        let status = problem.code.http_status();
        let retry = problem
            .retry_after_ms
            .map(|wait| wait.div_ceil(1000).max(1));
        let response = Self::json(status, &Wrapped { error: problem });
        match retry {
            Some(seconds) => response.with("retry-after", seconds.to_string()),
            None => response,
        }
    }
}

#[cfg(test)]
mod tests {
    use core::time::Duration;

    use firsthop_core::protocol::Code;

    use super::*;

    #[test]
    fn codings_are_accepted_as_the_header_says() {
        let head = |value: &str| Head::new("GET", "/", "").with("Accept-Encoding", value);
        assert!(head("gzip, deflate, br").accepts("br"));
        assert!(head("GZIP;q=0.5").accepts("gzip"));
        assert!(!head("br;q=0, gzip").accepts("br"));
        assert!(head("*").accepts("br"));
        assert!(!head("br; q=0, *").accepts("br"));
        assert!(!Head::new("GET", "/", "").accepts("gzip"));
    }

    #[test]
    fn a_problem_says_when_to_come_back_in_both_places() {
        let problem =
            Problem::new(Code::Overloaded, "busy").retry_after(Duration::from_millis(1500));
        let response = Response::from(problem);
        assert_eq!(response.status, 503);
        assert_eq!(response.header("retry-after"), Some("2"));
        let body: serde_json::Value = serde_json::from_slice(response.body.as_bytes()).unwrap();
        assert_eq!(body["error"]["code"], "overloaded");
        assert_eq!(body["error"]["retry_after_ms"], 1500);
    }
}
