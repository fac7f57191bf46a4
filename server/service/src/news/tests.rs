#![allow(clippy::unwrap_used)]
use std::time::Duration;

use futures::StreamExt as _;
use roadstead::manage::news::News;
use roadstead::{ErrorKind, Timestamp};
use roadstead_store::change::{self, Change, ChangeKind};

use super::{KEPT, STREAMS_EACH};
use crate::context::Context;
use crate::testing::TestService;

/// The service, its change sequence read up to now, and where a page begins.
async fn start() -> (TestService, i64, String) {
    let test = TestService::new().await;
    let read = test.service.follow_changes(None).await.unwrap();
    let read = read_on(&test, read).await;
    let cursor = test.service.news().cursor();
    (test, read, cursor)
}

/// Reads on until everything that was done before is read: up to a change of its own that concerns nobody. On PostgreSQL
/// a change is there when older transactions of the whole cluster have ended.
async fn read_on(test: &TestService, read: i64) -> i64 {
    let mark = test.service.ports().uuid().to_string();
    let subject = mark.clone();
    test.write(move |tx| {
        let subject = subject.clone();
        Box::pin(async move {
            tx.change(Change::new(ChangeKind::Job, Timestamp(0)).of(subject));
            Ok(())
        })
    })
    .await;
    let end = loop {
        let (changes, end) = test
            .service
            .store()
            .read("test.changes", move |tx| Box::pin(change::since(tx, read)))
            .await
            .unwrap();
        if changes.iter().any(|change| change.subject == mark) {
            break end;
        }
        tokio::task::yield_now().await;
    };
    let mut read = read;
    while read < end {
        read = test.service.follow_changes(Some(read)).await.unwrap();
    }
    read
}

fn names(news: &News) -> Vec<String> {
    news.images.iter().map(ToString::to_string).collect()
}

async fn since(test: &TestService, who: &Context, cursor: &str) -> News {
    test.service.news().since(who, Some(cursor)).await.unwrap()
}

#[tokio::test]
async fn everybody_hears_of_what_they_see_and_of_nothing_else() {
    let (test, read, cursor) = start().await;
    test.add_image("team/fresh", false).await;
    read_on(&test, read).await;
    for who in [&test.owner, &test.administrator, &test.reader] {
        let news = since(&test, who, &cursor).await;
        assert_eq!(names(&news), ["team/fresh"]);
        // Told once.
        assert_eq!(names(&since(&test, who, &news.cursor).await), Vec::<String>::new());
    }
    for who in [&test.member, &test.stranger] {
        assert_eq!(names(&since(&test, who, &cursor).await), Vec::<String>::new());
    }
    let error = test.service.news().since(&test.anonymous, Some(&cursor)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unauthenticated);
}

#[tokio::test]
async fn a_deleted_image_is_told_to_those_who_saw_it() {
    let (test, read, cursor) = start().await;
    test.service.images().delete(&test.owner, &"team/app".parse().unwrap()).await.unwrap();
    read_on(&test, read).await;
    assert_eq!(names(&since(&test, &test.reader, &cursor).await), ["team/app"]);
    assert_eq!(names(&since(&test, &test.member, &cursor).await), Vec::<String>::new());
}

#[tokio::test]
async fn who_is_too_far_behind_or_comes_from_elsewhere_looks_at_everything() {
    let (test, mut read, cursor) = start().await;
    for unknown in ["", "another.0", "no cursor", &format!("{cursor}9")] {
        assert!(since(&test, &test.reader, unknown).await.is_wide, "{unknown}");
    }
    assert!(test.service.news().since(&test.reader, None).await.unwrap().is_wide);
    let first = test.add_image("team/first", false).await;
    read = read_on(&test, read).await;
    for turn in 0..KEPT {
        test.write(move |tx| {
            Box::pin(async move {
                tx.change(Change::new(ChangeKind::Tag, Timestamp(0)).at(&first).of(turn));
                Ok(())
            })
        })
        .await;
    }
    read_on(&test, read).await;
    let news = since(&test, &test.reader, &cursor).await;
    assert!(news.is_wide && news.images.is_empty());
    assert!(since(&test, &test.reader, &news.cursor).await.is_empty());
}

#[tokio::test]
async fn a_stream_begins_with_where_it_is_and_brings_what_happens() {
    let (test, read, cursor) = start().await;
    let hour = Duration::from_secs(3_600);
    let news = test.service.news();
    let mut stream = std::pin::pin!(news.follow(&test.reader, Some(&cursor), hour).await.unwrap());
    assert!(stream.next().await.unwrap().is_empty());
    test.add_image("team/fresh", false).await;
    read_on(&test, read).await;
    assert_eq!(names(&stream.next().await.unwrap()), ["team/fresh"]);
    news.close();
    assert_eq!(stream.next().await, None);
}

#[tokio::test]
async fn a_stream_ends_with_its_time_and_with_the_right_to_come_in() {
    let (test, read, cursor) = start().await;
    let news = test.service.news();
    let mut short =
        std::pin::pin!(news.follow(&test.reader, Some(&cursor), Duration::ZERO).await.unwrap());
    assert!(short.next().await.is_some());
    assert_eq!(short.next().await, None);
    let hour = Duration::from_secs(3_600);
    let mut long = std::pin::pin!(news.follow(&test.reader, Some(&cursor), hour).await.unwrap());
    assert!(long.next().await.is_some());
    test.disable(&test.reader).await;
    read_on(&test, read).await;
    assert_eq!(long.next().await, None);
    let refused = news.follow(&test.reader, Some(&cursor), hour).await.err().unwrap();
    assert_eq!(refused.kind(), ErrorKind::Unauthenticated);
}

#[tokio::test]
async fn streams_of_one_user_are_bounded_and_given_back() {
    let (test, _, cursor) = start().await;
    let hour = Duration::from_secs(3_600);
    let news = test.service.news();
    let mut open = Vec::new();
    for _ in 0..STREAMS_EACH {
        open.push(news.follow(&test.reader, Some(&cursor), hour).await.unwrap());
    }
    let refused = news.follow(&test.reader, Some(&cursor), hour).await.err().unwrap();
    assert_eq!(refused.kind(), ErrorKind::RateLimited);
    assert!(news.follow(&test.editor, Some(&cursor), hour).await.is_ok());
    open.pop();
    assert!(news.follow(&test.reader, Some(&cursor), hour).await.is_ok());
}
