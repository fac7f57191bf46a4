//! Which events are written at all.

use std::collections::BTreeSet;

use super::*;

/// Names of events that no use case writes, each with what it waits for.
const WAITING: [(&str, &[TraceName]); 6] = [
    (
        "management API",
        &[
            TraceName::CreateRepoShare,
            TraceName::DeleteRepoShare,
            TraceName::GetRepoShare,
            TraceName::UpdateRepoShare,
        ],
    ),
    (
        "triggers and clusters",
        &[
            TraceName::ShowTrigger,
            TraceName::ListTriggers,
            TraceName::CreateTrigger,
            TraceName::UpdateTrigger,
            TraceName::DeleteTrigger,
            TraceName::RunTrigger,
            TraceName::CreateCluster,
            TraceName::UpdateCluster,
            TraceName::DeleteCluster,
        ],
    ),
    (
        "synchronization and regions",
        &[
            TraceName::SetRImageSync,
            TraceName::UnsetRImageSync,
            TraceName::ListRImageSync,
            TraceName::ManuallImageSync,
            TraceName::ShowSyncJob,
            TraceName::CreateRegion,
            TraceName::UpdateRegion,
            TraceName::TestRegion,
            TraceName::DeleteRegion,
        ],
    ),
    (
        "retention",
        &[
            TraceName::CreateRetention,
            TraceName::DeleteRetention,
            TraceName::ShowRetention,
            TraceName::UpdateRetention,
            TraceName::ListRetentions,
            TraceName::ListRetentionHistories,
            TraceName::DeleteTagByRetention,
            TraceName::RunRetention,
        ],
    ),
    ("scanning", &[TraceName::ScanImage]),
    ("deleting accounts", &[TraceName::DeleteAccount]),
];

/// Every event of the list is written by some use case, or waits for a capability that is still to come: then it is in
/// [`WAITING`], which may only shrink.
#[test]
fn every_event_is_written_or_waits_for_its_capability() {
    let mut texts = String::new();
    let mut folders = vec![std::path::PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("src")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            if name.starts_with("tests") || name == "incident.rs" {
                continue;
            }
            if path.is_dir() {
                folders.push(path);
            } else {
                texts.push_str(&std::fs::read_to_string(path).unwrap());
            }
        }
    }
    let words: BTreeSet<&str> = texts.split(|c: char| !c.is_alphanumeric() && c != ':').collect();
    let waiting: BTreeSet<TraceName> =
        WAITING.iter().flat_map(|(_, names)| names.iter().copied()).collect();
    for name in TraceName::ALL {
        let is_written = words.contains(format!("TraceName::{name:?}").as_str());
        assert_ne!(
            is_written,
            waiting.contains(name),
            "{name}: is it written, or listed as waiting?"
        );
    }
}
