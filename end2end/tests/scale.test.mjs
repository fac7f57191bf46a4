// Ten thousand images, pushed by the protocol: every page within 20 ms, and 40 MiB of memory when nobody asks. In full on
// the release binary (`make soak`). `make test` has the small form, on the debug binary, whose milliseconds mean nothing:
// there no page may become slower because there are more images. `ROADSTEAD_SCALE` is another number of images.
import { after, before, describe, test } from "node:test";
import assert from "node:assert/strict";
import http from "node:http";
import path from "node:path";
import { createHash } from "node:crypto";
import { temporary } from "../lib/process.mjs";
import { binary, owner, startRoadstead } from "../lib/roadstead.mjs";
import { consoleOf, send } from "../lib/http.mjs";

const isFull = path.basename(path.dirname(binary)) === "release";
const few = 60;
const images = Number(process.env.ROADSTEAD_SCALE ?? (isFull ? 10_000 : 1_500));
const budget = 20;
const most = 40 * 1024 * 1024;
const rounds = isFull ? 25 : 21;
const authorization = `Basic ${Buffer.from(`${owner.account}:${owner.password}`).toString("base64")}`;
const agent = new http.Agent({ keepAlive: true, maxSockets: 48 });
const sha256 = (text) => `sha256:${createHash("sha256").update(text).digest("hex")}`;
const name = (index) => `boat-${String(index).padStart(5, "0")}`;

const addresses = [
  "/overview", "/overview?dialog=login", "/images", `/images?page=${Math.floor(images / 25)}`, "/images?q=0042", "/images?q=nothing-like-it",
  "/images?sort=name&order=asc", "/images?sort=tag_count&order=desc",
  "/images/harbour/boat-00042", "/images/harbour/boat-00042/guide", "/images/harbour/boat-00042/tags/v1",
  "/organizations", "/organizations/harbour", "/settings/general", "/account", "/audit",
];

const config = JSON.stringify({ architecture: "amd64", os: "linux", created: "2026-01-02T03:04:05Z", config: {}, rootfs: { type: "layers", diff_ids: [] } });
const manifest = JSON.stringify({
  schemaVersion: 2, mediaType: "application/vnd.oci.image.manifest.v1+json",
  config: { mediaType: "application/vnd.oci.image.config.v1+json", digest: sha256(config), size: config.length },
  layers: [],
});

/** Pushes the images from `first` to before `end`: the first by its bytes, the others by a mount from there. */
async function push(registry, first, end) {
  const call = async (method, address, status, type, body) => {
    const answer = await send(`${registry.url}/v2/harbour/${address}`, { method, agent, body, headers: { authorization, ...(type ? { "content-type": type } : {}) } });
    assert.equal(answer.status, status, answer.text);
  };
  if (first === 0) await call("POST", `${name(0)}/blobs/uploads/?digest=${sha256(config)}`, 201, "application/octet-stream", config);
  let next = first;
  const worker = async () => {
    while (next < end) {
      const index = next;
      next += 1;
      if (index > 0) await call("POST", `${name(index)}/blobs/uploads/?mount=${sha256(config)}&from=harbour/${name(0)}`, 201);
      await call("PUT", `${name(index)}/manifests/v1`, 201, "application/vnd.oci.image.manifest.v1+json", manifest);
    }
  };
  await Promise.all(Array.from({ length: 32 }, worker));
}

/** The quickest of several answers, in milliseconds, the middle, and the slowest. */
async function measure(registry, person, address) {
  const times = [];
  for (let round = 0; round < rounds; round += 1) {
    const answer = await send(registry.url + address, { agent, headers: { cookie: person.cookie(), accept: "text/html" } });
    assert.equal(answer.status, 200, answer.text.slice(0, 500));
    times.push(answer.took);
  }
  times.sort((a, b) => a - b);
  return { quickest: times[0], middle: times[Math.floor(times.length / 2)], slowest: times.at(-1) };
}

describe(`${images} images`, () => {
  let registry, person, folder, small;
  before(async () => {
    folder = await temporary("scale");
    registry = await startRoadstead({ dataDir: folder.folder });
    await registry.call("organization", "create", "harbour", "--account", owner.account);
    await push(registry, 0, few);
    person = await consoleOf(registry, owner);
    small = new Map();
    for (const address of addresses) {
      // The last page of a list must exist.
      const now = address.replace(/page=\d+/, "page=2");
      small.set(address, await measure(registry, person, now));
    }
    await push(registry, few, images);
  });
  after(async () => {
    agent.destroy();
    await registry?.stop();
    await folder?.remove();
  });

  for (const address of addresses) {
    test(isFull ? `${address} within ${budget} ms` : `${address} as quick as with ${few}`, async () => {
      const { quickest, middle, slowest } = await measure(registry, person, address);
      const then = small.get(address).quickest;
      console.log(`${address}: ${quickest.toFixed(1)} ms, median ${middle.toFixed(1)} ms, slowest ${slowest.toFixed(1)} ms; with ${few} images ${then.toFixed(1)} ms`);
      if (isFull) assert.ok(middle <= budget, `median ${middle.toFixed(1)} ms`);
      // The quickest, because others use this machine too. What reading further down an index costs is in the margin.
      else assert.ok(quickest <= then * 3 + 30, `${quickest.toFixed(1)} ms, with ${few} images ${then.toFixed(1)} ms`);
    });
  }

  test("memory when nobody asks", { skip: !isFull && "a debug binary is larger" }, async () => {
    const worked = await registry.resident();
    await registry.stop();
    registry = await startRoadstead({ dataDir: folder.folder });
    const idle = await registry.resident();
    console.log(`memory: ${(idle / 1048576).toFixed(1)} MiB after a start, ${(worked / 1048576).toFixed(1)} MiB after all of the above`);
    assert.ok(idle <= most, `${(idle / 1048576).toFixed(1)} MiB`);
  });
});
