//! Referrers: the manifests that are about another one (end-12, `protocol.md` 1.8).

mod accessory;

use roadstead::access::Action;
use roadstead::error::Subject;
use roadstead::oci::MediaType;
use roadstead::{Digest, ErrorKind, ImageName, Result};
use roadstead_store::{Place, Store, StoreError, referrer};
use serde::Serialize;

use crate::access::Access;
use crate::context::Context;
use crate::error::stored;

pub use accessory::{Accessory, References};

/// Most referrers of one answer.
const PAGE: u32 = 1_000;
/// Most bytes of the manifests of one answer, whose annotations it repeats; it stays under the 4 MiB that every client
/// reads.
const MOST_BYTES: u64 = 3 * 1024 * 1024;
/// Bytes of a descriptor without its annotations, at most.
const DESCRIPTOR: u64 = 400;

/// A referrer as its descriptor in the answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Referrer {
    /// Media type.
    pub media_type: MediaType,
    /// Digest.
    pub digest: Digest,
    /// Bytes.
    pub size: u64,
    /// Artifact type, if it has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub artifact_type: Option<String>,
    /// Annotations of the manifest.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub annotations: Option<serde_json::Value>,
}

/// A page of referrers in the order of their digests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReferrerPage {
    /// The referrers.
    pub manifests: Vec<Referrer>,
    /// Whether there are more after them.
    pub has_more: bool,
}

/// Referrers.
#[derive(Debug, Clone)]
pub struct Referrers {
    store: Store,
    access: Access,
}

impl Referrers {
    pub(crate) const fn new(store: Store, access: Access) -> Self {
        Self { store, access }
    }

    /// Referrers of `subject` after `last`, whether or not that exists; with `artifact_type` only those of it. An image
    /// that does not exist has none, for callers who could pull it.
    ///
    /// # Errors
    /// Those of [`Access::authorize`] for pulling, except for a missing image; those of the store.
    #[tracing::instrument(name = "service.referrer.list", skip_all, fields(image = %image))]
    pub async fn list(
        &self,
        ctx: &Context,
        image: &ImageName,
        subject: &Digest,
        artifact_type: Option<&str>,
        last: Option<&Digest>,
    ) -> Result<ReferrerPage> {
        let allowed = match self.access.authorize(ctx, Action::PullImage, image).await {
            Err(error)
                if error.kind() == ErrorKind::NotFound
                    && error.subject() == Subject::Repository =>
            {
                return Ok(ReferrerPage { manifests: Vec::new(), has_more: false });
            }
            outcome => outcome?,
        };
        let place = Place::of(&allowed);
        let (found, has_more) = self
            .store
            .read("referrer.list", |tx| {
                let (subject, last) = (subject.clone(), last.cloned());
                let artifact_type = artifact_type.map(str::to_owned);
                Box::pin(async move {
                    let (wanted, last) = (artifact_type.as_deref(), last.as_ref());
                    let limit = PAGE + 1;
                    let sizes = referrer::sizes(tx, &place, &subject, wanted, last, limit).await?;
                    let (count, has_more) = page(&sizes);
                    let found = referrer::list(tx, &place, &subject, wanted, last, count).await?;
                    Ok::<_, StoreError>((found, has_more))
                })
            })
            .await
            .map_err(stored)?;
        let manifests = found.into_iter().map(|record| Referrer {
            media_type: record.media_type,
            digest: record.digest,
            size: record.size,
            artifact_type: record.artifact_type,
            annotations: record.annotations,
        });
        Ok(ReferrerPage { manifests: manifests.collect(), has_more })
    }
}

/// How many of these go into one answer, and whether that leaves some. A single one always goes: it is no longer than a
/// manifest may be.
fn page(sizes: &[u64]) -> (u32, bool) {
    let (mut bytes, mut count) = (0_u64, 0_u32);
    for size in sizes {
        bytes = bytes.saturating_add(*size).saturating_add(DESCRIPTOR);
        if count == PAGE || (bytes > MOST_BYTES && count > 0) {
            return (count, true);
        }
        count += 1;
    }
    (count, false)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_stays_small() {
        assert_eq!(page(&[]), (0, false));
        assert_eq!(page(&[1_000; 10]), (10, false));
        assert_eq!(page(&[1; 1_001]), (PAGE, true));
        assert_eq!(page(&[1 << 20; 4]), (2, true));
        assert_eq!(page(&[4 << 20; 2]), (1, true));
        assert_eq!(page(&[4 << 20]), (1, false));
    }
}
