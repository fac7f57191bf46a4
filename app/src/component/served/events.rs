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

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE;
use leptos::call::post;
use leptos::ev::{Event, KeyboardEvent, MouseEvent, SubmitEvent};
use leptos::prelude::*;
use leptos::server_fn::error::FromServerFnError;
use leptos_router::NavigateOptions;
use leptos_router::hooks::use_navigate;
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement, HtmlFormElement, HtmlInputElement};

use super::check;
use super::fetch::{Part, dialog_of};
use crate::client::ConsoleClient;
use crate::command::Client;
use crate::component::form::{Navigate, Settle};
use crate::error::ConsoleError;
use crate::i18n::{t_string, use_i18n};
use crate::link;
use crate::notice::Done;
use crate::viewer::{Live, use_live};

/// The address of a page on which the form of `action` was refused, as a plain form comes back to it.
///
/// Written by hand: the framework's own way brings a parser of addresses and all tables of Unicode's host names.
fn refused_address(address: &str, action: &str, error: &ConsoleError) -> String {
    let separator = if address.contains('?') { '&' } else { '?' };
    let error = URL_SAFE.encode(error.ser());
    format!("{address}{separator}__path={}&__err={}", link::encode(action), link::encode(&error))
}

/// Where server functions are.
const CALLS: &str = "/console/call/";
/// Time after the last key in a search box.
const TYPING: Duration = Duration::from_millis(250);

/// What the listeners of one part need. Copies are the same one.
#[derive(Clone, Copy)]
pub(super) struct Acts {
    part: Part,
    address: Memo<String>,
    live: Live,
    i18n: crate::i18n::I18n,
    settle: Settle,
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
        if check::holds(&form) {
            event.prevent_default();
            return;
        }
        if event.default_prevented() {
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
            let to = format!("{path}{separator}{}", query.join("&"));
            self.navigate.with_value(|navigate| navigate(&to));
        } else if action.starts_with(CALLS) {
            self.send(form, action, body);
        }
    }

    fn send(self, form: HtmlFormElement, action: String, body: String) {
        let _ = form.set_attribute("aria-busy", "true");
        leptos::task::spawn_local(async move {
            let answer = post::<ConsoleClient, Done, ConsoleError>(&action, body).await;
            let _ = form.remove_attribute("aria-busy");
            match answer {
                Ok(done) => {
                    let _ = form.remove_attribute("data-changed");
                    forget_passwords(&form);
                    self.settle.done(done);
                }
                Err(error) => {
                    self.settle.failed(&error);
                    self.refuse(&form, &action, error).await;
                }
            }
        });
    }

    /// Shows the page as it says the error, and puts back what was typed.
    async fn refuse(self, form: &HtmlFormElement, action: &str, error: ConsoleError) {
        let typed = Typed::of(form);
        let address = self.address.get_untracked();
        if !self.part.load(&refused_address(&address, action, &error)).await {
            return;
        }
        let Some(root) = self.part.node.get_untracked() else { return };
        let selector = format!("form[action='{action}']");
        // Of several forms for the same function, one in each row, nobody knows which it was: they say what is.
        if root.query_selector_all(&selector).is_ok_and(|forms| forms.length() == 1) {
            typed.put_back(&root, &selector);
        }
        let scope = format!("[data-served] {selector}");
        let _ = crate::dom::focus(&format!("{scope} [aria-invalid]"));
        crate::dom::show("[data-served] [role=alert]");
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
        // What the server said holds until the value changes.
        let _ = field.remove_attribute("aria-invalid");
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
                    let is_touched =
                        dialog.query_selector("form[data-changed]").ok().flatten().is_some();
                    if !is_touched
                        || crate::dom::confirm(t_string!(self.i18n, components.discard_question))
                    {
                        follow_cross(&dialog);
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

    fn leave_dialog(self) {
        let dialog = self.part.node.get_untracked().and_then(|root| dialog_of(&root));
        if let Some(dialog) = dialog
            && dialog.query_selector("form[data-changed]").ok().flatten().is_none()
        {
            follow_cross(&dialog);
        }
    }
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

fn follow_cross(dialog: &HtmlElement) {
    let cross = dialog.query_selector(".dialog__close").ok().flatten();
    if let Some(cross) = cross.and_then(|cross| cross.dyn_into::<HtmlElement>().ok()) {
        cross.click();
    }
}

/// Empties the passwords of a form that was sent.
fn forget_passwords(form: &HtmlFormElement) {
    for field in fields(form, "").iter().filter(|field| {
        field.get_attribute("autocomplete").is_some_and(|word| word.ends_with("-password"))
    }) {
        set_property(field, "value", &"".into());
    }
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

/// What was typed into a form.
struct Typed(Vec<(String, String, bool)>);

/// Its fields that a person fills.
fn fields(root: &Element, selector: &str) -> Vec<Element> {
    let selector = format!("{selector} :is(input:not([type=hidden]), select, textarea)[name]");
    let Ok(nodes) = root.query_selector_all(&selector) else { return Vec::new() };
    (0..nodes.length()).filter_map(|index| nodes.get(index)?.dyn_into().ok()).collect()
}

fn property(element: &Element, name: &str) -> wasm_bindgen::JsValue {
    js_sys::Reflect::get(element, &name.into()).unwrap_or(wasm_bindgen::JsValue::UNDEFINED)
}

fn set_property(element: &Element, name: &str, value: &wasm_bindgen::JsValue) {
    let _ = js_sys::Reflect::set(element, &name.into(), value);
}

impl Typed {
    fn of(form: &HtmlFormElement) -> Self {
        let all = fields(form, "").into_iter().map(|field| {
            let name = field.get_attribute("name").unwrap_or_default();
            let value = property(&field, "value").as_string().unwrap_or_default();
            (name, value, property(&field, "checked").is_truthy())
        });
        Self(all.collect())
    }

    fn put_back(&self, root: &Element, selector: &str) {
        for (field, (name, value, is_checked)) in fields(root, selector).iter().zip(&self.0) {
            if field.get_attribute("name").as_deref() != Some(name) {
                return;
            }
            if matches!(field.get_attribute("type").as_deref(), Some("checkbox" | "radio")) {
                set_property(field, "checked", &(*is_checked).into());
            } else {
                set_property(field, "value", &value.as_str().into());
            }
        }
    }
}

/// Where the person is in a part: the dialog that is open, and the field that is being typed into.
pub(super) struct Place {
    dialog: Option<String>,
    focus: Option<String>,
    typed: Option<(String, u32)>,
    open: Vec<String>,
}

/// Ids of the folds that are open (not of menus, which close) and of the boxes that are chosen for a form elsewhere.
fn open_folds(root: &Element) -> Vec<String> {
    const OPEN: &str = "details[id][open], input[id][form]:checked";
    let Ok(nodes) = root.query_selector_all(OPEN) else { return Vec::new() };
    let ids = (0..nodes.length()).filter_map(|index| nodes.get(index)?.dyn_into::<Element>().ok());
    ids.map(|fold| fold.id()).collect()
}

/// What was typed into the forms of a part and not yet sent.
pub(super) struct Drafts(Vec<(String, Typed)>);

impl Drafts {
    pub(super) fn of(root: &Element) -> Self {
        let Ok(nodes) = root.query_selector_all("form[data-changed][data-testid]") else {
            return Self(Vec::new());
        };
        let forms = (0..nodes.length()).filter_map(|index| {
            let form: HtmlFormElement = nodes.get(index)?.dyn_into().ok()?;
            let selector = format!("form[data-testid='{}']", form.get_attribute("data-testid")?);
            Some((selector, Typed::of(&form)))
        });
        Self(forms.collect())
    }

    pub(super) fn put_back(&self, root: &Element) {
        for (selector, typed) in &self.0 {
            if let Ok(Some(form)) = root.query_selector(selector) {
                typed.put_back(root, selector);
                let _ = form.set_attribute("data-changed", "");
            }
        }
    }
}

thread_local! {
    /// What opened the dialog that is open, to return there.
    static OPENER: std::cell::RefCell<Option<String>> = const { std::cell::RefCell::new(None) };
}

impl Place {
    pub(super) fn of(root: &Element) -> Self {
        let active = document().active_element().filter(|active| root.contains(Some(active)));
        let by = |attribute: &str| {
            let value = active.as_ref()?.get_attribute(attribute)?;
            Some(format!("[data-served] [{attribute}='{}']", value.replace(['\\', '\''], "")))
        };
        let typed = active.as_ref().and_then(|active| {
            let field = active.dyn_ref::<HtmlInputElement>()?;
            let at = field.selection_start().ok().flatten()?;
            Some((field.value(), at))
        });
        Self {
            dialog: dialog_of(root).map(|dialog| dialog.id()),
            focus: by("data-testid").or_else(|| by("href")).or_else(|| by("name")),
            typed,
            open: open_folds(root),
        }
    }

    pub(super) fn restore(self, root: &Element) {
        for id in &self.open {
            if let Some(fold) = document().get_element_by_id(id) {
                let mark = if fold.has_attribute("form") { "checked" } else { "open" };
                let _ = fold.set_attribute(mark, "");
            }
        }
        let dialog = dialog_of(root).map(|dialog| dialog.id());
        if let Some(id) = dialog.as_ref().filter(|_| dialog != self.dialog) {
            if self.focus.is_some() {
                OPENER.set(self.focus);
            } else {
                crate::dom::remember_focus(super::fetch::OPENER);
            }
            crate::dom::close_menus(None);
            crate::dom::focus_dialog(&format!("#{id}"));
        } else if self.dialog.is_some() && dialog.is_none() {
            if let Some(opener) = OPENER.take() {
                crate::dom::focus(&opener);
            }
        } else if let Some(selector) = self.focus
            && !crate::dom::is_at_work()
            && crate::dom::focus(&selector)
            && let Some((value, at)) = self.typed
            && let Some(field) = document().active_element()
            && let Some(field) = field.dyn_ref::<HtmlInputElement>()
        {
            field.set_value(&value);
            let _ = field.set_selection_range(at, at);
        }
    }
}
