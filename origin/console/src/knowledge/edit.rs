//! An item while an editor works on it.
//!
//! In: what the editor types and what the origin answers. Out: whether there is something to save,
//! what to send, what is wrong where, and both versions when somebody else saved first.
//! Invariant: nothing that was typed is dropped except by [`Edit::take_theirs`] or by whoever
//! drops the [`Edit`].

use firsthop_core::json::Json;

use super::doc::Doc;
use super::merge::{Difference, Side, differences, settle};
use super::wire::{Fault, Item, Kind};

/// See the module.
#[derive(Debug, Clone, PartialEq)]
pub struct Edit {
    /// The inbox whose knowledge it is.
    pub inbox: String,
    /// The item's number; none before it is stored.
    pub item: Option<u64>,
    /// What it is.
    pub kind: Kind,
    /// The revision on which the changes are made.
    pub revision: u64,
    /// How it was at that revision.
    pub base: Doc,
    /// How it is now.
    pub doc: Doc,
    /// What the origin found wrong.
    pub faults: Vec<Fault>,
    /// Somebody else saved first.
    pub conflict: Option<Conflict>,
    /// The questions that it is made from, which saving settles.
    pub group: Option<String>,
}

/// What somebody else saved meanwhile.
#[derive(Debug, Clone, PartialEq)]
pub struct Conflict {
    /// The item as it is now; none if it was deleted.
    pub theirs: Option<Item>,
    /// What differs.
    pub differences: Vec<Difference>,
}

impl Edit {
    /// Begins to edit a stored item.
    pub fn of(inbox: &str, item: &Item) -> Self {
        let doc = Doc::of(item.value.clone());
        Self {
            inbox: inbox.to_owned(),
            item: Some(item.item),
            kind: item.kind,
            revision: item.revision,
            base: doc.clone(),
            doc,
            faults: Vec::new(),
            conflict: None,
            group: None,
        }
    }

    /// Begins a new item.
    pub fn new(inbox: &str, kind: Kind) -> Self {
        Self {
            inbox: inbox.to_owned(),
            item: None,
            kind,
            revision: 0,
            base: Doc::default(),
            doc: Doc::default(),
            faults: Vec::new(),
            conflict: None,
            group: None,
        }
    }

    /// Begins an entry that answers these questions.
    pub fn of_group(inbox: &str, group: &str, questions: Vec<String>) -> Self {
        let mut edit = Self::new(inbox, Kind::Entry);
        edit.doc.put_list("phrasings", questions);
        edit.group = Some(group.to_owned());
        edit
    }

    /// Whether there is something to save.
    pub fn is_dirty(&self) -> bool {
        self.doc.tidied() != self.base.tidied()
    }

    /// Gets ready to be sent: without empty rows, and with an id. `made_up` is used where no
    /// title gives one.
    pub fn tidy(&mut self, made_up: &str) -> Json {
        self.doc = self.doc.tidied();
        self.keep_kind();
        if self.kind == Kind::Entry && self.doc.get("id").is_none() {
            let id = id_of(&self.doc).unwrap_or_else(|| made_up.to_owned());
            let mut named = Doc::default();
            named.put_text("id", &id);
            for name in self.doc.names() {
                named.put(name, self.doc.get(name).cloned());
            }
            self.doc = named;
        }
        self.faults.clear();
        self.doc.to_json()
    }

    /// What makes an item one of its kind stays, though it is empty: else the origin would take it
    /// for an entry, and tell what an entry needs.
    fn keep_kind(&mut self) {
        let (member, empty) = match self.kind {
            Kind::Rule => ("rule", Json::from("")),
            Kind::Entity => ("entity", Json::from("")),
            Kind::Synonyms => ("synonyms", Json::List(Vec::new())),
            Kind::Settings => ("settings", Json::Object(Vec::new())),
            Kind::Entry | Kind::Other => return,
        };
        if self.doc.get(member).is_none() {
            self.doc.put(member, Some(empty));
        }
    }

    /// The origin has stored it.
    pub fn handle_stored(&mut self, item: &Item) {
        // What was typed while it was on its way stays a change.
        self.base = Doc::of(item.value.clone());
        self.item = Some(item.item);
        self.revision = item.revision;
        self.faults.clear();
        self.conflict = None;
        self.group = None;
    }

    /// Somebody else saved first.
    pub fn handle_overtaken(&mut self, theirs: Option<Item>) {
        let differences = theirs.as_ref().map_or_else(Vec::new, |theirs| {
            let theirs = Doc::of(theirs.value.clone());
            differences(&self.base, &self.doc.tidied(), &theirs)
        });
        self.conflict = Some(Conflict {
            theirs,
            differences,
        });
    }

    /// Goes on from what the other editor saved, with one's own changes.
    pub fn keep_both(&mut self, choose: impl Fn(&Difference) -> Side) {
        let Some(conflict) = self.conflict.take() else {
            return;
        };
        match conflict.theirs {
            Some(theirs) => {
                let doc = Doc::of(theirs.value);
                self.doc = settle(&doc, &conflict.differences, choose);
                self.base = doc;
                self.revision = theirs.revision;
            }
            // It is made anew.
            None => {
                self.item = None;
                self.base = Doc::default();
            }
        }
    }

    /// Gives up one's own changes for what the other editor saved.
    pub fn take_theirs(&mut self) {
        if let Some(theirs) = self.conflict.take().and_then(|conflict| conflict.theirs) {
            *self = Self::of(&self.inbox, &theirs);
        }
    }

    /// What is wrong with a field.
    pub fn fault(&self, field: &str) -> Option<&Fault> {
        self.faults.iter().find(|fault| fault.field == field)
    }
}

/// An id from the title's Latin letters, as people would write it.
fn id_of(doc: &Doc) -> Option<String> {
    let titles = doc.localised("title");
    let (_, title) = titles
        .iter()
        .find(|(lang, _)| lang.starts_with("en"))
        .or_else(|| titles.first())?;
    let (letters, others) = (
        title.chars().filter(char::is_ascii_alphanumeric).count(),
        title.chars().filter(|c| !c.is_ascii()).count(),
    );
    let words: Vec<String> = title
        .split(|c: char| !c.is_ascii_alphanumeric())
        .filter(|word| !word.is_empty())
        .take(5)
        .map(str::to_ascii_lowercase)
        .collect();
    (letters > others).then(|| words.join("-"))
}

/// What people would call an item: its title, name, or first words.
pub fn headline(kind: Kind, value: &Json, lang: &str) -> String {
    let doc = Doc::of(value.clone());
    let localised = |field: &str| {
        let texts = doc.localised(field);
        let of_lang = texts
            .iter()
            .position(|(tag, _)| !tag.is_empty() && lang.starts_with(tag.as_str()));
        texts
            .into_iter()
            .nth(of_lang.unwrap_or(0))
            .map(|(_, text)| text)
    };
    let found = match kind {
        Kind::Entry => localised("title")
            .or_else(|| doc.first("phrasings"))
            .or_else(|| Some(doc.text("id"))),
        Kind::Rule => Some(doc.text("rule")),
        Kind::Entity => Some(doc.text("entity")),
        Kind::Synonyms => Some(doc.list("synonyms").join(" · ")),
        Kind::Settings | Kind::Other => None,
    };
    found.filter(|text| !text.is_empty()).unwrap_or_default()
}

/// The second line under a headline.
pub fn subline(kind: Kind, value: &Json) -> String {
    let doc = Doc::of(value.clone());
    match kind {
        Kind::Entry => doc.first("phrasings").unwrap_or_default(),
        Kind::Rule => ["exact", "any", "all"]
            .into_iter()
            .flat_map(|field| doc.list(field))
            .take(8)
            .collect::<Vec<_>>()
            .join(" · "),
        Kind::Synonyms => String::new(),
        Kind::Entity | Kind::Settings | Kind::Other => doc.names().collect::<Vec<_>>().join(" · "),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(revision: u64, value: &str) -> Item {
        Item {
            item: 7,
            kind: Kind::Entry,
            name: None,
            revision,
            changed_at: None,
            changed_by: None,
            value: serde_json::from_str(value).unwrap(),
        }
    }

    const VALUE: &str =
        r#"{"id":"ship","title":{"en":"Fee","zh":"运费"},"phrasings":["a"],"answer":"x"}"#;

    #[test]
    fn only_what_says_something_else_is_a_change() {
        let mut edit = Edit::of("demo", &item(1, VALUE));
        assert!(!edit.is_dirty());
        edit.doc
            .put_list("phrasings", vec!["a".to_owned(), String::new()]);
        assert!(!edit.is_dirty(), "an empty row is no change");
        edit.doc
            .put_list("phrasings", vec!["a".to_owned(), "b".to_owned()]);
        assert!(edit.is_dirty());
    }

    #[test]
    fn what_was_emptied_stays_what_it_is() {
        for (kind, kept) in [
            (Kind::Rule, r#"{"any":["a"],"rule":""}"#),
            (Kind::Entity, r#"{"any":["a"],"entity":""}"#),
            (Kind::Synonyms, r#"{"any":["a"],"synonyms":[]}"#),
            (Kind::Settings, r#"{"any":["a"],"settings":{}}"#),
        ] {
            let mut edit = Edit::new("demo", kind);
            edit.doc.put_list("any", vec!["a".to_owned()]);
            let sent = serde_json::to_string(&edit.tidy("x")).unwrap();
            assert_eq!(sent, kept);
        }
    }

    #[test]
    fn what_is_typed_while_it_is_stored_stays_a_change() {
        let mut edit = Edit::of("demo", &item(1, VALUE));
        edit.doc.put_text("category", "post");
        let sent = serde_json::to_string(&edit.tidy("x")).unwrap();
        edit.doc.put_text("category", "postage");
        edit.handle_stored(&item(2, &sent));
        assert!(edit.is_dirty());
        assert_eq!(edit.revision, 2);
    }

    #[test]
    fn an_entry_without_id_gets_one_from_its_title() {
        let named = |title: &str| {
            let mut edit = Edit::new("demo", Kind::Entry);
            edit.doc.put_text("title", title);
            edit.tidy("q-1");
            assert_eq!(edit.doc.names().next(), Some("id"));
            edit.doc.text("id")
        };
        assert_eq!(named("How do I pay, on delivery?"), "how-do-i-pay-on");
        assert_eq!(named("运费是多少 OK"), "q-1");
    }

    #[test]
    fn both_keep_what_they_changed() {
        let mut edit = Edit::of("demo", &item(1, VALUE));
        edit.doc.put_text("category", "mine");
        let theirs = VALUE.replace(r#""x""#, r#""y""#);
        edit.handle_overtaken(Some(item(5, &theirs)));
        assert_eq!(
            edit.conflict.as_ref().map(|it| it.differences.len()),
            Some(2)
        );
        edit.keep_both(|_| Side::Mine);
        assert_eq!(edit.doc.text("answer"), "y");
        assert_eq!(edit.doc.text("category"), "mine");
        assert_eq!((edit.revision, edit.is_dirty()), (5, true));
    }

    #[test]
    fn theirs_are_taken_whole_and_what_was_deleted_is_made_anew() {
        let mut edit = Edit::of("demo", &item(1, VALUE));
        edit.doc.put_text("answer", "mine");
        edit.handle_overtaken(Some(item(5, VALUE)));
        edit.take_theirs();
        assert_eq!(
            (edit.doc.text("answer").as_str(), edit.is_dirty()),
            ("x", false)
        );
        edit.doc.put_text("answer", "mine");
        edit.handle_overtaken(None);
        edit.keep_both(|_| Side::Mine);
        assert_eq!((edit.item, edit.is_dirty()), (None, true));
    }

    #[test]
    fn rows_say_what_an_item_is() {
        let value = item(1, VALUE).value;
        assert_eq!(headline(Kind::Entry, &value, "zh-CN"), "运费");
        assert_eq!(headline(Kind::Entry, &value, "fr"), "Fee");
        assert_eq!(subline(Kind::Entry, &value), "a");
        let words: Json = serde_json::from_str(r#"{"synonyms":["a","b"]}"#).unwrap();
        assert_eq!(headline(Kind::Synonyms, &words, "en"), "a · b");
    }
}
