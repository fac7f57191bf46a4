#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use roadstead::access::{
    AccountTarget, Action, Actor, Circumstances, Grants, JobName, Permission, Reason, UserTarget,
    decide,
};
use roadstead::id::PublicId;
use roadstead::manage::image::{ImageQuery, ImageSort, ImageUpdate};
use roadstead::manage::share::{
    Deadline, NewShares, ShareRefusal, SharedImageQuery, SharedImageSort,
};
use roadstead::page::{Order, Window};
use roadstead::{AccountName, ErrorKind, ImageName, Subject, Timestamp};
use roadstead_store::account::{AccountKind, NewAccount};
use roadstead_store::{account, attachment, grant, policy, resolve, share};

use crate::context::Context;
use crate::testing::TestService;

const ALL: Window = Window { offset: 0, limit: 100 };

fn image(text: &str) -> ImageName {
    text.parse().unwrap()
}

fn name(text: &str) -> AccountName {
    text.parse().unwrap()
}

fn later(ctx: &Context, seconds: i64) -> Deadline {
    Deadline::at(ctx.now().plus_seconds(seconds)).unwrap()
}

fn wanted(images: &[&str], accounts: &[&str]) -> NewShares {
    NewShares {
        images: images.iter().map(|text| image(text)).collect(),
        accounts: accounts.iter().map(|text| name(text)).collect(),
        until: Deadline::FOREVER,
        description: String::new(),
    }
}

async fn create(test: &TestService, ctx: &Context, new: NewShares) -> Vec<(String, ShareRefusal)> {
    let refused = test.service.shares().create(ctx, new).await.unwrap();
    refused.into_iter().map(|it| (format!("{} {}", it.image, it.account), it.why)).collect()
}

async fn one(test: &TestService, ctx: &Context, what: &str, account: &str) -> Option<ErrorKind> {
    let (what, account) = (image(what), name(account));
    let made = test
        .service
        .shares()
        .create_one(ctx, what, account, Deadline::FOREVER, String::new())
        .await;
    made.err().map(|error| error.kind())
}

async fn may_pull(test: &TestService, ctx: &Context, what: &str) -> bool {
    test.service.access().may(ctx, Action::PullImage, &image(what)).await.unwrap()
}

/// More accounts; answers their names.
async fn accounts(test: &TestService, count: u16) -> Vec<String> {
    let names: Vec<String> = (0..count).map(|n| format!("other{n}")).collect();
    let made = names.clone();
    test.write(move |tx| {
        let made = made.clone();
        Box::pin(async move {
            for (n, name) in made.iter().enumerate() {
                let mut bytes = [9; 16];
                bytes[..8].copy_from_slice(&n.to_be_bytes());
                let new = NewAccount {
                    public_id: PublicId::from_random(bytes),
                    name: name.parse().unwrap(),
                    kind: AccountKind::Tenant,
                    created_at: Timestamp(0),
                };
                account::create(tx, TestService::whole(), &new).await?;
            }
            Ok(())
        })
    })
    .await;
    names
}

/// The number beside Images From Others.
async fn counted(test: &TestService, ctx: &Context) -> u64 {
    test.service.overview().nav_counts(ctx).await.unwrap().shared
}

fn received() -> SharedImageQuery {
    SharedImageQuery {
        search: None,
        owner: None,
        organization: None,
        is_valid: None,
        sort: SharedImageSort::Name,
        order: Order::Asc,
        window: ALL,
    }
}

#[tokio::test]
async fn an_image_is_shared_changed_and_ended() {
    let test = TestService::new().await;
    let (shares, app) = (test.service.shares(), image("team/app"));
    assert!(!may_pull(&test, &test.stranger, "team/app").await);
    let until = later(&test.manager, 60);
    let words = "for the harbour".to_owned();
    shares
        .create_one(&test.manager, app.clone(), name("Island"), until, words.clone())
        .await
        .unwrap();
    assert!(may_pull(&test, &test.stranger, "team/app").await);
    assert_eq!(counted(&test, &test.stranger).await, 1);
    assert_eq!(counted(&test, &test.manager).await, 0);
    let listed = shares.list(&test.manager, &app, ALL).await.unwrap();
    let row = &listed.items[0];
    assert_eq!((listed.total, row.account.as_str(), row.until), (1, "island", until));
    assert_eq!((row.description.as_str(), row.created_by.as_str()), (words.as_str(), "mia"));
    assert!(row.is_valid && row.created_by_id.parse::<PublicId>().is_ok());
    // It is readable and nothing else, and nobody of the other account sees with whom else it is shared.
    let seen = test.service.images().get(&test.stranger, &app).await.unwrap();
    assert_eq!((seen.rights.permission, seen.rights.reason), (Permission::Read, Reason::Share));
    assert_eq!(seen.shares, 0);
    assert_eq!(test.service.images().get(&test.manager, &app).await.unwrap().shares, 1);
    assert_eq!(test.service.images().deletion(&test.manager, &app).await.unwrap().shares, 1);
    for (ctx, kind) in [(&test.stranger, ErrorKind::Denied), (&test.member, ErrorKind::Hidden)] {
        assert_eq!(shares.list(ctx, &app, ALL).await.unwrap_err().kind(), kind);
        assert_eq!(one(&test, ctx, "team/app", "harbor").await, Some(kind));
    }
    test.clock.advance(59);
    shares
        .update(&test.manager, &app, &name("ISLAND"), later(&test.manager, 60), "more".to_owned())
        .await
        .unwrap();
    test.clock.advance(59);
    assert!(may_pull(&test, &test.stranger, "team/app").await);
    test.clock.advance(1);
    assert!(!may_pull(&test, &test.stranger, "team/app").await);
    assert_eq!(counted(&test, &test.stranger).await, 0);
    let row = shares.get(&test.manager, &app, &name("island")).await.unwrap();
    assert_eq!((row.is_valid, row.description.as_str()), (false, "more"));
    assert!(row.updated_at > row.created_at);
    let forever = Deadline::FOREVER;
    shares.update(&test.manager, &app, &name("island"), forever, String::new()).await.unwrap();
    assert!(may_pull(&test, &test.stranger, "team/app").await);
    shares.remove(&test.manager, &app, &name("island")).await.unwrap();
    assert!(!may_pull(&test, &test.stranger, "team/app").await);
    let names: Vec<String> = test.events().await.into_iter().map(|event| event.name).collect();
    assert_eq!(
        names[..4],
        [
            "deleteImageRepositoryAccessDomain",
            "updateImageRepositoryAccessDomain",
            "updateImageRepositoryAccessDomain",
            "createImageRepositoryAccessDomain",
        ]
    );
    let made = &test.events().await[3];
    assert_eq!(made.resource_type, "imagerepositoryaccessdomain");
    assert_eq!(
        made.detail,
        serde_json::json!({ "account": "island", "deadline": until.to_string(), "permit": "read" })
    );
    assert_eq!(made.repository_id, Some(test.image.repository()));
}

/// That an account exists is told by sharing alone, and there not for long.
#[tokio::test]
async fn changing_what_is_not_shared_tells_nothing_of_accounts() {
    let test = TestService::new().await;
    let (shares, app) = (test.service.shares(), image("team/app"));
    let mut answers = Vec::new();
    for account in ["island", "nowhere"] {
        let (account, until) = (name(account), Deadline::FOREVER);
        for error in [
            shares.get(&test.owner, &app, &account).await.map(drop).unwrap_err(),
            shares.remove(&test.owner, &app, &account).await.unwrap_err(),
            shares.update(&test.owner, &app, &account, until, String::new()).await.unwrap_err(),
        ] {
            answers.push((error.kind(), error.subject(), error.message().to_owned()));
        }
    }
    answers.dedup();
    assert_eq!(answers.len(), 1);
    assert_eq!((answers[0].0, answers[0].1), (ErrorKind::NotFound, Subject::Share));
}

#[tokio::test]
async fn all_pairs_are_shared_or_none_and_each_refusal_is_named() {
    use ShareRefusal::{AlreadyShared, Denied, NoAccount, NoImage, OwnAccount, Public};
    let test = TestService::new().await;
    test.add_image("team/two", false).await;
    accounts(&test, 2).await;
    let named = |pairs: &[(&str, ShareRefusal)]| {
        pairs.iter().map(|(pair, why)| ((*pair).to_owned(), *why)).collect::<Vec<_>>()
    };
    let good = wanted(&["team/app", "team/two", "team/app"], &["island", "other0", "Island"]);
    assert_eq!(create(&test, &test.manager, good).await, []);
    for account in ["island", "other0"] {
        for what in ["team/app", "team/two"] {
            let found = test.service.shares().get(&test.owner, &image(what), &name(account)).await;
            assert!(found.unwrap().is_valid, "{what} {account}");
        }
    }
    let mixed = wanted(
        &["team/app", "team/open", "team/none", "nowhere/app"],
        &["island", "other1", "nobody", "harbor"],
    );
    let refused = create(&test, &test.manager, mixed).await;
    let expected = named(&[
        ("team/open island", Public),
        ("team/open other1", Public),
        ("team/open nobody", Public),
        ("team/open harbor", Public),
        ("team/none island", NoImage),
        ("team/none other1", NoImage),
        ("team/none nobody", NoImage),
        ("team/none harbor", NoImage),
        ("nowhere/app island", NoImage),
        ("nowhere/app other1", NoImage),
        ("nowhere/app nobody", NoImage),
        ("nowhere/app harbor", NoImage),
        ("team/app nobody", NoAccount),
        ("team/app harbor", OwnAccount),
    ]);
    assert_eq!(refused, expected);
    let again = wanted(&["team/app", "team/two"], &["other1", "island"]);
    assert_eq!(
        create(&test, &test.manager, again).await,
        named(&[("team/app island", AlreadyShared), ("team/two island", AlreadyShared)])
    );
    let found = test.service.shares().get(&test.owner, &image("team/app"), &name("other1")).await;
    assert_eq!(found.unwrap_err().kind(), ErrorKind::NotFound, "nothing was shared");
    let refused = create(&test, &test.editor, wanted(&["team/app"], &["other1"])).await;
    assert_eq!(refused, named(&[("team/app other1", Denied)]));
    // To who does not see it, what is private and what is not there are the same.
    let hidden = create(&test, &test.member, wanted(&["team/app", "team/none"], &["other1"])).await;
    assert_eq!(hidden, named(&[("team/app other1", NoImage), ("team/none other1", NoImage)]));
    for (what, account, kind) in [
        ("team/app", "island", ErrorKind::AlreadyExists),
        ("team/app", "Harbor", ErrorKind::Invalid),
        ("team/app", "nobody", ErrorKind::NotFound),
        ("team/open", "other1", ErrorKind::Conflict),
        ("team/none", "other1", ErrorKind::Hidden),
    ] {
        assert_eq!(one(&test, &test.manager, what, account).await, Some(kind), "{what} {account}");
    }
}

#[tokio::test]
async fn ends_and_words_have_limits() {
    let test = TestService::new().await;
    let (shares, app) = (test.service.shares(), image("team/app"));
    let now = Deadline::at(test.owner.now()).unwrap();
    let long = "字".repeat(1_001);
    for (until, words, kind) in [
        (now, String::new(), ErrorKind::Invalid),
        (Deadline::FOREVER, long.clone(), ErrorKind::TooLarge),
    ] {
        let made = shares.create_one(&test.owner, app.clone(), name("island"), until, words).await;
        let made = made.unwrap_err();
        assert_eq!((made.kind(), made.subject()), (kind, Subject::Share));
    }
    let (until, words) = (later(&test.owner, 1), "字".repeat(1_000));
    shares.create_one(&test.owner, app.clone(), name("island"), until, words).await.unwrap();
    for (until, words, kind) in
        [(now, String::new(), ErrorKind::Invalid), (Deadline::FOREVER, long, ErrorKind::TooLarge)]
    {
        let changed = shares.update(&test.owner, &app, &name("island"), until, words).await;
        assert_eq!(changed.unwrap_err().kind(), kind);
    }
    let many: Vec<String> = (0..11).map(|n| format!("many{n}")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    let images = vec!["team/app"; 51];
    for (new, kind) in [
        (wanted(&["team/app"], &many), ErrorKind::TooLarge),
        (wanted(&images, &["island"]), ErrorKind::TooLarge),
        (wanted(&["team/app"], &[]), ErrorKind::Invalid),
        (wanted(&[], &["island"]), ErrorKind::Invalid),
    ] {
        assert_eq!(shares.create(&test.owner, new).await.unwrap_err().kind(), kind);
    }
}

#[tokio::test]
async fn an_image_is_shared_with_five_hundred_accounts() {
    let test = TestService::new().await;
    let names = accounts(&test, 501).await;
    let place = test.image;
    let made = names.clone();
    test.write(move |tx| {
        let made = made.clone();
        Box::pin(async move {
            for name in &made[..499] {
                let found = resolve::account(tx, &name.parse().unwrap()).await?.unwrap();
                share::set(tx, &place, found.id, Some(Timestamp(1)), "", None, Timestamp(0))
                    .await?;
            }
            Ok(())
        })
    })
    .await;
    let two = wanted(&["team/app"], &["other499", "other500"]);
    let refused = create(&test, &test.owner, two).await;
    let expected = ("team/app other500".to_owned(), ShareRefusal::LimitReached);
    assert_eq!(refused, [expected]);
    assert_eq!(one(&test, &test.owner, "team/app", "other499").await, None);
    assert_eq!(
        one(&test, &test.owner, "team/app", "other500").await,
        Some(ErrorKind::QuotaExceeded)
    );
    let shares = test.service.shares();
    let check = shares.check(&test.owner, &image("team/app"), &name("other500")).await.unwrap();
    assert_eq!(check, Some(ShareRefusal::LimitReached));
    let page = Window { offset: 499, limit: 100 };
    let page = shares.list(&test.owner, &image("team/app"), page).await.unwrap();
    assert_eq!((page.total, page.items.len()), (500, 1));
}

#[tokio::test]
async fn account_names_cannot_be_found_out_by_trying() {
    let test = TestService::new().await;
    let (shares, app) = (test.service.shares(), image("team/app"));
    let check = async |ctx: &Context, account: &str| {
        shares.check(ctx, &app, &name(account)).await.map_err(|error| error.kind())
    };
    assert_eq!(check(&test.owner, "island").await, Ok(None));
    assert_eq!(check(&test.owner, "harbor").await, Ok(Some(ShareRefusal::OwnAccount)));
    // Who may not share is told nothing, and counts for nothing.
    for _ in 0..9 {
        assert_eq!(check(&test.editor, "nobody").await, Err(ErrorKind::Denied));
        assert_eq!(check(&test.stranger, "nobody").await, Err(ErrorKind::Hidden));
    }
    for n in 0..4 {
        let unknown = Ok(Some(ShareRefusal::NoAccount));
        assert_eq!(check(&test.owner, &format!("nobody{n}")).await, unknown);
        test.clock.advance(60);
    }
    // All of an account count together: users are made as quickly as names are tried.
    assert_eq!(one(&test, &test.manager, "team/app", "nobody4").await, Some(ErrorKind::NotFound));
    test.clock.advance(10);
    for account in ["island", "nobody5", "harbor"] {
        for ctx in [&test.owner, &test.manager] {
            assert_eq!(check(ctx, account).await, Err(ErrorKind::RateLimited));
            assert_eq!(
                one(&test, ctx, "team/app", account).await,
                Some(ErrorKind::RateLimited),
                "{account}"
            );
            let all = shares.create(ctx, wanted(&["team/app"], &[account])).await.unwrap_err();
            assert_eq!((all.subject(), all.retry_after_seconds()), (Subject::Share, Some(590)));
        }
    }
    test.clock.advance(589);
    assert_eq!(check(&test.owner, "island").await, Err(ErrorKind::RateLimited));
    test.clock.advance(1);
    assert_eq!(check(&test.owner, "island").await, Ok(None));
    // In ten minutes, not in a batch.
    for n in 0..4 {
        assert_eq!(
            one(&test, &test.owner, "team/app", &format!("none{n}")).await,
            Some(ErrorKind::NotFound)
        );
    }
    test.clock.advance(600);
    assert_eq!(one(&test, &test.owner, "team/app", "none5").await, Some(ErrorKind::NotFound));
    assert_eq!(one(&test, &test.owner, "team/app", "island").await, None);
    let names = ["no0", "no1", "no2", "no3", "island"].map(|it| format!("{it}-x"));
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let all = shares.create(&test.owner, wanted(&["team/app"], &names)).await.unwrap_err();
    assert_eq!(all.kind(), ErrorKind::RateLimited, "a list of names is so many tries");
}

#[tokio::test]
async fn a_public_image_keeps_its_shares_without_effect() {
    let test = TestService::new().await;
    let (shares, app) = (test.service.shares(), image("team/app"));
    assert_eq!(one(&test, &test.owner, "team/app", "island").await, None);
    let set = |is_public| ImageUpdate { is_public: Some(is_public), ..ImageUpdate::default() };
    test.service.images().update(&test.editor, &app, set(true)).await.unwrap();
    let seen = test.service.images().get(&test.stranger, &app).await.unwrap();
    assert_eq!(seen.rights.reason, Reason::Public);
    assert_eq!(shares.list(&test.owner, &app, ALL).await.unwrap().total, 1);
    assert_eq!(shares.received(&test.stranger, received()).await.unwrap().total, 0);
    accounts(&test, 1).await;
    assert_eq!(one(&test, &test.owner, "team/app", "other0").await, Some(ErrorKind::Conflict));
    let check = shares.check(&test.owner, &app, &name("other0")).await.unwrap();
    assert_eq!(check, Some(ShareRefusal::Public));
    test.service.images().update(&test.editor, &app, set(false)).await.unwrap();
    let seen = test.service.images().get(&test.stranger, &app).await.unwrap();
    assert_eq!(seen.rights.reason, Reason::Share);
    assert_eq!(shares.received(&test.stranger, received()).await.unwrap().total, 1);
}

#[tokio::test]
async fn what_others_share_is_listed_until_it_ends() {
    let test = TestService::new().await;
    test.add_image("team/two", false).await;
    test.add_image("crew/three", false).await;
    let shares = test.service.shares();
    for (what, until) in [
        ("team/app", Deadline::FOREVER),
        ("team/two", later(&test.owner, 60)),
        ("crew/three", later(&test.owner, 600)),
    ] {
        let note = format!("about {what}");
        shares.create_one(&test.owner, image(what), name("island"), until, note).await.unwrap();
    }
    let list = |query| async {
        let page = shares.received(&test.stranger, query).await.unwrap();
        let rows = page.items.into_iter();
        rows.map(|row| (row.image.name.to_string(), row.is_valid)).collect::<Vec<_>>()
    };
    let named = |rows: &[(&str, bool)]| {
        rows.iter().map(|(name, valid)| ((*name).to_owned(), *valid)).collect::<Vec<_>>()
    };
    let everything = [("team/app", true), ("crew/three", true), ("team/two", true)];
    assert_eq!(list(received()).await, named(&everything));
    test.clock.advance(60);
    let now = [("team/app", true), ("crew/three", true), ("team/two", false)];
    assert_eq!(list(received()).await, named(&now));
    for (query, rows) in [
        (SharedImageQuery { is_valid: Some(true), ..received() }, &now[..2]),
        (SharedImageQuery { is_valid: Some(false), ..received() }, &now[2..]),
        (SharedImageQuery { search: Some(" TW ".to_owned()), ..received() }, &now[2..]),
        (
            SharedImageQuery { organization: Some("crew".parse().unwrap()), ..received() },
            &now[1..2],
        ),
        (SharedImageQuery { owner: Some(name("Harbor")), ..received() }, &now[..]),
        (SharedImageQuery { owner: Some(name("island")), ..received() }, &[]),
    ] {
        assert_eq!(list(query).await, named(rows));
    }
    let page = shares.received(&test.stranger, received()).await.unwrap();
    let row = &page.items[0];
    assert_eq!((row.owner.as_str(), row.note.as_str()), ("harbor", "about team/app"));
    assert_eq!((row.image.created_by.as_str(), row.image.shares), ("", 0));
    // Nobody else gets it, and those who share do not either.
    for ctx in [&test.owner, &test.member] {
        assert_eq!(shares.received(ctx, received()).await.unwrap().total, 0);
    }
    let refused = shares.received(&test.anonymous, received()).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Unauthenticated);
}

#[tokio::test]
async fn what_a_policy_denies_is_not_listed() {
    let test = TestService::new().await;
    test.add_image("team/two", false).await;
    let app = wanted(&["team/app", "team/two"], &["island"]);
    assert_eq!(create(&test, &test.owner, app).await, []);
    let new = crate::account::NewUser {
        name: "ivy".parse().unwrap(),
        access: roadstead::access::Access { console: true, programmatic: true },
        group: None,
        password: None,
    };
    let made = test.service.accounts().create_user(&test.system, &name("island"), new).await;
    let made = made.unwrap();
    let ivy = test.service.sessions().actor_of(made.user).await.unwrap().unwrap();
    let ivy = test.as_user(ivy);
    let shares = test.service.shares();
    assert_eq!(shares.received(&ivy, received()).await.unwrap().total, 2);
    test.write(move |tx| {
        Box::pin(async move {
            let document = serde_json::json!({"Version": "1.1", "Statement": [{
                "Effect": "Deny", "Action": ["swr:repo:*"], "Resource": ["swr:*:*:repo:team/t*"]}]});
            let at = Timestamp(0);
            let target = UserTarget {
                id: made.user,
                account: made.account,
                name: "ivy".parse().unwrap(),
                is_owner: false,
            };
            let home = AccountTarget { id: made.account, name: "island".parse().unwrap() };
            let system = Actor::System(JobName("test"));
            let (grants, now) = (Grants::default(), Circumstances::at(at));
            let user = decide(&system, Action::AttachToUser, target, &grants, &now).unwrap();
            let home = decide(&system, Action::CreatePolicy, home, &grants, &now).unwrap();
            let new = policy::NewPolicy {
                account: home.key(),
                public_id: PublicId::from_random([3; 16]),
                name: "no".parse().unwrap(),
                description: String::new(),
                document: document.to_string(),
                created_by: None,
                created_at: at,
            };
            let right = attachment::Right::Policy(policy::create(tx, &new).await?.id);
            let holder = attachment::Holder::User(user.key());
            attachment::attach(tx, holder, right, None, None, at).await?;
            Ok(())
        })
    })
    .await;
    let page = shares.received(&ivy, received()).await.unwrap();
    assert_eq!((page.total, page.items[0].image.name.to_string()), (1, "team/app".to_owned()));
    assert!(!may_pull(&test, &ivy, "team/two").await);
}

#[tokio::test]
async fn my_shared_images_are_those_whose_shares_i_see() {
    let test = TestService::new().await;
    test.add_image("team/two", false).await;
    test.add_image("crew/three", false).await;
    let (user, two) = (test.member.user().unwrap().user, image("team/two"));
    let new = wanted(&["team/two", "crew/three"], &["island"]);
    assert_eq!(create(&test, &test.owner, new).await, []);
    let query = ImageQuery {
        search: None,
        organizations: Vec::new(),
        category: None,
        is_public: None,
        is_shared: true,
        sort: ImageSort::Namespace,
        order: Order::Asc,
        window: ALL,
    };
    let place = test
        .service
        .access()
        .authorize(&test.owner, Action::UpdateImage, &two)
        .await
        .map(|allowed| roadstead_store::Place::of(&allowed))
        .unwrap();
    test.write(move |tx| {
        Box::pin(async move {
            grant::set_on_repository(tx, &place, user, Permission::Manage, None, Timestamp(0)).await
        })
    })
    .await;
    for (ctx, names) in [
        (&test.owner, vec![("crew/three", 1), ("team/two", 1)]),
        (&test.viewer, vec![("crew/three", 1), ("team/two", 1)]),
        (&test.manager, vec![("team/two", 1)]),
        (&test.member, vec![("team/two", 1)]),
        (&test.editor, vec![]),
        (&test.stranger, vec![]),
    ] {
        let page = test.service.images().list(ctx, query.clone()).await.unwrap();
        let found: Vec<_> = page.items.iter().map(|it| (it.name.to_string(), it.shares)).collect();
        let names: Vec<_> = names.iter().map(|(name, n)| ((*name).to_owned(), *n)).collect();
        assert_eq!((page.total, found), (names.len() as u64, names));
    }
    // A reader sees the image, and not that it is shared.
    let seen = test.service.images().get(&test.reader, &two).await.unwrap();
    assert_eq!(seen.shares, 0);
}

#[tokio::test]
async fn shares_end_with_the_image() {
    let test = TestService::new().await;
    assert_eq!(one(&test, &test.owner, "team/app", "island").await, None);
    test.service.images().delete(&test.owner, &image("team/app")).await.unwrap();
    assert!(!may_pull(&test, &test.stranger, "team/app").await);
    assert_eq!(test.service.shares().received(&test.stranger, received()).await.unwrap().total, 0);
    test.add_image("team/app", false).await;
    assert!(!may_pull(&test, &test.stranger, "team/app").await);
    let listed = test.service.shares().list(&test.owner, &image("team/app"), ALL).await.unwrap();
    assert_eq!(listed.total, 0);
}

#[tokio::test]
async fn a_policy_says_with_which_accounts_one_may_share() {
    let test = TestService::new().await;
    accounts(&test, 1).await;
    let id = {
        let island = test.stranger.user().unwrap().account;
        let found = test
            .store
            .peek("test", move |tx| Box::pin(resolve::account_public_id(tx, island)))
            .await;
        found.unwrap().unwrap()
    };
    let document = format!(
        r#"{{"Version": "1.1", "Statement": [{{"Effect": "Deny", "Action": ["swr:repo:*RepoDomain"],
        "Condition": {{"StringNotEquals": {{"swr:TargetAccountId": ["{id}"]}}}}}}]}}"#
    );
    let policies = test.service.policies();
    policies.create(&test.owner, "partners".parse().unwrap(), "", document).await.unwrap();
    let attached =
        roadstead::manage::user::Attachment { policy: "partners".to_owned(), region: None };
    let mia = "mia".parse().unwrap();
    test.service.users().set_attached(&test.owner, &mia, attached, true).await.unwrap();

    assert_eq!(one(&test, &test.manager, "team/app", "island").await, None);
    assert_eq!(one(&test, &test.manager, "team/app", "other0").await, Some(ErrorKind::Denied));
    let both = create(&test, &test.manager, wanted(&["team/app"], &["island", "other0"])).await;
    assert_eq!(both, [("team/app other0".to_owned(), ShareRefusal::Denied)]);
    let shares = test.service.shares();
    let check = async |account: &str| {
        shares.check(&test.manager, &image("team/app"), &name(account)).await.unwrap()
    };
    assert_eq!(check("other0").await, Some(ShareRefusal::Denied));
    // What the owner shared is the owner's to change.
    assert_eq!(one(&test, &test.owner, "team/app", "other0").await, None);
    let end = async |account: &str| {
        let ended = shares.remove(&test.manager, &image("team/app"), &name(account)).await;
        ended.map_err(|error| error.kind())
    };
    assert_eq!(end("other0").await, Err(ErrorKind::Denied));
    assert_eq!(end("island").await, Ok(()));
}

#[tokio::test]
async fn who_is_shared_with_is_told_by_whom_and_until_when() {
    let test = TestService::new().await;
    let shares = test.service.shares();
    let (app, open) = (image("team/app"), image("team/open"));
    let until = later(&test.owner, 3_600);
    shares
        .create_one(&test.owner, app.clone(), name("island"), until, "beta".to_owned())
        .await
        .unwrap();
    let told = shares.received_one(&test.stranger, &app).await.unwrap().unwrap();
    assert_eq!((told.owner, told.until, told.note.as_str()), (name("harbor"), until, "beta"));
    assert_eq!(shares.received_one(&test.stranger, &open).await.unwrap(), None);
    assert_eq!(shares.received_one(&test.owner, &app).await.unwrap(), None);
    test.clock.advance(3_600);
    let ended = shares.received_one(&test.stranger, &app).await.unwrap_err();
    assert_eq!(ended.kind(), ErrorKind::Hidden);
}
