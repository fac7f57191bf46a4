//! The few things only a browser can do. On the server each of them does nothing, so callers need no `cfg`.

/// What became of a stream of events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StreamState {
    /// Events come.
    Open,
    /// Cut off; the browser connects again by itself.
    Waiting,
    /// Refused; it will not come back.
    Closed,
}

#[cfg(feature = "hydrate")]
mod browser {
    use leptos::prelude::{document, window};
    use roadstead::Timestamp;
    use wasm_bindgen::closure::Closure;
    use wasm_bindgen::{JsCast, JsValue};

    use super::StreamState;
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

    /// Puts the focus into the dialog that matches: on Cancel where a name has to be typed, on the field that asks for it,
    /// else the first field (of radio buttons the one that is chosen), else the first button of its foot, else its cross.
    pub fn focus_dialog(scope: &str) {
        const CONFIRM: &str = ".dialog__body--confirm ~ .dialog__foot a.btn";
        const FIELD: &str = ".dialog__body :is(input:not([type=hidden], [type=radio]:not(:checked)), select, textarea):not([disabled])";
        let _ = [CONFIRM, "[data-autofocus]", FIELD, ".dialog__foot .btn", ".dialog__close"]
            .iter()
            .any(|inside| focus(&format!("{scope} {inside}")));
    }

    thread_local! {
        static OPENERS: std::cell::RefCell<std::collections::HashMap<String, HtmlElement>> = std::cell::RefCell::default();
    }

    /// Remembers under `key` what has the focus, to return there.
    pub fn remember_focus(key: &str) {
        // An item of a menu goes away with the menu: what opened the menu stays.
        let element = document()
            .active_element()
            .and_then(|element| match element.closest("details.popup") {
                Ok(Some(popup)) => popup.query_selector("summary").ok().flatten(),
                _ => Some(element),
            })
            .and_then(|e| e.dyn_into::<HtmlElement>().ok());
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
            |element| match element.tag_name().as_str() {
                "INPUT" => {
                    !matches!(element.get_attribute("type").as_deref(), Some("checkbox" | "radio"))
                }
                name => matches!(name, "TEXTAREA" | "SELECT"),
            },
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

    /// Whether the event happened on a link.
    pub fn is_on_link(event: &web_sys::MouseEvent) -> bool {
        event
            .target()
            .and_then(|target| target.dyn_into::<web_sys::Element>().ok())
            .is_some_and(|element| element.closest("a[href]").ok().flatten().is_some())
    }

    /// Brings what matches into sight.
    pub fn show(selector: &str) {
        if let Ok(Some(element)) = document().query_selector(selector) {
            element.scroll_into_view_with_bool(false);
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
        // What its button does not send yet, this does not either.
        let is_blocked = |form: &web_sys::HtmlFormElement| {
            form.query_selector("button[type=submit][disabled]").is_ok_and(|it| it.is_some())
        };
        if let Some(form) = form.filter(|form| !is_blocked(form)) {
            let _ = form.request_submit();
        }
    }

    /// A stream of server-sent events. Closed when dropped.
    struct Stream {
        source: web_sys::EventSource,
        _heard: Closure<dyn FnMut(web_sys::MessageEvent)>,
        _changed: Closure<dyn FnMut(web_sys::Event)>,
    }

    impl Drop for Stream {
        fn drop(&mut self) {
            self.source.set_onmessage(None);
            self.source.set_onopen(None);
            self.source.set_onerror(None);
            self.source.close();
        }
    }

    thread_local! {
        static STREAM: std::cell::RefCell<Option<Stream>> = const { std::cell::RefCell::new(None) };
    }

    /// Opens the page's one stream: `heard` gets the text of each event, `changed` hears what became of the stream.
    pub fn open_stream(
        address: &str,
        heard: Box<dyn Fn(String)>,
        changed: Box<dyn Fn(StreamState)>,
    ) {
        let Ok(source) = web_sys::EventSource::new(address) else { return };
        let heard = Closure::new(move |event: web_sys::MessageEvent| {
            if let Some(text) = event.data().as_string() {
                heard(text);
            }
        });
        let own = source.clone();
        let changed = Closure::new(move |_: web_sys::Event| {
            changed(match own.ready_state() {
                web_sys::EventSource::OPEN => StreamState::Open,
                web_sys::EventSource::CONNECTING => StreamState::Waiting,
                _ => StreamState::Closed,
            });
        });
        source.set_onmessage(Some(heard.as_ref().unchecked_ref()));
        source.set_onopen(Some(changed.as_ref().unchecked_ref()));
        source.set_onerror(Some(changed.as_ref().unchecked_ref()));
        let stream = Stream { source, _heard: heard, _changed: changed };
        let before = STREAM.replace(Some(stream));
        drop(before);
    }

    /// Closes the page's stream.
    pub fn close_stream() {
        // A stream that closes itself is still being called: it goes when that is over.
        let before = STREAM.take();
        leptos::prelude::set_timeout(move || drop(before), std::time::Duration::ZERO);
    }

    /// Whether nobody looks at the page: another tab is in front.
    pub fn is_hidden() -> bool {
        document().hidden()
    }

    thread_local! {
        static LAST_INPUT: std::cell::Cell<f64> = const { std::cell::Cell::new(0.0) };
    }

    /// Notes that the person did something just now.
    pub fn note_input() {
        LAST_INPUT.set(js_sys::Date::now());
    }

    /// Whether the person has done nothing for a minute: what the page asks then is no activity.
    pub fn is_idle() -> bool {
        js_sys::Date::now() - LAST_INPUT.get() > 60_000.0
    }

    /// Whether something is open that must not change under the person: a dialog or a menu.
    pub fn is_busy() -> bool {
        document().query_selector("[role=dialog], details.popup[open]").ok().flatten().is_some()
    }

    fn elements(selector: &str) -> Vec<HtmlElement> {
        let Ok(nodes) = document().query_selector_all(selector) else { return Vec::new() };
        (0..nodes.length())
            .filter_map(|index| nodes.get(index)?.dyn_into::<HtmlElement>().ok())
            .filter(|element| element.offset_parent().is_some())
            .collect()
    }

    fn active_row() -> Option<web_sys::Element> {
        document().active_element()?.closest("main tbody tr").ok().flatten()
    }

    /// Whether the focus is in a row of a table.
    pub fn is_in_row() -> bool {
        active_row().is_some()
    }

    /// Puts the focus on the link of the next row, or of the one before; on the first when it is in none.
    pub fn move_row(forward: bool) {
        let links = elements("main tbody .cell-name__link");
        let row = active_row();
        let current =
            links.iter().position(|link| row.as_ref().is_some_and(|row| row.contains(Some(link))));
        let next = match (current, forward) {
            (None, _) => Some(0),
            (Some(index), true) => index.checked_add(1),
            (Some(index), false) => index.checked_sub(1),
        };
        if let Some(link) = next.and_then(|index| links.get(index)) {
            let _ = link.focus();
        }
    }

    /// Checks or unchecks the row that has the focus.
    pub fn toggle_row() {
        let check = active_row()
            .and_then(|row| row.query_selector("input[type=checkbox]").ok().flatten())
            .and_then(|element| element.dyn_into::<HtmlElement>().ok());
        if let Some(check) = check {
            check.click();
        }
    }

    /// Runs what renders a part of the page anew, and puts the focus back on what stands for the element that had it.
    pub fn keep_focus(render: impl FnOnce()) {
        let active = document().active_element();
        let name = |attribute: &str| {
            let value = active.as_ref()?.get_attribute(attribute)?;
            Some(format!("main [{attribute}='{}']", value.replace(['\\', '\''], "")))
        };
        let selector = name("href").or_else(|| name("data-testid"));
        render();
        if let (Some(active), Some(selector)) = (active, selector) {
            let wait = std::time::Duration::ZERO;
            leptos::prelude::set_timeout(
                move || {
                    if !active.is_connected() && !is_at_work() {
                        focus(&selector);
                    }
                },
                wait,
            );
        }
    }

    /// The fields of a form that is being sent, url-encoded.
    pub fn form_text(event: &web_sys::SubmitEvent) -> Option<String> {
        let fields = leptos::form::form_data_from_event(event).ok()?;
        let fields = web_sys::UrlSearchParams::new_with_str_sequence_sequence(&fields).ok()?;
        fields.to_string().as_string()
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

    /// Puts the focus into the dialog that matches.
    pub fn focus_dialog(_scope: &str) {}

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

    /// Asks a question that is answered with yes or no.
    pub fn confirm(_question: &str) -> bool {
        true
    }

    /// Whether the event happened in its own element and not in something inside.
    pub fn is_target_itself(_event: &web_sys::MouseEvent) -> bool {
        false
    }

    /// Whether the event happened on a link.
    pub fn is_on_link(_event: &web_sys::MouseEvent) -> bool {
        false
    }

    /// Brings what matches into sight.
    pub fn show(_selector: &str) {}

    /// Closes every open menu but the one that contains `inside`.
    pub fn close_menus(_inside: Option<&web_sys::Node>) {}

    /// Sends the form that the control belongs to.
    pub fn submit_form_of(_event: &web_sys::Event) {}

    /// Opens the page's one stream.
    pub fn open_stream(
        _address: &str,
        _heard: Box<dyn Fn(String)>,
        _changed: Box<dyn Fn(super::StreamState)>,
    ) {
    }

    /// Closes the page's stream.
    pub fn close_stream() {}

    /// Whether nobody looks at the page.
    pub fn is_hidden() -> bool {
        true
    }

    /// Notes that the person did something just now.
    pub fn note_input() {}

    /// Whether the person has done nothing for a minute.
    pub fn is_idle() -> bool {
        true
    }

    /// Whether something is open that must not change under the person.
    pub fn is_busy() -> bool {
        false
    }

    /// Whether the focus is in a row of a table.
    pub fn is_in_row() -> bool {
        false
    }

    /// Puts the focus on the link of the next row, or of the one before.
    pub fn move_row(_forward: bool) {}

    /// Checks or unchecks the row that has the focus.
    pub fn toggle_row() {}

    /// Runs what renders a part of the page anew, and keeps the focus.
    pub fn keep_focus(render: impl FnOnce()) {
        render();
    }

    /// The fields of a form that is being sent, url-encoded.
    pub fn form_text(_event: &web_sys::SubmitEvent) -> Option<String> {
        None
    }
}

#[cfg(not(feature = "hydrate"))]
pub use server::*;
