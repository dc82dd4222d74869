//! A server in this process, with an inbox, knowledge and an administrator.

use std::net::SocketAddr;

use firsthop::accounts::{hash_now, new_agent};
use firsthop::config::Config;
use firsthop::host;
use firsthop::knowledge::{self, File, Published};
use firsthop::server::Origin;
use firsthop::store::accounts::Role;
use firsthop::store::drafts::Change;
use firsthop::store::versions::How;
use firsthop_core::id::EdgeId;
use firsthop_core::protocol::edge::Inbox;
use firsthop_core::token::Key;
use tempfile::TempDir;

use super::{Http, TestAgent, TestEdge, TestEditor, TestVisitor};

pub(crate) const INBOX: &str = "demo";
pub(crate) const ADMIN_EMAIL: &str = "ada@example.com";
pub(crate) const ADMIN_PASSWORD: &str = "correct horse battery";

/// What the bot knows.
pub(crate) const KNOWLEDGE: &str = concat!(
    r#"{"id":"hours","title":"Opening hours","phrasings":["When are you open?"],"answer":"From nine to five."}"#,
    "\n",
    r#"{"id":"returns","title":"Returns","phrasings":["How do I return a parcel?"],"answer":"Within thirty days."}"#,
    "\n",
);

/// The knowledge of a whole shop.
pub(crate) const SHOP: &str = include_str!("../../../../deploy/demo/knowledge.jsonl");

/// What no shop's knowledge answers.
pub(crate) const NONSENSE: &str = "Quixotic zeppelins juggle brimstone vortexes?";

/// See the module. Leaves nothing behind when it is dropped.
pub(crate) struct TestOrigin {
    origin: Option<Origin>,
    address: SocketAddr,
    pub(crate) http: Http,
    pub(crate) directory: TempDir,
    config: Config,
}

impl TestOrigin {
    /// An empty server.
    pub(crate) async fn bare(change: impl FnOnce(&mut Config)) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let mut config = Config {
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            directory: directory.path().join("data"),
            ..Config::default()
        };
        change(&mut config);
        let origin = Origin::start(config.clone()).await.unwrap();
        let address = origin.address();
        Self {
            origin: Some(origin),
            address,
            http: Http::new(format!("http://{address}")),
            directory,
            config,
        }
    }

    /// A server with an inbox and an administrator.
    pub(crate) async fn start() -> Self {
        Self::start_with(|_| {}).await
    }

    pub(crate) async fn start_with(change: impl FnOnce(&mut Config)) -> Self {
        let test = Self::bare(change).await;
        test.add_inbox(INBOX, &["https://shop.example"]).await;
        let agent = new_agent(ADMIN_EMAIL, "Ada", Role::Admin).unwrap();
        let hash = hash_now(ADMIN_PASSWORD).unwrap();
        assert!(
            test.app()
                .store
                .add_agent(&agent, Some(&hash), host::now())
                .await
                .unwrap()
        );
        test
    }

    /// The same, and the bot knows something.
    pub(crate) async fn with_knowledge() -> Self {
        let test = Self::start().await;
        test.publish(KNOWLEDGE).await;
        test
    }

    pub(crate) fn app(&self) -> &firsthop::app::App {
        self.origin.as_ref().expect("the server runs").app()
    }

    pub(crate) fn origin(&self) -> &Origin {
        self.origin.as_ref().expect("the server runs")
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(crate) async fn add_inbox(&self, key: &str, origins: &[&str]) {
        let allowed_origins = origins.iter().map(ToString::to_string).collect();
        let inbox = Inbox {
            key: key.to_owned(),
            name: format!("The {key} shop"),
            allowed_origins,
            pack: None,
            published: None,
        };
        assert!(
            self.app()
                .store
                .add_inbox(&inbox, host::now())
                .await
                .unwrap()
        );
        self.app().refresh_settings().await.unwrap();
    }

    pub(crate) async fn publish(&self, text: &str) -> Published {
        let file = File {
            inbox: INBOX,
            name: "k.jsonl",
            text: text.into(),
            how: How::Command,
            change: Change {
                who: None,
                at: host::now(),
            },
        };
        let published = knowledge::publish(&self.app().store, file).await.unwrap();
        self.app().refresh_settings().await.unwrap();
        published
    }

    pub(crate) async fn visitor(&self) -> TestVisitor {
        TestVisitor::admitted(self.http.clone(), self.address, INBOX).await
    }

    /// An agent with a socket that has been greeted.
    pub(crate) async fn agent(&self) -> TestAgent {
        let mut agent =
            TestAgent::log_in(&self.http, self.address, ADMIN_EMAIL, ADMIN_PASSWORD).await;
        agent.connect().await;
        agent
    }

    /// A second agent.
    pub(crate) async fn colleague(&self) -> TestAgent {
        let mut agent = self.account("bob@example.com", Role::Agent).await;
        agent.connect().await;
        agent
    }

    async fn account(&self, email: &str, role: Role) -> TestAgent {
        let agent = new_agent(email, "Bob", role).unwrap();
        let hash = hash_now(ADMIN_PASSWORD).unwrap();
        assert!(
            self.app()
                .store
                .add_agent(&agent, Some(&hash), host::now())
                .await
                .unwrap()
        );
        TestAgent::log_in(&self.http, self.address, email, ADMIN_PASSWORD).await
    }

    /// The administrator at the inbox's knowledge.
    pub(crate) async fn editor(&self) -> TestEditor {
        let admin = TestAgent::log_in(&self.http, self.address, ADMIN_EMAIL, ADMIN_PASSWORD).await;
        TestEditor::new(self.http.clone(), &admin.cookie, INBOX)
    }

    /// Somebody else, called Bob, at the inbox's knowledge.
    pub(crate) async fn editor_as(&self, email: &str, role: Role) -> TestEditor {
        let agent = self.account(email, role).await;
        TestEditor::new(self.http.clone(), &agent.cookie, INBOX)
    }

    /// An edge that takes pushes.
    pub(crate) async fn edge(&self) -> TestEdge {
        let edge = self.new_edge().await;
        self.app().refresh_settings().await.unwrap();
        self.app().look_for_settings();
        edge
    }

    /// An edge that has just been created, by a command of which the server has not heard yet.
    pub(crate) async fn new_edge(&self) -> TestEdge {
        let edge = TestEdge::listen(
            self.http.clone(),
            EdgeId::new(host::now(), host::random()),
            Key(host::random()),
        )
        .await;
        self.app()
            .store
            .add_edge(edge.id, "test", &edge.url(), &edge.key, host::now())
            .await
            .unwrap();
        edge
    }

    /// Stops, and starts again on the same data.
    pub(crate) async fn restart(&mut self) {
        self.origin.take().expect("the server runs").stop().await;
        let origin = Origin::start(Config {
            listen: self.address,
            ..self.config.clone()
        })
        .await
        .unwrap();
        self.origin = Some(origin);
    }

    /// Stops, and waits for the end.
    pub(crate) async fn stop(&mut self) {
        self.origin.take().expect("the server runs").stop().await;
    }
}
