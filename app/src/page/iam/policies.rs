//! `/iam/policies`: the built-in ones and the account's own, and the dialog that writes a new one.

use leptos::prelude::*;
use roadstead::access::SystemPolicy;
use roadstead::manage::policy::PolicyEntry;

use crate::call::policy::{AskCreatePolicy, list_policies};
use crate::component::badge::{Badge, Tone};
use crate::component::dialog::{
    CancelLink, Dialog, DialogLink, use_dialog_item, use_item_dialog_link, use_query_pairs,
};
use crate::component::field::TextField;
use crate::component::filter::{FilterBar, FilterSelect, SearchField};
use crate::component::form::{CallForm, SubmitButton};
use crate::component::icon::Icon;
use crate::component::load::Load;
use crate::component::noscroll;
use crate::component::size::Count;
use crate::component::table::{HeadCell, ListTable, NoMatch, SkeletonTable};
use crate::component::time::Time;
use crate::i18n::{I18n, t, t_string, use_i18n};
use crate::page::images::query::value;
use crate::text;
use crate::viewer::use_viewer;

use super::part::{Head, named};
use super::policy::DocumentField;

/// Documents to begin with: word of the address, actions.
const TEMPLATES: [(&str, &[&str]); 5] = [
    ("pull", &["swr:repo:download", "swr:repo:getRepo", "swr:repo:listRepos"]),
    ("push", &["swr:repo:download", "swr:repo:upload", "swr:repo:createRepo", "swr:repo:getRepo"]),
    ("manage", &["swr:repo:*", "swr:namespace:getNamespace"]),
    (
        "trigger",
        &[
            "swr:repo:createTrigger",
            "swr:repo:updateTrigger",
            "swr:repo:deleteTrigger",
            "swr:repo:getTrigger",
            "swr:repo:listTriggers",
        ],
    ),
    ("scan", &["swr:repo:scan", "swr:repo:getScanReport"]),
];

/// The document of a template; of an unknown word that of the first.
fn template(word: &str) -> String {
    let actions = TEMPLATES.iter().find(|(name, _)| *name == word).or(TEMPLATES.first());
    let actions = actions.map(|(_, actions)| *actions).unwrap_or_default();
    let actions = actions
        .iter()
        .map(|action| format!("        \"{action}\""))
        .collect::<Vec<_>>()
        .join(",\n");
    format!(
        "{{\n  \"Version\": \"1.1\",\n  \"Statement\": [\n    {{\n      \"Effect\": \"Allow\",\n      \
         \"Action\": [\n{actions}\n      ],\n      \"Resource\": [\n        \
         \"swr:*:*:repo:organization/*\",\n        \"swr:*:*:namespace:organization\"\n      ]\n    }}\n  ]\n}}\n"
    )
}

/// What a built-in policy is for.
pub fn system_words(i18n: I18n, name: &str) -> &'static str {
    match SystemPolicy::by_name(name) {
        Some(SystemPolicy::FullAccess) => t_string!(i18n, iam.system_full),
        Some(SystemPolicy::OperateAccess) => t_string!(i18n, iam.system_operate),
        Some(SystemPolicy::ReadOnlyAccess) => t_string!(i18n, iam.system_read),
        Some(SystemPolicy::Admin) => t_string!(i18n, iam.system_admin),
        Some(SystemPolicy::TenantAdministrator) => t_string!(i18n, iam.system_tenant),
        Some(SystemPolicy::SecurityAdministrator) => t_string!(i18n, iam.system_security),
        Some(SystemPolicy::ServiceStageDeveloper) => t_string!(i18n, iam.system_developer),
        None => "",
    }
}

/// Whether the policy is among what the address asks for.
fn is_asked(policy: &PolicyEntry, pairs: &[(String, String)]) -> bool {
    let text = value(pairs, "q").unwrap_or_default().trim().to_lowercase();
    let is_of_type = match value(pairs, "type") {
        Some("system") => policy.is_system,
        Some("custom") => !policy.is_system,
        _ => true,
    };
    is_of_type && policy.name.to_lowercase().contains(&text)
}

/// `/iam/policies`.
#[component]
pub fn PoliciesPage() -> impl IntoView {
    let i18n = use_i18n();
    let pairs = use_query_pairs();
    let policies = Resource::new(|| (), |()| list_policies());
    let shown = move |policies: Vec<PolicyEntry>| {
        let shown: Vec<_> = pairs.with_untracked(|pairs| {
            policies.into_iter().filter(|policy| is_asked(policy, pairs)).collect()
        });
        if shown.is_empty() {
            view! { <div class="table-card"><NoMatch clears=&["q", "type"] /></div> }.into_any()
        } else {
            view! { <Table policies=shown /> }.into_any()
        }
    };
    let filters = move || {
        let types = vec![
            ("system".to_owned(), text!(i18n, iam.system_policy)),
            ("custom".to_owned(), text!(i18n, iam.custom_policy)),
        ];
        view! { <FilterSelect name="type" label=text!(i18n, iam.type_) options=types /> }
    };
    view! {
        <Head section="policies">
            <DialogLink name="create" class="btn btn--primary" testid="iam.policies.create">
                <Icon icon=icondata::LuPlus />
                {t!(i18n, iam.create_policy)}
            </DialogLink>
        </Head>
        <FilterBar filters=ViewFn::from(filters) counted=&["type"]>
            <SearchField placeholder=text!(i18n, iam.search_policies) testid="iam.policies.search" />
        </FilterBar>
        <Load
            resource=policies
            fallback=ViewFn::from(|| view! { <SkeletonTable rows=7 columns=4 /> })
            view=shown
        />
        <p class="small muted">{t!(i18n, iam.dependent_note)}</p>
        <Dialog name="create" title=text!(i18n, iam.create_policy) class="dialog dialog--lg">
            <CreateForm />
        </Dialog>
    }
}

#[component]
fn Table(policies: Vec<PolicyEntry>) -> impl IntoView {
    let i18n = use_i18n();
    let rows = policies.into_iter().map(|policy| view! { <Row policy=policy /> }).collect_view();
    let head = view! {
        <HeadCell label=text!(i18n, iam.policy) class="t-name" />
        <HeadCell label=text!(i18n, iam.type_) class="t-min" />
        <HeadCell label=text!(i18n, iam.used) class="t-num t-min" />
        <HeadCell label=text!(i18n, common.updated) class="t-min p-3" />
    };
    view! {
        <ListTable label=text!(i18n, iam.policies) head=head.into_any() testid="iam.policies.table">
            {rows}
        </ListTable>
    }
}

/// Built-in, or the account's own.
#[component]
pub fn TypeBadge(
    /// Built-in.
    is_system: bool,
    /// Cannot be read.
    #[prop(default = false)]
    is_damaged: bool,
) -> impl IntoView {
    let i18n = use_i18n();
    if is_damaged {
        view! { <Badge tone=Tone::Danger icon=icondata::LuTriangleAlert label=text!(i18n, iam.damaged_policy) testid="iam.policy.type" /> }
    } else if is_system {
        view! { <Badge tone=Tone::Outline icon=icondata::LuLock label=text!(i18n, iam.system_policy) testid="iam.policy.type" /> }
    } else {
        view! { <Badge tone=Tone::Neutral icon=icondata::LuPencil label=text!(i18n, iam.custom_policy) testid="iam.policy.type" /> }
    }
}

#[component]
fn Row(policy: PolicyEntry) -> impl IntoView {
    let i18n = use_i18n();
    let name = policy.name.clone();
    let said = policy.description;
    let description = {
        let name = name.clone();
        move || if said.is_empty() { system_words(i18n, &name).to_owned() } else { said.clone() }
    };
    view! {
        <tr role="row" data-testid=format!("iam.policies.row.{name}")>
            <td role="cell" class="m-name">
                <div class="cell-name">
                    <span class="cell-name__line">
                        <a class="cell-name__link" href=named("policies", &name)>{name.clone()}</a>
                    </span>
                    <span class="small muted">{description}</span>
                </div>
            </td>
            <td role="cell" class="t-min"><TypeBadge is_system=policy.is_system is_damaged=policy.is_damaged /></td>
            <td role="cell" class="t-num t-min"><Count value=policy.uses /></td>
            <td role="cell" class="t-min p-3 small">{policy.updated_at.map(|at| view! { <Time at=at /> })}</td>
        </tr>
    }
}

#[component]
fn CreateForm() -> impl IntoView {
    let i18n = use_i18n();
    let viewer = use_viewer();
    let kept = move |name: &str| viewer.with_value(|viewer| viewer.kept(name));
    let action = ServerAction::<AskCreatePolicy>::new();
    let chosen = use_dialog_item().get_untracked().unwrap_or_else(|| "pull".to_owned());
    let document = Some(kept("document")).filter(|text| !text.is_empty());
    let document = document.unwrap_or_else(|| template(&chosen));
    let links = TEMPLATES
        .map(|(word, _)| {
            let label = match word {
                "pull" => text!(i18n, iam.template_pull),
                "push" => text!(i18n, iam.template_push),
                "manage" => text!(i18n, iam.template_manage),
                "trigger" => text!(i18n, iam.template_trigger),
                _ => text!(i18n, iam.template_scan),
            };
            let href = use_item_dialog_link("create", word.to_owned()).get_untracked();
            view! {
                <a
                    href={href}
                    {..noscroll()}
                    aria-current=(word == chosen).then_some("true")
                    data-testid=format!("iam.policies.template.{word}")
                >
                    {move || label.get()}
                </a>
            }
        })
        .into_iter()
        .collect_view();
    view! {
        <CallForm action=action testid="iam.policies.create.form" class="dialog__form">
            <div class="dialog__body form-grid">
                <div class="field">
                    <span class="field__label">{t!(i18n, iam.template)}</span>
                    <nav class="segmented segmented--wrap" aria-label=move || t_string!(i18n, iam.template)>
                        {links}
                    </nav>
                </div>
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
                <DocumentField value=document action=action />
            </div>
            <footer class="dialog__foot">
                <CancelLink />
                <SubmitButton label=text!(i18n, common.create) testid="iam.policies.create.submit" />
            </footer>
        </CallForm>
    }
}

#[cfg(test)]
mod tests {
    use roadstead::access::Policy;

    use super::*;

    #[test]
    fn every_template_is_a_policy() {
        for (word, actions) in TEMPLATES {
            let policy = Policy::read(&template(word)).map_err(|problems| format!("{problems:?}"));
            let read =
                policy.map(|policy| policy.statements.iter().map(|it| it.actions.len()).sum());
            assert_eq!(read, Ok(actions.len()), "{word}");
        }
    }
}
