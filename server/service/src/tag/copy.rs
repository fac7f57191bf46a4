//! Another tag for a version that has one.

use std::sync::Arc;

use roadstead::access::Action;
use roadstead::audit::TraceName;
use roadstead::error::Subject;
use roadstead::{Error, ErrorKind, ImageName, Result, TagName};
use roadstead_store::tag::{self, Expected, SetTag, TagSet};
use roadstead_store::{Durability, Place, manifest, organization};

use super::{Tags, missing_tag};
use crate::audit::{self, Origin};
use crate::context::Context;
use crate::error::Failed;
use crate::manifest::immutable;
use crate::push::pusher;

impl Tags {
    /// Gives what `source` points to the tag `destination` too. A tag that exists is moved only with `overrides`.
    ///
    /// # Errors
    /// `Hidden` or `Denied`, the latter also about a tag that the organization keeps where it is; `NotFound` about the
    /// source; `AlreadyExists` about the destination.
    #[tracing::instrument(name = "service.tag.copy", skip_all, fields(image = %name))]
    pub async fn copy(
        &self,
        ctx: &Context,
        name: &ImageName,
        source: TagName,
        destination: TagName,
        overrides: bool,
    ) -> Result<()> {
        let allowed = self.access.authorize(ctx, Action::CreateTag, name).await?;
        let place = Place::of(&allowed);
        let event = Origin::of(ctx, &self.ports)
            .event(TraceName::CreateImageTag)
            .in_account(place.account())
            .at(&place)
            .named(format!("{name}:{destination}"))
            .code(201);
        let (asked, actor, at) = (Arc::new((source, destination)), pusher(ctx), ctx.now());
        self.store
            .run("tag.copy", Durability::Durable, move |tx| {
                let (asked, actor, event) = (Arc::clone(&asked), actor.clone(), event.clone());
                Box::pin(async move {
                    let (source, destination) = &*asked;
                    let found = tag::find(tx, &place, source).await?.ok_or_else(missing_tag)?;
                    // Whoever deletes the manifest waits, or was first: then the tag is gone too.
                    manifest::hold_still(tx, &place, &found.digest).await?;
                    let found = tag::find(tx, &place, source).await?.ok_or_else(missing_tag)?;
                    let rules = organization::push_rules(tx, &place).await?;
                    let stays =
                        rules.is_some_and(|rules| rules.immutable_tags.matches(destination));
                    let expected =
                        if overrides && !stays { Expected::Anything } else { Expected::Absent };
                    let set = SetTag {
                        place,
                        name: destination.clone(),
                        manifest: found.manifest_id,
                        digest: found.digest.clone(),
                        expected,
                        actor,
                        at,
                    };
                    match tag::set(tx, &set).await? {
                        TagSet::Done { .. } => audit::append(tx, event).await,
                        TagSet::Conflict { current } if overrides => {
                            if current.as_ref() == Some(&found.digest) {
                                return Ok(());
                            }
                            Err(Failed::Domain(immutable(ErrorKind::Denied, destination)))
                        }
                        TagSet::Conflict { .. } => Err(Failed::Domain(Error::new(
                            ErrorKind::AlreadyExists,
                            Subject::Tag,
                            "the image has a tag of this name already; choose another, or override it",
                        ))),
                    }
                })
            })
            .await
            .map_err(Error::from)
    }
}
