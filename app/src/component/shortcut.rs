//! Keyboard shortcuts (`console.md` A.0.10), and the dialog that lists them. Off by preference; never while typing.

use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::hooks::{use_location, use_navigate};

use crate::component::dialog::{Dialog, use_dialog_link};
use crate::i18n::{t, use_i18n};
use crate::viewer::{use_live, use_viewer};
use crate::{dom, text};

/// Begins to listen; ends with the component that calls it. The palette opens by Ctrl+K or ⌘K even where single letters
/// are switched off.
pub fn listen() {
    let has_letters = use_viewer().with_value(|viewer| viewer.preferences.shortcuts);
    let live = use_live();
    let navigate = use_navigate();
    let path = use_location().pathname;
    let help = use_dialog_link("shortcuts");
    let upload = use_dialog_link("upload");
    let waits_for_second = StoredValue::new(false);
    Effect::new(move |_| {
        let navigate = navigate.clone();
        let handle = window_event_listener(leptos::ev::keydown, move |event| {
            if event.default_prevented() || event.alt_key() || dom::is_dialog_open() {
                return;
            }
            let key = event.key();
            if event.ctrl_key() || event.meta_key() {
                if key == "k" {
                    event.prevent_default();
                    live.is_palette_open.set(true);
                }
                return;
            }
            if !has_letters || dom::is_typing(&event) {
                return;
            }
            let stay = NavigateOptions { scroll: false, ..NavigateOptions::default() };
            let go = |path: &str| navigate(path, NavigateOptions::default());
            let is_second = waits_for_second.get_value();
            waits_for_second.set_value(key == "g" && !is_second);
            match (is_second, key.as_str()) {
                (true, "o") => go("/overview"),
                (true, "i") => go("/images"),
                (true, "s") => go("/images/shared"),
                (true, "r") => go("/organizations"),
                (true, "a") => go("/audit"),
                (true, "k") => go("/credentials"),
                (false, "?") => navigate(&help.get_untracked(), stay),
                (false, "/") => {
                    event.prevent_default();
                    if !dom::focus("main input[type=search]") {
                        live.is_palette_open.set(true);
                    }
                }
                (false, "l") => go("/overview?dialog=login"),
                (false, "u") if path.get_untracked() == "/images" => {
                    navigate(&upload.get_untracked(), stay);
                }
                (false, "c") => {
                    dom::click("[data-shortcut=copy]");
                }
                (false, "j") => dom::move_row(true),
                (false, "k") => dom::move_row(false),
                (false, "ArrowDown" | "ArrowUp") if dom::is_in_row() => {
                    event.prevent_default();
                    dom::move_row(key == "ArrowDown");
                }
                (false, "x") => dom::toggle_row(),
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
            ("Ctrl K", text!(i18n, shell.shortcut_palette)),
            ("g o", text!(i18n, shell.shortcut_overview)),
            ("g i", text!(i18n, shell.shortcut_images)),
            ("g s", text!(i18n, shell.shared_images)),
            ("g r", text!(i18n, shell.shortcut_organizations)),
            ("g a", text!(i18n, shell.audit)),
            ("g k", text!(i18n, shell.credentials)),
            ("l", text!(i18n, shell.shortcut_login)),
            ("u", text!(i18n, shell.shortcut_upload)),
            ("c", text!(i18n, shell.shortcut_copy)),
            ("j k", text!(i18n, shell.shortcut_rows)),
            ("x", text!(i18n, shell.shortcut_select)),
            ("Enter", text!(i18n, shell.shortcut_open)),
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
                <p class="small muted">
                    <a href="/account">{t!(i18n, shell.shortcut_off)}</a>
                </p>
            </div>
        </Dialog>
    }
}
