//! Accounts of the instance, for those who look after it.

#![allow(
    missing_docs,
    reason = "of each function the macro makes a struct of its arguments, which the function documents"
)]

use leptos::prelude::*;
use roadstead::AccountName;
use roadstead::manage::account::{Account, AccountQuery};
use roadstead::page::Page;
use server_fn::codec::Json;

use crate::ConsoleClient;
use crate::error::ConsoleError;
use crate::notice::Done;
#[cfg(feature = "ssr")]
use crate::notice::Notice;
#[cfg(feature = "ssr")]
use roadstead::Secret;

/// Accounts of the instance.
///
/// # Errors
/// When it is not the caller's to see, the session has ended or the database does not answer.
#[server(prefix = "/console/call", endpoint = "list_accounts", client = ConsoleClient, input = Json)]
pub async fn list_accounts(query: AccountQuery) -> Result<Page<Account>, ConsoleError> {
    let port = crate::port::port()?;
    port.service().accounts().list(&port.context(), query).await.map_err(|error| port.error(error))
}

/// Creates an account and its owner, who signs in with the account's name and this password.
///
/// # Errors
/// Name taken or against the rule, a bad password, not allowed.
#[server(name = AskCreateAccount, prefix = "/console/call", endpoint = "create_account", client = ConsoleClient)]
pub async fn create_account(name: String, password: String) -> Result<Done, ConsoleError> {
    let port = crate::port::port()?;
    let created = async {
        let name: AccountName = name.trim().parse()?;
        port.service().accounts().create(&port.context(), &name, &Secret::new(password)).await?;
        Ok(name)
    };
    let name = created.await.map_err(|error| {
        port.keep(&[("name", &name)]);
        port.error(error)
    })?;
    port.done(Some("/iam/accounts".to_owned()), Some(Notice::Created(name.to_string())))
}

/// Disables or enables an account.
///
/// # Errors
/// Missing, not allowed; the operator account cannot be disabled.
#[server(name = AskSetAccountActive, prefix = "/console/call", endpoint = "set_account_active", client = ConsoleClient)]
pub async fn set_account_active(
    name: AccountName,
    #[server(default)] is_active: bool,
) -> Result<Done, ConsoleError> {
    let port = crate::port::port()?;
    port.service()
        .accounts()
        .set_active(&port.context(), &name, is_active)
        .await
        .map_err(|error| port.error(error))?;
    port.done(None, Some(Notice::Updated(name.to_string())))
}
