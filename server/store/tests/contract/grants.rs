//! Rights of users, and shares with other accounts.

use roadstead::access::{Permission, SystemPolicy};
use roadstead::page::{Order, Window};
use roadstead_store::attachment::{self, Holder, Right};
use roadstead_store::grant::{self, On};
use roadstead_store::group::NewGroup;
use roadstead_store::repository::{self, Attributes, RepositoryRecord};
use roadstead_store::resolve::{self, Asker, Held};
use roadstead_store::share::{self, Received, ReceivedSort};
use roadstead_store::{group, user};

use crate::home::{Home, Keyed as _, Placed as _, Proof as _, at, both, new_user, public_id, tx};

const ALL: Window = Window { offset: 0, limit: 100 };

/// What somebody holds on a repository, beside who owns it.
pub(crate) async fn held(home: &Home, repository: &RepositoryRecord, asker: Asker) -> Held {
    let name = repository.path.clone();
    let found = tx!(home.read, [name] | tx | resolve::image(tx, &name, Some(asker)).await);
    let (_, target, held) = found.unwrap();
    assert_eq!(target.unwrap().id, repository.id);
    assert!(held.owner.is_some());
    Held { owner: None, ..held }
}

async fn grants_are_set_changed_and_removed(home: &Home) {
    let web = home.web().await;
    let alice = home.account_now(web.account_id).await;
    let bob = home.user(&alice, "bob").await;
    let (place, user) = (web.place(), bob.id);
    let key = home.organization_now(web.organization_id).await.allowed();
    let target = || held(home, &web, Asker { user, account: alice.id });
    tx!(
        home.run,
        [] | tx | grant::set_on_repository(tx, &place, user, Permission::Read, None, at(0)).await
    );
    tx!(
        home.run,
        [] | tx | grant::set_on_repository(tx, &place, user, Permission::Edit, None, at(1)).await
    );
    assert_eq!((target().await.image, target().await.organization), (Some(Permission::Edit), None));
    assert!(target().await.any_image);
    tx!(
        home.run,
        [] | tx | {
            grant::set_on_organization(tx, key, user, Permission::Manage, None, at(2)).await
        }
    );
    assert_eq!(target().await.organization, Some(Permission::Manage));
    for (on, given, inherited) in [
        (On::Organization(key), Permission::Manage, None),
        (On::Image(place), Permission::Edit, Some(Permission::Manage)),
    ] {
        let listed = tx!(home.read, [] | tx | grant::list(tx, &on, None, None, ALL).await);
        assert_eq!((listed.total, listed.items[0].user_id), (1, user));
        assert_eq!((listed.items[0].given, listed.items[0].inherited), (Some(given), inherited));
    }
    assert!(tx!(home.run, [] | tx | grant::remove_from_repository(tx, &place, user, at(3)).await));
    assert!(!tx!(home.run, [] | tx | grant::remove_from_repository(tx, &place, user, at(3)).await));
    assert!(tx!(home.run, [] | tx | grant::remove_from_organization(tx, key, user, at(3)).await));
    assert_eq!(target().await.organization, None);
}

async fn shares_end(home: &Home) {
    let web = home.web().await;
    let carol = home.account("carol").await;
    let (place, target) = (web.place(), carol.id);
    tx!(home.run, [] | tx | share::set(tx, &place, target, None, "for ever", None, at(0)).await);
    let user = home.user(&carol, "clara").await.id;
    let share = || async { held(home, &web, Asker { user, account: target }).await.share };
    assert_eq!(share().await, Some(None));
    tx!(
        home.run,
        [] | tx | share::set(tx, &place, target, Some(at(7)), "a week", None, at(0)).await
    );
    assert_eq!(share().await, Some(Some(at(7))));
    let listed = tx!(home.read, [] | tx | share::list(tx, &place, ALL).await);
    assert_eq!((listed.total, listed.items[0].description.as_str()), (1, "a week"));
    let name = carol.name.clone();
    let one = tx!(home.read, [name] | tx | share::find(tx, &place, &name).await);
    assert_eq!(one.as_ref(), listed.items.first());
    let room = tx!(home.run, [] | tx | share::hold(tx, &place).await).unwrap();
    assert_eq!((room.is_public, room.targets), (false, vec![target]));
    assert!(tx!(home.run, [] | tx | share::remove(tx, &place, target, at(1)).await));
    assert_eq!(home.repository_now(place).await.share_count, 0);
    assert_eq!(share().await, None);
}

async fn users_are_listed_with_what_grants_say(home: &Home) {
    let web = home.web().await;
    let alice = home.account_now(web.account_id).await;
    let other = home.account("other").await;
    let key = home.organization_now(web.organization_id).await.allowed();
    let (place, mut users) = (web.place(), Vec::new());
    for name in ["bob", "Bea", "cem", "dan"] {
        users.push(home.user(&alice, name).await);
    }
    let stranger = home.user(&other, "stranger").await;
    let (image, organization) = (On::Image(place), On::Organization(key));
    let (bob, bea, cem) = (users[0].id, users[1].id, users[2].id);
    tx!(home.run, [] | tx | grant::set(tx, &image, bob, Permission::Edit, None, at(1)).await);
    tx!(
        home.run,
        [] | tx | grant::set(tx, &organization, bea, Permission::Manage, None, at(2)).await
    );
    tx!(
        home.run,
        [] | tx | grant::set(tx, &organization, bob, Permission::Read, None, at(3)).await
    );
    let names = |rows: &[grant::GrantRecord]| {
        rows.iter().map(|row| row.user_name.to_string()).collect::<Vec<_>>()
    };
    let all = tx!(home.read, [] | tx | grant::list(tx, &image, None, None, ALL).await);
    assert_eq!(names(&all.items), ["Bea", "bob"]);
    assert_eq!((all.items[0].given, all.items[0].inherited), (None, Some(Permission::Manage)));
    assert_eq!(
        (all.items[1].given, all.items[1].inherited, all.items[1].granted_at),
        (Some(Permission::Edit), Some(Permission::Read), Some(at(1)))
    );
    let rest = tx!(home.read, [] | tx | grant::list(tx, &image, Some(bea), None, ALL).await);
    assert_eq!((rest.total, names(&rest.items)), (1, vec!["bob".to_owned()]));
    let found = tx!(home.read, [] | tx | grant::list(tx, &image, None, Some("BE"), ALL).await);
    assert_eq!(names(&found.items), ["Bea"]);
    let second = Window { offset: 1, limit: 1 };
    let page = tx!(home.read, [] | tx | grant::list(tx, &organization, None, None, second).await);
    assert_eq!((page.total, names(&page.items)), (2, vec!["bob".to_owned()]));
    let may = tx!(home.read, [] | tx | grant::candidates(tx, &image, Some(cem), None, 10).await);
    assert_eq!(names(&may), ["Bea", "dan"]);
    let may =
        tx!(home.read, [] | tx | grant::candidates(tx, &organization, None, Some("a"), 10).await);
    assert_eq!(names(&may), ["dan"]);
    // Users of other accounts are none here, whoever names them.
    let ids = vec![users[3].public_id.clone(), stranger.public_id.clone()];
    let known = tx!(home.read, [ids] | tx | grant::of_users(tx, &image, &ids).await);
    assert_eq!(names(&known), ["dan"]);
    let stranger = stranger.id;
    assert_eq!(tx!(home.read, [] | tx | grant::of_user(tx, &image, stranger).await), None);
    let own = tx!(home.read, [] | tx | grant::of_user(tx, &organization, bob).await).unwrap();
    assert_eq!((own.given, own.inherited), (Some(Permission::Read), None));
    assert_eq!(
        tx!(home.read, [] | tx | grant::thing(tx, &image).await).unwrap().id,
        place.repository().0
    );
    assert!(tx!(home.run, [] | tx | grant::hold(tx, &organization).await));
    let bob = users[0].clone();
    let gone = bob.key();
    tx!(home.run, [] | tx | user::delete(tx, gone, at(9)).await);
    for on in [image, organization] {
        let left = tx!(home.read, [] | tx | grant::list(tx, &on, None, None, ALL).await);
        assert_eq!(names(&left.items), ["Bea"]);
    }
    let again = home.user(&alice, "bob").await.id;
    let asker = Asker { user: again, account: alice.id };
    assert_eq!(held(home, &web, asker).await, Held::default());
    assert!(tx!(home.run, [] | tx | repository::delete(tx, &place, None, None, at(10)).await));
    assert!(!tx!(home.run, [] | tx | grant::hold(tx, &image).await));
    assert_eq!(tx!(home.run, [] | tx | share::hold(tx, &place).await), None);
}

async fn administrators_are_found_with_their_groups(home: &Home) {
    let web = home.web().await;
    let alice = home.account_now(web.account_id).await;
    let mut owner = new_user(&alice, "zoe");
    owner.is_owner = true;
    let owner = tx!(home.run, [owner] | tx | user::create(tx, &owner).await).id;
    let (bob, cem) = (home.user(&alice, "bob").await, home.user(&alice, "cem").await);
    home.user(&alice, "dan").await;
    let (account, holders) = (alice.allowed(), [bob.key(), cem.key()]);
    let (bob, cem) = (bob.id, cem.id);
    tx!(
        home.run,
        [] | tx | {
            for (name, right) in [("admin", true), ("empty", false)] {
                let new = NewGroup {
                    account,
                    public_id: public_id(),
                    name: name.parse().unwrap(),
                    description: String::new(),
                    created_by: None,
                    created_at: at(0),
                };
                let made = group::create(tx, &new).await?.allowed();
                group::add_member(tx, made, cem, at(0)).await?;
                if right {
                    let right = Right::Role(SystemPolicy::Admin);
                    attachment::attach(tx, Holder::Group(made), right, None, None, at(0)).await?;
                }
            }
            for user in holders {
                let right = Right::Role(SystemPolicy::ReadOnlyAccess);
                attachment::attach(tx, Holder::User(user), right, None, None, at(0)).await?;
            }
            Ok(())
        }
    );
    let on = On::Image(web.place());
    let found = tx!(home.read, [] | tx | grant::administrators(tx, &on, 100).await);
    let mut found: Vec<_> =
        found.into_iter().map(|row| (row.user_id, row.group_name.unwrap_or_default())).collect();
    found.sort();
    let admin = "admin".to_owned();
    let mut wanted =
        vec![(bob, String::new()), (cem, String::new()), (cem, admin), (owner, String::new())];
    wanted.sort();
    assert_eq!(found, wanted);
}

async fn what_others_share_is_listed(home: &Home) {
    let (alice, carol) = (home.account("alice").await, home.account("carol").await);
    let (group, other) =
        (home.organization(&alice, "group").await, home.organization(&alice, "other").await);
    let (target, mut places) = (carol.id, Vec::new());
    for (organization, name, end) in [
        (&group, "web", None),
        (&group, "api", Some(at(50))),
        (&other, "web", Some(at(20))),
        (&other, "open", None),
    ] {
        let place = home.repository(organization, name).await.place();
        home.blob(place, name, 10).await;
        tx!(home.run, [] | tx | share::set(tx, &place, target, end, "take it", None, at(0)).await);
        places.push(place);
    }
    let (open, public) = (places[3], Attributes { is_public: Some(true), ..Attributes::default() });
    tx!(home.run, [public] | tx | repository::update(tx, &open, &public, None, at(1)).await);
    let all = Received {
        account: carol.allowed(),
        only: None,
        search: None,
        owner: None,
        organization: None,
        is_valid: None,
        now: at(20),
    };
    let list = |filter: Received, sort, order| async move {
        let page =
            tx!(home.read, [filter] | tx | share::received(tx, &filter, sort, order, ALL).await);
        assert_eq!(page.total, page.items.len() as u64);
        page.items
    };
    let names = |rows: Vec<share::ReceivedRecord>| {
        rows.iter().map(|row| row.path.to_string()).collect::<Vec<_>>()
    };
    let rows = list(all.clone(), ReceivedSort::Path, Order::Asc).await;
    assert_eq!((rows[0].owner_name.as_str(), rows[0].note.as_str()), ("alice", "take it"));
    // Of what has ended only the name is told.
    let sizes: Vec<_> = rows.iter().map(|row| (row.size, row.expires_at)).collect();
    assert_eq!(sizes, [(10, Some(at(50))), (10, None), (0, Some(at(20)))]);
    assert_eq!(rows[2].updated_at, at(20));
    assert_eq!(names(rows), ["group/api", "group/web", "other/web"]);
    let valid = Received { is_valid: Some(true), ..all.clone() };
    for sort in [
        ReceivedSort::Name,
        ReceivedSort::Path,
        ReceivedSort::Owner,
        ReceivedSort::Tags,
        ReceivedSort::Updated,
    ] {
        for order in [Order::Asc, Order::Desc] {
            assert_eq!(list(valid.clone(), sort, order).await.len(), 2, "{sort:?}");
        }
    }
    let by_name = list(all.clone(), ReceivedSort::Name, Order::Desc).await;
    assert_eq!(names(by_name), ["other/web", "group/web", "group/api"]);
    let sort = ReceivedSort::Path;
    for (filter, wanted) in [
        (Received { is_valid: Some(false), ..all.clone() }, vec!["other/web"]),
        (Received { search: Some("WE".to_owned()), ..valid.clone() }, vec!["group/web"]),
        (Received { search: Some("%".to_owned()), ..all.clone() }, vec![]),
        (Received { owner: Some("bob".parse().unwrap()), ..all.clone() }, vec![]),
        (
            Received { owner: Some("Alice".parse().unwrap()), ..valid.clone() },
            vec!["group/api", "group/web"],
        ),
        (
            Received { organization: Some("other".parse().unwrap()), ..all.clone() },
            vec!["other/web"],
        ),
        (Received { only: Some(vec![places[0].repository()]), ..all.clone() }, vec!["group/web"]),
        (Received { only: Some(Vec::new()), ..all.clone() }, vec![]),
        (Received { account: alice.allowed(), ..all.clone() }, vec![]),
    ] {
        assert_eq!(names(list(filter, sort, Order::Asc).await), wanted);
    }
    let account = carol.allowed();
    let shared = tx!(home.read, [] | tx | share::received_images(tx, account).await);
    assert_eq!(shared.len(), 3);
}

both! {
    grants_are_set_changed_and_removed
    shares_end
    users_are_listed_with_what_grants_say
    administrators_are_found_with_their_groups
    what_others_share_is_listed
}
