//! Rights of users on organizations and images (`swr-api.md` 7.3).

use http::StatusCode;
use roadstead::Result;
use roadstead::access::Permission;
use roadstead::id::PublicId;
use roadstead::manage::grant::{GrantList, GrantOn, GrantQuery, UserGrant};
use roadstead::page::Window;
use roadstead_service::grant::Named;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Answer, Call, named, wire};

/// More than there are users in an account; SWR's list has no pages.
const ALL: Window = Window { offset: 0, limit: 100_000 };
/// Most users of one call.
const MOST: usize = 100;

/// The right of a user.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct UserAuth {
    /// Id of the user.
    user_id: String,
    /// Name of the user.
    user_name: String,
    /// 7 manage, 3 edit, 1 read; 0 none.
    auth: u8,
}

/// A right to give to a user of the account.
#[derive(Debug, Deserialize, ToSchema)]
pub(super) struct NewUserAuth {
    /// Id of the user: 32 hexadecimal digits.
    #[schema(example = "0123456789abcdef0123456789abcdef", pattern = "^[0-9][0-9a-f]{31}$")]
    user_id: String,
    /// Name of the same user.
    #[schema(min_length = 1, max_length = 64)]
    user_name: String,
    /// 7 manage, 3 edit, 1 read.
    #[schema(schema_with = wire::given_auth)]
    auth: Permission,
}

/// Rights on an organization.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct NamespaceAuth {
    /// Id of the organization.
    id: i64,
    /// Name of the organization.
    name: String,
    /// Name of the user who created it.
    creator_name: String,
    /// The caller's own.
    self_auth: UserAuth,
    /// Those of other users; empty for callers who may not see them.
    others_auths: Vec<UserAuth>,
}

/// Rights on an image.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct RepositoryAuth {
    /// Id of the image.
    id: i64,
    /// Name of the image, without the organization.
    name: String,
    /// The caller's own.
    self_auth: UserAuth,
    /// Those of other users on this image; empty for callers who may not see them.
    others_auths: Vec<UserAuth>,
}

fn own(grant: &UserGrant) -> UserAuth {
    UserAuth {
        user_id: grant.user_id.to_string(),
        user_name: grant.user.to_string(),
        auth: wire::auth(grant.effective),
    }
}

/// What was given here, as it was given.
fn others(list: &GrantList) -> Vec<UserAuth> {
    let given =
        |grant: &UserGrant| grant.given.map(|given| UserAuth { auth: given.bits(), ..own(grant) });
    list.others.iter().flat_map(|page| &page.items).filter_map(given).collect()
}

fn on_organization(call: &Call) -> Result<GrantOn> {
    Ok(GrantOn::Organization(call.organization()?))
}

fn on_image(call: &Call) -> Result<GrantOn> {
    Ok(GrantOn::Image(call.image()?))
}

async fn listed(call: &Call, on: &GrantOn) -> Result<GrantList> {
    let query = GrantQuery { search: None, window: ALL };
    call.service().grants().list(&call.context, on, query).await
}

pub(super) async fn show_namespace(call: &Call) -> Result<Answer> {
    let on = on_organization(call)?;
    let list = listed(call, &on).await?;
    Answer::json(&NamespaceAuth {
        id: list.id,
        name: on.to_string(),
        self_auth: own(&list.own),
        others_auths: others(&list),
        creator_name: list.created_by,
    })
}

pub(super) async fn show_repository(call: &Call) -> Result<Answer> {
    let image = call.image()?;
    let name = image.repository().to_string();
    let list = listed(call, &GrantOn::Image(image)).await?;
    let (self_auth, others_auths) = (own(&list.own), others(&list));
    Answer::json(&RepositoryAuth { id: list.id, name, self_auth, others_auths })
}

fn given(call: &Call) -> Result<Vec<Named>> {
    let users: Vec<NewUserAuth> = wire::counted("body", call.body()?, MOST)?;
    users
        .into_iter()
        .enumerate()
        .map(|(index, user)| {
            Ok(Named {
                id: named(&format!("[{index}].user_id"), user.user_id.parse())?,
                name: named(&format!("[{index}].user_name"), user.user_name.parse())?,
                permission: user.auth,
            })
        })
        .collect()
}

async fn create(call: &Call, on: GrantOn) -> Result<Answer> {
    call.service().grants().add_named(&call.context, &on, given(call)?).await?;
    Ok(Answer::empty(StatusCode::CREATED))
}

async fn update(call: &Call, on: GrantOn) -> Result<Answer> {
    call.service().grants().update_named(&call.context, &on, given(call)?).await?;
    Ok(Answer::empty(StatusCode::CREATED))
}

async fn delete(call: &Call, on: GrantOn) -> Result<Answer> {
    let ids: Vec<String> = wire::counted("body", call.body()?, MOST)?;
    let users = ids
        .iter()
        .enumerate()
        .map(|(index, id)| named(&format!("[{index}]"), id.parse::<PublicId>()))
        .collect::<Result<_>>()?;
    call.service().grants().remove(&call.context, &on, users).await?;
    Ok(Answer::empty(StatusCode::NO_CONTENT))
}

pub(super) async fn create_namespace(call: &Call) -> Result<Answer> {
    create(call, on_organization(call)?).await
}

pub(super) async fn update_namespace(call: &Call) -> Result<Answer> {
    update(call, on_organization(call)?).await
}

pub(super) async fn delete_namespace(call: &Call) -> Result<Answer> {
    delete(call, on_organization(call)?).await
}

pub(super) async fn create_repository(call: &Call) -> Result<Answer> {
    create(call, on_image(call)?).await
}

pub(super) async fn update_repository(call: &Call) -> Result<Answer> {
    update(call, on_image(call)?).await
}

pub(super) async fn delete_repository(call: &Call) -> Result<Answer> {
    delete(call, on_image(call)?).await
}
