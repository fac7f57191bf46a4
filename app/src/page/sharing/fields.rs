//! Until when, and why: the fields of every form about a share.

use leptos::prelude::*;
use roadstead::manage::share::{Deadline, SHARE_DESCRIPTION_LIMIT};
use roadstead::{ErrorKind, Subject, Timestamp};

use crate::component::field::{CheckField, TextArea, TextField};
use crate::error::ConsoleError;
use crate::format;
use crate::i18n::{t_string, use_i18n};
use crate::text;
use crate::viewer::{use_live, use_viewer};

/// How long a new share lasts unless something else is chosen, in seconds: 30 days.
const USUAL: i64 = 30 * 86_400;

/// What a refused form says about the account.
pub fn account_error(error: &ConsoleError) -> bool {
    match (error.kind, error.subject) {
        (ErrorKind::NotFound | ErrorKind::Invalid, Subject::Account)
        | (ErrorKind::AlreadyExists, Subject::Share) => true,
        (ErrorKind::Invalid, Subject::Share) => error.reason.as_deref() == Some("own_account"),
        _ => false,
    }
}

/// What a refused form says about the end.
pub fn until_error(error: &ConsoleError) -> bool {
    match (error.kind, error.subject) {
        (ErrorKind::Invalid, Subject::Time) => true,
        (ErrorKind::Invalid, Subject::Share) => error.reason.is_none(),
        _ => false,
    }
}

/// What a refused form says about the description.
pub fn description_error(error: &ConsoleError) -> bool {
    error.kind == ErrorKind::TooLarge && error.subject == Subject::Share && error.reason.is_none()
}

/// A time as a browser's field of date and time holds it.
fn local(time: Timestamp, offset_minutes: i32) -> String {
    let (year, month, day, hour, minute, second) = time.civil(offset_minutes);
    let seconds = if second == 0 { String::new() } else { format!(":{second:02}") };
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}{seconds}")
}

/// End, permanent or not, description.
#[component]
pub fn Terms(
    /// What it is now; `None` is a new share.
    now: Option<(Deadline, String)>,
    /// Why the form was refused.
    error: Signal<Option<ConsoleError>>,
) -> impl IntoView {
    let i18n = use_i18n();
    let live = use_live();
    let offset = live.offset_minutes.get_untracked();
    let kept = use_viewer().with_value(|viewer| (viewer.kept("until"), viewer.kept("description")));
    let is_forever = now.as_ref().is_some_and(|(until, _)| until.end().is_none());
    let end = match &now {
        Some((until, _)) => until.end(),
        // Whole minutes: nobody chooses seconds.
        None => {
            let end = live.now.get_untracked().seconds() + USUAL;
            Some(Timestamp::from_seconds(end - end.rem_euclid(60)))
        }
    };
    let end = if kept.0.is_empty() {
        end.map(|end| local(end, offset)).unwrap_or_default()
    } else {
        kept.0
    };
    let description =
        if kept.1.is_empty() { now.map(|(_, text)| text).unwrap_or_default() } else { kept.1 };
    let said = move |is_about: fn(&ConsoleError) -> bool| {
        derive(move || error.get().filter(is_about).map(|error| error.text(i18n)))
    };
    let help = MaybeProp::derive(move || {
        Some(t_string!(i18n, shares.until_help, zone = format::zone(offset)).to_string())
    });
    view! {
        <input type="hidden" name="offset" value=offset />
        <TextField
            name="until"
            kind="datetime-local"
            label=text!(i18n, shares.valid_until)
            help=help
            value=end
            error=said(until_error)
            testid="share.deadline"
        />
        <CheckField
            name="forever"
            label=text!(i18n, shares.permanent)
            is_checked=is_forever
            testid="share.forever"
        />
        <TextArea
            name="description"
            label=text!(i18n, shares.description)
            value=description
            max=SHARE_DESCRIPTION_LIMIT
            rows=3
            error=said(description_error)
            testid="share.description"
        />
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_holds_the_time_of_the_viewers_zone() {
        let time = Timestamp::from_seconds(1_630_528_140);
        assert_eq!(local(time, 0), "2021-09-01T20:29");
        assert_eq!(local(time, 480), "2021-09-02T04:29");
        assert_eq!(local(time.plus_seconds(7), -60), "2021-09-01T19:29:07");
    }
}
