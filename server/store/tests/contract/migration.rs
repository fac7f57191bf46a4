//! Schemas: the same files for both databases, applied once, refused when too new.

use roadstead_store::{Options, Store, StoreError, account, organization, repository};

use crate::home::{Home, Placed as _, Proof as _, both, tx};

#[test]
fn both_folders_have_the_same_files() {
    let names = |database: &str| {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("../../migrations")
            .join(database);
        let mut names: Vec<_> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    };
    assert!(names("sqlite").len() >= 3);
    assert_eq!(names("sqlite"), names("postgres"));
}

#[tokio::test]
async fn the_sqlite_file_is_private() {
    use std::os::unix::fs::PermissionsExt as _;
    let home = Home::sqlite().await;
    home.account("alice").await;
    let path = home.url.strip_prefix("sqlite://").unwrap();
    for companion in ["", "-wal", "-shm"] {
        let mode = std::fs::metadata(format!("{path}{companion}")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{path}{companion}");
    }
}

#[tokio::test]
async fn an_unknown_address_is_refused_with_a_sentence() {
    let refused = Store::open("mysql://localhost/x", Options::default()).await.unwrap_err();
    assert!(refused.to_string().contains("sqlite://"), "{refused}");
}

async fn migrating_again_changes_nothing(home: &Home) {
    home.account("alice").await;
    home.store.migrate().await.unwrap();
    assert!(!tx!(home.read, [] | tx | account::is_empty(tx).await));
}

async fn two_processes_may_migrate_at_once(home: &Home) {
    let other = Store::open(&home.url, Options::default()).await.unwrap();
    let (one, two) = tokio::join!(home.store.migrate(), other.migrate());
    one.unwrap();
    two.unwrap();
}

async fn a_newer_schema_is_refused_with_a_sentence(home: &Home) {
    let text = "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) \
                VALUES (9999, 'from the future', TRUE, '', 0)";
    if home.url.starts_with("sqlite") {
        let pool = sqlx::SqlitePool::connect(&home.url).await.unwrap();
        sqlx::query(text).execute(&pool).await.unwrap();
    } else {
        let pool = sqlx::PgPool::connect(&home.url).await.unwrap();
        sqlx::query(text).execute(&pool).await.unwrap();
    }
    let refused = home.store.migrate().await.unwrap_err();
    assert!(matches!(refused, StoreError::TooNew { found: 9999, .. }), "{refused:?}");
    assert!(refused.to_string().contains("start the newer program"), "{refused}");
}

/// Writes past the store, as nobody does.
async fn spoil(home: &Home, text: &'static str) {
    if home.url.starts_with("sqlite") {
        let pool = sqlx::SqlitePool::connect(&home.url).await.unwrap();
        sqlx::query(text).execute(&pool).await.unwrap();
    } else {
        let pool = sqlx::PgPool::connect(&home.url).await.unwrap();
        sqlx::query(text).execute(&pool).await.unwrap();
    }
}

/// Names, numbers, closed sets of words, JSON: what breaks its type's rule is an error that names the column and does
/// not repeat the value.
async fn a_bad_value_is_corrupt(home: &Home) {
    let web = home.web().await;
    let alice = home.account_now(web.account_id).await;
    let (place, account) = (web.place(), alice.allowed());
    let group = home.organization_now(web.organization_id).await.allowed();
    for (text, again, column) in [
        (
            "UPDATE accounts SET public_id = 'no id'",
            "UPDATE accounts SET public_id = '00000000000000000000000000000000'",
            "public_id",
        ),
        (
            "UPDATE organizations SET immutable_tags = 'v[secret]'",
            "UPDATE organizations SET immutable_tags = ''",
            "immutable_tags",
        ),
        (
            "UPDATE repositories SET path = 'No Such/Secret'",
            "UPDATE repositories SET path = 'group/web'",
            "path",
        ),
        (
            "UPDATE repositories SET pull_count = -7",
            "UPDATE repositories SET pull_count = 0",
            "pull_count",
        ),
    ] {
        spoil(home, text).await;
        let found = home
            .store
            .read("test", move |tx| {
                Box::pin(async move {
                    account::find(tx, account).await?;
                    organization::find(tx, group).await?;
                    repository::find(tx, &place).await
                })
            })
            .await
            .unwrap_err();
        assert!(
            matches!(&found, StoreError::Corrupt { what } if what.contains(column)),
            "{text}: {found:?}"
        );
        assert!(!found.to_string().to_lowercase().contains("secret"), "{found}");
        spoil(home, again).await;
    }
    let whole = home.repository_now(place).await;
    assert_eq!(whole, web);
}

both! {
    migrating_again_changes_nothing
    two_processes_may_migrate_at_once
    a_newer_schema_is_refused_with_a_sentence
    a_bad_value_is_corrupt
}
