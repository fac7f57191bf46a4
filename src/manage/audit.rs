//! The audit log as the console shows it (`console.md` A.12), and the event record with the reference's keys.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::audit::{
    AddressRange, Category, Level, Origin, Outcome, ResourceType, Source, TraceName,
};
use crate::id::{AuditId, PublicId};
use crate::name::{AccountName, ImageName, OrganizationName, TagName, UserName};
use crate::time::Timestamp;

/// Most events of one page.
pub const LARGEST_PAGE: u16 = 100;
/// Most events of one export.
pub const LARGEST_EXPORT: u64 = 5_000;

/// Which events are asked for. What is `None`, or empty, does not restrict.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AuditFilter {
    /// Trace type.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub category: Option<Category>,
    /// Trace source.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<Source>,
    /// Resource type.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resource_type: Option<ResourceType>,
    /// Trace name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<TraceName>,
    /// Resource name, the whole of it.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub resource_name: String,
    /// Resource id, the whole of it.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub resource_id: String,
    /// Operator, as [`AuditEvent::operator`].
    #[serde(skip_serializing_if = "String::is_empty")]
    pub operator: String,
    /// Level.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub level: Option<Level>,
    /// Result.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub result: Option<Outcome>,
    /// Source IP: an address or a network.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<AddressRange>,
    /// Words that the event says, each of them; of the first eight.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub text: String,
    /// Not before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<Timestamp>,
    /// Before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
    /// Also events that only looked at something.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub include_reads: bool,
}

/// A page of events that is asked for, the last recorded first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditQuery {
    /// Which events.
    pub filter: AuditFilter,
    /// Events before this one: [`AuditPage::next`] of the page before.
    pub before: Option<AuditId>,
    /// Most events, 1–[`LARGEST_PAGE`].
    pub limit: u16,
}

/// A page of events.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditPage {
    /// The events, the last recorded first. A page may have fewer than were asked for, even none, and yet not be the last:
    /// what is rare is searched for in bounded steps.
    pub events: Vec<AuditEvent>,
    /// Where the next page begins; `None` when there are no more events.
    pub next: Option<AuditId>,
    /// With `next`: events since then were all looked at, when this page is not full.
    pub searched_to: Option<Timestamp>,
    /// Whether these are the events of the whole account, not the viewer's own alone.
    pub is_whole_account: bool,
}

/// What a person typed, and what to suggest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AuditSuggestion {
    /// Operators.
    Operator,
    /// Names of resources.
    ResourceName,
}

/// An event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditEvent {
    /// Its place in the list.
    pub id: AuditId,
    /// Its id for people and machines.
    pub trace_id: String,
    /// What was done; [`TraceName`], unless another version of the program wrote it.
    pub name: String,
    /// Which kind.
    pub category: Category,
    /// How somebody came in.
    pub origin: Origin,
    /// Where the thing is looked after.
    pub source: String,
    /// To which kind of thing; [`ResourceType`] as for the name.
    pub resource_type: String,
    /// To which one, by id; may be empty.
    pub resource_id: String,
    /// To which one, by name; may be empty.
    pub resource_name: String,
    /// The thing's page, while there is one.
    pub link: Option<AuditLink>,
    /// How grave.
    pub level: Level,
    /// HTTP status that was answered.
    pub code: u32,
    /// Who did it: `account`, `account/user`, or the name of a job.
    pub operator: String,
    /// Who did it, when it was a user of an account.
    pub user: Option<AuditUser>,
    /// Where the request came from; may be empty.
    pub address: String,
    /// Id of the request.
    pub request_id: String,
    /// What was asked, without secrets.
    pub detail: Value,
    /// When.
    pub happened_at: Timestamp,
    /// Region, which is the project.
    pub project: String,
}

/// A page of the console about the thing of an event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AuditLink {
    /// An organization.
    Organization(OrganizationName),
    /// An image.
    Image(ImageName),
    /// A tag; that it is still there was not looked up.
    Tag(ImageName, TagName),
}

/// A user in an event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditUser {
    /// Public id.
    pub id: PublicId,
    /// Name.
    pub name: UserName,
    /// The account's public id.
    pub account_id: PublicId,
    /// The account's name.
    pub account: AccountName,
}

impl AuditEvent {
    /// The event with the reference's keys, in their order.
    #[must_use]
    pub fn record(&self) -> TraceRecord {
        let reason = self.detail.get("reason").and_then(Value::as_str).unwrap_or_default();
        let request = match &self.detail {
            Value::Object(members) if members.is_empty() => String::new(),
            detail => detail.to_string(),
        };
        let domain = |user: &AuditUser| TraceDomain {
            id: user.account_id.to_string(),
            name: user.account.to_string(),
        };
        TraceRecord {
            request,
            code: self.code.to_string(),
            source_ip: self.address.clone(),
            trace_type: self.origin.as_str().to_owned(),
            event_type: match self.category {
                Category::Management => "system",
                Category::Data => "data",
            }
            .to_owned(),
            project_id: self.project.clone(),
            trace_id: self.trace_id.clone(),
            trace_name: self.name.clone(),
            resource_type: self.resource_type.clone(),
            trace_rating: self.level.as_str().to_owned(),
            api_version: API_VERSION.to_owned(),
            message: reason.to_owned(),
            service_type: self.source.clone(),
            response: String::new(),
            resource_id: self.resource_id.clone(),
            tracker_name: "system".to_owned(),
            time: self.happened_at.to_string(),
            resource_name: self.resource_name.clone(),
            record_time: self.happened_at.to_string(),
            user: TraceUser {
                id: self.user.as_ref().map(|user| user.id.to_string()).unwrap_or_default(),
                name: match &self.user {
                    Some(user) => user.name.to_string(),
                    None => self.operator.clone(),
                },
                domain: self.user.as_ref().map(domain).unwrap_or_default(),
            },
        }
    }
}

/// `api_version` of the record.
const API_VERSION: &str = "v2";

/// An event with exactly the reference's keys, in their order (`console.md` A.12).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[allow(missing_docs, reason = "the keys are the reference's, and are explained at `AuditEvent`")]
pub struct TraceRecord {
    pub request: String,
    pub code: String,
    pub source_ip: String,
    pub trace_type: String,
    pub event_type: String,
    pub project_id: String,
    pub trace_id: String,
    pub trace_name: String,
    pub resource_type: String,
    pub trace_rating: String,
    pub api_version: String,
    pub message: String,
    pub service_type: String,
    pub response: String,
    pub resource_id: String,
    pub tracker_name: String,
    pub time: String,
    pub resource_name: String,
    pub record_time: String,
    pub user: TraceUser,
}

/// Who did it, in a [`TraceRecord`].
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[allow(missing_docs, reason = "the keys are the reference's")]
pub struct TraceUser {
    pub id: String,
    pub name: String,
    pub domain: TraceDomain,
}

/// The account of a [`TraceUser`].
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[allow(missing_docs, reason = "the keys are the reference's")]
pub struct TraceDomain {
    pub id: String,
    pub name: String,
}

impl TraceRecord {
    /// Keys and values in their order; the user as JSON.
    #[must_use]
    pub fn fields(&self) -> Vec<(&'static str, String)> {
        let user = serde_json::to_string(&self.user).unwrap_or_default();
        [
            ("request", &self.request),
            ("code", &self.code),
            ("source_ip", &self.source_ip),
            ("trace_type", &self.trace_type),
            ("event_type", &self.event_type),
            ("project_id", &self.project_id),
            ("trace_id", &self.trace_id),
            ("trace_name", &self.trace_name),
            ("resource_type", &self.resource_type),
            ("trace_rating", &self.trace_rating),
            ("api_version", &self.api_version),
            ("message", &self.message),
            ("service_type", &self.service_type),
            ("response", &self.response),
            ("resource_id", &self.resource_id),
            ("tracker_name", &self.tracker_name),
            ("time", &self.time),
            ("resource_name", &self.resource_name),
            ("record_time", &self.record_time),
            ("user", &user),
        ]
        .map(|(key, value)| (key, value.clone()))
        .into()
    }

    /// As indented JSON, for people to read, copy and keep.
    #[must_use]
    pub fn json(&self) -> String {
        serde_json::to_string_pretty(self).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn the_record_has_exactly_the_references_keys() {
        let event = AuditEvent {
            id: AuditId(7),
            trace_id: "8d0c".to_owned(),
            name: "createUserNamespace".to_owned(),
            category: Category::Management,
            origin: Origin::Console,
            source: "SWR".to_owned(),
            resource_type: "usernamespace".to_owned(),
            resource_id: "3".to_owned(),
            resource_name: "team".to_owned(),
            link: None,
            level: Level::Warning,
            code: 403,
            operator: "harbor/ann".to_owned(),
            user: None,
            address: "192.0.2.7".to_owned(),
            request_id: "r1".to_owned(),
            detail: serde_json::json!({ "reason": "denied" }),
            happened_at: Timestamp::from_seconds(1_767_323_045),
            project: "local".to_owned(),
        };
        let json = event.record().json();
        let keys: Vec<_> = json
            .lines()
            .filter_map(|line| line.strip_prefix("  \"")?.split_once("\": ").map(|(key, _)| key))
            .filter(|key| !key.starts_with(' '))
            .collect();
        assert_eq!(
            keys.join(", "),
            "request, code, source_ip, trace_type, event_type, project_id, trace_id, trace_name, resource_type, \
             trace_rating, api_version, message, service_type, response, resource_id, tracker_name, time, \
             resource_name, record_time, user"
        );
        let fields = event.record().fields();
        assert_eq!(fields.iter().map(|(key, _)| *key).collect::<Vec<_>>(), keys);
        let whole = serde_json::to_value(event.record()).unwrap();
        for (key, value) in fields {
            let member = &whole[key];
            assert_eq!(
                member.as_str().map_or_else(|| member.clone(), Into::into),
                match key {
                    "user" => serde_json::from_str(&value).unwrap(),
                    _ => Value::from(value),
                }
            );
        }
        assert!(json.contains("\"message\": \"denied\"") && json.contains("2026-01-02T03:04:05Z"));
    }

    #[test]
    fn a_filter_without_restrictions_is_empty_and_unknown_ones_are_refused() {
        assert_eq!(serde_json::to_string(&AuditFilter::default()).unwrap(), "{}");
        assert!(serde_json::from_str::<AuditFilter>("{\"account\":1}").is_err());
    }
}
