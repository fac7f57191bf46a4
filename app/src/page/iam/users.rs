//! `/iam/users`: the list, its filters, and the dialog that creates a user.

use leptos::prelude::*;
use roadstead::access::Access;
use roadstead::manage::credential::{ACCESS_KEY_LIMIT, OLD_KEY_AGE};
use roadstead::manage::group::{Group, GroupQuery};
use roadstead::manage::user::{User, UserQuery, UserSort};
use roadstead::page::{Order, Page, Window};

use crate::call::group::list_groups;
use crate::call::user::{AskBatchUsers, AskCreateUser, list_users};
use crate::component::badge::{Badge, Tone};
use crate::component::dialog::{CancelLink, Dialog, DialogLink, use_query_pairs};
use crate::component::empty::{Art, EmptyCard};
use crate::component::field::{CheckField, PasswordField, TextField};
use crate::component::filter::{FilterBar, FilterSelect, SearchField};
use crate::component::form::{CallForm, SubmitButton};
use crate::component::icon::Icon;
use crate::component::load::Load;
use crate::component::table::{
    HeadCell, ListTable, NoMatch, SkeletonTable, SortHeader, parse_order,
};
use crate::component::time::Time;
use crate::i18n::{t, t_string, use_i18n};
use crate::page::images::query::{value, window};
use crate::text;
use crate::viewer::{use_live, use_viewer};

use super::batch::{BatchBar, BatchDialogs, SelectAll, SelectUser};
use super::part::{Choices, Head, Names, PasswordDialog, Refusal, StateBadge, named, refused};

/// What filters the list.
const FILTERS: &[&str] = &["q", "access", "group", "status"];

/// What the address asks for.
fn query_of(pairs: &[(String, String)], size: u64) -> UserQuery {
    let sort = match value(pairs, "sort") {
        Some("created_at") => UserSort::CreatedAt,
        Some("last_signed_in_at") => UserSort::LastSignedInAt,
        _ => UserSort::Name,
    };
    let order = value(pairs, "order").and_then(parse_order);
    let access = value(pairs, "access");
    UserQuery {
        search: value(pairs, "q").map(str::to_owned),
        is_active: match value(pairs, "status") {
            Some("enabled") => Some(true),
            Some("disabled") => Some(false),
            _ => None,
        },
        console: access == Some("console"),
        programmatic: access == Some("programmatic"),
        group: value(pairs, "group").and_then(|name| name.parse().ok()),
        sort,
        order: order.unwrap_or(if sort == UserSort::Name { Order::Asc } else { Order::Desc }),
        window: window(pairs, size),
    }
}

/// Every group there is to choose from.
pub fn all_groups() -> GroupQuery {
    GroupQuery { search: None, window: Window::of_page(1, 1_000) }
}

/// `/iam/users`.
#[component]
pub fn UsersPage() -> impl IntoView {
    let i18n = use_i18n();
    let live = use_live();
    let pairs = use_query_pairs();
    let asked = memo(move |_| query_of(&pairs.get(), live.page_size.get()));
    let users = Resource::new(move || asked.get(), list_users);
    let groups = Resource::new(all_groups, list_groups);
    let is_filtered =
        pairs.with_untracked(|pairs| FILTERS.iter().any(|name| value(pairs, name).is_some()));
    let filters = move || {
        let access = vec![
            ("console".to_owned(), text!(i18n, iam.console)),
            ("programmatic".to_owned(), text!(i18n, iam.programmatic)),
        ];
        let states = vec![
            ("enabled".to_owned(), text!(i18n, iam.enabled)),
            ("disabled".to_owned(), text!(i18n, iam.disabled)),
        ];
        view! {
            <FilterSelect name="access" label=text!(i18n, iam.access) options=access />
            <Transition>
                {move || Suspend::new(async move {
                    let groups = groups.await.map(|page| page.items).unwrap_or_default();
                    let options = groups
                        .into_iter()
                        .map(|group| (group.name.to_string(), Signal::stored(group.name.to_string())))
                        .collect();
                    view! { <FilterSelect name="group" label=text!(i18n, iam.group) options=options /> }
                })}
            </Transition>
            <FilterSelect name="status" label=text!(i18n, common.status) options=states />
        }
    };
    let shown = move |page: Page<User>| match (page.total, is_filtered) {
        (0, false) => view! { <NoUsers /> }.into_any(),
        (0, true) => view! { <div class="table-card"><NoMatch clears=FILTERS /></div> }.into_any(),
        _ => view! { <Table page=page /> }.into_any(),
    };
    view! {
        <Head section="users">
            <CreateLink testid="iam.users.create" />
        </Head>
        <Refusal error={refused::<AskBatchUsers>()} />
        <FilterBar filters=ViewFn::from(filters) counted=&["access", "group", "status"]>
            <SearchField placeholder=text!(i18n, iam.search_users) testid="iam.users.search" />
        </FilterBar>
        <Load
            resource=users
            fallback=ViewFn::from(|| view! { <SkeletonTable rows=6 columns=7 /> })
            view=shown
        />
        <Dialog name="create" title=text!(i18n, iam.create_user)>
            <Load
                resource=groups
                is_part=true
                view={|page: Page<Group>| view! { <CreateForm groups=page.items /> }}
            />
        </Dialog>
        <PasswordDialog />
        <BatchDialogs groups=groups />
    }
}

#[component]
fn CreateLink(testid: &'static str) -> impl IntoView {
    let i18n = use_i18n();
    view! {
        <DialogLink name="create" class="btn btn--primary" testid=testid>
            <Icon icon=icondata::LuPlus />
            {t!(i18n, iam.create_user)}
        </DialogLink>
    }
}

#[component]
fn NoUsers() -> impl IntoView {
    let i18n = use_i18n();
    view! {
        <EmptyCard
            art=Art::Locked
            title=text!(i18n, iam.no_users)
            hint=derive(move || Some(t_string!(i18n, iam.no_users_hint).to_owned()))
            testid="iam.users.empty"
        >
            <CreateLink testid="iam.users.empty.create" />
        </EmptyCard>
    }
}

/// How a user may come in.
#[component]
pub fn AccessBadges(
    /// The ways.
    access: Access,
) -> impl IntoView {
    let i18n = use_i18n();
    view! {
        <span class="chips">
            {access
                .console
                .then(|| {
                    view! { <Badge tone=Tone::Outline icon=icondata::LuLayoutDashboard label=text!(i18n, iam.console) /> }
                })}
            {access
                .programmatic
                .then(|| {
                    view! { <Badge tone=Tone::Outline icon=icondata::LuTerminal label=text!(i18n, iam.programmatic) /> }
                })}
        </span>
    }
}

#[component]
fn Table(page: Page<User>) -> impl IntoView {
    let i18n = use_i18n();
    let pages = Some((page.total, page.window));
    let rows = page.items.into_iter().map(|user| view! { <Row user=user /> }).collect_view();
    let sorted = |key, label, class| {
        view! { <SortHeader key=key label=label default_key="name" default_order=Order::Asc class=class /> }
    };
    let head = view! {
        <SelectAll />
        <SortHeader
            key="name"
            label=text!(i18n, common.user_name)
            default_key="name"
            default_order=Order::Asc
            first=Order::Asc
            class="t-name"
        />
        <HeadCell label=text!(i18n, iam.access) class="t-min" />
        <HeadCell label=text!(i18n, iam.groups) class="t-min p-3" />
        <HeadCell label=text!(i18n, iam.keys) class="t-min p-4" />
        <HeadCell label=text!(i18n, common.status) class="t-min" />
        {sorted("last_signed_in_at", text!(i18n, iam.last_sign_in), "t-min p-3")}
        {sorted("created_at", text!(i18n, common.created), "t-min p-4")}
        <HeadCell label=text!(i18n, common.operation) class="t-ops" />
    };
    view! {
        <div class="choosing">
            <ListTable
                label=text!(i18n, iam.users)
                head=head.into_any()
                pages=pages
                testid="iam.users.table"
            >
                {rows}
            </ListTable>
            <BatchBar />
        </div>
    }
}

#[component]
fn Row(user: User) -> impl IntoView {
    let i18n = use_i18n();
    let now = use_live().now.get_untracked();
    let name = user.name.to_string();
    let page = named("users", &name);
    let groups = user.groups.iter().map(ToString::to_string).collect();
    let is_old = user.oldest_key_at.is_some_and(|at| now.seconds_since(at) > OLD_KEY_AGE);
    let age = user.oldest_key_at.map(|at| {
        if is_old {
            view! { <Badge tone=Tone::Warn icon=icondata::LuTriangleAlert label=text!(i18n, iam.old_key) /> }
                .into_any()
        } else {
            view! { <span class="small muted">" " <Time at=at /></span> }.into_any()
        }
    });
    let signed_in = match user.last_signed_in_at {
        Some(at) => view! { <Time at=at /> }.into_any(),
        None => t!(i18n, common.never).into_any(),
    };
    // Neither the owner nor oneself is disabled or deleted, whatever is chosen.
    let is_own = use_viewer().with_value(|viewer| {
        viewer.profile.as_ref().is_some_and(|profile| profile.user == user.name)
    });
    let may_choose = !user.is_owner && !is_own;
    view! {
        <tr role="row" data-testid=format!("iam.users.row.{name}")>
            <SelectUser name=name.clone() may_choose=may_choose />
            <td role="cell" class="m-name">
                <div class="cell-name">
                    <span class="cell-name__line">
                        <a class="cell-name__link" href=page.clone()>{name.clone()}</a>
                        {user
                            .is_owner
                            .then(|| {
                                view! { <Badge tone=Tone::Info icon=icondata::LuShieldCheck label=text!(i18n, iam.owner) /> }
                            })}
                    </span>
                    <span class="small muted">{user.display_name.clone()}</span>
                </div>
            </td>
            <td role="cell" class="t-min"><AccessBadges access=user.access /></td>
            <td role="cell" class="t-min p-3"><Names section="groups" names=groups /></td>
            <td role="cell" class="t-min p-4">{format!("{}/{ACCESS_KEY_LIMIT}", user.keys)} {age}</td>
            <td role="cell" class="t-min">
                <StateBadge is_active=user.is_active testid=format!("iam.users.row.{name}.state") />
            </td>
            <td role="cell" class="t-min p-3 small">{signed_in}</td>
            <td role="cell" class="t-min p-4 small"><Time at=user.created_at /></td>
            <td role="cell" class="t-ops m-ops">
                <span class="t-ops__in"><a class="btn btn--sm" href=page>{t!(i18n, common.details)}</a></span>
            </td>
            <td role="cell" class="m-facts">
                <span class="fact-list">
                    <StateBadge is_active=user.is_active testid="iam.users.state.small" />
                    <AccessBadges access=user.access />
                </span>
            </td>
        </tr>
    }
}

/// Name, ways in, groups and the first password of a new user.
#[component]
fn CreateForm(groups: Vec<Group>) -> impl IntoView {
    let i18n = use_i18n();
    let viewer = use_viewer();
    let kept = move |name: &str| viewer.with_value(|viewer| viewer.kept(name));
    let action = ServerAction::<AskCreateUser>::new();
    let groups = groups.into_iter().map(|group| (group.name.to_string(), false)).collect();
    view! {
        <CallForm action=action testid="iam.users.create.form" class="dialog__form">
            <div class="dialog__body form-grid">
                <TextField
                    name="name"
                    label=text!(i18n, common.user_name)
                    help=text!(i18n, iam.user_rule)
                    value=kept("name")
                    is_required=true
                    is_mono=true
                    max=64
                    is_first=true
                />
                <div class="form-grid form-grid--2">
                    <TextField name="display_name" label=text!(i18n, iam.display_name) value=kept("display_name") max=64 />
                    <TextField name="email" label=text!(i18n, iam.email) value=kept("email") kind="email" max=254 />
                </div>
                <AccessFields access=Access { console: true, programmatic: true } />
                <Choices
                    name="groups[]"
                    label=text!(i18n, iam.groups)
                    options=groups
                    none=text!(i18n, iam.no_groups)
                    testid="iam.users.create.group"
                />
                <PasswordField
                    name="password"
                    label=text!(i18n, iam.first_password)
                    help=text!(i18n, iam.password_help)
                    autocomplete="new-password"
                    is_optional=true
                />
                <CheckField name="must_change" label=text!(i18n, iam.must_change) is_checked=true />
                <p class="small muted">{t!(i18n, iam.no_rights_yet)}</p>
            </div>
            <footer class="dialog__foot">
                <CancelLink />
                <SubmitButton label=text!(i18n, common.create) testid="iam.users.create.submit" />
            </footer>
        </CallForm>
    }
}

/// The two ways in.
#[component]
pub fn AccessFields(
    /// What is chosen at first.
    access: Access,
) -> impl IntoView {
    let i18n = use_i18n();
    view! {
        <fieldset class="field">
            <legend class="field__label">{t!(i18n, iam.access)}</legend>
            <div class="stack stack--sm">
                <CheckField
                    name="console"
                    label=text!(i18n, iam.console)
                    help=text!(i18n, iam.console_help)
                    is_checked=access.console
                />
                <CheckField
                    name="programmatic"
                    label=text!(i18n, iam.programmatic)
                    help=text!(i18n, iam.programmatic_help)
                    is_checked=access.programmatic
                />
            </div>
        </fieldset>
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
        assert_eq!((query.sort, query.order, query.is_active), (UserSort::Name, Order::Asc, None));
        let query = query_of(
            &pairs(&[
                ("q", "ann"),
                ("access", "console"),
                ("group", "Builders"),
                ("status", "disabled"),
                ("sort", "last_signed_in_at"),
                ("page", "3"),
            ]),
            10,
        );
        assert_eq!(query.search.as_deref(), Some("ann"));
        assert_eq!((query.console, query.programmatic), (true, false));
        assert_eq!(query.group.map(|group| group.to_string()).as_deref(), Some("Builders"));
        assert_eq!(query.is_active, Some(false));
        assert_eq!((query.sort, query.order), (UserSort::LastSignedInAt, Order::Desc));
        assert_eq!(query.window.offset, 20);
    }
}
