#![allow(clippy::unwrap_used)]
use super::*;
use crate::testing::TestService;

fn secret() -> Secret {
    Secret::new("only once".to_owned())
}

#[tokio::test]
async fn only_the_session_that_made_it_sees_a_secret() {
    let test = TestService::new().await;
    let handovers = test.service.handovers();
    let here = Context { session: Some("here".to_owned()), ..test.owner.clone() };
    let ticket = handovers.leave(&here, "ann", secret()).unwrap();
    assert!(!ticket.contains("once"));
    let elsewhere = Context { session: Some("elsewhere".to_owned()), ..test.owner.clone() };
    let other = Context { session: here.session.clone(), ..test.member.clone() };
    assert_eq!(handovers.take(&elsewhere, &ticket), None);
    assert_eq!(handovers.take(&other, &ticket), None);
    assert_eq!(handovers.take(&here, "0000"), None);
    let handed = handovers.take(&here, &ticket).unwrap();
    assert_eq!((handed.name.as_str(), handed.secret), ("ann", secret()));
}

#[tokio::test]
async fn a_secret_leaves_after_it_was_shown_or_nobody_came() {
    let test = TestService::new().await;
    let handovers = test.service.handovers();
    let seen = handovers.leave(&test.owner, "ann", secret()).unwrap();
    let unseen = handovers.leave(&test.owner, "bob", secret()).unwrap();
    assert!(handovers.take(&test.owner, &seen).is_some());
    test.clock.advance(20);
    assert!(handovers.take(&test.owner, &seen).is_some(), "the page may be fetched again");
    test.clock.advance(11);
    assert!(handovers.take(&test.owner, &seen).is_none(), "seeing it again does not prolong it");
    test.clock.advance(90);
    assert!(handovers.take(&test.owner, &unseen).is_none());
}
