//! What the index of tags' names is made of: a token for the repository, one for each character and one for each pair of
//! neighbouring characters, in lower case. Names are ASCII, so a token is the digits of what it stands for.

use std::collections::BTreeSet;

use roadstead::TagName;
use roadstead::id::RepositoryId;

/// Most tokens of one search.
const MOST: usize = 16;

/// The tokens of a tag.
pub(super) fn of(repository: RepositoryId, name: &TagName) -> String {
    let name = name.as_str();
    joined(repository, pairs(name).chain(name.bytes().map(single)).collect())
}

/// What the tags have whose name contains `text`, at least; `None` for a text that no name contains.
pub(super) fn wanted(repository: RepositoryId, text: &str) -> Option<String> {
    let tokens: BTreeSet<String> = match text.len() {
        _ if !text.is_ascii() => return None,
        0 | 1 => text.bytes().map(single).collect(),
        _ => pairs(text).take(MOST).collect(),
    };
    Some(joined(repository, tokens))
}

fn pairs(text: &str) -> impl Iterator<Item = String> {
    text.as_bytes()
        .windows(2)
        .map(|pair| pair.iter().map(|byte| format!("{:02x}", byte.to_ascii_lowercase())).collect())
}

fn single(byte: u8) -> String {
    format!("x{:02x}", byte.to_ascii_lowercase())
}

fn joined(repository: RepositoryId, tokens: BTreeSet<String>) -> String {
    let mut text = format!("r{repository}");
    for token in tokens {
        text.push(' ');
        text.push_str(&token);
    }
    text
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn names_have_the_tokens_of_their_parts() {
        let of = |text: &str| {
            let tokens = of(RepositoryId(7), &text.parse().unwrap());
            tokens.split(' ').map(str::to_owned).collect::<BTreeSet<_>>()
        };
        let wanted = |text: &str| {
            let tokens = wanted(RepositoryId(7), text).unwrap();
            tokens.split(' ').map(str::to_owned).collect::<BTreeSet<_>>()
        };
        for part in ["v1.2-RC", "1.2", "2-rc", "V", "-"] {
            assert!(of("v1.2-rc").is_superset(&wanted(part)), "{part}");
        }
        assert!(!of("v1.2-rc").is_superset(&wanted("12")));
        assert_eq!(super::wanted(RepositoryId(7), "镜"), None);
    }
}
