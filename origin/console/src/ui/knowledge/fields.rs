//! The fields of an item's form.
//!
//! In: the edit at the desk. Out: the same, changed. Invariant: what is wrong stands at the field
//! that it is about, and is read out with it; a field that holds something that it can't show
//! says so, and changes nothing.

use firsthop_core::json::Json;
use leptos::prelude::*;

use super::library::{Library, library};
use crate::knowledge::doc::Doc;
use crate::knowledge::schema::{Field, Shape, input_id};

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
            | Shape::Reply
            | Shape::Phrasings
            | Shape::Values(..)
    );
    let body = match field.shape {
        Shape::Line => view! { <Line name number=false /> }.into_any(),
        Shape::Number => view! { <Line name number=true /> }.into_any(),
        Shape::Title => {
            view! { <super::languages::Texts name label=field.label long=false /> }.into_any()
        }
        Shape::Text => {
            view! { <super::languages::Texts name label=field.label long=true /> }.into_any()
        }
        Shape::Lines => view! { <super::lines::Lines name labelled=name /> }.into_any(),
        Shape::Phrasings => view! { <super::languages::Phrasings name /> }.into_any(),
        Shape::Conditions => view! { <super::rule::Conditions name /> }.into_any(),
        Shape::Action => view! { <super::rule::Action /> }.into_any(),
        Shape::Values(called, further) => {
            view! { <super::values::Values name called further /> }.into_any()
        }
        Shape::Reply => view! { <super::reply::Reply name label=field.label /> }.into_any(),
        Shape::Choice(choices) => view! { <super::rule::Choice name choices /> }.into_any(),
    };
    let whole = fault(library, move || name.to_owned());
    // A text without languages says itself what is wrong with it.
    let by_language = of_doc(library, move |doc| {
        matches!(doc.get(name), Some(Json::Object(_)))
    });
    let says_whole = move || match field.shape {
        Shape::Title | Shape::Text | Shape::Reply => by_language.get(),
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
