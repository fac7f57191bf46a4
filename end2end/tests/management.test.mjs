// The management API: SWR's own SDK through every operation, and whatever a generator makes of the document.
import { after, before, describe, test } from "node:test";
import assert from "node:assert/strict";
import path from "node:path";
import { homedir } from "node:os";
import { isSoak, root, run, temporary } from "../lib/process.mjs";
import { owner, startRoadstead } from "../lib/roadstead.mjs";
import { consoleOf } from "../lib/http.mjs";
import { makeAccessKey } from "../lib/access-key.mjs";

const tools = process.env.ROADSTEAD_TOOLS ?? path.join(process.env.XDG_CACHE_HOME ?? path.join(homedir(), ".cache"), "roadstead/tools");
const python = path.join(tools, "python/bin");
const here = (name) => path.join(root, "end2end/lib/client", name);
/** The operations that are served of the SDK's: 42, and the regions. */
const OPERATIONS = 43;

describe("the management API", () => {
  let registry, home;
  before(async () => {
    [registry, home] = await Promise.all([startRoadstead(), temporary("swr")]);
    await registry.callWith(owner.password, "account", "create", "island", "--password-stdin");
    await registry.callWith(owner.password, "user", "create", `${owner.account}/editor`, "--access", "programmatic", "--password-stdin");
  });
  after(async () => {
    await registry?.stop();
    await home?.remove();
  });

  /** The SDK keeps an id of the application in the home directory. */
  const environment = (more) => ({ PATH: process.env.PATH, HOME: home.folder, PYTHONDONTWRITEBYTECODE: "1", LANG: "C.UTF-8", ...more });

  test("SWR's SDK for Python, through every operation", async () => {
    const [own, editor, stranger] = await Promise.all([owner.account, `${owner.account}/editor`, "island"].map((who) => makeAccessKey(registry, who)));
    // The console tells whose id is whose.
    await registry.call("organization", "create", "lookup", "--account", owner.account);
    const page = (await (await consoleOf(registry, owner)).ask("/organizations/lookup/users?dialog=grant&item=editor&right=1")).text;
    const [, id] = page.match(/name="users\[\]" value="([0-9a-f]{32})"/);
    const env = environment({
      SWR_URL: registry.url, SWR_HOST: registry.host, SWR_PASSWORD: owner.password, SWR_EDITOR_ID: id,
      SWR_OWNER_NAME: owner.account, SWR_OWNER_AK: own.id, SWR_OWNER_SK: own.secret,
      SWR_EDITOR_NAME: `${owner.account}/editor`, SWR_EDITOR_AK: editor.id, SWR_EDITOR_SK: editor.secret,
      SWR_STRANGER_NAME: "island", SWR_STRANGER_AK: stranger.id, SWR_STRANGER_SK: stranger.secret,
    });
    const { stdout } = await run(path.join(python, "python"), [here("swr_sdk.py")], { env });
    assert.equal(stdout.trim().split("\n").at(-1), `${OPERATIONS} operations`);
  });

  test("requests that a generator makes of the document get documented answers", async () => {
    await registry.call("organization", "create", "demo", "--account", owner.account);
    const key = await makeAccessKey(registry, owner.account);
    const env = environment({ SWR_AK: key.id, SWR_SK: key.secret, SCHEMATHESIS_HOOKS: here("swr_fuzz.py") });
    const { stdout, stderr, code } = await run(path.join(python, "schemathesis"), [
      "run", `${registry.url}/openapi.json`, "--url", registry.url,
      "--checks", "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance",
      "--max-examples", isSoak ? "300" : "4", "--phases", "examples,coverage,fuzzing", "--mode", "all", "--workers", "2",
      // Beside the versions of the API are the pages of the console.
      "--exclude-operation-id", "show_api_version",
      "--seed", "20261128", "--no-color",
    ], { env, status: true, cwd: home.folder });
    assert.equal(code, 0, `${stdout}\n${stderr}`);
    // A run that asked nothing would find nothing.
    const [, selected] = stdout.match(/Selected:\s+(\d+)\/\d+/) ?? stdout.match(/(\d+) operations?/i) ?? [];
    assert.ok(Number(selected) >= OPERATIONS, stdout);
    assert.ok(!registry.output().includes("panicked at"));
  });
});
