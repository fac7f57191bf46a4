//! The login key: what `docker login` sends as password for an access key.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use super::credential::{AccessKeyId, SecretKey};
use crate::digest::push_hex;
use crate::secret::Secret;

/// `lowerhex(HMAC-SHA256(key = secret key, message = access key))` (`protocol.md` 2.4, `swr-api.md` 5).
#[must_use]
pub fn login_key(access_key: &AccessKeyId, secret_key: &SecretKey) -> Secret {
    let mut text = String::with_capacity(64);
    // HMAC takes keys of every length; the error type exists for other constructions.
    if let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret_key.reveal().as_bytes()) {
        mac.update(access_key.as_str().as_bytes());
        push_hex(&mut text, &mac.finalize().into_bytes());
    }
    Secret::new(text)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use proptest::prelude::*;

    use super::*;

    fn of(access_key: &str, secret_key: &str) -> Secret {
        login_key(&access_key.parse().unwrap(), &secret_key.parse().unwrap())
    }

    #[test]
    fn the_vector_of_console_a_3_1() {
        let key = of("RSAKEXAMPLE000000001", "exampleSecretAccessKeyForDocsOnly0000001");
        assert_eq!(
            key.reveal(),
            "d34aa4117bbe9a57d662552da41fd246e97857e3d5aa40c0f12ad06fb106dab7"
        );
    }
    proptest! {
        #[test]
        fn it_is_64_hex_digits_that_differ_with_either_key(
            access_key in "[A-Za-z0-9]{16,64}",
            secret_key in "[!-~]{20,128}",
        ) {
            let key = of(&access_key, &secret_key);
            prop_assert_eq!(key.reveal().len(), 64);
            prop_assert!(key.reveal().bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')));
            let other = of(&format!("{}x", &access_key[..access_key.len() - 1]), &secret_key);
            prop_assert_eq!(access_key.ends_with('x'), other == key);
            let other = of(&access_key, &format!("{}~", &secret_key[..secret_key.len() - 1]));
            prop_assert_eq!(secret_key.ends_with('~'), other == key);
        }
    }
}
