// Every client, the same questions: login, push, pull, several platforms, mount, artifact, zstd, delete; by HTTP and HTTPS.
// What a client cannot do is skipped with the reason. How each is driven: lib/client.
import { after, before, describe, test } from "node:test";
import assert from "node:assert/strict";
import path from "node:path";
import { mkdir, rm, copyFile } from "node:fs/promises";
import { run, temporary } from "../lib/process.mjs";
import { owner, startRoadstead } from "../lib/roadstead.mjs";
import { consoleOf, send } from "../lib/http.mjs";
import { machineAddress, writeCertificates } from "../lib/tls.mjs";
import { writeImageLayout, writeIndexLayout } from "../lib/layout.mjs";
import { clients, parts } from "../lib/client/index.mjs";
import { makeAccessKey } from "../lib/access-key.mjs";
import { startSkopeo } from "../lib/client/skopeo.mjs";

const authorization = `Basic ${Buffer.from(`${owner.account}:${owner.password}`).toString("base64")}`;
const anyManifest = ["application/vnd.oci.image.index.v1+json", "application/vnd.oci.image.manifest.v1+json", "application/vnd.docker.distribution.manifest.list.v2+json", "application/vnd.docker.distribution.manifest.v2+json"].join(", ");
const robot = { name: `${owner.account}/robot`, password: "lighthouse-Keeper-9-x" };

/** The registry under one scheme, with what all clients pull and index. */
async function startWorld(scheme) {
  const { folder, remove } = await temporary(`matrix-${scheme}`);
  const isHttps = scheme === "https";
  const address = isHttps ? machineAddress() : "127.0.0.1";
  const tls = isHttps ? await writeCertificates(folder, address) : null;
  const registry = await startRoadstead({
    ca: tls?.ca,
    env: { ROADSTEAD_LISTEN: `${address}:0`, ROADSTEAD_LOG_FORMAT: "json", ...(tls ? { ROADSTEAD_TLS_CERT: tls.certificate, ROADSTEAD_TLS_KEY: tls.key } : {}) },
  });
  assert.ok(registry.url.startsWith(`${scheme}:`), registry.url);
  // Where docker, and with it podman, skopeo and buildah, look for the authority of a registry.
  const trust = isHttps ? `/etc/docker/certs.d/${registry.host}` : null;
  if (trust) {
    await mkdir(trust, { recursive: true });
    await copyFile(tls.caFile, path.join(trust, "ca.crt"));
  }
  await registry.call("organization", "create", "harbour", "--account", owner.account);
  await registry.callWith(robot.password, "user", "create", robot.name, "--access", "programmatic", "--group", "operators", "--password-stdin");
  const name = `${registry.host}/harbour/fixture`;
  const layouts = {
    plain: await writeImageLayout(path.join(folder, "plain")),
    zstd: await writeImageLayout(path.join(folder, "zstd"), { compression: "zstd" }),
    multi: await writeIndexLayout(path.join(folder, "multi"), { size: 50_000 }),
  };
  const skopeo = await startSkopeo({ host: registry.host, isHttps, folder });
  await skopeo.login(owner.account, owner.password);
  const flags = ["--quiet", "--all", ...(isHttps ? [] : ["--dest-tls-verify=false"])];
  const copy = (...args) => run("skopeo", ["copy", ...flags, ...args], { env: skopeo.env });
  const fixture = {};
  for (const [kind, layout] of Object.entries(layouts)) {
    fixture[kind] = { ...layout, name, reference: `${name}:${kind}` };
    await copy("--preserve-digests", layout.reference, `docker://${name}:${kind}`);
  }
  fixture.schema2 = { name, reference: `${name}:schema2` };
  await copy("--format", "v2s2", layouts.plain.reference, `docker://${name}:schema2`);
  // The image that the login command of a client without a login pulls.
  await copy(layouts.plain.reference, `docker://${registry.host}/harbour/nginx:v1`);
  const own = path.join(folder, "clients");
  await mkdir(own);
  return {
    registry, host: registry.host, isHttps, caFile: tls?.caFile, folder: own, fixture,
    person: await consoleOf(registry, owner),
    longTerm: await makeAccessKey(registry, owner.account),
    /** What is stored at `reference`; null when there is nothing. */
    async stored(reference) {
      const { repository, tag } = parts(reference);
      const answer = await send(`${registry.url}/v2/${repository}/manifests/${tag}`, { ca: registry.ca, headers: { authorization, accept: anyManifest } });
      if (answer.status === 404) return null;
      assert.equal(answer.status, 200, answer.text);
      return { digest: answer.headers["docker-content-digest"], size: answer.bytes.length, manifest: JSON.parse(answer.text) };
    },
    async assertBlobs(reference, manifest) {
      const { repository } = parts(reference);
      for (const { digest, size } of [manifest.config, ...manifest.layers]) {
        const answer = await send(`${registry.url}/v2/${repository}/blobs/${digest}`, { method: "HEAD", ca: registry.ca, headers: { authorization } });
        assert.equal(answer.status, 200, digest);
        assert.equal(Number(answer.headers["content-length"]), size, digest);
      }
    },
    /** The writes that `act` made in the repository of `reference`, as the server logged them. */
    async writes(reference, act) {
      const { repository, tag } = parts(reference);
      const start = registry.output().length;
      await act();
      const text = await registry.server.until((output) => {
        const since = output.slice(start);
        return since.includes(`/v2/${repository}/manifests/${tag}"`) && since;
      }, `the manifest of ${reference}`);
      return text.split("\n").filter((line) => line.startsWith("{") && line.endsWith("}")).map((line) => JSON.parse(line))
        .filter((line) => line.message === "answered" && line.path.startsWith(`/v2/${repository}/`) && !["GET", "HEAD"].includes(line.method));
    },
    async stop() {
      if (trust) await rm(trust, { recursive: true, force: true });
      await registry.stop();
      await remove();
    },
  };
}

/** Requests that carried a blob's bytes, and mounts, which need none. */
const uploads = (writes) => writes.filter((each) => ["PATCH", "PUT"].includes(each.method) && each.path.includes("/blobs/uploads/"));
const mounts = (writes) => writes.filter((each) => each.method === "POST" && each.status === 201);

for (const scheme of (process.env.ROADSTEAD_TEST_SCHEMES ?? "http https").split(" ")) {
  describe(scheme, () => {
    let world;
    before(async () => {
      world = await startWorld(scheme);
    });
    after(() => world?.stop());

    for (const [name, start] of Object.entries(clients)) {
      describe(`${name} by ${scheme}`, () => {
        let client, boat;
        before(async () => {
          client = await start(world);
          boat = (rest) => `${world.host}/harbour/${name}/${rest}`;
        });
        after(() => client?.stop());
        const can = (what, words, body) =>
          test(words, async (t) => {
            const reason = client.cannot[what];
            if (reason) return t.skip(reason);
            assert.equal(typeof (client[what] ?? body), "function", what);
            return body(t);
          });

        test("is refused with a wrong password, and says so", async () => {
          await assert.rejects(client.login(owner.account, "not-the-Password-1"), /unauthorized|401|invalid username|denied/i);
        });

        // Who is not in the console's list is given the user and the key of docker's.
        const isListed = ["docker", "podman", "skopeo", "ctr"].includes(name);
        const logIn = (line) => {
          if (isListed) return run("sh", ["-ec", line], { env: client.env });
          const [, user, key] = line.match(/ -u (\S+) -p (\S+) /);
          return client.login(user, key);
        };
        const printed = (client) => world.person.loginCommand(client);

        test("logs in by the console's temporary command", async () => logIn(await printed(isListed ? name : "docker")));

        // The console writes both with one function: long-term.test.mjs looks at that.
        test("logs in by the console's long-term command", async () => {
          const line = await printed(isListed ? name : "docker");
          const [, user, key] = line.match(/(local@[A-Z0-9]+)(?: -p |:)([0-9a-f]{64})/);
          return logIn(line.replace(user, world.longTerm.user).replace(key, world.longTerm.key));
        });

        if (name === "docker") {
          test("logs in with the key on standard input", async () => logIn(await printed("docker&stdin=1")));
        }

        test("logs in as a user with a password", () => client.login(robot.name, robot.password));

        const assertPulled = async (reference) => {
          const { digest, manifest } = await world.stored(reference);
          const pulled = await client.pull(reference);
          assert.ok([digest, manifest.config.digest].includes(pulled), `${pulled} is neither ${digest} nor ${manifest.config.digest}`);
        };

        test("pushes, and pulls the same back", async () => {
          await client.login(owner.account, owner.password);
          await client.push(boat("boat:v1"));
          const { manifest } = await world.stored(boat("boat:v1"));
          assert.equal(manifest.layers.length, 2);
          await world.assertBlobs(boat("boat:v1"), manifest);
          await assertPulled(boat("boat:v1"));
        });

        test("pulls OCI's format", () => assertPulled(world.fixture.plain.reference));

        can("schema2", "pulls Docker's format", async () => {
          const { manifest } = await world.stored(world.fixture.schema2.reference);
          assert.equal(manifest.mediaType, "application/vnd.docker.distribution.manifest.v2+json");
          await assertPulled(world.fixture.schema2.reference);
        });

        can("again", "pushes a second tag without a byte of its layers", async () => {
          const writes = await world.writes(boat("boat:v2"), () => client.again(boat("boat:v1"), boat("boat:v2")));
          assert.deepEqual(uploads(writes), []);
        });

        can("again", "mounts the layers into another repository", async () => {
          const writes = await world.writes(boat("mounted:v1"), () => client.again(boat("boat:v1"), boat("mounted:v1")));
          const { manifest } = await world.stored(boat("mounted:v1"));
          assert.ok(mounts(writes).length >= manifest.layers.length, JSON.stringify(writes));
          await world.assertBlobs(boat("mounted:v1"), manifest);
        });

        can("index", "pushes an index over two platforms", async () => {
          await client.index(boat("fleet:multi"));
          const { manifest } = await world.stored(boat("fleet:multi"));
          assert.deepEqual(manifest.manifests.map((each) => each.platform.architecture).sort(), ["amd64", "arm64"]);
          for (const child of manifest.manifests) {
            const answer = await send(`${world.registry.url}/v2/harbour/${name}/fleet/manifests/${child.digest}`, { ca: world.registry.ca, headers: { authorization, accept: anyManifest } });
            assert.equal(answer.status, 200, child.digest);
            await world.assertBlobs(boat("fleet:multi"), JSON.parse(answer.text));
          }
        });

        can("architecture", "pulls the platform that it is told", async () => {
          assert.equal(await client.architecture(boat("fleet:multi"), "arm64"), "arm64");
        });

        can("zstd", "pushes layers compressed by zstd", async () => {
          await client.zstd(boat("boat:zstd"));
          const { manifest } = await world.stored(boat("boat:zstd"));
          assert.deepEqual(new Set(manifest.layers.map((layer) => layer.mediaType)), new Set(["application/vnd.oci.image.layer.v1.tar+zstd"]));
          await client.pull(boat("boat:zstd"));
        });

        can("pullZstd", "pulls layers compressed by zstd", () => client.pull(world.fixture.zstd.reference));

        can("artifact", "pushes an artifact that is no image", async () => {
          const subject = await world.stored(boat("boat:v1"));
          await client.artifact(boat("boat:note"), { mediaType: subject.manifest.mediaType, digest: subject.digest, size: subject.size });
          const { digest, manifest } = await world.stored(boat("boat:note"));
          assert.match(manifest.layers[0].mediaType, /^text\/plain/);
          if (client.pullArtifact) await client.pullArtifact(boat("boat:note"));
          if (!manifest.subject) return;
          const referrers = await send(`${world.registry.url}/v2/harbour/${name}/boat/referrers/${subject.digest}`, { ca: world.registry.ca, headers: { authorization } });
          assert.deepEqual(JSON.parse(referrers.text).manifests.map((each) => each.digest), [digest]);
        });

        can("remove", "deletes, and then it is gone", async () => {
          await client.push(boat("wreck:v1"));
          assert.ok(await world.stored(boat("wreck:v1")));
          await client.remove(boat("wreck:v1"));
          assert.equal(await world.stored(boat("wreck:v1")), null);
          await assert.rejects(client.pull(boat("wreck:v1")));
        });
      });
    }
  });
}
