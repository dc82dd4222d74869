//! What rules say about a question besides the decision: who should take it, which flow starts,
//! what the conversation is marked with. For agents; the decision itself does not need it, so
//! that a visitor's browser does not carry it.

use super::{Answerer, Question};
use crate::pack::{Action, Pack};

/// What rules say about a question.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Trace<'p> {
    /// The id of the rule that decides, if one does (and the question does not stand in the pack
    /// word for word).
    pub rule: Option<&'p str>,
    /// The team that it hands off to.
    pub team: Option<&'p str>,
    /// The flow that it starts.
    pub flow: Option<&'p str>,
    /// The labels of every rule that applies, each once, in the order of the rules.
    pub labels: Vec<&'p str>,
}

impl Answerer {
    /// What the pack's rules say about a question: a pure function of both, like
    /// [`Self::decide`].
    pub fn trace<'p>(&mut self, pack: &'p Pack, question: &Question<'_>) -> Trace<'p> {
        let mut trace = Trace::default();
        self.tokens.read(question.read(), pack.variants());
        if self.tokens.is_empty() {
            return trace;
        }
        let mut decided = false;
        let hot = pack.hot().find(self.tokens.hash()).is_some();
        self.find(pack, question, |rule| {
            let (id, name, labels) = rule.about();
            for label in labels {
                if !trace.labels.contains(&label) {
                    trace.labels.push(label);
                }
            }
            let decides = rule.action != Action::Label && !decided;
            decided |= decides;
            if decides && (rule.first || !hot) {
                trace.rule = Some(id);
                let name = Some(name).filter(|name| !name.is_empty());
                match rule.action {
                    Action::HandOff => trace.team = name,
                    Action::Flow => trace.flow = name,
                    Action::Answer | Action::Suggest | Action::Label => {}
                }
            }
            false
        });
        trace
    }
}
