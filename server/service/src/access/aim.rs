//! At whom something is aimed that is asked of a thing: policies may look at it (`swr:TargetRegion`,
//! `swr:TargetAccountId`).

use roadstead::access::Circumstances;
use roadstead::id::PublicId;
use roadstead::{RegionName, Result};

use super::named::Named;
use super::{Access, Resolution};
use crate::context::Context;

/// To which region, or with which account.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Aim {
    /// To which region something is to be copied.
    pub region: Option<RegionName>,
    /// With which account something is to be shared.
    pub account: Option<PublicId>,
}

impl Aim {
    pub(super) fn of<'a>(&'a self, at: Circumstances<'static>) -> Circumstances<'a> {
        Circumstances {
            now: at.now,
            source: at.source,
            target_region: self.region.as_ref().map(RegionName::as_str),
            target_account: self.account.as_ref().map(PublicId::as_str),
        }
    }
}

/// The same thing, asked with somebody else in mind: `authorize(ctx, Action::…, Toward(&image, aim))`.
#[derive(Debug, Clone)]
pub struct Toward<N>(pub N, pub Aim);

impl<N: Named> Named for Toward<N> {
    type Resolved = N::Resolved;

    fn aim(&self) -> Aim {
        self.1.clone()
    }

    async fn resolve(self, access: &Access, ctx: &Context) -> Result<Resolution<N::Resolved>> {
        self.0.resolve(access, ctx).await
    }
}
