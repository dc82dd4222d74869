//! Requests and responses, from the platform's form into ours and back.

use firsthop_core::limits::BATCH_BYTES_MAX;
use firsthop_edge::http::{Body, Head, Response};
use futures_util::StreamExt;
use js_sys::{Array, Function, Reflect, Uint8Array};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::ReadableWritablePair;
use worker::{EncodeBody, Headers, Request, ResponseBuilder};

/// So much of a body that is too large is read away.
const DISCARDED_BYTES_MAX: usize = 2 * BATCH_BYTES_MAX;

/// A request's method, address and headers.
///
/// The platform has parsed the address: scheme and authority come first. Parsing it again would
/// bring in tables that make up a fifth of the program.
pub(crate) fn head(request: &Request) -> Head {
    let url = request.inner().url();
    let after_scheme = url.split_once("://").map_or(url.as_str(), |(_, rest)| rest);
    let target = after_scheme
        .find('/')
        .and_then(|at| after_scheme.get(at..))
        .unwrap_or("/");
    let target = target.split('#').next().unwrap_or_default();
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let head = Head::new(&request.inner().method(), path, query);
    let headers = request.headers().entries();
    headers.fold(head, |head, (name, value)| head.with(&name, value))
}

/// A request's body, if it has at most `max` bytes; no more are kept.
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
    let mut bytes = 0usize;
    let mut stream = request.stream()?;
    while let Some(chunk) = stream.next().await {
        let chunk = chunk?;
        bytes = bytes.saturating_add(chunk.len());
        if bytes <= max {
            body.extend(chunk);
        } else if bytes > DISCARDED_BYTES_MAX {
            break;
        }
        // Else it is read away, so that the client gets to hear why instead of a broken pipe.
    }
    Ok((bytes <= max).then_some(body))
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
    // Compressed already: the runtime must not do it again.
    let builder = if response.header("content-encoding").is_some() {
        builder.with_encode_body(EncodeBody::Manual)
    } else {
        builder
    };
    Ok(match response.body {
        Body::Static([]) => builder.empty(),
        Body::Static(bytes) => builder.fixed(bytes.to_vec()),
        Body::Owned(bytes) => builder.fixed(bytes),
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

/// Compresses bytes with gzip, as the platform does it.
pub(crate) async fn gzip(bytes: &[u8]) -> Result<Vec<u8>, JsValue> {
    let plain = web_sys::Response::new_with_opt_buffer_source(Some(&to_js(bytes)))?;
    let Some(plain) = plain.body() else {
        return Ok(Vec::new());
    };
    // Its binding is not in web-sys yet; it is the pair of streams that `pipe_through` takes.
    let class: Function =
        Reflect::get(&js_sys::global(), &"CompressionStream".into())?.dyn_into()?;
    let gzip = Reflect::construct(&class, &Array::of1(&"gzip".into()))?;
    let compressed = plain.pipe_through(gzip.unchecked_ref::<ReadableWritablePair>());
    let compressed = web_sys::Response::new_with_opt_readable_stream(Some(&compressed))?;
    let buffer = JsFuture::from(compressed.array_buffer()?).await?;
    Ok(Uint8Array::new(&buffer).to_vec())
}
