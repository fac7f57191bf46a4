//! What needs attention: a sentence each, and one link that does something about it. Absent when nothing does.
//!
//! To show one more kind: an arm here, its sentence in `locales/*/overview.json`.

use leptos::prelude::*;
use roadstead::manage::overview::Attention;

use crate::component::icon::Icon;
use crate::component::time::Time;
use crate::i18n::{t, t_string, use_i18n};
use crate::link;

/// The card.
#[component]
pub fn NeedsAttention(
    /// What needs it.
    attention: Vec<Attention>,
) -> impl IntoView {
    let i18n = use_i18n();
    if attention.is_empty() {
        return ().into_any();
    }
    let count = attention.len();
    let items = attention.into_iter().map(|item| view! { <Item item=item /> }).collect_view();
    view! {
        <section class="card" aria-labelledby="att-h" data-testid="overview.attention">
            <div class="card__head">
                <h2 id="att-h">
                    {t!(i18n, overview.attention)}
                    <span class="badge badge--count">{count}</span>
                </h2>
            </div>
            <ul class="todo">{items}</ul>
        </section>
    }
    .into_any()
}

/// The page where something can be done about it.
fn href_of(item: &Attention) -> String {
    match item {
        Attention::ShareEnds { image, account, .. } => link::with_query(
            &format!("{}/sharing", link::image(image)),
            [("dialog", "edit-share"), ("item", account.as_str())],
        ),
        Attention::OldKey { is_own: true, .. } => "/credentials".to_owned(),
        Attention::OldKey { user, .. } => {
            format!("/iam/users/{}", link::encode(user.as_str()))
        }
    }
}

#[component]
fn Item(item: Attention) -> impl IntoView {
    let i18n = use_i18n();
    let href = href_of(&item);
    let (icon, at, verb, what) = match &item {
        Attention::ShareEnds { image, account, ends_at } => (
            icondata::LuShare2,
            *ends_at,
            crate::text!(i18n, overview.attention_extend),
            format!("{image} · {account}"),
        ),
        Attention::OldKey { key, user, created_at, .. } => (
            icondata::LuKeyRound,
            *created_at,
            crate::text!(i18n, overview.attention_replace),
            format!("{key} · {user}"),
        ),
    };
    let sentence = move || match &item {
        Attention::ShareEnds { .. } => t_string!(i18n, overview.attention_share),
        Attention::OldKey { .. } => t_string!(i18n, overview.attention_key),
    };
    let about = what.clone();
    view! {
        <li class="todo__item todo__item--warn" data-testid="overview.attention.item">
            <Icon icon=icon />
            <span>
                {sentence}
                <small>{what} " · " <Time at=at /></small>
            </span>
            <a href=href>{move || verb.get()} <span class="sr-only">" " {about}</span></a>
        </li>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_leads_to_where_something_can_be_done() -> Result<(), roadstead::Error> {
        let share = Attention::ShareEnds {
            image: "group/team/web".parse()?,
            account: "globex".parse()?,
            ends_at: roadstead::Timestamp::EPOCH,
        };
        assert_eq!(href_of(&share), "/images/group/team$web/sharing?dialog=edit-share&item=globex");
        let key = |is_own| -> Result<Attention, roadstead::Error> {
            Ok(Attention::OldKey {
                key: "RSAKEXAMPLE000000001".parse()?,
                user: "ann".parse()?,
                is_own,
                created_at: roadstead::Timestamp::EPOCH,
            })
        };
        assert_eq!(href_of(&key(true)?), "/credentials");
        assert_eq!(href_of(&key(false)?), "/iam/users/ann");
        Ok(())
    }
}
