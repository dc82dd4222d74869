//! Somebody else saved first: both versions, field by field, and what becomes of them.

use std::collections::BTreeSet;

use firsthop_core::json::Json;
use leptos::prelude::*;

use super::library::library;
use crate::inert::{inert, inert_line};
use crate::knowledge::merge::{Difference, Merged, Side};
use crate::route::Place;
use crate::ui::icons::{self, icon};
use crate::words::Word;

/// A value for reading.
fn shown(value: Option<&Json>) -> String {
    match value {
        None | Some(Json::Null) => "—".to_owned(),
        Some(Json::Text(text)) => inert(text),
        Some(Json::List(list)) => list
            .iter()
            .map(|item| shown(Some(item)))
            .collect::<Vec<_>>()
            .join("\n"),
        Some(other) => serde_json::to_string(other).unwrap_or_default(),
    }
}

/// See the module.
#[component]
pub(super) fn Conflict() -> impl IntoView {
    let library = library();
    let desk = library.desk;
    let conflict = desk
        .edit
        .with_untracked(|edit| edit.as_ref().and_then(|edit| edit.conflict.clone()));
    // The places where theirs is preferred.
    let theirs = RwSignal::new(BTreeSet::<String>::new());
    let is_gone = conflict.as_ref().is_some_and(|it| it.theirs.is_none());
    let who = conflict
        .as_ref()
        .and_then(|it| it.theirs.as_ref()?.changed_by.as_ref())
        .map(|who| inert_line(&who.name));
    let differences = conflict.map(|it| it.differences).unwrap_or_default();
    let must_choose = differences.iter().any(|it| it.merged.is_none());
    let rows = differences
        .into_iter()
        .map(|difference| row(difference, theirs))
        .collect_view();
    let keep = move |_| {
        library.change_edit(|edit| {
            edit.keep_both(|difference: &Difference| {
                if theirs.with_untracked(|theirs| theirs.contains(&difference.place)) {
                    Side::Theirs
                } else {
                    Side::Mine
                }
            });
        });
        library.save();
    };
    let take = move |_| {
        if is_gone {
            desk.edit.set(None);
            library.list_from_start();
            library.go(Place::Items);
        } else {
            library.change_edit(crate::knowledge::edit::Edit::take_theirs);
            library.list_from_start();
        }
    };
    let title = move || {
        let lang = desk.lang.get();
        if is_gone {
            lang.say(Word::ConflictGone).to_owned()
        } else {
            lang.saved_first(who.as_deref())
        }
    };
    view! {
        <section class="conflict" id="conflict" tabindex="-1" role="alertdialog" aria-labelledby="conflict-title">
            <h4 id="conflict-title">{icon(icons::WARNING)}{title}</h4>
            <p>{move || desk.say(if is_gone {
                Word::ConflictGoneMore
            } else if must_choose {
                Word::ConflictChoose
            } else {
                Word::ConflictMerged
            })}</p>
            {(!is_gone).then(|| view! {
                <table class="versus">
                    <thead><tr>
                        <th scope="col"><span class="unseen">{move || desk.say(Word::FieldName)}</span></th>
                        <th scope="col">{move || desk.say(Word::MineVersion)}</th>
                        <th scope="col">{move || desk.say(Word::Theirs)}</th>
                    </tr></thead>
                    <tbody>{rows}</tbody>
                </table>
            })}
            <div class="dialog-buttons">
                <button id="conflict-theirs" class="button" on:click=take>{move || desk.say(if is_gone { Word::LetGo } else { Word::TakeTheirs })}</button>
                <button id="conflict-keep" class="button primary" on:click=keep>{move || desk.say(if is_gone { Word::MakeAnew } else { Word::SaveMerged })}</button>
            </div>
        </section>
    }
}

fn row(difference: Difference, theirs: RwSignal<BTreeSet<String>>) -> impl IntoView {
    let Difference {
        place,
        mine,
        theirs: other,
        merged,
    } = difference;
    let decided = merged.is_some();
    let (mine_wins, theirs_win) = match merged {
        Some(Merged::Mine) => (true, false),
        Some(Merged::Theirs) => (false, true),
        Some(Merged::Both(_)) => (true, true),
        None => (false, false),
    };
    let prefers = {
        let place = place.clone();
        Memo::new(move |_| theirs.with(|theirs| theirs.contains(&place)))
    };
    let cell = {
        let place = place.clone();
        move |is_theirs: bool, wins: bool, value: Option<Json>| {
            let (name, key) = (place.clone(), place.clone());
            let text = shown(value.as_ref());
            let chosen = move || {
                if decided {
                    wins
                } else {
                    prefers.get() == is_theirs
                }
            };
            view! {
                <td class:chosen=chosen>
                    <label>
                        {(!decided).then(|| view! {
                            <input
                                type="radio" name=format!("versus-{name}")
                                prop:checked=move || prefers.get() == is_theirs
                                on:change=move |_| theirs.update(|theirs| {
                                    if is_theirs {
                                        theirs.insert(key.clone());
                                    } else {
                                        theirs.remove(&key);
                                    }
                                })
                            />
                        })}
                        <span class="text" dir="auto">{text}</span>
                    </label>
                </td>
            }
        }
    };
    view! {
        <tr>
            <th scope="row"><code>{place}</code></th>
            {cell(false, mine_wins, mine)}
            {cell(true, theirs_win, other)}
        </tr>
    }
}
