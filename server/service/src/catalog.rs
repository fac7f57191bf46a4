//! The registry's catalog: what the caller sees of it, by name.

use roadstead::access::Action;
use roadstead::page::Cursor;
use roadstead::{ImageName, Result};
use roadstead_store::{Store, repository};

use crate::access::{Access, OwnAccount};
use crate::context::Context;
use crate::error::stored;

/// A page of names in byte order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamePage {
    /// The names.
    pub names: Vec<ImageName>,
    /// Whether there are more after them.
    pub has_more: bool,
}

/// The catalog.
#[derive(Debug, Clone)]
pub struct Catalog {
    store: Store,
    access: Access,
}

impl Catalog {
    pub(crate) const fn new(store: Store, access: Access) -> Self {
        Self { store, access }
    }

    /// Names after `cursor.last`. A limit of 0 lists nothing.
    ///
    /// # Errors
    /// Those of [`Access::authorize`] for the catalog; those of the store.
    #[tracing::instrument(name = "service.catalog.list", skip_all)]
    pub async fn list(&self, ctx: &Context, cursor: Cursor) -> Result<NamePage> {
        self.access.authorize(ctx, Action::ListCatalog, OwnAccount).await?;
        let visibility = self.access.visibility(ctx).await?;
        let limit = usize::try_from(cursor.limit).unwrap_or(usize::MAX);
        // One more than wanted tells whether there is more.
        let cursor = Cursor { limit: cursor.limit.saturating_add(1), ..cursor };
        let mut names = self
            .store
            .peek("repository.catalog", |tx| {
                let (visibility, cursor) = (visibility.clone(), cursor.clone());
                Box::pin(async move { repository::catalog(tx, &visibility, &cursor).await })
            })
            .await
            .map_err(stored)?;
        let has_more = limit > 0 && names.len() > limit;
        names.truncate(limit);
        Ok(NamePage { names, has_more })
    }
}
