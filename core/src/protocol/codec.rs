//! Wire messages: one or more frames in one of the two encodings.
//!
//! In postcard a wire message is its frames one after another, each self-delimiting. In JSON it
//! is one frame (an object) or an array of frames. Any bytes give frames or a [`Problem`].

use serde::{Serialize, de::DeserializeOwned};

use super::problem::{Code, Problem};
use crate::limits::{FRAMES_PER_WIRE_MESSAGE_MAX, WIRE_MESSAGE_BYTES_MAX};

/// How frames are written: chosen by WebSocket subprotocol or content type.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Encoding {
    /// Compact, for our own clients.
    Postcard,
    /// For everyone else.
    #[cfg(feature = "json")]
    Json,
}

impl Encoding {
    /// The encodings of this build, the preferred one first.
    pub const ALL: &'static [Self] = &[
        Self::Postcard,
        #[cfg(feature = "json")]
        Self::Json,
    ];

    /// The WebSocket subprotocol (RFC 6455, section 1.9) that stands for version 1 in it.
    pub const fn subprotocol(self) -> &'static str {
        match self {
            Self::Postcard => "firsthop.v1.postcard",
            #[cfg(feature = "json")]
            Self::Json => "firsthop.v1.json",
        }
    }

    /// The content type of an HTTP body in it.
    pub const fn content_type(self) -> &'static str {
        match self {
            Self::Postcard => "application/vnd.firsthop.v1+postcard",
            #[cfg(feature = "json")]
            Self::Json => "application/json",
        }
    }

    /// The encoding that a subprotocol stands for.
    pub fn from_subprotocol(name: &str) -> Option<Self> {
        Self::ALL
            .iter()
            .copied()
            .find(|encoding| encoding.subprotocol() == name)
    }

    /// The encoding that a content type stands for; its parameters (`; charset=utf-8`) don't
    /// matter.
    pub fn from_content_type(name: &str) -> Option<Self> {
        let essence = name.split(';').next().unwrap_or_default().trim();
        Self::ALL
            .iter()
            .copied()
            .find(|encoding| encoding.content_type().eq_ignore_ascii_case(essence))
    }
}

/// Writes frames as one wire message.
///
/// # Errors
/// `message_too_large` if it would exceed `WIRE_MESSAGE_BYTES_MAX`: the caller splits it.
pub fn encode<F: Serialize>(encoding: Encoding, frames: &[F]) -> Result<Vec<u8>, Problem> {
    let bytes = match encoding {
        Encoding::Postcard => {
            let mut bytes = Vec::new();
            for frame in frames {
                bytes.extend(postcard::to_allocvec(frame).map_err(|_| unwritable())?);
            }
            bytes
        }
        #[cfg(feature = "json")]
        Encoding::Json => match frames {
            [frame] => serde_json::to_vec(frame),
            frames => serde_json::to_vec(frames),
        }
        .map_err(|_| unwritable())?,
    };
    check_size(bytes.len())?;
    Ok(bytes)
}

/// Reads a wire message.
///
/// # Errors
/// `message_too_large`, `too_many_items` or `malformed_frame`.
pub fn decode<F: DeserializeOwned>(encoding: Encoding, bytes: &[u8]) -> Result<Vec<F>, Problem> {
    check_size(bytes.len())?;
    let frames = match encoding {
        Encoding::Postcard => decode_postcard(bytes)?,
        #[cfg(feature = "json")]
        Encoding::Json => decode_json(bytes)?,
    };
    if frames.len() > FRAMES_PER_WIRE_MESSAGE_MAX {
        return Err(too_many_frames());
    }
    Ok(frames)
}

fn decode_postcard<F: DeserializeOwned>(bytes: &[u8]) -> Result<Vec<F>, Problem> {
    let mut rest = bytes;
    let mut frames = Vec::new();
    while !rest.is_empty() {
        if frames.len() == FRAMES_PER_WIRE_MESSAGE_MAX {
            return Err(too_many_frames());
        }
        let (frame, after) = postcard::take_from_bytes(rest).map_err(|_| {
            let at = bytes.len() - rest.len();
            Problem::counted(
                Code::MalformedFrame,
                "the frame that begins at byte {} is not valid postcard of protocol version 1",
                [at],
            )
        })?;
        frames.push(frame);
        rest = after;
    }
    Ok(frames)
}

#[cfg(feature = "json")]
fn decode_json<F: DeserializeOwned>(bytes: &[u8]) -> Result<Vec<F>, Problem> {
    let is_array = bytes.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'[');
    let frames = if is_array {
        serde_json::from_slice(bytes)
    } else {
        serde_json::from_slice(bytes).map(|frame| vec![frame])
    };
    // What serde_json says names the place; it may quote a field's name, never a string's content
    // beyond what it expected there, so the category is told instead of the sentence.
    frames.map_err(|error| {
        let what = match error.classify() {
            serde_json::error::Category::Syntax => "no valid JSON",
            serde_json::error::Category::Eof => "JSON that ends too early",
            serde_json::error::Category::Data | serde_json::error::Category::Io => {
                "no frame that docs/protocol.md describes"
            }
        };
        // Within a frame the place is not known any more.
        let place = match error.line() {
            0 => String::new(),
            line => format!(" at line {line}, column {}", error.column()),
        };
        Problem::new(Code::MalformedFrame, format!("{what}{place}"))
    })
}

fn check_size(bytes: usize) -> Result<(), Problem> {
    if bytes > WIRE_MESSAGE_BYTES_MAX {
        return Err(Problem::counted(
            Code::MessageTooLarge,
            "{} bytes in one message; at most {} are allowed",
            [bytes, WIRE_MESSAGE_BYTES_MAX],
        ));
    }
    Ok(())
}

fn too_many_frames() -> Problem {
    Problem::counted(
        Code::TooManyItems,
        "more than {} frames in one message",
        [FRAMES_PER_WIRE_MESSAGE_MAX],
    )
}

fn unwritable() -> Problem {
    Problem::new(Code::Internal, "a frame could not be written")
}
