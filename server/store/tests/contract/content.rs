//! Blobs, uploads, manifests, tags, referrers.

use roadstead::oci::{MediaType, Platform};
use roadstead::page::{Cursor, Order, Window};
use roadstead::{Algorithm, Digest};
use roadstead_store::blob::LinkedBlob;
use roadstead_store::manifest::{self, NewChild, NewManifest};
use roadstead_store::tag::{self, Actor, Expected, SetTag, TagSet};
use roadstead_store::upload::{self, Progress, UploadRecord};
use roadstead_store::{Place, StoreError, blob, object, referrer, repository, usage};

use crate::home::{Home, Placed as _, at, both, digest, everything, granted, new_blob, tx};

const ALL: Window = Window { offset: 0, limit: 100 };

pub(crate) fn actor() -> Actor {
    Actor { id: None, name: "alice".into() }
}

pub(crate) fn image(place: Place, text: &str, blobs: &[&LinkedBlob]) -> NewManifest {
    NewManifest {
        place,
        digest: digest(text),
        media_type: MediaType::OciManifest,
        is_index: false,
        artifact_type: Some("application/vnd.oci.image.config.v1+json".into()),
        config_digest: Some(digest("config")),
        config_media_type: Some("application/vnd.oci.image.config.v1+json".into()),
        platform: Some(Platform {
            os: "linux".into(),
            architecture: "amd64".into(),
            variant: None,
            os_version: None,
        }),
        image_created_at: Some(at(-100)),
        total_size: blobs.iter().map(|blob| blob.size).sum(),
        layer_count: u32::try_from(blobs.len()).unwrap(),
        subject: None,
        annotations: None,
        body: text.as_bytes().to_vec(),
        blobs: blobs.iter().map(|blob| blob.id).collect(),
        children: Vec::new(),
        pusher: actor(),
        pushed_at: at(1),
    }
}

fn index(place: Place, text: &str, children: &[(&str, &str)]) -> NewManifest {
    NewManifest {
        media_type: MediaType::OciIndex,
        is_index: true,
        artifact_type: None,
        config_digest: None,
        config_media_type: None,
        platform: None,
        image_created_at: None,
        children: children
            .iter()
            .map(|(child, architecture)| NewChild {
                digest: digest(child),
                media_type: MediaType::OciManifest.to_string(),
                size: child.len() as u64,
                artifact_type: None,
                platform: Some(Platform {
                    os: "linux".into(),
                    architecture: (*architecture).into(),
                    variant: None,
                    os_version: None,
                }),
                attestation_for: None,
            })
            .collect(),
        ..image(place, text, &[])
    }
}

pub(crate) async fn push(home: &Home, new: &NewManifest, name: &str) -> roadstead::id::ManifestId {
    let (new, name) = (new.clone(), name.to_owned());
    tx!(
        home.run,
        [new, name] | tx | {
            let (id, _) = manifest::insert(tx, &new).await?;
            let set = SetTag {
                place: new.place,
                name: name.parse().unwrap(),
                manifest: id,
                digest: new.digest.clone(),
                expected: Expected::Anything,
                actor: actor(),
                at: new.pushed_at,
            };
            tag::set(tx, &set).await?;
            Ok(id)
        }
    )
}

async fn tag_names(home: &Home, place: Place) -> Vec<String> {
    let cursor = Cursor { last: None, limit: 100 };
    let names = tx!(home.read, [cursor] | tx | tag::list(tx, &place, &cursor).await);
    names.iter().map(ToString::to_string).collect()
}

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

async fn a_manifest_may_name_very_many_blobs(home: &Home) {
    let web = home.web().await;
    let place = web.place();
    let names: Vec<String> = (0..600).map(|number| format!("layer{number}")).collect();
    let new: Vec<_> = names.iter().map(|name| new_blob(name, 1)).collect();
    let blobs = tx!(
        home.run,
        [new] | tx | {
            let mut blobs = Vec::new();
            for new in &new {
                let blob = blob::insert(tx, new).await?;
                blob::link(tx, &place, &blob, at(0)).await?;
                blobs.push(blob);
            }
            Ok(blobs)
        }
    );
    let repository = web.place();
    let mut digests: Vec<Digest> = names.iter().map(|name| digest(name)).collect();
    digests.extend((0..40_000).map(|number| digest(&format!("absent{number}"))));
    let found =
        tx!(home.read, [digests] | tx | blob::find_linked_many(tx, &repository, &digests).await);
    assert_eq!(found.len(), 600);
    let blobs: Vec<_> = blobs.iter().collect();
    let new = image(place, "many", &blobs);
    assert!(tx!(home.run, [new] | tx | manifest::insert(tx, &new).await).1);
    assert_eq!(home.repository_now(repository).await.size, 600);
}

async fn a_manifest_is_kept_byte_for_byte(home: &Home) {
    let web = home.web().await;
    let place = web.place();
    let (layer, config) =
        (home.blob(place, "layer", 30).await, home.blob(place, "config", 2).await);
    let new = image(place, "{ \"odd\" :  1}\n", &[&layer, &config]);
    let id = push(home, &new, "v1").await;
    let (repository, name) = (web.place(), new.digest.clone());
    let body = tx!(home.read, [name] | tx | manifest::body(tx, &repository, &name).await).unwrap();
    assert_eq!((body.id, &body.body, body.media_type), (id, &new.body, MediaType::OciManifest));
    let tagged: roadstead::TagName = "v1".parse().unwrap();
    assert_eq!(
        tx!(home.read, [tagged] | tx | manifest::body_by_tag(tx, &repository, &tagged).await),
        Some(body)
    );
    let record =
        tx!(home.read, [name] | tx | manifest::find(tx, &repository, &name).await).unwrap();
    assert_eq!(
        (record.os.as_deref(), record.architecture.as_deref()),
        (Some("linux"), Some("amd64"))
    );
    assert_eq!(
        (record.total_size, record.layer_count, record.size),
        (32, 2, new.body.len() as u64)
    );
    assert_eq!(record.image_created_at, Some(at(-100)));
    let again = tx!(home.run, [new] | tx | manifest::insert(tx, &new).await);
    assert_eq!(again, (id, false));
    let layer = layer.id;
    assert!(tx!(home.read, [] | tx | blob::is_needed(tx, &repository, layer).await));
    let now = home.repository_now(web.place()).await;
    assert_eq!((now.push_count, now.last_pushed_at, now.tag_count), (2, Some(at(1)), 1));
    let digests = vec![name, digest("absent")];
    assert_eq!(
        tx!(home.read, [digests] | tx | manifest::find_many(tx, &repository, &digests).await).len(),
        1
    );
}

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

async fn an_index_knows_its_children_and_they_their_parents(home: &Home) {
    let web = home.web().await;
    let place = web.place();
    let layer = home.blob(place, "layer", 30).await;
    for name in ["amd", "arm"] {
        let new = image(place, name, &[&layer]);
        tx!(home.run, [new] | tx | manifest::insert(tx, &new).await);
    }
    let many = index(place, "index", &[("amd", "amd64"), ("arm", "arm64"), ("absent", "s390x")]);
    let parent = push(home, &many, "multi").await;
    let parents = vec![parent];
    let children = tx!(home.read, [parents] | tx | manifest::children(tx, &place, &parents).await);
    let seen: Vec<_> = children
        .iter()
        .map(|it| {
            (it.position, it.architecture.as_deref().unwrap(), it.total_size, it.child_id.is_some())
        })
        .collect();
    assert_eq!(
        seen,
        [(0, "amd64", Some(30), true), (1, "arm64", Some(30), true), (2, "s390x", None, false)]
    );
    let (repository, child) = (web.place(), digest("arm"));
    let named = tx!(home.read, [child] | tx | manifest::parents(tx, &repository, &child).await);
    assert_eq!(named, vec![digest("index")]);
    let platform =
        tag::Filter { platform: Some(("linux".into(), "arm64".into())), ..tag::Filter::default() };
    let page = tx!(
        home.read,
        [platform] | tx | {
            tag::list_page(tx, &repository, &platform, tag::Sort::Name, Order::Asc, ALL).await
        }
    );
    assert_eq!(page.total, 1);
    // Children of an index are not untagged; after the index is gone they are.
    assert_eq!(
        tx!(home.read, [] | tx | manifest::untagged(tx, &repository, ALL).await),
        Vec::new()
    );
    let (gone, by) = (digest("index"), actor());
    let with = tx!(
        home.run,
        [gone, by] | tx | manifest::delete(tx, &place, &gone, &by, None, at(5)).await
    );
    assert_eq!(with, Some(vec!["multi".parse().unwrap()]));
    assert_eq!(
        tx!(home.read, [child] | tx | manifest::parents(tx, &repository, &child).await),
        Vec::<Digest>::new()
    );
    assert_eq!(tx!(home.read, [] | tx | manifest::untagged(tx, &repository, ALL).await).len(), 2);
}

async fn a_deleted_manifest_takes_its_tags_along(home: &Home) {
    let web = home.web().await;
    let place = web.place();
    let layer = home.blob(place, "layer", 30).await;
    let new = image(place, "one", &[&layer]);
    push(home, &new, "a").await;
    push(home, &new, "b").await;
    let (name, by) = (digest("one"), actor());
    let gone = tx!(
        home.run,
        [name, by] | tx | manifest::delete(tx, &place, &name, &by, None, at(5)).await
    );
    assert_eq!(gone, Some(vec!["a".parse().unwrap(), "b".parse().unwrap()]));
    assert_eq!(
        tx!(
            home.run,
            [name, by] | tx | manifest::delete(tx, &place, &name, &by, None, at(5)).await
        ),
        None
    );
    let repository = web.place();
    assert_eq!(tx!(home.read, [name] | tx | manifest::body(tx, &repository, &name).await), None);
    assert_eq!(tag_names(home, place).await, Vec::<String>::new());
    assert_eq!(home.repository_now(repository).await.tag_count, 0);
    let id = layer.id;
    assert!(!tx!(home.read, [] | tx | blob::is_needed(tx, &repository, id).await));
    // The restore time: bytes stay, until the manifest is purged.
    assert_eq!(tx!(home.run, [] | tx | blob::unlink_unused(tx, at(100), 10, at(100)).await), 0);
    assert_eq!(tx!(home.run, [] | tx | manifest::purge(tx, at(5), 10).await), 0);
    assert_eq!(tx!(home.run, [] | tx | manifest::purge(tx, at(6), 10).await), 1);
    assert_eq!(tx!(home.run, [] | tx | blob::unlink_unused(tx, at(100), 10, at(100)).await), 1);
    // Pushed again, it is a new manifest.
    let layer = home.blob(place, "layer", 30).await;
    push(home, &image(place, "one", &[&layer]), "a").await;
    assert_eq!(tag_names(home, place).await, ["a"]);
}

async fn what_a_deleted_repository_had_can_be_collected(home: &Home) {
    let web = home.web().await;
    let organization = home.organization_now(web.organization_id).await;
    let api = home.repository(&organization, "api").await;
    for place in [web.place(), api.place()] {
        let layer = home.blob(place, "layer", 30).await;
        push(home, &image(place, "one", &[&layer]), "v1").await;
    }
    let record = home.repository_now(web.place()).await;
    tx!(home.run, [record] | tx | repository::delete(tx, &record.place(), None, None, at(9)).await);
    assert_eq!(tx!(home.run, [] | tx | manifest::delete_of_deleted(tx, at(9), 10).await), 0);
    assert_eq!(tx!(home.run, [] | tx | manifest::delete_of_deleted(tx, at(10), 10).await), 1);
    assert_eq!(tx!(home.run, [] | tx | manifest::delete_of_deleted(tx, at(10), 10).await), 0);
    assert_eq!(tx!(home.run, [] | tx | manifest::purge(tx, at(10), 10).await), 1);
    assert_eq!(tx!(home.run, [] | tx | blob::unlink_unused(tx, at(10), 10, at(11)).await), 1);
    // The other repository has it still.
    assert_eq!(tx!(home.run, [] | tx | blob::condemn(tx, at(100), 10, at(100)).await), 0);
    let account = home.account_now(web.account_id).await;
    assert_eq!((account.size, account.plain_size, account.tag_count), (30, 30, 1));
    assert_eq!(home.organization_now(organization.id).await.size, 30);
    assert_eq!(tag_names(home, api.place()).await, ["v1"]);
}

async fn a_blob_of_a_deleted_manifest_may_go(home: &Home) {
    let web = home.web().await;
    let place = web.place();
    let layer = home.blob(place, "layer", 30).await;
    push(home, &image(place, "one", &[&layer]), "a").await;
    let (name, by) = (digest("one"), actor());
    tx!(home.run, [name, by] | tx | manifest::delete(tx, &place, &name, &by, None, at(5)).await);
    assert!(tx!(home.run, [layer] | tx | blob::unlink(tx, &place, &layer, at(6)).await));
    assert_eq!(tx!(home.run, [] | tx | blob::condemn(tx, at(7), 10, at(8)).await), 1);
    assert_eq!(tx!(home.run, [] | tx | manifest::purge(tx, at(7), 10).await), 1);
}

async fn referrers_are_found_by_subject(home: &Home) {
    let web = home.web().await;
    let place = web.place();
    let subject = digest("not pushed yet");
    for (text, kind) in [
        ("sbom", "application/spdx+json"),
        ("sig", "application/vnd.dev.sigstore"),
        ("sig2", "application/vnd.dev.sigstore"),
    ] {
        let mut new = image(place, text, &[]);
        new.subject = Some(subject.clone());
        new.artifact_type = Some(kind.into());
        new.annotations = Some(serde_json::json!({"made": "by hand"}));
        tx!(home.run, [new] | tx | manifest::insert(tx, &new).await);
    }
    let repository = web.place();
    let all = tx!(
        home.read,
        [subject] | tx | referrer::list(tx, &repository, &subject, None, None, 10).await
    );
    assert_eq!(all.len(), 3);
    assert!(all.windows(2).all(|pair| pair[0].digest.as_str() < pair[1].digest.as_str()));
    assert_eq!(all[0].annotations, Some(serde_json::json!({"made": "by hand"})));
    let some = tx!(
        home.read,
        [subject] | tx | {
            referrer::list(tx, &repository, &subject, Some("application/spdx+json"), None, 10).await
        }
    );
    assert_eq!(some.len(), 1);
    let last = all[0].digest.clone();
    let rest = tx!(
        home.read,
        [subject, last]
            | tx
            | referrer::list(tx, &repository, &subject, None, Some(&last), 1).await
    );
    assert_eq!(rest[0].digest, all[1].digest);
    let subjects = vec![subject, digest("other")];
    let counts =
        tx!(home.read, [subjects] | tx | referrer::counts(tx, &repository, &subjects).await);
    assert_eq!(counts.iter().map(|it| it.2).collect::<Vec<_>>(), [1, 2]);
    assert_eq!(
        tx!(home.read, [] | tx | manifest::untagged(tx, &repository, ALL).await),
        Vec::new()
    );
}

async fn counters_survive_a_recount(home: &Home) {
    let web = home.web().await;
    let organization = home.organization_now(web.organization_id).await;
    let api = home.repository(&organization, "api").await;
    let layer = home.blob(web.place(), "layer", 30).await;
    home.blob(api.place(), "layer", 30).await;
    push(home, &image(web.place(), "one", &[&layer]), "a").await;
    let gone = home.repository(&organization, "gone").await;
    push(home, &image(gone.place(), "one", &[]), "a").await;
    let record = home.repository_now(gone.place()).await;
    tx!(home.run, [record] | tx | repository::delete(tx, &record.place(), None, None, at(9)).await);
    let before = (
        home.account_now(web.account_id).await,
        home.organization_now(web.organization_id).await,
        home.repository_now(web.place()).await,
    );
    assert_eq!(
        (before.0.tag_count, before.0.size, before.0.plain_size, before.0.repository_count),
        (1, 30, 60, 2)
    );
    let account = web.account_id;
    tx!(home.run, [] | tx | usage::recount(tx, account).await);
    let after = (
        home.account_now(web.account_id).await,
        home.organization_now(web.organization_id).await,
        home.repository_now(web.place()).await,
    );
    assert_eq!(before, after);
}

both! {
    a_blob_is_visible_only_where_it_is_linked
    the_second_upload_of_a_digest_dooms_its_own_object
    concurrent_uploads_of_one_digest_all_succeed
    unlinked_blobs_are_condemned_after_the_grace_time
    a_blob_that_went_away_cannot_be_linked
    an_upload_has_one_writer
    a_manifest_may_name_very_many_blobs
    a_manifest_is_kept_byte_for_byte
    tags_move_by_compare_and_set
    concurrent_pushes_of_a_tag_leave_one
    tags_are_listed_by_key_and_by_page
    an_index_knows_its_children_and_they_their_parents
    a_deleted_manifest_takes_its_tags_along
    what_a_deleted_repository_had_can_be_collected
    a_blob_of_a_deleted_manifest_may_go
    referrers_are_found_by_subject
    counters_survive_a_recount
}
