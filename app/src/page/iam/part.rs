//! What the pages of users, groups and policies share: the head, buttons that are forms, lists to choose from, and the
//! policies of a user or group.

use leptos::prelude::*;
use leptos::server_fn::ServerFn;
use roadstead::UserName;
use roadstead::manage::policy::PolicyEntry;
use roadstead::manage::user::{Attachment, NewPassword};

use crate::call::policy::list_policies;
use crate::call::user::new_password;
use crate::client::ConsoleClient;
use crate::component::badge::{Badge, Tone};
use crate::component::copy::CopyButton;
use crate::component::dialog::{Dialog, use_close_link, use_dialog_item};
use crate::component::error_panel::ErrorBanner;
use crate::component::field::SelectField;
use crate::component::form::{Csrf, SubmitButton};
use crate::component::load::Load;
use crate::component::page_header::{PageHeader, PageTitle, Tab, Tabs};
use crate::error::ConsoleError;
use crate::i18n::{I18n, t, t_string, use_i18n};
use crate::notice::Done;
use crate::viewer::use_viewer;
use crate::{link, text};

/// Whether the account's users, and whether the instance's accounts are the viewer's to look after.
pub fn rights() -> (bool, bool) {
    use_viewer().with_value(|viewer| {
        let profile = viewer.profile.as_ref();
        (
            profile.is_some_and(|profile| profile.may_manage_users),
            profile.is_some_and(|profile| profile.may_manage_accounts),
        )
    })
}

/// The head of a section: title, tabs, its actions.
#[component]
pub fn Head(
    /// The word of the section in the address.
    section: &'static str,
    /// The actions.
    #[prop(optional)]
    children: Option<Children>,
) -> impl IntoView {
    let i18n = use_i18n();
    let (users, accounts) = rights();
    let label = match section {
        "users" => text!(i18n, iam.users),
        "groups" => text!(i18n, iam.groups),
        "policies" => text!(i18n, iam.policies),
        "simulate" => text!(i18n, iam.simulate),
        _ => text!(i18n, iam.accounts),
    };
    let tab = |name: &'static str, label, testid| Tab {
        label,
        count: None,
        href: format!("/iam/{name}"),
        is_current: section == name,
        testid,
    };
    let mut tabs = Vec::new();
    if users {
        tabs.push(tab("users", text!(i18n, iam.users), "iam.tab.users"));
        tabs.push(tab("groups", text!(i18n, iam.groups), "iam.tab.groups"));
        tabs.push(tab("policies", text!(i18n, iam.policies), "iam.tab.policies"));
        tabs.push(tab("simulate", text!(i18n, iam.simulate), "iam.tab.simulate"));
    }
    if accounts {
        tabs.push(tab("accounts", text!(i18n, iam.accounts), "iam.tab.accounts"));
    }
    let below = ViewFn::from(move || {
        view! { <Tabs label=text!(i18n, iam.title) tabs=tabs.clone() /> }
    });
    view! {
        <PageTitle page=text!(i18n, iam.title) object=label />
        <PageHeader title=text!(i18n, iam.title) below=below has_tabs=true>
            {children.map(|children| children())}
        </PageHeader>
    }
}

/// Why the form of `S` was refused on this page, if it was. For forms without a place of their own for it.
pub fn refused<S>() -> Option<ConsoleError>
where
    S: ServerFn<Client = ConsoleClient, Output = Done, Error = ConsoleError>
        + Clone
        + Send
        + Sync
        + 'static,
{
    ServerAction::<S>::new().value().with_untracked(|value| match value {
        Some(Err(error)) => Some(error.clone()),
        _ => None,
    })
}

/// Says it above the page.
#[component]
pub fn Refusal(
    /// The error.
    error: Option<ConsoleError>,
) -> impl IntoView {
    error.map(|error| view! { <ErrorBanner error=error /> })
}

/// A button that is a whole form.
#[component]
pub fn PostButton(
    /// Where it is sent to.
    path: &'static str,
    /// What is sent.
    fields: Vec<(&'static str, String)>,
    /// Words.
    #[prop(into)]
    label: Signal<String>,
    /// What it is about, for those who only hear it.
    #[prop(optional, into)]
    what: String,
    /// Classes.
    #[prop(default = "btn btn--sm")]
    class: &'static str,
    /// Test hook.
    #[prop(into)]
    testid: String,
) -> impl IntoView {
    let fields = fields
        .into_iter()
        .map(|(name, value)| view! { <input type="hidden" name=name value=value /> })
        .collect_view();
    let what = (!what.is_empty()).then(|| view! { <span class="sr-only">" " {what}</span> });
    view! {
        <form method="post" action=path>
            <Csrf />
            {fields}
            <button type="submit" class=class data-testid=testid>
                {move || label.get()}
                {what}
            </button>
        </form>
    }
}

/// Several of a list, as checkboxes: `(value, is chosen)`.
#[component]
pub fn Choices(
    /// Name in the form, with `[]`.
    name: &'static str,
    /// Legend.
    #[prop(into)]
    label: Signal<String>,
    /// Values, and whether they are chosen.
    options: Vec<(String, bool)>,
    /// What stands there when there are none.
    #[prop(into)]
    none: Signal<String>,
    /// Test hooks are `{testid}.{value}`.
    testid: &'static str,
) -> impl IntoView {
    let is_empty = options.is_empty();
    let items = options
        .into_iter()
        .map(|(value, is_checked)| {
            let testid = format!("{testid}.{value}");
            view! {
                <label class="choice">
                    <input type="checkbox" class="check" name=name value=value.clone() checked=is_checked data-testid=testid />
                    <span>{value}</span>
                </label>
            }
        })
        .collect_view();
    view! {
        <fieldset class="field">
            <legend class="field__label">{move || label.get()}</legend>
            <div class="stack stack--sm">{items}</div>
            {is_empty.then(|| view! { <p class="field__help">{move || none.get()}</p> })}
        </fieldset>
    }
}

/// Enabled or disabled.
#[component]
pub fn StateBadge(
    /// Enabled.
    is_active: bool,
    /// Test hook.
    #[prop(into)]
    testid: String,
) -> impl IntoView {
    let i18n = use_i18n();
    if is_active {
        view! { <Badge tone=Tone::Ok icon=icondata::LuCircleCheck label=text!(i18n, iam.enabled) testid=testid /> }
    } else {
        view! { <Badge tone=Tone::Neutral icon=icondata::LuBan label=text!(i18n, iam.disabled) testid=testid /> }
    }
}

/// Links to things of a section, by name.
#[component]
pub fn Names(
    /// The section.
    section: &'static str,
    /// The names.
    names: Vec<String>,
) -> impl IntoView {
    let last = names.len().saturating_sub(1);
    names
        .into_iter()
        .enumerate()
        .map(|(index, name)| {
            view! {
                <a href=named(section, &name)>{name.clone()}</a>
                {(index < last).then_some(", ")}
            }
        })
        .collect_view()
}

/// The page of one thing of a section.
pub fn named(section: &str, name: &str) -> String {
    format!("/iam/{section}/{}", link::encode(name))
}

/// A password that was made, at `?dialog=password&item={user}`: shown to the session that made it, for a short while.
#[component]
pub fn PasswordDialog() -> impl IntoView {
    let i18n = use_i18n();
    view! {
        <Dialog name="password" title=text!(i18n, iam.password_made) class="dialog dialog--sm">
            <PasswordBody />
        </Dialog>
    }
}

#[component]
fn PasswordBody() -> impl IntoView {
    let i18n = use_i18n();
    let name = use_dialog_item().get_untracked().and_then(|name| name.parse::<UserName>().ok());
    let close = use_close_link().get_untracked();
    let body = match name {
        Some(name) => view! { <MadePassword name=name /> }.into_any(),
        None => gone(i18n),
    };
    view! {
        <div class="dialog__body stack">{body}</div>
        <footer class="dialog__foot">
            <a class="btn btn--primary" href=close data-testid="iam.password.done">
                {t!(i18n, iam.password_saved)}
            </a>
        </footer>
    }
}

#[component]
fn MadePassword(name: UserName) -> impl IntoView {
    let asked = name.clone();
    let made = Resource::new(move || asked.clone(), new_password);
    let name = name.to_string();
    view! {
        <Load resource=made is_part=true view=move |made: NewPassword| {
            view! { <ShownPassword name=name.clone() made=made /> }
        } />
    }
}

#[component]
fn ShownPassword(name: String, made: NewPassword) -> impl IntoView {
    let i18n = use_i18n();
    let Some(password) = made.password else { return gone(i18n) };
    let secret = password.reveal().clone();
    let said = move || t_string!(i18n, iam.password_of, name = name.as_str()).to_string();
    view! {
        <p>{said}</p>
        <div class="cmd cmd--inline" data-unsaved="">
            <code data-testid="iam.password">{secret.clone()}</code>
            <CopyButton text=secret what=text!(i18n, iam.password_what) testid="iam.password.copy" />
        </div>
        <p class="small muted">{t!(i18n, iam.password_once)}</p>
    }
    .into_any()
}

fn gone(i18n: I18n) -> AnyView {
    view! { <p data-testid="iam.password.gone">{t!(i18n, iam.password_gone)}</p> }.into_any()
}

/// The policies of a user or group, and the form that attaches one.
#[component]
pub fn AttachedCard(
    /// The server function that attaches and detaches.
    path: &'static str,
    /// Whose they are.
    holder: String,
    /// The policies.
    attached: Vec<Attachment>,
) -> impl IntoView {
    let i18n = use_i18n();
    let policies = Resource::new(|| (), |()| list_policies());
    let is_empty = attached.is_empty();
    let rows = attached
        .into_iter()
        .map(|one| view! { <AttachedRow path=path holder=holder.clone() attachment=one /> })
        .collect_view();
    view! {
        <section class="card" data-testid="iam.policies">
            <div class="card__head"><h2>{t!(i18n, iam.policies)}</h2></div>
            <div class="card__body stack">
                {is_empty.then(|| view! { <p class="muted">{t!(i18n, iam.no_policies)}</p> })}
                <ul class="stack stack--sm">{rows}</ul>
                <Load
                    resource=policies
                    is_part=true
                    view={move |policies: Vec<PolicyEntry>| {
                        view! { <AttachForm path=path holder=holder.clone() policies=policies /> }
                    }}
                />
            </div>
        </section>
    }
}

#[component]
fn AttachedRow(path: &'static str, holder: String, attachment: Attachment) -> impl IntoView {
    let i18n = use_i18n();
    let Attachment { policy, region } = attachment;
    let region = region.map(|region| region.to_string());
    let scope = region.clone();
    let words = move || match &scope {
        Some(region) => t_string!(i18n, iam.scope_region, region = region.as_str()).to_string(),
        None => t_string!(i18n, iam.scope_all).to_owned(),
    };
    let fields = vec![
        ("name", holder),
        ("policy", policy.clone()),
        ("region", region.unwrap_or_default()),
        ("is_attached", "false".to_owned()),
    ];
    view! {
        <li class="row" data-testid=format!("iam.policy.{policy}")>
            <a href=named("policies", &policy)>{policy.clone()}</a>
            <span class="small muted">{words}</span>
            <span class="push">
                <PostButton
                    path=path
                    fields=fields
                    label=text!(i18n, iam.detach)
                    what=policy.clone()
                    testid=format!("iam.policy.{policy}.detach")
                />
            </span>
        </li>
    }
}

#[component]
fn AttachForm(path: &'static str, holder: String, policies: Vec<PolicyEntry>) -> impl IntoView {
    let i18n = use_i18n();
    let region = use_viewer().with_value(|viewer| viewer.site.region.clone());
    let here = region.clone();
    let here =
        derive(move || t_string!(i18n, iam.scope_region, region = here.as_str()).to_string());
    let options = policies
        .into_iter()
        .map(|policy| (policy.name.clone(), Signal::stored(policy.name)))
        .collect::<Vec<_>>();
    view! {
        <form method="post" action=path data-testid="iam.attach.form">
            <Csrf />
            <input type="hidden" name="name" value=holder />
            <input type="hidden" name="is_attached" value="true" />
            <div class="form-grid form-grid--2">
                <SelectField name="policy" label=text!(i18n, iam.policy) options=options value="" testid="iam.attach.policy" />
                <SelectField
                    name="region"
                    label=text!(i18n, iam.scope)
                    options=vec![(String::new(), text!(i18n, iam.scope_all)), (region, here)]
                    value=""
                    testid="iam.attach.scope"
                />
            </div>
            <SubmitButton label=text!(i18n, iam.attach) class="btn" testid="iam.attach.submit" />
        </form>
    }
}
