//! What a part does without code of its own: one listener for each kind of event, and marks in the HTML.
//!
//! | mark | what it does |
//! |---|---|
//! | `<form method="post" action="/console/call/…">` | is sent in place; a refusal shows the page as it says it, typed values stay |
//! | `data-plain` on such a form | is left to the browser: the answer is a whole new page |
//! | `<form method="get">` | becomes the address |
//! | `data-auto` on a field | its form is sent when it changes, a search box while typing |
//! | `data-copy="text"` on a button | copies |
//! | `data-reveal` on a button | shows and hides the password, or the `data-secret`, beside it |
//! | – | a form that was typed into gets `data-changed`; its reset button takes that away |
//! | `data-all="form"` on a box | checks and clears the boxes that belong to the form of that id |
//! | `data-countdown="seconds"` | shows how many are left; at the end the part is made anew |
//! | `data-live` | the part is made anew every five seconds |
//! | `data-unsaved` | the browser asks before the page is closed; sending a form with `data-plain` inside ends that |
//! | `data-hand="AK"` on a link | gives this access key, and the secret that is copied beside it, to the login dialog |
//! | `data-fold="cookie"` on a `<details>` | the cookie remembers `open` or `folded` |
//! | `data-send="fields"` with `data-to="path"` | clicking tells a server function; nobody waits for the answer |
//! | an `id` on a `<details>`, or on a box with a `form` | stays open or checked when the part is made anew |
//! | `data-walk` | arrow keys walk through its children |
//! | – | rules and steps of forms: [`check`] |
//! | `[role=dialog]`, `.dialog__close` | Tab stays inside; Escape and the shade follow the cross |

use std::time::Duration;

use leptos::call::post;
use leptos::ev::{Event, KeyboardEvent, MouseEvent, SubmitEvent};
use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::hooks::use_navigate;
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement, HtmlFormElement, HtmlInputElement};

use super::fetch::{Part, dialog_of};
use super::{check, place, sending};
use crate::client::ConsoleClient;
use crate::command::Client;
use crate::component::form::{Navigate, Settle};
use crate::error::ConsoleError;
use crate::i18n::{t_string, use_i18n};
use crate::viewer::{Live, use_live};

/// Where server functions are.
const CALLS: &str = "/console/call/";
/// Time after the last key in a search box.
const TYPING: Duration = Duration::from_millis(250);

/// What the listeners of one part need. Copies are the same one.
#[derive(Clone, Copy)]
pub(super) struct Acts {
    pub(super) part: Part,
    pub(super) address: Memo<String>,
    live: Live,
    pub(super) i18n: crate::i18n::I18n,
    pub(super) settle: Settle,
    navigate: Navigate,
    timer: StoredValue<Option<TimeoutHandle>>,
}

fn closest<T: JsCast>(event: &Event, selector: &str) -> Option<T> {
    let element = event.target()?.dyn_into::<Element>().ok()?;
    element.closest(selector).ok().flatten()?.dyn_into().ok()
}

impl Acts {
    pub(super) fn new(part: Part, address: Memo<String>) -> Self {
        let navigate = use_navigate();
        let navigate: Box<dyn Fn(&str) + Send + Sync> = Box::new(move |to| {
            navigate(to, NavigateOptions { scroll: false, ..NavigateOptions::default() });
        });
        Self {
            part,
            address,
            live: use_live(),
            i18n: use_i18n(),
            settle: Settle::new(),
            navigate: StoredValue::new(navigate),
            timer: StoredValue::new(None),
        }
    }

    pub(super) fn submit(self, event: &SubmitEvent) {
        let Some(form) = closest::<HtmlFormElement>(event, "form") else { return };
        if event.default_prevented() {
            return;
        }
        let is_post = form.method() == "post";
        // What is under way is not sent a second time, and what the page itself finds wrong not at all.
        if sending::is_busy(&form) || is_post && (check::holds(&form) || !check::is_sound(&form)) {
            event.prevent_default();
            return;
        }
        if form.has_attribute("data-plain") {
            if let Ok(Some(unsaved)) = form.closest("[data-unsaved]") {
                let _ = unsaved.remove_attribute("data-unsaved");
            }
            return;
        }
        let action = form.get_attribute("action").unwrap_or_default();
        let Some(body) = crate::dom::form_text(event) else { return };
        event.prevent_default();
        if form.method() == "get" {
            let query = body.split('&').filter(|pair| !pair.ends_with('=')).collect::<Vec<_>>();
            let path = self.address.get_untracked();
            let path = path.split('?').next().unwrap_or_default();
            let separator = if query.is_empty() { "" } else { "?" };
            self.go(&format!("{path}{separator}{}", query.join("&")));
        } else if action.starts_with(CALLS) {
            self.send(form, action, body);
        }
    }

    fn go(self, to: &str) {
        let _ = self.navigate.try_with_value(|navigate| navigate(to));
    }

    pub(super) fn click(self, event: &MouseEvent) {
        if let Some(summary) = closest::<Element>(event, "summary") {
            remember_fold(&summary);
        }
        if let Some(teller) = closest::<Element>(event, "[data-send]") {
            self.tell(&teller);
        }
        if let Some(link) = closest::<Element>(event, "[data-hand]") {
            hand_over(&link);
        }
        if let Some(link) = closest::<Element>(event, "a[href]") {
            if self.is_held(&link) {
                event.prevent_default();
                return;
            }
            place::note_opener(&link);
        }
        if let Some(button) = closest::<Element>(event, "[data-step]") {
            if let Ok(Some(form)) = button.closest("form") {
                let is_on = button.get_attribute("data-step").as_deref() == Some("next");
                check::walk(&form, is_on);
            }
        } else if let Some(button) = closest::<HtmlElement>(event, "[data-copy]") {
            self.copy(button);
        } else if let Some(button) = closest::<HtmlElement>(event, "[data-reveal]") {
            reveal(&button);
        } else if let Some(button) = closest::<HtmlElement>(event, "button[type=reset]") {
            if let Ok(Some(form)) = button.closest("form") {
                let _ = form.remove_attribute("data-changed");
            }
        } else if closest::<Element>(event, "a.menu__item").is_some() {
            crate::dom::close_menus(None);
        } else if event
            .target()
            .and_then(|target| target.dyn_into::<Element>().ok())
            .is_some_and(|target| target.get_attribute("class").as_deref() == Some("overlay"))
        {
            self.leave_dialog();
        }
    }

    /// Tells the server what was chosen, and the pages that follow it.
    fn tell(self, teller: &Element) {
        let body = teller.get_attribute("data-send").unwrap_or_default();
        let path = teller.get_attribute("data-to").unwrap_or_default();
        for (name, value) in body.split('&').filter_map(|pair| pair.split_once('=')) {
            match name {
                "client" => {
                    if let Some(client) = Client::parse(value) {
                        self.live.client.set(client);
                    }
                }
                "page_size" => {
                    if let Ok(size) = value.parse() {
                        self.live.page_size.set(size);
                    }
                }
                _ => {}
            }
        }
        leptos::task::spawn_local(async move {
            let _ = post::<ConsoleClient, serde::de::IgnoredAny, ConsoleError>(&path, body).await;
        });
    }

    fn copy(self, button: HtmlElement) {
        let text = button.get_attribute("data-copy").unwrap_or_default();
        let said = self.live.said;
        leptos::task::spawn_local(async move {
            if !crate::dom::copy(text).await {
                return;
            }
            let _ = button.set_attribute("data-state", "copied");
            said.set(t_string!(self.i18n, common.copied).to_owned());
            set_timeout(
                move || {
                    let _ = button.remove_attribute("data-state");
                    let _ = said.try_update(String::clear);
                },
                Duration::from_secs(2),
            );
        });
    }

    pub(super) fn input(self, event: &Event) {
        let Some(field) = closest::<Element>(event, "input, select, textarea") else { return };
        let form = field.closest("form").ok().flatten();
        if let Some(form) = &form {
            let _ = form.set_attribute("data-changed", "");
            check::confirmed(form);
        }
        check::typed(&field);
        let is_search = field.get_attribute("type").as_deref() == Some("search");
        if is_search && field.has_attribute("data-auto") {
            if let Some(handle) = self.timer.get_value() {
                handle.clear();
            }
            let form = form.and_then(|form| form.dyn_into::<HtmlFormElement>().ok());
            let submit = move || {
                if let Some(form) = &form {
                    let _ = form.request_submit();
                }
            };
            self.timer.set_value(set_timeout_with_handle(submit, TYPING).ok());
        }
    }

    pub(super) fn change(self, event: &Event) {
        if let Some(field) = closest::<Element>(event, "[data-rule]") {
            check::left(&field);
        }
        if let Some(all) = closest::<HtmlInputElement>(event, "[data-all]") {
            choose_all(&all);
        } else if closest::<Element>(event, "[data-auto]:not([type=search])").is_some() {
            crate::dom::submit_form_of(event);
        }
    }

    pub(super) fn key(self, event: &KeyboardEvent) {
        let Some(root) = self.part.node.get_untracked() else { return };
        match event.key().as_str() {
            "Escape" => {
                if let Some(menu) = closest::<Element>(event, "details.popup[open]") {
                    event.stop_propagation();
                    let _ = menu.remove_attribute("open");
                } else if let Some(dialog) = dialog_of(&root) {
                    event.prevent_default();
                    event.stop_propagation();
                    if !is_changed(&dialog) || self.may_discard() {
                        self.follow_cross(&dialog);
                    }
                }
            }
            "Tab" => {
                if let Some(dialog) = dialog_of(&root)
                    && crate::dom::trap_tab(&dialog, event.shift_key())
                {
                    event.prevent_default();
                }
            }
            "ArrowLeft" | "ArrowRight" => {
                if let Some(step) = closest::<Element>(event, "[data-walk] > *") {
                    let next = if event.key() == "ArrowRight" {
                        step.next_element_sibling()
                    } else {
                        step.previous_element_sibling()
                    };
                    if let Some(next) = next.and_then(|next| next.dyn_into::<HtmlElement>().ok()) {
                        let _ = next.focus();
                        event.prevent_default();
                    }
                }
            }
            "Enter" if event.ctrl_key() || event.meta_key() => crate::dom::submit_form_of(event),
            _ => {}
        }
    }

    /// Whether a link that leaves a dialog is not to be followed: something in it was typed and shall stay.
    fn is_held(self, link: &Element) -> bool {
        let is_way_out = link.matches(".dialog__close, .dialog__foot a").unwrap_or_default();
        let dialog = link.closest("[role=dialog]").ok().flatten();
        is_way_out && dialog.is_some_and(|dialog| is_changed(&dialog) && !self.may_discard())
    }

    fn may_discard(self) -> bool {
        crate::dom::confirm(t_string!(self.i18n, components.discard_question))
    }

    fn leave_dialog(self) {
        let dialog = self.part.node.get_untracked().and_then(|root| dialog_of(&root));
        if let Some(dialog) = dialog.filter(|dialog| !is_changed(dialog)) {
            self.follow_cross(&dialog);
        }
    }

    /// Goes where the cross leads. Not by a click: it would come while another is handled.
    fn follow_cross(self, dialog: &Element) {
        let cross = dialog.query_selector(".dialog__close").ok().flatten();
        if let Some(to) = cross.and_then(|cross| cross.get_attribute("href")) {
            self.go(&to);
        }
    }
}

fn is_changed(dialog: &Element) -> bool {
    dialog.query_selector("form[data-changed]").is_ok_and(|form| form.is_some())
}

/// Checks the boxes of a form, or clears them, as the one for all of them is.
fn choose_all(all: &HtmlInputElement) {
    let form = all.get_attribute("data-all").unwrap_or_default();
    let Ok(boxes) = document().query_selector_all(&format!("[form={form}][type=checkbox]")) else {
        return;
    };
    for index in 0..boxes.length() {
        if let Some(each) =
            boxes.get(index).and_then(|each| each.dyn_into::<HtmlInputElement>().ok())
        {
            each.set_checked(all.checked());
        }
    }
}

/// Gives the key that a dialog shows to the login dialog, in memory alone.
fn hand_over(link: &Element) {
    let Ok(Some(dialog)) = link.closest("[role=dialog]") else { return };
    let Ok(Some(copy)) = dialog.query_selector(".cmd [data-copy]") else { return };
    crate::component::login_command::long_term::hand(
        link.get_attribute("data-hand").unwrap_or_default(),
        copy.get_attribute("data-copy").unwrap_or_default(),
    );
}

/// Remembers a card as it will be when the click is over.
fn remember_fold(summary: &Element) {
    let Some(card) = summary.parent_element() else { return };
    if let Some(cookie) = card.get_attribute("data-fold") {
        crate::dom::set_cookie(&cookie, if card.has_attribute("open") { "folded" } else { "open" });
    }
}

/// Shows or hides the secret beside a button.
fn reveal(button: &HtmlElement) {
    let is_shown = button.get_attribute("aria-pressed").as_deref() == Some("true");
    let _ = button.set_attribute("aria-pressed", if is_shown { "false" } else { "true" });
    let Ok(Some(home)) = button.closest(".input-wrap, .cmd, li") else { return };
    if let Ok(Some(field)) = home.query_selector("input") {
        let _ = field.set_attribute("type", if is_shown { "password" } else { "text" });
    }
    let Ok(secrets) = home.query_selector_all("[data-secret]") else { return };
    for index in 0..secrets.length() {
        let Some(secret) = secrets.get(index).and_then(|node| node.dyn_into::<Element>().ok())
        else {
            continue;
        };
        let shown = secret.text_content().unwrap_or_default();
        let other = secret.get_attribute("data-secret").unwrap_or_default();
        secret.set_text_content(Some(&other));
        let _ = secret.set_attribute("data-secret", &shown);
    }
}
