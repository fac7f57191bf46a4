//! What a configuration says, made ready to read: environment with masked secrets, ports, volumes, labels. Pure.

use roadstead::oci::{ImageConfig, RunConfig};

/// One variable of the environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Variable {
    /// Its name.
    pub name: String,
    /// Its value.
    pub value: String,
    /// Hidden until asked for: the name sounds like a secret.
    pub is_masked: bool,
}

/// Words in a name that make its value a secret (`console.md` A.6.10).
const SECRET_WORDS: [&str; 4] = ["pass", "secret", "token", "key"];

/// Whether a variable of this name holds a secret.
#[must_use]
pub fn is_secret_name(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    SECRET_WORDS.iter().any(|word| name.contains(word))
}

/// Splits `NAME=value`; a line without `=` is a name alone.
#[must_use]
pub fn variable(line: &str) -> Variable {
    let (name, value) = line.split_once('=').unwrap_or((line, ""));
    Variable {
        name: name.to_owned(),
        value: value.to_owned(),
        is_masked: !value.is_empty() && is_secret_name(name),
    }
}

/// What an image's configuration states about running it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Facts {
    /// Entry point as a command line.
    pub entrypoint: Option<String>,
    /// Command as a command line.
    pub command: Option<String>,
    /// Working directory.
    pub working_dir: Option<String>,
    /// User.
    pub user: Option<String>,
    /// Exposed ports.
    pub ports: Vec<String>,
    /// Volumes.
    pub volumes: Vec<String>,
    /// Environment, in its order.
    pub environment: Vec<Variable>,
    /// Labels, by name.
    pub labels: Vec<(String, String)>,
    /// When the image was made, as it says.
    pub created: Option<String>,
}

impl Facts {
    /// Reads them of a configuration.
    #[must_use]
    pub fn of(config: &ImageConfig) -> Self {
        let none = RunConfig::default();
        let run = config.config.as_ref().unwrap_or(&none);
        let said = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
        let keys = |map: &Option<std::collections::BTreeMap<String, serde_json::Value>>| {
            map.iter().flat_map(|map| map.keys().cloned()).collect()
        };
        Self {
            entrypoint: run.entrypoint.as_deref().and_then(command_line),
            command: run.cmd.as_deref().and_then(command_line),
            working_dir: said(&run.working_dir),
            user: said(&run.user),
            ports: keys(&run.exposed_ports),
            volumes: keys(&run.volumes),
            environment: run.env.iter().flatten().map(|line| variable(line)).collect(),
            labels: run
                .labels
                .iter()
                .flatten()
                .map(|(name, value)| (name.clone(), value.clone()))
                .collect(),
            created: said(&config.created).map(|time| readable(&time)),
        }
    }
}

/// `2026-01-02T03:04:05.678Z` as lists print times; whatever is written otherwise stays as it is.
fn readable(time: &str) -> String {
    let parts = time.split_once('T').and_then(|(date, rest)| {
        let clock = rest.get(..8).filter(|clock| clock.matches(':').count() == 2)?;
        let zone = rest.get(8..)?.trim_start_matches(|c: char| c == '.' || c.is_ascii_digit());
        let zone = if zone == "Z" { "+00:00" } else { zone };
        (date.len() == 10).then(|| format!("{} {clock} GMT{zone}", date.replace('-', "/")))
    });
    parts.unwrap_or_else(|| time.to_owned())
}

/// Words as a shell would be given them; `None` when there are none.
#[must_use]
pub fn command_line(words: &[String]) -> Option<String> {
    if words.is_empty() {
        return None;
    }
    Some(words.iter().map(|word| quoted(word)).collect::<Vec<_>>().join(" "))
}

fn quoted(word: &str) -> String {
    let is_plain = |c: char| {
        c.is_alphanumeric()
            || matches!(c, '-' | '_' | '.' | '/' | ':' | '=' | ',' | '@' | '%' | '+')
    };
    if !word.is_empty() && word.chars().all(is_plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', "'\\''"))
    }
}

/// The label or annotation that names the source, when it is an address that may be linked.
#[must_use]
pub fn source_link<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> Option<String> {
    pairs
        .into_iter()
        .find(|(name, _)| *name == "org.opencontainers.image.source")
        .map(|(_, value)| value)
        .filter(|value| {
            (value.starts_with("https://") || value.starts_with("http://"))
                && !value.chars().any(|c| c.is_control() || c.is_whitespace())
        })
        .map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_of_builds_are_printed_as_others() {
        assert_eq!(readable("2026-01-02T03:04:05.678Z"), "2026/01/02 03:04:05 GMT+00:00");
        assert_eq!(readable("2026-01-02T03:04:05+08:00"), "2026/01/02 03:04:05 GMT+08:00");
        for odd in ["", "yesterday", "T", "2026-01-02", "2026-01-02T03"] {
            assert_eq!(readable(odd), odd);
        }
    }

    #[test]
    fn names_that_sound_like_secrets_are_masked() {
        for name in ["DB_PASSWORD", "api_token", "ClientSecret", "SSH_KEY", "GPG_KEYS"] {
            assert!(variable(&format!("{name}=x")).is_masked, "{name}");
        }
        for line in ["PATH=/bin", "NGINX_VERSION=1.27", "TOKEN=", "EMPTY"] {
            assert!(!variable(line).is_masked, "{line}");
        }
        assert_eq!(variable("A=b=c").value, "b=c");
    }

    #[test]
    fn words_with_blanks_are_quoted() {
        let words = ["nginx", "-g", "daemon off;", "it's", ""].map(str::to_owned);
        assert_eq!(command_line(&words).as_deref(), Some(r"nginx -g 'daemon off;' 'it'\''s' ''"));
        assert_eq!(command_line(&[]), None);
    }

    #[test]
    fn facts_come_from_the_configuration() {
        let config = ImageConfig::parse(
            br#"{"os":"linux","architecture":"amd64","config":{"Env":["PATH=/bin","PASS=x"],"Cmd":["nginx"],
                "ExposedPorts":{"80/tcp":{}},"WorkingDir":"","Labels":{"a":"b"}}}"#,
        )
        .unwrap_or_default();
        let facts = Facts::of(&config);
        assert_eq!(facts.command.as_deref(), Some("nginx"));
        assert_eq!(facts.ports, ["80/tcp"]);
        assert_eq!(facts.working_dir, None);
        assert_eq!(facts.labels, [("a".to_owned(), "b".to_owned())]);
        assert_eq!(
            facts.environment.iter().map(|v| v.is_masked).collect::<Vec<_>>(),
            [false, true]
        );
        assert_eq!(Facts::of(&ImageConfig::default()), Facts::default());
    }

    #[test]
    fn only_web_addresses_are_linked() {
        let of = |value| source_link([("x", "y"), ("org.opencontainers.image.source", value)]);
        assert_eq!(of("https://example.com/a").as_deref(), Some("https://example.com/a"));
        assert_eq!(of("javascript:alert(1)"), None);
        assert_eq!(of("https://a b"), None);
        assert_eq!(source_link([]), None);
    }
}
