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
        .args(["-f", "-y", "-s", "64", "-e", "trace=openat,fsync,fdatasync,sync_file_range,write,writev,sendto,sendmsg,pwrite64"])
        .arg("-o")
        .arg(&log)
        .arg(env!("CARGO_BIN_EXE_roadstead"))
        .stderr(Stdio::null());
    clean(&mut command, &data);
    let server = Roadstead::spawn(command);
    let blob = noise(3, 300_000);
    assert_eq!(Http::new(&server).push_blob("docks/app", blob).await, Some(201));
    drop(server);
    let text = std::fs::read_to_string(&log).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    let answered = lines
        .iter()
        .position(|line| is_write(line) && line.contains("HTTP/1.1 201"))
        .expect("the 201 is in the trace");
    // The upload session began with the 202; what was synced since is what the 201 promises.
    let begun = lines.iter().position(|line| is_write(line) && line.contains("HTTP/1.1 202")).expect("the 202");
    let between = &lines[begun..answered];
    let objects = data.join("objects").display().to_string();
    let synced = |test: &dyn Fn(&str) -> bool| between.iter().position(|line| is_sync(line) && test(line));
    let file = synced(&|line| path(line).is_some_and(|path| path.starts_with(&objects) && !is_directory(path)));
    let directory = synced(&|line| path(line).is_some_and(|path| path.starts_with(&objects) && is_directory(path)));
    let database = between
        .iter()
        .rposition(|line| is_sync(line) && path(line).is_some_and(|path| path.ends_with("-wal") || path.ends_with(".db")));
    let shown = between.iter().filter(|line| is_sync(line)).copied().collect::<Vec<_>>().join("\n");
    let (file, directory, database) = (
        file.unwrap_or_else(|| panic!("the object was not synced:\n{shown}")),
        directory.unwrap_or_else(|| panic!("its directory was not synced:\n{shown}")),
        database.unwrap_or_else(|| panic!("the database was not synced:\n{shown}")),
    );
    assert!(file < database && directory < database, "the row was durable before its bytes:\n{shown}");
}

fn is_write(line: &str) -> bool {
    ["write(", "writev(", "sendto(", "sendmsg("].iter().any(|call| line.contains(call))
}

fn is_sync(line: &str) -> bool {
    line.contains(" fsync(") || line.contains(" fdatasync(")
}

/// The path that `-y` shows for the descriptor.
fn path(line: &str) -> Option<&str> {
    line.split_once('<')?.1.split_once('>').map(|(path, _)| path)
}

/// Objects are files with a ULID for a name; everything above them is a directory.
fn is_directory(path: &str) -> bool {
    path.rsplit('/').next().is_none_or(|name| name.len() < 20)
}
