//! The outside that a test must be able to stand still: time and randomness.
//!
//! Nothing in this package reads a clock or draws a random number by itself. The real ports are in
//! `server/src/port.rs`, those of tests in [`crate::testing`]. To add a port, add a narrow trait here and a field of
//! [`Ports`].

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use roadstead::Timestamp;
use roadstead::id::PublicId;
use ulid::Ulid;
use uuid::Uuid;

/// What time it is.
pub trait Clock: Send + Sync {
    /// The time of the calendar.
    fn now(&self) -> Timestamp;
    /// Time since some instant of this process; never goes back. For measuring how long something takes.
    fn monotonic(&self) -> Duration;
}

/// Where unpredictable bytes come from.
pub trait Random: Send + Sync {
    /// Fills `bytes`, fit for keys and passwords.
    fn fill(&self, bytes: &mut [u8]);
}

/// All ports. Cheap to clone.
#[derive(Clone)]
pub struct Ports {
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub random: Arc<dyn Random>,
}

impl fmt::Debug for Ports {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Ports")
    }
}

impl Ports {
    /// The time of the calendar.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// `N` unpredictable bytes.
    #[must_use]
    pub fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        self.random.fill(&mut bytes);
        bytes
    }

    /// A new public id of an account, user or project.
    #[must_use]
    pub fn public_id(&self) -> PublicId {
        PublicId::from_random(self.bytes())
    }

    /// A new random UUID (version 4).
    #[must_use]
    pub fn uuid(&self) -> Uuid {
        uuid::Builder::from_random_bytes(self.bytes()).into_uuid()
    }

    /// A new ULID: the time of the calendar and 80 random bits.
    #[must_use]
    pub fn ulid(&self) -> Ulid {
        let milliseconds = u64::try_from(self.now().0 / 1_000).unwrap_or_default();
        let mut random = [0; 16];
        if let Some(tail) = random.get_mut(6..) {
            self.random.fill(tail);
        }
        Ulid::from_parts(milliseconds, u128::from_be_bytes(random))
    }

    /// `length` characters drawn evenly from `alphabet`, which has 1–256 ASCII characters.
    #[must_use]
    pub fn text(&self, alphabet: &[u8], length: usize) -> String {
        let size = alphabet.len().clamp(1, 256);
        // Bytes at or over the largest multiple of the size would favour the first characters; they are drawn again.
        let fair = 256 / size * size;
        let mut text = String::with_capacity(length);
        while text.len() < length {
            for byte in self.bytes::<64>().map(usize::from) {
                if byte < fair
                    && text.len() < length
                    && let Some(&character) = alphabet.get(byte % size)
                {
                    text.push(char::from(character));
                }
            }
            if alphabet.is_empty() {
                break;
            }
        }
        text
    }
}
