//! Where a push goes: an image that exists, or one that its first blob or manifest creates.
//!
//! Clients look for blobs and open sessions before the image exists, so that is no error; the image is created in the
//! same transaction as the first thing that is kept in it, and a push that fails before leaves nothing.

use std::sync::Arc;

use roadstead::access::{Action, Actor, Allowed, OrganizationTarget};
use roadstead::audit::TraceName;
use roadstead::error::Subject;
use roadstead::id::{AccountId, OrganizationId};
use roadstead::{Error, ErrorKind, ImageName, Result, Timestamp};
use roadstead_store::repository::NewRepository;
use roadstead_store::{Place, Tx, organization, repository};

use crate::access::{Access, NewImage};
use crate::audit::{self, Event, Origin};
use crate::context::{Context, unauthenticated};
use crate::error::{Failed, Outcome};
use crate::port::Ports;
use crate::setting::SettingsCell;

/// Category of an image that nobody gave one.
const CATEGORY: &str = "other";

/// Where a push goes, decided.
#[derive(Debug, Clone)]
pub(crate) struct Destination {
    /// The image.
    pub(crate) name: ImageName,
    /// Account that owns it.
    pub(crate) account: AccountId,
    /// Its organization.
    pub(crate) organization: OrganizationId,
    /// Its keys; `None` while it does not exist.
    pub(crate) place: Option<Place>,
    /// The proof that it may be created, when it does not exist.
    creating: Option<Arc<Allowed<OrganizationTarget>>>,
    /// Who pushes.
    pub(crate) pusher: roadstead_store::tag::Actor,
    /// Recorded when the push creates the image.
    created: Event,
    /// Whether a new image is public, when that was said; else the instance's and the organization's default decide.
    is_public: Option<bool>,
    /// Whether new images are public, and may be made by a push.
    new_is_public: bool,
    may_create: bool,
    /// Most bytes of an account that has no limit of its own; 0 is unlimited.
    pub(crate) storage_quota: u64,
    now: Timestamp,
}

/// Decides whether the caller may push to `image`, existing or not.
///
/// # Errors
/// Those of [`Access::authorize`].
pub(crate) async fn destination(
    access: &Access,
    settings: &SettingsCell,
    ports: &Ports,
    ctx: &Context,
    image: &ImageName,
) -> Result<Destination> {
    let settings = settings.current();
    let exists = access.image(ctx, image).await?.target.is_some();
    let (account, organization, place, creating) = if exists {
        let place = Place::of(&access.authorize(ctx, Action::PushImage, image).await?);
        (place.account(), place.organization(), Some(place), None)
    } else {
        let allowed = access.authorize(ctx, Action::CreateImage, NewImage(image)).await?;
        (allowed.target().account, allowed.target().id, None, Some(Arc::new(allowed)))
    };
    if place.is_none() && !settings.create_on_push.value {
        return Err(create_it_first());
    }
    Ok(Destination {
        name: image.clone(),
        account,
        organization,
        place,
        creating,
        pusher: pusher(ctx),
        created: Origin::of(ctx, ports)
            .event(TraceName::CreateImageRepository)
            .in_account(account)
            .named(image),
        is_public: None,
        new_is_public: settings.new_images_public.value,
        may_create: settings.create_on_push.value,
        storage_quota: settings.storage_quota.value,
        now: ctx.now(),
    })
}

/// Who pushes or deletes, as the history keeps it.
pub(crate) fn pusher(ctx: &Context) -> roadstead_store::tag::Actor {
    match &ctx.actor {
        Actor::User(user) => {
            roadstead_store::tag::Actor { id: Some(user.user), name: user.user_name.to_string() }
        }
        Actor::System(job) => roadstead_store::tag::Actor { id: None, name: job.0.to_owned() },
        Actor::Anonymous => roadstead_store::tag::Actor::default(),
    }
}

/// Who may go on with an upload session.
///
/// # Errors
/// `Unauthenticated` for nobody in particular.
pub(crate) fn owner(ctx: &Context) -> Result<String> {
    match &ctx.actor {
        Actor::User(user) => Ok(format!("user:{}", user.user)),
        Actor::System(job) => Ok(format!("system:{}", job.0)),
        Actor::Anonymous => Err(unauthenticated()),
    }
}

impl Destination {
    /// The same; if it creates the image, that is public or not, whatever new images are.
    pub(crate) fn made_public(self, is_public: bool) -> Self {
        Self { is_public: Some(is_public), ..self }
    }

    /// The image's keys; creates it when it does not exist yet. For use inside the transaction that keeps something.
    pub(crate) async fn open(&self, tx: &mut Tx<'_>) -> Outcome<Place> {
        if let Some(place) = self.place {
            return Ok(place);
        }
        let gone = || Failed::Domain(Error::hidden(Subject::Organization));
        let allowed = self.creating.as_deref().ok_or_else(gone)?;
        let parent = organization::find(tx, allowed.key()).await?.ok_or_else(gone)?;
        if !(self.may_create && parent.create_on_push) {
            return Err(create_it_first().into());
        }
        let is_public = self.is_public.unwrap_or(self.new_is_public || parent.default_public);
        let new = NewRepository {
            organization: allowed.clone(),
            is_public,
            category: CATEGORY.to_owned(),
            description: String::new(),
            creator: self.pusher.id.map(|id| (id, self.pusher.name.clone())),
            created_at: self.now,
        };
        let made = repository::create(tx, &new).await?.ok_or_else(gone)?;
        if made.is_new {
            let event = self.created.clone().id(made.record.id).at(&made.place);
            audit::append(tx, event).await?;
        }
        Ok(made.place)
    }
}

fn create_it_first() -> Error {
    Error::new(
        ErrorKind::NotFound,
        Subject::Repository,
        "the image does not exist, and pushing does not create it here: create it in the console first",
    )
}
