//! The bot's part in a conversation: asks the answerer, words the answer, claims it upwards and
//! verifies what was claimed below.
//!
//! Same pack, same answer: so a hop can compute again what a lower hop says that the bot said.

use crate::answer::{Answerer, Decision, Match, Question};
use crate::conversation::{Speech, Verdict};
use crate::id::{Derived, MessageId};
use crate::limits::CLAIM_TEXT_BYTES_MAX;
use crate::pack::{Pack, PackHash};
use crate::private::Private;
use crate::protocol::visitor::{Answered, Claim, Said, SaidText, Submission};
use crate::protocol::{Answer, Hop, Source, Suggestion, UnverifiedClaim};

/// Asks the answerer about a message.
pub fn ask(
    answerer: &mut Answerer,
    pack: &Pack,
    hop: Hop,
    of: MessageId,
    said: &SaidText,
) -> Verdict {
    let question = question(of, said);
    match answerer.decide(pack, &question) {
        Decision::Answer(found) => {
            let Some(entry) = pack.entry(found.entry) else {
                return Verdict::Escalate;
            };
            let source = source(hop, pack.hash(), Some(entry.id()), found.confidence);
            let text = entry.answer(&question).text.to_owned();
            Verdict::Answer(Box::new(Answer {
                of,
                text,
                source,
                suggestions: Vec::new(),
            }))
        }
        Decision::Suggest(found) => {
            let confidence = found.first().map_or(0, |best| best.confidence);
            let suggestions: Vec<_> = found
                .iter()
                .filter_map(|found| suggestion(pack, found, &question))
                .collect();
            if suggestions.is_empty() {
                return Verdict::Escalate;
            }
            let source = source(hop, pack.hash(), None, confidence);
            Verdict::Answer(Box::new(Answer {
                of,
                text: String::new(),
                source,
                suggestions,
            }))
        }
        Decision::HandOff => Verdict::HandOff,
        // Nobody can follow flows yet: an agent takes it, and is told which one was meant.
        Decision::Flow | Decision::Escalate => Verdict::Escalate,
    }
}

/// A message as the answerer sees it. All of it travels with the message (the time in its id), so
/// that every hop asks the same.
pub fn question(of: MessageId, said: &SaidText) -> Question<'_> {
    Question {
        text: said.text.expose(),
        lang: (!said.lang.is_empty()).then_some(said.lang.as_str()),
        page: said.page.expose(),
        at: Some(of.at()),
    }
}

/// What rules tell agents about a message, without words that would need translating: the team
/// that should take it (→), the flow that was meant (▶), labels (#). `None` if they say nothing.
#[cfg(feature = "explain")]
pub fn note(
    answerer: &mut Answerer,
    pack: &Pack,
    of: MessageId,
    said: &SaidText,
) -> Option<crate::protocol::Note> {
    let trace = answerer.trace(pack, &question(of, said));
    let team = trace.team.map(|team| format!("→ {team}"));
    let flow = trace.flow.map(|flow| format!("▶ {flow}"));
    let labels = trace.labels.iter().map(|label| format!("#{label}"));
    let parts: Vec<String> = team.into_iter().chain(flow).chain(labels).collect();
    let text = Private::new(parts.join("  "));
    (!parts.is_empty()).then_some(crate::protocol::Note { text })
}

fn source(hop: Hop, pack: PackHash, entry: Option<&str>, confidence: u16) -> Source {
    // Whoever computes an answer vouches for it; a browser's becomes verified further up.
    let verified = hop != Hop::Browser;
    Source {
        hop,
        pack,
        entry: entry.map(str::to_owned),
        confidence,
        verified,
    }
}

fn suggestion(pack: &Pack, found: &Match, question: &Question<'_>) -> Option<Suggestion> {
    let entry = pack.entry(found.entry)?;
    Some(Suggestion {
        entry: entry.id().to_owned(),
        title: entry.title(question).text.to_owned(),
    })
}

/// The claim that goes up with a question that was answered here.
pub fn claim(answer: &Answer) -> Claim {
    let entries = match &answer.source.entry {
        Some(entry) => vec![entry.clone()],
        None => answer
            .suggestions
            .iter()
            .map(|suggestion| suggestion.entry.clone())
            .collect(),
    };
    let mut end = answer.text.len().min(CLAIM_TEXT_BYTES_MAX);
    while !answer.text.is_char_boundary(end) {
        end -= 1;
    }
    Claim {
        hop: answer.source.hop,
        pack: answer.source.pack,
        entries,
        suggested: answer.source.entry.is_none(),
        confidence: answer.source.confidence,
        text: Private::new(answer.text.get(..end).unwrap_or_default().to_owned()),
    }
}

/// Computes a claimed answer again. `pack` is the one that the claim names.
///
/// # Errors
/// What agents are shown of a claim that does not hold.
pub fn verify(
    answerer: &mut Answerer,
    pack: Option<&Pack>,
    claimed: &Claim,
    of: MessageId,
    said: &SaidText,
) -> Result<Box<Answer>, UnverifiedClaim> {
    let recomputed = pack
        .filter(|pack| pack.hash() == claimed.pack)
        .map(|pack| ask(answerer, pack, claimed.hop, of, said));
    match recomputed {
        Some(Verdict::Answer(mut answer)) if claim(&answer) == *claimed => {
            answer.source.verified = true;
            Ok(answer)
        }
        _ => Err(UnverifiedClaim {
            pack: claimed.pack,
            text: claimed.text.clone(),
        }),
    }
}

/// What an edge passes on, and what it tells the visitor at once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Screened {
    /// The submission for the origin, with the edge's claim if the edge answered.
    pub submission: Submission,
    /// The answer for the visitor, unless the browser's own stands.
    pub answered: Option<Answered>,
    /// Whether a claim of the browser turned out to be wrong.
    pub forged: bool,
}

/// An edge's view of a submission: verifies the browser's claim, answers what has none.
///
/// A claim from another pack than the edge holds is left to the origin, which keeps them all. A
/// wrong claim goes up as it came, for the agents to see; the visitor gets the right answer.
pub fn screen(
    answerer: &mut Answerer,
    pack: Option<&Pack>,
    speech: Speech,
    mut submission: Submission,
) -> Screened {
    let id = submission.id;
    let screened = |answered, forged, submission| Screened {
        submission,
        answered,
        forged,
    };
    let Said::Text(said) = &mut submission.said else {
        return screened(None, false, submission);
    };
    let Some(pack) = pack else {
        return screened(None, false, submission);
    };
    let forged = match &said.claim {
        Some(claim) if claim.pack != pack.hash() => return screened(None, false, submission),
        Some(claim) => match verify(answerer, Some(pack), claim, id, said) {
            Ok(_) => return screened(None, false, submission),
            Err(_) => true,
        },
        None => false,
    };
    let verdict = speech.of(ask(answerer, pack, Hop::Edge, id, said));
    let Verdict::Answer(answer) = verdict else {
        return screened(None, forged, submission);
    };
    if !forged {
        said.claim = Some(claim(&answer));
    }
    screened(
        Some(Answered {
            id: id.derive(Derived::Answer),
            answer: *answer,
        }),
        forged,
        submission,
    )
}
