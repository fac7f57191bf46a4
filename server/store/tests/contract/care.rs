//! Holds, forecasts of a collection, rows that disagree, and dumps.

use std::collections::BTreeMap;

use roadstead::Timestamp;
use roadstead::id::{BlobId, ManifestId, ObjectId, RepositoryId};
use roadstead_store::dump::{self, Fields, Table};
use roadstead_store::maintenance::{self, Amount};
use roadstead_store::sealed::{self, SealedPlace, SealedRecord};
use roadstead_store::{StoreError, blob, manifest, object, repository};

use crate::content::{actor, image, push};
use crate::home::{Home, Placed as _, at, both, digest, next, tx, whole};

const FIRST: (Timestamp, ObjectId) = (Timestamp(0), ObjectId(0));

async fn removable(home: &Home, now: i64) -> usize {
    tx!(home.read, [] | tx | maintenance::removable(tx, at(now), FIRST, 100).await).len()
}

async fn a_hold_keeps_what_was_live_when_it_began(home: &Home) {
    for (key, second) in [("ab/early", 5), ("ab/late", 15)] {
        assert!(tx!(home.run, [] | tx | object::insert_doomed(tx, key, "file", at(second)).await));
    }
    assert_eq!((removable(home, 5).await, removable(home, 16).await), (0, 2));
    tx!(home.run, [] | tx | maintenance::hold(tx, "one", "backup", at(10), at(100)).await);
    assert_eq!(removable(home, 50).await, 1);
    let counted = tx!(home.read, [] | tx | maintenance::count_removable(tx, at(50)).await);
    assert_eq!(counted, Amount { count: 1, bytes: 0 });
    assert!(tx!(home.run, [] | tx | maintenance::renew_hold(tx, "one", at(99), at(200)).await));
    assert_eq!(removable(home, 150).await, 1);
    // Who comes too late is told so.
    assert!(!tx!(home.run, [] | tx | maintenance::renew_hold(tx, "one", at(200), at(300)).await));
    assert_eq!(removable(home, 200).await, 2);
    assert_eq!(tx!(home.run, [] | tx | maintenance::forget_holds(tx, at(200)).await), 1);
    tx!(home.run, [] | tx | maintenance::hold(tx, "two", "backup", at(10), at(900)).await);
    tx!(home.run, [] | tx | maintenance::release_hold(tx, "two").await);
    assert_eq!(removable(home, 300).await, 2);
    // Page by page.
    let page = tx!(home.read, [] | tx | maintenance::removable(tx, at(300), FIRST, 1).await);
    let last = (page[0].doomed_at, page[0].id);
    let rest = tx!(home.read, [] | tx | maintenance::removable(tx, at(300), last, 10).await);
    assert_eq!((page[0].object_key.as_str(), rest[0].object_key.as_str()), ("ab/early", "ab/late"));
}

async fn what_became_live_is_not_doomed_as_staged_in_vain(home: &Home) {
    let web = home.web().await;
    let new = crate::home::new_blob("layer", 30);
    let (place, key) = (web.place(), new.object_key.clone());
    tx!(
        home.run,
        [new] | tx | {
            let blob = blob::insert(tx, &new).await?;
            blob::link(tx, &place, &blob, at(0)).await
        }
    );
    assert!(!tx!(home.run, [key] | tx | object::insert_doomed(tx, &key, "local", at(9)).await));
    assert_eq!(removable(home, 100).await, 0);
    let known = vec![key.clone(), "ab/never".to_owned()];
    let known = tx!(home.read, [known] | tx | maintenance::known_keys(tx, &known).await);
    assert_eq!(known, [key]);
}

async fn what_somebody_counts_on_is_left_alone(home: &Home) {
    let web = home.web().await;
    let place = web.place();
    let (asked, mounted) =
        (home.blob(place, "asked", 1).await, home.blob(place, "mounted", 2).await);
    let name = digest("asked");
    let found = tx!(home.run, [name] | tx | blob::confirm(tx, &place, &name, at(50)).await);
    assert_eq!(found.map(|found| found.touched_at), Some(at(50)));
    assert!(!tx!(home.run, [mounted] | tx | blob::link(tx, &place, &mounted, at(50)).await));
    assert_eq!(tx!(home.run, [] | tx | blob::unlink_unused(tx, at(50), 10, at(60)).await), 0);
    assert_eq!(tx!(home.run, [] | tx | blob::unlink_unused(tx, at(51), 10, at(60)).await), 2);
    let found = tx!(home.run, [name] | tx | blob::confirm(tx, &place, &name, at(60)).await);
    assert_eq!(found, None, "the link is gone, whether the blob is or not");
    assert_eq!((asked.size, mounted.size), (1, 2));
}

/// Runs what a collection runs.
async fn collect(home: &Home, wanted: i64, purged: i64) -> u64 {
    tx!(home.run, [] | tx | manifest::delete_of_deleted(tx, at(purged), 100).await);
    tx!(home.run, [] | tx | manifest::purge(tx, at(purged), 100).await);
    tx!(home.run, [] | tx | blob::unlink_unused(tx, at(wanted), 100, at(wanted)).await);
    tx!(home.run, [] | tx | blob::condemn(tx, at(wanted), 100, at(wanted)).await)
}

async fn a_forecast_is_what_happens(home: &Home) {
    let web = home.web().await;
    let organization = home.organization_now(web.organization_id).await;
    let (api, old) =
        (home.repository(&organization, "api").await, home.repository(&organization, "old").await);
    let mut layers = Vec::new();
    for (name, size) in
        [("kept", 1), ("shared", 2), ("deleted", 4), ("unused", 8), ("dead", 16), ("elsewhere", 32)]
    {
        layers.push(home.blob(web.place(), name, size).await);
    }
    let new = image(web.place(), "stays", &[&layers[0], &layers[1]]);
    push(home, &new, "v1").await;
    push(home, &image(web.place(), "goes", &[&layers[1], &layers[2]]), "v2").await;
    for (place, blob) in [(old.place(), &layers[4]), (api.place(), &layers[5])] {
        let blob = blob.clone();
        tx!(home.run, [blob] | tx | blob::link(tx, &place, &blob, at(0)).await);
    }
    push(home, &image(old.place(), "dead", &[&layers[4]]), "v1").await;
    push(home, &image(api.place(), "other", &[&layers[5]]), "v1").await;
    let (place, name, by) = (web.place(), digest("goes"), actor());
    tx!(home.run, [name, by] | tx | manifest::delete(tx, &place, &name, &by, None, at(5)).await);
    let gone = old.place();
    tx!(home.run, [] | tx | repository::delete(tx, &gone, None, None, at(5)).await);
    for (wanted, purged, count, bytes) in
        [(0, 0, 0, 0), (10, 5, 1, 8), (10, 6, 3, 4 + 8 + 16), (10, 100, 3, 4 + 8 + 16)]
    {
        let told = tx!(
            home.read,
            [] | tx | maintenance::count_condemned(tx, at(wanted), at(purged)).await
        );
        assert_eq!(told, Amount { count, bytes }, "{wanted} {purged}");
    }
    let purgeable = tx!(home.read, [] | tx | maintenance::count_purgeable(tx, at(6)).await);
    assert_eq!(purgeable, (1, 2));
    assert_eq!(collect(home, 10, 6).await, 3);
    let told = tx!(home.read, [] | tx | maintenance::count_condemned(tx, at(10), at(6)).await);
    assert_eq!(told, Amount { count: 0, bytes: 0 });
    assert_eq!(collect(home, 10, 6).await, 0);
}

async fn rows_that_agree_are_not_found(home: &Home) {
    let web = home.web().await;
    let (one, two) =
        (home.blob(web.place(), "one", 1).await, home.blob(web.place(), "two", 2).await);
    push(home, &image(web.place(), "image", &[&one, &two]), "v1").await;
    let blobs =
        tx!(home.read, [] | tx | maintenance::blobs_after(tx, whole(), BlobId(0), 10).await);
    assert_eq!(blobs.len(), 2);
    assert!(
        blobs.iter().all(|blob| blob.links == blob.link_count && blob.object_size == blob.size)
    );
    let (id, object) = (blobs[0].id, blobs[0].object_id);
    assert!(tx!(home.read, [] | tx | maintenance::is_current(tx, id, object).await));
    let stored = tx!(
        home.read,
        [] | tx | maintenance::manifests_after(tx, whole(), ManifestId(0), 10).await
    );
    assert_eq!(stored.len(), 1);
    let ids = vec![stored[0].id];
    assert_eq!(
        tx!(home.read, [ids] | tx | maintenance::blobs_of(tx, whole(), &ids).await).len(),
        2
    );
    let first = (RepositoryId(0), BlobId(0));
    let (wrong, end) =
        tx!(home.read, [] | tx | maintenance::links_miscounted(tx, whole(), first, 1).await);
    assert!(wrong.is_empty());
    let (wrong, end) = {
        let end = end.unwrap();
        tx!(home.read, [] | tx | maintenance::links_miscounted(tx, whole(), end, 10).await)
    };
    assert!(wrong.is_empty());
    let end = end.unwrap();
    assert_eq!(
        tx!(home.read, [] | tx | maintenance::links_miscounted(tx, whole(), end, 10).await).1,
        None
    );
}

type Dump = BTreeMap<String, (Vec<String>, Vec<Fields>)>;

/// Everything, sorted.
async fn dump_of(home: &Home) -> (Dump, Vec<(String, i64)>) {
    home.read(|tx| {
        Box::pin(async move {
            let mut all = Dump::new();
            for table in dump::tables(tx).await? {
                let mut rows = Vec::new();
                dump::rows(tx, whole(), &table, &mut |row| {
                    rows.push(row);
                    Ok(())
                })
                .await?;
                rows.sort();
                let columns = table.columns.iter().map(|(name, _)| name.clone()).collect();
                all.insert(table.name, (columns, rows));
            }
            Ok((all, dump::counters(tx).await?))
        })
    })
    .await
}

async fn load(home: &Home, all: &Dump, counters: &[(String, i64)]) -> Result<(), StoreError> {
    let (all, counters) = (all.clone(), counters.to_vec());
    tx!(
        home.try_run,
        [all, counters] | tx | {
            let tables = dump::tables(tx).await?;
            assert_eq!(dump::first_with_rows(tx, &tables).await?, None);
            dump::begin_load(tx).await?;
            // The wrong order of tables on purpose: foreign keys wait.
            for table in tables.iter().rev() {
                let (columns, rows) = &all[&table.name];
                let mine: Vec<&str> = table.columns.iter().map(|(name, _)| name.as_str()).collect();
                assert_eq!(columns.iter().map(String::as_str).collect::<Vec<_>>(), mine);
                dump::insert(tx, table, rows).await?;
            }
            for (table, last) in &counters {
                dump::set_counter(tx, table, *last).await?;
            }
            dump::end_load(tx).await
        }
    )
}

async fn a_dump_can_be_put_into_either_database(home: &Home) {
    let web = home.web().await;
    let layer = home.blob(web.place(), "layer", 30).await;
    push(home, &image(web.place(), "image", &[&layer]), "v1").await;
    let gone = home.blob(web.place(), "gone", 1).await;
    let place = web.place();
    tx!(home.run, [gone] | tx | blob::unlink(tx, &place, &gone, at(1)).await);
    tx!(home.run, [] | tx | blob::condemn(tx, at(9), 10, at(9)).await);
    let sealed_place = SealedPlace::new("access_keys", 7, "secret");
    let value = SealedRecord { version: 1, key_id: "k1".into(), sealed: vec![0, 9, 255] };
    tx!(home.run, [sealed_place, value] | tx | sealed::put(tx, &sealed_place, &value, at(0)).await);
    let (all, counters) = dump_of(home).await;
    let tables: Vec<Table> = tx!(home.read, [] | tx | dump::tables(tx).await);
    assert!(tables.iter().any(|table| table.name == "manifest_bodies"));
    for left_out in dump::LEFT_OUT {
        assert!(!tables.iter().any(|table| table.name == left_out));
    }
    assert_eq!(all["objects"].1.len(), 1, "doomed objects are not kept");
    assert_eq!(all["sealed_values"].1[0][5].as_deref(), Some("0009ff"));
    let mut objects = Vec::new();
    let counted = home
        .store
        .read::<_, StoreError, _>("test", |tx| {
            Box::pin(async move {
                let mut seen = Vec::new();
                dump::objects(tx, whole(), &mut |key, size, digest| {
                    seen.push((key, size, digest));
                    Ok(())
                })
                .await?;
                Ok(seen)
            })
        })
        .await
        .unwrap();
    objects.extend(counted);
    assert_eq!(objects.len(), 1);
    assert_eq!((objects[0].1, objects[0].2.as_str()), (30, digest("layer").to_string().as_str()));

    let mut targets = vec![Home::sqlite().await];
    targets.extend(Home::postgres().await);
    for target in targets {
        // Rows that refer to nothing are refused, and nothing of them stays.
        let mut broken = all.clone();
        broken.get_mut("accounts").unwrap().1.clear();
        let refused = load(&target, &broken, &counters).await;
        assert!(matches!(refused, Err(StoreError::ForeignKey)), "{refused:?}");
        load(&target, &all, &counters).await.unwrap();
        let (again, numbers) = dump_of(&target).await;
        assert_eq!(again, all);
        let known = |numbers: &[(String, i64)]| {
            numbers.iter().filter(|(_, last)| *last > 0).cloned().collect::<Vec<_>>()
        };
        assert_eq!(known(&numbers), known(&counters));
        // Numbers go on where they were, and constraints are as before.
        let organization = target.organization_now(web.organization_id).await;
        let more = target.repository(&organization, &format!("more{}", next())).await;
        assert!(more.id.0 > web.id.0);
        let (place, nothing) = (more.place(), gone.clone());
        let refused =
            tx!(target.try_run, [nothing] | tx | blob::link(tx, &place, &nothing, at(0)).await);
        assert!(matches!(refused, Err(StoreError::ForeignKey)), "{refused:?}");
        target.hold(async |_| {}).await;
    }
}

both! {
    a_hold_keeps_what_was_live_when_it_began
    what_became_live_is_not_doomed_as_staged_in_vain
    what_somebody_counts_on_is_left_alone
    a_forecast_is_what_happens
    rows_that_agree_are_not_found
    a_dump_can_be_put_into_either_database
}
