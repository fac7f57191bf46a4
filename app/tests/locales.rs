//! Every word exists in both languages, and is translated.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// Texts that are rightly the same in both languages: names of products and protocols, units, patterns.
const SAME: &str = include_str!("same_words.txt");

fn folder(language: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("locales").join(language)
}

fn words(language: &str) -> BTreeMap<String, String> {
    fn flatten(prefix: &str, value: &serde_json::Value, out: &mut BTreeMap<String, String>) {
        match value {
            serde_json::Value::Object(members) => {
                for (name, value) in members {
                    flatten(&format!("{prefix}.{name}"), value, out);
                }
            }
            serde_json::Value::String(text) => {
                out.insert(prefix.to_owned(), text.clone());
            }
            other => panic!("{prefix} is neither text nor a group: {other}"),
        }
    }
    let mut out = BTreeMap::new();
    for entry in std::fs::read_dir(folder(language)).unwrap() {
        let path = entry.unwrap().path();
        let namespace = path.file_stem().unwrap().to_str().unwrap().to_owned();
        let value = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
        flatten(&namespace, &value, &mut out);
    }
    out
}

fn placeholders(text: &str) -> BTreeSet<String> {
    text.split("{{")
        .skip(1)
        .filter_map(|rest| rest.split("}}").next())
        .map(|name| name.trim().to_owned())
        .collect()
}

#[test]
fn both_languages_have_the_same_keys_and_placeholders() {
    let (english, chinese) = (words("en"), words("zh-CN"));
    let only = |a: &BTreeMap<String, String>, b: &BTreeMap<String, String>| -> Vec<String> {
        a.keys().filter(|key| !b.contains_key(*key)).cloned().collect()
    };
    assert_eq!(only(&english, &chinese), Vec::<String>::new(), "missing in zh-CN");
    assert_eq!(only(&chinese, &english), Vec::<String>::new(), "missing in en");
    for (key, text) in &english {
        assert_eq!(placeholders(text), placeholders(&chinese[key]), "placeholders of {key}");
    }
}

#[test]
fn nothing_is_left_untranslated() {
    let allowed: BTreeSet<&str> = SAME
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .collect();
    let (english, chinese) = (words("en"), words("zh-CN"));
    let same: Vec<&String> = english
        .iter()
        .filter(|(key, text)| chinese.get(*key) == Some(text) && !allowed.contains(key.as_str()))
        .map(|(key, _)| key)
        .collect();
    assert!(same.is_empty(), "equal in both languages and not in tests/same_words.txt: {same:#?}");
    let stale: Vec<&&str> = allowed
        .iter()
        .filter(|key| english.get(**key).is_none_or(|text| chinese.get(**key) != Some(text)))
        .collect();
    assert!(stale.is_empty(), "in tests/same_words.txt without need: {stale:#?}");
}

#[test]
fn chinese_is_chinese_and_english_is_not() {
    let is_han = |c: char| ('\u{4e00}'..='\u{9fff}').contains(&c);
    for (key, text) in words("en") {
        assert!(!text.chars().any(is_han), "Chinese in the English {key}: {text}");
    }
    // Half-width commas and question marks between Han characters are a slip of the keyboard.
    for (key, text) in words("zh-CN") {
        let characters: Vec<char> = text.chars().collect();
        for window in characters.windows(3) {
            if is_han(window[0]) && is_han(window[2]) {
                assert!(
                    !matches!(window[1], ',' | '?' | '!' | ';'),
                    "half-width mark in the Chinese {key}: {text}"
                );
            }
        }
    }
}
