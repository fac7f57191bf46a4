//! A statement as a form has it: lists of texts, not read yet.
//!
//! [`StatementDraft::read`] is the only way from here to a [`Statement`], and goes through the text of a whole document, so
//! that what a form says is held to the same rules as what is typed.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::{Effect, Policy, Problem, Statement, VERSION};

/// Before the name of an image, of any region and account.
const IMAGE: &str = "swr:*:*:repo:";
/// Before the name of an organization, of any region and account.
const ORGANIZATION: &str = "swr:*:*:namespace:";

/// A condition of a [`StatementDraft`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConditionDraft {
    /// Name of the operator: `StringEquals`.
    pub operator: String,
    /// Name of what it looks at: `g:UserName`.
    pub key: String,
    /// One of them suffices.
    pub values: Vec<String>,
}

/// A statement that may have mistakes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatementDraft {
    /// Allow or deny.
    pub effect: Effect,
    /// Names and patterns of actions.
    pub actions: Vec<String>,
    /// Resources, written out or short ([`resource`]); none is all.
    pub resources: Vec<String>,
    /// All of them must hold.
    pub conditions: Vec<ConditionDraft>,
}

impl StatementDraft {
    /// The statement.
    ///
    /// # Errors
    /// Every mistake in it. Their places are of a text that nobody sees.
    pub fn read(&self) -> Result<Statement, Vec<Problem>> {
        let policy = Policy::read(&self.document())?;
        // A document has as many statements as were put into it.
        policy.statements.into_iter().next().ok_or_else(Vec::new)
    }

    /// A document of this statement alone.
    fn document(&self) -> String {
        let mut statement = Map::new();
        statement.insert("Effect".to_owned(), json!(self.effect));
        statement.insert("Action".to_owned(), json!(self.actions));
        if !self.resources.is_empty() {
            let resources: Vec<_> = self.resources.iter().map(|text| resource(text)).collect();
            statement.insert("Resource".to_owned(), json!(resources));
        }
        let mut conditions: Map<String, Value> = Map::new();
        for condition in &self.conditions {
            let of_operator =
                conditions.entry(condition.operator.clone()).or_insert_with(|| json!({}));
            let Value::Object(keys) = of_operator else { continue };
            let values = keys.entry(condition.key.clone()).or_insert_with(|| json!([]));
            let Value::Array(values) = values else { continue };
            values.extend(condition.values.iter().map(|value| json!(value)));
        }
        if !conditions.is_empty() {
            statement.insert("Condition".to_owned(), Value::Object(conditions));
        }
        json!({ "Version": VERSION, "Statement": [statement] }).to_string()
    }
}

/// A resource written out: `group/*` is images, `group` an organization, and what has a colon is written out already.
#[must_use]
pub fn resource(text: &str) -> String {
    let text = text.trim();
    match (text.contains(':'), text.contains('/')) {
        (true, _) => text.to_owned(),
        (false, true) => format!("{IMAGE}{text}"),
        (false, false) => format!("{ORGANIZATION}{text}"),
    }
}

/// A resource as short as [`resource`] reads it back.
#[must_use]
pub fn short_resource(text: &str) -> &str {
    let image = text.strip_prefix(IMAGE).filter(|rest| rest.contains('/'));
    let organization = text.strip_prefix(ORGANIZATION).filter(|rest| !rest.contains('/'));
    image.or(organization).filter(|rest| !rest.contains(':')).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use super::super::Fault;
    use super::*;

    fn draft(actions: &[&str], resources: &[&str]) -> StatementDraft {
        let texts = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
        StatementDraft {
            effect: Effect::Deny,
            actions: texts(actions),
            resources: texts(resources),
            conditions: Vec::new(),
        }
    }

    #[test]
    fn short_resources_are_written_out_and_back() {
        for (short, long) in [
            ("group/*", "swr:*:*:repo:group/*"),
            ("group", "swr:*:*:namespace:group"),
            ("*", "swr:*:*:namespace:*"),
            ("swr:local:*:repo:a/b", "swr:local:*:repo:a/b"),
            ("swr:*:*:repo:*", "swr:*:*:repo:*"),
        ] {
            assert_eq!(resource(&format!(" {short} ")), long);
            assert_eq!(short_resource(long), short);
        }
    }

    #[test]
    fn what_a_form_says_keeps_the_rules_of_what_is_typed() {
        let mut good = draft(&["swr:repo:download", "swr:repo:get*"], &["group/*", "group"]);
        let condition = |operator: &str, key: &str, values: &[&str]| ConditionDraft {
            operator: operator.to_owned(),
            key: key.to_owned(),
            values: values.iter().map(|value| (*value).to_owned()).collect(),
        };
        good.conditions = vec![
            condition("StringEquals", "g:UserName", &["ann"]),
            condition("IpAddress", "g:SourceIp", &["192.0.2.0/24"]),
            condition("StringEquals", "g:UserName", &["bob"]),
        ];
        let statement = good.read().unwrap();
        assert_eq!(statement.effect, Effect::Deny);
        assert_eq!(statement.resources, ["swr:*:*:repo:group/*", "swr:*:*:namespace:group"]);
        let mut values: Vec<_> =
            statement.conditions.iter().map(|it| (it.key.name(), it.values.clone())).collect();
        values.sort();
        assert_eq!(values[0], ("g:SourceIp", vec!["192.0.2.0/24".to_owned()]));
        assert_eq!(values[1], ("g:UserName", vec!["ann".to_owned(), "bob".to_owned()]));

        let fault = |draft: StatementDraft| draft.read().unwrap_err()[0].fault;
        assert_eq!(fault(draft(&[], &[])), Fault::Empty);
        assert_eq!(fault(draft(&["swr:repo:downlod"], &[])), Fault::UnknownAction);
        assert_eq!(fault(draft(&["swr:repo:download"], &["a:b"])), Fault::WrongResource);
        let mut bad = draft(&["swr:repo:download"], &[]);
        bad.conditions = vec![condition("Equals", "g:UserName", &["ann"])];
        assert_eq!(fault(bad), Fault::UnknownOperator);
    }
}
