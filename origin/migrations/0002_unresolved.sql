-- A console that knows nothing yet asks for everything that is not resolved: a few of many.
create index conversation_unresolved on conversation (revision) where status <> 'resolved';
