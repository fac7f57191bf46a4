//! What the server makes of `/organizations`: cards or a table, search, quota.

use leptos::prelude::*;
use leptos_router::hooks::use_query_map;
use roadstead::manage::organization::{
    Organization, OrganizationQuery, OrganizationQuota, OrganizationSort,
};
use roadstead::page::{Order, Page};

use crate::call::organization::{list_organizations, organization_quota};
use crate::component::dialog::{DialogLink, use_changed_query, use_query_pairs};
use crate::component::empty::{Art, EmptyCard};
use crate::component::filter::{FilterBar, SearchField};
use crate::component::icon::Icon;
use crate::component::load::Load;
use crate::component::menu::Menu;
use crate::component::noscroll;
use crate::component::page_header::{PageHeader, PageTitle};
use crate::component::pagination::Pagination;
use crate::component::size::{Bytes, Count};
use crate::component::table::{
    HeadCell, ListTable, NoMatch, SkeletonTable, SortHeader, parse_order,
};
use crate::component::time::Time;
use crate::error::ConsoleError;
use crate::i18n::{t, t_string, use_i18n};
use crate::page::images::query::{value, window};
use crate::text;
use crate::viewer::{use_live, use_viewer};

use super::RightBadge;

/// What the address asks for.
fn query_of(pairs: &[(String, String)], size: u64) -> OrganizationQuery {
    let by_creation = value(pairs, "sort") == Some("created_at");
    let order = value(pairs, "order").and_then(parse_order);
    OrganizationQuery {
        search: value(pairs, "q")
            .map(|text| text.trim().to_owned())
            .filter(|text| !text.is_empty()),
        sort: if by_creation { OrganizationSort::CreatedAt } else { OrganizationSort::Name },
        order: order.unwrap_or(if by_creation { Order::Desc } else { Order::Asc }),
        window: window(pairs, size),
    }
}

/// Everything but the dialogs.
#[component]
pub fn List() -> impl IntoView {
    let i18n = use_i18n();
    let live = use_live();
    let pairs = use_query_pairs();
    let asked = memo(move |_| query_of(&pairs.get(), live.page_size.get()));
    let organizations = Resource::new(move || asked.get(), list_organizations);
    let quota = Resource::new(|| (), |()| organization_quota());
    let query = use_query_map();
    let is_table =
        memo(move |_| query.with(|query| query.get("view").is_some_and(|view| view == "table")));
    let shown = move |page: Page<Organization>| {
        let is_searched = asked.get_untracked().search.is_some();
        match (page.total, is_searched) {
            (0, false) => view! { <NoOrganizations quota=quota /> }.into_any(),
            (0, true) => view! {
                <div class="table-card">
                    <NoMatch clears=&["q"] />
                </div>
            }
            .into_any(),
            _ => view! { <Rows page=page is_table=is_table /> }.into_any(),
        }
    };
    view! {
        <PageTitle page=text!(i18n, organizations.title) />
        <PageHeader
            title=text!(i18n, organizations.title)
            marks=ViewFn::from(move || view! { <QuotaNote quota=quota /> })
        >
            <CreateButton quota=quota testid="organizations.create" />
        </PageHeader>
        // Outside of what loads again, so that typing in the search box goes on while the list changes.
        <FilterBar
            keeps=&["sort", "order", "size", "view"]
            end=ViewFn::from(move || view! { <ViewSwitch is_table=is_table.into() /> })
        >
            <SearchField placeholder=text!(i18n, organizations.search) testid="organizations.search" />
        </FilterBar>
        <Load
            resource=organizations
            fallback=ViewFn::from(|| view! { <SkeletonTable rows=4 columns=5 /> })
            view=shown
        />
    }
}

/// How many organizations there are and may be.
type Quota = Resource<Result<OrganizationQuota, ConsoleError>>;

#[component]
fn QuotaNote(quota: Quota) -> impl IntoView {
    let i18n = use_i18n();
    let words = move |quota: OrganizationQuota| match quota.limit {
        Some(limit) => {
            t_string!(i18n, organizations.quota, used = quota.used, limit = limit).to_string()
        }
        None => t_string!(i18n, organizations.quota_unlimited, used = quota.used).to_string(),
    };
    view! {
        <Transition>
            {move || Suspend::new(async move {
                quota
                    .await
                    .ok()
                    .map(|quota| view! { <span class="page-head__note">{move || words(quota)}</span> })
            })}
        </Transition>
    }
}

#[component]
fn Rows(page: Page<Organization>, is_table: Memo<bool>) -> impl IntoView {
    move || {
        let page = page.clone();
        if is_table.get() {
            view! { <Table page=page /> }.into_any()
        } else {
            view! { <Cards page=page /> }.into_any()
        }
    }
}

/// Opens the dialog, for those who may create. At the quota it stays, says why, and does nothing.
#[component]
fn CreateButton(quota: Quota, testid: &'static str) -> impl IntoView {
    let may_create = use_viewer().with_value(|viewer| {
        viewer.profile.as_ref().is_some_and(|profile| profile.may_create_organizations)
    });
    may_create.then(|| {
        view! {
            <Transition>
                {move || Suspend::new(async move {
                    let full = quota.await.ok().filter(|quota| {
                        quota.limit.is_some_and(|limit| quota.used >= limit)
                    });
                    match full {
                        Some(quota) => view! { <Blocked quota=quota testid=testid /> }.into_any(),
                        None => view! { <Create testid=testid /> }.into_any(),
                    }
                })}
            </Transition>
        }
    })
}

#[component]
fn Create(testid: &'static str) -> impl IntoView {
    let i18n = use_i18n();
    view! {
        <DialogLink name="create" class="btn btn--primary" testid=testid>
            <Icon icon=icondata::LuPlus />
            {t!(i18n, organizations.create)}
        </DialogLink>
    }
}

#[component]
fn Blocked(quota: OrganizationQuota, testid: &'static str) -> impl IntoView {
    let i18n = use_i18n();
    let limit = quota.limit.unwrap_or_default();
    let reason = move || {
        t_string!(i18n, organizations.quota_reached, used = quota.used, limit = limit).to_string()
    };
    view! {
        <a
            class="btn btn--primary"
            role="button"
            tabindex="0"
            aria-disabled="true"
            data-tip=reason
            title=reason
            data-testid=testid
        >
            <Icon icon=icondata::LuPlus />
            {t!(i18n, organizations.create)}
            <span class="sr-only">{reason}</span>
        </a>
    }
}

#[component]
fn NoOrganizations(quota: Quota) -> impl IntoView {
    let i18n = use_i18n();
    let may_create = use_viewer().with_value(|viewer| {
        viewer.profile.as_ref().is_some_and(|profile| profile.may_create_organizations)
    });
    let hint = derive(move || {
        let text = t_string!(i18n, organizations.empty_text);
        Some(if may_create {
            text.to_owned()
        } else {
            format!("{text} {}", t_string!(i18n, organizations.empty_ask))
        })
    });
    view! {
        <EmptyCard
            art=Art::Organizations
            title=text!(i18n, organizations.empty_title)
            hint=hint
            testid="organizations.empty"
        >
            <CreateButton quota=quota testid="organizations.empty.create" />
        </EmptyCard>
    }
}

#[component]
fn ViewSwitch(is_table: Signal<bool>) -> impl IntoView {
    let i18n = use_i18n();
    let cards = use_changed_query(vec![("view", None)]);
    let table = use_changed_query(vec![("view", Some("table".to_owned()))]);
    view! {
        <nav class="segmented" aria-label=move || t_string!(i18n, organizations.view)>
            <a
                href=move || cards.get()
                {..noscroll()}
                aria-current=move || (!is_table.get()).then_some("true")
                aria-label=move || t_string!(i18n, organizations.view_cards)
                title=move || t_string!(i18n, organizations.view_cards)
                data-testid="organizations.view.cards"
            >
                <Icon icon=icondata::LuLayoutGrid />
            </a>
            <a
                href=move || table.get()
                {..noscroll()}
                aria-current=move || is_table.get().then_some("true")
                aria-label=move || t_string!(i18n, organizations.view_table)
                title=move || t_string!(i18n, organizations.view_table)
                data-testid="organizations.view.table"
            >
                <Icon icon=icondata::LuTable />
            </a>
        </nav>
    }
}

/// Details and Delete.
#[component]
fn RowMenu(organization: Organization) -> impl IntoView {
    let i18n = use_i18n();
    let name = organization.name.to_string();
    let label = {
        let name = name.clone();
        derive(move || t_string!(i18n, organizations.more, name = name.as_str()).to_string())
    };
    let delete = organization.may_delete.then(|| {
        view! {
            <DialogLink
                name="delete-organization"
                item=name.clone()
                class="menu__item menu__item--danger"
                testid=format!("organizations.row.{name}.delete")
            >
                <Icon icon=icondata::LuTrash2 />
                {t!(i18n, common.delete)}
            </DialogLink>
        }
    });
    view! {
        <Menu
            label=label
            class="btn btn--icon btn--quiet btn--sm"
            outer="popup--end"
            testid="organizations.row.menu"
            trigger=ViewFn::from(|| view! { <Icon icon=icondata::LuEllipsis class="icon icon--sm" /> })
        >
            <a class="menu__item" href=format!("/organizations/{name}")>
                <Icon icon=icondata::LuInfo />
                {t!(i18n, common.details)}
            </a>
            {delete}
        </Menu>
    }
}

#[component]
fn Cards(page: Page<Organization>) -> impl IntoView {
    let (total, window) = (page.total, page.window);
    let cards = page
        .items
        .into_iter()
        .map(|organization| view! { <Card organization=organization /> })
        .collect_view();
    view! {
        <ul class="org-grid" data-testid="organizations.cards">{cards}</ul>
        {(total > window.limit || window.offset > 0).then(|| view! { <Pagination total=total window=window /> })}
    }
}

#[component]
fn Card(organization: Organization) -> impl IntoView {
    let i18n = use_i18n();
    let name = organization.name.to_string();
    let creator = organization.created_by.clone();
    let created_by =
        move || t_string!(i18n, organizations.created_by, name = creator.as_str()).to_string();
    let has_creator = !organization.created_by.is_empty();
    view! {
        <li class="card org" data-testid=format!("organizations.row.{name}")>
            <div class="org__head">
                <a href=format!("/organizations/{name}") data-testid=format!("organizations.name.{name}")>{name.clone()}</a>
                <RightBadge permission=organization.permission />
                <span class="push"></span>
                <RowMenu organization=organization.clone() />
            </div>
            <dl class="org__nums">
                <div>
                    <dt>{t!(i18n, organizations.images)}</dt>
                    <dd><Count value=organization.images /></dd>
                </div>
                <div>
                    <dt>{t!(i18n, organizations.users)}</dt>
                    <dd><Count value=organization.users /></dd>
                </div>
                <div>
                    <dt>{t!(i18n, organizations.size)}</dt>
                    <dd><Bytes value=organization.size /></dd>
                </div>
            </dl>
            <p class="org__foot">
                {has_creator.then(|| view! { <span>{created_by}</span> })}
                <Time at=organization.created_at />
            </p>
        </li>
    }
}

#[component]
fn Table(page: Page<Organization>) -> impl IntoView {
    let i18n = use_i18n();
    let pages = Some((page.total, page.window));
    let rows = page
        .items
        .into_iter()
        .map(|organization| view! { <Row organization=organization /> })
        .collect_view();
    let head = view! {
        <SortHeader
            key="name"
            label=text!(i18n, organizations.name)
            default_key="name"
            default_order=Order::Asc
            first=Order::Asc
            class="t-name"
        />
        <HeadCell label=text!(i18n, organizations.permission) class="t-min" />
        <HeadCell label=text!(i18n, organizations.images) class="t-num t-min" />
        <HeadCell label=text!(i18n, organizations.users) class="t-num t-min p-3" />
        <HeadCell label=text!(i18n, organizations.size) class="t-num t-min p-3" />
        <HeadCell label=text!(i18n, organizations.creator) class="t-min p-4" />
        <SortHeader
            key="created_at"
            label=text!(i18n, organizations.created)
            default_key="name"
            default_order=Order::Asc
            class="t-min p-4"
        />
        <HeadCell label=text!(i18n, common.operation) class="t-ops" />
    };
    view! {
        <ListTable
            label=text!(i18n, organizations.title)
            head=head.into_any()
            pages=pages
            testid="organizations.table"
        >
            {rows}
        </ListTable>
    }
}

#[component]
fn Row(organization: Organization) -> impl IntoView {
    let name = organization.name.to_string();
    view! {
        <tr role="row" data-testid=format!("organizations.row.{name}")>
            <td role="cell" class="m-name">
                <div class="cell-name">
                    <span class="cell-name__line">
                        <a class="cell-name__link" href=format!("/organizations/{name}")>{name.clone()}</a>
                    </span>
                </div>
            </td>
            <td role="cell" class="t-min"><RightBadge permission=organization.permission /></td>
            <td role="cell" class="t-num t-min"><Count value=organization.images /></td>
            <td role="cell" class="t-num t-min p-3"><Count value=organization.users /></td>
            <td role="cell" class="t-num t-min p-3"><Bytes value=organization.size /></td>
            <td role="cell" class="t-min p-4">{organization.created_by.clone()}</td>
            <td role="cell" class="t-min p-4 small"><Time at=organization.created_at /></td>
            <td role="cell" class="t-ops m-ops">
                <span class="t-ops__in"><RowMenu organization=organization.clone() /></span>
            </td>
            <td role="cell" class="m-facts">
                <span class="fact-list">
                    <Count value=organization.images />
                    <Bytes value=organization.size />
                </span>
            </td>
        </tr>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(items: &[(&str, &str)]) -> Vec<(String, String)> {
        items.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn the_address_is_the_state_of_the_list() {
        let query = query_of(&[], 20);
        assert_eq!(
            (query.search, query.sort, query.order),
            (None, OrganizationSort::Name, Order::Asc)
        );
        let query =
            query_of(&pairs(&[("q", " cloud "), ("sort", "created_at"), ("page", "2")]), 50);
        assert_eq!(query.search.as_deref(), Some("cloud"));
        assert_eq!((query.sort, query.order), (OrganizationSort::CreatedAt, Order::Desc));
        assert_eq!((query.window.offset, query.window.limit), (50, 50));
        let query = query_of(&pairs(&[("q", "  "), ("order", "desc")]), 20);
        assert_eq!((query.search, query.order), (None, Order::Desc));
    }
}
