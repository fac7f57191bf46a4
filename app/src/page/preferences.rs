//! Preferences of the one who is signed in (`console.md` A.16).

use leptos::prelude::*;
use roadstead::manage::profile::Density;

use crate::call::account::SavePreferences;
use crate::command::Client;
use crate::component::appearance::LANGUAGES;
use crate::component::command_block::client_name;
use crate::component::error_panel::ErrorBanner;
use crate::component::field::{CheckField, SelectField, TextField};
use crate::component::form::{Csrf, SubmitButton, call_path};
use crate::component::page_header::{PageHeader, PageTitle};
use crate::component::pagination::PAGE_SIZES;
use crate::format::zone;
use crate::i18n::{t, t_string, use_i18n};
use crate::page::account::form::PasswordForm;
use crate::text;
use crate::viewer::{THEMES, full_name, theme_word, use_viewer};

/// Preferences.
#[component]
pub fn AccountPage() -> impl IntoView {
    let i18n = use_i18n();
    let name = use_viewer()
        .with_value(|viewer| viewer.profile.as_ref().map(full_name).unwrap_or_default());
    view! {
        <PageTitle page=text!(i18n, account.title) />
        <PageHeader title=text!(i18n, account.title) note=Signal::stored(Some(name)) />
        <div class="grid">
            <section class="card col-7">
                <div class="card__head">
                    <h2>{t!(i18n, account.interface)}</h2>
                </div>
                <div class="card__body">
                    <PreferenceForm />
                </div>
            </section>
            <section class="card col-5">
                <div class="card__head">
                    <h2>{t!(i18n, account.password)}</h2>
                </div>
                <div class="card__body">
                    <PasswordForm />
                </div>
            </section>
        </div>
    }
}

/// Saved with a full load, because language, theme and density belong to the first byte.
#[component]
fn PreferenceForm() -> impl IntoView {
    let i18n = use_i18n();
    let (profile, preferences, browser) = use_viewer().with_value(|viewer| {
        (viewer.profile.clone(), viewer.preferences.clone(), viewer.offset_minutes)
    });
    let action = ServerAction::<SavePreferences>::new();
    let error = action.value().with_untracked(|value| match value {
        Some(Err(error)) => Some(error.clone()),
        _ => None,
    });
    let words = |text: &str| Signal::stored(text.to_owned());
    let mut languages = vec![(String::new(), text!(i18n, account.language_browser))];
    languages.extend(LANGUAGES.map(|(_, code, name)| (code.to_owned(), words(name))));
    let themes = THEMES
        .map(|theme| {
            let label = match theme_word(theme) {
                "light" => text!(i18n, common.light),
                "dark" => text!(i18n, common.dark),
                _ => text!(i18n, common.system),
            };
            (theme_word(theme).to_owned(), label)
        })
        .to_vec();
    let mut zones = vec![(String::new(), text!(i18n, account.time_zone_browser))];
    zones.extend(
        offsets(preferences.time_zone_minutes.unwrap_or(browser))
            .map(|minutes| (minutes.to_string(), words(&zone(minutes)))),
    );
    let densities = vec![
        ("comfortable".to_owned(), text!(i18n, account.density_comfortable)),
        ("compact".to_owned(), text!(i18n, account.density_compact)),
    ];
    let clients = Client::PULL
        .map(|client| {
            (client.as_str().to_owned(), derive(move || client_name(i18n, client).to_owned()))
        })
        .to_vec();
    let sizes = PAGE_SIZES
        .map(|size| {
            let label = derive(move || t_string!(i18n, components.per_page, n = size).to_string());
            (size.to_string(), label)
        })
        .to_vec();
    let density = if preferences.density == Density::Compact { "compact" } else { "comfortable" };
    let display_name = profile.and_then(|profile| profile.display_name).unwrap_or_default();
    view! {
        {error.map(|error| view! { <ErrorBanner error=error /> })}
        <form
            class="form-grid"
            method="post"
            action={call_path::<SavePreferences>()}
            data-plain=""
            data-testid="account.form"
        >
            <Csrf />
            <TextField
                name="display_name"
                label=text!(i18n, account.display_name)
                help=text!(i18n, account.display_name_help)
                value=display_name
                autocomplete="nickname"
                max=64
                testid="account.display-name"
            />
            <div class="form-grid form-grid--2">
                <SelectField
                    name="language"
                    label=text!(i18n, common.language)
                    options=languages
                    value=preferences.language.map_or(String::new(), |language| language.as_str().to_owned())
                    testid="account.language"
                />
                <SelectField
                    name="time_zone"
                    label=text!(i18n, account.time_zone)
                    options=zones
                    value=preferences.time_zone_minutes.map_or(String::new(), |minutes| minutes.to_string())
                    testid="account.time-zone"
                />
                <SelectField
                    name="theme"
                    label=text!(i18n, common.theme)
                    options=themes
                    value=theme_word(preferences.theme)
                    testid="account.theme"
                />
                <SelectField
                    name="density"
                    label=text!(i18n, account.density)
                    options=densities
                    value=density
                    testid="account.density"
                />
                <SelectField
                    name="client"
                    label=text!(i18n, account.client)
                    options=clients
                    value=Client::from(preferences.client).as_str()
                    testid="account.client"
                />
                <SelectField
                    name="page_size"
                    label=text!(i18n, account.page_size)
                    options=sizes
                    value=preferences.page_size.to_string()
                    testid="account.page-size"
                />
            </div>
            <CheckField name="shortcuts" label=text!(i18n, account.shortcuts) is_checked=preferences.shortcuts />
            <CheckField
                name="reduce_motion"
                label=text!(i18n, account.reduce_motion)
                is_checked=preferences.reduce_motion
            />
            <div class="row">
                <SubmitButton label=text!(i18n, common.save) testid="account.save" />
            </div>
        </form>
    }
}

/// Whole hours from −12 to +14, the half hours in use, and whatever is set now.
fn offsets(current: i32) -> impl Iterator<Item = i32> {
    const HALVES: [i32; 10] = [-570, -210, -150, 210, 270, 330, 345, 390, 570, 630];
    let mut all: Vec<i32> =
        (-12..=14).map(|hours| hours * 60).chain(HALVES).chain([current]).collect();
    all.sort_unstable();
    all.dedup();
    all.into_iter()
}

#[cfg(test)]
mod tests {
    use super::offsets;

    #[test]
    fn offsets_are_sorted_and_hold_the_current_one() {
        let all: Vec<i32> = offsets(765).collect();
        assert!(all.is_sorted() && all.contains(&765) && all.contains(&480) && all.contains(&330));
        assert_eq!(offsets(0).filter(|minutes| *minutes == 0).count(), 1);
    }
}
