//! Logging in, and making the first account.

use firsthop_core::limits::PASSWORD_CHARS_MIN;
use firsthop_core::protocol::{Code, Problem};
use leptos::ev::SubmitEvent;
use leptos::html;
use leptos::prelude::*;

use super::desk::{Desk, Session, desk};
use super::icons::{self, icon};
use crate::browser::{focus, http};
use crate::rest;
use crate::route::Route;
use crate::words::Word;

/// What is wrong with a form: a field's id, if one is to blame, and the text.
#[derive(Clone, PartialEq, Eq)]
struct Fault {
    field: Option<&'static str>,
    text: FaultText,
}

#[derive(Clone, PartialEq, Eq)]
enum FaultText {
    Fixed(Word),
    Told(Problem),
}

impl Fault {
    const fn of(field: &'static str, word: Word) -> Self {
        Self {
            field: Some(field),
            text: FaultText::Fixed(word),
        }
    }

    fn say(&self, desk: Desk) -> String {
        match &self.text {
            FaultText::Fixed(word) => desk.say(*word).to_owned(),
            FaultText::Told(problem) => desk.lang.get().problem(problem),
        }
    }
}

impl From<Problem> for Fault {
    fn from(problem: Problem) -> Self {
        let text = match problem.code {
            Code::LoginFailed => FaultText::Fixed(Word::LoginFailed),
            Code::TooManyMessages => FaultText::Fixed(Word::TooManyTries),
            _ => FaultText::Told(problem),
        };
        Self { field: None, text }
    }
}

/// The frame around both forms.
#[component]
fn Card(title: Word, lead: Word, children: Children) -> impl IntoView {
    let desk = desk();
    view! {
        <main class="door">
            <section class="card" aria-labelledby="card-title">
                <span class="mark" aria-hidden="true"></span>
                <h1 id="card-title">{move || desk.say(title)}</h1>
                <p class="lead">{move || desk.say(lead)}</p>
                {children()}
            </section>
            <button class="button quiet" on:click=move |_| desk.set_lang(desk.lang.get_untracked().other())>
                {icon(icons::GLOBE)}
                <span lang=move || desk.lang.get().other().tag()>{move || desk.say(Word::SwitchLanguage)}</span>
            </button>
        </main>
    }
}

#[component]
fn Field(
    id: &'static str,
    label: Word,
    value: RwSignal<String>,
    fault: RwSignal<Option<Fault>>,
    #[prop(default = "text")] kind: &'static str,
    autocomplete: &'static str,
    #[prop(optional)] hint: Option<Word>,
) -> impl IntoView {
    let desk = desk();
    let shown = RwSignal::new(false);
    let secret = kind == "password";
    let note = format!("{id}-note");
    let wrong =
        move || fault.with(|fault| fault.as_ref().is_some_and(|fault| fault.field == Some(id)));
    let text = move || match fault.get() {
        Some(fault) if fault.field == Some(id) => Some(fault.say(desk)),
        _ => hint.map(|hint| desk.say(hint).to_owned()),
    };
    view! {
        <div class="field" class:wrong=wrong>
            <label for=id>{move || desk.say(label)}</label>
            <div class="control">
                <input
                    id=id
                    name=id
                    type=move || if secret && shown.get() { "text" } else { kind }
                    autocomplete=autocomplete
                    autocapitalize="off"
                    spellcheck="false"
                    aria-invalid=move || wrong().then_some("true")
                    aria-describedby=note.clone()
                    prop:value=value
                    on:input=move |event| {
                        value.set(event_target_value(&event));
                        fault.set(None);
                    }
                />
                {secret.then(|| view! {
                    <button
                        type="button"
                        class="reveal"
                        aria-pressed=move || if shown.get() { "true" } else { "false" }
                        on:click=move |_| shown.update(|shown| *shown = !*shown)
                    >
                        {move || desk.say(if shown.get() { Word::HidePassword } else { Word::ShowPassword })}
                    </button>
                })}
            </div>
            <p class="note" id=note>{text}</p>
        </div>
    }
}

/// The form's own fault, and its button.
#[component]
fn Submit(
    label: Word,
    busy_label: Word,
    busy: RwSignal<bool>,
    fault: RwSignal<Option<Fault>>,
) -> impl IntoView {
    let desk = desk();
    let alert = move || {
        fault
            .get()
            .filter(|fault| fault.field.is_none())
            .map(|fault| fault.say(desk))
    };
    view! {
        <p class="fault" role="alert">{alert}</p>
        <button type="submit" class="button primary wide" aria-disabled=move || busy.get().then_some("true")>
            {move || desk.say(if busy.get() { busy_label } else { label })}
        </button>
    }
}

/// Shows what is wrong with a form, and goes there.
fn refuse(fault: RwSignal<Option<Fault>>, what: Fault) {
    if let Some(field) = what.field {
        focus::at(field);
    }
    fault.set(Some(what));
}

/// The log-in page. `over`: a login has just ended by itself.
#[component]
pub(super) fn Login(over: bool) -> impl IntoView {
    let desk = desk();
    let email = RwSignal::new(String::new());
    let password = RwSignal::new(String::new());
    let fault = RwSignal::new(None::<Fault>);
    let busy = RwSignal::new(false);
    let form = NodeRef::<html::Form>::new();
    form.on_load(|_| focus::soon("email"));
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        if busy.get_untracked() {
            return;
        }
        let (address, secret) = (
            email.get_untracked().trim().to_owned(),
            password.get_untracked(),
        );
        if address.is_empty() {
            return refuse(fault, Fault::of("email", Word::EmailMissing));
        }
        if secret.is_empty() {
            return refuse(fault, Fault::of("password", Word::PasswordMissing));
        }
        busy.set(true);
        fault.set(None);
        leptos::task::spawn_local(async move {
            let outcome = http::log_in(rest::Login {
                email: &address,
                password: &secret,
            })
            .await;
            busy.set(false);
            match outcome {
                Ok(()) => desk.check_session(),
                Err(problem) => {
                    fault.set(Some(problem.into()));
                    focus::at("password");
                }
            }
        });
    };
    view! {
        <Card title=Word::LogIn lead=Word::LogInLead>
            {over.then(|| view! { <p class="remark" role="status">{move || desk.say(Word::LoginOver)}</p> })}
            <form node_ref=form on:submit=submit novalidate>
                <Field id="email" label=Word::Email value=email fault kind="email" autocomplete="username" />
                <Field id="password" label=Word::Password value=password fault kind="password" autocomplete="current-password" />
                <Submit label=Word::LogIn busy_label=Word::LoggingIn busy fault />
            </form>
        </Card>
    }
}

/// The page that a one-time link leads to. `first`: it makes the first account; otherwise the
/// account exists, and only wants a password.
#[component]
pub(super) fn Setup(token: String, first: bool) -> impl IntoView {
    let desk = desk();
    let name = RwSignal::new(String::new());
    let email = RwSignal::new(String::new());
    let password = RwSignal::new(String::new());
    let fault = RwSignal::new(None::<Fault>);
    let busy = RwSignal::new(false);
    let used = RwSignal::new(false);
    let token = StoredValue::new(token);
    let form = NodeRef::<html::Form>::new();
    form.on_load(move |_| focus::soon(if first { "name" } else { "password" }));
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        if busy.get_untracked() {
            return;
        }
        let called = name.get_untracked().trim().to_owned();
        let (address, secret) = (
            email.get_untracked().trim().to_owned(),
            password.get_untracked(),
        );
        if first && called.is_empty() {
            return refuse(fault, Fault::of("name", Word::NameMissing));
        }
        if first && address.is_empty() {
            return refuse(fault, Fault::of("email", Word::EmailMissing));
        }
        if secret.chars().count() < PASSWORD_CHARS_MIN {
            return refuse(fault, Fault::of("password", Word::PasswordShort));
        }
        busy.set(true);
        fault.set(None);
        leptos::task::spawn_local(async move {
            let token = token.get_value();
            let outcome = http::set_up(rest::Setup {
                token: &token,
                email: &address,
                name: &called,
                password: &secret,
            })
            .await;
            busy.set(false);
            match outcome {
                Ok(()) => {
                    desk.session.set(Session::Checking);
                    desk.go(&Route::default());
                    desk.check_session();
                }
                Err(problem) => {
                    used.set(matches!(
                        problem.code,
                        Code::TokenInvalid
                            | Code::TokenExpired
                            | Code::NotFound
                            | Code::Forbidden
                            | Code::WrongStatus
                    ));
                    fault.set(Some(if used.get_untracked() {
                        Fault {
                            field: None,
                            text: FaultText::Fixed(Word::LinkUsed),
                        }
                    } else {
                        problem.into()
                    }));
                }
            }
        });
    };
    view! {
        <Card
            title=if first { Word::SetUp } else { Word::Welcome }
            lead=if first { Word::SetUpLead } else { Word::WelcomeLead }
        >
            <form node_ref=form on:submit=submit novalidate>
                {first.then(|| view! {
                    <Field id="name" label=Word::YourName value=name fault autocomplete="name" hint=Word::NameHint />
                    <Field id="email" label=Word::Email value=email fault kind="email" autocomplete="username" />
                })}
                <Field id="password" label=Word::Password value=password fault kind="password" autocomplete="new-password" hint=Word::PasswordHint />
                <Submit
                    label=if first { Word::CreateAccount } else { Word::SavePassword }
                    busy_label=Word::SettingUp
                    busy
                    fault
                />
                {move || used.get().then(|| view! {
                    <a class="button quiet wide" href=Route::default().hash()>{move || desk.say(Word::ToLogIn)}</a>
                })}
            </form>
        </Card>
    }
}
