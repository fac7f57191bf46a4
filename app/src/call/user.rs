//! Users of the account.

#![allow(
    missing_docs,
    reason = "of each function the macro makes a struct of its arguments, which the function documents"
)]

use leptos::prelude::*;
use roadstead::manage::user::{
    Attachment, Explanation, NewPassword, NewUser, Question, Reach, User, UserDetail, UserFacts,
    UserQuery,
};
use roadstead::{GroupName, Secret, UserName, page::Page};
use server_fn::codec::Json;

use crate::ConsoleClient;
use crate::error::ConsoleError;
use crate::notice::Done;
#[cfg(feature = "ssr")]
use crate::notice::Notice;

/// Users of the account.
///
/// # Errors
/// When it is not the caller's to see, the session has ended or the database does not answer.
#[server(prefix = "/console/call", endpoint = "list_users", client = ConsoleClient, input = Json)]
pub async fn list_users(query: UserQuery) -> Result<Page<User>, ConsoleError> {
    let port = crate::port::port()?;
    port.service().users().list(&port.context(), query).await.map_err(|error| port.error(error))
}

/// One user.
///
/// # Errors
/// Missing when it does not exist or is not the caller's to see.
#[server(prefix = "/console/call", endpoint = "get_user", client = ConsoleClient, input = Json)]
pub async fn get_user(name: UserName) -> Result<UserDetail, ConsoleError> {
    let port = crate::port::port()?;
    port.service().users().get(&port.context(), &name).await.map_err(|error| port.error(error))
}

/// What a user can reach, and why.
///
/// # Errors
/// Missing when it does not exist or is not the caller's to see.
#[server(name = AskUserReach, prefix = "/console/call", endpoint = "user_reach", client = ConsoleClient, input = Json)]
pub async fn user_reach(name: UserName) -> Result<Reach, ConsoleError> {
    let port = crate::port::port()?;
    port.service().users().reach(&port.context(), &name).await.map_err(|error| port.error(error))
}

/// What decides whether a user may do something.
///
/// # Errors
/// Missing, not allowed, or nothing is named that it could be about.
#[server(name = AskExplainPermission, prefix = "/console/call", endpoint = "explain_permission", client = ConsoleClient, input = Json)]
pub async fn explain_permission(question: Question) -> Result<Explanation, ConsoleError> {
    let port = crate::port::port()?;
    port.service()
        .users()
        .explain(&port.context(), question)
        .await
        .map_err(|error| port.error(error))
}

/// Creates a user. The answer has the password, if one was made: it is shown once.
///
/// # Errors
/// Name taken or against a rule, not allowed, a group is missing.
#[server(name = AskCreateUser, prefix = "/console/call", endpoint = "create_user", client = ConsoleClient)]
pub async fn create_user(new: NewUser) -> Result<NewPassword, ConsoleError> {
    let port = crate::port::port()?;
    port.service().users().create(&port.context(), new).await.map_err(|error| port.error(error))
}

/// Changes names, address, description and ways in.
///
/// # Errors
/// Missing, not allowed, or against a rule.
#[server(name = AskUpdateUser, prefix = "/console/call", endpoint = "update_user", client = ConsoleClient)]
pub async fn update_user(name: UserName, facts: UserFacts) -> Result<Done, ConsoleError> {
    let port = crate::port::port()?;
    port.service()
        .users()
        .update(&port.context(), &name, facts)
        .await
        .map_err(|error| port.error(error))?;
    port.done(None, Some(Notice::Updated(name.to_string())))
}

/// Disables or enables a user.
///
/// # Errors
/// Missing, not allowed; the owner and oneself cannot be disabled.
#[server(name = AskSetUserActive, prefix = "/console/call", endpoint = "set_user_active", client = ConsoleClient)]
pub async fn set_user_active(name: UserName, is_active: bool) -> Result<Done, ConsoleError> {
    let port = crate::port::port()?;
    port.service()
        .users()
        .set_active(&port.context(), &name, is_active)
        .await
        .map_err(|error| port.error(error))?;
    port.done(None, Some(Notice::Updated(name.to_string())))
}

/// Gives a user a new password; an empty one makes one, which is in the answer and shown once.
///
/// # Errors
/// Missing, not allowed, a bad password; not about the owner.
#[server(name = AskResetPassword, prefix = "/console/call", endpoint = "reset_password", client = ConsoleClient)]
pub async fn reset_password(
    name: UserName,
    #[server(default)] password: String,
    #[server(default)] must_change: bool,
) -> Result<NewPassword, ConsoleError> {
    let port = crate::port::port()?;
    let password = Some(Secret::new(password));
    port.service()
        .users()
        .reset_password(&port.context(), &name, password, must_change)
        .await
        .map_err(|error| port.error(error))
}

/// Deletes a user. `confirm` must be its name.
///
/// # Errors
/// Missing, not allowed, the confirmation differs; the owner and oneself cannot be deleted.
#[server(name = AskDeleteUser, prefix = "/console/call", endpoint = "delete_user", client = ConsoleClient)]
pub async fn delete_user(name: UserName, confirm: String) -> Result<Done, ConsoleError> {
    let port = crate::port::port()?;
    super::image::confirmed(&port, name.as_str(), &confirm)?;
    port.service()
        .users()
        .delete(&port.context(), &name)
        .await
        .map_err(|error| port.error(error))?;
    port.done(Some("/iam/users".to_owned()), Some(Notice::Deleted(name.to_string())))
}

/// Puts a user into exactly these groups.
///
/// # Errors
/// Missing, not allowed, a group is missing.
#[server(name = AskSetUserGroups, prefix = "/console/call", endpoint = "set_user_groups", client = ConsoleClient)]
pub async fn set_user_groups(
    name: UserName,
    #[server(default)] groups: Vec<GroupName>,
) -> Result<Done, ConsoleError> {
    let port = crate::port::port()?;
    port.service()
        .users()
        .set_groups(&port.context(), &name, groups)
        .await
        .map_err(|error| port.error(error))?;
    port.done(None, Some(Notice::Updated(name.to_string())))
}

/// Attaches a policy to a user, or detaches it.
///
/// # Errors
/// Missing, not allowed.
#[server(name = AskAttachToUser, prefix = "/console/call", endpoint = "attach_to_user", client = ConsoleClient)]
pub async fn attach_to_user(
    name: UserName,
    policy: Attachment,
    is_attached: bool,
) -> Result<Done, ConsoleError> {
    let port = crate::port::port()?;
    port.service()
        .users()
        .set_attached(&port.context(), &name, policy, is_attached)
        .await
        .map_err(|error| port.error(error))?;
    port.done(None, Some(Notice::Updated(name.to_string())))
}
