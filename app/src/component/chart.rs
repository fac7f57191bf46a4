//! The trend chart: server-rendered SVG with an accessible table beside it, no script needed.
//!
//! Geometry is pure ([`Scale`], [`points`]) so that server and browser draw the same numbers. Values are printed by the
//! caller, who knows what they are; the axis prints sizes or counts. To draw another kind of value, add a [`Unit`].

use leptos::prelude::*;

use crate::format;
use crate::i18n::{t, use_i18n};

/// Width of the drawing; the plot stretches to its place.
const WIDTH: u64 = 300;
/// Height of the drawing.
const HEIGHT: u64 = 100;

/// What values are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// Sizes in bytes.
    Bytes,
    /// Counts.
    Count,
}

/// One line of the chart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Series {
    /// Its name, for the legend and the table.
    pub name: String,
    /// One value per label.
    pub values: Vec<u64>,
}

/// The vertical axis: from 0 to `top` in equal steps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Scale {
    /// The largest value drawn.
    pub top: u64,
    /// Distance of two grid lines.
    pub step: u64,
}

impl Scale {
    /// Steps of 1, 2 or 5 times a power of ten, three at most, so that `largest` fits.
    #[must_use]
    pub fn of(largest: u64) -> Self {
        let least = largest.div_ceil(3).max(1);
        let mut power = 1_u64;
        let step = loop {
            let found = [1, 2, 5]
                .into_iter()
                .map(|factor| power.saturating_mul(factor))
                .find(|step| *step >= least);
            match (found, power.checked_mul(10)) {
                (Some(step), _) => break step,
                (None, Some(next)) => power = next,
                (None, None) => break u64::MAX,
            }
        };
        let steps = largest.div_ceil(step).max(1);
        Self { top: step.saturating_mul(steps), step }
    }

    /// The values of the grid lines, from 0 up.
    #[must_use]
    pub fn lines(self) -> Vec<u64> {
        let steps = self.top / self.step.max(1);
        (0..=steps).map(|line| self.step.saturating_mul(line)).collect()
    }

    /// Where `value` lies, measured from the top of the drawing, in hundredths.
    #[must_use]
    pub fn y(self, value: u64) -> u64 {
        let (value, top) = (u128::from(value), u128::from(self.top.max(1)));
        let height = u128::from(HEIGHT * 100);
        u64::try_from(height.saturating_sub((value * height + top / 2) / top)).unwrap_or_default()
    }
}

/// A number of hundredths. Integers, because what writes floating-point numbers is large in the WebAssembly.
fn written(hundredths: u64) -> String {
    format!("{}.{:02}", hundredths / 100, hundredths % 100)
}

/// Text of the axis at `value`; only the top line carries the unit.
#[must_use]
pub fn axis_label(unit: Unit, scale: Scale, value: u64) -> String {
    match unit {
        Unit::Count => format::grouped(value),
        Unit::Bytes => {
            let mut divisor = 1_u64;
            while scale.top / divisor >= 1_000 {
                divisor = divisor.saturating_mul(1_000);
            }
            if value == scale.top {
                return format::bytes(value).replace(".0 ", " ");
            }
            let tenths = value.saturating_mul(10) / divisor;
            if tenths.is_multiple_of(10) {
                format!("{}", tenths / 10)
            } else {
                format!("{}.{}", tenths / 10, tenths % 10)
            }
        }
    }
}

/// `x,y` of every value in hundredths, each in the middle of its column.
#[must_use]
pub fn points(values: &[u64], scale: Scale) -> Vec<(u64, u64)> {
    let columns = values.len().max(1) as u64;
    values
        .iter()
        .zip(0_u64..)
        .map(|(value, index)| ((2 * index + 1) * WIDTH * 100 / (2 * columns), scale.y(*value)))
        .collect()
}

fn svg_points(points: &[(u64, u64)]) -> String {
    points
        .iter()
        .map(|(x, y)| format!("{},{}", written(*x), written(*y)))
        .collect::<Vec<_>>()
        .join(" ")
}

/// The chart. `labels` are the columns, oldest first; twelve or fewer are all written under the axis, of more every fifth.
#[component]
pub fn TrendChart(
    /// What it shows, for those who do not see it.
    label: String,
    /// Names of the columns.
    labels: Vec<String>,
    /// What stands under the axis for each column: short.
    ticks: Vec<String>,
    /// One or two lines.
    series: Vec<Series>,
    /// What the values are.
    unit: Unit,
) -> impl IntoView {
    let i18n = use_i18n();
    let largest =
        series.iter().flat_map(|series| series.values.iter().copied()).max().unwrap_or_default();
    let is_empty = largest == 0;
    let scale = Scale::of(largest);
    let print = move |value: u64| match unit {
        Unit::Bytes => format::bytes(value),
        Unit::Count => format::grouped(value),
    };
    let axis = scale
        .lines()
        .into_iter()
        .map(|value| {
            // Without values the scale means nothing but its zero.
            let label =
                if is_empty && value > 0 { String::new() } else { axis_label(unit, scale, value) };
            view! { <span>{label}</span> }
        })
        .collect_view();
    let grid = scale
        .lines()
        .into_iter()
        .map(|value| {
            let class = if value == 0 { "chart__grid chart__grid--base" } else { "chart__grid" };
            view! { <path class=class d=format!("M0 {}H{WIDTH}", written(scale.y(value))) /> }
        })
        .collect_view();
    let lines = series
        .iter()
        .enumerate()
        .map(|(index, series)| {
            let points = points(&series.values, scale);
            let line = svg_points(&points);
            let area = (index == 0 && !is_empty).then(|| {
                let ends = points.first().zip(points.last());
                let (first, last) = ends.map_or((0, 0), |(first, last)| (first.0, last.0));
                let area = format!("{},{HEIGHT} {line} {},{HEIGHT}", written(first), written(last));
                view! { <polygon class="chart__area" points=area /> }
            });
            let class = if index == 0 { "chart__line" } else { "chart__line chart__line--2" };
            view! {
                {area}
                <polyline class=class points=line />
            }
        })
        .collect_view();
    let last = labels.len().saturating_sub(1);
    let days = labels
        .iter()
        .enumerate()
        .map(|(index, name)| {
            let values: Vec<(String, u64)> = series
                .iter()
                .map(|series| (series.name.clone(), series.values.get(index).copied().unwrap_or_default()))
                .collect();
            let several = values.len() > 1;
            let said = values
                .iter()
                .map(|(name, value)| if several { format!("{name} {}", print(*value)) } else { print(*value) })
                .collect::<Vec<_>>();
            let spoken = format!("{name} {}", said.join(", "));
            let dots = values
                .iter()
                .map(|(_, value)| {
                    let d = format!("M5 {}h.001", written(scale.y(*value)));
                    view! {
                        <path class="chart__dot" d=d.clone() />
                        <path class="chart__dot chart__dot--in" d=d />
                    }
                })
                .collect_view();
            view! {
                <li class="chart__day" tabindex=if index == last { "0" } else { "-1" } aria-label=spoken>
                    <svg viewBox="0 0 10 100" preserveAspectRatio="none" aria-hidden="true">{dots}</svg>
                    <span class="tip">
                        {said.into_iter().map(|text| view! { <b>{text}</b> }).collect_view()}
                        <span>{name.clone()}</span>
                    </span>
                </li>
            }
        })
        .collect_view();
    let is_short = labels.len() <= 12;
    let under = ticks
        .into_iter()
        .enumerate()
        .filter(|(index, _)| is_short || index % 5 == 4)
        .map(|(index, name)| {
            let hidden_when_narrow = if is_short { index % 3 != 2 } else { index % 10 == 4 };
            view! { <span class=if hidden_when_narrow { "hide-sm" } else { "" }>{name}</span> }
        })
        .collect_view();
    let legend = (series.len() > 1).then(|| {
        let items = series
            .iter()
            .enumerate()
            .map(|(index, series)| {
                let class = if index == 0 { "chart__line" } else { "chart__line chart__line--2" };
                view! {
                    <li class="row">
                        <svg viewBox="0 0 20 8" width="20" height="8" aria-hidden="true"><path class=class d="M0 4H20" /></svg>
                        <span>{series.name.clone()}</span>
                    </li>
                }
            })
            .collect_view();
        view! { <ul class="row small muted chart__legend">{items}</ul> }
    });
    view! {
        {legend}
        <div class="chart">
            <div class="chart__y" aria-hidden="true">{axis}</div>
            <div class="chart__plot">
                <svg viewBox="0 0 300 100" preserveAspectRatio="none" aria-hidden="true">{grid}{lines}</svg>
                {if is_empty {
                    view! { <p class="chart__empty muted" data-testid="overview.chart.empty">{t!(i18n, common.no_data)}</p> }.into_any()
                } else {
                    view! { <ol class="chart__days" aria-label=label data-walk="">{days}</ol> }.into_any()
                }}
            </div>
            <div class=if is_short { "chart__x chart__x--12" } else { "chart__x" } aria-hidden="true">{under}</div>
        </div>
    }
}

/// The same numbers as a table.
#[component]
pub fn TrendTable(
    /// What it shows.
    label: String,
    /// Head of the first column.
    head: String,
    /// Names of the rows.
    labels: Vec<String>,
    /// One or two columns.
    series: Vec<Series>,
    /// What the values are.
    unit: Unit,
) -> impl IntoView {
    let heads = series
        .iter()
        .map(|series| view! { <th scope="col" class="t-num">{series.name.clone()}</th> })
        .collect_view();
    let rows = labels
        .into_iter()
        .enumerate()
        .map(|(index, name)| {
            let cells = series
                .iter()
                .map(|series| {
                    let value = series.values.get(index).copied().unwrap_or_default();
                    let text = match unit {
                        Unit::Bytes => format::bytes(value),
                        Unit::Count => format::grouped(value),
                    };
                    view! { <td class="t-num">{text}</td> }
                })
                .collect_view();
            view! { <tr><th scope="row">{name}</th>{cells}</tr> }
        })
        .rev()
        .collect_view();
    view! {
        <table class="table table--compact" data-testid="overview.chart.table">
            <caption class="sr-only">{label}</caption>
            <thead><tr><th scope="col">{head}</th>{heads}</tr></thead>
            <tbody>{rows}</tbody>
        </table>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_round_and_the_largest_fits() {
        for (largest, top, step) in [
            (0, 1, 1),
            (1, 1, 1),
            (2, 2, 1),
            (3, 3, 1),
            (4, 4, 2),
            (7, 10, 5),
            (10, 10, 5),
            (52_300_000_000, 60_000_000_000, 20_000_000_000),
            (100, 100, 50),
        ] {
            assert_eq!(Scale::of(largest), Scale { top, step }, "{largest}");
        }
        let scale = Scale::of(u64::MAX);
        assert!(scale.top >= u64::MAX / 2);
    }

    #[test]
    fn only_the_top_of_the_axis_says_the_unit() {
        let scale = Scale::of(52_300_000_000);
        let labels: Vec<String> =
            scale.lines().into_iter().map(|value| axis_label(Unit::Bytes, scale, value)).collect();
        assert_eq!(labels, ["0", "20", "40", "60 GB"]);
        let scale = Scale::of(1_500_000);
        let labels: Vec<String> =
            scale.lines().into_iter().map(|value| axis_label(Unit::Bytes, scale, value)).collect();
        assert_eq!(labels, ["0", "0.5", "1", "1.5 MB"]);
        let scale = Scale::of(4);
        assert_eq!(axis_label(Unit::Count, scale, 4), "4");
    }

    #[test]
    fn points_lie_in_the_middle_of_their_columns() {
        let scale = Scale::of(3);
        assert_eq!(svg_points(&points(&[0, 3], scale)), "75.00,100.00 225.00,0.00");
        assert!(points(&[], scale).is_empty());
    }
}
