//! Names: parse, print, nothing else.
//!
//! Every name is a newtype with a private field and one predicate; `FromStr`, `Display` and serde go through it.
//! The grammar of repository paths is that of the OCI distribution specification ("Pulling manifests", `<name>`),
//! within SWR's lengths, the same at every door. To add a name, add a file and a `name!` call.

mod host;
mod identity;
mod image;
mod organization;
mod pattern;
mod reference;
mod region;
mod repository;
mod tag;

pub use host::HostPort;
pub use identity::{AccountName, GroupName, PolicyName, UserName};
pub use image::ImageName;
pub use organization::{OrganizationName, RESERVED_ORGANIZATIONS};
pub use pattern::TagPattern;
pub use reference::Reference;
pub use region::RegionName;
pub use repository::RepositoryName;
pub use tag::TagName;

/// Defines a validated string type: `name!(/// docs… Name, Subject, predicate, "sentence of the rule")`.
macro_rules! name {
    ($(#[$doc:meta])* $name:ident, $subject:expr, $predicate:path, $rule:expr) => {
        $(#[$doc])*
        #[derive(
            Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize,
        )]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// The rule as a sentence.
            pub const RULE: &'static str = $rule;

            /// The text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl std::str::FromStr for $name {
            type Err = crate::error::Error;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                if $predicate(text) {
                    Ok(Self(text.to_owned()))
                } else {
                    Err(crate::error::Error::invalid($subject, $rule))
                }
            }
        }

        impl TryFrom<String> for $name {
            type Error = crate::error::Error;

            fn try_from(text: String) -> Result<Self, Self::Error> {
                if $predicate(&text) {
                    Ok(Self(text))
                } else {
                    Err(crate::error::Error::invalid($subject, $rule))
                }
            }
        }

        impl From<$name> for String {
            fn from(name: $name) -> Self {
                name.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }
    };
}
pub(crate) use name;

/// One path component of the OCI grammar: `[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*`.
pub(crate) fn is_component(text: &str) -> bool {
    let bytes = text.as_bytes();
    let is_alnum = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    let mut separator: &[u8] = &[];
    let mut start = 0;
    let mut after_separator = true;
    for (index, &byte) in bytes.iter().enumerate() {
        if is_alnum(byte) {
            if !matches!(separator, [] | b"." | b"_" | b"__")
                && !separator.iter().all(|&b| b == b'-')
            {
                return false;
            }
            separator = &[];
            after_separator = false;
        } else if matches!(byte, b'.' | b'_' | b'-') {
            if index == 0 {
                return false;
            }
            if separator.is_empty() {
                start = index;
            }
            separator = bytes.get(start..=index).unwrap_or(&[]);
            after_separator = true;
        } else {
            return false;
        }
    }
    !after_separator
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn vectors_of_console_a_0_8() {
        for good in ["group", "cloud-develop", "y-test", "a", "a__b", "a--b"] {
            assert!(good.parse::<OrganizationName>().is_ok(), "{good}");
        }
        for bad in [
            "1abc",
            "abc-",
            "Abc",
            "a.-b",
            "a___b",
            "library",
            "manage",
            "",
            "a/b",
            "v2",
            "token",
            "api",
            "static",
            "admin",
            "instances",
        ] {
            assert!(bad.parse::<OrganizationName>().is_err(), "{bad}");
        }
        for good in ["nginx", "2048", "team/web/nginx", "a/blobs/b", "x/manifests"] {
            assert!(good.parse::<RepositoryName>().is_ok(), "{good}");
        }
        for bad in ["a//b", "/a", "a/", "a._b", "..", "a/../b", "A", "a%2Fb", "a b", "é"] {
            assert!(bad.parse::<RepositoryName>().is_err(), "{bad}");
        }
    }

    #[test]
    fn lengths_are_the_contract() {
        assert!("a".repeat(64).parse::<OrganizationName>().is_ok());
        assert!("a".repeat(65).parse::<OrganizationName>().is_err());
        assert!("a".repeat(128).parse::<RepositoryName>().is_ok());
        assert!("a".repeat(129).parse::<RepositoryName>().is_err());
        assert!("a".repeat(128).parse::<TagName>().is_ok());
        assert!("a".repeat(129).parse::<TagName>().is_err());
        assert!("abc".parse::<AccountName>().is_ok());
        assert!("ab".parse::<AccountName>().is_err());
        assert!("字".repeat(64).parse::<GroupName>().is_ok());
        assert!("字".repeat(65).parse::<GroupName>().is_err());
        assert!("SWR ops_2-b".parse::<PolicyName>().is_ok());
        for bad in ["", " a", "a ", "a\tb", "a/b", "a\u{200b}b"] {
            assert!(bad.parse::<PolicyName>().is_err(), "{bad:?}");
        }
    }

    #[test]
    fn a_name_of_one_component_has_no_organization() {
        assert!("nginx".parse::<ImageName>().is_err());
        let image: ImageName = "group/team/web".parse().unwrap();
        assert_eq!(image.organization().as_str(), "group");
        assert_eq!(image.repository().as_str(), "team/web");
        assert_eq!(image.console_path(), "group/team$web");
    }

    #[test]
    fn a_reference_with_a_colon_is_a_digest_attempt() {
        assert!("sha256:baddigeststring".parse::<Reference>().is_err());
        assert!(matches!("v1".parse::<Reference>().unwrap(), Reference::Tag(_)));
    }

    proptest! {
        #[test]
        fn the_component_predicate_is_the_grammar(text in "[a-b0._/A-]{0,8}") {
            let grammar = regex::Regex::new(r"^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*$").unwrap();
            prop_assert_eq!(is_component(&text), grammar.is_match(&text));
        }

        #[test]
        fn patterns_for_browsers_say_the_same(
            text in "[a-bZ0._/A-]{0,8}|[a-z][a-z0-9._-]{0,40}[A-Z/]?|[a-z0-9-]{60,66}"
        ) {
            let is = |pattern: &str| {
                regex::Regex::new(&format!("^(?:{pattern})$")).unwrap().is_match(&text)
            };
            prop_assert_eq!(is(AccountName::PATTERN), text.parse::<AccountName>().is_ok());
            prop_assert_eq!(is(RegionName::PATTERN), text.parse::<RegionName>().is_ok());
            let fits = text.len() <= 64 && !RESERVED_ORGANIZATIONS.contains(&text.as_str());
            prop_assert_eq!(
                is(OrganizationName::PATTERN) && fits,
                text.parse::<OrganizationName>().is_ok()
            );
            prop_assert_eq!(is(RepositoryName::PATTERN), text.parse::<RepositoryName>().is_ok());
        }

        #[test]
        fn images_print_what_they_parse(text in "[a-z][a-z0-9]{0,8}(/[a-z0-9]{1,5}(__|-|\\.)[a-z0-9]{1,4}){1,3}") {
            if let Ok(image) = text.parse::<ImageName>() {
                prop_assert_eq!(image.to_string(), text);
                prop_assert_eq!(ImageName::from_console_path(&image.console_path()).unwrap(), image);
            }
        }

        #[test]
        fn references_print_what_they_parse(text in "\\PC{0,140}") {
            if let Ok(reference) = text.parse::<Reference>() {
                prop_assert_eq!(reference.to_string(), text);
            }
        }
    }
}
