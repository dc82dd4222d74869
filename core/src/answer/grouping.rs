//! Questions that ask the same, brought together: what an editor looks through to see what the
//! bot should know.
//!
//! In go questions, oldest first; out come groups. A question joins the group whose first
//! question is most like it, or begins one: so groups keep their first questions while newer
//! ones come. What is compared is what the answerer counts ([`features`](super::features)),
//! weighed by how rare it is among these questions. Different languages are never in one group.
//!
//! The same questions give the same groups. Bounded: by the number of groups, and by the
//! features of each question.

use std::collections::HashMap;

use super::features::each;
use super::tokens::{Tokens, script};
use crate::limits::{QUESTION_FEATURES_MAX, QUESTION_READ_BYTES_MAX};
use crate::pack::{Lexicon, Pack, Variants};

/// How alike a question must be to a group's first one, as the cosine of the angle between them.
const ALIKE: f32 = 0.36;

/// Questions that ask the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// Its first question, which stays so while others join.
    pub first: usize,
    /// All its questions, by their place in what was given, the most typical first.
    pub members: Vec<usize>,
    /// The language that their script stands for; `en` is any in Latin letters.
    pub lang: &'static str,
}

/// The features of a question and their weights: ascending, of length 1 or empty.
type Weighed = Vec<(u32, f32)>;

/// Groups `questions`, which come oldest first, into at most `groups_max` groups; questions that
/// fit none of so many are left out, as are those without a word. Words that mean the same are
/// known from `pack`, if there is one.
#[must_use]
pub fn group(questions: &[&str], pack: Option<&Pack>, groups_max: usize) -> Vec<Group> {
    let lexicon = pack.map(Pack::lexicon).unwrap_or_default();
    let variants = pack.map(Pack::variants).unwrap_or_default();
    let weighed = weigh(questions, variants, &lexicon);
    let mut groups: Vec<Group> = Vec::new();
    // For each feature, the groups whose first question has it, and how much.
    let mut having: HashMap<(&str, u32), Vec<(usize, f32)>> = HashMap::new();
    let mut likeness: Vec<f32> = Vec::new();
    for (place, (question, features)) in questions.iter().zip(&weighed).enumerate() {
        if features.is_empty() {
            continue;
        }
        let lang = script(question).unwrap_or("en");
        likeness.clear();
        likeness.resize(groups.len(), 0.0);
        for (feature, weight) in features {
            for (group, other) in having.get(&(lang, *feature)).into_iter().flatten() {
                if let Some(sum) = likeness.get_mut(*group) {
                    *sum += weight * other;
                }
            }
        }
        // The earliest of equals.
        let best = likeness
            .iter()
            .enumerate()
            .rev()
            .max_by(|(_, a), (_, b)| a.total_cmp(b))
            .filter(|(_, likeness)| **likeness >= ALIKE)
            .and_then(|(at, _)| groups.get_mut(at));
        if let Some(group) = best {
            group.members.push(place);
        } else if groups.len() < groups_max {
            for (feature, weight) in features {
                let having = having.entry((lang, *feature)).or_default();
                having.push((groups.len(), *weight));
            }
            groups.push(Group {
                first: place,
                members: vec![place],
                lang,
            });
        }
    }
    for group in &mut groups {
        most_typical_first(group, &weighed);
    }
    groups
}

/// The features of each question, weighed by their rarity among all of them.
fn weigh(questions: &[&str], variants: Variants<'_>, lexicon: &Lexicon<'_>) -> Vec<Weighed> {
    let mut tokens = Tokens::default();
    let mut frequency: HashMap<u32, u32> = HashMap::new();
    let counted: Vec<Weighed> = questions
        .iter()
        .map(|question| {
            let end = question.floor_char_boundary(QUESTION_READ_BYTES_MAX);
            tokens.read(question.get(..end).unwrap_or_default(), variants);
            let mut features = Vec::new();
            each(&tokens, lexicon, |feature, weight| {
                if features.len() < QUESTION_FEATURES_MAX {
                    features.push((feature, weight as f32));
                }
            });
            if tokens.is_empty() {
                features.clear();
            }
            features.sort_by_key(|(feature, _)| *feature);
            // What is repeated does not make a question another one.
            features.dedup_by_key(|(feature, _)| *feature);
            for (feature, _) in &features {
                *frequency.entry(*feature).or_default() += 1;
            }
            features
        })
        .collect();
    let all = questions.len() as f32;
    let rarity = |feature: &u32| {
        let with = frequency.get(feature).copied().unwrap_or(1) as f32;
        1.0 + ((1.0 + all) / (1.0 + with)).ln()
    };
    counted
        .into_iter()
        .map(|features| {
            let weighed: Weighed = features
                .into_iter()
                .map(|(feature, weight)| (feature, weight * rarity(&feature)))
                .collect();
            let length = weighed
                .iter()
                .map(|(_, weight)| weight * weight)
                .sum::<f32>()
                .sqrt();
            let unit = weighed.into_iter();
            unit.map(|(feature, weight)| (feature, weight / length.max(f32::MIN_POSITIVE)))
                .collect()
        })
        .collect()
}

/// Orders the members by how much they have of what all of them have.
fn most_typical_first(group: &mut Group, weighed: &[Weighed]) {
    let features = |member: &usize| weighed.get(*member).into_iter().flatten();
    let mut all: HashMap<u32, f32> = HashMap::new();
    for (feature, weight) in group.members.iter().flat_map(features) {
        *all.entry(*feature).or_default() += weight;
    }
    let typical = |member: &usize| -> f32 {
        let common =
            |(feature, weight): &(u32, f32)| weight * all.get(feature).copied().unwrap_or_default();
        features(member).map(common).sum()
    };
    let mut members: Vec<_> = group
        .members
        .iter()
        .map(|member| (typical(member), *member))
        .collect();
    members.sort_by(|(a, first), (b, second)| b.total_cmp(a).then(first.cmp(second)));
    group.members = members.into_iter().map(|(_, member)| member).collect();
}

#[cfg(test)]
mod tests {
    use super::*;

    fn groups<'a>(questions: &[&'a str], max: usize) -> Vec<Vec<&'a str>> {
        let found = group(questions, None, max);
        let texts = |group: &Group| {
            let members = group.members.iter();
            members
                .filter_map(|member| questions.get(*member).copied())
                .collect()
        };
        found.iter().map(texts).collect()
    }

    #[test]
    fn what_asks_the_same_comes_together() {
        let questions = [
            "Do you sell gift cards?",
            "Is there a student discount?",
            "do you sell GIFT CARDS",
            "你们有礼品卡吗",
            "gift cards?",
            "any discount for a student",
            "礼品卡有吗",
        ];
        let found = group(&questions, None, 10);
        let mut members: Vec<_> = found
            .iter()
            .map(|group| {
                let mut members = group.members.clone();
                members.sort_unstable();
                (group.lang, members)
            })
            .collect();
        members.sort();
        assert_eq!(
            members,
            [
                ("en", vec![0, 2, 4]),
                ("en", vec![1, 5]),
                ("zh", vec![3, 6])
            ]
        );
        assert_eq!(group(&questions, None, 10), found, "the same again");
    }

    #[test]
    fn groups_keep_their_first_question_when_others_come() {
        let before = group(&["where is my parcel", "hello there"], None, 10);
        let after = group(
            &[
                "where is my parcel",
                "hello there",
                "where is my parcel now",
                "my parcel, where is it",
            ],
            None,
            10,
        );
        let firsts = |groups: &[Group]| groups.iter().map(|group| group.first).collect::<Vec<_>>();
        assert_eq!(firsts(&before), firsts(&after));
    }

    #[test]
    fn what_has_no_word_or_comes_too_late_is_left_out() {
        assert_eq!(groups(&["", " ", "👍", "?!"], 10), Vec::<Vec<&str>>::new());
        assert_eq!(
            groups(&["alpha beta", "gamma delta", "alpha beta"], 1),
            [["alpha beta", "alpha beta"]]
        );
        let long = "x ".repeat(40_000);
        assert_eq!(groups(&[&long], 10).len(), 1);
    }
}
