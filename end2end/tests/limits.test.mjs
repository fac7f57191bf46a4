// Layers at a time: more than an account may send wait for their turn, and the client notices nothing.
import { after, before, describe, test } from "node:test";
import assert from "node:assert/strict";
import { owner, startRoadstead } from "../lib/roadstead.mjs";
import { startDocker } from "../lib/docker.mjs";

describe("layers at a time", () => {
  let engine;
  before(async () => {
    engine = await startDocker({ flags: ["--max-concurrent-uploads=30"] });
  });
  after(() => engine?.stop());

  const layers = () => Array.from({ length: 15 }, () => 150_000);
  for (const [title, env] of [
    ["as many as SWR allows", {}],
    ["two only", { ROADSTEAD_REGISTRY_MAX_CONCURRENT_LAYERS: "2" }],
  ]) {
    test(`two pushes of 15 layers each under one account both succeed: ${title}`, async () => {
      const registry = await startRoadstead({ env });
      await registry.call("organization", "create", "harbour", "--account", owner.account);
      await engine.docker("login", "-u", owner.account, "-p", owner.password, registry.host);
      const names = ["one", "two"].map((name) => `${registry.host}/harbour/${name}:v1`);
      for (const name of names) await engine.buildImage(name, layers());
      const pushed = await Promise.all(names.map((name) => engine.docker("push", name)));
      for (const { stdout } of pushed) {
        assert.match(stdout, /v1: digest: sha256:/);
        assert.equal(stdout.match(/: Pushed/g)?.length, 15, stdout);
      }
      await registry.stop();
    });
  }
});
