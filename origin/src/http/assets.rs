//! The widget and the console, embedded into the binary, compressed when they were built.

use axum::extract::Path;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use firsthop_core::protocol::{Code, Problem};
use sha2::{Digest, Sha256};

use super::problem::Failure;
use super::request::text;

/// For what never changes under its name.
pub(super) const IMMUTABLE: &str = "public, max-age=31536000, immutable";
/// Asked for again after five minutes, while the one that is there is used: so a page has its widget
/// also while nobody answers.
const BRIEFLY: &str = "public, max-age=300, stale-while-revalidate=86400";
const ASK_EVERY_TIME: &str = "no-cache";

/// What the console's pages may do: nothing but talk to this server.
const CONSOLE_POLICY: &str = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; \
    img-src 'self' data:; font-src 'self'; connect-src 'self'; manifest-src 'self'; base-uri 'none'; \
    form-action 'none'; frame-ancestors 'none'";

/// An embedded file.
struct Asset {
    name: &'static str,
    content_type: &'static str,
    immutable: bool,
    plain: &'static [u8],
    brotli: &'static [u8],
    gzip: &'static [u8],
}

mod embedded {
    use super::Asset;

    include!(concat!(env!("OUT_DIR"), "/embedded.rs"));
}

/// `GET /widget.js`.
pub(super) async fn launcher(headers: HeaderMap) -> Result<Response, Failure> {
    Ok(find(embedded::WIDGET, "widget.js", "widget")?.respond(&headers, BRIEFLY))
}

/// `GET /w/{file}`.
pub(super) async fn widget(
    Path(name): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    Ok(find(embedded::WIDGET, &name, "widget")?.respond(&headers, BRIEFLY))
}

/// `GET /` and `GET /console`.
pub(super) async fn to_console() -> Redirect {
    Redirect::temporary("/console/")
}

/// `GET /console/`.
pub(super) async fn console_page(headers: HeaderMap) -> Result<Response, Failure> {
    console(Path("index.html".to_owned()), headers).await
}

/// `GET /console/{file}`.
pub(super) async fn console(
    Path(name): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    let mut response = find(embedded::CONSOLE, &name, "console")?.respond(&headers, ASK_EVERY_TIME);
    let more = [
        (header::CONTENT_SECURITY_POLICY, CONSOLE_POLICY),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (
            HeaderName::from_static("cross-origin-opener-policy"),
            "same-origin",
        ),
    ];
    for (name, value) in more {
        response
            .headers_mut()
            .insert(name, HeaderValue::from_static(value));
    }
    Ok(response)
}

fn find(assets: &'static [Asset], name: &str, what: &str) -> Result<&'static Asset, Problem> {
    assets
        .iter()
        .find(|asset| asset.name == name)
        .ok_or_else(|| {
            let message = if assets.is_empty() {
                format!(
                    "the {what} is not in this binary: `cargo xtask build` makes one that has it"
                )
            } else {
                format!("the {what} has no such file")
            };
            Problem::new(Code::NotFound, message)
        })
}

impl Asset {
    fn respond(&self, headers: &HeaderMap, unless_immutable: &'static str) -> Response {
        let cache = if self.immutable {
            IMMUTABLE
        } else {
            unless_immutable
        };
        let etag = self.etag();
        let common = [
            (header::CACHE_CONTROL, cache.to_owned()),
            (header::ETAG, etag.clone()),
            (header::VARY, "accept-encoding".to_owned()),
        ];
        if text(headers, header::IF_NONE_MATCH)
            .is_some_and(|known| known.split(',').any(|tag| tag.trim() == etag))
        {
            return (StatusCode::NOT_MODIFIED, common).into_response();
        }
        let content_type = [(header::CONTENT_TYPE, self.content_type)];
        if accepts(headers, "br") {
            (
                common,
                content_type,
                [(header::CONTENT_ENCODING, "br")],
                self.brotli,
            )
                .into_response()
        } else if accepts(headers, "gzip") {
            (
                common,
                content_type,
                [(header::CONTENT_ENCODING, "gzip")],
                self.gzip,
            )
                .into_response()
        } else {
            (common, content_type, self.plain).into_response()
        }
    }

    /// Weak: the same content, whichever the encoding.
    fn etag(&self) -> String {
        // A hashed name says it all; the few others are small.
        if self.immutable {
            return format!("W/\"{}\"", self.name);
        }
        let digest: [u8; 32] = Sha256::digest(self.plain).into();
        let short = u64::from_be_bytes(*digest.first_chunk().unwrap_or(&[0; 8]));
        format!("W/\"{short:016x}\"")
    }
}

/// Whether the client takes an encoding (RFC 9110, 12.5.3, but for `*`).
pub(super) fn accepts(headers: &HeaderMap, encoding: &str) -> bool {
    let offered = text(headers, header::ACCEPT_ENCODING).unwrap_or_default();
    offered.split(',').any(|offer| {
        let mut parts = offer.split(';').map(str::trim);
        let name = parts.next().unwrap_or_default();
        let refused = parts.any(|part| {
            part.strip_prefix("q=")
                .is_some_and(|q| q.parse() == Ok(0.0))
        });
        name.eq_ignore_ascii_case(encoding) && !refused
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encodings_are_taken_as_offered() {
        let mut headers = HeaderMap::new();
        assert!(!accepts(&headers, "br"));
        headers.insert(
            header::ACCEPT_ENCODING,
            HeaderValue::from_static("gzip;q=0.8, br;q=0, deflate"),
        );
        assert!(accepts(&headers, "gzip") && !accepts(&headers, "br"));
    }

    #[test]
    fn assets_are_served_compressed_and_not_again() {
        let asset = Asset {
            name: "a.js",
            content_type: "text/javascript",
            immutable: false,
            plain: b"plain",
            brotli: b"br",
            gzip: b"gz",
        };
        let mut headers = HeaderMap::new();
        headers.insert(
            header::ACCEPT_ENCODING,
            HeaderValue::from_static("gzip, br"),
        );
        let response = asset.respond(&headers, BRIEFLY);
        assert_eq!(response.headers()[header::CONTENT_ENCODING], "br");
        assert_eq!(response.headers()[header::CACHE_CONTROL], BRIEFLY);
        headers.insert(
            header::IF_NONE_MATCH,
            response.headers()[header::ETAG].clone(),
        );
        assert_eq!(
            asset.respond(&headers, BRIEFLY).status(),
            StatusCode::NOT_MODIFIED
        );
        let immutable = Asset {
            immutable: true,
            ..asset
        };
        assert_eq!(
            immutable.respond(&HeaderMap::new(), BRIEFLY).headers()[header::CACHE_CONTROL],
            IMMUTABLE
        );
    }
}
