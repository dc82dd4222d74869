//! What lies over the rest: confirmation, and help with the keyboard.
//!
//! Both are the browser's own `<dialog>`, which keeps the focus inside and gives it back.

use leptos::html;
use leptos::prelude::*;

use super::desk::desk;
use super::icons::{self, icon};
use crate::words::Word;

/// Opens and closes the dialog as `open` says.
fn follow(dialog: NodeRef<html::Dialog>, open: RwSignal<bool>) {
    Effect::new(move |_| {
        let Some(dialog) = dialog.get() else { return };
        if open.get() {
            let _ = dialog.show_modal();
        } else {
            dialog.close();
        }
    });
}

/// Asks before something that affects others or can't be undone.
#[component]
pub(super) fn Confirm(
    open: RwSignal<bool>,
    title: Word,
    lead: Signal<String>,
    yes: Word,
    on_yes: impl Fn() + 'static,
    #[prop(default = Word::Cancel)] no: Word,
) -> impl IntoView {
    let desk = desk();
    let dialog = NodeRef::new();
    follow(dialog, open);
    view! {
        <dialog node_ref=dialog class="dialog" on:close=move |_| open.set(false) aria-label=move || desk.say(title)>
            <h2>{move || desk.say(title)}</h2>
            <p>{move || lead.get()}</p>
            <div class="dialog-buttons">
                <button class="button" on:click=move |_| open.set(false)>{move || desk.say(no)}</button>
                <button
                    class="button primary"
                    on:click=move |_| {
                        on_yes();
                        open.set(false);
                    }
                >
                    {move || desk.say(yes)}
                </button>
            </div>
        </dialog>
    }
}

const KEYS: [(&[&str], Word); 13] = [
    (&["j", "k"], Word::KeyMove),
    (&["Enter"], Word::KeyOpen),
    (&["r"], Word::KeyReply),
    (&["n"], Word::KeyNote),
    (&["t"], Word::KeyTake),
    (&["e"], Word::KeyResolve),
    (&["1", "2", "3", "4"], Word::KeyViews),
    (&["5"], Word::KeyKnowledge),
    (&["/"], Word::KeySearch),
    (&["Ctrl+S"], Word::KeySave),
    (&["Enter", "Ctrl+Enter"], Word::KeySend),
    (&["Esc"], Word::KeyEscape),
    (&["?"], Word::KeyHelp),
];

/// The list of shortcuts.
#[component]
pub(super) fn Help(open: RwSignal<bool>) -> impl IntoView {
    let desk = desk();
    let dialog = NodeRef::new();
    follow(dialog, open);
    let rows = KEYS
        .into_iter()
        .map(|(keys, word)| {
            let keys = keys
                .iter()
                .map(|key| view! { <kbd>{*key}</kbd> })
                .collect_view();
            view! { <div><dt>{keys}</dt><dd>{move || desk.say(word)}</dd></div> }
        })
        .collect_view();
    view! {
        <dialog node_ref=dialog class="dialog" on:close=move |_| open.set(false) aria-label=move || desk.say(Word::Keyboard)>
            <header class="dialog-head">
                <h2>{move || desk.say(Word::Keyboard)}</h2>
                <button class="button icon-only" on:click=move |_| open.set(false) aria-label=move || desk.say(Word::Close)>
                    {icon(icons::CROSS)}
                </button>
            </header>
            <dl class="keys">{rows}</dl>
        </dialog>
    }
}
