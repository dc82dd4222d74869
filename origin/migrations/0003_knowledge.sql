-- Knowledge as editors work on it: a draft for each inbox, what was published, and the questions
-- that nobody's knowledge answered.

-- A third role: editors change knowledge, and otherwise do what agents do.
alter table agent rename column role to role_before;
alter table agent add column role text not null default 'agent' check (role in ('admin', 'editor', 'agent'));
update agent set role = role_before;
alter table agent drop column role_before;

-- Knowledge files that were published, by the SHA-256 of their text; compressed with brotli.
create table knowledge_source (
  hash blob primary key check (length(hash) = 32),
  brotli blob not null
) strict;

create table knowledge_draft (
  inbox text primary key references inbox (key),
  -- Grows by one with every change.
  revision integer not null,
  -- The last number that an item was given.
  last_item integer not null,
  changed_at integer not null,
  -- None: the command line.
  changed_by blob references agent (id),
  -- The published file that the draft was at this revision.
  source blob references knowledge_source (hash),
  source_revision integer
) strict, without rowid;

-- A line of the draft.
create table knowledge_item (
  inbox text not null references knowledge_draft (inbox),
  item integer not null,
  kind text not null,
  name text,
  -- That of the draft when the item last changed.
  revision integer not null,
  changed_at integer not null,
  changed_by blob references agent (id),
  -- A JSON object on one line, as it was written.
  value text not null,
  primary key (inbox, item)
) strict, without rowid;
create unique index knowledge_item_by_name on knowledge_item (inbox, kind, name) where name is not null;

-- The inbox's current pack is that of its last version.
create table knowledge_version (
  inbox text not null references inbox (key),
  version integer not null,
  pack blob not null references pack (hash),
  published_at integer not null,
  published_by blob references agent (id),
  how text not null check (how in ('editor', 'upload', 'command', 'rollback')),
  -- The version that a rollback brought back.
  restored integer,
  note text not null,
  -- None: published before sources were kept.
  source blob references knowledge_source (hash),
  items integer not null,
  rules integer not null,
  -- What is different from the version before, as the API tells it.
  changes text not null check (json_valid(changes)),
  primary key (inbox, version)
) strict, without rowid;

insert into knowledge_version (inbox, version, pack, published_at, how, note, items, rules, changes)
select p.inbox, row_number() over (partition by p.inbox order by p.pack is i.pack, p.published_at), p.pack, p.published_at,
  'upload', '', k.entries, 0, '{"added":0,"changed":0,"removed":0,"names":[]}'
from publication p join inbox i on i.key = p.inbox join pack k on k.hash = p.pack;

-- Visitors' messages that the bot could not answer and nobody has dealt with: places in logs.
create table question (
  conversation blob not null,
  seq integer not null,
  inbox text not null references inbox (key),
  at integer not null,
  primary key (conversation, seq),
  foreign key (conversation, seq) references event (conversation, seq) on delete cascade
) strict, without rowid;
create index question_newest on question (inbox, at);

insert into question (conversation, seq, inbox, at)
select e.conversation, e.seq, c.inbox, e.at
from event s join event e on e.conversation = s.conversation and e.seq = s.seq - 1 join conversation c on c.id = e.conversation
where s.content ->> 'type' = 'status' and s.content ->> 'reason' = 'unanswered';
