//! The strip of numbers; most lead to their page.

use leptos::prelude::*;
use roadstead::manage::organization::OrganizationQuota;
use roadstead::manage::overview::Overview;

use crate::component::icon::Icon;
use crate::component::size::Count;
use crate::format;
use crate::i18n::{t, t_string, use_i18n};
use crate::viewer::use_viewer;

/// Five numbers.
#[component]
pub fn Stats(
    /// The numbers.
    overview: Overview,
) -> impl IntoView {
    let i18n = use_i18n();
    let before = overview.size_before_deduplication;
    view! {
        <div class="stats" data-testid="overview.stats">
            <OrganizationsStat quota=overview.organizations />
            <a class="stat" href="/images" data-testid="overview.card.images">
                <Label icon=icondata::LuPackage is_link=true>{t!(i18n, overview.images)}</Label>
                <span class="stat__value"><Count value=overview.images /></span>
            </a>
            <a class="stat" href="/images?sort=tag_count&order=desc" data-testid="overview.card.tags">
                <Label icon=icondata::LuTags is_link=true>{t!(i18n, overview.tags)}</Label>
                <span class="stat__value"><Count value=overview.tags /></span>
            </a>
            <div class="stat" data-testid="overview.card.storage">
                <Label icon=icondata::LuHardDrive>{t!(i18n, overview.storage)}</Label>
                <BytesValue value=overview.size />
                <span class="stat__note">
                    {t!(i18n, overview.before_deduplication, size = move || format::bytes(before))}
                </span>
            </div>
            <div class="stat" data-testid="overview.card.traffic">
                <Label icon=icondata::LuArrowDownToLine>{t!(i18n, overview.traffic)}</Label>
                <BytesValue value=overview.traffic />
                <span class="stat__note">{t!(i18n, overview.this_month)}</span>
            </div>
        </div>
    }
}

#[component]
fn Label(
    icon: icondata::Icon,
    #[prop(optional)] is_link: bool,
    children: Children,
) -> impl IntoView {
    view! {
        <span class="stat__label">
            <Icon icon=icon />
            {children()}
            {is_link.then(|| view! { <Icon icon=icondata::LuChevronRight class="icon icon--sm stat__go" /> })}
        </span>
    }
}

/// The number large, its unit one step smaller.
#[component]
fn BytesValue(value: u64) -> impl IntoView {
    let i18n = use_i18n();
    let text = format::bytes(value);
    let (number, unit) =
        text.split_once(' ').map_or((text.clone(), String::new()), |(number, unit)| {
            (number.to_owned(), unit.to_owned())
        });
    let exact =
        move || t_string!(i18n, components.bytes_exact, n = format::grouped(value)).to_string();
    view! {
        <span class="stat__value" title=exact>
            {number}
            <small>{unit}</small>
        </span>
    }
}

/// How full a quota is: the class of its bar.
fn fullness(used: u64, limit: u64) -> &'static str {
    if used >= limit {
        "progress progress--danger"
    } else if used.saturating_mul(5) >= limit.saturating_mul(4) {
        "progress progress--warn"
    } else {
        "progress"
    }
}

#[component]
fn OrganizationsStat(quota: OrganizationQuota) -> impl IntoView {
    let i18n = use_i18n();
    let used = quota.used;
    let is_operator = use_viewer()
        .with_value(|viewer| viewer.profile.as_ref().is_some_and(|profile| profile.is_operator));
    let limit = quota.limit.map(|limit| {
        view! { <small>{t!(i18n, overview.quota_of, limit = move || format::grouped(limit))}</small> }
    });
    let note = move || match quota.limit {
        None => t_string!(i18n, overview.quota_unlimited).to_owned(),
        Some(limit) if used >= limit => t_string!(i18n, overview.quota_used_up).to_owned(),
        Some(limit) if limit - used == 1 => t_string!(i18n, overview.quota_left_single).to_owned(),
        Some(limit) => t_string!(i18n, overview.quota_left, n = limit - used).to_string(),
    };
    let bar = quota.limit.map(|limit| {
        let name =
            move || t_string!(i18n, overview.quota_label, used = used, limit = limit).to_string();
        view! {
            <progress
                class=fullness(used, limit)
                max=limit
                value=used.min(limit)
                aria-label=name
                data-testid="overview.quota"
            ></progress>
        }
    });
    let inside = view! {
        <Label icon=icondata::LuBuilding2 is_link=true>{t!(i18n, overview.organizations)}</Label>
        <span class="stat__value"><Count value=used /> {limit}</span>
        <span class="stat__note">{note}</span>
        {bar}
    };
    let is_full = quota.limit.is_some_and(|limit| used >= limit);
    if is_full && is_operator {
        // A link inside a link is no HTML: the strip's cell holds two of them side by side.
        view! {
            <div class="stat">
                <a class="stat__inner" href="/organizations" data-testid="overview.card.organizations">
                    {inside}
                </a>
                <a class="small" href="/settings/registry" data-testid="overview.quota.setting">
                    {t!(i18n, overview.quota_setting)}
                </a>
            </div>
        }
        .into_any()
    } else {
        view! {
            <a class="stat" href="/organizations" data-testid="overview.card.organizations">
                {inside}
            </a>
        }
        .into_any()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bar_warns_from_four_fifths_and_is_red_when_full() {
        assert_eq!(fullness(3, 5), "progress");
        assert_eq!(fullness(4, 5), "progress progress--warn");
        assert_eq!(fullness(5, 5), "progress progress--danger");
        assert_eq!(fullness(6, 5), "progress progress--danger");
    }
}
