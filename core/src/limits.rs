//! Every limit of the system, in one place, with its unit in its name.
//!
//! Reaching a limit is a named outcome that the sender sees (`protocol::Code`), never a silent
//! drop. What must hold between limits is checked when this file is compiled.

use core::time::Duration;

// ---- Protocol -------------------------------------------------------------------------------

/// One WebSocket message, HTTP body of frames, or SSE event.
pub const WIRE_MESSAGE_BYTES_MAX: usize = 64 * 1024;
/// Frames in one wire message.
pub const FRAMES_PER_WIRE_MESSAGE_MAX: usize = 128;
/// A visitor's, agent's or the bot's text.
pub const TEXT_BYTES_MAX: usize = 8 * 1024;
/// The text that a browser claims the bot said.
pub const CLAIM_TEXT_BYTES_MAX: usize = TEXT_BYTES_MAX;
/// Entries that the bot suggests at once.
pub const SUGGESTIONS_MAX: usize = 3;
/// Submissions in one `submit` frame.
pub const SUBMISSIONS_PER_FRAME_MAX: usize = 16;
/// Events in one `events` frame; more follow on request.
pub const EVENTS_PER_FRAME_MAX: usize = 64;
/// Texts of all the events in one `events` frame, unless a single one is larger.
pub const EVENTS_TEXT_BYTES_PER_FRAME_MAX: usize = 24 * 1024;
/// Page address and title as the browser tells them.
pub const PAGE_FIELD_BYTES_MAX: usize = 1024;
/// Locale, client name and other short words.
pub const WORD_BYTES_MAX: usize = 64;
/// An inbox key.
pub const INBOX_KEY_BYTES_MAX: usize = 64;
/// A token, as text.
pub const TOKEN_BYTES_MAX: usize = 512;

// ---- Visitors -------------------------------------------------------------------------------

/// How long a visitor's token admits its bearer.
pub const TOKEN_LIFETIME: Duration = Duration::from_secs(30 * 24 * 3600);
/// Visitors that may begin at one address (an IPv6 network of 64 bits) at once…
pub const ADMISSIONS_BURST: u32 = 120;
/// …and how long each takes to be granted again.
pub const ADMISSION_REFILL: Duration = Duration::from_secs(1);
/// Addresses whose new visitors are counted.
pub const ADMISSION_ADDRESSES_MAX: usize = 10_000;
/// A token is renewed on the socket once this much of it has passed.
pub const TOKEN_RENEW_AFTER: Duration = Duration::from_secs(24 * 3600);
/// Submissions that a visitor may send at once…
pub const VISITOR_SUBMISSIONS_BURST: u32 = 40;
/// …and how long each takes to be granted again.
pub const VISITOR_SUBMISSION_REFILL: Duration = Duration::from_millis(500);
/// Submissions that our client sends at once: fewer than may be, as what is sent apart may arrive
/// together.
pub const CLIENT_SUBMISSIONS_BURST: u32 = 32;
/// Frames of any kind that a visitor may send at once…
pub const VISITOR_FRAMES_BURST: u32 = 240;
/// …and how long each takes to be granted again.
pub const VISITOR_FRAME_REFILL: Duration = Duration::from_millis(50);
/// Frames that wait for a visitor who does not read; one more closes the connection, and the
/// visitor catches up from its cursor.
pub const VISITOR_QUEUE_FRAMES_MAX: usize = 256;
/// Sockets (tabs, devices) of one visitor at one hop.
pub const SOCKETS_PER_VISITOR_MAX: usize = 16;
/// Messages in a browser's outbox; one more is refused in the composer.
pub const VISITOR_OUTBOX_MAX: usize = 200;
/// Records of changes on a visitor's device; with more, the next page that begins puts one in their
/// place.
pub const DEVICE_RECORDS_MAX: usize = 512;
/// Events in that one: the newest.
pub const DEVICE_EVENTS_MAX: usize = 1_000;
/// Events held back because one before them is missing; one more is dropped, as catching up
/// brings it again.
pub const REPLICA_HELD_EVENTS_MAX: usize = 256;

/// How long a sender waits for an acknowledgement before it sends again; doubles up to…
pub const RETRANSMIT_AFTER: Duration = Duration::from_secs(4);
/// …this.
pub const RETRANSMIT_AFTER_MAX: Duration = Duration::from_secs(60);
/// First wait before a reconnect; doubles, with jitter, up to…
pub const RECONNECT_AFTER: Duration = Duration::from_millis(500);
/// …this.
pub const RECONNECT_AFTER_MAX: Duration = Duration::from_secs(30);
/// A link on which nothing was heard for this long is asked for a sign of life.
pub const PING_AFTER: Duration = Duration::from_secs(25);
/// A link that gave none for this long after being asked is taken for dead.
pub const PONG_WITHIN: Duration = Duration::from_secs(10);
/// A WebSocket from which nothing came for this long is closed by the origin, which asks for a sign
/// of life (a WebSocket ping, which every client's library answers) after half of it. An edge is
/// asked after twice as long whether a quiet visitor is still there.
pub const VISITOR_SILENT_MAX: Duration = Duration::from_secs(60);
/// A WebSocket from which nothing came for this long is closed by an edge, which can't ask: clients
/// ping `PING_AFTER` the last answer, browsers delay that to once a minute for pages in the
/// background. It holds for a stream of events, too: nothing comes on that one, so what counts is
/// what comes by requests beside it.
pub const EDGE_SOCKET_SILENT_MAX: Duration = Duration::from_secs(150);
/// An operator may set that to no less…
pub const EDGE_SOCKET_SILENT_LEAST: Duration = Duration::from_secs(40);
/// …and no more.
pub const EDGE_SOCKET_SILENT_MOST: Duration = Duration::from_secs(3600);
/// A WebSocket that takes nothing of what is written to it for this long is closed.
pub const SOCKET_WRITE_WITHIN: Duration = Duration::from_secs(30);
/// Consecutive failures of a transport before the next one is tried.
pub const TRANSPORT_FAILURES_MAX: u32 = 2;
/// How long a long poll is held open when nothing happens.
pub const LONG_POLL_HOLD: Duration = Duration::from_secs(25);

// ---- Edge -----------------------------------------------------------------------------------

/// What an edge sends to a WebSocket from which nothing comes meanwhile, or by a stream of events
/// beside which nothing comes: the platform keeps what is not read. One frame more closes it, and the
/// visitor catches up from its cursor.
pub const EDGE_SOCKET_UNHEARD_BYTES_MAX: usize = 1024 * 1024;
/// How long an edge waits for the origin's commit before it stores a message itself.
pub const ORIGIN_REPLY_WITHIN: Duration = Duration::from_secs(3);
/// First wait before an edge tries the origin again; doubles, with jitter, up to…
pub const DRAIN_AFTER: Duration = Duration::from_millis(500);
/// …this.
pub const DRAIN_AFTER_MAX: Duration = Duration::from_secs(30);
/// Submissions that an edge holds for one visitor; one more is refused, and stays in the
/// browser's outbox.
pub const EDGE_OUTBOX_MAX: usize = 500;
/// Submissions that an edge sends in one batch while it drains.
pub const EDGE_DRAIN_BATCH_MAX: usize = 16;
/// An edge's batch and an origin's push.
pub const BATCH_BYTES_MAX: usize = 1024 * 1024;
/// Bytes of one edge's batches that the origin works on at once; further batches wait their turn.
pub const EDGE_WORK_BYTES_MAX: usize = 4 * BATCH_BYTES_MAX;
/// Bytes of one edge's batches that the origin holds, those that it works on among them; what comes
/// beyond is not read before there is room.
pub const EDGE_HELD_BYTES_MAX: usize = 2 * EDGE_WORK_BYTES_MAX;
/// Age of a signature, in either direction of clock error, at which it is refused.
pub const SIGNATURE_AGE_MAX: Duration = Duration::from_secs(120);
/// Nonces that are remembered to refuse replays; the oldest leave first, which is safe while
/// fewer than this many batches arrive within `SIGNATURE_AGE_MAX`. Beyond it batches are refused.
pub const NONCES_REMEMBERED_MAX: usize = 1 << 18;
/// How long an edge goes on trusting what it knows of an inbox before it asks again.
pub const INBOX_FRESH_FOR: Duration = Duration::from_secs(10);
/// Packs that one process of an edge holds in memory; the least recently used leave first.
pub const EDGE_PACKS_BYTES_MAX: usize = 32 * 1024 * 1024;

// ---- Agents ---------------------------------------------------------------------------------

/// Conversations in one `conversations` frame.
pub const CONVERSATIONS_PER_FRAME_MAX: usize = 100;
/// Conversations of one `conversations` frame, in bytes of JSON: their pages' addresses and titles
/// may be long.
pub const SUMMARY_BYTES_PER_FRAME_MAX: usize = WIRE_MESSAGE_BYTES_MAX - 1024;
/// Preview of a conversation's last message, in characters.
pub const PREVIEW_CHARS_MAX: usize = 120;
/// Frames that wait for a console that does not read.
pub const AGENT_QUEUE_FRAMES_MAX: usize = 1024;
/// Transcripts that a console keeps, so that going back to one shows it at once.
pub const CONSOLE_TRANSCRIPTS_MAX: usize = 40;
/// Entries of a transcript that a console shows before it is asked for earlier ones.
pub const CONSOLE_ENTRIES_SHOWN: usize = 200;
/// An agent whose console has given no sign of life for this long is not available: their
/// conversations go back to the queue.
pub const AGENT_LEASE: Duration = Duration::from_secs(30);
/// How often a console is asked for one.
pub const AGENT_ASKED_EVERY: Duration = Duration::from_secs(10);
/// How often a node of the origin looks what the store says of agents.
pub const AGENT_WATCHED_EVERY: Duration = Duration::from_secs(2);
/// Somebody who typed and was not heard typing again for this long has stopped.
pub const TYPING_LAPSES_AFTER: Duration = Duration::from_secs(6);
/// How often a console repeats that its agent still types.
pub const TYPING_REPEATED_AFTER: Duration = Duration::from_secs(3);

const _: () = {
    // A submission with a claim, and an event with an answer, fit into one wire message.
    assert!(TEXT_BYTES_MAX + CLAIM_TEXT_BYTES_MAX + 4096 <= WIRE_MESSAGE_BYTES_MAX);
    assert!(EVENTS_TEXT_BYTES_PER_FRAME_MAX + EVENTS_PER_FRAME_MAX * 512 <= WIRE_MESSAGE_BYTES_MAX);
    assert!(TEXT_BYTES_MAX <= EVENTS_TEXT_BYTES_PER_FRAME_MAX);
    // A drained batch fits into one, however long its texts.
    assert!(
        EDGE_DRAIN_BATCH_MAX * (TEXT_BYTES_MAX + CLAIM_TEXT_BYTES_MAX + 512) <= BATCH_BYTES_MAX
    );
    assert!(EDGE_DRAIN_BATCH_MAX <= SUBMISSIONS_PER_FRAME_MAX);
    // Whatever one frame holds may be sent to somebody who was just heard.
    assert!(4 * WIRE_MESSAGE_BYTES_MAX <= EDGE_SOCKET_UNHEARD_BYTES_MAX);
    // Two questions may go unanswered before an agent lapses.
    assert!(
        2 * AGENT_ASKED_EVERY.as_secs() + AGENT_WATCHED_EVERY.as_secs() < AGENT_LEASE.as_secs()
    );
    // Somebody who goes on typing never looks as if they had stopped.
    assert!(TYPING_REPEATED_AFTER.as_millis() < TYPING_LAPSES_AFTER.as_millis());
    // A page in the background may miss one ping before an edge takes it for gone, and an origin's
    // question comes in between.
    assert!(
        2 * 60 + PING_AFTER.as_secs() < EDGE_SOCKET_SILENT_MAX.as_secs()
            && 2 * VISITOR_SILENT_MAX.as_secs() < EDGE_SOCKET_SILENT_MAX.as_secs()
    );
    // Somebody who pings in time is heard in time.
    assert!(
        PING_AFTER.as_secs() + PONG_WITHIN.as_secs() < EDGE_SOCKET_SILENT_LEAST.as_secs()
            && EDGE_SOCKET_SILENT_LEAST.as_secs() < EDGE_SOCKET_SILENT_MAX.as_secs()
            && EDGE_SOCKET_SILENT_MAX.as_secs() < EDGE_SOCKET_SILENT_MOST.as_secs()
    );
    // The burst covers one full frame.
    assert!(VISITOR_SUBMISSIONS_BURST as usize >= SUBMISSIONS_PER_FRAME_MAX);
    assert!(CLIENT_SUBMISSIONS_BURST < VISITOR_SUBMISSIONS_BURST);
};

// ---- Knowledge packs and the answerer ------------------------------------------------------

/// Longest knowledge file that is read at all.
pub const KNOWLEDGE_FILE_BYTES_MAX: usize = 32 * 1024 * 1024;

/// Longest line of a knowledge file.
pub const KNOWLEDGE_LINE_BYTES_MAX: usize = 1024 * 1024;

/// After so many errors in a knowledge file the rest is not looked at.
pub const KNOWLEDGE_ERRORS_MAX: usize = 100;

/// Longest id of an entry or a rule.
pub const ENTRY_ID_BYTES_MAX: usize = 128;

/// Longest title or phrasing.
pub const PHRASING_BYTES_MAX: usize = 1_000;

/// Longest answer in one language.
pub const ANSWER_BYTES_MAX: usize = TEXT_BYTES_MAX;

/// Most phrasings of one entry.
pub const ENTRY_PHRASINGS_MAX: usize = 2_000;

/// Most languages of one pack.
pub const PACK_LANGUAGES_MAX: usize = 64;

/// Longest language tag.
pub const LANGUAGE_TAG_BYTES_MAX: usize = 35;

/// Most entries of one pack.
pub const PACK_ENTRIES_MAX: usize = 20_000;

/// Most entries for small talk that a pack has besides.
pub const SMALL_TALK_KINDS_MAX: usize = 8;

/// Most phrasings of one pack.
pub const PACK_PHRASINGS_MAX: usize = 200_000;

/// Most rules of one pack, those that every pack starts from included.
pub const PACK_RULES_MAX: usize = 2_000;

/// Priorities of rules lie between this and its negative.
pub const RULE_PRIORITY_MAX: i64 = 1_000;

/// Most lists of synonyms of one knowledge.
pub const PACK_SYNONYMS_MAX: usize = 2_000;

/// Most terms in each list of a rule, and most synonyms in a list.
pub const RULE_TERMS_MAX: usize = 500;

/// Longest term of a rule, in tokens (words; characters in Chinese).
pub const RULE_TERM_TOKENS_MAX: usize = 32;

/// Most terms that a rule wants close together, and the longest stretch of words (characters in
/// Chinese) in which they may have to stand.
pub const NEAR_TERMS_MAX: usize = 8;
/// See [`NEAR_TERMS_MAX`].
pub const NEAR_WITHIN_MAX: usize = 64;
/// The stretch where a rule names none.
pub const NEAR_WITHIN_DEFAULT: usize = 10;

/// Most labels of one rule.
pub const RULE_LABELS_MAX: usize = 16;

/// Longest name of a team, a flow or a label.
pub const RULE_NAME_BYTES_MAX: usize = WORD_BYTES_MAX;

/// Largest table that a pattern is compiled to.
pub const AUTOMATON_BYTES_MAX: usize = 64 * 1024;

/// Longest entity that is found, as the pattern sees it.
pub const ENTITY_BYTES_MAX: usize = 128;

/// Most entities that one knowledge declares.
pub const PACK_ENTITIES_MAX: usize = 200;

/// Most patterns of one entity.
pub const ENTITY_PATTERNS_MAX: usize = 50;

/// Most values of one entity.
pub const ENTITY_VALUES_MAX: usize = 5_000;

/// Longest word or phrase that has synonyms, in tokens.
pub const SYNONYM_TOKENS_MAX: usize = 8;

/// Most weights of the scoring model of one pack: 16 MiB when it is loaded.
pub const PACK_WEIGHTS_MAX: usize = 4 * 1024 * 1024;

/// Most words that a pack can spell: those of most phrasings.
pub const SPELLINGS_MAX: usize = 2_000;

/// Longest pack that is loaded.
pub const PACK_BYTES_MAX: usize = 64 * 1024 * 1024;

/// So much of a question is read; what comes after it does not change the answer.
pub const QUESTION_READ_BYTES_MAX: usize = 4_000;

/// So many words (characters in Chinese) of a question are read.
pub const QUESTION_TOKENS_MAX: usize = 600;

/// So many features of a question are scored.
pub const QUESTION_FEATURES_MAX: usize = 6_000;

/// Entities of a question that are told.
pub const QUESTION_ENTITIES_MAX: usize = 100;

/// So many words (characters in Chinese) of a question are looked at to explain an answer…
pub const EXPLAINED_TOKENS_MAX: usize = 64;
/// …and so many parts of it are told.
pub const EXPLAINED_PARTS_MAX: usize = 8;

/// So many letters of one word are compared piecewise.
pub const WORD_LETTERS_MAX: usize = 32;

const _: () = assert!(ANSWER_BYTES_MAX <= TEXT_BYTES_MAX);
const _: () = assert!(PACK_ENTRIES_MAX + SMALL_TALK_KINDS_MAX < u16::MAX as usize);
// A term's length is told from the marks of what is no term.
const _: () = assert!(RULE_TERM_TOKENS_MAX < 128 && PACK_LANGUAGES_MAX < 256);
const _: () = assert!(NEAR_WITHIN_MAX < 256);

// ---- End of knowledge packs and the answerer -----------------------------------------------

// ---- Origin ---------------------------------------------------------------------------------

/// Writes that wait for the store; one more is refused as `overloaded`.
pub const INGEST_QUEUE_JOBS_MAX: usize = 16 * 1024;
/// What SQLite's write-ahead log keeps of the disk once everything in it is in the database.
pub const STORE_WAL_BYTES_KEPT_MAX: usize = 16 * 1024 * 1024;
/// Writes that share one commit.
pub const JOBS_PER_COMMIT_MAX: usize = 512;
/// Conversations whose heads the origin remembers between writes.
pub const HEADS_CACHED_MAX: usize = 64 * 1024;
/// Packs that are no longer current and stay loaded to verify claims.
pub const OLD_PACKS_LOADED_MAX: usize = 8;
/// How often the origin looks whether another process has changed a setting.
pub const SETTINGS_POLL: Duration = Duration::from_secs(1);
/// Visitors in one push.
pub const DOWNLINKS_PER_PUSH_MAX: usize = 64;
/// How long an edge has to take a push.
pub const PUSH_REPLY_WITHIN: Duration = Duration::from_secs(10);
/// First wait before an edge that did not take a push is tried again; doubles, with jitter, up
/// to…
pub const PUSH_AFTER: Duration = Duration::from_millis(250);
/// …this.
pub const PUSH_AFTER_MAX: Duration = Duration::from_secs(15);
/// Places in the queue are told again at most this often.
pub const QUEUE_PLACES_EVERY: Duration = Duration::from_millis(500);
/// How long a client has to send a request's head.
pub const REQUEST_HEAD_WITHIN: Duration = Duration::from_secs(15);
/// How long a client has to send a request's body.
pub const REQUEST_BODY_WITHIN: Duration = Duration::from_secs(60);
/// A small request in JSON, such as a login.
pub const JSON_REQUEST_BYTES_MAX: usize = 16 * 1024;
/// Comments on an event stream, to keep middle boxes from cutting it.
pub const STREAM_KEEP_ALIVE: Duration = Duration::from_secs(15);
/// How long a socket has after the upgrade before it must have said `hello`.
pub const HELLO_WITHIN: Duration = Duration::from_secs(15);
/// Logins that may be tried for one address at once…
pub const LOGIN_BURST: u32 = 5;
/// …and how long each takes to be granted again.
pub const LOGIN_REFILL: Duration = Duration::from_secs(30);
/// Addresses whose logins are counted.
pub const LOGINS_COUNTED_MAX: usize = 10_000;
/// Passwords that are hashed at the same time: each takes 19 MiB.
pub const PASSWORDS_HASHED_AT_ONCE_MAX: usize = 2;
/// A password, shortest…
pub const PASSWORD_CHARS_MIN: usize = 10;
/// …and longest.
pub const PASSWORD_BYTES_MAX: usize = 512;
/// An agent's or inbox's name, an e-mail address.
pub const NAME_BYTES_MAX: usize = 200;
/// Conversations that one console follows at once.
pub const CONVERSATIONS_OPEN_MAX: usize = 64;
/// How often a console's login is looked at again.
pub const SESSION_CHECK_EVERY: Duration = Duration::from_secs(30);
/// Agents are told who came and went at most this often.
pub const PRESENCE_TOLD_EVERY: Duration = Duration::from_millis(500);
/// Knowledge packs that the origin builds at the same time: each takes a core.
pub const KNOWLEDGE_BUILDS_AT_ONCE_MAX: usize = 1;
/// A note that is published with a version.
pub const VERSION_NOTE_BYTES_MAX: usize = 500;
/// Items, versions, changes or groups in one answer of the API.
pub const PAGE_ITEMS_MAX: usize = 500;
/// Values of the items in one answer, unless a single one is larger.
pub const PAGE_ITEMS_BYTES_MAX: usize = 1024 * 1024;
/// What is searched for in a draft.
pub const SEARCH_BYTES_MAX: usize = 200;
/// Questions that visitors asked lately, in a preview.
pub const RECENT_QUESTIONS_MAX: usize = 10_000;
/// Questions that are given for a preview…
pub const GIVEN_QUESTIONS_MAX: usize = 10_000;
/// …and the request with them.
pub const GIVEN_QUESTIONS_BYTES_MAX: usize = 2 * 1024 * 1024;
/// Different questions of one preview; those of knowledge files beyond it are left out.
pub const PREVIEW_QUESTIONS_MAX: usize = 50_000;
/// Changes that a preview lists; all are counted.
pub const PREVIEW_CHANGES_MAX: usize = 10_000;
/// An answer in a preview, in characters.
pub const PREVIEW_TEXT_CHARS_MAX: usize = 200;
/// Previews that are kept after they are done; one more removes them.
pub const PREVIEWS_KEPT_MAX: usize = 8;
/// Questions without an answer that are grouped: the newest.
pub const GROUPED_QUESTIONS_MAX: usize = 5_000;
/// Groups of questions: one that fits none, when there are so many, is left out.
pub const QUESTION_GROUPS_MAX: usize = 1_000;
/// Questions of one group in one answer.
pub const GROUP_QUESTIONS_TOLD_MAX: usize = 500;
