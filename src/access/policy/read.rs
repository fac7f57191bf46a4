//! From the text that a person typed to a [`Policy`], or to every mistake in it.

use super::condition::{self, Condition, Key, Kind, Operator, Test};
use super::json::{self, At, Member, Node, Value};
use super::problem::{Fault, Problem};
use super::{Effect, LONGEST_POLICY, Policy, Statement, VERSION, vocabulary};

/// Most mistakes that are told at once.
const TOLD: usize = 20;

/// Types of resources.
const RESOURCE_TYPES: [&str; 5] = ["repo", "namespace", "user", "group", "policy"];

pub(super) fn read(text: &str) -> Result<Policy, Vec<Problem>> {
    let start = At { line: 1, column: 1 };
    if text.len() > LONGEST_POLICY {
        let found = text.len().to_string();
        let wanted = LONGEST_POLICY.to_string();
        return Err(vec![Problem::new(start, Fault::TooLong, found, &wanted)]);
    }
    let root = json::parse(text).map_err(|problem| vec![problem])?;
    let mut reader = Reader { problems: Vec::new(), names: vocabulary::action_names() };
    let policy = reader.policy(&root);
    match policy {
        Some(policy) if reader.problems.is_empty() => Ok(policy),
        _ => {
            reader.problems.sort_by_key(|problem| (problem.line, problem.column));
            reader.problems.truncate(TOLD);
            Err(reader.problems)
        }
    }
}

struct Reader {
    problems: Vec<Problem>,
    names: Vec<&'static str>,
}

impl Reader {
    fn note(&mut self, at: At, fault: Fault, found: impl Into<String>, wanted: &str) {
        self.problems.push(Problem::new(at, fault, found, wanted));
    }

    fn wrong_type(&mut self, node: &Node, wanted: &str) {
        self.note(node.at, Fault::WrongType, node.value.kind(), wanted);
    }

    fn object<'n>(&mut self, node: &'n Node, known: &[&str]) -> Option<&'n [Member]> {
        let Value::Object(members) = &node.value else {
            self.wrong_type(node, "an object: { … }");
            return None;
        };
        for member in members.iter().filter(|it| !known.contains(&it.name.as_str())) {
            self.note(member.at, Fault::UnknownMember, &member.name, &known.join(", "));
        }
        Some(members)
    }

    fn required<'n>(&mut self, at: At, members: &'n [Member], name: &str) -> Option<&'n Node> {
        let found = members.iter().find(|member| member.name == name);
        if found.is_none() {
            self.note(at, Fault::Missing, "", name);
        }
        found.map(|member| &member.node)
    }

    fn policy(&mut self, root: &Node) -> Option<Policy> {
        let members = self.object(root, &["Version", "Statement"])?;
        if let Some(version) = self.required(root.at, members, "Version") {
            match &version.value {
                Value::Text(text) if text == VERSION => {}
                Value::Text(text) => self.note(version.at, Fault::WrongVersion, text, VERSION),
                _ => self.wrong_type(version, "the text \"1.1\""),
            }
        }
        let list = self.required(root.at, members, "Statement")?;
        let Value::List(items) = &list.value else {
            self.wrong_type(list, "a list of statements: [{ … }]");
            return None;
        };
        if items.is_empty() {
            self.note(list.at, Fault::Empty, "", "at least one statement");
        }
        let statements = items.iter().filter_map(|item| self.statement(item)).collect();
        Some(Policy { statements })
    }

    fn statement(&mut self, node: &Node) -> Option<Statement> {
        let members = self.object(node, &["Effect", "Action", "Resource", "Condition"])?;
        let effect = self.required(node.at, members, "Effect").and_then(|it| self.effect(it));
        let actions = match self.required(node.at, members, "Action") {
            Some(list) => {
                self.texts(list, "a list of actions: [\"swr:repo:download\"]", Self::action)
            }
            None => Vec::new(),
        };
        let optional = |name: &str| members.iter().find(|member| member.name == name);
        let resources = match optional("Resource") {
            Some(member) => self.texts(
                &member.node,
                "a list of resources: [\"swr:*:*:repo:organization/*\"]",
                Self::resource,
            ),
            None => Vec::new(),
        };
        let conditions = match optional("Condition") {
            Some(member) => self.conditions(&member.node),
            None => Vec::new(),
        };
        Some(Statement { effect: effect?, actions, resources, conditions })
    }

    fn effect(&mut self, node: &Node) -> Option<Effect> {
        match &node.value {
            Value::Text(text) if text == "Allow" => Some(Effect::Allow),
            Value::Text(text) if text == "Deny" => Some(Effect::Deny),
            Value::Text(text) => {
                self.note(node.at, Fault::WrongEffect, text, "\"Allow\" or \"Deny\"");
                None
            }
            _ => {
                self.wrong_type(node, "\"Allow\" or \"Deny\"");
                None
            }
        }
    }

    /// A list of texts, each looked at by `check`.
    fn texts(
        &mut self,
        node: &Node,
        wanted: &str,
        check: impl Fn(&mut Self, At, &str),
    ) -> Vec<String> {
        let Value::List(items) = &node.value else {
            self.wrong_type(node, wanted);
            return Vec::new();
        };
        if items.is_empty() {
            self.note(node.at, Fault::Empty, "", wanted);
        }
        let mut texts = Vec::new();
        for item in items {
            let Value::Text(text) = &item.value else {
                self.wrong_type(item, "a text");
                continue;
            };
            check(self, item.at, text);
            texts.push(text.clone());
        }
        texts
    }

    fn action(&mut self, at: At, text: &str) {
        if self.names.iter().any(|name| vocabulary::means(text, name)) {
            return;
        }
        let wanted = match near(text, &self.names) {
            Some(name) => format!("is {name} meant?"),
            None => {
                "write service:type:operation, for example swr:repo:download, with * and ? where \
                     several are meant"
                    .to_owned()
            }
        };
        self.note(at, Fault::UnknownAction, text, &wanted);
    }

    fn resource(&mut self, at: At, text: &str) {
        let wrong = if text == "*" { None } else { resource_mistake(text) };
        if let Some(wanted) = wrong {
            self.note(at, Fault::WrongResource, text, wanted);
        }
    }

    fn conditions(&mut self, node: &Node) -> Vec<Condition> {
        let mut conditions: Vec<Condition> = Vec::new();
        let Value::Object(operators) = &node.value else {
            self.wrong_type(node, "an object of operators: {\"StringEquals\": { … }}");
            return conditions;
        };
        if operators.is_empty() {
            self.note(node.at, Fault::Empty, "", "an operator, or leave Condition away");
        }
        for member in operators {
            let operator = Operator::parse(&member.name);
            if operator.is_none() {
                let names: Vec<&str> = Operator::names().collect();
                let wanted = near(&member.name, &names).map_or_else(
                    || "one of StringEquals, StringLike, IpAddress, DateLessThan and the others of the documentation".to_owned(),
                    str::to_owned,
                );
                self.note(member.at, Fault::UnknownOperator, &member.name, &wanted);
            }
            let Value::Object(keys) = &member.node.value else {
                self.wrong_type(&member.node, "an object of keys: {\"g:UserName\": [ … ]}");
                continue;
            };
            if keys.is_empty() {
                self.note(member.node.at, Fault::Empty, "", "a key");
            }
            for key in keys {
                if let Some(condition) = self.condition(operator, key) {
                    let is_twice = conditions
                        .iter()
                        .any(|it| (it.operator, it.key) == (condition.operator, condition.key));
                    if is_twice {
                        self.note(key.at, Fault::Duplicate, &key.name, "");
                    }
                    conditions.push(condition);
                }
            }
        }
        conditions
    }

    fn condition(&mut self, operator: Option<Operator>, member: &Member) -> Option<Condition> {
        let Some(key) = Key::parse(&member.name) else {
            let names = Key::ALL.map(|(_, name)| name).join(", ");
            self.note(member.at, Fault::UnknownKey, &member.name, &names);
            return None;
        };
        let operator = operator?;
        let comparison = operator.comparison();
        if comparison.kind().is_some_and(|kind| kind != key.kind()) {
            let wanted = match key.kind() {
                Kind::Text => "it is a text: use a String operator",
                Kind::Time => "it is a time: use a Date operator",
                Kind::Flag => "it is true or false: use Bool",
                Kind::Address => "it is an address: use IpAddress or NotIpAddress",
            };
            self.note(member.at, Fault::WrongOperator, operator.name(), wanted);
            return None;
        }
        let items = match &member.node.value {
            Value::List(items) => items.as_slice(),
            _ => std::slice::from_ref(&member.node),
        };
        let form = condition::form(comparison);
        if items.is_empty() {
            self.note(member.node.at, Fault::Empty, "", form);
            return None;
        }
        let mut values = Vec::new();
        for item in items {
            match &item.value {
                Value::Text(text) | Value::Number(text) => values.push(text.clone()),
                Value::Flag(flag) => values.push(flag.to_string()),
                _ => {
                    self.wrong_type(item, form);
                    return None;
                }
            }
        }
        let condition = Condition { operator, key, values };
        if let Err(position) = Test::of(&condition) {
            let found = condition.values.get(position).cloned().unwrap_or_default();
            let at = items.get(position).map_or(member.at, |item| item.at);
            self.note(at, Fault::WrongValue, found, form);
            return None;
        }
        Some(condition)
    }
}

/// What is wrong with a resource that is not all of them.
fn resource_mistake(text: &str) -> Option<&'static str> {
    const FORM: &str = "write swr:<region>:<account id>:repo:<organization>/<image> or \
                        swr:<region>:<account id>:namespace:<organization>, with * where all are meant";
    let folded = text.to_ascii_lowercase();
    let mut parts = folded.splitn(4, ':');
    let (Some(service), Some(_), Some(_), Some(rest)) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return Some(FORM);
    };
    if !["swr", "iam"].iter().any(|known| crate::access::wildcard(service, known)) {
        return Some(FORM);
    }
    let written =
        |c: char| c.is_alphanumeric() || matches!(c, '.' | '_' | '-' | '/' | '*' | '?' | ':' | ' ');
    if !text.chars().all(written) {
        return Some(
            "names have letters, digits, periods, underscores, hyphens and slashes; variables are not known",
        );
    }
    let Some((kind, name)) = rest.split_once(':') else {
        return (!rest.ends_with('*')).then_some(FORM);
    };
    if name.is_empty() || !RESOURCE_TYPES.iter().any(|known| crate::access::wildcard(kind, known)) {
        return Some(FORM);
    }
    None
}

/// The known word that was probably meant: at most three characters changed, added or left out.
fn near<'a>(text: &str, known: &[&'a str]) -> Option<&'a str> {
    let folded = text.to_ascii_lowercase();
    known
        .iter()
        .map(|name| (distance(&folded, &name.to_ascii_lowercase()), *name))
        .filter(|(distance, _)| *distance <= 3)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, name)| name)
}

/// How many characters must be changed, added or left out.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().take(80).collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().take(80).enumerate() {
        let mut last = i;
        let mut left = i + 1;
        let mut next = vec![left];
        for (y, &above) in b.iter().zip(row.iter().skip(1)) {
            left = (last + usize::from(x != *y)).min(left + 1).min(above + 1);
            last = above;
            next.push(left);
        }
        row = next;
    }
    row.last().copied().unwrap_or_default()
}
