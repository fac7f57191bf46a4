// Behind nginx with the block of docs/operation.md, as a person would copy it: only addresses and paths are changed.
import { after, before, describe, test } from "node:test";
import assert from "node:assert/strict";
import path from "node:path";
import { copyFile, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { freePort, poll, root, run, start, temporary } from "../lib/process.mjs";
import { owner, startRoadstead } from "../lib/roadstead.mjs";
import { startDocker } from "../lib/docker.mjs";
import { startSkopeo } from "../lib/client/skopeo.mjs";
import { send } from "../lib/http.mjs";
import { writeImageLayout } from "../lib/layout.mjs";
import { machineAddress, writeCertificates } from "../lib/tls.mjs";

const address = machineAddress();

/** The block, with every one of `changes` made; a change that finds nothing means that the document has moved on. */
async function nginxBlock(changes) {
  const text = await readFile(path.join(root, "docs/operation.md"), "utf8");
  let block = text.match(/```nginx\n([\s\S]*?)```/)?.[1];
  assert.ok(block, "docs/operation.md has an nginx block");
  for (const [from, to] of changes) {
    assert.ok(block.includes(from), `the block has ${from}`);
    block = block.replaceAll(from, to);
  }
  return block;
}

async function startNginx(folder, block) {
  const temporaryPaths = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map((kind) => `${kind}_temp_path ${folder}/${kind};`);
  const configuration = `user root;\ndaemon off;\npid ${folder}/nginx.pid;\nerror_log stderr;\nevents {}\nhttp {\naccess_log off;\n${temporaryPaths.join("\n")}\n${block}\n}\n`;
  await writeFile(path.join(folder, "nginx.conf"), configuration);
  return start("nginx", ["-p", folder, "-c", path.join(folder, "nginx.conf"), "-e", "stderr"], { env: { ...process.env, PATH: `${process.env.PATH}:/usr/sbin` } });
}

describe("behind nginx", () => {
  let folder, registry, nginx, engine, skopeo, host, url, ca, trust;
  before(async () => {
    folder = await temporary("proxy");
    host = `${address}:${await freePort()}`;
    url = `https://${host}`;
    const tls = await writeCertificates(folder.folder, address);
    ca = tls.ca;
    trust = `/etc/docker/certs.d/${host}`;
    await mkdir(trust, { recursive: true });
    await copyFile(tls.caFile, path.join(trust, "ca.crt"));
    [registry, engine] = await Promise.all([
      startRoadstead({ env: { ROADSTEAD_EXTERNAL_URL: url, ROADSTEAD_TRUSTED_PROXIES: "127.0.0.1" } }),
      startDocker(),
    ]);
    await registry.call("organization", "create", "harbour", "--account", owner.account);
    const block = await nginxBlock([
      ["listen 443 ssl", `listen ${host} ssl`],
      ["http://127.0.0.1:5000", registry.url],
      ["/etc/nginx/registry.crt", tls.certificate],
      ["/etc/nginx/registry.key", tls.key],
    ]);
    nginx = await startNginx(folder.folder, block);
    await poll(async () => (await send(`${url}/readyz`, { ca })).status === 200, "nginx");
    skopeo = await startSkopeo({ host, isHttps: true, folder: folder.folder });
  });
  after(async () => {
    await Promise.allSettled([engine?.stop(), nginx?.stop(), trust && rm(trust, { recursive: true })]);
    await registry?.stop();
    await folder?.remove();
  });

  test("docker logs in, pushes layers and pulls them back", async () => {
    await engine.docker("login", "-u", owner.account, "-p", owner.password, host);
    const name = `${host}/harbour/boat:v1`;
    await engine.buildImage(name, [300_000, 12_000_000]);
    const { stdout: identity } = await engine.docker("image", "inspect", "--format", "{{.Id}}", name);
    await engine.docker("push", name);
    await engine.docker("image", "rm", "--force", name);
    await engine.docker("pull", name);
    assert.equal((await engine.docker("image", "inspect", "--format", "{{.Id}}", name)).stdout, identity);
  });

  test("skopeo copies a layer of some size up and down", async () => {
    await skopeo.login(owner.account, owner.password);
    const layout = await writeImageLayout(path.join(folder.folder, "barge"), { size: 60_000_000 });
    const reference = `docker://${host}/harbour/barge:v1`;
    await run("skopeo", ["copy", "--quiet", "--preserve-digests", layout.reference, reference], { env: skopeo.env });
    await run("skopeo", ["copy", "--quiet", reference, `oci:${path.join(folder.folder, "back")}:v1`], { env: skopeo.env });
  });

  test("tokens, cookies and promises are those of HTTPS", async () => {
    const ping = await send(`${url}/v2/`, { ca });
    assert.equal(ping.status, 401);
    assert.match(ping.headers["www-authenticate"], new RegExp(`realm="${url}/token"`));
    const page = await send(`${url}/signin`, { ca, headers: { accept: "text/html" } });
    assert.match(page.headers["set-cookie"].join("\n"), /; Secure/);
    assert.equal((await send(`${url}/metrics`, { ca })).status, 404);
  });

  // Who comes from loopback is a proxy itself here, and is believed.
  const skip = address.startsWith("127.") && "this machine has no address but loopback";
  test("wrong passwords count for the client, whatever it claims, and not for the proxy", { skip }, async () => {
    const guess = (to, number) => {
      const authorization = `Basic ${Buffer.from(`${owner.account}:wrong-${number}`).toString("base64")}`;
      return send(`${to}/token?service=roadstead`, { ca, headers: { authorization, "x-forwarded-for": `203.0.113.${number}`, forwarded: `for=203.0.113.${number}` } });
    };
    for (let number = 0; number < 5; number += 1) assert.equal((await guess(url, number)).status, 401);
    assert.equal((await guess(url, 6)).status, 429);
    // Another client, here one on the proxy's own machine, is not shut out.
    const direct = await send(`${registry.url}/token?service=roadstead`, { headers: { authorization: `Basic ${Buffer.from(`${owner.account}:${owner.password}`).toString("base64")}` } });
    assert.equal(direct.status, 200, direct.text);
  });
});
