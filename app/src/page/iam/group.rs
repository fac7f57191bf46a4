//! `/iam/groups/{name}`: who is in it, and what they have through it.

use leptos::prelude::*;
use roadstead::GroupName;
use roadstead::manage::group::{GroupDetail, Member};
use roadstead::manage::user::{User, UserQuery, UserSort};
use roadstead::page::{Order, Page, Window};

use crate::call::group::{
    AskAttachToGroup, AskDeleteGroup, AskSetMembers, AskUpdateGroup, get_group,
};
use crate::call::user::list_users;
use crate::component::confirm::ConfirmByName;
use crate::component::dialog::{CancelLink, Dialog, DialogLink};
use crate::component::fact::Fact;
use crate::component::field::TextField;
use crate::component::form::{CallForm, Csrf, SubmitButton, call_path};
use crate::component::icon::Icon;
use crate::component::load::Load;
use crate::component::page_header::{PageHeader, PageTitle};
use crate::component::table::SkeletonTable;
use crate::component::time::Time;
use crate::i18n::{t, t_string, use_i18n};
use crate::text;

use super::part::{AttachedCard, PostButton, Refusal, StateBadge, named, refused};

/// Users to choose from: more are found by their whole name.
pub fn all_users() -> UserQuery {
    UserQuery {
        search: None,
        is_active: None,
        console: false,
        programmatic: false,
        group: None,
        sort: UserSort::Name,
        order: Order::Asc,
        window: Window::of_page(1, 1_000),
    }
}

/// `/iam/groups/{name}`.
#[component]
pub fn GroupPage(
    /// Its name.
    name: GroupName,
) -> impl IntoView {
    let i18n = use_i18n();
    let object = name.to_string();
    let group = Resource::new(move || name.clone(), get_group);
    view! {
        <PageTitle page=text!(i18n, iam.groups) object=object />
        <Load
            resource=group
            fallback=ViewFn::from(|| view! { <SkeletonTable rows=6 columns=3 /> })
            view=|group: GroupDetail| view! { <Body group=group /> }
        />
    }
}

#[component]
fn Body(group: GroupDetail) -> impl IntoView {
    let i18n = use_i18n();
    let GroupDetail { name, description, created_at, members, attached } = group;
    let name = name.to_string();
    let error = refused::<AskSetMembers>().or_else(refused::<AskAttachToGroup>);
    let (said, count) = (description.clone(), members.len());
    let below = ViewFn::from(move || {
        let said = said.clone();
        view! {
            <dl class="facts">
                {(!said.is_empty())
                    .then(|| view! { <Fact label=text!(i18n, common.description)>{said}</Fact> })}
                <Fact label=text!(i18n, iam.users)>{count}</Fact>
                <Fact label=text!(i18n, common.created)>
                    <Time at=created_at is_absolute=true />
                </Fact>
            </dl>
        }
    });
    view! {
        <PageHeader
            title=Signal::stored(name.clone())
            breadcrumb=vec![
                (text!(i18n, iam.title), "/iam/users".to_owned()),
                (text!(i18n, iam.groups), "/iam/groups".to_owned()),
            ]
            below=below
        >
            <DialogLink name="edit" class="btn" testid="iam.group.edit">
                <Icon icon=icondata::LuPencil />
                {t!(i18n, common.edit)}
            </DialogLink>
            <DialogLink name="delete-group" class="btn" testid="iam.group.delete">
                <Icon icon=icondata::LuTrash2 />
                {t!(i18n, common.delete)}
            </DialogLink>
        </PageHeader>
        <Refusal error=error />
        <div class="grid">
            <div class="col-7 stack">
                <MembersCard group=name.clone() members=members />
            </div>
            <div class="col-5 stack">
                <AttachedCard path={call_path::<AskAttachToGroup>()} holder=name.clone() attached=attached />
            </div>
        </div>
        <Dialogs name=name description=description members=count />
    }
}

#[component]
fn MembersCard(group: String, members: Vec<Member>) -> impl IntoView {
    let i18n = use_i18n();
    let users = Resource::new(all_users, list_users);
    let is_empty = members.is_empty();
    let inside: Vec<_> = members.iter().map(|member| member.name.clone()).collect();
    let rows = members
        .into_iter()
        .map(|member| view! { <MemberRow group=group.clone() member=member /> })
        .collect_view();
    view! {
        <section class="card" data-testid="iam.group.members">
            <div class="card__head"><h2>{t!(i18n, iam.users)}</h2></div>
            <div class="card__body stack">
                {is_empty.then(|| view! { <p class="muted">{t!(i18n, iam.no_members)}</p> })}
                <ul class="stack stack--sm">{rows}</ul>
                <form method="post" action={call_path::<AskSetMembers>()} class="stack" data-testid="iam.group.add.form">
                    <Csrf />
                    <input type="hidden" name="name" value=group />
                    <input type="hidden" name="is_in" value="true" />
                    <div class="field">
                        <label class="field__label" for="iam-add-user">{t!(i18n, iam.add_user)}</label>
                        <input
                            class="input input--mono"
                            id="iam-add-user"
                            name="users[]"
                            list="iam-users"
                            autocomplete="off"
                            spellcheck="false"
                            maxlength="64"
                            required
                            data-testid="iam.group.add.user"
                        />
                    </div>
                    <Load
                        resource=users
                        is_part=true
                        view={move |page: Page<User>| {
                            let options = page
                                .items
                                .into_iter()
                                .filter(|user| !inside.contains(&user.name))
                                .map(|user| view! { <option value=user.name.to_string()>{user.display_name}</option> })
                                .collect_view();
                            view! { <datalist id="iam-users">{options}</datalist> }
                        }}
                    />
                    <div class="row">
                        <SubmitButton label=text!(i18n, common.add) class="btn" testid="iam.group.add.submit" />
                    </div>
                </form>
            </div>
        </section>
    }
}

#[component]
fn MemberRow(group: String, member: Member) -> impl IntoView {
    let i18n = use_i18n();
    let name = member.name.to_string();
    let fields = vec![("name", group), ("users[]", name.clone()), ("is_in", "false".to_owned())];
    view! {
        <li class="row" data-testid=format!("iam.group.member.{name}")>
            <a href=named("users", &name)>{name.clone()}</a>
            <span class="small muted">{member.display_name}</span>
            {(!member.is_active)
                .then(|| {
                    view! { <StateBadge is_active=false testid=format!("iam.group.member.{name}.state") /> }
                })}
            <span class="push">
                <PostButton
                    path={call_path::<AskSetMembers>()}
                    fields=fields
                    label=text!(i18n, common.remove)
                    what=name.clone()
                    testid=format!("iam.group.member.{name}.remove")
                />
            </span>
        </li>
    }
}

#[component]
fn Dialogs(name: String, description: String, members: usize) -> impl IntoView {
    let i18n = use_i18n();
    let titled = name.clone();
    let title =
        derive(move || t_string!(i18n, iam.delete_group_title, name = titled.as_str()).to_string());
    let name = StoredValue::new(name);
    let description = StoredValue::new(description);
    view! {
        <Dialog name="edit" title=text!(i18n, iam.edit_group) class="dialog dialog--sm">
            <EditForm name=name.get_value() description=description.get_value() />
        </Dialog>
        <Dialog name="delete-group" title=title class="dialog dialog--sm">
            <DeleteForm name=name.get_value() members=members />
        </Dialog>
    }
}

#[component]
fn EditForm(name: String, description: String) -> impl IntoView {
    let i18n = use_i18n();
    let action = ServerAction::<AskUpdateGroup>::new();
    view! {
        <CallForm action=action testid="iam.group.edit.form" class="dialog__form">
            <input type="hidden" name="name" value=name.clone() />
            <div class="dialog__body form-grid">
                <TextField
                    name="new_name"
                    label=text!(i18n, common.name)
                    help=text!(i18n, iam.label_rule)
                    value=name
                    is_required=true
                    max=64
                    is_first=true
                />
                <TextField name="description" label=text!(i18n, common.description) value=description max=255 />
            </div>
            <footer class="dialog__foot">
                <CancelLink />
                <SubmitButton label=text!(i18n, common.save) testid="iam.group.edit.submit" />
            </footer>
        </CallForm>
    }
}

#[component]
fn DeleteForm(name: String, members: usize) -> impl IntoView {
    let i18n = use_i18n();
    let action = ServerAction::<AskDeleteGroup>::new();
    let words = move || t_string!(i18n, iam.delete_group_text, n = members).to_string();
    view! {
        <CallForm action=action testid="iam.group.delete.form" class="dialog__form">
            <input type="hidden" name="name" value=name.clone() />
            <div class="dialog__body"><p>{words}</p></div>
            <ConfirmByName expected=name action=text!(i18n, common.delete) />
        </CallForm>
    }
}
