#![allow(clippy::unwrap_used, clippy::indexing_slicing)]
use roadstead::access::{Access as WaysIn, Actor, Permission, Reason, Refusal};
use roadstead::manage::audit::{AuditFilter, AuditQuery};
use roadstead::manage::user::{Question, UserSort, UserTask};
use roadstead::page::{Order, Window};
use roadstead::{ImageName, Timestamp};
use roadstead_store::grant;

use super::*;
use crate::testing::{PASSWORD, TestService};
use crate::token::TokenScope;

const BOTH: WaysIn = WaysIn { console: true, programmatic: true };

pub(crate) fn facts(access: WaysIn) -> UserFacts {
    UserFacts {
        display_name: " Ann ".to_owned(),
        email: "ann@example.com".to_owned(),
        description: "builds".to_owned(),
        access,
    }
}

fn new(name: &str, access: WaysIn, groups: &[&str], password: Option<&str>) -> NewUser {
    NewUser {
        name: name.parse().unwrap(),
        facts: facts(access),
        groups: groups.iter().map(|group| group.parse().unwrap()).collect(),
        password: password.map(|text| Secret::new(text.to_owned())),
        must_change_password: true,
    }
}

fn name(text: &str) -> UserName {
    text.parse().unwrap()
}

async fn signed_in(test: &TestService, user: &str, password: &Secret) -> Result<Context> {
    let sessions = test.service.sessions();
    let actor = sessions.sign_in(&test.anonymous, Some("harbor"), Some(user), password).await?;
    Ok(test.as_user(actor))
}

/// Gives `harbor/root` the role that looks after users.
async fn security(test: &TestService) -> Context {
    let role = Attachment { policy: "Security Administrator".to_owned(), region: None };
    let users = test.service.users();
    users.set_attached(&test.owner, &name("nobody-yet"), role, true).await.unwrap();
    test.member.clone()
}

fn query() -> UserQuery {
    UserQuery {
        search: None,
        is_active: None,
        console: false,
        programmatic: false,
        group: None,
        sort: UserSort::Name,
        order: Order::Asc,
        window: Window { offset: 0, limit: 50 },
    }
}

#[tokio::test]
async fn a_created_user_signs_in_with_the_password_that_was_made_and_chooses_another() {
    let test = TestService::new().await;
    let users = test.service.users();
    let made = users.create(&test.owner, new("ann", BOTH, &["readers"], None)).await.unwrap();
    let password = made.password.unwrap();
    assert!(check_rules(&password, "ann").is_ok());
    let ann = signed_in(&test, "ann", &password).await.unwrap();
    assert!(test.service.sessions().profile(&ann).await.unwrap().must_change_password);
    let detail = users.get(&test.owner, &name("ANN")).await.unwrap();
    assert_eq!(detail.user.display_name, "Ann");
    assert_eq!(detail.user.groups, ["readers".parse().unwrap()]);
    assert!(
        detail.user.must_change_password && detail.user.is_active && detail.attached.is_empty()
    );
    let image: ImageName = "team/app".parse().unwrap();
    assert!(test.service.access().may(&ann, Action::PullImage, &image).await.unwrap());

    // A typed password is not repeated; without the console nobody needs one.
    let typed = users.create(&test.owner, new("ben", BOTH, &[], Some(PASSWORD))).await.unwrap();
    assert_eq!(typed.password, None);
    let robot = WaysIn { console: false, programmatic: true };
    let made = users.create(&test.owner, new("robot", robot, &[], None)).await.unwrap();
    assert_eq!(made.password, None);
    let events = test.events().await;
    let is_made = |name: &str| {
        events.iter().any(|event| {
            (event.name.as_str(), event.resource_name.as_str()) == ("createUser", name)
                && event.source == "IAM"
        })
    };
    assert!(is_made("ann") && is_made("ben") && is_made("robot"));
    assert!(!format!("{events:?}").contains(password.reveal()));
}

#[tokio::test]
async fn what_breaks_a_rule_is_refused_with_a_reason() {
    let test = TestService::new().await;
    let users = test.service.users();
    let none = WaysIn { console: false, programmatic: false };
    let bad = |change: fn(&mut UserFacts)| {
        let mut new = new("ann", BOTH, &[], None);
        change(&mut new.facts);
        new
    };
    for (new, kind, subject) in [
        (new("harbor", BOTH, &[], None), ErrorKind::Invalid, Subject::User),
        (new("MIA", BOTH, &[], None), ErrorKind::AlreadyExists, Subject::User),
        (new("ann", none, &[], None), ErrorKind::Invalid, Subject::User),
        (new("ann", BOTH, &["no such"], None), ErrorKind::NotFound, Subject::Group),
        (new("ann", BOTH, &[], Some("short")), ErrorKind::Invalid, Subject::Password),
        (new("ann", BOTH, &[], Some("password1234")), ErrorKind::Invalid, Subject::Password),
        (new("ann", BOTH, &[], Some("it-is-ann-here")), ErrorKind::Invalid, Subject::Password),
        (bad(|it| it.email = "nowhere".to_owned()), ErrorKind::Invalid, Subject::User),
        (bad(|it| it.email = "a b@example.com".to_owned()), ErrorKind::Invalid, Subject::User),
        (bad(|it| it.display_name = "x".repeat(65)), ErrorKind::Invalid, Subject::User),
        (bad(|it| it.description = "a\nb".to_owned()), ErrorKind::Invalid, Subject::Description),
        (bad(|it| it.description = "x".repeat(256)), ErrorKind::Invalid, Subject::Description),
    ] {
        let error = users.create(&test.owner, new.clone()).await.unwrap_err();
        assert_eq!((error.kind(), error.subject()), (kind, subject), "{new:?}");
    }
    let page = users.list(&test.owner, query()).await.unwrap();
    assert_eq!(page.total, 8, "nothing was kept");
}

#[tokio::test]
async fn owner_and_security_administrator_alone_look_after_users() {
    let test = TestService::new().await;
    let users = test.service.users();
    let security = security(&test).await;
    users.list(&security, query()).await.unwrap();
    users.get(&security, &name("mia")).await.unwrap();
    users.create(&security, new("ann", BOTH, &[], None)).await.unwrap();
    for ctx in [&test.administrator, &test.operator, &test.viewer, &test.manager, &test.reader] {
        assert_eq!(users.list(ctx, query()).await.unwrap_err().kind(), ErrorKind::Denied);
        for name in [name("eddy"), name("no-such-user")] {
            let error = users.delete(ctx, &name).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Hidden, "who there is is not told");
            let error = users.get(ctx, &name).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Hidden);
        }
        let error = users.create(ctx, new("x", BOTH, &[], None)).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Denied);
        assert_eq!(error.detail().unwrap()["reason"], "no_grant");
    }
    // Users of other accounts are not there.
    assert_eq!(
        users.get(&test.stranger, &name("mia")).await.unwrap_err().kind(),
        ErrorKind::NotFound
    );
    assert_eq!(users.list(&test.stranger, query()).await.unwrap().total, 1);
    let error = users.list(&test.anonymous, query()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unauthenticated);
}

#[tokio::test]
async fn the_owner_and_oneself_are_spared() {
    let test = TestService::new().await;
    let users = test.service.users();
    let security = security(&test).await;
    let (owner, own) = (name("harbor"), name("nobody-yet"));
    let reason = |error: Error| error.detail().unwrap()["reason"].as_str().unwrap().to_owned();
    let one_way = WaysIn { console: true, programmatic: false };
    assert_eq!(reason(users.set_active(&security, &owner, false).await.unwrap_err()), "owner");
    assert_eq!(reason(users.delete(&security, &owner).await.unwrap_err()), "owner");
    let reset = users.reset_password(&security, &owner, None, true).await;
    assert_eq!(reason(reset.unwrap_err()), "owner");
    let update = users.update(&security, &owner, facts(one_way)).await;
    assert_eq!(reason(update.unwrap_err()), "owner");
    assert_eq!(reason(users.delete(&test.owner, &owner).await.unwrap_err()), "owner");
    assert_eq!(reason(users.set_active(&security, &own, false).await.unwrap_err()), "oneself");
    assert_eq!(reason(users.delete(&security, &own).await.unwrap_err()), "oneself");
    let robot = WaysIn { console: false, programmatic: true };
    assert_eq!(reason(users.update(&security, &own, facts(robot)).await.unwrap_err()), "oneself");
    users.update(&security, &owner, facts(BOTH)).await.unwrap();
}

#[tokio::test]
async fn lists_are_filtered_and_say_groups_and_keys() {
    let test = TestService::new().await;
    let users = test.service.users();
    users.set_active(&test.owner, &name("rita"), false).await.unwrap();
    let names = async |query: UserQuery| -> Vec<String> {
        let page = users.list(&test.owner, query).await.unwrap();
        page.items.into_iter().map(|user| user.name.into()).collect()
    };
    let all = ["eddy", "harbor", "mia", "nobody-yet", "operate", "rita", "root", "view"];
    assert_eq!(names(query()).await, all);
    assert_eq!(names(UserQuery { is_active: Some(false), ..query() }).await, ["rita"]);
    assert_eq!(names(UserQuery { search: Some(" IA ".into()), ..query() }).await, ["mia"]);
    let admins = Some("admin".parse().unwrap());
    assert_eq!(names(UserQuery { group: admins, ..query() }).await, ["root"]);
    let part = UserQuery { window: Window { offset: 6, limit: 5 }, ..query() };
    let page = users.list(&test.owner, part).await.unwrap();
    assert_eq!((page.total, page.items.len()), (8, 2));
    assert_eq!(page.items[0].groups, ["admin".parse().unwrap()]);
}

/// Every way in of `harbor/mia`, tried.
struct Doors {
    session: Context,
    token: Secret,
    login: roadstead::manage::login::TemporaryLogin,
}

impl Doors {
    async fn open(test: &TestService) -> Self {
        let password = Secret::new(PASSWORD.to_owned());
        let login = test.service.credentials().create_temporary(&test.manager).await.unwrap();
        let scopes = TokenScope::parse_list(["repository:team/app:pull"]).unwrap();
        let tokens = test.service.tokens();
        let token = tokens.issue(&test.manager, "roadstead", scopes, None).await.unwrap().token;
        Self { session: signed_in(test, "mia", &password).await.unwrap(), token, login }
    }

    async fn tried(&self, test: &TestService) -> [bool; 5] {
        let (service, password) = (&test.service, Secret::new(PASSWORD.to_owned()));
        let credentials = service.credentials();
        let id = self.session.user().unwrap().user;
        [
            service.sessions().actor_of(id).await.unwrap().is_some(),
            signed_in(test, "mia", &password).await.is_ok(),
            credentials.verify_basic("harbor/mia", &password, None).await.is_ok(),
            credentials
                .verify_basic(&self.login.username, &self.login.password, None)
                .await
                .is_ok(),
            service.tokens().verify(self.token.reveal()).await.is_ok(),
        ]
    }
}

#[tokio::test]
async fn who_is_disabled_is_refused_at_every_door_at_once() {
    let test = TestService::new().await;
    let (users, mia) = (test.service.users(), name("mia"));
    let doors = Doors::open(&test).await;
    assert_eq!(doors.tried(&test).await, [true; 5]);
    users.set_active(&test.owner, &mia, false).await.unwrap();
    assert_eq!(doors.tried(&test).await, [false; 5]);
    users.set_active(&test.owner, &mia, true).await.unwrap();
    // Keys and passwords are good again; a token of before is not.
    assert_eq!(doors.tried(&test).await, [true, true, true, true, false]);
}

#[tokio::test]
async fn who_is_deleted_is_refused_at_every_door_at_once() {
    let test = TestService::new().await;
    let doors = Doors::open(&test).await;
    assert_eq!(doors.tried(&test).await, [true; 5]);
    test.service.users().delete(&test.owner, &name("mia")).await.unwrap();
    assert_eq!(doors.tried(&test).await, [false; 5]);
    // Another one of the name inherits nothing.
    let users = test.service.users();
    users.create(&test.owner, new("mia", BOTH, &[], Some(PASSWORD))).await.unwrap();
    assert_eq!(doors.tried(&test).await, [false, true, true, false, false]);
}

#[tokio::test]
async fn a_disabled_account_refuses_all_its_users_at_once() {
    let test = TestService::new().await;
    let doors = Doors::open(&test).await;
    let accounts = test.service.accounts();
    // The operator account itself cannot be disabled.
    let error = accounts.set_active(&test.owner, &test.account, false).await.unwrap_err();
    assert_eq!(error.detail().unwrap()["reason"], "operator_account");
    assert_eq!(doors.tried(&test).await, [true; 5]);

    let island = "island".parse().unwrap();
    let password = Secret::new(PASSWORD.to_owned());
    let sessions = test.service.sessions();
    let owner = test.stranger.user().unwrap().user;
    let may = async || {
        let signs_in = sessions.sign_in(&test.anonymous, Some("island"), None, &password).await;
        let basic = test.service.credentials().verify_basic("island", &password, None).await;
        let session = sessions.actor_of(owner).await.unwrap();
        (signs_in.is_ok(), basic.is_ok(), session.is_some())
    };
    assert_eq!(may().await, (true, true, true));
    for ctx in [&test.stranger, &test.operator, &test.manager] {
        let error = accounts.set_active(ctx, &island, false).await.unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Denied | ErrorKind::Hidden), "{error}");
    }
    accounts.set_active(&test.administrator, &island, false).await.unwrap();
    assert_eq!(may().await, (false, false, false));
    let query = || roadstead::manage::account::AccountQuery {
        search: Some("ISL".to_owned()),
        window: Window { offset: 0, limit: 10 },
    };
    let listed = accounts.list(&test.owner, query()).await.unwrap();
    assert_eq!((listed.total, listed.items[0].is_active, listed.items[0].users), (1, false, 1));
    assert!(accounts.list(&test.stranger, query()).await.is_err());
    accounts.set_active(&test.owner, &island, true).await.unwrap();
    assert_eq!(may().await, (true, true, true));
}

#[tokio::test]
async fn a_closed_way_in_is_closed_at_once() {
    let test = TestService::new().await;
    let (users, mia) = (test.service.users(), name("mia"));
    let doors = Doors::open(&test).await;
    users.update(&test.owner, &mia, facts(BOTH)).await.unwrap();
    assert_eq!(doors.tried(&test).await, [true; 5], "names do not end anything");
    let robot = WaysIn { console: false, programmatic: true };
    users.update(&test.owner, &mia, facts(robot)).await.unwrap();
    assert_eq!(doors.tried(&test).await, [false, false, true, true, false]);
    let console = WaysIn { console: true, programmatic: false };
    users.update(&test.owner, &mia, facts(console)).await.unwrap();
    assert_eq!(doors.tried(&test).await, [true, true, false, false, false]);
}

#[tokio::test]
async fn a_reset_password_ends_sessions_and_tokens() {
    let test = TestService::new().await;
    let (users, mia) = (test.service.users(), name("mia"));
    let doors = Doors::open(&test).await;
    let made = users.reset_password(&test.owner, &mia, None, true).await.unwrap();
    assert_eq!(doors.tried(&test).await, [true, false, false, true, false]);
    let ctx = signed_in(&test, "mia", &made.password.unwrap()).await.unwrap();
    assert!(test.service.sessions().profile(&ctx).await.unwrap().must_change_password);
    let typed = Some(Secret::new(PASSWORD.to_owned()));
    let answer = users.reset_password(&test.owner, &mia, typed, false).await.unwrap();
    assert_eq!(answer.password, None);
    let ctx = signed_in(&test, "mia", &Secret::new(PASSWORD.to_owned())).await.unwrap();
    assert!(!test.service.sessions().profile(&ctx).await.unwrap().must_change_password);
    assert_eq!(test.events().await[1].name, "resetPassword");
}

#[tokio::test]
async fn groups_and_policies_bind_the_next_request_and_keep_their_region() {
    let test = TestService::new().await;
    let (users, user) = (test.service.users(), name("nobody-yet"));
    let image: ImageName = "team/app".parse().unwrap();
    let may = async |action| test.service.access().may(&test.member, action, &image).await.unwrap();
    assert!(!may(Action::PullImage).await);
    let groups = vec!["readers".parse().unwrap()];
    users.set_groups(&test.owner, &user, groups.clone()).await.unwrap();
    assert!(may(Action::PullImage).await);
    users.set_groups(&test.owner, &user, vec!["operators".parse().unwrap()]).await.unwrap();
    assert!(may(Action::PushImage).await);
    users.set_groups(&test.owner, &user, Vec::new()).await.unwrap();
    assert!(!may(Action::PullImage).await);

    let policy = |region: Option<&str>| Attachment {
        policy: "swr readonlyaccess".to_owned(),
        region: region.map(|region| region.parse().unwrap()),
    };
    users.set_attached(&test.owner, &user, policy(Some("local")), true).await.unwrap();
    assert!(may(Action::PullImage).await);
    let attached = users.get(&test.owner, &user).await.unwrap().attached;
    assert_eq!(attached[0].policy, "SWR ReadOnlyAccess");
    assert_eq!(attached[0].region.as_ref().map(|it| it.as_str()), Some("local"));
    users.set_attached(&test.owner, &user, policy(Some("local")), false).await.unwrap();
    assert!(!may(Action::PullImage).await);
    // A project that the account does not have does not become all of them.
    let error = users.set_attached(&test.owner, &user, policy(Some("elsewhere")), true).await;
    assert_eq!(error.unwrap_err().kind(), ErrorKind::NotFound);
    let unknown = Attachment { policy: "no such policy".to_owned(), region: None };
    let error = users.set_attached(&test.owner, &user, unknown, true).await.unwrap_err();
    assert_eq!((error.kind(), error.subject()), (ErrorKind::NotFound, Subject::Policy));
    assert!(!may(Action::PullImage).await);
}

#[tokio::test]
async fn an_attachment_for_another_region_does_not_count_here() {
    let test = TestService::new().await;
    let user = TestService::key_of(&test.member);
    let account = test.account_key();
    test.write(move |tx| {
        Box::pin(async move {
            let region = "elsewhere".parse().unwrap();
            let id = roadstead::id::PublicId::from_random([9; 16]);
            attachment::ensure_project(tx, account, &region, &id, Timestamp(0)).await?;
            let right = attachment::Right::Role(roadstead::access::SystemPolicy::FullAccess);
            let holder = Holder::User(user);
            attachment::attach(tx, holder, right, Some(&region), None, Timestamp(0)).await?;
            Ok(())
        })
    })
    .await;
    let image: ImageName = "team/app".parse().unwrap();
    assert!(!test.service.access().may(&test.member, Action::PullImage, &image).await.unwrap());
}

#[tokio::test]
async fn what_somebody_reaches_says_through_what() {
    let test = TestService::new().await;
    let users = test.service.users();
    let (place, eddy) = (test.image, test.editor.user().unwrap().user);
    test.write(move |tx| {
        Box::pin(async move {
            grant::set_on_repository(tx, &place, eddy, Permission::Manage, None, Timestamp(0)).await
        })
    })
    .await;
    users.set_groups(&test.owner, &name("eddy"), vec!["readers".parse().unwrap()]).await.unwrap();
    let reach = users.reach(&test.owner, &name("eddy")).await.unwrap();
    assert!(!reach.is_owner && !reach.is_damaged);
    assert_eq!(reach.policies.len(), 1);
    assert_eq!(reach.policies[0].policy, "SWR ReadOnlyAccess");
    assert_eq!(reach.policies[0].group.as_deref(), Some("readers"));
    let rows: Vec<_> = reach
        .grants
        .iter()
        .map(|row| (row.name.as_str(), row.granted, row.effective, row.reason))
        .collect();
    let (edit, manage) = (Permission::Edit, Permission::Manage);
    assert_eq!(
        rows,
        [
            ("team", edit, Some(edit), Some(Reason::Grant)),
            ("team/app", manage, Some(manage), Some(Reason::Grant)),
        ]
    );
    // Everybody sees their own, and nobody that of others.
    assert_eq!(users.reach(&test.editor, &name("eddy")).await.unwrap(), reach);
    let error = users.reach(&test.editor, &name("mia")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Hidden);
    assert!(users.reach(&test.owner, &name("harbor")).await.unwrap().is_owner);
}

#[tokio::test]
async fn a_decision_is_explained_by_what_made_it() {
    let test = TestService::new().await;
    let (users, policies) = (test.service.users(), test.service.policies());
    let document = r#"{"Version": "1.1", "Statement": [
        {"Effect": "Allow", "Action": ["swr:repo:download"], "Resource": ["swr:*:*:repo:team/app"]},
        {"Effect": "Deny", "Action": ["swr:repo:delete*"]}]}"#;
    let own = "No deleting".parse().unwrap();
    policies.create(&test.owner, own, "", document.to_owned()).await.unwrap();
    let attachment = Attachment { policy: "no deleting".to_owned(), region: None };
    for user in ["nobody-yet", "mia"] {
        users.set_attached(&test.owner, &name(user), attachment.clone(), true).await.unwrap();
    }
    let ask = async |ctx: &Context, user: &str, action, image: &str| {
        let question = Question {
            user: name(user),
            action,
            image: Some(image.parse().unwrap()),
            organization: None,
        };
        users.explain(ctx, question).await
    };
    let by = async |user: &str, action, image: &str| {
        let it = ask(&test.owner, user, action, image).await.unwrap();
        let source = it.source.map(|source| (source.policy, source.statement));
        (it.allowed, it.refused, source)
    };
    let no_deleting = |statement| Some(("No deleting".to_owned(), statement));
    assert_eq!(
        by("nobody-yet", Action::PullImage, "team/app").await,
        (Some(Reason::Policy), None, no_deleting(1))
    );
    assert_eq!(
        by("mia", Action::DeleteTag, "team/app").await,
        (None, Some(Refusal::ExplicitDeny), no_deleting(2))
    );
    assert_eq!(by("mia", Action::PushImage, "team/app").await, (Some(Reason::Grant), None, None));
    let mia = ask(&test.owner, "mia", Action::PushImage, "team/app").await.unwrap();
    assert_eq!(mia.organization_grant, Some(Permission::Manage));
    assert_eq!(
        by("root", Action::PushImage, "team/not-yet").await,
        (Some(Reason::Policy), None, Some(("SWR FullAccess".to_owned(), 1)))
    );
    assert_eq!(by("harbor", Action::DeleteImage, "team/app").await.0, Some(Reason::Owner));
    assert_eq!(by("nobody-yet", Action::PullImage, "team/open").await.0, Some(Reason::Public));
    test.disable(&test.reader).await;
    assert_eq!(by("rita", Action::PullImage, "team/app").await.1, Some(Refusal::Disabled));
    // About themselves everybody may ask.
    assert!(ask(&test.manager, "mia", Action::DeleteTag, "team/app").await.is_ok());
    assert!(ask(&test.manager, "eddy", Action::DeleteTag, "team/app").await.is_err());
    // Whether another account has an image is not told.
    let stranger = async |image: &str| {
        let question = Question {
            user: name("island"),
            action: Action::PullImage,
            image: Some(image.parse().unwrap()),
            organization: None,
        };
        users.explain(&test.stranger, question).await.unwrap()
    };
    assert_eq!(stranger("team/app").await, stranger("team/none").await);
    assert_eq!(stranger("team/app").await, stranger("nowhere/none").await);
    for (action, expected) in [
        (Action::CreateOrganization, Some(Reason::Policy)),
        (Action::ManageSettings, Some(Reason::Policy)),
        (Action::DeleteUser, None),
        (Action::ManageOneself, Some(Reason::Oneself)),
    ] {
        let question = Question { user: name("root"), action, image: None, organization: None };
        let answer = users.explain(&test.owner, question).await.unwrap();
        assert_eq!(answer.allowed, expected, "{action:?}");
    }
    let question =
        Question { user: name("root"), action: Action::PullImage, image: None, organization: None };
    let error = users.explain(&test.owner, question).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Invalid);
    assert!(matches!(test.owner.actor, Actor::User(_)));
}

#[tokio::test]
async fn several_users_at_once_are_all_or_none() {
    let test = TestService::new().await;
    let users = test.service.users();
    for user in ["ann", "bob"] {
        users.create(&test.owner, new(user, BOTH, &[], None)).await.unwrap();
    }
    let both = [name("ann"), name("bob")];
    let states = async || {
        let mut states = Vec::new();
        for user in &both {
            let user = users.get(&test.owner, user).await.unwrap().user;
            states.push((user.is_active, user.groups.len()));
        }
        states
    };
    users.batch(&test.owner, &both, &UserTask::Disable).await.unwrap();
    assert_eq!(states().await, [(false, 0); 2]);
    // Of those that cannot be, none is.
    for (with, kind) in [("harbor", ErrorKind::Conflict), ("nobody", ErrorKind::NotFound)] {
        let names = [both[0].clone(), name(with)];
        for task in [UserTask::Disable, UserTask::Delete] {
            let refused = users.batch(&test.owner, &names, &task).await.unwrap_err();
            assert_eq!(refused.kind(), kind, "{with}");
        }
    }
    assert_eq!(states().await, [(false, 0); 2]);
    users.batch(&test.owner, &both, &UserTask::Enable).await.unwrap();
    let readers = UserTask::Join("readers".parse().unwrap());
    for _ in 0..2 {
        users.batch(&test.owner, &both, &readers).await.unwrap();
    }
    assert_eq!(states().await, [(true, 1); 2]);
    let refused = users.batch(&test.owner, &[], &UserTask::Enable).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Invalid);
    for ctx in [&test.manager, &test.viewer, &test.stranger] {
        assert!(users.batch(ctx, &both, &UserTask::Delete).await.is_err());
    }
    users.batch(&test.owner, &both, &UserTask::Delete).await.unwrap();
    assert_eq!(users.get(&test.owner, &both[1]).await.unwrap_err().kind(), ErrorKind::NotFound);
    let log = test.service.audit_log();
    let deleted = AuditFilter { name: Some(TraceName::DeleteUser), ..Default::default() };
    let query = AuditQuery { filter: deleted, before: None, limit: 10 };
    assert_eq!(log.list(&test.owner, query).await.unwrap().events.len(), 2, "an event for each");
}

/// Another replica shows it too: it is in the database, sealed.
#[tokio::test]
async fn a_password_that_was_made_is_shown_to_the_session_that_made_it_for_a_while() {
    let test = TestService::new().await;
    let users = test.service.users();
    let here = Context { session: Some("here".to_owned()), ..test.owner.clone() };
    let elsewhere = Context { session: Some("elsewhere".to_owned()), ..test.owner.clone() };
    let made = users.reset_password(&here, &name("mia"), None, true).await.unwrap().password;
    assert!(made.is_some());
    let shown = async |ctx: &Context| users.new_password(ctx, &name("mia")).await.unwrap().password;
    assert_eq!(shown(&here).await, made);
    assert_eq!(shown(&here).await, made, "the page may be fetched again");
    assert_eq!(shown(&elsewhere).await, None);
    assert_eq!(shown(&test.owner).await, None);
    let error = users.new_password(&test.editor, &name("mia")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Hidden);
    // The next password ends it, also one that is not made here.
    let again = users.reset_password(&here, &name("mia"), None, true).await.unwrap().password;
    assert!(again != made && shown(&here).await == again);
    let typed = Some(Secret::new(PASSWORD.to_owned()));
    users.reset_password(&here, &name("mia"), typed, true).await.unwrap();
    assert_eq!(shown(&here).await, None);

    users.reset_password(&here, &name("mia"), None, true).await.unwrap();
    let key = TestService::key_of(&test.manager);
    let sealed = async || {
        let place = user::password_place(key.target().id);
        let read = test.store.peek("test.sealed", move |tx| {
            let place = place.clone();
            Box::pin(async move { roadstead_store::sealed::get(tx, &place).await })
        });
        read.await.unwrap().is_some()
    };
    test.clock.advance(119);
    test.service.tidy().await.unwrap();
    assert!(shown(&here).await.is_some() && sealed().await);
    test.clock.advance(1);
    assert_eq!(shown(&here).await, None);
    test.service.tidy().await.unwrap();
    assert!(!sealed().await, "nothing of it is left");
}
