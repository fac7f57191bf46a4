//! What the audit log's index is made of: tokens, of which an event has a few hundred.
//!
//! - Of its words: every pair of neighbouring characters, and every single one that is not ASCII, so that words of one or
//!   two Chinese characters are found too. Each becomes a token of four letters and digits; different pairs may become the
//!   same one, so a hit is compared with the text once more.
//! - Of whatever events are filtered by: one token for each column's value, longer than four letters and digits.

use std::collections::BTreeSet;
use std::net::IpAddr;

use roadstead::audit::{AddressRange, Outcome};
use roadstead::manage::audit::AuditFilter;

use super::{AuditRecord, AuditScope};

/// Most tokens of the words of one event: what it says is short, and a detail of any length must not be.
const MOST: usize = 400;
/// Most words of a search.
const WORDS: usize = 8;
/// Most tokens of one word of a search: each costs a walk through its list.
const TOLD: usize = 10;
/// Letters and digits.
const DIGITS: &[u8; 36] = b"0123456789abcdefghijklmnopqrstuvwxyz";
/// Hexadecimal digits of an address that networks are found by: of IPv6 /16, /32, /48, /56, /64; of IPv4, which stand behind
/// 24 digits, all, /8, /16, /24. All 32 of them are the address itself.
const PREFIXES: [usize; 9] = [4, 8, 12, 14, 16, 24, 26, 28, 30];

/// Tokens of an event.
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
    tokens.insert(value('c', event.category.as_str()));
    tokens.insert(value('s', &event.source));
    tokens.insert(value('t', &event.resource_type));
    tokens.insert(value('n', &event.name));
    tokens.insert(value('r', &event.resource_name));
    tokens.insert(value('i', &event.resource_id));
    tokens.insert(value('o', &event.actor));
    tokens.insert(value('l', event.level.as_str()));
    tokens.insert(value('e', Outcome::of(event.code).as_str()));
    if !event.is_read {
        tokens.insert(WRITES.to_owned());
    }
    let key = address_key(&event.address);
    tokens.extend(PREFIXES.iter().filter_map(|digits| key.get(..*digits)).map(network));
    if !key.is_empty() {
        tokens.insert(network(&key));
    }
    joined(tokens)
}

/// What events have that do not only look at something.
const WRITES: &str = "writes";

/// What the events that are asked for have, at least; `None` when that is nothing but whose they are.
pub(super) fn wanted(scope: AuditScope, filter: &AuditFilter, words: &[String]) -> Option<String> {
    let mut tokens = BTreeSet::new();
    tokens.extend(words.iter().flat_map(|word| telling(word)));
    let mut add = |kind: char, text: Option<&str>| {
        if let Some(text) = text.filter(|text| !text.is_empty()) {
            tokens.insert(value(kind, text));
        }
    };
    add('c', filter.category.map(|it| it.as_str()));
    add('s', filter.source.map(|it| it.as_str()));
    add('t', filter.resource_type.map(|it| it.as_str()));
    add('n', filter.name.map(|it| it.as_str()));
    add('r', Some(&filter.resource_name));
    add('i', Some(&filter.resource_id));
    add('o', Some(&filter.operator));
    add('l', filter.level.map(|it| it.as_str()));
    add('e', filter.result.map(|it| it.as_str()));
    if let Some(range) = filter.address {
        let digits = usize::from(range.common_bits() / 4);
        let key = range.first_key();
        let known = PREFIXES.iter().copied().chain([32]).filter(|known| *known <= digits).max();
        tokens.extend(known.and_then(|known| key.get(..known)).map(network));
    }
    if tokens.is_empty() {
        return None;
    }
    if !filter.include_reads {
        tokens.insert(WRITES.to_owned());
    }
    tokens.insert(match scope {
        AuditScope::Account(account) => format!("account{}", account.target()),
        AuditScope::User(user) => format!("user{user}"),
    });
    Some(joined(tokens))
}

/// The tokens of a word that few events have, as far as that can be said of characters: first those that are not ASCII, then
/// pairs that are not of letters alone, then the rest, the last ones first: words begin alike more often than they end alike.
fn telling(word: &str) -> impl Iterator<Item = String> {
    let mut parts: Vec<(u8, String)> = Vec::new();
    let mut last = None;
    for next in word.chars() {
        let pair = [last.replace(next), Some(next)];
        let told = pair.iter().flatten().map(|character| match character {
            character if !character.is_ascii() => 0,
            character if !character.is_ascii_alphabetic() => 1,
            _ => 2,
        });
        let class = told.min().unwrap_or(2);
        let text: String = pair.into_iter().flatten().collect();
        parts.extend(tokens_of(&text).map(|token| (class, token)));
    }
    parts.reverse();
    parts.sort_by_key(|(class, _)| *class);
    let mut seen = BTreeSet::new();
    parts
        .into_iter()
        .map(|(_, token)| token)
        .filter(move |token| seen.insert(token.clone()))
        .take(TOLD)
}

/// The words of a search.
pub(super) fn words(text: &str) -> Vec<String> {
    text.split_whitespace().take(WORDS).map(str::to_ascii_lowercase).collect()
}

/// An address in the order of addresses; empty for what is none.
pub(super) fn address_key(text: &str) -> String {
    text.parse::<IpAddr>().map(AddressRange::key).unwrap_or_default()
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
    digits(u64::from(hash), 4)
}

/// The token of a column's value.
fn value(kind: char, text: &str) -> String {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for byte in text.bytes() {
        hash = (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
    }
    format!("{kind}{}", digits(hash, 10))
}

/// The token of a network, by the digits that its addresses begin with.
fn network(digits: &str) -> String {
    format!("net{digits}")
}

fn digits(mut number: u64, count: usize) -> String {
    let mut text = String::with_capacity(count);
    for _ in 0..count {
        let digit = DIGITS.get((number % 36) as usize).copied().unwrap_or(b'0');
        text.push(char::from(digit));
        number /= 36;
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

    #[test]
    fn a_search_asks_for_what_is_rare_in_a_word() {
        let all = |text: &str| tokens_of(text).collect::<BTreeSet<_>>();
        for word in ["service-1999:v976", "镜像仓库", "deleteimagetag", "a", "备x"] {
            let told: Vec<String> = telling(word).collect();
            assert!(
                told.len() <= TOLD && told.iter().all(|token| all(word).contains(token)),
                "{word}"
            );
            assert_eq!(told.is_empty(), word.len() == 1, "{word}");
        }
        let told: Vec<String> = telling("service-1999:v976").collect();
        assert!(all("v976").iter().all(|token| told.contains(token)));
        assert!(!told.contains(&token([Some('s'), Some('e')])));
    }

    #[test]
    fn tokens_of_values_are_letters_and_digits_and_none_of_the_words() {
        for text in ["", "team/app", "镜像", "deleteImageTag"] {
            let token = value('n', text);
            assert!(token.len() == 11 && token.bytes().all(|b| b.is_ascii_alphanumeric()));
        }
        assert_ne!(value('n', "a"), value('r', "a"));
        assert_eq!(address_key("192.0.2.7"), "00000000000000000000ffffc0000207");
        assert_eq!(address_key("elsewhere"), "");
    }
}
