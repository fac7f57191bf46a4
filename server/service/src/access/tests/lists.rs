//! Every list shows what is allowed one by one, whatever policies and grants somebody has.

use std::collections::BTreeSet;

use roadstead::access::Reason;
use roadstead::manage::image::{ImageQuery, ImageSort};
use roadstead::manage::organization::{OrganizationQuery, OrganizationSort};
use roadstead::manage::user::Attachment;
use roadstead::page::{Cursor, Order, Window};

use super::*;

/// How many random policies are tried.
const TIMES: usize = 60;

const IMAGES: [&str; 9] = [
    "team/app",
    "team/app2",
    "team/a/b",
    "team2/app",
    "team2/open",
    "other/app",
    "t_x/app",
    "t_x/a_b",
    "txx/a-b",
];

/// Of every test service, and shared with nobody here.
const UNSHARED: &str = "team/open";

/// Numbers that follow from a seed.
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: usize) -> usize {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % end
    }

    fn of<'a>(&mut self, all: &[&'a str]) -> &'a str {
        all[self.below(all.len())]
    }

    fn statement(&mut self) -> String {
        let effect = if self.below(10) < 3 { "Deny" } else { "Allow" };
        let action = self.of(&["swr:repo:getRepo", "swr:repo:*", "swr:namespace:get*", "swr:*:*"]);
        let resource = match self.below(4) {
            0 => "*".to_owned(),
            1 => {
                let organization = self.of(&["team", "team*", "t?x", "t_x", "*", "other"]);
                format!("swr:*:*:namespace:{organization}")
            }
            _ => {
                let region = self.of(&["*", "local", "far-away"]);
                let kind = self.of(&["repo", "repo", "r*", "*"]);
                let organization = self.of(&["team", "te*", "*", "t_x", "t?x", "team?"]);
                let name = self.of(&["app", "*", "a*", "a_b", "a?b", "app*"]);
                format!("swr:{region}:*:{kind}:{organization}/{name}")
            }
        };
        format!(r#"{{"Effect":"{effect}","Action":["{action}"],"Resource":["{resource}"]}}"#)
    }
}

/// Says nothing about images and organizations.
const SILENT: &str = r#"{"Effect":"Allow","Action":["swr::createLoginSecret"]}"#;

fn document(statements: &[String]) -> String {
    let statements = if statements.is_empty() { SILENT.to_owned() } else { statements.join(",") };
    format!(r#"{{"Version":"1.1","Statement":[{statements}]}}"#)
}

async fn prepared(test: &TestService) {
    let target = test.stranger.user().unwrap().account;
    for name in IMAGES {
        let place = test.add_image(name, name.ends_with("open")).await;
        test.write(move |tx| {
            Box::pin(async move {
                share::set(tx, &place, target, None, "", None, Timestamp(0)).await.map(drop)
            })
        })
        .await;
    }
    let (policies, users) = (test.service.policies(), test.service.users());
    policies.create(&test.owner, "dice".parse().unwrap(), "", document(&[])).await.unwrap();
    let (user, policy) = ("nobody-yet".parse().unwrap(), "dice".to_owned());
    let attachment = Attachment { policy, region: None };
    users.set_attached(&test.owner, &user, attachment, true).await.unwrap();
}

/// What is decided about each thing by itself. Public images are in other lists.
async fn one_by_one<N: Named>(
    test: &TestService,
    action: Action,
    things: impl IntoIterator<Item = (String, N)>,
) -> BTreeSet<String> {
    let mut seen = BTreeSet::new();
    for (text, thing) in things {
        let decided = test.service.access().authorize(&test.member, action, thing).await;
        if decided.is_ok_and(|allowed| matches!(allowed.reason(), Reason::Policy | Reason::Grant)) {
            seen.insert(text);
        }
    }
    seen
}

#[tokio::test]
async fn lists_show_what_is_allowed_one_by_one() {
    let test = TestService::new().await;
    prepared(&test).await;
    let mut dice = Dice(5);
    let names: Vec<ImageName> =
        IMAGES.iter().copied().chain([UNSHARED]).map(|name| name.parse().unwrap()).collect();
    let organizations: BTreeSet<OrganizationName> =
        names.iter().map(|name| name.organization().clone()).collect();
    let (mut some, mut none) = (0, 0);
    for _ in 0..TIMES {
        let statements: Vec<String> = (0..dice.below(5)).map(|_| dice.statement()).collect();
        let document = document(&statements);
        let name = || "dice".parse().unwrap();
        let policies = test.service.policies();
        policies.update(&test.owner, &name(), name(), "", document.clone()).await.unwrap();
        let level = [None, Some(Permission::Read), Some(Permission::Manage)][dice.below(3)];
        grant_on(&test, level, dice.below(2) == 0).await;

        let images = || names.iter().map(|name| (name.to_string(), name));
        let expected = one_by_one(&test, Action::ReadImage, images()).await;
        let said = format!("{document} with {level:?}");
        let ctx = &test.member;
        if expected.is_empty() {
            none += 1;
        } else {
            some += 1;
        }

        let whole = query(None, false);
        let listed = test.service.images().list(ctx, whole).await;
        if listed.as_ref().is_err_and(|error| error.kind() == ErrorKind::Denied) {
            continue;
        }
        let page = listed.unwrap();
        assert_eq!(page.total, expected.len() as u64, "{said}");
        assert_eq!(shown(&page), expected, "{said}");
        let found = test.service.images().list(ctx, query(Some("app"), false)).await.unwrap();
        let with_app: BTreeSet<String> = expected
            .iter()
            .filter(|name| name.split_once('/').unwrap().1.contains("app"))
            .cloned()
            .collect();
        assert_eq!(shown(&found), with_app, "{said}");
        let mut with_shares = one_by_one(&test, Action::ListShares, images()).await;
        with_shares.retain(|name| expected.contains(name) && name != UNSHARED);
        let found = test.service.images().list(ctx, query(None, true)).await.unwrap();
        assert_eq!(shown(&found), with_shares, "{said}");
        if let Ok(page) = test.service.catalog().list(ctx, Cursor { last: None, limit: 100 }).await
        {
            let names: BTreeSet<String> = page.names.iter().map(ToString::to_string).collect();
            assert_eq!(names, expected, "{said}");
        }
        if test.service.access().may(ctx, Action::ReadOverview, OwnAccount).await.unwrap() {
            let counts = test.service.overview().nav_counts(ctx).await.unwrap();
            assert_eq!(counts.images, expected.len() as u64, "{said}");
            let overview = test.service.overview().get(ctx).await;
            if let Ok(overview) = overview {
                assert_eq!(overview.images, expected.len() as u64, "{said}");
            }
        }

        let expected_organizations = one_by_one(
            &test,
            Action::ReadOrganization,
            organizations.iter().map(|name| (name.to_string(), name)),
        )
        .await;
        let wanted = OrganizationQuery {
            search: None,
            sort: OrganizationSort::Name,
            order: Order::Asc,
            window: Window::of_page(1, 100),
        };
        let Ok(page) = test.service.organizations().list(ctx, wanted).await else { continue };
        let listed: BTreeSet<String> = page.items.iter().map(|it| it.name.to_string()).collect();
        assert_eq!(listed, expected_organizations, "{said}");
        for organization in &page.items {
            let inside = expected
                .iter()
                .filter(|name| name.starts_with(&format!("{}/", organization.name)))
                .count();
            assert_eq!(organization.images, inside as u64, "{} {said}", organization.name);
        }
    }
    assert!(some > TIMES / 4 && none > 3, "the dice are no good: {some} {none}");
}

fn query(search: Option<&str>, is_shared: bool) -> ImageQuery {
    ImageQuery {
        search: search.map(str::to_owned),
        organizations: Vec::new(),
        category: None,
        is_public: None,
        is_shared,
        sort: ImageSort::Name,
        order: Order::Asc,
        window: Window::of_page(1, 100),
    }
}

fn shown(page: &roadstead::page::Page<roadstead::manage::image::Image>) -> BTreeSet<String> {
    page.items.iter().map(|image| image.name.to_string()).collect()
}

/// A grant on the organization `team`, or on the image `team/app` alone; the other one is taken away.
async fn grant_on(test: &TestService, level: Option<Permission>, is_on_image: bool) {
    let (member, organization, image) =
        (test.member.user().unwrap().user, test.organization, test.image);
    test.write(move |tx| {
        Box::pin(async move {
            let at = Timestamp(0);
            grant::remove_from_organization(tx, organization, member, at).await?;
            grant::remove_from_repository(tx, &image, member, at).await?;
            match (level, is_on_image) {
                (Some(level), true) => {
                    grant::set_on_repository(tx, &image, member, level, None, at).await
                }
                (Some(level), false) => {
                    grant::set_on_organization(tx, organization, member, level, None, at).await
                }
                (None, _) => Ok(()),
            }
        })
    })
    .await;
}
