//! Points in time (`console.md` A.0.5): relative while recent, absolute after, the other one as tooltip.

use leptos::prelude::*;
use roadstead::Timestamp;

use crate::format::{self, Relative, absolute, absolute_local, is_recent};
use crate::i18n::{I18n, t_string, use_i18n};
use crate::viewer::use_live;

/// `3 minutes ago`, in the viewer's language.
#[must_use]
pub fn relative_words(i18n: I18n, time: Timestamp, now: Timestamp) -> String {
    match format::relative(time, now) {
        Relative::JustNow => t_string!(i18n, components.just_now).to_owned(),
        Relative::MinutesAgo(1) => t_string!(i18n, components.minute_ago_one).to_owned(),
        Relative::MinutesAgo(n) => t_string!(i18n, components.minutes_ago, n = n).to_string(),
        Relative::HoursAgo(1) => t_string!(i18n, components.hour_ago_one).to_owned(),
        Relative::HoursAgo(n) => t_string!(i18n, components.hours_ago, n = n).to_string(),
        Relative::DaysAgo(1) => t_string!(i18n, components.day_ago_one).to_owned(),
        Relative::DaysAgo(n) => t_string!(i18n, components.days_ago, n = n).to_string(),
        Relative::Soon => t_string!(i18n, components.soon).to_owned(),
        Relative::InMinutes(n) => t_string!(i18n, components.in_minutes, n = n).to_string(),
        Relative::InHours(n) => t_string!(i18n, components.in_hours, n = n).to_string(),
        Relative::InDays(n) => t_string!(i18n, components.in_days, n = n).to_string(),
    }
}

/// A point in time in a list: relative within a day of now, absolute otherwise.
#[component]
pub fn Time(
    /// The point in time.
    at: Timestamp,
    /// Always absolute, with the zone.
    #[prop(optional)]
    is_absolute: bool,
) -> impl IntoView {
    let i18n = use_i18n();
    let live = use_live();
    let is_relative = move || !is_absolute && is_recent(at, live.now.get());
    let shown = move || {
        if is_relative() {
            relative_words(i18n, at, live.now.get())
        } else if is_absolute {
            absolute(at, live.offset_minutes.get())
        } else {
            absolute_local(at, live.offset_minutes.get())
        }
    };
    let other = move || {
        if is_relative() {
            absolute(at, live.offset_minutes.get())
        } else {
            format!(
                "{} ({})",
                absolute(at, live.offset_minutes.get()),
                relative_words(i18n, at, live.now.get())
            )
        }
    };
    view! {
        <time datetime=at.to_string() title=other class="nowrap">
            {shown}
        </time>
    }
}
