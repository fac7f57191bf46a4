//! A session comes to its end (`console.md` A.0.11): five minutes before, a banner counts down; afterwards a dialog over
//! the page asks for the password, so that what was typed stays where it is.
//!
//! The page counts by its own clock, and asks the server before it says anything: another tab may have gone on.

use std::cell::RefCell;
use std::time::Duration;

use leptos::prelude::*;
use roadstead::manage::news::News;

use crate::call::session::{SignIn, get_session};
use crate::component::dialog::DialogFrame;
use crate::component::error_panel::ErrorBanner;
use crate::component::field::PasswordField;
use crate::component::form::SubmitButton;
use crate::component::icon::Icon;
use crate::component::show::Show;
use crate::component::toast::use_toasts;
use crate::i18n::{t, t_string, use_i18n};
use crate::notice::Notice;
use crate::viewer::{Live, SessionSpan, full_name, use_live, use_viewer};
use crate::{dom, format, text};

/// The banner comes this long before the end, in seconds.
const SOON: i64 = 300;
/// A person at work is noted by the server at least this often, in seconds.
const NOTED: i64 = 300;

thread_local! {
    static LOOK: RefCell<Option<Callback<()>>> = const { RefCell::new(None) };
}

/// A call was refused as nobody's: looks whether the session still lasts.
pub fn suspect() {
    let look = LOOK.with_borrow(|look| *look);
    if let Some(look) = look {
        look.try_run(());
    }
}

/// Puts what the server says on the page's clock.
fn note(live: Live, span: Option<SessionSpan>) {
    let now = dom::now().unwrap_or_else(|| live.now.get_untracked());
    live.session
        .set(span.map(|span| (now.plus_seconds(span.idle), now.plus_seconds(span.longest))));
}

/// Asks the server how long the session lasts.
fn look(live: Live) {
    leptos::task::spawn_local(async move {
        // An answer that does not come says nothing about the session.
        if let Ok(span) = get_session().await {
            if span.is_none() {
                live.is_expired.set(true);
            }
            note(live, span);
        }
    });
}

/// Begins to watch the session; ends with the component that calls it.
pub fn watch() {
    let live = use_live();
    let span = use_viewer().with_value(|viewer| viewer.session);
    let Some(span) = span else { return };
    let asked = StoredValue::new(live.now.get_untracked());
    Effect::new(move |_| {
        note(live, Some(span));
        dom::note_input();
        let check = Callback::new(move |()| {
            if !live.is_expired.get_untracked() {
                look(live);
            }
        });
        LOOK.with_borrow_mut(|look| *look = Some(check));
        let key = window_event_listener(leptos::ev::keydown, |_| dom::note_input());
        let click = window_event_listener(leptos::ev::pointerdown, |_| dom::note_input());
        on_cleanup(move || {
            key.remove();
            click.remove();
        });
    });
    // `now` moves every half minute.
    Effect::new(move |_| {
        let now = live.now.get();
        let Some((ends, _)) = live.session.get_untracked() else { return };
        if live.is_expired.get_untracked() {
            return;
        }
        let is_near = ends.seconds_since(now) <= SOON + 30;
        let is_at_work = !dom::is_idle() && now.seconds_since(asked.get_value()) >= NOTED;
        if is_near || is_at_work {
            asked.set_value(now);
            look(live);
        }
    });
}

/// What stands above a page whose session ends soon, has ended, or whose server is not reached.
#[component]
pub fn SessionBanners() -> impl IntoView {
    let i18n = use_i18n();
    let live = use_live();
    let is_soon = memo(move |_| {
        let now = live.now.get();
        !live.is_expired.get()
            && live.session.get().is_some_and(|(ends, _)| ends.seconds_since(now) <= SOON)
    });
    Effect::new(move |_| live.is_signing_in.set(live.is_expired.get()));
    let ask = move |_| live.is_signing_in.set(true);
    view! {
        <Show when=move || live.is_offline.get()>
            <div class="banner banner--warn" role="status" data-testid="offline">
                <Icon icon=icondata::LuTriangleAlert />
                <div class="banner__body">{t!(i18n, errors.offline)}</div>
            </div>
        </Show>
        <Show when=move || is_soon.get()>
            <Soon />
        </Show>
        <Show when=move || live.is_expired.get()>
            <div class="banner banner--warn" role="alert" data-testid="session.expired">
                <Icon icon=icondata::LuLock />
                <div class="banner__body row">
                    <span>{t!(i18n, shell.session_expired)}</span>
                    <button type="button" class="btn btn--sm push" data-testid="session.again" on:click=ask>
                        {t!(i18n, shell.sign_in_again)}
                    </button>
                </div>
            </div>
        </Show>
    }
}

/// The dialog that asks for the password again; stands after everything else, to lie above other dialogs.
#[component]
pub fn SessionDialog() -> impl IntoView {
    let live = use_live();
    view! {
        <Show when=move || live.is_signing_in.get()>
            <SignInOver />
        </Show>
    }
}

/// Counts down; prolongs the session, or, at its very end, signs in anew.
#[component]
fn Soon() -> impl IntoView {
    let i18n = use_i18n();
    let live = use_live();
    let left = RwSignal::new(SOON);
    let count = move || {
        let now = dom::now().unwrap_or_else(|| live.now.get_untracked());
        if let Some((ends, _)) = live.session.get_untracked() {
            let seconds = ends.seconds_since(now).max(0);
            // The last second asks: another tab may have gone on.
            if seconds == 0 && left.get_untracked() > 0 {
                look(live);
            }
            left.set(seconds);
        }
    };
    Effect::new(move |_| {
        count();
        if let Ok(handle) = set_interval_with_handle(count, Duration::from_secs(1)) {
            on_cleanup(move || handle.clear());
        }
    });
    let time = move || format::minutes_seconds(u64::try_from(left.get()).unwrap_or_default());
    let may_stay = move || live.session.get().is_some_and(|(ends, last)| ends < last);
    let on_stay = move |_| {
        if may_stay() {
            look(live);
        } else {
            live.is_signing_in.set(true);
        }
    };
    view! {
        <div class="banner banner--info" role="status" data-testid="session.soon">
            <Icon icon=icondata::LuClock />
            <div class="banner__body row">
                // Read once; the seconds would be said over and over.
                <span>{t!(i18n, shell.session_ends)} " " <b class="num" aria-hidden="true">{time}</b></span>
                <button type="button" class="btn btn--sm push" data-testid="session.stay" on:click=on_stay>
                    {move || if may_stay() {
                        t_string!(i18n, shell.session_stay)
                    } else {
                        t_string!(i18n, shell.sign_in_again)
                    }}
                </button>
            </div>
        </div>
    }
}

/// The password of the same person, over the page.
#[component]
fn SignInOver() -> impl IntoView {
    let i18n = use_i18n();
    let live = use_live();
    let toasts = use_toasts();
    let action = ServerAction::<SignIn>::new();
    let profile = use_viewer().with_value(|viewer| viewer.profile.clone());
    let (account, user, shown) = profile.map_or_else(Default::default, |profile| {
        (profile.account.to_string(), profile.user.to_string(), full_name(&profile))
    });
    let password = StoredValue::new(String::new());
    let answer = action.value();
    Effect::new(move |_| {
        if let Some(Ok(_)) = answer.get() {
            live.is_signing_in.set(false);
            live.is_expired.set(false);
            look(live);
            toasts.say(Notice::SignedIn);
            // What could not be loaded meanwhile loads now.
            live.news.set(News { is_wide: true, ..News::default() });
        }
    });
    let error = move || match answer.get() {
        Some(Err(error)) => Some(view! { <ErrorBanner error=error /> }),
        _ => None,
    };
    let on_submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        action.dispatch(SignIn {
            account: account.clone(),
            user: user.clone(),
            password: password.get_value(),
            keep: false,
            next: None,
        });
    };
    view! {
        <DialogFrame
            id="signin"
            title=text!(i18n, shell.sign_in_again)
            class="dialog dialog--sm"
            on_leave=Callback::new(move |()| live.is_signing_in.set(false))
        >
            <form class="dialog__form" method="post" on:submit=on_submit data-testid="session.form">
                <div class="dialog__body form-grid">
                    {error}
                    <p>{t!(i18n, shell.session_expired)}</p>
                    <p class="row">
                        <Icon icon=icondata::LuUser />
                        <b>{shown}</b>
                    </p>
                    <PasswordField
                        name="password"
                        label=text!(i18n, auth.password)
                        autocomplete="current-password"
                        on_change=Callback::new(move |value: String| password.set_value(value))
                        testid="session.password"
                    />
                </div>
                <footer class="dialog__foot">
                    <a class="btn" href="/signin" rel="external">{t!(i18n, shell.sign_in_other)}</a>
                    <SubmitButton label=text!(i18n, auth.sign_in) is_pending=action.pending() testid="session.submit" />
                </footer>
            </form>
        </DialogFrame>
    }
}
