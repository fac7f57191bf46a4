//! What changes, for pages whose stream of events is cut off: they ask now and then.

#![allow(missing_docs, reason = "the fields are the arguments, which each function explains")]

use leptos::prelude::*;
use roadstead::manage::news::News;

use crate::client::ConsoleClient;
use crate::error::ConsoleError;
#[cfg(feature = "ssr")]
use crate::port::port;

/// What changed since the cursor `after` that the viewer sees.
///
/// # Errors
/// Unauthenticated when the session has ended.
#[server(prefix = "/console/call", endpoint = "news", client = ConsoleClient)]
pub async fn get_news(#[server(default)] after: String) -> Result<News, ConsoleError> {
    let port = port()?;
    let context = port.context();
    port.service().news().since(&context, Some(&after)).await.map_err(|error| port.error(error))
}
