//! Sealing: secrets that must be read again lie in the database encrypted for their place.
//!
//! AES-256-GCM under the master key, with a random nonce; the associated data are version, key id, table, row and
//! column, so that bytes moved to another row do not open. The master key itself lives outside the database, and comes
//! from boot. Two may be active: everything new is sealed with the current one, the retiring one only opens, until
//! [`Sealer::prepare`] has moved all values.

use std::fmt;
use std::sync::Arc;

use aes_gcm::aead::{Aead, Payload};
use aes_gcm::{Aes256Gcm, KeyInit, Nonce};
use roadstead::error::Subject;
use roadstead::{Error, ErrorKind, Result, Secret};
use roadstead_store::sealed::{self, MasterKeyRecord, MasterKeyState, SealedPlace, SealedRecord};
use roadstead_store::{Durability, Store};
use sha2::{Digest as _, Sha256};

use crate::error::{Failed, stored};
use crate::port::Ports;

/// Version of the format: 12 bytes of nonce, then ciphertext and tag.
const VERSION: u32 = 1;
/// Length of the nonce.
const NONCE: usize = 12;
/// What every master key proves itself with.
const PROOF: &[u8] = b"roadstead master key";
/// Values moved to the current key at a time.
const BATCH: u32 = 200;

/// A master key. Its id is made of its bytes, so the same key is always the same id.
#[derive(Clone)]
pub struct MasterKey {
    id: String,
    bytes: Secret<[u8; 32]>,
}

impl MasterKey {
    /// A key of 32 random bytes.
    #[must_use]
    pub fn new(bytes: Secret<[u8; 32]>) -> Self {
        let mut hasher = Sha256::new();
        hasher.update(b"roadstead master key id\0");
        hasher.update(bytes.reveal());
        let id = hex::encode(hasher.finalize()).chars().take(16).collect();
        Self { id, bytes }
    }

    /// Its id, which may be shown.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }
}

impl fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("MasterKey").field(&self.id).finish()
    }
}

/// The master keys of this process.
#[derive(Debug, Clone)]
pub struct MasterKeys {
    /// Seals and opens.
    pub current: MasterKey,
    /// Opens only.
    pub retiring: Option<MasterKey>,
}

/// Seals and opens. Cheap to clone.
#[derive(Clone)]
pub struct Sealer {
    keys: Arc<MasterKeys>,
    store: Store,
    ports: Ports,
}

impl fmt::Debug for Sealer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Sealer").field(&self.keys).finish()
    }
}

impl Sealer {
    pub(crate) fn new(keys: MasterKeys, store: Store, ports: Ports) -> Self {
        Self { keys: Arc::new(keys), store, ports }
    }

    /// Seals a value for its place.
    ///
    /// # Errors
    /// Internal, when the cipher refuses.
    pub fn seal(&self, place: &SealedPlace, value: &[u8]) -> Result<SealedRecord> {
        let key = &self.keys.current;
        let nonce: [u8; NONCE] = self.ports.bytes();
        let aad = associated(VERSION, &key.id, place);
        let payload = Payload { msg: value, aad: &aad };
        let text = cipher(key)?
            .encrypt(Nonce::from_slice(&nonce), payload)
            .map_err(|_| Error::internal(Unsealed("it cannot be sealed")))?;
        let mut sealed = nonce.to_vec();
        sealed.extend(text);
        Ok(SealedRecord { version: VERSION, key_id: key.id.clone(), sealed })
    }

    /// Opens a value that was sealed for this place.
    ///
    /// # Errors
    /// Corrupt, when it was changed, moved from another place, or sealed with a key that was not given.
    pub fn open(&self, place: &SealedPlace, value: &SealedRecord) -> Result<Secret<Vec<u8>>> {
        let key = [Some(&self.keys.current), self.keys.retiring.as_ref()]
            .into_iter()
            .flatten()
            .find(|key| key.id == value.key_id)
            .ok_or_else(|| damaged("it is sealed with a master key that was not given"))?;
        if value.version != VERSION {
            return Err(damaged("it is sealed in a format of another version"));
        }
        let (nonce, text) =
            value.sealed.split_at_checked(NONCE).ok_or_else(|| damaged("it is too short"))?;
        let aad = associated(value.version, &key.id, place);
        let payload = Payload { msg: text, aad: &aad };
        cipher(key)?
            .decrypt(Nonce::from_slice(nonce), payload)
            .map(Secret::new)
            .map_err(|_| damaged("it was changed, or moved from its place"))
    }

    /// Reads the value sealed for a place; `None` when there is none.
    ///
    /// # Errors
    /// As [`Sealer::open`], and those of the store.
    pub async fn get(&self, place: &SealedPlace) -> Result<Option<Secret<Vec<u8>>>> {
        let found = self
            .store
            .peek("seal.get", |tx| {
                let place = place.clone();
                Box::pin(async move { sealed::get(tx, &place).await })
            })
            .await
            .map_err(stored)?;
        found.map(|value| self.open(place, &value)).transpose()
    }

    /// Called once at start: makes the current key known, refuses a wrong one, and moves what the retiring key sealed.
    ///
    /// # Errors
    /// Invalid, with what to do, when the database was sealed with a key that was not given.
    pub async fn prepare(&self) -> Result<()> {
        let known = self
            .store
            .peek("seal.master_keys", |tx| Box::pin(sealed::master_keys(tx)))
            .await
            .map_err(stored)?;
        let given = [Some(&self.keys.current), self.keys.retiring.as_ref()];
        for record in known.iter().filter(|record| record.state != MasterKeyState::Retired) {
            if !given.iter().flatten().any(|key| key.id == record.id) {
                return Err(Error::new(
                    ErrorKind::Invalid,
                    Subject::Setting,
                    format!(
                        "the database was sealed with master key {}, which was not given: put back the file that \
                         ROADSTEAD_MASTER_KEY_FILE names (or master.key of the data directory)",
                        record.id
                    ),
                ));
            }
            let proof = SealedRecord {
                version: VERSION,
                key_id: record.id.clone(),
                sealed: record.proof.clone(),
            };
            self.open(&proof_place(&record.id), &proof)?;
        }
        let is_known = known.iter().any(|record| {
            record.id == self.keys.current.id && record.state == MasterKeyState::Active
        });
        if !is_known {
            self.introduce(&known).await?;
        }
        self.move_retiring(&known).await
    }

    async fn introduce(&self, known: &[MasterKeyRecord]) -> Result<()> {
        let id = self.keys.current.id.clone();
        let mut records: Vec<MasterKeyRecord> = known
            .iter()
            .filter(|record| record.state == MasterKeyState::Active)
            .map(|record| MasterKeyRecord { state: MasterKeyState::Retiring, ..record.clone() })
            .collect();
        records.push(MasterKeyRecord {
            proof: self.seal(&proof_place(&id), PROOF)?.sealed,
            id,
            state: MasterKeyState::Active,
            created_at: self.ports.now(),
        });
        self.store
            .run("seal.introduce", Durability::Durable, move |tx| {
                let records = records.clone();
                Box::pin(async move {
                    for record in &records {
                        sealed::put_master_key(tx, record).await?;
                    }
                    Ok::<_, Failed>(())
                })
            })
            .await?;
        Ok(())
    }

    /// Seals again, with the current key, whatever others sealed; then they are retired.
    async fn move_retiring(&self, known: &[MasterKeyRecord]) -> Result<()> {
        let old = known.iter().filter(|record| {
            record.id != self.keys.current.id && record.state != MasterKeyState::Retired
        });
        for record in old {
            loop {
                let (sealer, from, now) = (self.clone(), record.clone(), self.ports.now());
                let moved = self
                    .store
                    .run("seal.move", Durability::Durable, move |tx| {
                        let (sealer, from) = (sealer.clone(), from.clone());
                        Box::pin(async move {
                            let entries = sealed::sealed_with(tx, &from.id, BATCH).await?;
                            for entry in &entries {
                                let place = SealedPlace::new(
                                    &entry.table_name,
                                    &entry.row_key,
                                    &entry.column_name,
                                );
                                let value = SealedRecord {
                                    version: entry.version,
                                    key_id: entry.key_id.clone(),
                                    sealed: entry.sealed.clone(),
                                };
                                let opened = sealer.open(&place, &value)?;
                                let again = sealer.seal(&place, opened.reveal())?;
                                sealed::put(tx, &place, &again, now).await?;
                            }
                            if entries.is_empty() {
                                let retired =
                                    MasterKeyRecord { state: MasterKeyState::Retired, ..from };
                                sealed::put_master_key(tx, &retired).await?;
                            }
                            Ok::<_, Failed>(entries.len())
                        })
                    })
                    .await?;
                if moved == 0 {
                    break;
                }
            }
        }
        Ok(())
    }
}

fn proof_place(id: &str) -> SealedPlace {
    SealedPlace::new("master_keys", id, "proof")
}

/// Each part with its length before it, so that no two places have the same bytes.
fn associated(version: u32, key_id: &str, place: &SealedPlace) -> Vec<u8> {
    let mut bytes = version.to_be_bytes().to_vec();
    for part in [key_id, &place.table, &place.row, &place.column] {
        bytes.extend(u32::try_from(part.len()).unwrap_or(u32::MAX).to_be_bytes());
        bytes.extend(part.as_bytes());
    }
    bytes
}

fn cipher(key: &MasterKey) -> Result<Aes256Gcm> {
    Aes256Gcm::new_from_slice(key.bytes.reveal())
        .map_err(|_| Error::internal(Unsealed("a master key has 32 bytes")))
}

#[derive(Debug, thiserror::Error)]
#[error("a sealed value: {0}")]
struct Unsealed(&'static str);

fn damaged(why: &'static str) -> Error {
    Error::new(
        ErrorKind::Corrupt,
        Subject::Credential,
        "a stored secret is damaged; the administrator finds the cause in the log",
    )
    .caused_by(Unsealed(why))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::testing::TestService;

    fn key(byte: u8) -> MasterKey {
        MasterKey::new(Secret::new([byte; 32]))
    }

    async fn with(test: &TestService, current: u8, retiring: Option<u8>) -> Sealer {
        let keys = MasterKeys { current: key(current), retiring: retiring.map(key) };
        Sealer::new(keys, test.store.clone(), test.ports())
    }

    #[tokio::test]
    async fn a_value_opens_in_its_place_only() {
        let test = TestService::new().await;
        let sealer = with(&test, 1, None).await;
        let place = SealedPlace::new("access_keys", 7, "secret");
        let sealed = sealer.seal(&place, b"the secret key").unwrap();
        assert_eq!(sealer.open(&place, &sealed).unwrap().reveal(), b"the secret key");
        for other in [
            SealedPlace::new("access_keys", 8, "secret"),
            SealedPlace::new("access_key", "s7", "secret"),
            SealedPlace::new("access_keys", 7, "secre"),
        ] {
            assert_eq!(sealer.open(&other, &sealed).unwrap_err().kind(), ErrorKind::Corrupt);
        }
        let mut changed = sealed.clone();
        changed.sealed[20] ^= 1;
        assert!(sealer.open(&place, &changed).is_err());
        assert_ne!(sealer.seal(&place, b"the secret key").unwrap().sealed, sealed.sealed);
    }

    #[tokio::test]
    async fn a_new_master_key_takes_over_and_a_wrong_one_is_refused() {
        let test = TestService::new().await;
        let place = SealedPlace::new("access_keys", 7, "secret");
        // The service of the test has prepared its own key, 42.
        let old = with(&test, 42, None).await;
        let value = old.seal(&place, b"value").unwrap();
        test.store
            .run("test", Durability::Durable, {
                let place = place.clone();
                move |tx| {
                    let (place, value) = (place.clone(), value.clone());
                    Box::pin(async move {
                        sealed::put(tx, &place, &value, roadstead::Timestamp(0)).await
                    })
                }
            })
            .await
            .unwrap();
        let wrong = with(&test, 2, None).await.prepare().await.unwrap_err();
        assert!(wrong.message().contains("ROADSTEAD_MASTER_KEY_FILE"), "{wrong}");
        let both = with(&test, 2, Some(42)).await;
        both.prepare().await.unwrap();
        let new = with(&test, 2, None).await;
        new.prepare().await.unwrap();
        assert_eq!(new.get(&place).await.unwrap().unwrap().reveal(), b"value");
        assert!(old.prepare().await.is_err());
    }
}
