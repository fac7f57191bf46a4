//! When what was loaded is no longer true.

use std::hash::{BuildHasher as _, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};

use roadstead::ImageName;
use roadstead_store::change::{Change, ChangeKind};

/// Counters of images; names share them by their hash, which only makes a little more be loaded again.
const SLOTS: usize = 4_096;

/// Counts the commits that could change a decision.
#[derive(Debug)]
pub(crate) struct Generation {
    rights: AtomicU64,
    people: AtomicU64,
    credentials: AtomicU64,
    /// Of what concerns one image alone: that it is made, edited or deleted.
    images: Box<[AtomicU64]>,
    hashing: RandomState,
}

impl Default for Generation {
    fn default() -> Self {
        Self {
            rights: AtomicU64::default(),
            people: AtomicU64::default(),
            credentials: AtomicU64::default(),
            images: std::iter::repeat_with(AtomicU64::default).take(SLOTS).collect(),
            hashing: RandomState::new(),
        }
    }
}

/// The count at which something was loaded. Take it before loading: a commit meanwhile makes the loaded value old.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Stamp(u64);

impl Generation {
    /// Moves with everything that could change a decision about anything but a single image.
    pub(crate) fn rights(&self) -> Stamp {
        Stamp(self.rights.load(Ordering::Acquire))
    }

    /// Moves with everything that could change a decision about the image of this name, whether it exists or not.
    pub(crate) fn image(&self, name: &ImageName) -> Stamp {
        // Both only grow, so their sum stays the same only if both do.
        let own = self.slot(name).map_or(0, |slot| slot.load(Ordering::Acquire));
        Stamp(self.rights.load(Ordering::Acquire).wrapping_add(own))
    }

    fn slot(&self, name: &ImageName) -> Option<&AtomicU64> {
        let hash = usize::try_from(self.hashing.hash_one(name) % SLOTS as u64).unwrap_or_default();
        self.images.get(hash)
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
            if change.kind == ChangeKind::Repository
                && let Ok(name) = change.subject.parse::<ImageName>()
                && let Some(slot) = self.slot(&name)
            {
                slot.fetch_add(1, Ordering::AcqRel);
                continue;
            }
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use roadstead::Timestamp;

    use super::*;

    #[test]
    fn a_change_of_one_image_concerns_that_image_alone() {
        let generation = Generation::default();
        let name = |text: &str| text.parse::<ImageName>().unwrap();
        let (one, others) = (name("a/one"), (0..50).map(|n| name(&format!("a/other{n}"))));
        let others: Vec<ImageName> = others.collect();
        let stamps = || others.iter().map(|it| generation.image(it)).collect::<Vec<_>>();
        let (before, before_others, before_rights) =
            (generation.image(&one), stamps(), generation.rights());
        let change = |kind| Change::new(kind, Timestamp(1));
        generation.note(&[change(ChangeKind::Repository).of(&one)]);
        assert_ne!(generation.image(&one), before);
        assert_eq!(generation.rights(), before_rights);
        let same = stamps().iter().zip(&before_others).filter(|(now, then)| now == then).count();
        assert!(same >= 48, "names that share a counter are rare");

        let before = generation.image(&one);
        for kind in [ChangeKind::Organization, ChangeKind::Permission, ChangeKind::Repository] {
            let (image, rights) = (generation.image(&one), generation.rights());
            generation.note(&[change(kind)]);
            assert_ne!(generation.image(&one), image, "{kind:?}");
            assert_ne!(generation.rights(), rights, "{kind:?}");
        }
        assert_ne!(generation.image(&one), before);
    }
}
