//! What a form of a part does while it is filled: rules on leaving a field, and steps.
//!
//! | mark | what it does |
//! |---|---|
//! | `data-rule="sentence"` on a field | takes the place of its help when the browser, on leaving the field, finds it wrong |
//! | `data-same="name"` on such a field | it must repeat that field of the form |
//! | `data-differs="id"` on a field | the element shows while the value is another address than the browser's; `data-origin="… {} …"` inside says which |
//! | `data-confirm="name"` on a field | the button that sends waits until it is typed; on a box, until it is checked |
//! | `data-most="n"` on such a field | it may have so many characters; `data-count="… {} …"` beside it counts them |
//! | `data-ask="path"` on such a field | asks that server function while it is typed; of the elements with `data-answer` that of the answer shows |
//! | `data-steps="2"` on a form | its field sets show one after the other; the number is that of the first in `data-step-bar` |
//! | `data-step="next"` or `"back"` on a button of it | goes there, onwards only when what is shown is sound |

use std::time::Duration;

use leptos::call::post;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlButtonElement, HtmlElement, HtmlFormElement, HtmlInputElement};

use crate::client::ConsoleClient;
use crate::error::ConsoleError;

/// Time after the last key before the server is asked.
const PAUSE: Duration = Duration::from_millis(400);

pub(super) fn all(root: &Element, selector: &str) -> Vec<Element> {
    let Ok(nodes) = root.query_selector_all(selector) else { return Vec::new() };
    (0..nodes.length()).filter_map(|index| nodes.get(index)?.dyn_into().ok()).collect()
}

fn set_hidden(element: &Element, is_hidden: bool) {
    let _ = element.toggle_attribute_with_force("hidden", is_hidden);
}

/// A part has come: forms of several steps begin, at what is to be mended if there is something.
pub(super) fn begin(root: &Element) {
    for form in all(root, "form[data-steps]") {
        resume(&form, None);
    }
    for field in all(root, "[data-most]") {
        count(as_field(&field));
    }
    for field in all(root, "input[data-differs]") {
        compare(as_field(&field));
    }
    for form in all(root, "form:has([data-confirm])") {
        confirmed(&form);
    }
}

/// The step of a form that is shown.
pub(super) fn step_of(form: &Element) -> Option<usize> {
    all(form, "fieldset").iter().position(|set| !set.has_attribute("hidden"))
}

/// Shows the step with what is to be mended, else `step`.
pub(super) fn resume(form: &Element, step: Option<usize>) {
    if !form.has_attribute("data-steps") {
        return;
    }
    let sets = all(form, "fieldset");
    let is_wrong =
        |set: &Element| set.query_selector("[aria-invalid]").is_ok_and(|it| it.is_some());
    show_step(form, &sets, sets.iter().position(is_wrong).or(step).unwrap_or(0));
}

fn show_step(form: &Element, sets: &[Element], shown: usize) {
    for (index, set) in sets.iter().enumerate() {
        set_hidden(set, index != shown);
    }
    let first: usize =
        form.get_attribute("data-steps").and_then(|text| text.parse().ok()).unwrap_or(1);
    let reached = first + shown;
    let Ok(Some(root)) = form.closest("[data-served]") else { return };
    for (index, step) in all(&root, "[data-step-bar] > *").iter().enumerate() {
        let state = match (index + 1).cmp(&reached) {
            std::cmp::Ordering::Less => "done",
            std::cmp::Ordering::Equal => "current",
            std::cmp::Ordering::Greater => "",
        };
        let _ = step.set_attribute("data-state", state);
        let _ = if state == "current" {
            step.set_attribute("aria-current", "step")
        } else {
            step.remove_attribute("aria-current")
        };
    }
}

/// Goes on, or back; `false` when there is nowhere to go.
pub(super) fn walk(form: &Element, is_on: bool) -> bool {
    let sets = all(form, "fieldset");
    let Some(now) = step_of(form) else { return false };
    let next = if is_on { now + 1 } else { now.wrapping_sub(1) };
    let Some(target) = sets.get(next) else { return false };
    if is_on && sets.get(now).is_some_and(|set| !is_sound(set)) {
        return true;
    }
    show_step(form, &sets, next);
    if let Ok(Some(field)) = target.query_selector("input")
        && let Ok(field) = field.dyn_into::<HtmlElement>()
    {
        let _ = field.focus();
    }
    true
}

/// A field of one line or of several: what is done with them here has the same names.
fn as_field(element: &Element) -> &HtmlInputElement {
    element.unchecked_ref()
}

/// Whether the fields that have a rule keep it, in a form of steps all fields. Each says what is wrong with it, and the
/// first has the focus. The rest is the server's to say.
pub(super) fn is_sound(root: &Element) -> bool {
    let is_walked = root.closest("form[data-steps]").is_ok_and(|form| form.is_some());
    let fields = all(root, if is_walked { "input:not([type=hidden])" } else { "[data-rule]" });
    for field in &fields {
        check(as_field(field));
    }
    let Some(wrong) = fields.iter().find(|field| !as_field(field).check_validity()) else {
        return true;
    };
    if let Ok(Some(form)) = wrong.closest("form[data-steps]") {
        let sets = all(&form, "fieldset");
        if let Some(step) = sets.iter().position(|set| set.contains(Some(wrong))) {
            show_step(&form, &sets, step);
        }
    }
    if wrong.has_attribute("data-rule") {
        let _ = as_field(wrong).focus();
    } else {
        as_field(wrong).report_validity();
    }
    false
}

/// The form is to be sent: `true` when it only goes to its next step.
pub(super) fn holds(form: &HtmlFormElement) -> bool {
    form.has_attribute("data-steps") && walk(form, true)
}

/// Lets a form that wants a name typed be sent only when it is.
pub(super) fn confirmed(form: &Element) {
    let Ok(Some(field)) = form.query_selector("[data-confirm]") else { return };
    let wanted = field.get_attribute("data-confirm").unwrap_or_default();
    let Ok(field) = field.dyn_into::<HtmlInputElement>() else { return };
    let is_met =
        if field.type_() == "checkbox" { field.checked() } else { field.value().trim() == wanted };
    let button = form.query_selector("button[type=submit]").ok().flatten();
    if let Some(button) = button.and_then(|button| button.dyn_into::<HtmlButtonElement>().ok()) {
        button.set_disabled(!is_met);
    }
}

/// Somebody typed into a field.
pub(super) fn typed(element: &Element) {
    let field = as_field(element);
    compare(field);
    count(field);
    // What the server said holds until the value changes; live after the first error.
    if field.has_attribute("data-live") || field.has_attribute("aria-invalid") {
        show(field, !is_kept(field));
    }
    repeat(field);
    ask(field);
}

/// Checks the field that must repeat this one, once something stands in it.
fn repeat(field: &HtmlInputElement) {
    let Some(form) = field.form() else { return };
    let selector = format!("[data-same='{}']", field.name());
    for other in all(&form, &selector) {
        if !as_field(&other).value().is_empty() {
            check(as_field(&other));
        }
    }
}

/// Somebody left a field.
pub(super) fn left(field: &Element) {
    check(as_field(field));
}

fn length(field: &HtmlInputElement) -> usize {
    field.value().chars().count()
}

/// Says how long the text is.
fn count(field: &HtmlInputElement) {
    if !field.has_attribute("data-most") {
        return;
    }
    let Ok(Some(home)) = field.closest(".field") else { return };
    let Ok(Some(counter)) = home.query_selector("[data-count]") else { return };
    let words = counter.get_attribute("data-count").unwrap_or_default();
    let number = crate::format::grouped(length(field) as u64);
    counter.set_text_content(Some(&words.replace("{}", &number)));
}

/// Asks the server about the value, once nothing was typed for a moment and if it keeps its rule.
fn ask(field: &HtmlInputElement) {
    let Some(path) = field.get_attribute("data-ask") else { return };
    answer(field, "");
    let value = field.value();
    if value.trim().is_empty() || !field.check_validity() {
        return;
    }
    let field = field.clone();
    set_timeout(
        move || {
            if field.value() != value || !field.is_connected() {
                return;
            }
            leptos::task::spawn_local(async move {
                let body = format!("{}={}", field.name(), crate::link::encode(value.trim()));
                let found = post::<ConsoleClient, String, ConsoleError>(&path, body).await;
                // An answer about an older text is dropped.
                if field.value() == value {
                    answer(&field, &found.unwrap_or_default());
                }
            });
        },
        PAUSE,
    );
}

fn answer(field: &HtmlInputElement, word: &str) {
    let Some(form) = field.form() else { return };
    for words in all(&form, "[data-answer]") {
        set_hidden(&words, words.get_attribute("data-answer").as_deref() != Some(word));
    }
}

fn compare(field: &HtmlInputElement) {
    let Some(note) =
        field.get_attribute("data-differs").and_then(|id| document().get_element_by_id(&id))
    else {
        return;
    };
    let origin = crate::dom::origin().unwrap_or_default();
    set_hidden(&note, field.value().trim_end_matches('/') == origin);
    if let Ok(Some(words)) = note.query_selector("[data-origin]") {
        let text = words.get_attribute("data-origin").unwrap_or_default();
        words.set_text_content(Some(&text.replace("{}", &origin)));
    }
}

/// Whether the value keeps the field's rule and the limits that its attributes set.
fn is_kept(field: &HtmlInputElement) -> bool {
    let rule = field.get_attribute("data-rule").unwrap_or_default();
    if let Some(other) = field.get_attribute("data-same") {
        let repeated = field
            .form()
            .and_then(|form| form.query_selector(&format!("[name='{other}']")).ok().flatten());
        let is_same = repeated.is_none_or(|other| as_field(&other).value() == field.value());
        field.set_custom_validity(if is_same { "" } else { &rule });
    }
    if let Some(most) = field.get_attribute("data-most").and_then(|text| text.parse::<usize>().ok())
    {
        field.set_custom_validity(if length(field) <= most { "" } else { &rule });
    }
    field.check_validity()
}

/// Checks a field that has a rule.
fn check(field: &HtmlInputElement) {
    if field.has_attribute("data-rule") {
        let is_broken = !is_kept(field);
        // An error of the server's about this very value stays.
        if is_broken || field.has_attribute("data-live") {
            show(field, is_broken);
        }
    }
}

/// Lets the rule take the place of the help while it is broken.
fn show(field: &HtmlInputElement, is_broken: bool) {
    let rule = field.get_attribute("data-rule").filter(|_| is_broken);
    let _ = field.set_attribute("data-live", "");
    let _ = if rule.is_some() {
        field.set_attribute("aria-invalid", "true")
    } else {
        field.remove_attribute("aria-invalid")
    };
    let id = field.get_attribute("aria-describedby").unwrap_or_default();
    if let Some(under) = document().get_element_by_id(&id) {
        under.set_class_name(if rule.is_some() { "field__error" } else { "field__help" });
        let help = || field.get_attribute("data-help").unwrap_or_default();
        under.set_text_content(Some(&rule.unwrap_or_else(help)));
    }
}
