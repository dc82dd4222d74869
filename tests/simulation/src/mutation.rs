//! Deliberate bugs. Each must be found, or the simulator does not look where it says it does.

use crate::tally::named;

named! {
    /// A bug that a shell could have.
    Mutation {
        /// The edge acknowledges before its storage has said so.
        EdgeAcksBeforeWrite "edge_acks_before_write",
        /// The edge's storage does not outlive a crash.
        EdgeStorageVolatile "edge_storage_volatile",
        /// The edge removes what it stored when it sends it on, not when the origin has it.
        EdgeForgetsTooEarly "edge_forgets_too_early",
        /// The edge never drains after its memory has vanished.
        EdgeForgetsAlarm "edge_forgets_alarm",
        /// The origin acknowledges before it has committed.
        OriginAcksBeforeCommit "origin_acks_before_commit",
        /// A crash takes the origin's last commit back.
        OriginSkipsFsync "origin_skips_fsync",
        /// The origin does not look whether it has a message already.
        OriginForgetsDedupe "origin_forgets_dedupe",
        /// The origin takes an id for known without comparing what it said.
        OriginIgnoresBody "origin_ignores_body",
        /// The origin numbers from a head that is out of date.
        OriginNumbersTwice "origin_numbers_twice",
        /// The origin takes what came together in another order.
        OriginTurnsAround "origin_turns_around",
        /// The origin forgets after a restart which visitors are at an edge.
        OriginForgetsAttached "origin_forgets_attached",
        /// The origin takes a push for delivered when it has been sent.
        OriginDoesNotRepush "origin_does_not_repush",
        /// The origin takes what one socket was greeted with for known to the visitor's others.
        OriginGreetsOneForAll "origin_greets_one_for_all",
        /// The origin believes an old "nobody here" although the visitor has come back since.
        OriginDetachesLate "origin_detaches_late",
        /// The origin believes what a browser says that the bot said.
        OriginTrustsClaims "origin_trusts_claims",
        /// Visitors get the agents' private notes.
        NotesLeak "notes_leak",
        /// Visitors' events don't say which event came before.
        PrevForgotten "prev_forgotten",
        /// The bot's answer gets an id of its own.
        AnswerIdNotDerived "answer_id_not_derived",
        /// The device does not keep what the visitor wrote.
        DeviceForgetsOutbox "device_forgets_outbox",
        /// Frames pile up for a visitor who does not read.
        QueueUnbounded "queue_unbounded",
        /// A node that misses a hint never looks what the other committed.
        HintIsTruth "hint_is_truth",
        /// An agent whose console is silent keeps their conversations.
        LeaseNeverLapses "lease_never_lapses",
        /// An open socket counts as a sign of life.
        LeaseTrustsSocket "lease_trusts_socket",
        /// The device takes a message for stored when it has sent it.
        DeviceAcksOnSend "device_acks_on_send",
    }
}
