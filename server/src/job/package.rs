//! Imports packages that were uploaded through the page.

use futures::FutureExt as _;
use roadstead::Error;
use roadstead_service::package::{Import, QUEUE};

use super::runner::Work;

/// One package after the other.
pub(super) const WORK: Work = Work {
    queue: QUEUE,
    run: |service, context, payload, stop| {
        async move {
            let import: Import = serde_json::from_value(payload).map_err(Error::internal)?;
            service.packages().import(&context, import, stop).await
        }
        .boxed()
    },
    give_up: |service, payload| {
        async move {
            let import: Import = serde_json::from_value(payload).map_err(Error::internal)?;
            service.packages().give_up(import).await
        }
        .boxed()
    },
};
