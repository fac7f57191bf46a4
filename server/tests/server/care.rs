//! Storage care from the command line, beside a running server.

use std::path::Path;
use std::process::Command;

use crate::support::image::{MANIFEST, TestImage, digest, noise};
use crate::support::process::{Http, Roadstead, run, run_well};

/// Pushes an image to the real server.
async fn push(http: &Http, image: &str, tag: &str, content: &TestImage) {
    for blob in content.blobs() {
        assert_eq!(http.push_blob(image, blob.to_vec()).await, Some(201));
    }
    let put = http
        .request("PUT", &format!("/v2/{image}/manifests/{tag}"))
        .header("content-type", MANIFEST)
        .body(content.manifest.clone());
    assert_eq!(put.send().await.unwrap().status(), 201);
}

async fn pull(http: &Http, image: &str, tag: &str, content: &TestImage) {
    let found = http.request("GET", &format!("/v2/{image}/manifests/{tag}")).send().await.unwrap();
    assert_eq!(found.status(), 200);
    assert_eq!(found.bytes().await.unwrap(), content.manifest);
    for blob in content.blobs() {
        let path = format!("/v2/{image}/blobs/{}", digest(blob));
        let found = http.request("GET", &path).send().await.unwrap();
        assert_eq!(found.bytes().await.unwrap(), blob);
    }
}

/// A server with an organization that is in force.
async fn server(data: &Path) -> (Roadstead, Http) {
    // Made before the start, so that nothing has to be waited for.
    Roadstead::start(data).stop();
    run_well(data, &["organization", "create", "docks", "--account", "acme"], "");
    let server = Roadstead::start(data);
    let http = Http::new(&server);
    (server, http)
}

#[tokio::test]
async fn a_backup_made_beside_pushes_makes_the_same_registry_elsewhere() {
    let folder = tempfile::tempdir().unwrap();
    let (data, backup, other) =
        (folder.path().join("data"), folder.path().join("backup"), folder.path().join("other"));
    std::fs::create_dir(&data).unwrap();
    std::fs::create_dir(&other).unwrap();
    let (server, http) = server(&data).await;
    let image = TestImage::new(81, 3, 200_000);
    push(&http, "docks/app", "v1", &image).await;

    let directory = backup.to_str().unwrap().to_owned();
    let (from, into) = (data.clone(), directory.clone());
    let making = tokio::task::spawn_blocking(move || run_well(&from, &["backup", &into], ""));
    for number in 0..20 {
        push(&http, "docks/busy", "latest", &TestImage::new(90 + number, 2, 5_000)).await;
    }
    let said = making.await.unwrap();
    assert!(said.contains("it also holds the master key"), "{said}");
    let mode = {
        use std::os::unix::fs::PermissionsExt as _;
        std::fs::metadata(backup.join("master.key")).unwrap().permissions().mode()
    };
    assert_eq!(mode & 0o077, 0);
    assert!(server.stop().success());

    let said = run_well(&other, &["restore", &directory], "");
    assert!(said.starts_with("restored "), "{said}");
    let said = run_well(&other, &["check"], "");
    assert!(said.ends_with("database and storage agree\n"), "{said}");
    let restored = Roadstead::start(&other);
    let http = Http::new(&restored);
    pull(&http, "docks/app", "v1", &image).await;
    push(&http, "docks/app", "v2", &TestImage::new(82, 1, 1_000)).await;
    assert!(restored.stop().success());

    // A place that is in use is refused, and so is a backup that is not whole.
    let refused = run(&other, &["restore", &directory], "");
    let error = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert_eq!(refused.status.code(), Some(1));
    assert!(error.contains("the database is not empty"), "{error}");
    let third = folder.path().join("third");
    std::fs::create_dir(&third).unwrap();
    std::fs::remove_file(backup.join("objects.jsonl")).unwrap();
    let refused = run(&third, &["restore", &directory], "");
    let error = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(error.contains("objects.jsonl is missing; nothing was restored"), "{error}");
    assert!(!third.join("master.key").exists());
    assert!(!third.join("roadstead.db").exists());
}

#[tokio::test]
async fn collection_and_check_work_beside_a_server() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path();
    let (server, http) = server(data).await;
    let image = TestImage::new(83, 2, 50_000);
    push(&http, "docks/app", "v1", &image).await;
    // What a crash in the middle of a body leaves: bytes that no row of an upload counts.
    let start = http.request("POST", "/v2/docks/app/blobs/uploads/").send().await.unwrap();
    assert_eq!(start.status(), 202);
    for arguments in [&["collect", "--dry-run"][..], &["collect"][..]] {
        let said = run_well(data, arguments, "");
        assert!(said.contains("0 blobs (0 bytes) that no image needs"), "{said}");
    }
    pull(&http, "docks/app", "v1", &image).await;
    let said = run_well(data, &["check"], "");
    assert!(said.starts_with("3 objects with "), "{said}");

    let layer = find(&data.join("objects"), image.layers[0].len() as u64);
    std::fs::write(&layer, noise(84, 50_000)).unwrap();
    let beside = layer.parent().and_then(Path::parent).unwrap().join("letter.txt");
    std::fs::write(beside, "dear").unwrap();
    let output = run(data, &["check"], "");
    let (out, error) = (
        String::from_utf8_lossy(&output.stdout).into_owned(),
        String::from_utf8_lossy(&output.stderr).into_owned(),
    );
    assert_eq!(output.status.code(), Some(1));
    assert!(out.contains("the bytes of its object were changed"), "{out}");
    assert!(out.contains("letter.txt: it is none of ours (4 bytes)"), "{out}");
    assert!(error.contains("2 things are not as they must be"), "{error}");
    let output = run(data, &["backup", data.join("objects").to_str().unwrap()], "");
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(error.contains("is not empty"), "{error}");
    assert!(server.stop().success());
}

/// A file of that size below a directory.
fn find(directory: &Path, size: u64) -> std::path::PathBuf {
    let output = Command::new("find")
        .args([directory.to_str().unwrap(), "-type", "f", "-size", &format!("{size}c")])
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines().next().unwrap().into()
}
