//! Tag names.

use super::name;
use crate::error::Subject;

name!(
    /// A tag: `[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}` (distribution-spec, "Pulling manifests").
    TagName,
    Subject::Tag,
    is_tag,
    "a tag starts with a letter, digit or underscore, may contain periods and hyphens, and has 1-128 characters"
);

fn is_tag(text: &str) -> bool {
    let word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    text.len() <= 128
        && text.starts_with(word)
        && text.chars().all(|c| word(c) || c == '.' || c == '-')
}

impl TagName {
    /// Whether this is a referrers fallback or signature tag (`sha256-<hex>[.sig|.att|.sbom]`), which is not an image
    /// version: not shown, not counted, fires nothing (`protocol.md` 1.8).
    #[must_use]
    pub fn is_fallback(&self) -> bool {
        let Some((algorithm, rest)) = self.as_str().split_once('-') else {
            return false;
        };
        let length = match algorithm {
            "sha256" | "sha512" => 64,
            _ => return false,
        };
        let hex = rest.split('.').next().unwrap_or(rest);
        hex.len() == length && hex.bytes().all(|b| b.is_ascii_hexdigit())
    }
}
