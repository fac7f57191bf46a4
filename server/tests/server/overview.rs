//! The overview and its login command, as a browser without WASM sees them.

use crate::support::{Client, TestApp, TestImage};

async fn page(browser: &mut Client, path: &str) -> String {
    browser.visit(path).await.expect(200).text()
}

/// The text of the element with this test hook, marks of the renderer removed.
fn text_of(page: &str, testid: &str) -> String {
    let from = page.find(&format!("data-testid=\"{testid}\"")).expect(testid);
    let rest = &page[from..];
    let start = rest.find('>').unwrap() + 1;
    let end = rest.find("</code>").unwrap();
    let mut text = String::new();
    let mut inside = false;
    for character in rest[start..end].chars() {
        match character {
            '<' => inside = true,
            '>' => inside = false,
            other if !inside => text.push(other),
            _ => {}
        }
    }
    text
}

#[tokio::test]
async fn numbers_series_and_activity_follow_what_happens() {
    TestApp::each(async |app| {
        let mut owner = app.signed_in("acme").await;
        let before = page(&mut owner, "/overview").await;
        assert!(before.contains("Whole account"));
        assert!(before.contains("data-testid=\"overview.quickstart\""));
        assert!(before.contains("docker push 127.0.0.1:5000/group/nginx:v1"));
        assert!(before.contains("data-testid=\"overview.chart.empty\""));

        let image = TestImage::new(1, 2, 1_000);
        image.push(&app.editor(), "group/app", "v1").await.expect(201);
        let after = page(&mut owner, "/overview").await;
        assert!(after.contains("href=\"/images/group/app/tags/v1\""), "{after}");
        assert!(after.contains("acme/editor"));
        assert!(!after.contains("data-testid=\"overview.chart.empty\""));
        let table = page(&mut owner, "/overview?view=table&range=monthly&metric=transfers").await;
        assert!(table.contains("data-testid=\"overview.chart.table\""));
        assert_eq!(table.matches("<tr>").count(), 13, "a head and twelve months");

        let mut reader = app.signed_in("acme/reader").await;
        let part = page(&mut reader, "/overview").await;
        assert!(part.contains("What I can see") && !part.contains("acme/editor"));
        assert!(!part.contains("data-testid=\"overview.create-organization\""));
        let mut other = app.signed_in("other").await;
        assert!(!page(&mut other, "/overview").await.contains("group/app"));
    })
    .await;
}

#[tokio::test]
async fn the_login_command_of_the_page_logs_in() {
    TestApp::each(async |app| {
        let mut editor = app.signed_in("acme/editor").await;
        let shown = page(&mut editor, "/overview?dialog=login&client=docker").await;
        let command = text_of(&shown, "login.plain.text");
        let words: Vec<&str> = command.split_whitespace().collect();
        let ["docker", "login", "-u", user, "-p", password, host] = words.as_slice() else {
            panic!("{command}")
        };
        assert_eq!(*host, "127.0.0.1:5000");
        assert!(user.starts_with("local@"));
        assert!(!text_of(&shown, "login.command").contains(password), "masked until asked for");
        let client = app.anonymous().basic(user, password);
        client.get("/v2/").await.expect(200);
        let image = TestImage::new(2, 1, 64);
        image.push(&client, "group/pushed", "v1").await.expect(201);

        let stdin = page(&mut editor, "/overview?dialog=login&client=docker&stdin=1").await;
        assert!(text_of(&stdin, "login.plain.text").contains("--password-stdin"));
        let cluster = page(&mut editor, "/overview?dialog=login&client=kubernetes&ns=prod").await;
        assert!(text_of(&cluster, "login.plain.text").ends_with("-n prod"));
        assert!(cluster.contains("imagePullSecrets"));
        let done = page(&mut editor, "/overview").await;
        assert!(done.contains("data-testid=\"quickstart.step.2\""));

        // It ends after six hours.
        app.clock.advance(6 * 3_600 + 1);
        client.get("/v2/").await.expect(401);
    })
    .await;
}

#[tokio::test]
async fn both_languages_are_there_at_the_first_byte() {
    let app = TestApp::new().await;
    let mut owner = app.signed_in("acme").await;
    owner.set_cookie("rs_lang", "zh-CN");
    let chinese = page(&mut owner, "/overview?dialog=login").await;
    for words in ["总览", "登录指令", "快速入门", "最近活动", "全账号", "有效期至"]
    {
        assert!(chinese.contains(words), "{words}");
    }
    let organizations = page(&mut owner, "/organizations?dialog=create").await;
    for words in ["组织管理", "创建组织", "1/5 个组织"] {
        assert!(organizations.contains(words), "{words}");
    }
}
