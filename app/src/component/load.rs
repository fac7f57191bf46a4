//! From a resource to a view: skeleton while the browser waits, panel when it failed, and the page's HTTP status.

use std::pin::Pin;
use std::sync::Arc;

use leptos::prelude::*;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::component::error_panel::ErrorPanel;
use crate::error::ConsoleError;
use crate::page::not_found::NotFound;

/// Waits for the first data; brings the error if that is what came. One type for all pages keeps the WebAssembly small.
type Begin =
    Arc<dyn Fn() -> Pin<Box<dyn Future<Output = Option<ConsoleError>> + Send>> + Send + Sync>;

/// The view of the newest data.
type Show = Arc<dyn Fn() -> Result<AnyView, ConsoleError> + Send + Sync>;

/// Shows what `resource` brings with `view`. What was shown stays while it loads again, and below the panel when that
/// fails.
///
/// A missing or hidden resource becomes the 404 page and its status; any other error a panel with Retry. Give
/// `is_part` to pieces of a page whose failure is not the page's.
///
/// New data replaces the view in one step: were the view made again inside the waiting, what it shows would for a
/// moment outlive the signals it reads.
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
    let current = RwSignal::new(None::<Result<T, ConsoleError>>);
    let failed = RwSignal::new(None::<ConsoleError>);
    let begin: Begin = Arc::new(move || {
        Box::pin(async move {
            let first = resource.await;
            let error = first.as_ref().err().cloned();
            current.set(Some(first));
            Effect::new(move |before: Option<()>| {
                let now = resource.get();
                if before.is_none() {
                    return;
                }
                match now {
                    // What is shown stays, unless it is gone.
                    Some(Err(error))
                        if !error.is_missing()
                            && current.with_untracked(|current| matches!(current, Some(Ok(_)))) =>
                    {
                        failed.set(Some(error));
                    }
                    Some(now) => {
                        failed.set(None);
                        crate::dom::keep_focus(|| current.set(Some(now)));
                    }
                    None => {}
                }
            });
            error
        })
    });
    let show: Show = Arc::new(move || match current.get() {
        None => Ok(().into_any()),
        // What the view reads at its start must not make it again: only the data does.
        Some(Ok(value)) => Ok(untrack(|| view(value).into_any())),
        Some(Err(error)) => Err(error),
    });
    view! { <Loaded begin=begin show=show failed=failed fallback=fallback is_part=is_part on_retry=on_retry /> }
}

#[component]
fn Loaded(
    begin: Begin,
    show: Show,
    failed: RwSignal<Option<ConsoleError>>,
    fallback: ViewFn,
    is_part: bool,
    on_retry: Callback<()>,
) -> impl IntoView {
    let loading = begin();
    view! {
        <Transition fallback=move || fallback.run()>
            {Suspend::new(async move {
                if let Some(error) = loading.await
                    && !is_part
                {
                    page_status(&error);
                }
                let shown = move || match show() {
                    Ok(view) => view,
                    Err(error) if error.is_missing() && !is_part => view! { <NotFound /> }.into_any(),
                    Err(error) => view! { <ErrorPanel error=error on_retry=on_retry /> }.into_any(),
                };
                let again = move || {
                    failed.get().map(|error| {
                        view! { <div class="table-card"><ErrorPanel error=error on_retry=on_retry /></div> }
                    })
                };
                view! {
                    {again}
                    {shown}
                }
            })}
        </Transition>
    }
}

fn page_status(error: &ConsoleError) {
    #[cfg(feature = "ssr")]
    crate::port::set_page_status(error.status());
    let _ = error;
}
