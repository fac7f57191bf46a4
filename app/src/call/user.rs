//! Users of the account.

#![allow(clippy::too_many_arguments, reason = "they are the fields of one form")]
#![allow(
    missing_docs,
    reason = "of each function the macro makes a struct of its arguments, which the function documents"
)]

use leptos::prelude::*;
use roadstead::manage::user::{
    Explanation, NewPassword, Question, Reach, User, UserDetail, UserQuery,
};
use roadstead::{UserName, page::Page};
use server_fn::codec::Json;

use crate::ConsoleClient;
use crate::error::ConsoleError;
use crate::notice::Done;
#[cfg(feature = "ssr")]
use crate::notice::Notice;
#[cfg(feature = "ssr")]
use roadstead::{Secret, manage::user::NewUser};

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

/// The password that this session has just made for a user, for the page that shows it.
///
/// # Errors
/// Missing when the user does not exist or is not the caller's to see.
#[server(name = AskNewPassword, prefix = "/console/call", endpoint = "new_password", client = ConsoleClient, input = Json)]
pub async fn new_password(name: UserName) -> Result<NewPassword, ConsoleError> {
    let port = crate::port::port()?;
    port.service()
        .users()
        .new_password(&port.context(), &name)
        .await
        .map_err(|error| port.error(error))
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

/// Creates a user. A password that was made (an empty one makes one) is shown once, by the page that follows.
///
/// # Errors
/// Name taken or against a rule, not allowed, a group is missing.
#[server(name = AskCreateUser, prefix = "/console/call", endpoint = "create_user", client = ConsoleClient)]
pub async fn create_user(
    name: String,
    #[server(default)] display_name: String,
    #[server(default)] email: String,
    #[server(default)] description: String,
    #[server(default)] console: bool,
    #[server(default)] programmatic: bool,
    #[server(default)] groups: Vec<String>,
    #[server(default)] password: String,
    #[server(default)] must_change: bool,
) -> Result<Done, ConsoleError> {
    let port = crate::port::port()?;
    let created = async {
        let new = NewUser {
            name: name.trim().parse()?,
            facts: facts(
                display_name.clone(),
                email.clone(),
                description.clone(),
                console,
                programmatic,
            ),
            groups: names(&groups)?,
            password: Some(Secret::new(password)),
            must_change_password: must_change,
        };
        let name = new.name.clone();
        port.service().users().create(&port.context(), new).await.map(|made| (name, made))
    };
    let (name, made) = created.await.map_err(|error| {
        port.keep(&[
            ("name", &name),
            ("display_name", &display_name),
            ("email", &email),
            ("description", &description),
        ]);
        port.error(error)
    })?;
    let to = shown_once(&name, &made, "/iam/users").unwrap_or_else(|| format!("/iam/users/{name}"));
    port.done(Some(to), Some(Notice::Created(name.to_string())))
}

/// Changes names, address, description and ways in.
///
/// # Errors
/// Missing, not allowed, or against a rule.
#[server(name = AskUpdateUser, prefix = "/console/call", endpoint = "update_user", client = ConsoleClient)]
pub async fn update_user(
    name: UserName,
    #[server(default)] display_name: String,
    #[server(default)] email: String,
    #[server(default)] description: String,
    #[server(default)] console: bool,
    #[server(default)] programmatic: bool,
) -> Result<Done, ConsoleError> {
    let port = crate::port::port()?;
    let facts = facts(display_name, email, description, console, programmatic);
    port.service()
        .users()
        .update(&port.context(), &name, facts)
        .await
        .map_err(|error| port.error(error))?;
    port.done(Some(format!("/iam/users/{name}")), Some(Notice::Updated(name.to_string())))
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

/// Gives a user a new password; an empty one makes one, which is shown once, by the page that follows.
///
/// # Errors
/// Missing, not allowed, a bad password; not about the owner.
#[server(name = AskResetPassword, prefix = "/console/call", endpoint = "reset_password", client = ConsoleClient)]
pub async fn reset_password(
    name: UserName,
    #[server(default)] password: String,
    #[server(default)] must_change: bool,
) -> Result<Done, ConsoleError> {
    let port = crate::port::port()?;
    let password = Some(Secret::new(password));
    let made = port
        .service()
        .users()
        .reset_password(&port.context(), &name, password, must_change)
        .await
        .map_err(|error| port.error(error))?;
    let page = format!("/iam/users/{name}");
    let to = shown_once(&name, &made, &page).unwrap_or(page);
    port.done(Some(to), Some(Notice::Updated(name.to_string())))
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

/// Does the same to several users, all or none: `task` is `enable`, `disable`, `delete` (with `delete` typed into
/// `confirm`) or `join` with a `group`.
///
/// # Errors
/// Missing, not allowed, the owner or oneself is among those to disable or delete, the confirmation differs.
#[server(name = AskBatchUsers, prefix = "/console/call", endpoint = "batch_users", client = ConsoleClient)]
pub async fn batch_users(
    #[server(default)] names: Vec<String>,
    task: String,
    #[server(default)] group: String,
    #[server(default)] confirm: String,
) -> Result<Done, ConsoleError> {
    let port = crate::port::port()?;
    if task == "delete" {
        super::image::confirmed(&port, "delete", &confirm)?;
    }
    let done = async {
        let (names, task) = (names_of(&names)?, task_of(&task, &group)?);
        port.service().users().batch(&port.context(), &names, &task).await
    };
    done.await.map_err(|error| port.error(error))?;
    port.done(Some("/iam/users".to_owned()), Some(Notice::Saved))
}

/// Puts a user into exactly these groups.
///
/// # Errors
/// Missing, not allowed, a group is missing.
#[server(name = AskSetUserGroups, prefix = "/console/call", endpoint = "set_user_groups", client = ConsoleClient)]
pub async fn set_user_groups(
    name: UserName,
    #[server(default)] groups: Vec<String>,
) -> Result<Done, ConsoleError> {
    let port = crate::port::port()?;
    let set =
        async { port.service().users().set_groups(&port.context(), &name, names(&groups)?).await };
    set.await.map_err(|error| port.error(error))?;
    port.done(None, Some(Notice::Updated(name.to_string())))
}

/// Attaches a policy to a user, or detaches it; in one region, or with an empty one in all.
///
/// # Errors
/// Missing, not allowed.
#[server(name = AskAttachToUser, prefix = "/console/call", endpoint = "attach_to_user", client = ConsoleClient)]
pub async fn attach_to_user(
    name: UserName,
    policy: String,
    #[server(default)] region: String,
    #[server(default)] is_attached: bool,
) -> Result<Done, ConsoleError> {
    let port = crate::port::port()?;
    let attached = async {
        let policy = attachment(policy, &region)?;
        port.service().users().set_attached(&port.context(), &name, policy, is_attached).await
    };
    attached.await.map_err(|error| port.error(error))?;
    port.done(None, Some(Notice::Updated(name.to_string())))
}

#[cfg(feature = "ssr")]
pub(super) use server::{attachment, names};
#[cfg(feature = "ssr")]
use server::{facts, names as names_of, shown_once, task_of};

#[cfg(feature = "ssr")]
mod server {
    use std::str::FromStr;

    use roadstead::access::Access;
    use roadstead::manage::user::{Attachment, NewPassword, UserFacts, UserTask};
    use roadstead::{Error, Result, Subject, UserName};

    use crate::link;

    pub(super) const fn facts(
        display_name: String,
        email: String,
        description: String,
        console: bool,
        programmatic: bool,
    ) -> UserFacts {
        UserFacts { display_name, email, description, access: Access { console, programmatic } }
    }

    /// Names as they were chosen in a form.
    pub(in crate::call) fn names<T: FromStr<Err = Error>>(typed: &[String]) -> Result<Vec<T>> {
        typed
            .iter()
            .map(|name| name.trim())
            .filter(|name| !name.is_empty())
            .map(str::parse)
            .collect()
    }

    /// What is done to several users, as a form says it.
    pub(super) fn task_of(task: &str, group: &str) -> Result<UserTask> {
        Ok(match task {
            "enable" => UserTask::Enable,
            "disable" => UserTask::Disable,
            "delete" => UserTask::Delete,
            "join" => UserTask::Join(group.trim().parse()?),
            _ => return Err(Error::invalid(Subject::Request, "there is no such task")),
        })
    }

    /// A policy and where it counts; an empty region is all of them.
    pub(in crate::call) fn attachment(policy: String, region: &str) -> Result<Attachment> {
        let region = match region.trim() {
            "" => None,
            region => Some(region.parse()?),
        };
        Ok(Attachment { policy, region })
    }

    /// The address on `page` that shows a password that was made, once.
    pub(super) fn shown_once(name: &UserName, made: &NewPassword, page: &str) -> Option<String> {
        made.password.as_ref()?;
        let query = [("dialog", "password"), ("item", name.as_str())];
        Some(link::with_query(page, query))
    }
}
