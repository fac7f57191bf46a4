#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use roadstead_archive::testing::{INDEX, OCI, config, descriptor, digest, gzip, layer, manifest};
use serde_json::Value;

use super::*;
use crate::testing::TestService;
use crate::upload::Upload;

fn body(bytes: &[u8]) -> Upload {
    Upload {
        length: Some(bytes.len() as u64),
        stream: futures::stream::iter([Ok(Bytes::copy_from_slice(bytes))]).boxed(),
    }
}

fn image() -> ImageName {
    "team/app".parse().unwrap()
}

/// Pushes an image for a platform; its manifest.
async fn push(test: &TestService, seed: &str, tag: Option<&str>) -> Vec<u8> {
    let plain = vec![layer("a", "shared"), layer("b", seed)];
    let config = config(&plain);
    let layers: Vec<Vec<u8>> = plain.iter().map(|layer| gzip(layer)).collect();
    for blob in layers.iter().chain([&config]) {
        test.service
            .uploads()
            .put(&test.editor, &image(), &digest(blob), body(blob))
            .await
            .unwrap();
    }
    let bytes = manifest(&config, &layers, "application/vnd.oci.image.layer.v1.tar+gzip");
    put(test, &bytes, tag).await;
    bytes
}

async fn put(test: &TestService, bytes: &[u8], tag: Option<&str>) {
    let reference: Reference = match tag {
        Some(tag) => tag.parse().unwrap(),
        None => Reference::Digest(digest(bytes)),
    };
    let manifests = test.service.manifests();
    manifests.put(&test.editor, &image(), &reference, &[], None, body(bytes)).await.unwrap();
}

fn wanted(tag: &str, platform: Option<&str>, format: Format) -> Wanted {
    Wanted {
        image: image(),
        reference: tag.parse().unwrap(),
        platform: platform.map(str::to_owned),
        format,
    }
}

async fn bytes(download: &Download, part: Part) -> Vec<u8> {
    let (range, stream) = download.read(part).unwrap();
    let pieces: Vec<Bytes> = stream.try_collect().await.unwrap();
    let all = pieces.concat();
    assert_eq!(all.len() as u64, range.end - range.start);
    all
}

/// The members of an archive, by name.
fn members(archive: &[u8]) -> BTreeMap<String, Vec<u8>> {
    let mut reader = tar::Archive::new(archive);
    let read = |entry: std::io::Result<tar::Entry<'_, &[u8]>>| {
        let mut entry = entry.unwrap();
        let name = entry.path().unwrap().display().to_string();
        let mut bytes = Vec::new();
        std::io::Read::read_to_end(&mut entry, &mut bytes).unwrap();
        (name, bytes)
    };
    reader.entries().unwrap().map(read).collect()
}

fn list(archive: &[u8]) -> Value {
    serde_json::from_slice(&members(archive)["manifest.json"]).unwrap()
}

#[tokio::test]
async fn an_image_as_either_kind_of_archive_and_any_part_of_it() {
    let test = TestService::new().await;
    let pushed = push(&test, "one", Some("v1")).await;
    let downloads = test.service.downloads();
    for (format, name) in [(Format::Docker, "app-v1.tar"), (Format::Oci, "app-v1-oci.tar")] {
        let download =
            downloads.prepare(&test.reader, &wanted("v1", None, format), true).await.unwrap();
        assert_eq!(download.file_name, name);
        let whole = bytes(&download, Part::Whole).await;
        assert_eq!(whole.len() as u64, download.length());
        let list = list(&whole);
        assert_eq!(list[0]["RepoTags"][0], "registry.test:5000/team/app:v1");
        assert_eq!(list[0]["Layers"].as_array().unwrap().len(), 2);
        let again =
            downloads.prepare(&test.reader, &wanted("v1", None, format), false).await.unwrap();
        assert_eq!(again.digest, download.digest, "the entity tag");
        for from in [0, 1, 511, 512, 2_000, download.length() - 1] {
            let start = usize::try_from(from).unwrap();
            assert_eq!(bytes(&again, Part::From(from)).await, whole[start..]);
            assert_eq!(bytes(&again, Part::Between(0, from)).await, whole[..=start]);
        }
        let refused = again.read(Part::From(download.length())).map(|_| ()).unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::RangeInvalid);
        let stored = format!("blobs/sha256/{}", digest(&pushed).hex());
        assert_eq!(members(&whole).contains_key(&stored), format == Format::Oci);
    }
}

#[tokio::test]
async fn one_platform_or_all_of_an_index() {
    let test = TestService::new().await;
    let (arm, amd) = (push(&test, "arm", None).await, push(&test, "amd", None).await);
    let child = |bytes: &[u8], architecture: &str| {
        let mut child = descriptor(OCI, bytes);
        child["platform"] = json!({ "os": "linux", "architecture": architecture });
        child
    };
    let index = json!({ "schemaVersion": 2, "mediaType": INDEX, "manifests": [child(&arm, "arm64"), child(&amd, "amd64")] });
    put(&test, index.to_string().as_bytes(), Some("v2")).await;
    let downloads = test.service.downloads();
    let get = async |platform: Option<&str>, format| {
        let download =
            downloads.prepare(&test.reader, &wanted("v2", platform, format), true).await.unwrap();
        bytes(&download, Part::Whole).await
    };
    let one = list(&get(Some("linux/arm64"), Format::Docker).await);
    assert_eq!(
        (one.as_array().unwrap().len(), &one[0]["RepoTags"][0]),
        (1, &json!("registry.test:5000/team/app:v2"))
    );
    let all = list(&get(None, Format::Docker).await);
    assert_eq!(all[0]["RepoTags"][0], "registry.test:5000/team/app:v2-linux-arm64");
    assert_eq!(all[1]["RepoTags"][0], "registry.test:5000/team/app:v2", "linux/amd64 has the tag");
    let whole = members(&get(None, Format::Oci).await);
    let top: Value = serde_json::from_slice(&whole["index.json"]).unwrap();
    assert_eq!(top["manifests"][0]["digest"], json!(digest(index.to_string().as_bytes())));
    let single = members(&get(Some("linux/amd64"), Format::Oci).await);
    let top: Value = serde_json::from_slice(&single["index.json"]).unwrap();
    assert_eq!(top["manifests"][0]["digest"], json!(digest(&amd)));
    let missing = downloads
        .prepare(&test.reader, &wanted("v2", Some("plan9/amd64"), Format::Oci), true)
        .await;
    assert_eq!(missing.unwrap_err().kind(), ErrorKind::NotFound);
}

#[tokio::test]
async fn who_may_not_pull_may_not_download() {
    let test = TestService::new().await;
    push(&test, "one", Some("v1")).await;
    let downloads = test.service.downloads();
    let wanted = wanted("v1", None, Format::Docker);
    for (who, kind) in [
        (&test.member, ErrorKind::Hidden),
        (&test.stranger, ErrorKind::Hidden),
        (&test.anonymous, ErrorKind::Unauthenticated),
    ] {
        assert_eq!(downloads.prepare(who, &wanted, true).await.unwrap_err().kind(), kind);
    }
    let absent = Wanted { reference: "v9".parse().unwrap(), ..wanted.clone() };
    assert_eq!(
        downloads.prepare(&test.reader, &absent, true).await.unwrap_err().kind(),
        ErrorKind::NotFound
    );
}
