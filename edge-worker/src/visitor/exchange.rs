//! One POST of frames and its one answer: when it is complete.
//!
//! It has to tell the welcome and what became of each message; with `wait` also something new.

use std::collections::BTreeSet;

use firsthop_core::id::MessageId;
use firsthop_core::limits::FRAMES_PER_WIRE_MESSAGE_MAX;
use firsthop_core::protocol::visitor::{Events, ToServer, ToVisitor};
use firsthop_core::protocol::{Encoding, Problem, decode, encode};

/// Collects the frames of an answer.
#[derive(Debug)]
pub struct Exchange {
    encoding: Encoding,
    welcomed: bool,
    /// Whether what came with the welcome is past: what comes from now on is new.
    settled: bool,
    pending: BTreeSet<MessageId>,
    waits: bool,
    frames: Vec<ToVisitor>,
}

impl Exchange {
    /// For a request's body. With `wait`, it is not complete before there is news.
    pub fn new(encoding: Encoding, body: &[u8], wait: bool) -> Self {
        let mut pending = BTreeSet::new();
        // What can't be read is refused by the machine, in a frame that completes the answer.
        for frame in decode::<ToServer>(encoding, body).unwrap_or_default() {
            if let ToServer::Submit(submit) = frame {
                pending.extend(submit.messages.iter().map(|message| message.id));
            }
        }
        Self {
            encoding,
            welcomed: false,
            settled: false,
            pending,
            waits: wait,
            frames: Vec::new(),
        }
    }

    /// Takes a frame.
    pub fn push(&mut self, frame: ToVisitor) {
        match &frame {
            ToVisitor::Welcome(_) => self.welcomed = true,
            ToVisitor::Stored(stored) => {
                for id in &stored.ids {
                    self.waits &= !self.pending.remove(id);
                }
            }
            ToVisitor::Refused(refused) => self.waits &= !self.pending.remove(&refused.id),
            ToVisitor::Token(_) | ToVisitor::Ping(_) => {}
            ToVisitor::Events(events) if events.events.is_empty() => {}
            // The log is news; of the rest, what the welcome brings along is not.
            ToVisitor::Events(_) | ToVisitor::Answered(_) | ToVisitor::Error(_) => {
                self.waits = false;
            }
            _ => self.waits &= !self.settled,
        }
        self.frames.push(frame);
    }

    /// No more frames come for now.
    pub const fn pause(&mut self) {
        self.settled = self.welcomed;
    }

    /// Whether everything that was asked for is there.
    pub fn is_complete(&self) -> bool {
        self.is_full() || (self.welcomed && self.pending.is_empty() && !self.waits)
    }

    /// Whether no more fits in; the client asks again from its cursor.
    fn is_full(&self) -> bool {
        self.frames.len() >= FRAMES_PER_WIRE_MESSAGE_MAX
    }

    /// The answer's body, or the problem that is the whole answer.
    ///
    /// # Errors
    /// What was wrong with the request; or `internal`.
    pub fn finish(mut self) -> Result<Vec<u8>, Problem> {
        if !self.welcomed
            && let Some(problem) = self.frames.iter().find_map(|frame| match frame {
                ToVisitor::Error(problem) => Some(problem.clone()),
                _ => None,
            })
        {
            return Err(problem);
        }
        loop {
            match encode(self.encoding, &self.frames) {
                Ok(bytes) => return Ok(bytes),
                // Events come again with the next request; acknowledgements would not.
                Err(problem) => self.drop_last_events().ok_or(problem)?,
            }
        }
    }

    fn drop_last_events(&mut self) -> Option<()> {
        let at = self
            .frames
            .iter()
            .rposition(|frame| matches!(frame, ToVisitor::Events(Events { .. })))?;
        self.frames.remove(at);
        Some(())
    }
}
