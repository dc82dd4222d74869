//! The one loop: whatever happens goes to the client, whatever the client wants is done, then
//! the panel is drawn.
//!
//! In: [`Happening`]s, one after another. Out: effects on the page, the network and the store.
//! Start reading at [`Shell::handle`]. Not here: delivery (`firsthop_core::hop::client`), what
//! the panel shows (`scene`), what the visitor's acts mean (`acts`), the connection (`link`).

mod acts;
mod link;
mod queue;

use js_sys::Promise;

use firsthop_core::Instant;
use firsthop_core::hop::client::{Change, Client, Output};
use firsthop_core::pack::Pack;
use firsthop_core::protocol::{Author, Content, Event, Seq};

pub(crate) use link::{NotAdmitted, Report};
pub(crate) use queue::Queue;

use crate::api::{Emitter, Given};
use crate::clock;
use crate::i18n::Words;
use crate::knowledge::Knowledge;
use crate::platform::{Browser, News};
use crate::scene::{Surroundings, scene};
use crate::view::{Act, View};
use link::Connection;

/// How long somebody is shown to type without being heard of again, in milliseconds.
const TYPING_SHOWN_MS: u64 = 8_000;

/// Everything that can happen.
pub(crate) enum Happening {
    /// The browser told what an earlier visit left.
    Recalled(Remembered),
    /// The current pack was fetched, and is the origin's.
    Pack(Box<Pack>),
    /// The visitor did something in the panel.
    Act(Act),
    /// The button was pressed.
    Toggle,
    /// The site wants the panel open, or not.
    Open(bool),
    /// The site wants a new message begun.
    Compose(String),
    /// The site changed options.
    Update(Given),
    /// Something happened on the connection of this number.
    Link(u32, Report),
    /// Admission for the connection of this number was granted, or not.
    Admitted(u32, Result<String, NotAdmitted>),
    /// Another tab told something.
    News(News),
    /// The browser found or lost its network.
    Network(bool),
    /// The page came to the front, or left it.
    Looked,
    /// The timer went off.
    TimeOut,
}

/// What an earlier visit left.
pub(crate) struct Remembered {
    /// The changes, in their order.
    pub(crate) changes: Vec<Change>,
    /// Whether they stand in many records, and all could be read.
    pub(crate) long: bool,
    /// The visitor's token.
    pub(crate) token: Option<String>,
    /// Up to where the visitor has read.
    pub(crate) read: Seq,
}

/// See the module.
pub(crate) struct Shell {
    given: Given,
    emit: Emitter,
    queue: Queue,
    client: Client,
    knowledge: Knowledge,
    view: View,
    browser: Browser,
    connection: Connection,
    around: Surroundings,
    /// Up to where the visitor has read.
    read: Seq,
    /// Up to where the site's script was told of messages.
    told: Seq,
    unread: usize,
    typing_until: Option<Instant>,
    /// When the other side was last told that the visitor types.
    typed_at: Option<Instant>,
    /// Changes of this turn, to be kept and told.
    changes: Vec<Change>,
}

impl Shell {
    /// Builds everything. Nothing is stored or sent yet, and no token asked for.
    pub(crate) fn new(given: Given, emit: Emitter, edge: &str, inbox: &str, queue: Queue) -> Self {
        let view = View::new(&given.root(), &given.button(), queue.poster(Happening::Act));
        let browser = Browser::new(edge, inbox, &given, queue.clone());
        let around = Surroundings {
            words: Words::of(&given.lang()),
            title: given.title(),
            online: browser.is_online(),
            lost: false,
            misplaced: false,
            knows: false,
            forgetful: false,
            typing: false,
        };
        let mut shell = Self {
            client: new_client(Vec::new()),
            connection: Connection::default(),
            knowledge: Knowledge::default(),
            given,
            emit,
            queue,
            view,
            browser,
            around,
            read: Seq(0),
            told: Seq(0),
            unread: 0,
            typing_until: None,
            typed_at: None,
            changes: Vec::new(),
        };
        shell.tell_context();
        shell.draw();
        shell
    }

    /// Takes in what happened; then does all that follows from it.
    pub(crate) fn handle(&mut self, happening: Happening) {
        let now = clock::instant();
        match happening {
            Happening::Recalled(remembered) => self.recalled(now, remembered),
            Happening::Pack(pack) => self.knowledge.set(pack),
            Happening::Act(act) => self.act(now, act),
            Happening::Toggle => self.open(now, !self.view.is_open()),
            Happening::Open(wanted) => self.open(now, wanted),
            Happening::Compose(text) => {
                self.open(now, true);
                self.view.write(&text);
            }
            Happening::Update(given) => self.update(&given),
            Happening::Link(number, report) => self.reported(now, number, report),
            Happening::Admitted(number, result) => self.admitted(now, number, result),
            Happening::News(news) => self.heard(now, news),
            Happening::Network(online) => self.network(now, online),
            Happening::Looked => {
                if self.browser.is_visible() && !self.client.transcript().is_empty() {
                    self.client.connect(now);
                }
            }
            Happening::TimeOut => {
                self.client.handle_timeout(now);
                if self.typing_until.is_some_and(|until| until <= now) {
                    self.set_typing(now, false);
                }
            }
        }
        self.settle(now);
    }

    /// Does what the client wants, until it wants nothing more; keeps and tells what changed.
    fn settle(&mut self, now: Instant) {
        while let Some(output) = self.client.poll_output() {
            match output {
                Output::Connect(transport) => self.connect(transport),
                Output::Disconnect => self.unlink(),
                Output::Admit => {
                    self.connection.distrust();
                    self.unlink();
                    self.client.handle_closed(now);
                }
                Output::Send(frames) => self.browser.send(&frames, self.client.hello()),
                Output::Save(change) => self.changes.push(change),
                Output::Pack(_) => self.learn(),
                Output::Token(token) => self.renewed(token.token.into_exposed()),
                Output::Typing(typing) => self.set_typing(now, typing.on),
                Output::Changed => {}
            }
        }
        let changes = std::mem::take(&mut self.changes);
        if !changes.is_empty() {
            if changes
                .iter()
                .any(|change| matches!(change, Change::Events(_)))
            {
                // Who has written no longer types.
                self.set_typing(now, false);
            }
            self.browser.keep(&changes);
            self.browser.tell(&News::Changes(changes));
        }
        if self.client.is_connected() {
            self.around.lost = false;
        }
        self.draw();
        self.see();
        // What was read above may have to be sent.
        if let Some(Output::Send(frames)) = self.client.poll_output() {
            self.browser.send(&frames, self.client.hello());
        }
        self.announce();
        let due = [self.client.next_timeout(), self.typing_until]
            .into_iter()
            .flatten()
            .min();
        self.browser
            .ring_after(due.map(|at| at.since(now).as_millis()));
    }

    fn draw(&mut self) {
        self.around.knows = self.knowledge.is_loaded();
        self.around.forgetful = self.browser.is_refused();
        self.view.draw(&scene(&self.client, &self.around, |at| {
            self.browser.day_of(at)
        }));
    }

    /// What is on the screen has been read; what has arrived, delivered.
    fn see(&mut self) {
        let cursor = self.client.cursor();
        if cursor > self.read && self.browser.is_visible() && self.view.is_at_end() {
            self.read = cursor;
            self.browser.keep_read(cursor);
            self.browser.tell(&News::Read(cursor));
        }
        if cursor > Seq(0) {
            self.client.see(self.read);
        }
    }

    /// Tells the site's script of new messages, and how many are unread.
    fn announce(&mut self) {
        let events = self.client.transcript().events();
        let unread = events
            .iter()
            .filter(|event| event.seq > self.read && is_received(event))
            .count();
        for event in events
            .iter()
            .filter(|event| event.seq > self.told && is_received(event))
        {
            self.emit.received(event);
        }
        self.told = self.told.max(self.client.cursor());
        if unread != self.unread {
            self.unread = unread;
            self.view.count(self.around.words, unread);
            self.emit.unread(unread);
        }
    }

    fn recalled(&mut self, now: Instant, remembered: Remembered) {
        let unsaid = self.client.transcript().is_empty();
        self.read = self.read.max(remembered.read);
        self.connection.remember(remembered.token);
        let known = self.connection.has_token();
        if unsaid {
            self.client = new_client(remembered.changes);
            if remembered.long {
                self.browser.compact(&self.client.snapshot());
            }
            self.tell_context();
        } else {
            // The visitor was quicker than the store.
            for change in remembered.changes {
                self.client.handle_change(now, change);
            }
        }
        // What was there before is no news, unless it is unread.
        self.told = self.read;
        if known || !self.client.transcript().is_empty() {
            self.client.connect(now);
        }
    }

    fn tell_context(&mut self) {
        self.client
            .set_context(self.around.words.tag, Some(self.browser.page()));
    }

    /// Fetches the pack that the hop above says is current, unless it is here.
    fn learn(&self) {
        if let Some(name) = self.client.pack()
            && self.knowledge.hash() != Some(name)
        {
            self.browser.learn(&name.to_string());
        }
    }

    fn heard(&mut self, now: Instant, news: News) {
        match news {
            News::Changes(changes) => {
                for change in changes {
                    self.client.handle_change(now, change);
                }
                if !self.client.transcript().is_empty() {
                    self.client.connect(now);
                }
            }
            News::Read(read) => self.read = self.read.max(read.min(self.client.cursor())),
            News::Token(token) => self.connection.remember(Some(token)),
            News::Shutdown => {
                self.given.host().remove();
                self.queue.end();
            }
        }
    }

    fn network(&mut self, now: Instant, online: bool) {
        self.around.online = online;
        if online {
            if self.connection.is_wanted() {
                self.client.connect(now);
            }
        } else if self.connection.is_wanted() {
            self.unlink();
            self.client.handle_closed(now);
        }
    }

    fn set_typing(&mut self, now: Instant, on: bool) {
        self.around.typing = on;
        self.typing_until = on.then(|| now + core::time::Duration::from_millis(TYPING_SHOWN_MS));
    }

    fn update(&mut self, given: &Given) {
        self.around.words = Words::of(&given.lang());
        self.around.title = given.title();
        self.tell_context();
        self.view.count(self.around.words, self.unread);
    }

    /// Who the visitor is, once a hop has said so.
    pub(crate) fn visitor_id(&self) -> Option<String> {
        self.client.visitor().map(|visitor| visitor.to_string())
    }

    /// Ends everything here and in the other tabs, and forgets it; done when the promise is.
    pub(crate) fn end(self) -> Promise {
        self.browser.tell(&News::Shutdown);
        self.given.host().remove();
        self.browser.forget()
    }
}

fn new_client(changes: Vec<Change>) -> Client {
    let seed = u64::from_le_bytes(clock::random());
    Client::new(
        clock::instant(),
        seed,
        concat!("firsthop-widget/", env!("CARGO_PKG_VERSION")),
        changes,
    )
}

/// Whether somebody else said it to the visitor.
fn is_received(event: &Event) -> bool {
    event.author != Author::Visitor
        && matches!(event.content, Content::Text(_) | Content::Answer(_))
}
