#![allow(clippy::unwrap_used, clippy::indexing_slicing)]
use roadstead::ImageName;
use roadstead::access::policy::{Effect, StatementDraft};
use roadstead::manage::policy::StatementEdit;

use super::*;
use crate::testing::TestService;

fn name(text: &str) -> PolicyName {
    text.parse().unwrap()
}

fn allow(action: &str, condition: &str) -> String {
    format!(
        r#"{{"Version": "1.1", "Statement": [{{"Effect": "Allow",
        "Action": ["swr:repo:getRepo", "{action}"]{condition}}}]}}"#
    )
}

#[tokio::test]
async fn a_policy_is_saved_as_typed_and_a_change_binds_the_next_request() {
    let test = TestService::new().await;
    let (policies, users) = (test.service.policies(), test.service.users());
    let image: ImageName = "team/app".parse().unwrap();
    let may =
        async |ctx: &Context, action| test.service.access().may(ctx, action, &image).await.unwrap();
    let text = allow("swr:repo:download", "");
    policies.create(&test.owner, name("Pull"), "for machines", text.clone()).await.unwrap();
    let attachment = Attachment { policy: "PULL".to_owned(), region: None };
    let user = "nobody-yet".parse().unwrap();
    users.set_attached(&test.owner, &user, attachment.clone(), true).await.unwrap();
    let detail = policies.get(&test.owner, &name("pull")).await.unwrap();
    assert_eq!((detail.document, detail.entry.uses), (text, 1));
    assert_eq!(detail.users, std::slice::from_ref(&user));
    assert!(may(&test.member, Action::PullImage).await);
    assert!(!may(&test.member, Action::PushImage).await);
    let text = allow(
        "swr:repo:upload",
        r#", "Condition": {"IpAddress": {"g:SourceIp": ["192.0.2.0/28"]}}"#,
    );
    policies.update(&test.owner, &name("pull"), name("Push"), "", text).await.unwrap();
    assert!(!may(&test.member, Action::PullImage).await);
    assert!(may(&test.member, Action::PushImage).await);
    let elsewhere = Context { client: Some([198, 51, 100, 1].into()), ..test.member.clone() };
    assert!(!may(&elsewhere, Action::PushImage).await);

    let error = policies.delete(&test.owner, &name("Push")).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.detail().unwrap()["n"].as_u64()),
        (ErrorKind::Conflict, Some(1))
    );
    let attachment = Attachment { policy: "push".to_owned(), ..attachment };
    users.set_attached(&test.owner, &user, attachment, false).await.unwrap();
    policies.delete(&test.owner, &name("Push")).await.unwrap();
    assert!(!may(&test.member, Action::PushImage).await);
    assert_eq!(test.events().await[0].name, "deletePolicy");
}

#[tokio::test]
async fn mistakes_are_refused_with_line_and_column() {
    let test = TestService::new().await;
    let policies = test.service.policies();
    let text = allow("swr:repo:download", ",\n\"Condition\": {\"StringIs\": {}}");
    let error = policies.create(&test.owner, name("x"), "", text).await.unwrap_err();
    assert_eq!((error.kind(), error.subject()), (ErrorKind::Invalid, Subject::Policy));
    let detail = error.detail().unwrap();
    assert_eq!((detail["line"].as_u64(), detail["column"].as_u64()), (Some(3), Some(15)));
    assert_eq!(detail["problems"][0]["fault"], "unknown_operator");
    assert!(error.message().starts_with("line 3, column 15: there is no operator"), "{error}");
    for taken in ["swr fullaccess", "SWR Administrator"] {
        let text = allow("swr:repo:download", "");
        let error = policies.create(&test.owner, name(taken), "", text).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::AlreadyExists);
    }
}

#[tokio::test]
async fn built_in_policies_are_listed_and_cannot_be_changed() {
    let test = TestService::new().await;
    let policies = test.service.policies();
    let listed = policies.list(&test.owner).await.unwrap();
    let uses: Vec<_> = listed.iter().map(|entry| (entry.name.as_str(), entry.uses)).collect();
    assert_eq!(
        uses,
        [
            ("SWR FullAccess", 1),
            ("SWR OperateAccess", 1),
            ("SWR ReadOnlyAccess", 1),
            ("SWR Admin", 0),
            ("Tenant Administrator", 0),
            ("Security Administrator", 0),
            ("ServiceStage Developer", 0),
        ]
    );
    let detail = policies.get(&test.owner, &name("swr readonlyaccess")).await.unwrap();
    assert!(detail.entry.is_system && detail.document.contains("swr:repo:download"));
    let error = policies.delete(&test.owner, &name("SWR FullAccess")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    for ctx in [&test.administrator, &test.manager, &test.reader] {
        assert_eq!(policies.list(ctx).await.unwrap_err().kind(), ErrorKind::Denied);
        let error = policies.get(ctx, &name("any")).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Hidden);
    }
    assert_eq!(policies.list(&test.stranger).await.unwrap().len(), 7);
}

#[tokio::test]
async fn statements_are_added_changed_and_removed_one_by_one() {
    let test = TestService::new().await;
    let policies = test.service.policies();
    let pull = name("Pull");
    policies
        .create(&test.owner, pull.clone(), "for machines", allow("swr:repo:download", ""))
        .await
        .unwrap();
    let seen = async || policies.get(&test.owner, &pull).await.unwrap().entry.updated_at.unwrap();
    let actions = async || {
        let policy = Policy::read(&policies.get(&test.owner, &pull).await.unwrap().document);
        policy.unwrap().statements.into_iter().map(|it| it.actions.join(" ")).collect::<Vec<_>>()
    };
    let draft = |action: &str| StatementDraft {
        effect: Effect::Deny,
        actions: vec![action.to_owned()],
        resources: vec!["team/*".to_owned()],
        conditions: Vec::new(),
    };
    let edit = async |number, statement, seen| {
        test.clock.advance(1);
        let edit = StatementEdit { number, statement, seen };
        policies.edit_statement(&test.owner, &pull, edit).await.map_err(|error| error.kind())
    };
    let first = seen().await;
    edit(None, Some(draft("swr:repo:upload")), first).await.unwrap();
    assert_eq!(actions().await, ["swr:repo:getRepo swr:repo:download", "swr:repo:upload"]);
    // Whoever has not seen that does not write over it.
    assert_eq!(edit(Some(1), None, first).await, Err(ErrorKind::Conflict));
    edit(Some(1), Some(draft("swr:repo:deleteRepo")), seen().await).await.unwrap();
    assert_eq!(actions().await, ["swr:repo:deleteRepo", "swr:repo:upload"]);
    let wrong = edit(Some(2), Some(draft("swr:repo:fly")), seen().await).await;
    assert_eq!(wrong, Err(ErrorKind::Invalid));
    assert_eq!(edit(Some(3), None, seen().await).await, Err(ErrorKind::NotFound));
    assert_eq!(edit(Some(0), None, seen().await).await, Err(ErrorKind::NotFound));
    edit(Some(1), None, seen().await).await.unwrap();
    assert_eq!(actions().await, ["swr:repo:upload"]);
    // The last one stays: a policy says something.
    assert_eq!(edit(Some(1), None, seen().await).await, Err(ErrorKind::Invalid));
    let kept = policies.get(&test.owner, &pull).await.unwrap();
    assert_eq!(kept.entry.description, "for machines");
    assert_eq!(test.events().await[0].name, "updatePolicy");
    for ctx in [&test.manager, &test.stranger] {
        let edit = StatementEdit { number: Some(1), statement: None, seen: seen().await };
        assert!(policies.edit_statement(ctx, &pull, edit).await.is_err());
    }
}
