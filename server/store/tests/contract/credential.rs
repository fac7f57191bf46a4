//! Access keys and temporary credentials.

use roadstead::access::{AccessKeyId, Allowed, CredentialHolder};
use roadstead::id::CredentialId;
use roadstead::manage::credential::UsedService;
use roadstead_store::access_key;
use roadstead_store::account::State;
use roadstead_store::credential::{self, CredentialKind, NewCredential, Use};
use roadstead_store::sealed::{self, SealedPlace, SealedRecord, Shown};
use roadstead_store::user::{self, UserRecord};

use crate::home::{Home, Keyed as _, Proof as _, at, both, tx};

fn ak(text: &str) -> AccessKeyId {
    format!("{text:0<20}").parse().unwrap()
}

/// A user's access key `AKLONG…`, which ends at 90, and its temporary credential `AKSHORT…`, which ends at 60.
async fn with_both(home: &Home, user: &UserRecord) -> (CredentialId, CredentialId) {
    let new = |text: &str| NewCredential {
        holder: user.allowed(),
        access_key: ak(text),
        login_key_hash: [7; 32],
        created_at: at(0),
    };
    let (long, short) = (new("AKLONG"), new("AKSHORT"));
    let secret = SealedRecord { version: 1, key_id: "k1".into(), sealed: vec![1] };
    tx!(
        home.run,
        [long, short, secret] | tx | {
            let long = access_key::create(tx, &long, "laptop", Some(at(90)), None).await?;
            let short = credential::create_temporary(tx, &short, "login", "", at(60)).await?;
            let places = [("access_keys", long), ("temporary_credentials", short)];
            for (table, id) in places {
                sealed::put(tx, &SealedPlace::new(table, id, "secret"), &secret, at(0)).await?;
            }
            Ok((long, short))
        }
    )
}

async fn a_credential_comes_with_all_that_a_login_checks(home: &Home) {
    let alice = home.account("alice").await;
    let bob = home.user(&alice, "bob").await;
    let (long, short) = with_both(home, &bob).await;
    assert_eq!(tx!(home.read, [] | tx | credential::find(tx, "AKNONE").await), None);
    let find = async |text: &str| {
        let text = ak(text);
        tx!(home.read, [text] | tx | credential::find(tx, text.as_str()).await).unwrap()
    };
    let found = find("AKLONG").await;
    let kind = (CredentialKind::AccessKey, long, Some(at(90)));
    assert_eq!((found.kind, found.id, found.expires_at), kind);
    assert_eq!(
        (found.login_key_hash, found.user_id, found.programmatic_access),
        (vec![7; 32], bob.id, true)
    );
    assert_eq!(
        (found.account_name, found.user_state, found.state),
        (alice.name.clone(), State::Active, State::Active)
    );
    let found = find("AKSHORT").await;
    let kind = (CredentialKind::Temporary, short, Some(at(60)));
    assert_eq!((found.kind, found.id, found.expires_at), kind);
    let holder = bob.allowed();
    let revoked = ak("AKSHORT");
    let revoke = async |at| {
        tx!(
            home.run,
            [holder, revoked] | tx | credential::revoke_temporary(tx, &holder, &revoked, at).await
        )
    };
    assert!(!revoke(at(60)).await, "it has ended by itself");
    assert!(revoke(at(7)).await);
    assert!(!revoke(at(8)).await);
    assert_eq!(find("AKSHORT").await.state, State::Disabled);
    assert_eq!(tx!(home.run, [] | tx | credential::remove_expired(tx, at(60), 10).await), 0);
    assert_eq!(tx!(home.run, [] | tx | credential::remove_expired(tx, at(61), 10).await), 1);
    let gone = tx!(home.read, [revoked] | tx | credential::find(tx, revoked.as_str()).await);
    assert_eq!(gone, None);
}

async fn access_keys_are_found_by_their_holder(home: &Home) {
    let alice = home.account("alice").await;
    let (bob, carol) = (home.user(&alice, "bob").await, home.user(&alice, "carol").await);
    let (id, _) = with_both(home, &bob).await;
    let (own, other, key) = (bob.allowed(), carol.allowed(), ak("AKLONG"));
    let off = Some(State::Disabled);
    assert!(!tx!(
        home.run,
        [other, key] | tx | access_key::update(tx, &other, &key, Some("mine"), off, at(5)).await
    ));
    assert!(!tx!(home.run, [other, key] | tx | access_key::delete(tx, &other, &key, at(5)).await));
    assert_eq!(tx!(home.read, [other, key] | tx | access_key::find(tx, &other, &key).await), None);
    assert_eq!(tx!(home.run, [other] | tx | access_key::count(tx, &other).await), 0);
    assert_eq!(tx!(home.run, [own] | tx | access_key::count(tx, &own).await), 1);
    assert_eq!(tx!(home.run, [own] | tx | access_key::lock_holder(tx, &own).await), Some(true));
    assert!(tx!(
        home.run,
        [own, key] | tx | access_key::update(tx, &own, &key, None, off, at(6)).await
    ));
    assert!(tx!(
        home.run,
        [own, key] | tx | access_key::update(tx, &own, &key, Some("desk"), None, at(6)).await
    ));
    let (is_programmatic, listed) =
        tx!(home.read, [own] | tx | access_key::list(tx, &own).await).unwrap();
    assert!(is_programmatic);
    assert_eq!(listed.len(), 1);
    assert_eq!((listed[0].description.as_str(), listed[0].state), ("desk", State::Disabled));
    let found = tx!(home.read, [own, key] | tx | access_key::find(tx, &own, &key).await);
    assert_eq!(found.as_ref(), listed.first());
    assert!(tx!(home.run, [own, key] | tx | access_key::delete(tx, &own, &key, at(8)).await));
    let place = SealedPlace::new("access_keys", id, "secret");
    assert_eq!(tx!(home.read, [place] | tx | sealed::get(tx, &place).await), None);
    tx!(home.run, [bob] | tx | user::delete(tx, bob.key(), at(9)).await);
    assert_eq!(tx!(home.read, [own] | tx | access_key::list(tx, &own).await), None);
    assert_eq!(tx!(home.run, [own] | tx | access_key::lock_holder(tx, &own).await), None);
}

async fn a_new_key_is_shown_to_one_session_for_a_while(home: &Home) {
    let alice = home.account("alice").await;
    let (bob, carol) = (home.user(&alice, "bob").await, home.user(&alice, "carol").await);
    let (own, other, key) = (bob.allowed(), carol.allowed(), ak("AKNEW"));
    let new = NewCredential {
        holder: own.clone(),
        access_key: key.clone(),
        login_key_hash: [7; 32],
        created_at: at(0),
    };
    let to = Shown { to: "session".to_owned(), until: at(10) };
    let id =
        tx!(home.run, [new, to] | tx | access_key::create(tx, &new, "", None, Some(&to)).await);
    let shown = async |session: &'static str, now| {
        tx!(home.read, [own, key] | tx | access_key::shown(tx, &own, &key, session, now).await)
    };
    let found = shown("session", at(9)).await.unwrap();
    assert_eq!((found.id, found.expires_at, found.file_taken_at), (id, None, None));
    assert_eq!(shown("session", at(10)).await, None);
    assert_eq!(shown("another", at(9)).await, None);
    let take = async |holder: &Allowed<CredentialHolder>| {
        let holder = holder.clone();
        tx!(home.run, [holder, key] | tx | access_key::take_file(tx, &holder, &key, at(5)).await)
    };
    assert!(!take(&other).await && take(&own).await && !take(&own).await);
    assert_eq!(shown("session", at(9)).await.unwrap().file_taken_at, Some(at(5)));
    tx!(home.run, [other, key] | tx | access_key::hide(tx, &other, &key).await);
    assert!(shown("session", at(9)).await.is_some());
    tx!(home.run, [own, key] | tx | access_key::hide(tx, &own, &key).await);
    assert_eq!(shown("session", at(9)).await, None);
}

async fn a_deleted_user_leaves_no_secret(home: &Home) {
    let alice = home.account("alice").await;
    let (bob, carol) = (home.user(&alice, "bob").await, home.user(&alice, "carol").await);
    with_both(home, &bob).await;
    let place = SealedPlace::new("access_keys", 1_000_000, "secret");
    let secret = SealedRecord { version: 1, key_id: "k1".into(), sealed: vec![1] };
    tx!(home.run, [place, secret] | tx | sealed::put(tx, &place, &secret, at(0)).await);
    tx!(home.run, [carol] | tx | user::delete(tx, carol.key(), at(1)).await);
    let count = async || tx!(home.read, [] | tx | sealed::sealed_with(tx, "k1", 10).await).len();
    assert_eq!(count().await, 3);
    tx!(home.run, [bob] | tx | user::delete(tx, bob.key(), at(1)).await);
    assert_eq!(count().await, 1);
}

async fn the_last_use_of_both_kinds_is_noted(home: &Home) {
    let alice = home.account("alice").await;
    let bob = home.user(&alice, "bob").await;
    let (long, short) = with_both(home, &bob).await;
    let of = |kind, id, seconds, address: &str| Use {
        kind,
        id,
        at: at(seconds),
        address: address.into(),
        service: UsedService::Management,
    };
    let uses = [
        of(CredentialKind::AccessKey, long, 5, "10.0.0.1"),
        of(CredentialKind::Temporary, short, 6, "10.0.0.2"),
        // What another server noted later stays.
        of(CredentialKind::AccessKey, long, 4, "10.0.0.3"),
        of(CredentialKind::AccessKey, CredentialId(1_000_000), 4, ""),
    ];
    tx!(home.run, [uses] | tx | credential::note_uses(tx, &uses).await);
    let holder = bob.allowed();
    let (_, keys) = tx!(home.read, [holder] | tx | access_key::list(tx, &holder).await).unwrap();
    let logins =
        tx!(home.read, [holder] | tx | credential::temporary_of(tx, &holder, at(10), 5).await);
    let (key, login) = (&keys[0], &logins[0]);
    assert_eq!((key.last_used_at, key.last_used_from.as_str()), (Some(at(5)), "10.0.0.1"));
    assert_eq!(key.last_used_by, UsedService::Management);
    assert_eq!((login.last_used_at, login.last_used_from.as_str()), (Some(at(6)), "10.0.0.2"));
    assert_eq!(login.expires_at, at(60));
    let ended =
        tx!(home.read, [holder] | tx | credential::temporary_of(tx, &holder, at(60), 5).await);
    assert_eq!(ended, []);
}

both! {
    a_credential_comes_with_all_that_a_login_checks
    a_new_key_is_shown_to_one_session_for_a_while
    access_keys_are_found_by_their_holder
    a_deleted_user_leaves_no_secret
    the_last_use_of_both_kinds_is_noted
}
