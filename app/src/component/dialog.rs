//! Dialogs: opened by the address (`?dialog=name`), so that they work as server-rendered forms; alive, they trap the
//! focus, close on Escape, and return the focus to the opener.
//!
//! What a dialog shows may read the address for the last time just after the dialog is gone: links inside dialogs use
//! `try_get`.

use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::hooks::{use_location, use_navigate};

use crate::component::icon::Icon;
use crate::component::noscroll;
use crate::component::show::Show;
use crate::i18n::{t_string, use_i18n};
use crate::link;

/// Name and value of every query parameter of the current page; a name that occurs often, often.
#[must_use]
pub fn use_query_pairs() -> Signal<Vec<(String, String)>> {
    let query = use_location().query;
    derive(move || {
        query.with(|query| {
            query
                .into_iter()
                .map(|(name, value)| (name.to_string(), value.to_owned()))
                .collect::<Vec<_>>()
        })
    })
}

/// The address of this page with some query values changed; see [`link::change_query`].
#[must_use]
pub fn use_changed_query(changes: Vec<(&'static str, Option<String>)>) -> Signal<String> {
    let path = use_location().pathname;
    let pairs = use_query_pairs();
    derive(move || {
        let changes: Vec<(&str, Option<&str>)> =
            changes.iter().map(|(name, value)| (*name, value.as_deref())).collect();
        link::change_query(&path.get(), &pairs.get(), &changes)
    })
}

/// The address that opens the dialog `name` on this page.
#[must_use]
pub fn use_dialog_link(name: &'static str) -> Signal<String> {
    use_changed_query(vec![("dialog", Some(name.to_owned()))])
}

/// The address that opens the dialog `name` for `item` (a tag, an organization) on this page; read it back with
/// [`use_dialog_item`].
#[must_use]
pub fn use_item_dialog_link(name: &'static str, item: String) -> Signal<String> {
    use_changed_query(vec![("dialog", Some(name.to_owned())), ("item", Some(item))])
}

/// What the open dialog is about.
#[must_use]
pub fn use_dialog_item() -> Signal<Option<String>> {
    let query = use_location().query;
    derive(move || query.with(|query| query.get("item")))
}

/// The address of this page without a dialog, and without what only a dialog reads.
#[must_use]
pub fn use_close_link() -> Signal<String> {
    let own = ["dialog", "item", "into", "login", "net", "who", "right"];
    use_changed_query(own.map(|name| (name, None)).to_vec())
}

/// The address of this page, with its query.
#[must_use]
pub fn use_here() -> Signal<String> {
    use_changed_query(Vec::new())
}

/// Whether the dialog `name` is open.
#[must_use]
pub fn use_is_open(name: &'static str) -> Signal<bool> {
    let query = use_location().query;
    derive(move || query.with(|query| query.get("dialog").is_some_and(|open| open == name)))
}

/// Whether one of the dialogs is open.
#[must_use]
pub fn use_is_any_open(names: &'static [&'static str]) -> Memo<bool> {
    let query = use_location().query;
    memo(move |_| {
        query.with(|query| query.get_str("dialog").is_some_and(|open| names.contains(&open)))
    })
}

/// A link that opens the dialog `name`: a real link, without moving the page.
#[component]
pub fn DialogLink(
    /// The dialog.
    name: &'static str,
    /// What it is about.
    #[prop(optional, into)]
    item: Option<String>,
    /// Classes.
    #[prop(default = "btn")]
    class: &'static str,
    /// Test hook.
    #[prop(optional, into)]
    testid: Option<String>,
    /// Icon and words.
    children: Children,
) -> impl IntoView {
    let href = use_changed_query(vec![("dialog", Some(name.to_owned())), ("item", item)]);
    view! {
        <a class=class href=move || href.try_get() {..noscroll()} data-testid=testid>
            {children()}
        </a>
    }
}

/// A dialog at `?dialog={name}`. Children are `dialog__body` and `dialog__foot`, usually inside one form.
#[component]
pub fn Dialog(
    /// Name in the address.
    name: &'static str,
    /// Title.
    #[prop(into)]
    title: Signal<String>,
    /// `dialog`, with `dialog--sm` (480 px) or `dialog--lg` (800 px).
    #[prop(default = "dialog")]
    class: &'static str,
    /// Body and foot; rendered only while open.
    children: ChildrenFn,
) -> impl IntoView {
    let is_open = use_is_open(name);
    let children = StoredValue::new(children);
    view! {
        <Show when=move || is_open.try_get().unwrap_or(false)>
            <OpenDialog name=name title=title class=class>
                {children.with_value(|children| children())}
            </OpenDialog>
        </Show>
    }
}

#[component]
fn OpenDialog(
    name: &'static str,
    title: Signal<String>,
    class: &'static str,
    children: Children,
) -> impl IntoView {
    let close = use_close_link();
    let navigate = use_navigate();
    let on_leave = Callback::new(move |()| {
        let options = NavigateOptions { scroll: false, ..NavigateOptions::default() };
        navigate(&close.get_untracked(), options);
    });
    view! {
        <DialogFrame id=name title=title class=class on_leave=on_leave close=close>
            {children()}
        </DialogFrame>
    }
}

/// A dialog that is open, whatever opened it: takes the focus and gives it back, keeps Tab inside, leaves on Escape, the
/// cross and a click outside.
#[component]
pub fn DialogFrame(
    /// `dialog-{id}` in the document.
    id: &'static str,
    /// Title.
    title: Signal<String>,
    /// As of [`Dialog`].
    #[prop(default = "dialog")]
    class: &'static str,
    /// Closes it.
    on_leave: Callback<()>,
    /// Where the cross leads without scripts; a dialog that has no address has none.
    #[prop(optional, into)]
    close: Option<Signal<String>>,
    /// Typing in it is nothing to lose.
    #[prop(optional)]
    is_light: bool,
    /// Body and foot.
    children: Children,
) -> impl IntoView {
    let i18n = use_i18n();
    let root = NodeRef::<leptos::html::Section>::new();
    let is_touched = StoredValue::new(false);
    Effect::new(move |_| {
        if root.get().is_some() {
            crate::dom::remember_focus(id);
            crate::dom::close_menus(None);
            crate::dom::focus_dialog(&format!("#dialog-{id}"));
        }
    });
    on_cleanup(move || crate::dom::restore_focus(id));
    let on_key = move |event: leptos::ev::KeyboardEvent| match event.key().as_str() {
        "Escape" => {
            event.prevent_default();
            // A dialog below this one stays.
            event.stop_propagation();
            if !is_touched.get_value()
                || crate::dom::confirm(t_string!(i18n, components.discard_question))
            {
                on_leave.run(());
            }
        }
        "Tab" => {
            if let Some(root) = root.get()
                && crate::dom::trap_tab(&root, event.shift_key())
            {
                event.prevent_default();
            }
        }
        "Enter" if event.ctrl_key() || event.meta_key() => {
            crate::dom::submit_form_of(&event);
        }
        _ => {}
    };
    let on_shade = move |event: leptos::ev::MouseEvent| {
        if crate::dom::is_target_itself(&event) && !is_touched.get_value() {
            on_leave.run(());
        }
    };
    let on_cross = move |event: leptos::ev::MouseEvent| {
        event.prevent_default();
        event.stop_propagation();
        on_leave.run(());
    };
    view! {
        <div class="overlay" on:click=on_shade>
            <section
                class=class
                id=format!("dialog-{id}")
                role="dialog"
                aria-modal="true"
                aria-labelledby=format!("dialog-{id}-title")
                data-testid=format!("dialog.{id}")
                node_ref=root
                on:keydown=on_key
                on:input=move |_| is_touched.set_value(!is_light)
            >
                <header class="dialog__head">
                    <h2 id=format!("dialog-{id}-title")>{move || title.get()}</h2>
                    <a
                        class="btn btn--icon btn--quiet dialog__close"
                        href=move || close.map_or_else(|| "#".to_owned(), |close| close.try_get().unwrap_or_default())
                        aria-label=move || t_string!(i18n, common.close)
                        title=move || t_string!(i18n, common.close)
                        data-testid="confirm.close"
                        on:click=on_cross
                    >
                        <Icon icon=icondata::LuX />
                    </a>
                </header>
                {children()}
            </section>
        </div>
    }
}

/// The Cancel link of a dialog's foot.
#[component]
pub fn CancelLink() -> impl IntoView {
    let i18n = use_i18n();
    let close = use_close_link();
    view! {
        <a class="btn" href=move || close.try_get() {..noscroll()} data-testid="confirm.cancel">
            {move || t_string!(i18n, common.cancel)}
        </a>
    }
}
