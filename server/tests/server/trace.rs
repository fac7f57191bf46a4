//! Power loss, as far as a test can have it: the system calls show that a blob is on disk before its 201 is written.

use std::process::{Command, Stdio};

use crate::support::image::noise;
use crate::support::process::{Http, Roadstead, clean, run_well};

/// Whether `strace` may trace here. Containers without the right to do so cannot run this test.
fn can_trace() -> Result<(), String> {
    let output = Command::new("strace").args(["-o", "/dev/null", "true"]).output();
    match output {
        Ok(output) if output.status.success() => Ok(()),
        Ok(output) => Err(String::from_utf8_lossy(&output.stderr).trim().to_owned()),
        Err(error) => Err(format!("strace: {error}")),
    }
}

#[tokio::test]
async fn file_directory_and_database_are_on_disk_before_the_201() {
    if let Err(reason) = can_trace() {
        println!("skipped: {reason}");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    std::fs::create_dir(&data).unwrap();
    drop(Roadstead::start(&data));
    run_well(&data, &["organization", "create", "docks", "--account", "acme"], "");
    let log = folder.path().join("trace");
    let mut command = Command::new("strace");
    command
        .args([
            "-f",
            "-y",
            "-s",
            "64",
            "-e",
            "trace=openat,fsync,fdatasync,sync_file_range,write,writev,sendto,sendmsg,pwrite64",
        ])
        .arg("-o")
        .arg(&log)
        .arg(env!("CARGO_BIN_EXE_roadstead"))
        .stderr(Stdio::null());
    clean(&mut command, &data);
    let server = Roadstead::spawn(command);
    let blob = noise(3, 300_000);
    assert_eq!(Http::new(&server).push_blob("docks/app", blob).await, Some(201));
    assert!(server.stop_child().success());
    let text = std::fs::read_to_string(&log).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    let answer = |status: &str| {
        let found = lines.iter().position(|line| is_write(line) && line.contains(status));
        found.unwrap_or_else(|| panic!("{status} is in the trace"))
    };
    // The upload session began with the 202; what was synced since is what the 201 promises.
    let (begun, answered) = (answer("HTTP/1.1 202"), answer("HTTP/1.1 201"));
    let syncs: Vec<Sync<'_>> = syncs(&lines)
        .into_iter()
        .filter(|sync| sync.begun > begun && sync.ended < answered)
        .collect();
    let objects = data.join("objects").display().to_string();
    let of_object = |sync: &&Sync<'_>| sync.path.starts_with(&objects);
    let file = syncs.iter().filter(of_object).find(|sync| !is_directory(sync.path));
    let directory = syncs.iter().filter(of_object).find(|sync| is_directory(sync.path));
    let database =
        syncs.iter().rfind(|sync| sync.path.ends_with("-wal") || sync.path.ends_with(".db"));
    let (file, directory, database) = (
        file.unwrap_or_else(|| panic!("the object was not synced: {syncs:?}")),
        directory.unwrap_or_else(|| panic!("its directory was not synced: {syncs:?}")),
        database.unwrap_or_else(|| panic!("the database was not synced: {syncs:?}")),
    );
    let bytes = file.ended.max(directory.ended);
    assert!(bytes < database.begun, "the row was written before its bytes were safe: {syncs:?}");
}

/// A sync: the lines on which it began and ended, and of what.
#[derive(Debug)]
struct Sync<'a> {
    begun: usize,
    ended: usize,
    path: &'a str,
}

/// All syncs. A call during which another thread was traced stands on two lines.
fn syncs<'a>(lines: &[&'a str]) -> Vec<Sync<'a>> {
    let thread = |line: &'a str| line.split_whitespace().next().unwrap_or_default();
    let mut found = Vec::new();
    for (begun, line) in lines.iter().enumerate() {
        if !(line.contains(" fsync(") || line.contains(" fdatasync(")) {
            continue;
        }
        let Some(path) = path(line) else { continue };
        let ended = if line.contains("<unfinished") {
            let rest = lines.iter().enumerate().skip(begun + 1);
            rest.into_iter()
                .find(|(_, other)| thread(other) == thread(line) && other.contains("sync resumed>"))
                .map_or(usize::MAX, |(index, _)| index)
        } else {
            begun
        };
        found.push(Sync { begun, ended, path });
    }
    found
}

fn is_write(line: &str) -> bool {
    ["write(", "writev(", "sendto(", "sendmsg("].iter().any(|call| line.contains(call))
}

/// The path that `-y` shows for the descriptor.
fn path(line: &str) -> Option<&str> {
    line.split_once('<')?.1.split_once('>').map(|(path, _)| path)
}

/// Objects are files with a ULID for a name; everything above them is a directory.
fn is_directory(path: &str) -> bool {
    path.rsplit('/').next().is_none_or(|name| name.len() < 20)
}
