//! Sending the forms of a part, and what was typed into them: nothing is lost when the server refuses, when the network
//! does, or when the part is made anew meanwhile.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE;
use leptos::call::post;
use leptos::prelude::*;
use leptos::server_fn::error::FromServerFnError;
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlFormElement};

use super::check;
use super::events::Acts;
use crate::client::ConsoleClient;
use crate::error::ConsoleError;
use crate::link;
use crate::notice::Done;

/// The address of a page on which the form of `action` was refused, as a plain form comes back to it.
///
/// Written by hand: the framework's own way brings a parser of addresses and all tables of Unicode's host names.
fn refused_address(address: &str, action: &str, error: &ConsoleError) -> String {
    let separator = if address.contains('?') { '&' } else { '?' };
    let error = URL_SAFE.encode(error.ser());
    format!("{address}{separator}__path={}&__err={}", link::encode(action), link::encode(&error))
}

/// Mark of what is disabled while its form is under way.
const HELD: &str = "data-held";

/// Whether the form is under way.
pub(super) fn is_busy(form: &Element) -> bool {
    form.has_attribute("aria-busy")
}

/// Disables what fills and sends the form, or lets go of it.
fn hold(form: &Element, is_held: bool) {
    const FREE: &str = ":is(input:not([type=hidden]), select, textarea, button:not([type=button])):not([disabled])";
    let selector = if is_held { FREE.to_owned() } else { format!("[{HELD}]") };
    for each in check::all(form, &selector) {
        let _ = each.toggle_attribute_with_force("disabled", is_held);
        let _ = each.toggle_attribute_with_force(HELD, is_held);
    }
    let _ = if is_held {
        form.set_attribute("aria-busy", "true")
    } else {
        form.remove_attribute("aria-busy")
    };
}

impl Acts {
    pub(super) fn send(self, form: HtmlFormElement, action: String, body: String) {
        hold(&form, true);
        leptos::task::spawn_local(async move {
            let answer = post::<ConsoleClient, Done, ConsoleError>(&action, body).await;
            hold(&form, false);
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

    /// Shows the page as it says the error, and puts back what was typed. Where that page cannot be had, the form says it.
    async fn refuse(self, form: &HtmlFormElement, action: &str, error: ConsoleError) {
        let typed = Typed::of(form);
        let Some(address) = self.address.try_get_untracked() else { return };
        let text = error.text(self.i18n);
        if !self.part.load(&refused_address(&address, action, &error)).await {
            self.part.forgive();
            say(form, &text);
            return;
        }
        let Some(root) = self.part.node.try_get_untracked().flatten() else { return };
        let selector = format!("form[action='{action}']");
        // Of several forms for the same function, one in each row, nobody knows which it was: they say what is.
        if let [form] = check::all(&root, &selector).as_slice() {
            typed.put_back(&root, &selector);
            let _ = form.set_attribute("data-changed", "");
            check::begin(&root);
        }
        let scope = format!("[data-served] {selector}");
        let _ = crate::dom::focus(&format!("{scope} [aria-invalid]"))
            || crate::dom::focus(&format!("{scope} button[type=submit]"));
        crate::dom::show("[data-served] [role=alert]");
    }
}

/// Says at the head of a form why it could not be sent.
fn say(form: &Element, text: &str) {
    if let Ok(Some(before)) = form.query_selector(".banner--said") {
        before.remove();
    }
    let home = form.query_selector(".dialog__body").ok().flatten();
    let home = home.as_ref().unwrap_or(form);
    if let Ok(banner) = document().create_element("div") {
        banner.set_class_name("banner banner--danger banner--said");
        let _ = banner.set_attribute("role", "alert");
        let _ = banner.set_attribute("data-testid", "error");
        banner.set_text_content(Some(text));
        let _ = home.insert_before(&banner, home.first_child().as_ref());
        banner.scroll_into_view();
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

/// What was typed into a form.
pub(super) struct Typed(Vec<(String, String, bool)>);

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
    pub(super) fn of(form: &HtmlFormElement) -> Self {
        let all = fields(form, "").into_iter().map(|field| {
            let name = field.get_attribute("name").unwrap_or_default();
            let value = property(&field, "value").as_string().unwrap_or_default();
            (name, value, property(&field, "checked").is_truthy())
        });
        Self(all.collect())
    }

    pub(super) fn put_back(&self, root: &Element, selector: &str) {
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

/// What was typed into the forms of a part and not yet sent.
pub(super) struct Drafts(Vec<(String, Option<usize>, Typed)>);

impl Drafts {
    pub(super) fn of(root: &Element) -> Self {
        let Ok(nodes) = root.query_selector_all("form[data-changed]") else {
            return Self(Vec::new());
        };
        let forms = (0..nodes.length()).filter_map(|index| {
            let form: HtmlFormElement = nodes.get(index)?.dyn_into().ok()?;
            Some((selector_of(&form)?, check::step_of(&form), Typed::of(&form)))
        });
        Self(forms.collect())
    }

    pub(super) fn put_back(&self, root: &Element) {
        for (selector, step, typed) in &self.0 {
            if let Ok(Some(form)) = root.query_selector(selector) {
                typed.put_back(root, selector);
                let _ = form.set_attribute("data-changed", "");
                check::resume(&form, *step);
            }
        }
    }
}

/// How a form is found again when the part was made anew: by its test hook, else by what it is sent to.
fn selector_of(form: &HtmlFormElement) -> Option<String> {
    let by = |name: &str| Some(format!("form[{name}='{}']", form.get_attribute(name)?));
    by("data-testid").or_else(|| by("action"))
}
