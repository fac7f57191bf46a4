//! The few things only a browser can do. On the server each of them does nothing, so callers need no `cfg`.

#[cfg(feature = "hydrate")]
mod browser {
    use leptos::prelude::{document, window};
    use roadstead::Timestamp;
    use wasm_bindgen::{JsCast, JsValue};
    use web_sys::{HtmlDocument, HtmlElement, HtmlInputElement, HtmlTextAreaElement};

    /// The CSRF token of the page.
    pub fn csrf_token() -> Option<String> {
        document().query_selector("meta[name=csrf-token]").ok().flatten()?.get_attribute("content")
    }

    /// Writes a cookie for a year, for the whole site. Only for appearance: such cookies are readable by scripts.
    pub fn set_cookie(name: &str, value: &str) {
        if let Ok(document) = document().dyn_into::<HtmlDocument>() {
            let secure = if window().location().protocol().is_ok_and(|p| p == "https:") {
                "; Secure"
            } else {
                ""
            };
            let cookie = format!("{name}={value}; Path=/; Max-Age=31536000; SameSite=Lax{secure}");
            let _ = document.set_cookie(&cookie);
        }
    }

    /// The browser's offset from UTC in minutes, now.
    pub fn offset_minutes() -> i32 {
        -(js_sys::Date::new_0().get_timezone_offset() as i32)
    }

    /// The browser's time.
    pub fn now() -> Option<Timestamp> {
        Some(Timestamp((js_sys::Date::now() * 1_000.0) as i64))
    }

    /// `scheme://host[:port]` of the page.
    pub fn origin() -> Option<String> {
        window().location().origin().ok()
    }

    /// Sets an attribute of `<html>`.
    pub fn set_root_attribute(name: &str, value: &str) {
        if let Some(root) = document().document_element() {
            let _ = root.set_attribute(name, value);
        }
    }

    /// Puts the focus on the first element that matches; says whether there was one.
    pub fn focus(selector: &str) -> bool {
        let element = document()
            .query_selector(selector)
            .ok()
            .flatten()
            .and_then(|e| e.dyn_into::<HtmlElement>().ok());
        element.is_some_and(|element| element.focus().is_ok())
    }

    thread_local! {
        static OPENERS: std::cell::RefCell<std::collections::HashMap<String, HtmlElement>> = std::cell::RefCell::default();
    }

    /// Remembers under `key` what has the focus, to return there.
    pub fn remember_focus(key: &str) {
        let element = document().active_element().and_then(|e| e.dyn_into::<HtmlElement>().ok());
        OPENERS.with_borrow_mut(|openers| match element {
            Some(element) => openers.insert(key.to_owned(), element),
            None => openers.remove(key),
        });
    }

    /// Focuses what was remembered under `key`, if it is still on the page, and forgets it.
    pub fn restore_focus(key: &str) {
        let element = OPENERS.with_borrow_mut(|openers| openers.remove(key));
        if let Some(element) = element
            && element.is_connected()
        {
            let _ = element.focus();
        }
    }

    /// Keeps the focus among the controls inside `root` when Tab would leave it. Returns whether it moved.
    pub fn trap_tab(root: &HtmlElement, backwards: bool) -> bool {
        const FOCUSABLE: &str = "a[href], button:not([disabled]), input:not([disabled]):not([type=hidden]), \
                                 select:not([disabled]), textarea:not([disabled]), summary, [tabindex='0']";
        let Ok(nodes) = root.query_selector_all(FOCUSABLE) else { return false };
        let visible: Vec<HtmlElement> = (0..nodes.length())
            .filter_map(|index| nodes.get(index)?.dyn_into::<HtmlElement>().ok())
            .filter(|element| element.offset_parent().is_some())
            .collect();
        let (Some(first), Some(last)) = (visible.first(), visible.last()) else { return false };
        let active = document().active_element();
        let is_active = |element: &HtmlElement| {
            active.as_ref().is_some_and(|active| active.is_same_node(Some(element)))
        };
        let is_outside = active.as_ref().is_none_or(|active| !root.contains(Some(active)));
        let target = match (backwards, is_outside) {
            (true, _) if is_active(first) => last,
            (false, _) if is_active(last) => first,
            (_, true) => first,
            _ => return false,
        };
        target.focus().is_ok()
    }

    /// Puts text on the clipboard: the modern way, then a hidden text area. Says whether it worked.
    pub async fn copy(text: String) -> bool {
        let navigator = window().navigator();
        // Missing outside secure contexts, where the typed accessor would hand out `undefined`.
        let clipboard = js_sys::Reflect::get(&navigator, &JsValue::from_str("clipboard")).ok();
        if clipboard.is_some_and(|clipboard| !clipboard.is_undefined() && !clipboard.is_null()) {
            let written =
                wasm_bindgen_futures::JsFuture::from(navigator.clipboard().write_text(&text)).await;
            if written.is_ok() {
                return true;
            }
        }
        copy_by_command(&text)
    }

    fn copy_by_command(text: &str) -> bool {
        let Some(body) = document().body() else { return false };
        let Some(area) = document()
            .create_element("textarea")
            .ok()
            .and_then(|e| e.dyn_into::<HtmlTextAreaElement>().ok())
        else {
            return false;
        };
        area.set_value(text);
        area.set_class_name("sr-only");
        let _ = area.set_attribute("readonly", "");
        remember_focus("copy");
        // Inside an open dialog, whose focus trap would take the selection away from the body.
        let home = document()
            .query_selector("[role=dialog]")
            .ok()
            .flatten()
            .unwrap_or_else(|| body.into());
        let _ = home.append_child(&area);
        area.select();
        let done = document()
            .dyn_into::<HtmlDocument>()
            .ok()
            .and_then(|document| document.exec_command("copy").ok())
            .unwrap_or(false);
        area.remove();
        restore_focus("copy");
        done
    }

    /// Selects everything in the input that matches.
    pub fn select_input(selector: &str) {
        let input = document().query_selector(selector).ok().flatten();
        if let Some(input) = input.and_then(|e| e.dyn_into::<HtmlInputElement>().ok()) {
            let _ = input.focus();
            input.select();
        }
    }

    /// Whether the event happened in something that takes typed text.
    pub fn is_typing(event: &web_sys::KeyboardEvent) -> bool {
        event.target().and_then(|target| target.dyn_into::<web_sys::Element>().ok()).is_some_and(
            |element| matches!(element.tag_name().as_str(), "INPUT" | "TEXTAREA" | "SELECT"),
        )
    }

    /// Follows the link that matches, as a click would.
    pub fn click(selector: &str) -> bool {
        let element = document()
            .query_selector(selector)
            .ok()
            .flatten()
            .and_then(|e| e.dyn_into::<HtmlElement>().ok());
        element.map(|element| element.click()).is_some()
    }

    /// Whether the focus is on something that the person put it on: not nowhere, not the navigation, not a title.
    pub fn is_at_work() -> bool {
        document().active_element().is_some_and(|active| {
            let is_idle = matches!(active.tag_name().as_str(), "BODY" | "H1")
                || active.closest("nav, .topbar").ok().flatten().is_some();
            !is_idle && active.closest("main, [role=dialog]").ok().flatten().is_some()
        })
    }

    /// Loads another page from the server.
    pub fn load(path: &str) {
        let _ = window().location().set_href(path);
    }

    /// Whether the navigation is open as a drawer, as on a phone.
    pub fn is_drawer_open() -> bool {
        window().location().hash().is_ok_and(|hash| hash == "#nav")
    }

    /// Whether a dialog is open.
    pub fn is_dialog_open() -> bool {
        document().query_selector("[role=dialog]").ok().flatten().is_some()
    }

    /// Whether every field inside the element is filled as its attributes want; else the browser points at the first.
    pub fn is_section_valid(selector: &str) -> bool {
        let Ok(Some(section)) = document().query_selector(selector) else { return true };
        let Ok(nodes) = section.query_selector_all("input") else { return true };
        (0..nodes.length())
            .filter_map(|index| nodes.get(index)?.dyn_into::<HtmlInputElement>().ok())
            .all(|input| input.report_validity())
    }

    /// Asks a question that is answered with yes or no.
    pub fn confirm(question: &str) -> bool {
        window().confirm_with_message(question).unwrap_or(true)
    }

    /// Whether the event happened in its own element and not in something inside.
    pub fn is_target_itself(event: &web_sys::MouseEvent) -> bool {
        match (event.target(), event.current_target()) {
            (Some(target), Some(current)) => js_sys::Object::is(&target, &current),
            _ => false,
        }
    }

    /// Closes every open menu (`details.popup`) but the one that contains `inside`.
    pub fn close_menus(inside: Option<&web_sys::Node>) {
        let Ok(nodes) = document().query_selector_all("details.popup[open]") else { return };
        for index in 0..nodes.length() {
            let Some(node) = nodes.get(index) else { continue };
            if inside.is_some_and(|inside| node.contains(Some(inside))) {
                continue;
            }
            if let Ok(element) = node.dyn_into::<web_sys::Element>() {
                let _ = element.remove_attribute("open");
            }
        }
    }

    /// Sends the form that the control belongs to, as its submit button would.
    pub fn submit_form_of(event: &web_sys::Event) {
        let form = event
            .target()
            .and_then(|target| target.dyn_into::<web_sys::Element>().ok())
            .and_then(|element| element.closest("form").ok().flatten())
            .and_then(|form| form.dyn_into::<web_sys::HtmlFormElement>().ok());
        if let Some(form) = form {
            let _ = form.request_submit();
        }
    }
}

#[cfg(feature = "hydrate")]
pub use browser::*;

#[cfg(not(feature = "hydrate"))]
mod server {
    use leptos::web_sys;
    use roadstead::Timestamp;

    /// The CSRF token of the page.
    pub fn csrf_token() -> Option<String> {
        None
    }

    /// Writes a cookie for a year, for the whole site.
    pub fn set_cookie(_name: &str, _value: &str) {}

    /// The browser's offset from UTC in minutes, now.
    pub fn offset_minutes() -> i32 {
        0
    }

    /// The browser's time.
    pub fn now() -> Option<Timestamp> {
        None
    }

    /// `scheme://host[:port]` of the page.
    pub fn origin() -> Option<String> {
        None
    }

    /// Sets an attribute of `<html>`.
    pub fn set_root_attribute(_name: &str, _value: &str) {}

    /// Puts the focus on the first element that matches; says whether there was one.
    pub fn focus(_selector: &str) -> bool {
        false
    }

    /// Remembers under `key` what has the focus, to return there.
    pub fn remember_focus(_key: &str) {}

    /// Focuses what was remembered under `key`.
    pub fn restore_focus(_key: &str) {}

    /// Keeps the focus inside `root`.
    pub fn trap_tab(_root: &web_sys::HtmlElement, _backwards: bool) -> bool {
        false
    }

    /// Puts text on the clipboard. Says whether it worked.
    pub async fn copy(_text: String) -> bool {
        false
    }

    /// Selects everything in the input that matches.
    pub fn select_input(_selector: &str) {}

    /// Whether the event happened in something that takes typed text.
    pub fn is_typing(_event: &web_sys::KeyboardEvent) -> bool {
        false
    }

    /// Follows the link that matches, as a click would.
    pub fn click(_selector: &str) -> bool {
        false
    }

    /// Whether the focus is on something that the person put it on.
    pub fn is_at_work() -> bool {
        true
    }

    /// Loads another page from the server.
    pub fn load(_path: &str) {}

    /// Whether the navigation is open as a drawer, as on a phone.
    pub fn is_drawer_open() -> bool {
        false
    }

    /// Whether a dialog is open.
    pub fn is_dialog_open() -> bool {
        false
    }

    /// Whether every field inside the element is filled as its attributes want.
    pub fn is_section_valid(_selector: &str) -> bool {
        true
    }

    /// Asks a question that is answered with yes or no.
    pub fn confirm(_question: &str) -> bool {
        true
    }

    /// Whether the event happened in its own element and not in something inside.
    pub fn is_target_itself(_event: &web_sys::MouseEvent) -> bool {
        false
    }

    /// Closes every open menu but the one that contains `inside`.
    pub fn close_menus(_inside: Option<&web_sys::Node>) {}

    /// Sends the form that the control belongs to.
    pub fn submit_form_of(_event: &web_sys::Event) {}
}

#[cfg(not(feature = "hydrate"))]
pub use server::*;
