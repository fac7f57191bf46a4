//! The rules of the house, as a test: who may import whom, what may become WASM, what may be linked.
//!
//! The table is that of `ARCHITECTURE.md`. To let a package import one more of our own packages is a decision about the
//! architecture: change the document and [`RULES`] together. An outside library that a package may never see is named in
//! `never`; for `roadstead`, which everything shares, even the outside libraries are listed one by one in `only`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

/// What one package may import.
struct Rule {
    package: &'static str,
    /// Of our own packages these, in every build.
    own: &'static [&'static str],
    /// Of our own packages these too, but only as optional dependencies (the `ssr` half of the console).
    own_optional: &'static [&'static str],
    /// Outside libraries it may not name.
    never: &'static [&'static str],
    /// When given: the only outside libraries it may name.
    only: Option<&'static [&'static str]>,
}

const RULES: &[Rule] = &[
    Rule {
        package: "roadstead",
        own: &[],
        own_optional: &[],
        never: &["tokio", "axum", "sqlx", "leptos", "object_store"],
        only: Some(&[
            "hmac",
            "jiff",
            "regex",
            "serde",
            "serde_json",
            "sha2",
            "thiserror",
            "utoipa",
        ]),
    },
    Rule {
        package: "roadstead-store",
        own: &["roadstead"],
        own_optional: &[],
        never: &["axum", "leptos", "object_store"],
        only: None,
    },
    Rule {
        package: "roadstead-object",
        own: &["roadstead"],
        own_optional: &[],
        never: &["axum", "leptos", "sqlx"],
        only: None,
    },
    Rule {
        package: "roadstead-archive",
        own: &["roadstead"],
        own_optional: &[],
        never: &["tokio", "axum", "leptos", "sqlx", "object_store"],
        only: None,
    },
    Rule {
        package: "roadstead-service",
        own: &["roadstead", "roadstead-archive", "roadstead-store", "roadstead-object"],
        own_optional: &[],
        never: &["axum", "leptos", "sqlx", "object_store", "getrandom", "rand"],
        only: None,
    },
    Rule {
        package: "roadstead-view",
        own: &[],
        own_optional: &[],
        never: &["axum", "sqlx", "object_store", "tokio"],
        only: None,
    },
    Rule {
        package: "roadstead-app",
        own: &["roadstead", "roadstead-view"],
        own_optional: &["roadstead-service"],
        never: &["sqlx", "object_store"],
        only: None,
    },
    Rule {
        package: "roadstead-server",
        own: &[
            "roadstead",
            "roadstead-app",
            "roadstead-archive",
            "roadstead-object",
            "roadstead-service",
            "roadstead-store",
        ],
        own_optional: &[],
        never: &[],
        only: None,
    },
    // It measures from outside, as anybody could.
    Rule {
        package: "roadstead-bench",
        own: &[],
        own_optional: &[],
        never: &["axum", "leptos", "object_store"],
        only: None,
    },
];

/// Must not be in anything that a browser loads.
const NEVER_IN_WASM: &[&str] = &[
    "tokio",
    "sqlx",
    "sqlx-core",
    "axum",
    "hyper",
    "object_store",
    "aws-lc-rs",
    "aws-lc-sys",
    "roadstead-store",
    "roadstead-object",
    "roadstead-service",
    "roadstead-server",
];

/// One crypto and TLS provider is linked: aws-lc-rs.
const NEVER_LINKED: &[&str] = &["ring", "openssl", "openssl-sys", "native-tls"];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace").to_path_buf()
}

fn cargo(arguments: &[&str]) -> String {
    let output = Command::new(env!("CARGO"))
        .current_dir(root())
        .args(arguments)
        .args(["--offline", "--locked"])
        .output()
        .expect("cargo runs");
    assert!(
        output.status.success(),
        "cargo {arguments:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).expect("UTF-8")
}

/// Names of every crate in the tree that `arguments` select.
fn tree(arguments: &[&str]) -> BTreeSet<String> {
    let mut all = vec!["tree", "--prefix", "none", "--format", "{p}"];
    all.extend_from_slice(arguments);
    cargo(&all)
        .lines()
        .filter_map(|line| line.split_whitespace().next())
        .map(str::to_owned)
        .collect()
}

#[test]
fn packages_import_only_what_the_table_allows() {
    let metadata: Value =
        serde_json::from_str(&cargo(&["metadata", "--no-deps", "--format-version", "1"]))
            .expect("JSON");
    let packages = metadata["packages"].as_array().expect("packages");
    let ours: BTreeSet<&str> = packages.iter().filter_map(|p| p["name"].as_str()).collect();
    let ruled: BTreeSet<&str> = RULES.iter().map(|rule| rule.package).collect();
    assert_eq!(ours, ruled, "every package of the workspace has a rule");

    let mut broken = Vec::new();
    for rule in RULES {
        let package = packages.iter().find(|p| p["name"] == rule.package).expect("found above");
        for dependency in package["dependencies"].as_array().expect("dependencies") {
            // `kind` is null for what is linked; build scripts and tests are free.
            if !dependency["kind"].is_null() {
                continue;
            }
            let name = dependency["name"].as_str().expect("a name");
            let optional = dependency["optional"].as_bool().unwrap_or(false);
            let allowed = if ours.contains(name) {
                rule.own.contains(&name) || (optional && rule.own_optional.contains(&name))
            } else {
                !rule.never.contains(&name) && rule.only.is_none_or(|only| only.contains(&name))
            };
            if !allowed {
                broken.push(format!("{} may not import {name}", rule.package));
            }
        }
    }
    assert!(broken.is_empty(), "see the table of ARCHITECTURE.md: {broken:#?}");
}

#[test]
fn nothing_of_the_server_becomes_wasm() {
    let inside = tree(&[
        "-p",
        "roadstead-app",
        "--no-default-features",
        "--features",
        "hydrate",
        "--target",
        "wasm32-unknown-unknown",
        "-e",
        "normal,no-proc-macro",
    ]);
    assert!(inside.contains("roadstead") && inside.contains("leptos"), "the tree was read");
    let wrong: Vec<_> = NEVER_IN_WASM.iter().filter(|name| inside.contains(**name)).collect();
    assert!(wrong.is_empty(), "would be sent to the browser: {wrong:?}");
}

#[test]
fn one_crypto_provider_is_linked() {
    let inside = tree(&["-p", "roadstead-server", "-e", "normal,no-proc-macro"]);
    assert!(inside.contains("aws-lc-rs"), "the tree was read");
    let wrong: Vec<_> = NEVER_LINKED.iter().filter(|name| inside.contains(**name)).collect();
    assert!(wrong.is_empty(), "linked into the binary: {wrong:?}");
}

#[test]
fn both_databases_have_the_same_migrations() {
    let names = |folder: &str| -> BTreeSet<String> {
        std::fs::read_dir(root().join("migrations").join(folder))
            .expect("the folder")
            .map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned())
            .collect()
    };
    let sqlite = names("sqlite");
    assert!(!sqlite.is_empty(), "there are migrations");
    assert_eq!(sqlite, names("postgres"));
}

/// Functions of the store that name a resource without a proof that somebody may touch it: they come before the decision
/// (`resolve`). Every other one takes a `Place`, an `Allowed`, a `Visibility` or a `Whole`, also where people are named. This
/// list may only shrink.
const BEFORE_THE_DECISION: &[&str] = &[
    "resolve::account",
    "resolve::account_public_id",
    "resolve::claimed",
    "resolve::group",
    "resolve::holder",
    "resolve::image",
    "resolve::organization",
    "resolve::person",
    "resolve::policy",
    "resolve::rights",
    "resolve::user",
    "usage::recount",
];

/// The names of functions of `text` that are public, with everything between their parentheses.
fn signatures(text: &str) -> Vec<(String, String)> {
    text.split("pub async fn ")
        .skip(1)
        .filter(|rest| rest.contains(") -> "))
        .map(|rest| {
            let (name, rest) = rest.split_once('(').expect("parameters");
            let (parameters, _) = rest.split_once(") -> ").expect("a result");
            (name.to_owned(), parameters.to_owned())
        })
        .collect()
}

fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    found.sort();
    found
}

#[test]
fn the_store_takes_proofs_not_names() {
    const NAMES: [&str; 12] = [
        "RepositoryId",
        "OrganizationId",
        "AccountId",
        "UserId",
        "GroupId",
        "PolicyId",
        "ImageName",
        "OrganizationName",
        "AccountName",
        "UserName",
        "GroupName",
        "PolicyName",
    ];
    const PROOFS: [&str; 8] = [
        "&Place",
        "Allowed<",
        "Visibility",
        "AuditScope",
        ": Whole",
        "InAccount",
        ": Holder",
        ": &On",
    ];
    let mut unproven = BTreeSet::new();
    let mut seen = 0;
    for path in sources(&root().join("server/store/src")) {
        let module = path.file_stem().expect("a name").to_string_lossy().into_owned();
        let text = std::fs::read_to_string(&path).expect("source");
        for (name, parameters) in signatures(&text) {
            seen += 1;
            // Who did it is written down, not looked up.
            let parameters = parameters.replace("Option<UserId>", "");
            let names = NAMES.iter().any(|kind| parameters.contains(kind));
            if names && !PROOFS.iter().any(|proof| parameters.contains(proof)) {
                unproven.insert(format!("{module}::{name}"));
            }
        }
    }
    assert!(seen > 100, "the store was read");
    let listed: BTreeSet<String> = BEFORE_THE_DECISION.iter().map(|&it| it.to_owned()).collect();
    assert_eq!(unproven, listed, "take the proof that somebody may, or say why there is none");
}

#[test]
fn decisions_are_made_in_one_place() {
    let mut wrong = Vec::new();
    for folder in ["server/service/src", "server/src", "app/src"] {
        for path in sources(&root().join(folder)) {
            let shown = path.strip_prefix(root()).expect("inside").display().to_string();
            let is_test = shown.ends_with("tests.rs") || shown.contains("/testing/");
            let is_access = shown.starts_with("server/service/src/access");
            if is_test || is_access {
                continue;
            }
            let text = std::fs::read_to_string(&path).expect("source");
            let text = text.split("#[cfg(test)]").next().unwrap_or_default();
            let imported = text
                .split("use roadstead::access::{")
                .nth(1)
                .and_then(|rest| rest.split('}').next())
                .unwrap_or_default();
            let is_imported =
                imported.split(',').any(|name| matches!(name.trim(), "decide" | "visibility"));
            let is_named = ["access::decide", "access::visibility", "resolve::", "{resolve"]
                .iter()
                .any(|word| text.contains(word));
            if is_imported || is_named {
                wrong.push(shown);
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "ask `Access::authorize` (or `permits`, for what is only shown): {wrong:#?}"
    );
}

#[test]
fn source_files_can_be_read_in_one_sitting() {
    // The rule is "about 500 lines"; this is where "about" ends.
    const MOST: usize = 800;
    fn visit(folder: &Path, long: &mut Vec<String>) {
        for entry in std::fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                visit(&path, long);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let lines = std::fs::read_to_string(&path).expect("source").lines().count();
                if lines > MOST {
                    long.push(format!("{} has {lines} lines", path.display()));
                }
            }
        }
    }
    let mut long = Vec::new();
    for folder in [
        "src",
        "app/src",
        "server/src",
        "server/service/src",
        "server/store/src",
        "server/object/src",
    ] {
        visit(&root().join(folder), &mut long);
    }
    assert!(long.is_empty(), "split these: {long:#?}");
}
