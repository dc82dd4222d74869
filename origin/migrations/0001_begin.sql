-- Times are milliseconds since the Unix epoch, ids are the 16 bytes of a UUID, secrets are stored
-- as their SHA-256 (sessions, links) or as argon2id (passwords), never as themselves.

-- Counts changes of settings, by whichever process: the server polls it.
create table settings (
  id integer primary key check (id = 1),
  revision integer not null
) strict;
insert into settings (id, revision) values (1, 1);

create table pack (
  hash blob primary key check (length(hash) = 32),
  bytes blob not null,
  brotli blob not null,
  entries integer not null,
  created_at integer not null
) strict;

create table inbox (
  key text primary key,
  name text not null,
  allowed_origins text not null check (json_valid(allowed_origins)),
  -- The current one.
  pack blob references pack (hash),
  created_at integer not null
) strict, without rowid;

-- Every pack that an inbox ever had: an answer can be claimed from an old one.
create table publication (
  inbox text not null references inbox (key),
  pack blob not null references pack (hash),
  published_at integer not null,
  primary key (inbox, pack)
) strict, without rowid;

create table edge (
  id blob primary key check (length(id) = 16),
  name text not null,
  url text not null,
  key_current blob not null check (length(key_current) = 32),
  -- The one before, which stays valid until the next rotation.
  key_previous blob check (length(key_previous) = 32),
  created_at integer not null,
  revoked_at integer
) strict, without rowid;

create trigger inbox_inserted after insert on inbox begin update settings set revision = revision + 1; end;
create trigger inbox_updated after update on inbox begin update settings set revision = revision + 1; end;
create trigger edge_inserted after insert on edge begin update settings set revision = revision + 1; end;
create trigger edge_updated after update on edge begin update settings set revision = revision + 1; end;

create table agent (
  id blob primary key check (length(id) = 16),
  email text not null unique collate nocase,
  name text not null,
  role text not null check (role in ('admin', 'agent')),
  -- argon2id, in PHC form. None until the person has chosen one by way of a set-up link.
  password text,
  created_at integer not null
) strict, without rowid;

create table session (
  hash blob primary key check (length(hash) = 32),
  agent blob not null references agent (id) on delete cascade,
  created_at integer not null,
  expires_at integer not null
) strict, without rowid;

-- One-time links by which a person chooses a password. Without agent: makes the first one.
create table setup_link (
  hash blob primary key check (length(hash) = 32),
  agent blob references agent (id) on delete cascade,
  expires_at integer not null
) strict, without rowid;

create table conversation (
  id blob primary key check (length(id) = 16),
  inbox text not null references inbox (key),
  -- The last place of the log, and the last that the visitor may see.
  seq integer not null,
  visible integer not null,
  status text not null check (status in ('pending', 'queued', 'assigned', 'resolved')),
  assignee blob references agent (id),
  -- Of all the account's changes, the last that concerned this conversation. Unique.
  revision integer not null,
  waiting_since integer,
  last_at integer not null,
  preview text not null,
  -- How far the visitor has got, and how far the agents have.
  visitor_delivered integer not null,
  visitor_read integer not null,
  agents_delivered integer not null,
  agents_read integer not null,
  page_url text,
  page_title text,
  lang text not null,
  -- JSON array of the edges that hold sockets of the visitor.
  edges text not null check (json_valid(edges))
) strict, without rowid;
create unique index conversation_by_revision on conversation (revision);
create index conversation_by_status on conversation (status, revision);
create index conversation_waiting on conversation (waiting_since) where waiting_since is not null;
create index conversation_at_edges on conversation (id) where edges <> '[]';

create table event (
  conversation blob not null references conversation (id),
  seq integer not null,
  id blob not null check (length(id) = 16),
  -- The place of the last event before it that the visitor may see.
  prev integer not null,
  at integer not null,
  private integer not null check (private in (0, 1)),
  author text not null,
  content text not null,
  primary key (conversation, seq)
) strict, without rowid;
create unique index event_by_id on event (conversation, id);

-- Written by `/readyz`, to see whether anything can be.
create table probe (
  id integer primary key check (id = 1),
  at integer not null
) strict;
insert into probe (id, at) values (1, 0);
