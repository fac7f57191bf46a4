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
    /// Login key or password; where it is empty, clients that log in ask for it.
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
    let key = || Part::Key(word(login.user));
    let secret = || Part::Secret(word(login.password));
    let name = host.name;
    let plain = |text: &'static str| if host.plain_http { text } else { "" };
    let credential = || {
        let mut parts = vec![text(" -u "), key()];
        if !login.password.is_empty() {
            parts.extend([text(" -p "), secret()]);
        }
        parts
    };
    let flags = |command: &str, options: &str| {
        let mut parts = vec![text(&format!("{command}{options}"))];
        parts.extend(credential());
        parts.push(text(&format!(" {name}")));
        parts
    };
    let image = format!(" {name}/{}", login.image);
    Command(match client {
        Client::Docker | Client::Reference if login.by_stdin => vec![
            text(&format!("{} '", printer(login.password))),
            Part::Secret(inside(login.password)),
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
            text(&image),
        ],
        Client::Crictl => {
            vec![text("crictl pull --creds "), key(), text(":"), secret(), text(&image)]
        }
        Client::Helm => {
            vec![text(&format!("helm registry login {name}{}", plain(" --plain-http")))]
                .into_iter()
                .chain(credential())
                .collect()
        }
        Client::Kubernetes => vec![
            text(&format!(
                "kubectl create secret docker-registry roadstead-pull --docker-server={name} --docker-username='"
            )),
            Part::Key(inside(login.user)),
            text("' --docker-password='"),
            Part::Secret(inside(login.password)),
            text(&format!("' -n {}", login.namespace)),
        ],
    })
}

/// Names the secret that [`login`] makes for Kubernetes, in a workload that runs `image` of the host.
#[must_use]
pub fn pull_secret(host: &Host<'_>, image: &str) -> Command {
    Command::plain(format!(
        "spec:\n  imagePullSecrets:\n    - name: roadstead-pull\n  containers:\n    - name: app\n      image: {}/{image}",
        host.name
    ))
}

/// A step of GitHub Actions that logs in with two secrets of the repository.
#[must_use]
pub fn github(host: &Host<'_>) -> Command {
    let from = |name: &str| format!("    {name}: ${{{{ secrets.{name} }}}}\n");
    Command::plain(format!(
        "- name: Log in to the registry\n  env:\n{}{}  run: {}",
        from("REGISTRY_USER"),
        from("REGISTRY_PASSWORD"),
        piped(host)
    ))
}

/// A job of GitLab CI that logs in with two masked variables of the project.
#[must_use]
pub fn gitlab(host: &Host<'_>) -> Command {
    Command::plain(format!("before_script:\n  - {}", piped(host)))
}

fn piped(host: &Host<'_>) -> String {
    format!(
        "echo \"$REGISTRY_PASSWORD\" | docker login -u \"$REGISTRY_USER\" --password-stdin {}",
        host.name
    )
}

/// Prints the login key of an access key where no script can compute it (`console.md` A.3.1). `AK` and `SK` stand for its
/// halves.
pub const OPENSSL: &str = "printf \"AK\" | openssl dgst -binary -sha256 -hmac \"SK\" | od -An -vtx1 | sed 's/[ \\n]//g' | sed 'N;s/\\n//'";

/// One word of a shell.
fn word(text: &str) -> String {
    let is_plain = |b: u8| b.is_ascii_alphanumeric() || b"@%+=:,./_-".contains(&b);
    if !text.is_empty() && text.bytes().all(is_plain) {
        text.to_owned()
    } else {
        format!("'{}'", inside(text))
    }
}

/// Text between single quotes of a shell.
fn inside(text: &str) -> String {
    text.replace('\'', "'\\''")
}

/// What prints a word with a line's end, whatever it is: `echo` would take some for options or escapes.
fn printer(text: &str) -> &'static str {
    if text.starts_with('-') || text.contains('\\') { "printf '%s\\n'" } else { "echo" }
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

    #[test]
    fn without_a_password_clients_ask_for_it() {
        let host = Host { name: "registry.lan:5000", plain_http: false };
        let parts =
            Login { user: "acme", password: "", image: "", by_stdin: false, namespace: "default" };
        let line = |client| login(client, &host, &parts).text();
        assert_eq!(line(Client::Docker), "docker login -u acme registry.lan:5000");
        assert_eq!(line(Client::Nerdctl), "nerdctl login -u acme registry.lan:5000");
        assert_eq!(line(Client::Podman), "podman login -u acme registry.lan:5000");
        assert_eq!(line(Client::Skopeo), "skopeo login -u acme registry.lan:5000");
        assert_eq!(line(Client::Helm), "helm registry login registry.lan:5000 -u acme");
    }

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

    const AK: &str = "local@RSAKEXAMPLE000000001";
    const KEY: &str = "d34aa4117bbe9a57d662552da41fd246e97857e3d5aa40c0f12ad06fb106dab7";

    fn of(host: &Host<'_>, client: Client, password: &str, by_stdin: bool) -> Command {
        let image = "group/nginx:v1";
        login(client, host, &Login { user: AK, password, image, by_stdin, namespace: "default" })
    }

    /// Every line that a person can copy from the client row, with a login key as it is.
    #[test]
    fn login_commands_follow_the_guide() {
        let mut shown = String::new();
        for host in [TLS, PLAIN] {
            for client in Client::LOGIN {
                let command = of(&host, client, KEY, false);
                assert!(command.has_secret(), "{client:?}");
                shown.push_str(&command.text());
                shown.push('\n');
            }
            shown.push_str(&of(&host, Client::Docker, KEY, true).text());
            shown.push('\n');
        }
        let shown = shown.replace(AK, "U").replace(KEY, "P");
        assert_eq!(
            shown.replace(TLS.name, "H").replace(PLAIN.name, "H"),
            "docker login -u U -p P H\n\
             ctr image pull --user U:P H/group/nginx:v1\n\
             crictl pull --creds U:P H/group/nginx:v1\n\
             nerdctl login -u U -p P H\n\
             podman login -u U -p P H\n\
             skopeo login -u U -p P H\n\
             helm registry login H -u U -p P\n\
             kubectl create secret docker-registry roadstead-pull --docker-server=H --docker-username='U' \
             --docker-password='P' -n default\n\
             echo 'P' | docker login -u U --password-stdin H\n\
             docker login -u U -p P H\n\
             ctr image pull --plain-http --user U:P H/group/nginx:v1\n\
             crictl pull --creds U:P H/group/nginx:v1\n\
             nerdctl --insecure-registry login -u U -p P H\n\
             podman login --tls-verify=false -u U -p P H\n\
             skopeo login --tls-verify=false -u U -p P H\n\
             helm registry login H --plain-http -u U -p P\n\
             kubectl create secret docker-registry roadstead-pull --docker-server=H --docker-username='U' \
             --docker-password='P' -n default\n\
             echo 'P' | docker login -u U --password-stdin H\n"
        );
    }

    #[test]
    fn what_goes_into_files_is_whole() {
        assert_eq!(
            pull_secret(&TLS, "group/nginx:v1").text(),
            "spec:\n  imagePullSecrets:\n    - name: roadstead-pull\n  containers:\n    - name: app\n      \
             image: registry.example.com/group/nginx:v1"
        );
        assert_eq!(
            github(&TLS).text(),
            "- name: Log in to the registry\n  env:\n    REGISTRY_USER: ${{ secrets.REGISTRY_USER }}\n    \
             REGISTRY_PASSWORD: ${{ secrets.REGISTRY_PASSWORD }}\n  run: echo \"$REGISTRY_PASSWORD\" | docker login \
             -u \"$REGISTRY_USER\" --password-stdin registry.example.com"
        );
        assert_eq!(
            gitlab(&TLS).text(),
            "before_script:\n  - echo \"$REGISTRY_PASSWORD\" | docker login -u \"$REGISTRY_USER\" \
             --password-stdin registry.example.com"
        );
        assert_eq!(
            OPENSSL,
            r#"printf "AK" | openssl dgst -binary -sha256 -hmac "SK" | od -An -vtx1 | sed 's/[ \n]//g' | sed 'N;s/\n//'"#
        );
    }

    /// The words of a line as a shell reads it: blanks divide, single quotes keep, a backslash keeps the next.
    fn words(line: &str) -> Vec<String> {
        let (mut words, mut word) = (Vec::new(), None::<String>);
        let mut rest = line.chars();
        while let Some(c) = rest.next() {
            match c {
                ' ' => words.extend(word.take()),
                '\'' => {
                    let quoted: String = rest.by_ref().take_while(|&c| c != '\'').collect();
                    word.get_or_insert_default().push_str(&quoted);
                }
                '\\' => word.get_or_insert_default().extend(rest.next()),
                c => word.get_or_insert_default().push(c),
            }
        }
        words.extend(word);
        words
    }

    #[test]
    fn every_secret_arrives_as_it_is() {
        let all: String = (' '..='~').collect();
        let each = (' '..='~').map(|c| format!("a{c}b"));
        for secret in
            each.chain([all, "''".into(), "-n".into(), "a\\nb".into(), "$(id)`id`".into()])
        {
            for client in Client::LOGIN {
                let words = words(&of(&TLS, client, &secret, false).text());
                let wanted = match client {
                    Client::Ctr | Client::Crictl => format!("{AK}:{secret}"),
                    Client::Kubernetes => format!("--docker-password={secret}"),
                    _ => secret.clone(),
                };
                assert!(words.contains(&wanted), "{client:?} {secret:?}: {words:?}");
            }
            let piped = words(&of(&TLS, Client::Docker, &secret, true).text());
            let is_safe = !secret.starts_with('-') && !secret.contains('\\');
            let before: &[&str] = if is_safe { &["echo"] } else { &["printf", "%s\\n"] };
            let end = before.len();
            assert_eq!(piped.get(..end).unwrap_or_default(), before, "{secret:?}");
            assert_eq!(piped.get(end), Some(&secret));
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
