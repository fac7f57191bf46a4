//! Manifests, indexes, referrers, and the counters over all of them.

use roadstead::Digest;
use roadstead::oci::MediaType;
use roadstead::page::Order;
use roadstead_store::{blob, manifest, referrer, repository, tag, usage};

use crate::content::{ALL, actor, image, index, push, tag_names};
use crate::home::{Home, Placed as _, at, both, digest, new_blob, tx};

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
    a_manifest_may_name_very_many_blobs
    a_manifest_is_kept_byte_for_byte
    an_index_knows_its_children_and_they_their_parents
    a_deleted_manifest_takes_its_tags_along
    what_a_deleted_repository_had_can_be_collected
    a_blob_of_a_deleted_manifest_may_go
    referrers_are_found_by_subject
    counters_survive_a_recount
}
