//! Static pages under `/demo/`, from the optional service binding `PAGES`.
//!
//! workerd's disk service answers a directory with its listing and every file without a media
//! type: neither goes out. Only files with a known extension do.

use worker::Response;

use crate::host::Worker;

/// Extensions that are served, with their media types.
const TYPES: &[(&str, &str)] = &[
    ("html", "text/html; charset=utf-8"),
    ("css", "text/css; charset=utf-8"),
    ("js", "text/javascript; charset=utf-8"),
    ("json", "application/json"),
    ("svg", "image/svg+xml"),
    ("png", "image/png"),
    ("jpg", "image/jpeg"),
    ("webp", "image/webp"),
    ("ico", "image/x-icon"),
    ("woff2", "font/woff2"),
    ("txt", "text/plain; charset=utf-8"),
];

/// Answers with the page at `path`, which begins with a slash or is empty.
pub(crate) async fn serve(host: &Worker, path: &str) -> worker::Result<Response> {
    if path.is_empty() {
        return Ok(Response::empty()?
            .with_status(308)
            .with_headers([("location", "/demo/")].into_iter().collect()));
    }
    let file = if path.ends_with('/') {
        format!("{path}index.html")
    } else {
        path.to_owned()
    };
    let known = file
        .rsplit_once('.')
        .and_then(|(_, extension)| TYPES.iter().find(|(known, _)| *known == extension));
    let (Some(pages), Some((_, media_type))) = (host.service("PAGES"), known) else {
        return Response::error("no such page\n", 404);
    };
    let mut page = pages.fetch(format!("http://pages{file}"), None).await?;
    if page.status_code() != 200 {
        return Response::error("no such page\n", 404);
    }
    let headers = [
        ("content-type", *media_type),
        ("cache-control", "no-cache"),
        ("x-content-type-options", "nosniff"),
    ];
    Ok(Response::from_bytes(page.bytes().await?)?.with_headers(headers.into_iter().collect()))
}
