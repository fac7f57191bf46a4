//! Keyboard shortcuts (`console.md` A.0.10), and the dialog that lists them. Off by preference; never while typing.

use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::hooks::use_navigate;

use crate::component::dialog::{Dialog, use_dialog_link};
use crate::i18n::{t, use_i18n};
use crate::text;
use crate::viewer::use_viewer;

/// Begins to listen; ends with the component that calls it.
pub fn listen() {
    if !use_viewer().with_value(|viewer| viewer.preferences.shortcuts) {
        return;
    }
    let navigate = use_navigate();
    let help = use_dialog_link("shortcuts");
    let waits_for_second = StoredValue::new(false);
    Effect::new(move |_| {
        let navigate = navigate.clone();
        let handle = window_event_listener(leptos::ev::keydown, move |event| {
            if event.default_prevented()
                || event.ctrl_key()
                || event.meta_key()
                || event.alt_key()
                || crate::dom::is_typing(&event)
                || crate::dom::is_dialog_open()
            {
                return;
            }
            let go = |path: &str| navigate(path, NavigateOptions::default());
            let key = event.key();
            let is_second = waits_for_second.get_value();
            waits_for_second.set_value(key == "g" && !is_second);
            match (is_second, key.as_str()) {
                (true, "o") => go("/overview"),
                (true, "i") => go("/images"),
                (true, "r") => go("/organizations"),
                (false, "?") => navigate(
                    &help.get_untracked(),
                    NavigateOptions { scroll: false, ..NavigateOptions::default() },
                ),
                (false, "/") => {
                    event.prevent_default();
                    if !crate::dom::focus("main input[type=search]") {
                        crate::dom::focus(".topbar input[type=search]");
                    }
                }
                (false, "l") => go("/overview?dialog=login"),
                (false, "c") => {
                    crate::dom::click("[data-shortcut=copy]");
                }
                _ => {}
            }
        });
        on_cleanup(move || handle.remove());
    });
}

/// The list of shortcuts, at `?dialog=shortcuts` of every page.
#[component]
pub fn ShortcutDialog() -> impl IntoView {
    let i18n = use_i18n();
    let rows = move || {
        [
            ("?", text!(i18n, shell.shortcut_help)),
            ("/", text!(i18n, shell.shortcut_search)),
            ("g o", text!(i18n, shell.shortcut_overview)),
            ("g i", text!(i18n, shell.shortcut_images)),
            ("g r", text!(i18n, shell.shortcut_organizations)),
            ("l", text!(i18n, shell.shortcut_login)),
            ("Esc", text!(i18n, shell.shortcut_close)),
        ]
        .map(|(keys, meaning)| {
            let keys =
                keys.split(' ').map(|key| view! { <kbd class="kbd">{key}</kbd> }).collect_view();
            view! {
                <div class="row">
                    <dt class="row shortcut__keys">{keys}</dt>
                    <dd>{move || meaning.get()}</dd>
                </div>
            }
        })
        .into_iter()
        .collect_view()
    };
    view! {
        <Dialog name="shortcuts" title=text!(i18n, shell.shortcuts_title) class="dialog dialog--sm">
            <div class="dialog__body">
                <dl class="stack stack--sm" data-testid="shortcuts">{rows()}</dl>
                <p class="sr-only">{t!(i18n, shell.shortcuts_title)}</p>
            </div>
        </Dialog>
    }
}
