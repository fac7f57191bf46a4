//! How values are written: sizes, counts, times, digests. Pure functions of value and language.
//!
//! `console.md` A.0.5: sizes are decimal with one decimal place; counts from 10,000 are shortened; times are printed
//! with their offset.

use roadstead::Timestamp;

use crate::i18n::Locale;

/// `52.2 MB`: decimal units, one decimal place; whole bytes below 1,000.
#[must_use]
pub fn bytes(value: u64) -> String {
    const UNITS: [&str; 6] = ["kB", "MB", "GB", "TB", "PB", "EB"];
    if value < 1_000 {
        return format!("{value} B");
    }
    // Tenths of the unit, rounded to nearest; 999,950 B is 1.0 MB, never 1000.0 kB.
    let mut tenths = (u128::from(value) * 10 + 500) / 1_000;
    let mut units = UNITS.iter();
    let mut unit = units.next().copied().unwrap_or("kB");
    let mut divisor: u128 = 1_000;
    while tenths >= 10_000 {
        let Some(larger) = units.next() else { break };
        unit = larger;
        divisor *= 1_000;
        tenths = (u128::from(value) * 10 + divisor / 2) / divisor;
    }
    format!("{}.{} {unit}", tenths / 10, tenths % 10)
}

/// A limit, in binary units that are written as decimal ones (`console.md` A.0.5): `10 GB` is 10,737,418,240 bytes. One
/// that is no whole number of a unit is written in bytes.
#[must_use]
pub fn limit(value: u64) -> String {
    const UNITS: [(&str, u32); 5] = [("PB", 50), ("TB", 40), ("GB", 30), ("MB", 20), ("KB", 10)];
    UNITS.iter().find(|(_, bits)| value > 0 && value.trailing_zeros() >= *bits).map_or_else(
        || format!("{} B", grouped(value)),
        |(unit, bits)| format!("{} {unit}", value >> bits),
    )
}

/// `28.0–31.2 MB` for the platforms of an index; one size when they print alike.
#[must_use]
pub fn bytes_range(smallest: u64, largest: u64) -> String {
    let (low, high) = (bytes(smallest), bytes(largest));
    if low == high {
        return high;
    }
    match (low.split_once(' '), high.split_once(' ')) {
        (Some((number, unit)), Some((_, other))) if unit == other => format!("{number}–{high}"),
        _ => format!("{low}–{high}"),
    }
}

/// `1,234,567`.
#[must_use]
pub fn grouped(value: u64) -> String {
    let digits = value.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// Counts: grouped below 10,000, then `12.3k`, `4.5M` or `1.2 万`, `3.4 亿`.
#[must_use]
pub fn count(value: u64, locale: Locale) -> String {
    if value < 10_000 {
        return grouped(value);
    }
    let shortened = |unit: u64, name: &str| {
        // Cut, not rounded: 19,999 is 1.9 万, for it is not yet 2.
        let tenths = u128::from(value) * 10 / u128::from(unit);
        format!("{}.{}{name}", tenths / 10, tenths % 10)
    };
    match locale {
        Locale::zh_CN if value >= 100_000_000 => shortened(100_000_000, " 亿"),
        Locale::zh_CN => shortened(10_000, " 万"),
        Locale::en if value >= 1_000_000_000 => shortened(1_000_000_000, "G"),
        Locale::en if value >= 1_000_000 => shortened(1_000_000, "M"),
        Locale::en => shortened(1_000, "k"),
    }
}

/// `2021/09/01 15:29:53 GMT+08:00`.
#[must_use]
pub fn absolute(time: Timestamp, offset_minutes: i32) -> String {
    format!("{} {}", absolute_local(time, offset_minutes), zone(offset_minutes))
}

/// `2021/09/01 15:29:53`, without the zone.
#[must_use]
pub fn absolute_local(time: Timestamp, offset_minutes: i32) -> String {
    let (year, month, day, hour, minute, second) = time.civil(offset_minutes);
    format!("{year:04}/{month:02}/{day:02} {hour:02}:{minute:02}:{second:02}")
}

/// `GMT+08:00`.
#[must_use]
pub fn zone(offset_minutes: i32) -> String {
    let sign = if offset_minutes < 0 { '-' } else { '+' };
    let minutes = offset_minutes.unsigned_abs();
    format!("GMT{sign}{:02}:{:02}", minutes / 60, minutes % 60)
}

/// The instant that a field of type `datetime-local` holds (`2021-09-01T15:29`, in the viewer's time).
///
/// # Errors
/// Invalid about the time, when it is none.
#[cfg(feature = "ssr")]
pub fn local_time(text: &str, offset_minutes: i32) -> Result<Timestamp, roadstead::Error> {
    let text = text.trim();
    // Browsers leave seconds out where they are zero.
    let seconds = if text.matches(':').count() == 1 { ":00" } else { "" };
    let zone = zone(offset_minutes);
    format!("{text}{seconds}{}", zone.trim_start_matches("GMT")).parse()
}

/// How far a time lies from now, in the largest unit that fits; words come from the locale.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Relative {
    /// Less than a minute ago.
    JustNow,
    /// Minutes ago.
    MinutesAgo(u64),
    /// Hours ago.
    HoursAgo(u64),
    /// Days ago.
    DaysAgo(u64),
    /// Less than a minute ahead.
    Soon,
    /// Minutes ahead.
    InMinutes(u64),
    /// Hours ahead.
    InHours(u64),
    /// Days ahead.
    InDays(u64),
}

/// Where `time` lies from `now`. A clock that runs a few seconds behind is not the future.
#[must_use]
pub fn relative(time: Timestamp, now: Timestamp) -> Relative {
    let seconds = now.seconds_since(time);
    let distance = seconds.unsigned_abs();
    let past = seconds >= -5;
    match (past, distance) {
        (true, 0..60) => Relative::JustNow,
        (true, 60..3_600) => Relative::MinutesAgo(distance / 60),
        (true, 3_600..86_400) => Relative::HoursAgo(distance / 3_600),
        (true, _) => Relative::DaysAgo(distance / 86_400),
        (false, 0..60) => Relative::Soon,
        (false, 60..3_600) => Relative::InMinutes(distance / 60),
        (false, 3_600..86_400) => Relative::InHours(distance / 3_600),
        (false, _) => Relative::InDays(distance / 86_400),
    }
}

/// Less than a day away: lists show such times in relative words.
#[must_use]
pub fn is_recent(time: Timestamp, now: Timestamp) -> bool {
    now.seconds_since(time).unsigned_abs() < 86_400
}

/// `5:59:12`, for countdowns.
#[must_use]
pub fn countdown(seconds: i64) -> String {
    let left = seconds.max(0);
    format!("{}:{:02}:{:02}", left / 3_600, left / 60 % 60, left % 60)
}

/// `mm:ss`, for waits.
#[must_use]
pub fn minutes_seconds(seconds: u64) -> String {
    format!("{:02}:{:02}", seconds / 60, seconds % 60)
}

/// `sha256:0cdfc79…e3385f8d`: the algorithm, 7 and 8 digits. Shorter texts stay whole.
#[must_use]
pub fn short_digest(digest: &str) -> String {
    match digest.split_once(':') {
        Some((algorithm, hex)) => format!("{algorithm}:{}", truncate_middle(hex, 7, 8)),
        None => truncate_middle(digest, 7, 8),
    }
}

/// Keeps `head` and `tail` characters around an ellipsis; texts that would not become shorter stay whole.
#[must_use]
pub fn truncate_middle(text: &str, head: usize, tail: usize) -> String {
    let length = text.chars().count();
    if length <= head + tail + 1 {
        return text.to_owned();
    }
    let start: String = text.chars().take(head).collect();
    let end: String = text.chars().skip(length - tail).collect();
    format!("{start}…{end}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_decimal_with_one_place() {
        assert_eq!(bytes(0), "0 B");
        assert_eq!(bytes(999), "999 B");
        assert_eq!(bytes(1_000), "1.0 kB");
        assert_eq!(bytes(52_200_000), "52.2 MB");
        assert_eq!(bytes(999_949), "999.9 kB");
        assert_eq!(bytes(999_950), "1.0 MB");
        assert_eq!(bytes(2_147_483_648), "2.1 GB");
        assert_eq!(limit(10_737_418_240), "10 GB");
        assert_eq!(limit(1 << 40), "1 TB");
        assert_eq!(limit(1_500 << 20), "1500 MB");
        assert_eq!(limit(1_000_000), "1,000,000 B");
        assert_eq!(bytes(u64::MAX), "18.4 EB");
    }

    #[test]
    fn ranges_share_the_unit() {
        assert_eq!(bytes_range(28_000_000, 31_200_000), "28.0–31.2 MB");
        assert_eq!(bytes_range(900_000, 31_200_000), "900.0 kB–31.2 MB");
        assert_eq!(bytes_range(28_000_000, 28_000_001), "28.0 MB");
    }

    #[test]
    fn counts_shorten_from_ten_thousand() {
        assert_eq!(count(9_999, Locale::en), "9,999");
        assert_eq!(count(12_345, Locale::en), "12.3k");
        assert_eq!(count(4_500_000, Locale::en), "4.5M");
        assert_eq!(count(12_345, Locale::zh_CN), "1.2 万");
        assert_eq!(count(345_678_901, Locale::zh_CN), "3.4 亿");
        assert_eq!(grouped(2_147_483_648), "2,147,483,648");
    }

    #[test]
    fn times_carry_their_offset() -> Result<(), roadstead::Error> {
        let time: Timestamp = "2021-09-01T07:29:53Z".parse()?;
        assert_eq!(absolute(time, 480), "2021/09/01 15:29:53 GMT+08:00");
        assert_eq!(absolute(time, -210), "2021/09/01 03:59:53 GMT-03:30");
        assert_eq!(absolute(time, 0), "2021/09/01 07:29:53 GMT+00:00");
        Ok(())
    }

    #[cfg(feature = "ssr")]
    #[test]
    fn what_is_typed_as_local_is_an_instant() -> Result<(), roadstead::Error> {
        let time: Timestamp = "2021-09-01T07:29:00Z".parse()?;
        assert_eq!(local_time("2021-09-01T15:29", 480)?, time);
        assert_eq!(local_time(" 2021-09-01T03:59:00 ", -210)?, time);
        for bad in ["", "2021-09-01", "tomorrow", "2021-09-01T07:29Z"] {
            assert!(local_time(bad, 0).is_err(), "{bad}");
        }
        Ok(())
    }

    #[test]
    fn relative_takes_the_largest_unit() {
        let now = Timestamp::from_seconds(1_000_000);
        let of = |seconds: i64| relative(now.plus_seconds(seconds), now);
        assert_eq!(of(0), Relative::JustNow);
        assert_eq!(of(3), Relative::JustNow);
        assert_eq!(of(-59), Relative::JustNow);
        assert_eq!(of(-60), Relative::MinutesAgo(1));
        assert_eq!(of(-7_300), Relative::HoursAgo(2));
        assert_eq!(of(-200_000), Relative::DaysAgo(2));
        assert_eq!(of(30), Relative::Soon);
        assert_eq!(of(21_600), Relative::InHours(6));
        assert!(is_recent(now.plus_seconds(-86_399), now));
        assert!(!is_recent(now.plus_seconds(-86_400), now));
    }

    #[test]
    fn waits_and_countdowns() {
        assert_eq!(countdown(21_552), "5:59:12");
        assert_eq!(countdown(-3), "0:00:00");
        assert_eq!(minutes_seconds(754), "12:34");
    }

    #[test]
    fn digests_lose_their_middle() {
        let digest = format!("sha256:0cdfc79{}e3385f8d", "a".repeat(49));
        assert_eq!(short_digest(&digest), "sha256:0cdfc79…e3385f8d");
        assert_eq!(short_digest("sha256:short"), "sha256:short");
        assert_eq!(truncate_middle("镜像镜像镜像", 1, 1), "镜…像");
        assert_eq!(truncate_middle("abc", 1, 1), "abc");
    }
}
