//! Fields of several lines: a text each here, conditions in `rule`, an entity's values in
//! `values`; all in the same [`frame`].

use firsthop_core::json::Json;
use leptos::ev::{ClipboardEvent, KeyboardEvent};
use leptos::prelude::*;

use super::fields::{change, fault, note, of_doc};
use super::library::{Library, library};
use crate::browser::focus;
use crate::knowledge::schema::input_id;
use crate::ui::icons::{self, icon};
use crate::words::Word;

/// The lines, and below them what adds another one.
pub(super) fn frame<V: IntoView + 'static>(
    library: Library,
    count: Memo<usize>,
    row: impl Fn(usize) -> V + Copy + Send + Sync + 'static,
    add: impl Fn() + Copy + Send + Sync + 'static,
) -> impl IntoView {
    view! {
        <ul class="lines">
            <For each=move || 0..count.get() key=|place| *place let:place>{row(place)}</For>
        </ul>
        {move || library.may_edit().then(|| view! {
            <button class="button quiet small add" on:click=move |_| add()>
                {icon(icons::PLUS)}{move || library.desk.say(Word::AddLine)}
            </button>
        })}
    }
}

/// What removes a line that says `what`.
pub(super) fn remover(
    library: Library,
    what: impl Fn() -> String + Copy + Send + Sync + 'static,
    remove: impl Fn() + Copy + Send + Sync + 'static,
) -> impl IntoView {
    move || {
        library.may_edit().then(|| {
            view! {
                <button
                    class="button icon-only tiny" tabindex="-1"
                    aria-label=move || library.desk.lang.get().remove(&what())
                    on:click=move |_| remove()
                >{icon(icons::CROSS)}</button>
            }
        })
    }
}

/// Any number of lines: Enter begins one, Backspace in an empty one removes it, and what is
/// pasted as several lines becomes several.
#[component]
pub(super) fn Lines(
    /// Its path in the item.
    #[prop(into)]
    name: String,
    /// The field whose label is theirs.
    labelled: &'static str,
    /// The list of what may be written there, if there is one.
    #[prop(optional)]
    list: Option<&'static str>,
) -> impl IntoView {
    let library = library();
    let name = StoredValue::new(name);
    let field = move |place: usize| format!("{}[{place}]", name.read_value());
    let desk = library.desk;
    let strange = of_doc(library, move |doc| {
        matches!(doc.get(&name.read_value()), Some(Json::Object(_)))
    });
    let rows = of_doc(library, move |doc| {
        let rows = doc.list(&name.read_value());
        if rows.is_empty() {
            vec![String::new()]
        } else {
            rows
        }
    });
    let count = Memo::new(move |_| rows.with(Vec::len));
    let write = move |all: Vec<String>| {
        let nothing = all.iter().all(String::is_empty) && all.len() < 2;
        change(library, &name.read_value(), |doc| {
            doc.put_list(&name.read_value(), if nothing { Vec::new() } else { all });
        });
    };
    let go = move |place: usize| focus::first_of(input_id(&field(place)));
    let insert = move |place: usize, lines: Vec<String>| {
        let mut all = rows.get_untracked();
        let last = place + lines.len() - 1;
        all.splice(place..place, lines);
        write(all);
        go(last);
    };
    let remove = move |place: usize| {
        let mut all = rows.get_untracked();
        all.remove(place);
        write(all);
        go(place.saturating_sub(1));
    };
    let press = move |event: KeyboardEvent, place: usize| {
        if event.is_composing() || event.key_code() == 229 || !library.may_edit() {
            return;
        }
        let blank = rows.with_untracked(|rows| rows.get(place).is_some_and(String::is_empty));
        match event.key().as_str() {
            "Enter" if !event.ctrl_key() && !event.meta_key() => {
                event.prevent_default();
                insert(place + 1, vec![String::new()]);
            }
            "Backspace" if blank && count.get_untracked() > 1 => {
                event.prevent_default();
                remove(place);
            }
            // Where there is a list, they choose from it.
            "ArrowDown" if list.is_none() => go(place + 1),
            "ArrowUp" if list.is_none() && place > 0 => go(place - 1),
            _ => {}
        }
    };
    let paste = move |event: ClipboardEvent, place: usize| {
        let text = event
            .clipboard_data()
            .and_then(|data| data.get_data("text").ok())
            .unwrap_or_default();
        let lines: Vec<String> = text
            .lines()
            .map(|line| line.trim().to_owned())
            .filter(|line| !line.is_empty())
            .collect();
        if lines.len() < 2 || !untrack(|| library.may_edit()) {
            return;
        }
        event.prevent_default();
        let blank = rows.with_untracked(|rows| rows.get(place).is_some_and(String::is_empty));
        let mut all = rows.get_untracked();
        let at = if blank {
            all.remove(place);
            place
        } else {
            place + 1
        };
        let last = at + lines.len() - 1;
        all.splice(at..at, lines);
        write(all);
        go(last);
    };
    let row = move |place: usize| {
        let text = move || rows.with(|rows| rows.get(place).cloned().unwrap_or_default());
        let wrong = fault(library, move || field(place));
        let id = input_id(&field(place));
        // `fault-phrasings-3`, `fault-phrasings-zh-3`.
        let fault_id = format!("fault-{}-{place}", name.read_value().replace('.', "-"));
        let described = fault_id.clone();
        view! {
            <li class="line">
                <input
                    class="input" id=id type="text" dir="auto" autocomplete="off"
                    list=list
                    readonly=move || !library.may_edit()
                    aria-labelledby=format!("label-{labelled}")
                    aria-invalid=move || wrong.get().map(|_| "true")
                    aria-describedby=described
                    prop:value=text
                    on:input=move |event| {
                        let mut all = rows.get_untracked();
                        if let Some(line) = all.get_mut(place) {
                            *line = event_target_value(&event);
                        }
                        write(all);
                    }
                    on:keydown=move |event| press(event, place)
                    on:paste=move |event| paste(event, place)
                />
                {remover(library, text, move || remove(place))}
                {note(fault_id, wrong)}
            </li>
        }
    };
    move || {
        if strange.get() {
            view! { <p class="form-hint strange">{move || desk.say(Word::InSourceOnly)}</p> }
                .into_any()
        } else {
            let add = move || insert(count.get_untracked(), vec![String::new()]);
            frame(library, count, row, add).into_any()
        }
    }
}
