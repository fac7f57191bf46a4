//! Organizations and repositories, and who sees them.

use roadstead::access::{Permission, Visibility};
use roadstead::page::{Cursor, Order, Window};
use roadstead_store::organization::{self};
use roadstead_store::repository::{self, Attributes, Filter, RepositoryRecord, Sort};
use roadstead_store::resolve::{self, Asker, Held};
use roadstead_store::{grant, overview, share};

use crate::grants::held;
use crate::home::{
    Home, Placed as _, Proof as _, at, both, everything, granted, new_organization, new_repository,
    tx,
};

const ALL: Window = Window { offset: 0, limit: 100 };

async fn paths(home: &Home, filter: &Filter, sort: Sort, order: Order) -> Vec<String> {
    let filter = filter.clone();
    let page =
        tx!(home.read, [filter] | tx | repository::list(tx, &filter, sort, order, ALL).await);
    assert_eq!(page.total, page.items.len() as u64);
    page.items.iter().map(|it| it.path.to_string()).collect()
}

async fn organization_names_are_global_until_deleted(home: &Home) {
    let (alice, carol) = (home.account("alice").await, home.account("carol").await);
    let group = home.organization(&alice, "group").await;
    let taken = new_organization(&carol, "group");
    let refused =
        tx!(home.try_run, [taken] | tx | organization::create(tx, &taken).await).unwrap_err();
    assert!(refused.is_not_unique("organizations"), "{refused:?}");
    assert_eq!(home.account_now(alice.id).await.organization_count, 1);
    let bob = home.user(&alice, "bob").await;
    let (key, user) = (group.allowed(), bob.id);
    tx!(
        home.run,
        [] | tx | {
            grant::set_on_organization(tx, key, user, Permission::Edit, None, at(0)).await
        }
    );
    assert!(tx!(
        home.run,
        [group] | tx | organization::delete(tx, group.allowed(), None, at(1)).await
    ));
    assert!(!tx!(
        home.run,
        [group] | tx | organization::delete(tx, group.allowed(), None, at(1)).await
    ));
    assert_eq!(home.account_now(alice.id).await.organization_count, 0);
    let name = group.name.clone();
    assert_eq!(tx!(home.read, [name] | tx | resolve::organization(tx, &name, None).await), None);
    let again = home.organization(&alice, "group").await;
    assert_ne!(again.id, group.id);
    let asker = Some(Asker { user, account: alice.id });
    let (found, held) =
        tx!(home.read, [name] | tx | resolve::organization(tx, &name, asker).await).unwrap();
    assert_eq!((found.id, held), (again.id, Held::default()));
}

async fn an_organization_with_repositories_stays(home: &Home) {
    let alice = home.account("alice").await;
    let group = home.organization(&alice, "group").await;
    let web = home.repository(&group, "web").await;
    assert!(!tx!(
        home.run,
        [group] | tx | organization::delete(tx, group.allowed(), None, at(1)).await
    ));
    assert!(tx!(
        home.run,
        [web] | tx | repository::delete(tx, &web.place(), None, None, at(2)).await
    ));
    assert!(tx!(
        home.run,
        [group] | tx | organization::delete(tx, group.allowed(), None, at(3)).await
    ));
    let new = new_repository(&group, "late");
    assert_eq!(tx!(home.run, [new] | tx | repository::create(tx, &new).await), None);
}

async fn organizations_are_listed_as_far_as_they_are_visible(home: &Home) {
    let alice = home.account("alice").await;
    let bob = home.user(&alice, "bob").await;
    let mut created = Vec::new();
    for name in ["beta", "alpha", "gamma", "alp-x"] {
        created.push(home.organization(&alice, name).await);
    }
    let everything = everything(&alice);
    let some = granted(&alice, &bob);
    let names = |page: roadstead::page::Page<organization::OrganizationEntry>| {
        page.items.iter().map(|it| it.name.to_string()).collect::<Vec<_>>()
    };
    let all =
        tx!(home.read, [everything] | tx | organization::list(tx, &everything, None, ALL).await);
    assert_eq!(names(all), ["alp-x", "alpha", "beta", "gamma"]);
    let second = Window { offset: 1, limit: 2 };
    let page =
        tx!(home.read, [everything] | tx | organization::list(tx, &everything, None, second).await);
    assert_eq!((page.total, names(page)), (4, vec!["alpha".to_owned(), "beta".to_owned()]));
    let found = tx!(
        home.read,
        [everything] | tx | organization::list(tx, &everything, Some("ALP"), ALL).await
    );
    assert_eq!(names(found), ["alp-x", "alpha"]);
    let percent = tx!(
        home.read,
        [everything] | tx | organization::list(tx, &everything, Some("%"), ALL).await
    );
    assert_eq!(percent.total, 0);
    assert_eq!(
        tx!(home.read, [some] | tx | organization::list(tx, &some, None, ALL).await).total,
        0
    );
    let (account, beta, user) = (alice.allowed(), created[0].allowed(), bob.id);
    tx!(
        home.run,
        [] | tx | {
            grant::set_on_organization(tx, beta, user, Permission::Read, None, at(0)).await
        }
    );
    let web = home.repository(&created[2], "web").await;
    let place = web.place();
    tx!(
        home.run,
        [] | tx | grant::set_on_repository(tx, &place, user, Permission::Manage, None, at(0)).await
    );
    let seen = tx!(home.read, [some] | tx | organization::list(tx, &some, None, ALL).await);
    assert_eq!(seen.items[0].permission, Some(Permission::Read));
    assert_eq!(seen.items[0].user_count, 1);
    assert_eq!((seen.items[1].permission, seen.items[1].repository_count), (None, 1));
    assert_eq!(names(seen), ["beta", "gamma"]);
    assert_eq!(tx!(home.read, [some] | tx | organization::names(tx, &some).await).len(), 2);
    assert_eq!(tx!(home.read, [] | tx | organization::count(tx, account).await), 4);
    let settings = organization::Settings {
        default_public: true,
        create_on_push: false,
        docker_only: true,
        immutable_tags: "v*".parse().unwrap(),
    };
    let (alpha, gone) = (created[1].allowed(), created[0].allowed());
    assert!(tx!(
        home.run,
        [settings] | tx | organization::update(tx, alpha, &settings, at(5)).await
    ));
    let now = home.organization_now(created[1].id).await;
    assert_eq!(
        (now.immutable_tags.as_str(), now.default_public, now.create_on_push),
        ("v*", true, false)
    );
    assert!(tx!(home.run, [] | tx | organization::delete(tx, gone, None, at(6)).await));
    assert!(!tx!(
        home.run,
        [settings] | tx | organization::update(tx, gone, &settings, at(7)).await
    ));
    let rules = tx!(home.read, [] | tx | organization::push_rules(tx, &place).await).unwrap();
    assert_eq!((rules.docker_only, rules.immutable_tags.as_str()), (false, ""));
    let name = created[1].name.clone();
    assert!(tx!(home.read, [name] | tx | organization::is_taken(tx, account, &name).await));
    assert!(
        tx!(home.read, [name, everything] | tx | organization::entry(tx, &everything, &name).await)
            .is_some()
    );
    assert!(
        tx!(home.read, [name, some] | tx | organization::entry(tx, &some, &name).await).is_none()
    );
}

async fn a_repository_is_created_once(home: &Home) {
    let alice = home.account("alice").await;
    let group = home.organization(&alice, "group").await;
    let new = new_repository(&group, "team/web");
    let mut calls = Vec::new();
    for _ in 0..8 {
        let (store, new) = (home.store.clone(), new.clone());
        calls.push(tokio::spawn(async move {
            store
                .run("create", roadstead_store::Durability::Durable, move |tx| {
                    let new = new.clone();
                    Box::pin(async move { repository::create(tx, &new).await })
                })
                .await
        }));
    }
    let mut created = 0;
    for call in calls {
        let outcome: Result<Option<repository::Created>, roadstead_store::StoreError> =
            call.await.unwrap();
        created += u32::from(outcome.unwrap().unwrap().is_new);
    }
    assert_eq!(created, 1);
    assert_eq!(home.organization_now(group.id).await.repository_count, 1);
    assert_eq!(home.account_now(alice.id).await.repository_count, 1);
}

async fn a_re_created_repository_inherits_nothing(home: &Home) {
    let alice = home.account("alice").await;
    let carol = home.account("carol").await;
    let bob = home.user(&alice, "bob").await;
    let group = home.organization(&alice, "group").await;
    let web = home.repository(&group, "web").await;
    let (place, user, target) = (web.place(), bob.id, carol.id);
    tx!(
        home.run,
        [] | tx | grant::set_on_repository(tx, &place, user, Permission::Edit, None, at(0)).await
    );
    tx!(home.run, [] | tx | share::set(tx, &place, target, Some(at(50)), "", None, at(0)).await);
    assert_eq!(home.repository_now(web.place()).await.share_count, 1);
    home.blob(place, "layer", 30).await;
    assert!(tx!(
        home.run,
        [web] | tx | repository::delete(tx, &web.place(), Some(user), Some("by hand"), at(9)).await
    ));
    assert!(!tx!(
        home.run,
        [web] | tx | repository::delete(tx, &web.place(), None, None, at(9)).await
    ));
    let now = home.organization_now(group.id).await;
    assert_eq!((now.repository_count, now.size), (0, 0));
    let again = home.repository(&group, "web").await;
    assert_ne!(again.id, web.id);
    assert_eq!((again.size, again.share_count), (0, 0));
    for account in [alice.id, target] {
        assert_eq!(held(home, &again, Asker { user, account }).await, Held::default());
    }
}

/// `group/{api,web,Web-less…}` and `other/web` with different counters.
async fn several(home: &Home) -> (Vec<RepositoryRecord>, Visibility) {
    let alice = home.account("alice").await;
    let (group, other) =
        (home.organization(&alice, "group").await, home.organization(&alice, "other").await);
    let mut all = Vec::new();
    for (organization, name) in
        [(&group, "web"), (&group, "api"), (&other, "web"), (&group, "a_b"), (&other, "axb")]
    {
        all.push(home.repository(organization, name).await);
    }
    for (index, repository) in all.iter().enumerate() {
        home.blob(repository.place(), &format!("b{index}"), 10 * (index as u64 + 1)).await;
    }
    (all, everything(&alice))
}

async fn repositories_are_searched_filtered_and_sorted(home: &Home) {
    let (all, visibility) = several(home).await;
    let filter = Filter::all(visibility.clone());
    let sorted = paths(home, &filter, Sort::Path, Order::Asc).await;
    assert_eq!(sorted, ["group/a_b", "group/api", "group/web", "other/axb", "other/web"]);
    let by_size = paths(home, &filter, Sort::Size, Order::Desc).await;
    assert_eq!(by_size, ["other/axb", "group/a_b", "other/web", "group/api", "group/web"]);
    let by_name = paths(home, &filter, Sort::Name, Order::Asc).await;
    assert_eq!(by_name, ["group/a_b", "group/api", "other/axb", "group/web", "other/web"]);
    for sort in [Sort::Updated, Sort::Tags, Sort::Pulls] {
        for order in [Order::Asc, Order::Desc] {
            assert_eq!(paths(home, &filter, sort, order).await.len(), 5);
        }
    }
    let search =
        |text: &str| Filter { search: Some(text.into()), ..Filter::all(visibility.clone()) };
    assert_eq!(
        paths(home, &search("WE"), Sort::Path, Order::Asc).await,
        ["group/web", "other/web"]
    );
    assert_eq!(paths(home, &search("_"), Sort::Path, Order::Asc).await, ["group/a_b"]);
    let inside =
        Filter { organizations: vec!["other".parse().unwrap()], ..Filter::all(visibility.clone()) };
    assert_eq!(paths(home, &inside, Sort::Path, Order::Asc).await, ["other/axb", "other/web"]);
    let place = all[0].place();
    let attributes =
        Attributes { is_public: Some(true), category: Some("database".into()), description: None };
    tx!(
        home.run,
        [attributes] | tx | repository::update(tx, &place, &attributes, None, at(3)).await
    );
    let public = Filter { is_public: Some(true), ..Filter::all(visibility.clone()) };
    assert_eq!(paths(home, &public, Sort::Path, Order::Asc).await, ["group/web"]);
    let databases = Filter { category: Some("database".into()), ..Filter::all(visibility.clone()) };
    assert_eq!(paths(home, &databases, Sort::Path, Order::Asc).await, ["group/web"]);
    let shared = Filter { is_shared: true, ..Filter::all(visibility.clone()) };
    assert_eq!(paths(home, &shared, Sort::Path, Order::Asc).await, Vec::<String>::new());
    let window = Window { offset: 3, limit: 5 };
    let page = tx!(
        home.read,
        [filter] | tx | repository::list(tx, &filter, Sort::Path, Order::Asc, window).await
    );
    assert_eq!((page.total, page.items.len()), (5, 2));
}

async fn repositories_are_listed_as_far_as_they_are_visible(home: &Home) {
    let (all, whole) = several(home).await;
    let alice = home.account_now(all[0].account_id).await;
    let stranger = home.account("carol").await;
    let bob = home.user(&alice, "bob").await;
    let user = bob.id;
    let other = home.organization_now(all[2].organization_id).await.allowed();
    let some = granted(&alice, &bob);
    assert_eq!(
        paths(home, &Filter::all(some.clone()), Sort::Path, Order::Asc).await,
        Vec::<String>::new()
    );
    tx!(
        home.run,
        [] | tx | {
            grant::set_on_organization(tx, other, user, Permission::Read, None, at(0)).await
        }
    );
    let place = all[1].place();
    tx!(
        home.run,
        [] | tx | grant::set_on_repository(tx, &place, user, Permission::Read, None, at(0)).await
    );
    let seen = ["group/api", "other/axb", "other/web"];
    assert_eq!(paths(home, &Filter::all(some.clone()), Sort::Path, Order::Asc).await, seen);
    let foreign = everything(&stranger);
    assert_eq!(
        paths(home, &Filter::all(foreign), Sort::Path, Order::Asc).await,
        Vec::<String>::new()
    );
    let counts = tx!(home.read, [some] | tx | overview::counts(tx, &some).await);
    assert_eq!((counts.organizations, counts.repositories, counts.size), (2, 3, 20 + 30 + 50));
    let counts = tx!(home.read, [whole] | tx | overview::counts(tx, &whole).await);
    assert_eq!((counts.organizations, counts.repositories, counts.size), (2, 5, 150));
    // The catalog: the same rows, by key.
    let mut cursor = Cursor { last: None, limit: 2 };
    let mut names = Vec::new();
    loop {
        let part =
            tx!(home.read, [cursor, some] | tx | repository::catalog(tx, &some, &cursor).await);
        let Some(last) = part.last() else { break };
        cursor.last = Some(last.to_string());
        names.extend(part.iter().map(ToString::to_string));
    }
    assert_eq!(names, seen);
}

async fn names_are_in_byte_order(home: &Home) {
    let alice = home.account("alice").await;
    let mut wanted = Vec::new();
    for (organization, names) in
        [("a", vec!["z", "b-c", "b/c", "b.c", "b_c", "b0"]), ("a-b", vec!["x"]), ("a0", vec!["x"])]
    {
        let organization = home.organization(&alice, organization).await;
        for name in names {
            wanted.push(home.repository(&organization, name).await.path.to_string());
        }
    }
    wanted.sort();
    let everything = everything(&alice);
    let cursor = Cursor { last: None, limit: 100 };
    let listed = tx!(
        home.read,
        [cursor, everything] | tx | repository::catalog(tx, &everything, &cursor).await
    );
    assert_eq!(listed.iter().map(ToString::to_string).collect::<Vec<_>>(), wanted);
}

async fn edits_are_compare_and_set(home: &Home) {
    let web = home.web().await;
    let place = web.place();
    let say = |text: &str| Attributes { description: Some(text.into()), ..Attributes::default() };
    let first = say("first");
    let edited =
        tx!(home.run, [first] | tx | repository::update(tx, &place, &first, Some(1), at(5)).await)
            .unwrap();
    assert_eq!((edited.version, edited.updated_at, edited.is_public), (2, at(5), false));
    let second = say("second");
    assert_eq!(
        tx!(
            home.run,
            [second] | tx | repository::update(tx, &place, &second, Some(1), at(6)).await
        ),
        None
    );
    assert_eq!(home.repository_now(place).await.description, "first");
}

both! {
    organization_names_are_global_until_deleted
    an_organization_with_repositories_stays
    organizations_are_listed_as_far_as_they_are_visible
    a_repository_is_created_once
    a_re_created_repository_inherits_nothing
    repositories_are_searched_filtered_and_sorted
    repositories_are_listed_as_far_as_they_are_visible
    names_are_in_byte_order
    edits_are_compare_and_set
}
