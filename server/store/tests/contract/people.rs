//! Accounts, users, groups, what is attached to them, sessions.

use std::sync::Arc;

use roadstead::access::{Permission, SystemPolicy};
use roadstead::manage::user::UserSort;
use roadstead::page::{Order, Window};
use roadstead::{GroupName, PolicyName, RegionName, Secret, UserName};
use roadstead_store::account::{self, AccountRecord, State};
use roadstead_store::attachment::{self, Holder, Right};
use roadstead_store::group::NewGroup;
use roadstead_store::policy::NewPolicy;
use roadstead_store::session::{self, SessionRecord};
use roadstead_store::user::{UserChange, UserFilter};
use roadstead_store::{grant, group, policy, reach, resolve, user};
use serde_json::json;

use crate::home::{
    Home, Keyed as _, Placed as _, Proof as _, at, both, new_user, public_id, tx, whole,
};

async fn account_names_ignore_case(home: &Home) {
    let alice = home.account("Alice").await;
    let name: roadstead::AccountName = "ALICE".parse().unwrap();
    let found = tx!(home.read, [name] | tx | resolve::account(tx, &name).await).unwrap();
    assert_eq!((found.id, found.name.as_str()), (alice.id, "Alice"));
    let new = account::NewAccount {
        public_id: public_id(),
        name,
        kind: account::AccountKind::Tenant,
        created_at: at(1),
    };
    let refused =
        tx!(home.try_run, [new] | tx | account::create(tx, whole(), &new).await).unwrap_err();
    assert!(refused.is_not_unique("accounts"), "{refused:?}");
    let first = tx!(home.read, [] | tx | account::count(tx).await);
    assert_eq!(first, (1, Some(alice.name)));
    home.account("bob_1").await;
    let page = Window { offset: 0, limit: 1 };
    let listed = tx!(home.read, [] | tx | account::list(tx, whole(), None, page).await);
    assert_eq!((listed.total, listed.items[0].name.as_str()), (2, "Alice"));
    let listed = tx!(home.read, [] | tx | account::list(tx, whole(), Some("B_"), page).await);
    assert_eq!((listed.total, listed.items[0].user_count), (1, 0));
}

async fn an_account_has_state_limits_and_an_epoch(home: &Home) {
    let alice = home.account("alice").await;
    let (id, key) = (alice.id, alice.allowed());
    tx!(home.run, [] | tx | account::set_state(tx, key, State::Disabled, at(1)).await);
    tx!(home.run, [] | tx | account::set_limits(tx, key, Some(3), None, at(1)).await);
    let now = home.account_now(id).await;
    assert_eq!(
        (now.state, now.organization_limit, now.size_limit),
        (State::Disabled, Some(3), None)
    );
    assert_eq!(tx!(home.read, [] | tx | account::permission_epoch(tx, key).await), Some(1));
}

async fn user_names_are_unique_in_their_account_only(home: &Home) {
    let (alice, carol) = (home.account("alice").await, home.account("carol").await);
    let bob = home.user(&alice, "Bob").await;
    home.user(&carol, "bob").await;
    let again = new_user(&alice, "BOB");
    let refused = tx!(home.try_run, [again] | tx | user::create(tx, &again).await).unwrap_err();
    assert!(refused.is_not_unique("users"), "{refused:?}");
    let (key, name) = (alice.allowed(), "bOB".parse::<UserName>().unwrap());
    let found = tx!(home.read, [name] | tx | user::find_by_name(tx, &key, &name).await).unwrap();
    assert_eq!(found, bob);
    let id = alice.id;
    let target = tx!(home.read, [name] | tx | resolve::user(tx, id, &name).await).unwrap();
    assert_eq!((target.id, target.is_owner), (bob.id, false));
    assert_eq!(names(home, &alice, UserFilter::default()).await, ["Bob"]);
}

async fn names(home: &Home, account: &AccountRecord, filter: UserFilter) -> Vec<String> {
    let (key, filter) = (account.allowed(), Arc::new(filter));
    let (sort, window) = ((UserSort::Name, Order::Asc), Window { offset: 0, limit: 10 });
    let page = tx!(home.read, [filter] | tx | user::list(tx, key, &filter, sort, window).await);
    assert_eq!(page.total, page.items.len() as u64);
    page.items.into_iter().map(|user| user.name.into()).collect()
}

async fn users_are_filtered_and_sorted(home: &Home) {
    let alice = home.account("alice").await;
    let mut made = Vec::new();
    for name in ["dora", "Bob", "carl"] {
        made.push(home.user(&alice, name).await);
    }
    let (key, bob) = (alice.allowed(), made[1].key());
    let change = UserChange {
        display_name: "Robert".into(),
        email: "b_b@example.com".into(),
        description: String::new(),
        console_access: false,
        programmatic_access: true,
    };
    tx!(home.run, [change] | tx | user::update(tx, bob, &change, at(1)).await);
    let dora = made[0].key();
    tx!(home.run, [] | tx | user::set_state(tx, dora, State::Disabled, at(1)).await);
    tx!(home.run, [] | tx | user::note_sign_in(tx, bob, at(9)).await);
    let group = new_group(&alice, "Team");
    let group = tx!(home.run, [group] | tx | group::create(tx, &group).await);
    let (team, carl) = (group.allowed(), made[2].id);
    tx!(home.run, [] | tx | group::add_member(tx, team, carl, at(1)).await);
    let all = UserFilter::default;
    assert_eq!(names(home, &alice, all()).await, ["Bob", "carl", "dora"]);
    for (filter, expected) in [
        (UserFilter { search: Some("obert".into()), ..all() }, vec!["Bob"]),
        (UserFilter { search: Some("B_B@".into()), ..all() }, vec!["Bob"]),
        (UserFilter { search: Some("_".into()), ..all() }, vec!["Bob"]),
        (UserFilter { state: Some(State::Disabled), ..all() }, vec!["dora"]),
        (UserFilter { console: true, ..all() }, vec!["carl", "dora"]),
        (UserFilter { programmatic: true, ..all() }, vec!["Bob", "carl", "dora"]),
        (UserFilter { group: Some("TEAM".parse().unwrap()), ..all() }, vec!["carl"]),
    ] {
        assert_eq!(names(home, &alice, filter.clone()).await, expected, "{filter:?}");
    }
    let page = Window { offset: 0, limit: 1 };
    for (sort, order, first) in [
        (UserSort::Name, Order::Desc, "dora"),
        (UserSort::CreatedAt, Order::Asc, "dora"),
        (UserSort::LastSignedInAt, Order::Desc, "Bob"),
    ] {
        let found = tx!(
            home.read,
            [] | tx | user::list(tx, key, &UserFilter::default(), (sort, order), page).await
        );
        assert_eq!((found.total, found.items[0].name.as_str()), (3, first), "{sort:?} {order:?}");
    }
    let ids: Vec<_> = made.iter().map(|user| user.id).collect();
    let groups = tx!(home.read, [ids] | tx | group::of_users(tx, key, &ids).await);
    assert_eq!(groups, [(carl, "Team".parse().unwrap())]);
    let entry = tx!(home.read, [] | tx | user::entry(tx, bob).await).unwrap();
    assert_eq!((entry.email.as_str(), entry.key_count), ("b_b@example.com", 0));
}

async fn the_owner_is_found_by_the_account(home: &Home) {
    let alice = home.account("alice").await;
    let mut new = new_user(&alice, "alice");
    new.is_owner = true;
    new.password_hash = Some(Secret::new("hash".to_owned()));
    new.must_change_password = true;
    let owner = tx!(home.run, [new] | tx | user::create(tx, &new).await);
    assert!(owner.must_change_password);
    let name: roadstead::AccountName = "Alice".parse().unwrap();
    let claimed = tx!(home.read, [name] | tx | resolve::claimed(tx, &name, None).await).unwrap();
    assert_eq!((claimed.user_id, claimed.is_owner), (owner.id, true));
    assert_eq!(claimed.secret(), Some(Secret::new("hash".to_owned())));
    let mut second = new_user(&alice, "second");
    second.is_owner = true;
    assert!(
        tx!(home.try_run, [second] | tx | user::create(tx, &second).await)
            .unwrap_err()
            .is_not_unique("users")
    );
    let (id, key) = (owner.id, owner.key());
    let new = Secret::new("new".to_owned());
    tx!(home.run, [new] | tx | user::set_password_hash(tx, key, &new, false, at(5)).await);
    assert_eq!(tx!(home.read, [] | tx | user::password_hash(tx, key).await), Some(new));
    let now = tx!(home.read, [] | tx | resolve::person(tx, id).await).unwrap();
    assert_eq!(now.permission_epoch, owner.permission_epoch + 1);
    assert!(!now.must_change_password);
}

async fn a_user_keeps_its_preferences(home: &Home) {
    let alice = home.account("alice").await;
    let key = home.user(&alice, "bob").await.key();
    assert_eq!(tx!(home.read, [] | tx | user::preferences(tx, key).await), Some(json!({})));
    let wanted = json!({"language": "zh-CN", "pageSize": 50});
    tx!(home.run, [wanted] | tx | user::set_preferences(tx, key, &wanted).await);
    assert_eq!(tx!(home.read, [] | tx | user::preferences(tx, key).await), Some(wanted));
    tx!(home.run, [] | tx | user::note_sign_in(tx, key, at(9)).await);
    let now = tx!(home.read, [] | tx | user::find(tx, key).await).unwrap();
    assert_eq!(now.last_signed_in_at, Some(at(9)));
}

async fn a_way_in_that_is_closed_ends_tokens_and_a_name_does_not(home: &Home) {
    let alice = home.account("alice").await;
    let key = home.user(&alice, "bob").await.key();
    let change = |display_name: &str, programmatic_access| UserChange {
        display_name: display_name.into(),
        email: String::new(),
        description: "builds".into(),
        console_access: true,
        programmatic_access,
    };
    for (change, epoch) in [(change("Bob B.", true), 0), (change("Bob B.", false), 1)] {
        tx!(home.run, [change] | tx | user::update(tx, key, &change, at(10)).await);
        let now = tx!(home.read, [] | tx | user::find(tx, key).await).unwrap();
        assert_eq!((now.display_name.as_str(), now.description.as_str()), ("Bob B.", "builds"));
        assert_eq!((now.programmatic_access, now.permission_epoch), (epoch == 0, epoch));
    }
}

async fn an_outside_identity_signs_in_one_user(home: &Home) {
    let alice = home.account("alice").await;
    let bob = home.user(&alice, "bob").await;
    let key = bob.key();
    tx!(home.run, [] | tx | user::add_identity(tx, key, "https://issuer", "123", at(0)).await);
    let again = tx!(
        home.try_run,
        [] | tx | user::add_identity(tx, key, "https://issuer", "123", at(0)).await
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
    let (id, key) = (bob.id, bob.key());
    let group = new_group(&alice, "Team");
    let team = tx!(home.run, [group] | tx | group::create(tx, &group).await).allowed();
    tx!(home.run, [] | tx | group::add_member(tx, team, id, at(0)).await);
    let (holder, full) = (Holder::User(key), Right::Role(SystemPolicy::FullAccess));
    tx!(home.run, [] | tx | attachment::attach(tx, holder, full, None, None, at(0)).await);
    tx!(home.run, [] | tx | user::delete(tx, key, at(1)).await);
    assert_eq!(tx!(home.read, [] | tx | user::find(tx, key).await), None);
    assert_eq!(tx!(home.read, [] | tx | resolve::person(tx, id).await), None);
    let again = home.user(&alice, "bob").await;
    assert_ne!(again.id, id);
    let (id, key) = (again.id, again.key());
    assert_eq!(tx!(home.read, [] | tx | group::of_user(tx, key).await), Vec::new());
    assert_eq!(tx!(home.read, [] | tx | resolve::rights(tx, id).await), Vec::new());
    tx!(home.run, [] | tx | user::set_state(tx, key, State::Disabled, at(2)).await);
    assert_eq!(tx!(home.read, [] | tx | user::find(tx, key).await).unwrap().state, State::Disabled);
}

fn new_group(account: &AccountRecord, name: &str) -> NewGroup {
    NewGroup {
        account: account.allowed(),
        public_id: public_id(),
        name: name.parse().unwrap(),
        description: "people".into(),
        created_by: None,
        created_at: at(0),
    }
}

async fn groups_have_members_of_their_account(home: &Home) {
    let (alice, carol) = (home.account("alice").await, home.account("carol").await);
    let (bob, stranger) = (home.user(&alice, "bob").await, home.user(&carol, "sid").await);
    let new = new_group(&alice, "Team");
    let group = tx!(home.run, [new] | tx | group::create(tx, &new).await);
    let again = new_group(&alice, "TEAM");
    let taken = tx!(home.try_run, [again] | tx | group::create(tx, &again).await);
    assert!(taken.unwrap_err().is_not_unique("groups"));
    let (key, account, within) = (group.allowed(), alice.allowed(), bob.key());
    let name: GroupName = "team".parse().unwrap();
    let found = tx!(home.read, [name] | tx | group::find_by_name(tx, &within, &name).await);
    assert_eq!(found, Some(group.clone()));
    let id = alice.id;
    let target = tx!(home.read, [name] | tx | resolve::group(tx, id, &name).await);
    assert_eq!(target.unwrap().id, group.id);
    for user in [bob.id, bob.id, stranger.id] {
        tx!(home.run, [] | tx | group::add_member(tx, key, user, at(0)).await);
    }
    let members = tx!(home.read, [] | tx | group::members(tx, key).await);
    assert_eq!(members.iter().map(|it| it.id).collect::<Vec<_>>(), [bob.id]);
    let page = Window { offset: 0, limit: 5 };
    let listed = tx!(home.read, [] | tx | group::list(tx, account, Some("EA"), page).await);
    assert_eq!((listed.total, listed.items[0].user_count, listed.items[0].policy_count), (1, 1, 0));
    let renamed: GroupName = "Équipe".parse().unwrap();
    tx!(home.run, [renamed] | tx | group::update(tx, key, &renamed, "", at(1)).await);
    let now = tx!(home.read, [] | tx | group::find(tx, key).await).unwrap();
    assert_eq!((now.name, now.description.as_str()), (renamed, ""));
    let user = bob.id;
    tx!(home.run, [] | tx | group::remove_member(tx, key, user, at(1)).await);
    assert_eq!(tx!(home.read, [] | tx | group::of_user(tx, within).await), Vec::new());
    tx!(home.run, [] | tx | group::add_member(tx, key, user, at(1)).await);
    tx!(home.run, [] | tx | group::remove_from_all(tx, within, at(1)).await);
    assert_eq!(tx!(home.read, [] | tx | group::members(tx, key).await), Vec::new());
    tx!(home.run, [] | tx | group::delete(tx, key, at(1)).await);
    assert_eq!(tx!(home.read, [] | tx | group::find(tx, key).await), None);
}

async fn rights_come_from_the_user_and_its_groups(home: &Home) {
    let (alice, carol) = (home.account("alice").await, home.account("carol").await);
    let bob = home.user(&alice, "bob").await;
    let (account, id, key) = (alice.allowed(), bob.id, bob.key());
    let new = new_group(&alice, "Team");
    let team = tx!(home.run, [new] | tx | group::create(tx, &new).await).allowed();
    tx!(home.run, [] | tx | group::add_member(tx, team, id, at(0)).await);
    let new = NewPolicy {
        account,
        public_id: public_id(),
        name: "Mine".parse().unwrap(),
        description: String::new(),
        document: "{ }".into(),
        created_by: None,
        created_at: at(0),
    };
    let mine = tx!(home.run, [new] | tx | policy::create(tx, &new).await);
    let foreign = NewPolicy { account: carol.allowed(), public_id: public_id(), ..new };
    let foreign = tx!(home.run, [foreign] | tx | policy::create(tx, &foreign).await);
    let region: RegionName = "local".parse().unwrap();
    let elsewhere: RegionName = "elsewhere".parse().unwrap();
    tx!(
        home.run,
        [region] | tx | {
            attachment::ensure_project(tx, account, &region, &public_id(), at(0)).await
        }
    );
    let read = Right::Role(SystemPolicy::ReadOnlyAccess);
    let (own, theirs) = (Right::Policy(mine.id), Right::Policy(foreign.id));
    let (user, group) = (Holder::User(key), Holder::Group(team));
    let before = tx!(home.read, [] | tx | account::permission_epoch(tx, account).await).unwrap();
    for (holder, right, project, is_done) in [
        (user, read, None, true),
        (user, read, None, true),
        (user, read, Some(region.clone()), true),
        (user, read, Some(elsewhere.clone()), false),
        (group, own, None, true),
        (group, theirs, None, false),
    ] {
        let done = tx!(
            home.run,
            [project] | tx | {
                attachment::attach(tx, holder, right, project.as_ref(), None, at(0)).await
            }
        );
        assert_eq!(done, is_done, "{right:?} {project:?}");
    }
    let after = tx!(home.read, [] | tx | account::permission_epoch(tx, account).await).unwrap();
    assert!(after > before);
    let mut held = tx!(home.read, [] | tx | resolve::rights(tx, id).await);
    held.sort_by_key(|right| (right.role.clone(), right.project_name.clone()));
    assert_eq!(held.len(), 3);
    assert_eq!(held[0].document.as_deref(), Some("{ }"));
    assert_eq!(held[0].group_name, Some("Team".parse().unwrap()));
    assert_eq!(held[1].role.as_deref(), Some("SWR ReadOnlyAccess"));
    assert_eq!(
        (held[1].project_name.clone(), held[2].project_name.clone()),
        (None, Some(region.clone()))
    );
    let listed = tx!(home.read, [] | tx | attachment::of_holder(tx, user).await);
    assert_eq!(listed.len(), 2);
    let listed = tx!(home.read, [] | tx | attachment::of_holder(tx, group).await);
    assert_eq!(listed[0].policy_name, Some("Mine".parse().unwrap()));

    let policy = mine.allowed();
    assert!(!tx!(home.run, [] | tx | policy::delete(tx, policy, at(1)).await), "it is attached");
    assert_eq!(tx!(home.read, [] | tx | policy::find(tx, policy).await).unwrap().use_count, 1);
    let users = tx!(home.read, [] | tx | policy::users(tx, policy).await);
    assert_eq!((users.len(), users[0].group_name.clone()), (1, Some("Team".parse().unwrap())));
    let uses = tx!(home.read, [] | tx | policy::uses_of_role(tx, account).await);
    assert_eq!(uses, [("SWR ReadOnlyAccess".to_owned(), 2)]);

    for (project, left) in [(Some(elsewhere), 2), (None, 1), (None, 1), (Some(region), 0)] {
        let detached = tx!(
            home.run,
            [project] | tx | attachment::detach(tx, user, read, project.as_ref(), at(1)).await
        );
        let now = tx!(home.read, [] | tx | attachment::of_holder(tx, user).await);
        assert_eq!(now.len(), left, "{project:?} {detached}");
    }
    tx!(home.run, [] | tx | attachment::detach(tx, group, own, None, at(1)).await);
    assert_eq!(tx!(home.read, [] | tx | resolve::rights(tx, id).await), Vec::new());
    let name: PolicyName = "Other".parse().unwrap();
    tx!(home.run, [name] | tx | policy::update(tx, policy, &name, "d", "[]", at(2)).await);
    let found = tx!(home.read, [name] | tx | policy::find_by_name(tx, &key, &name).await).unwrap();
    assert_eq!((found.document.as_str(), found.updated_at), ("[]", at(2)));
    assert_eq!(tx!(home.read, [] | tx | policy::list(tx, account).await), [found]);
    assert!(tx!(home.run, [] | tx | policy::delete(tx, policy, at(3)).await));
    assert_eq!(tx!(home.read, [] | tx | policy::find(tx, policy).await), None);
    let gone = tx!(home.run, [] | tx | attachment::attach(tx, group, own, None, None, at(4)).await);
    assert!(!gone);
}

async fn what_a_user_is_granted_is_listed(home: &Home) {
    let web = home.web().await;
    let alice = home.account_now(web.account_id).await;
    let bob = home.user(&alice, "bob").await;
    let (place, user, key) = (web.place(), bob.id, bob.key());
    let organization = home.organization_now(web.organization_id).await.allowed();
    let read = Permission::Read;
    tx!(
        home.run,
        [] | tx | grant::set_on_repository(tx, &place, user, Permission::Manage, None, at(0)).await
    );
    tx!(
        home.run,
        [] | tx | grant::set_on_organization(tx, organization, user, read, None, at(0)).await
    );
    let organizations = tx!(home.read, [] | tx | reach::organizations(tx, key).await);
    assert_eq!((organizations.len(), organizations[0].permission), (1, read));
    let images = tx!(home.read, [] | tx | reach::images(tx, key).await);
    assert_eq!(images[0].name, web.path);
    assert_eq!((images[0].permission, images[0].on_organization), (Permission::Manage, Some(read)));
}

async fn an_account_has_one_project_in_a_region(home: &Home) {
    let alice = home.account("alice").await;
    let account = alice.allowed();
    let region: RegionName = "local".parse().unwrap();
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
    let key = bob.key();
    let listed = tx!(home.read, [] | tx | session::of_user(tx, key, at(60)).await);
    assert_eq!(listed, [signed_in.clone()], "what is not there is not saved");
    tx!(home.run, [other] | tx | session::create(tx, &other).await);
    let listed = tx!(home.read, [] | tx | session::of_user(tx, key, at(60)).await);
    assert_eq!(listed, vec![other, signed_in]);
    let stranger = home.user(&alice, "sid").await.key();
    assert!(!tx!(home.run, [] | tx | session::delete_one_of_user(tx, stranger, "d1").await));
    assert_eq!(tx!(home.run, [] | tx | session::delete_of_user(tx, key, Some("d2")).await), 1);
    assert_eq!(tx!(home.read, [] | tx | session::of_user(tx, key, at(60)).await).len(), 1);
    assert_eq!(tx!(home.run, [] | tx | session::remove_expired(tx, at(201)).await), 1);
    tx!(home.run, [] | tx | session::delete(tx, "d2").await);
}

both! {
    account_names_ignore_case
    an_account_has_state_limits_and_an_epoch
    user_names_are_unique_in_their_account_only
    users_are_filtered_and_sorted
    the_owner_is_found_by_the_account
    a_user_keeps_its_preferences
    a_way_in_that_is_closed_ends_tokens_and_a_name_does_not
    an_outside_identity_signs_in_one_user
    a_deleted_user_leaves_a_free_name_that_inherits_nothing
    groups_have_members_of_their_account
    rights_come_from_the_user_and_its_groups
    what_a_user_is_granted_is_listed
    an_account_has_one_project_in_a_region
    sessions_live_until_they_end
}
