//! Temporary logins that still work. Their secrets were shown when they were made.

use leptos::prelude::*;
use roadstead::access::AccessKeyId;
use roadstead::manage::credential::IssuedLogin;

use super::access_keys::{Missing, Whose, WhoseFields};
use super::{Copied, LastUsed, PAGE};
use crate::call::credential::{RevokeTemporaryLogin, temporary_logins};
use crate::component::dialog::{CancelLink, Dialog, DialogLink, use_dialog_item};
use crate::component::form::{CallForm, SubmitButton};
use crate::component::icon::Icon;
use crate::component::load::Load;
use crate::component::table::SkeletonTable;
use crate::component::time::Time;
use crate::i18n::{t, t_string, use_i18n};
use crate::text;

/// The card, with its dialog.
#[component]
pub fn TemporarySection() -> impl IntoView {
    let i18n = use_i18n();
    let logins = Resource::new(|| (), |()| temporary_logins(String::new()));
    let shown = |logins: Vec<IssuedLogin>| view! { <Logins logins=logins /> };
    view! {
        <section class="card" data-testid="credentials.temporary">
            <div class="card__head">
                <h2>{t!(i18n, credentials.temporary)}</h2>
                <span class="push"></span>
                <a class="btn btn--sm" href="/overview?dialog=login" data-testid="credentials.temporary.create">
                    <Icon icon=icondata::LuTerminal />
                    {t!(i18n, credentials.temporary_new)}
                </a>
            </div>
            <Load
                resource=logins
                is_part=true
                fallback=|| view! { <SkeletonTable rows=2 columns=4 /> }
                view=shown
            />
        </section>
        <Dialog name="revoke-login" title=text!(i18n, credentials.revoke_login_title) class="dialog dialog--sm">
            <RevokeForm />
        </Dialog>
    }
}

#[component]
fn Logins(logins: Vec<IssuedLogin>) -> impl IntoView {
    let i18n = use_i18n();
    if logins.is_empty() {
        return view! {
            <div class="card__body">
                <p class="muted" data-testid="credentials.temporary.empty">{t!(i18n, credentials.no_temporary)}</p>
            </div>
        }
        .into_any();
    }
    let rows = logins.into_iter().map(|login| view! { <Row login=login /> }).collect_view();
    view! {
        <table
            class="table table--plain table--cards"
            role="table"
            aria-label=move || t_string!(i18n, credentials.temporary)
        >
            <thead role="rowgroup">
                <tr role="row">
                    <th scope="col" role="columnheader">{t!(i18n, credentials.ak)}</th>
                    <th scope="col" role="columnheader">{t!(i18n, common.created)}</th>
                    <th scope="col" role="columnheader">{t!(i18n, components.valid_until)}</th>
                    <th scope="col" role="columnheader">{t!(i18n, credentials.last_used)}</th>
                    <th scope="col" role="columnheader" class="t-ops">{t!(i18n, common.operation)}</th>
                </tr>
            </thead>
            <tbody role="rowgroup">{rows}</tbody>
        </table>
    }
    .into_any()
}

#[component]
fn Row(login: IssuedLogin) -> impl IntoView {
    let i18n = use_i18n();
    let id = login.id.to_string();
    view! {
        <tr role="row" data-testid=format!("credentials.temporary.{id}")>
            <td role="cell" class="m-name">
                <Copied text=id.clone() what=text!(i18n, credentials.ak) testid="credentials.temporary.ak" />
            </td>
            <td role="cell" class="small"><Time at=login.created_at /></td>
            <td role="cell" class="small"><Time at=login.expires_at is_absolute=true /></td>
            <td role="cell" class="small"><LastUsed used=login.last_used.clone() /></td>
            <td role="cell" class="t-ops m-ops">
                <DialogLink
                    name="revoke-login"
                    item=id.clone()
                    class="btn btn--sm"
                    testid=format!("credentials.temporary.{id}.revoke")
                >
                    {t!(i18n, credentials.revoke_login)}
                </DialogLink>
            </td>
            <td role="cell" class="m-facts">
                <span class="fact-list">
                    <Time at=login.expires_at is_absolute=true />
                    <LastUsed used=login.last_used />
                </span>
            </td>
        </tr>
    }
}

#[component]
fn RevokeForm() -> impl IntoView {
    let i18n = use_i18n();
    let action = ServerAction::<RevokeTemporaryLogin>::new();
    let item = use_dialog_item().get_untracked().and_then(|id| id.parse::<AccessKeyId>().ok());
    let Some(id) = item else {
        return view! { <Missing /> }.into_any();
    };
    let whose = Whose { user: String::new(), page: PAGE.to_owned() };
    view! {
        <CallForm action=action testid="credentials.revoke.form" class="dialog__form">
            <WhoseFields whose=whose />
            <input type="hidden" name="id" value=id.to_string() />
            <div class="dialog__body stack stack--sm">
                <p class="mono">{id.to_string()}</p>
                <p>{t!(i18n, credentials.revoke_login_text)}</p>
            </div>
            <footer class="dialog__foot">
                <CancelLink />
                <SubmitButton
                    label=text!(i18n, credentials.revoke_login)
                    is_pending=action.pending()
                    class="btn btn--danger"
                    testid="credentials.revoke.submit"
                />
            </footer>
        </CallForm>
    }
    .into_any()
}
