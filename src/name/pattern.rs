//! Patterns of tags.

use super::{TagName, name};
use crate::access::wildcard;
use crate::error::Subject;

name!(
    /// Which tags are meant: patterns separated by commas, in each `*` for any run of characters and `?` for one; the
    /// empty text means none.
    TagPattern,
    Subject::Tag,
    is_pattern,
    "a pattern of tags has at most 256 letters, digits, underscores, periods and hyphens, with * for any run and ? for one character; several are separated by commas"
);

fn is_pattern(text: &str) -> bool {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "_.-*?, ".contains(c);
    text.len() <= 256 && text.chars().all(allowed)
}

impl TagPattern {
    /// Whether it means this tag.
    #[must_use]
    pub fn matches(&self, tag: &TagName) -> bool {
        self.0
            .split(',')
            .map(str::trim)
            .any(|part| !part.is_empty() && wildcard(part, tag.as_str()))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn patterns_name_tags() {
        let pattern: TagPattern = "v*, stable,rc?".parse().unwrap();
        for (tag, is_meant) in [
            ("v1.0", true),
            ("v", true),
            ("stable", true),
            ("stable-2", false),
            ("rc1", true),
            ("rc10", false),
            ("V1", false),
        ] {
            assert_eq!(pattern.matches(&tag.parse().unwrap()), is_meant, "{tag}");
        }
        let none: TagPattern = "".parse().unwrap();
        assert!(!none.matches(&"v1".parse().unwrap()));
        assert!("".parse::<TagPattern>().is_ok());
        for wrong in ["v/1", "v[12]", "标签", &"x".repeat(257)] {
            assert!(wrong.parse::<TagPattern>().is_err(), "{wrong}");
        }
    }
}
