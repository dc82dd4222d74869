//! Agents' consoles: one that writes as much as it can, and one that does not read.

use std::collections::HashSet;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use firsthop_core::id::{ConversationId, MessageId};
use firsthop_core::protocol::agent::{
    Command, FromAgent, Hello, Here, Open, Reply, Revision, ToAgent,
};
use firsthop_core::protocol::{Event, Seq, VERSION};
use serde_json::{Value, json};

use super::slow::{self, Way, text};
use crate::clock;
use crate::servers::{Account, Servers};
use crate::socket::{Socket, Window};

/// Commands that are under way at the same time.
const UNDER_WAY_MAX: usize = 64;
const ANSWERED_WITHIN: Duration = Duration::from_secs(30);

/// A console that is greeted.
async fn console(servers: &Servers, account: Account, window: Window) -> Result<Socket> {
    let cookie = servers.log_in_as(account).await?;
    let mut socket = Socket::agent(servers.origin().at, &cookie, window).await?;
    let hello = Hello {
        version: VERSION,
        since: Revision(0),
    };
    socket.send(&[FromAgent::Hello(hello)]).await?;
    Ok(socket)
}

/// The next frames; none once the origin has ended it.
async fn next(socket: &mut Socket) -> Result<Option<Vec<ToAgent>>> {
    tokio::time::timeout(ANSWERED_WITHIN, socket.receive())
        .await
        .context("the origin says nothing to a console")?
}

/// Ada writes so many long messages into a conversation, as fast as they are stored. Gives their ids.
pub(super) async fn write(
    servers: &Servers,
    conversation: ConversationId,
    messages: usize,
) -> Result<Vec<MessageId>> {
    let mut socket = console(servers, Account::ADA, Window::Usual).await?;
    let mut ids = Vec::with_capacity(messages);
    let mut under_way = HashSet::new();
    while ids.len() < messages || !under_way.is_empty() {
        while ids.len() < messages && under_way.len() < UNDER_WAY_MAX {
            let id = clock::message_id()?;
            let reply = Reply {
                text: text().into(),
            };
            let command = Command {
                id,
                conversation,
                act: reply.into(),
            };
            socket.send(&[FromAgent::Command(command)]).await?;
            ids.push(id);
            under_way.insert(id);
        }
        let frames = next(&mut socket)
            .await?
            .context("the origin cut off a console that reads")?;
        for frame in frames {
            match frame {
                ToAgent::Done(done) => {
                    under_way.remove(&done.id);
                }
                ToAgent::Refused(refused) => bail!("{}", refused.problem),
                ToAgent::Ask(ask) => {
                    let here = Here { nonce: ask.nonce };
                    socket.send(&[FromAgent::Here(here)]).await?;
                }
                _ => {}
            }
        }
    }
    Ok(ids)
}

/// Bo opens a conversation and stops reading, while Ada writes into it.
pub(super) async fn does_not_read(servers: &Servers, messages: usize) -> Result<Value> {
    let visitor = slow::come(servers.origin().at, Way::Socket).await?;
    let conversation = visitor.admission.visitor;
    drop(visitor);
    let mut bo = console(servers, Account::BO, Window::Small).await?;
    follow(&mut bo, conversation, Seq(0)).await?;
    while events(next(&mut bo).await?.context("Bo is cut off")?, conversation).is_empty() {}
    let ids = write(servers, conversation, messages).await?;
    // Ada's console has gone by then, or goes meanwhile.
    let given_up = slow::given_up_after(servers, "firsthop_agent_connections", 0).await?;

    // He reads on: what is there is all that was held for him.
    let mut held = 0;
    let mut cut = false;
    let mut seen = HashSet::new();
    while seen.len() < messages {
        let Ok(Some(frames)) = next(&mut bo).await else {
            cut = true;
            break;
        };
        for event in events(frames, conversation) {
            held += slow::TEXT_BYTES;
            seen.insert(event.id);
        }
    }
    drop(bo);

    // He comes back, and asks for what he lacks.
    let mut bo = console(servers, Account::BO, Window::Usual).await?;
    let mut last = Seq(0);
    let mut found = HashSet::new();
    follow(&mut bo, conversation, last).await?;
    while !ids.iter().all(|id| found.contains(id)) {
        let frames = next(&mut bo).await?.context("Bo is cut off again")?;
        let mut more = false;
        for frame in &frames {
            if let ToAgent::Events(part) = frame {
                more |= part.more;
            }
        }
        for event in events(frames, conversation) {
            last = last.max(event.seq);
            found.insert(event.id);
        }
        if more {
            follow(&mut bo, conversation, last).await?;
        }
    }
    Ok(json!({
        "held_mb": super::mb(held as u64),
        "given_up_after_s": given_up,
        "cut_off": cut,
        "caught_up": true,
    }))
}

async fn follow(socket: &mut Socket, conversation: ConversationId, after: Seq) -> Result<()> {
    let open = Open {
        conversation,
        after,
    };
    socket.send(&[FromAgent::Open(open)]).await
}

/// A conversation's events in frames.
fn events(frames: Vec<ToAgent>, of: ConversationId) -> Vec<Event> {
    frames
        .into_iter()
        .filter_map(|frame| match frame {
            ToAgent::Events(part) if part.conversation == of => Some(part.events),
            _ => None,
        })
        .flatten()
        .collect()
}
