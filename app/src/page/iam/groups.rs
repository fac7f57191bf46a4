//! `/iam/groups`: the list, and the dialog that creates a group.

use leptos::prelude::*;
use roadstead::manage::group::{Group, GroupQuery};
use roadstead::page::Page;

use crate::call::group::{AskCreateGroup, list_groups};
use crate::component::dialog::{CancelLink, Dialog, DialogLink, use_query_pairs};
use crate::component::empty::{Art, EmptyCard};
use crate::component::field::TextField;
use crate::component::filter::{FilterBar, SearchField};
use crate::component::form::{CallForm, SubmitButton};
use crate::component::icon::Icon;
use crate::component::load::Load;
use crate::component::size::Count;
use crate::component::table::{HeadCell, ListTable, NoMatch, SkeletonTable};
use crate::component::time::Time;
use crate::i18n::{t, t_string, use_i18n};
use crate::page::images::query::{value, window};
use crate::text;
use crate::viewer::{use_live, use_viewer};

use super::part::{Head, named};

/// `/iam/groups`.
#[component]
pub fn GroupsPage() -> impl IntoView {
    let i18n = use_i18n();
    let live = use_live();
    let pairs = use_query_pairs();
    let asked = memo(move |_| {
        pairs.with(|pairs| GroupQuery {
            search: value(pairs, "q").map(str::to_owned),
            window: window(pairs, live.page_size.get()),
        })
    });
    let groups = Resource::new(move || asked.get(), list_groups);
    let shown = move |page: Page<Group>| match (page.total, asked.get_untracked().search) {
        (0, None) => view! { <NoGroups /> }.into_any(),
        (0, Some(_)) => {
            view! { <div class="table-card"><NoMatch clears=&["q"] /></div> }.into_any()
        }
        _ => view! { <Table page=page /> }.into_any(),
    };
    view! {
        <Head section="groups">
            <CreateLink testid="iam.groups.create" />
        </Head>
        <FilterBar>
            <SearchField placeholder=text!(i18n, iam.search_groups) testid="iam.groups.search" />
        </FilterBar>
        <Load
            resource=groups
            fallback=ViewFn::from(|| view! { <SkeletonTable rows=4 columns=4 /> })
            view=shown
        />
        <Dialog name="create" title=text!(i18n, iam.create_group) class="dialog dialog--sm">
            <CreateForm />
        </Dialog>
    }
}

#[component]
fn CreateLink(testid: &'static str) -> impl IntoView {
    let i18n = use_i18n();
    view! {
        <DialogLink name="create" class="btn btn--primary" testid=testid>
            <Icon icon=icondata::LuPlus />
            {t!(i18n, iam.create_group)}
        </DialogLink>
    }
}

#[component]
fn NoGroups() -> impl IntoView {
    let i18n = use_i18n();
    view! {
        <EmptyCard
            art=Art::Locked
            title=text!(i18n, iam.no_groups)
            hint=derive(move || Some(t_string!(i18n, iam.no_groups_hint).to_owned()))
            testid="iam.groups.empty"
        >
            <CreateLink testid="iam.groups.empty.create" />
        </EmptyCard>
    }
}

#[component]
fn Table(page: Page<Group>) -> impl IntoView {
    let i18n = use_i18n();
    let pages = Some((page.total, page.window));
    let rows = page.items.into_iter().map(|group| view! { <Row group=group /> }).collect_view();
    let head = view! {
        <HeadCell label=text!(i18n, iam.group) class="t-name" />
        <HeadCell label=text!(i18n, iam.users) class="t-num t-min" />
        <HeadCell label=text!(i18n, iam.policies) class="t-num t-min" />
        <HeadCell label=text!(i18n, common.created) class="t-min p-4" />
    };
    view! {
        <ListTable
            label=text!(i18n, iam.groups)
            head=head.into_any()
            pages=pages
            testid="iam.groups.table"
        >
            {rows}
        </ListTable>
    }
}

#[component]
fn Row(group: Group) -> impl IntoView {
    let i18n = use_i18n();
    let name = group.name.to_string();
    view! {
        <tr role="row" data-testid=format!("iam.groups.row.{name}")>
            <td role="cell" class="m-name">
                <div class="cell-name">
                    <span class="cell-name__line">
                        <a class="cell-name__link" href=named("groups", &name)>{name.clone()}</a>
                    </span>
                    <span class="small muted">{group.description}</span>
                </div>
            </td>
            <td role="cell" class="t-num t-min"><Count value=group.users /></td>
            <td role="cell" class="t-num t-min"><Count value=group.policies /></td>
            <td role="cell" class="t-min p-4 small"><Time at=group.created_at /></td>
            <td role="cell" class="m-facts">
                <span class="fact-list">
                    <span>{t!(i18n, iam.users)} " " <Count value=group.users /></span>
                    <span>{t!(i18n, iam.policies)} " " <Count value=group.policies /></span>
                </span>
            </td>
        </tr>
    }
}

#[component]
fn CreateForm() -> impl IntoView {
    let i18n = use_i18n();
    let viewer = use_viewer();
    let kept = move |name: &str| viewer.with_value(|viewer| viewer.kept(name));
    let action = ServerAction::<AskCreateGroup>::new();
    view! {
        <CallForm action=action testid="iam.groups.create.form" class="dialog__form">
            <div class="dialog__body form-grid">
                <TextField
                    name="name"
                    label=text!(i18n, common.name)
                    help=text!(i18n, iam.label_rule)
                    value=kept("name")
                    is_required=true
                    max=64
                    is_first=true
                />
                <TextField name="description" label=text!(i18n, common.description) value=kept("description") max=255 />
            </div>
            <footer class="dialog__foot">
                <CancelLink />
                <SubmitButton label=text!(i18n, common.create) testid="iam.groups.create.submit" />
            </footer>
        </CallForm>
    }
}
