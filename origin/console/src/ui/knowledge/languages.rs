//! What stands in several languages: a text in each, or lines in each.

use leptos::prelude::*;

use super::fields::{change, fault, note, of_doc};
use super::library::{Library, library};
use super::lines::Lines;
use crate::browser::{calendar, focus};
use crate::knowledge::doc::Localised;
use crate::knowledge::schema::input_id;
use crate::ui::icons::{self, icon};
use crate::words::Word;

/// Languages that are offered; any other can be written in the source.
const LANGUAGES: [&str; 16] = [
    "zh", "en", "ja", "ko", "es", "fr", "de", "pt", "it", "ru", "ar", "th", "vi", "id", "tr", "nl",
];

/// A text in one or several languages.
#[component]
pub(super) fn Texts(name: &'static str, label: Word, long: bool) -> impl IntoView {
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
                {move || (!lang().is_empty()).then(|| tag(library, lang, move || remove(place)))}
                {if long {
                    view! {
                        <textarea
                            class="input area" id=id dir="auto" rows="4"
                            lang=lang
                            readonly=move || !library.may_edit()
                            aria-label=move || format!("{} {}", desk.say(label), called())
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
                            aria-label=move || format!("{} {}", desk.say(label), called())
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
    view! {
        <div class="localised-all" class:several=move || { count.get() > 1 }>
            <For each=move || 0..count.get() key=|place| *place let:place>{row(place)}</For>
        </div>
        {adder(library, move || langs.get(), add)}
    }
}

/// How visitors ask: lines, or lines by language.
#[component]
pub(super) fn Phrasings(name: &'static str) -> impl IntoView {
    let library = library();
    let langs = of_doc(library, move |doc| doc.languages(name));
    let add = move |lang: String| {
        change(library, name, |doc| {
            doc.add_language(name, &lang, script_of);
        });
        focus::first_of(input_id(&format!("{name}.{lang}[0]")));
    };
    let remove = move |lang: &str| {
        change(library, name, |doc| {
            doc.put(&format!("{name}.{lang}"), None);
        });
    };
    let group = move |lang: String| {
        let (called, removed) = (lang.clone(), lang.clone());
        let path = format!("{name}.{lang}");
        view! {
            <div class="localised">
                {tag(library, move || called.clone(), move || remove(&removed))}
                <Lines name=path labelled=name />
            </div>
        }
    };
    view! {
        <div class="localised-lines">
            {move || langs.with(Vec::is_empty).then(|| view! { <Lines name labelled=name /> })}
            <For each=move || langs.get() key=String::clone let:lang>{group(lang)}</For>
        </div>
        {adder(library, move || langs.get(), add)}
    }
}

/// What a language is called, and what removes it.
fn tag(
    library: Library,
    lang: impl Fn() -> String + Clone + Send + Sync + 'static,
    remove: impl Fn() + Clone + Send + Sync + 'static,
) -> impl IntoView {
    let desk = library.desk;
    let called = {
        let lang = lang.clone();
        move || calendar::language(&lang(), desk.lang.get())
    };
    view! {
        <p class="lang-tag"><span>{called}</span>
            {move || {
                let (lang, remove) = (lang.clone(), remove.clone());
                library.may_edit().then(|| view! {
                    <button
                        class="button icon-only tiny"
                        aria-label=move || desk.lang.get().remove(&lang())
                        on:click=move |_| remove()
                    >{icon(icons::CROSS)}</button>
                })
            }}
        </p>
    }
}

/// What adds a language that is not there yet.
fn adder(
    library: Library,
    there: impl Fn() -> Vec<String> + Copy + Send + Sync + 'static,
    add: impl Fn(String) + Copy + Send + Sync + 'static,
) -> impl IntoView {
    let desk = library.desk;
    let offered = move || {
        let there = there();
        LANGUAGES
            .into_iter()
            .filter(|lang| !there.iter().any(|it| it == lang))
            .map(|lang| view! { <option value=lang>{calendar::language(lang, desk.lang.get())}</option> })
            .collect_view()
    };
    move || {
        library.may_edit().then(|| {
            view! {
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
            }
        })
    }
}

/// The language of a text as its script tells.
fn script_of(text: &str) -> &'static str {
    let has = |from: char, to: char| text.chars().any(|c| (from..=to).contains(&c));
    if has('\u{3040}', '\u{30ff}') {
        "ja"
    } else if has('\u{ac00}', '\u{d7a3}') {
        "ko"
    } else if has('\u{4e00}', '\u{9fff}') {
        "zh"
    } else {
        "en"
    }
}

/// The same, other than `not`.
fn written_in(text: &str, not: &str) -> &'static str {
    match script_of(text) {
        told if told != not => told,
        "en" => "zh",
        _ => "en",
    }
}
