//! Whether a rule applies to a question.

use super::tokens::Tokens;
use crate::pack::{Rule, Term};

/// Whether the question has what the rule asks for, and nothing that it excludes.
pub(crate) fn applies(rule: &Rule<'_>, tokens: &Tokens) -> bool {
    let length = tokens.all().len();
    let exact = rule
        .exact
        .iter()
        .any(|term| term.len() == length && has(tokens, term));
    let found = exact
        || !(rule.any.is_empty() && rule.all.is_empty())
            && (rule.any.is_empty() || rule.any.iter().any(|term| has(tokens, term)))
            && rule.all.iter().all(|term| has(tokens, term));
    found && !rule.none.iter().any(|term| has(tokens, term))
}

/// Whether the term's tokens stand in the question one after the other.
fn has(tokens: &Tokens, term: Term<'_>) -> bool {
    tokens.all().windows(term.len().max(1)).any(|window| {
        window
            .iter()
            .zip(term)
            .all(|(token, hash)| token.hash.to_le_bytes() == *hash)
    })
}
