//! Parameters of the query, and SWR's `filter` (`swr-api.md` 6): read once by what the operation declares.
//!
//! A declaration is what the document shows and what requests are checked against: [`Param`]. With `filter` the plain
//! parameters do not count, but for those that must be there.

use std::collections::BTreeMap;

use percent_encoding::percent_decode_str;
use roadstead::error::Subject;
use roadstead::page::{Order, Window};
use roadstead::{Error, Result};

/// A parameter of the query.
#[derive(Debug, Clone, Copy)]
pub(super) struct Param {
    /// Its name.
    pub(super) name: &'static str,
    /// What its value may be.
    pub(super) kind: Kind,
    /// Whether it must be there.
    pub(super) is_required: bool,
    /// Whether it may stand in `filter` too.
    pub(super) is_filter: bool,
    /// What it says, for the document.
    pub(super) about: &'static str,
}

/// What the value of a parameter may be.
#[derive(Debug, Clone, Copy)]
pub(super) enum Kind {
    /// Text of at most so many characters.
    Text(usize),
    /// A whole number from one to another.
    Integer(u64, u64),
    /// `true` or `false`.
    Flag,
    /// One of these words.
    Word(&'static [&'static str]),
    /// Pairs `key::value` divided by `|`.
    Filter,
}

impl Param {
    /// One that may be there.
    pub(super) const fn new(name: &'static str, kind: Kind, about: &'static str) -> Self {
        Self { name, kind, is_required: false, is_filter: false, about }
    }

    /// It must be there.
    pub(super) const fn required(mut self) -> Self {
        self.is_required = true;
        self
    }

    /// It may stand in `filter` too.
    pub(super) const fn in_filter(mut self) -> Self {
        self.is_filter = true;
        self
    }

    fn check(&self, value: &str) -> Result<()> {
        let refuse = |rule: String| {
            let message = format!("{}: {rule}", self.name);
            Err(Error::invalid(Subject::Page, message)
                .with_detail(serde_json::json!({ "field": self.name })))
        };
        match self.kind {
            // No database keeps it in a text.
            _ if value.contains('\0') => refuse("it has a NUL in it".to_owned()),
            Kind::Text(most) if value.chars().count() > most => {
                refuse(format!("at most {most} characters"))
            }
            Kind::Integer(least, most)
                if !integer(value).is_some_and(|number| (least..=most).contains(&number)) =>
            {
                refuse(format!("a whole number from {least} to {most}"))
            }
            Kind::Flag if value != "true" && value != "false" => refuse("true or false".to_owned()),
            Kind::Word(words) if !words.contains(&value) => {
                refuse(format!("one of {}", words.join(", ")))
            }
            Kind::Text(_) | Kind::Integer(..) | Kind::Flag | Kind::Word(_) | Kind::Filter => Ok(()),
        }
    }
}

/// Decimal digits alone: no sign, no spaces.
fn integer(text: &str) -> Option<u64> {
    let is_digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|_| is_digits)
}

/// `filter` itself.
pub(super) const FILTER: Param = Param::new(
    "filter",
    Kind::Filter,
    "Pairs `key::value` divided by `|`, for example `namespace::demo|limit::10|offset::0`. With it the other parameters \
     do not count, unless they are required.",
);
/// Rows of a page.
pub(super) const LIMIT: Param =
    Param::new("limit", Kind::Integer(1, 1_000), "Most items to answer; 100 when absent.")
        .in_filter();
/// Where a page begins.
pub(super) const OFFSET: Param =
    Param::new("offset", Kind::Integer(0, 1 << 31), "Items to leave out before.").in_filter();
/// Direction of a sorted list.
pub(super) const ORDER_TYPE: Param =
    Param::new("order_type", Kind::Word(&["asc", "desc"]), "Direction.").in_filter();

/// The parameters of a call.
#[derive(Debug, Clone, Default)]
pub(super) struct Arguments(BTreeMap<&'static str, String>);

impl Arguments {
    /// Reads a query by what is declared. What is not declared is passed over.
    ///
    /// # Errors
    /// Invalid, naming the parameter that is missing, stands there twice or breaks its rule.
    pub(super) fn read(declared: &'static [Param], query: &str) -> Result<Self> {
        let mut plain = BTreeMap::new();
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let name = percent_decode_str(name).decode_utf8_lossy();
            let Some(param) = declared.iter().find(|param| param.name == name) else { continue };
            let Ok(value) = percent_decode_str(value).decode_utf8() else {
                return Err(invalid(param.name, "it is not UTF-8"));
            };
            if plain.insert(param.name, value.into_owned()).is_some() {
                return Err(invalid(param.name, "it stands there twice"));
            }
        }
        if let Some(filter) = plain.remove(FILTER.name) {
            plain.retain(|name, _| declared.iter().any(|it| it.name == *name && it.is_required));
            plain.extend(pairs(declared, &filter)?);
            plain.insert(FILTER.name, filter);
        }
        for param in declared {
            match plain.get(param.name) {
                Some(value) => param.check(value)?,
                None if param.is_required => {
                    return Err(invalid(param.name, "it must be there"));
                }
                None => {}
            }
        }
        Ok(Self(plain))
    }

    /// The value, if it is there and not empty.
    pub(super) fn text(&self, param: &Param) -> Option<&str> {
        self.0.get(param.name).map(String::as_str).filter(|text| !text.is_empty())
    }

    /// The value, if it is there.
    pub(super) fn integer(&self, param: &Param) -> Option<u64> {
        self.text(param).and_then(integer)
    }

    /// The value, if it is there.
    pub(super) fn flag(&self, param: &Param) -> Option<bool> {
        self.text(param).map(|text| text == "true")
    }

    /// Which rows, by `limit` and `offset`.
    pub(super) fn window(&self) -> Window {
        Window {
            offset: self.integer(&OFFSET).unwrap_or(0),
            limit: self.integer(&LIMIT).unwrap_or(100),
        }
    }

    /// Direction, by `order_type`.
    pub(super) fn order(&self, default: Order) -> Order {
        match self.text(&ORDER_TYPE) {
            Some("asc") => Order::Asc,
            Some(_) => Order::Desc,
            None => default,
        }
    }
}

/// The pairs of a filter whose keys are declared.
fn pairs(declared: &'static [Param], filter: &str) -> Result<BTreeMap<&'static str, String>> {
    let mut found = BTreeMap::new();
    for pair in filter.split('|') {
        let Some((key, value)) = pair.split_once("::") else {
            let rule = "pairs `key::value` divided by `|`, for example limit::10|offset::0";
            return Err(invalid(FILTER.name, rule));
        };
        let param = declared.iter().find(|param| param.is_filter && param.name == key.trim());
        if let Some(param) = param
            && found.insert(param.name, value.to_owned()).is_some()
        {
            return Err(invalid(FILTER.name, &format!("{key} stands there twice")));
        }
    }
    Ok(found)
}

/// A parameter or field breaks its rule.
pub(super) fn invalid(field: &str, rule: &str) -> Error {
    let subject = if field == FILTER.name { Subject::Page } else { Subject::Request };
    Error::invalid(subject, format!("{field}: {rule}"))
        .with_detail(serde_json::json!({ "field": field }))
}

/// A body that is not what the operation takes: which field, and what is wrong with it.
pub(super) fn unreadable(error: serde_path_to_error::Error<serde_json::Error>) -> Error {
    let path = error.path().to_string();
    let cause = error.into_inner().to_string();
    let cause = cause.split(" at line ").next().unwrap_or_default().to_owned();
    // A missing field is named by the sentence alone.
    let named = cause.split('`').nth(1).filter(|_| cause.starts_with("missing field"));
    let field = match (path.as_str(), named) {
        ("." | "?", Some(name)) => name.to_owned(),
        ("." | "?", None) => "body".to_owned(),
        (path, Some(name)) => format!("{path}.{name}"),
        (path, None) => path.to_owned(),
    };
    invalid(&field, &cause)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const NAMESPACE: Param = Param::new("namespace", Kind::Text(64), "").in_filter();
    const CENTER: Param =
        Param::new("center", Kind::Word(&["self", "thirdparty"]), "").required().in_filter();
    const DECLARED: &[Param] = &[NAMESPACE, CENTER, LIMIT, OFFSET, ORDER_TYPE, FILTER];

    fn read(query: &str) -> Result<Arguments> {
        Arguments::read(DECLARED, query)
    }

    #[test]
    fn plain_parameters_are_read_and_unknown_ones_passed_over() {
        let read = read("center=self&limit=10&offset=20&order_type=asc&more=1").unwrap();
        assert_eq!(read.window(), Window { offset: 20, limit: 10 });
        assert_eq!(read.order(Order::Desc), Order::Asc);
        assert_eq!(read.text(&CENTER), Some("self"));
        assert_eq!(read.text(&NAMESPACE), None);
    }

    #[test]
    fn a_filter_overrides() {
        let read = read("filter=namespace%3A%3Ademo%7Climit%3A%3A7%7Codd%3A%3A1&limit=x&namespace=b&center=self").unwrap();
        assert_eq!(read.text(&NAMESPACE), Some("demo"));
        assert_eq!(read.window(), Window { offset: 0, limit: 7 });
        assert_eq!(read.text(&CENTER), Some("self"));
        let values =
            Arguments::read(DECLARED, "filter=center::thirdparty|namespace::a::b").unwrap();
        assert_eq!(values.text(&NAMESPACE), Some("a::b"));
    }

    #[test]
    fn what_breaks_a_rule_is_named() {
        for (query, field) in [
            ("", "center"),
            ("center=other", "center"),
            ("center=self&limit=0", "limit"),
            ("center=self&limit=1001", "limit"),
            ("center=self&limit=+5", "limit"),
            ("center=self&limit=%205", "limit"),
            ("center=self&limit=1e2", "limit"),
            ("center=self&offset=-1", "offset"),
            ("center=self&order_type=up", "order_type"),
            ("center=self&limit=1&limit=2", "limit"),
            ("center=self&namespace=%ff", "namespace"),
            ("center=self&namespace=a%00", "namespace"),
            ("center=self&filter=", "filter"),
            ("center=self&filter=limit", "filter"),
            ("center=self&filter=limit:1", "filter"),
            ("center=self&filter=limit::x", "limit"),
            ("center=self&filter=limit::1|limit::2", "filter"),
            ("center=self&filter=limit::1||offset::2", "filter"),
        ] {
            let error = read(query).unwrap_err();
            assert_eq!(error.kind(), roadstead::ErrorKind::Invalid);
            assert!(error.message().starts_with(&format!("{field}: ")), "{query}: {error}");
            assert_eq!(error.detail().unwrap()["field"], field, "{query}");
        }
        assert!(read(&format!("center=self&namespace={}", "a".repeat(65))).is_err());
    }
}
