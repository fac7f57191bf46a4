//! From a resource to a view: skeleton while the browser waits, panel when it failed, and the page's HTTP status.

use std::pin::Pin;
use std::sync::Arc;

use leptos::prelude::*;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::component::error_panel::ErrorPanel;
use crate::error::ConsoleError;
use crate::page::not_found::NotFound;

/// The data of a page, already turned into its view. One type for all pages keeps the WebAssembly small.
type Loading = Pin<Box<dyn Future<Output = Result<AnyView, ConsoleError>> + Send>>;
type Loader = Arc<dyn Fn() -> Loading + Send + Sync>;

/// Shows what `resource` brings with `view`. What was shown stays while it loads again.
///
/// A missing or hidden resource becomes the 404 page and its status; any other error a panel with Retry. Give
/// `is_part` to pieces of a page whose failure is not the page's.
#[component]
pub fn Load<T, F, V>(
    /// The data.
    resource: Resource<Result<T, ConsoleError>>,
    /// Its view.
    view: F,
    /// Shown on client navigation until the data is there.
    #[prop(optional, into)]
    fallback: ViewFn,
    /// Only a piece of the page.
    #[prop(optional)]
    is_part: bool,
) -> impl IntoView
where
    T: Clone + Serialize + DeserializeOwned + Send + Sync + 'static,
    F: Fn(T) -> V + Clone + Send + Sync + 'static,
    V: IntoView + 'static,
{
    let on_retry = Callback::new(move |()| resource.refetch());
    let load: Loader = Arc::new(move || {
        let view = view.clone();
        // What the view reads at its start must not load it again: only the data does.
        Box::pin(async move { resource.await.map(|value| untrack(|| view(value).into_any())) })
    });
    view! { <Loaded load=load fallback=fallback is_part=is_part on_retry=on_retry /> }
}

#[component]
fn Loaded(load: Loader, fallback: ViewFn, is_part: bool, on_retry: Callback<()>) -> impl IntoView {
    view! {
        <Transition fallback=move || fallback.run()>
            {move || {
                let loading = load();
                Suspend::new(async move {
                    match loading.await {
                        Ok(view) => view,
                        Err(error) => {
                            if !is_part {
                                page_status(&error);
                            }
                            if error.is_missing() && !is_part {
                                view! { <NotFound /> }.into_any()
                            } else {
                                view! { <ErrorPanel error=error on_retry=on_retry /> }.into_any()
                            }
                        }
                    }
                })
            }}
        </Transition>
    }
}

fn page_status(error: &ConsoleError) {
    #[cfg(feature = "ssr")]
    crate::port::set_page_status(error.status());
    let _ = error;
}
