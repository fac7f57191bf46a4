#![allow(clippy::unwrap_used, clippy::indexing_slicing)]
use std::sync::Arc;

use bytes::Bytes;
use futures::{StreamExt as _, TryStreamExt as _};
use parking_lot::Mutex;
use roadstead::access::{Access as WaysIn, Permission, login_key};
use roadstead::audit::Outcome;
use roadstead::manage::audit::{AuditFilter, AuditLink, AuditQuery, AuditSuggestion};
use roadstead::manage::credential::NewAccessKey;
use roadstead::manage::image::{ImageQuery, ImageSort, ImageUpdate};
use roadstead::manage::setting::SettingsUpdate;
use roadstead::manage::setup::SetupRequest;
use roadstead::manage::share::Deadline;
use roadstead::manage::user::{Attachment, UserFacts};
use roadstead::page::{Order, Window};
use roadstead::{Algorithm, Digest, ErrorKind, ImageName, Reference, Secret, UserName};
use serde_json::json;

use super::*;
use crate::access::Holder;
use crate::account::NewUser;
use crate::testing::{PASSWORD, TestService, context};
use crate::upload::Upload;

mod incidents;
mod written;

fn query(filter: AuditFilter) -> AuditQuery {
    AuditQuery { filter, before: None, limit: 100 }
}

async fn names(test: &TestService, ctx: &Context, filter: AuditFilter) -> Vec<String> {
    let page = test.service.audit_log().list(ctx, query(filter)).await.unwrap();
    page.events.into_iter().map(|event| event.name).collect()
}

fn body(bytes: &[u8]) -> Upload {
    Upload {
        length: Some(bytes.len() as u64),
        stream: futures::stream::iter([Ok(Bytes::copy_from_slice(bytes))]).boxed(),
    }
}

/// Pushes an image of one configuration under a tag.
async fn push(test: &TestService, image: &ImageName, tag: &str) {
    let config = br#"{"architecture":"arm64","os":"linux"}"#;
    let digest = Digest::of(Algorithm::Sha256, config);
    test.service.uploads().put(&test.editor, image, &digest, body(config)).await.unwrap();
    let manifest = json!({
        "schemaVersion": 2,
        "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "config": {
            "mediaType": "application/vnd.oci.image.config.v1+json", "digest": digest, "size": config.len(),
        },
        "layers": [],
    });
    let bytes = manifest.to_string();
    let reference: Reference = tag.parse().unwrap();
    test.service
        .manifests()
        .put(&test.editor, image, &reference, &[], None, body(bytes.as_bytes()))
        .await
        .unwrap();
}

async fn turn_on(test: &TestService, data: bool, reads: bool) {
    let update = SettingsUpdate {
        audit_data_events: Some(data),
        audit_read_events: Some(reads),
        ..SettingsUpdate::default()
    };
    test.service.settings().update(&test.owner, update).await.unwrap();
}

#[tokio::test]
async fn administrators_see_the_account_and_others_what_they_did() {
    let test = TestService::new().await;
    let image: ImageName = "team/new".parse().unwrap();
    let images = test.service.images();
    images.create(&test.manager, &image, ImageUpdate::default()).await.unwrap();
    test.service.credentials().create_temporary(&test.reader).await.unwrap();
    let log = test.service.audit_log();
    for ctx in [&test.owner, &test.administrator] {
        let page = log.list(ctx, query(AuditFilter::default())).await.unwrap();
        assert!(page.is_whole_account);
        assert_eq!(page.events[0].name, "createDockerConfig");
        assert_eq!(page.events[1].link, Some(AuditLink::Image(image.clone())));
        assert!(page.events.iter().any(|event| event.name == "createUser"));
    }
    for (ctx, expected) in [
        (&test.manager, vec!["createImageRepository"]),
        (&test.reader, vec!["createDockerConfig"]),
        // Who reads everything else, and who manages the registry, does not read what others did.
        (&test.viewer, vec![]),
        (&test.operator, vec![]),
        (&test.member, vec![]),
    ] {
        let page = log.list(ctx, query(AuditFilter::default())).await.unwrap();
        assert!(!page.is_whole_account);
        let found: Vec<_> = page.events.iter().map(|event| event.name.as_str()).collect();
        assert_eq!(found, expected);
    }
    // Another account has its own log.
    let other = log.list(&test.stranger, query(AuditFilter::default())).await.unwrap();
    assert!(other.is_whole_account);
    assert!(other.events.iter().all(|event| event.resource_name == "island"), "{other:?}");
    let error = log.list(&test.anonymous, query(AuditFilter::default())).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unauthenticated);

    let event = log.list(&test.manager, query(AuditFilter::default())).await.unwrap().events;
    let found = log.get(&test.owner, &event[0].trace_id).await.unwrap();
    assert_eq!(found, event[0]);
    let record = found.record();
    assert_eq!((record.user.name.as_str(), record.user.domain.name.as_str()), ("mia", "harbor"));
    assert_eq!((record.project_id.as_str(), record.source_ip.as_str()), ("local", "192.0.2.1"));
    for ctx in [&test.reader, &test.stranger] {
        let hidden = log.get(ctx, &event[0].trace_id).await.unwrap_err();
        assert_eq!(hidden.kind(), ErrorKind::Hidden);
    }
    let suggest = async |ctx: &Context, text: &str| {
        log.suggest(ctx, AuditSuggestion::Operator, text).await.unwrap()
    };
    assert_eq!(suggest(&test.owner, "mi").await, ["harbor/mia"]);
    assert_eq!(suggest(&test.reader, "mi").await, Vec::<String>::new());
}

#[tokio::test]
async fn every_change_is_recorded_under_the_references_name() {
    let test = TestService::new().await;
    let service = &test.service;
    let (image, organization) = ("team/made".parse().unwrap(), "other".parse().unwrap());
    service.images().create(&test.editor, &image, ImageUpdate::default()).await.unwrap();
    let update = ImageUpdate { description: Some("镜像".to_owned()), ..ImageUpdate::default() };
    service.images().update(&test.editor, &image, update).await.unwrap();
    push(&test, &image, "v1").await;
    push(&test, &image, "v2").await;
    push(&test, &"team/pushed".parse().unwrap(), "v1").await;
    let tags = vec!["v1".parse().unwrap(), "v2".parse().unwrap()];
    service.tags().delete_many(&test.manager, &image, tags).await.unwrap();
    service.images().delete(&test.manager, &image).await.unwrap();
    service.organizations().create(&test.owner, organization).await.unwrap();
    let organization = "other".parse().unwrap();
    service.organizations().delete(&test.owner, &organization).await.unwrap();
    let page = service.audit_log().list(&test.owner, query(AuditFilter::default())).await.unwrap();
    let mut found: Vec<String> =
        page.events.iter().map(|it| format!("{} {}", it.name, it.resource_name)).collect();
    found.truncate(11);
    found.reverse();
    assert_eq!(
        found,
        [
            "createImageRepository team/made",
            "updateImageRepository team/made",
            "createImageTag team/made:v1",
            "createImageTag team/made:v2",
            "createImageRepository team/pushed",
            "createImageTag team/pushed:v1",
            "deleteImageTag team/made:v1",
            "deleteImageTag team/made:v2",
            "deleteImageRepository team/made",
            "createUserNamespace other",
            "deleteUserNamespace other",
        ]
    );
    let mut ids: Vec<_> = page.events.iter().map(|event| &event.trace_id).collect();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), page.events.len(), "each event has an id of its own");
}

#[tokio::test]
async fn pushes_pulls_and_looks_are_recorded_where_settings_say_so() {
    let test = TestService::new().await;
    let image: ImageName = "team/app".parse().unwrap();
    let reference: Reference = "v1".parse().unwrap();
    let act = async || {
        push(&test, &image, "v1").await;
        test.service.manifests().get(&test.reader, &image, &reference, false).await.unwrap();
        test.service.manifests().head(&test.reader, &image, &reference, false).await.unwrap();
        test.service.images().get(&test.reader, &image).await.unwrap();
        test.service.images().list(&test.reader, all_images()).await.unwrap();
        test.service.overview().get(&test.reader).await.unwrap();
        test.service.flush().await.unwrap();
    };
    let data =
        AuditFilter { category: Some(roadstead::audit::Category::Data), ..AuditFilter::default() };
    let reads = AuditFilter { include_reads: true, ..AuditFilter::default() };
    act().await;
    assert!(names(&test, &test.owner, data.clone()).await.is_empty());
    turn_on(&test, true, false).await;
    act().await;
    // A pull is one manifest; asking whether it is there is none.
    assert_eq!(names(&test, &test.owner, data.clone()).await, ["pullImage", "pushImage"]);
    assert_eq!(names(&test, &test.reader, data.clone()).await, ["pullImage"]);
    assert_eq!(names(&test, &test.reader, reads.clone()).await, ["pullImage"]);
    turn_on(&test, false, true).await;
    act().await;
    assert_eq!(
        names(&test, &test.reader, reads).await,
        ["getDomainOverview", "listImageRepositories", "showImageRepository", "pullImage"]
    );
    assert_eq!(names(&test, &test.reader, AuditFilter::default()).await, ["pullImage"]);
}

fn all_images() -> ImageQuery {
    ImageQuery {
        search: None,
        organizations: Vec::new(),
        category: None,
        is_public: None,
        is_shared: false,
        sort: ImageSort::default(),
        order: Order::default(),
        window: Window { offset: 0, limit: 10 },
    }
}

#[tokio::test]
async fn old_events_are_forgotten_after_the_time_of_the_setting() {
    let test = TestService::new().await;
    let update = SettingsUpdate { audit_retention_days: Some(7), ..SettingsUpdate::default() };
    test.service.settings().update(&test.owner, update).await.unwrap();
    test.clock.advance(7 * 24 * 60 * 60);
    test.service.tidy().await.unwrap();
    assert!(!test.events().await.is_empty());
    test.clock.advance(1);
    test.service.tidy().await.unwrap();
    assert!(test.events().await.is_empty());
}

#[tokio::test]
async fn an_export_has_the_last_events_and_says_when_it_is_cut() {
    let test = TestService::new().await;
    let origin = Origin::of(&test.owner, &test.ports());
    let events: Arc<[Event]> = (0..5_001)
        .map(|number| origin.event(TraceName::UpdateSetting).nth(number).named(number))
        .collect();
    test.write(move |tx| {
        let events = Arc::clone(&events);
        Box::pin(async move {
            for event in events.iter() {
                roadstead_store::audit::append(tx, &event.0).await?;
            }
            Ok(())
        })
    })
    .await;
    let export = async |filter: AuditFilter| -> Vec<Exported> {
        let stream = test.service.audit_log().export(&test.owner, filter).await.unwrap();
        stream.try_collect().await.unwrap()
    };
    let filter = AuditFilter { name: Some(TraceName::UpdateSetting), ..AuditFilter::default() };
    let parts = export(filter.clone()).await;
    assert_eq!(parts.last(), Some(&Exported::Cut));
    let events: Vec<_> = parts
        .iter()
        .flat_map(|part| match part {
            Exported::Events(events) => events.as_slice(),
            Exported::Cut => &[],
        })
        .map(|event| event.resource_name.clone())
        .collect();
    assert_eq!((events.len(), events[0].as_str(), events[4_999].as_str()), (5_000, "5000", "1"));
    let one = export(AuditFilter { resource_name: "17".to_owned(), ..filter }).await;
    assert!(matches!(&one[..], [Exported::Events(events)] if events.len() == 1), "{one:?}");
}

/// Everything that is logged, as text.
#[derive(Clone, Default)]
struct Heard(Arc<Mutex<Vec<u8>>>);

impl std::io::Write for Heard {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Users, groups, policies, grants and shares, made and changed; the passwords that were made with them.
async fn manage_everything(test: &TestService) -> Vec<String> {
    let (service, owner) = (&test.service, &test.owner);
    let (users, name) = (service.users(), "fresh".parse::<UserName>().unwrap());
    let access = WaysIn { console: true, programmatic: true };
    let (display_name, email, description) = Default::default();
    let new = roadstead::manage::user::NewUser {
        name: name.clone(),
        facts: UserFacts { display_name, email, description, access },
        groups: Vec::new(),
        password: None,
        must_change_password: true,
    };
    let made = users.create(owner, new).await.unwrap();
    let again = users.reset_password(owner, &name, None, true).await.unwrap();
    let given = Secret::new("Marked-Given-77-zyxw".to_owned());
    users.reset_password(owner, &name, Some(given.clone()), true).await.unwrap();
    service.groups().create(owner, "Builders".parse().unwrap(), "").await.unwrap();
    let document = r#"{"Version":"1.1","Statement":[{"Effect":"Allow","Action":["swr:repo:*"]}]}"#;
    let policy = "Mine".parse().unwrap();
    service.policies().create(owner, policy, "", document.to_owned()).await.unwrap();
    let attachment = Attachment { policy: "Mine".to_owned(), region: None };
    users.set_attached(owner, &name, attachment, true).await.unwrap();
    let id = users.get(owner, &name).await.unwrap().user.id;
    let grants = vec![(id, Permission::Read)];
    service.grants().add(owner, &"team".parse().unwrap(), grants).await.unwrap();
    let (image, island) = ("team/app".parse().unwrap(), "island".parse().unwrap());
    let forever = Deadline::FOREVER;
    service.shares().create_one(owner, image, island, forever, String::new()).await.unwrap();
    [made.password, again.password, Some(given)]
        .into_iter()
        .map(|password| password.expect("a password").reveal().clone())
        .collect()
}

#[tokio::test]
async fn no_secret_is_in_any_event_or_log() {
    let heard = Heard::default();
    let writer = heard.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_span_events(tracing_subscriber::fmt::format::FmtSpan::FULL)
        .with_writer(move || writer.clone())
        .finish();
    let _listening = tracing::subscriber::set_default(subscriber);
    let secret = |text: &str| Secret::new(text.to_owned());
    let mut secrets = vec![PASSWORD.to_owned()];
    let mut marked = |number: u32| {
        let text = format!("Marked-Secret-{number}-zyxw");
        secrets.push(text.clone());
        secret(&text)
    };

    let test = TestService::new().await;
    turn_on(&test, true, true).await;
    let (service, image) = (&test.service, "team/app".parse::<ImageName>().unwrap());
    let sessions = service.sessions();
    for (user, password) in [
        ("mia", secret(PASSWORD)),
        ("mia", marked(1)),
        ("nobody-at-all", marked(2)),
        (marked(3).reveal().clone().as_str(), secret(PASSWORD)),
    ] {
        drop(sessions.sign_in(&test.anonymous, Some("harbor"), Some(user), &password).await);
    }
    let new = marked(4);
    sessions.change_password(&test.manager, &secret(PASSWORD), &new).await.unwrap();
    sessions.change_password(&test.manager, &marked(5), &marked(6)).await.unwrap_err();
    let account = "harbor".parse().unwrap();
    let user = NewUser {
        name: "new-user".parse().unwrap(),
        access: WaysIn { console: true, programmatic: true },
        group: None,
        password: Some(marked(7)),
    };
    service.accounts().create_user(&test.system, &account, user).await.unwrap();
    service.accounts().create(&test.system, &"third".parse().unwrap(), &marked(8)).await.unwrap();
    push(&test, &image, "v1").await;
    let login = service.credentials().create_temporary(&test.reader).await.unwrap();
    let proven = service.credentials();
    proven.verify_basic(&login.username, &login.password, None).await.unwrap();
    proven.verify_basic(&login.username, &marked(9), None).await.unwrap_err();
    let key = proven
        .create_access_key(&test.editor, Holder::Me, NewAccessKey::default(), None)
        .await
        .unwrap();
    let by_key = login_key(&key.id, &key.secret_key.reveal().parse().unwrap());
    let username = format!("local@{}", key.id);
    proven.verify_basic(&username, &by_key, None).await.unwrap();
    proven.verify_basic(&username, &key.secret_key, None).await.unwrap_err();
    let scopes = crate::token::TokenScope::parse_list(["repository:team/app:pull"]).unwrap();
    let issued = service.tokens().issue(&test.reader, "", scopes, None).await.unwrap();
    service.tokens().verify(issued.token.reveal()).await.unwrap();
    drop(service.tokens().verify(marked(10).reveal()).await);
    // Should one be put where it does not belong: the name gives it away.
    let slip = Origin::of(&test.owner, &test.ports())
        .event(TraceName::UpdateSetting)
        .detail(json!({ "login_key": marked(11).reveal() }));
    test.write(move |tx| {
        let slip = slip.clone();
        Box::pin(async move { roadstead_store::audit::append(tx, &slip.0).await })
    })
    .await;

    let made = manage_everything(&test).await;
    let (fresh, clock, _home) = TestService::without_people().await;
    let nobody = context(&clock, Actor::Anonymous);
    let code = fresh.setup().new_code();
    let request = SetupRequest {
        code: code.clone(),
        account: "harbor".parse().unwrap(),
        password: marked(12),
        external_url: None,
        region: "local".parse().unwrap(),
        region_name: "Local".to_owned(),
        language: None,
    };
    let owner = fresh.setup().complete(&nobody, request).await.unwrap();

    secrets.extend(
        [&login.password, &issued.token, &code, &key.secret_key, &by_key]
            .map(|it| it.reveal().clone()),
    );
    secrets.extend(made);
    service.flush().await.unwrap();
    let all = AuditFilter { include_reads: true, ..AuditFilter::default() };
    let mut events = String::new();
    for (log, ctx) in [
        (service.audit_log(), test.owner.clone()),
        (fresh.audit_log(), context(&clock, Actor::User(owner))),
    ] {
        let page = log.list(&ctx, query(all.clone())).await.unwrap();
        assert!(page.next.is_none() && !page.events.is_empty());
        for event in page.events {
            events.push_str(&format!("{event:?}\n{}\n", event.record().json()));
        }
    }
    for expected in [
        "signInFailed",
        "createDockerConfig",
        "createAccessKey",
        "changePassword",
        "pushImage",
        "resetPassword",
        "createGroup",
        "attachPolicy",
        "createUserNamespaceAuth",
        "createImageRepositoryAccessDomain",
        "\"***\"",
    ] {
        assert!(events.contains(expected), "{expected}");
    }
    let log = String::from_utf8(heard.0.lock().clone()).unwrap();
    assert!(log.contains("sign-in failed") && log.contains("service.session.sign_in"));
    for secret in &secrets {
        assert!(!events.contains(secret.as_str()), "{secret} is in an event");
        let line = log.lines().find(|line| line.contains(secret.as_str()));
        assert!(line.is_none(), "{secret} is in the log: {line:?}");
    }
}

#[tokio::test]
async fn failures_are_found_by_their_result() {
    let test = TestService::new().await;
    let wrong = Secret::new("wrong".to_owned());
    let sessions = test.service.sessions();
    sessions.sign_in(&test.anonymous, Some("harbor"), Some("mia"), &wrong).await.unwrap_err();
    let failed = AuditFilter { result: Some(Outcome::Failure), ..AuditFilter::default() };
    assert_eq!(names(&test, &test.owner, failed).await, ["signInFailed"]);
    let page = test.service.audit_log().list(&test.owner, query(AuditFilter::default())).await;
    assert_eq!(page.unwrap().events[0].record().trace_type, "ConsoleAction");
}
