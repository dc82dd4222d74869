//! Agents' accounts, their sessions, and the links by which they choose a password.

use std::time::Duration;

use firsthop_core::Timestamp;
use firsthop_core::id::AgentId;
use firsthop_core::protocol::AgentRef;
use sqlx::Row as _;
use sqlx::sqlite::SqliteRow;

use super::rows::{bytes, integer};
use super::{Store, StoreError};

/// How long a login lasts.
pub const SESSION_LIFETIME: Duration = Duration::from_secs(14 * 24 * 3600);
/// How long a link for choosing a password works.
pub const SETUP_LINK_LIFETIME: Duration = Duration::from_secs(3 * 24 * 3600);

/// The SHA-256 of a secret, which is all that is stored of it.
pub type SecretHash = [u8; 32];

/// What an agent may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Everything.
    Admin,
    /// Conversations, and knowledge.
    Editor,
    /// Conversations.
    Agent,
}

impl Role {
    /// The word for it in the API and in the store.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::Editor => "editor",
            Self::Agent => "agent",
        }
    }

    /// Whether knowledge may be changed and published.
    #[must_use]
    pub const fn edits_knowledge(self) -> bool {
        matches!(self, Self::Admin | Self::Editor)
    }
}

/// An agent's account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Agent {
    /// Who.
    pub id: AgentId,
    /// What they log in with.
    pub email: String,
    /// What visitors and colleagues see.
    pub name: String,
    /// What they may do.
    pub role: Role,
}

impl Agent {
    /// As others see them.
    #[must_use]
    pub fn as_ref(&self) -> AgentRef {
        AgentRef {
            id: self.id,
            name: self.name.clone(),
        }
    }

    fn read(row: &SqliteRow) -> Result<Self, StoreError> {
        Ok(Self {
            id: AgentId::from_bytes(bytes(row.try_get("id")?)?),
            email: row.try_get("email")?,
            name: row.try_get("name")?,
            role: match row.try_get("role")? {
                "admin" => Role::Admin,
                "editor" => Role::Editor,
                "agent" => Role::Agent,
                _ => return Err(StoreError::Malformed("agent.role")),
            },
        })
    }
}

/// What a set-up link is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SetUp {
    /// Making the first administrator.
    First,
    /// Choosing this account's password.
    Of(Agent),
}

impl Store {
    /// Whether anybody can log in, or has been given a link for it.
    pub async fn has_agents(&self) -> Result<bool, StoreError> {
        let row = sqlx::query("select exists (select 1 from agent)")
            .fetch_one(&self.readers)
            .await?;
        Ok(row.try_get(0)?)
    }

    /// Makes an account; false if the address has one already.
    pub async fn add_agent(
        &self,
        agent: &Agent,
        password_hash: Option<&str>,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let done = sqlx::query(
            "insert into agent (id, email, name, role, password, created_at) values (?1, ?2, ?3, ?4, ?5, ?6) \
             on conflict (email) do nothing",
        )
        .bind(agent.id.as_bytes().as_slice())
        .bind(&agent.email)
        .bind(&agent.name)
        .bind(agent.role.as_str())
        .bind(password_hash)
        .bind(integer(now.as_millis()))
        .execute(&mut *self.settings().await)
        .await?;
        Ok(done.rows_affected() == 1)
    }

    /// The account of an address, and its password's hash.
    pub async fn agent_by_email(
        &self,
        email: &str,
    ) -> Result<Option<(Agent, Option<String>)>, StoreError> {
        let row = sqlx::query("select id, email, name, role, password from agent where email = ?1")
            .bind(email)
            .fetch_optional(&self.readers)
            .await?;
        row.map(|row| Ok((Agent::read(&row)?, row.try_get("password")?)))
            .transpose()
    }

    /// Chooses a password, and ends all sessions that the old one opened.
    pub async fn set_password(
        &self,
        agent: AgentId,
        password_hash: &str,
    ) -> Result<(), StoreError> {
        let mut settings = self.settings().await;
        sqlx::query("update agent set password = ?2 where id = ?1")
            .bind(agent.as_bytes().as_slice())
            .bind(password_hash)
            .execute(&mut *settings)
            .await?;
        sqlx::query("delete from session where agent = ?1")
            .bind(agent.as_bytes().as_slice())
            .execute(&mut *settings)
            .await?;
        Ok(())
    }

    /// Opens a session; forgets those that have ended.
    pub async fn add_session(
        &self,
        hash: &SecretHash,
        agent: AgentId,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let mut settings = self.settings().await;
        sqlx::query("delete from session where expires_at <= ?1")
            .bind(integer(now.as_millis()))
            .execute(&mut *settings)
            .await?;
        sqlx::query(
            "insert into session (hash, agent, created_at, expires_at) values (?1, ?2, ?3, ?4)",
        )
        .bind(hash.as_slice())
        .bind(agent.as_bytes().as_slice())
        .bind(integer(now.as_millis()))
        .bind(integer((now + SESSION_LIFETIME).as_millis()))
        .execute(&mut *settings)
        .await?;
        Ok(())
    }

    /// Whose session it is, if it has not ended.
    pub async fn session(
        &self,
        hash: &SecretHash,
        now: Timestamp,
    ) -> Result<Option<Agent>, StoreError> {
        let row = sqlx::query(
            "select a.id, a.email, a.name, a.role from session s join agent a on a.id = s.agent \
             where s.hash = ?1 and s.expires_at > ?2",
        )
        .bind(hash.as_slice())
        .bind(integer(now.as_millis()))
        .fetch_optional(&self.readers)
        .await?;
        row.as_ref().map(Agent::read).transpose()
    }

    /// Ends a session.
    pub async fn remove_session(&self, hash: &SecretHash) -> Result<(), StoreError> {
        sqlx::query("delete from session where hash = ?1")
            .bind(hash.as_slice())
            .execute(&mut *self.settings().await)
            .await?;
        Ok(())
    }

    /// Makes a one-time link, in place of an earlier one for the same purpose.
    pub async fn add_setup_link(
        &self,
        hash: &SecretHash,
        agent: Option<AgentId>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let agent = agent.map(|agent| agent.as_bytes().to_vec());
        let mut settings = self.settings().await;
        sqlx::query("delete from setup_link where agent is ?1")
            .bind(&agent)
            .execute(&mut *settings)
            .await?;
        sqlx::query("insert into setup_link (hash, agent, expires_at) values (?1, ?2, ?3)")
            .bind(hash.as_slice())
            .bind(agent)
            .bind(integer((now + SETUP_LINK_LIFETIME).as_millis()))
            .execute(&mut *settings)
            .await?;
        Ok(())
    }

    /// What a link is for, if it still works.
    pub async fn setup_link(
        &self,
        hash: &SecretHash,
        now: Timestamp,
    ) -> Result<Option<SetUp>, StoreError> {
        let row = sqlx::query(
            "select a.id, a.email, a.name, a.role from setup_link l left join agent a on a.id = l.agent \
             where l.hash = ?1 and l.expires_at > ?2",
        )
        .bind(hash.as_slice())
        .bind(integer(now.as_millis()))
        .fetch_optional(&self.readers)
        .await?;
        let Some(row) = row else { return Ok(None) };
        Ok(Some(match row.try_get::<Option<Vec<u8>>, _>("id")? {
            Some(_) => SetUp::Of(Agent::read(&row)?),
            None => SetUp::First,
        }))
    }

    /// Takes back the link that makes the first administrator.
    pub async fn remove_first_setup_link(&self) -> Result<(), StoreError> {
        sqlx::query("delete from setup_link where agent is null")
            .execute(&mut *self.settings().await)
            .await?;
        Ok(())
    }

    /// Uses a link up; false if somebody else just has.
    pub async fn remove_setup_link(&self, hash: &SecretHash) -> Result<bool, StoreError> {
        let done = sqlx::query("delete from setup_link where hash = ?1")
            .bind(hash.as_slice())
            .execute(&mut *self.settings().await)
            .await?;
        Ok(done.rows_affected() == 1)
    }
}
