//! The audit log: whose events, found by what they say and by whatever they are filtered by, in bounded steps.

use std::time::{Duration, Instant};

use roadstead::access::Allowed;
use roadstead::audit::{Outcome, ResourceType, Source, TraceName};
use roadstead::id::{AccountId, AuditId, UserId};
use roadstead::manage::audit::{AuditFilter, AuditSuggestion};
use roadstead_store::audit::{self, AuditRecord, AuditScope, Category, Level, Origin};
use serde_json::json;

use crate::home::{Home, Placed as _, Proof as _, at, both, tx};

async fn the_audit_log_shows_whom_it_concerns(home: &Home) {
    let (alice, carol) = (home.account("alice").await, home.account("carol").await);
    let bob = home.user(&alice, "bob").await;
    let event = |user, account, name: &str, second| AuditRecord {
        id: AuditId(0),
        trace_id: format!("trace{second}"),
        account_id: Some(account),
        user_id: user,
        actor: "bob".into(),
        category: Category::Management,
        origin: Origin::Api,
        is_read: false,
        source: "SWR".into(),
        name: name.into(),
        resource_type: "usernamespace".into(),
        resource_id: "1".into(),
        resource_name: "group".into(),
        organization_id: None,
        repository_id: None,
        level: Level::Normal,
        code: 201,
        address: "127.0.0.1".into(),
        request_id: "r1".into(),
        detail: json!({"request": {}}),
        happened_at: at(second),
    };
    let events = vec![
        event(Some(bob.id), alice.id, "createUserNamespace", 1),
        event(None, alice.id, "deleteUserNamespace", 2),
        event(None, carol.id, "createUserNamespace", 3),
    ];
    tx!(
        home.run,
        [events] | tx | {
            for event in &events {
                audit::append(tx, event).await?;
            }
            Ok(())
        }
    );
    let (account, user) = (alice.id, bob.id);
    let all = tx!(
        home.read,
        [] | tx | audit::recent(tx, AuditScope::Account(account.allowed()), 10).await
    );
    assert_eq!(
        all.iter().map(|it| it.name.as_str()).collect::<Vec<_>>(),
        ["deleteUserNamespace", "createUserNamespace"]
    );
    let own = tx!(home.read, [] | tx | audit::recent(tx, AuditScope::User(user), 10).await);
    assert_eq!(own.len(), 1);
    assert_eq!((own[0].code, &own[0].detail), (201, &json!({"request": {}})));
    assert_eq!(tx!(home.run, [] | tx | audit::forget(tx, at(2), 10).await), 1);
}

async fn the_audit_log_is_searched_by_any_part_of_what_it_says(home: &Home) {
    let (alice, carol) = (home.account("alice").await, home.account("carol").await);
    let bob = home.user(&alice, "bob").await;
    let event = |account, user, resource: &str, detail: serde_json::Value| AuditRecord {
        id: AuditId(0),
        trace_id: format!("trace-{resource}"),
        account_id: Some(account),
        user_id: user,
        actor: "Alice/bob".into(),
        category: Category::Management,
        origin: Origin::Api,
        is_read: false,
        source: "SWR".into(),
        name: "updateImageRepository".into(),
        resource_type: "imagerepository".into(),
        resource_id: "1".into(),
        resource_name: resource.into(),
        organization_id: None,
        repository_id: None,
        level: Level::Normal,
        code: 200,
        address: "192.0.2.7".into(),
        request_id: "r1".into(),
        detail,
        happened_at: at(1),
    };
    let long = "这个镜像仓库属于开发部门 ".repeat(200);
    let events = vec![
        event(alice.id, Some(bob.id), "team/app", json!({"description": "创建镜像仓库"})),
        event(alice.id, None, "Team/50%_off", json!({})),
        event(alice.id, None, "team/long", json!({ "description": long })),
        event(carol.id, None, "isle/app", json!({"description": "镜像"})),
    ];
    tx!(
        home.run,
        [events] | tx | {
            for event in &events {
                audit::append(tx, event).await?;
            }
            Ok(())
        }
    );
    let all = AuditScope::Account(alice.allowed());
    let own = AuditScope::User(bob.id);
    for (scope, text, expected) in [
        (all, "镜像", &["team/long", "team/app"][..]),
        (all, "镜", &["team/long", "team/app"]),
        (all, "创建", &["team/app"]),
        // Its characters are there, side by side they are not.
        (all, "建像", &[]),
        (all, "TEAM/a", &["team/app"]),
        (all, "off team", &["Team/50%_off"]),
        (all, "%_", &["Team/50%_off"]),
        (all, "0.2.7 repository", &["team/long", "Team/50%_off", "team/app"]),
        (all, "p", &["team/long", "Team/50%_off", "team/app"]),
        (all, "", &["team/long", "Team/50%_off", "team/app"]),
        (all, "isle", &[]),
        (all, "nothing\" OR x*", &[]),
        (own, "镜像", &["team/app"]),
        (own, "50", &[]),
    ] {
        let text = text.to_owned();
        let filter = AuditFilter { text: text.clone(), ..AuditFilter::default() };
        let found = tx!(
            home.read,
            [filter] | tx | audit::list(tx, scope, &filter, None, 10, &|| false).await
        );
        let found: Vec<_> = found.rows.iter().map(|it| it.event.resource_name.as_str()).collect();
        assert_eq!(found, expected, "{text}");
    }
    let team = AuditFilter { text: "team".to_owned(), ..AuditFilter::default() };
    let first = tx!(home.read, [team] | tx | audit::list(tx, all, &team, None, 2, &|| false).await);
    let next = first.next;
    assert_eq!(next, Some(first.rows[1].event.id));
    let rest = tx!(home.read, [team] | tx | audit::list(tx, all, &team, next, 2, &|| false).await);
    assert_eq!((first.rows.len(), rest.rows.len()), (2, 1));
    assert_eq!(rest.rows[0].event.resource_name, "team/app");
    assert_eq!((rest.next, rest.searched_to), (None, None));
    // What is forgotten is not found any more.
    assert_eq!(tx!(home.run, [] | tx | audit::forget(tx, at(2), 10).await), 4);
    let none = tx!(home.read, [team] | tx | audit::list(tx, all, &team, None, 9, &|| false).await);
    assert_eq!((none.rows.len(), none.next), (0, None));
}

/// Event number `number` of a log like that of a busy account: a push a minute, and some of everything else.
fn generated(account: AccountId, users: &[UserId], number: u64) -> AuditRecord {
    const NAMES: [TraceName; 10] = [
        TraceName::CreateImageTag,
        TraceName::CreateImageTag,
        TraceName::CreateImageTag,
        TraceName::CreateImageTag,
        TraceName::DeleteImageTag,
        TraceName::CreateDockerConfig,
        TraceName::SignIn,
        TraceName::UpdateImageRepository,
        TraceName::PullImage,
        TraceName::ListImageTags,
    ];
    // Numbers that follow no order, and yet the same ones each time.
    let mixed = number.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 33;
    let pick = |of: u64, step: u64| (mixed / step) % of;
    let name = NAMES[pick(10, 1) as usize];
    let user = pick(users.len() as u64, 10) as usize;
    let is_failed = pick(50, 1_000) == 0;
    let image = pick(2_000, 7);
    AuditRecord {
        id: AuditId(0),
        trace_id: format!("{number:032x}"),
        account_id: Some(account),
        user_id: Some(users[user]),
        actor: format!("alice/user-{user}"),
        category: name.category(),
        origin: Origin::Api,
        is_read: name.is_read(),
        source: name.resource_type().source().to_string(),
        name: name.to_string(),
        resource_type: name.resource_type().to_string(),
        resource_id: image.to_string(),
        resource_name: format!("team-{}/service-{image}:v{}", image % 20, number % 977),
        organization_id: None,
        repository_id: None,
        level: if is_failed { Level::Warning } else { Level::Normal },
        code: if is_failed { 403 } else { 200 },
        address: format!("10.{}.{}.{}", pick(4, 3), pick(8, 11), pick(200, 17)),
        request_id: format!("request-{number}"),
        detail: match number % 100_003 {
            77 => json!({ "description": "夜间备份仓库" }),
            _ => json!({ "digest": format!("sha256:{mixed:064x}") }),
        },
        // About 90 days for a million.
        happened_at: at(number as i64 * 8),
    }
}

async fn fill(home: &Home, account: AccountId, users: &[UserId], count: u64) {
    let mut first = 0;
    while first < count {
        let events: Vec<AuditRecord> = (first..count.min(first + 1_000))
            .map(|number| generated(account, users, number))
            .collect();
        first += 1_000;
        tx!(
            home.run,
            [events] | tx | {
                for event in &events {
                    audit::append(tx, event).await?;
                }
                Ok(())
            }
        );
    }
}

fn matches(filter: &AuditFilter, event: &AuditRecord) -> bool {
    let said = format!(
        "{} {} {} {} {} {}",
        event.actor,
        event.name,
        event.resource_name,
        event.resource_id,
        event.address,
        event.detail
    )
    .to_lowercase();
    let is = |wanted: &str, found: &str| wanted.is_empty() || wanted == found;
    filter.category.is_none_or(|it| it == event.category)
        && filter.source.is_none_or(|it| it.as_str() == event.source)
        && filter.resource_type.is_none_or(|it| it.as_str() == event.resource_type)
        && filter.name.is_none_or(|it| it.as_str() == event.name)
        && is(&filter.resource_name, &event.resource_name)
        && is(&filter.resource_id, &event.resource_id)
        && is(&filter.operator, &event.actor)
        && filter.level.is_none_or(|it| it == event.level)
        && filter.result.is_none_or(|it| it == Outcome::of(event.code))
        && filter.address.is_none_or(|range| {
            let key = roadstead::audit::AddressRange::key(event.address.parse().unwrap());
            range.first_key() <= key && key <= range.last_key()
        })
        && filter.text.split_whitespace().all(|word| said.contains(&word.to_lowercase()))
        && filter.since.is_none_or(|it| it <= event.happened_at)
        && filter.until.is_none_or(|it| event.happened_at < it)
        && (filter.include_reads || !event.is_read)
}

/// Filters of every kind, alone and together, with what is special about them.
fn filters(count: u64) -> Vec<(&'static str, AuditFilter)> {
    let none = AuditFilter::default;
    let middle = at(count as i64 * 4);
    let text = |text: &str| AuditFilter { text: text.to_owned(), ..none() };
    vec![
        ("nothing", none()),
        ("with what was looked at", AuditFilter { include_reads: true, ..none() }),
        ("trace type", AuditFilter { category: Some(Category::Data), ..none() }),
        ("source", AuditFilter { source: Some(Source::Iam), ..none() }),
        ("resource type", AuditFilter { resource_type: Some(ResourceType::ImageTag), ..none() }),
        ("name", AuditFilter { name: Some(TraceName::DeleteImageTag), ..none() }),
        ("a name that never happened", AuditFilter { name: Some(TraceName::DeleteUser), ..none() }),
        ("resource id", AuditFilter { resource_id: "77".to_owned(), ..none() }),
        (
            "resource name",
            AuditFilter {
                resource_name: generated(AccountId(1), &[UserId(1)], 5).resource_name,
                ..none()
            },
        ),
        ("operator", AuditFilter { operator: "alice/user-3".to_owned(), ..none() }),
        ("level", AuditFilter { level: Some(Level::Warning), ..none() }),
        ("result", AuditFilter { result: Some(Outcome::Success), ..none() }),
        ("address", AuditFilter { address: Some("10.1.2.3".parse().unwrap()), ..none() }),
        ("network", AuditFilter { address: Some("10.1.0.0/16".parse().unwrap()), ..none() }),
        ("odd network", AuditFilter { address: Some("10.1.4.0/22".parse().unwrap()), ..none() }),
        ("wide network", AuditFilter { address: Some("0.0.0.0/1".parse().unwrap()), ..none() }),
        (
            "other network",
            AuditFilter { address: Some("192.168.0.0/16".parse().unwrap()), ..none() },
        ),
        ("no network", AuditFilter { address: Some("2001:db8::/20".parse().unwrap()), ..none() }),
        ("time", AuditFilter { since: Some(at(80)), until: Some(middle), ..none() }),
        ("a moment long ago", AuditFilter { since: Some(at(80)), until: Some(at(200)), ..none() }),
        ("rare word", text("request-none")),
        ("Chinese word", text("备份")),
        ("Chinese character", text("夜")),
        ("common word", text("service")),
        ("common words", text("createimage team-1 v1")),
        ("words that are never together", text("signin deleteimagetag")),
        ("long word", text("service-1999:v976")),
        ("one letter", text("z")),
        (
            "rare word in a time",
            AuditFilter { since: Some(at(8)), until: Some(middle), ..text("v976 user-7") },
        ),
        (
            "much at once",
            AuditFilter {
                category: Some(Category::Management),
                resource_type: Some(ResourceType::ImageTag),
                level: Some(Level::Warning),
                operator: "alice/user-3".to_owned(),
                address: Some("10.2.0.0/15".parse().unwrap()),
                since: Some(at(8)),
                ..text("delete")
            },
        ),
        (
            "what contradicts itself",
            AuditFilter {
                name: Some(TraceName::CreateImageTag),
                resource_type: Some(ResourceType::User),
                ..none()
            },
        ),
    ]
}

/// Every page of a list.
async fn all_pages(
    home: &Home,
    scope: AuditScope,
    filter: &AuditFilter,
    limit: u32,
) -> Vec<AuditRecord> {
    let (mut before, mut all) = (None, Vec::new());
    loop {
        let found = tx!(
            home.read,
            [filter] | tx | audit::list(tx, scope, &filter, before, limit, &|| false).await
        );
        assert!(found.rows.len() <= limit as usize);
        all.extend(found.rows.into_iter().map(|row| row.event));
        before = found.next;
        if before.is_none() {
            return all;
        }
    }
}

async fn every_filter_finds_what_it_says_and_nothing_else(home: &Home) {
    const COUNT: u64 = 5_000;
    let (alice, users) = people(home).await;
    let carol = home.account("carol").await;
    let other = home.user(&carol, "dan").await;
    fill(home, alice, &users, COUNT).await;
    fill(home, carol.id, &[other.id], 10).await;
    let everything: Vec<AuditRecord> =
        (0..COUNT).rev().map(|number| generated(alice, &users, number)).collect();
    let key: Allowed<AccountId> = alice.allowed();
    for (what, filter) in filters(COUNT) {
        for (scope, user) in
            [(AuditScope::Account(key), None), (AuditScope::User(users[3]), Some(users[3]))]
        {
            let expected: Vec<&str> = everything
                .iter()
                .filter(|event| user.is_none_or(|user| event.user_id == Some(user)))
                .filter(|event| matches(&filter, event))
                .map(|event| event.trace_id.as_str())
                .collect();
            let found = all_pages(home, scope, &filter, 100).await;
            let found: Vec<&str> = found.iter().map(|event| event.trace_id.as_str()).collect();
            assert_eq!(found, expected, "{what}");
        }
    }
}

async fn people(home: &Home) -> (AccountId, Vec<UserId>) {
    let alice = home.account("alice").await;
    let mut users = Vec::new();
    for number in 0..20 {
        users.push(home.user(&alice, &format!("user-{number}")).await.id);
    }
    (alice.id, users)
}

async fn an_event_comes_with_what_it_is_about_today(home: &Home) {
    let web = home.web().await;
    let account = home.account_now(web.account_id).await;
    let bob = home.user(&account, "bob").await;
    let event = AuditRecord {
        organization_id: Some(web.organization_id),
        repository_id: Some(web.id),
        ..generated(account.id, &[bob.id], 1)
    };
    tx!(home.run, [event] | tx | audit::append(tx, &event).await);
    let (trace, key) = (event.trace_id.clone(), account.id);
    let scope = AuditScope::Account(key.allowed());
    let found = tx!(home.read, [trace] | tx | audit::find(tx, scope, &trace).await).unwrap();
    assert_eq!(found.image.unwrap().to_string(), "group/web");
    assert_eq!(found.organization.unwrap().as_str(), "group");
    let (id, name, account_id, account_name) = found.user.unwrap();
    assert_eq!((id, name.as_str()), (bob.public_id, "bob"));
    assert_eq!((account_id, account_name.as_str()), (account.public_id, "alice"));
    let carol = home.account("carol").await.id;
    let elsewhere = AuditScope::Account(carol.allowed());
    assert_eq!(tx!(home.read, [trace] | tx | audit::find(tx, elsewhere, &trace).await), None);
    for (what, text, expected) in [
        (AuditSuggestion::Operator, "USER", vec!["alice/user-0"]),
        (AuditSuggestion::Operator, "carol", vec![]),
        (AuditSuggestion::ResourceName, "", vec![event.resource_name.as_str()]),
    ] {
        let text = text.to_owned();
        let found = tx!(home.read, [text] | tx | audit::suggest(tx, scope, what, &text).await);
        assert_eq!(found, expected);
    }
    let place = web.place();
    tx!(
        home.run,
        [] | tx | {
            let nobody = roadstead_store::tag::Actor::default();
            roadstead_store::repository::delete(tx, &place, nobody.id, None, at(9)).await
        }
    );
    let found = tx!(home.read, [trace] | tx | audit::find(tx, scope, &trace).await).unwrap();
    assert_eq!(found.image, None);
}

/// A small log in every test run, a million events with `ROADSTEAD_SOAK`, where the bars hold (`performance.md`): an indexed
/// filter 50 ms, text 200 ms. Prints what each costs.
async fn a_page_of_a_large_log_is_found_in_time(home: &Home) {
    let is_soak = std::env::var_os("ROADSTEAD_SOAK").is_some();
    let count = if is_soak { 1_000_000 } else { 3_000 };
    let (alice, users) = people(home).await;
    fill(home, alice, &users, count).await;
    if is_soak {
        home.analyze().await;
    }
    let mut late = Vec::new();
    for (what, filter) in filters(count) {
        for (whose, scope) in [
            ("account", AuditScope::Account(alice.allowed())),
            ("user", AuditScope::User(users[3])),
        ] {
            let (bar, most) = if filter.text.is_empty() { (50, 30) } else { (200, 120) };
            let bar = Duration::from_millis(bar);
            let page = async |before: Option<AuditId>| {
                let start = Instant::now();
                let enough = move || start.elapsed() > Duration::from_millis(most);
                let found = tx!(
                    home.read,
                    [filter] | tx | audit::list(tx, scope, &filter, before, 50, &enough).await
                );
                (start.elapsed(), found)
            };
            let mut times = Vec::new();
            for _ in 0..5 {
                times.push(page(None).await.0);
            }
            times.sort();
            // What one question does not find is asked for until the page is full.
            let (mut calls, mut rows, mut before, start) = (0, 0, None, Instant::now());
            while calls == 0 || (before.is_some() && rows < 50) {
                let found = page(before).await.1;
                (calls, rows, before) = (calls + 1, rows + found.rows.len(), found.next);
            }
            let all = start.elapsed();
            println!(
                "{what}, {whose}: {:?} (at most {bar:?}); {rows} in {calls}, {all:?}",
                times[2]
            );
            if is_soak && times[2] > bar {
                late.push(format!("{what}, {whose}: {:?}", times[2]));
            }
        }
    }
    assert!(late.is_empty(), "{late:#?}");
}

both! {
    the_audit_log_shows_whom_it_concerns
    the_audit_log_is_searched_by_any_part_of_what_it_says
    every_filter_finds_what_it_says_and_nothing_else
    an_event_comes_with_what_it_is_about_today
    a_page_of_a_large_log_is_found_in_time
}
