//! The doors: how HTTP reaches the use cases.
//!
//! A door parses into domain types, builds a [`Context`], calls **one** service method, and renders the answer in its own
//! dialect. No door checks permissions, opens transactions, or touches the store.
//!
//! | door | address | dialect |
//! | --- | --- | --- |
//! | [`registry`] | `/v2/…` | OCI distribution |
//! | [`token`] | `/token` | token service of the registry |
//! | [`manage`] | `/v2/manage/…`, `/v3/…`, `/`, `/v2`, `/v3` | SWR's management API |
//! | [`console`] | pages and `/console/call/…` | HTML, server functions |
//! | [`export`] | `/console/audit.csv` | files |
//! | [`package`] | `/console/upload/…` | JSON, chunks of files |
//! | [`download`] | `/console/download/…` | archives of images |
//! | [`health`] | `/healthz`, `/readyz` | machines |
//!
//! [`router`] is the list of addresses and everything that surrounds them. To add a door: a module here, a line there.

pub mod asset;
pub mod caller;
pub mod console;
pub mod csrf;
mod csv;
pub mod download;
pub mod export;
pub mod forwarded;
pub mod health;
pub mod host;
pub mod idle;
pub mod listen;
pub mod manage;
pub mod package;
pub mod registry;
pub mod request;
mod rest;
pub mod router;
pub mod session;
pub mod token;

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use http::request::Parts;
use roadstead::HostPort;
use roadstead::access::Actor;
use roadstead_object::Objects;
use roadstead_service::token::TokenScope;
use roadstead_service::{Address, Context, Service};
use roadstead_store::Store;

use crate::metrics::Metrics;
use forwarded::{Origin, Proxies};
use host::Hosts;

/// What every door is given. Cheap to clone.
#[derive(Clone)]
pub struct Doors(Arc<Inner>);

struct Inner {
    service: Service,
    store: Store,
    objects: Objects,
    outside: Outside,
}

/// What doors must know of the world outside.
#[derive(Debug, Clone)]
pub struct Outside {
    /// By which names this registry is reached.
    pub hosts: Hosts,
    /// Whose forwarded headers are believed.
    pub proxies: Proxies,
    /// How long a body may stand still.
    pub idle: Duration,
    /// Where answers are counted.
    pub metrics: Metrics,
    /// Whether `/metrics` is served beside everything else.
    pub shows_metrics: bool,
}

impl std::fmt::Debug for Doors {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Doors")
    }
}

impl Doors {
    /// The doors to a service. `store` and `objects` are only asked whether they answer, and hold the sessions.
    #[must_use]
    pub fn new(service: Service, store: Store, objects: Objects, outside: Outside) -> Self {
        Self(Arc::new(Inner { service, store, objects, outside }))
    }

    /// The use cases.
    #[must_use]
    pub fn service(&self) -> &Service {
        &self.0.service
    }

    /// By which name this request reached the registry.
    #[must_use]
    pub fn address(&self, parts: &Parts) -> Address {
        let settings = self.0.service.settings_cell().current();
        let (hosts, origin) = (&self.0.outside.hosts, Origin::of(&parts.extensions));
        let internal = settings.internal_address.value.as_ref().map(HostPort::as_str);
        hosts.decide(&origin, &parts.uri, &parts.headers, &settings.external_url.value, internal)
    }

    /// Everything a use case knows of its caller.
    #[must_use]
    pub fn context(
        &self,
        parts: &Parts,
        actor: Actor,
        scopes: Option<Arc<[TokenScope]>>,
    ) -> Context {
        Context {
            actor,
            request_id: request::id(&parts.extensions).to_owned(),
            client: client(parts),
            address: self.address(parts),
            clock: Arc::clone(&self.0.service.ports().clock),
            scopes,
            session: None,
        }
    }

    pub(crate) fn outside(&self) -> &Outside {
        &self.0.outside
    }

    pub(crate) fn store(&self) -> &Store {
        &self.0.store
    }

    async fn is_database_ready(&self) -> bool {
        let answer: Result<i64, roadstead_store::StoreError> = self
            .0
            .store
            .peek("health.ready", |tx| Box::pin(roadstead_store::change::horizon(tx)))
            .await;
        if let Err(error) = &answer {
            tracing::warn!(%error, "the database does not answer");
        }
        answer.is_ok()
    }

    async fn is_storage_ready(&self) -> bool {
        let answer = self.0.objects.check().await;
        if let Err(error) = &answer {
            tracing::warn!(%error, "the storage does not answer");
        }
        answer.is_ok()
    }
}

/// Where the request came from, trusted proxies taken into account.
pub(crate) fn client(parts: &Parts) -> Option<IpAddr> {
    parts.extensions.get::<Origin>().and_then(|origin| origin.client)
}
