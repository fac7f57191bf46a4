//! Where a person is in a part, so that it can be made anew under their hands: the dialog that is open and what opened
//! it, the field that is being typed into, the folds that are open.

use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement, HtmlInputElement};

use super::fetch::dialog_of;

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

/// What opened the dialog that is open: the element, and how its like is found when the part was made anew.
struct Opener {
    element: HtmlElement,
    path: Option<String>,
}

thread_local! {
    static OPENER: std::cell::RefCell<Option<Opener>> = const { std::cell::RefCell::new(None) };
}

/// Remembers `element`, or the menu that it is an item of, as what opens a dialog.
fn note(element: &Element) {
    let popup = element.closest("details.popup").ok().flatten();
    let element = popup
        .and_then(|popup| popup.query_selector("summary").ok().flatten())
        .unwrap_or_else(|| element.clone());
    let Ok(element) = element.dyn_into::<HtmlElement>() else { return };
    let path = path_of(&element);
    OPENER.set(Some(Opener { element, path }));
}

/// The test hooks of an element and of what is around it.
fn path_of(element: &Element) -> Option<String> {
    let mut path = Vec::new();
    let mut at = element.closest("[data-testid]").ok().flatten();
    while let Some(each) = at.take().filter(|_| path.len() < 4) {
        let name = each.get_attribute("data-testid").unwrap_or_default();
        path.push(format!("[data-testid='{}']", name.replace(['\\', '\''], "")));
        at = each.parent_element().and_then(|up| up.closest("[data-testid]").ok().flatten());
    }
    path.reverse();
    (!path.is_empty()).then(|| path.join(" "))
}

/// A link is followed: it may be one that opens a dialog.
pub(super) fn note_opener(link: &Element) {
    let opens = link.get_attribute("href").is_some_and(|href| href.contains("dialog="));
    if opens && link.closest("[role=dialog]").is_ok_and(|dialog| dialog.is_none()) {
        note(link);
    }
}

/// A dialog is about to come: what has the focus opened it.
pub(super) fn note_focus() {
    let active = document().active_element().filter(|active| active.tag_name() != "BODY");
    if let Some(active) = active
        && active.closest("[role=dialog]").is_ok_and(|dialog| dialog.is_none())
    {
        note(&active);
    }
}

/// The dialog is gone: the focus goes back to what opened it, else to the head of the page.
pub(super) fn give_back() {
    let Some(opener) = OPENER.take() else { return };
    if opener.element.is_connected() {
        let _ = opener.element.focus();
    } else if !opener.path.is_some_and(|path| crate::dom::focus(&path)) {
        crate::dom::focus("main h1");
    }
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
            if OPENER.with_borrow(Option::is_none) {
                note_focus();
            }
            crate::dom::close_menus(None);
            crate::dom::focus_dialog(&format!("#{id}"));
        } else if self.dialog.is_some() && dialog.is_none() {
            give_back();
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
