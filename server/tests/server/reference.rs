//! Documents say what the program does.

use std::path::PathBuf;

use roadstead_server::config::key::KEYS;
use roadstead_server::config::reference;

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_path_buf()
}

#[test]
fn the_reference_of_the_configuration_is_the_one_that_is_made() {
    let (path, made) = (root().join("docs/configuration.md"), reference::reference());
    if std::env::var_os("ROADSTEAD_TEST_UPDATE").is_some() {
        std::fs::write(&path, &made).unwrap();
    }
    let kept = std::fs::read_to_string(&path).unwrap();
    assert!(
        kept == made,
        "docs/configuration.md is old: ROADSTEAD_TEST_UPDATE=1 cargo nextest run -p roadstead-server reference"
    );
}

#[test]
fn both_readmes_name_the_settings_that_have_no_section() {
    for file in ["README.md", "README.zh-CN.md"] {
        let text = std::fs::read_to_string(root().join(file)).unwrap();
        for key in KEYS.iter().filter(|key| !key.path.contains('.')) {
            assert!(text.contains(key.variable), "{file} does not name {}", key.variable);
        }
    }
}

#[test]
fn the_manual_names_every_limit() {
    let text = std::fs::read_to_string(root().join("docs/operation.md")).unwrap();
    let limits = ["http.", "registry.max_"];
    for key in KEYS.iter().filter(|key| limits.iter().any(|start| key.path.starts_with(start))) {
        assert!(text.contains(key.variable), "docs/operation.md does not name {}", key.variable);
    }
}
