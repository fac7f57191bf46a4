//! Who signed a request of the management API (`swr-api.md` 2, 3).
//!
//! The door makes the string to sign of the raw request; here it is signed again with the secret key that is kept, and
//! compared in constant time. Failures are not counted, unlike wrong login keys: nothing is guessed of a signature of 256
//! bits, and a proxy that changes a signed header must not lock its user out of the registry.

use std::net::IpAddr;
use std::sync::Arc;

use roadstead::access::{SecretKey, UserActor, sign};
use roadstead::error::Subject;
use roadstead::id::PublicId;
use roadstead::manage::credential::UsedService;
use roadstead::{Error, ErrorKind, Result};
use roadstead_store::credential::{self, CredentialKind, CredentialRecord};
use roadstead_store::sealed::{self, SealedPlace};
use subtle::ConstantTimeEq as _;

use super::Credentials;
use crate::access::Stamp;
use crate::error::stored;

/// What a request says of who signed it.
#[derive(Debug, Clone, Copy)]
pub struct SignedRequest<'a> {
    /// The access key id.
    pub access_key: &'a str,
    /// What was signed.
    pub string_to_sign: &'a str,
    /// The signature.
    pub signature: &'a [u8],
    /// Ids of the projects that the request claims to be about.
    pub projects: &'a [&'a str],
}

/// Who signed.
#[derive(Debug, Clone)]
pub struct Signer {
    /// The user, with the credential's end.
    pub actor: UserActor,
    /// The account's id on the wire.
    pub domain: PublicId,
}

/// An access key with everything that a signature is compared with.
#[derive(Debug)]
pub(super) struct SigningKey {
    record: CredentialRecord,
    secret: SecretKey,
    projects: Vec<PublicId>,
}

impl Credentials {
    /// Proves who signed a request, and that the projects it names are of their account.
    ///
    /// # Errors
    /// One `Unauthenticated` for every cause; `Denied` for a project of others; those of the store.
    #[tracing::instrument(name = "service.credential.verify_signature", level = "debug", skip_all)]
    pub async fn verify_signature(
        &self,
        request: SignedRequest<'_>,
        client: Option<IpAddr>,
    ) -> Result<Signer> {
        let stamp = self.access.generation().credentials();
        let mut found = self.remembered_signing(request.access_key, stamp);
        let mut actor = self.signed_by(found.as_deref(), &request);
        if actor.is_none() {
            // As with login keys: how long a refusal takes does not tell which keys are in use.
            found = self.load_signing(request.access_key, stamp).await?;
            actor = self.signed_by(found.as_deref(), &request);
        }
        let (Some(actor), Some(key)) = (actor, found) else {
            return Err(refused());
        };
        let is_own = |id: &&str| key.projects.iter().any(|own| own.as_str() == *id);
        if !request.projects.iter().all(is_own) {
            let message = "the project is not one of your account";
            return Err(Error::new(ErrorKind::Denied, Subject::Region, message));
        }
        self.uses.note(&key.record, UsedService::Management, client, self.ports.now());
        Ok(Signer { actor, domain: key.record.account_public_id.clone() })
    }

    fn signed_by(
        &self,
        key: Option<&SigningKey>,
        request: &SignedRequest<'_>,
    ) -> Option<UserActor> {
        let expected = match key {
            Some(key) => sign(&key.secret, request.string_to_sign),
            None => sign(&self.nobodys_secret, request.string_to_sign),
        };
        let is_signature = bool::from(expected.as_slice().ct_eq(request.signature));
        key.filter(|_| is_signature).and_then(|key| self.live(&key.record))
    }

    fn remembered_signing(&self, access_key: &str, stamp: Stamp) -> Option<Arc<SigningKey>> {
        self.signing.get(access_key).filter(|(loaded, _)| *loaded == stamp).map(|(_, key)| key)
    }

    /// Reads it; `stamp` was taken before. Temporary logins sign nothing: nobody was given their secret.
    async fn load_signing(
        &self,
        access_key: &str,
        stamp: Stamp,
    ) -> Result<Option<Arc<SigningKey>>> {
        let found = self
            .store
            .read("credential.find_signing", |tx| {
                let access_key = access_key.to_owned();
                Box::pin(async move {
                    let Some(record) = credential::find(tx, &access_key).await? else {
                        return Ok(None);
                    };
                    let place = SealedPlace::new("access_keys", record.id, "secret");
                    let secret = match record.kind {
                        CredentialKind::AccessKey => sealed::get(tx, &place).await?,
                        CredentialKind::Temporary => None,
                    };
                    let projects = credential::projects(tx, &record).await?;
                    Ok(secret.map(|secret| (record, place, secret, projects)))
                })
            })
            .await
            .map_err(stored)?;
        let Some((record, place, secret, projects)) = found else {
            return Ok(None);
        };
        let secret = self.sealer.open(&place, &secret)?;
        let secret = std::str::from_utf8(secret.reveal()).unwrap_or_default().parse()?;
        let projects = projects.into_iter().map(|(id, _)| id).collect();
        let key = Arc::new(SigningKey { record, secret, projects });
        self.signing.insert(access_key.to_owned(), (stamp, Arc::clone(&key)));
        Ok(Some(key))
    }
}

/// One sentence for all causes.
fn refused() -> Error {
    Error::new(
        ErrorKind::Unauthenticated,
        Subject::Credential,
        "the access key is not in use, or the signature does not match; check the secret access key, and that no proxy \
         changes Host, User-Agent or Content-Type",
    )
}
