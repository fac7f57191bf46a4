//! Changing a policy one statement at a time: what the visual editor does.

use std::sync::Arc;

use roadstead::access::{Action, Policy};
use roadstead::audit::TraceName;
use roadstead::error::Subject;
use roadstead::manage::policy::StatementEdit;
use roadstead::{Error, ErrorKind, PolicyName, Result};
use roadstead_store::{Durability, policy};

use super::{Policies, gone, unreadable};
use crate::audit;
use crate::context::Context;
use crate::error::Failed;

impl Policies {
    /// Adds, changes or removes one statement; the others stay as they are.
    ///
    /// # Errors
    /// `Hidden`, `NotFound` or `Denied`; `Conflict` when the policy was changed since it was seen; `NotFound` about a
    /// statement that is not there; Invalid with every mistake in member `problems` of the detail, also for removing the
    /// only statement and for a document that gets too long.
    #[tracing::instrument(name = "service.policy.edit_statement", skip_all, fields(policy = %name))]
    pub async fn edit_statement(
        &self,
        ctx: &Context,
        name: &PolicyName,
        edit: StatementEdit,
    ) -> Result<()> {
        let allowed = self.access.authorize(ctx, Action::UpdatePolicy, name).await?;
        let (key, at) = (allowed.key(), ctx.now());
        let event = self.event(ctx, TraceName::UpdatePolicy, &allowed.target().name);
        let edit = Arc::new(edit);
        self.store
            .run("policy.edit_statement", Durability::Durable, move |tx| {
                let (edit, event) = (Arc::clone(&edit), event.clone());
                Box::pin(async move {
                    let record = policy::find(tx, key).await?.ok_or_else(gone)?;
                    if record.updated_at != edit.seen {
                        return Err(Failed::from(changed()));
                    }
                    let document = edited(&record.document, &edit)?;
                    let text = &record.description;
                    policy::update(tx, key, &record.name, text, &document, at).await?;
                    let detail = serde_json::json!({ "document": document });
                    audit::append(tx, event.detail(detail)).await
                })
            })
            .await?;
        Ok(())
    }
}

/// The document with the statement changed.
fn edited(document: &str, edit: &StatementEdit) -> Result<String> {
    let mut policy = Policy::read(document).map_err(|problems| unreadable(&problems))?;
    let wanted = edit.statement.as_ref().map(|draft| draft.read());
    let wanted = wanted.transpose().map_err(|problems| unreadable(&problems))?;
    let index = match edit.number {
        Some(number) => number
            .checked_sub(1)
            .filter(|index| *index < policy.statements.len())
            .ok_or_else(no_such_statement)?,
        None => policy.statements.len(),
    };
    match (wanted, edit.number) {
        (Some(statement), None) => policy.statements.push(statement),
        (Some(statement), Some(_)) => {
            if let Some(place) = policy.statements.get_mut(index) {
                *place = statement;
            }
        }
        (None, Some(_)) => drop(policy.statements.remove(index)),
        (None, None) => return Err(no_such_statement()),
    }
    let document = policy.to_string();
    Policy::read(&document).map_err(|problems| unreadable(&problems))?;
    Ok(document)
}

fn no_such_statement() -> Error {
    Error::not_found(Subject::Policy, "the policy has no such statement")
}

fn changed() -> Error {
    Error::new(
        ErrorKind::Conflict,
        Subject::Policy,
        "the policy was changed meanwhile; look at it again",
    )
    .because("changed")
}
