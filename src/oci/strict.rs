//! JSON that every parser reads alike.
//!
//! Type confusion (CVE-2021-41190) lives on differences between parsers: which of two members of one name counts, and
//! whether `Layers` is `layers`, as Go's decoder thinks. Only the top level decides what a manifest is, so only its
//! members are held to this; nesting is limited everywhere.

use std::collections::HashSet;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, Error as _, MapAccess, SeqAccess, Visitor};

use crate::error::{Error, Subject};

/// The members that decide what a manifest is.
const MEMBERS: [&str; 11] = [
    "schemaVersion",
    "mediaType",
    "artifactType",
    "config",
    "layers",
    "manifests",
    "fsLayers",
    "blobs",
    "subject",
    "annotations",
    "signatures",
];

/// Refuses what is no JSON object, is nested too deeply (over 127 levels), or whose members could be read in two ways.
///
/// # Errors
/// Invalid about the manifest.
pub(super) fn check(bytes: &[u8]) -> Result<(), Error> {
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    deserializer.deserialize_map(Members).and_then(|()| deserializer.end()).map_err(|error| {
        Error::invalid(Subject::Manifest, format!("the manifest is not valid: {error}"))
    })
}

/// The top level.
struct Members;

impl<'de> Visitor<'de> for Members {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let mut seen = HashSet::new();
        while let Some(key) = map.next_key::<String>()? {
            let folded = fold(&key);
            let known = MEMBERS.iter().find(|member| fold(member) == folded);
            if known.is_some_and(|member| *member != key) {
                return Err(A::Error::custom("a member is written in other case than it has"));
            }
            if !seen.insert(key) {
                return Err(A::Error::custom("a member occurs twice"));
            }
            map.next_value::<Anything>()?;
        }
        Ok(())
    }
}

/// As Go compares names: case does not matter, nor do the long s and the sign of the Kelvin.
fn fold(name: &str) -> String {
    let plain = name.chars().map(|character| match character {
        '\u{17f}' => 's',
        '\u{212a}' => 'k',
        character => character.to_ascii_lowercase(),
    });
    plain.collect()
}

/// Any value, visited so that the parser counts how deep it is: values that are skipped are not counted.
struct Anything;

impl<'de> Deserialize<'de> for Anything {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Self)
    }
}

impl<'de> Visitor<'de> for Anything {
    type Value = Self;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_bool<E>(self, _: bool) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_str<E>(self, _: &str) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_unit<E>(self) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut values: A) -> Result<Self, A::Error> {
        while values.next_element::<Self>()?.is_some() {}
        Ok(self)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self, A::Error> {
        while map.next_entry::<Self, Self>()?.is_some() {}
        Ok(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_go_would_read_otherwise_is_refused() {
        for body in [
            r#"{"layers":[],"layers":[]}"#,
            r#"{"layers":[],"Layers":[]}"#,
            r#"{"MediaType":"x"}"#,
            "{\"layer\u{17f}\":[]}",
            r#"{"layer\u017f":[]}"#,
            r#"{"a":1,"a":2}"#,
            r#"{"a":1}{"a":1}"#,
            "{\"a\":\"\\ud800\"}",
            "[]",
            "1",
            "",
        ] {
            assert!(check(body.as_bytes()).is_err(), "{body}");
        }
        for body in [
            r#"{}"#,
            r#"{"layers":[{"digest":1,"a":[{"b":[null,true,-1,1.5e3,"x"]}]}],"annotations":{"Layers":"x"}}"#,
        ] {
            assert!(check(body.as_bytes()).is_ok(), "{body}");
        }
        assert!(check(b"{\"a\":\"\xff\"}").is_err());
    }
}
