//! Everything that can be set, once.

/// A setting: how it is written in the file, in the environment, and what it is when nobody says.
#[derive(Debug, Clone, Copy)]
pub struct Key {
    /// In `roadstead.toml`: `name`, or `section.name`.
    pub path: &'static str,
    /// In the environment.
    pub variable: &'static str,
    /// The built-in value; `None` where there is none, or where the service knows it.
    pub default: Option<&'static str>,
    /// Whether the value is never printed.
    pub is_secret: bool,
    /// What it means, in a line.
    pub about: &'static str,
}

const fn key(
    path: &'static str,
    variable: &'static str,
    default: Option<&'static str>,
    about: &'static str,
) -> Key {
    Key { path, variable, default, is_secret: false, about }
}

const fn secret(key: Key) -> Key {
    Key { is_secret: true, ..key }
}

/// All settings, in the order of `config print`.
pub const KEYS: &[Key] = &[
    key("listen", "ROADSTEAD_LISTEN", Some("127.0.0.1:5000"), "address and port of everything"),
    key(
        "metrics_listen",
        "ROADSTEAD_METRICS_LISTEN",
        None,
        "address and port of /metrics alone; else it is on the main address",
    ),
    key("tls", "ROADSTEAD_TLS", None, "self-signed makes and keeps a certificate"),
    key("tls_cert", "ROADSTEAD_TLS_CERT", None, "PEM file of the certificate and its chain"),
    key("tls_key", "ROADSTEAD_TLS_KEY", None, "PEM file of the private key"),
    key(
        "trusted_proxies",
        "ROADSTEAD_TRUSTED_PROXIES",
        None,
        "addresses and networks whose forwarded headers are believed, separated by commas",
    ),
    key(
        "data_dir",
        "ROADSTEAD_DATA_DIR",
        Some("./data"),
        "SQLite file, local objects, generated keys",
    ),
    key(
        "database_url",
        "ROADSTEAD_DATABASE_URL",
        None,
        "sqlite://… or postgres://…; SQLite in the data directory",
    ),
    key(
        "storage_url",
        "ROADSTEAD_STORAGE_URL",
        None,
        "file://…, s3://…, gs://…, az://… or memory://; files in the data directory",
    ),
    key(
        "external_url",
        "ROADSTEAD_EXTERNAL_URL",
        None,
        "how clients reach this registry, without a path",
    ),
    key(
        "extra_hosts",
        "ROADSTEAD_EXTRA_HOSTS",
        None,
        "more host names that commands may use, separated by commas",
    ),
    key(
        "internal_address",
        "ROADSTEAD_INTERNAL_ADDRESS",
        None,
        "host[:port] in the private network, a choice in login commands",
    ),
    key("region", "ROADSTEAD_REGION", None, "region id, the part before @ in docker login"),
    key("setup_account", "ROADSTEAD_SETUP_ACCOUNT", None, "first start only: the first account"),
    secret(key(
        "setup_password",
        "ROADSTEAD_SETUP_PASSWORD",
        None,
        "first start only: its password",
    )),
    key(
        "master_key_file",
        "ROADSTEAD_MASTER_KEY_FILE",
        None,
        "key that seals secrets; made in the data directory",
    ),
    key("log", "ROADSTEAD_LOG", Some("info"), "filter of the log"),
    key("log_format", "ROADSTEAD_LOG_FORMAT", Some("text"), "text or json"),
    key(
        "http.max_connections",
        "ROADSTEAD_HTTP_MAX_CONNECTIONS",
        Some("8192"),
        "connections at a time; more wait to be accepted",
    ),
    key(
        "http.header_timeout",
        "ROADSTEAD_HTTP_HEADER_TIMEOUT",
        Some("75"),
        "seconds until a request's headers must be there; unused connections end then too",
    ),
    key(
        "http.idle_timeout",
        "ROADSTEAD_HTTP_IDLE_TIMEOUT",
        Some("120"),
        "seconds after which a transfer in which nothing moves is cut",
    ),
    key("console.site_name", "ROADSTEAD_CONSOLE_SITE_NAME", None, "name of the site"),
    key(
        "console.region_name",
        "ROADSTEAD_CONSOLE_REGION_NAME",
        None,
        "name of the region for people",
    ),
    key("console.language", "ROADSTEAD_CONSOLE_LANGUAGE", None, "en or zh-CN; else the browser's"),
    key(
        "console.announcement",
        "ROADSTEAD_CONSOLE_ANNOUNCEMENT",
        None,
        "Markdown that everybody who opens the console reads, at most 1,000 characters",
    ),
    key(
        "console.announcement_level",
        "ROADSTEAD_CONSOLE_ANNOUNCEMENT_LEVEL",
        None,
        "info or warning",
    ),
    key(
        "console.announcement_until",
        "ROADSTEAD_CONSOLE_ANNOUNCEMENT_UNTIL",
        None,
        "until when it is shown, like 2030-01-31T18:00:00Z; else for ever",
    ),
    key(
        "registry.max_layer_bytes",
        "ROADSTEAD_REGISTRY_MAX_LAYER_BYTES",
        None,
        "largest layer; 0 is unlimited",
    ),
    key(
        "registry.max_manifest_bytes",
        "ROADSTEAD_REGISTRY_MAX_MANIFEST_BYTES",
        None,
        "largest manifest",
    ),
    key(
        "registry.max_package_bytes",
        "ROADSTEAD_REGISTRY_MAX_PACKAGE_BYTES",
        None,
        "largest package uploaded through the page, also when it is unpacked",
    ),
    key(
        "registry.max_concurrent_layers",
        "ROADSTEAD_REGISTRY_MAX_CONCURRENT_LAYERS",
        None,
        "layers that one account may be sending at a time, more wait 30 seconds; 0 is unlimited",
    ),
    key(
        "registry.organization_quota",
        "ROADSTEAD_REGISTRY_ORGANIZATION_QUOTA",
        None,
        "organizations per account; 0 is unlimited",
    ),
    key(
        "registry.storage_quota",
        "ROADSTEAD_REGISTRY_STORAGE_QUOTA",
        None,
        "bytes per account, each blob counted once; 0 is unlimited",
    ),
    key(
        "registry.temporary_login_ttl",
        "ROADSTEAD_REGISTRY_TEMPORARY_LOGIN_TTL",
        None,
        "life of a temporary login in seconds",
    ),
    key(
        "registry.anonymous_access",
        "ROADSTEAD_REGISTRY_ANONYMOUS_ACCESS",
        None,
        "public images need no credential",
    ),
    key(
        "registry.create_on_push",
        "ROADSTEAD_REGISTRY_CREATE_ON_PUSH",
        None,
        "a first push creates its image",
    ),
    key(
        "registry.new_images_public",
        "ROADSTEAD_REGISTRY_NEW_IMAGES_PUBLIC",
        None,
        "new images are public",
    ),
    key(
        "audit.retention_days",
        "ROADSTEAD_AUDIT_RETENTION_DAYS",
        None,
        "days that audit events are kept, 7 to 3650",
    ),
    key(
        "audit.data_events",
        "ROADSTEAD_AUDIT_DATA_EVENTS",
        None,
        "pushes and pulls are recorded too",
    ),
    key(
        "audit.read_events",
        "ROADSTEAD_AUDIT_READ_EVENTS",
        None,
        "what is only looked at in the console is recorded too",
    ),
];

/// Variables that builds and tests use; the program ignores them.
const NOT_OURS: &[&str] =
    &["ROADSTEAD_TOOLS", "ROADSTEAD_SITE", "ROADSTEAD_SOAK", "ROADSTEAD_BUILD"];

/// Whether a variable with our prefix is somebody else's: the build's, the tests', or one of those that Kubernetes sets for
/// a service that is called `roadstead`.
pub(crate) fn is_foreign(variable: &str) -> bool {
    let rest = variable.strip_prefix("ROADSTEAD_").unwrap_or(variable);
    NOT_OURS.contains(&variable)
        || rest.starts_with("TEST_")
        || rest.starts_with("E2E_")
        || rest == "PORT"
        || rest.starts_with("PORT_")
        || rest.starts_with("SERVICE_")
}

/// The known word nearest to a wrong one, if one is near.
pub(crate) fn nearest<'a>(wrong: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    known
        .map(|word| (distance(wrong, word), word))
        .filter(|(distance, word)| *distance <= 2.max(word.len() / 4))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, word)| word)
}

/// Edits from one text to the other (Levenshtein), on bytes: keys are ASCII.
fn distance(from: &str, to: &str) -> usize {
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (line, a) in from.bytes().enumerate() {
        let mut diagonal = line;
        let mut left = line + 1;
        if let Some(first) = row.first_mut() {
            *first = left;
        }
        for (b, cell) in to.bytes().zip(row.iter_mut().skip(1)) {
            let change = diagonal + usize::from(a != b);
            diagonal = *cell;
            left = change.min(left + 1).min(*cell + 1);
            *cell = left;
        }
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances_are_those_of_the_book() {
        assert_eq!(distance("kitten", "sitting"), 3);
        assert_eq!(distance("", "abc"), 3);
        assert_eq!(distance("abc", "abc"), 0);
    }

    #[test]
    fn a_misspelt_key_is_recognised() {
        let known = || KEYS.iter().map(|key| key.path);
        assert_eq!(nearest("listen_", known()), Some("listen"));
        assert_eq!(nearest("registry.max_layer_byte", known()), Some("registry.max_layer_bytes"));
        assert_eq!(nearest("completely_other", known()), None);
    }
}
