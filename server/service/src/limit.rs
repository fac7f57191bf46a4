//! How often one may fail: per (subject, address) and per address, never per subject alone, because strangers could
//! lock people out (`console.md` A.2, `protocol.md` 2.4).
//!
//! Counted in memory: a restart forgives, and each replica counts for itself.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::Arc;

use parking_lot::Mutex;
use roadstead::error::Subject;
use roadstead::{Error, ErrorKind, Result, Timestamp};

use crate::port::Clock;

/// Failures of one subject from one address within [`WINDOW`] that close the door.
pub const SUBJECT_LIMIT: usize = 5;
/// Failures from one address within [`WINDOW`] that close the door.
pub const ADDRESS_LIMIT: usize = 20;
/// Seconds during which failures are counted, and for which the door stays closed, where nothing else is said.
pub const WINDOW: i64 = 15 * 60;
/// Most keys remembered; when there are more, those of the past are forgotten first.
const CAPACITY: usize = 50_000;

/// Characters of a subject that are looked at; what is typed has no limit of its own.
const LONGEST_SUBJECT: usize = 160;

/// What failures are counted for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Key {
    Subject(String, Option<IpAddr>),
    Address(IpAddr),
}

impl Key {
    const fn limit(&self) -> usize {
        match self {
            Self::Subject(..) => SUBJECT_LIMIT,
            Self::Address(_) => ADDRESS_LIMIT,
        }
    }
}

/// One failure: when, and which secret failed, as a keyed hash.
#[derive(Debug, Clone, Copy)]
struct Failure {
    at: Timestamp,
    secret: [u8; 16],
}

/// Whether the same wrong secret counts again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Repeated {
    /// It does: a person who types.
    Counts,
    /// It does not: clients try one wrong secret at several doors (`protocol.md` 2.1), and repeating it gains nothing.
    IsOne,
}

/// Counts failures.
pub(crate) struct FailureLimit {
    clock: Arc<dyn Clock>,
    repeated: Repeated,
    window: i64,
    failures: Mutex<HashMap<Key, Vec<Failure>>>,
}

impl FailureLimit {
    pub(crate) fn new(clock: Arc<dyn Clock>, repeated: Repeated) -> Self {
        Self { clock, repeated, window: WINDOW, failures: Mutex::default() }
    }

    /// Counts within so many seconds, and closes for so many.
    pub(crate) fn within(self, window: i64) -> Self {
        Self { window, ..self }
    }

    /// Refuses while the door is closed.
    ///
    /// # Errors
    /// [`ErrorKind::RateLimited`] with the seconds to wait.
    pub(crate) fn check(&self, subject: &str, client: Option<IpAddr>) -> Result<()> {
        let now = self.clock.now();
        let failures = self.failures.lock();
        let until = keys(subject, client)
            .filter_map(|key| self.closed_until(failures.get(&key)?, key.limit(), now))
            .max();
        match until {
            Some(until) => Err(Error::new(
                ErrorKind::RateLimited,
                Subject::Session,
                "too many failed attempts; wait before trying again",
            )
            .retry_after(seconds_until(until, now))),
            None => Ok(()),
        }
    }

    /// Counts a failure. `secret` is a keyed hash of what failed.
    pub(crate) fn fail(&self, subject: &str, client: Option<IpAddr>, secret: &[u8; 32]) {
        let now = self.clock.now();
        let mut tag = [0; 16];
        tag.copy_from_slice(secret.first_chunk::<16>().unwrap_or(&[0; 16]));
        let mut failures = self.failures.lock();
        let is_repeated = self.repeated == Repeated::IsOne
            && keys(subject, client).next().is_some_and(|key| {
                failures.get(&key).is_some_and(|known| {
                    known
                        .iter()
                        .any(|failure| self.is_recent(failure, now) && failure.secret == tag)
                })
            });
        if is_repeated {
            return;
        }
        for key in keys(subject, client) {
            if failures.len() >= CAPACITY && !failures.contains_key(&key) {
                self.make_room(&mut failures, now);
            }
            let limit = key.limit();
            let known = failures.entry(key).or_default();
            if self.closed_until(known, limit, now).is_none() {
                known.retain(|failure| self.is_recent(failure, now));
            }
            known.push(Failure { at: now, secret: tag });
        }
    }

    /// Forgives a subject at an address. The address itself is not forgiven: whoever has one good password could
    /// otherwise guess others without end.
    pub(crate) fn succeed(&self, subject: &str, client: Option<IpAddr>) {
        if let Some(key) = keys(subject, client).next() {
            self.failures.lock().remove(&key);
        }
    }

    /// The door closes with the failure that reaches the limit, for a whole window.
    fn closed_until(&self, known: &[Failure], limit: usize, now: Timestamp) -> Option<Timestamp> {
        let last = known.last().filter(|_| known.len() >= limit)?;
        Some(last.at.plus_seconds(self.window)).filter(|until| now < *until)
    }

    fn is_recent(&self, failure: &Failure, now: Timestamp) -> bool {
        now.seconds_since(failure.at) < self.window
    }

    fn make_room(&self, failures: &mut HashMap<Key, Vec<Failure>>, now: Timestamp) {
        failures.retain(|_, known| known.iter().any(|failure| self.is_recent(failure, now)));
        if failures.len() >= CAPACITY {
            failures.clear();
        }
    }
}

/// Whole seconds, rounded up.
pub(crate) fn seconds_until(until: Timestamp, now: Timestamp) -> u64 {
    let micros = until.0.saturating_sub(now.0).max(0).unsigned_abs();
    micros.div_ceil(1_000_000)
}

fn keys(subject: &str, client: Option<IpAddr>) -> impl Iterator<Item = Key> {
    let client = client.map(network);
    let subject = subject.chars().take(LONGEST_SUBJECT).collect::<String>().to_ascii_lowercase();
    let subject = Key::Subject(subject, client);
    std::iter::once(subject).chain(client.map(Key::Address))
}

/// One IPv4 address; of IPv6 the /64, which is what one subscriber has.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => {
            let bits = v6.to_bits() & !u128::from(u64::MAX);
            IpAddr::V6(Ipv6Addr::from_bits(bits))
        }
        v4 @ IpAddr::V4(_) => v4,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::testing::StandingClock;

    fn limit(repeated: Repeated) -> (Arc<StandingClock>, FailureLimit) {
        let clock = Arc::new(StandingClock::default());
        (clock.clone(), FailureLimit::new(clock, repeated))
    }

    fn address(last: u8) -> Option<IpAddr> {
        Some(IpAddr::from([192, 0, 2, last]))
    }

    #[test]
    fn five_failures_close_the_door_for_one_user_from_one_address() {
        let (clock, limit) = limit(Repeated::Counts);
        for _ in 0..SUBJECT_LIMIT {
            limit.check("ann", address(1)).unwrap();
            limit.fail("ann", address(1), &[1; 32]);
            clock.advance(10);
        }
        let error = limit.check("Ann", address(1)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::RateLimited);
        assert_eq!(error.retry_after_seconds(), Some(890));
        limit.check("ann", address(2)).unwrap();
        limit.check("ben", address(1)).unwrap();
        clock.advance(889);
        assert!(limit.check("ann", address(1)).is_err());
        clock.advance(1);
        limit.check("ann", address(1)).unwrap();
    }

    #[test]
    fn failures_age_out_one_by_one() {
        let (clock, limit) = limit(Repeated::Counts);
        for _ in 0..SUBJECT_LIMIT - 1 {
            limit.fail("ann", address(1), &[1; 32]);
        }
        clock.advance(WINDOW);
        limit.fail("ann", address(1), &[1; 32]);
        limit.check("ann", address(1)).unwrap();
    }

    #[test]
    fn twenty_failures_close_the_door_for_an_address() {
        let (_clock, limit) = limit(Repeated::Counts);
        for user in 0..ADDRESS_LIMIT {
            limit.fail(&format!("user{user}"), address(1), &[1; 32]);
        }
        assert!(limit.check("someone-else", address(1)).is_err());
        limit.check("someone-else", address(2)).unwrap();
        limit.check("someone-else", None).unwrap();
    }

    #[test]
    fn a_success_forgives_the_user_and_not_the_address() {
        let (_clock, limit) = limit(Repeated::Counts);
        for user in 0..ADDRESS_LIMIT - 1 {
            limit.fail(&format!("user{user}"), address(1), &[1; 32]);
        }
        limit.fail("ann", address(1), &[1; 32]);
        limit.succeed("ann", address(1));
        assert!(limit.check("ann", address(1)).is_err());
    }

    #[test]
    fn the_same_wrong_secret_of_a_client_counts_once() {
        let (_clock, limit) = limit(Repeated::IsOne);
        for _ in 0..50 {
            limit.fail("ann", address(1), &[1; 32]);
        }
        limit.check("ann", address(1)).unwrap();
        for secret in 2..=5 {
            limit.fail("ann", address(1), &[secret; 32]);
        }
        assert!(limit.check("ann", address(1)).is_err());
    }

    #[test]
    fn one_subscriber_of_ipv6_is_one_address() {
        let (_clock, limit) = limit(Repeated::Counts);
        let of = |text: &str| Some(text.parse::<IpAddr>().unwrap());
        for _ in 0..SUBJECT_LIMIT {
            limit.fail("ann", of("2001:db8::1"), &[1; 32]);
        }
        assert!(limit.check("ann", of("2001:db8::ffff")).is_err());
        limit.check("ann", of("2001:db8:1::1")).unwrap();
    }
}
