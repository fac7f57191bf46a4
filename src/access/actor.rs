//! Whoever a request or job acts as.

use serde::{Deserialize, Serialize};

use crate::id::{AccountId, CredentialId, UserId};
use crate::name::{AccountName, UserName};
use crate::time::Timestamp;

/// Whoever a request or job acts as.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Actor {
    /// No credential was presented.
    Anonymous,
    /// A person or program inside an account.
    User(UserActor),
    /// A background job, recorded in the audit log under its name.
    System(JobName),
}

impl Actor {
    /// The user, if it is one.
    #[must_use]
    pub const fn user(&self) -> Option<&UserActor> {
        match self {
            Self::User(user) => Some(user),
            Self::Anonymous | Self::System(_) => None,
        }
    }
}

/// How a user may come in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Access {
    /// May sign in to the console.
    pub console: bool,
    /// May use clients and the management API.
    pub programmatic: bool,
}

/// A user as proven by a credential.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserActor {
    /// The account.
    pub account: AccountId,
    /// Its name.
    pub account_name: AccountName,
    /// The user.
    pub user: UserId,
    /// Its name; the owner's is the account's.
    pub user_name: UserName,
    /// Whether this is the account's owner, who is unrestricted inside the account.
    pub is_owner: bool,
    /// Whether the account is the operator account (the first of the instance).
    pub is_operator: bool,
    /// The access key or temporary credential that was used; `None` for passwords and console sessions.
    pub credential: Option<CredentialId>,
    /// When the credential ends, if it does.
    pub expires_at: Option<Timestamp>,
}

/// Name of a background job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(transparent)]
pub struct JobName(pub &'static str);
