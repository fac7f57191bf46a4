//! Conditions of statements: an operator compares what the request has with some values.
//!
//! # Invariants
//! - Several conditions of one statement must all hold; of several values one suffices, and of a negated operator none may.
//! - What the request does not have satisfies no operator, except negated ones and those that end in `IfExists`. (An
//!   Allow with a condition that cannot be looked at allows nothing.)
//! - Operators and keys that do not exist are refused when a policy is saved, so none is ever passed over.
//!
//! To add a key, add a line to [`Key::ALL`] and to [`Facts`].

use std::borrow::Cow;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::time::Timestamp;

/// What an operator compares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Texts, and numbers written as such.
    Text,
    /// Points in time.
    Time,
    /// Yes or no.
    Flag,
    /// Addresses of the internet protocol.
    Address,
}

/// Something about a request that conditions may ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Key {
    /// When the request came.
    CurrentTime,
    /// Name of the caller's account.
    DomainName,
    /// Id of the caller.
    UserId,
    /// Name of the caller.
    UserName,
    /// Name of this region's project.
    ProjectName,
    /// Whether the caller proved to be there with a second factor; there is none yet.
    MfaPresent,
    /// Whence the request came.
    SourceIp,
    /// From which private network it came; there are none.
    SourceVpc,
    /// To which region an image is to be copied.
    TargetRegion,
    /// With which account an image is to be shared.
    TargetAccountId,
    /// With which organization of accounts; there are none.
    TargetOrgId,
    /// The same as a path.
    TargetOrgPath,
}

impl Key {
    /// All of them, with how they are written.
    pub const ALL: [(Self, &'static str); 12] = [
        (Self::CurrentTime, "g:CurrentTime"),
        (Self::DomainName, "g:DomainName"),
        (Self::UserId, "g:UserId"),
        (Self::UserName, "g:UserName"),
        (Self::ProjectName, "g:ProjectName"),
        (Self::MfaPresent, "g:MFAPresent"),
        (Self::SourceIp, "g:SourceIp"),
        (Self::SourceVpc, "g:SourceVpc"),
        (Self::TargetRegion, "swr:TargetRegion"),
        (Self::TargetAccountId, "swr:TargetAccountId"),
        (Self::TargetOrgId, "swr:TargetOrgId"),
        (Self::TargetOrgPath, "swr:TargetOrgPath"),
    ];

    pub(super) fn parse(name: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|(_, known)| known.eq_ignore_ascii_case(name))
            .map(|(key, _)| key)
    }

    /// Whether it is about whom something is aimed at.
    pub(super) const fn is_target(self) -> bool {
        matches!(
            self,
            Self::TargetRegion | Self::TargetAccountId | Self::TargetOrgId | Self::TargetOrgPath
        )
    }

    /// How it is written.
    #[must_use]
    pub fn name(self) -> &'static str {
        Self::ALL.into_iter().find(|(key, _)| *key == self).map_or("", |(_, name)| name)
    }

    pub(super) const fn kind(self) -> Kind {
        match self {
            Self::CurrentTime => Kind::Time,
            Self::MfaPresent => Kind::Flag,
            Self::SourceIp => Kind::Address,
            _ => Kind::Text,
        }
    }
}

/// How two values must stand to each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Order {
    Equal,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

impl Order {
    fn holds<T: PartialOrd>(self, have: &T, value: &T) -> bool {
        match self {
            Self::Equal => have == value,
            Self::Less => have < value,
            Self::LessOrEqual => have <= value,
            Self::Greater => have > value,
            Self::GreaterOrEqual => have >= value,
        }
    }
}

/// How an operator compares.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Comparison {
    Same,
    SameFolded,
    Like,
    Begins,
    Ends,
    Number(Order),
    Time(Order),
    Flag,
    Network,
    Empty,
}

impl Comparison {
    /// What it can look at; `None` is anything.
    pub(super) const fn kind(self) -> Option<Kind> {
        match self {
            Self::Same | Self::SameFolded | Self::Like | Self::Begins | Self::Ends => {
                Some(Kind::Text)
            }
            Self::Number(_) => Some(Kind::Text),
            Self::Time(_) => Some(Kind::Time),
            Self::Flag => Some(Kind::Flag),
            Self::Network => Some(Kind::Address),
            Self::Empty => None,
        }
    }
}

/// An operator.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Operator {
    index: u8,
    /// Whether what the request does not have satisfies it.
    pub(super) if_exists: bool,
}

/// Names, comparisons, and whether the comparison must fail.
const OPERATORS: [(&str, Comparison, bool); 24] = [
    ("StringEquals", Comparison::Same, false),
    ("StringNotEquals", Comparison::Same, true),
    ("StringEqualsIgnoreCase", Comparison::SameFolded, false),
    ("StringNotEqualsIgnoreCase", Comparison::SameFolded, true),
    ("StringLike", Comparison::Like, false),
    ("StringNotLike", Comparison::Like, true),
    ("StringStartWith", Comparison::Begins, false),
    ("StringNotStartWith", Comparison::Begins, true),
    ("StringEndWith", Comparison::Ends, false),
    ("StringNotEndWith", Comparison::Ends, true),
    ("NumberEquals", Comparison::Number(Order::Equal), false),
    ("NumberNotEquals", Comparison::Number(Order::Equal), true),
    ("NumberLessThan", Comparison::Number(Order::Less), false),
    ("NumberLessThanEquals", Comparison::Number(Order::LessOrEqual), false),
    ("NumberGreaterThan", Comparison::Number(Order::Greater), false),
    ("NumberGreaterThanEquals", Comparison::Number(Order::GreaterOrEqual), false),
    ("DateLessThan", Comparison::Time(Order::Less), false),
    ("DateLessThanEquals", Comparison::Time(Order::LessOrEqual), false),
    ("DateGreaterThan", Comparison::Time(Order::Greater), false),
    ("DateGreaterThanEquals", Comparison::Time(Order::GreaterOrEqual), false),
    ("Bool", Comparison::Flag, false),
    ("IpAddress", Comparison::Network, false),
    ("NotIpAddress", Comparison::Network, true),
    ("IsNullOrEmpty", Comparison::Empty, false),
];

impl Operator {
    /// Every operator without `IfExists`, which each of them may end in.
    pub fn names() -> impl Iterator<Item = &'static str> {
        OPERATORS.into_iter().map(|(name, _, _)| name)
    }

    pub(super) fn parse(text: &str) -> Option<Self> {
        let (name, if_exists) = match text.strip_suffix("IfExists") {
            Some(name) => (name, true),
            None => (text, false),
        };
        let index = OPERATORS.iter().position(|(known, _, _)| *known == name)?;
        Some(Self { index: u8::try_from(index).ok()?, if_exists })
    }

    fn row(self) -> (&'static str, Comparison, bool) {
        OPERATORS.get(usize::from(self.index)).copied().unwrap_or(("", Comparison::Same, false))
    }

    pub(super) fn comparison(self) -> Comparison {
        self.row().1
    }

    /// How it is written.
    #[must_use]
    pub fn name(self) -> Cow<'static, str> {
        match (self.row().0, self.if_exists) {
            (name, false) => name.into(),
            (name, true) => format!("{name}IfExists").into(),
        }
    }
}

/// One condition, as written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Condition {
    /// How it compares.
    pub operator: Operator,
    /// What of the request.
    pub key: Key,
    /// With what; at least one.
    pub values: Vec<String>,
}

/// What conditions can look at.
#[derive(Debug, Clone, Copy)]
pub(super) struct Facts<'a> {
    pub(super) now: Timestamp,
    pub(super) source: Option<IpAddr>,
    pub(super) domain_name: &'a str,
    pub(super) user_id: &'a str,
    pub(super) user_name: &'a str,
    pub(super) project_name: &'a str,
    pub(super) target_region: Option<&'a str>,
    pub(super) target_account: Option<&'a str>,
}

/// A condition that is ready to be looked at on every request.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Test {
    key: Key,
    /// The answer when the request has nothing of the kind.
    absent: bool,
    /// Whether no value may match.
    negated: bool,
    wanted: Wanted,
}

#[derive(Debug, Clone, PartialEq)]
enum Wanted {
    Texts(Comparison, Vec<String>),
    Numbers(Order, Vec<f64>),
    Times(Order, Vec<Timestamp>),
    Flags(Vec<bool>),
    Networks(Vec<Network>),
    Empty(Vec<bool>),
}

/// What a value must be for its operator.
pub(super) const fn form(comparison: Comparison) -> &'static str {
    match comparison {
        Comparison::Number(_) => "a number",
        Comparison::Time(_) => "a time such as \"2026-01-31T00:00:00Z\"",
        Comparison::Flag | Comparison::Empty => "\"true\" or \"false\"",
        Comparison::Network => "an address or network such as \"192.0.2.0/24\"",
        _ => "a text",
    }
}

impl Test {
    /// `Err` is the position of the value that the operator cannot compare with.
    pub(super) fn of(condition: &Condition) -> Result<Self, usize> {
        fn all<T>(values: &[String], parse: impl Fn(&str) -> Option<T>) -> Result<Vec<T>, usize> {
            values.iter().enumerate().map(|(at, value)| parse(value).ok_or(at)).collect()
        }
        let values = &condition.values;
        let (_, comparison, negated) = condition.operator.row();
        let flag = |text: &str| text.to_ascii_lowercase().parse::<bool>().ok();
        let wanted = match comparison {
            Comparison::Number(order) => Wanted::Numbers(order, all(values, number)?),
            Comparison::Time(order) => Wanted::Times(order, all(values, |text| text.parse().ok())?),
            Comparison::Flag => Wanted::Flags(all(values, flag)?),
            Comparison::Empty => Wanted::Empty(all(values, flag)?),
            Comparison::Network => Wanted::Networks(all(values, Network::parse)?),
            Comparison::SameFolded => {
                Wanted::Texts(comparison, values.iter().map(|value| value.to_lowercase()).collect())
            }
            _ => Wanted::Texts(comparison, values.clone()),
        };
        let absent = negated || condition.operator.if_exists;
        Ok(Self { key: condition.key, absent, negated, wanted })
    }

    /// Whether it is about whom something is aimed at.
    pub(super) const fn is_of_target(&self) -> bool {
        self.key.is_target()
    }

    pub(super) fn holds(&self, facts: &Facts<'_>) -> bool {
        let have = match self.key {
            Key::CurrentTime => Have::Time(facts.now),
            Key::MfaPresent => Have::Flag(false),
            Key::SourceIp => facts.source.map_or(Have::Nothing, Have::Address),
            Key::DomainName => Have::Text(facts.domain_name),
            Key::UserId => Have::Text(facts.user_id),
            Key::UserName => Have::Text(facts.user_name),
            Key::ProjectName => Have::Text(facts.project_name),
            Key::TargetRegion => facts.target_region.map_or(Have::Nothing, Have::Text),
            Key::TargetAccountId => facts.target_account.map_or(Have::Nothing, Have::Text),
            Key::SourceVpc | Key::TargetOrgId | Key::TargetOrgPath => Have::Nothing,
        };
        if let Wanted::Empty(wanted) = &self.wanted {
            let is_empty = matches!(have, Have::Nothing | Have::Text(""));
            return wanted.contains(&is_empty);
        }
        let matches = match (have, &self.wanted) {
            (Have::Nothing, _) => return self.absent,
            (Have::Text(have), Wanted::Texts(comparison, values)) => {
                texts(*comparison, have, values)
            }
            (Have::Text(have), Wanted::Numbers(order, values)) => number(have)
                .is_some_and(|have| values.iter().any(|value| order.holds(&have, value))),
            (Have::Time(have), Wanted::Times(order, values)) => {
                values.iter().any(|value| order.holds(&have, value))
            }
            (Have::Flag(have), Wanted::Flags(values)) => values.contains(&have),
            (Have::Address(have), Wanted::Networks(values)) => {
                values.iter().any(|network| network.contains(have))
            }
            // Refused when the policy was read.
            _ => return false,
        };
        matches != self.negated
    }
}

fn texts(comparison: Comparison, have: &str, values: &[String]) -> bool {
    let folded;
    let have = if comparison == Comparison::SameFolded {
        folded = have.to_lowercase();
        &folded
    } else {
        have
    };
    values.iter().any(|value| match comparison {
        Comparison::Like => crate::access::wildcard(value, have),
        Comparison::Begins => have.starts_with(value.as_str()),
        Comparison::Ends => have.ends_with(value.as_str()),
        _ => have == value,
    })
}

enum Have<'a> {
    Nothing,
    Text(&'a str),
    Time(Timestamp),
    Flag(bool),
    Address(IpAddr),
}

fn number(text: &str) -> Option<f64> {
    text.trim().parse::<f64>().ok().filter(|number| number.is_finite())
}

/// One address, or those that begin alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Network {
    address: IpAddr,
    prefix: u32,
}

impl Network {
    fn parse(text: &str) -> Option<Self> {
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix.parse::<u32>().ok()?)),
            None => (text, None),
        };
        let address: IpAddr = address.trim().parse().ok()?;
        let longest = if address.is_ipv4() { 32 } else { 128 };
        let prefix = prefix.unwrap_or(longest);
        (prefix <= longest).then_some(Self { address, prefix })
    }

    fn contains(self, other: IpAddr) -> bool {
        let bits = |v4: Ipv4Addr| u128::from(v4.to_bits()) << 96;
        let (own, other) = match (self.address, other.to_canonical()) {
            (IpAddr::V4(own), IpAddr::V4(other)) => (bits(own), bits(other)),
            (IpAddr::V6(own), IpAddr::V6(other)) => (own.to_bits(), other.to_bits()),
            // A network of IPv6 that holds mapped addresses of IPv4.
            (IpAddr::V6(own), IpAddr::V4(other)) => {
                let other: Ipv6Addr = other.to_ipv6_mapped();
                (own.to_bits(), other.to_bits())
            }
            (IpAddr::V4(_), IpAddr::V6(_)) => return false,
        };
        self.prefix == 0 || (own ^ other) >> (128 - self.prefix) == 0
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn facts() -> Facts<'static> {
        Facts {
            now: "2026-01-02T03:04:05Z".parse().unwrap(),
            source: Some([192, 0, 2, 1].into()),
            domain_name: "harbor",
            user_id: "0123",
            user_name: "Ann",
            project_name: "local",
            target_region: None,
            target_account: None,
        }
    }

    fn holds(operator: &str, key: &str, values: &[&str]) -> bool {
        let condition = Condition {
            operator: Operator::parse(operator).unwrap(),
            key: Key::parse(key).unwrap(),
            values: values.iter().map(|&value| value.to_owned()).collect(),
        };
        Test::of(&condition).unwrap().holds(&facts())
    }

    #[test]
    fn every_operator_compares() {
        let (yes, no) = (true, false);
        for (operator, key, values, expected) in [
            ("StringEquals", "g:UserName", &["Ann"][..], yes),
            ("StringEquals", "g:UserName", &["ann"], no),
            ("StringEquals", "g:UserName", &["Ben", "Ann"], yes),
            ("StringNotEquals", "g:UserName", &["Ben", "Ann"], no),
            ("StringNotEquals", "g:UserName", &["Ben"], yes),
            ("StringEqualsIgnoreCase", "g:UserName", &["aNN"], yes),
            ("StringNotEqualsIgnoreCase", "g:UserName", &["aNN"], no),
            ("StringLike", "g:UserName", &["A?n"], yes),
            ("StringLike", "g:UserName", &["A?"], no),
            ("StringNotLike", "g:UserName", &["B*"], yes),
            ("StringStartWith", "g:DomainName", &["har"], yes),
            ("StringNotStartWith", "g:DomainName", &["har"], no),
            ("StringEndWith", "g:DomainName", &["bor"], yes),
            ("StringNotEndWith", "g:DomainName", &["bor"], no),
            ("NumberEquals", "g:UserId", &["123"], yes),
            ("NumberNotEquals", "g:UserId", &["123"], no),
            ("NumberLessThan", "g:UserId", &["123"], no),
            ("NumberLessThanEquals", "g:UserId", &["123.0"], yes),
            ("NumberGreaterThan", "g:UserId", &["122.5"], yes),
            ("NumberGreaterThanEquals", "g:UserId", &["124"], no),
            ("NumberEquals", "g:UserName", &["1"], no),
            ("DateLessThan", "g:CurrentTime", &["2026-01-02T03:04:05Z"], no),
            ("DateLessThan", "g:CurrentTime", &["2026-01-02T05:04:06+02:00"], yes),
            ("DateLessThanEquals", "g:CurrentTime", &["2026-01-02T03:04:05Z"], yes),
            ("DateGreaterThan", "g:CurrentTime", &["2026-01-02T03:04:05Z"], no),
            ("DateGreaterThanEquals", "g:CurrentTime", &["2026-01-02T03:04:05Z"], yes),
            ("Bool", "g:MFAPresent", &["false"], yes),
            ("Bool", "g:MFAPresent", &["True"], no),
            ("IpAddress", "g:SourceIp", &["10.0.0.0/8", "192.0.2.0/24"], yes),
            ("IpAddress", "g:SourceIp", &["192.0.2.1"], yes),
            ("IpAddress", "g:SourceIp", &["192.0.2.2"], no),
            ("IpAddress", "g:SourceIp", &["0.0.0.0/0"], yes),
            ("IpAddress", "g:SourceIp", &["::ffff:192.0.2.0/120"], yes),
            ("IpAddress", "g:SourceIp", &["2001:db8::/32"], no),
            ("NotIpAddress", "g:SourceIp", &["192.0.2.0/24"], no),
            ("IsNullOrEmpty", "g:SourceVpc", &["true"], yes),
            ("IsNullOrEmpty", "g:UserName", &["true"], no),
            ("IsNullOrEmpty", "g:UserName", &["false"], yes),
            // What is not there.
            ("StringEquals", "g:SourceVpc", &["vpc"], no),
            ("StringNotEquals", "g:SourceVpc", &["vpc"], yes),
            ("StringEqualsIfExists", "g:SourceVpc", &["vpc"], yes),
            ("StringEqualsIfExists", "g:UserName", &["Ben"], no),
            ("StringEquals", "swr:TargetRegion", &["local"], no),
        ] {
            assert_eq!(holds(operator, key, values), expected, "{operator} {key} {values:?}");
        }
        assert!(Operator::names().all(|name| Operator::parse(name).unwrap().name() == name));
    }

    #[test]
    fn values_must_have_the_form_of_their_operator() {
        for (operator, key, value) in [
            ("NumberEquals", "g:UserId", "NaN"),
            ("DateLessThan", "g:CurrentTime", "yesterday"),
            ("Bool", "g:MFAPresent", "maybe"),
            ("IpAddress", "g:SourceIp", "192.0.2.0/33"),
            ("IpAddress", "g:SourceIp", "here"),
        ] {
            let condition = Condition {
                operator: Operator::parse(operator).unwrap(),
                key: Key::parse(key).unwrap(),
                values: vec![value.to_owned()],
            };
            assert_eq!(Test::of(&condition), Err(0), "{operator} {value}");
        }
    }
}
