//! `/iam/policies/{name}`: its document, who has it, and for the account's own ones the editor.

use leptos::prelude::*;
use leptos::server_fn::ServerFn;
use roadstead::PolicyName;
use roadstead::access::policy::Fault;
use roadstead::access::{Policy, Problem};
use roadstead::manage::policy::{PolicyDetail, PolicyEntry};

use crate::call::policy::{AskDeletePolicy, AskUpdatePolicy, get_policy};
use crate::client::ConsoleClient;
use crate::component::confirm::ConfirmByName;
use crate::component::dialog::{
    CancelLink, Dialog, DialogLink, use_changed_query, use_query_pairs,
};
use crate::component::field::TextField;
use crate::component::form::{CallForm, SubmitButton};
use crate::component::icon::Icon;
use crate::component::json_view::JsonView;
use crate::component::load::Load;
use crate::component::noscroll;
use crate::component::page_header::{PageHeader, PageTitle};
use crate::component::table::SkeletonTable;
use crate::error::ConsoleError;
use crate::i18n::{I18n, t, t_string, use_i18n};
use crate::notice::Done;
use crate::page::images::query::value;
use crate::text;
use crate::viewer::use_viewer;

use super::part::{Names, refused};
use super::policies::{TypeBadge, system_words};
use super::statements::{About, Statements};

/// Most bytes of a document.
const LONGEST: usize = 6_144;

/// `/iam/policies/{name}`.
#[component]
pub fn PolicyPage(
    /// Its name.
    name: PolicyName,
) -> impl IntoView {
    let i18n = use_i18n();
    let object = name.to_string();
    let policy = Resource::new(move || name.clone(), get_policy);
    view! {
        <PageTitle page=text!(i18n, iam.policies) object=object />
        <Load
            resource=policy
            fallback=ViewFn::from(|| view! { <SkeletonTable rows=6 columns=3 /> })
            view=|policy: PolicyDetail| view! { <Body policy=policy /> }
        />
    }
}

#[component]
fn Body(policy: PolicyDetail) -> impl IntoView {
    let i18n = use_i18n();
    let PolicyDetail { entry, document, users, groups } = policy;
    let (name, is_system, uses) = (entry.name.clone(), entry.is_system, entry.uses);
    let is_damaged = entry.is_damaged;
    let marks =
        ViewFn::from(move || view! { <TypeBadge is_system=is_system is_damaged=is_damaged /> });
    let delete = (!is_system).then(|| {
        view! {
            <DialogLink name="delete-policy" class="btn" testid="iam.policy.delete">
                <Icon icon=icondata::LuTrash2 />
                {t!(i18n, common.delete)}
            </DialogLink>
        }
    });
    let users: Vec<String> = users.iter().map(ToString::to_string).collect();
    let groups: Vec<String> = groups.iter().map(ToString::to_string).collect();
    let holders = StoredValue::new((users.clone(), groups.clone()));
    let titled = name.clone();
    let title = derive(move || {
        t_string!(i18n, iam.delete_policy_title, name = titled.as_str()).to_string()
    });
    let editor = if is_system {
        let words = name.clone();
        view! {
            <p>{move || system_words(i18n, &words)}</p>
            <JsonView text=document />
            <p class="small muted">{t!(i18n, iam.system_note)}</p>
        }
        .into_any()
    } else {
        view! { <Editor entry=entry document=document /> }.into_any()
    };
    let deleted = StoredValue::new(name.clone());
    view! {
        <PageHeader
            title=Signal::stored(name)
            breadcrumb=vec![
                (text!(i18n, iam.title), "/iam/users".to_owned()),
                (text!(i18n, iam.policies), "/iam/policies".to_owned()),
            ]
            marks=marks
        >
            {delete}
        </PageHeader>
        {is_damaged
            .then(|| view! { <p class="banner banner--danger" data-testid="iam.policy.damaged">{t!(i18n, iam.policy_damaged_note)}</p> })}
        <div class="grid">
            <section class="card col-8">
                <div class="card__head"><h2>{t!(i18n, iam.contents)}</h2></div>
                <div class="card__body stack">{editor}</div>
            </section>
            <section class="card col-4" data-testid="iam.policy.used">
                <div class="card__head"><h2>{t!(i18n, iam.used_by)}</h2></div>
                <div class="card__body stack">
                    <UsedBy uses=uses users=users groups=groups />
                </div>
            </section>
        </div>
        <Dialog name="delete-policy" title=title class="dialog dialog--sm">
            {(uses > 0)
                .then(|| {
                    let (users, groups) = holders.get_value();
                    view! {
                        <div class="dialog__body stack" data-testid="iam.policy.delete.blocked">
                            <p>{t!(i18n, iam.policy_attached)}</p>
                            <UsedBy uses=uses users=users groups=groups />
                        </div>
                        <footer class="dialog__foot">
                            <CancelLink />
                        </footer>
                    }
                })}
            {(uses == 0).then(|| view! { <DeleteForm name=deleted.get_value() /> })}
        </Dialog>
    }
}

/// The visual editor, or the document as text (`?view=json`). What cannot be read is shown as text.
#[component]
fn Editor(entry: PolicyEntry, document: String) -> impl IntoView {
    let i18n = use_i18n();
    let is_asked = use_query_pairs().with_untracked(|pairs| value(pairs, "view") == Some("json"));
    // A refused text is shown where it was typed.
    let is_typed = refused::<AskUpdatePolicy>().is_some();
    let read = Policy::read(&document).ok().filter(|_| !is_asked && !is_typed);
    let is_visual = read.is_some();
    let link = |word: Option<&str>, label: Signal<String>, is_current: bool, testid| {
        let href = use_changed_query(vec![("view", word.map(str::to_owned))]);
        view! {
            <a
                href=move || href.get()
                {..noscroll()}
                aria-current=is_current.then_some("true")
                data-testid=testid
            >
                {move || label.get()}
            </a>
        }
    };
    let seen = entry.updated_at.map_or(0, |at| at.0);
    let about = About { name: entry.name.clone(), seen };
    view! {
        <div class="row">
            <nav class="segmented" aria-label=move || t_string!(i18n, iam.contents)>
                {link(None, text!(i18n, iam.visual_view), is_visual, "iam.policy.view.visual")}
                {link(Some("json"), text!(i18n, iam.json_view), !is_visual, "iam.policy.view.json")}
            </nav>
        </div>
        {match read {
            Some(policy) => {
                view! { <Statements about=about statements=policy.statements /> }.into_any()
            }
            None => view! { <EditForm entry=entry document=document /> }.into_any(),
        }}
    }
}

#[component]
fn UsedBy(uses: u64, users: Vec<String>, groups: Vec<String>) -> impl IntoView {
    let i18n = use_i18n();
    let has_names = !users.is_empty() || !groups.is_empty();
    let line = |section: &'static str, names: Vec<String>, label: Signal<String>| {
        (!names.is_empty()).then(|| {
            view! {
                <p>
                    <span class="muted">{move || label.get()} ": "</span>
                    <Names section=section names=names />
                </p>
            }
        })
    };
    let users = line("users", users, text!(i18n, iam.users));
    let groups = line("groups", groups, text!(i18n, iam.groups));
    let counted = (!has_names).then(|| {
        let words = move || match uses {
            0 => t_string!(i18n, iam.not_used).to_owned(),
            n => t_string!(i18n, iam.used_times, n = n).to_string(),
        };
        view! { <p class="muted">{words}</p> }
    });
    view! { {users} {groups} {counted} }
}

#[component]
fn EditForm(entry: PolicyEntry, document: String) -> impl IntoView {
    let i18n = use_i18n();
    let viewer = use_viewer();
    let kept = move |name: &str, saved: String| {
        viewer.with_value(|viewer| {
            Some(viewer.kept(name)).filter(|text| !text.is_empty()).unwrap_or(saved)
        })
    };
    let action = ServerAction::<AskUpdatePolicy>::new();
    view! {
        <CallForm action=action testid="iam.policy.form">
            <input type="hidden" name="name" value=entry.name.clone() />
            <TextField
                name="new_name"
                label=text!(i18n, common.name)
                help=text!(i18n, iam.label_rule)
                value=kept("new_name", entry.name)
                is_required=true
                max=64
            />
            <TextField
                name="description"
                label=text!(i18n, common.description)
                value=kept("description", entry.description)
                max=255
            />
            <DocumentField value=kept("document", document) action=action />
            <div class="row">
                <SubmitButton label=text!(i18n, common.save) testid="iam.policy.save" />
            </div>
        </CallForm>
    }
}

#[component]
fn DeleteForm(name: String) -> impl IntoView {
    let i18n = use_i18n();
    let action = ServerAction::<AskDeletePolicy>::new();
    view! {
        <CallForm action=action testid="iam.policy.delete.form" class="dialog__form">
            <input type="hidden" name="name" value=name.clone() />
            <div class="dialog__body"><p>{t!(i18n, iam.delete_policy_text)}</p></div>
            <ConfirmByName expected=name action=text!(i18n, common.delete) />
        </CallForm>
    }
}

/// The document as text, and under it every mistake with its line and column.
#[component]
pub fn DocumentField<S>(
    /// What stands there.
    value: String,
    /// What was last answered.
    action: ServerAction<S>,
) -> impl IntoView
where
    S: ServerFn<Client = ConsoleClient, Output = Done, Error = ConsoleError>
        + Clone
        + Send
        + Sync
        + 'static,
{
    let i18n = use_i18n();
    let problems = action.value().with_untracked(|value| match value {
        Some(Err(error)) => error.details.problems.clone(),
        _ => Vec::new(),
    });
    let is_wrong = !problems.is_empty();
    view! {
        <div class="field">
            <label class="field__label" for="field-document">{t!(i18n, iam.document)}</label>
            <textarea
                class="textarea mono"
                id="field-document"
                name="document"
                rows="18"
                maxlength=LONGEST
                required
                spellcheck="false"
                autocapitalize="off"
                aria-describedby="field-document-help"
                aria-invalid=is_wrong.then_some("true")
                data-testid="field.document"
            >
                {value}
            </textarea>
            <div id="field-document-help">
                <Problems problems=problems has_places=true />
                <p class="field__help">{t!(i18n, iam.document_help)}</p>
            </div>
        </div>
    }
}

/// Every mistake, in words.
#[component]
pub fn Problems(
    /// The mistakes.
    problems: Vec<Problem>,
    /// Whether each has a place in a text that is there to see.
    has_places: bool,
) -> impl IntoView {
    let i18n = use_i18n();
    let items = problems
        .into_iter()
        .map(|problem| {
            let (line, column) = (problem.line, problem.column);
            let place = has_places.then(|| {
                let words =
                    move || t_string!(i18n, iam.place, line = line, column = column).to_string();
                view! { <strong>{words}</strong> " " }
            });
            let words = move || problem_words(i18n, &problem);
            view! {
                <li class="field__error" data-testid=format!("iam.document.problem.{line}.{column}")>
                    <Icon icon=icondata::LuCircleAlert class="icon icon--xs" />
                    <span>{place} {words}</span>
                </li>
            }
        })
        .collect_view();
    view! { <ul class="stack stack--xs" role="alert" data-testid="iam.document.problems">{items}</ul> }
}

/// What is wrong, in words.
fn problem_words(i18n: I18n, problem: &Problem) -> String {
    let (found, wanted) = (problem.found.as_str(), problem.wanted.as_str());
    match problem.fault {
        Fault::TooLong => {
            t_string!(i18n, iam.fault_too_long, found = found, wanted = wanted).to_string()
        }
        Fault::Syntax if found.is_empty() => {
            t_string!(i18n, iam.fault_end, wanted = wanted).to_string()
        }
        Fault::Syntax => {
            t_string!(i18n, iam.fault_syntax, found = found, wanted = wanted).to_string()
        }
        Fault::Duplicate => t_string!(i18n, iam.fault_duplicate, found = found).to_string(),
        Fault::UnknownMember => {
            t_string!(i18n, iam.fault_unknown_member, found = found, wanted = wanted).to_string()
        }
        Fault::Missing => t_string!(i18n, iam.fault_missing, wanted = wanted).to_string(),
        Fault::WrongType => t_string!(i18n, iam.fault_wrong_type, wanted = wanted).to_string(),
        Fault::Empty => t_string!(i18n, iam.fault_empty, wanted = wanted).to_string(),
        Fault::WrongVersion => {
            t_string!(i18n, iam.fault_wrong_version, found = found, wanted = wanted).to_string()
        }
        Fault::WrongEffect => t_string!(i18n, iam.fault_wrong_effect, found = found).to_string(),
        Fault::UnknownAction => {
            t_string!(i18n, iam.fault_unknown_action, found = found).to_string()
        }
        Fault::WrongResource => {
            t_string!(i18n, iam.fault_wrong_resource, found = found).to_string()
        }
        Fault::UnknownOperator => {
            t_string!(i18n, iam.fault_unknown_operator, found = found).to_string()
        }
        Fault::UnknownKey => {
            t_string!(i18n, iam.fault_unknown_key, found = found, wanted = wanted).to_string()
        }
        Fault::WrongOperator => {
            t_string!(i18n, iam.fault_wrong_operator, found = found).to_string()
        }
        Fault::WrongValue => t_string!(i18n, iam.fault_wrong_value, found = found).to_string(),
    }
}
