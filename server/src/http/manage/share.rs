//! Shares of one image with other accounts (`swr-api.md` 7.6).

use http::StatusCode;
use roadstead::manage::share::{Deadline, Share};
use roadstead::page::Window;
use roadstead::{AccountName, Result};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::argument::invalid;
use super::{Answer, Call, named, wire};

/// As many as an image can have; SWR's list has no pages.
const ALL: Window = Window { offset: 0, limit: roadstead::manage::share::SHARE_LIMIT };

/// What may be done with a shared image.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(super) enum Permit {
    /// Pull.
    Read,
}

/// A share to be made.
#[derive(Debug, Deserialize, ToSchema)]
pub(super) struct NewAccessDomain {
    /// Name of the account to share with.
    #[schema(min_length = 3, max_length = 32)]
    access_domain: String,
    #[serde(rename = "permit")]
    _permit: Permit,
    /// `forever`, or a time like `2026-12-31T00:00:00Z`; midnight names the whole day.
    #[schema(max_length = 64, example = "forever")]
    deadline: String,
    /// At most 1,000 characters.
    #[serde(default)]
    #[schema(max_length = 1_000)]
    description: Option<String>,
}

/// A change of a share.
#[derive(Debug, Deserialize, ToSchema)]
pub(super) struct AccessDomainUpdate {
    #[serde(rename = "permit")]
    _permit: Permit,
    /// `forever`, or a time like `2026-12-31T00:00:00Z`; midnight names the whole day.
    #[schema(max_length = 64, example = "forever")]
    deadline: String,
    /// At most 1,000 characters; cleared when absent.
    #[serde(default)]
    #[schema(max_length = 1_000)]
    description: Option<String>,
}

/// A share of an image.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct AccessDomain {
    /// The organization.
    namespace: String,
    /// The image without the organization.
    repository: String,
    /// Name of the account that it is shared with.
    access_domain: String,
    /// `read`.
    permit: String,
    /// `forever`, or a time; midnight names the whole day.
    deadline: String,
    description: String,
    creator_id: String,
    creator_name: String,
    created: String,
    updated: String,
    /// Whether it is in force.
    status: bool,
}

/// A share of an image, asked for by its account.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ShownAccessDomain {
    #[serde(flatten)]
    share: AccessDomain,
    /// `true`: one that is not there is answered with 404.
    exist: bool,
}

fn shown(call: &Call, share: Share) -> Result<AccessDomain> {
    let image = call.image()?;
    Ok(AccessDomain {
        namespace: image.organization().to_string(),
        repository: image.repository().to_string(),
        access_domain: share.account.to_string(),
        permit: "read".to_owned(),
        deadline: share.until.to_string(),
        description: share.description,
        creator_id: share.created_by_id,
        creator_name: share.created_by,
        created: share.created_at.to_string(),
        updated: share.updated_at.to_string(),
        status: share.is_valid,
    })
}

/// The account of the path.
fn account(call: &Call) -> Result<AccountName> {
    named("access_domain", call.path("access_domain").parse())
}

/// The end of a share, which must be still to come.
fn deadline(call: &Call, text: &str) -> Result<Deadline> {
    let deadline: Deadline = named("deadline", text.parse())?;
    if deadline.has_passed(call.context.now()) {
        return Err(invalid("deadline", "a share must end later than now"));
    }
    Ok(deadline)
}

pub(super) async fn create(call: &Call) -> Result<Answer> {
    let new: NewAccessDomain = call.body()?;
    let account = named("access_domain", new.access_domain.parse())?;
    let (image, until) = (call.image()?, deadline(call, &new.deadline)?);
    let description = wire::kept("description", new.description)?.unwrap_or_default();
    let shares = call.service().shares();
    let made = shares.create_one(&call.context, image, account, until, description).await;
    wire::limited("description", made)?;
    Ok(Answer::empty(StatusCode::CREATED))
}

pub(super) async fn list(call: &Call) -> Result<Answer> {
    let image = call.image()?;
    let page = call.service().shares().list(&call.context, &image, ALL).await?;
    let shares =
        page.items.into_iter().map(|share| shown(call, share)).collect::<Result<Vec<_>>>()?;
    Answer::json(&shares)
}

pub(super) async fn show(call: &Call) -> Result<Answer> {
    let (image, account) = (call.image()?, account(call)?);
    let share = call.service().shares().get(&call.context, &image, &account).await?;
    Answer::json(&ShownAccessDomain { share: shown(call, share)?, exist: true })
}

pub(super) async fn update(call: &Call) -> Result<Answer> {
    let update: AccessDomainUpdate = call.body()?;
    let (image, account) = (call.image()?, account(call)?);
    let until = deadline(call, &update.deadline)?;
    let description = wire::kept("description", update.description)?.unwrap_or_default();
    let shares = call.service().shares();
    let updated = shares.update(&call.context, &image, &account, until, description).await;
    wire::limited("description", updated)?;
    Ok(Answer::empty(StatusCode::CREATED))
}

pub(super) async fn delete(call: &Call) -> Result<Answer> {
    let (image, account) = (call.image()?, account(call)?);
    call.service().shares().remove(&call.context, &image, &account).await?;
    Ok(Answer::empty(StatusCode::NO_CONTENT))
}
