"""SWR's own SDK (PyPI: huaweicloudsdkswr), unmodified, through every operation of the basic edition that is served.

The registry and the keys are what SWR_* say. Ends with a line that counts the operations; an assertion that fails ends it.
"""

import base64
import hashlib
import json
import os
import sys

import requests
from huaweicloudsdkcore.auth.credentials import BasicCredentials
from huaweicloudsdkcore.exceptions.exceptions import ClientRequestException
from huaweicloudsdkcore.region.region import Region
from huaweicloudsdkswr import v2 as swr
from swr_sign import Signed

URL, HOST = os.environ["SWR_URL"], os.environ["SWR_HOST"]
PASSWORD = os.environ["SWR_PASSWORD"]
called = set()


class Person:
    """A user, by access key; `name` is `account` or `account/user` for the registry."""

    def __init__(self, name, access_key, secret_key, project=None, region=None):
        self.name, self.access_key, self.secret_key = name, access_key, secret_key
        credentials = BasicCredentials(access_key, secret_key, project)
        builder = swr.SwrClient.new_builder().with_credentials(credentials)
        if region:
            credentials.with_iam_endpoint(URL)
            self.client = builder.with_region(Region(region, URL)).build()
        else:
            self.client = builder.with_endpoint(URL).build()

    def call(self, operation, request_class=None, **fields):
        called.add(operation)
        words = "".join(word.capitalize() for word in operation.split("_"))
        made = getattr(swr, request_class or f"{words}Request")(**fields)
        return getattr(self.client, operation)(made)

    def refused(self, status, code, operation, **fields):
        try:
            answer = self.call(operation, **fields)
        except ClientRequestException as error:
            assert error.status_code == status, (operation, error)
            assert error.error_code.endswith(code), (operation, error.error_code, error.error_msg)
            assert error.error_msg and error.request_id, error
            return error
        raise AssertionError(f"{operation} {fields} was not refused: {answer}")


def person(prefix, **more):
    return Person(os.environ[f"{prefix}_NAME"], os.environ[f"{prefix}_AK"], os.environ[f"{prefix}_SK"], **more)


def digest(data):
    return "sha256:" + hashlib.sha256(data).hexdigest()


def push(image, tag, seed, by, media="application/vnd.oci.image.manifest.v1+json", **more):
    """Pushes a small image by the registry protocol."""
    auth, base = (by.name, PASSWORD), f"{URL}/v2/{image}"
    blobs = [json.dumps({"architecture": "amd64", "os": "linux", "seed": seed}).encode(), f"layer {seed}".encode() * 20]
    for blob in blobs:
        started = requests.post(f"{base}/blobs/uploads/", auth=auth)
        assert started.status_code == 202, started.text
        place = URL + started.headers["location"]
        done = requests.put(f"{place}{'&' if '?' in place else '?'}digest={digest(blob)}", data=blob, auth=auth)
        assert done.status_code == 201, done.text
    config, layer = blobs
    manifest = json.dumps({
        "schemaVersion": 2, "mediaType": media,
        "config": {"mediaType": "application/vnd.oci.image.config.v1+json", "digest": digest(config), "size": len(config)},
        "layers": [{"mediaType": "application/vnd.oci.image.layer.v1.tar", "digest": digest(layer), "size": len(layer)}],
        **more,
    }).encode()
    put = requests.put(f"{base}/manifests/{tag or digest(manifest)}", data=manifest, headers={"content-type": media}, auth=auth)
    assert put.status_code == 201, put.text
    return manifest, config


def versions(owner):
    listed = owner.call("list_api_versions").versions
    assert [each.id for each in listed] == ["v2", "v3"]
    one = owner.call("show_api_version", api_version="v2").version
    assert one.id == "v2" and one.links.href == f"{URL}/v2" and one.status == "CURRENT"
    owner.refused(404, "4040083", "show_api_version", api_version="v9")


def organizations(owner, editor, stranger):
    body = swr.CreateNamespaceRequestBody
    owner.call("create_namespace", body=body(namespace="harbour"))
    owner.refused(409, "4090060", "create_namespace", body=body(namespace="harbour"))
    stranger.refused(409, "4090060", "create_namespace", body=body(namespace="harbour"))
    for bad in ("Upper", "library", "x" * 65, "版本", "", "a..b", "1a"):
        error = owner.refused(400, "4001028", "create_namespace", body=body(namespace=bad))
        assert "namespace" in error.error_msg, error
    editor.refused(403, "4039002", "create_namespace", body=body(namespace="mine"))
    shown = owner.call("show_namespace", namespace="harbour")
    assert (shown.name, shown.creator_name, shown.auth) == ("harbour", owner.name, 7) and shown.id > 0
    listed = owner.call("list_namespaces", namespace="arb").namespaces
    assert [each.name for each in listed] == ["harbour"]
    assert owner.call("list_namespaces", filter="namespace::nothing-of-this").namespaces == []
    assert editor.call("list_namespaces").namespaces == []
    editor.refused(404, "4040058", "show_namespace", namespace="harbour")
    stranger.refused(404, "4040058", "show_namespace", namespace="harbour")


def rights(owner, editor, editor_id):
    user = lambda auth, name="editor", id=editor_id: swr.UserAuth(user_id=id, user_name=name, auth=auth)
    owner.call("create_namespace_auth", namespace="harbour", body=[user(1)])
    owner.refused(409, "4090076", "create_namespace_auth", namespace="harbour", body=[user(1)])
    owner.refused(400, "4001066", "create_namespace_auth", namespace="harbour", body=[user(1, "x", "0" * 32)])
    owner.refused(400, "4000014", "update_namespace_auth", namespace="harbour", body=[user(2)])
    owner.call("update_namespace_auth", namespace="harbour", body=[user(3)])
    shown = owner.call("show_namespace_auth", namespace="harbour")
    assert shown.self_auth.auth == 7 and shown.creator_name == owner.name
    assert [(each.user_id, each.user_name, each.auth) for each in shown.others_auths] == [(editor_id, "editor", 3)]
    assert editor.call("show_namespace", namespace="harbour").auth == 3
    editor.refused(403, "4037017", "update_namespace_auth", namespace="harbour", body=[user(7)])


def images(owner, editor, stranger):
    body = swr.CreateRepoRequestBody
    description = "数据库 \u2693 \U0001f6a2 \"quoted\" <b>&amp;"
    new = body(repository="team/web", is_public=False, category="database", description=description)
    editor.call("create_repo", namespace="harbour", body=new)
    editor.refused(409, "4090006", "create_repo", namespace="harbour", body=new)
    stranger.refused(404, "4040058", "create_repo", namespace="harbour", body=new)
    for field, wrong in (("repository", "Upper"), ("category", "none"), ("description", "x" * 30_001)):
        fields = {"repository": "other", "is_public": False, field: wrong}
        error = editor.refused(400, "", "create_repo", namespace="harbour", body=body(**fields))
        assert field in error.error_msg, error
    # The rule of the reference is `$`; those who forget it send `%2F`.
    for name in ("team$web", "team/web"):
        shown = editor.call("show_repository", namespace="harbour", repository=name)
        assert shown.name == "team/web" and shown.description == description and shown.category == "database"
        assert shown.path == f"{HOST}/harbour/team/web" and shown.creator_name == "editor" and not shown.is_public
        assert (shown.num_images, shown.num_download, shown.size) == (0, 0, 0)
    change = swr.UpdateRepoRequestBody
    editor.call("update_repo", namespace="harbour", repository="team$web", body=change(is_public=True))
    assert requests.get(f"{URL}/v2/harbour/team/web/tags/list", auth=(stranger.name, PASSWORD)).status_code == 200
    editor.call("update_repo", namespace="harbour", repository="team$web", body=change(is_public=False, description="", category="arm"))
    shown = editor.call("show_repository", namespace="harbour", repository="team$web")
    assert (shown.is_public, shown.description, shown.category) == (False, "", "arm")
    stranger.refused(404, "4040010", "show_repository", namespace="harbour", repository="team$web")


def image_rights(owner, editor, editor_id):
    user = lambda auth: swr.UserAuth(user_id=editor_id, user_name="editor", auth=auth)
    where = {"namespace": "harbour", "repository": "team$web"}
    owner.call("create_user_repository_auth", **where, body=[user(1)])
    owner.call("update_user_repository_auth", **where, body=[user(7)])
    shown = owner.call("show_user_repository_auth", **where)
    assert shown.name == "team/web" and [(each.user_name, each.auth) for each in shown.others_auths] == [("editor", 7)]
    assert editor.call("show_user_repository_auth", **where).self_auth.auth == 7
    owner.call("delete_user_repository_auth", **where, body=[editor_id])
    owner.refused(404, "4040091", "delete_user_repository_auth", **where, body=[editor_id])
    assert editor.call("show_user_repository_auth", **where).self_auth.auth == 3


def pages(owner):
    names = [f"page{number:02}" for number in range(13)]
    for name in names:
        owner.call("create_repo", namespace="harbour", body=swr.CreateRepoRequestBody(repository=name, is_public=False))
    found, rounds = [], 0
    while True:
        part = owner.call("list_repos_details", filter=f"namespace::harbour|limit::5|offset::{len(found)}")
        found += part.body or []
        total = int(part.content_range.split("/")[1])
        assert all(each.total_range == total for each in part.body)
        rounds += 1
        if len(found) >= total:
            break
        assert rounds < 20
    assert [each.name for each in found] == names + ["team/web"] and rounds == 3
    assert owner.call("list_repos_details", offset="1000", limit="10").body is None
    found, marker = [], None
    for _ in range(20):
        part = owner.call("list_repo_details", namespace="harbour", limit=5, marker=marker)
        found += part.repos
        marker = part.next_marker
        if marker is None:
            break
    assert marker is None and sorted(each.name for each in found) == names + ["team/web"]
    one = owner.call("list_repos_details", name="team$web").body
    assert [each.name for each in one] == ["team/web"] and one[0].namespace == "harbour"
    last = owner.call("list_repos_details", namespace="harbour", order_column="name", order_type="desc", limit="1")
    assert last.body[0].name == "team/web" and last.content_range == "0-1/14"
    owner.refused(400, "4000056", "list_repos_details", limit="0")
    owner.refused(400, "4001035", "list_repos_details", filter="limit:10")
    for name in names:
        owner.call("delete_repo", namespace="harbour", repository=name)
    owner.refused(404, "4040010", "delete_repo", namespace="harbour", repository=names[0])


def tags(owner, editor):
    where = {"namespace": "harbour", "repository": "team$web"}
    manifest, config = push("harbour/team/web", "v1", "one", owner)
    push("harbour/team/web", "v2", "two", owner)
    shown = editor.call("show_repo_tag", **where, tag="v1")
    assert shown.tag == "v1" and shown.manifest == manifest.decode() and shown.digest == digest(manifest)
    assert shown.image_id == hashlib.sha256(config).hexdigest() and shown.schema == 2 and shown.tag_type == 0
    assert shown.path == f"{HOST}/harbour/team/web:v1" and shown.size == len(config) + len(b"layer one" * 20)
    listed = editor.call("list_repository_tags", **where, limit="1", offset="0")
    assert [each.tag for each in listed.body] == ["v2"] and listed.content_range == "0-1/2"
    assert listed.body[0].manifest and listed.body[0].repo_id == shown.repo_id
    copy = swr.CreateRepoTagRequestBody
    editor.call("create_repo_tag", **where, body=copy(source_tag="v1", destination_tag="stable"))
    editor.refused(409, "4090006", "create_repo_tag", **where, body=copy(source_tag="v2", destination_tag="stable"))
    editor.refused(404, "4040048", "create_repo_tag", **where, body=copy(source_tag="none", destination_tag="x"))
    editor.call("create_repo_tag", **where, body=copy(source_tag="v2", destination_tag="stable", override=True))
    found, marker = [], None
    for _ in range(10):
        part = editor.call("list_repository_tag", **where, limit=1, marker=marker, order_column="tag", order_type="asc")
        found += [each.tag for each in part.tags]
        marker = part.next_marker
        if marker is None:
            break
    assert found == ["stable", "v1", "v2"] and marker is None and not part.has_more
    assert editor.call("list_repository_tag", **where, with_manifest=True, tag="v1").tags[0].manifest == manifest.decode()
    editor.refused(403, "4037018", "delete_repo_tag", **where, tag="stable")
    owner.call("delete_repo_tag", **where, tag="stable")
    owner.refused(404, "4040048", "delete_repo_tag", **where, tag="stable")

    signature = digest(manifest).replace(":", "-") + ".sig"
    push("harbour/team/web", signature, "signature", owner)
    push("harbour/team/web", None, "notation", owner, artifactType="application/vnd.cncf.notary.signature", subject={
        "mediaType": "application/vnd.oci.image.manifest.v1+json", "digest": digest(manifest), "size": len(manifest)})
    found = editor.call("list_repo_accessories", **where, tag="v1")
    assert found.total == 2
    assert [each.type for each in found.accessories] == ["signature.cosign", "signature.notation"]
    assert found.accessories[0].sig_tag == signature and found.accessories[0].target_digest == digest(manifest)
    assert len(editor.call("list_repo_accessories", **where, tag="v1", limit=1, offset=1).accessories) == 1
    signed = editor.call("list_references", **where, tag=signature)
    assert signed.tags == ["v1"] and signed.has_more is False and signed.next_marker is None


def shares(owner, stranger):
    where = {"namespace": "harbour", "repository": "team$web"}
    new = swr.CreateRepoDomainsRequestBody
    share = lambda **more: new(**{"access_domain": stranger.name, "permit": "read", "deadline": "forever", **more})
    owner.call("create_repo_domains", **where, body=share(description="给你 \U0001f381"))
    owner.refused(409, "4090089", "create_repo_domains", **where, body=share())
    owner.refused(400, "4001090", "create_repo_domains", **where, body=share(access_domain="nobody-here"))
    for field, wrong in (("permit", "write"), ("deadline", "soon"), ("deadline", "2001-01-01T00:00:00Z"), ("description", "x" * 1_001)):
        error = owner.refused(400, "4000014" if field != "deadline" else "", "create_repo_domains", **where, body=share(**{field: wrong}))
        assert field in error.error_msg, error
    shown = owner.call("show_access_domain", **where, access_domain=stranger.name)
    assert shown.exist is True and shown.status is True and shown.description == "给你 \U0001f381"
    assert (shown.repository, shown.permit, shown.deadline) == ("team/web", "read", "forever")
    change = swr.UpdateRepoDomainsRequestBody
    owner.call("update_repo_domains", **where, access_domain=stranger.name, body=change(permit="read", deadline="2099-12-31T00:00:00Z"))
    listed = owner.call("list_repo_domains", **where).body
    assert [(each.access_domain, each.deadline, each.description) for each in listed] == [(stranger.name, "2099-12-31T00:00:00Z", "")]

    assert stranger.call("show_repository", namespace="harbour", repository="team$web").name == "team/web"
    stranger.refused(403, "4037018", "list_repo_domains", **where)
    theirs = stranger.call("list_shared_repos_details", center="thirdparty")
    assert [(each.name, each.domain_name, each.status) for each in theirs.body] == [("team/web", owner.name, True)]
    assert "v1" in theirs.body[0].tags and theirs.content_range == "0-1/1"
    ours = owner.call("list_shared_repos_details", center="self", filter="center::self|limit::10|offset::0").body
    assert [each.name for each in ours] == ["team/web"]
    assert [each.name for each in stranger.call("list_shared_repo_details", shared_by="thirdparty", status=True).repos] == ["team/web"]
    assert stranger.call("list_shared_repo_details", shared_by="thirdparty", status=False).repos == []
    assert stranger.call("list_shared_repos_details", center="self").body is None
    owner.call("delete_repo_domains", **where, access_domain=stranger.name)
    owner.refused(404, "4040091", "show_access_domain", **where, access_domain=stranger.name)
    assert owner.call("list_repo_domains", **where).body is None
    stranger.refused(404, "4040010", "show_repository", namespace="harbour", repository="team$web")


def logins(editor):
    for operation, fields in (("create_secret", {"projectname": "local"}), ("create_authorization_token", {})):
        made = editor.call(operation, **fields)
        _, _, _, user, _, password, host = made.x_swr_dockerlogin.split(" ")
        assert host == HOST and made.x_swr_expireat.endswith("Z")
        auth = made.auths[HOST]
        text = auth.auth if hasattr(auth, "auth") else auth["auth"]
        assert base64.b64decode(text).decode() == f"{user}:{password}"
        assert requests.get(f"{URL}/v2/", auth=(user, password)).status_code == 200
    editor.refused(400, "4000014", "create_secret", projectname="elsewhere")


def account(owner, stranger, project):
    agency = owner.call("check_agency")
    assert agency.is_agency is True and len(agency.domain_id) == 32
    owner.call("create_agency")
    overview = owner.call("show_domain_overview")
    assert overview.domain_id == agency.domain_id and overview.domain_name == owner.name
    organizations = len(owner.call("list_namespaces").namespaces)
    assert (overview.namspace_num, overview.repo_num, overview.image_num) == (organizations, 1, 2) and overview.store_space > 0
    days = owner.call("show_domain_resource_reports", resource_type="store", frequency="daily").body
    assert len(days) == 30 and days[-1].value > 0
    assert len(owner.call("show_domain_resource_reports", resource_type="downflow", frequency="monthly").body) == 12
    owner.refused(400, "4000014", "show_domain_resource_reports", resource_type="cpu", frequency="daily")
    quota = owner.call("list_quotas").quotas[0]
    assert (quota.quota_key, quota.quota_limit, quota.used) == ("namespace", 5, organizations)
    gates = owner.call("show_share_feature_gates")
    assert gates.enable_authorization_token is True and gates.enable_image_sync is False
    assert [each.region_id for each in owner.call("list_sync_regions").body] == ["local"]
    foreign = Person(stranger.name, stranger.access_key, stranger.secret_key, project=project)
    foreign.refused(403, "4039002", "list_quotas")


def refusals(owner):
    wrong = Person(owner.name, owner.access_key, "x" * 40)
    error = wrong.refused(401, "APIGW.0301", "list_namespaces")
    assert error.error_msg.startswith("Incorrect IAM authentication information"), error
    Person(owner.name, "RSAK0000000000000000", owner.secret_key).refused(401, "APIGW.0301", "list_namespaces")
    # A request of the SDK, changed on the way.
    sent = []
    real = requests.Session.send
    try:
        requests.Session.send = lambda self, request, **more: sent.append(request) or real(self, request, **more)
        owner.call("list_namespaces")
    finally:
        requests.Session.send = real
    request = sent[0]
    assert requests.get(request.url, headers=dict(request.headers)).status_code == 200
    for change in ({"User-Agent": "proxy"}, {"X-Sdk-Date": "20200101T000000Z"}, {"Content-Type": "text/plain"}):
        assert requests.get(request.url, headers={**request.headers, **change}).status_code == 401, change
    assert requests.get(request.url + "?namespace=x", headers=dict(request.headers)).status_code == 401
    assert requests.post(request.url, data="{}", headers=dict(request.headers)).status_code == 401
    assert requests.get(request.url).status_code == 401
    assert requests.get(request.url, auth=(owner.name, PASSWORD)).status_code == 401
    for path in ("retentions", "triggers", "sync_repo"):
        answer = requests.get(f"{URL}/v2/manage/namespaces/harbour/repos/x/{path}")
        assert answer.status_code == 404 and answer.json()["error_code"] == "APIGW.0101"


def end(owner, editor_id):
    owner.call("delete_namespace_auth", namespace="harbour", body=[editor_id])
    owner.refused(406, "4060074", "delete_namespaces", namespace="harbour")
    owner.call("delete_repo", namespace="harbour", repository="team$web")
    owner.call("delete_namespaces", namespace="harbour")
    owner.refused(404, "4040058", "show_namespace", namespace="harbour")


def main():
    # By region, the SDK asks for the project first; by endpoint it asks nothing.
    owner = person("SWR_OWNER", region="local")
    editor, stranger = person("SWR_EDITOR"), person("SWR_STRANGER")
    editor_id = os.environ["SWR_EDITOR_ID"]
    versions(owner)
    organizations(owner, editor, stranger)
    rights(owner, editor, editor_id)
    images(owner, editor, stranger)
    image_rights(owner, editor, editor_id)
    pages(owner)
    tags(owner, editor)
    shares(owner, stranger)
    logins(editor)
    asked = requests.get(f"{URL}/v3/projects?name=local", auth=Signed(owner.access_key, owner.secret_key))
    account(owner, stranger, asked.json()["projects"][0]["id"])
    refusals(owner)
    end(owner, editor_id)
    print(f"{len(called)} operations")


if __name__ == "__main__":
    sys.exit(main())
