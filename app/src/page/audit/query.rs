//! What the address of the audit log asks for. Pure.
//!
//! Unknown words of a choice are ignored; what a person typed and cannot be understood is said ([`Wrong`]), for a list
//! without it would be another list.

use roadstead::Timestamp;
use roadstead::audit::{Outcome, TraceName};
use roadstead::id::AuditId;
use roadstead::manage::audit::{AuditFilter, AuditQuery, LARGEST_PAGE};

use crate::audit::sentence;
use crate::i18n::Locale;
use crate::link;
use crate::page::images::query::{value, window};

/// Every filter of the address, to count and to clear them.
pub const FILTERS: &[&str] = &[
    "q", "category", "source", "type", "by", "name", "resource", "id", "operator", "level",
    "result", "ip", "range", "from", "to", "reads",
];

/// Where the file is.
const EXPORT: &str = "/console/audit.csv";
/// Pages that the address remembers, to come back to.
const LONGEST_TRAIL: usize = 50;

/// How far back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Range {
    /// An hour.
    Hour,
    /// A day.
    Day,
    /// A week, which is the default.
    Week,
    /// From and to; without both, everything that is kept.
    Custom,
}

impl Range {
    /// All of them, the shortest first.
    pub const ALL: [Self; 4] = [Self::Hour, Self::Day, Self::Week, Self::Custom];

    /// Its word in the address; the default has none.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Hour => "hour",
            Self::Day => "day",
            Self::Week => "",
            Self::Custom => "custom",
        }
    }

    const fn seconds(self) -> Option<i64> {
        match self {
            Self::Hour => Some(3_600),
            Self::Day => Some(86_400),
            Self::Week => Some(604_800),
            Self::Custom => None,
        }
    }

    /// The next longer one.
    #[must_use]
    pub const fn wider(self) -> Option<Self> {
        match self {
            Self::Hour => Some(Self::Day),
            Self::Day => Some(Self::Week),
            Self::Week => Some(Self::Custom),
            Self::Custom => None,
        }
    }
}

/// What the text beside "Search by" is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    /// Trace name, the default.
    Name,
    /// Resource name.
    Resource,
    /// Resource id.
    Id,
}

impl By {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Name, Self::Resource, Self::Id];

    /// Name of the value in the address.
    #[must_use]
    pub const fn field(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Resource => "resource",
            Self::Id => "id",
        }
    }

    /// Its word in `by`; the default has none.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Name => "",
            other => other.field(),
        }
    }
}

/// What was typed and cannot be understood.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wrong {
    /// The trace name.
    Name,
    /// The source IP.
    Address,
    /// From or to.
    Time,
}

/// What an address asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// The page of events.
    pub query: AuditQuery,
    /// How far back.
    pub range: Range,
    /// What the text field is.
    pub by: By,
    /// Where the pages before this one began, and this one last; empty on the first.
    pub trail: Vec<AuditId>,
    /// What cannot be understood.
    pub wrong: Option<Wrong>,
}

/// Reads an address at `now`, for a viewer `offset_minutes` from UTC who sees `size` rows where it does not say.
#[must_use]
pub fn asked(
    pairs: &[(String, String)],
    now: Timestamp,
    offset_minutes: i32,
    size: u64,
    locale: Locale,
) -> Asked {
    let text = |name| value(pairs, name).map(str::trim).unwrap_or_default().to_owned();
    let mut wrong = None;
    let name = value(pairs, "name").and_then(|text| {
        let name = trace_name(text, locale);
        wrong = wrong.or(name.is_none().then_some(Wrong::Name));
        name
    });
    let address = value(pairs, "ip").and_then(|text| {
        let range = text.trim().parse().ok();
        wrong = wrong.or(range.is_none().then_some(Wrong::Address));
        range
    });
    let word = value(pairs, "range").unwrap_or_default();
    let range = Range::ALL.into_iter().find(|range| range.word() == word).unwrap_or(Range::Week);
    let (since, until) = match range.seconds() {
        Some(seconds) => (Some(now.plus_seconds(-seconds)), None),
        None => {
            let mut time = |name| {
                let text = value(pairs, name)?;
                let time = local(text, offset_minutes);
                wrong = wrong.or(time.is_none().then_some(Wrong::Time));
                time
            };
            // A minute that is named belongs to the range.
            (time("from"), time("to").map(|until| until.plus_seconds(60)))
        }
    };
    if let (Some(since), Some(until)) = (since, until)
        && since >= until
    {
        wrong = wrong.or(Some(Wrong::Time));
    }
    let trail = trail(pairs);
    let limit = window(pairs, size).limit.min(u64::from(LARGEST_PAGE));
    let filter = AuditFilter {
        category: value(pairs, "category").and_then(|word| word.parse().ok()),
        source: value(pairs, "source").and_then(|word| word.parse().ok()),
        resource_type: value(pairs, "type").and_then(|word| word.parse().ok()),
        name,
        resource_name: text("resource"),
        resource_id: text("id"),
        operator: text("operator"),
        level: value(pairs, "level").and_then(|word| word.parse().ok()),
        result: value(pairs, "result").and_then(|word| word.parse::<Outcome>().ok()),
        address,
        text: text("q"),
        since,
        until,
        // Whoever asks for such an event by name wants to see it.
        include_reads: value(pairs, "reads").is_some() || name.is_some_and(TraceName::is_read),
    };
    let word = value(pairs, "by");
    let by = By::ALL.into_iter().find(|by| word == Some(by.field()));
    let by = by.or_else(|| By::ALL.into_iter().find(|by| value(pairs, by.field()).is_some()));
    Asked {
        query: AuditQuery {
            filter,
            before: trail.last().copied(),
            limit: u16::try_from(limit).unwrap_or(LARGEST_PAGE),
        },
        range,
        by: by.unwrap_or(By::Name),
        trail,
        wrong,
    }
}

/// A trace name by its code or its sentence, whatever the case.
fn trace_name(text: &str, locale: Locale) -> Option<TraceName> {
    let text = text.trim();
    let names = || TraceName::ALL.iter().copied();
    names()
        .find(|name| name.as_str().eq_ignore_ascii_case(text))
        .or_else(|| names().find(|name| sentence(locale, *name).eq_ignore_ascii_case(text)))
}

/// A time as a field for date and time writes it, in the viewer's zone.
fn local(text: &str, offset_minutes: i32) -> Option<Timestamp> {
    let seconds = if text.len() == "2026-01-02T03:04".len() { ":00" } else { "" };
    let time: Timestamp = format!("{text}{seconds}Z").parse().ok()?;
    Some(time.plus_seconds(-60 * i64::from(offset_minutes)))
}

fn trail(pairs: &[(String, String)]) -> Vec<AuditId> {
    let ids = value(pairs, "page").unwrap_or_default().split('.');
    ids.filter_map(|id| id.parse().ok().map(AuditId)).collect()
}

fn page_word(trail: &[AuditId]) -> String {
    let ids = trail.iter().skip(trail.len().saturating_sub(LONGEST_TRAIL));
    ids.map(|id| id.0.to_string()).collect::<Vec<_>>().join(".")
}

impl Asked {
    /// `page` of the address of the page after this one, which begins at `next`.
    #[must_use]
    pub fn older(&self, next: AuditId) -> String {
        let mut trail = self.trail.clone();
        trail.push(next);
        page_word(&trail)
    }

    /// `page` of the address of the page before this one, empty for the first; `None` on the first.
    #[must_use]
    pub fn newer(&self) -> Option<String> {
        self.trail.split_last().map(|(_, before)| page_word(before))
    }

    /// The address of the file of these events.
    #[must_use]
    pub fn export(&self) -> String {
        let filter = serde_json::to_value(&self.query.filter).unwrap_or_default();
        let pairs: Vec<(String, String)> = filter
            .as_object()
            .into_iter()
            .flatten()
            .map(|(name, value)| {
                let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
                (name.clone(), text)
            })
            .collect();
        link::with_query(EXPORT, pairs.iter().map(|(name, value)| (name.as_str(), value.as_str())))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use roadstead::audit::{Category, Level, ResourceType, Source};

    use super::*;

    const NOW: Timestamp = Timestamp::from_seconds(1_767_323_045);

    fn of(address: &[(&str, &str)]) -> Asked {
        let pairs: Vec<_> =
            address.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        asked(&pairs, NOW, 480, 20, Locale::en)
    }

    #[test]
    fn an_empty_address_is_the_last_week_without_reads() {
        let found = of(&[]);
        let filter =
            AuditFilter { since: Some(NOW.plus_seconds(-604_800)), ..AuditFilter::default() };
        assert_eq!(found.query, AuditQuery { filter, before: None, limit: 20 });
        assert_eq!((found.range, found.by, found.wrong), (Range::Week, By::Name, None));
        assert_eq!((found.newer(), found.older(AuditId(9)).as_str()), (None, "9"));
    }

    #[test]
    fn every_filter_is_read() {
        let found = of(&[
            ("q", " nginx "),
            ("category", "management"),
            ("source", "SWR"),
            ("type", "usernamespace"),
            ("by", "resource"),
            ("name", "CREATEusernamespace"),
            ("resource", "test4r45r"),
            ("id", "3"),
            ("operator", "acme/ann"),
            ("level", "warning"),
            ("result", "failure"),
            ("ip", "10.0.0.0/8"),
            ("range", "custom"),
            ("from", "2026-01-02T08:00"),
            ("to", "2026-01-02T08:59"),
            ("reads", "1"),
            ("size", "50"),
        ]);
        assert_eq!((found.by, found.wrong), (By::Resource, None));
        assert_eq!(
            found.query.filter,
            AuditFilter {
                category: Some(Category::Management),
                source: Some(Source::Swr),
                resource_type: Some(ResourceType::UserNamespace),
                name: Some(TraceName::CreateUserNamespace),
                resource_name: "test4r45r".to_owned(),
                resource_id: "3".to_owned(),
                operator: "acme/ann".to_owned(),
                level: Some(Level::Warning),
                result: Some(Outcome::Failure),
                address: Some("10.0.0.0/8".parse().unwrap()),
                text: "nginx".to_owned(),
                since: Some("2026-01-02T00:00:00Z".parse().unwrap()),
                until: Some("2026-01-02T01:00:00Z".parse().unwrap()),
                include_reads: true,
            }
        );
        assert_eq!(found.query.limit, 50);
        let file = found.export();
        assert!(file.starts_with("/console/audit.csv?"), "{file}");
        assert!(file.contains("&since=1767312000000000") && file.contains("&include_reads=true"));
        assert!(file.contains("address=10.0.0.0/8") && file.contains("name=createUserNamespace"));
    }

    #[test]
    fn names_are_understood_as_sentences_and_reads_by_name_are_shown() {
        assert_eq!(
            of(&[("name", "create Tag")]).query.filter.name,
            Some(TraceName::CreateImageTag)
        );
        assert!(of(&[("name", "listQuotas")]).query.filter.include_reads);
        assert!(!of(&[("name", "createImageTag")]).query.filter.include_reads);
    }

    #[test]
    fn what_is_typed_wrong_is_said_and_unknown_choices_are_not() {
        for (name, text, wrong) in [
            ("name", "createImageTags", Wrong::Name),
            ("ip", "300.1.1.1", Wrong::Address),
            ("from", "yesterday", Wrong::Time),
            ("to", "2026-13-01T00:00", Wrong::Time),
        ] {
            assert_eq!(of(&[("range", "custom"), (name, text)]).wrong, Some(wrong), "{name}");
        }
        let turned =
            [("range", "custom"), ("from", "2026-01-02T08:00"), ("to", "2026-01-01T08:00")];
        assert_eq!(of(&turned).wrong, Some(Wrong::Time));
        let unknown =
            [("range", "year"), ("level", "high"), ("type", "x"), ("by", "x"), ("page", "x")];
        assert_eq!(of(&unknown), of(&[]));
    }

    #[test]
    fn pages_lead_back_the_way_they_came() {
        let found = of(&[("page", "900.800")]);
        assert_eq!(found.query.before, Some(AuditId(800)));
        assert_eq!(found.older(AuditId(700)), "900.800.700");
        assert_eq!(found.newer().as_deref(), Some("900"));
        assert_eq!(of(&[("page", "900")]).newer().as_deref(), Some(""));
        let long: Vec<String> = (0..80).rev().map(|id| id.to_string()).collect();
        let older = of(&[("page", &long.join("."))]).older(AuditId(0));
        assert_eq!(older.split('.').count(), LONGEST_TRAIL);
    }

    #[test]
    fn everything_kept_is_the_widest() {
        let mut range = Range::Hour;
        while let Some(wider) = range.wider() {
            range = wider;
        }
        let all = of(&[("range", range.word())]).query.filter;
        assert_eq!((all.since, all.until), (None, None));
    }
}
