//! Accounts, users, groups, what is attached to them, sessions.

use roadstead::Secret;
use roadstead_store::account::{self, State};
use roadstead_store::attachment::{self, Holder, Right};
use roadstead_store::session::{self, SessionRecord};
use roadstead_store::{group, user};
use serde_json::json;

use crate::home::{Home, at, both, new_user, public_id, tx};

async fn account_names_ignore_case(home: &Home) {
    let alice = home.account("Alice").await;
    let name: roadstead::AccountName = "ALICE".parse().unwrap();
    let found = tx!(home.read, [name] | tx | account::find_by_name(tx, &name).await).unwrap();
    assert_eq!(found, alice);
    assert_eq!(found.name.as_str(), "Alice");
    let new = account::NewAccount {
        public_id: public_id(),
        name,
        kind: account::AccountKind::Tenant,
        created_at: at(1),
    };
    let refused = tx!(home.try_run, [new] | tx | account::create(tx, &new).await).unwrap_err();
    assert!(refused.is_not_unique("accounts"), "{refused:?}");
    let public = alice.public_id.clone();
    assert!(
        tx!(home.read, [public] | tx | account::find_by_public_id(tx, &public).await).is_some()
    );
    assert_eq!(tx!(home.read, [] | tx | account::list(tx).await).len(), 1);
}

async fn an_account_has_state_limits_and_an_epoch(home: &Home) {
    let alice = home.account("alice").await;
    let id = alice.id;
    tx!(home.run, [] | tx | account::set_state(tx, id, State::Disabled, at(1)).await);
    tx!(home.run, [] | tx | account::set_limits(tx, id, Some(3), None, at(1)).await);
    let now = home.account_now(id).await;
    assert_eq!(
        (now.state, now.organization_limit, now.size_limit),
        (State::Disabled, Some(3), None)
    );
    assert_eq!(tx!(home.read, [] | tx | account::permission_epoch(tx, id).await), Some(1));
}

async fn user_names_are_unique_in_their_account_only(home: &Home) {
    let (alice, carol) = (home.account("alice").await, home.account("carol").await);
    let bob = home.user(&alice, "Bob").await;
    home.user(&carol, "bob").await;
    let again = new_user(&alice, "BOB");
    let refused = tx!(home.try_run, [again] | tx | user::create(tx, &again).await).unwrap_err();
    assert!(refused.is_not_unique("users"), "{refused:?}");
    let (account, name) = (alice.id, "bOB".parse::<roadstead::UserName>().unwrap());
    let found = tx!(home.read, [account, name] | tx | user::find_by_name(tx, account, &name).await)
        .unwrap();
    assert_eq!(found, bob);
    assert_eq!(tx!(home.read, [account] | tx | user::list(tx, account).await), vec![bob]);
}

async fn the_owner_is_found_by_the_account(home: &Home) {
    let alice = home.account("alice").await;
    let mut owner = new_user(&alice, "alice");
    owner.is_owner = true;
    owner.password_hash = Some(Secret::new("hash".to_owned()));
    owner.must_change_password = true;
    let owner = tx!(home.run, [owner] | tx | user::create(tx, &owner).await);
    assert!(owner.must_change_password);
    let name: roadstead::AccountName = "Alice".parse().unwrap();
    assert_eq!(
        tx!(home.read, [name] | tx | user::find_owner(tx, &name).await),
        Some(owner.clone())
    );
    let mut second = new_user(&alice, "second");
    second.is_owner = true;
    assert!(
        tx!(home.try_run, [second] | tx | user::create(tx, &second).await)
            .unwrap_err()
            .is_not_unique("users")
    );
    let id = owner.id;
    assert_eq!(
        tx!(home.read, [] | tx | user::password_hash(tx, id).await),
        Some(Secret::new("hash".to_owned()))
    );
    tx!(
        home.run,
        [owner]
            | tx
            | user::set_password_hash(tx, &owner, &Secret::new("new".to_owned()), at(5)).await
    );
    assert_eq!(
        tx!(home.read, [] | tx | user::password_hash(tx, id).await),
        Some(Secret::new("new".to_owned()))
    );
    let now = tx!(home.read, [] | tx | user::find(tx, id).await).unwrap();
    assert_eq!(now.permission_epoch, owner.permission_epoch + 1);
    assert!(!now.must_change_password);
}

async fn a_user_keeps_its_preferences(home: &Home) {
    let alice = home.account("alice").await;
    let bob = home.user(&alice, "bob").await;
    let id = bob.id;
    assert_eq!(tx!(home.read, [] | tx | user::preferences(tx, id).await), Some(json!({})));
    let wanted = json!({"language": "zh-CN", "pageSize": 50});
    tx!(home.run, [wanted] | tx | user::set_preferences(tx, id, &wanted).await);
    assert_eq!(tx!(home.read, [] | tx | user::preferences(tx, id).await), Some(wanted));
    tx!(home.run, [] | tx | user::note_sign_in(tx, id, at(9)).await);
    let mut now = tx!(home.read, [] | tx | user::find(tx, id).await).unwrap();
    assert_eq!(now.last_signed_in_at, Some(at(9)));
    now.display_name = "Bob B.".into();
    now.programmatic_access = false;
    tx!(home.run, [now] | tx | user::update(tx, &now, at(10)).await);
    let after = tx!(home.read, [] | tx | user::find(tx, id).await).unwrap();
    assert_eq!((after.display_name.as_str(), after.programmatic_access), ("Bob B.", false));
}

async fn an_outside_identity_signs_in_one_user(home: &Home) {
    let alice = home.account("alice").await;
    let bob = home.user(&alice, "bob").await;
    let id = bob.id;
    tx!(home.run, [] | tx | user::add_identity(tx, id, "https://issuer", "123", at(0)).await);
    let again = tx!(
        home.try_run,
        [] | tx | user::add_identity(tx, id, "https://issuer", "123", at(0)).await
    );
    assert!(again.unwrap_err().is_not_unique("identities"));
    assert_eq!(
        tx!(home.read, [] | tx | user::find_by_identity(tx, "https://issuer", "123").await),
        Some(bob)
    );
}

async fn a_deleted_user_leaves_a_free_name_that_inherits_nothing(home: &Home) {
    let alice = home.account("alice").await;
    let bob = home.user(&alice, "bob").await;
    let account = alice.id;
    let group = tx!(
        home.run,
        [] | tx | group::create(tx, account, &public_id(), "Team", None, at(0)).await
    );
    tx!(home.run, [group, bob] | tx | group::add_member(tx, &group, bob.id, at(0)).await);
    let full = Right::Role("SWR FullAccess".into());
    tx!(
        home.run,
        [full, bob]
            | tx
            | attachment::attach(tx, account, Holder::User(bob.id), &full, None, at(0)).await
    );
    tx!(home.run, [bob] | tx | user::delete(tx, &bob, at(1)).await);
    let id = bob.id;
    assert_eq!(tx!(home.read, [] | tx | user::find(tx, id).await), None);
    let again = home.user(&alice, "bob").await;
    assert_ne!(again.id, bob.id);
    let id = again.id;
    assert_eq!(tx!(home.read, [] | tx | group::of_user(tx, id).await), Vec::new());
    assert_eq!(tx!(home.read, [] | tx | attachment::of_user(tx, id).await), Vec::new());
    tx!(home.run, [again] | tx | user::set_state(tx, &again, State::Disabled, at(2)).await);
    assert_eq!(tx!(home.read, [] | tx | user::find(tx, id).await).unwrap().state, State::Disabled);
}

async fn rights_come_from_the_user_and_its_groups(home: &Home) {
    let alice = home.account("alice").await;
    let bob = home.user(&alice, "bob").await;
    let (account, id) = (alice.id, bob.id);
    let group = tx!(
        home.run,
        [] | tx | group::create(tx, account, &public_id(), "Team", None, at(0)).await
    );
    let taken = tx!(
        home.try_run,
        [] | tx | group::create(tx, account, &public_id(), "TEAM", None, at(0)).await
    );
    assert!(taken.unwrap_err().is_not_unique("groups"));
    assert_eq!(
        tx!(home.read, [] | tx | group::find_by_name(tx, account, "team").await),
        Some(group.clone())
    );
    assert_eq!(tx!(home.read, [] | tx | group::list(tx, account).await).len(), 1);
    tx!(home.run, [group] | tx | group::add_member(tx, &group, id, at(0)).await);
    tx!(home.run, [group] | tx | group::add_member(tx, &group, id, at(0)).await);
    let document = json!({"Version": "1.1", "Statement": []});
    let policy = tx!(
        home.run,
        [document] | tx | {
            attachment::create_policy(tx, account, &public_id(), "Mine", &document, None, at(0))
                .await
        }
    );
    assert_eq!(tx!(home.read, [] | tx | attachment::list_policies(tx, account).await).len(), 1);
    let (read, own) = (Right::Role("SWR ReadOnlyAccess".into()), Right::Policy(policy.id));
    let holder = Holder::Group(group.id);
    let before = tx!(home.read, [] | tx | account::permission_epoch(tx, account).await).unwrap();
    tx!(
        home.run,
        [read] | tx | attachment::attach(tx, account, Holder::User(id), &read, None, at(0)).await
    );
    tx!(
        home.run,
        [read] | tx | attachment::attach(tx, account, Holder::User(id), &read, None, at(0)).await
    );
    tx!(home.run, [own] | tx | attachment::attach(tx, account, holder, &own, None, at(0)).await);
    assert!(
        tx!(home.read, [] | tx | account::permission_epoch(tx, account).await).unwrap() > before
    );
    let mut held = tx!(home.read, [] | tx | attachment::of_user(tx, id).await);
    held.sort_by_key(|right| right.role.clone());
    assert_eq!(held.len(), 2);
    assert_eq!(held[0].document, Some(document));
    assert_eq!(held[1].role.as_deref(), Some("SWR ReadOnlyAccess"));
    tx!(
        home.run,
        [read] | tx | attachment::detach(tx, account, Holder::User(id), &read, at(1)).await
    );
    assert_eq!(tx!(home.read, [] | tx | attachment::of_user(tx, id).await).len(), 1);
    tx!(home.run, [group] | tx | group::remove_member(tx, &group, id, at(1)).await);
    assert_eq!(tx!(home.read, [] | tx | attachment::of_user(tx, id).await).len(), 0);
    tx!(home.run, [group] | tx | group::delete(tx, &group, at(1)).await);
    assert_eq!(tx!(home.read, [] | tx | group::list(tx, account).await), Vec::new());
}

async fn an_account_has_one_project_in_a_region(home: &Home) {
    let alice = home.account("alice").await;
    let account = alice.id;
    let region: roadstead::RegionName = "local".parse().unwrap();
    let first = tx!(
        home.run,
        [region] | tx | {
            attachment::ensure_project(tx, account, &region, &public_id(), at(0)).await
        }
    );
    let second = tx!(
        home.run,
        [region] | tx | {
            attachment::ensure_project(tx, account, &region, &public_id(), at(0)).await
        }
    );
    assert_eq!(first, second);
}

async fn sessions_live_until_they_end(home: &Home) {
    let alice = home.account("alice").await;
    let bob = home.user(&alice, "bob").await;
    let session = SessionRecord {
        digest: "d1".into(),
        account_id: None,
        user_id: None,
        data: vec![0, 255, 7],
        address: "127.0.0.1".into(),
        agent: "browser".into(),
        created_at: at(0),
        last_seen_at: at(0),
        expires_at: at(100),
    };
    assert!(tx!(home.run, [session] | tx | session::create(tx, &session).await));
    assert!(!tx!(home.run, [session] | tx | session::create(tx, &session).await));
    assert_eq!(
        tx!(home.read, [] | tx | session::load(tx, "d1", at(99)).await),
        Some(session.clone())
    );
    assert_eq!(tx!(home.read, [] | tx | session::load(tx, "d1", at(100)).await), None);
    let mut signed_in = session.clone();
    signed_in.user_id = Some(bob.id);
    signed_in.account_id = Some(alice.id);
    signed_in.expires_at = at(200);
    tx!(home.run, [signed_in] | tx | session::save(tx, &signed_in).await);
    let mut other = signed_in.clone();
    other.digest = "d2".into();
    other.last_seen_at = at(50);
    tx!(home.run, [other] | tx | session::save(tx, &other).await);
    let id = bob.id;
    let listed = tx!(home.read, [] | tx | session::of_user(tx, id, at(60)).await);
    assert_eq!(listed, vec![other, signed_in]);
    assert_eq!(tx!(home.run, [] | tx | session::delete_of_user(tx, id, Some("d2")).await), 1);
    assert_eq!(tx!(home.read, [] | tx | session::of_user(tx, id, at(60)).await).len(), 1);
    assert_eq!(tx!(home.run, [] | tx | session::remove_expired(tx, at(201)).await), 1);
    tx!(home.run, [] | tx | session::delete(tx, "d2").await);
}

both! {
    account_names_ignore_case
    an_account_has_state_limits_and_an_epoch
    user_names_are_unique_in_their_account_only
    the_owner_is_found_by_the_account
    a_user_keeps_its_preferences
    an_outside_identity_signs_in_one_user
    a_deleted_user_leaves_a_free_name_that_inherits_nothing
    rights_come_from_the_user_and_its_groups
    an_account_has_one_project_in_a_region
    sessions_live_until_they_end
}
