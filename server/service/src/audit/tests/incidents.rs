//! What is written although nobody changed anything: refused attempts, and the ends of shares.

use std::collections::BTreeSet;

use roadstead::manage::audit::AuditEvent;
use roadstead::manage::share::Deadline;

use super::*;

/// What deletes data or changes rights and is refused is an incident, the same whether there is such a thing or not.
#[tokio::test]
async fn refused_attempts_at_data_and_rights_are_incidents() {
    let test = TestService::new().await;
    let (images, service) = (test.service.images(), &test.service);
    let name = |text: &str| text.parse::<ImageName>().unwrap();
    images.delete(&test.reader, &name("team/app")).await.unwrap_err();
    // The same again, at once.
    images.delete(&test.reader, &name("team/app")).await.unwrap_err();
    service.organizations().delete(&test.editor, &"team".parse().unwrap()).await.unwrap_err();
    service
        .users()
        .reset_password(&test.member, &"mia".parse().unwrap(), None, true)
        .await
        .unwrap_err();
    // Reading, and what changes neither, is none; nor is what nobody in particular tries.
    images.get(&test.member, &name("team/app")).await.unwrap_err();
    images.update(&test.reader, &name("team/app"), ImageUpdate::default()).await.unwrap_err();
    images.delete(&test.anonymous, &name("team/app")).await.unwrap_err();
    for image in ["team/app", "team/none", "nowhere/none"] {
        images.delete(&test.stranger, &name(image)).await.unwrap_err();
    }
    service.flush().await.unwrap();
    let incidents = AuditFilter { level: Some(Level::Incident), ..AuditFilter::default() };
    let said = async |ctx: &Context| {
        let page = service.audit_log().list(ctx, query(incidents.clone())).await.unwrap();
        let line = |event: &AuditEvent| {
            format!("{} {} {} {}", event.code, event.name, event.resource_name, event.operator)
        };
        page.events.iter().map(line).collect::<BTreeSet<_>>()
    };
    assert_eq!(
        said(&test.owner).await,
        [
            "403 deleteImageRepository team/app harbor/rita",
            "403 deleteUserNamespace team harbor/eddy",
            "404 resetPassword mia harbor/nobody-yet",
        ]
        .map(str::to_owned)
        .into()
    );
    assert_eq!(
        said(&test.stranger).await,
        ["team/app", "team/none", "nowhere/none"]
            .map(|image| format!("404 deleteImageRepository {image} island"))
            .into()
    );
    test.clock.advance(11);
    images.delete(&test.reader, &name("team/app")).await.unwrap_err();
    service.flush().await.unwrap();
    let page = service.audit_log().list(&test.owner, query(incidents)).await.unwrap();
    assert_eq!(page.events.len(), 4, "again, later");
}

/// A share's end is recorded once, by whichever server looks first, and again only when it had been given a new end.
#[tokio::test]
async fn the_end_of_a_share_is_recorded_once() {
    let test = TestService::new().await;
    let (shares, owner) = (test.service.shares(), &test.owner);
    let image = || "team/app".parse::<ImageName>().unwrap();
    let island = || "island".parse().unwrap();
    let until = |seconds| Deadline::at(test.clock.now().plus_seconds(seconds)).unwrap();
    shares.create_one(owner, image(), island(), until(60), String::new()).await.unwrap();
    let ended = async || {
        test.service.tidy().await.unwrap();
        let events = test.events().await;
        let own = events.into_iter().filter(|event| event.name == "expireShare");
        own.map(|event| (event.resource_name, event.actor, event.detail["account"].clone()))
            .collect::<Vec<_>>()
    };
    assert_eq!(ended().await, []);
    test.clock.advance(60);
    let once = vec![("team/app".to_owned(), "tidy".to_owned(), json!("island"))];
    assert_eq!(ended().await, once);
    assert_eq!(ended().await, once);
    shares.update(owner, &image(), &island(), until(60), String::new()).await.unwrap();
    assert_eq!(ended().await, once, "it goes on");
    test.clock.advance(61);
    assert_eq!(ended().await.len(), 2);
}
