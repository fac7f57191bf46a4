//! The challenge of a 401: where to get a token, and for what (`protocol.md` 2.1, 2.6).

use std::fmt::Write as _;

use roadstead_service::Address;

use roadstead_service::token::SERVICE;

/// `Bearer realm="…/token",service="roadstead"[,scope="…"][,error="invalid_token"]`.
///
/// `error` only stands there when a token was presented and is not good: containerd takes a repeated one for final.
pub(super) fn bearer(address: &Address, scopes: Option<&str>, bad_token: bool) -> String {
    let mut text = format!("Bearer realm=\"{}/token\",service=\"{SERVICE}\"", address.origin());
    // Writing to a string cannot fail. Scopes are made of parsed names, so nothing in them needs quoting.
    if let Some(scopes) = scopes {
        let _ = write!(text, ",scope=\"{scopes}\"");
    }
    if bad_token {
        text.push_str(",error=\"invalid_token\"");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_names_realm_service_and_scope() {
        let address = Address { host: "r.example:5000".to_owned(), is_https: true };
        assert_eq!(
            bearer(&address, Some("repository:org/a:pull,push"), false),
            "Bearer realm=\"https://r.example:5000/token\",service=\"roadstead\",scope=\"repository:org/a:pull,push\""
        );
        assert_eq!(
            bearer(&address, None, true),
            "Bearer realm=\"https://r.example:5000/token\",service=\"roadstead\",error=\"invalid_token\""
        );
    }
}
