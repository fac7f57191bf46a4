//! Blobs and uploads: where a digest is visible, who writes, and what may go.

use roadstead::Algorithm;
use roadstead_store::upload::{Progress, UploadRecord};
use roadstead_store::{StoreError, blob, manifest, object, upload};

use crate::content::image;
use crate::home::{Home, Placed as _, at, both, digest, everything, granted, new_blob, tx};

async fn a_blob_is_visible_only_where_it_is_linked(home: &Home) {
    let web = home.web().await;
    let organization = home.organization_now(web.organization_id).await;
    let api = home.repository(&organization, "api").await;
    let layer = home.blob(web.place(), "layer", 30).await;
    let (here, there, name) = (web.place(), api.place(), digest("layer"));
    let found = tx!(home.read, [name] | tx | blob::find_linked(tx, &here, &name).await).unwrap();
    assert_eq!((found.id, found.size, found.backend.as_str()), (layer.id, 30, "local"));
    assert_eq!(tx!(home.read, [name] | tx | blob::find_linked(tx, &there, &name).await), None);
    let several = vec![digest("layer"), digest("absent"), digest("layer")];
    assert_eq!(
        tx!(home.read, [several] | tx | blob::find_linked_many(tx, &here, &several).await),
        vec![layer.clone()]
    );
    let account = web.account_id;
    let alice = home.account_now(account).await;
    let bob = home.user(&alice, "bob").await;
    let (all, none) = (everything(&alice), granted(&alice, &bob));
    assert_eq!(
        tx!(home.read, [name, all] | tx | blob::find_sources(tx, &all, &name, 5).await),
        vec![web.path.clone()]
    );
    assert_eq!(
        tx!(home.read, [name, none] | tx | blob::find_sources(tx, &none, &name, 5).await),
        Vec::new()
    );
    let place = api.place();
    assert!(tx!(home.run, [layer] | tx | blob::link(tx, &place, &layer, at(2)).await));
    assert!(!tx!(home.run, [layer] | tx | blob::link(tx, &place, &layer, at(2)).await));
    let now = home.account_now(account).await;
    assert_eq!((now.size, now.plain_size), (30, 60));
    assert_eq!(home.organization_now(web.organization_id).await.size, 60);
}

async fn the_second_upload_of_a_digest_dooms_its_own_object(home: &Home) {
    let web = home.web().await;
    let first = home.blob(web.place(), "layer", 30).await;
    let second = home.blob(web.place(), "layer", 30).await;
    assert_eq!(first.id, second.id);
    let doomed = tx!(home.read, [] | tx | object::doomed(tx, at(10), 10).await);
    assert_eq!(doomed.len(), 1);
    assert_eq!(home.repository_now(web.place()).await.size, 30);
    let ids = vec![doomed[0].id];
    assert_eq!(tx!(home.run, [ids] | tx | object::remove(tx, &ids).await), 1);
    tx!(home.run, [] | tx | object::insert_doomed(tx, "objects/in-vain", "local", at(3)).await);
    assert!(tx!(home.read, [] | tx | object::is_known(tx, "objects/in-vain").await));
    let live = tx!(home.read, [] | tx | object::least_verified(tx, 10).await);
    let id = live[0].id;
    tx!(home.run, [] | tx | object::note_verified(tx, id, Some("digest mismatch"), at(4)).await);
    let live = tx!(home.read, [] | tx | object::least_verified(tx, 10).await);
    assert_eq!(live[0].fault.as_deref(), Some("digest mismatch"));
}

async fn concurrent_uploads_of_one_digest_all_succeed(home: &Home) {
    let web = home.web().await;
    let mut calls = Vec::new();
    for _ in 0..8 {
        let (store, place, new) = (home.store.clone(), web.place(), new_blob("layer", 30));
        calls.push(tokio::spawn(async move {
            store
                .run::<_, StoreError, _>("push", roadstead_store::Durability::Durable, move |tx| {
                    let new = new.clone();
                    Box::pin(async move {
                        let blob = blob::insert(tx, &new).await?;
                        blob::link(tx, &place, &blob, at(1)).await
                    })
                })
                .await
        }));
    }
    let mut linked = 0;
    for call in calls {
        linked += u32::from(call.await.unwrap().unwrap());
    }
    assert_eq!(linked, 1);
    assert_eq!(tx!(home.read, [] | tx | object::doomed(tx, at(10), 100).await).len(), 7);
    let now = home.account_now(web.account_id).await;
    assert_eq!((now.size, now.plain_size), (30, 30));
}

async fn unlinked_blobs_are_condemned_after_the_grace_time(home: &Home) {
    let web = home.web().await;
    let (layer, other) =
        (home.blob(web.place(), "layer", 30).await, home.blob(web.place(), "other", 5).await);
    let place = web.place();
    assert!(tx!(home.run, [layer] | tx | blob::unlink(tx, &place, &layer, at(10)).await));
    assert!(!tx!(home.run, [layer] | tx | blob::unlink(tx, &place, &layer, at(10)).await));
    let now = home.account_now(web.account_id).await;
    assert_eq!((now.size, now.plain_size, home.repository_now(web.place()).await.size), (5, 5, 5));
    assert_eq!(tx!(home.run, [] | tx | blob::condemn(tx, at(10), 10, at(20)).await), 0);
    let ids = vec![layer.id];
    tx!(home.run, [ids] | tx | blob::touch(tx, &ids, at(15)).await);
    assert_eq!(tx!(home.run, [] | tx | blob::condemn(tx, at(15), 10, at(20)).await), 0);
    assert_eq!(tx!(home.run, [] | tx | blob::condemn(tx, at(16), 10, at(20)).await), 1);
    assert_eq!(tx!(home.read, [] | tx | object::doomed(tx, at(21), 10).await).len(), 1);
    // A push in between makes another object of the same digest.
    let again = home.blob(web.place(), "layer", 30).await;
    assert_ne!(again.id, layer.id);
    // What no manifest needs is unlinked, then condemned.
    assert_eq!(tx!(home.run, [] | tx | blob::unlink_unused(tx, at(100), 10, at(100)).await), 2);
    assert_eq!(home.account_now(web.account_id).await.size, 0);
    assert!(other.size == 5);
}

async fn a_blob_that_went_away_cannot_be_linked(home: &Home) {
    let web = home.web().await;
    let (place, blob) = (web.place(), home.blob(web.place(), "x", 1).await);
    assert!(tx!(home.run, [blob] | tx | blob::unlink(tx, &place, &blob, at(0)).await));
    assert_eq!(tx!(home.run, [] | tx | blob::condemn(tx, at(1), 10, at(1)).await), 1);
    let refused = tx!(home.try_run, [blob] | tx | blob::link(tx, &place, &blob, at(0)).await);
    assert!(matches!(refused, Err(StoreError::ForeignKey)), "{refused:?}");
    let refused = image(place, "manifest", &[&blob]);
    let refused = tx!(home.try_run, [refused] | tx | manifest::insert(tx, &refused).await);
    assert!(matches!(refused, Err(StoreError::ForeignKey)), "{refused:?}");
}

async fn an_upload_has_one_writer(home: &Home) {
    let web = home.web().await;
    let session = UploadRecord {
        id: "7d0ae6b6-1f49-4e4a-8f10-0c1d2e3f4a5b".into(),
        account_id: web.account_id,
        organization_id: web.organization_id,
        repository_name: "web".parse().unwrap(),
        owner: "user:1".into(),
        user_id: None,
        algorithm: Algorithm::Sha256,
        received: 0,
        hash_state: None,
        staging_state: None,
        object_key: None,
        created_at: at(0),
        updated_at: at(0),
        expires_at: at(100),
    };
    tx!(home.run, [session] | tx | upload::create(tx, &session).await);
    let id = session.id.clone();
    assert_eq!(
        tx!(home.read, [id] | tx | upload::find(tx, &id, at(99)).await),
        Some(session.clone())
    );
    assert_eq!(tx!(home.read, [id] | tx | upload::find(tx, &id, at(100)).await), None);
    let taken = tx!(home.run, [id] | tx | upload::lease(tx, &id, "one", at(1), at(31)).await);
    assert_eq!(taken, Some(session.clone()));
    assert_eq!(tx!(home.run, [id] | tx | upload::lease(tx, &id, "two", at(2), at(32)).await), None);
    let progress = Progress {
        received: 77,
        hash_state: vec![1, 2, 3],
        staging_state: "{}".into(),
        object_key: "objects/ab/1".into(),
        updated_at: at(3),
        expires_at: at(103),
    };
    assert!(!tx!(home.run, [id, progress] | tx | upload::save(tx, &id, "two", &progress).await));
    assert!(tx!(home.run, [id, progress] | tx | upload::save(tx, &id, "one", &progress).await));
    let now =
        tx!(home.run, [id] | tx | upload::lease(tx, &id, "two", at(4), at(34)).await).unwrap();
    assert_eq!((now.received, now.hash_state, now.expires_at), (77, Some(vec![1, 2, 3]), at(103)));
    // A lease that ended is anybody's.
    assert!(
        tx!(home.run, [id] | tx | upload::lease(tx, &id, "three", at(34), at(64)).await).is_some()
    );
    tx!(home.run, [id] | tx | upload::release(tx, &id, "three").await);
    assert_eq!(tx!(home.read, [] | tx | upload::expired(tx, at(102), 10).await).len(), 0);
    assert_eq!(tx!(home.read, [] | tx | upload::expired(tx, at(103), 10).await).len(), 1);
    assert!(tx!(home.run, [id] | tx | upload::delete(tx, &id).await));
    assert!(!tx!(home.run, [id] | tx | upload::delete(tx, &id).await));
}

both! {
    a_blob_is_visible_only_where_it_is_linked
    the_second_upload_of_a_digest_dooms_its_own_object
    concurrent_uploads_of_one_digest_all_succeed
    unlinked_blobs_are_condemned_after_the_grace_time
    a_blob_that_went_away_cannot_be_linked
    an_upload_has_one_writer
}
