//! `/iam/simulate`: who, what, with what, and the grant or statement that decides.

use leptos::prelude::*;
use roadstead::access::{Action, Refusal, Scope};
use roadstead::manage::user::{Explanation, Question, User};
use roadstead::page::Page;

use crate::call::user::{explain_permission, list_users};
use crate::component::badge::permission_word;
use crate::component::dialog::use_query_pairs;
use crate::component::icon::Icon;
use crate::component::load::Load;
use crate::i18n::{I18n, t, t_string, use_i18n};
use crate::page::images::query::value;
use crate::text;

use super::group::all_users;
use super::part::Head;
use super::user_rights::{SourceLine, reason_word};

/// The word of an action in the address.
fn word(action: Action) -> String {
    match serde_json::to_value(action) {
        Ok(serde_json::Value::String(word)) => word,
        _ => String::new(),
    }
}

/// What people ask about: what needs a name of an image or organization, and what does not.
fn actions(is_named: bool) -> impl Iterator<Item = Action> {
    Action::ALL.into_iter().filter(move |action| {
        let rule = action.rule();
        !rule.iam.is_empty() && matches!(rule.scope, Scope::Image | Scope::Organization) == is_named
    })
}

/// What the address asks; `Err` when what it names is no name.
fn question_of(pairs: &[(String, String)]) -> Option<Result<Question, ()>> {
    let user = value(pairs, "user")?.trim().parse();
    let action = value(pairs, "action")?;
    let on = value(pairs, "on").unwrap_or_default().trim();
    let action = Action::ALL.into_iter().find(|known| word(*known) == action);
    let (Ok(user), Some(action)) = (user, action) else { return Some(Err(())) };
    let (mut image, mut organization) = (None, None);
    if on.contains('/') {
        image = on.parse().ok();
    } else if !on.is_empty() {
        organization = on.parse().ok();
    }
    let is_bad = !on.is_empty() && image.is_none() && organization.is_none();
    Some(if is_bad { Err(()) } else { Ok(Question { user, action, image, organization }) })
}

/// `/iam/simulate`.
#[component]
pub fn SimulatePage() -> impl IntoView {
    let i18n = use_i18n();
    let pairs = use_query_pairs().get_untracked();
    let typed = |name: &str| value(&pairs, name).unwrap_or_default().to_owned();
    let (user, on, chosen) = (typed("user"), typed("on"), typed("action"));
    let users = Resource::new(all_users, list_users);
    let options = |is_named: bool| {
        actions(is_named)
            .map(|action| {
                let word = word(action);
                let names = action.rule().iam.join(" + ");
                let label = action_word(i18n, action)
                    .map_or_else(|| names.clone(), |words| format!("{words} ({names})"));
                view! { <option value=word.clone() selected=word == chosen>{label}</option> }
            })
            .collect_view()
    };
    let (named, others) = (options(true), options(false));
    let answer = question_of(&pairs).map(|question| match question {
        Ok(question) => view! { <Answer question=question /> }.into_any(),
        Err(()) => view! {
            <div class="banner banner--danger" role="alert" data-testid="iam.simulate.invalid">
                <Icon icon=icondata::LuCircleAlert />
                <div class="banner__body">{t!(i18n, iam.simulate_invalid)}</div>
            </div>
        }
        .into_any(),
    });
    view! {
        <Head section="simulate" />
        <section class="card">
            <div class="card__body card__body--form stack">
                <p class="muted">{t!(i18n, iam.simulate_text)}</p>
                <form method="get" action="/iam/simulate" class="form-grid" data-testid="iam.simulate.form">
                    <Line name="user" label=text!(i18n, iam.user) value=user list="iam-users" />
                    <div class="field">
                        <label class="field__label" for="field-action">{t!(i18n, iam.action)}</label>
                        <select class="select" id="field-action" name="action" data-testid="iam.simulate.action">
                            <optgroup label=move || t_string!(i18n, iam.action_named)>{named}</optgroup>
                            <optgroup label=move || t_string!(i18n, iam.action_account)>{others}</optgroup>
                        </select>
                    </div>
                    <Line name="on" label=text!(i18n, iam.on) value=on list="" />
                    <p class="field__help">{t!(i18n, iam.on_help)}</p>
                    <div class="row">
                        <button type="submit" class="btn btn--primary" data-testid="iam.simulate.submit">
                            {t!(i18n, iam.simulate)}
                        </button>
                    </div>
                </form>
                <Load
                    resource=users
                    is_part=true
                    view={|page: Page<User>| {
                        let options = page
                            .items
                            .into_iter()
                            .map(|user| view! { <option value=user.name.to_string()>{user.display_name}</option> })
                            .collect_view();
                        view! { <datalist id="iam-users">{options}</datalist> }
                    }}
                />
                {answer}
            </div>
        </section>
    }
}

#[component]
fn Line(
    name: &'static str,
    label: Signal<String>,
    value: String,
    list: &'static str,
) -> impl IntoView {
    let id = format!("field-{name}");
    view! {
        <div class="field">
            <label class="field__label" for=id.clone()>{move || label.get()}</label>
            <input
                class="input input--mono"
                id=id
                name=name
                value=value
                list=(!list.is_empty()).then_some(list)
                autocomplete="off"
                spellcheck="false"
                maxlength="200"
                data-testid=format!("iam.simulate.{name}")
            />
        </div>
    }
}

#[component]
fn Answer(question: Question) -> impl IntoView {
    let answer = Resource::new(move || question.clone(), explain_permission);
    view! {
        <Load resource=answer is_part=true view=|answer: Explanation| view! { <Verdict answer=answer /> } />
    }
}

#[component]
fn Verdict(answer: Explanation) -> impl IntoView {
    let i18n = use_i18n();
    let Explanation { allowed, refused, source, image_grant, organization_grant } = answer;
    let is_allowed = allowed.is_some();
    let (class, icon) = if is_allowed {
        ("banner banner--ok", icondata::LuCircleCheck)
    } else {
        ("banner banner--danger", icondata::LuBan)
    };
    let verdict = move || {
        if is_allowed { t_string!(i18n, iam.allowed) } else { t_string!(i18n, iam.denied) }
    };
    let why = move || match (allowed, refused) {
        (Some(reason), _) => reason_word(i18n, reason),
        (None, Some(refusal)) => refusal_word(i18n, refusal),
        (None, None) => "",
    };
    let grant = |label: Signal<String>, grant: Option<roadstead::access::Permission>| {
        grant.map(|permission| {
            view! { <p class="small">{move || label.get()} ": " {move || permission_word(i18n, permission)}</p> }
        })
    };
    view! {
        <div class=class role="status" data-testid="iam.simulate.answer" data-state=if is_allowed { "allowed" } else { "denied" }>
            <Icon icon=icon />
            <div class="banner__body">
                <p><strong>{verdict}</strong> " · " {why}</p>
                {source.map(|source| view! { <p data-testid="iam.simulate.source"><SourceLine source=source /></p> })}
                {grant(text!(i18n, iam.image_grant), image_grant)}
                {grant(text!(i18n, iam.organization_grant), organization_grant)}
            </div>
        </div>
    }
}

fn refusal_word(i18n: I18n, refusal: Refusal) -> &'static str {
    match refusal {
        Refusal::AuthenticationRequired => t_string!(i18n, iam.refusal_authentication_required),
        Refusal::CredentialExpired => t_string!(i18n, iam.refusal_credential_expired),
        Refusal::ExplicitDeny => t_string!(i18n, iam.refusal_explicit_deny),
        Refusal::PolicyDamaged => t_string!(i18n, iam.refusal_policy_damaged),
        Refusal::NoGrant => t_string!(i18n, iam.refusal_no_grant),
        Refusal::Disabled => t_string!(i18n, iam.refusal_disabled),
        Refusal::TokenScope => t_string!(i18n, iam.refusal_token_scope),
    }
}

/// Words for what is asked about most; the others go by their IAM names.
fn action_word(i18n: I18n, action: Action) -> Option<&'static str> {
    Some(match action {
        Action::PullImage => t_string!(i18n, iam.action_pull),
        Action::PushImage => t_string!(i18n, iam.action_push),
        Action::CreateImage => t_string!(i18n, iam.action_create_image),
        Action::ReadImage => t_string!(i18n, iam.action_read_image),
        Action::UpdateImage => t_string!(i18n, iam.action_update_image),
        Action::DeleteTag => t_string!(i18n, iam.action_delete_tag),
        Action::DeleteImage => t_string!(i18n, iam.action_delete_image),
        Action::ReadOrganization => t_string!(i18n, iam.action_read_organization),
        Action::DeleteOrganization => t_string!(i18n, iam.action_delete_organization),
        Action::CreateOrganization => t_string!(i18n, iam.action_create_organization),
        Action::CreateOrganizationGrant => t_string!(i18n, iam.action_grant_organization),
        Action::CreateImageGrant => t_string!(i18n, iam.action_grant_image),
        Action::CreateShare => t_string!(i18n, iam.action_share),
        Action::CreateLoginSecret => t_string!(i18n, iam.action_login),
        Action::CreateUser => t_string!(i18n, iam.action_create_user),
        Action::ListAuditTraces => t_string!(i18n, iam.action_audit),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(items: &[(&str, &str)]) -> Option<Result<Question, ()>> {
        let pairs: Vec<_> =
            items.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        question_of(&pairs)
    }

    #[test]
    fn the_address_is_the_question() {
        assert_eq!(asked(&[("user", "ann")]), None);
        assert_eq!(asked(&[("user", "ann"), ("action", "fly")]), Some(Err(())));
        assert_eq!(
            asked(&[("user", "ann"), ("action", "pull_image"), ("on", "Not/A Name")]),
            Some(Err(()))
        );
        let on = |on| match asked(&[("user", "ann"), ("action", "pull_image"), ("on", on)]) {
            Some(Ok(question)) => (
                question.image.map(|name| name.to_string()),
                question.organization.map(|name| name.to_string()),
            ),
            other => (Some(format!("{other:?}")), None),
        };
        assert_eq!(on("group/team/web"), (Some("group/team/web".to_owned()), None));
        assert_eq!(on("group"), (None, Some("group".to_owned())));
    }

    #[test]
    fn every_action_has_a_word_that_is_its_own() {
        let mut words: Vec<String> = Action::ALL.into_iter().map(word).collect();
        words.sort();
        words.dedup();
        assert_eq!(words.len(), Action::ALL.len());
        assert!(!words.contains(&String::new()));
    }
}
