// docker and skopeo as people use them: log in, push, pull, copy, inspect, delete; and what they say when it is refused.
import { after, before, describe, test } from "node:test";
import assert from "node:assert/strict";
import path from "node:path";
import { createHash, randomBytes } from "node:crypto";
import { Readable } from "node:stream";
import { isSoak, temporary } from "../lib/process.mjs";
import { owner, startRoadstead } from "../lib/roadstead.mjs";
import { skopeoWith, startDocker } from "../lib/docker.mjs";
import { writeIndexLayout } from "../lib/layout.mjs";

const basic = `Basic ${Buffer.from(`${owner.account}:${owner.password}`).toString("base64")}`;

describe("clients", () => {
  let registry, engine, skopeo, folder;
  before(async () => {
    folder = await temporary("clients");
    [registry, engine] = await Promise.all([startRoadstead(), startDocker()]);
    skopeo = await skopeoWith(path.join(folder.folder, "skopeo"));
    await registry.call("organization", "create", "harbour", "--account", owner.account);
  });
  after(async () => {
    await Promise.allSettled([engine?.stop(), folder?.remove()]);
    await registry?.stop();
  });

  test("docker refuses a wrong password and takes the right one", async () => {
    const wrong = await engine.attempt("login", "-u", owner.account, "-p", "not-the-password-1", registry.host);
    assert.notEqual(wrong.code, 0);
    assert.match(wrong.stderr, /unauthorized|401/i);
    const { stdout } = await engine.docker("login", "-u", owner.account, "-p", owner.password, registry.host);
    assert.match(stdout, /Login Succeeded/);
  });

  test("docker pushes an image of several layers and pulls the same one back", async () => {
    const name = `${registry.host}/harbour/boat:v1`;
    await engine.buildImage(name);
    const { stdout: identity } = await engine.docker("image", "inspect", "--format", "{{.Id}}", name);
    const { stdout: pushed } = await engine.docker("push", name);
    const digest = pushed.match(/v1: digest: (sha256:[0-9a-f]{64})/)?.[1];
    assert.ok(digest, pushed);
    await engine.docker("image", "rm", "--force", name);
    const { stdout: pulled } = await engine.docker("pull", name);
    assert.ok(pulled.includes(digest), pulled);
    const again = await engine.docker("image", "inspect", "--format", "{{.Id}} {{len .RootFS.Layers}}", name);
    assert.equal(again.stdout.trim(), `${identity.trim()} 3`);
    await engine.docker("image", "rm", "--force", name);
    await engine.docker("pull", `${registry.host}/harbour/boat@${digest}`);
  });

  test("a second push of the same content uploads nothing", async () => {
    const name = `${registry.host}/harbour/boat:v2`;
    await engine.docker("pull", `${registry.host}/harbour/boat:v1`);
    await engine.docker("tag", `${registry.host}/harbour/boat:v1`, name);
    const { stdout } = await engine.docker("push", name);
    assert.equal(stdout.match(/Layer already exists/g)?.length, 3, stdout);
  });

  test("docker says why: no such organization, no organization at all, no permission to see", async () => {
    await engine.buildImage(`${registry.host}/nowhere/boat:v1`, [1000]);
    const nowhere = await engine.attempt("push", `${registry.host}/nowhere/boat:v1`);
    assert.notEqual(nowhere.code, 0);
    assert.match(nowhere.stderr, /denied|requested access|name unknown|not known/i);
    // docker would try such a push again for a minute; its pull says the sentence at once.
    const flat = await engine.attempt("pull", `${registry.host}/boat:v1`);
    assert.notEqual(flat.code, 0);
    assert.match(flat.stderr, /organization/);
    await engine.docker("logout", registry.host);
    const anonymous = await engine.attempt("pull", `${registry.host}/harbour/boat:v1`);
    assert.notEqual(anonymous.code, 0);
    assert.match(anonymous.stderr, /unauthorized|no basic auth|denied/i);
    await engine.docker("login", "-u", owner.account, "-p", owner.password, registry.host);
  });

  test("skopeo copies an index over three platforms, inspects it and gets the same bytes", async () => {
    await skopeo.login(registry.host, owner.account, owner.password);
    const layout = await writeIndexLayout(path.join(folder.folder, "layout"), { platforms: ["linux/amd64", "linux/arm64", "linux/arm/v7"] });
    const target = `docker://${registry.host}/harbour/fleet/tug:1.0`;
    await skopeo.copy("--all", "--preserve-digests", layout.reference, target);
    const raw = await skopeo.raw(target);
    assert.equal(`sha256:${createHash("sha256").update(raw).digest("hex")}`, layout.digest);
    assert.equal(JSON.parse(raw).manifests.length, 3);
    const inspected = await skopeo.inspect("--override-os", "linux", "--override-arch", "arm64", target);
    assert.equal(inspected.Architecture, "arm64");
    assert.deepEqual(inspected.RepoTags, ["1.0"]);
    // Into another repository of the same registry: its blobs are mounted or sent again, the digest stays.
    const copy = `docker://${registry.host}/harbour/fleet/tug-copy:1.0`;
    await skopeo.copy("--all", "--preserve-digests", target, copy);
    assert.equal(await skopeo.raw(copy), raw);
    // docker pulls one platform of what skopeo pushed.
    await engine.docker("pull", "--platform", "linux/arm64", `${registry.host}/harbour/fleet/tug:1.0`);
  });

  test("skopeo deletes, and then it is gone for docker too", async () => {
    const target = `docker://${registry.host}/harbour/fleet/tug-copy:1.0`;
    await skopeo.delete(target);
    const gone = await skopeo.attempt("inspect", "--tls-verify=false", target, "--authfile", skopeo.env.REGISTRY_AUTH_FILE);
    assert.notEqual(gone.code, 0);
    assert.match(gone.stderr, /manifest unknown|name unknown|not found/i);
    const pull = await engine.attempt("pull", `${registry.host}/harbour/fleet/tug-copy:1.0`);
    assert.notEqual(pull.code, 0);
    await skopeo.inspect("--override-os", "linux", "--override-arch", "amd64", `docker://${registry.host}/harbour/fleet/tug:1.0`);
  });

  test("a large layer goes up and down in flat memory", async () => {
    const piece = randomBytes(1 << 20);
    const pieces = isSoak ? 2048 : 256;
    const hash = createHash("sha256");
    for (let index = 0; index < pieces; index += 1) hash.update(piece);
    const digest = `sha256:${hash.digest("hex")}`;
    const opened = await fetch(`${registry.url}/v2/harbour/barge/blobs/uploads/`, { method: "POST", headers: { authorization: basic } });
    assert.equal(opened.status, 202, await opened.text());
    const location = new URL(opened.headers.get("location"), registry.url);
    function* body() {
      for (let index = 0; index < pieces; index += 1) yield piece;
    }
    const patched = await fetch(location, {
      method: "PATCH", body: Readable.toWeb(Readable.from(body())), duplex: "half",
      headers: { authorization: basic, "content-type": "application/octet-stream" },
    });
    assert.equal(patched.status, 202, await patched.text());
    const finish = new URL(patched.headers.get("location"), registry.url);
    finish.searchParams.set("digest", digest);
    const put = await fetch(finish, { method: "PUT", headers: { authorization: basic } });
    assert.equal(put.status, 201, await put.text());
    const down = await fetch(`${registry.url}/v2/harbour/barge/blobs/${digest}`, { headers: { authorization: basic } });
    assert.equal(down.status, 200);
    const check = createHash("sha256");
    for await (const chunk of down.body) check.update(chunk);
    assert.equal(`sha256:${check.digest("hex")}`, digest);
    const peak = await registry.memory();
    assert.ok(peak < 120 * 1024 * 1024, `peak ${(peak / 1048576).toFixed(1)} MiB`);
  });
});

describe("power loss", () => {
  test("what was answered survives kill -9", async () => {
    const { folder, remove } = await temporary("power");
    const data = path.join(folder, "data");
    const skopeo = await skopeoWith(path.join(folder, "skopeo"));
    let registry = await startRoadstead({ dataDir: data });
    await registry.call("organization", "create", "harbour", "--account", owner.account);
    const rounds = isSoak ? 20 : 3;
    const written = [];
    for (let round = 0; round < rounds; round += 1) {
      await skopeo.login(registry.host, owner.account, owner.password);
      const layout = await writeIndexLayout(path.join(folder, `layout-${round}`), { tag: "t", size: 50_000 });
      await skopeo.copy("--all", "--preserve-digests", layout.reference, `docker://${registry.host}/harbour/boat:r${round}`);
      written.push(layout.digest);
      await registry.kill();
      registry = await startRoadstead({ dataDir: data });
      await skopeo.login(registry.host, owner.account, owner.password);
      for (const [index, digest] of written.entries()) {
        const raw = await skopeo.raw(`docker://${registry.host}/harbour/boat:r${index}`);
        assert.equal(`sha256:${createHash("sha256").update(raw).digest("hex")}`, digest);
      }
      // Every byte, not only the manifest.
      await skopeo.copy("--all", `docker://${registry.host}/harbour/boat:r${round}`, `oci:${path.join(folder, `back-${round}`)}:t`);
    }
    await registry.stop();
    await remove();
  });
});
