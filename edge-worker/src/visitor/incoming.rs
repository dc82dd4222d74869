//! What a socket sends: decoded, counted, checked, and handed to the relay.
//!
//! Invariant: a socket that breaks a rule is told which, and closed; of a message that is refused,
//! nothing has happened. Start reading at [`Visitor::handle_message`].

use firsthop_core::Instant;
use firsthop_core::bot::screen;
use firsthop_core::conversation::check;
use firsthop_core::hop::gateway::check_hello;
use firsthop_core::hop::relay::SocketId;
use firsthop_core::limits::{PING_AFTER, SUBMISSIONS_PER_FRAME_MAX};
use firsthop_core::pack::{Pack, PackHash};
use firsthop_core::protocol::visitor::{Hello, Refused, Said, Submission, ToServer};
use firsthop_core::protocol::{Code, Hop, Problem, decode};

use super::{Bot, Stage, Visitor};

impl Visitor {
    /// A wire message of a connection, and who can answer questions in it.
    pub fn handle_message(
        &mut self,
        now: Instant,
        socket: SocketId,
        bytes: &[u8],
        bot: &mut Bot<'_>,
    ) {
        let Some(known) = self.sockets.get_mut(&socket) else {
            return;
        };
        known.heard_at = now;
        known.unread.heard();
        if !known.lasting {
            // Requests speak for the streams that they come beside.
            for beside in self.sockets.values_mut().filter(|socket| !socket.lasting) {
                beside.heard_at = now;
                beside.unread.heard();
            }
        } else if now.since(known.remembered_at) >= PING_AFTER {
            self.remember(socket);
        }
        self.close_silent(now);
        let Some(known) = self.sockets.get_mut(&socket) else {
            return;
        };
        let frames = match decode::<ToServer>(known.visit.encoding(), bytes) {
            Ok(frames) => frames,
            Err(problem) => return self.refuse(socket, problem),
        };
        for frame in frames {
            if !self.handle_frame(now, socket, frame, bot) {
                return;
            }
        }
    }

    /// Whether the connection goes on.
    fn handle_frame(
        &mut self,
        now: Instant,
        socket: SocketId,
        frame: ToServer,
        bot: &mut Bot<'_>,
    ) -> bool {
        if let Err(wait) = self.frames.take(now, 1) {
            let problem = Problem::new(Code::TooManyMessages, "frames come faster than allowed")
                .retry_after(wait);
            self.refuse(socket, problem);
            return false;
        }
        let Some(known) = self.sockets.get_mut(&socket) else {
            return false;
        };
        let checked = match frame {
            ToServer::Hello(hello) => match check_hello(&hello) {
                Ok(()) => {
                    known.stage = Stage::Greeting;
                    self.greet(socket, hello, bot.pack.map(Pack::hash));
                    Ok(())
                }
                Err(problem) => Err(problem),
            },
            _ if known.stage == Stage::New => Err(Problem::new(
                Code::UnexpectedFrame,
                format!("`{}` before `hello`", frame.kind()),
            )),
            ToServer::Submit(submit) => self.submit(now, socket, submit.messages, bot),
            frame => {
                self.relay.handle_frame(socket, frame);
                Ok(())
            }
        };
        match checked {
            Ok(()) => true,
            Err(problem) => {
                self.refuse(socket, problem);
                false
            }
        }
    }

    fn greet(&mut self, socket: SocketId, hello: Hello, pack: Option<PackHash>) {
        if pack.is_some() {
            self.relay.set_pack(pack);
        }
        self.remember(socket);
        self.relay.handle_frame(socket, hello.into());
    }

    fn submit(
        &mut self,
        now: Instant,
        socket: SocketId,
        messages: Vec<Submission>,
        bot: &mut Bot<'_>,
    ) -> Result<(), Problem> {
        if messages.len() > SUBMISSIONS_PER_FRAME_MAX {
            return Err(Problem::new(
                Code::TooManyItems,
                format!(
                    "{} messages in one `submit`; at most {SUBMISSIONS_PER_FRAME_MAX} are allowed",
                    messages.len()
                ),
            ));
        }
        for mut message in messages {
            let checked = check(&message).and_then(|()| {
                self.submissions.take(now, 1).map_err(|wait| {
                    Problem::new(Code::TooManyMessages, "messages come faster than allowed")
                        .retry_after(wait)
                })
            });
            if let Err(problem) = checked {
                self.send(
                    socket,
                    Refused {
                        id: message.id,
                        problem,
                    },
                );
                continue;
            }
            if let Said::Text(said) = &mut message.said
                && let Some(claim) = &mut said.claim
            {
                // Only a signed batch may speak for an edge.
                claim.hop = Hop::Browser;
            }
            let screened = screen(bot.answerer, bot.pack, self.relay.bot_speaks(), message);
            self.relay.handle_submission(socket, screened);
        }
        Ok(())
    }
}
