//! Token scopes.

use proptest::prelude::*;
use roadstead::ImageName;
use roadstead_service::token::{MAX_SCOPE_BYTES, MAX_SCOPES, TokenScope};

use super::{ALL, pieces, run};

const PIECES: &[&str] = &[
    "repository",
    "registry",
    ":",
    ":",
    ":",
    "group/app",
    "group",
    "catalog",
    "pull",
    "push",
    "delete",
    "*",
    ",",
    ",",
    " ",
    "  ",
    "(plugin)",
    "(",
    ")",
    "..",
    "%2F",
    "localhost:5000/",
    "PULL",
    "\u{a0}",
    "\t",
];

#[test]
fn scopes() {
    run(ALL, proptest::collection::vec(pieces(PIECES, 12), 0..4), |values| {
        let asked: Vec<&str> =
            values.iter().flat_map(|text| text.split_ascii_whitespace()).collect();
        let bytes: usize = asked.iter().map(|text| text.len()).sum();
        let Ok(scopes) = TokenScope::parse_list(values.iter().map(String::as_str)) else {
            // Something of it has not the form, or it is too much.
            let is_formed = |text: &&str| {
                let parts: Vec<&str> = text.split(':').collect();
                parts.len() >= 3
                    && !parts[0].split('(').next().unwrap_or_default().is_empty()
                    && !parts[1..parts.len() - 1].join(":").is_empty()
            };
            let is_fine = asked.iter().all(is_formed)
                && asked.len() <= MAX_SCOPES
                && bytes <= MAX_SCOPE_BYTES;
            prop_assert!(!is_fine, "refused without a reason");
            return Ok(());
        };
        prop_assert!(scopes.len() <= asked.len() && asked.len() <= MAX_SCOPES);
        for scope in &scopes {
            prop_assert!(!scope.kind.is_empty() && !scope.name.is_empty());
            let is_clean = !scope.kind.contains(['(', ':'])
                && !scope.name.contains(|character: char| character.is_ascii_whitespace());
            prop_assert!(is_clean, "{:?}", scope);
            prop_assert!(
                scope.actions.windows(2).all(|pair| pair[0] < pair[1]),
                "in order, each once"
            );
            prop_assert!(
                scope
                    .actions
                    .iter()
                    .all(|action| !action.is_empty() && !action.contains([',', ':']))
            );
            let again: TokenScope = scope.to_string().parse().unwrap();
            prop_assert_eq!(&again, scope);
            // Nothing that was not asked for.
            for action in &scope.actions {
                let is_asked = asked
                    .iter()
                    .any(|text| text.contains(&scope.name) && text.contains(action.as_str()));
                prop_assert!(is_asked, "{} is new", action);
                prop_assert!(scope.covers(&scope.kind, &scope.name, action));
            }
            // A name that is none covers nothing that there is.
            if scope.name.parse::<ImageName>().is_err() {
                prop_assert!(!scope.covers("repository", "group/app", "pull"));
            }
        }
        let pairs: std::collections::BTreeSet<_> =
            scopes.iter().map(|scope| (&scope.kind, &scope.name)).collect();
        prop_assert_eq!(pairs.len(), scopes.len(), "merged");
        let printed: Vec<String> = scopes.iter().map(ToString::to_string).collect();
        prop_assert_eq!(
            TokenScope::parse_list(printed.iter().map(String::as_str)).unwrap(),
            scopes
        );
        Ok(())
    });
}
