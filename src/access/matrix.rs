//! The full matrix, role by action, as one snapshot; and what must hold whatever the rights are.
//!
//! A change of the snapshot is a change of who may do what: compare it with `protocol.md` 3.5 before accepting it.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::fmt::Write as _;

use proptest::prelude::*;

use super::{
    AccountTarget, Action, Actor, Effect, Grants, InstanceTarget, JobName, OrganizationTarget,
    Permission, Reason, Refusal, RepositoryTarget, Scope, Statement, SystemPolicy, UserActor,
    Visibility, decide, visibility,
};
use crate::id::{AccountId, OrganizationId, RepositoryId, UserId};
use crate::time::Timestamp;

const HERE: AccountId = AccountId(1);
const ELSEWHERE: AccountId = AccountId(2);
const NOW: Timestamp = Timestamp(1_000_000);

fn user(account: AccountId) -> UserActor {
    UserActor {
        account,
        account_name: "harbor".parse().unwrap(),
        user: UserId(7),
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

fn policy(policy: SystemPolicy) -> Grants {
    Grants { statements: policy.statements(), ..grants() }
}

fn on_organization(permission: Permission) -> Grants {
    Grants { organization: Some(permission), ..grants() }
}

fn on_image(permission: Permission) -> Grants {
    Grants { image: Some(permission), any_image: true, ..grants() }
}

fn statement(effect: Effect, action: &str) -> Statement {
    Statement { effect, action: vec![action.to_owned()], resource: Vec::new() }
}

/// Asks for `action` of the kind of target that it is asked of.
fn ask(
    actor: &Actor,
    action: Action,
    is_public: bool,
    grants: &Grants,
    now: Timestamp,
) -> Result<Reason, Refusal> {
    let organization = OrganizationTarget {
        id: OrganizationId(3),
        account: HERE,
        name: "team".parse().unwrap(),
        new_image: None,
    };
    let image: crate::ImageName = "team/app".parse().unwrap();
    match action.rule().scope {
        Scope::Image => {
            let target = RepositoryTarget {
                id: RepositoryId(4),
                organization: organization.id,
                account: HERE,
                name: image,
                is_public,
            };
            decide(actor, action, target, grants, now).map(|allowed| allowed.reason())
        }
        Scope::Organization => {
            let target = match action {
                Action::CreateImage | Action::UploadPackage => organization.new_image(&image),
                _ => organization,
            };
            decide(actor, action, target, grants, now).map(|allowed| allowed.reason())
        }
        Scope::Account => {
            let target = AccountTarget {
                id: actor.user().map_or(HERE, |user| user.account),
                name: "harbor".parse().unwrap(),
            };
            decide(actor, action, target, grants, now).map(|allowed| allowed.reason())
        }
        Scope::Instance => {
            decide(actor, action, InstanceTarget, grants, now).map(|allowed| allowed.reason())
        }
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
        statements: [
            SystemPolicy::FullAccess.statements(),
            vec![statement(Effect::Deny, "swr:repo:*")],
        ]
        .concat(),
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
}

#[test]
fn an_action_is_not_asked_of_another_kind_of_thing() {
    let actor = Actor::User(UserActor { is_operator: true, ..owner(HERE) });
    for action in Action::ALL {
        if action.rule().scope != Scope::Instance {
            let answer = decide(&actor, action, InstanceTarget, &grants(), NOW);
            assert_eq!(answer.unwrap_err(), Refusal::NoGrant, "{action:?}");
        }
    }
}

#[test]
fn lists_never_name_what_a_policy_denies() {
    let of = |statements: &[Statement]| visibility(&user(HERE), statements);
    let whole = Visibility::Account { account: HERE };
    assert_eq!(of(&SystemPolicy::ReadOnlyAccess.statements()), whole);
    assert_eq!(of(&SystemPolicy::FullAccess.statements()), whole);
    assert_eq!(visibility(&owner(HERE), &[]), whole);
    for some in [
        vec![],
        SystemPolicy::SecurityAdministrator.statements(),
        vec![Statement {
            resource: vec!["swr:*:*:repo:test/nginx*".to_owned()],
            ..statement(Effect::Allow, "swr:repo:*")
        }],
        [
            SystemPolicy::FullAccess.statements(),
            vec![Statement {
                resource: vec!["swr:*:*:repo:team/app".to_owned()],
                ..statement(Effect::Deny, "swr:repo:get*")
            }],
        ]
        .concat(),
    ] {
        assert!(matches!(of(&some), Visibility::Granted { .. }), "{some:?}");
    }
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
            resource: resource.into_iter().map(str::to_owned).collect(),
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
                statements,
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
        if matches!(action.rule().scope, Scope::Image | Scope::Organization)
            && let Ok(reason) = ask(&actor, action, is_public, &grants, NOW)
        {
            prop_assert!(matches!(action, Action::PullImage | Action::ReadImage));
            let shared = grants.share.is_some_and(|end| end.is_none_or(|end| end > NOW));
            prop_assert!(matches!(reason, Reason::Public) && is_public || matches!(reason, Reason::Share) && shared);
        }
    }

    #[test]
    fn an_explicit_deny_beats_every_right(action in any_action(), grants in any_grants(), is_public: bool) {
        let mut grants = grants;
        grants.statements.push(statement(Effect::Deny, "*"));
        let answer = ask(&Actor::User(user(HERE)), action, is_public, &grants, NOW);
        prop_assert_eq!(answer, Err(Refusal::ExplicitDeny));
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
        let expected = action.rule().scope != Scope::Instance || is_operator;
        prop_assert_eq!(ask(&actor, action, false, &grants, NOW).is_ok(), expected);
    }

    #[test]
    fn settings_are_the_operator_accounts_alone(grants in any_grants(), is_owner: bool) {
        let actor = Actor::User(UserActor { is_owner, ..user(HERE) });
        prop_assert!(ask(&actor, Action::ManageSettings, false, &grants, NOW).is_err());
    }
}
