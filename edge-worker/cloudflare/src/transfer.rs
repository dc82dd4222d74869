//! Requests and responses, from the platform's form into ours and back.

use firsthop_edge::http::{Body, Head, Response};
use futures_util::StreamExt;
use js_sys::Uint8Array;
use worker::{EncodeBody, Headers, Request, ResponseBuilder};

/// A request's method, address and headers.
pub(crate) fn head(request: &Request) -> worker::Result<Head> {
    let url = request.url()?;
    let head = Head::new(
        request.method().as_ref(),
        url.path(),
        url.query().unwrap_or_default(),
    );
    Ok(request
        .headers()
        .entries()
        .fold(head, |head, (name, value)| head.with(&name, value)))
}

/// A request's body, if it has at most `max` bytes; no more are read.
pub(crate) async fn read_body(
    request: &mut Request,
    said: Option<usize>,
    max: usize,
) -> worker::Result<Option<Vec<u8>>> {
    if said.is_some_and(|said| said > max) {
        return Ok(None);
    }
    if request.inner().body().is_none() {
        return Ok(Some(Vec::new()));
    }
    let mut body = Vec::new();
    let mut stream = request.stream()?;
    while let Some(chunk) = stream.next().await {
        let chunk = chunk?;
        if body.len() + chunk.len() > max {
            return Ok(None);
        }
        body.extend(chunk);
    }
    Ok(Some(body))
}

/// A response in the platform's form.
pub(crate) fn respond(response: Response) -> worker::Result<worker::Response> {
    let headers = Headers::new();
    for (name, value) in &response.headers {
        headers.append(name, value)?;
    }
    let builder = ResponseBuilder::new()
        .with_status(response.status)
        .with_headers(headers);
    Ok(match response.body {
        Body::Static([]) => builder.empty(),
        // Made compressed: the runtime must not do it again.
        Body::Static(bytes)
            if response
                .headers
                .iter()
                .any(|(name, _)| *name == "content-encoding") =>
        {
            builder
                .with_encode_body(EncodeBody::Manual)
                .fixed(bytes.to_vec())
        }
        Body::Static(bytes) => builder.fixed(bytes.to_vec()),
        Body::Owned(bytes) | Body::Compressible(bytes) => builder.fixed(bytes),
    })
}

/// The same, without its body if only its head was asked for.
pub(crate) fn respond_to(head: &Head, mut response: Response) -> worker::Result<worker::Response> {
    if head.method == "HEAD" {
        response.body = Body::Static(b"");
    }
    respond(response)
}

/// Bytes as the platform's requests take them.
pub(crate) fn to_js(bytes: &[u8]) -> Uint8Array {
    Uint8Array::from(bytes)
}
