//! Appearance, preferences and password of the one who is signed in.

#![allow(clippy::too_many_arguments, reason = "they are the fields of one form")]
#![allow(missing_docs, reason = "the fields are the arguments, which each function explains")]

use leptos::prelude::*;

use crate::client::ConsoleClient;
use crate::error::ConsoleError;
use crate::notice::Done;
#[cfg(feature = "ssr")]
use crate::{
    command::Client,
    notice::Notice,
    port::{YEAR, port},
    viewer::parse_theme,
};
#[cfg(feature = "ssr")]
use roadstead::{
    ErrorKind, Secret, Subject,
    manage::profile::{Density, Language, Preferences},
};

#[cfg(feature = "ssr")]
fn parse_language(word: &str) -> Option<Language> {
    match word {
        "en" => Some(Language::En),
        "zh-CN" => Some(Language::ZhCn),
        _ => None,
    }
}

/// Language, theme, navigation and client from the top bar and the command blocks: cookies for everybody, preferences
/// for whoever is signed in. What is `None` or unknown stays as it is.
///
/// # Errors
/// As the service reports.
#[server(prefix = "/console/call", endpoint = "appearance", client = ConsoleClient)]
pub async fn save_appearance(
    #[server(default)] language: Option<String>,
    #[server(default)] theme: Option<String>,
    #[server(default)] navigation: Option<String>,
    #[server(default)] client: Option<String>,
) -> Result<Done, ConsoleError> {
    let port = port()?;
    let language = language.as_deref().and_then(parse_language);
    let theme = theme.as_deref().and_then(parse_theme);
    let client = client.as_deref().and_then(Client::parse).and_then(Client::remembered);
    if let Some(language) = language {
        port.set_cookie("rs_lang", language.as_str(), Some(YEAR), true);
    }
    if let Some(theme) = theme {
        port.set_cookie("rs_theme", crate::viewer::theme_word(theme), Some(YEAR), true);
    }
    if let Some(word @ ("collapsed" | "open")) = navigation.as_deref() {
        port.set_cookie("rs_nav", word, Some(YEAR), true);
    }
    if let Some(profile) = port.0.profile() {
        let old = profile.preferences;
        let new = Preferences {
            language: language.or(old.language),
            theme: theme.unwrap_or(old.theme),
            client: client.unwrap_or(old.client),
            ..old.clone()
        };
        if new != old {
            let context = port.context();
            port.service()
                .sessions()
                .save_preferences(&context, new)
                .await
                .map_err(|error| port.error(error))?;
        }
    }
    port.done(None, None)
}

#[allow(clippy::derivable_impls, reason = "the struct is made by the macro")]
impl Default for SaveAppearance {
    fn default() -> Self {
        Self { language: None, theme: None, navigation: None, client: None }
    }
}

/// Display name and preferences, from the page.
///
/// # Errors
/// As the service reports.
#[server(prefix = "/console/call", endpoint = "preferences", client = ConsoleClient)]
pub async fn save_preferences(
    #[server(default)] display_name: String,
    #[server(default)] language: String,
    #[server(default)] theme: String,
    #[server(default)] time_zone: String,
    #[server(default)] density: String,
    #[server(default)] client: String,
    #[server(default)] page_size: String,
    #[server(default)] shortcuts: bool,
    #[server(default)] reduce_motion: bool,
) -> Result<Done, ConsoleError> {
    let port = port()?;
    let context = port.context();
    let preferences = Preferences {
        language: parse_language(&language),
        time_zone_minutes: time_zone.parse().ok(),
        theme: parse_theme(&theme).unwrap_or_default(),
        density: if density == "compact" { Density::Compact } else { Density::Comfortable },
        client: Client::parse(&client).and_then(Client::remembered).unwrap_or_default(),
        page_size: page_size.parse().unwrap_or(20),
        shortcuts,
        reduce_motion,
        ..port.0.profile().map(|profile| profile.preferences).unwrap_or_default()
    };
    let name = Some(display_name.trim().to_owned()).filter(|name| !name.is_empty());
    let service = port.service();
    service
        .sessions()
        .save_display_name(&context, name)
        .await
        .map_err(|error| port.error(error))?;
    service
        .sessions()
        .save_preferences(&context, preferences.clone())
        .await
        .map_err(|error| port.error(error))?;
    port.follow(&preferences);
    port.done(Some("/account".to_owned()), Some(Notice::Saved))
}

/// How a list is shown from now on: its columns, how it is sorted, how many rows a page has. What is `None` stays as it
/// is; `sort` of an empty word returns to the list's own order.
///
/// # Errors
/// Invalid for a page size that is not offered.
#[server(prefix = "/console/call", endpoint = "list", client = ConsoleClient)]
pub async fn save_list(
    list: String,
    #[server(default)] is_columns: bool,
    #[server(default)] shown: Vec<String>,
    #[server(default)] sort: Option<String>,
    #[server(default)] page_size: Option<u16>,
) -> Result<Done, ConsoleError> {
    let port = port()?;
    let context = port.context();
    let Some(profile) = port.0.profile() else { return port.done(None, None) };
    let mut new = profile.preferences.clone();
    if is_columns {
        for column in crate::component::listing::of(&list) {
            let key = format!("{list}.{column}");
            if shown.iter().any(|word| word == column) {
                new.hidden_columns.remove(&key);
            } else {
                new.hidden_columns.insert(key);
            }
        }
    }
    if let Some(sort) = sort.filter(|sort| sort.len() <= 32)
        && !crate::component::listing::of(&list).is_empty()
    {
        if sort.is_empty() {
            new.sorts.remove(&list);
        } else {
            new.sorts.insert(list, sort);
        }
    }
    new.page_size = page_size.unwrap_or(new.page_size);
    if new != profile.preferences {
        let saved = port.service().sessions().save_preferences(&context, new).await;
        saved.map_err(|error| port.error(error))?;
    }
    port.done(None, None)
}

/// Changes the password; other sessions of the user end.
///
/// # Errors
/// Unauthenticated about the password when `current` is wrong; Invalid when the new one breaks the rule.
#[server(prefix = "/console/call", endpoint = "password", client = ConsoleClient)]
pub async fn change_password(
    current: String,
    password: String,
    confirm: String,
    #[server(default)] next: Option<String>,
) -> Result<Done, ConsoleError> {
    let port = port()?;
    if password != confirm {
        let mut error =
            ConsoleError::new(ErrorKind::Invalid, Subject::Password, "the passwords differ");
        error.reason = Some("differ".into());
        return Err(error);
    }
    let context = port.context();
    let (current, password) = (Secret::new(current), Secret::new(password));
    port.service()
        .sessions()
        .change_password(&context, &current, &password)
        .await
        .map_err(|error| port.error(error))?;
    port.done(Some(crate::link::safe_next(next.as_deref())), Some(Notice::PasswordChanged))
}
