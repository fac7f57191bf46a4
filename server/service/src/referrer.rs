//! Referrers: the manifests that are about another one (end-12, `protocol.md` 1.8).

use roadstead::access::Action;
use roadstead::error::Subject;
use roadstead::oci::MediaType;
use roadstead::{Digest, ErrorKind, ImageName, Result};
use roadstead_store::{Store, referrer};
use serde::Serialize;

use crate::access::Access;
use crate::context::Context;
use crate::error::stored;

/// Most referrers of one answer.
const PAGE: u32 = 1_000;
/// Most bytes of annotations of one answer; the answer stays under the 4 MiB that every client reads.
const MOST_BYTES: usize = 3 * 1024 * 1024;

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
        let repository = allowed.target().id;
        let found = self
            .store
            .peek("referrer.list", |tx| {
                let (subject, last) = (subject.clone(), last.cloned());
                let artifact_type = artifact_type.map(str::to_owned);
                Box::pin(async move {
                    let wanted = artifact_type.as_deref();
                    referrer::list(tx, repository, &subject, wanted, last.as_ref(), PAGE + 1).await
                })
            })
            .await
            .map_err(stored)?;
        let mut page = ReferrerPage { manifests: Vec::new(), has_more: false };
        let mut bytes = 0;
        for record in found {
            bytes += 400 + record.annotations.as_ref().map_or(0, |text| text.to_string().len());
            let is_full = page.manifests.len() >= PAGE as usize || bytes > MOST_BYTES;
            if is_full && !page.manifests.is_empty() {
                page.has_more = true;
                break;
            }
            page.manifests.push(Referrer {
                media_type: record.media_type,
                digest: record.digest,
                size: record.size,
                artifact_type: record.artifact_type,
                annotations: record.annotations,
            });
        }
        Ok(page)
    }
}
