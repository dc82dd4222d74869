//! One item of the knowledge while it is edited: a JSON object, seen through the fields of a form.
//!
//! In and out: texts, lists of texts, texts by language. A field is named by its path: `settings.zone`
//! is the field `zone` of the object `settings`. Invariant: what the form does not know is kept as
//! it is, and so is the order of the fields; a field that is left empty is not written.

use firsthop_core::json::{Fields, Json};

/// See the module.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Doc {
    fields: Fields,
}

/// A text in a language; the language is empty where the item does not say it.
pub type Localised = (String, String);

/// What something is called, and its further names.
pub type Value = (String, Vec<String>);

impl Doc {
    /// What an item's value says. Anything but an object is as good as empty.
    pub fn of(value: Json) -> Self {
        match value {
            Json::Object(fields) => Self { fields },
            _ => Self::default(),
        }
    }

    /// As it is sent.
    pub fn to_json(&self) -> Json {
        Json::Object(self.fields.clone())
    }

    /// Reads the source text that an editor wrote.
    ///
    /// # Errors
    /// What is wrong with it, in the parser's words.
    pub fn parse(source: &str) -> Result<Self, String> {
        match serde_json::from_str(source) {
            Ok(Json::Object(fields)) => Ok(Self { fields }),
            Ok(_) => Err("{ … }".to_owned()),
            Err(error) => Err(error.to_string()),
        }
    }

    /// The source text, for reading.
    pub fn source(&self) -> String {
        serde_json::to_string_pretty(&self.to_json()).unwrap_or_default()
    }

    /// The fields' names, in order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.fields.iter().map(|(name, _)| name.as_str())
    }

    /// A field as it stands.
    pub fn get(&self, path: &str) -> Option<&Json> {
        find(&self.fields, path)
    }

    /// Writes a field in its place, or removes it. An object that it is to be in is made.
    pub fn put(&mut self, path: &str, value: Option<Json>) {
        put(&mut self.fields, path, value);
    }

    /// A text; empty if there is none.
    pub fn text(&self, name: &str) -> String {
        match self.get(name) {
            Some(Json::Text(text)) => text.clone(),
            Some(Json::Number(number)) => number.to_string(),
            _ => String::new(),
        }
    }

    /// Writes a text, or removes the field if it is empty.
    pub fn put_text(&mut self, name: &str, text: &str) {
        self.put(name, (!text.is_empty()).then(|| text.into()));
    }

    /// Writes a whole number if `text` is one, else `text`, which the origin will refuse with a
    /// sentence that the editor sees.
    pub fn put_number(&mut self, name: &str, text: &str) {
        let value = match text.trim().parse::<i64>() {
            Ok(number) => Some(Json::Number(number.into())),
            Err(_) => (!text.is_empty()).then(|| text.into()),
        };
        self.put(name, value);
    }

    /// Whether a field says `true`.
    pub fn flag(&self, name: &str) -> bool {
        self.get(name) == Some(&Json::Bool(true))
    }

    /// Writes `true`, or removes the field.
    pub fn put_flag(&mut self, name: &str, on: bool) {
        self.put(name, on.then_some(Json::Bool(true)));
    }

    /// A list of texts. What is no text is passed over; a single text is a list of one.
    pub fn list(&self, name: &str) -> Vec<String> {
        match self.get(name) {
            Some(Json::List(list)) => list
                .iter()
                .map(|item| item.as_text().unwrap_or_default().to_owned())
                .collect(),
            Some(Json::Text(text)) => vec![text.clone()],
            _ => Vec::new(),
        }
    }

    /// Writes a list of texts, or removes the field if there are none. A language's list stays.
    pub fn put_list(&mut self, name: &str, list: Vec<String>) {
        let list: Vec<Json> = list.into_iter().map(Json::Text).collect();
        let stays = !list.is_empty() || name.contains('.');
        self.put(name, stays.then_some(Json::List(list)));
    }

    /// The languages that a field's lists are in; none if it is one list.
    pub fn languages(&self, name: &str) -> Vec<String> {
        match self.get(name) {
            Some(Json::Object(fields)) => fields.iter().map(|(lang, _)| lang.clone()).collect(),
            _ => Vec::new(),
        }
    }

    /// The first text of a field's list, or of its lists by language.
    pub fn first(&self, name: &str) -> Option<String> {
        let mut lists = vec![self.list(name)];
        let by_language = self.languages(name).into_iter();
        lists.extend(by_language.map(|lang| self.list(&format!("{name}.{lang}"))));
        lists.into_iter().flatten().next()
    }

    /// Gives a field a list in a further language. If it was one list, `told` says of each text
    /// which language it is in.
    pub fn add_language(&mut self, name: &str, lang: &str, told: impl Fn(&str) -> &'static str) {
        if self.languages(name).is_empty() {
            let texts = self.list(name);
            self.put(name, None);
            for text in texts.into_iter().filter(|text| !text.trim().is_empty()) {
                let path = format!("{name}.{}", told(&text));
                let mut list = self.list(&path);
                list.push(text);
                self.put_list(&path, list);
            }
        }
        let path = format!("{name}.{lang}");
        if self.get(&path).is_none() {
            self.put_list(&path, Vec::new());
        }
    }

    /// A list as it stands; a single value is a list of one.
    pub fn rows(&self, name: &str) -> Vec<Json> {
        match self.get(name) {
            Some(Json::List(list)) => list.clone(),
            Some(other) => vec![other.clone()],
            None => Vec::new(),
        }
    }

    /// Writes a list, or removes the field if it is empty.
    pub fn put_rows(&mut self, name: &str, rows: Vec<Json>) {
        self.put(name, (!rows.is_empty()).then_some(Json::List(rows)));
    }

    /// A text, or texts by language.
    pub fn localised(&self, name: &str) -> Vec<Localised> {
        match self.get(name) {
            Some(Json::Text(text)) => vec![(String::new(), text.clone())],
            Some(Json::Object(fields)) => fields
                .iter()
                .map(|(lang, text)| (lang.clone(), text.as_text().unwrap_or_default().to_owned()))
                .collect(),
            _ => Vec::new(),
        }
    }

    /// Writes texts by language; one of which the language is not said stands alone.
    pub fn put_localised(&mut self, name: &str, texts: Vec<Localised>) {
        let value = match texts.as_slice() {
            [] => None,
            [(lang, text)] if lang.is_empty() => Some(text.as_str().into()),
            _ => Some(Json::Object(
                texts
                    .into_iter()
                    .map(|(lang, text)| (lang, Json::Text(text)))
                    .collect(),
            )),
        };
        self.put(name, value);
    }

    /// Things by name, each with its further names.
    pub fn values(&self, name: &str) -> Vec<Value> {
        let Some(Json::Object(fields)) = self.get(name) else {
            return Vec::new();
        };
        let names = |value: &Json| match value {
            Json::List(list) => list
                .iter()
                .filter_map(Json::as_text)
                .map(str::to_owned)
                .collect(),
            Json::Text(text) => vec![text.clone()],
            _ => Vec::new(),
        };
        fields
            .iter()
            .map(|(value, further)| (value.clone(), names(further)))
            .collect()
    }

    /// Writes things by name, or removes the field if there are none.
    pub fn put_values(&mut self, name: &str, values: Vec<Value>) {
        let fields: Fields = values
            .into_iter()
            .map(|(value, names)| {
                let names = names.into_iter().map(Json::Text).collect();
                (value, Json::List(names))
            })
            .collect();
        self.put(name, (!fields.is_empty()).then_some(Json::Object(fields)));
    }

    /// Without what was begun and left empty: rows of lists, texts in languages.
    #[must_use]
    pub fn tidied(&self) -> Self {
        Self {
            fields: tidied(&self.fields),
        }
    }
}

fn find<'a>(fields: &'a Fields, path: &str) -> Option<&'a Json> {
    let (name, rest) = step(path);
    let (_, value) = fields.iter().find(|(field, _)| field == name)?;
    match (rest, value) {
        (None, value) => Some(value),
        (Some(rest), Json::Object(fields)) => find(fields, rest),
        (Some(_), _) => None,
    }
}

fn put(fields: &mut Fields, path: &str, value: Option<Json>) {
    let (name, rest) = step(path);
    let place = fields.iter().position(|(field, _)| field == name);
    if let Some(rest) = rest {
        let place = match (place, &value) {
            (Some(place), _) => place,
            (None, None) => return,
            (None, Some(_)) => {
                fields.push((name.to_owned(), Json::Object(Fields::new())));
                fields.len() - 1
            }
        };
        if let Json::Object(inner) = &mut fields[place].1 {
            put(inner, rest, value);
            if inner.is_empty() {
                fields.remove(place);
            }
        }
        return;
    }
    match (place, value) {
        (Some(place), Some(value)) => fields[place].1 = value,
        (Some(place), None) => drop(fields.remove(place)),
        (None, Some(value)) => fields.push((name.to_owned(), value)),
        (None, None) => {}
    }
}

/// The first name of a path, and what is left of it.
fn step(path: &str) -> (&str, Option<&str>) {
    match path.split_once('.') {
        Some((name, rest)) => (name, Some(rest)),
        None => (path, None),
    }
}

fn tidied(fields: &Fields) -> Fields {
    let tidied = |value: &Json| match value {
        Json::List(list) => {
            let full: Vec<Json> = list
                .iter()
                .filter(|item| !is_blank(item))
                .cloned()
                .collect();
            (!full.is_empty()).then_some(Json::List(full))
        }
        Json::Object(fields) => {
            let full = tidied(fields);
            (!full.is_empty()).then_some(Json::Object(full))
        }
        other => (!is_blank(other)).then(|| other.clone()),
    };
    fields
        .iter()
        .filter_map(|(name, value)| Some((name.clone(), tidied(value)?)))
        .collect()
}

fn is_blank(value: &Json) -> bool {
    value.as_text().is_some_and(|text| text.trim().is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    const ENTRY: &str = r#"{"id":"ship","later":{"x":1},"title":{"zh":"运费","en":"Fee"},"phrasings":["a","b"],"answer":"Free"}"#;

    fn doc() -> Doc {
        Doc::parse(ENTRY).unwrap()
    }

    #[test]
    fn what_the_form_does_not_know_stays_where_it_is() {
        let mut doc = doc();
        doc.put_text("id", "ship-fee");
        doc.put_list("phrasings", vec!["c".to_owned()]);
        doc.put_text("category", "post");
        let written = serde_json::to_string(&doc.to_json()).unwrap();
        assert_eq!(
            written,
            r#"{"id":"ship-fee","later":{"x":1},"title":{"zh":"运费","en":"Fee"},"phrasings":["c"],"answer":"Free","category":"post"}"#
        );
    }

    #[test]
    fn a_text_gets_languages_and_loses_them() {
        let mut doc = doc();
        assert_eq!(
            doc.localised("answer"),
            [(String::new(), "Free".to_owned())]
        );
        let both = vec![
            ("en".to_owned(), "Free".to_owned()),
            ("zh".to_owned(), "免费".to_owned()),
        ];
        doc.put_localised("answer", both.clone());
        assert_eq!(doc.localised("answer"), both);
        doc.put_localised("answer", vec![(String::new(), "Free".to_owned())]);
        assert_eq!(doc.get("answer"), Some(&Json::from("Free")));
        doc.put_localised("answer", Vec::new());
        assert_eq!(doc.get("answer"), None);
    }

    #[test]
    fn what_was_left_empty_is_not_written() {
        let mut doc = doc();
        doc.put_list("phrasings", vec!["a".to_owned(), "  ".to_owned()]);
        doc.put_localised(
            "title",
            vec![
                ("zh".to_owned(), String::new()),
                ("en".to_owned(), "Fee".to_owned()),
            ],
        );
        doc.put("answer", Some(Json::from(" ")));
        let tidied = doc.tidied();
        assert_eq!(tidied.list("phrasings"), ["a"]);
        assert_eq!(
            tidied.localised("title"),
            [("en".to_owned(), "Fee".to_owned())]
        );
        assert_eq!(tidied.get("answer"), None);
        assert!(tidied.get("later").is_some());
    }

    #[test]
    fn phrasings_get_languages_and_lose_them() {
        let script = |text: &str| if text.is_ascii() { "en" } else { "zh" };
        let mut doc = doc();
        doc.put_list(
            "phrasings",
            vec!["fee".to_owned(), "运费".to_owned(), String::new()],
        );
        doc.add_language("phrasings", "de", script);
        assert_eq!(doc.languages("phrasings"), ["en", "zh", "de"]);
        assert_eq!(doc.list("phrasings.zh"), ["运费"]);
        assert_eq!(doc.first("phrasings").as_deref(), Some("fee"));
        doc.put_list("phrasings.de", vec!["Porto".to_owned()]);
        doc.put_list("phrasings.zh", Vec::new());
        // One that was begun stays while it is edited, and is not sent.
        assert_eq!(doc.languages("phrasings"), ["en", "zh", "de"]);
        assert_eq!(doc.tidied().languages("phrasings"), ["en", "de"]);
        for lang in ["en", "zh", "de"] {
            doc.put(&format!("phrasings.{lang}"), None);
        }
        assert_eq!(doc.get("phrasings"), None);
    }

    #[test]
    fn a_path_leads_into_objects() {
        let mut doc = Doc::default();
        doc.put_text("settings.zone", "+08:00");
        let hours = vec![("mon-fri".to_owned(), vec!["09:00-18:00".to_owned()])];
        doc.put_values("settings.hours", hours.clone());
        assert_eq!(
            serde_json::to_string(&doc.to_json()).unwrap(),
            r#"{"settings":{"zone":"+08:00","hours":{"mon-fri":["09:00-18:00"]}}}"#
        );
        assert_eq!(doc.values("settings.hours"), hours);
        doc.put_text("settings.zone", "");
        doc.put_values("settings.hours", Vec::new());
        assert_eq!(doc, Doc::default());
        // What is no object is not written over.
        let mut strange = Doc::parse(r#"{"settings":3}"#).unwrap();
        strange.put_text("settings.zone", "x");
        assert_eq!(strange.source(), "{\n  \"settings\": 3\n}");
    }

    #[test]
    fn things_by_name_keep_their_order() {
        let mut doc = Doc::parse(r#"{"values":{"b":["x","y"],"a":[]}}"#).unwrap();
        let values = doc.values("values");
        assert_eq!(
            values[0],
            ("b".to_owned(), vec!["x".to_owned(), "y".to_owned()])
        );
        doc.put_values("values", values.clone());
        assert_eq!(doc.values("values"), values);
        doc.put_values("values", Vec::new());
        assert_eq!(doc, Doc::default());
    }

    #[test]
    fn numbers_and_flags() {
        let mut doc = Doc::default();
        doc.put_number("priority", "10");
        assert_eq!(doc.text("priority"), "10");
        assert_eq!(doc.get("priority"), Some(&Json::Number(10.into())));
        doc.put_number("priority", "ten");
        assert_eq!(doc.get("priority"), Some(&Json::from("ten")));
        doc.put_number("priority", "");
        doc.put_flag("hand_off", true);
        assert!(doc.flag("hand_off"));
        doc.put_flag("hand_off", false);
        assert_eq!(doc, Doc::default());
    }
}
