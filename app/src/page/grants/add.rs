//! Gives several users one right (`?dialog=grant`).
//!
//! The address is what is chosen: `item` names a user, `who` narrows the list, `right` is what they get. One form changes
//! the address, the other sends it.

use leptos::prelude::*;
use roadstead::access::Permission;
use roadstead::manage::grant::{Candidate, GrantOn};

use super::options;
use crate::call::grant::{AddGrants, grant_candidates};
use crate::component::dialog::{CancelLink, Dialog, use_close_link, use_query_pairs};
use crate::component::form::{CallForm, SubmitButton};
use crate::component::icon::Icon;
use crate::component::load::Load;
use crate::error::ConsoleError;
use crate::i18n::{I18n, t, t_string, use_i18n};
use crate::page::images::query::{value, values};
use crate::text;

/// Most users of one call.
const LIMIT: usize = 100;
/// How many candidates are shown at a time.
const SHOWN: usize = 50;

/// The dialog.
#[component]
pub fn AddDialog(
    /// What the right is on.
    on: GrantOn,
) -> impl IntoView {
    let i18n = use_i18n();
    view! {
        <Dialog name="grant" title=text!(i18n, grants.grant)>
            <AddForm on=on.clone() />
        </Dialog>
    }
}

/// What the address says is chosen.
#[derive(Clone, PartialEq, Eq)]
struct Choice {
    find: String,
    names: Vec<String>,
    level: Permission,
}

impl Choice {
    fn of(pairs: &[(String, String)]) -> Self {
        let mut names = values::<String>(pairs, "item");
        names.truncate(LIMIT);
        Self {
            find: value(pairs, "who").unwrap_or_default().trim().to_owned(),
            names,
            level: value(pairs, "right")
                .and_then(|text| text.parse::<u8>().ok())
                .and_then(|bits| bits.try_into().ok())
                .unwrap_or(Permission::Read),
        }
    }
}

/// Candidates to show, and those that are chosen; names that are no candidate's are left out.
async fn find(
    on: GrantOn,
    choice: Choice,
) -> Result<(Vec<Candidate>, Vec<Candidate>), ConsoleError> {
    let search = Some(choice.find).filter(|text| !text.is_empty());
    let shown = grant_candidates(on.clone(), search).await?;
    let mut chosen = Vec::new();
    for name in choice.names {
        let is_named = |user: &&Candidate| user.user.as_str() == name;
        let found = match shown.iter().find(is_named) {
            Some(user) => Some(user.clone()),
            None => {
                let like = grant_candidates(on.clone(), Some(name.clone())).await?;
                like.iter().find(is_named).cloned()
            }
        };
        chosen.extend(found);
    }
    Ok((shown, chosen))
}

#[component]
fn AddForm(on: GrantOn) -> impl IntoView {
    let pairs = use_query_pairs();
    let choice = memo(move |_| Choice::of(&pairs.get()));
    let asked = on.clone();
    let found = Resource::new(move || choice.get(), move |choice| find(asked.clone(), choice));
    view! {
        <Load
            resource=found
            is_part=true
            view=move |(shown, chosen)| {
                view! { <Form on=on.clone() choice=choice.get_untracked() shown=shown chosen=chosen /> }
            }
        />
    }
}

#[component]
fn Form(
    on: GrantOn,
    choice: Choice,
    shown: Vec<Candidate>,
    chosen: Vec<Candidate>,
) -> impl IntoView {
    let i18n = use_i18n();
    let action = ServerAction::<AddGrants>::new();
    let next = use_close_link().get_untracked();
    let ids = chosen
        .iter()
        .map(|user| view! { <input type="hidden" name="users[]" value=user.user_id.to_string() /> })
        .collect_view();
    let is_blocked = Signal::stored(chosen.is_empty());
    let count = chosen.len();
    let words = move || match count {
        1 => t_string!(i18n, grants.chosen_one).to_owned(),
        n => t_string!(i18n, grants.chosen, n = n).to_string(),
    };
    let is_image = matches!(on, GrantOn::Image(_));
    let note = move || {
        if is_image {
            t_string!(i18n, grants.note_image)
        } else {
            t_string!(i18n, grants.note_organization)
        }
    };
    let level = choice.level.bits();
    view! {
        <Choose choice=choice shown=shown chosen=chosen />
        <CallForm action=action testid="permissions.add.form" class="dialog__form">
            <input type="hidden" name="on" value=on.to_string() />
            <input type="hidden" name="permission" value=level />
            <input type="hidden" name="next" value=next />
            {ids}
            <div class="dialog__body">
                <div class="banner">
                    <Icon icon=icondata::LuInfo />
                    <div class="banner__body">{note}</div>
                </div>
            </div>
            <footer class="dialog__foot">
                <span class="small muted" role="status" data-testid="permissions.add.count">{words}</span>
                <span class="push"></span>
                <CancelLink />
                <SubmitButton
                    label=text!(i18n, grants.grant)
                    is_pending=action.pending()
                    is_blocked=is_blocked
                    testid="permissions.add.ok"
                />
            </footer>
        </CallForm>
    }
}

/// The form that changes the choice.
#[component]
fn Choose(choice: Choice, shown: Vec<Candidate>, chosen: Vec<Candidate>) -> impl IntoView {
    let i18n = use_i18n();
    let kept = use_query_pairs()
        .get_untracked()
        .into_iter()
        .filter(|(name, _)| matches!(name.as_str(), "q" | "page" | "size"))
        .map(|(name, value)| view! { <input type="hidden" name=name value=value /> })
        .collect_view();
    // Those who are chosen stay in sight, whatever is searched.
    let others = shown.iter().filter(|user| !chosen.contains(user));
    let rows: Vec<(Candidate, bool)> = chosen
        .iter()
        .map(|user| (user.clone(), true))
        .chain(others.map(|user| (user.clone(), false)))
        .collect();
    let is_cut = shown.len() >= SHOWN;
    let list = if rows.is_empty() && choice.find.is_empty() {
        view! { <p class="muted" role="status">{t!(i18n, grants.none)}</p> }.into_any()
    } else if rows.is_empty() {
        view! { <p class="muted" role="status">{t!(i18n, common.no_match)}</p> }.into_any()
    } else {
        rows.into_iter().map(|(user, is_chosen)| check(&user, is_chosen)).collect_view().into_any()
    };
    view! {
        <form method="get" class="dialog__choose" data-testid="permissions.add.choose">
            <input type="hidden" name="dialog" value="grant" />
            {kept}
            <div class="dialog__body stack">
                <span class="input-wrap">
                    <Icon icon=icondata::LuSearch />
                    <input
                        class="input"
                        type="search"
                        name="who"
                        maxlength="64"
                        autocomplete="off"
                        value=choice.find
                        placeholder=move || t_string!(i18n, grants.find)
                        aria-label=move || t_string!(i18n, grants.find)
                        data-autofocus=""
                        data-auto=""
                        data-testid="permissions.add.find"
                    />
                </span>
                <fieldset class="field">
                    <legend class="field__label">{t!(i18n, grants.candidates)}</legend>
                    <div class="stack stack--sm choices">{list}</div>
                    {is_cut.then(|| view! { <p class="field__help">{t!(i18n, grants.first)}</p> })}
                </fieldset>
                <fieldset class="field">
                    <legend class="field__label">{t!(i18n, grants.level)}</legend>
                    <div class="stack stack--sm">{levels(i18n, choice.level)}</div>
                </fieldset>
                <button type="submit" class="btn no-script">{t!(i18n, common.apply)}</button>
            </div>
        </form>
    }
}

fn check(user: &Candidate, is_chosen: bool) -> AnyView {
    let name = user.user.to_string();
    view! {
        <label class="choice">
            <input
                type="checkbox"
                class="check"
                name="item"
                value=name.clone()
                checked=is_chosen
                data-auto=""
                data-testid=format!("permissions.add.user.{name}")
            />
            <span>{name}</span>
        </label>
    }
    .into_any()
}

/// The levels, with what they allow.
fn levels(i18n: I18n, chosen: Permission) -> AnyView {
    let help = |level: &str| match level {
        "1" => t_string!(i18n, grants.read_text),
        "3" => t_string!(i18n, grants.edit_text),
        _ => t_string!(i18n, grants.manage_text),
    };
    options(i18n)
        .into_iter()
        .map(|(level, words)| {
            let is_checked = level == chosen.bits().to_string();
            let (help, testid) = (help(&level), format!("permissions.add.level.{level}"));
            view! {
                <label class="choice">
                    <input
                        type="radio"
                        class="check check--radio"
                        name="right"
                        value=level
                        checked=is_checked
                        data-auto=""
                        data-testid=testid
                    />
                    <span>
                        {move || words.get()}
                        <span class="choice__help">{help}</span>
                    </span>
                </label>
            }
        })
        .collect_view()
        .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn choice(items: &[(&str, &str)]) -> Choice {
        let pairs: Vec<(String, String)> =
            items.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Choice::of(&pairs)
    }

    #[test]
    fn the_address_is_the_choice() {
        let chosen = choice(&[("item", "mia"), ("item", "rob"), ("item", "mia"), ("right", "7")]);
        assert_eq!(chosen.names, ["mia", "rob"]);
        assert_eq!(chosen.level, Permission::Manage);
        for nonsense in ["", "2", "all"] {
            assert_eq!(choice(&[("right", nonsense)]).level, Permission::Read);
        }
    }
}
