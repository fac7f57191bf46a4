//! Every list is read to its end, by page and by marker, and the end is one (`swr-api.md` 6).

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::support::{Signed, TestApp, TestImage};

/// Pages until offset and length reach the total, as Terraform does it.
async fn by_page(person: &Signed, path: &str, limit: usize, key: &str) -> Vec<String> {
    let mut all = Vec::new();
    for _ in 0..100 {
        let reply =
            person.get(&format!("{path}limit={limit}&offset={}", all.len())).await.expect(200);
        let range = reply.header("content-range").to_owned();
        let items = reply.json();
        let items = items.as_array().unwrap();
        let total: usize = range.split('/').nth(1).unwrap().parse().unwrap();
        assert_eq!(range, format!("{}-{}/{total}", all.len(), items.len()));
        for item in items {
            all.push(item[key].as_str().unwrap().to_owned());
            assert!(item.get("total_range").is_none_or(|it| *it == json!(total)));
        }
        if all.len() >= total {
            return all;
        }
    }
    panic!("the list has no end");
}

/// Follows the marker until there is none.
async fn by_marker(person: &Signed, path: &str, list: &str, key: &str) -> Vec<String> {
    let (mut all, mut marker) = (Vec::new(), String::new());
    for _ in 0..100 {
        let body = person.get(&format!("{path}{marker}")).await.expect(200).json();
        all.extend(
            body[list].as_array().unwrap().iter().map(|it| it[key].as_str().unwrap().to_owned()),
        );
        match &body["nextMarker"] {
            Value::Null => return all,
            Value::String(next) => marker = format!("&marker={next}"),
            next => marker = format!("&marker={next}"),
        }
    }
    panic!("the list has no end");
}

#[tokio::test]
async fn images_are_read_to_the_end() {
    TestApp::each(async |app| {
        let owner = app.signed("acme").await;
        let mut wanted = BTreeSet::new();
        for number in 0..23 {
            let name = format!("r{number:02}");
            let new = json!({ "repository": name, "is_public": false });
            owner.post("/v2/manage/namespaces/group/repos", new).await.expect(201);
            wanted.insert(name);
        }
        for limit in [1, 7, 10, 23, 24] {
            let found = by_page(&owner, "/v2/manage/repos?", limit, "name").await;
            assert_eq!(found.len(), wanted.len());
            assert_eq!(found.iter().cloned().collect::<BTreeSet<_>>(), wanted);
            assert!(found.is_sorted());
            let found =
                by_marker(&owner, &format!("/v3/manage/repos?limit={limit}"), "repos", "name")
                    .await;
            assert_eq!(found.iter().cloned().collect::<BTreeSet<_>>(), wanted, "{limit}");
            assert_eq!(found.len(), wanted.len());
        }
        for column in ["name", "updated_time", "updated_at", "tag_count", "namespace", "is_public"]
        {
            for direction in ["asc", "desc"] {
                let path =
                    format!("/v2/manage/repos?order_column={column}&order_type={direction}&");
                assert_eq!(
                    by_page(&owner, &path, 5, "name").await.len(),
                    23,
                    "{column} {direction}"
                );
            }
        }
        // Behind the end is nothing, and no error.
        let reply = owner.get("/v2/manage/repos?offset=1000&limit=10").await.expect(200);
        assert_eq!((reply.header("content-range"), reply.text().as_str()), ("1000-0/23", "[]"));
        // Somebody who sees one image alone pages through that.
        let manager = app.signed("acme/manager").await;
        let reader = super::organization::user_id(&manager, "reader").await;
        manager
            .send("DELETE", "/v2/manage/namespaces/group/access", json!([reader]))
            .await
            .expect(204);
        let one = json!([{ "user_id": reader, "user_name": "reader", "auth": 1 }]);
        manager.post("/v2/manage/namespaces/group/repos/r07/access", one).await.expect(201);
        let reader = app.signed("acme/reader").await;
        assert_eq!(by_page(&reader, "/v2/manage/repos?", 5, "name").await, ["r07"]);
        assert_eq!(by_marker(&reader, "/v3/manage/repos?limit=5", "repos", "name").await, ["r07"]);
    })
    .await;
}

#[tokio::test]
async fn tags_are_read_to_the_end() {
    TestApp::each(async |app| {
        let owner = app.signed("acme").await;
        let image = TestImage::new(5, 1, 100);
        let mut wanted = Vec::new();
        for number in 0_i64..12 {
            let tag = format!("v{number:02}");
            // Some at one instant, some later.
            app.clock.advance(number % 2);
            image.push(&app.owner(), "group/app", &tag).await.expect(201);
            wanted.push(tag);
        }
        let all: BTreeSet<_> = wanted.iter().cloned().collect();
        let (v2, v3) = (
            "/v2/manage/namespaces/group/repos/app/tags?",
            "/v3/manage/namespaces/group/repos/app/tags?",
        );
        for limit in [1, 5, 12, 13] {
            let found = by_page(&owner, v2, limit, "Tag").await;
            assert_eq!(found, wanted.iter().rev().cloned().collect::<Vec<_>>());
            for query in [
                "",
                "order_column=tag&",
                "order_column=tag&order_type=desc&",
                "order_column=updated_at&order_type=asc&",
            ] {
                let found =
                    by_marker(&owner, &format!("{v3}{query}limit={limit}"), "tags", "tag").await;
                assert_eq!(found.len(), 12, "{query} {limit}");
                assert_eq!(found.iter().cloned().collect::<BTreeSet<_>>(), all, "{query} {limit}");
            }
        }
        let found = by_page(&owner, &format!("{v2}tag=V0&"), 3, "Tag").await;
        assert_eq!(found.len(), 10);
        assert_eq!(by_marker(&owner, &format!("{v3}tag=1&limit=1"), "tags", "tag").await.len(), 3);
        for odd in ["%E7%89%88", "a%3Ab", "sha256%3A", "%25"] {
            assert!(
                by_page(&owner, &format!("{v2}tag={odd}&"), 3, "Tag").await.is_empty(),
                "{odd}"
            );
        }
    })
    .await;
}

#[tokio::test]
async fn shared_images_are_read_to_the_end() {
    TestApp::each(async |app| {
        let owner = app.signed("acme").await;
        for number in 0..7 {
            let name = format!("s{number}");
            let new = json!({ "repository": name, "is_public": false });
            owner.post("/v2/manage/namespaces/group/repos", new).await.expect(201);
            let share =
                json!({ "access_domain": "other", "permit": "read", "deadline": "forever" });
            let path = format!("/v2/manage/namespaces/group/repositories/{name}/access-domains");
            owner.post(&path, share).await.expect(201);
        }
        let other = app.signed("other").await;
        for limit in [1, 3, 7, 8] {
            for (person, center) in [(&owner, "self"), (&other, "thirdparty")] {
                let path = format!("/v2/manage/shared-repositories?center={center}&");
                assert_eq!(by_page(person, &path, limit, "name").await.len(), 7, "{center}");
                let path =
                    format!("/v3/manage/shared-repositories?shared_by={center}&limit={limit}");
                assert_eq!(by_marker(person, &path, "repos", "name").await.len(), 7, "{center}");
            }
        }
    })
    .await;
}
