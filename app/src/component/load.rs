//! From a resource to a view: skeleton while the browser waits, panel when it failed, and the page's HTTP status.

use std::sync::Arc;

use leptos::call::Pending;
use leptos::prelude::*;
use leptos::resource::Held;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::component::error_panel::ErrorPanel;
use crate::error::ConsoleError;
use crate::page::not_found::NotFound;

/// Data as the page got it: the type is known to the page alone, so that all pages share this component's code.
#[derive(Clone, Copy)]
struct Source {
    wait: StoredValue<Box<dyn Fn() -> Pending<Held> + Send + Sync>>,
    newest: StoredValue<Box<dyn Fn() -> Option<Held> + Send + Sync>>,
}

/// The view of data, or the error that it is.
type View = Box<dyn Fn(Held) -> Result<AnyView, ConsoleError> + Send + Sync>;

/// The error that data is.
type Failure = fn(&Held) -> Option<ConsoleError>;

fn failure<T: DeserializeOwned + Clone + 'static>(held: &Held) -> Option<ConsoleError> {
    held.value::<Result<T, ConsoleError>>().and_then(Result::err)
}

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
    let source = Source {
        wait: StoredValue::new(Box::new(move || {
            Box::pin(async move { resource.wait().await.opened::<Result<T, ConsoleError>>() })
        })),
        newest: StoredValue::new(Box::new(move || resource.held())),
    };
    let show: View = Box::new(move |held| match held.value::<Result<T, ConsoleError>>() {
        // What the view reads at its start must not make it again: only the data does.
        Some(Ok(value)) => Ok(untrack(|| AnyView::from_view(view(value)))),
        Some(Err(error)) => Err(error),
        None => Ok(().into_any()),
    });
    let on_retry = Callback::new(move |()| resource.refetch());
    view! {
        <Loaded source=source failure={failure::<T>} show=show fallback=fallback is_part=is_part on_retry=on_retry />
    }
}

#[component]
fn Loaded(
    source: Source,
    failure: Failure,
    show: View,
    fallback: ViewFn,
    is_part: bool,
    on_retry: Callback<()>,
) -> impl IntoView {
    let current = RwSignal::new(None::<Kept>);
    let failed = RwSignal::new(None::<ConsoleError>);
    let show = Arc::new(show);
    view! {
        <Transition fallback=move || fallback.run()>
            {
                let first = source.wait.with_value(|wait| wait());
                let show = Arc::clone(&show);
                Suspend::new(async move {
                    let first = first.await;
                    let error = failure(&first);
                    current.set(Some(Kept(first)));
                    Effect::new(move |before: Option<()>| {
                        let now = source.newest.with_value(|newest| newest());
                        if before.is_none() {
                            return;
                        }
                        let Some(now) = now else { return };
                        match failure(&now) {
                            // What is shown stays, unless it is gone.
                            Some(error)
                                if !error.is_missing()
                                    && current.with_untracked(|current| {
                                        current.as_ref().is_some_and(|Kept(held)| failure(held).is_none())
                                    }) =>
                            {
                                failed.set(Some(error));
                            }
                            _ => {
                                failed.set(None);
                                crate::dom::keep_focus(|| current.set(Some(Kept(now))));
                            }
                        }
                    });
                    if let Some(error) = error
                        && !is_part
                    {
                        page_status(&error);
                    }
                    let shown = move || {
                        let Some(Kept(held)) = current.get() else {
                            return ().into_any();
                        };
                        match show(held) {
                            Ok(view) => view,
                            Err(error) if error.is_missing() && !is_part => view! { <NotFound /> }.into_any(),
                            Err(error) => view! { <ErrorPanel error=error on_retry=on_retry /> }.into_any(),
                        }
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
                })
            }
        </Transition>
    }
}

/// Data that is shown.
#[derive(Clone)]
struct Kept(Held);

fn page_status(error: &ConsoleError) {
    #[cfg(feature = "ssr")]
    crate::port::set_page_status(error.status());
    let _ = error;
}
