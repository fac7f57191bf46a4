//! The visual editor of a policy (`console.md` A.10.3): its statements one by one, and forms that add, change and remove one.
//!
//! Each form is saved at once, so the JSON view always shows the same document. `?dialog=statement` adds one, with
//! `&item=number` it changes that one; `?dialog=remove-statement&item=number` removes it.

use leptos::prelude::*;
use roadstead::access::policy::{
    AccessLevel, Condition, Effect, Key, Operator, Statement, access_level, action_names,
    short_resource,
};

use crate::call::policy::AskEditStatement;
use crate::component::badge::{Badge, Tone};
use crate::component::dialog::{CancelLink, Dialog, DialogLink, use_dialog_item};
use crate::component::fact::Fact;
use crate::component::field::{RadioField, TextArea};
use crate::component::form::{CallForm, SubmitButton};
use crate::component::icon::Icon;
use crate::i18n::{I18n, t, t_string, use_i18n};
use crate::text;

use super::policy::Problems;

/// Most characters of a list in a form.
const LONGEST: usize = 4_000;

/// What every form sends: the policy, and when it was last changed.
#[derive(Clone)]
pub struct About {
    /// The policy's name.
    pub name: String,
    /// When it was last changed, in microseconds.
    pub seen: i64,
}

/// The statements.
#[component]
pub fn Statements(
    /// The policy.
    about: About,
    /// Its statements.
    statements: Vec<Statement>,
) -> impl IntoView {
    let i18n = use_i18n();
    let is_only = statements.len() == 1;
    let cards = statements
        .iter()
        .enumerate()
        .map(|(index, statement)| {
            view! { <Card number={index + 1} statement=statement.clone() is_only=is_only /> }
        })
        .collect_view();
    view! {
        <ol class="stack" data-testid="iam.statements">{cards}</ol>
        <div class="row">
            <DialogLink name="statement" class="btn" testid="iam.statement.add">
                <Icon icon=icondata::LuPlus />
                {t!(i18n, iam.add_statement)}
            </DialogLink>
        </div>
        <Dialogs about=about statements=statements />
    }
}

fn effect_words(i18n: I18n, effect: Effect) -> &'static str {
    match effect {
        Effect::Allow => t_string!(i18n, iam.effect_allow),
        Effect::Deny => t_string!(i18n, iam.effect_deny),
    }
}

/// A condition on one line.
fn condition_words(condition: &Condition) -> String {
    let Condition { operator, key, values } = condition;
    format!("{} {} {}", key.name(), operator.name(), values.join(", "))
}

#[component]
fn Card(number: usize, statement: Statement, is_only: bool) -> impl IntoView {
    let i18n = use_i18n();
    let Statement { effect, actions, resources, conditions } = statement;
    let (tone, icon) = match effect {
        Effect::Allow => (Tone::Ok, icondata::LuCircleCheck),
        Effect::Deny => (Tone::Danger, icondata::LuBan),
    };
    let label = derive(move || effect_words(i18n, effect).to_owned());
    let list = |texts: Vec<String>| {
        let items = texts.into_iter().map(|text| view! { <li><code>{text}</code></li> });
        view! { <ul class="stack--xs">{items.collect_view()}</ul> }
    };
    let resources = if resources.is_empty() {
        t!(i18n, iam.all_resources).into_any()
    } else {
        let short = resources.iter().map(|text| short_resource(text).to_owned()).collect();
        list(short).into_any()
    };
    let conditions = (!conditions.is_empty()).then(|| {
        let words = conditions.iter().map(condition_words).collect();
        view! { <Fact label=text!(i18n, iam.conditions)>{list(words)}</Fact> }
    });
    let item = number.to_string();
    let title = move || t_string!(i18n, iam.statement, n = number as u64).to_string();
    let remove = (!is_only).then(|| {
        view! {
            <DialogLink
                name="remove-statement"
                item=item.clone()
                class="btn btn--icon btn--quiet btn--sm"
                testid=format!("iam.statement.{number}.remove")
            >
                <Icon icon=icondata::LuTrash2 class="icon icon--sm" />
                <span class="sr-only">{t!(i18n, common.delete)} " " {title}</span>
            </DialogLink>
        }
    });
    view! {
        <li class="statement stack stack--sm" data-testid=format!("iam.statement.{number}")>
            <div class="row">
                <h3>{title}</h3>
                <Badge tone=tone icon=icon label=label />
                <span class="push"></span>
                <DialogLink
                    name="statement"
                    item=number.to_string()
                    class="btn btn--icon btn--quiet btn--sm"
                    testid=format!("iam.statement.{number}.edit")
                >
                    <Icon icon=icondata::LuPencil class="icon icon--sm" />
                    <span class="sr-only">{t!(i18n, common.edit)} " " {title}</span>
                </DialogLink>
                {remove}
            </div>
            <dl class="facts facts--rows">
                <Fact label=text!(i18n, iam.actions)>{list(actions)}</Fact>
                <Fact label=text!(i18n, iam.resources)>{resources}</Fact>
                {conditions}
            </dl>
        </li>
    }
}

#[component]
fn Dialogs(about: About, statements: Vec<Statement>) -> impl IntoView {
    let i18n = use_i18n();
    let number = use_dialog_item().get_untracked().and_then(|item| item.parse::<usize>().ok());
    let found = number
        .and_then(|number| number.checked_sub(1))
        .and_then(|index| statements.get(index).cloned());
    let number = number.filter(|_| found.is_some());
    let title = derive(move || match number {
        Some(n) => t_string!(i18n, iam.edit_statement, n = n as u64).to_string(),
        None => t_string!(i18n, iam.add_statement).to_owned(),
    });
    let stored = StoredValue::new((about, found));
    view! {
        <Dialog name="statement" title=title class="dialog dialog--lg">
            {
                let (about, found) = stored.get_value();
                view! { <EditForm about=about number=number statement=found /> }
            }
        </Dialog>
        <Dialog name="remove-statement" title=text!(i18n, iam.remove_statement) class="dialog dialog--sm">
            {
                let (about, found) = stored.get_value();
                view! { <RemoveForm about=about number=number statement=found /> }
            }
        </Dialog>
    }
}

#[component]
fn AboutFields(about: About, number: Option<usize>) -> impl IntoView {
    view! {
        <input type="hidden" name="name" value=about.name />
        <input type="hidden" name="seen" value=about.seen />
        {number.map(|number| view! { <input type="hidden" name="number" value=number /> })}
    }
}

#[component]
fn RemoveForm(about: About, number: Option<usize>, statement: Option<Statement>) -> impl IntoView {
    let i18n = use_i18n();
    let action = ServerAction::<AskEditStatement>::new();
    let is_blocked = Signal::stored(statement.is_none());
    let words = match statement {
        Some(statement) => statement.actions.join(", "),
        None => t_string!(i18n, iam.no_such_statement).to_owned(),
    };
    view! {
        <CallForm action=action testid="iam.statement.remove.form" class="dialog__form">
            <AboutFields about=about number=number />
            <input type="hidden" name="is_removed" value="true" />
            <div class="dialog__body stack stack--sm">
                <p>{t!(i18n, iam.remove_statement_text)}</p>
                <p class="mono small">{words}</p>
            </div>
            <footer class="dialog__foot">
                <CancelLink />
                <SubmitButton
                    label=text!(i18n, common.delete)
                    is_blocked=is_blocked
                    class="btn btn--danger"
                    testid="iam.statement.remove.ok"
                />
            </footer>
        </CallForm>
    }
}

/// Everything of one statement.
#[component]
fn EditForm(about: About, number: Option<usize>, statement: Option<Statement>) -> impl IntoView {
    let i18n = use_i18n();
    let action = ServerAction::<AskEditStatement>::new();
    let problems = action.value().with_untracked(|value| match value {
        Some(Err(error)) => error.details.problems.clone(),
        _ => Vec::new(),
    });
    let is_wrong = Signal::stored(!problems.is_empty());
    let Statement { effect, actions, resources, conditions } =
        statement.unwrap_or_else(|| Statement {
            effect: Effect::Allow,
            actions: Vec::new(),
            resources: Vec::new(),
            conditions: Vec::new(),
        });
    let effects = [Effect::Allow, Effect::Deny].map(|effect| {
        let words = derive(move || effect_words(i18n, effect).to_owned());
        let help = match effect {
            Effect::Allow => MaybeProp::default(),
            Effect::Deny => {
                MaybeProp::derive(move || Some(t_string!(i18n, iam.effect_deny_help).to_owned()))
            }
        };
        (format!("{effect:?}"), words, help)
    });
    let known = action_names();
    let patterns: Vec<&str> =
        actions.iter().map(String::as_str).filter(|action| !known.contains(action)).collect();
    let patterns = patterns.join("\n");
    let resources: Vec<&str> = resources.iter().map(|text| short_resource(text)).collect();
    let resources = resources.join("\n");
    let save = if number.is_some() { text!(i18n, common.save) } else { text!(i18n, common.add) };
    view! {
        <CallForm action=action hide_error=is_wrong testid="iam.statement.form" class="dialog__form">
            <AboutFields about=about number=number />
            <div class="dialog__body form-grid">
                {(!problems.is_empty()).then(|| view! { <Problems problems=problems has_places=false /> })}
                <RadioField
                    name="effect"
                    label=text!(i18n, iam.effect)
                    options=effects.to_vec()
                    value=format!("{effect:?}")
                    testid="iam.statement.effect"
                />
                <Actions chosen=actions />
                <TextArea
                    name="patterns"
                    label=text!(i18n, iam.action_patterns)
                    value=patterns
                    max=LONGEST
                    rows=2
                    testid="iam.statement.patterns"
                />
                <p class="field__help">{t!(i18n, iam.action_patterns_help)}</p>
                <TextArea
                    name="resources"
                    label=text!(i18n, iam.resources)
                    value=resources
                    max=LONGEST
                    rows=3
                    testid="iam.statement.resources"
                />
                <p class="field__help">{t!(i18n, iam.resources_help)}</p>
                <Conditions conditions=conditions />
            </div>
            <footer class="dialog__foot">
                <CancelLink />
                <SubmitButton label=save testid="iam.statement.ok" />
            </footer>
        </CallForm>
    }
}

fn level_words(i18n: I18n, level: AccessLevel) -> &'static str {
    match level {
        AccessLevel::List => t_string!(i18n, iam.level_list),
        AccessLevel::Read => t_string!(i18n, iam.level_read),
        AccessLevel::Write => t_string!(i18n, iam.level_write),
        AccessLevel::Permission => t_string!(i18n, iam.level_permission),
    }
}

/// Every action there is, as boxes in groups that fold.
#[component]
fn Actions(chosen: Vec<String>) -> impl IntoView {
    let i18n = use_i18n();
    let groups =
        [AccessLevel::Read, AccessLevel::Write, AccessLevel::List, AccessLevel::Permission]
            .map(|level| {
                let names: Vec<&str> =
                    action_names().into_iter().filter(|name| access_level(name) == level).collect();
                let is_chosen = |name: &str| chosen.iter().any(|action| action == name);
                let count = names.iter().filter(|name| is_chosen(name)).count();
                let all = names.len();
                let boxes = names
                    .into_iter()
                    .map(|name| {
                        view! {
                            <label class="choice">
                                <input
                                    type="checkbox"
                                    class="check"
                                    name="actions[]"
                                    value=name
                                    checked=is_chosen(name)
                                    data-testid=format!("iam.statement.action.{name}")
                                />
                                <span class="mono small">{name}</span>
                            </label>
                        }
                    })
                    .collect_view();
                view! {
                    <details class="fold" id=format!("actions-{level:?}") open={count > 0}>
                        <summary data-testid=format!("iam.statement.level.{level:?}")>
                            <Icon icon=icondata::LuChevronRight class="icon icon--sm" />
                            {move || level_words(i18n, level)}
                            " "
                            <span class="muted">{format!("{count}/{all}")}</span>
                        </summary>
                        <div class="choices-2">{boxes}</div>
                    </details>
                }
            })
            .into_iter()
            .collect_view();
    view! {
        <fieldset class="field">
            <legend class="field__label">{t!(i18n, iam.actions)}</legend>
            <div>{groups}</div>
        </fieldset>
    }
}

/// A row for each condition, and one more.
#[component]
fn Conditions(conditions: Vec<Condition>) -> impl IntoView {
    let i18n = use_i18n();
    let rows: Vec<_> = conditions
        .into_iter()
        .map(|it| (it.operator.name().into_owned(), it.key.name(), it.values.join(", ")))
        .chain([(String::new(), "", String::new())])
        .enumerate()
        .map(|(index, (operator, key, values))| {
            // An operator with a suffix is none of the list, and stays.
            let mut names: Vec<String> = Operator::names().map(str::to_owned).collect();
            if !operator.is_empty() && !names.contains(&operator) {
                names.push(operator.clone());
            }
            let operators = names
                .into_iter()
                .map(|name| {
                    let is_selected = name == operator;
                    view! { <option value=name.clone() selected=is_selected>{name.clone()}</option> }
                })
                .collect_view();
            let keys = Key::ALL
                .into_iter()
                .map(|(_, name)| {
                    let is_selected = name == key;
                    view! { <option value=name selected=is_selected>{name}</option> }
                })
                .collect_view();
            view! {
                <div class="condition" data-testid=format!("iam.statement.condition.{index}")>
                    <select class="select" name="keys[]" aria-label=move || t_string!(i18n, iam.condition_key)>
                        {keys}
                    </select>
                    <select class="select" name="operators[]" aria-label=move || t_string!(i18n, iam.condition_operator)>
                        {operators}
                    </select>
                    <input
                        class="input input--mono"
                        name="values[]"
                        value=values
                        maxlength="1000"
                        autocomplete="off"
                        spellcheck="false"
                        aria-label=move || t_string!(i18n, iam.condition_values)
                        data-testid=format!("iam.statement.condition.{index}.values")
                    />
                </div>
            }
        })
        .collect();
    view! {
        <fieldset class="field">
            <legend class="field__label">{t!(i18n, iam.conditions)}</legend>
            <div class="stack stack--sm">{rows}</div>
            <p class="field__help">{t!(i18n, iam.conditions_help)}</p>
        </fieldset>
    }
}
