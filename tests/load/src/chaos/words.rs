//! What visitors and agents say.

use std::sync::LazyLock;

use firsthop_core::id::MessageId;

use super::dice::Dice;

const CASES: &str = include_str!("../../cases/shop.jsonl");

/// Questions that the demo shop's knowledge answers, or not.
static QUESTIONS: LazyLock<Vec<String>> = LazyLock::new(|| {
    CASES
        .lines()
        .filter_map(|line| {
            let case: serde_json::Value = serde_json::from_str(line).ok()?;
            Some(case.get("q")?.as_str()?.to_owned())
        })
        .collect()
});

/// Something that no knowledge answers.
const UNANSWERABLE: &str = "qwrtz plmnb xkcd vvv zzyzx";

/// A visitor's next message; none: they ask for a person.
pub(super) fn of_visitor(dice: &mut Dice) -> Option<String> {
    match dice.below(100) {
        0..60 => dice.pick(&QUESTIONS).cloned(),
        60..85 => Some(format!("{UNANSWERABLE} {}", dice.roll())),
        85..95 => Some(format!("{UNANSWERABLE} ").repeat(40 + dice.below(110))),
        _ => None,
    }
}

/// An agent's words, which name the command that carries them, so that none is taken for another.
pub(super) fn of_agent(what: &str, id: MessageId) -> String {
    format!("{what} {id}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn visitors_say_all_kinds_of_things() {
        let mut dice = Dice::new(1);
        let said: Vec<_> = (0..200).map(|_| of_visitor(&mut dice)).collect();
        assert!(said.contains(&None));
        let texts: Vec<_> = said.into_iter().flatten().collect();
        assert!(texts.iter().any(|text| text.len() > 1000));
        assert!(texts.iter().any(|text| QUESTIONS.contains(text)));
        assert!(texts.iter().all(|text| !text.trim().is_empty()));
    }
}
