//! The head of a page: breadcrumb, title, actions, tabs; and the document's title.

use leptos::prelude::*;
use leptos_meta::Title;

use crate::component::noscroll;
use crate::viewer::use_viewer;

/// `{object} · {page} · {site}` as the document's title.
#[component]
pub fn PageTitle(
    /// The page.
    #[prop(into)]
    page: Signal<String>,
    /// The object it is about.
    #[prop(optional, into)]
    object: MaybeProp<String>,
) -> impl IntoView {
    let site = use_viewer().with_value(|viewer| viewer.site.name.clone());
    let site = if site.is_empty() { "Roadstead".to_owned() } else { site };
    let title = move || match object.get() {
        Some(object) if !object.is_empty() => format!("{object} · {} · {site}", page.get()),
        _ => format!("{} · {site}", page.get()),
    };
    // The server writes the head last, when what the page was made of is gone.
    #[cfg(feature = "ssr")]
    let title = {
        let title = untrack(title);
        move || title.clone()
    };
    view! { <Title text=title /> }
}

/// The head of a page. `title` is the `h1`; children are the actions at its right.
#[component]
pub fn PageHeader(
    /// The heading.
    #[prop(into)]
    title: Signal<String>,
    /// Links above it, `(words, address)`; the page itself is added as the last.
    #[prop(optional, into)]
    breadcrumb: Vec<(Signal<String>, String)>,
    /// A quiet remark beside it.
    #[prop(optional, into)]
    note: MaybeProp<String>,
    /// Icon and badges beside it.
    #[prop(optional, into)]
    marks: ViewFn,
    /// Below the title row: facts, pull address, tabs.
    #[prop(optional, into)]
    below: ViewFn,
    /// The page has tabs.
    #[prop(optional)]
    has_tabs: bool,
    /// The actions.
    #[prop(optional)]
    children: Option<Children>,
) -> impl IntoView {
    let class = if has_tabs { "page-head page-head--tabs" } else { "page-head" };
    let trail = (!breadcrumb.is_empty()).then(|| {
        let links = breadcrumb
            .into_iter()
            .map(|(words, href)| view! { <li><a href=href>{move || words.get()}</a></li> })
            .collect_view();
        view! {
            <ol class="breadcrumb" data-testid="breadcrumb">
                {links}
                <li><span aria-current="page">{move || title.get()}</span></li>
            </ol>
        }
    });
    view! {
        <div class=class>
            {trail}
            <div class="page-head__row">
                <div class="page-head__title">
                    <h1 tabindex="-1" data-testid="page.title">{move || title.get()}</h1>
                    {marks.run()}
                    {move || note.get().map(|note| view! { <span class="page-head__note">{note}</span> })}
                </div>
                {children.map(|children| view! { <div class="page-head__actions">{children()}</div> })}
            </div>
            {below.run()}
        </div>
    }
}

/// One tab: words, count, address, current or not, test hook.
#[derive(Debug, Clone)]
pub struct Tab {
    /// Words.
    pub label: Signal<String>,
    /// Number behind the words.
    pub count: Option<u64>,
    /// Address.
    pub href: String,
    /// This is the page.
    pub is_current: bool,
    /// Test hook.
    pub testid: &'static str,
}

/// Tabs that are pages: a `nav`, not a `tablist`.
#[component]
pub fn Tabs(
    /// Accessible name.
    #[prop(into)]
    label: Signal<String>,
    /// The tabs.
    tabs: Vec<Tab>,
) -> impl IntoView {
    let items = tabs
        .into_iter()
        .map(|tab| {
            view! {
                <a href=tab.href aria-current=tab.is_current.then_some("page") data-testid=tab.testid {..noscroll()}>
                    {move || tab.label.get()}
                    {tab.count.map(|count| view! { " " <span class="tabs__n">{crate::format::grouped(count)}</span> })}
                </a>
            }
        })
        .collect_view();
    view! {
        <nav class="tabs" aria-label=move || label.get()>
            {items}
        </nav>
    }
}
