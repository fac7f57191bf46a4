//! Who looks, and how: everything the first byte must already respect. The server decides it once per request
//! ([`Viewer::decide`]); it travels inside the page, so that the browser begins with the same values.
//!
//! Invariants: nothing here is a secret but the CSRF token, which belongs to this very viewer; permission flags only
//! hide what would be refused, the service decides.
//! To add a preference: a field in [`Preferences`], a control in `page/account.rs`, words in `locales/*/account.json`.

use std::collections::{BTreeMap, BTreeSet};

use leptos::prelude::*;
use roadstead::Timestamp;
use roadstead::manage::news::News;
use roadstead::manage::overview::NavCounts;
use roadstead::manage::profile::{Preferences, Profile, Theme};
use serde::{Deserialize, Serialize};

use crate::command::Client;
use crate::i18n::Locale;
use crate::notice::Notice;

/// Every theme, in menu order.
pub const THEMES: [Theme; 3] = [Theme::System, Theme::Light, Theme::Dark];

/// The word of a theme in the cookie `rs_theme` and in `data-theme`.
#[must_use]
pub const fn theme_word(theme: Theme) -> &'static str {
    match theme {
        Theme::System => "system",
        Theme::Light => "light",
        Theme::Dark => "dark",
    }
}

/// Reads the word of a theme back.
#[must_use]
pub fn parse_theme(text: &str) -> Option<Theme> {
    THEMES.into_iter().find(|theme| theme_word(*theme) == text)
}

/// The name in the top bar.
#[must_use]
pub fn shown_name(profile: &Profile) -> String {
    match &profile.display_name {
        Some(name) if !name.is_empty() => name.clone(),
        _ => profile.user.to_string(),
    }
}

/// `account / user`, or the account alone for its owner.
#[must_use]
pub fn full_name(profile: &Profile) -> String {
    if profile.is_owner {
        profile.account.to_string()
    } else {
        format!("{} / {}", profile.account, profile.user)
    }
}

/// Facts of this registry that pages show.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Site {
    /// Name of the site, in titles.
    pub name: String,
    /// `host[:port]` for login, pull and push commands, for this request.
    pub host: String,
    /// Clients reach that host by plain HTTP.
    pub plain_http: bool,
    /// Region id: the part before `@` in `docker login -u`.
    pub region: String,
    /// Name of the region.
    pub region_name: String,
    /// How many regions exist; the switcher shows from two on.
    pub regions: u32,
    /// Version of the program.
    pub version: String,
    /// Largest layer in bytes; 0 is unlimited.
    pub max_layer_bytes: u64,
    /// Layers that one account may be sending at a time; 0 is unlimited.
    pub max_concurrent_layers: u64,
    /// No account exists yet: every page leads to `/setup`.
    pub needs_setup: bool,
    /// Name of the only account, when there is exactly one: sign-in then does not ask for it.
    pub only_account: Option<String>,
    /// Address in the private network, if there is one: a choice in login commands.
    pub internal: Option<String>,
    /// What everybody reads at the top of every page.
    pub announcement: Option<Announcement>,
    /// `en`, `zh-CN`, or empty for the browser's.
    pub default_language: String,
    /// The request came by HTTPS: cookies are `Secure`.
    pub is_secure: bool,
}

/// What everybody reads at the top of every page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Announcement {
    /// Something to heed, not only to know.
    pub is_warning: bool,
    /// Its text as HTML that the server made of Markdown ([`crate::markdown`]).
    pub html: String,
}

/// How long a session still lasts, in seconds: clocks of browsers go wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionSpan {
    /// If nothing happens.
    pub idle: i64,
    /// Whatever happens.
    pub longest: i64,
}

/// Everything the page knows about the one who looks.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Viewer {
    /// `en` or `zh-CN`.
    pub language: String,
    /// Theme.
    pub theme: Theme,
    /// Offset from UTC in minutes for printed times.
    pub offset_minutes: i32,
    /// When the server rendered this page.
    pub now: Timestamp,
    /// The navigation is collapsed to icons.
    pub is_collapsed: bool,
    /// Preferences, of the person or the defaults.
    pub preferences: Preferences,
    /// Who is signed in, if anybody.
    pub profile: Option<Profile>,
    /// Numbers beside the entries of the navigation.
    pub counts: NavCounts,
    /// How long they stay signed in.
    pub session: Option<SessionSpan>,
    /// Where the page begins to follow what changes.
    pub news: String,
    /// Facts of the registry.
    pub site: Site,
    /// Token for forms (`_csrf`) and server functions (`x-csrf-token`).
    pub csrf: String,
    /// What the last form did, said once.
    pub notice: Option<Notice>,
    /// What was typed into a form that was refused, by field name.
    pub kept: BTreeMap<String, String>,
}

impl Viewer {
    /// Rows per page, 10 to 100.
    #[must_use]
    pub fn page_size(&self) -> u64 {
        match self.preferences.page_size {
            size @ (10 | 20 | 50 | 100) => u64::from(size),
            _ => 20,
        }
    }

    /// What was typed into field `name` of a form that was refused, or empty.
    #[must_use]
    pub fn kept(&self, name: &str) -> String {
        self.kept.get(name).cloned().unwrap_or_default()
    }
}

/// The viewer of this page. Never changes while the page lives: what can change is in [`Live`].
///
/// Falls back to an anonymous viewer outside [`crate::App`], so that single components can be rendered alone.
#[must_use]
pub fn use_viewer() -> StoredValue<Viewer> {
    use_context::<StoredValue<Viewer>>().unwrap_or_else(|| StoredValue::new(Viewer::nobody()))
}

/// What can change while the page lives.
#[derive(Debug, Clone, Copy)]
pub struct Live {
    /// Theme.
    pub theme: RwSignal<Theme>,
    /// Offset from UTC in minutes.
    pub offset_minutes: RwSignal<i32>,
    /// The time, as of the last tick (every 30 s in the browser).
    pub now: RwSignal<Timestamp>,
    /// Client whose commands are shown.
    pub client: RwSignal<Client>,
    /// The navigation is collapsed.
    pub is_collapsed: RwSignal<bool>,
    /// Numbers beside the entries of the navigation.
    pub counts: RwSignal<NavCounts>,
    /// Counts changes made from this page; resources that read it load again.
    pub changes: RwSignal<u32>,
    /// What the one polite live region says.
    pub said: RwSignal<String>,
    /// What another changed, last; resources that show it load again.
    pub news: RwSignal<News>,
    /// When the session ends if nothing happens, and whatever happens, by the browser's clock; as far as the page knows.
    pub session: RwSignal<Option<(Timestamp, Timestamp)>>,
    /// The session has ended under the page.
    pub is_expired: RwSignal<bool>,
    /// The dialog that asks for the password again is open.
    pub is_signing_in: RwSignal<bool>,
    /// The server is not reached.
    pub is_offline: RwSignal<bool>,
    /// Columns that are not shown, of every list: `images.pulls`.
    pub hidden_columns: RwSignal<BTreeSet<String>>,
    /// The order that was chosen for lists: list to `key.asc` or `key.desc`.
    pub sorts: RwSignal<BTreeMap<String, String>>,
    /// Rows per page, where the address does not say.
    pub page_size: RwSignal<u64>,
    /// The palette of searches and commands is open.
    pub is_palette_open: RwSignal<bool>,
}

impl Live {
    /// Begins with what the server said.
    #[must_use]
    pub fn new(viewer: &Viewer) -> Self {
        Self {
            theme: RwSignal::new(viewer.theme),
            offset_minutes: RwSignal::new(viewer.offset_minutes),
            now: RwSignal::new(viewer.now),
            client: RwSignal::new(Client::from(viewer.preferences.client)),
            is_collapsed: RwSignal::new(viewer.is_collapsed),
            counts: RwSignal::new(viewer.counts),
            changes: RwSignal::new(0),
            said: RwSignal::new(String::new()),
            news: RwSignal::new(News::default()),
            session: RwSignal::new(None),
            is_expired: RwSignal::new(false),
            is_signing_in: RwSignal::new(false),
            is_offline: RwSignal::new(false),
            hidden_columns: RwSignal::new(viewer.preferences.hidden_columns.clone()),
            sorts: RwSignal::new(viewer.preferences.sorts.clone()),
            page_size: RwSignal::new(viewer.page_size()),
            is_palette_open: RwSignal::new(false),
        }
    }
}

/// What can change while the page lives.
#[must_use]
pub fn use_live() -> Live {
    use_context::<Live>().unwrap_or_else(|| use_viewer().with_value(Live::new))
}

impl Viewer {
    /// Nobody, in English, at the beginning of time.
    #[must_use]
    pub fn nobody() -> Self {
        Self {
            language: Locale::en.to_string(),
            theme: Theme::System,
            offset_minutes: 0,
            now: Timestamp::EPOCH,
            is_collapsed: false,
            preferences: Preferences::default(),
            profile: None,
            counts: NavCounts::default(),
            session: None,
            news: String::new(),
            site: Site::default(),
            csrf: String::new(),
            notice: None,
            kept: BTreeMap::new(),
        }
    }
}

/// Picks `en` or `zh-CN`: cookie, then preference, then the site's default, then `Accept-Language`, then English.
#[must_use]
pub fn choose_language(
    cookie: Option<&str>,
    preference: &str,
    accepted: Option<&str>,
    site: &str,
) -> &'static str {
    let known = |text: &str| match text {
        "en" => Some("en"),
        "zh-CN" => Some("zh-CN"),
        _ => None,
    };
    cookie
        .and_then(known)
        .or_else(|| known(preference))
        .or_else(|| accepted.and_then(accepted_language))
        .or_else(|| known(site))
        .unwrap_or("en")
}

/// The best of `Accept-Language` that we speak: highest `q`, then first. Chinese of any kind is `zh-CN`.
fn accepted_language(header: &str) -> Option<&'static str> {
    let mut best: Option<(&'static str, f32)> = None;
    for item in header.split(',') {
        let mut parts = item.split(';');
        let tag = parts.next().unwrap_or_default().trim().to_ascii_lowercase();
        let weight = parts
            .find_map(|part| {
                part.trim().strip_prefix("q=").and_then(|q| q.trim().parse::<f32>().ok())
            })
            .unwrap_or(1.0);
        let language = match tag.split('-').next() {
            Some("zh") => "zh-CN",
            Some("en") => "en",
            _ => continue,
        };
        if weight > 0.0 && best.is_none_or(|(_, other)| weight > other) {
            best = Some((language, weight));
        }
    }
    best.map(|(language, _)| language)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn language_cookie_wins_then_preference_then_browser_then_site() {
        assert_eq!(choose_language(Some("en"), "zh-CN", Some("zh"), "zh-CN"), "en");
        assert_eq!(choose_language(Some("xx"), "zh-CN", Some("en"), ""), "zh-CN");
        assert_eq!(choose_language(None, "", Some("zh-TW,en;q=0.8"), ""), "zh-CN");
        assert_eq!(choose_language(None, "", Some("fr,en;q=0.3,zh;q=0.9"), ""), "zh-CN");
        assert_eq!(choose_language(None, "", Some("en-GB;q=0.5, zh;q=0.4"), ""), "en");
        assert_eq!(choose_language(None, "", Some("fr"), "zh-CN"), "zh-CN");
        assert_eq!(choose_language(None, "", None, ""), "en");
    }

    #[test]
    fn theme_words_read_back() {
        for theme in THEMES {
            assert_eq!(parse_theme(theme_word(theme)), Some(theme));
        }
        assert_eq!(parse_theme("blue"), None);
    }
}
