//! Commands that a person copies: login and pull, in the words of each client. Pure; whole and runnable as they are.
//!
//! To add a client: a variant, its word, and an arm in each `match`; the compiler names the places.

use roadstead::manage::profile;
use serde::{Deserialize, Serialize};

pub mod guide;

/// A container client (`console.md` A.0.6).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Client {
    /// Docker.
    #[default]
    Docker,
    /// containerd's `ctr`.
    Ctr,
    /// `crictl`.
    Crictl,
    /// `nerdctl`.
    Nerdctl,
    /// Podman.
    Podman,
    /// Skopeo.
    Skopeo,
    /// Helm; logs in only.
    Helm,
    /// Kubernetes.
    Kubernetes,
    /// The bare reference, for Dockerfiles and values.
    Reference,
}

impl Client {
    /// Clients that pull images.
    pub const PULL: [Self; 8] = [
        Self::Docker,
        Self::Ctr,
        Self::Crictl,
        Self::Nerdctl,
        Self::Podman,
        Self::Skopeo,
        Self::Kubernetes,
        Self::Reference,
    ];
    /// Clients that log in or carry credentials.
    pub const LOGIN: [Self; 8] = [
        Self::Docker,
        Self::Ctr,
        Self::Crictl,
        Self::Nerdctl,
        Self::Podman,
        Self::Skopeo,
        Self::Helm,
        Self::Kubernetes,
    ];

    /// The word in preferences and addresses.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Docker => "docker",
            Self::Ctr => "ctr",
            Self::Crictl => "crictl",
            Self::Nerdctl => "nerdctl",
            Self::Podman => "podman",
            Self::Skopeo => "skopeo",
            Self::Helm => "helm",
            Self::Kubernetes => "kubernetes",
            Self::Reference => "reference",
        }
    }

    /// Reads the word back.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::PULL.into_iter().chain([Self::Helm]).find(|client| client.as_str() == text)
    }

    /// This client, or Docker where it cannot do the job.
    #[must_use]
    pub fn among(self, clients: &[Self]) -> Self {
        if clients.contains(&self) { self } else { Self::Docker }
    }
}

impl From<profile::Client> for Client {
    fn from(client: profile::Client) -> Self {
        match client {
            profile::Client::Docker => Self::Docker,
            profile::Client::Ctr => Self::Ctr,
            profile::Client::Crictl => Self::Crictl,
            profile::Client::Nerdctl => Self::Nerdctl,
            profile::Client::Podman => Self::Podman,
            profile::Client::Skopeo => Self::Skopeo,
            profile::Client::Kubernetes => Self::Kubernetes,
            profile::Client::Reference => Self::Reference,
        }
    }
}

impl Client {
    /// The client as it is remembered for the user; Helm is not, because it pulls no images.
    #[must_use]
    pub const fn remembered(self) -> Option<profile::Client> {
        Some(match self {
            Self::Docker => profile::Client::Docker,
            Self::Ctr => profile::Client::Ctr,
            Self::Crictl => profile::Client::Crictl,
            Self::Nerdctl => profile::Client::Nerdctl,
            Self::Podman => profile::Client::Podman,
            Self::Skopeo => profile::Client::Skopeo,
            Self::Kubernetes => profile::Client::Kubernetes,
            Self::Reference => profile::Client::Reference,
            Self::Helm => return None,
        })
    }
}

/// A part of a command as it is shown: secrets are masked until revealed, and copied whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Part {
    /// Ordinary text.
    Text(String),
    /// A key or user name, set off by colour.
    Key(String),
    /// A password.
    Secret(String),
}

/// A command of one or more lines.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Command(pub Vec<Part>);

impl Command {
    /// A command without secrets.
    #[must_use]
    pub fn plain(text: impl Into<String>) -> Self {
        Self(vec![Part::Text(text.into())])
    }

    /// What is copied.
    #[must_use]
    pub fn text(&self) -> String {
        self.0
            .iter()
            .map(|part| match part {
                Part::Text(text) | Part::Key(text) | Part::Secret(text) => text.as_str(),
            })
            .collect()
    }

    /// Has a part that is masked.
    #[must_use]
    pub fn has_secret(&self) -> bool {
        self.0.iter().any(|part| matches!(part, Part::Secret(_)))
    }
}

/// The registry as commands name it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Host<'a> {
    /// `host[:port]`.
    pub name: &'a str,
    /// Reached by plain HTTP, which most clients must be told.
    pub plain_http: bool,
}

/// Pulls `image` (`organization/repository`) by `reference` (`:tag` or `@digest`, with the sign), optionally of one
/// `platform` (`linux/amd64`).
#[must_use]
pub fn pull(
    client: Client,
    host: &Host<'_>,
    image: &str,
    reference: &str,
    platform: Option<&str>,
) -> Command {
    let full = format!("{}/{image}{reference}", host.name);
    let flag =
        |name: &str| platform.map(|platform| format!(" {name} {platform}")).unwrap_or_default();
    let plain = |text: &'static str| if host.plain_http { text } else { "" };
    Command::plain(match client {
        Client::Docker => format!("docker pull{} {full}", flag("--platform")),
        Client::Ctr => {
            format!("ctr image pull{}{} {full}", plain(" --plain-http"), flag("--platform"))
        }
        Client::Crictl => format!("crictl pull {full}"),
        Client::Nerdctl => {
            format!("nerdctl{} pull{} {full}", plain(" --insecure-registry"), flag("--platform"))
        }
        Client::Podman => {
            format!("podman pull{}{} {full}", plain(" --tls-verify=false"), flag("--platform"))
        }
        Client::Skopeo => format!(
            "skopeo copy{} docker://{full} docker-archive:{}.tar",
            plain(" --src-tls-verify=false"),
            label(image)
        ),
        Client::Kubernetes => format!("kubectl run {} --image={full}", label(image)),
        Client::Helm | Client::Reference => full,
    })
}

/// What a login needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Login<'a> {
    /// `{region}@{AK}`, or account and user.
    pub user: &'a str,
    /// Login key or password.
    pub password: &'a str,
    /// Organization for commands that name an image; a placeholder stands in while none exists.
    pub image: &'a str,
    /// Keep the password out of the process list (Docker only).
    pub by_stdin: bool,
    /// Kubernetes namespace.
    pub namespace: &'a str,
}

/// Logs in, or for clients without a login pulls with the credential (`console.md` A.3.1).
#[must_use]
pub fn login(client: Client, host: &Host<'_>, login: &Login<'_>) -> Command {
    let text = |text: &str| Part::Text(text.to_owned());
    let key = || Part::Key(login.user.to_owned());
    let secret = || Part::Secret(login.password.to_owned());
    let name = host.name;
    let plain = |text: &'static str| if host.plain_http { text } else { "" };
    let flags = |command: &str, options: &str| {
        vec![
            text(&format!("{command}{options} -u ")),
            key(),
            text(" -p "),
            secret(),
            text(&format!(" {name}")),
        ]
    };
    Command(match client {
        Client::Docker | Client::Reference if login.by_stdin => vec![
            text("echo '"),
            secret(),
            text("' | docker login -u "),
            key(),
            text(&format!(" --password-stdin {name}")),
        ],
        Client::Docker | Client::Reference => flags("docker login", ""),
        Client::Nerdctl => flags(&format!("nerdctl{} login", plain(" --insecure-registry")), ""),
        Client::Podman => flags("podman login", plain(" --tls-verify=false")),
        Client::Skopeo => flags("skopeo login", plain(" --tls-verify=false")),
        Client::Ctr => vec![
            text(&format!("ctr image pull{} --user ", plain(" --plain-http"))),
            key(),
            text(":"),
            secret(),
            text(&format!(" {name}/{}", login.image)),
        ],
        Client::Crictl => vec![
            text("crictl pull --creds "),
            key(),
            text(":"),
            secret(),
            text(&format!(" {name}/{}", login.image)),
        ],
        Client::Helm => vec![
            text(&format!("helm registry login {name}{} -u ", plain(" --plain-http"))),
            key(),
            text(" -p "),
            secret(),
        ],
        Client::Kubernetes => vec![
            text(&format!(
                "kubectl create secret docker-registry roadstead-pull --docker-server={name} --docker-username='"
            )),
            key(),
            text("' --docker-password='"),
            secret(),
            text(&format!("' -n {}", login.namespace)),
        ],
    })
}

/// The last part of an image's name as a DNS label, for commands that must name something.
fn label(image: &str) -> String {
    let last = image.rsplit('/').next().unwrap_or(image);
    let label: String = last
        .chars()
        .map(|c| if c.is_ascii_lowercase() || c.is_ascii_digit() { c } else { '-' })
        .take(63)
        .collect();
    label.trim_matches('-').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TLS: Host<'_> = Host { name: "registry.example.com", plain_http: false };
    const PLAIN: Host<'_> = Host { name: "127.0.0.1:5000", plain_http: true };

    #[test]
    fn pull_commands_are_whole() {
        let of = |client, host: &Host<'_>| pull(client, host, "group/team/web", ":v1", None).text();
        assert_eq!(of(Client::Docker, &TLS), "docker pull registry.example.com/group/team/web:v1");
        assert_eq!(of(Client::Reference, &TLS), "registry.example.com/group/team/web:v1");
        assert_eq!(
            of(Client::Podman, &PLAIN),
            "podman pull --tls-verify=false 127.0.0.1:5000/group/team/web:v1"
        );
        assert_eq!(
            of(Client::Ctr, &PLAIN),
            "ctr image pull --plain-http 127.0.0.1:5000/group/team/web:v1"
        );
        assert_eq!(
            of(Client::Kubernetes, &TLS),
            "kubectl run web --image=registry.example.com/group/team/web:v1"
        );
        let by_digest = pull(Client::Docker, &TLS, "g/a", "@sha256:00", Some("linux/arm64")).text();
        assert_eq!(
            by_digest,
            "docker pull --platform linux/arm64 registry.example.com/g/a@sha256:00"
        );
    }

    #[test]
    fn login_commands_follow_the_guide() {
        let login_of = |client, by_stdin| {
            login(
                client,
                &TLS,
                &Login {
                    user: "local@AK",
                    password: "KEY",
                    image: "group/nginx:v1",
                    by_stdin,
                    namespace: "default",
                },
            )
        };
        assert_eq!(
            login_of(Client::Docker, false).text(),
            "docker login -u local@AK -p KEY registry.example.com"
        );
        assert_eq!(
            login_of(Client::Docker, true).text(),
            "echo 'KEY' | docker login -u local@AK --password-stdin registry.example.com"
        );
        assert_eq!(
            login_of(Client::Ctr, false).text(),
            "ctr image pull --user local@AK:KEY registry.example.com/group/nginx:v1"
        );
        assert_eq!(
            login_of(Client::Kubernetes, false).text(),
            "kubectl create secret docker-registry roadstead-pull --docker-server=registry.example.com \
             --docker-username='local@AK' --docker-password='KEY' -n default"
        );
        for client in Client::LOGIN {
            assert!(login_of(client, false).has_secret(), "{client:?}");
        }
    }

    #[test]
    fn client_words_read_back() {
        for client in Client::PULL.into_iter().chain(Client::LOGIN) {
            assert_eq!(Client::parse(client.as_str()), Some(client));
        }
        assert_eq!(Client::Helm.among(&Client::PULL), Client::Docker);
    }
}
