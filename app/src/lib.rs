//! The console: what a person sees. Rendered on the server with its data, alive in the browser afterwards.
//!
//! # Map
//! - [`route`]: every page on one screen; `page/`: one file per page; `component/`: the parts, built once;
//! - `call/`: server functions, three lines each, under `/console/call`;
//! - [`viewer`]: who looks and how, decided at the first byte; [`error`]: what a person reads when something fails;
//! - `locales/{en,zh-CN}/`: every word, one file per namespace; [`i18n`] is made of them at build time.
//!
//! # Invariants
//! - Every page is useful before WASM arrives: lists are links and GET forms, changes are plain form posts.
//! - No inline style, no inline handler; the only scripts carry the page's nonce.
//! - What the service refuses is refused; flags of the viewer only hide.
//!
//! # Features
//! `ssr` on the server, `hydrate` in the browser, never both. Debug builds of the server have a page of all components,
//! `/__ui`.

#![recursion_limit = "512"]

#[allow(
    warnings,
    missing_docs,
    unused_qualifications,
    unreachable_pub,
    clippy::all,
    clippy::pedantic,
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "generated from locales/"
)]
mod words {
    include!(concat!(env!("OUT_DIR"), "/i18n/mod.rs"));
}

/// Languages, their provider and the macros for words (the macro `t` is [`language`]'s).
pub mod i18n {
    pub use super::words::i18n::{Locale, td_string};
    pub use crate::language::{I18n, use_i18n};
    pub use crate::{t, t_string};
}

#[cfg(feature = "ssr")]
pub mod api;
pub mod app;
pub mod audit;
pub mod call;
pub mod client;
pub mod command;
pub mod component;
pub mod dom;
pub mod error;
pub mod file;
pub mod format;
pub mod language;
pub mod link;
#[cfg(feature = "ssr")]
pub mod markdown;
pub mod notice;
pub mod page;
#[cfg(feature = "ssr")]
pub mod port;
pub mod route;
pub mod viewer;

pub use app::{App, Assets, shell};
pub use client::ConsoleClient;
pub use error::ConsoleError;

/// Takes over the page that the server rendered. Called once by the page's script.
#[cfg(feature = "hydrate")]
#[wasm_bindgen::prelude::wasm_bindgen]
pub fn hydrate() {
    console_error_panic_hook::set_once();
    leptos::mount::hydrate_body(App);
}
