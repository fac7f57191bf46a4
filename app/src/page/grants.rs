//! Who may do what on an image or an organization: the tabs Permissions and Users (`console.md` A.6.4, A.7.2).
//!
//! Above stand those who were given a right here or on the organization, below those who have one by policy or ownership
//! alone. Only the first can be changed here.

use leptos::prelude::*;
use roadstead::access::Permission;
use roadstead::manage::grant::{GrantList, GrantOn, GrantQuery};
use roadstead::page::Page;
use roadstead::{ErrorKind, Subject};

use crate::call::grant::{UpdateGrant, list_grants};
use crate::component::badge::permission_word;
use crate::component::dialog::{DialogLink, use_query_pairs};
use crate::component::empty::{Art, EmptyCard};
use crate::component::error_panel::ErrorBanner;
use crate::component::filter::{FilterBar, SearchField};
use crate::component::icon::Icon;
use crate::component::load::Load;
use crate::component::table::{NoMatch, SkeletonTable};
use crate::error::ConsoleError;
use crate::i18n::{t, use_i18n};
use crate::page::images::query::{value, window};
use crate::text;
use crate::viewer::use_live;

pub mod add;
pub mod remove;
pub mod table;

use add::AddDialog;
use remove::RemoveDialog;
use table::{Others, Table};

/// Every level, the least first.
const LEVELS: [Permission; 3] = [Permission::Read, Permission::Edit, Permission::Manage];

/// Levels as the options of a field.
fn options(i18n: crate::i18n::I18n) -> Vec<(String, Signal<String>)> {
    LEVELS
        .into_iter()
        .map(|level| {
            let words = derive(move || permission_word(i18n, level).to_owned());
            (level.bits().to_string(), words)
        })
        .collect()
}

/// What the address asks for.
fn query_of(pairs: &[(String, String)], size: u64) -> GrantQuery {
    let search = value(pairs, "q").map(str::trim).filter(|text| !text.is_empty());
    GrantQuery { search: search.map(str::to_owned), window: window(pairs, size) }
}

/// The tab.
#[component]
pub fn GrantsTab(
    /// What the rights are on.
    on: GrantOn,
) -> impl IntoView {
    let i18n = use_i18n();
    let live = use_live();
    let pairs = use_query_pairs();
    let asked = memo(move |_| query_of(&pairs.get(), live.page_size.get()));
    let listed = on.clone();
    let grants = Resource::new(
        move || asked.get(),
        move |asked| {
            let on = listed.clone();
            async move {
                let list = list_grants(on, asked).await?;
                if list.others.is_none() {
                    return Err(hidden());
                }
                Ok(list)
            }
        },
    );
    let update = ServerAction::<UpdateGrant>::new();
    let refused = move || match update.value().get() {
        Some(Err(error)) => Some(view! { <ErrorBanner error=error /> }),
        _ => None,
    };
    let shown = {
        let on = on.clone();
        move |list| {
            let search = asked.get_untracked().search;
            view! { <Lists on=on.clone() list=list search=search update=update /> }
        }
    };
    let end = ViewFn::from(move || {
        view! {
            <DialogLink name="grant" class="btn btn--primary" testid="permissions.grant">
                <Icon icon=icondata::LuPlus />
                {t!(i18n, grants.grant)}
            </DialogLink>
        }
    });
    view! {
        <FilterBar keeps=&["size"] end=end>
            <SearchField placeholder=text!(i18n, grants.search) testid="permissions.search" />
        </FilterBar>
        {refused}
        <Load
            resource=grants
            fallback=ViewFn::from(|| view! { <SkeletonTable rows=4 columns=5 /> })
            view=shown
        />
        <AddDialog on=on.clone() />
        <RemoveDialog on=on />
    }
}

/// Who may not see others' rights does not get the page.
fn hidden() -> ConsoleError {
    ConsoleError::new(ErrorKind::Hidden, Subject::Grant, "rights of others are not to be seen here")
}

#[component]
fn Lists(
    on: GrantOn,
    list: GrantList,
    search: Option<String>,
    update: ServerAction<UpdateGrant>,
) -> impl IntoView {
    let i18n = use_i18n();
    let matches = |name: &str| {
        search.as_ref().is_none_or(|search| name.to_lowercase().contains(&search.to_lowercase()))
    };
    let own_id = list.own.user_id.clone();
    let mut others = list.others.unwrap_or_else(|| Page {
        items: Vec::new(),
        total: 0,
        window: roadstead::page::Window::of_page(1, 1),
    });
    let mut administrators: Vec<_> = list
        .administrators
        .into_iter()
        // Whoever was given a right as well stands above.
        .filter(|user| !others.items.iter().any(|other| other.user_id == user.user_id))
        .filter(|user| matches(user.user.as_str()))
        .collect();
    // One's own right goes first, where it belongs.
    let is_first = others.window.offset == 0;
    if matches(list.own.user.as_str()) {
        if list.own.given.is_none() && list.own.inherited.is_none() {
            administrators.insert(0, list.own);
        } else if is_first {
            others.items.insert(0, list.own);
        }
    }
    let is_empty = others.items.is_empty() && others.total == 0;
    let table = match (is_empty, search.is_some()) {
        (true, true) => view! {
            <div class="table-card">
                <NoMatch clears=&["q"] />
            </div>
        }
        .into_any(),
        (true, false) => view! {
            <EmptyCard art=Art::Locked title=text!(i18n, grants.empty) is_small=true testid="permissions.empty" />
        }
        .into_any(),
        _ => view! { <Table on=on page=others own=own_id.clone() update=update search=search /> }.into_any(),
    };
    let below =
        (!administrators.is_empty()).then(|| view! { <Others users=administrators own=own_id /> });
    view! {
        <div class="stack">{table} {below}</div>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_is_the_state_of_the_list() {
        let pairs = |items: &[(&str, &str)]| -> Vec<(String, String)> {
            items.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
        };
        assert_eq!(query_of(&[], 20).search, None);
        let query = query_of(&pairs(&[("q", " mia "), ("page", "3"), ("dialog", "grant")]), 20);
        assert_eq!(query.search.as_deref(), Some("mia"));
        assert_eq!((query.window.offset, query.window.limit), (40, 20));
        assert_eq!(query_of(&pairs(&[("q", "  ")]), 20).search, None);
    }
}
