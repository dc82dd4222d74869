//! The device's bot: a pack, and the answerer that reads it.

use firsthop_core::answer::Answerer;
use firsthop_core::bot;
use firsthop_core::conversation::{Speech, Verdict};
use firsthop_core::id::{Derived, MessageId};
use firsthop_core::pack::{Pack, PackHash};
use firsthop_core::protocol::Hop;
use firsthop_core::protocol::visitor::{Answered, SaidText};

/// See the module.
#[derive(Default)]
pub(crate) struct Knowledge {
    pack: Option<Box<Pack>>,
    answerer: Answerer,
}

impl Knowledge {
    /// Whether it knows anything.
    pub(crate) const fn is_loaded(&self) -> bool {
        self.pack.is_some()
    }

    /// The name of the pack that it answers from.
    pub(crate) fn hash(&self) -> Option<PackHash> {
        self.pack.as_ref().map(|pack| pack.hash())
    }

    /// Answers from this pack from now on.
    pub(crate) fn set(&mut self, pack: Box<Pack>) {
        self.pack = Some(pack);
    }

    /// Answers a question, and puts the claim for the hops above into it; or stays silent.
    pub(crate) fn answer(
        &mut self,
        id: MessageId,
        said: &mut SaidText,
        speech: Speech,
    ) -> Option<Answered> {
        let pack = self.pack.as_ref()?;
        let verdict = bot::ask(&mut self.answerer, pack, Hop::Browser, id, said);
        let Verdict::Answer(answer) = speech.of(verdict) else {
            return None;
        };
        said.claim = Some(bot::claim(&answer));
        Some(Answered {
            id: id.derive(Derived::Answer),
            answer: *answer,
        })
    }
}
