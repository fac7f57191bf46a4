//! `/iam/users/{name}`: who it is, what it is in and has, what it reaches, and what can be done about it.

use leptos::prelude::*;
use roadstead::UserName;
use roadstead::manage::group::Group;
use roadstead::manage::user::{User, UserDetail};
use roadstead::page::Page;

use crate::call::group::list_groups;
use crate::call::user::{
    AskAttachToUser, AskDeleteUser, AskResetPassword, AskSetUserActive, AskSetUserGroups,
    AskUpdateUser, get_user,
};
use crate::component::confirm::ConfirmByName;
use crate::component::dialog::{CancelLink, Dialog, DialogLink};
use crate::component::fact::Fact;
use crate::component::field::{CheckField, PasswordField, TextField};
use crate::component::form::{CallForm, Csrf, SubmitButton, call_path};
use crate::component::icon::Icon;
use crate::component::load::Load;
use crate::component::page_header::{PageHeader, PageTitle};
use crate::component::table::SkeletonTable;
use crate::component::time::Time;
use crate::i18n::{t, t_string, use_i18n};
use crate::page::credentials::access_keys::{AccessKeySection, Whose};
use crate::text;

use super::activity::ActivityCard;
use super::part::{
    AttachedCard, Choices, PasswordDialog, PostButton, Refusal, StateBadge, named, refused,
};
use super::user_rights::ReachCard;
use super::users::{AccessBadges, AccessFields, all_groups};

/// `/iam/users/{name}`.
#[component]
pub fn UserPage(
    /// Its name.
    name: UserName,
) -> impl IntoView {
    let i18n = use_i18n();
    let object = name.to_string();
    let user = Resource::new(move || name.clone(), get_user);
    view! {
        <PageTitle page=text!(i18n, iam.users) object=object />
        <Load
            resource=user
            fallback=ViewFn::from(|| view! { <SkeletonTable rows=6 columns=3 /> })
            view=|detail: UserDetail| view! { <Body detail=detail /> }
        />
    }
}

#[component]
fn Body(detail: UserDetail) -> impl IntoView {
    let i18n = use_i18n();
    let UserDetail { user, attached } = detail;
    let name = user.name.to_string();
    let (is_owner, is_active) = (user.is_owner, user.is_active);
    let error = refused::<AskSetUserActive>()
        .or_else(refused::<AskSetUserGroups>)
        .or_else(refused::<AskAttachToUser>);
    let whose = Whose { user: name.clone(), page: named("users", &name) };
    let shown = user.clone();
    let below = ViewFn::from(move || view! { <Facts user=shown.clone() /> });
    let marks =
        ViewFn::from(move || view! { <StateBadge is_active=is_active testid="iam.user.state" /> });
    let others =
        (!is_owner).then(|| view! { <OthersOnly name=name.clone() is_active=is_active /> });
    view! {
        <PageHeader
            title=Signal::stored(name.clone())
            breadcrumb=vec![
                (text!(i18n, iam.title), "/iam/users".to_owned()),
                (text!(i18n, iam.users), "/iam/users".to_owned()),
            ]
            marks=marks
            below=below
        >
            <DialogLink name="edit" class="btn" testid="iam.user.edit">
                <Icon icon=icondata::LuPencil />
                {t!(i18n, common.edit)}
            </DialogLink>
            {others}
        </PageHeader>
        <Refusal error=error />
        <div class="grid">
            <div class="col-5 stack">
                <GroupsCard user=user.clone() />
                <AttachedCard path={call_path::<AskAttachToUser>()} holder=name.clone() attached=attached />
            </div>
            <div class="col-7 stack">
                <ReachCard user=user.name.clone() />
                <ActivityCard user=user.name.clone() is_owner=is_owner />
            </div>
            <div class="col-12">
                <AccessKeySection whose=whose />
            </div>
        </div>
        <Dialogs user=user />
        <PasswordDialog />
    }
}

/// What is done to others, and never to the owner.
#[component]
fn OthersOnly(name: String, is_active: bool) -> impl IntoView {
    let i18n = use_i18n();
    let label = if is_active { text!(i18n, common.disable) } else { text!(i18n, common.enable) };
    view! {
        <DialogLink name="reset" class="btn" testid="iam.user.reset">
            <Icon icon=icondata::LuKeyRound />
            {t!(i18n, iam.reset_password)}
        </DialogLink>
        <PostButton
            path={call_path::<AskSetUserActive>()}
            fields=vec![("name", name), ("is_active", (!is_active).to_string())]
            label=label
            class="btn"
            testid="iam.user.toggle"
        />
        <DialogLink name="delete-user" class="btn" testid="iam.user.delete">
            <Icon icon=icondata::LuTrash2 />
            {t!(i18n, common.delete)}
        </DialogLink>
    }
}

#[component]
fn Facts(user: User) -> impl IntoView {
    let i18n = use_i18n();
    let text_of = |text: &str| if text.is_empty() { "–".to_owned() } else { text.to_owned() };
    let signed_in = match user.last_signed_in_at {
        Some(at) => view! { <Time at=at /> }.into_any(),
        None => t!(i18n, common.never).into_any(),
    };
    view! {
        <dl class="facts">
            <Fact label=text!(i18n, iam.display_name)>{text_of(&user.display_name)}</Fact>
            <Fact label=text!(i18n, iam.email)>{text_of(&user.email)}</Fact>
            <Fact label=text!(i18n, common.description)>{text_of(&user.description)}</Fact>
            <Fact label=text!(i18n, iam.access) testid="iam.user.access">
                <AccessBadges access=user.access />
            </Fact>
            <Fact label=text!(i18n, iam.user_id) class="mono">{user.id.to_string()}</Fact>
            <Fact label=text!(i18n, iam.last_sign_in)>{signed_in}</Fact>
            <Fact label=text!(i18n, common.created)>
                <Time at=user.created_at is_absolute=true />
            </Fact>
        </dl>
        {user
            .must_change_password
            .then(|| view! { <p class="small muted">{t!(i18n, iam.must_change_note)}</p> })}
        {user.is_owner.then(|| view! { <p class="small muted">{t!(i18n, iam.owner_note)}</p> })}
    }
}

#[component]
fn GroupsCard(user: User) -> impl IntoView {
    let i18n = use_i18n();
    let groups = Resource::new(all_groups, list_groups);
    let (name, own) = (user.name.to_string(), user.groups);
    view! {
        <section class="card" data-testid="iam.user.groups">
            <div class="card__head"><h2>{t!(i18n, iam.groups)}</h2></div>
            <div class="card__body">
                <Load
                    resource=groups
                    is_part=true
                    view={move |page: Page<Group>| {
                        let options = page
                            .items
                            .into_iter()
                            .map(|group| (group.name.to_string(), own.contains(&group.name)))
                            .collect::<Vec<_>>();
                        let has_any = !options.is_empty();
                        view! {
                            <form method="post" action={call_path::<AskSetUserGroups>()} class="stack">
                                <Csrf />
                                <input type="hidden" name="name" value=name.clone() />
                                <Choices
                                    name="groups[]"
                                    label=text!(i18n, iam.member_of)
                                    options=options
                                    none=text!(i18n, iam.no_groups)
                                    testid="iam.user.group"
                                />
                                {has_any
                                    .then(|| {
                                        view! {
                                            <SubmitButton label=text!(i18n, common.save) class="btn" testid="iam.user.groups.save" />
                                        }
                                    })}
                            </form>
                        }
                    }}
                />
            </div>
        </section>
    }
}

#[component]
fn Dialogs(user: User) -> impl IntoView {
    let i18n = use_i18n();
    let user = StoredValue::new(user);
    let name = user.with_value(|user| user.name.to_string());
    let titled = name.clone();
    let title =
        derive(move || t_string!(i18n, iam.delete_user_title, name = titled.as_str()).to_string());
    let name = StoredValue::new(name);
    view! {
        <Dialog name="edit" title=text!(i18n, iam.edit_user)>
            <EditForm user=user.get_value() />
        </Dialog>
        <Dialog name="reset" title=text!(i18n, iam.reset_password) class="dialog dialog--sm">
            <ResetForm name=name.get_value() />
        </Dialog>
        <Dialog name="delete-user" title=title class="dialog dialog--sm">
            <DeleteForm user=user.get_value() />
        </Dialog>
    }
}

#[component]
fn EditForm(user: User) -> impl IntoView {
    let i18n = use_i18n();
    let action = ServerAction::<AskUpdateUser>::new();
    view! {
        <CallForm action=action testid="iam.user.edit.form" class="dialog__form">
            <input type="hidden" name="name" value=user.name.to_string() />
            <div class="dialog__body form-grid">
                <TextField name="display_name" label=text!(i18n, iam.display_name) value=user.display_name max=64 is_first=true />
                <TextField name="email" label=text!(i18n, iam.email) value=user.email kind="email" max=254 />
                <TextField name="description" label=text!(i18n, common.description) value=user.description max=255 />
                <AccessFields access=user.access />
            </div>
            <footer class="dialog__foot">
                <CancelLink />
                <SubmitButton label=text!(i18n, common.save) testid="iam.user.edit.submit" />
            </footer>
        </CallForm>
    }
}

#[component]
fn ResetForm(name: String) -> impl IntoView {
    let i18n = use_i18n();
    let action = ServerAction::<AskResetPassword>::new();
    view! {
        <CallForm action=action testid="iam.user.reset.form" class="dialog__form">
            <input type="hidden" name="name" value=name />
            <div class="dialog__body form-grid">
                <p>{t!(i18n, iam.reset_text)}</p>
                <PasswordField
                    name="password"
                    label=text!(i18n, iam.new_password)
                    help=text!(i18n, iam.password_help)
                    autocomplete="new-password"
                    is_optional=true
                    is_first=true
                />
                <CheckField name="must_change" label=text!(i18n, iam.must_change) is_checked=true />
            </div>
            <footer class="dialog__foot">
                <CancelLink />
                <SubmitButton label=text!(i18n, iam.reset_password) testid="iam.user.reset.submit" />
            </footer>
        </CallForm>
    }
}

#[component]
fn DeleteForm(user: User) -> impl IntoView {
    let i18n = use_i18n();
    let action = ServerAction::<AskDeleteUser>::new();
    let name = user.name.to_string();
    let keys = user.keys;
    let lost = (keys > 0).then(|| {
        let words = move || t_string!(i18n, iam.delete_user_keys, n = keys).to_string();
        view! { <p><strong>{words}</strong></p> }
    });
    view! {
        <CallForm action=action testid="iam.user.delete.form" class="dialog__form">
            <input type="hidden" name="name" value=name.clone() />
            <div class="dialog__body stack stack--sm">
                <p>{t!(i18n, iam.delete_user_text)}</p>
                {lost}
            </div>
            <ConfirmByName expected=name action=text!(i18n, common.delete) />
        </CallForm>
    }
}
