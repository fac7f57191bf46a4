#![allow(clippy::unwrap_used, clippy::indexing_slicing)]
use proptest::prelude::*;

use super::*;

fn faults(text: &str) -> Vec<(u32, u32, Fault)> {
    let problems = Policy::read(text).unwrap_err();
    problems.iter().map(|problem| (problem.line, problem.column, problem.fault)).collect()
}

/// A policy around one statement.
fn around(statement: &str) -> String {
    format!("{{\"Version\":\"1.1\",\"Statement\":[\n{statement}\n]}}")
}

#[test]
fn the_policies_of_the_documentation_are_read() {
    let text = r#"{"Version":"1.1","Statement":[{"Effect":"Allow","Action":["swr:repo:download"],
 "Resource":["swr:*:*:repo:test/nginx*"],"Condition":{"StringEquals":{"g:UserName":["u1"]}}}]}"#;
    let policy = Policy::read(text).unwrap();
    let statement = &policy.statements[0];
    assert_eq!(statement.effect, Effect::Allow);
    assert_eq!(statement.actions, ["swr:repo:download"]);
    assert_eq!(statement.resources, ["swr:*:*:repo:test/nginx*"]);
    assert_eq!(statement.conditions[0].key, Key::UserName);
    insta::assert_snapshot!(policy.to_string());
    for policy in SystemPolicy::ALL {
        let document = policy.document();
        assert_eq!(Policy::read(&document.to_string()), Ok(document), "{policy:?}");
    }
}

#[test]
fn every_mistake_says_where_and_what_to_do() {
    let text = r#"{
  "Version": "5.0",
  "Statement": [
    {
      "Effect": "allow",
      "Action": ["swr:repo:downlaod", "obs:bucket:*", 7],
      "NotAction": ["swr:*:*"],
      "Resource": ["swr:repo:team/app", "swr:*:*:repo:${g:UserName}/*"],
      "Condition": {
        "StringEqual": {"g:UserName": ["ann"]},
        "StringEquals": {"g:UserNme": ["ann"], "g:SourceIp": ["192.0.2.1"]},
        "IpAddress": {"g:SourceIp": ["192.0.2.0/40"]},
        "DateLessThan": {"g:CurrentTime": [null]}
      }
    },
    {"Action": []}
  ]
}"#;
    let problems = Policy::read(text).unwrap_err();
    let told: Vec<String> = problems.iter().map(ToString::to_string).collect();
    insta::assert_snapshot!(told.join("\n"));
}

#[test]
fn what_is_no_json_is_shown_where_it_stops_being_some() {
    for (text, at) in [
        ("", (1, 1, Fault::Syntax)),
        ("{\n  \"Version\": \"1.1\",\n}", (3, 1, Fault::Syntax)),
        ("{\"Version\": '1.1'}", (1, 13, Fault::Syntax)),
        ("{\"版本\": 1} x", (1, 11, Fault::Syntax)),
        ("{\"Version\":\"1.1\",\"Version\":\"1.1\"}", (1, 18, Fault::Duplicate)),
        ("[1.]", (1, 2, Fault::Syntax)),
        ("[]", (1, 1, Fault::WrongType)),
    ] {
        assert_eq!(faults(text), [at], "{text}");
    }
    let deep = "[".repeat(50);
    assert_eq!(faults(&deep)[0].2, Fault::Syntax);
}

#[test]
fn the_length_is_limited_in_bytes() {
    let with = |length: usize| {
        let text = around(r#"{"Effect":"Allow","Action":["swr:repo:download"]}"#);
        format!("{text}{}", " ".repeat(length - text.len()))
    };
    assert!(Policy::read(&with(LONGEST_POLICY)).is_ok());
    assert_eq!(faults(&with(LONGEST_POLICY + 1)), [(1, 1, Fault::TooLong)]);
}

#[test]
fn members_of_every_level_occur_once_and_are_known() {
    for (statement, fault) in [
        (r#"{"Effect":"Allow","Effect":"Deny","Action":["swr:*:*"]}"#, Fault::Duplicate),
        (
            r#"{"Effect":"Allow","Action":["swr:*:*"],"Condition":{"Bool":{"g:MFAPresent":["true"]},"Bool":{"g:MFAPresent":["true"]}}}"#,
            Fault::Duplicate,
        ),
        (
            r#"{"Effect":"Allow","Action":["swr:*:*"],"Condition":{"Bool":{"g:MFAPresent":["true"],"g:mfapresent":["true"]}}}"#,
            Fault::Duplicate,
        ),
        (r#"{"Effect":"Allow","Action":["swr:*:*"],"Principal":"*"}"#, Fault::UnknownMember),
        (r#"{"effect":"Allow","Action":["swr:*:*"]}"#, Fault::Missing),
        (r#"{"Effect":"Allow","Action":"swr:*:*"}"#, Fault::WrongType),
        (r#"{"Effect":"Allow","Action":["swr:*:*"],"Resource":"*"}"#, Fault::WrongType),
        (r#"{"Effect":"Allow","Action":["swr:*:*"],"Resource":[]}"#, Fault::Empty),
        (r#"{"Effect":"Allow","Action":["swr:*:*"],"Condition":{}}"#, Fault::Empty),
        (r#"{"Effect":"Allow","Action":["swr:repo"]}"#, Fault::UnknownAction),
        (r#"{"Effect":"Allow","Action":["swr:repo:frob*"]}"#, Fault::UnknownAction),
        (
            r#"{"Effect":"Allow","Action":["swr:*:*"],"Resource":["swr:*:*:bucket:x"]}"#,
            Fault::WrongResource,
        ),
        (
            r#"{"Effect":"Allow","Action":["swr:*:*"],"Resource":["obs:*:*:repo:x/y"]}"#,
            Fault::WrongResource,
        ),
        (
            r#"{"Effect":"Allow","Action":["swr:*:*"],"Condition":{"NumberLessThan":{"g:SourceIp":["1"]}}}"#,
            Fault::WrongOperator,
        ),
        (
            r#"{"Effect":"Allow","Action":["swr:*:*"],"Condition":{"ForAnyValue:StringEquals":{"g:UserName":["1"]}}}"#,
            Fault::UnknownOperator,
        ),
    ] {
        let found = faults(&around(statement));
        assert!(
            found.iter().any(|(line, _, it)| *line == 2 && *it == fault),
            "{statement}: {found:?}"
        );
    }
    for statement in [
        r#"{"Effect":"Deny","Action":["SWR:Repo:Down*","swr:system:createLoginSecret","iam:*:*","*:*:*"]}"#,
        r#"{"Effect":"Deny","Action":["swr:*:*"],"Resource":["*"]}"#,
        r#"{"Effect":"Deny","Action":["swr:*:*"],"Resource":["swr:cn-east-?:0123456789abcdef0123456789abcdef:namespace:team"]}"#,
        r#"{"Effect":"Deny","Action":["swr:*:*"],"Resource":["swr:*:*:*"]}"#,
        r#"{"Effect":"Deny","Action":["swr:*:*"],"Condition":{"Bool":{"g:MFAPresent":false},"NumberEqualsIfExists":{"swr:TargetAccountId":[12]}}}"#,
    ] {
        Policy::read(&around(statement)).unwrap();
    }
}

fn any_condition() -> impl Strategy<Value = Condition> {
    let text = prop::sample::select(vec![
        "StringEquals",
        "StringNotLike",
        "StringStartWithIfExists",
        "StringEqualsIgnoreCase",
    ]);
    let texts = (
        "[a-z*?\"\\\\\u{e9}\n ]{0,6}",
        text,
        prop::sample::select(vec!["g:UserName", "g:DomainName"]),
    );
    let others = prop::sample::select(vec![
        ("IpAddress", "g:SourceIp", "192.0.2.0/24"),
        ("NotIpAddressIfExists", "g:SourceIp", "2001:db8::/32"),
        ("DateGreaterThan", "g:CurrentTime", "2026-01-02T03:04:05Z"),
        ("Bool", "g:MFAPresent", "true"),
        ("IsNullOrEmpty", "g:SourceVpc", "false"),
        ("NumberLessThanEquals", "swr:TargetAccountId", "12.5"),
    ]);
    prop_oneof![
        texts.prop_map(|(value, operator, key)| (operator, key, value)),
        others.prop_map(|(operator, key, value)| (operator, key, value.to_owned())),
    ]
    .prop_map(|(operator, key, value)| Condition {
        operator: Operator::parse(operator).unwrap(),
        key: Key::parse(key).unwrap(),
        values: vec![value.clone(), value],
    })
}

fn any_policy() -> impl Strategy<Value = Policy> {
    let actions = prop::sample::subsequence(
        vec!["swr:*:*", "swr:repo:down*", "swr::createLoginSecret", "iam:users:listUsers"],
        1..4,
    );
    let resources = prop::sample::subsequence(
        vec!["*", "swr:*:*:repo:team/*", "swr:local:*:namespace:te?m", "swr:*:*:repo:a/b/c"],
        0..4,
    );
    let statement =
        (any::<bool>(), actions, resources, prop::collection::vec(any_condition(), 0..4)).prop_map(
            |(is_allow, actions, resources, mut conditions)| {
                // An operator and a key are written once, and those of an operator together.
                conditions.sort_by_key(|it| it.operator.name().into_owned());
                let mut seen = Vec::new();
                conditions.retain(|it| {
                    let is_new = !seen.contains(&(it.operator, it.key));
                    seen.push((it.operator, it.key));
                    is_new
                });
                Statement {
                    effect: if is_allow { Effect::Allow } else { Effect::Deny },
                    actions: actions.into_iter().map(str::to_owned).collect(),
                    resources: resources.into_iter().map(str::to_owned).collect(),
                    conditions,
                }
            },
        );
    prop::collection::vec(statement, 1..4).prop_map(|statements| Policy { statements })
}

proptest! {
    #[test]
    fn what_prints_reads_and_back(policy in any_policy()) {
        let text = policy.to_string();
        prop_assert_eq!(Policy::read(&text), Ok(policy));
    }

    #[test]
    fn nothing_that_is_typed_breaks_the_reader(text in "\\PC{0,60}|[\\[\\]{}\":, A-Za-z0-9.\\n]{0,80}") {
        if let Err(problems) = Policy::read(&text) {
            prop_assert!(!problems.is_empty());
            let lines: Vec<&str> = text.split('\n').collect();
            for problem in problems {
                let line = lines.get(problem.line as usize - 1);
                let columns = line.map(|line| line.chars().count() as u32);
                prop_assert!(columns.is_some_and(|columns| problem.column <= columns + 1), "{}", problem);
            }
        }
    }
}

#[test]
fn names_of_system_policies_are_found_whatever_their_case() {
    assert_eq!(SystemPolicy::by_name("swr administrator"), Some(SystemPolicy::Admin));
    for policy in SystemPolicy::ALL {
        assert_eq!(SystemPolicy::by_name(policy.name()), Some(policy));
    }
}
