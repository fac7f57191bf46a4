//! When what was loaded is no longer true.

use std::sync::atomic::{AtomicU64, Ordering};

use roadstead_store::change::{Change, ChangeKind};

/// Counts the commits that could change a decision.
#[derive(Debug, Default)]
pub(crate) struct Generation {
    rights: AtomicU64,
    people: AtomicU64,
    credentials: AtomicU64,
}

/// The count at which something was loaded. Take it before loading: a commit meanwhile makes the loaded value old.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Stamp(u64);

impl Generation {
    /// Moves with everything that could change a decision.
    pub(crate) fn rights(&self) -> Stamp {
        Stamp(self.rights.load(Ordering::Acquire))
    }

    /// Moves when a user, its password, state or rights change.
    pub(crate) fn people(&self) -> Stamp {
        Stamp(self.people.load(Ordering::Acquire))
    }

    /// Moves when a credential is revoked, or anything of its user changes.
    pub(crate) fn credentials(&self) -> Stamp {
        Stamp(self.credentials.load(Ordering::Acquire))
    }

    /// Takes note of not knowing what changed.
    pub(crate) fn all_changed(&self) {
        for counter in [&self.rights, &self.people, &self.credentials] {
            counter.fetch_add(1, Ordering::AcqRel);
        }
    }

    /// Takes note of settings that were put in force.
    pub(crate) fn settings_changed(&self) {
        self.rights.fetch_add(1, Ordering::AcqRel);
    }

    /// Takes note of a commit.
    pub(crate) fn note(&self, changes: &[Change]) {
        for change in changes {
            let counters: &[&AtomicU64] = match change.kind {
                ChangeKind::Account | ChangeKind::User | ChangeKind::Permission => {
                    &[&self.rights, &self.people, &self.credentials]
                }
                ChangeKind::Credential => &[&self.credentials],
                ChangeKind::Organization | ChangeKind::Repository | ChangeKind::Setting => {
                    &[&self.rights]
                }
                ChangeKind::Tag
                | ChangeKind::Manifest
                | ChangeKind::SigningKey
                | ChangeKind::Job => &[],
            };
            for counter in counters {
                counter.fetch_add(1, Ordering::AcqRel);
            }
        }
    }
}
