//! What only rules have: conditions, and one action out of several.

use firsthop_core::json::Json;
use leptos::ev::KeyboardEvent;
use leptos::prelude::*;

use super::fields::{change, fault, note, of_doc};
use super::library::{Loaded, library};
use super::lines::{Lines, frame, remover};
use crate::browser::focus;
use crate::knowledge::condition::{self, Kind};
use crate::knowledge::doc::Doc;
use crate::knowledge::edit::headline;
use crate::knowledge::schema::{ENTITIES, input_id};
use crate::knowledge::wire::{self, Items};
use crate::words::Word;

const fn kind_word(kind: Kind) -> Word {
    match kind {
        Kind::Words => Word::ConditionWords,
        Kind::Near => Word::ConditionNear,
        Kind::Pattern => Word::ConditionPattern,
        Kind::Entity => Word::ConditionEntity,
    }
}

/// What to write there, where the word for the kind does not tell.
const fn what_to_write(kind: Kind) -> Option<Word> {
    match kind {
        Kind::Words => None,
        Kind::Near => Some(Word::NearHint),
        Kind::Pattern => Some(Word::PatternHint),
        Kind::Entity => Some(Word::EntityHint),
    }
}

/// Any number of conditions.
#[component]
pub(super) fn Conditions(name: &'static str) -> impl IntoView {
    let library = library();
    let desk = library.desk;
    let rows = of_doc(library, move |doc| doc.rows(name));
    let count = Memo::new(move |_| rows.with(Vec::len).max(1));
    let at = move |place: usize| {
        rows.with(|rows| rows.get(place).cloned())
            .unwrap_or_else(|| "".into())
    };
    let put = move |place: usize, row: Json| {
        let mut all = rows.get_untracked();
        if let Some(old) = all.get_mut(place) {
            *old = row;
        } else {
            all.push(row);
        }
        change(library, name, |doc| doc.put_rows(name, all));
    };
    let go = move |place: usize| focus::first_of(input_id(&format!("{name}[{place}]")));
    let add = move || {
        let mut all = rows.get_untracked();
        if all.is_empty() {
            all.push("".into());
        }
        all.push("".into());
        let last = all.len() - 1;
        change(library, name, |doc| doc.put_rows(name, all));
        go(last);
    };
    let remove = move |place: usize| {
        let mut all = rows.get_untracked();
        if place < all.len() {
            all.remove(place);
        }
        change(library, name, |doc| doc.put_rows(name, all));
        go(place.saturating_sub(1));
    };
    let press = move |event: KeyboardEvent, place: usize| {
        let blank = condition::text(&untrack(|| at(place))).is_empty();
        match event.key().as_str() {
            "Enter" if !event.is_composing() && !event.ctrl_key() && !event.meta_key() => {
                event.prevent_default();
                add();
            }
            "Backspace" if blank && count.get_untracked() > 1 => {
                event.prevent_default();
                remove(place);
            }
            _ => {}
        }
    };
    let row = move |place: usize| {
        let kind = Memo::new(move |_| kind_of(&at(place)));
        let wrong = Memo::new(move |_| {
            let field = format!("{name}[{place}]");
            library.desk.edit.with(|edit| {
                let faults = &edit.as_ref()?.faults;
                let fault = faults.iter().find(|fault| {
                    fault
                        .field
                        .strip_prefix(&field)
                        .is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
                })?;
                Some(desk.lang.get().knowledge_fault(fault))
            })
        });
        view! {
            <li class="line">
                <select
                    class="input of-kind"
                    aria-label=move || desk.say(Word::ConditionKind)
                    disabled=move || !library.may_edit()
                    prop:value=move || kind.get().as_str()
                    on:change=move |event| {
                        let kind = Kind::parse(&event_target_value(&event));
                        put(place, condition::with_kind(&untrack(|| at(place)), kind));
                    }
                >
                    {Kind::ALL.into_iter().map(|each| view! {
                        <option value=each.as_str() selected=move || kind.get() == each>{move || desk.say(kind_word(each))}</option>
                    }).collect_view()}
                </select>
                <input
                    class="input" type="text" dir="auto" autocomplete="off"
                    class:mono=move || kind.get() == Kind::Pattern
                    id=input_id(&format!("{name}[{place}]"))
                    readonly=move || !library.may_edit()
                    aria-labelledby=format!("label-{name}")
                    placeholder=move || what_to_write(kind.get()).map(|word| desk.say(word))
                    list=move || (kind.get() == Kind::Entity).then_some("entity-names")
                    aria-invalid=move || wrong.get().map(|_| "true")
                    aria-describedby=format!("fault-{name}-{place}")
                    prop:value=move || condition::text(&at(place))
                    on:input=move |event| put(place, condition::with_text(&untrack(|| at(place)), &event_target_value(&event)))
                    on:keydown=move |event| press(event, place)
                />
                {remover(library, move || condition::text(&at(place)), move || remove(place))}
                {note(format!("fault-{name}-{place}"), wrong)}
            </li>
        }
    };
    frame(library, count, row, add)
}

fn kind_of(row: &Json) -> Kind {
    Kind::of(row)
}

/// What a rule does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Does {
    Answer,
    Suggest,
    HandOff,
    Flow,
    Label,
}

impl Does {
    const ALL: [Self; 5] = [
        Self::Answer,
        Self::Suggest,
        Self::HandOff,
        Self::Flow,
        Self::Label,
    ];

    const fn field(self) -> &'static str {
        match self {
            Self::Answer => "answer",
            Self::Suggest => "suggest",
            Self::HandOff => "hand_off",
            Self::Flow => "flow",
            Self::Label => "label",
        }
    }

    const fn word(self) -> Word {
        match self {
            Self::Answer => Word::DoesAnswer,
            Self::Suggest => Word::DoesSuggest,
            Self::HandOff => Word::DoesHandOff,
            Self::Flow => Word::DoesFlow,
            Self::Label => Word::DoesLabel,
        }
    }

    fn of(doc: &Doc) -> Self {
        let given = |does: &Self| {
            doc.get(does.field())
                .is_some_and(|it| *it != Json::Bool(false))
        };
        Self::ALL.into_iter().find(given).unwrap_or(Self::Answer)
    }

    /// Makes the rule do that, and nothing else.
    fn put(self, doc: &mut Doc) {
        for other in [Self::Answer, Self::Suggest, Self::HandOff, Self::Flow] {
            if other != self {
                doc.put(other.field(), None);
            }
        }
        if doc.get(self.field()).is_none() {
            match self {
                Self::HandOff => doc.put_flag("hand_off", true),
                Self::Suggest => doc.put_list("suggest", vec![String::new()]),
                Self::Answer | Self::Flow => doc.put(self.field(), Some("".into())),
                Self::Label => doc.put_list("label", vec![String::new()]),
            }
        }
    }
}

/// One action out of several, and what it needs.
#[component]
pub(super) fn Action() -> impl IntoView {
    let library = library();
    let desk = library.desk;
    let does = Memo::new(move |_| {
        desk.edit.with(|edit| {
            edit.as_ref()
                .map_or(Does::Answer, |edit| Does::of(&edit.doc))
        })
    });
    let entries = RwSignal::new(Vec::<(String, String)>::new());
    let entities = RwSignal::new(ENTITIES.map(str::to_owned).to_vec());
    if let Some(inbox) = library.inbox_now() {
        leptos::task::spawn_local(async move {
            let found = library
                .call::<Items>("GET", &inbox, "/items?kind=entry&limit=500", None, None)
                .await;
            if let (Ok(found), lang) = (found, desk.lang.get_untracked()) {
                let named = found.items.into_iter().filter_map(|item| {
                    let title = headline(wire::Kind::Entry, &item.value, lang.tag());
                    Some((item.name?, title))
                });
                entries.set(named.collect());
            }
            let found = library
                .call::<Items>("GET", &inbox, "/items?kind=entity&limit=500", None, None)
                .await;
            if let Ok(found) = found {
                let names = found.items.into_iter().filter_map(|item| item.name);
                let own = names.filter(|name| !ENTITIES.contains(&name.as_str()));
                entities.update(|all| all.extend(own));
            }
        });
    }
    view! {
        <div class="line">
            <select
                class="input of-kind wide"
                id=move || if matches!(does.get(), Does::HandOff | Does::Suggest | Does::Label) { input_id("answer") } else { "action".to_owned() }
                aria-label=move || desk.say(Word::RuleAction)
                disabled=move || !library.may_edit()
                prop:value=move || does.get().field()
                on:change=move |event| {
                    let word = event_target_value(&event);
                    if let Some(does) = Does::ALL.into_iter().find(|does| does.field() == word) {
                        change(library, "answer", |doc| does.put(doc));
                    }
                }
            >
                {Does::ALL.into_iter().map(|each| view! {
                    <option value=each.field() selected=move || does.get() == each>{move || desk.say(each.word())}</option>
                }).collect_view()}
            </select>
            {move || match does.get() {
                does @ (Does::Answer | Does::Flow | Does::HandOff) => view! { <Argument does /> }.into_any(),
                Does::Suggest | Does::Label => ().into_any(),
            }}
        </div>
        {move || (does.get() == Does::Suggest).then(|| view! { <Lines name="suggest" labelled="answer" list="entry-ids" /> })}
        <datalist id="entry-ids">
            {move || entries.get().into_iter().map(|(id, title)| view! { <option value=id>{title}</option> }).collect_view()}
        </datalist>
        <datalist id="entity-names">
            {move || entities.get().into_iter().map(|name| view! { <option value=name></option> }).collect_view()}
        </datalist>
    }
}

/// What the action is about: an entry, a flow, a team.
#[component]
fn Argument(does: Does) -> impl IntoView {
    let library = library();
    let desk = library.desk;
    let name = does.field();
    let text = of_doc(library, move |doc| doc.text(name));
    let wrong = fault(library, move || name.to_owned());
    let placeholder = move || {
        desk.say(match does {
            Does::HandOff => Word::TeamOptional,
            Does::Flow => Word::FlowName,
            _ => Word::EntryId,
        })
    };
    view! {
        <input
            class="input" type="text" autocomplete="off" dir="auto"
            id=(does != Does::HandOff).then(|| input_id("answer"))
            list=(does == Does::Answer).then_some("entry-ids")
            readonly=move || !library.may_edit()
            aria-label=placeholder
            placeholder=placeholder
            aria-invalid=move || wrong.get().map(|_| "true")
            aria-describedby="fault-answer"
            prop:value=text
            on:input=move |event| {
                let value = event_target_value(&event);
                change(library, name, |doc| {
                    if does == Does::HandOff && value.is_empty() {
                        doc.put_flag(name, true);
                    } else {
                        doc.put(name, Some(value.as_str().into()));
                    }
                });
            }
        />
    }
}

/// One of some words, or none.
#[component]
pub(super) fn Choice(
    name: &'static str,
    choices: &'static [(&'static str, Word)],
) -> impl IntoView {
    let library = library();
    let desk = library.desk;
    let text = of_doc(library, move |doc| doc.text(name));
    let wrong = fault(library, move || name.to_owned());
    view! {
        <select
            class="input narrow"
            id=input_id(name)
            disabled=move || !library.may_edit()
            aria-describedby=format!("hint-{name} fault-{name}")
            prop:value=text
            on:change=move |event| {
                let value = event_target_value(&event);
                change(library, name, |doc| doc.put_text(name, &value));
            }
        >
            <option value="" selected=move || text.with(String::is_empty)>{move || desk.say(Word::Always)}</option>
            {choices.iter().map(|(value, word)| view! {
                <option value=*value selected=move || text.with(|text| text == value)>{move || desk.say(*word)}</option>
            }).collect_view()}
        </select>
        {note(format!("fault-{name}"), wrong)}
    }
}

/// Whether something is still on its way.
pub(super) fn is_loading<T>(loaded: &Loaded<T>) -> bool {
    matches!(loaded, Loaded::Loading)
}
