//! What went wrong, as a person reads it: one exhaustive match from [`ErrorKind`] to words, icon and HTTP status.
//!
//! Causes never arrive here: the door logs them under the request id, and the person gets the id.

use std::collections::BTreeMap;

use roadstead::access::Problem;
use roadstead::{ErrorKind, Subject};
use serde::{Deserialize, Serialize};
use server_fn::codec::JsonEncoding;
use server_fn::error::{FromServerFnError, ServerFnErrorErr};

use crate::i18n::{I18n, Locale, td_string};

/// Most mistakes of a policy that one error carries: it travels in addresses.
const PROBLEMS: usize = 8;

/// What is wrong in particular: for the few errors that name more than one thing.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Details {
    /// What of a batch was refused, a line each; the page that sent it knows the words.
    #[serde(default)]
    pub refused: Vec<String>,
    /// What is wrong with a policy that was typed; at most [`PROBLEMS`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub problems: Vec<Problem>,
}

/// An error on its way to a person.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ConsoleError {
    /// What went wrong.
    pub kind: ErrorKind,
    /// What it is about.
    pub subject: Subject,
    /// The service's English sentence, for the technical details.
    pub message: String,
    /// Numbers for the sentence: `used`, `limit`, `n`.
    #[serde(default)]
    pub numbers: BTreeMap<String, u64>,
    /// A word of the service that tells cases of one kind apart, for example `programmatic_only`.
    #[serde(default)]
    pub reason: Option<Box<str>>,
    /// What is wrong in particular.
    #[serde(default)]
    pub details: Box<Details>,
    /// Seconds after which to try again.
    #[serde(default)]
    pub retry_after: Option<u64>,
    /// The request, as the server's log knows it.
    #[serde(default)]
    pub request_id: Option<String>,
    /// The server was not reached at all.
    #[serde(default)]
    pub is_offline: bool,
}

impl ConsoleError {
    /// An error without numbers.
    #[must_use]
    pub fn new(kind: ErrorKind, subject: Subject, message: impl Into<String>) -> Self {
        Self {
            kind,
            subject,
            message: message.into(),
            numbers: BTreeMap::new(),
            reason: None,
            details: Box::default(),
            retry_after: None,
            request_id: None,
            is_offline: false,
        }
    }

    /// It does not exist, or the viewer may not see it: both are shown as the same page.
    #[must_use]
    pub const fn is_missing(&self) -> bool {
        matches!(self.kind, ErrorKind::NotFound | ErrorKind::Hidden)
    }

    /// HTTP status of a page or call that ends with it.
    #[must_use]
    pub const fn status(&self) -> u16 {
        look(self.kind).0
    }

    /// The icon beside the sentence.
    #[must_use]
    pub const fn icon(&self) -> icondata::Icon {
        look(self.kind).1
    }

    /// Trying the same again may help.
    #[must_use]
    pub const fn is_retryable(&self) -> bool {
        self.is_offline
            || matches!(
                self.kind,
                ErrorKind::Unavailable
                    | ErrorKind::Internal
                    | ErrorKind::RateLimited
                    | ErrorKind::Conflict
            )
    }

    fn number(&self, name: &str) -> u64 {
        self.numbers.get(name).copied().unwrap_or_default()
    }

    /// The sentence in the viewer's language.
    #[must_use]
    pub fn text(&self, i18n: I18n) -> String {
        let locale = i18n.get_locale();
        if self.is_offline {
            return td_string!(locale, errors.offline).to_owned();
        }
        match self.kind {
            ErrorKind::NotFound | ErrorKind::Hidden => match self.subject {
                Subject::Organization => td_string!(locale, errors.organization_not_found),
                Subject::Repository => td_string!(locale, errors.image_not_found),
                Subject::Tag | Subject::Manifest => td_string!(locale, errors.tag_not_found),
                Subject::Grant => td_string!(locale, errors.grant_not_found),
                Subject::Share => td_string!(locale, errors.share_not_found),
                Subject::Account => td_string!(locale, errors.share_account),
                Subject::User => td_string!(locale, errors.user_not_found),
                Subject::Group => td_string!(locale, errors.group_not_found),
                Subject::Policy => td_string!(locale, errors.policy_not_found),
                _ => td_string!(locale, errors.not_found),
            }
            .to_owned(),
            ErrorKind::AlreadyExists => match self.subject {
                Subject::Organization => td_string!(locale, errors.organization_exists),
                Subject::Repository => td_string!(locale, errors.image_exists),
                Subject::Grant => td_string!(locale, errors.grant_exists),
                Subject::Share => td_string!(locale, errors.share_exists),
                _ => td_string!(locale, errors.already_exists),
            }
            .to_owned(),
            ErrorKind::Invalid => self.invalid(locale).to_owned(),
            ErrorKind::DigestMismatch => td_string!(locale, errors.digest_mismatch).to_owned(),
            ErrorKind::RangeInvalid => td_string!(locale, errors.range_invalid).to_owned(),
            ErrorKind::TooLarge => match self.subject {
                Subject::Description => td_string!(locale, errors.description),
                Subject::Share => td_string!(locale, errors.share_description),
                _ => td_string!(locale, errors.too_large),
            }
            .to_owned(),
            ErrorKind::Unauthenticated => match self.subject {
                Subject::Password => td_string!(locale, errors.wrong_credentials),
                Subject::SetupCode => td_string!(locale, errors.setup_code),
                _ => td_string!(locale, errors.unauthenticated),
            }
            .to_owned(),
            ErrorKind::Denied => match self.subject {
                Subject::Password => td_string!(locale, errors.confirm_password),
                _ => td_string!(locale, errors.denied),
            }
            .to_owned(),
            ErrorKind::QuotaExceeded => match self.subject {
                Subject::Organization if self.number("limit") > 0 => td_string!(
                    locale,
                    errors.organization_quota,
                    used = self.number("used"),
                    limit = self.number("limit")
                )
                .to_string(),
                Subject::Credential => td_string!(locale, errors.access_key_quota).to_owned(),
                Subject::Share => td_string!(locale, errors.share_limit).to_owned(),
                _ => td_string!(locale, errors.quota_exceeded).to_owned(),
            },
            ErrorKind::Conflict => match (self.subject, self.number("n")) {
                (Subject::Organization, 1) => {
                    td_string!(locale, errors.organization_not_empty_one).to_owned()
                }
                (Subject::Organization, n) if n > 1 => {
                    td_string!(locale, errors.organization_not_empty, n = n).to_string()
                }
                (Subject::Share, 0) => td_string!(locale, errors.share_public).to_owned(),
                (Subject::Share, _) => td_string!(locale, errors.share_refused).to_owned(),
                (Subject::Policy, n) => {
                    td_string!(locale, errors.policy_attached, n = n).to_string()
                }
                (Subject::User, _) if self.reason.as_deref() == Some("oneself") => {
                    td_string!(locale, errors.user_oneself).to_owned()
                }
                (Subject::User, _) if self.reason.as_deref() == Some("owner") => {
                    td_string!(locale, errors.user_owner).to_owned()
                }
                _ => td_string!(locale, errors.conflict).to_owned(),
            },
            ErrorKind::Unsupported => td_string!(locale, errors.unsupported).to_owned(),
            ErrorKind::RateLimited if self.subject == Subject::Share => {
                td_string!(locale, errors.share_blocked, n = self.retry_after.unwrap_or(600))
                    .to_string()
            }
            ErrorKind::RateLimited => {
                td_string!(locale, errors.rate_limited, n = self.retry_after.unwrap_or(60))
                    .to_string()
            }
            ErrorKind::Unavailable => td_string!(locale, errors.unavailable).to_owned(),
            ErrorKind::StorageFull => td_string!(locale, errors.storage_full).to_owned(),
            ErrorKind::Corrupt => td_string!(locale, errors.corrupt).to_owned(),
            ErrorKind::Internal => td_string!(locale, errors.internal).to_owned(),
        }
    }

    fn invalid(&self, locale: Locale) -> &'static str {
        match self.subject {
            Subject::Request if self.reason.as_deref() == Some("confirm") => {
                td_string!(locale, errors.confirm_name)
            }
            Subject::Organization if self.reason.as_deref() == Some("reserved") => {
                td_string!(locale, errors.organization_reserved)
            }
            Subject::Organization => td_string!(locale, errors.organization_name),
            Subject::Repository => td_string!(locale, errors.image_name),
            Subject::Tag => td_string!(locale, errors.tag_name),
            Subject::Account => td_string!(locale, errors.account_name),
            Subject::User => match self.reason.as_deref() {
                Some("email") => td_string!(locale, errors.user_email),
                Some("no_way_in") => td_string!(locale, errors.user_no_way_in),
                Some("account_name") => td_string!(locale, errors.user_account_name),
                Some("display_name") => td_string!(locale, errors.user_display_name),
                _ => td_string!(locale, errors.user_name),
            },
            Subject::Policy if self.reason.as_deref() == Some("policy_document") => {
                td_string!(locale, errors.policy_document)
            }
            Subject::Group | Subject::Policy => td_string!(locale, errors.group_name),
            Subject::Description if self.reason.as_deref() == Some("line") => {
                td_string!(locale, errors.line_255)
            }
            Subject::Password => td_string!(locale, errors.password),
            Subject::SetupCode => td_string!(locale, errors.setup_code),
            Subject::Region => td_string!(locale, errors.region_id),
            Subject::Url => td_string!(locale, errors.url),
            Subject::Description => td_string!(locale, errors.description),
            Subject::Setting => td_string!(locale, errors.setting),
            Subject::Credential => td_string!(locale, errors.access_key),
            Subject::Time => td_string!(locale, errors.time),
            Subject::Grant => match self.reason.as_deref() {
                Some("self") => td_string!(locale, errors.grant_self),
                Some("owner") => td_string!(locale, errors.grant_owner),
                _ => td_string!(locale, errors.grant_user),
            },
            Subject::Share => match self.reason.as_deref() {
                Some("own_account") => td_string!(locale, errors.share_own),
                _ => td_string!(locale, errors.share_until),
            },
            _ => td_string!(locale, errors.invalid),
        }
    }
}

/// Status and icon of a kind: the one place where either is chosen.
const fn look(kind: ErrorKind) -> (u16, icondata::Icon) {
    match kind {
        ErrorKind::NotFound | ErrorKind::Hidden => (404, icondata::LuSearchX),
        ErrorKind::AlreadyExists | ErrorKind::Conflict => (409, icondata::LuCircleAlert),
        ErrorKind::Invalid | ErrorKind::DigestMismatch => (400, icondata::LuCircleAlert),
        ErrorKind::RangeInvalid => (416, icondata::LuCircleAlert),
        ErrorKind::TooLarge => (413, icondata::LuCircleAlert),
        ErrorKind::Unauthenticated => (401, icondata::LuLock),
        ErrorKind::Denied => (403, icondata::LuLock),
        ErrorKind::QuotaExceeded => (403, icondata::LuGauge),
        ErrorKind::Unsupported => (405, icondata::LuBan),
        ErrorKind::RateLimited => (429, icondata::LuTimer),
        ErrorKind::Unavailable => (503, icondata::LuCircleX),
        ErrorKind::StorageFull => (507, icondata::LuCircleX),
        ErrorKind::Corrupt | ErrorKind::Internal => (500, icondata::LuCircleX),
    }
}

impl From<roadstead::Error> for ConsoleError {
    fn from(error: roadstead::Error) -> Self {
        let detail = error.detail().and_then(serde_json::Value::as_object);
        let numbers = detail
            .into_iter()
            .flatten()
            .filter_map(|(name, value)| value.as_u64().map(|value| (name.clone(), value)))
            .collect();
        let reason = detail
            .and_then(|detail| detail.get("reason"))
            .and_then(serde_json::Value::as_str)
            .map(Into::into);
        let problems = detail
            .and_then(|detail| detail.get("problems"))
            .and_then(serde_json::Value::as_array)
            .into_iter()
            .flatten()
            .take(PROBLEMS)
            .filter_map(|problem| serde_json::from_value(problem.clone()).ok())
            .collect();
        Self {
            kind: error.kind(),
            subject: error.subject(),
            message: error.message().to_owned(),
            numbers,
            reason,
            details: Box::new(Details { refused: Vec::new(), problems }),
            retry_after: error.retry_after_seconds(),
            request_id: None,
            is_offline: false,
        }
    }
}

impl FromServerFnError for ConsoleError {
    type Encoder = JsonEncoding;

    fn from_server_fn_error(error: ServerFnErrorErr) -> Self {
        let message = error.to_string();
        match error {
            ServerFnErrorErr::Request(_) => Self {
                is_offline: true,
                ..Self::new(ErrorKind::Unavailable, Subject::Request, message)
            },
            ServerFnErrorErr::Args(_) | ServerFnErrorErr::MissingArg(_) => {
                Self::new(ErrorKind::Invalid, Subject::Request, message)
            }
            // On the server this is what was sent, in the browser what was answered.
            #[cfg(feature = "ssr")]
            ServerFnErrorErr::Deserialization(_) => {
                Self::new(ErrorKind::Invalid, Subject::Request, message)
            }
            #[cfg(not(feature = "ssr"))]
            ServerFnErrorErr::Deserialization(_) => {
                Self::new(ErrorKind::Internal, Subject::Request, message)
            }
            ServerFnErrorErr::Registration(_)
            | ServerFnErrorErr::UnsupportedRequestMethod(_)
            | ServerFnErrorErr::ServerError(_)
            | ServerFnErrorErr::MiddlewareError(_)
            | ServerFnErrorErr::Serialization(_)
            | ServerFnErrorErr::Response(_) => {
                Self::new(ErrorKind::Internal, Subject::Request, message)
            }
        }
    }
}

impl std::fmt::Display for ConsoleError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for ConsoleError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_reason_come_from_the_detail() {
        let error = roadstead::Error::new(ErrorKind::QuotaExceeded, Subject::Organization, "quota")
            .with_detail(serde_json::json!({"used": 5, "limit": 5, "reason": "quota"}))
            .retry_after(7);
        let error = ConsoleError::from(error);
        assert_eq!((error.number("used"), error.number("limit")), (5, 5));
        assert_eq!(error.reason.as_deref(), Some("quota"));
        assert_eq!(error.retry_after, Some(7));
        assert_eq!(error.status(), 403);
    }

    #[test]
    fn hidden_and_missing_look_the_same() {
        let hidden = ConsoleError::new(ErrorKind::Hidden, Subject::Repository, "x");
        let missing = ConsoleError::new(ErrorKind::NotFound, Subject::Repository, "x");
        assert_eq!(hidden.status(), missing.status());
        assert!(hidden.is_missing() && missing.is_missing());
    }

    #[test]
    fn an_unreached_server_is_offline_and_retryable() {
        let error =
            ConsoleError::from_server_fn_error(ServerFnErrorErr::Request("no network".to_owned()));
        assert!(error.is_offline && error.is_retryable());
    }
}
