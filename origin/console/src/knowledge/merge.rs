//! Two editors changed the same item: what each changed, and both together.
//!
//! In: the item as it was, as this editor has it, as the other one saved it. Out: the
//! [`Difference`]s, and the item with one side or the other for each. Invariant: what only one
//! side changed is taken from it; additions to lists and removals from them are all carried out.

use firsthop_core::json::Json;

use super::doc::Doc;

/// Which side an editor prefers where both changed the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Side {
    /// This editor's.
    #[default]
    Mine,
    /// The other one's.
    Theirs,
}

/// Something that at least one side changed.
#[derive(Debug, Clone, PartialEq)]
pub struct Difference {
    /// The field, and its language if it has one: `answer.en`.
    pub place: String,
    /// What this editor has; `None`: nothing.
    pub mine: Option<Json>,
    /// What the other one saved.
    pub theirs: Option<Json>,
    /// Both together, where that needs no decision.
    pub merged: Option<Merged>,
}

/// What becomes of a difference that needs no decision.
#[derive(Debug, Clone, PartialEq)]
pub enum Merged {
    /// Only this editor changed it.
    Mine,
    /// Only the other one changed it.
    Theirs,
    /// Both changed a list, which can be put together.
    Both(Vec<Json>),
}

/// What the sides changed, in the order of the fields.
pub fn differences(base: &Doc, mine: &Doc, theirs: &Doc) -> Vec<Difference> {
    places(mine, theirs, base)
        .into_iter()
        .filter_map(|place| {
            let (was, mine, theirs) = (at(base, &place), at(mine, &place), at(theirs, &place));
            if mine == theirs {
                return None;
            }
            let merged = if theirs == was {
                Some(Merged::Mine)
            } else if mine == was {
                Some(Merged::Theirs)
            } else {
                together(was.as_ref(), mine.as_ref(), theirs.as_ref()).map(Merged::Both)
            };
            Some(Difference {
                place,
                mine,
                theirs,
                merged,
            })
        })
        .collect()
}

/// The item with every difference settled: as [`Merged`] says, or else as `choose` does.
pub fn settle(
    theirs: &Doc,
    differences: &[Difference],
    choose: impl Fn(&Difference) -> Side,
) -> Doc {
    let mut doc = theirs.clone();
    for difference in differences {
        let value = match &difference.merged {
            Some(Merged::Theirs) => continue,
            Some(Merged::Mine) => difference.mine.clone(),
            Some(Merged::Both(list)) => Some(Json::List(list.clone())),
            None => match choose(difference) {
                Side::Mine => difference.mine.clone(),
                Side::Theirs => continue,
            },
        };
        write(&mut doc, &difference.place, value);
    }
    doc
}

fn together(was: Option<&Json>, mine: Option<&Json>, theirs: Option<&Json>) -> Option<Vec<Json>> {
    let (Some(Json::List(mine)), Some(Json::List(theirs))) = (mine, theirs) else {
        return None;
    };
    let was: &[Json] = match was {
        Some(Json::List(was)) => was,
        _ => &[],
    };
    let removed = |item: &&Json| was.contains(item) && !theirs.contains(item);
    let added = theirs
        .iter()
        .filter(|item| !was.contains(item) && !mine.contains(item));
    Some(
        mine.iter()
            .filter(|item| !removed(item))
            .chain(added)
            .cloned()
            .collect(),
    )
}

/// Every place that any of them has: fields, and languages of fields that have them.
fn places(mine: &Doc, theirs: &Doc, base: &Doc) -> Vec<String> {
    let mut places: Vec<String> = Vec::new();
    for name in [mine, theirs, base].into_iter().flat_map(Doc::names) {
        let languages = |doc: &Doc| match doc.get(name) {
            Some(Json::Object(fields)) => {
                Some(fields.iter().map(|(lang, _)| lang.clone()).collect())
            }
            Some(_) => None,
            None => Some(Vec::new()),
        };
        // A field that only some have by language is one whole.
        let found: Vec<String> = match (languages(mine), languages(theirs), languages(base)) {
            (Some(a), Some(b), Some(c)) => [a, b, c]
                .concat()
                .into_iter()
                .map(|lang: String| format!("{name}.{lang}"))
                .collect(),
            _ => vec![name.to_owned()],
        };
        for place in found {
            if !places.contains(&place) {
                places.push(place);
            }
        }
    }
    places
}

fn at(doc: &Doc, place: &str) -> Option<Json> {
    if let Some(value) = doc.get(place) {
        return Some(value.clone());
    }
    let (field, lang) = place.split_once('.')?;
    match doc.get(field)? {
        Json::Object(fields) => fields
            .iter()
            .find(|(name, _)| name == lang)
            .map(|(_, value)| value.clone()),
        _ => None,
    }
}

fn write(doc: &mut Doc, place: &str, value: Option<Json>) {
    let Some((field, lang)) = place.split_once('.') else {
        return doc.put(place, value);
    };
    let mut inner = Doc::of(doc.get(field).cloned().unwrap_or(Json::Null));
    inner.put(lang, value);
    let left = inner.names().next().is_some();
    doc.put(field, left.then(|| inner.to_json()));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn doc(source: &str) -> Doc {
        Doc::parse(source).unwrap()
    }

    const BASE: &str = r#"{"id":"a","answer":{"en":"one","zh":"一"},"phrasings":["p","q"]}"#;

    #[test]
    fn what_one_side_changed_is_taken_and_lists_are_put_together() {
        let mine = doc(r#"{"id":"a","answer":{"en":"two","zh":"一"},"phrasings":["p","q","r"]}"#);
        let theirs = doc(
            r#"{"id":"a","answer":{"en":"one","zh":"二"},"phrasings":["q","s"],"category":"c"}"#,
        );
        let found = differences(&doc(BASE), &mine, &theirs);
        let places: Vec<&str> = found.iter().map(|each| each.place.as_str()).collect();
        assert_eq!(places, ["answer.en", "answer.zh", "phrasings", "category"]);
        assert!(found.iter().all(|each| each.merged.is_some()));
        let both = settle(&theirs, &found, |_| Side::Mine);
        assert_eq!(
            both,
            doc(
                r#"{"id":"a","answer":{"en":"two","zh":"二"},"phrasings":["q","r","s"],"category":"c"}"#
            )
        );
    }

    #[test]
    fn what_both_changed_is_asked() {
        let mine = doc(r#"{"id":"a","answer":{"en":"two","zh":"一"},"phrasings":["p","q"]}"#);
        let theirs = doc(r#"{"id":"a","answer":{"en":"three","zh":"一"},"phrasings":["p","q"]}"#);
        let found = differences(&doc(BASE), &mine, &theirs);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].merged, None);
        assert_eq!(settle(&theirs, &found, |_| Side::Mine), mine);
        assert_eq!(settle(&theirs, &found, |_| Side::Theirs), theirs);
    }

    #[test]
    fn the_same_change_on_both_sides_is_none() {
        let mine = doc(r#"{"id":"b","answer":{"en":"one"}}"#);
        assert_eq!(differences(&doc(BASE), &mine, &mine), []);
    }

    #[test]
    fn a_text_that_got_languages_on_one_side_only_is_one_whole() {
        let base = doc(r#"{"answer":"one"}"#);
        let mine = doc(r#"{"answer":"two"}"#);
        let theirs = doc(r#"{"answer":{"en":"one","zh":"一"}}"#);
        let found = differences(&base, &mine, &theirs);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].place, "answer");
        assert_eq!(settle(&theirs, &found, |_| Side::Mine), mine);
    }

    #[test]
    fn a_removed_language_leaves_no_empty_object() {
        let base = doc(r#"{"title":{"en":"T"},"x":"1"}"#);
        let mine = doc(r#"{"x":"1"}"#);
        let theirs = doc(r#"{"title":{"en":"T"},"x":"2"}"#);
        let found = differences(&base, &mine, &theirs);
        assert_eq!(settle(&theirs, &found, |_| Side::Mine), doc(r#"{"x":"2"}"#));
    }
}
