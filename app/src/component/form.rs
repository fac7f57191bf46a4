//! Forms that change something: a plain POST without scripts, a call with inline errors once alive.

use std::sync::Arc;

use leptos::call::{Call, post};
use leptos::ev::SubmitEvent;
use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::hooks::{use_location, use_navigate};
use roadstead::{ErrorKind, Subject};
use server_fn::ServerFn;

use crate::client::ConsoleClient;
use crate::component::error_panel::ErrorBanner;
use crate::component::icon::Icon;
use crate::component::toast::{Toasts, use_toasts};
use crate::error::ConsoleError;
use crate::notice::Done;
use crate::viewer::{Live, use_live, use_viewer};

/// Where a plain form for the server function `S` is posted to.
#[must_use]
pub fn call_path<S: ServerFn>() -> &'static str {
    S::PATH
}

/// The hidden CSRF field of every plain form.
#[component]
pub fn Csrf() -> impl IntoView {
    let token = use_viewer().with_value(|viewer| viewer.csrf.clone());
    view! { <input type="hidden" name="_csrf" value=token /> }
}

/// A form for the server function `S`, which answers [`Done`]: refused, it says why above the fields and keeps what was
/// typed; done, it goes where [`Done`] says, tells it in a toast, and lets lists load again.
///
/// The action is made by the page (`ServerAction::<S>::new()`), so that fields can read its error and pending state.
#[component]
pub fn CallForm<S>(
    /// The action.
    action: ServerAction<S>,
    /// Leave the banner to the page (an error that a field shows).
    #[prop(optional, into)]
    hide_error: Signal<bool>,
    /// Test hook.
    #[prop(default = "form")]
    testid: &'static str,
    /// Classes of the inside.
    #[prop(default = "form-grid")]
    class: &'static str,
    /// Fields and buttons.
    children: Children,
) -> impl IntoView
where
    S: ServerFn<Client = ConsoleClient, Output = Done, Error = ConsoleError>
        + Clone
        + Send
        + Sync
        + 'static,
{
    let on_submit = Callback::new(move |event: SubmitEvent| submit(&event, *action, S::PATH));
    let value = action.value();
    let answer = derive(move || value.get());
    let version = derive(move || action.version().get());
    view! {
        <Sent path=S::PATH on_submit=on_submit answer=answer version=version hide_error=hide_error testid=testid class=class>
            {children()}
        </Sent>
    }
}

/// The calls of any function that answers [`Done`].
type Calls = Action<Call<Done, ConsoleError>, Result<Done, ConsoleError>>;

/// Sends the form as the browser would, but in the page.
fn submit(event: &SubmitEvent, action: Calls, path: &'static str) {
    match crate::dom::form_text(event) {
        Some(body) => {
            action.dispatch(Arc::new(move || post::<ConsoleClient, _, _>(path, body.clone())));
        }
        None => {
            action.value().set(Some(Err(ConsoleError::new(
                ErrorKind::Invalid,
                Subject::Request,
                "the form cannot be read",
            ))));
        }
    }
}

/// Goes to an address of the console, and leaves the page where it is scrolled.
pub type Navigate = StoredValue<Box<dyn Fn(&str) + Send + Sync>>;

/// What follows the answer of a form. Copies are the same one.
#[derive(Clone, Copy)]
pub struct Settle {
    live: Live,
    toasts: Toasts,
    pathname: Memo<String>,
    navigate: Navigate,
    /// The page was rendered for nobody, or for somebody who had to change the password first: only a new load lets them in.
    needs_load: bool,
}

impl Settle {
    /// For the page that the caller is part of.
    #[must_use]
    pub fn new() -> Self {
        let navigate = use_navigate();
        let navigate: Box<dyn Fn(&str) + Send + Sync> = Box::new(move |to| {
            navigate(to, NavigateOptions { scroll: false, ..NavigateOptions::default() });
        });
        let needs_load = use_viewer().with_value(|viewer| {
            viewer.profile.as_ref().is_none_or(|profile| profile.must_change_password)
        });
        Self {
            live: use_live(),
            toasts: use_toasts(),
            pathname: use_location().pathname,
            navigate: StoredValue::new(navigate),
            needs_load,
        }
    }

    /// It is done: lists load again, a toast tells it, and the page goes where it says.
    pub fn done(self, done: Done) {
        // A page that is left need not load again what may be gone; the next page loads its own. What has been left
        // already leads nowhere.
        let here = self.pathname.try_get_untracked();
        let to = done.to.filter(|_| here.is_some());
        if to.as_deref().is_none_or(|to| to.split('?').next() == here.as_deref()) {
            self.live.changes.update(|changes| *changes += 1);
        }
        if let Some(notice) = done.notice {
            self.toasts.say(notice);
        }
        let Some(to) = to else { return };
        if self.needs_load {
            crate::dom::load(&to);
        } else {
            let _ = self.navigate.try_with_value(|navigate| navigate(&to));
        }
    }

    /// It was refused: where that is because the session has ended, the page asks for the password.
    pub fn failed(self, error: &ConsoleError) {
        if matches!(error.kind, ErrorKind::Unauthenticated) {
            self.live.is_expired.set(matches!(error.subject, Subject::Session | Subject::Request));
        }
    }
}

impl Default for Settle {
    fn default() -> Self {
        Self::new()
    }
}

/// The part of [`CallForm`] that is the same for every function.
#[component]
fn Sent(
    path: &'static str,
    on_submit: Callback<SubmitEvent>,
    answer: Signal<Option<Result<Done, ConsoleError>>>,
    version: Signal<usize>,
    hide_error: Signal<bool>,
    testid: &'static str,
    class: &'static str,
    children: Children,
) -> impl IntoView {
    let settle = Settle::new();
    let first = StoredValue::new(version.get_untracked());
    Effect::new(move |_| {
        // The answer of a call of this page, not an error that came with the address.
        if version.get() == first.get_value() {
            return;
        }
        match answer.get() {
            Some(Ok(done)) => settle.done(done),
            Some(Err(error)) => settle.failed(&error),
            None => {}
        }
    });
    let error = move || match answer.get() {
        Some(Err(error)) if !hide_error.get() => Some(error),
        _ => None,
    };
    view! {
        <form
            method="post"
            action=path
            novalidate
            data-testid=testid
            on:submit=move |event| {
                if !event.default_prevented() {
                    event.prevent_default();
                    on_submit.run(event);
                }
            }
        >
            <Csrf />
            <div class=class>
                {move || error().map(|error| view! { <ErrorBanner error=error /> })}
                {children()}
            </div>
        </form>
    }
}

/// The button that sends a form; spins while the call is under way.
#[component]
pub fn SubmitButton(
    /// Words.
    #[prop(into)]
    label: Signal<String>,
    /// The call is under way.
    #[prop(optional, into)]
    is_pending: Signal<bool>,
    /// Not yet to be pressed.
    #[prop(optional, into)]
    is_blocked: Signal<bool>,
    /// Classes.
    #[prop(default = "btn btn--primary")]
    class: &'static str,
    /// Test hook.
    #[prop(default = "form.submit")]
    testid: &'static str,
) -> impl IntoView {
    view! {
        <button
            type="submit"
            class=class
            disabled=move || is_pending.get() || is_blocked.get()
            aria-busy=move || is_pending.get().then_some("true")
            data-testid=testid
        >
            {move || is_pending.get().then(|| view! { <Icon icon=icondata::LuLoaderCircle class="icon spin" /> })}
            {move || label.get()}
        </button>
    }
}
