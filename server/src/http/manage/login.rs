//! Login commands (`swr-api.md` 5, 7.10).

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderName, StatusCode};
use roadstead::Result;
use roadstead::manage::login::TemporaryLogin;
use serde::Serialize;
use utoipa::ToSchema;

use super::argument::{Kind, Param, invalid};
use super::{Answer, Call};

/// The command in one line.
pub(super) const COMMAND: HeaderName = HeaderName::from_static("x-swr-dockerlogin");
/// When it ends.
pub(super) const EXPIRES: HeaderName = HeaderName::from_static("x-swr-expireat");

/// The project of the login.
pub(super) const PROJECT_NAME: Param = Param::new(
    "projectname",
    Kind::Text(64),
    "Name of the project; the region's id when absent, and nothing else here.",
);
/// How long it lasts.
pub(super) const DURATION: Param = Param::new(
    "duration_seconds",
    Kind::Integer(900, 86_400),
    "How long the login lasts, in seconds; as the instance's setting says when absent.",
);

/// The login of one registry.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Auth {
    /// Base64 of `user:password`.
    auth: String,
}

/// A `config.json` of Docker.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Auths {
    /// By the registry's host.
    auths: BTreeMap<String, Auth>,
}

fn shown(login: &TemporaryLogin) -> Result<Answer> {
    let (user, password) = (&login.username, login.password.reveal());
    let auth = STANDARD.encode(format!("{user}:{password}"));
    let auths = BTreeMap::from([(login.host.clone(), Auth { auth })]);
    let command = format!("docker login -u {user} -p {password} {}", login.host);
    let answer = Answer::json(&Auths { auths })?;
    Ok(Answer { status: StatusCode::OK, ..answer }
        .with(COMMAND, command)
        .with(EXPIRES, login.expires_at))
}

pub(super) async fn create_secret(call: &Call) -> Result<Answer> {
    let settings = call.service().settings_cell().current();
    let project = call.arguments.text(&PROJECT_NAME);
    if project.is_some_and(|project| project != settings.region.value) {
        return Err(invalid(PROJECT_NAME.name, "there is no such project here"));
    }
    let seconds = call.arguments.integer(&DURATION);
    let login = call.service().credentials().create_lasting(&call.context, seconds).await?;
    shown(&login)
}

pub(super) async fn create_authorization_token(call: &Call) -> Result<Answer> {
    let credentials = call.service().credentials();
    shown(&credentials.create_authorization_token(&call.context).await?)
}
