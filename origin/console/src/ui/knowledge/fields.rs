//! The fields of an item's form.
//!
//! In: the edit at the desk. Out: the same, changed. Invariant: what is wrong stands at the field
//! that it is about, and is read out with it; a field that holds something that it can't show
//! says so, and changes nothing.

use firsthop_core::json::Json;
use leptos::prelude::*;

use super::library::{Library, library};
use crate::browser::{calendar, focus};
use crate::knowledge::doc::{Doc, Localised};
use crate::knowledge::schema::{Field, Shape, input_id};
use crate::ui::icons::{self, icon};
use crate::words::Word;

/// Languages that are offered; any other can be written in the source.
const LANGUAGES: [&str; 16] = [
    "zh", "en", "ja", "ko", "es", "fr", "de", "pt", "it", "ru", "ar", "th", "vi", "id", "tr", "nl",
];

/// Follows something of the document that is edited.
pub(super) fn of_doc<T>(
    library: Library,
    read: impl Fn(&Doc) -> T + Send + Sync + 'static,
) -> Memo<T>
where
    T: Default + PartialEq + Send + Sync + 'static,
{
    Memo::new(move |_| {
        library.desk.edit.with(|edit| {
            edit.as_ref()
                .map(|edit| read(&edit.doc))
                .unwrap_or_default()
        })
    })
}

/// Changes the document that is edited, and what was wrong there is no longer said.
pub(super) fn change(library: Library, field: &str, change: impl FnOnce(&mut Doc)) {
    library.change_edit(|edit| {
        change(&mut edit.doc);
        let begins = |fault: &str| {
            fault == field
                || fault
                    .strip_prefix(field)
                    .is_some_and(|rest| rest.starts_with(['.', '[']))
        };
        edit.faults.retain(|fault| !begins(&fault.field));
    });
}

/// What is wrong with exactly that field.
pub(super) fn fault(
    library: Library,
    place: impl Fn() -> String + Send + Sync + 'static,
) -> Memo<Option<String>> {
    Memo::new(move |_| {
        library.desk.edit.with(|edit| {
            let fault = edit.as_ref()?.fault(&place())?;
            Some(library.desk.lang.get().knowledge_fault(fault))
        })
    })
}

/// A sentence under a field.
pub(super) fn note(id: String, fault: Memo<Option<String>>) -> impl IntoView {
    view! { <p class="fault-note" id=id aria-live="polite">{move || fault.get()}</p> }
}

/// A field of the form, by its shape.
#[component]
pub(super) fn FieldOf(field: Field) -> impl IntoView {
    let library = library();
    let desk = library.desk;
    let name = field.name;
    let is_list = matches!(
        field.shape,
        Shape::Lines
            | Shape::Conditions
            | Shape::Title
            | Shape::Text
            | Shape::Action
            | Shape::Values
    );
    let body = match field.shape {
        Shape::Line => view! { <Line name number=false /> }.into_any(),
        Shape::Number => view! { <Line name number=true /> }.into_any(),
        Shape::Title => view! { <Texts name long=false /> }.into_any(),
        Shape::Text => view! { <Texts name long=true /> }.into_any(),
        Shape::Lines => view! { <super::lines::Lines name /> }.into_any(),
        Shape::Conditions => view! { <super::rule::Conditions name /> }.into_any(),
        Shape::Action => view! { <super::rule::Action /> }.into_any(),
        Shape::Values => view! { <super::values::Values name /> }.into_any(),
        Shape::Choice(choices) => view! { <super::rule::Choice name choices /> }.into_any(),
    };
    let whole = fault(library, move || name.to_owned());
    // A text without languages says itself what is wrong with it.
    let by_language = of_doc(library, move |doc| {
        matches!(doc.get(name), Some(Json::Object(_)))
    });
    let says_whole = move || match field.shape {
        Shape::Title | Shape::Text => by_language.get(),
        _ => is_list,
    };
    let count = of_doc(library, move |doc| match doc.get(name) {
        Some(Json::List(list)) if list.len() > 3 => list.len(),
        _ => 0,
    });
    view! {
        <div class="form-field" role=is_list.then_some("group") aria-labelledby=is_list.then(|| format!("label-{name}"))>
            <div class="form-label">
                {if is_list {
                    view! { <span id=format!("label-{name}")>{move || desk.say(field.label)}</span> }.into_any()
                } else {
                    view! { <label for=input_id(name)>{move || desk.say(field.label)}</label> }.into_any()
                }}
                {move || (count.get() > 0).then(|| view! { <span class="pane-count">{count}</span> })}
            </div>
            <p class="form-hint" id=format!("hint-{name}")>{move || desk.say(field.hint)}</p>
            {body}
            {move || says_whole().then(|| note(format!("fault-{name}"), whole))}
        </div>
    }
}

/// One line.
#[component]
fn Line(name: &'static str, number: bool) -> impl IntoView {
    let library = library();
    let text = of_doc(library, move |doc| doc.text(name));
    let wrong = fault(library, move || name.to_owned());
    view! {
        <input
            class="input"
            class:narrow=number
            id=input_id(name)
            type="text"
            inputmode=number.then_some("numeric")
            dir="auto"
            autocomplete="off"
            readonly=move || !library.may_edit()
            aria-invalid=move || wrong.get().map(|_| "true")
            aria-describedby=format!("hint-{name} fault-{name}")
            prop:value=text
            on:input=move |event| {
                let value = event_target_value(&event);
                change(library, name, |doc| if number {
                    doc.put_number(name, &value);
                } else {
                    doc.put_text(name, &value);
                });
            }
        />
        {note(format!("fault-{name}"), wrong)}
    }
}

/// A text in one or several languages.
#[component]
fn Texts(name: &'static str, long: bool) -> impl IntoView {
    let library = library();
    let desk = library.desk;
    let texts = of_doc(library, move |doc| {
        let texts = doc.localised(name);
        if texts.is_empty() {
            vec![Localised::default()]
        } else {
            texts
        }
    });
    let langs = Memo::new(move |_| {
        texts.with(|texts| {
            texts
                .iter()
                .map(|(lang, _)| lang.clone())
                .collect::<Vec<_>>()
        })
    });
    let write = move |place: usize, value: String| {
        let mut all = texts.get_untracked();
        if let Some((_, text)) = all.get_mut(place) {
            *text = value;
        }
        // A text that was never begun is not there.
        all.retain(|(lang, text)| !(lang.is_empty() && text.is_empty()));
        change(library, name, |doc| doc.put_localised(name, all));
    };
    let add = move |lang: String| {
        let mut all = texts.get_untracked();
        if let [(only, text)] = all.as_mut_slice()
            && only.is_empty()
        {
            // What had no language gets the one that it is written in.
            *only = written_in(text, &lang).to_owned();
        }
        all.retain(|(only, text)| !(text.is_empty() && *only == lang));
        if all.iter().all(|(other, _)| *other != lang) {
            all.push((lang.clone(), String::new()));
        }
        change(library, name, |doc| doc.put_localised(name, all));
        focus::first_of(input_id(&format!("{name}.{lang}")));
    };
    let remove = move |place: usize| {
        let mut all = texts.get_untracked();
        all.remove(place);
        change(library, name, |doc| doc.put_localised(name, all));
    };
    let row = move |place: usize| {
        let lang = move || langs.with(|langs| langs.get(place).cloned().unwrap_or_default());
        let field = move || match lang() {
            lang if lang.is_empty() => name.to_owned(),
            lang => format!("{name}.{lang}"),
        };
        let text = move || {
            texts.with(|texts| {
                texts
                    .get(place)
                    .map(|(_, text)| text.clone())
                    .unwrap_or_default()
            })
        };
        let wrong = fault(library, field);
        let called = move || match lang() {
            lang if lang.is_empty() => String::new(),
            lang => calendar::language(&lang, desk.lang.get()),
        };
        let id = move || input_id(&field());
        let described = format!("hint-{name} fault-{name}-{place}");
        view! {
            <div class="localised">
                {move || {
                    let called = called();
                    (!called.is_empty()).then(|| view! {
                        <p class="lang-tag"><span>{called}</span>
                            {move || library.may_edit().then(|| view! {
                                <button
                                    class="button icon-only tiny"
                                    aria-label=move || desk.lang.get().remove(&lang())
                                    on:click=move |_| remove(place)
                                >{icon(icons::CROSS)}</button>
                            })}
                        </p>
                    })
                }}
                {if long {
                    view! {
                        <textarea
                            class="input area" id=id dir="auto" rows="4"
                            lang=lang
                            readonly=move || !library.may_edit()
                            aria-label=move || format!("{} {}", desk.say(Word::Answer), called())
                            aria-invalid=move || wrong.get().map(|_| "true")
                            aria-describedby=described
                            prop:value=text
                            on:input=move |event| write(place, event_target_value(&event))
                        ></textarea>
                    }.into_any()
                } else {
                    view! {
                        <input
                            class="input" id=id type="text" dir="auto" autocomplete="off"
                            lang=lang
                            readonly=move || !library.may_edit()
                            aria-label=move || format!("{} {}", desk.say(Word::Title), called())
                            aria-invalid=move || wrong.get().map(|_| "true")
                            aria-describedby=described
                            prop:value=text
                            on:input=move |event| write(place, event_target_value(&event))
                        />
                    }.into_any()
                }}
                {note(format!("fault-{name}-{place}"), wrong)}
            </div>
        }
    };
    let count = Memo::new(move |_| langs.with(Vec::len));
    let offered = move || {
        LANGUAGES
            .into_iter()
            .filter(|lang| langs.with(|langs| !langs.iter().any(|it| it == lang)))
            .map(|lang| view! { <option value=lang>{calendar::language(lang, desk.lang.get())}</option> })
            .collect_view()
    };
    view! {
        <div class="localised-all" class:several=move || { count.get() > 1 }>
            <For each=move || 0..count.get() key=|place| *place let:place>{row(place)}</For>
        </div>
        {move || library.may_edit().then(|| view! {
            <select
                class="add-lang"
                aria-label=move || desk.say(Word::AddLanguage)
                on:change=move |event| {
                    let lang = event_target_value(&event);
                    if !lang.is_empty() {
                        add(lang);
                    }
                }
            >
                <option value="" selected>{move || desk.say(Word::AddLanguage)}</option>
                {offered}
            </select>
        })}
    }
}

/// The language of a text as its script tells, other than `not`.
fn written_in(text: &str, not: &str) -> &'static str {
    let has = |from: char, to: char| text.chars().any(|c| (from..=to).contains(&c));
    let told = if has('\u{3040}', '\u{30ff}') {
        "ja"
    } else if has('\u{ac00}', '\u{d7a3}') {
        "ko"
    } else if has('\u{4e00}', '\u{9fff}') {
        "zh"
    } else {
        "en"
    };
    match (told == not, told) {
        (false, told) => told,
        (true, "en") => "zh",
        (true, _) => "en",
    }
}
