// What the login dialog hands out, copied from the page in Chromium and pasted into a shell, for every client that is here:
// the temporary command, and the long-term one made of a key that the same person has just added (console.md D2).
import { after, before, describe, test } from "node:test";
import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { readFile } from "node:fs/promises";
import path from "node:path";
import { run, temporary } from "../lib/process.mjs";
import { owner, startRoadstead } from "../lib/roadstead.mjs";
import { writeImageLayout } from "../lib/layout.mjs";
import { hook, launch, visitor } from "../lib/browser.mjs";
import { copied, signIn } from "../lib/journey.mjs";
import { clients } from "../lib/client/index.mjs";
import { startSkopeo } from "../lib/client/skopeo.mjs";

const listed = Object.entries(clients).filter(([name]) => ["docker", "podman", "skopeo", "ctr"].includes(name));

describe("login commands as copied", () => {
  let browser, registry, folder, person;
  const engines = {};
  before(async () => {
    folder = await temporary("login-commands");
    [browser, registry] = await Promise.all([launch(), startRoadstead()]);
    await registry.call("organization", "create", "cloud-develop", "--account", owner.account);
    const world = { host: registry.host, isHttps: false, folder: folder.folder, fixture: {} };
    for (const [name, start] of listed) engines[name] = await start(world);
    // What the command of a client without a login pulls.
    const skopeo = engines.skopeo ?? (await startSkopeo(world));
    await skopeo.login(owner.account, owner.password);
    const layout = await writeImageLayout(path.join(folder.folder, "image"));
    await run("skopeo", ["copy", "--quiet", "--dest-tls-verify=false", layout.reference, `docker://${registry.host}/cloud-develop/nginx:v1`], { env: skopeo.env });
    person = await visitor(browser);
    await signIn(person, registry);
  });
  after(async () => {
    await Promise.allSettled([browser?.close(), ...Object.values(engines).map((each) => each.stop())]);
    await registry?.stop();
    await folder?.remove();
  });

  const paste = (name, line) => run("sh", ["-c", line], { env: engines[name].env, status: true });
  const forget = async (name) => {
    if (name === "ctr") await run("ctr", ["images", "rm", "--sync", `${registry.host}/cloud-develop/nginx:v1`], { env: engines.ctr.env, status: true });
    else await run(name, ["logout", registry.host], { env: engines[name].env, status: true });
  };
  const works = async (name, line) => {
    const { code, stdout, stderr } = await paste(name, line);
    assert.equal(code, 0, `${line}\n${stdout}\n${stderr}`);
    if (name !== "ctr") assert.match(stdout, /Login Succeeded/);
    await forget(name);
  };
  /** The line that the page shows for a client, by its copy button. */
  const lineOf = async (name) => {
    await hook(person.page, `client.${name}`).click();
    return copied(person.page, "login.command.copy");
  };

  test("the temporary one", async (t) => {
    await person.open(`${registry.url}/overview`);
    await hook(person.page, "overview.login").first().click();
    await hook(person.page, "login.command").waitFor();
    for (const [name] of listed) {
      await t.test(name, async () => works(name, await lineOf(name)));
    }
    await hook(person.page, "client.docker").click();
    await hook(person.page, "login.stdin").click();
    if (engines.docker) {
      await t.test("docker, with the key on its standard input", async () => {
        await person.page.waitForURL((url) => url.searchParams.get("stdin") === "1");
        const line = await copied(person.page, "login.command.copy");
        assert.match(line, /--password-stdin/);
        await works("docker", line);
      });
    }
    person.assertQuiet();
  });

  test("for the private network, where the site has an address in it", async () => {
    const { page } = person;
    await person.open(`${registry.url}/overview?dialog=login`);
    await hook(page, "login.command").waitFor();
    assert.equal(await hook(page, "login.network.private").count(), 0, "no choice without a second address");
    await person.open(`${registry.url}/settings/general`);
    const inner = registry.host.replace("127.0.0.1", "localhost");
    assert.notEqual(inner, registry.host);
    await hook(page, "settings.internal-address").fill(inner);
    const saved = page.waitForResponse((response) => response.url().includes("/console/call/") && response.request().method() === "POST");
    await hook(page, "settings.save").click();
    assert.equal((await saved).status(), 200);
    await person.open(`${registry.url}/overview?dialog=login`);
    const outer = await lineOf("skopeo");
    assert.ok(outer.endsWith(registry.host), outer);
    await hook(page, "login.network.private").click();
    await page.waitForURL((url) => url.searchParams.get("net") === "private");
    const line = await lineOf("skopeo");
    assert.ok(line.endsWith(inner), line);
    if (engines.skopeo) {
      const { code, stdout, stderr } = await paste("skopeo", line);
      assert.equal(code, 0, stdout + stderr);
      await run("skopeo", ["logout", inner], { env: engines.skopeo.env, status: true });
    }
    person.assertQuiet();
  });

  test("the long-term one, of a key from the page, until the key is disabled", async (t) => {
    const { page } = person;
    await person.open(`${registry.url}/credentials`);
    await hook(page, "credentials.empty.create").click();
    await hook(page, "credentials.create.description").fill("laptop");
    await hook(page, "credentials.create.submit").click();
    await hook(page, "dialog.new-key").waitFor();
    const download = page.waitForEvent("download");
    await hook(page, "credentials.new.download").click();
    const file = path.join(folder.folder, "credentials.csv");
    await (await download).saveAs(file);
    const [header, row] = (await readFile(file, "utf8")).replace(/^\uFEFF/, "").trim().split(/\r?\n/);
    assert.equal(header, "User Name,Access Key Id,Secret Access Key");
    const [user, id, secret] = row.split(",");
    assert.equal(user, owner.account);
    await hook(page, "credentials.new.check").check();
    await hook(page, "credentials.new.saved").click();
    await hook(page, `credentials.row.${id}`).waitFor();

    const sent = [];
    page.on("request", (request) => sent.push(request.url() + (request.postData() ?? "")));
    await person.open(`${registry.url}/overview?dialog=login&login=long`);
    await hook(page, "login.file").setInputFiles(file);
    await hook(page, "login.generate").click();
    await hook(page, "login.command").waitFor();
    const lines = {};
    for (const [name] of listed) lines[name] = await lineOf(name);
    const key = createHmac("sha256", secret).update(id).digest("hex");
    assert.equal(await lineOf("docker"), `docker login -u local@${id} -p ${key} ${registry.host}`);
    assert.deepEqual(sent.filter((each) => each.includes(secret) || each.includes(key)), [], "the secret stays in the browser");
    for (const [name, line] of Object.entries(lines)) await t.test(name, () => works(name, line));

    await person.open(`${registry.url}/credentials`);
    const answered = page.waitForResponse((response) => response.url().endsWith("/console/call/enable_access_key"));
    await hook(page, `credentials.row.${id}`).locator('[data-testid="credentials.state"]').uncheck();
    await answered;
    for (const [name, line] of Object.entries(lines)) {
      await t.test(`${name} is refused once the key is disabled`, async () => {
        const { code, stdout, stderr } = await paste(name, line);
        assert.notEqual(code, 0, stdout);
        assert.match(stdout + stderr, /unauthorized|401|invalid username\/password/i);
      });
    }
    person.assertQuiet();
  });
});
