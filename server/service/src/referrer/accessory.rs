//! What belongs to a version, as the management API says it: signatures and other attachments of a tag, and the tags that
//! a signature is about (`swr-api.md` 7.5).

use roadstead::access::Action;
use roadstead::error::Subject;
use roadstead::id::{ManifestId, PublicId};
use roadstead::page::{Page, Window};
use roadstead::{Digest, Error, ImageName, Result, TagName, Timestamp};
use roadstead_store::referrer::{self, AccessoryRecord};
use roadstead_store::{Place, StoreError, manifest, repository, tag};

use super::Referrers;
use crate::context::Context;
use crate::error::stored;

/// Endings of the tags under which cosign keeps what belongs to a version (`protocol.md` 9).
const ENDINGS: [&str; 3] = [".sig", ".att", ".sbom"];

/// Something that belongs to a version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Accessory {
    /// Key of its manifest.
    pub id: ManifestId,
    /// A tag that points to it; empty when none does.
    pub tag: String,
    /// Its digest.
    pub digest: Digest,
    /// Digest of what it belongs to.
    pub target: Digest,
    /// Bytes.
    pub size: u64,
    /// `signature.cosign`, `signature.notation` or `subject.accessory`.
    pub kind: &'static str,
    /// When it was pushed.
    pub pushed_at: Timestamp,
    /// Id of the account that owns the image.
    pub owner: PublicId,
}

/// Part of a list of tags.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct References {
    /// Names of tags.
    pub tags: Vec<TagName>,
    /// Whether there are more after them.
    pub has_more: bool,
}

impl Referrers {
    /// What belongs to what a tag points to, the first pushed first.
    ///
    /// # Errors
    /// `Hidden` when the caller does not see the image, whether it exists or not; `NotFound` about the tag.
    #[tracing::instrument(name = "service.referrer.accessories", skip_all, fields(%image))]
    pub async fn accessories(
        &self,
        ctx: &Context,
        image: &ImageName,
        tag: &TagName,
        window: Window,
    ) -> Result<Page<Accessory>> {
        let place = Place::of(&self.access.authorize(ctx, Action::ReadImage, image).await?);
        let (page, target, owner) = self
            .store
            .read("referrer.accessories", move |tx| {
                let tag = tag.clone();
                Box::pin(async move {
                    let Some(found) = tag::find(tx, &place, &tag).await? else {
                        return Ok(None);
                    };
                    let target = found.digest;
                    let names = signature_tags(&target);
                    let page = referrer::accessories(tx, &place, &target, &names, window).await?;
                    let whose = repository::belonging(tx, &place).await?;
                    Ok::<_, StoreError>(whose.map(|whose| (page, target, whose.owner)))
                })
            })
            .await
            .map_err(stored)?
            .ok_or_else(missing)?;
        Ok(page.map(|record| accessory(record, &target, &owner)))
    }

    /// The tags of what a signature is about, by name after `last`; none when `tag` is no signature.
    ///
    /// # Errors
    /// As [`Referrers::accessories`].
    #[tracing::instrument(name = "service.referrer.references", skip_all, fields(%image))]
    pub async fn references(
        &self,
        ctx: &Context,
        image: &ImageName,
        tag: &TagName,
        last: Option<&str>,
        limit: u64,
    ) -> Result<References> {
        let place = Place::of(&self.access.authorize(ctx, Action::ReadImage, image).await?);
        let wanted = usize::try_from(limit).unwrap_or(usize::MAX);
        let mut tags = self
            .store
            .read("referrer.references", move |tx| {
                let (tag, last) = (tag.clone(), last.map(str::to_owned));
                Box::pin(async move {
                    let Some(found) = tag::find(tx, &place, &tag).await? else {
                        return Ok(None);
                    };
                    let manifest = manifest::find(tx, &place, &found.digest).await?;
                    let about = signed_by(&tag)
                        .or_else(|| manifest.and_then(|manifest| manifest.subject_digest));
                    let Some(about) = about else {
                        return Ok(Some(Vec::new()));
                    };
                    let more = limit.saturating_add(1);
                    let last = last.as_deref();
                    Ok::<_, StoreError>(Some(
                        referrer::tags_of(tx, &place, &about, last, more).await?,
                    ))
                })
            })
            .await
            .map_err(stored)?
            .ok_or_else(missing)?;
        let has_more = tags.len() > wanted;
        tags.truncate(wanted);
        Ok(References { tags, has_more })
    }
}

/// `sha256-<hex>.sig` and its like, of a digest.
fn signature_tags(digest: &Digest) -> Vec<TagName> {
    let stem = format!("{}-{}", digest.algorithm().as_str(), digest.hex());
    ENDINGS.iter().filter_map(|ending| format!("{stem}{ending}").parse().ok()).collect()
}

/// The digest that a signature's tag names.
fn signed_by(tag: &TagName) -> Option<Digest> {
    let stem = ENDINGS.iter().find_map(|ending| tag.as_str().strip_suffix(ending))?;
    let (algorithm, hex) = stem.split_once('-')?;
    format!("{algorithm}:{hex}").parse().ok()
}

fn accessory(record: AccessoryRecord, target: &Digest, owner: &PublicId) -> Accessory {
    let is_cosign = |kind: &str| {
        kind.starts_with("application/vnd.dev.cosign.")
            || kind.starts_with("application/vnd.dev.sigstore.")
    };
    let is_signature = record.tag.as_ref().is_some_and(|tag| tag.as_str().ends_with(".sig"));
    let kind = match record.artifact_type.as_deref() {
        Some("application/vnd.cncf.notary.signature") => "signature.notation",
        Some(kind) if is_cosign(kind) => "signature.cosign",
        _ if is_signature => "signature.cosign",
        _ => "subject.accessory",
    };
    Accessory {
        id: record.id,
        tag: record.tag.map(|tag| tag.to_string()).unwrap_or_default(),
        digest: record.digest,
        target: target.clone(),
        size: record.total_size,
        kind,
        pushed_at: record.pushed_at,
        owner: owner.clone(),
    }
}

fn missing() -> Error {
    Error::not_found(Subject::Tag, "the image has no tag of this name")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn tags_of_signatures_name_what_they_sign() {
        let digest: Digest =
            "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"
                .parse()
                .unwrap();
        let tags = signature_tags(&digest);
        assert_eq!(tags.len(), 3);
        for tag in &tags {
            assert_eq!(signed_by(tag), Some(digest.clone()), "{tag}");
        }
        for text in ["v1", "v1.sig", "sha256-44.sig", "sha256-.att"] {
            assert_eq!(signed_by(&text.parse().unwrap()), None, "{text}");
        }
    }
}
