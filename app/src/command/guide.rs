//! Commands of the Pull/Push guide in the words of each client. Pure; whole and runnable as they are.
//!
//! To add a client: a variant of [`Client`]; the compiler names the places here.

use super::{Client, Command, Host, Part};

/// Clients that can push, in the order of the guide.
pub const PUSH: [Client; 5] =
    [Client::Docker, Client::Ctr, Client::Nerdctl, Client::Podman, Client::Skopeo];

/// Clients of the guide.
pub const GUIDE: [Client; 8] = Client::PULL;

/// `host/organization/repository` followed by `reference` (`:tag` or `@digest`).
#[must_use]
pub fn full_name(host: &Host<'_>, image: &str, reference: &str) -> String {
    format!("{}/{image}{reference}", host.name)
}

/// Gives the local image `source` the registry's name and pushes it; `None` for clients that cannot push.
#[must_use]
pub fn push(
    client: Client,
    host: &Host<'_>,
    image: &str,
    tag: &str,
    source: &str,
) -> Option<Command> {
    let target = full_name(host, image, &format!(":{tag}"));
    let plain = |text: &'static str| if host.plain_http { text } else { "" };
    let text = match client {
        Client::Docker => format!("docker tag {source} {target}\ndocker push {target}"),
        Client::Nerdctl => format!(
            "nerdctl tag {source} {target}\nnerdctl{} push {target}",
            plain(" --insecure-registry")
        ),
        Client::Podman => format!(
            "podman tag {source} {target}\npodman push{} {target}",
            plain(" --tls-verify=false")
        ),
        Client::Skopeo => format!(
            "skopeo copy{} docker-daemon:{source} docker://{target}",
            plain(" --dest-tls-verify=false")
        ),
        Client::Ctr | Client::Crictl | Client::Kubernetes | Client::Helm | Client::Reference => {
            return None;
        }
    };
    Some(Command::plain(text))
}

/// Pushes with the credential in the command, for containerd, which has no login.
#[must_use]
pub fn push_with_login(
    host: &Host<'_>,
    image: &str,
    tag: &str,
    source: &str,
    user: &str,
    password: &str,
) -> Command {
    let target = full_name(host, image, &format!(":{tag}"));
    let plain = if host.plain_http { " --plain-http" } else { "" };
    Command(vec![
        Part::Text(format!("ctr image tag {source} {target}\nctr image push{plain} --user ")),
        Part::Key(user.to_owned()),
        Part::Text(":".to_owned()),
        Part::Secret(password.to_owned()),
        Part::Text(format!(" {target}")),
    ])
}

/// Saves a pulled image as a file; `None` for clients that cannot.
#[must_use]
pub fn save(client: Client, host: &Host<'_>, image: &str, reference: &str) -> Option<Command> {
    let full = full_name(host, image, reference);
    let file = file_name(image);
    let text = match client {
        Client::Docker => format!("docker save {full} > {file}.tar"),
        Client::Nerdctl => format!("nerdctl save -o {file}.tar {full}"),
        Client::Podman => format!("podman save -o {file}.tar {full}"),
        Client::Ctr => format!("ctr image export {file}.tar {full}"),
        Client::Skopeo | Client::Crictl | Client::Kubernetes | Client::Helm | Client::Reference => {
            return None;
        }
    };
    Some(Command::plain(text))
}

/// A line of a Dockerfile.
#[must_use]
pub fn dockerfile(host: &Host<'_>, image: &str, reference: &str) -> Command {
    Command::plain(format!("FROM {}", full_name(host, image, reference)))
}

/// A pod that pulls with the secret of the login command for Kubernetes.
#[must_use]
pub fn pod(host: &Host<'_>, image: &str, reference: &str) -> Command {
    let name = file_name(image);
    let full = full_name(host, image, reference);
    Command::plain(format!(
        "apiVersion: v1\nkind: Pod\nmetadata:\n  name: {name}\nspec:\n  containers:\n    - name: {name}\n      image: {full}\n  \
         imagePullSecrets:\n    - name: roadstead-pull"
    ))
}

/// Pulls one image, with a temporary credential in the command (`console.md` A.6.1, containerd command).
#[must_use]
pub fn pull_with_login(
    client: Client,
    host: &Host<'_>,
    full: &str,
    user: &str,
    password: &str,
) -> Command {
    let start = match client {
        Client::Crictl => "crictl pull --creds ".to_owned(),
        _ if host.plain_http => "ctr image pull --plain-http --user ".to_owned(),
        _ => "ctr image pull --user ".to_owned(),
    };
    Command(vec![
        Part::Text(start),
        Part::Key(user.to_owned()),
        Part::Text(":".to_owned()),
        Part::Secret(password.to_owned()),
        Part::Text(format!(" {full}")),
    ])
}

/// The last part of the image's name as a DNS label, which is also a sane file name.
fn file_name(image: &str) -> String {
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

    fn text(command: Option<Command>) -> Option<String> {
        command.map(|command| command.text())
    }

    #[test]
    fn push_names_then_pushes() {
        assert_eq!(
            text(push(Client::Docker, &TLS, "group/team/web", "v1", "web:dev")).as_deref(),
            Some(
                "docker tag web:dev registry.example.com/group/team/web:v1\n\
                 docker push registry.example.com/group/team/web:v1"
            )
        );
        assert_eq!(
            text(push(Client::Podman, &PLAIN, "g/a", "v1", "a:1")).as_deref(),
            Some(
                "podman tag a:1 127.0.0.1:5000/g/a:v1\npodman push --tls-verify=false 127.0.0.1:5000/g/a:v1"
            )
        );
        assert_eq!(
            text(push(Client::Skopeo, &TLS, "g/a", "v1", "a:1")).as_deref(),
            Some("skopeo copy docker-daemon:a:1 docker://registry.example.com/g/a:v1")
        );
        assert_eq!(push(Client::Crictl, &TLS, "g/a", "v1", "a:1"), None);
    }

    #[test]
    fn every_client_that_pushes_has_words_or_a_login() {
        for client in PUSH {
            assert!(
                client == Client::Ctr || push(client, &TLS, "g/a", "v1", "a:1").is_some(),
                "{client:?}"
            );
        }
    }

    #[test]
    fn containerd_carries_its_credential() {
        let command = push_with_login(&PLAIN, "g/a", "v1", "a:1", "local@AK", "KEY");
        assert!(command.has_secret());
        assert_eq!(
            command.text(),
            "ctr image tag a:1 127.0.0.1:5000/g/a:v1\nctr image push --plain-http --user local@AK:KEY 127.0.0.1:5000/g/a:v1"
        );
        let full = full_name(&TLS, "g/a", ":v1");
        assert_eq!(
            pull_with_login(Client::Crictl, &TLS, &full, "local@AK", "KEY").text(),
            "crictl pull --creds local@AK:KEY registry.example.com/g/a:v1"
        );
        assert_eq!(
            pull_with_login(Client::Ctr, &TLS, &full, "local@AK", "KEY").text(),
            "ctr image pull --user local@AK:KEY registry.example.com/g/a:v1"
        );
    }

    #[test]
    fn saving_names_the_file_after_the_image() {
        assert_eq!(
            text(save(Client::Docker, &TLS, "g/team/web_app", ":v1")).as_deref(),
            Some("docker save registry.example.com/g/team/web_app:v1 > web-app.tar")
        );
        assert_eq!(save(Client::Crictl, &TLS, "g/a", ":v1"), None);
    }

    #[test]
    fn snippets_name_the_image_whole() {
        assert_eq!(
            dockerfile(&TLS, "g/a", "@sha256:00").text(),
            "FROM registry.example.com/g/a@sha256:00"
        );
        let pod = pod(&TLS, "g/team/web", ":v1").text();
        assert!(
            pod.contains("  name: web\n")
                && pod.contains("      image: registry.example.com/g/team/web:v1\n")
        );
        assert!(pod.ends_with("imagePullSecrets:\n    - name: roadstead-pull"));
        assert!(!pod.contains('\t'));
    }
}
