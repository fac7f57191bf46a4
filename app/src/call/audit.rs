//! The audit log.

#![allow(
    missing_docs,
    reason = "of each function the macro makes a struct of its arguments, which the function documents"
)]

use leptos::prelude::*;
use roadstead::manage::audit::{AuditEvent, AuditPage, AuditQuery, AuditSuggestion};
use server_fn::codec::Json;

use crate::ConsoleClient;
use crate::error::ConsoleError;

/// A page of events: of the whole account for administrators, of the viewer's own for others.
///
/// # Errors
/// Invalid about the filter; when the session has ended or the database does not answer.
#[server(prefix = "/console/call", endpoint = "list_audit", client = ConsoleClient, input = Json)]
pub async fn list_audit(query: AuditQuery) -> Result<AuditPage, ConsoleError> {
    let port = crate::port::port()?;
    port.service().audit_log().list(&port.context(), query).await.map_err(|error| port.error(error))
}

/// One event.
///
/// # Errors
/// Missing when there is none that the viewer may see.
#[server(prefix = "/console/call", endpoint = "get_audit_event", client = ConsoleClient, input = Json)]
pub async fn get_audit_event(trace_id: String) -> Result<AuditEvent, ConsoleError> {
    let port = crate::port::port()?;
    port.service()
        .audit_log()
        .get(&port.context(), &trace_id)
        .await
        .map_err(|error| port.error(error))
}

/// Operators or names of resources of the last events that contain `text`, at most ten.
///
/// # Errors
/// As [`list_audit`].
#[server(prefix = "/console/call", endpoint = "suggest_audit", client = ConsoleClient, input = Json)]
pub async fn suggest_audit(
    what: AuditSuggestion,
    text: String,
) -> Result<Vec<String>, ConsoleError> {
    let port = crate::port::port()?;
    port.service()
        .audit_log()
        .suggest(&port.context(), what, &text)
        .await
        .map_err(|error| port.error(error))
}
