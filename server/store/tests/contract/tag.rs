//! Tags: they move by compare and set, and are listed by key and by page.

use roadstead::page::{Cursor, Order};
use roadstead_store::tag::{Expected, SetTag, TagSet};
use roadstead_store::{StoreError, manifest, tag};

use crate::content::{ALL, actor, image, push, tag_names};
use crate::home::{Home, Placed as _, at, both, digest, tx};

async fn tags_move_by_compare_and_set(home: &Home) {
    let web = home.web().await;
    let place = web.place();
    let (one, two) = (image(place, "one", &[]), image(place, "two", &[]));
    push(home, &one, "v1").await;
    let second = tx!(home.run, [two] | tx | manifest::insert(tx, &two).await).0;
    let set = |expected: Expected| SetTag {
        place,
        name: "v1".parse().unwrap(),
        manifest: second,
        digest: digest("two"),
        expected,
        actor: actor(),
        at: at(9),
    };
    let absent = set(Expected::Absent);
    let conflict = TagSet::Conflict { current: Some(digest("one")) };
    assert_eq!(tx!(home.run, [absent] | tx | tag::set(tx, &absent).await), conflict);
    let other = set(Expected::Digest(digest("two")));
    assert_eq!(tx!(home.run, [other] | tx | tag::set(tx, &other).await), conflict);
    let right = set(Expected::Digest(digest("one")));
    let done = tx!(home.run, [right] | tx | tag::set(tx, &right).await);
    assert!(
        matches!(&done, TagSet::Done { previous: Some(previous), .. } if *previous == digest("one")),
        "{done:?}"
    );
    let again = set(Expected::Anything);
    tx!(home.run, [again] | tx | tag::set(tx, &again).await);
    let (repository, name) = (web.place(), "v1".parse::<roadstead::TagName>().unwrap());
    let record = tx!(home.read, [name] | tx | tag::find(tx, &repository, &name).await).unwrap();
    assert_eq!(
        (record.digest, record.revision, record.pushed_at, record.created_at),
        (digest("two"), 2, at(9), at(1))
    );
    assert_eq!(home.repository_now(web.place()).await.tag_count, 1);
    let by = actor();
    let gone = tx!(
        home.run,
        [name, by]
            | tx
            | tag::delete(tx, &place, &name, Some(&digest("one")), &by, None, at(10)).await
    );
    assert_eq!(gone, None);
    let gone = tx!(
        home.run,
        [name, by] | tx | tag::delete(tx, &place, &name, None, &by, Some("rule 1"), at(10)).await
    );
    assert_eq!(gone, Some(digest("two")));
    assert_eq!(tx!(home.read, [name] | tx | tag::find(tx, &repository, &name).await), None);
    let history = tx!(home.read, [name] | tx | tag::history(tx, &repository, &name, 10).await);
    let moves: Vec<_> = history
        .iter()
        .map(|it| (it.action.as_str(), it.digest.clone(), it.previous_digest.clone()))
        .collect();
    assert_eq!(
        moves,
        [
            ("delete", None, Some(digest("two"))),
            ("push", Some(digest("two")), Some(digest("one"))),
            ("push", Some(digest("one")), None),
        ]
    );
    assert_eq!(history[0].rule.as_deref(), Some("rule 1"));
    // The name is free, and the manifest is still there.
    assert!(matches!(
        tx!(home.run, [absent] | tx | tag::set(tx, &absent).await),
        TagSet::Done { previous: None, .. }
    ));
    assert_eq!(home.repository_now(web.place()).await.tag_count, 1);
    assert_eq!(tx!(home.run, [] | tx | tag::purge(tx, at(11), 10).await), 1);
}

async fn concurrent_pushes_of_a_tag_leave_one(home: &Home) {
    let web = home.web().await;
    let place = web.place();
    let mut calls = Vec::new();
    for number in 0..8 {
        let store = home.store.clone();
        calls.push(tokio::spawn(async move {
            let new = image(place, &format!("m{number}"), &[]);
            store
                .run::<_, StoreError, _>("push", roadstead_store::Durability::Durable, move |tx| {
                    let new = new.clone();
                    Box::pin(async move {
                        let (id, _) = manifest::insert(tx, &new).await?;
                        let set = SetTag {
                            place,
                            name: "latest".parse().unwrap(),
                            manifest: id,
                            digest: new.digest.clone(),
                            expected: Expected::Anything,
                            actor: actor(),
                            at: at(1),
                        };
                        tag::set(tx, &set).await
                    })
                })
                .await
        }));
    }
    for call in calls {
        assert!(matches!(call.await.unwrap().unwrap(), TagSet::Done { .. }));
    }
    assert_eq!(tag_names(home, place).await, ["latest"]);
}

async fn tags_are_listed_by_key_and_by_page(home: &Home) {
    let web = home.web().await;
    let place = web.place();
    for (number, name) in ["v10", "V1", "v1", "v-1", "latest", "_x"].into_iter().enumerate() {
        let mut new = image(place, if number < 2 { "same" } else { name }, &[]);
        new.pushed_at = at(i64::try_from(number).unwrap());
        push(home, &new, name).await;
    }
    let hidden = format!("sha256-{}", "ab".repeat(32));
    push(home, &image(place, "signature", &[]), &hidden).await;
    assert_eq!(tag_names(home, place).await, ["V1", "_x", "latest", &hidden, "v-1", "v1", "v10"]);
    let cursor = Cursor { last: Some("latest".into()), limit: 2 };
    let part = tx!(home.read, [cursor] | tx | tag::list(tx, &place, &cursor).await);
    assert_eq!(part.iter().map(ToString::to_string).collect::<Vec<_>>(), [hidden.as_str(), "v-1"]);
    assert_eq!(home.repository_now(web.place()).await.tag_count, 6);
    let list = async |filter: tag::Filter, sort, order| {
        let page = tx!(
            home.read,
            [filter] | tx | tag::list_page(tx, &place, &filter, sort, order, ALL).await
        );
        assert_eq!(page.total, page.items.len() as u64);
        page.items.iter().map(|it| it.name.to_string()).collect::<Vec<_>>()
    };
    let any = tag::Filter::default();
    let newest = list(any.clone(), tag::Sort::Pushed, Order::Desc).await;
    assert_eq!(newest, ["_x", "latest", "v-1", "v1", "V1", "v10"]);
    assert_eq!(
        list(any.clone(), tag::Sort::Name, Order::Asc).await,
        ["V1", "_x", "latest", "v-1", "v1", "v10"]
    );
    let search = |text: &str| tag::Filter { search: Some(text.into()), ..tag::Filter::default() };
    assert_eq!(list(search("v1"), tag::Sort::Name, Order::Asc).await, ["V1", "v1", "v10"]);
    let by_digest = digest("same").to_string()[..20].to_owned();
    assert_eq!(list(search(&by_digest), tag::Sort::Name, Order::Desc).await, ["v10", "V1"]);
    let platform = |architecture: &str| tag::Filter {
        platform: Some(("linux".into(), architecture.into())),
        ..tag::Filter::default()
    };
    assert_eq!(list(platform("amd64"), tag::Sort::Pushed, Order::Asc).await.len(), 6);
    assert_eq!(list(platform("arm64"), tag::Sort::Pushed, Order::Asc).await.len(), 0);
    let name = "v10".parse::<roadstead::TagName>().unwrap();
    let entry = tx!(home.read, [name] | tx | tag::entry(tx, &place, &name).await).unwrap();
    let manifests = vec![entry.manifest_id];
    let siblings = tx!(home.read, [manifests] | tx | tag::siblings(tx, &place, &manifests).await);
    assert_eq!(siblings.iter().map(|it| it.1.to_string()).collect::<Vec<_>>(), ["V1", "v10"]);
    let newest = tx!(home.read, [] | tx | tag::newest(tx, &place).await);
    assert_eq!(newest, Some("_x".parse().unwrap()));
}

both! {
    tags_move_by_compare_and_set
    concurrent_pushes_of_a_tag_leave_one
    tags_are_listed_by_key_and_by_page
}
