//! Counts, use by time, quotas (`swr-api.md` 7.10).

use roadstead::manage::overview::UsageDay;
use roadstead::{Result, Timestamp};
use serde::Serialize;
use utoipa::ToSchema;

use super::argument::invalid;
use super::{Answer, Call, wire};

/// Counts of the caller's account, or of what they see of it.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Overview {
    /// Id of the account.
    domain_id: String,
    /// Name of the account.
    domain_name: String,
    /// Organizations; the spelling is SWR's.
    namspace_num: i64,
    /// Images.
    repo_num: i64,
    /// Tags.
    image_num: i64,
    /// Bytes stored.
    store_space: f64,
    /// Bytes pulled this month.
    downflow_size: f64,
}

/// A day or month.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Point {
    /// `2024-09-01`; of a month `2024-09`.
    date: String,
    /// Bytes.
    value: f64,
}

/// A quota.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Quota {
    /// `namespace`: organizations.
    quota_key: String,
    /// How many there may be; -1 is unlimited.
    quota_limit: i64,
    /// How many there are.
    used: i64,
    unit: String,
}

/// Quotas.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Quotas {
    quotas: Vec<Quota>,
}

#[allow(clippy::cast_precision_loss, reason = "SWR says bytes with a point")]
const fn bytes(value: u64) -> f64 {
    value as f64
}

pub(super) async fn overview(call: &Call) -> Result<Answer> {
    let found = call.service().overview().get(&call.context).await?;
    Answer::json(&Overview {
        domain_id: call.domain()?.to_string(),
        domain_name: call.context.user()?.account_name.to_string(),
        namspace_num: wire::number(found.organizations.used),
        repo_num: wire::number(found.images),
        image_num: wire::number(found.tags),
        store_space: bytes(found.size),
        downflow_size: bytes(found.traffic),
    })
}

pub(super) async fn reports(call: &Call) -> Result<Answer> {
    let value: fn(&UsageDay) -> u64 = match call.path("resource_type") {
        "store" => |day| day.stored,
        "downflow" => |day| day.traffic,
        _ => return Err(invalid("resource_type", "one of store, downflow")),
    };
    let by_month = match call.path("frequency") {
        "daily" => false,
        "monthly" => true,
        _ => return Err(invalid("frequency", "one of daily, monthly")),
    };
    let usage = call.service().overview().usage(&call.context).await?;
    let days = if by_month { usage.monthly } else { usage.daily };
    let point = |day: &UsageDay| {
        let start = Timestamp::from_seconds(i64::from(day.day) * 86_400);
        let (year, month, of_month, ..) = start.civil(0);
        let date = if by_month {
            format!("{year:04}-{month:02}")
        } else {
            format!("{year:04}-{month:02}-{of_month:02}")
        };
        Point { date, value: bytes(value(day)) }
    };
    Answer::json(&days.iter().map(point).collect::<Vec<_>>())
}

pub(super) async fn quotas(call: &Call) -> Result<Answer> {
    let quota = call.service().organizations().quotas(&call.context).await?;
    Answer::json(&Quotas {
        quotas: vec![Quota {
            quota_key: "namespace".to_owned(),
            quota_limit: quota.limit.map_or(-1, wire::number),
            used: wire::number(quota.used),
            unit: String::new(),
        }],
    })
}
