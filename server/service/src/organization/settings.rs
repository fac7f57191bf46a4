//! What is set about an organization: for those who manage it.

use std::sync::Arc;

use roadstead::access::Action;
use roadstead::audit::TraceName;
use roadstead::error::Subject;
use roadstead::manage::organization::OrganizationSettings;
use roadstead::{Error, OrganizationName, Result};
use roadstead_store::Durability;
use roadstead_store::organization::{self, OrganizationRecord};

use super::Organizations;
use crate::audit::{self, Origin};
use crate::context::Context;
use crate::error::{Failed, stored};

impl Organizations {
    /// The settings of an organization.
    ///
    /// # Errors
    /// `Hidden` or `Denied` for who does not manage it; those of the store.
    #[tracing::instrument(name = "service.organization.settings", skip_all, fields(organization = %name))]
    pub async fn settings(
        &self,
        ctx: &Context,
        name: &OrganizationName,
    ) -> Result<OrganizationSettings> {
        let key = self.access.authorize(ctx, Action::UpdateOrganization, name).await?.key();
        let found = self
            .store
            .peek("organization.settings", move |tx| {
                Box::pin(async move { organization::find(tx, key).await })
            })
            .await
            .map_err(stored)?;
        found.map(set).ok_or_else(|| Error::hidden(Subject::Organization))
    }

    /// Changes them. What is there stays as it is: the settings are about what comes.
    ///
    /// # Errors
    /// `Hidden` or `Denied` for who does not manage it; those of the store.
    #[tracing::instrument(name = "service.organization.update_settings", skip_all, fields(organization = %name))]
    pub async fn update_settings(
        &self,
        ctx: &Context,
        name: &OrganizationName,
        settings: OrganizationSettings,
    ) -> Result<()> {
        let allowed = self.access.authorize(ctx, Action::UpdateOrganization, name).await?;
        let (key, at) = (allowed.key(), ctx.now());
        let (id, account) = (allowed.target().id, allowed.target().account);
        let event = Origin::of(ctx, &self.ports)
            .event(TraceName::UpdateUserNamespace)
            .in_account(account)
            .named(name)
            .id(id)
            .in_organization(id)
            .detail(serde_json::json!(settings));
        let settings = Arc::new(settings);
        self.store
            .run("organization.update_settings", Durability::Durable, move |tx| {
                let (settings, event) = (Arc::clone(&settings), event.clone());
                Box::pin(async move {
                    let hidden = || Failed::from(Error::hidden(Subject::Organization));
                    let found = organization::find(tx, key).await?.ok_or_else(hidden)?;
                    let wanted = organization::Settings {
                        default_public: settings.default_public,
                        create_on_push: settings.create_on_push,
                        docker_only: found.docker_only,
                        immutable_tags: settings.immutable_tags.clone(),
                    };
                    if !organization::update(tx, key, &wanted, at).await? {
                        return Err(hidden());
                    }
                    audit::append(tx, event).await
                })
            })
            .await?;
        Ok(())
    }
}

fn set(record: OrganizationRecord) -> OrganizationSettings {
    OrganizationSettings {
        default_public: record.default_public,
        create_on_push: record.create_on_push,
        immutable_tags: record.immutable_tags,
    }
}
