//! An image with very many tags: its pages cost what is on them, not what is in it.

use std::time::{Duration, Instant};

use roadstead::manage::tag::COUNTED_TAGS;
use roadstead::oci::Platform;
use roadstead::page::{Order, Page, Window};
use roadstead_store::Place;
use roadstead_store::tag::{self, Expected, Filter, SetTag, Sort, TagEntry};
use roadstead_store::{manifest, tag::Actor};

use crate::content::image;
use crate::home::{Home, Placed as _, at, both, tx};

const PLATFORMS: [(&str, &str, Option<&str>); 5] = [
    ("linux", "amd64", None),
    ("linux", "amd64", Some("v3")),
    ("linux", "arm", Some("v7")),
    ("linux", "arm64", None),
    ("windows", "amd64", None),
];

/// As many manifests of all platforms, and a tag `vNNNNNN` for each; the last is called `Special-Release`.
async fn fill(home: &Home, place: Place, count: u64) {
    let mut first = 0;
    while first < count {
        let last = count.min(first + 500);
        tx!(
            home.run,
            [] | tx | {
                for number in first..last {
                    let mut new = image(place, &format!("m{number}"), &[]);
                    let (os, architecture, variant) = PLATFORMS[(number % 5) as usize];
                    new.platform = Some(Platform {
                        os: os.to_owned(),
                        architecture: architecture.to_owned(),
                        variant: variant.map(str::to_owned),
                        os_version: None,
                    });
                    let (id, _) = manifest::insert(tx, &new).await?;
                    let name = match number + 1 == count {
                        true => "Special-Release".to_owned(),
                        false => format!("v{number:06}"),
                    };
                    let set = SetTag {
                        place,
                        name: name.parse().unwrap(),
                        manifest: id,
                        digest: new.digest.clone(),
                        expected: Expected::Absent,
                        actor: Actor::default(),
                        at: at(number as i64),
                    };
                    tag::set(tx, &set).await?;
                }
                Ok(())
            }
        );
        first = last;
    }
}

async fn page(home: &Home, place: Place, text: Option<&str>) -> Page<TagEntry> {
    let filter = Filter { search: text.map(str::to_owned), ..Filter::default() };
    let window = Window { offset: 0, limit: 20 };
    tx!(
        home.read,
        [filter] | tx | {
            tag::list_page(tx, &place, &filter, Sort::Pushed, Order::Desc, window).await
        }
    )
}

/// In every test run with a little more than what is counted, and with `ROADSTEAD_SOAK` with 100,000, where a page is given
/// in 20 ms.
async fn an_image_with_very_many_tags_is_shown_and_searched(home: &Home) {
    let is_soak = std::env::var_os("ROADSTEAD_SOAK").is_some();
    let count = if is_soak { 100_000 } else { COUNTED_TAGS + 60 };
    let web = home.web().await;
    let place = web.place();
    fill(home, place, count).await;
    if is_soak {
        home.analyze().await;
    }
    let platforms = tx!(home.read, [] | tx | manifest::platforms(tx, &place).await);
    let expected: Vec<_> = PLATFORMS
        .iter()
        .map(|(os, architecture, variant)| {
            (os.to_string(), architecture.to_string(), variant.map(str::to_owned))
        })
        .collect();
    assert_eq!(platforms, expected);
    let names = |page: &Page<TagEntry>| -> Vec<String> {
        page.items.iter().map(|it| it.name.to_string()).collect()
    };
    let all = page(home, place, None).await;
    assert_eq!((all.total, names(&all)[0].as_str()), (count, "Special-Release"));
    for (text, total, first) in [
        ("special", 1, "Special-Release"),
        ("l-r", 1, "Special-Release"),
        ("v000017", 1, "v000017"),
        // `v000010` to `v000019`, and `v000001`.
        ("00001", 11, ""),
        ("v0", COUNTED_TAGS, ""),
        ("0", COUNTED_TAGS, ""),
        ("71v", 0, ""),
        ("镜像", 0, ""),
    ] {
        let found = page(home, place, Some(text)).await;
        assert_eq!(found.total, total, "{text}");
        assert!(names(&found).iter().all(|name| name.to_lowercase().contains(text)), "{text}");
        if !first.is_empty() {
            assert_eq!(names(&found), [first], "{text}");
        }
    }
    let digest = all.items[0].digest.to_string();
    let found = page(home, place, Some(&digest[..24])).await;
    assert_eq!((found.total, names(&found)), (1, vec!["Special-Release".to_owned()]));

    let mut late = Vec::new();
    for text in [None, Some("special"), Some("v0"), Some("0"), Some("71v"), Some(&digest[..24])] {
        let mut times = Vec::new();
        for _ in 0..7 {
            let start = Instant::now();
            page(home, place, text).await;
            tx!(home.read, [] | tx | manifest::platforms(tx, &place).await);
            times.push(start.elapsed());
        }
        times.sort();
        println!("{text:?}: {:?}", times[3]);
        if is_soak && times[3] > Duration::from_millis(20) {
            late.push(format!("{text:?}: {:?}", times[3]));
        }
    }
    assert!(late.is_empty(), "{late:#?}");
}

both! {
    an_image_with_very_many_tags_is_shown_and_searched
}
