//! Policies.

#![allow(clippy::too_many_arguments, reason = "they are the fields of one form")]
#![allow(
    missing_docs,
    reason = "of each function the macro makes a struct of its arguments, which the function documents"
)]

use leptos::prelude::*;
use roadstead::PolicyName;
use roadstead::manage::policy::{PolicyDetail, PolicyEntry};
use server_fn::codec::Json;

use crate::ConsoleClient;
use crate::error::ConsoleError;
use crate::notice::Done;
#[cfg(feature = "ssr")]
use crate::notice::Notice;
#[cfg(feature = "ssr")]
use roadstead::access::policy::{ConditionDraft, Effect, StatementDraft};
#[cfg(feature = "ssr")]
use roadstead::{Timestamp, manage::policy::StatementEdit};

/// The built-in policies and the account's own.
///
/// # Errors
/// When it is not the caller's to see, the session has ended or the database does not answer.
#[server(prefix = "/console/call", endpoint = "list_policies", client = ConsoleClient)]
pub async fn list_policies() -> Result<Vec<PolicyEntry>, ConsoleError> {
    let port = crate::port::port()?;
    port.service().policies().list(&port.context()).await.map_err(|error| port.error(error))
}

/// One policy with its document.
///
/// # Errors
/// Missing when it does not exist or is not the caller's to see.
#[server(prefix = "/console/call", endpoint = "get_policy", client = ConsoleClient, input = Json)]
pub async fn get_policy(name: PolicyName) -> Result<PolicyDetail, ConsoleError> {
    let port = crate::port::port()?;
    port.service().policies().get(&port.context(), &name).await.map_err(|error| port.error(error))
}

/// Creates a policy.
///
/// # Errors
/// Name taken, not allowed, or the document has mistakes: `line` and `column` are those of the first.
#[server(name = AskCreatePolicy, prefix = "/console/call", endpoint = "create_policy", client = ConsoleClient)]
pub async fn create_policy(
    name: String,
    #[server(default)] description: String,
    #[server(default)] document: String,
) -> Result<Done, ConsoleError> {
    let port = crate::port::port()?;
    let created = async {
        let name: PolicyName = name.trim().parse()?;
        let (service, document) = (port.service(), document.clone());
        service.policies().create(&port.context(), name.clone(), &description, document).await?;
        Ok(name)
    };
    let name = created.await.map_err(|error| {
        port.keep(&[("name", &name), ("description", &description), ("document", &document)]);
        port.error(error)
    })?;
    port.done(Some(page(&name)), Some(Notice::Created(name.to_string())))
}

/// Changes a policy.
///
/// # Errors
/// Name taken, not allowed, or the document has mistakes: `line` and `column` are those of the first.
#[server(name = AskUpdatePolicy, prefix = "/console/call", endpoint = "update_policy", client = ConsoleClient)]
pub async fn update_policy(
    name: PolicyName,
    new_name: String,
    #[server(default)] description: String,
    #[server(default)] document: String,
) -> Result<Done, ConsoleError> {
    let port = crate::port::port()?;
    let updated = async {
        let new_name: PolicyName = new_name.trim().parse()?;
        let wanted = (new_name.clone(), document.clone());
        let (service, context) = (port.service(), port.context());
        service.policies().update(&context, &name, wanted.0, &description, wanted.1).await?;
        Ok(new_name)
    };
    let new_name = updated.await.map_err(|error| {
        port.keep(&[
            ("new_name", &new_name),
            ("description", &description),
            ("document", &document),
        ]);
        port.error(error)
    })?;
    port.done(Some(page(&new_name)), Some(Notice::Updated(new_name.to_string())))
}

#[cfg(feature = "ssr")]
fn page(name: &PolicyName) -> String {
    format!("/iam/policies/{}", crate::link::encode(name.as_str()))
}

/// Adds, changes (with `number`) or removes (`is_removed`) one statement. `seen` is when the policy was last changed, in
/// microseconds; `patterns`, `resources` and each of `values` are lists, `patterns` and `resources` a line each, `values`
/// between commas. Conditions are rows of `operators`, `keys` and `values`; those without values do not count.
///
/// # Errors
/// Missing, not allowed, changed meanwhile, or the statement has mistakes.
#[server(name = AskEditStatement, prefix = "/console/call", endpoint = "edit_statement", client = ConsoleClient)]
pub async fn edit_statement(
    name: PolicyName,
    seen: i64,
    #[server(default)] number: Option<usize>,
    #[server(default)] is_removed: bool,
    #[server(default)] effect: String,
    #[server(default)] actions: Vec<String>,
    #[server(default)] patterns: String,
    #[server(default)] resources: String,
    #[server(default)] operators: Vec<String>,
    #[server(default)] keys: Vec<String>,
    #[server(default)] values: Vec<String>,
) -> Result<Done, ConsoleError> {
    let port = crate::port::port()?;
    let statement = (!is_removed).then(|| StatementDraft {
        effect: if effect == "Deny" { Effect::Deny } else { Effect::Allow },
        actions: actions.into_iter().chain(lines(&patterns)).collect(),
        resources: lines(&resources).collect(),
        conditions: conditions(operators, keys, &values),
    });
    let edit = StatementEdit { number, statement, seen: Timestamp(seen) };
    port.service()
        .policies()
        .edit_statement(&port.context(), &name, edit)
        .await
        .map_err(|error| port.error(error))?;
    port.done(Some(page(&name)), Some(Notice::Updated(name.to_string())))
}

#[cfg(feature = "ssr")]
fn lines(text: &str) -> impl Iterator<Item = String> {
    text.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned)
}

#[cfg(feature = "ssr")]
fn conditions(operators: Vec<String>, keys: Vec<String>, values: &[String]) -> Vec<ConditionDraft> {
    let rows = operators.into_iter().zip(keys).zip(values);
    rows.map(|((operator, key), values)| ConditionDraft {
        operator,
        key,
        values: values
            .split([',', '，'])
            .map(str::trim)
            .filter(|value| !value.is_empty())
            .map(str::to_owned)
            .collect(),
    })
    .filter(|condition| !condition.values.is_empty())
    .collect()
}

/// Deletes a policy that nobody has. `confirm` must be its name.
///
/// # Errors
/// Missing, not allowed, attached, or the confirmation differs.
#[server(name = AskDeletePolicy, prefix = "/console/call", endpoint = "delete_policy", client = ConsoleClient)]
pub async fn delete_policy(name: PolicyName, confirm: String) -> Result<Done, ConsoleError> {
    let port = crate::port::port()?;
    super::image::confirmed(&port, name.as_str(), &confirm)?;
    port.service()
        .policies()
        .delete(&port.context(), &name)
        .await
        .map_err(|error| port.error(error))?;
    port.done(Some("/iam/policies".to_owned()), Some(Notice::Deleted(name.to_string())))
}
