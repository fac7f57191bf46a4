//! `/iam/accounts`: the accounts of the instance, for those who look after it.

use leptos::prelude::*;
use roadstead::manage::account::{Account, AccountQuery};
use roadstead::page::Page;

use crate::call::tenant::{AskCreateAccount, AskSetAccountActive, list_accounts};
use crate::component::badge::{Badge, Tone};
use crate::component::dialog::{CancelLink, Dialog, DialogLink, use_query_pairs};
use crate::component::field::{PasswordField, TextField};
use crate::component::filter::{FilterBar, SearchField};
use crate::component::form::{CallForm, SubmitButton, call_path};
use crate::component::icon::Icon;
use crate::component::load::Load;
use crate::component::size::{Bytes, Count};
use crate::component::table::{HeadCell, ListTable, NoMatch, SkeletonTable};
use crate::component::time::Time;
use crate::i18n::{t, use_i18n};
use crate::page::images::query::{value, window};
use crate::text;
use crate::viewer::{use_live, use_viewer};

use super::part::{Head, PostButton, Refusal, StateBadge, refused};

/// `/iam/accounts`.
#[component]
pub fn AccountsPage() -> impl IntoView {
    let i18n = use_i18n();
    let live = use_live();
    let pairs = use_query_pairs();
    let asked = memo(move |_| {
        pairs.with(|pairs| AccountQuery {
            search: value(pairs, "q").map(str::to_owned),
            window: window(pairs, live.page_size.get()),
        })
    });
    let accounts = Resource::new(move || asked.get(), list_accounts);
    let shown = move |page: Page<Account>| {
        if page.total == 0 {
            view! { <div class="table-card"><NoMatch clears=&["q"] /></div> }.into_any()
        } else {
            view! { <Table page=page /> }.into_any()
        }
    };
    view! {
        <Head section="accounts">
            <DialogLink name="create" class="btn btn--primary" testid="iam.accounts.create">
                <Icon icon=icondata::LuPlus />
                {t!(i18n, iam.create_account)}
            </DialogLink>
        </Head>
        <Refusal error={refused::<AskSetAccountActive>()} />
        <FilterBar>
            <SearchField placeholder=text!(i18n, iam.search_accounts) testid="iam.accounts.search" />
        </FilterBar>
        <Load
            resource=accounts
            fallback=ViewFn::from(|| view! { <SkeletonTable rows=4 columns=6 /> })
            view=shown
        />
        <Dialog name="create" title=text!(i18n, iam.create_account) class="dialog dialog--sm">
            <CreateForm />
        </Dialog>
    }
}

#[component]
fn Table(page: Page<Account>) -> impl IntoView {
    let i18n = use_i18n();
    let pages = Some((page.total, page.window));
    let rows =
        page.items.into_iter().map(|account| view! { <Row account=account /> }).collect_view();
    let head = view! {
        <HeadCell label=text!(i18n, common.account) class="t-name" />
        <HeadCell label=text!(i18n, iam.users) class="t-num t-min" />
        <HeadCell label=text!(i18n, common.images) class="t-num t-min p-3" />
        <HeadCell label=text!(i18n, common.size) class="t-num t-min p-3" />
        <HeadCell label=text!(i18n, common.status) class="t-min" />
        <HeadCell label=text!(i18n, common.created) class="t-min p-4" />
        <HeadCell label=text!(i18n, common.operation) class="t-ops" />
    };
    view! {
        <ListTable
            label=text!(i18n, iam.accounts)
            head=head.into_any()
            pages=pages
            testid="iam.accounts.table"
        >
            {rows}
        </ListTable>
    }
}

#[component]
fn Row(account: Account) -> impl IntoView {
    let i18n = use_i18n();
    let (name, is_active) = (account.name.to_string(), account.is_active);
    let label = if is_active { text!(i18n, common.disable) } else { text!(i18n, common.enable) };
    let toggle = (!account.is_operator).then(|| {
        view! {
            <PostButton
                path={call_path::<AskSetAccountActive>()}
                fields=vec![("name", name.clone()), ("is_active", (!is_active).to_string())]
                label=label
                what=name.clone()
                testid=format!("iam.accounts.row.{name}.toggle")
            />
        }
    });
    let operator = account.is_operator.then(|| {
        view! { <Badge tone=Tone::Info icon=icondata::LuShieldCheck label=text!(i18n, iam.operator) /> }
    });
    view! {
        <tr role="row" data-testid=format!("iam.accounts.row.{name}")>
            <td role="cell" class="m-name">
                <div class="cell-name">
                    <span class="cell-name__line">{name.clone()} " " {operator}</span>
                    <span class="small muted mono">{account.id.to_string()}</span>
                </div>
            </td>
            <td role="cell" class="t-num t-min"><Count value=account.users /></td>
            <td role="cell" class="t-num t-min p-3"><Count value=account.images /></td>
            <td role="cell" class="t-num t-min p-3"><Bytes value=account.size /></td>
            <td role="cell" class="t-min">
                <StateBadge is_active=is_active testid=format!("iam.accounts.row.{name}.state") />
            </td>
            <td role="cell" class="t-min p-4 small"><Time at=account.created_at /></td>
            <td role="cell" class="t-ops m-ops"><span class="t-ops__in">{toggle}</span></td>
        </tr>
    }
}

#[component]
fn CreateForm() -> impl IntoView {
    let i18n = use_i18n();
    let name = use_viewer().with_value(|viewer| viewer.kept("name"));
    let action = ServerAction::<AskCreateAccount>::new();
    view! {
        <CallForm action=action testid="iam.accounts.create.form" class="dialog__form">
            <div class="dialog__body form-grid">
                <TextField
                    name="name"
                    label=text!(i18n, common.account)
                    help=text!(i18n, errors.account_name)
                    value=name
                    is_required=true
                    is_mono=true
                    max=32
                    is_first=true
                />
                <PasswordField
                    name="password"
                    label=text!(i18n, iam.owner_password)
                    help=text!(i18n, errors.password)
                    autocomplete="new-password"
                />
                <p class="small muted">{t!(i18n, iam.account_text)}</p>
            </div>
            <footer class="dialog__foot">
                <CancelLink />
                <SubmitButton label=text!(i18n, common.create) testid="iam.accounts.create.submit" />
            </footer>
        </CallForm>
    }
}
