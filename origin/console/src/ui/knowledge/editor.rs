//! The item that is edited: as a form or as source, saved or deleted.

use leptos::prelude::*;

use super::conflict::Conflict;
use super::fields::FieldOf;
use super::items::{kind_icon, kind_words};
use super::library::{Loaded, library};
use super::rule::is_loading;
use crate::browser::{calendar, focus};
use crate::inert::inert_line;
use crate::knowledge::doc::Doc;
use crate::knowledge::edit::headline;
use crate::knowledge::schema::{fields, shows, template};
use crate::knowledge::wire::Kind;
use crate::route::Place;
use crate::ui::dialogs::Confirm;
use crate::ui::icons::{self, icon};
use crate::words::Word;

/// See the module.
#[component]
pub(super) fn Editor(trying: RwSignal<bool>) -> impl IntoView {
    let library = library();
    let desk = library.desk;
    let opened = library.opened;
    let failed = Memo::new(move |_| {
        opened.with(|opened| match opened {
            Loaded::Failed(problem) => Some(problem.clone()),
            _ => None,
        })
    });
    // Another item is drawn anew; another revision of it is not.
    let which = Memo::new(move |_| {
        desk.edit.with(|edit| {
            edit.as_ref()
                .map(|edit| (edit.inbox.clone(), edit.item, edit.kind))
        })
    });
    let in_conflict = Memo::new(move |_| {
        desk.edit
            .with(|edit| edit.as_ref().is_some_and(|it| it.conflict.is_some()))
    });
    move || {
        if let Some(problem) = failed.get() {
            return view! {
                <div class="empty" role="alert">
                    <span class="empty-icon">{icon(icons::WARNING)}</span>
                    <h2>{move || desk.say(Word::NoSuchItem)}</h2>
                    <p>{move || desk.lang.get().problem(&problem)}</p>
                    <a class="button" href=library.href(Place::Items)>{move || desk.say(Word::BackToItems)}</a>
                </div>
            }
            .into_any();
        }
        let Some((_, _, kind)) = which.get() else {
            let loading = opened.with(is_loading);
            return loading
                .then(|| view! { <p class="log-note" role="status"><span class="spinner" aria-hidden="true"></span>{move || desk.say(Word::Loading)}</p> })
                .into_any();
        };
        let as_source = RwSignal::new(fields(kind).is_empty());
        view! {
            <Head kind as_source trying />
            {move || in_conflict.get().then(|| view! { <Conflict /> })}
            <div class="form-scroll">
                <Faults kind />
                {move || if as_source.get() {
                    view! { <Source kind /> }.into_any()
                } else {
                    view! { <Form kind /> }.into_any()
                }}
            </div>
        }
        .into_any()
    }
}

#[component]
fn Head(kind: Kind, as_source: RwSignal<bool>, trying: RwSignal<bool>) -> impl IntoView {
    let library = library();
    let desk = library.desk;
    let deleting = RwSignal::new(false);
    let dirty = Memo::new(move |_| desk.is_dirty());
    let is_new = Memo::new(move |_| {
        desk.edit
            .with(|edit| edit.as_ref().is_some_and(|it| it.item.is_none()))
    });
    let title = move || {
        let lang = desk.lang.get();
        let title = desk.edit.with(|edit| {
            edit.as_ref()
                .map(|edit| inert_line(&headline(kind, &edit.doc.to_json(), lang.tag())))
        });
        match title.filter(|title| !title.is_empty()) {
            Some(title) => title,
            None => lang.new_item(lang.say(kind_words(kind).0)),
        }
    };
    // Who changed it last, as far as the list tells.
    let changed = move || {
        let number = desk.edit.with(|edit| edit.as_ref()?.item)?;
        library.page.with(|page| {
            let item = page.items.iter().find(|item| item.item == number)?;
            let lang = desk.lang.get();
            let who = item.changed_by.as_ref().map(|who| inert_line(&who.name));
            Some(lang.changed_by(
                who.as_deref(),
                &calendar::brief(item.changed_at?, desk.now.get(), lang),
            ))
        })
    };
    let state = move || {
        if library.saving.get() {
            Some(desk.say(Word::Saving).to_owned())
        } else if dirty.get() {
            Some(desk.say(Word::Unsaved).to_owned())
        } else if is_new.get() {
            Some(desk.say(Word::NotSavedYet).to_owned())
        } else {
            changed()
        }
    };
    let has_form = !fields(kind).is_empty();
    let look = move |source: bool, word: Word| {
        view! {
            <button
                class="tab"
                aria-pressed=move || if as_source.get() == source { "true" } else { "false" }
                on:click=move |_| as_source.set(source)
            >{move || desk.say(word)}</button>
        }
    };
    view! {
        <header class="conversation-head edit-head">
            <a class="button icon-only back" href=move || library.href(Place::Items) aria-label=move || desk.say(Word::BackToItems)>{icon(icons::BACK)}</a>
            <span class="item-kind" data-kind=kind.as_str()>{icon(kind_icon(kind))}</span>
            <div class="who">
                <h3 dir="auto">{title}</h3>
                <p class:unsaved=move || dirty.get() role="status">{state}</p>
            </div>
            {has_form.then(|| view! { <div class="tabs" role="group">{look(false, Word::AsForm)}{look(true, Word::AsSource)}</div> })}
            <button
                class="button icon-only try-toggle"
                aria-label=move || desk.say(Word::TryQuestion) title=move || desk.say(Word::TryQuestion)
                on:click=move |_| trying.update(|trying| *trying = !*trying)
            >{icon(icons::PLAY)}</button>
            {move || (library.may_edit() && !is_new.get()).then(|| view! {
                <button
                    id="act-delete" class="button icon-only" disabled=move || library.saving.get()
                    aria-label=move || desk.say(Word::Delete) title=move || desk.say(Word::Delete)
                    on:click=move |_| deleting.set(true)
                >{icon(icons::BIN)}</button>
            })}
            {move || library.may_edit().then(|| view! {
                <button
                    id="act-save" class="button primary"
                    aria-disabled=move || (!dirty.get() || library.saving.get()).then_some("true")
                    aria-keyshortcuts="Control+S"
                    on:click=move |_| if desk.is_dirty() { library.save(); }
                >{move || desk.say(Word::Save)}</button>
            })}
        </header>
        <Confirm
            open=deleting
            title=Word::DeleteTitle
            lead=Signal::derive(move || desk.say(Word::DeleteMore).to_owned())
            yes=Word::Delete
            on_yes=move || library.delete()
        />
    }
}

/// What is wrong with the whole, and with fields that the form does not have.
#[component]
fn Faults(kind: Kind) -> impl IntoView {
    let library = library();
    let desk = library.desk;
    let others = Memo::new(move |_| {
        let lang = desk.lang.get();
        let faults = desk.edit.with(|edit| {
            edit.as_ref()
                .map(|it| it.faults.clone())
                .unwrap_or_default()
        });
        let known = |field: &str| {
            let first = field.split(['.', '[']).next().unwrap_or(field);
            shows(kind, first)
        };
        let mut lines: Vec<String> = faults
            .iter()
            .filter(|fault| !known(&fault.field))
            .map(|fault| match fault.field.as_str() {
                "" => lang.knowledge_fault(fault),
                field => format!("{field}: {}", lang.knowledge_fault(fault)),
            })
            .collect();
        let at_fields = faults.len() - lines.len();
        if at_fields > 0 {
            lines.insert(0, lang.faults(at_fields));
        }
        lines.extend(library.refused.get().map(|problem| lang.problem(&problem)));
        lines
    });
    view! {
        <div class="edit-faults" role="alert">
            {move || others.get().into_iter().map(|line| view! { <p>{icon(icons::WARNING)}<span>{line}</span></p> }).collect_view()}
        </div>
    }
}

#[component]
fn Form(kind: Kind) -> impl IntoView {
    let library = library();
    let desk = library.desk;
    let shown = fields(kind).iter().filter(|field| !field.folded);
    let folded: Vec<_> = fields(kind).iter().filter(|field| field.folded).collect();
    let unknown = Memo::new(move |_| {
        desk.edit.with(|edit| {
            let names = edit
                .as_ref()
                .map(|edit| edit.doc.names().map(str::to_owned).collect::<Vec<_>>());
            names
                .unwrap_or_default()
                .into_iter()
                .filter(|name| !shows(kind, name))
                .collect::<Vec<_>>()
        })
    });
    // What is wrong must be seen; and whoever begins looks at the first field.
    let open = Memo::new(move |_| {
        desk.edit.with(|edit| {
            edit.as_ref().is_some_and(|edit| {
                let is_wrong = |name: &str| {
                    edit.faults
                        .iter()
                        .any(|fault| fault.field.starts_with(name))
                };
                let is_filled = |name: &str| name != "id" && edit.doc.get(name).is_some();
                fields(kind)
                    .iter()
                    .filter(|field| field.folded)
                    .any(|field| {
                        is_wrong(field.name) || (kind != Kind::Entry && is_filled(field.name))
                    })
            })
        })
    });
    let is_new = desk
        .edit
        .with_untracked(|edit| edit.as_ref().is_some_and(|edit| edit.item.is_none()));
    if let (true, Some(first)) = (is_new, fields(kind).first()) {
        focus::first_of(crate::knowledge::schema::input_id(first.name));
    }
    view! {
        <div class="form">
            {shown.map(|field| view! { <FieldOf field=*field /> }).collect_view()}
            {(!folded.is_empty()).then(|| view! {
                <details class="form-more" prop:open=move || open.get()>
                    <summary>{move || desk.say(Word::MoreFields)}</summary>
                    {folded.into_iter().map(|field| view! { <FieldOf field=*field /> }).collect_view()}
                </details>
            })}
            {move || unknown.with(|unknown| !unknown.is_empty()).then(|| view! {
                <p class="form-hint">{move || desk.lang.get().also_has(&unknown.get().join(", "))}</p>
            })}
        </div>
    }
}

/// The item as JSON, for whatever the form does not have.
#[component]
fn Source(kind: Kind) -> impl IntoView {
    let library = library();
    let desk = library.desk;
    let doc = desk.edit.with_untracked(|edit| {
        edit.as_ref()
            .map(|edit| edit.doc.clone())
            .unwrap_or_default()
    });
    let begun = if doc == Doc::default() {
        template(kind).to_owned()
    } else {
        doc.source()
    };
    let wrong = RwSignal::new(None::<String>);
    view! {
        <div class="form">
            <p class="form-hint" id="hint-source">{move || desk.say(Word::SourceHint)}</p>
            <textarea
                class="input area source" id="source" spellcheck="false" rows="20"
                readonly=move || !library.may_edit()
                aria-label=move || desk.say(Word::AsSource)
                aria-describedby="hint-source fault-source"
                aria-invalid=move || wrong.with(Option::is_some).then_some("true")
                prop:value=begun
                on:input=move |event| match Doc::parse(&event_target_value(&event)) {
                    Ok(doc) => {
                        wrong.set(None);
                        library.change_edit(|edit| {
                            edit.doc = doc;
                            edit.faults.clear();
                        });
                    }
                    Err(message) => wrong.set(Some(message)),
                }
            ></textarea>
            <p class="fault-note" id="fault-source" aria-live="polite">
                {move || wrong.get().map(|message| format!("{} {message}", desk.say(Word::NotJson)))}
            </p>
        </div>
    }
}
