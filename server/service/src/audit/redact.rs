//! Striking out what looks like a secret, before it is written.
//!
//! Secrets are types that do not print, and nobody puts one in an event. This is for the one that slips through: whatever
//! stands under a name that secrets have is replaced.

use serde_json::Value;

/// What stands in the place of a secret.
const STRUCK: &str = "***";

/// Parts of names that only secrets have, lower case, without separators.
const NAMES: [&str; 13] = [
    "password",
    "passphrase",
    "secret",
    "loginkey",
    "privatekey",
    "masterkey",
    "authorization",
    "cookie",
    "kubeconfig",
    "authtoken",
    "accesstoken",
    "refreshtoken",
    "securitytoken",
];

/// Names that are secret as a whole only: parts of them are everywhere.
const WHOLE: [&str; 4] = ["sk", "token", "bearer", "auth"];

/// The value with everything struck out that has a secret's name.
pub(super) fn redacted(value: Value) -> Value {
    match value {
        Value::Object(members) => members
            .into_iter()
            .map(|(name, value)| {
                let value = if is_secret(&name) { struck(value) } else { redacted(value) };
                (name, value)
            })
            .collect(),
        Value::Array(items) => items.into_iter().map(redacted).collect(),
        other => other,
    }
}

/// Nothing and yes or no tell nothing: whether there is a secret may be said.
fn struck(value: Value) -> Value {
    match value {
        Value::Null | Value::Bool(_) => value,
        _ => Value::String(STRUCK.to_owned()),
    }
}

fn is_secret(name: &str) -> bool {
    let name: String = name
        .chars()
        .filter(|character| character.is_alphanumeric())
        .flat_map(char::to_lowercase)
        .collect();
    WHOLE.contains(&name.as_str()) || NAMES.iter().any(|part| name.contains(part))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_has_a_secrets_name_is_struck_out() {
        let given = json!({
            "name": "ann",
            "password": "p",
            "new": { "Login-Key": "k", "X-Auth-Token": ["t"], "secret_access_key": { "a": 1 } },
            "list": [{ "SK": "s" }, { "task": "deploy" }],
            "has_password": true,
            "secret": null,
        });
        let expected = json!({
            "name": "ann",
            "password": "***",
            "new": { "Login-Key": "***", "X-Auth-Token": "***", "secret_access_key": "***" },
            "list": [{ "SK": "***" }, { "task": "deploy" }],
            "has_password": true,
            "secret": null,
        });
        assert_eq!(redacted(given), expected);
    }
}
