//! The answerer by itself as wasm: what a page would carry that has nothing else of the widget.
//!
//! In: the bytes of a pack, then questions. Out: what the bot decides, and the texts that a
//! visitor is shown. It is measured (`cargo xtask bench answer`): how many bytes reading packs and
//! answering cost, how long a question takes in wasm, and whether every decision is the same as
//! natively, by a digest. `js/asking.mjs` shows how it is used.
//!
//! Invariant: nothing but `core` decides here.

use firsthop_core::Timestamp;
use firsthop_core::answer::{Answerer, Decision, DecisionDigest, Question};
use firsthop_core::pack::{Pack, PackHash};
use wasm_bindgen::prelude::wasm_bindgen;

#[cfg(target_family = "wasm")]
#[global_allocator]
static ALLOCATOR: rlsf::SmallGlobalTlsf = rlsf::SmallGlobalTlsf::new();

/// A bot that answers from one pack, for visitors of one page.
#[wasm_bindgen]
pub struct Bot {
    pack: Pack,
    answerer: Answerer,
    digest: DecisionDigest,
    lang: String,
    page: String,
    asked: String,
    decision: Decision,
}

#[wasm_bindgen]
impl Bot {
    /// Reads a pack. Whoever fetched it has checked its hash, which is 32 bytes long, and the
    /// signature over that. Throws what is wrong with the bytes.
    #[wasm_bindgen(constructor)]
    pub fn new(bytes: Vec<u8>, hash: &[u8]) -> Result<Self, String> {
        let hash = hash
            .try_into()
            .map_err(|_| "the hash of a pack has 32 bytes")?;
        let pack = Pack::load(bytes, PackHash(hash)).map_err(|error| error.to_string())?;
        Ok(Self {
            pack,
            answerer: Answerer::new(),
            digest: DecisionDigest::default(),
            lang: String::new(),
            page: String::new(),
            asked: String::new(),
            decision: Decision::Escalate,
        })
    }

    /// The language (a BCP 47 tag) and the address of the visitor's page, from now on.
    pub fn visit(&mut self, lang: String, page: String) {
        self.lang = lang;
        self.page = page;
    }

    /// Decides what to do with a question, asked at `at` in milliseconds since 1970, if that is
    /// known: answer (0), suggest (1), hand off (2), escalate (3), start a flow (4).
    pub fn ask(&mut self, text: String, at: Option<f64>) -> u8 {
        self.asked = text;
        let question = Question {
            at: at.map(|at| Timestamp::from_millis(at as u64)),
            ..question(&self.asked, &self.lang, &self.page)
        };
        self.decision = self.answerer.decide(&self.pack, &question);
        self.digest.add(&self.decision);
        match &self.decision {
            Decision::Answer(_) => 0,
            Decision::Suggest(_) => 1,
            Decision::HandOff => 2,
            Decision::Escalate => 3,
            Decision::Flow => 4,
        }
    }

    /// What the visitor is shown: the answer, or the titles that are suggested, best first.
    pub fn texts(&self) -> Vec<String> {
        let question = question(&self.asked, &self.lang, &self.page);
        let entry = |found| self.pack.entry(found);
        match &self.decision {
            Decision::Answer(found) => {
                let answer = entry(found.entry).map(|it| it.answer(&question).text.to_owned());
                answer.into_iter().collect()
            }
            Decision::Suggest(found) => found
                .iter()
                .filter_map(|found| Some(entry(found.entry)?.title(&question).text.to_owned()))
                .collect(),
            Decision::HandOff | Decision::Escalate | Decision::Flow => Vec::new(),
        }
    }

    /// The digest of every decision so far: that of `firsthop pack eval` on the same questions.
    pub fn digest(&self) -> u64 {
        self.digest.value()
    }
}

fn question<'a>(text: &'a str, lang: &'a str, page: &'a str) -> Question<'a> {
    Question {
        text,
        lang: (!lang.is_empty()).then_some(lang),
        page,
        at: None,
    }
}
