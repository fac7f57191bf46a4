//! Parts of pages whose view stays on the server: the browser gets their HTML and not their code.
//!
//! A part is written as every other view, with components, data and words; only the server compiles it. In the browser it
//! is one element. What the address, a form or somebody else changes there is fetched as the page of that address, and
//! the part is taken out of it: a page that works without scripts needs nothing more ([`events`] keeps the rest alive:
//! forms that are sent in place, dialogs, copying).
//!
//! # Invariants
//! - Whatever is inside works as links and forms alone. Handlers (`on:…`) and effects inside never run.
//! - Resources inside are not sent to the browser: [`Unshared`] keeps their numbers apart from those of the page around.
//! - A page has at most one part of a name.
//!
//! # To add
//! A page: `page/{name}.rs` under `#[cfg(feature = "ssr")]`, and `served!("name", view! { <NamePage /> })` where it
//! stands. Marks that [`events`] understands are listed there.

#[cfg(feature = "hydrate")]
mod check;
#[cfg(feature = "hydrate")]
mod events;
#[cfg(feature = "hydrate")]
mod fetch;
#[cfg(feature = "hydrate")]
mod place;
#[cfg(feature = "hydrate")]
mod sending;

use leptos::prelude::*;

/// A part of a page whose view is made by the server: `served!("settings", view! { … })`. The view is not compiled for
/// the browser.
///
/// `dialogs` after the name says that dialogs inside the part open with the address; otherwise `?dialog=` is for the page
/// around it.
#[macro_export]
macro_rules! served {
    ($name:literal, $view:expr) => {
        $crate::served!(@ $name, false, $view)
    };
    ($name:literal, dialogs, $view:expr) => {
        $crate::served!(@ $name, true, $view)
    };
    (@ $name:literal, $has_dialogs:literal, $view:expr) => {{
        #[cfg(feature = "ssr")]
        let part = $crate::component::served::written($name, move || ::leptos::prelude::IntoAny::into_any($view));
        #[cfg(not(feature = "ssr"))]
        let part = $crate::component::served::shown($name, $has_dialogs);
        part
    }};
}

/// Dialogs of a page whose view is made by the server: `served_dialogs!("dialogs", ["edit", "delete"], view! { … })`. They are
/// there while one of the names is open, and find what they are about in the address.
#[macro_export]
macro_rules! served_dialogs {
    ($name:literal, [$($dialog:literal),+ $(,)?], $view:expr) => {{
        let is_open = $crate::component::dialog::use_is_any_open(&[$($dialog),+]);
        move || {
            is_open.get().then(|| {
                #[cfg(feature = "ssr")]
                let part = $crate::component::served::written($name, || ::leptos::prelude::IntoAny::into_any($view));
                #[cfg(not(feature = "ssr"))]
                let part = $crate::component::served::shown_dialogs($name);
                part
            })
        }
    }};
}

/// Given inside a part, so that components can leave marks for what they cannot do themselves there.
#[derive(Debug, Clone, Copy)]
struct Inside;

/// Whether the component stands inside a part that only the server makes.
#[must_use]
pub fn is_inside() -> bool {
    cfg!(feature = "ssr") && use_context::<Inside>().is_some()
}

/// The part as the server writes it.
#[cfg(feature = "ssr")]
pub fn written(name: &'static str, view: impl FnOnce() -> AnyView + Send + 'static) -> AnyView {
    use futures::StreamExt as _;
    use leptos::reactive::computed::ScopedFuture;

    // An owner knows its parent only while somebody else keeps that, and those above may be through with their work
    // before the part is: they are kept, or the words and the address that they hold would be gone.
    let above: Vec<Owner> = std::iter::successors(Owner::current(), Owner::parent).collect();
    let owner = above.first().map_or_else(Owner::new, Owner::child);
    let shared = Owner::current_shared_context();
    let writing = owner.with(|| {
        ScopedFuture::new_untracked(async move {
            provide_context(Inside);
            view().to_html_stream_in_order().collect::<String>().await
        })
    });
    let writing = Unshared { shared, inner: Box::pin(writing) };
    AnyView::later(async move {
        let html = writing.await;
        // What the part was made of is needed until it is written.
        drop((owner, above));
        // Behind it the places of the skeleton and of the error, which only the browser may need.
        view! {
            <div class="served" data-served=name inner_html=html></div>
            {None::<AnyView>}
            {None::<AnyView>}
        }
        .into_any()
    })
}

/// The part in the browser: as the server wrote it, and again whenever that may have changed.
#[cfg(feature = "hydrate")]
pub fn shown(name: &'static str, has_dialogs: bool) -> AnyView {
    fetch::show(name, if has_dialogs { fetch::Kind::WithDialogs } else { fetch::Kind::Plain })
}

/// Dialogs in the browser, while one is open.
#[cfg(feature = "hydrate")]
pub fn shown_dialogs(name: &'static str) -> AnyView {
    fetch::show(name, fetch::Kind::Dialogs)
}

/// Neither server nor browser: what checks this package alone.
#[cfg(not(any(feature = "ssr", feature = "hydrate")))]
pub fn shown(_name: &'static str, _has_dialogs: bool) -> AnyView {
    ().into_any()
}

/// Neither server nor browser: what checks this package alone.
#[cfg(not(any(feature = "ssr", feature = "hydrate")))]
pub fn shown_dialogs(_name: &'static str) -> AnyView {
    ().into_any()
}

/// A future whose resources the browser never asks for: while it is polled, what it makes is numbered apart and not
/// written into the page.
#[cfg(feature = "ssr")]
struct Unshared<F> {
    shared: Option<std::sync::Arc<dyn hydration_context::SharedContext + Send + Sync>>,
    inner: std::pin::Pin<Box<F>>,
}

#[cfg(feature = "ssr")]
impl<F: Future> Future for Unshared<F> {
    type Output = F::Output;

    fn poll(
        mut self: std::pin::Pin<&mut Self>,
        cx: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Self::Output> {
        let Some(shared) = self.shared.clone() else { return self.inner.as_mut().poll(cx) };
        let before = shared.get_is_hydrating();
        shared.set_is_hydrating(false);
        let answer = self.inner.as_mut().poll(cx);
        shared.set_is_hydrating(before);
        answer
    }
}
