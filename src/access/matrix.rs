//! The full matrix, role by action, as one snapshot; and what must hold whatever the rights are.
//!
//! A change of the snapshot is a change of who may do what: compare it with `protocol.md` 3.5 before accepting it.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::fmt::Write as _;
use std::sync::Arc;

use proptest::prelude::*;

use super::policy::{Attached, Holder};
use super::{
    AccountTarget, Action, Actor, Circumstances, Effect, Grants, GroupTarget, InstanceTarget,
    JobName, NamePattern, Need, OrganizationTarget, Permission, Policies, Policy, PolicyTarget,
    Reason, Refusal, RepositoryTarget, Scope, Statement, SystemPolicy, UserActor, UserTarget,
    Visibility, decide, explain, visibility,
};
use crate::id::{AccountId, GroupId, OrganizationId, PolicyId, RepositoryId, UserId};
use crate::time::Timestamp;

const MYSELF: UserId = UserId(7);
const HERE: AccountId = AccountId(1);
const ELSEWHERE: AccountId = AccountId(2);
const NOW: Timestamp = Timestamp(1_000_000);

fn user(account: AccountId) -> UserActor {
    UserActor {
        account,
        account_name: "harbor".parse().unwrap(),
        user: MYSELF,
        user_name: "ann".parse().unwrap(),
        is_owner: false,
        is_operator: false,
        credential: None,
        expires_at: None,
    }
}

fn owner(account: AccountId) -> UserActor {
    UserActor { is_owner: true, ..user(account) }
}

fn grants() -> Grants {
    Grants { anonymous_access: true, ..Grants::default() }
}

fn holding(policies: &[Policy]) -> Arc<Policies> {
    let holder = Holder {
        user_id: "11111111111111111111111111111111".to_owned(),
        domain_id: "00000000000000000000000000000000".to_owned(),
        region: "local".to_owned(),
    };
    let one = |all: Policies, (index, policy): (usize, &Policy)| {
        let attached = Attached { policy: index.to_string(), is_system: false, group: None };
        all.with(attached, policy)
    };
    Arc::new(policies.iter().enumerate().fold(Policies::new(holder), one))
}

fn policy(policy: SystemPolicy) -> Grants {
    Grants { policies: holding(&[policy.document()]), ..grants() }
}

fn on_organization(permission: Permission) -> Grants {
    Grants { organization: Some(permission), ..grants() }
}

fn on_image(permission: Permission) -> Grants {
    Grants { image: Some(permission), any_image: true, ..grants() }
}

fn statement(effect: Effect, action: &str) -> Statement {
    Statement {
        effect,
        actions: vec![action.to_owned()],
        resources: Vec::new(),
        conditions: Vec::new(),
    }
}

fn one(statement: Statement) -> Policy {
    Policy { statements: vec![statement] }
}

/// What is read must be good.
fn read(text: &str) -> Policy {
    Policy::read(text).unwrap()
}

/// Asks for `action` of the kind of target that it is asked of.
fn ask(
    actor: &Actor,
    action: Action,
    is_public: bool,
    grants: &Grants,
    now: Timestamp,
) -> Result<Reason, Refusal> {
    let at = Circumstances::at(now);
    ask_at(actor, action, is_public, grants, &at)
}

fn ask_at(
    actor: &Actor,
    action: Action,
    is_public: bool,
    grants: &Grants,
    at: &Circumstances<'_>,
) -> Result<Reason, Refusal> {
    let organization = OrganizationTarget {
        id: OrganizationId(3),
        account: HERE,
        name: "team".parse().unwrap(),
        new_image: None,
    };
    let image: crate::ImageName = "team/app".parse().unwrap();
    macro_rules! decided {
        ($target:expr) => {
            decide(actor, action, $target, grants, at).map(|allowed| allowed.reason())
        };
    }
    match action.rule().scope {
        Scope::Image => decided!(RepositoryTarget {
            id: RepositoryId(4),
            organization: organization.id,
            account: HERE,
            name: image,
            is_public,
        }),
        Scope::Organization => match action {
            Action::CreateImage | Action::UploadPackage => {
                decided!(organization.new_image(&image))
            }
            _ => decided!(organization),
        },
        Scope::Account => decided!(AccountTarget {
            id: actor.user().map_or(HERE, |user| user.account),
            name: "harbor".parse().unwrap(),
        }),
        // Somebody else, unless it is asked of nobody else.
        Scope::User => decided!(UserTarget {
            id: if action.rule().need == Need::Oneself { MYSELF } else { UserId(8) },
            account: HERE,
            name: "ben".parse().unwrap(),
            is_owner: false,
        }),
        Scope::Group => {
            decided!(GroupTarget { id: GroupId(5), account: HERE, name: "Team 1".parse().unwrap() })
        }
        Scope::Policy => {
            decided!(PolicyTarget { id: PolicyId(6), account: HERE, name: "Pull".parse().unwrap() })
        }
        Scope::Tenant => {
            decided!(AccountTarget { id: ELSEWHERE, name: "island".parse().unwrap() })
        }
        Scope::Instance => decided!(InstanceTarget),
    }
}

struct Role {
    name: &'static str,
    actor: Actor,
    is_public: bool,
    grants: Grants,
}

fn roles() -> Vec<Role> {
    let role = |name, actor, grants| Role { name, actor, is_public: false, grants };
    let public = |name, actor, grants| Role { name, actor, is_public: true, grants };
    let member = || Actor::User(user(HERE));
    let stranger = || Actor::User(owner(ELSEWHERE));
    let shared = |end| Grants { share: Some(end), ..grants() };
    let operator =
        |owner: bool| Actor::User(UserActor { is_operator: true, is_owner: owner, ..user(HERE) });
    let closed = Grants { anonymous_access: false, ..grants() };
    let denied = Grants {
        organization: Some(Permission::Manage),
        policies: holding(&[
            SystemPolicy::FullAccess.document(),
            one(statement(Effect::Deny, "swr:repo:*")),
        ]),
        ..grants()
    };
    let ended = Actor::User(UserActor { expires_at: Some(NOW), ..owner(HERE) });
    vec![
        role("nobody", Actor::Anonymous, grants()),
        public("nobody, public image", Actor::Anonymous, grants()),
        public("nobody, public image, anonymous access off", Actor::Anonymous, closed),
        role("stranger", stranger(), grants()),
        public("stranger, public image", stranger(), grants()),
        role("stranger, shared for ever", stranger(), shared(None)),
        role(
            "stranger, share ends in a microsecond",
            stranger(),
            shared(Some(Timestamp(NOW.0 + 1))),
        ),
        role("stranger, share ends now", stranger(), shared(Some(NOW))),
        role(
            "stranger with policy and grants of another account",
            Actor::User(user(ELSEWHERE)),
            Grants {
                organization: Some(Permission::Manage),
                image: Some(Permission::Manage),
                any_image: true,
                ..policy(SystemPolicy::FullAccess)
            },
        ),
        role("user without rights", member(), grants()),
        public("user without rights, public image", member(), grants()),
        role("read on the image", member(), on_image(Permission::Read)),
        role("edit on the image", member(), on_image(Permission::Edit)),
        role("manage on the image", member(), on_image(Permission::Manage)),
        role("read on the organization", member(), on_organization(Permission::Read)),
        role("edit on the organization", member(), on_organization(Permission::Edit)),
        role("manage on the organization", member(), on_organization(Permission::Manage)),
        role("SWR ReadOnlyAccess", member(), policy(SystemPolicy::ReadOnlyAccess)),
        role("SWR OperateAccess", member(), policy(SystemPolicy::OperateAccess)),
        role("SWR FullAccess", member(), policy(SystemPolicy::FullAccess)),
        role("SWR Admin", member(), policy(SystemPolicy::Admin)),
        role("Tenant Administrator", member(), policy(SystemPolicy::TenantAdministrator)),
        role("Security Administrator", member(), policy(SystemPolicy::SecurityAdministrator)),
        role("ServiceStage Developer", member(), policy(SystemPolicy::ServiceStageDeveloper)),
        role("SWR FullAccess and manage, deny swr:repo:*", member(), denied),
        role("owner", Actor::User(owner(HERE)), grants()),
        role("owner, credential ended", ended, grants()),
        role(
            "SWR ReadOnlyAccess of the operator account",
            operator(false),
            policy(SystemPolicy::ReadOnlyAccess),
        ),
        role(
            "SWR OperateAccess of the operator account",
            operator(false),
            policy(SystemPolicy::OperateAccess),
        ),
        role(
            "SWR FullAccess of the operator account",
            operator(false),
            policy(SystemPolicy::FullAccess),
        ),
        role(
            "Security Administrator of the operator account",
            operator(false),
            policy(SystemPolicy::SecurityAdministrator),
        ),
        role("owner of the operator account", operator(true), grants()),
        role("a job of the system", Actor::System(JobName("test")), grants()),
    ]
}

#[test]
fn the_matrix_of_roles_and_actions() {
    let mut table = String::new();
    for role in roles() {
        writeln!(table, "{}", role.name).unwrap();
        for action in Action::ALL {
            let answer = match ask(&role.actor, action, role.is_public, &role.grants, NOW) {
                Ok(reason) => format!("yes  {reason:?}"),
                Err(Refusal::NoGrant) => "-".to_owned(),
                Err(refusal) => format!("-    {refusal:?}"),
            };
            writeln!(table, "    {:<25}{answer}", format!("{action:?}")).unwrap();
        }
    }
    insta::assert_snapshot!(table);
}

#[test]
fn every_action_is_in_the_list_once() {
    let mut names: Vec<String> = Action::ALL.iter().map(|action| format!("{action:?}")).collect();
    names.sort();
    names.dedup();
    assert_eq!(names.len(), Action::ALL.len());
    // Policies are compiled by this position.
    for (position, action) in Action::ALL.into_iter().enumerate() {
        assert_eq!(action as usize, position, "{action:?}");
        assert!(action.rule().iam.len() <= 8, "{action:?}");
    }
}

#[test]
fn an_action_is_not_asked_of_another_kind_of_thing() {
    let actor = Actor::User(UserActor { is_operator: true, ..owner(HERE) });
    for action in Action::ALL {
        if action.rule().scope != Scope::Instance {
            let answer = decide(&actor, action, InstanceTarget, &grants(), &Circumstances::at(NOW));
            assert_eq!(answer.unwrap_err(), Refusal::NoGrant, "{action:?}");
        }
    }
}

#[test]
fn lists_never_name_what_a_policy_denies() {
    let at = Circumstances::at(NOW);
    let of = |policies: &[Policy]| visibility(&user(HERE), &holding(policies), &at);
    let whole = Visibility::Account { account: HERE };
    let full = || SystemPolicy::FullAccess.document();
    let reads = |resource: &str, condition: &str| {
        read(&format!(
            r#"{{"Version":"1.1","Statement":[{{"Effect":"Allow","Action":["swr:repo:*"],
            "Resource":["{resource}"]{condition}}},{{"Effect":"Allow","Action":["swr:namespace:get*"]}}]}}"#
        ))
    };
    let denies = |action: &str, condition: &str| {
        read(&format!(
            r#"{{"Version":"1.1","Statement":[{{"Effect":"Deny","Action":["{action}"],
            "Resource":["swr:*:*:repo:team/app"]{condition}}}]}}"#
        ))
    };
    let ann = r#","Condition":{"StringEquals":{"g:UserName":["ann"]}}"#;
    let ben = r#","Condition":{"StringEquals":{"g:UserName":["ben"]}}"#;
    assert_eq!(of(&[SystemPolicy::ReadOnlyAccess.document()]), whole);
    assert_eq!(of(&[full()]), whole);
    assert_eq!(visibility(&owner(HERE), &Policies::default(), &at), whole);
    assert_eq!(of(&[reads("swr:*:*:repo:*", "")]), whole);
    assert_eq!(of(&[reads("swr:local:*:repo:*/*", ann)]), whole);
    assert_eq!(of(&[full(), denies("swr:repo:upload", "")]), whole);
    assert_eq!(of(&[full(), denies("swr:repo:get*", ben)]), whole);
    for some in [
        vec![],
        vec![SystemPolicy::SecurityAdministrator.document()],
        vec![reads("swr:*:*:repo:test/nginx*", "")],
        vec![reads("swr:elsewhere:*:repo:*", "")],
        vec![reads("swr:*:*:repo:*", ben)],
        vec![full(), denies("swr:repo:get*", "")],
        vec![full(), denies("swr:repo:get*", ann)],
        vec![full(), denies("swr:repo:listRepoDomains", "")],
        vec![read(r#"{"Version":"1.1","Statement":[{"Effect":"Allow","Action":["swr:repo:*"]}]}"#)],
    ] {
        assert!(matches!(of(&some), Visibility::Granted { .. }), "{some:?}");
    }
}

#[test]
fn resources_name_region_account_and_thing() {
    let own = "00000000000000000000000000000000";
    for (resource, is_meant) in [
        ("*", true),
        ("swr:*:*:*", true),
        ("swr:*:*:repo:*", true),
        ("swr:*:*:repo:team/*", true),
        ("SWR:Local:*:Repo:Team/App", true),
        ("swr:local:00000000000000000000000000000000:repo:team/ap?", true),
        ("swr:loc?l:0*:repo:*/app", true),
        ("swr:elsewhere:*:repo:team/app", false),
        ("swr:*:11111111111111111111111111111111:repo:team/app", false),
        ("swr:*:*:repo:team", false),
        ("swr:*:*:namespace:team", false),
        ("iam:*:*:*", false),
    ] {
        let pull = |effect| Statement {
            resources: vec![resource.to_owned()],
            ..statement(effect, "swr:repo:download")
        };
        let actor = Actor::User(user(HERE));
        let allowing = Grants { policies: holding(&[one(pull(Effect::Allow))]), ..grants() };
        let answer = ask(&actor, Action::PullImage, false, &allowing, NOW);
        assert_eq!(answer.is_ok(), is_meant, "{resource}");
        let both = [SystemPolicy::FullAccess.document(), one(pull(Effect::Deny))];
        let denying = Grants { policies: holding(&both), ..grants() };
        let answer = ask(&actor, Action::PullImage, false, &denying, NOW);
        assert_eq!(answer.is_err(), is_meant, "{resource}");
    }
    // A public image of another account is that account's.
    for (domain, is_denied) in [(own, false), ("22222222222222222222222222222222", true)] {
        let deny = Statement {
            resources: vec![format!("swr:*:{domain}:repo:*")],
            ..statement(Effect::Deny, "swr:repo:download")
        };
        let grants = Grants {
            policies: holding(&[one(deny)]),
            owner: Some("22222222222222222222222222222222".to_owned()),
            ..grants()
        };
        let answer = ask(&Actor::User(user(ELSEWHERE)), Action::PullImage, true, &grants, NOW);
        assert_eq!(answer.is_err(), is_denied, "{domain}");
    }
}

#[test]
fn conditions_look_at_the_request() {
    let actor = Actor::User(user(HERE));
    let network = r#""IpAddress":{"g:SourceIp":["192.0.2.0/24"]}"#;
    let policy = |effect: &str, condition: &str| {
        read(&format!(
            r#"{{"Version":"1.1","Statement":[{{"Effect":"{effect}","Action":["swr:repo:download"],
            "Condition":{{{condition}}}}}]}}"#
        ))
    };
    let inside = Circumstances { source: Some([192, 0, 2, 9].into()), ..Circumstances::at(NOW) };
    let outside = Circumstances { source: Some([198, 51, 100, 9].into()), ..inside };
    let unknown = Circumstances { source: None, ..inside };
    let both = format!(r#"{network},"StringEquals":{{"g:UserName":["ben","ann"]}}"#);
    let other = format!(r#"{network},"StringEquals":{{"g:UserName":["ben"]}}"#);
    for (condition, answers) in [
        (network, [true, false, false]),
        (&both, [true, false, false]),
        (&other, [false, false, false]),
        (r#""NotIpAddress":{"g:SourceIp":["192.0.2.0/24"]}"#, [false, true, true]),
        (r#""IpAddressIfExists":{"g:SourceIp":["192.0.2.0/24"]}"#, [true, false, true]),
        (
            r#""Bool":{"g:MFAPresent":["false"]},"StringEquals":{"g:UserId":["11111111111111111111111111111111"],"g:DomainName":["harbor"],"g:ProjectName":["local"]}"#,
            [true; 3],
        ),
        (r#""DateLessThan":{"g:CurrentTime":["1970-01-01T00:00:01Z"]}"#, [false; 3]),
        (r#""DateLessThanEquals":{"g:CurrentTime":["1970-01-01T00:00:01Z"]}"#, [true; 3]),
    ] {
        for (at, expected) in [&inside, &outside, &unknown].into_iter().zip(answers) {
            let allow = Grants { policies: holding(&[policy("Allow", condition)]), ..grants() };
            let answer = ask_at(&actor, Action::PullImage, false, &allow, at);
            assert_eq!(answer.is_ok(), expected, "allow {condition} {at:?}");
            let both = [SystemPolicy::FullAccess.document(), policy("Deny", condition)];
            let deny = Grants { policies: holding(&both), ..grants() };
            let answer = ask_at(&actor, Action::PullImage, false, &deny, at);
            assert_eq!(answer.is_err(), expected, "deny {condition} {at:?}");
        }
    }
}

#[test]
fn targets_are_looked_at_once_they_are_named() {
    let actor = Actor::User(user(HERE));
    let share = |effect: &str, operator: &str| {
        read(&format!(
            r#"{{"Version":"1.1","Statement":[{{"Effect":"{effect}","Action":["swr:repo:createRepoDomain"],
            "Condition":{{"{operator}":{{"swr:TargetAccountId":["good"]}}}}}}]}}"#
        ))
    };
    let open = Circumstances { is_target_open: true, ..Circumstances::at(NOW) };
    let good = Circumstances { target_account: Some("good"), ..Circumstances::at(NOW) };
    let bad = Circumstances { target_account: Some("bad"), ..good };
    let unnamed = Circumstances::at(NOW);
    let full = || SystemPolicy::FullAccess.document();
    for (policies, answers) in [
        (vec![share("Allow", "StringEquals")], [true, true, false, false]),
        (vec![full(), share("Deny", "StringNotEquals")], [true, true, false, false]),
        (vec![full(), share("Deny", "StringEquals")], [true, false, true, true]),
    ] {
        let grants = Grants { policies: holding(&policies), ..grants() };
        for (at, expected) in [&open, &good, &bad, &unnamed].into_iter().zip(answers) {
            let answer = ask_at(&actor, Action::CreateShare, false, &grants, at);
            assert_eq!(answer.is_ok(), expected, "{policies:?} {at:?}");
        }
    }
}

#[test]
fn what_decided_is_told() {
    let image = RepositoryTarget {
        id: RepositoryId(4),
        organization: OrganizationId(3),
        account: HERE,
        name: "team/app".parse().unwrap(),
        is_public: false,
    };
    let policies = [
        SystemPolicy::ReadOnlyAccess.document(),
        Policy {
            statements: vec![
                statement(Effect::Allow, "swr:repo:upload"),
                statement(Effect::Deny, "swr:repo:delete*"),
            ],
        },
    ];
    let grants = Grants { policies: holding(&policies), ..on_organization(Permission::Manage) };
    let of = |action| {
        let actor = Actor::User(user(HERE));
        let verdict = explain(&actor, action, &image, &grants, &Circumstances::at(NOW));
        let by = verdict.statement.and_then(|index| grants.policies.statement(index));
        (verdict.answer, by.map(|(attached, number)| (attached.policy.clone(), number)))
    };
    assert_eq!(of(Action::PullImage), (Ok(Reason::Policy), Some(("0".to_owned(), 1))));
    assert_eq!(of(Action::PushImage), (Ok(Reason::Policy), Some(("1".to_owned(), 1))));
    assert_eq!(of(Action::DeleteTag), (Err(Refusal::ExplicitDeny), Some(("1".to_owned(), 2))));
    assert_eq!(of(Action::UpdateImage), (Ok(Reason::Grant), None));
}

fn any_action() -> impl Strategy<Value = Action> {
    prop::sample::select(Action::ALL.to_vec())
}

fn any_permission() -> impl Strategy<Value = Option<Permission>> {
    prop::option::of(prop::sample::select(vec![
        Permission::Read,
        Permission::Edit,
        Permission::Manage,
    ]))
}

fn any_statement() -> impl Strategy<Value = Statement> {
    let patterns = vec![
        "*",
        "swr:*:*",
        "swr:repo:*",
        "swr:repo:down*",
        "swr:namespace:*",
        "swr:repo:get????",
        "swr:system:*",
        "iam:*:*",
    ];
    let resources = vec![
        None,
        Some("swr:*:*:repo:team/*"),
        Some("swr:*:*:repo:other/*"),
        Some("swr:*:*:namespace:team"),
        Some("*"),
    ];
    (any::<bool>(), prop::sample::select(patterns), prop::sample::select(resources)).prop_map(
        |(allow, action, resource)| Statement {
            resources: resource.into_iter().map(str::to_owned).collect(),
            ..statement(if allow { Effect::Allow } else { Effect::Deny }, action)
        },
    )
}

fn any_grants() -> impl Strategy<Value = Grants> {
    (
        prop::collection::vec(any_statement(), 0..4),
        any_permission(),
        any_permission(),
        any::<bool>(),
        prop::option::of(prop::option::of((NOW.0 - 5..NOW.0 + 5).prop_map(Timestamp))),
        any::<bool>(),
    )
        .prop_map(|(statements, organization, image, any_image, share, anonymous_access)| {
            Grants {
                policies: holding(&[Policy { statements }]),
                owner: None,
                organization,
                image,
                any_image: any_image || image.is_some(),
                share,
                anonymous_access,
            }
        })
}

proptest! {
    #[test]
    fn nobody_gets_more_than_public_images(action in any_action(), grants in any_grants(), is_public: bool) {
        let allowed = ask(&Actor::Anonymous, action, is_public, &grants, NOW).is_ok();
        let open = matches!(action, Action::PullImage | Action::ReadImage);
        prop_assert_eq!(allowed, open && is_public && grants.anonymous_access);
    }

    #[test]
    fn another_account_gets_nothing_but_public_and_shared(action in any_action(), grants in any_grants(), is_owner: bool, is_public: bool) {
        let actor = Actor::User(UserActor { is_owner, is_operator: true, ..user(ELSEWHERE) });
        // Who looks after the instance may be of another account than what they look after.
        if !matches!(action.rule().scope, Scope::Account | Scope::Tenant | Scope::Instance)
            && let Ok(reason) = ask(&actor, action, is_public, &grants, NOW)
        {
            prop_assert!(matches!(action, Action::PullImage | Action::ReadImage));
            let shared = grants.share.is_some_and(|end| end.is_none_or(|end| end > NOW));
            prop_assert!(matches!(reason, Reason::Public) && is_public || matches!(reason, Reason::Share) && shared);
        }
    }

    #[test]
    fn an_explicit_deny_beats_every_right(action in any_action(), grants in any_grants(), is_public: bool) {
        let denies = one(statement(Effect::Deny, "*:*:*"));
        let mut policies = Policies::clone(&grants.policies);
        let attached = Attached { policy: "last".to_owned(), is_system: false, group: None };
        policies = policies.with(attached, &denies);
        let grants = Grants { policies: Arc::new(policies), ..grants };
        let answer = ask(&Actor::User(user(HERE)), action, is_public, &grants, NOW);
        // No policy stands between users and their own password.
        let expected = if action.rule().iam.is_empty() { Ok(Reason::Oneself) } else { Err(Refusal::ExplicitDeny) };
        prop_assert_eq!(answer, expected);
    }

    #[test]
    fn an_ended_credential_allows_nothing(action in any_action(), grants in any_grants(), is_public: bool, before in 0i64..1_000) {
        let actor = Actor::User(UserActor { expires_at: Some(Timestamp(NOW.0 - before)), ..owner(HERE) });
        prop_assert_eq!(ask(&actor, action, is_public, &grants, NOW), Err(Refusal::CredentialExpired));
    }

    #[test]
    fn a_higher_grant_allows_no_less(action in any_action(), grants in any_grants(), is_public: bool) {
        let actor = Actor::User(user(HERE));
        if ask(&actor, action, is_public, &grants, NOW).is_ok() {
            let higher = Grants { organization: Some(Permission::Manage), ..grants.clone() };
            prop_assert!(ask(&actor, action, is_public, &higher, NOW).is_ok());
        }
        let lower = Grants { image: None, any_image: false, ..grants.clone() };
        if ask(&actor, action, is_public, &lower, NOW).is_ok() {
            prop_assert!(ask(&actor, action, is_public, &grants, NOW).is_ok());
        }
    }

    #[test]
    fn the_owner_may_do_everything_of_the_account(action in any_action(), grants in any_grants(), is_operator: bool) {
        let actor = Actor::User(UserActor { is_operator, ..owner(HERE) });
        let expected = !matches!(action.rule().scope, Scope::Instance | Scope::Tenant) || is_operator;
        prop_assert_eq!(ask(&actor, action, false, &grants, NOW).is_ok(), expected);
    }

    #[test]
    fn settings_are_the_operator_accounts_alone(grants in any_grants(), is_owner: bool) {
        let actor = Actor::User(UserActor { is_owner, ..user(HERE) });
        for action in [Action::ManageSettings, Action::ListAccounts, Action::CreateAccount, Action::SetAccountState] {
            prop_assert!(ask(&actor, action, false, &grants, NOW).is_err());
        }
    }
}

const ORGANIZATIONS: [&str; 4] = ["team", "team2", "other", "t_x"];
const IMAGES: [&str; 8] = [
    "team/app",
    "team/app2",
    "team/a/b",
    "team2/app",
    "team2/web",
    "other/app",
    "t_x/app",
    "t_x/a_b",
];

/// A statement about images and organizations whose patterns meet some of them.
fn some_statement() -> impl Strategy<Value = String> {
    let resource = prop_oneof![
        Just("*".to_owned()),
        "swr:(local|\\*|far):(\\*|0{32}|1{32}):(repo|r\\*|\\*|re\\?o):(team|te\\*|\\*|t_x|t\\?x)/(app|a\\*|\\*|a_b|a\\?b)",
        "swr:local:\\*:(repo|namespace|\\*):(team|te\\*|\\*|team\\?|other)",
    ];
    let action = prop_oneof![
        Just("swr:repo:getRepo"),
        Just("swr:repo:*"),
        Just("swr:namespace:getNamespace"),
        Just("swr:*:*"),
        Just("swr:repo:listRepoDomains"),
    ];
    let condition = prop_oneof![
        3 => Just(""),
        1 => Just(r#","Condition":{"StringEquals":{"g:UserName":["ann"]}}"#),
        1 => Just(r#","Condition":{"StringEquals":{"g:UserName":["ben"]}}"#),
    ];
    (prop::bool::weighted(0.3), action, prop::option::of(resource), condition).prop_map(
        |(denies, action, resource, condition)| {
            let effect = if denies { "Deny" } else { "Allow" };
            let resource =
                resource.map(|it| format!(r#","Resource":["{it}"]"#)).unwrap_or_default();
            format!(r#"{{"Effect":"{effect}","Action":["{action}"]{resource}{condition}}}"#)
        },
    )
}

/// What lists show by policy and grant, and what is decided about each thing by itself.
fn same_as_one_by_one(
    policies: &Arc<Policies>,
    action: Action,
    is_image: bool,
    granted: Option<Permission>,
) -> Result<(), TestCaseError> {
    let (ann, at) = (user(HERE), Circumstances::at(NOW));
    let names: &[&str] = if is_image { &IMAGES } else { &ORGANIZATIONS };
    let seen = visibility(&ann, policies, &at);
    let needs = if action == Action::ListShares { Permission::Manage } else { Permission::Read };
    for text in names {
        let listed = match &seen {
            Visibility::Account { .. } => true,
            Visibility::Granted { policies, .. } => {
                let names = match action {
                    Action::ReadImage => &policies.images,
                    Action::ListShares => &policies.shares,
                    _ => &policies.organizations,
                };
                let means = |all: &[NamePattern]| all.iter().any(|pattern| pattern.means(text));
                let is_granted = granted.is_some_and(|level| level.includes(needs));
                (is_granted || means(names.allowed())) && !means(names.denied())
            }
        };
        let grants = Grants { policies: policies.clone(), organization: granted, ..grants() };
        let actor = Actor::User(ann.clone());
        let decided = if is_image {
            let image = RepositoryTarget {
                id: RepositoryId(1),
                organization: OrganizationId(1),
                account: HERE,
                name: text.parse().unwrap(),
                is_public: false,
            };
            decide(&actor, action, image, &grants, &at).map(drop)
        } else {
            let name = text.parse().unwrap();
            let organization =
                OrganizationTarget { id: OrganizationId(1), account: HERE, name, new_image: None };
            decide(&actor, action, organization, &grants, &at).map(drop)
        };
        prop_assert_eq!(listed, decided.is_ok(), "{} {:?} {:?} {:?}", text, action, decided, seen);
    }
    Ok(())
}

proptest! {
    #[test]
    fn lists_show_what_is_allowed_one_by_one(
        statements in prop::collection::vec(some_statement(), 1..5),
        granted in prop::option::of(prop_oneof![Just(Permission::Read), Just(Permission::Manage)]),
        damaged in prop::bool::weighted(0.1),
    ) {
        let document = format!(r#"{{"Version":"1.1","Statement":[{}]}}"#, statements.join(","));
        let mut policies = holding(&[read(&document)]);
        if damaged {
            let held = Attached { policy: "torn".into(), is_system: false, group: None };
            policies = Arc::new(Policies::clone(&policies).with_damaged(held));
        }
        same_as_one_by_one(&policies, Action::ReadImage, true, granted)?;
        same_as_one_by_one(&policies, Action::ListShares, true, granted)?;
        same_as_one_by_one(&policies, Action::ReadOrganization, false, granted)?;
    }
}

#[test]
fn whoever_holds_a_damaged_policy_is_refused_what_policies_could_deny() {
    let held = Attached { policy: "torn".into(), is_system: false, group: None };
    let full = holding(&[SystemPolicy::FullAccess.document()]);
    let policies = Arc::new(Policies::clone(&full).with_damaged(held));
    let held = Grants { policies, organization: Some(Permission::Manage), ..grants() };
    for action in Action::ALL {
        for is_public in [false, true] {
            let answer = ask(&Actor::User(user(HERE)), action, is_public, &held, NOW);
            match answer {
                Err(refusal) if !action.rule().iam.is_empty() => {
                    assert!(
                        matches!(refusal, Refusal::PolicyDamaged | Refusal::NoGrant),
                        "{action:?} {refusal:?}"
                    );
                }
                Ok(Reason::Oneself) => assert!(action.rule().iam.is_empty(), "{action:?}"),
                other => assert!(action.rule().iam.is_empty(), "{action:?} {other:?}"),
            }
            // The owner is not subject to policies, and repairs them.
            let theirs = ask(&Actor::User(owner(HERE)), action, is_public, &held, NOW);
            assert_ne!(theirs, Err(Refusal::PolicyDamaged), "{action:?}");
        }
    }
}
