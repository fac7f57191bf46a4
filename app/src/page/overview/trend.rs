//! The trend chart with its metric, range and table: all three are links, so the address says what is shown.

use leptos::prelude::*;
use leptos_router::hooks::use_query_map;
use roadstead::Timestamp;
use roadstead::manage::overview::{Overview, UsageDay};

use crate::component::chart::{Series, TrendChart, TrendTable, Unit};
use crate::component::dialog::use_changed_query;
use crate::component::icon::Icon;
use crate::component::noscroll;
use crate::i18n::{I18n, t, t_string, use_i18n};
use crate::text;

/// What is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Metric {
    Storage,
    Traffic,
    Transfers,
}

impl Metric {
    const ALL: [Self; 3] = [Self::Storage, Self::Traffic, Self::Transfers];

    /// The word in the address: SWR's where it has one.
    const fn as_str(self) -> &'static str {
        match self {
            Self::Storage => "store",
            Self::Traffic => "downflow",
            Self::Transfers => "transfers",
        }
    }

    fn parse(text: &str) -> Self {
        Self::ALL.into_iter().find(|metric| metric.as_str() == text).unwrap_or(Self::Storage)
    }

    fn name(self, i18n: I18n) -> &'static str {
        match self {
            Self::Storage => t_string!(i18n, overview.metric_storage),
            Self::Traffic => t_string!(i18n, overview.metric_traffic),
            Self::Transfers => t_string!(i18n, overview.metric_transfers),
        }
    }

    const fn unit(self) -> Unit {
        match self {
            Self::Storage | Self::Traffic => Unit::Bytes,
            Self::Transfers => Unit::Count,
        }
    }

    fn series(self, i18n: I18n, rows: &[UsageDay]) -> Vec<Series> {
        let of = |name: &str, value: fn(&UsageDay) -> u64| Series {
            name: name.to_owned(),
            values: rows.iter().map(value).collect(),
        };
        match self {
            Self::Storage => vec![of(self.name(i18n), |row| row.stored)],
            Self::Traffic => vec![of(self.name(i18n), |row| row.traffic)],
            Self::Transfers => vec![
                of(t_string!(i18n, overview.pushes), |row| row.pushes),
                of(t_string!(i18n, overview.pulls), |row| row.pulls),
            ],
        }
    }
}

/// What the address asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Asked {
    metric: Metric,
    is_monthly: bool,
    is_table: bool,
}

fn month_name(i18n: I18n, month: u32) -> &'static str {
    match month {
        1 => t_string!(i18n, overview.month_1),
        2 => t_string!(i18n, overview.month_2),
        3 => t_string!(i18n, overview.month_3),
        4 => t_string!(i18n, overview.month_4),
        5 => t_string!(i18n, overview.month_5),
        6 => t_string!(i18n, overview.month_6),
        7 => t_string!(i18n, overview.month_7),
        8 => t_string!(i18n, overview.month_8),
        9 => t_string!(i18n, overview.month_9),
        10 => t_string!(i18n, overview.month_10),
        11 => t_string!(i18n, overview.month_11),
        _ => t_string!(i18n, overview.month_12),
    }
}

fn label(i18n: I18n, row: &UsageDay, is_monthly: bool) -> String {
    let (year, month, day, ..) = Timestamp::from_seconds(i64::from(row.day) * 86_400).civil(0);
    let month = month_name(i18n, month);
    if is_monthly {
        t_string!(i18n, overview.month_label, month = month, year = year).to_string()
    } else {
        t_string!(i18n, overview.day_label, month = month, day = day).to_string()
    }
}

/// What stands under the axis: a month without its year, for twelve of them lie side by side.
fn tick(i18n: I18n, row: &UsageDay, is_monthly: bool) -> String {
    if is_monthly {
        let (_, month, ..) = Timestamp::from_seconds(i64::from(row.day) * 86_400).civil(0);
        month_name(i18n, month).to_owned()
    } else {
        label(i18n, row, is_monthly)
    }
}

/// The card.
#[component]
pub fn Trend(
    /// The series.
    overview: Overview,
) -> impl IntoView {
    let i18n = use_i18n();
    let query = use_query_map();
    let asked = memo(move |_| {
        query.with(|query| Asked {
            metric: Metric::parse(&query.get("metric").unwrap_or_default()),
            is_monthly: query.get("range").is_some_and(|range| range == "monthly"),
            is_table: query.get("view").is_some_and(|view| view == "table"),
        })
    });
    let rows = StoredValue::new((overview.daily, overview.monthly));
    let metrics = Metric::ALL
        .map(|metric| {
            let word = (metric != Metric::Storage).then(|| metric.as_str().to_owned());
            let href = use_changed_query(vec![("metric", word)]);
            view! {
                <a
                    href=move || href.get()
                    {..noscroll()}
                    aria-current=move || (asked.get().metric == metric).then_some("true")
                    data-testid=format!("overview.metric.{}", metric.as_str())
                >
                    {move || metric.name(i18n)}
                </a>
            }
        })
        .into_iter()
        .collect_view();
    let ranges = [false, true]
        .map(|is_monthly| {
            let href = use_changed_query(vec![("range", is_monthly.then(|| "monthly".to_owned()))]);
            let name = move || {
                if is_monthly { t_string!(i18n, overview.monthly) } else { t_string!(i18n, overview.daily) }
            };
            view! {
                <a
                    href=move || href.get()
                    {..noscroll()}
                    aria-current=move || (asked.get().is_monthly == is_monthly).then_some("true")
                    data-testid=if is_monthly { "overview.range.monthly" } else { "overview.range.daily" }
                >
                    {name}
                </a>
            }
        })
        .into_iter()
        .collect_view();
    let chart = move || {
        let Asked { metric, is_monthly, is_table } = asked.get();
        rows.with_value(|(daily, monthly)| {
            let rows = if is_monthly { monthly } else { daily };
            let labels: Vec<String> = rows.iter().map(|row| label(i18n, row, is_monthly)).collect();
            let series = metric.series(i18n, rows);
            let range =
                if is_monthly { t_string!(i18n, overview.monthly) } else { t_string!(i18n, overview.daily) };
            let name = t_string!(i18n, overview.chart_label, name = metric.name(i18n), range = range).to_string();
            let head = if is_monthly { t_string!(i18n, overview.month) } else { t_string!(i18n, overview.day) };
            if is_table {
                view! { <TrendTable label=name head=head.to_owned() labels=labels series=series unit=metric.unit() /> }
                    .into_any()
            } else {
                let ticks = rows.iter().map(|row| tick(i18n, row, is_monthly)).collect();
                view! { <TrendChart label=name labels=labels ticks=ticks series=series unit=metric.unit() /> }.into_any()
            }
        })
    };
    view! {
        <section class="card" aria-labelledby="trend-h" data-testid="overview.trend">
            <div class="card__head">
                <h2 id="trend-h">{t!(i18n, overview.trends)}</h2>
                <nav class="segmented" aria-label=move || t_string!(i18n, overview.metric)>
                    {metrics}
                </nav>
                <div class="row push">
                    <nav class="segmented" aria-label=move || t_string!(i18n, overview.range)>
                        {ranges}
                    </nav>
                    <TableLink is_table=derive(move || asked.get().is_table) />
                </div>
            </div>
            <div class="card__body">{chart}</div>
        </section>
    }
}

#[component]
fn TableLink(is_table: Signal<bool>) -> impl IntoView {
    let i18n = use_i18n();
    let to_table = use_changed_query(vec![("view", Some("table".to_owned()))]);
    let to_chart = use_changed_query(vec![("view", None)]);
    let (as_table, as_chart) = (text!(i18n, overview.as_table), text!(i18n, overview.as_chart));
    let name = move || if is_table.get() { as_chart.get() } else { as_table.get() };
    view! {
        <a
            class="btn btn--icon btn--quiet"
            href=move || if is_table.get() { to_chart.get() } else { to_table.get() }
            {..noscroll()}
            aria-label=name
            data-tip=name
            data-testid="overview.view"
        >
            {move || {
                let icon = if is_table.get() { icondata::LuChartLine } else { icondata::LuTable };
                view! { <Icon icon=icon /> }
            }}
        </a>
    }
}
