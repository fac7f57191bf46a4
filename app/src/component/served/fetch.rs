//! The browser's side of a part: one element, and what puts the server's newest HTML into it.

use std::time::Duration;

use leptos::html::Div;
use leptos::prelude::*;
use leptos_router::hooks::use_location;
use web_sys::{DomParser, Element, HtmlElement, SupportedType};

use super::{events, place, sending};
use crate::component::error_panel::ErrorPanel;
use crate::component::follow::use_news;
use crate::component::table::SkeletonTable;
use crate::error::ConsoleError;
use crate::i18n::use_i18n;
use crate::viewer::use_live;

/// What a page looks like now: its title, and the inside of one part of it.
struct Fetched {
    title: String,
    html: String,
}

/// What the address means to a part.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Dialogs are for the page around it.
    Plain,
    /// Dialogs open inside it.
    WithDialogs,
    /// It is nothing but dialogs, and there while one is open.
    Dialogs,
}

/// One part of the page. Copies are the same one.
#[derive(Clone, Copy)]
pub(super) struct Part {
    name: &'static str,
    pub(super) node: NodeRef<Div>,
    is_empty: RwSignal<bool>,
    failed: RwSignal<Option<ConsoleError>>,
    /// Counts what was asked for: only the newest answer is shown.
    asked: StoredValue<u32>,
}

pub(super) fn show(name: &'static str, kind: Kind) -> AnyView {
    let i18n = use_i18n();
    let live = use_live();
    let news = use_news();
    let location = use_location();
    let part = Part {
        name,
        node: NodeRef::new(),
        is_empty: RwSignal::new(false),
        failed: RwSignal::new(None),
        asked: StoredValue::new(0),
    };
    let address = memo(move |_| {
        let dropped: &[&str] = if kind == Kind::Plain { &["dialog", "item"] } else { &[] };
        let mut kept = location.query.get();
        for name in dropped {
            kept.remove(name);
        }
        format!("{}{}", location.pathname.get(), kept.to_query_string())
    });
    // Whatever changes what the server would write.
    let state = memo(move |_| (address.get(), live.changes.get(), news.get(), i18n.get_locale()));
    Effect::new(move |before: Option<()>| {
        let (address, ..) = state.get();
        let is_new = before.is_none();
        let is_bare = is_new && part.is_bare();
        if is_bare {
            part.is_empty.set(kind != Kind::Dialogs);
        }
        if !is_new || part.takes_over() || is_bare {
            part.ask_later(address);
        } else if let Some(node) = part.node.get_untracked() {
            super::check::begin(&node);
            if let Some(dialog) = dialog_of(&node) {
                crate::dom::focus_dialog(&format!("#{}", dialog.id()));
            }
        }
    });
    if kind == Kind::Dialogs {
        place::note_focus();
        on_cleanup(place::give_back);
    }
    let acts = events::Acts::new(part, address);
    let on_retry = Callback::new(move |()| part.ask_later(address.get_untracked()));
    Effect::new(move |_| {
        let seconds = StoredValue::new(0_u32);
        let tick = move || {
            seconds.update_value(|seconds| *seconds = seconds.wrapping_add(1));
            part.tick(seconds.get_value(), address);
        };
        if let Ok(handle) = set_interval_with_handle(tick, Duration::from_secs(1)) {
            on_cleanup(move || handle.clear());
        }
        let leaving = window_event_listener_untyped("beforeunload", |event| {
            if document().query_selector("[data-unsaved]").is_ok_and(|it| it.is_some()) {
                event.prevent_default();
            }
        });
        on_cleanup(move || leaving.remove());
    });
    view! {
        <div
            class="served"
            data-served=name
            node_ref=part.node
            on:submit=move |event| acts.submit(&event)
            on:click=move |event| acts.click(&event)
            on:input=move |event| acts.input(&event)
            on:change=move |event| acts.change(&event)
            on:keydown=move |event| acts.key(&event)
        ></div>
        {move || part.is_empty.get().then(|| view! { <SkeletonTable rows=4 columns=4 /> })}
        {move || {
            part.failed
                .get()
                .map(|error| view! { <div class="table-card"><ErrorPanel error=error on_retry=on_retry /></div> })
        }}
    }
    .into_any()
}

impl Part {
    /// Whether the page came without this part: it was navigated to.
    fn is_bare(self) -> bool {
        self.node.get_untracked().is_none_or(|node| node.first_element_child().is_none())
    }

    /// Whether the element was another part's before: what is in it may be older than what the address means now.
    fn takes_over(self) -> bool {
        const TAKEN: &str = "data-taken";
        self.node.get_untracked().is_some_and(|node| {
            let is_taken = node.has_attribute(TAKEN);
            let _ = node.set_attribute(TAKEN, "");
            is_taken
        })
    }

    /// Asks once the page has settled: the address may be that of another page, which takes this part away.
    fn ask_later(self, address: String) {
        set_timeout(
            move || {
                if self.asked.try_get_value().is_some() {
                    self.ask(address);
                }
            },
            Duration::ZERO,
        );
    }

    /// What happens by itself, once a second: what counts down, and what follows.
    fn tick(self, second: u32, address: Memo<String>) {
        let Some(root) = self.node.try_get_untracked().flatten() else { return };
        let find = |selector| root.query_selector(selector).ok().flatten();
        let is_over = find("[data-countdown]").is_some_and(|timer| !count_down(&timer));
        let is_due = second.is_multiple_of(FOLLOWING) && find("[data-live]").is_some();
        if is_over || is_due && !crate::dom::is_busy() && !crate::dom::is_hidden() {
            self.ask(address.get_untracked());
        }
    }

    fn ask(self, address: String) {
        leptos::task::spawn_local(async move {
            let _ = self.load(&address).await;
        });
    }

    /// Fetches the page at `address` and shows the part of it. `false` when something newer was asked for, or it failed.
    pub(super) async fn load(self, address: &str) -> bool {
        let Some(number) = self.asked.try_update_value(|asked| {
            *asked += 1;
            *asked
        }) else {
            return false;
        };
        let answer = crate::client::page(address).await;
        if self.asked.try_get_value() != Some(number) {
            return false;
        }
        let answer = answer.map(|text| self.find(&text));
        self.is_empty.set(false);
        match answer {
            Ok(Some(fetched)) => {
                self.failed.set(None);
                self.put(&fetched);
                true
            }
            // Another page came: the sign-in, mostly.
            Ok(None) => {
                crate::component::session::suspect();
                false
            }
            Err(error) => {
                self.failed.set(Some(error));
                false
            }
        }
    }

    /// Takes back what is said instead of the part: somebody else says it.
    pub(super) fn forgive(self) {
        let _ = self.failed.try_set(None);
    }

    fn find(self, text: &str) -> Option<Fetched> {
        let page = DomParser::new().ok()?.parse_from_string(text, SupportedType::TextHtml).ok()?;
        let part = page.query_selector(&format!("[data-served='{}']", self.name)).ok()??;
        Some(Fetched { title: page.title(), html: part.inner_html() })
    }

    /// Puts the new inside in place of the old; what the person is doing stays as it is.
    fn put(self, fetched: &Fetched) {
        let Some(node) = self.node.get_untracked() else { return };
        if !fetched.title.is_empty() {
            document().set_title(&fetched.title);
        }
        let root: &HtmlElement = &node;
        if root.inner_html() == fetched.html {
            return;
        }
        let place = place::Place::of(root);
        let drafts = sending::Drafts::of(root);
        root.set_inner_html(&fetched.html);
        super::check::begin(root);
        drafts.put_back(root);
        place.restore(root);
    }
}

/// Seconds between two questions of a part that follows.
const FOLLOWING: u32 = 5;

/// Shows how long is left, by the browser's clock; `false` when it is over.
fn count_down(timer: &Element) -> bool {
    const END: &str = "data-end";
    let number = |name| timer.get_attribute(name).and_then(|text| text.parse::<i64>().ok());
    let Some(now) = crate::dom::now() else { return true };
    let now = now.seconds();
    let end = number(END).unwrap_or_else(|| {
        let end = now + number("data-countdown").unwrap_or_default();
        let _ = timer.set_attribute(END, &end.to_string());
        end
    });
    let left = u64::try_from(end - now).unwrap_or_default();
    timer.set_text_content(Some(&crate::format::minutes_seconds(left)));
    left > 0
}

/// The dialog inside, if one is open.
pub(super) fn dialog_of(root: &Element) -> Option<HtmlElement> {
    use wasm_bindgen::JsCast as _;
    root.query_selector("[role=dialog]").ok().flatten()?.dyn_into().ok()
}
