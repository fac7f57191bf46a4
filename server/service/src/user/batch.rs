//! The same for several users: all of them or none, in one transaction with an event for each.

use roadstead::access::{Action, Allowed, GroupKey, UserKey};
use roadstead::audit::TraceName;
use roadstead::error::Subject;
use roadstead::manage::user::{USER_BATCH, UserTask};
use roadstead::{Error, Result, Timestamp, UserName};
use roadstead_store::account::State;
use roadstead_store::{Durability, Tx, group, user};

use super::{Users, spared};
use crate::audit::{self, Event};
use crate::context::Context;
use crate::error::Outcome;

/// A task with the proofs that it needs.
#[derive(Clone)]
enum Work {
    State(State),
    Delete,
    Join(Allowed<GroupKey>),
}

impl Work {
    async fn run(&self, tx: &mut Tx<'_>, user: Allowed<UserKey>, at: Timestamp) -> Outcome<()> {
        match self {
            Self::State(state) => user::set_state(tx, user, *state, at).await?,
            Self::Delete => user::delete(tx, user, at).await?,
            Self::Join(group) => group::add_member(tx, *group, user.target().id, at).await?,
        }
        Ok(())
    }
}

impl Users {
    /// Does `task` to every one of `names`.
    ///
    /// # Errors
    /// `Hidden`, `NotFound` or `Denied` about any of them, and about the group; `Conflict` about the owner and oneself, who
    /// are not disabled or deleted; Invalid for no name and for more than [`USER_BATCH`].
    #[tracing::instrument(name = "service.user.batch", skip_all)]
    pub async fn batch(&self, ctx: &Context, names: &[UserName], task: &UserTask) -> Result<()> {
        let (action, trace) = match task {
            UserTask::Enable => (Action::SetUserState, TraceName::EnableUser),
            UserTask::Disable => (Action::SetUserState, TraceName::DisableUser),
            UserTask::Delete => (Action::DeleteUser, TraceName::DeleteUser),
            UserTask::Join(_) => (Action::SetUserGroups, TraceName::UpdateUser),
        };
        let mut users: Vec<(Allowed<UserKey>, Event)> = Vec::new();
        for name in names {
            let allowed = self.access.authorize(ctx, action, name).await?;
            if matches!(task, UserTask::Disable | UserTask::Delete) {
                spared(ctx, allowed.target())?;
            }
            let event = self.event(ctx, trace, &allowed.target().name);
            let event = match task {
                UserTask::Join(group) => event.detail(serde_json::json!({ "joined": group })),
                _ => event,
            };
            users.push((allowed.key(), event));
        }
        if !(1..=USER_BATCH).contains(&users.len()) {
            return Err(Error::invalid(Subject::User, "choose 1 to 100 users"));
        }
        let work = match task {
            UserTask::Enable => Work::State(State::Active),
            UserTask::Disable => Work::State(State::Disabled),
            UserTask::Delete => Work::Delete,
            UserTask::Join(group) => {
                Work::Join(self.access.authorize(ctx, Action::SetMembers, group).await?.key())
            }
        };
        let at = ctx.now();
        self.store
            .run("user.batch", Durability::Durable, move |tx| {
                let (users, work) = (users.clone(), work.clone());
                Box::pin(async move {
                    for (user, event) in users {
                        work.run(tx, user, at).await?;
                        audit::append(tx, event).await?;
                    }
                    Ok::<_, crate::error::Failed>(())
                })
            })
            .await?;
        Ok(())
    }
}
