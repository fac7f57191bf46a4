//! The first account. Plain forms only.

#![allow(clippy::too_many_arguments, reason = "they are the fields of one form")]
#![allow(missing_docs, reason = "the fields are the arguments, which each function explains")]

use leptos::prelude::*;

use crate::client::ConsoleClient;
use crate::error::ConsoleError;
use crate::notice::Done;
#[cfg(feature = "ssr")]
use crate::{link::with_query, notice::Notice, port::port};
#[cfg(feature = "ssr")]
use roadstead::{
    AccountName, ErrorKind, RegionName, Secret, Subject,
    manage::{profile::Language, setup::SetupRequest},
};

/// Step 1: is the code right? Leads to the next step with the code in the address, as the printed link has it.
///
/// # Errors
/// Unauthenticated when it is wrong; `RateLimited` after five wrong ones.
#[server(prefix = "/console/call", endpoint = "setup_code", client = ConsoleClient)]
pub async fn verify_setup_code(code: String) -> Result<Done, ConsoleError> {
    let port = port()?;
    let code = code.trim().to_owned();
    let secret = Secret::new(code.clone());
    port.service().setup().verify_code(&secret).await.map_err(|error| port.error(error))?;
    port.done(Some(with_query("/setup", [("code", code.as_str()), ("step", "account")])), None)
}

/// Steps 2 and 3: makes the account, signs its owner in, leads to the last step.
///
/// # Errors
/// Invalid about the field that breaks its rule; as the service reports otherwise.
#[server(prefix = "/console/call", endpoint = "setup", client = ConsoleClient)]
pub async fn complete_setup(
    code: String,
    account: String,
    password: String,
    confirm: String,
    #[server(default)] external_url: String,
    region: String,
    region_name: String,
    #[server(default)] language: String,
) -> Result<Done, ConsoleError> {
    let port = port()?;
    let refuse = |error: ConsoleError| {
        port.keep(&[
            ("account", account.as_str()),
            ("external_url", external_url.as_str()),
            ("region", region.as_str()),
            ("region_name", region_name.as_str()),
            ("language", language.as_str()),
        ]);
        error
    };
    if password != confirm {
        let mut error =
            ConsoleError::new(ErrorKind::Invalid, Subject::Password, "the passwords differ");
        error.reason = Some("differ".into());
        return Err(refuse(error));
    }
    let request = SetupRequest {
        code: Secret::new(code),
        account: account
            .trim()
            .parse::<AccountName>()
            .map_err(|error| refuse(port.error(error)))?,
        password: Secret::new(password),
        external_url: Some(external_url.trim().to_owned()).filter(|url| !url.is_empty()),
        region: region.trim().parse::<RegionName>().map_err(|error| refuse(port.error(error)))?,
        region_name: region_name.trim().to_owned(),
        language: match language.as_str() {
            "en" => Some(Language::En),
            "zh-CN" => Some(Language::ZhCn),
            _ => None,
        },
    };
    let context = port.context();
    let owner = port
        .service()
        .setup()
        .complete(&context, request)
        .await
        .map_err(|error| refuse(port.error(error)))?;
    port.0.start_session(&owner, false).await.map_err(|error| port.error(error))?;
    port.done(Some("/setup/done".to_owned()), Some(Notice::Welcome))
}
