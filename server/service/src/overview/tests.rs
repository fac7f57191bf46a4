#![allow(clippy::unwrap_used, clippy::indexing_slicing)]
use roadstead::manage::credential::{AccessKeyUpdate, NewAccessKey, OLD_KEY_AGE};
use roadstead::manage::image::ImageUpdate;
use roadstead::manage::overview::Attention;
use roadstead::manage::share::Deadline;
use roadstead::{AccountName, ImageName, Timestamp};
use roadstead_store::usage::{self, Traffic, add_traffic};

use super::{daily, monthly, months_until, size_at, summed};
use crate::access::Holder;
use crate::context::Context;
use crate::testing::TestService;

fn day_of(text: &str) -> i32 {
    text.parse::<Timestamp>().unwrap().day()
}

fn row(day: i32, pulls: u64, pushes: u64, pull_bytes: u64) -> usage::UsageDay {
    usage::UsageDay { day, pulls, pushes, pull_bytes, push_bytes: 0 }
}

#[test]
fn months_begin_on_their_first_day_across_the_year() {
    let months = months_until(day_of("2024-03-31T12:00:00Z"));
    assert_eq!(months.len(), 12);
    assert_eq!(months[0], day_of("2023-04-01T00:00:00Z"));
    assert_eq!(months[10], day_of("2024-02-01T00:00:00Z"));
    assert_eq!(months[11], day_of("2024-03-01T00:00:00Z"));
}

#[test]
fn sizes_last_until_they_change() {
    let sizes = [(10, 100), (12, 300)];
    assert_eq!(size_at(&sizes, 9), 0);
    assert_eq!(size_at(&sizes, 10), 100);
    assert_eq!(size_at(&sizes, 11), 100);
    assert_eq!(size_at(&sizes, 40), 300);
    assert_eq!(summed(vec![(1, 5), (3, -2), (4, -9)]), [(1, 5), (3, 3), (4, 0)]);
}

#[test]
fn days_without_use_are_there_with_their_size() {
    let today = 100;
    let daily = daily(&[row(99, 2, 1, 50), row(10, 9, 9, 9)], &[(60, 7)], today);
    assert_eq!(daily.len(), 30);
    assert_eq!(daily[0].day, 71);
    assert_eq!((daily[28].pulls, daily[28].pushes, daily[28].traffic), (2, 1, 50));
    assert_eq!((daily[29].pulls, daily[29].stored), (0, 7));
}

#[test]
fn months_add_up_and_end_with_their_last_size() {
    let today = day_of("2024-03-15T00:00:00Z");
    let months = months_until(today);
    let days = [
        row(day_of("2024-02-01T00:00:00Z"), 1, 0, 10),
        row(day_of("2024-02-29T00:00:00Z"), 2, 0, 20),
        row(day_of("2024-03-01T00:00:00Z"), 4, 0, 40),
    ];
    let sizes = [(day_of("2024-02-10T00:00:00Z"), 5), (day_of("2024-03-02T00:00:00Z"), 8)];
    let monthly = monthly(&days, &sizes, &months, today);
    assert_eq!((monthly[10].pulls, monthly[10].traffic, monthly[10].stored), (3, 30, 5));
    assert_eq!((monthly[11].pulls, monthly[11].traffic, monthly[11].stored), (4, 40, 8));
    assert_eq!(monthly[9].stored, 0);
}

#[tokio::test]
async fn numbers_cover_what_the_caller_sees() {
    let app = TestService::new().await;
    app.add_image("other/db", false).await;
    let (place, at) = (app.image, app.owner.now());
    app.write(move |tx| {
        Box::pin(async move {
            let traffic = Traffic {
                place,
                pulls: 3,
                pull_bytes: 1_000,
                push_bytes: 0,
                at,
                tags: Vec::new(),
                manifests: Vec::new(),
            };
            add_traffic(tx, &[traffic]).await
        })
    })
    .await;
    let whole = app.service.overview().get(&app.owner).await.unwrap();
    assert!(whole.is_whole_account);
    assert_eq!((whole.organizations.used, whole.organizations.limit), (2, Some(5)));
    assert_eq!((whole.images, whole.traffic), (3, 1_000));
    assert_eq!((whole.daily.len(), whole.monthly.len()), (30, 12));
    assert_eq!((whole.daily[29].pulls, whole.monthly[11].pulls), (3, 3));
    assert_eq!(whole.pushable.len(), 2);
    let part = app.service.overview().get(&app.reader).await.unwrap();
    assert!(!part.is_whole_account);
    assert_eq!((part.organizations.used, part.organizations.limit), (1, None));
    assert_eq!((part.images, part.daily[29].traffic), (2, 1_000));
    assert!(part.pushable.is_empty());
    let none = app.service.overview().get(&app.member).await.unwrap();
    assert_eq!((none.organizations.used, none.images, none.traffic), (0, 0, 0));
    assert!(app.service.overview().get(&app.anonymous).await.is_err());
}

#[tokio::test]
async fn others_events_are_for_those_who_may_read_the_audit_log() {
    let app = TestService::new().await;
    let update = ImageUpdate::default();
    let image = "team/app".parse().unwrap();
    app.service.images().update(&app.editor, &image, update).await.unwrap();
    for (ctx, events) in [
        (&app.owner, 1),
        (&app.administrator, 1),
        (&app.operator, 0),
        (&app.viewer, 0),
        (&app.editor, 1),
        (&app.manager, 0),
    ] {
        let overview = app.service.overview().get(ctx).await.unwrap();
        assert_eq!(overview.activity.len(), events, "{:?}", ctx.actor);
    }
}

#[tokio::test]
async fn a_login_command_is_remembered() {
    let app = TestService::new().await;
    assert!(!app.service.overview().get(&app.editor).await.unwrap().has_logged_in);
    app.service.credentials().create_temporary(&app.editor).await.unwrap();
    assert!(app.service.overview().get(&app.editor).await.unwrap().has_logged_in);
    assert!(!app.service.overview().get(&app.reader).await.unwrap().has_logged_in);
}

#[tokio::test]
async fn what_ends_soon_is_told_to_whoever_can_do_something() {
    let test = TestService::new().await;
    let (overview, shares) = (test.service.overview(), test.service.shares());
    let told = async |ctx: &Context| overview.get(ctx).await.unwrap().attention;
    let after = |seconds| test.owner.now().plus_seconds(seconds);
    let image: ImageName = "team/app".parse().unwrap();
    let account: AccountName = "island".parse().unwrap();
    let week = 7 * 86_400;
    let until = Deadline::at(after(week + 1)).unwrap();
    let words = String::new;
    shares.create_one(&test.owner, image.clone(), account.clone(), until, words()).await.unwrap();
    assert_eq!(told(&test.owner).await, []);
    let ends_at = after(week);
    let until = Deadline::at(ends_at).unwrap();
    shares.update(&test.owner, &image, &account, until, words()).await.unwrap();
    let expected = [Attention::ShareEnds { image: image.clone(), account, ends_at }];
    for ctx in [&test.owner, &test.administrator, &test.manager] {
        assert_eq!(told(ctx).await, expected);
    }
    for ctx in [&test.editor, &test.reader, &test.viewer, &test.stranger] {
        assert_eq!(told(ctx).await, [], "who may not see shares is not told of them");
    }
    let public = ImageUpdate { is_public: Some(true), ..ImageUpdate::default() };
    test.service.images().update(&test.owner, &image, public).await.unwrap();
    assert_eq!(told(&test.owner).await, [], "shares of a public image do not matter");
}

#[tokio::test]
async fn old_keys_are_told_to_their_holder_and_to_who_looks_after_users() {
    let test = TestService::new().await;
    let credentials = test.service.credentials();
    let key = credentials
        .create_access_key(&test.reader, Holder::Me, NewAccessKey::default(), None)
        .await
        .unwrap();
    let overview = test.service.overview();
    test.clock.advance(OLD_KEY_AGE);
    assert_eq!(overview.get(&test.reader).await.unwrap().attention, []);
    test.clock.advance(1);
    let told = overview.get(&test.reader).await.unwrap().attention;
    assert!(
        matches!(&told[..], [Attention::OldKey { key: id, is_own: true, .. }] if *id == key.id)
    );
    let told = overview.get(&test.owner).await.unwrap().attention;
    assert!(
        matches!(&told[..], [Attention::OldKey { key: id, is_own: false, .. }] if *id == key.id)
    );
    assert_eq!(overview.get(&test.editor).await.unwrap().attention, []);
    let off = AccessKeyUpdate { description: None, is_enabled: Some(false) };
    credentials.update_access_key(&test.reader, Holder::Me, &key.id, off).await.unwrap();
    assert_eq!(overview.get(&test.owner).await.unwrap().attention, []);
}
