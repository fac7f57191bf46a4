// Ten thousand images, pushed by the protocol: every page within 20 ms of server time. Part of `make soak`, on the release
// binary; `ROADSTEAD_SCALE` makes it smaller for trying it out.
import { after, before, describe, test } from "node:test";
import assert from "node:assert/strict";
import http from "node:http";
import { createHash } from "node:crypto";
import { owner, startRoadstead } from "../lib/roadstead.mjs";
import { launch, visitor } from "../lib/browser.mjs";
import { signIn } from "../lib/journey.mjs";

const images = Number(process.env.ROADSTEAD_SCALE ?? 10_000);
const budget = 20;
const authorization = `Basic ${Buffer.from(`${owner.account}:${owner.password}`).toString("base64")}`;
const agent = new http.Agent({ keepAlive: true, maxSockets: 48 });

function send(url, { method = "GET", headers = {}, body } = {}) {
  return new Promise((resolve, reject) => {
    const start = performance.now();
    const request = http.request(url, { method, agent, headers: { ...headers, ...(body ? { "content-length": Buffer.byteLength(body) } : {}) } }, (response) => {
      const chunks = [];
      response.on("data", (chunk) => chunks.push(chunk));
      response.on("end", () => resolve({ status: response.statusCode, headers: response.headers, text: Buffer.concat(chunks).toString(), took: performance.now() - start }));
      response.on("error", reject);
    });
    request.on("error", reject);
    request.end(body);
  });
}

const sha256 = (text) => `sha256:${createHash("sha256").update(text).digest("hex")}`;

describe("scale", () => {
  let registry, browser, cookie;
  before(async () => {
    registry = await startRoadstead();
    await registry.call("organization", "create", "harbour", "--account", owner.account);
    const config = JSON.stringify({ architecture: "amd64", os: "linux", created: "2026-01-02T03:04:05Z", config: {}, rootfs: { type: "layers", diff_ids: [] } });
    const digest = sha256(config);
    const manifest = JSON.stringify({
      schemaVersion: 2, mediaType: "application/vnd.oci.image.manifest.v1+json",
      config: { mediaType: "application/vnd.oci.image.config.v1+json", digest, size: config.length },
      layers: [],
    });
    const name = (index) => `boat-${String(index).padStart(5, "0")}`;
    const ok = (answer, status) => assert.equal(answer.status, status, answer.text);
    ok(await send(`${registry.url}/v2/harbour/${name(0)}/blobs/uploads/?digest=${digest}`, { method: "POST", headers: { authorization, "content-type": "application/octet-stream" }, body: config }), 201);
    let next = 0;
    const worker = async () => {
      while (next < images) {
        const index = next;
        next += 1;
        if (index > 0) ok(await send(`${registry.url}/v2/harbour/${name(index)}/blobs/uploads/?mount=${digest}&from=harbour/${name(0)}`, { method: "POST", headers: { authorization } }), 201);
        ok(await send(`${registry.url}/v2/harbour/${name(index)}/manifests/v1`, { method: "PUT", headers: { authorization, "content-type": "application/vnd.oci.image.manifest.v1+json" }, body: manifest }), 201);
      }
    };
    // The first repository must have the blob before the others mount it from there.
    await Promise.all(Array.from({ length: 32 }, worker));
    browser = await launch();
    const person = await visitor(browser, { javaScriptEnabled: false });
    await signIn(person, registry);
    cookie = (await person.context.cookies()).map((each) => `${each.name}=${each.value}`).join("; ");
  });
  after(async () => {
    await browser?.close();
    agent.destroy();
    await registry?.stop();
  });

  for (const address of [
    "/overview", "/overview?dialog=login", "/images", "/images?page=400", "/images?q=0042", "/images?sort=name&order=asc", "/images?sort=tag_count&order=desc",
    "/images/harbour/boat-00042", "/images/harbour/boat-00042/guide", "/images/harbour/boat-00042/tags/v1",
    "/organizations", "/organizations/harbour", "/settings/general", "/account",
  ]) {
    test(`${address} within ${budget} ms`, async () => {
      const times = [];
      for (let round = 0; round < 25; round += 1) {
        const answer = await send(registry.url + address, { headers: { cookie, accept: "text/html" } });
        assert.equal(answer.status, 200, answer.text.slice(0, 500));
        times.push(answer.took);
      }
      times.sort((a, b) => a - b);
      const middle = times[Math.floor(times.length / 2)];
      console.log(`${address}: median ${middle.toFixed(1)} ms, slowest ${times.at(-1).toFixed(1)} ms`);
      assert.ok(middle <= budget, `median ${middle.toFixed(1)} ms`);
    });
  }
});
