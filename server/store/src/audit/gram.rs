//! What the audit log's search index is made of: every pair of neighbouring characters of an event's words, and every
//! single one that is not ASCII, so that words of one or two Chinese characters are found too. Each becomes a token of
//! four letters and digits; different pairs may become the same one, so a hit is compared with the text once more.

use std::collections::BTreeSet;

use super::{AuditRecord, AuditScope};

/// Most tokens of one event: what it says is short, and a detail of any length must not be.
const MOST: usize = 400;
/// Most words of a search, and most tokens of one.
const WORDS: usize = 8;
/// Letters and digits.
const DIGITS: &[u8; 36] = b"0123456789abcdefghijklmnopqrstuvwxyz";

/// The tokens of an event, those of whose it is among them.
pub(super) fn of(event: &AuditRecord) -> String {
    let mut tokens = BTreeSet::new();
    let detail = event.detail.to_string();
    let words = [
        &event.actor,
        &event.name,
        &event.resource_name,
        &event.resource_id,
        &event.address,
        &detail,
    ];
    for text in words {
        for token in tokens_of(text) {
            if tokens.len() < MOST {
                tokens.insert(token);
            }
        }
    }
    tokens.extend(event.account_id.map(|id| format!("account{id}")));
    tokens.extend(event.user_id.map(|id| format!("user{id}")));
    joined(tokens)
}

/// What the events that are searched for have, at least.
pub(super) fn wanted(scope: &AuditScope, words: &[String]) -> String {
    let mut tokens = BTreeSet::from([match scope {
        AuditScope::Account(account) => format!("account{}", account.target()),
        AuditScope::User(user) => format!("user{user}"),
    }]);
    tokens.extend(words.iter().flat_map(|word| tokens_of(word).take(WORDS)));
    joined(tokens)
}

/// The words of a search.
pub(super) fn words(text: &str) -> Vec<String> {
    text.split_whitespace().take(WORDS).map(str::to_ascii_lowercase).collect()
}

fn joined(tokens: BTreeSet<String>) -> String {
    let mut text = String::with_capacity(tokens.len() * 5);
    for token in tokens {
        if !text.is_empty() {
            text.push(' ');
        }
        text.push_str(&token);
    }
    text
}

fn tokens_of(text: &str) -> impl Iterator<Item = String> {
    let mut last = None;
    text.chars().flat_map(move |next| {
        let next = next.to_ascii_lowercase();
        let pair = last.replace(next).filter(|last: &char| !last.is_whitespace());
        let single = (!next.is_ascii()).then(|| token([None, Some(next)]));
        let pair =
            pair.filter(|_| !next.is_whitespace()).map(|last| token([Some(last), Some(next)]));
        [pair, single].into_iter().flatten()
    })
}

/// FNV-1a, as many of its bits as four letters and digits hold.
fn token(characters: [Option<char>; 2]) -> String {
    let mut hash = 0x811c_9dc5_u32;
    for character in characters {
        for byte in character.map_or(0, u32::from).to_le_bytes() {
            hash = (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193);
        }
    }
    let mut text = String::with_capacity(4);
    for _ in 0..4 {
        let digit = DIGITS.get((hash % 36) as usize).copied().unwrap_or(b'0');
        text.push(char::from(digit));
        hash /= 36;
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_pairs_and_chinese_characters_are_words() {
        let tokens = |text: &str| tokens_of(text).collect::<BTreeSet<_>>();
        assert_eq!(tokens("abc").len(), 2);
        assert!(tokens("ABC") == tokens("abc") && tokens("a").is_empty());
        assert!(tokens("ab cd").is_superset(&tokens("cd")) && tokens("ab cd").len() == 2);
        assert_eq!(tokens("镜像").len(), 3, "the pair and both characters");
        assert!(tokens("创建镜像仓库").is_superset(&tokens("镜像")));
        assert!(tokens("创建镜像仓库").is_superset(&tokens("镜")));
        assert!(tokens("x镜").iter().all(|token| token.len() == 4));
        assert_eq!(words("  Team/APP\t镜像 "), ["team/app", "镜像"]);
    }
}
