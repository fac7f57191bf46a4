//! Signatures of the management API: `SDK-HMAC-SHA256` (`swr-api.md` 2.2, step 6).

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use super::credential::SecretKey;

/// `HMAC-SHA256(key = secret key, message = string to sign)`. The key is used as it is; nothing is derived from it.
#[must_use]
pub fn sign(secret_key: &SecretKey, string_to_sign: &str) -> [u8; 32] {
    let mut signature = [0; 32];
    // HMAC takes keys of every length; the error type exists for other constructions.
    if let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret_key.reveal().as_bytes()) {
        mac.update(string_to_sign.as_bytes());
        signature.copy_from_slice(&mac.finalize().into_bytes());
    }
    signature
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::digest::push_hex;

    #[test]
    fn the_vectors_of_the_reference() {
        let secret = "ExampleSecretKey000000000000000000000001".parse().unwrap();
        for (hash, wanted) in [
            (
                "791cf20d2d3222b5a6d1f87de4ec0d08afb61e7e3085e1734512612c09abe72d",
                "5e402de46af990851158e2133bb815b2a921f4d5a68389b945825988a5ba6d8b",
            ),
            (
                "310ecfe3a1446a0992852859419110fc6d95f179868f25f661f5dc343e0ac861",
                "5481203b8eb9299136e4a51cf50a58bbb08370735db8c3ff92c1bea806755483",
            ),
        ] {
            let mut text = String::new();
            let to_sign = format!("SDK-HMAC-SHA256\n20261120T120000Z\n{hash}");
            push_hex(&mut text, &sign(&secret, &to_sign));
            assert_eq!(text, wanted);
        }
    }
}
