//! The document around every page, and the contexts inside it.

use leptos::prelude::*;
use leptos_meta::{MetaTags, provide_meta_context};
use leptos_router::components::Router;
use roadstead::manage::profile::Density;

use crate::component::toast::{ToastStack, Toasts};
use crate::language::{code, provide_i18n};
use crate::route::Pages;
use crate::viewer::{Live, Viewer, theme_word};

/// Addresses of the static parts of a page, with their content hash.
#[derive(Debug, Clone)]
pub struct Assets {
    /// The style sheet.
    pub style: String,
    /// The script that `wasm-bindgen` made.
    pub script: String,
    /// The WebAssembly module.
    pub wasm: String,
    /// The module of the page that uploads: it goes on while other pages are shown, so all of them have it.
    pub upload: String,
}

/// The whole document of a page. The server gives it to `leptos_axum` for every console route.
pub fn shell(assets: Assets) -> impl IntoView {
    let viewer = decide();
    provide_context(viewer.clone());
    #[cfg(feature = "ssr")]
    crate::port::set_page_headers();
    // Where the program cannot run, the page says so (`data-no-wasm`) and stays a page of links and forms.
    let start = format!(
        "{{const n=()=>{{document.documentElement.dataset.noWasm=''}};\
         typeof WebAssembly=='object'?import({:?}).then(m=>m.default({{module_or_path:{:?}}}).then(()=>m.hydrate())).catch(n):n()}}",
        assets.script, assets.wasm
    );
    #[cfg(feature = "ssr")]
    let nonce = use_nonce().map(|nonce| nonce.to_string());
    #[cfg(not(feature = "ssr"))]
    let nonce = None::<String>;
    let density = match viewer.preferences.density {
        Density::Comfortable => None,
        Density::Compact => Some("compact"),
    };
    view! {
        <!DOCTYPE html>
        <html
            lang=viewer.language.clone()
            dir="ltr"
            data-theme=theme_word(viewer.theme)
            data-density=density
            data-motion=viewer.preferences.reduce_motion.then_some("reduced")
        >
            <head>
                <meta charset="utf-8" />
                <meta name="viewport" content="width=device-width, initial-scale=1" />
                <meta name="csrf-token" content=viewer.csrf />
                <meta name="color-scheme" content="light dark" />
                <link rel="icon" href="/favicon.svg" type="image/svg+xml" />
                <link rel="stylesheet" href=assets.style />
                {(!is_story())
                    .then(|| {
                        view! {
                            <link rel="modulepreload" href=assets.script nonce=nonce.clone() />
                            <link rel="preload" href=assets.wasm r#as="fetch" r#type="application/wasm" crossorigin="" />
                            <script type="module" nonce=nonce.clone()>{start}</script>
                            <script type="module" nonce=nonce src=assets.upload></script>
                        }
                    })}
                <MetaTags />
            </head>
            <body>
                <App />
            </body>
        </html>
    }
}

/// Whether the page is one that the WebAssembly does not know (`page/stories.rs`).
fn is_story() -> bool {
    #[cfg(all(feature = "ssr", debug_assertions))]
    return use_context::<http::request::Parts>().is_some_and(|parts| parts.uri.path() == "/__ui");
    #[cfg(not(all(feature = "ssr", debug_assertions)))]
    false
}

/// The viewer of this request; nobody where there is none (listing the routes, rendering parts alone).
fn decide() -> Viewer {
    #[cfg(feature = "ssr")]
    if let Some(port) = use_context::<crate::port::ConsolePort>() {
        return port.viewer();
    }
    Viewer::nobody()
}

/// The console inside `<body>`.
#[component]
pub fn App() -> impl IntoView {
    provide_meta_context();
    let viewer =
        SharedValue::new(|| use_context::<Viewer>().unwrap_or_else(Viewer::nobody)).into_inner();
    let live = Live::new(&viewer);
    let toasts = Toasts::new(viewer.notice.clone());
    let language = viewer.language.clone();
    let browser_zone = viewer.preferences.time_zone_minutes.is_none();
    provide_context(live);
    provide_context(toasts);
    provide_context(StoredValue::new(viewer));
    wake(live, browser_zone);
    let i18n = provide_i18n(&language);
    Effect::new(move |_| crate::dom::set_root_attribute("lang", code(i18n.get_locale())));
    view! {
        <Router>
            <Pages />
            <ToastStack />
        </Router>
        <p class="sr-only" role="status" aria-live="polite" data-testid="live">
            {move || live.said.get()}
        </p>
    }
}

/// What begins once the page is alive: the browser's zone and clock, the mark `data-hydrated`, menus that close.
fn wake(live: Live, browser_zone: bool) {
    Effect::new(move |_| {
        crate::dom::set_root_attribute("data-hydrated", "true");
        if browser_zone {
            let minutes = crate::dom::offset_minutes();
            crate::dom::set_cookie("rs_tz", &minutes.to_string());
            live.offset_minutes.set(minutes);
        }
        if let Some(now) = crate::dom::now() {
            live.now.set(now);
        }
        let _ = set_interval_with_handle(
            move || {
                if let Some(now) = crate::dom::now() {
                    live.now.set(now);
                }
            },
            std::time::Duration::from_secs(30),
        );
    });
    #[cfg(feature = "hydrate")]
    Effect::new(move |_| {
        use wasm_bindgen::JsCast;
        let outside = window_event_listener(leptos::ev::click, |event| {
            let target = event.target().and_then(|target| target.dyn_into::<web_sys::Node>().ok());
            crate::dom::close_menus(target.as_ref());
        });
        on_cleanup(move || outside.remove());
    });
}
