-- Every two seconds somebody looks which agents have conversations, and what a silent one has.
create index conversation_assigned on conversation (assignee) where status = 'assigned';
