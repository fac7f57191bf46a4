//! Reusable parts, each built once; the look is `style/`, the states are ARIA and `data-state`.
//!
//! Conventions: texts are `Signal<String>` so that the language can change under the page; test hooks are
//! `data-testid="{page}.{element}[.{key}]"`; whatever is interactive is first a link or a form.

pub mod appearance;
pub mod badge;
pub mod batch;
pub mod chart;
pub mod chips;
pub mod client_command;

pub mod command_block;
pub mod confirm;
pub mod copy;
pub mod dialog;
pub mod digest;
pub mod empty;
pub mod error_panel;
pub mod fact;
pub mod field;
pub mod filter;
pub mod follow;
pub mod form;
pub mod highlight;
pub mod icon;
pub mod image_table;
pub mod json_view;
pub mod layer_list;
pub mod listing;
pub mod load;
pub mod login_command;
pub mod menu;
pub mod nav;
pub mod page_header;
pub mod pagination;
pub mod palette;
pub mod selection;
pub mod served;
pub mod session;
pub mod shell;
pub mod shortcut;
pub mod show;
pub mod size;
pub mod table;
pub mod tag_table;
pub mod time;
pub mod toast;
pub mod topbar;

/// Spread on a link, keeps the page where it is scrolled when the link is followed: `<a href=… {..noscroll()}>`.
pub fn noscroll() -> impl leptos::attr::Attribute {
    leptos::attr::custom::custom_attribute("noscroll", "")
}
