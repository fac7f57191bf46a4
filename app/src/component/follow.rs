//! The page hears what others change (`console.md` A.0.11): a stream of server-sent events, and questions every five
//! seconds where no stream comes through. What shows images and organizations reads [`Live::news`](crate::viewer::Live)
//! in its source and loads again.
//!
//! # Invariants
//! - Nothing changes under a person who has a dialog or a menu open: it waits until that is closed.
//! - A page that nobody looks at holds no connection: browsers have few, and every tab would keep one.
//! - Neither stream nor questions prolong the session.

use std::time::Duration;

use leptos::prelude::*;
use roadstead::ImageName;
use roadstead::manage::news::News;

use crate::call::news::get_news;
use crate::dom::{self, StreamState};
use crate::viewer::{Live, use_live, use_viewer};

/// Time between two questions where no stream comes through.
const POLL: Duration = Duration::from_secs(5);
/// Questions before a stream is tried again.
const POLLS: u32 = 12;
/// Time until a stream that was cut off counts as "the server is not reached".
const PATIENCE: Duration = Duration::from_secs(8);
/// Time until a page that has a dialog open is asked again.
const WAIT: Duration = Duration::from_secs(1);

/// What follows for one page. Copies are the same one.
#[derive(Clone, Copy)]
struct Follower {
    live: Live,
    cursor: StoredValue<String>,
    /// Heard, and not shown yet.
    pending: StoredValue<Option<News>>,
    state: StoredValue<StreamState>,
    /// Questions asked since the last stream; `None` while a stream is open.
    polls: StoredValue<Option<u32>>,
}

/// Begins to follow; ends with the component that calls it.
pub fn follow() {
    let live = use_live();
    let (cursor, is_signed_in) =
        use_viewer().with_value(|viewer| (viewer.news.clone(), viewer.profile.is_some()));
    if !is_signed_in {
        return;
    }
    on_cleanup(dom::close_stream);
    let follower = Follower {
        live,
        cursor: StoredValue::new(cursor),
        pending: StoredValue::new(None),
        state: StoredValue::new(StreamState::Waiting),
        polls: StoredValue::new(None),
    };
    Effect::new(move |_| {
        // Whoever signed in again follows again.
        if live.is_expired.get() {
            follower.stop();
        } else {
            follower.open();
        }
    });
    Effect::new(move |_| {
        let handle = window_event_listener_untyped("visibilitychange", move |_| {
            if dom::is_hidden() {
                follower.stop();
            } else {
                follower.open();
            }
        });
        on_cleanup(move || handle.remove());
    });
}

impl Follower {
    fn stop(self) {
        self.polls.set_value(None);
        dom::close_stream();
    }

    fn open(self) {
        if dom::is_hidden() || self.live.is_expired.get_untracked() {
            return;
        }
        self.polls.set_value(None);
        let address = format!("/console/events?after={}", self.cursor.get_value());
        dom::open_stream(
            &address,
            Box::new(move |text| {
                if let Ok(news) = serde_json::from_str::<News>(&text) {
                    self.hear(news);
                }
            }),
            Box::new(move |state| self.changed(state)),
        );
    }

    fn changed(self, state: StreamState) {
        self.state.set_value(state);
        match state {
            StreamState::Open => self.live.is_offline.set(false),
            StreamState::Waiting => set_timeout(
                move || {
                    if self.state.try_get_value() == Some(StreamState::Waiting) && !dom::is_hidden()
                    {
                        self.live.is_offline.set(true);
                    }
                },
                PATIENCE,
            ),
            StreamState::Closed => {
                dom::close_stream();
                self.polls.set_value(Some(0));
                self.ask();
            }
        }
    }

    /// One question, and the next one later.
    fn ask(self) {
        let Some(Some(polls)) = self.polls.try_get_value() else { return };
        if polls >= POLLS {
            self.open();
            return;
        }
        self.polls.set_value(Some(polls + 1));
        leptos::task::spawn_local(async move {
            match get_news(self.cursor.get_value()).await {
                Ok(news) => {
                    self.live.is_offline.set(false);
                    self.hear(news);
                }
                Err(error) => self.live.is_offline.set(error.is_offline),
            }
            set_timeout(move || self.ask(), POLL);
        });
    }

    fn hear(self, news: News) {
        self.cursor.set_value(news.cursor.clone());
        if news.is_empty() {
            return;
        }
        let is_waiting = self.pending.with_value(Option::is_some);
        self.pending.update_value(|pending| match pending {
            Some(pending) => {
                pending.is_wide |= news.is_wide;
                pending.images.extend(news.images);
            }
            None => *pending = Some(news),
        });
        if !is_waiting {
            self.show();
        }
    }

    /// Shows what was heard, unless that would change something under the person.
    fn show(self) {
        if dom::is_busy() {
            set_timeout(
                move || {
                    if self.pending.try_get_value().is_some() {
                        self.show();
                    }
                },
                WAIT,
            );
        } else if let Some(news) = self.pending.get_value() {
            self.pending.set_value(None);
            self.live.news.set(news);
        }
    }
}

/// Counts the news about one image.
#[must_use]
pub fn use_news_of(name: Memo<Option<ImageName>>) -> Memo<u32> {
    let news = use_live().news;
    memo(move |before: Option<&u32>| {
        let is_about = news.with(|news| {
            news.is_wide
                || name.with(|name| name.as_ref().is_some_and(|name| news.images.contains(name)))
        });
        before.copied().unwrap_or_default() + u32::from(is_about)
    })
}

/// Counts the news about anything.
#[must_use]
pub fn use_news() -> Memo<u32> {
    let news = use_live().news;
    memo(move |before: Option<&u32>| {
        let is_any = news.with(|news| !news.is_empty());
        before.copied().unwrap_or_default() + u32::from(is_any)
    })
}
