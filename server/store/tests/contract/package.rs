//! Packages that are uploaded through the page.

use roadstead::access::{Allowed, UserKey};
use roadstead::id::PackageId;
use roadstead_store::package::{self, KeptPart, NewPackage, PackageState};
use roadstead_store::{StoreError, blob, maintenance};
use serde_json::json;

use crate::home::{Home, Keyed as _, Placed as _, Proof as _, at, both, digest, tx};

async fn begun(home: &Home, name: &str, size: u64) -> (PackageId, NewPackage, Allowed<UserKey>) {
    let account = home.account("packers").await;
    let user = home.user(&account, name).await;
    let organization = home.organization(&account, "packs").await;
    let new = NewPackage {
        organization: organization.allowed(),
        public_id: format!("id-of-{name}"),
        user: user.id,
        address: "192.0.2.1".into(),
        file_name: "nginx.tar".into(),
        fingerprint: "f".into(),
        size,
        repository: Some("nginx".parse().unwrap()),
        is_public: true,
        gaps: json!([{ "position": 5 }]),
        received: 0,
        created_at: at(0),
        expires_at: at(100),
    };
    let made = new.clone();
    (tx!(home.run, [made] | tx | package::create(tx, &made).await), new, user.key())
}

fn kept(
    package: PackageId,
    part: roadstead::id::PieceId,
    position: u64,
    received: u64,
) -> KeptPart {
    KeptPart {
        package,
        part,
        position,
        size: received - position,
        received,
        at: at(1),
        expires_at: at(101),
    }
}

async fn parts_follow_each_other(home: &Home) {
    let (id, new, wei) = begun(home, "wei", 30).await;
    let begin = async |position: u64, key: &'static str| {
        home.run(move |tx| Box::pin(package::begin_part(tx, id, position, key))).await
    };
    assert_eq!(begin(10, "aa/x").await, None, "not where the package is");
    let lost = begin(0, "aa/lost").await.unwrap();
    let first = begin(0, "aa/first").await.unwrap();
    let keep = async |kept: KeptPart| {
        home.run(move |tx| Box::pin(async move { package::keep_part(tx, &kept).await })).await
    };
    assert!(keep(kept(id, first, 0, 10)).await);
    assert!(!keep(kept(id, lost, 0, 12)).await, "of two chunks at one place one is kept");
    let remnants = tx!(home.read, [] | tx | package::parts(tx, id, false).await);
    assert_eq!(
        remnants.iter().map(|part| part.object_key.as_str()).collect::<Vec<_>>(),
        ["aa/lost"]
    );
    tx!(home.run, [] | tx | package::forget_part(tx, lost).await);
    let second = begin(10, "aa/second").await.unwrap();
    tx!(home.run, [] | tx | package::forget_part(tx, second).await);
    let kept_second = kept(id, second, 10, 30);
    let refused = home
        .try_run(move |tx| Box::pin(async move { package::keep_part(tx, &kept_second).await }))
        .await;
    assert!(matches!(refused, Err(StoreError::Busy)), "a part that was swept away is not counted");
    let found = tx!(home.read, [new] | tx | package::find(tx, &new.public_id, wei).await).unwrap();
    assert_eq!(
        (found.received, found.state, found.organization.as_str()),
        (10, PackageState::Receiving, "packs")
    );
    assert_eq!((found.gaps, found.is_public, found.expires_at), (new.gaps.clone(), true, at(101)));
    let parts = tx!(home.read, [] | tx | package::parts(tx, id, true).await);
    assert_eq!((parts.len(), parts[0].size, parts[0].is_kept), (1, 10, true));
    let keys = vec!["aa/first".to_owned(), "aa/unknown".to_owned()];
    assert_eq!(
        tx!(home.read, [keys] | tx | maintenance::known_keys(tx, &keys).await),
        ["aa/first"]
    );
}

async fn a_package_is_its_users_alone_and_ends(home: &Home) {
    let (id, new, wei) = begun(home, "wei", 30).await;
    let account = home.account("globex").await;
    let other = home.user(&account, "na").await.key();
    assert_eq!(tx!(home.read, [new] | tx | package::find(tx, &new.public_id, other).await), None);
    assert!(tx!(home.read, [] | tx | package::list(tx, other, 10).await).is_empty());
    assert_eq!(tx!(home.read, [] | tx | package::list(tx, wei, 10).await).len(), 1);
    assert_eq!(tx!(home.read, [] | tx | package::count_open(tx, wei).await), 1);
    let pass = async |from, to| {
        home.run(move |tx| Box::pin(package::pass(tx, id, from, to, at(2), at(200)))).await
    };
    assert!(pass(PackageState::Receiving, PackageState::Queued).await);
    assert!(!pass(PackageState::Receiving, PackageState::Queued).await);
    assert!(pass(PackageState::Queued, PackageState::Importing).await);
    let begun = tx!(home.run, [] | tx | package::begin_part(tx, id, 0, "aa/late").await);
    assert_eq!(begun, None, "whole is whole");
    let progress = json!({ "step": "reading" });
    tx!(home.run, [progress] | tx | package::note(tx, id, &progress, at(3), at(300)).await);
    let loaded = tx!(home.read, [] | tx | package::load(tx, id).await).unwrap();
    assert_eq!((loaded.progress, loaded.expires_at), (progress.clone(), at(300)));
    let outcome = json!({ "tags": [] });
    let end = async |state| {
        let outcome = outcome.clone();
        home.run(move |tx| {
            let outcome = outcome.clone();
            Box::pin(async move { package::end(tx, id, state, &outcome, at(4), at(400)).await })
        })
        .await
    };
    assert!(end(PackageState::Done).await);
    assert!(!end(PackageState::Failed).await, "what came of it stays");
    assert_eq!(tx!(home.read, [] | tx | package::count_open(tx, wei).await), 0);
    assert!(tx!(home.read, [] | tx | package::expired(tx, at(399), 10).await).is_empty());
    assert_eq!(tx!(home.read, [] | tx | package::expired(tx, at(400), 10).await).len(), 1);
    assert!(tx!(home.run, [] | tx | package::abandon(tx, id, at(5)).await));
    tx!(home.run, [] | tx | package::forget(tx, id).await);
    assert_eq!(tx!(home.read, [] | tx | package::load(tx, id).await), None);
}

async fn what_is_under_way_counts_against_the_quota(home: &Home) {
    let (_, new, _) = begun(home, "wei", 30).await;
    let organization = new.organization;
    let excess = async |more: u64, quota: u64| {
        home.read(move |tx| Box::pin(package::excess(tx, organization, more, quota)))
            .await
            .map(|it| (it.size, it.limit))
    };
    assert_eq!(excess(1_000, 0).await, None);
    assert_eq!(excess(70, 100).await, None);
    assert_eq!(excess(71, 100).await, Some((101, 100)));
}

async fn files_and_what_they_are_unpacked(home: &Home) {
    let (id, ..) = begun(home, "wei", 30).await;
    let file =
        tx!(home.run, [] | tx | package::begin_file(tx, id, 3, "l/layer.tar", "aa/file").await);
    let facts = json!({ "form": "pressed" });
    let files = tx!(home.read, [] | tx | package::files(tx, id).await);
    assert_eq!((files[0].id, files[0].number, files[0].facts.clone()), (file, 3, None));
    tx!(home.run, [facts] | tx | package::keep_file(tx, file, &facts).await);
    let files = tx!(home.read, [] | tx | package::files(tx, id).await);
    assert_eq!(files[0].facts, Some(facts.clone()));
    tx!(home.run, [] | tx | package::forget_file(tx, file).await);
    assert!(tx!(home.read, [] | tx | package::files(tx, id).await).is_empty());

    let place = home.web().await.place();
    let linked = home.blob(place, "layer", 7).await;
    let unpacked = digest("unpacked");
    for _ in 0..2 {
        tx!(
            home.run,
            [linked, unpacked]
                | tx
                | package::note_unpacked(tx, linked.id, &unpacked, 20, "gzip").await
        );
    }
    let blob_digest = linked.digest.clone();
    for wanted in [&unpacked, &blob_digest] {
        let found = tx!(home.read, [wanted] | tx | package::find_unpacked(tx, &wanted, 4).await);
        assert_eq!((&found[0].digest, found[0].unpacked_size, found.len()), (&blob_digest, 20, 1));
    }
    // Collected with its blob.
    tx!(home.run, [linked] | tx | blob::unlink(tx, &place, &linked, at(1)).await);
    tx!(home.run, [] | tx | blob::condemn(tx, at(1_000_000), 10, at(2)).await);
    assert!(
        tx!(home.read, [unpacked] | tx | package::find_unpacked(tx, &unpacked, 4).await).is_empty()
    );
}

both! {
    parts_follow_each_other
    a_package_is_its_users_alone_and_ends
    what_is_under_way_counts_against_the_quota
    files_and_what_they_are_unpacked
}
