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

  // Built once, and pushed to a new registry each time.
  const built = ["one:local", "two:local"];
  before(async () => {
    for (const name of built) await engine.buildImage(name, Array.from({ length: 15 }, () => 150_000));
  });

  for (const [title, env] of [
    ["as many as SWR allows", {}],
    ["two only", { ROADSTEAD_REGISTRY_MAX_CONCURRENT_LAYERS: "2" }],
  ]) {
    test(`two pushes of 15 layers each under one account both succeed: ${title}`, async () => {
      const registry = await startRoadstead({ env });
      await registry.call("organization", "create", "harbour", "--account", owner.account);
      await engine.docker("login", "-u", owner.account, "-p", owner.password, registry.host);
      const names = built.map((name) => `${registry.host}/harbour/${name}`);
      for (const [index, name] of names.entries()) await engine.docker("tag", built[index], name);
      const pushed = await Promise.all(names.map((name) => engine.docker("push", name)));
      for (const { stdout } of pushed) {
        assert.match(stdout, /local: digest: sha256:/);
        assert.equal(stdout.match(/: Pushed/g)?.length, 15, stdout);
      }
      await registry.stop();
    });
  }
});
