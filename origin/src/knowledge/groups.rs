//! What visitors asked in vain, grouped: what an editor should teach the bot.
//!
//! In: the inbox's open questions, and its current pack. Out: groups of those that the pack
//! still can't answer. A group is named by its first question's place, so the name holds while
//! that one is open. Nothing of it is kept or logged.

use std::collections::BTreeMap;
use std::sync::Arc;

use firsthop_core::answer::grouping;
use firsthop_core::answer::{Answerer, Decision, Question};
use firsthop_core::id::ConversationId;
use firsthop_core::limits::{GROUPED_QUESTIONS_MAX, QUESTION_GROUPS_MAX};
use firsthop_core::pack::Pack;
use firsthop_core::{Private, Timestamp};

use crate::store::questions::{Asked, Place};
use crate::store::{Store, StoreError};

/// Examples that a list shows of a group.
const SAMPLES_MAX: usize = 8;

/// Confidence in ‰ from which an entry is suggested for a group: below, it is a guess.
const SUGGESTED_FROM: u16 = 30;

/// A group of questions.
#[derive(Debug, Clone)]
pub struct Group {
    /// Names it.
    pub id: String,
    /// The language that the questions' script stands for.
    pub lang: &'static str,
    /// Its questions, the most typical first.
    pub questions: Vec<Asked>,
    /// The entry that may be meant, and how likely, in ‰.
    pub suggested: Option<(String, u16)>,
}

impl Group {
    /// When the first and the last question were asked.
    #[must_use]
    pub fn span(&self) -> (Timestamp, Timestamp) {
        let times = || self.questions.iter().map(|asked| asked.at);
        (
            times().min().unwrap_or_default(),
            times().max().unwrap_or_default(),
        )
    }

    /// How many visitors asked.
    #[must_use]
    pub fn visitors(&self) -> usize {
        let mut visitors: Vec<ConversationId> =
            self.questions.iter().map(|asked| asked.place.0).collect();
        visitors.sort_unstable();
        visitors.dedup();
        visitors.len()
    }

    /// Different wordings with how often they came, the most typical first.
    #[must_use]
    pub fn wordings(&self) -> Vec<(&Asked, usize)> {
        let mut counts: BTreeMap<String, usize> = BTreeMap::new();
        for asked in &self.questions {
            *counts.entry(plain(&asked.text)).or_default() += 1;
        }
        // Taken out with the first, so that the others are not told again.
        let questions = self.questions.iter();
        questions
            .filter_map(|asked| Some((asked, counts.remove(&plain(&asked.text))?)))
            .collect()
    }

    /// Some wordings.
    #[must_use]
    pub fn samples(&self) -> Vec<&str> {
        let wordings = self.wordings().into_iter().take(SAMPLES_MAX);
        wordings
            .map(|(asked, _)| asked.text.expose().trim())
            .collect()
    }

    /// The places of the questions that were asked up to a time.
    #[must_use]
    pub fn places(&self, until: Option<Timestamp>) -> Vec<Place> {
        let asked = self.questions.iter();
        asked
            .filter(|asked| until.is_none_or(|until| asked.at <= until))
            .map(|asked| asked.place)
            .collect()
    }
}

fn plain(text: &Private<String>) -> String {
    let words: Vec<_> = text.expose().split_whitespace().collect();
    words.join(" ").to_lowercase()
}

/// The groups of an inbox's open questions, in the order of their first questions.
///
/// # Errors
/// [`StoreError`].
pub async fn groups(
    store: &Store,
    inbox: &str,
    pack: Option<Arc<Pack>>,
) -> Result<Vec<Group>, StoreError> {
    let mut asked = store.open_questions(inbox, GROUPED_QUESTIONS_MAX).await?;
    asked.reverse();
    let grouped = tokio::task::spawn_blocking(move || group(asked, pack.as_deref()));
    // It does not panic; if it did, the log would say so.
    Ok(grouped.await.unwrap_or_default())
}

fn group(asked: Vec<Asked>, pack: Option<&Pack>) -> Vec<Group> {
    let mut answerer = Answerer::new();
    let asked: Vec<_> = asked
        .into_iter()
        .filter(|asked| {
            let question = Question::new(asked.text.expose());
            let decision = pack.map(|pack| answerer.decide(pack, &question));
            // Meanwhile the bot has learnt it, or it asks for a person.
            !matches!(decision, Some(Decision::Answer(_) | Decision::HandOff))
        })
        .collect();
    let texts: Vec<_> = asked
        .iter()
        .map(|asked| asked.text.expose().as_str())
        .collect();
    let found = grouping::group(&texts, pack, QUESTION_GROUPS_MAX);
    let members = |found: &grouping::Group| -> Vec<Asked> {
        let members = found.members.iter();
        members
            .filter_map(|member| asked.get(*member).cloned())
            .collect()
    };
    found
        .iter()
        .filter_map(|found| {
            let (conversation, seq) = asked.get(found.first)?.place;
            let questions = members(found);
            let suggested = pack.and_then(|pack| {
                let typical = Question::new(questions.first()?.text.expose());
                let best = answerer.rank(pack, &typical).first().copied()?;
                let entry = pack.entry(best.entry)?.id().to_owned();
                (best.confidence >= SUGGESTED_FROM).then_some((entry, best.confidence))
            });
            Some(Group {
                id: format!("{conversation}.{}", seq.0),
                lang: found.lang,
                questions,
                suggested,
            })
        })
        .collect()
}
