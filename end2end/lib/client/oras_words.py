"""oras (PyPI) by one word at a time: `oras_words.py WORD ARGS...`; the registry is what ORAS_* say."""

import os
import sys

import oras.client
from oras.layout.layout import NewLayout

HOST, CONFIG = os.environ["ORAS_HOST"], os.environ["ORAS_CONFIG"]
CA = os.environ.get("ORAS_CA")


def client(target: str, backend: str = "basic") -> oras.client.OrasClient:
    # With tokens the package keeps the first one it gets. That one is for pulling, because it asks for a blob before it
    # sends it (its issue 187): so it pulls with tokens here, and writes with the password itself.
    made = oras.client.OrasClient(hostname=HOST, insecure=CA is None, tls_verify=CA or True, auth_backend=backend)
    if os.path.exists(CONFIG):
        made.auth.load_configs(made.get_container(target), configs=[CONFIG])
    return made


def login(user: str, password: str) -> None:
    print(client(HOST + "/any/name").login(username=user, password=password, hostname=HOST, config_path=CONFIG))


def tags(target: str) -> None:
    print("\n".join(client(target).get_tags(target)))


def push_layout(folder: str, tag: str, target: str) -> None:
    NewLayout(folder).push_to_registry(client(target), target, tag=tag)


def pull_layout(target: str, folder: str) -> None:
    # The class, because a layout that is not there yet is no valid one.
    from oras.layout.layout import Layout

    Layout(folder, validate=False).pull_from_registry(client(target, "token"), target, tag="back")


def push_file(target: str, file: str, media_type: str, subject: str = "") -> None:
    os.chdir(os.path.dirname(file))
    of = None
    if subject:
        from oras.oci import Subject

        of = Subject(*subject.split(" ")[:2], size=int(subject.split(" ")[2]))
    client(target).push(target=target, files=[f"{os.path.basename(file)}:{media_type}"], subject=of, config_path=CONFIG)


def pull_file(target: str, folder: str) -> None:
    print(client(target, "token").pull(target=target, outdir=folder, config_path=CONFIG)[0])


def delete(target: str, tag: str) -> None:
    if client(target).delete_tags(target, [tag]) != [tag]:
        sys.exit(f"{tag} was not deleted")


if __name__ == "__main__":
    {each.__name__: each for each in (login, tags, push_layout, pull_layout, push_file, pull_file, delete)}[sys.argv[1]](*sys.argv[2:])
