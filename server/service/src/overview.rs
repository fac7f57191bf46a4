//! The overview: counts, use by day and month, what just happened, how to start. One read of the store.
//!
//! # Invariants
//! - Numbers cover the account for whoever sees all of it, else what the caller sees; the answer says which.
//! - Other people's events are only for those who may read the audit log.

mod attention;

use roadstead::access::{Action, Allowed, UserKey, Visibility};
use roadstead::audit::TraceName;
use roadstead::manage::organization::OrganizationQuota;
use roadstead::manage::overview::{Activity, NavCounts, Overview, UsageDay};
use roadstead::page::{Order, Window};
use roadstead::{ErrorKind, Result, Timestamp};
use roadstead_store::audit::{AuditRecord, AuditScope, recent_named};
use roadstead_store::overview::Counts;
use roadstead_store::share::{self, Received};
use roadstead_store::{Store, StoreError, Tx, organization, overview, usage};

use crate::access::{Access, Oneself, OwnAccount};
use crate::audit::{self, Origin, Trail};
use crate::context::Context;
use crate::error::stored;
use crate::organization::Organizations;
use crate::port::Ports;
use crate::share::Shares;

/// Days of the daily series.
const DAYS: i32 = 30;
/// Months of the monthly series.
const MONTHS: usize = 12;
/// How many events are shown.
const EVENTS: u32 = 10;
/// Events that are shown (`console.md` A.3); the console has a sentence for each.
const SHOWN: [TraceName; 7] = [
    TraceName::CreateImageTag,
    TraceName::DeleteImageTag,
    TraceName::CreateImageRepository,
    TraceName::UpdateImageRepository,
    TraceName::DeleteImageRepository,
    TraceName::CreateUserNamespace,
    TraceName::DeleteUserNamespace,
];

/// The overview.
#[derive(Debug, Clone)]
pub struct Overviews {
    store: Store,
    access: Access,
    organizations: Organizations,
    shares: Shares,
    ports: Ports,
    trail: Trail,
}

/// Use of the registry by time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Usage {
    /// One row per UTC day, oldest first, 30 days.
    pub daily: Vec<UsageDay>,
    /// One row per month, oldest first, 12 months; `day` is the first of the month.
    pub monthly: Vec<UsageDay>,
}

struct Found {
    counts: Counts,
    organizations: u64,
    days: Vec<usage::UsageDay>,
    sizes: Vec<(i32, u64)>,
    events: Vec<AuditRecord>,
    has_logged_in: bool,
}

impl Overviews {
    pub(crate) const fn new(
        store: Store,
        access: Access,
        organizations: Organizations,
        shares: Shares,
        ports: Ports,
        trail: Trail,
    ) -> Self {
        Self { store, access, organizations, shares, ports, trail }
    }

    /// What the overview shows to the caller.
    ///
    /// # Errors
    /// `Unauthenticated` when nobody in particular asks; those of the store.
    #[tracing::instrument(name = "service.overview.get", skip_all)]
    pub async fn get(&self, ctx: &Context) -> Result<Overview> {
        self.access.authorize(ctx, Action::ReadOverview, OwnAccount).await?;
        self.trail.looked(|| Origin::of(ctx, &self.ports).event(TraceName::GetDomainOverview));
        let visibility = self.access.visibility(ctx).await?;
        let scope = audit::scope(&self.access, ctx).await?;
        let today = ctx.now().day();
        let months = months_until(today);
        let first = months.first().copied().unwrap_or(today).min(today - DAYS + 1);
        let oneself = self.access.authorize(ctx, Action::ManageOneself, Oneself).await?.key();
        let is_whole_account = matches!(visibility, Visibility::Account { .. });
        let attention = self.attention(ctx, &visibility).await?;
        let found = self.read(oneself, visibility, scope, first, today).await?;
        let quota = self.organizations.quota(ctx).await?;
        let daily = daily(&found.days, &found.sizes, today);
        let monthly = monthly(&found.days, &found.sizes, &months, today);
        Ok(Overview {
            is_whole_account,
            organizations: if is_whole_account {
                quota
            } else {
                OrganizationQuota { used: found.organizations, limit: None }
            },
            images: found.counts.repositories,
            tags: found.counts.tags,
            size: found.counts.size,
            size_before_deduplication: found.counts.plain_size,
            traffic: monthly.last().map_or(0, |month| month.traffic),
            daily,
            monthly,
            activity: found.events.into_iter().map(activity).collect(),
            attention,
            pushable: self.organizations.pushable(ctx).await?,
            has_logged_in: found.has_logged_in,
        })
    }

    /// Use by day and by month alone.
    ///
    /// # Errors
    /// `Unauthenticated` when nobody in particular asks; those of the store.
    #[tracing::instrument(name = "service.overview.usage", skip_all)]
    pub async fn usage(&self, ctx: &Context) -> Result<Usage> {
        self.access.authorize(ctx, Action::ReadOverview, OwnAccount).await?;
        self.trail
            .looked(|| Origin::of(ctx, &self.ports).event(TraceName::GetDomainResourceReports));
        let visibility = self.access.visibility(ctx).await?;
        let today = ctx.now().day();
        let months = months_until(today);
        let first = months.first().copied().unwrap_or(today).min(today - DAYS + 1);
        let (days, sizes) = self
            .store
            .read("overview.usage", move |tx| {
                let visibility = visibility.clone();
                Box::pin(async move {
                    let visibility = &visibility;
                    let days = overview::days(tx, visibility, first, today).await?;
                    Ok::<_, StoreError>((days, sizes(tx, visibility, first, today).await?))
                })
            })
            .await
            .map_err(stored)?;
        Ok(Usage {
            daily: daily(&days, &sizes, today),
            monthly: monthly(&days, &sizes, &months, today),
        })
    }

    /// The numbers beside the entries of the navigation; they are part of every page, so that whoever is denied what they
    /// count gets none and not an error.
    ///
    /// # Errors
    /// `Unauthenticated` when nobody in particular asks; those of the store.
    pub async fn nav_counts(&self, ctx: &Context) -> Result<NavCounts> {
        match self.access.authorize(ctx, Action::ReadOverview, OwnAccount).await {
            Err(error) if error.kind() == ErrorKind::Denied => {
                return Ok(NavCounts { images: 0, shared: 0 });
            }
            decided => decided?,
        };
        let visibility = self.access.visibility(ctx).await?;
        let received = match self.shares.all_received(ctx).await {
            Ok(all) => Some(Received { is_valid: Some(true), ..all }),
            Err(error) if error.kind() == ErrorKind::Denied => None,
            Err(error) => return Err(error),
        };
        let (images, shared) = self
            .store
            .read("overview.nav_counts", move |tx| {
                let (visibility, received) = (visibility.clone(), received.clone());
                Box::pin(async move {
                    let images = overview::images(tx, &visibility).await?;
                    let shared = match &received {
                        Some(received) => share::received_count(tx, received).await?,
                        None => 0,
                    };
                    Ok::<_, StoreError>((images, shared))
                })
            })
            .await
            .map_err(stored)?;
        Ok(NavCounts { images, shared })
    }

    async fn read(
        &self,
        user: Allowed<UserKey>,
        visibility: Visibility,
        scope: AuditScope,
        first: i32,
        today: i32,
    ) -> Result<Found> {
        self.store
            .read("overview.get", move |tx| {
                let visibility = visibility.clone();
                Box::pin(async move {
                    let visibility = &visibility;
                    let none = Window { offset: 0, limit: 0 };
                    let by_name = organization::Sorted { by_creation: false, order: Order::Asc };
                    let organizations =
                        organization::list_sorted(tx, visibility, None, by_name, none).await?;
                    Ok::<_, StoreError>(Found {
                        counts: overview::counts(tx, visibility).await?,
                        organizations: organizations.total,
                        days: overview::days(tx, visibility, first, today).await?,
                        sizes: sizes(tx, visibility, first, today).await?,
                        events: recent_named(tx, scope, &SHOWN, EVENTS).await?,
                        has_logged_in: overview::has_logged_in(tx, user).await?,
                    })
                })
            })
            .await
            .map_err(stored)
    }
}

/// Bytes at the end of the days on which they changed.
async fn sizes(
    tx: &mut Tx<'_>,
    visibility: &Visibility,
    first: i32,
    today: i32,
) -> Result<Vec<(i32, u64)>, StoreError> {
    Ok(match visibility {
        Visibility::Account { .. } => overview::size_days(tx, visibility, first, today)
            .await?
            .into_iter()
            .map(|day| (day.day, day.size))
            .collect(),
        Visibility::Granted { .. } => summed(overview::growth(tx, visibility, today).await?),
    })
}

fn activity(record: AuditRecord) -> Activity {
    Activity {
        event: record.name,
        user: record.actor,
        resource: record.resource_name,
        at: record.happened_at,
    }
}

/// Growth by day, summed up to sizes.
fn summed(growth: Vec<(i32, i64)>) -> Vec<(i32, u64)> {
    let mut size = 0_i64;
    growth
        .into_iter()
        .map(|(day, delta)| {
            size = size.saturating_add(delta);
            (day, u64::try_from(size).unwrap_or(0))
        })
        .collect()
}

/// The first day of the month of `day`.
fn first_of_month(day: i32) -> i32 {
    let (_, _, of_month, ..) = Timestamp::from_seconds(i64::from(day) * 86_400).civil(0);
    day - i32::try_from(of_month).unwrap_or(1) + 1
}

/// The first days of this month and the eleven before, oldest first.
fn months_until(today: i32) -> Vec<i32> {
    let mut months = vec![first_of_month(today)];
    while months.len() < MONTHS {
        let Some(last) = months.last() else { break };
        months.push(first_of_month(last - 1));
    }
    months.reverse();
    months
}

/// The size at the end of `day`: that of the last change until then.
fn size_at(sizes: &[(i32, u64)], day: i32) -> u64 {
    let until = sizes.partition_point(|(changed, _)| *changed <= day);
    until.checked_sub(1).and_then(|last| sizes.get(last)).map_or(0, |(_, size)| *size)
}

/// Use between two days, both included, shown as `day`.
fn used(
    days: &[usage::UsageDay],
    sizes: &[(i32, u64)],
    day: i32,
    first: i32,
    last: i32,
) -> UsageDay {
    let inside = || days.iter().filter(|row| (first..=last).contains(&row.day));
    UsageDay {
        day,
        stored: size_at(sizes, last),
        traffic: inside().map(|row| row.pull_bytes).sum(),
        pushes: inside().map(|row| row.pushes).sum(),
        pulls: inside().map(|row| row.pulls).sum(),
    }
}

fn daily(days: &[usage::UsageDay], sizes: &[(i32, u64)], today: i32) -> Vec<UsageDay> {
    (today - DAYS + 1..=today).map(|day| used(days, sizes, day, day, day)).collect()
}

fn monthly(
    days: &[usage::UsageDay],
    sizes: &[(i32, u64)],
    months: &[i32],
    today: i32,
) -> Vec<UsageDay> {
    let ends = months.iter().skip(1).map(|next| next - 1).chain([today]);
    months.iter().zip(ends).map(|(first, last)| used(days, sizes, *first, *first, last)).collect()
}

#[cfg(test)]
mod tests;
