//! Layers of the configuration, and what is said when it is not sound.

use std::path::PathBuf;

use roadstead_server::config::{Config, Inputs, print};
use roadstead_service::SettingsCell;

fn inputs(file: &str, environment: &[(&str, &str)], flags: &[(&'static str, &str)]) -> Inputs {
    Inputs {
        file: (!file.is_empty()).then(|| (PathBuf::from("roadstead.toml"), file.to_owned())),
        environment: environment
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect(),
        flags: flags.iter().map(|(path, value)| (*path, (*value).to_owned())).collect(),
    }
}

fn printed(inputs: &Inputs) -> String {
    let config = Config::load(inputs).unwrap();
    let settings = SettingsCell::new(config.settings.clone()).current();
    let text = print::print(&config, &settings);
    // The working directory is part of the default paths.
    text.replace(&std::env::current_dir().unwrap().display().to_string(), "[HERE]")
}

#[track_caller]
fn refused(inputs: &Inputs) -> String {
    Config::load(inputs).unwrap_err().to_string()
}

#[test]
fn defaults() {
    insta::assert_snapshot!(printed(&Inputs::default()));
}

#[test]
fn flags_over_environment_over_file_over_defaults() {
    let file = r#"
        listen = "127.0.0.1:1111"
        region = "file"
        data_dir = "/srv/file"
        log = "debug"
        extra_hosts = ["a.lan", "b.lan:8443"]
        [registry]
        max_layer_bytes = 1000
        create_on_push = false
        [console]
        language = "zh-CN"
    "#;
    let environment = [
        ("ROADSTEAD_LISTEN", "127.0.0.1:2222"),
        ("ROADSTEAD_REGION", "environment"),
        ("ROADSTEAD_DATABASE_URL", "postgres://user:very-secret@db.lan/roadstead"),
        ("ROADSTEAD_SETUP_ACCOUNT", "acme"),
        ("ROADSTEAD_SETUP_PASSWORD", "very-secret"),
        ("ROADSTEAD_CONSOLE_SITE_NAME", "Docks"),
        ("PATH", "/bin"),
        ("ROADSTEAD_TEST_POSTGRES_URL", "ignored"),
        ("ROADSTEAD_SERVICE_HOST", "10.0.0.1"),
    ];
    let text = printed(&inputs(file, &environment, &[("listen", "127.0.0.1:3333")]));
    assert!(!text.contains("very-secret"));
    insta::assert_snapshot!(text);
}

#[test]
fn unknown_keys_are_errors_with_a_hint() {
    let file = "lisen = \"x\"\n[registry]\nmax_layer_byte = 1\nwhatever_this_is = true\n";
    insta::assert_snapshot!(refused(&inputs(file, &[("ROADSTEAD_DATADIR", "/x")], &[])));
}

#[test]
fn every_wrong_value_is_named_at_once() {
    let file = "listen = \"everywhere\"\nlog_format = \"xml\"\nregion = 1.5\n[registry]\ntemporary_login_ttl = 1\nanonymous_access = \"maybe\"\n";
    let environment = [
        ("ROADSTEAD_DATABASE_URL", "mysql://x"),
        ("ROADSTEAD_STORAGE_URL", "ftp://x"),
        ("ROADSTEAD_EXTERNAL_URL", "https://a.example/path"),
        ("ROADSTEAD_EXTRA_HOSTS", "http://x"),
        ("ROADSTEAD_SETUP_ACCOUNT", "acme"),
        ("ROADSTEAD_LOG", "[[["),
    ];
    insta::assert_snapshot!(refused(&inputs(file, &environment, &[])));
}

#[test]
fn mistakes_about_tls_proxies_and_limits_are_told() {
    let cases: &[&[(&str, &str)]] = &[
        &[("ROADSTEAD_TLS", "yes")],
        &[("ROADSTEAD_TLS_CERT", "/c.pem")],
        &[("ROADSTEAD_TLS_KEY", "/k.pem")],
        &[
            ("ROADSTEAD_TLS", "self-signed"),
            ("ROADSTEAD_TLS_CERT", "/c.pem"),
            ("ROADSTEAD_TLS_KEY", "/k.pem"),
        ],
        &[("ROADSTEAD_TRUSTED_PROXIES", "10.0.0.0/8, proxy.lan,10.0.0.0/33")],
        &[("ROADSTEAD_METRICS_LISTEN", "9100")],
        &[("ROADSTEAD_HTTP_MAX_CONNECTIONS", "1"), ("ROADSTEAD_HTTP_IDLE_TIMEOUT", "2m")],
        &[("ROADSTEAD_REGISTRY_MAX_CONCURRENT_LAYERS", "-1")],
    ];
    let said: Vec<String> = cases.iter().map(|case| refused(&inputs("", case, &[]))).collect();
    insta::assert_snapshot!(said.join("\n").replace("the configuration is not sound:\n", ""));
}

#[test]
fn proxies_are_addresses_and_networks() {
    let file = "trusted_proxies = [\"10.0.0.0/8\", \"::1\"]\n";
    let config = Config::load(&inputs(file, &[], &[])).unwrap();
    let written: Vec<String> =
        config.server.trusted_proxies.iter().map(ToString::to_string).collect();
    assert_eq!(written, ["10.0.0.0/8", "::1/128"]);
}

#[test]
fn a_file_that_is_no_toml_says_where() {
    insta::assert_snapshot!(refused(&inputs("listen = \n", &[], &[])));
}

#[test]
fn an_unspecified_external_url_is_refused() {
    for url in
        ["http://0.0.0.0:5000", "registry.example", "https://u:p@x", "ftp://x", "https://x?y"]
    {
        let text = refused(&inputs("", &[("ROADSTEAD_EXTERNAL_URL", url)], &[]));
        assert!(text.contains("ROADSTEAD_EXTERNAL_URL"), "{url}: {text}");
    }
}
