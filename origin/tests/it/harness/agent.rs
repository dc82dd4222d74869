//! An agent's console.

use std::net::SocketAddr;

use firsthop::host;
use firsthop_core::id::{ConversationId, MessageId};
use firsthop_core::protocol::agent::{
    Act, Command, ConversationEvents, FromAgent, Hello, Here, Open, Reply, Revision, Summary,
    ToAgent,
};
use firsthop_core::protocol::{Code, Encoding, Event, Seq, decode, encode};
use futures_util::{SinkExt, StreamExt};
use serde_json::json;
use tokio_tungstenite::connect_async;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;

use super::visitor::Socket;
use super::{Http, PATIENCE};

/// See the module.
pub(crate) struct TestAgent {
    address: SocketAddr,
    pub(crate) cookie: String,
    socket: Option<Socket>,
    pub(crate) inbox: Vec<ToAgent>,
    pub(crate) revision: Revision,
}

impl TestAgent {
    pub(crate) async fn log_in(
        http: &Http,
        address: SocketAddr,
        email: &str,
        password: &str,
    ) -> Self {
        let credentials = json!({ "email": email, "password": password }).to_string();
        let answer = http
            .post("/v1/session", &[("x-firsthop-csrf", "1")], credentials)
            .await;
        assert_eq!(answer.status, 204, "{answer:?}");
        let cookie = answer
            .header("set-cookie")
            .split(';')
            .next()
            .unwrap()
            .to_owned();
        Self {
            address,
            cookie,
            socket: None,
            inbox: Vec::new(),
            revision: Revision(0),
        }
    }

    pub(crate) async fn connect(&mut self) {
        let mut request = format!("ws://{}/v1/agent/socket", self.address)
            .into_client_request()
            .unwrap();
        let headers = request.headers_mut();
        headers.insert(
            "sec-websocket-protocol",
            Encoding::Postcard.subprotocol().parse().unwrap(),
        );
        headers.insert("cookie", self.cookie.parse().unwrap());
        self.socket = Some(connect_async(request).await.unwrap().0);
        self.send(Hello {
            version: 1,
            since: self.revision,
        })
        .await;
        self.wait_for(|frame| matches!(frame, ToAgent::Welcome(_)).then_some(()))
            .await;
    }

    pub(crate) fn disconnect(&mut self) {
        self.socket = None;
        self.inbox.clear();
    }

    pub(crate) async fn send(&mut self, frame: impl Into<FromAgent>) {
        let bytes = encode(Encoding::Postcard, &[frame.into()]).unwrap();
        self.socket
            .as_mut()
            .expect("connected")
            .send(Message::binary(bytes))
            .await
            .unwrap();
    }

    pub(crate) async fn receive(&mut self) -> Option<Vec<ToAgent>> {
        loop {
            return match self.socket.as_mut().expect("connected").next().await? {
                Ok(Message::Binary(bytes)) => Some(decode(Encoding::Postcard, &bytes).unwrap()),
                Ok(Message::Close(_)) | Err(_) => None,
                Ok(_) => continue,
            };
        }
    }

    /// Waits for a frame, among those that came already too.
    pub(crate) async fn wait_for<T>(&mut self, pick: impl Fn(&ToAgent) -> Option<T>) -> T {
        let waiting = async {
            loop {
                if let Some(found) = self.inbox.iter().rev().find_map(&pick) {
                    return found;
                }
                let frames = self.receive().await.expect("the socket stays open");
                for frame in frames {
                    if let ToAgent::Conversations(list) = &frame {
                        self.revision = self.revision.max(list.revision);
                    }
                    self.inbox.push(frame);
                }
            }
        };
        tokio::time::timeout(PATIENCE, waiting)
            .await
            .expect("the frame comes")
    }

    /// Waits until the list shows a conversation as described.
    pub(crate) async fn sees(
        &mut self,
        id: ConversationId,
        so: impl Fn(&Summary) -> bool,
    ) -> Summary {
        self.wait_for(|frame| match frame {
            ToAgent::Conversations(list) => list
                .conversations
                .iter()
                .rev()
                .find(|one| one.id == id && so(one))
                .cloned(),
            _ => None,
        })
        .await
    }

    /// Answers the server's questions until the list shows a conversation as described.
    pub(crate) async fn answers_until(&mut self, so: impl Fn(&Summary) -> bool) {
        loop {
            for frame in self.receive().await.expect("the socket stays open") {
                match frame {
                    ToAgent::Ask(ask) => self.send(Here { nonce: ask.nonce }).await,
                    ToAgent::Conversations(list) if list.conversations.iter().any(&so) => return,
                    _ => {}
                }
            }
        }
    }

    pub(crate) async fn open(&mut self, conversation: ConversationId) {
        self.send(Open {
            conversation,
            after: Seq(0),
        })
        .await;
    }

    /// Waits for an event of an opened conversation.
    pub(crate) async fn event<T>(
        &mut self,
        id: ConversationId,
        pick: impl Fn(&Event) -> Option<T>,
    ) -> T {
        self.wait_for(|frame| match frame {
            ToAgent::Events(ConversationEvents {
                conversation,
                events,
                ..
            }) if *conversation == id => events.iter().find_map(&pick),
            _ => None,
        })
        .await
    }

    /// Does something, and waits for what becomes of it.
    pub(crate) async fn acts(
        &mut self,
        conversation: ConversationId,
        act: impl Into<Act>,
    ) -> Result<(), Code> {
        let id = MessageId::new(host::now(), host::random());
        self.commands(Command {
            id,
            conversation,
            act: act.into(),
        })
        .await
    }

    pub(crate) async fn commands(&mut self, command: Command) -> Result<(), Code> {
        let id = command.id;
        self.inbox
            .retain(|frame| !matches!(frame, ToAgent::Done(_) | ToAgent::Refused(_)));
        self.send(command).await;
        self.wait_for(|frame| match frame {
            ToAgent::Done(done) if done.id == id => Some(Ok(())),
            ToAgent::Refused(refused) if refused.id == id => Some(Err(refused.problem.code)),
            _ => None,
        })
        .await
    }

    pub(crate) async fn replies(&mut self, conversation: ConversationId, words: &str) {
        assert_eq!(
            self.acts(conversation, Reply { text: words.into() }).await,
            Ok(())
        );
    }

    /// Reads until the server closes; gives the last problem, if it told one.
    pub(crate) async fn closed(&mut self) -> Option<Code> {
        let reading = async {
            while let Some(frames) = self.receive().await {
                self.inbox.extend(frames);
            }
        };
        tokio::time::timeout(PATIENCE, reading)
            .await
            .expect("the server closes");
        self.inbox.iter().rev().find_map(|frame| match frame {
            ToAgent::Error(problem) => Some(problem.code),
            _ => None,
        })
    }
}
