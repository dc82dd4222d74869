//! Frames as server-sent events (the HTML standard, "Server-sent events"): one frame an event.

use std::rc::Rc;

use base64::{Engine, prelude::BASE64_STANDARD};
use firsthop_core::hop::relay::SocketId;
use firsthop_core::limits::STREAM_KEEP_ALIVE;
use firsthop_core::protocol::visitor::ToVisitor;
use firsthop_core::protocol::{Encoding, encode};
use futures_channel::mpsc::Receiver;
use futures_util::{Stream, StreamExt, stream};

use super::Object;
use crate::host::within;

/// Stands for an open stream; when the client goes away, the stream is dropped, and this with it.
struct Open {
    object: Rc<Object>,
    id: SocketId,
    frames: Receiver<ToVisitor>,
    encoding: Encoding,
    begun: bool,
}

impl Drop for Open {
    fn drop(&mut self) {
        self.object.gone(self.id);
    }
}

/// The events of a connection, as bytes, until it is closed.
pub(crate) fn events(
    object: Rc<Object>,
    id: SocketId,
    frames: Receiver<ToVisitor>,
    encoding: Encoding,
) -> impl Stream<Item = worker::Result<Vec<u8>>> {
    let open = Open {
        object,
        id,
        frames,
        encoding,
        begun: false,
    };
    stream::unfold(open, |mut open| async move {
        if !open.begun {
            // Proxies and clients see at once that it has begun.
            open.begun = true;
            return Some((Ok(b": open\n\n".to_vec()), open));
        }
        let event = match within(STREAM_KEEP_ALIVE, open.frames.next()).await {
            None => {
                open.object.look_around();
                b": keep-alive\n\n".to_vec()
            }
            Some(None) => return None,
            Some(Some(frame)) => match event(open.encoding, &frame) {
                Ok(event) => event,
                Err(problem) => return Some((Err(problem.to_string().into()), open)),
            },
        };
        Some((Ok(event), open))
    })
}

fn event(
    encoding: Encoding,
    frame: &ToVisitor,
) -> Result<Vec<u8>, firsthop_core::protocol::Problem> {
    let bytes = encode(encoding, &[frame])?;
    let data = match encoding {
        Encoding::Json => bytes,
        Encoding::Postcard => BASE64_STANDARD.encode(bytes).into_bytes(),
    };
    Ok([b"data: ".as_slice(), &data, b"\n\n"].concat())
}
