//! Things and what belongs to each: an entity's values with their further names, days with hours.

use leptos::prelude::*;

use super::fields::{change, fault, note, of_doc};
use super::library::library;
use super::lines::{frame, remover};
use crate::browser::focus;
use crate::knowledge::doc::Value;
use crate::knowledge::schema::input_id;
use crate::words::Word;

/// See the module.
#[component]
pub(super) fn Values(name: &'static str, called: Word, further: Word) -> impl IntoView {
    let library = library();
    let desk = library.desk;
    // A row that is begun has no name yet, so it can't stand in the item: it is kept here.
    let begun = RwSignal::new(0_usize);
    let values = of_doc(library, move |doc| doc.values(name));
    let count = Memo::new(move |_| (values.with(Vec::len) + begun.get()).max(1));
    let at =
        move |place: usize| values.with(|values| values.get(place).cloned().unwrap_or_default());
    let write = move |place: usize, put: &dyn Fn(&mut Value)| {
        let mut all = values.get_untracked();
        if place >= all.len() {
            all.push(Value::default());
            begun.update(|begun| *begun = begun.saturating_sub(1));
        }
        let last = all.len() - 1;
        put(&mut all[place.min(last)]);
        change(library, name, |doc| doc.put_values(name, all));
    };
    let remove = move |place: usize| {
        let mut all = values.get_untracked();
        if place < all.len() {
            all.remove(place);
            change(library, name, |doc| doc.put_values(name, all));
        } else {
            begun.update(|begun| *begun = begun.saturating_sub(1));
        }
    };
    let row = move |place: usize| {
        let wrong = fault(library, move || format!("{name}.{}", at(place).0));
        view! {
            <li class="line">
                <input
                    class="input" type="text" dir="auto" autocomplete="off"
                    id=input_id(&format!("{name}[{place}]"))
                    placeholder=move || desk.say(called)
                    aria-label=move || desk.say(called)
                    readonly=move || !library.may_edit()
                    aria-invalid=move || wrong.get().map(|_| "true")
                    aria-describedby=format!("fault-{name}-{place}")
                    prop:value=move || at(place).0
                    on:input=move |event| {
                        let text = event_target_value(&event);
                        write(place, &|value| value.0.clone_from(&text));
                    }
                />
                <input
                    class="input" type="text" dir="auto" autocomplete="off"
                    placeholder=move || desk.say(further)
                    aria-label=move || desk.say(further)
                    readonly=move || !library.may_edit()
                    prop:value=move || at(place).1.join(", ")
                    on:input=move |event| {
                        let text = event_target_value(&event);
                        write(place, &|value| value.1 = names(&text));
                    }
                />
                {remover(library, move || at(place).0, move || remove(place))}
                {note(format!("fault-{name}-{place}"), wrong)}
            </li>
        }
    };
    let add = move || {
        begun.update(|begun| *begun += 1);
        focus::first_of(input_id(&format!("{name}[{}]", count.get_untracked() - 1)));
    };
    frame(library, count, row, add)
}

/// Names with commas between them; the last may still be empty.
fn names(text: &str) -> Vec<String> {
    if text.is_empty() {
        return Vec::new();
    }
    text.split([',', '，', '、'])
        .map(|name| name.trim_start().to_owned())
        .collect()
}
