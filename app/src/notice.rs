//! What a form did, said once: as a toast after a server function, or through a short-lived cookie after a plain form.
//!
//! To add one: a variant, its words in `locales/*/components.json`, an arm in [`Notice::text`].

use serde::{Deserialize, Serialize};

use crate::i18n::{I18n, td_string};

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Notice {
    /// Something was saved.
    Saved,
    /// The named thing was made.
    Created(String),
    /// The named thing was changed.
    Updated(String),
    /// The named thing was deleted.
    Deleted(String),
    /// The password was changed.
    PasswordChanged,
    /// Signed in again, over the page.
    SignedIn,
    /// Signed out.
    SignedOut,
    /// The registry was set up.
    Welcome,
}

impl Notice {
    /// The sentence in the viewer's language.
    #[must_use]
    pub fn text(&self, i18n: I18n) -> String {
        let locale = i18n.get_locale();
        match self {
            Self::Saved => td_string!(locale, components.notice_saved).to_owned(),
            Self::Created(name) => {
                td_string!(locale, components.notice_created, name = name.as_str()).to_string()
            }
            Self::Updated(name) => {
                td_string!(locale, components.notice_updated, name = name.as_str()).to_string()
            }
            Self::Deleted(name) => {
                td_string!(locale, components.notice_deleted, name = name.as_str()).to_string()
            }
            Self::PasswordChanged => td_string!(locale, components.notice_password).to_owned(),
            Self::SignedIn => td_string!(locale, components.notice_signed_in).to_owned(),
            Self::SignedOut => td_string!(locale, components.notice_signed_out).to_owned(),
            Self::Welcome => td_string!(locale, components.notice_welcome).to_owned(),
        }
    }
}

/// What a mutating server function answers: where to go next and what to say there.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Done {
    /// Path to go to; `None` stays.
    pub to: Option<String>,
    /// What to say.
    pub notice: Option<Notice>,
}
