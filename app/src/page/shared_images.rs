//! Images that other accounts share with the viewer's: `/images/shared` (`console.md` A.4.5).

use leptos::prelude::*;
use roadstead::manage::share::{SharedImage, SharedImageQuery, SharedImageSort};
use roadstead::page::{Order, Page};

use crate::call::share::list_shared_images;
use crate::component::client_command::{CopyPull, Pull};
use crate::component::copy::CopyButton;
use crate::component::dialog::{use_changed_query, use_query_pairs};
use crate::component::empty::{Art, EmptyState};
use crate::component::filter::{FilterBar, FilterChips, SearchField};
use crate::component::highlight::Highlight;
use crate::component::icon::Icon;
use crate::component::load::Load;
use crate::component::noscroll;
use crate::component::page_header::{PageHeader, PageTitle, Tab, Tabs};
use crate::component::pagination::Pagination;
use crate::component::size::{Bytes, Count};
use crate::component::table::{NoMatch, SkeletonTable, SortHeader, TableCard, parse_order};
use crate::component::time::Time;
use crate::i18n::{t, t_string, use_i18n};
use crate::page::images::query::{value, window};
use crate::page::sharing::Until;
use crate::viewer::{use_live, use_viewer};
use crate::{link, text};

/// The filters that Clear removes.
const FILTERS: &[&str] = &["q", "owner", "org", "status"];

const SORTS: [(&str, SharedImageSort); 5] = [
    ("updated_at", SharedImageSort::UpdatedAt),
    ("name", SharedImageSort::Name),
    ("tag_count", SharedImageSort::TagCount),
    ("namespace", SharedImageSort::Namespace),
    ("domain_name", SharedImageSort::DomainName),
];

/// What the address asks for; shares that are in force unless it says otherwise.
fn query_of(pairs: &[(String, String)], size: u64) -> SharedImageQuery {
    let search = value(pairs, "q").map(str::trim).filter(|text| !text.is_empty());
    let sort = value(pairs, "sort");
    SharedImageQuery {
        search: search.map(str::to_owned),
        owner: value(pairs, "owner").and_then(|name| name.parse().ok()),
        organization: value(pairs, "org").and_then(|name| name.parse().ok()),
        is_valid: match value(pairs, "status") {
            Some("all") => None,
            Some("expired") => Some(false),
            _ => Some(true),
        },
        sort: SORTS
            .into_iter()
            .find(|(word, _)| Some(*word) == sort)
            .map(|(_, sort)| sort)
            .unwrap_or_default(),
        order: value(pairs, "order").and_then(parse_order).unwrap_or_default(),
        window: window(pairs, size),
    }
}

/// Whether the list is all that there is in force.
fn is_plain(query: &SharedImageQuery) -> bool {
    query.search.is_none()
        && query.owner.is_none()
        && query.organization.is_none()
        && query.is_valid == Some(true)
}

/// The page.
#[component]
pub fn SharedImagesPage() -> impl IntoView {
    let i18n = use_i18n();
    let live = use_live();
    let pairs = use_query_pairs();
    let asked = memo(move |_| query_of(&pairs.get(), live.page_size.get()));
    let images = Resource::new(move || asked.get(), list_shared_images);
    let active = derive(move || {
        let asked = asked.get();
        let owner = asked
            .owner
            .map(|name| ("owner", t_string!(i18n, shares.owner).to_owned(), name.to_string()));
        let organization = asked
            .organization
            .map(|name| ("org", t_string!(i18n, common.organization).to_owned(), name.to_string()));
        owner.into_iter().chain(organization).collect::<Vec<_>>()
    });
    let shown = move |page: Page<SharedImage>| {
        let asked = asked.get_untracked();
        match (page.total, is_plain(&asked)) {
            (0, true) => view! { <Nothing /> }.into_any(),
            (0, false) => view! {
                <div class="table-card">
                    <NoMatch clears=FILTERS />
                </div>
            }
            .into_any(),
            _ => view! { <Table page=page search=asked.search /> }.into_any(),
        }
    };
    let counts = live.counts.get_untracked();
    let tab = |label, count, href: &str, is_current, testid| Tab {
        label,
        count: Some(count),
        href: href.to_owned(),
        is_current,
        testid,
    };
    let tabs = vec![
        tab(
            text!(i18n, images.private_title),
            counts.images,
            "/images",
            false,
            "images.tab.private",
        ),
        tab(text!(i18n, shares.title), counts.shared, "/images/shared", true, "images.tab.shared"),
    ];
    let below = ViewFn::from(move || {
        view! { <Tabs label=text!(i18n, images.title) tabs=tabs.clone() /> }
    });
    view! {
        <PageTitle page=text!(i18n, shares.title) />
        <PageHeader title=text!(i18n, images.title) has_tabs=true below=below />
        <FilterBar
            keeps=&["sort", "order", "size", "owner", "org"]
            filters=ViewFn::from(|| view! { <StatusFilter /> })
            counted=&["status"]
        >
            <SearchField placeholder=text!(i18n, shares.search) testid="shared.search" />
        </FilterBar>
        <FilterChips active=active clears=FILTERS />
        <Load
            resource=images
            fallback=ViewFn::from(|| view! { <SkeletonTable rows=10 columns=6 /> })
            view=shown
        />
    }
}

/// In force, ended, or both.
#[component]
fn StatusFilter() -> impl IntoView {
    let i18n = use_i18n();
    let pairs = use_query_pairs();
    let current =
        pairs.with_untracked(|pairs| value(pairs, "status").unwrap_or_default().to_owned());
    let items = [
        ("", text!(i18n, shares.valid)),
        ("expired", text!(i18n, shares.expired)),
        ("all", text!(i18n, shares.all)),
    ]
    .map(|(word, words)| {
        let is_selected = word == current;
        view! {
            <option value=word selected=is_selected>
                {move || format!("{}: {}", t_string!(i18n, shares.status), words.get())}
            </option>
        }
    })
    .into_iter()
    .collect_view();
    view! {
        <select
            class="select select--btn"
            name="status"
            aria-label=move || t_string!(i18n, shares.status)
            data-auto=""
            data-testid="filter.status"
        >
            {items}
        </select>
    }
}

/// Nobody shares anything: say how to be found.
#[component]
fn Nothing() -> impl IntoView {
    let i18n = use_i18n();
    let account = use_viewer().with_value(|viewer| {
        viewer.profile.as_ref().map(|profile| profile.account.to_string()).unwrap_or_default()
    });
    let all = use_changed_query(vec![("status", Some("all".to_owned()))]);
    view! {
        <section class="card">
            <EmptyState art=Art::Quays title=text!(i18n, shares.empty) testid="shared.empty">
                <span class="row">
                    {t!(i18n, shares.empty_text)}
                    <b data-testid="shared.account">{account.clone()}</b>
                    <CopyButton text=account what=text!(i18n, shares.account_name) testid="shared.account.copy" />
                </span>
                <a class="btn" href=move || all.get() {..noscroll()} data-testid="shared.all">
                    {t!(i18n, shares.show_all)}
                </a>
            </EmptyState>
        </section>
    }
}

#[component]
fn Table(page: Page<SharedImage>, search: Option<String>) -> impl IntoView {
    let i18n = use_i18n();
    let (total, window) = (page.total, page.window);
    let rows = page
        .items
        .into_iter()
        .map(|shared| view! { <Row shared=shared search=search.clone() /> })
        .collect_view();
    view! {
        <TableCard>
            <table
                class="table table--cards table--fit"
                role="table"
                aria-label=move || t_string!(i18n, shares.title)
                data-testid="shared.table"
            >
                <thead role="rowgroup">
                    <tr role="row">
                        <Head key="name" label=text!(i18n, images.image) first=Order::Asc class="t-name" />
                        <Head key="namespace" label=text!(i18n, images.organization) first=Order::Asc class="t-min p-3" />
                        <Head key="domain_name" label=text!(i18n, shares.owner) first=Order::Asc class="t-min" />
                        <Head key="tag_count" label=text!(i18n, images.tags) class="t-num t-min p-3" />
                        <th scope="col" role="columnheader" class="t-num t-min p-4">{t!(i18n, images.size)}</th>
                        <th scope="col" role="columnheader" class="t-min">{t!(i18n, shares.valid_until)}</th>
                        <Head key="updated_at" label=text!(i18n, images.updated) class="t-min p-4" />
                        <th scope="col" role="columnheader" class="t-ops">{t!(i18n, common.operation)}</th>
                    </tr>
                </thead>
                <tbody role="rowgroup">{rows}</tbody>
            </table>
            <Pagination total=total window=window />
        </TableCard>
    }
}

/// A head that sorts this list.
#[component]
fn Head(
    key: &'static str,
    label: Signal<String>,
    #[prop(default = Order::Desc)] first: Order,
    class: &'static str,
) -> impl IntoView {
    view! { <SortHeader key=key label=label default_key="updated_at" first=first class=class /> }
}

#[component]
fn Row(shared: SharedImage, search: Option<String>) -> impl IntoView {
    let i18n = use_i18n();
    let SharedImage { image, owner, until, is_valid, note } = shared;
    let full = image.name.to_string();
    let repository = image.name.repository().to_string();
    let organization = image.name.organization().to_string();
    let name = view! { <Highlight text=repository search=search /> };
    // What has ended leads nowhere: the image is no longer there for the viewer.
    let name = if is_valid {
        view! {
            <a class="cell-name__link" href=link::image(&image.name) title=full.clone()>
                {name}
            </a>
        }
        .into_any()
    } else {
        view! { <span class="muted" title=full.clone()>{name}</span> }.into_any()
    };
    let copy = match image.newest_tag.as_ref().filter(|_| is_valid) {
        Some(tag) => {
            let what = full.clone();
            let what = derive(move || {
                t_string!(i18n, images.copy_pull_of, name = what.as_str()).to_string()
            });
            let pull = Pull::new(&full, format!(":{tag}"));
            view! { <CopyPull pull=pull what=what testid=format!("shared.row.{full}.copy") /> }
                .into_any()
        }
        None => {
            let why = move || {
                if is_valid {
                    t_string!(i18n, images.no_tag_to_pull)
                } else {
                    t_string!(i18n, shares.ended)
                }
            };
            view! {
                <span
                    class="copy copy--md"
                    role="button"
                    tabindex="0"
                    aria-disabled="true"
                    aria-label=why
                    title=why
                    data-testid=format!("shared.row.{full}.copy")
                >
                    <Icon icon=icondata::LuCopy class="icon icon--sm" />
                </span>
            }
            .into_any()
        }
    };
    let of_owner = use_changed_query(vec![("owner", Some(owner.to_string()))]);
    let of_organization = use_changed_query(vec![("org", Some(organization.clone()))]);
    let (owner_name, organization_name) = (owner.to_string(), organization.clone());
    let owner_tip =
        move || t_string!(i18n, shares.only_owner, name = owner_name.as_str()).to_string();
    let organization_tip = move || {
        t_string!(i18n, shares.only_organization, name = organization_name.as_str()).to_string()
    };
    let (tags, size) = (image.tags, image.size);
    let facts = is_valid.then(|| (view! { <Count value=tags /> }, view! { <Bytes value=size /> }));
    let (tags, size) = facts.unzip();
    let updated = is_valid.then(|| view! { <Time at=image.updated_at /> });
    view! {
        <tr role="row" data-testid=format!("shared.row.{full}")>
            <td role="cell" class="m-name">
                <div class="cell-name">
                    <span class="cell-name__line">{name}</span>
                    {(!note.is_empty())
                        .then(|| view! { <span class="cell-name__sub" title=note.clone()>{note.clone()}</span> })}
                </div>
            </td>
            <td role="cell" class="t-min p-3">
                <a href=move || of_organization.get() {..noscroll()} title=organization_tip>{organization.clone()}</a>
            </td>
            <td role="cell" class="t-min">
                <a href=move || of_owner.get() {..noscroll()} title=owner_tip data-testid=format!("shared.row.{full}.owner")>
                    {owner.to_string()}
                </a>
            </td>
            <td role="cell" class="t-num t-min p-3">{tags}</td>
            <td role="cell" class="t-num t-min p-4">{size}</td>
            <td role="cell" class="t-min small" data-testid=format!("shared.row.{full}.until")>
                <Until until=until is_valid=is_valid />
            </td>
            <td role="cell" class="t-min p-4 small">{updated}</td>
            <td role="cell" class="t-ops m-ops">
                <span class="t-ops__in">{copy}</span>
            </td>
            <td role="cell" class="m-facts">
                <span class="fact-list">
                    <span>{owner.to_string()}</span>
                    <Until until=until is_valid=is_valid />
                </span>
            </td>
        </tr>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn query(items: &[(&str, &str)]) -> SharedImageQuery {
        let pairs: Vec<(String, String)> =
            items.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        query_of(&pairs, 20)
    }

    #[test]
    fn the_address_is_the_state_of_the_list() {
        let plain = query(&[]);
        assert!(is_plain(&plain));
        assert_eq!((plain.sort, plain.order), (SharedImageSort::UpdatedAt, Order::Desc));
        assert_eq!(query(&[("status", "all")]).is_valid, None);
        assert_eq!(query(&[("status", "expired")]).is_valid, Some(false));
        assert_eq!(
            query(&[("owner", "acme")]).owner.map(|name| name.to_string()).as_deref(),
            Some("acme")
        );
        for (word, sort) in SORTS {
            assert_eq!(query(&[("sort", word), ("order", "asc")]).sort, sort);
        }
        for narrowed in [("q", "a"), ("owner", "acme"), ("org", "group"), ("status", "all")] {
            assert!(!is_plain(&query(&[narrowed])));
        }
        assert!(is_plain(&query(&[("org", "Not A Name"), ("status", "x"), ("sort", "x")])));
    }
}
