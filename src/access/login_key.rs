//! The login key: what `docker login` sends as password for an access key.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::digest::push_hex;
use crate::secret::Secret;

/// `lowerhex(HMAC-SHA256(key = secret key, message = access key))` (`protocol.md` 2.4, `swr-api.md` 5).
#[must_use]
pub fn login_key(access_key: &str, secret_key: &Secret) -> Secret {
    let mut text = String::with_capacity(64);
    // HMAC takes keys of every length; the error type exists for other constructions.
    if let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret_key.reveal().as_bytes()) {
        mac.update(access_key.as_bytes());
        push_hex(&mut text, &mac.finalize().into_bytes());
    }
    Secret::new(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_vector_of_console_a_3_1() {
        let key = login_key(
            "RSAKEXAMPLE000000001",
            &Secret::new("exampleSecretAccessKeyForDocsOnly0000001".to_owned()),
        );
        assert_eq!(
            key.reveal(),
            "d34aa4117bbe9a57d662552da41fd246e97857e3d5aa40c0f12ad06fb106dab7"
        );
    }
}
