//! The widget's files: which one, in which coding, and how long it may be kept.
//!
//! The files are part of the program; the shell's build script makes the table.

use crate::http::{Body, Head, Response};

/// A file with its compressed forms.
#[derive(Debug, Clone, Copy)]
pub struct Asset {
    /// Its name, without a slash.
    pub name: &'static str,
    /// Its media type.
    pub content_type: &'static str,
    /// Whether the name changes with the content, so that it may be kept for ever.
    pub immutable: bool,
    /// Changes with the content; with quotes.
    pub etag: &'static str,
    /// As it is.
    pub plain: &'static [u8],
    /// Compressed with Brotli, if that was made.
    pub br: Option<&'static [u8]>,
    /// Compressed with gzip, if that was made.
    pub gzip: Option<&'static [u8]>,
}

/// Kept for ever: its name changes with its content.
pub const IMMUTABLE: &str = "public, max-age=31536000, immutable";
/// Asked for again after five minutes, while the one that is there is used: so a page has its widget
/// also while nobody answers.
const SHORT: &str = "public, max-age=300, stale-while-revalidate=86400";

/// The answer to a request for the file of that name.
pub fn serve(assets: &[Asset], name: &str, head: &Head) -> Response {
    let Some(asset) = assets.iter().find(|asset| asset.name == name) else {
        let text = if assets.is_empty() {
            "this edge was built without the widget\n"
        } else {
            "no such file\n"
        };
        return Response::text(404, text);
    };
    let cache = if asset.immutable { IMMUTABLE } else { SHORT };
    let response = |status| {
        Response::empty(status)
            // Weak, since each coding has the same.
            .with("etag", format!("W/{}", asset.etag))
            .with("cache-control", cache)
            .with("vary", "Accept-Encoding")
    };
    if matches_etag(head, asset.etag) {
        return response(304);
    }
    let (coding, bytes) = match (asset.br, asset.gzip) {
        (Some(br), _) if head.accepts("br") => (Some("br"), br),
        (_, Some(gzip)) if head.accepts("gzip") => (Some("gzip"), gzip),
        _ => (None, asset.plain),
    };
    let mut response = response(200)
        .with("content-type", asset.content_type)
        .with("x-content-type-options", "nosniff");
    if let Some(coding) = coding {
        response = response.with("content-encoding", coding);
    }
    response.body = Body::Static(bytes);
    response
}

/// Whether the client holds what `etag` names (RFC 9110, section 13.1.2; the comparison is weak).
pub fn matches_etag(head: &Head, etag: &str) -> bool {
    head.header("if-none-match").is_some_and(|held| {
        held.split(',')
            .map(str::trim)
            .any(|held| held == "*" || held.strip_prefix("W/").unwrap_or(held) == etag)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const ASSETS: &[Asset] = &[
        Asset {
            name: "widget.js",
            content_type: "text/javascript",
            immutable: false,
            etag: "\"one\"",
            plain: b"plain",
            br: Some(b"br"),
            gzip: Some(b"gz"),
        },
        Asset {
            name: "a-1.wasm",
            content_type: "application/wasm",
            immutable: true,
            etag: "\"two\"",
            plain: b"wasm",
            br: None,
            gzip: None,
        },
    ];

    fn get(name: &str, headers: &[(&str, &str)]) -> Response {
        let head = headers
            .iter()
            .fold(Head::new("GET", "/", ""), |head, (name, value)| {
                head.with(name, *value)
            });
        serve(ASSETS, name, &head)
    }

    #[test]
    fn the_best_accepted_coding_is_sent() {
        let sent = |accepted: &str| {
            let response = get("widget.js", &[("accept-encoding", accepted)]);
            (
                response.header("content-encoding").map(str::to_owned),
                response.body.as_bytes().to_vec(),
            )
        };
        assert_eq!(sent("gzip, br"), (Some("br".to_owned()), b"br".to_vec()));
        assert_eq!(sent("gzip"), (Some("gzip".to_owned()), b"gz".to_vec()));
        assert_eq!(sent("identity"), (None, b"plain".to_vec()));
        assert_eq!(
            get("a-1.wasm", &[("accept-encoding", "br")])
                .body
                .as_bytes(),
            b"wasm"
        );
    }

    #[test]
    fn names_with_a_hash_are_kept_for_ever_and_others_are_revalidated() {
        assert_eq!(
            get("a-1.wasm", &[]).header("cache-control"),
            Some(IMMUTABLE)
        );
        assert_eq!(get("widget.js", &[]).header("cache-control"), Some(SHORT));
        assert_eq!(
            get("widget.js", &[("if-none-match", "\"one\"")]).status,
            304
        );
        assert_eq!(
            get("widget.js", &[("if-none-match", "\"zero\", W/\"one\"")]).status,
            304
        );
        assert_eq!(
            get("widget.js", &[("if-none-match", "\"zero\"")]).status,
            200
        );
    }

    #[test]
    fn a_missing_file_says_why() {
        assert_eq!(get("b.js", &[]).status, 404);
        assert_eq!(
            serve(&[], "widget.js", &Head::default()).body.as_bytes(),
            b"this edge was built without the widget\n"
        );
    }
}
