//! The strongest right on something, for what is shown of rights: found by asking the same decision as every request.

use roadstead::access::{
    Action, Actor, Circumstances, Grants, OrganizationTarget, Permission, Reason, RepositoryTarget,
    permits,
};
use roadstead::manage::image::ImageRights;

/// What somebody may do with an image, and which rule says so; `None` when they do not see it.
pub(crate) fn on_image(
    actor: &Actor,
    target: &RepositoryTarget,
    grants: &Grants,
    at: &Circumstances<'_>,
) -> Option<ImageRights> {
    [
        (Action::DeleteImage, Permission::Manage),
        (Action::UpdateImage, Permission::Edit),
        (Action::ReadImage, Permission::Read),
    ]
    .into_iter()
    .find_map(|(action, permission)| {
        let reason = permits(actor, action, target, grants, at).ok()?;
        Some(ImageRights { permission, reason })
    })
}

/// What somebody may do with an organization, and which rule says so; `None` when they do not see it.
pub(crate) fn on_organization(
    actor: &Actor,
    target: &OrganizationTarget,
    grants: &Grants,
    at: &Circumstances<'_>,
) -> Option<ImageRights> {
    let may = |action| permits(actor, action, target, grants, at).ok();
    let (permission, reason) = may(Action::DeleteOrganization)
        .map(|reason| (Permission::Manage, reason))
        .or_else(|| Some((Permission::Edit, may_create_images(actor, target, grants, at)?)))
        .or_else(|| Some((Permission::Read, may(Action::ReadOrganization)?)))?;
    Some(ImageRights { permission, reason })
}

/// Whether somebody may create images in an organization, and which rule says so. Policies may name images; any name
/// stands for all of them here.
pub(crate) fn may_create_images(
    actor: &Actor,
    target: &OrganizationTarget,
    grants: &Grants,
    at: &Circumstances<'_>,
) -> Option<Reason> {
    permits(actor, Action::CreateImage, &target.any_image(), grants, at).ok()
}
