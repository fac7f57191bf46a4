// Journeys of console.md D with two accounts: D1, the first image from the copied login command, and D5, sharing until a
// date. Each once in English with a mouse and once in Chinese with the keyboard alone.
import { after, before, describe, test } from "node:test";
import assert from "node:assert/strict";
import path from "node:path";
import { poll, run, temporary } from "../lib/process.mjs";
import { owner, startRoadstead } from "../lib/roadstead.mjs";
import { send } from "../lib/http.mjs";
import { skopeoWith, startDocker } from "../lib/docker.mjs";
import { writeImageLayout } from "../lib/layout.mjs";
import { checkAccessible, hook, launch, pictures, visitor } from "../lib/browser.mjs";
import { copied, createUser, handsOf, signIn } from "../lib/journey.mjs";

const globex = { account: "globex", password: "salty-Anchor-42-tide" };
const zhang = { account: owner.account, user: "zhang.wei", password: "harbour-Pilot-77-north" };
const ways = [
  { language: "en", isKeyboard: false },
  { language: "zh-CN", isKeyboard: true },
];
const basic = ({ account, user, password }) => ({ authorization: `Basic ${Buffer.from(`${user ? `${account}/${user}` : account}:${password}`).toString("base64")}` });

/** A local time as a field of date and time holds it; browsers of these tests are in Shanghai. */
const local = (time) => new Date(time + 8 * 3_600_000).toISOString().slice(0, 19);

async function startAccounts() {
  const registry = await startRoadstead();
  await registry.callWith(globex.password, "account", "create", globex.account, "--password-stdin");
  await registry.call("organization", "create", "cloud-develop", "--account", owner.account);
  await registry.call("organization", "create", "group", "--account", owner.account);
  return registry;
}

describe("journeys", () => {
  let browser, engine, folder;
  before(async () => {
    folder = await temporary("journeys");
    [browser, engine] = await Promise.all([launch(), startDocker()]);
  });
  after(async () => {
    await Promise.allSettled([browser?.close(), engine?.stop()]);
    await folder?.remove();
  });

  for (const { language, isKeyboard } of ways) {
    const how = `in ${language} ${isKeyboard ? "by keyboard" : "with a mouse"}`;

    test(`D1: the first image from the copied login command, ${how}`, async () => {
      const registry = await startAccounts();
      const person = await visitor(browser, { language });
      const { page } = person;
      const hands = handsOf(page, isKeyboard);
      const look = async (name) => {
        await checkAccessible(person, name);
        await pictures(person, name, language);
      };
      await createUser(person, registry, zhang);
      // The administrator lets zhang.wei edit in cloud-develop.
      await signIn(person, registry);
      await person.open(`${registry.url}/organizations/cloud-develop/users`);
      await hands.press(hook(page, "permissions.grant").first());
      await hands.check(hook(page, `permissions.add.user.${zhang.user}`));
      await page.waitForURL((url) => url.searchParams.getAll("item").includes(zhang.user));
      await hands.check(hook(page, "permissions.add.level.3"));
      await page.waitForURL((url) => url.searchParams.get("right") === "3");
      await look("journey-grant");
      await hands.press(hook(page, "permissions.add.ok"));
      await hook(page, `permissions.row.${zhang.user}`).waitFor();

      await signIn(person, registry, zhang);
      await person.open(`${registry.url}/overview`);
      await hands.press(hook(page, "overview.login"));
      await hook(page, "login.command").waitFor();
      const left = await hook(page, "login.expiry").innerText();
      assert.match(left, /(6:00:0|5:59:[0-5])\d/);
      assert.match(left, /\d{4}\/\d\d\/\d\d \d\d:\d\d:\d\d GMT\+08:00/);
      await hands.press(hook(page, "login.command.copy"));
      const login = await page.evaluate(() => navigator.clipboard.readText());
      const answer = await engine.attemptShell(login);
      assert.match(answer.stdout, /Login Succeeded/, answer.stderr);
      await page.keyboard.press("Escape");
      await hook(page, "dialog.login").waitFor({ state: "detached" });

      // Tag and push, as Quick start says it, unchanged.
      await engine.buildImage("nginx:v1", [200_000]);
      await hands.press(hook(page, "quickstart.push.copy"));
      const push = await page.evaluate(() => navigator.clipboard.readText());
      assert.equal(push, `docker tag nginx:v1 ${registry.host}/cloud-develop/nginx:v1\ndocker push ${registry.host}/cloud-develop/nginx:v1`);
      await person.open(`${registry.url}/images`);
      assert.equal(await hook(page, "images.row.cloud-develop/nginx").count(), 0);
      const pushed = await engine.attemptShell(push);
      assert.match(pushed.stdout, /v1: digest: sha256:[0-9a-f]{64}/, pushed.stderr);
      const row = hook(page, "images.row.cloud-develop/nginx");
      await row.waitFor({ timeout: 5_000 });
      assert.match(await row.innerText(), /cloud-develop[\s\S]*(Private|私有)/);
      await person.open(`${registry.url}/overview`);
      for (const step of [1, 2, 3]) assert.equal(await hook(page, `quickstart.step.${step}`).getAttribute("data-state"), "done", `step ${step}`);

      // The audit log of zhang.wei has both, and nobody else's.
      await person.open(`${registry.url}/audit`);
      await hook(page, "audit.table").waitFor();
      const events = await hook(page, "audit.table").innerText();
      for (const event of ["createDockerConfig", "createImageRepository"]) assert.match(events, new RegExp(event));
      assert.match(events, /acme\/zhang\.wei/);
      await look("journey-audit");

      // Without a clipboard (plain HTTP elsewhere than on this machine) the same button copies.
      const old = await visitor(browser, { language });
      await old.context.addInitScript(() => Object.defineProperty(Navigator.prototype, "clipboard", { value: undefined }));
      await signIn(old, registry, zhang);
      await old.open(`${registry.url}/overview?dialog=login`);
      await hook(old.page, "login.command.copy").click();
      await hook(old.page, "login.command.copy").and(old.page.locator('[data-state="copied"]')).waitFor();
      await old.open(`${registry.url}/images`);
      await hook(old.page, "images.search").focus();
      await old.page.keyboard.press("Control+V");
      assert.match(await hook(old.page, "images.search").inputValue(), /^docker login -u local@\S+ -p [0-9a-f]{64} /);
      old.assertQuiet();
      await old.close();

      // A login that has ended is refused; another works without clearing anything.
      const [, user, key] = login.match(/-u (\S+) -p (\S+)/);
      const id = user.split("@")[1];
      await person.open(`${registry.url}/credentials`);
      await hands.press(hook(page, `credentials.temporary.${id}.revoke`));
      await hands.press(hook(page, "credentials.revoke.submit"));
      await hook(page, `credentials.temporary.${id}`).waitFor({ state: "detached" });
      const refused = await engine.attemptShell(login);
      assert.notEqual(refused.code, 0);
      assert.match(refused.stderr, /unauthorized/i);
      assert.ok(key);
      await person.open(`${registry.url}/overview?dialog=login`);
      const again = await engine.attemptShell(await copied(page, "login.command.copy"));
      assert.match(again.stdout, /Login Succeeded/, again.stderr);
      person.assertQuiet();
      await person.close();
      await registry.stop();
    });

    test(`D5: shared until a date with another account, and what it ends with, ${how}`, async () => {
      const registry = await startAccounts();
      const skopeo = await skopeoWith(path.join(folder.folder, `skopeo-${language}`));
      await skopeo.login(registry.host, owner.account, owner.password);
      const layout = await writeImageLayout(path.join(folder.folder, `layout-${language}`), { tag: "v2.0.0" });
      await skopeo.copy(layout.reference, `docker://${registry.host}/group/nginx:v2.0.0`);
      const [admin, other] = [await visitor(browser, { language }), await visitor(browser, { language })];
      const { page } = admin;
      const hands = handsOf(page, isKeyboard);
      const look = async (person, name) => {
        await checkAccessible(person, name);
        await pictures(person, name, language);
      };
      await signIn(admin, registry);
      await signIn(other, registry, globex);
      await other.open(`${registry.url}/images/shared`);
      assert.equal(await hook(other.page, "shared.account").innerText(), "globex");
      await look(other, "journey-shared-none");

      // Until now + 1 h 5 min, with a word about it.
      const until = local(Date.now() + 65 * 60_000).slice(0, 16);
      await admin.open(`${registry.url}/images/group/nginx/sharing`);
      await look(admin, "journey-sharing-none");
      await hands.press(hook(page, "sharing.share"));
      await hands.fill(hook(page, "share.account"), "Globex");
      await hands.fill(hook(page, "share.deadline"), until);
      await hands.fill(hook(page, "share.description"), "beta");
      await look(admin, "journey-share");
      await hands.press(hook(page, "share.ok"));
      await hook(page, "sharing.row.globex").waitFor();
      assert.equal(await hook(page, "sharing.count").innerText(), "1 / 500");
      await look(admin, "journey-sharing");

      // The other account finds it, with its own login.
      await other.open(`${registry.url}/images/shared`);
      const row = hook(other.page, "shared.row.group/nginx");
      await row.waitFor();
      assert.equal(await hook(other.page, "shared.row.group/nginx.owner").innerText(), owner.account);
      const ends = until.replaceAll("-", "/").replace("T", " ");
      assert.ok((await hook(other.page, "shared.row.group/nginx.until").innerText()).includes(`${ends}:00 GMT+08:00`));
      await look(other, "journey-shared");
      const otherHands = handsOf(other.page, isKeyboard);
      await otherHands.press(row.locator("a.cell-name__link"));
      await hook(other.page, "image.shared_by").waitFor();
      const strip = await hook(other.page, "image.shared_by").innerText();
      assert.ok(strip.includes(owner.account) && strip.includes(`${ends}:00 GMT+08:00`), strip);
      for (const absent of ["image.edit", "image.more", "image.tab.permissions", "image.tab.sharing"]) assert.equal(await hook(other.page, absent).count(), 0, absent);
      await look(other, "journey-shared-image");
      const pull = await copied(other.page, "tags.row.v2.0.0.copy");
      await engine.docker("logout", registry.host);
      await other.open(`${registry.url}/overview?dialog=login`);
      const login = await engine.attemptShell(await copied(other.page, "login.command.copy"));
      assert.match(login.stdout, /Login Succeeded/, login.stderr);
      const pulled = await engine.attemptShell(pull);
      assert.equal(pulled.code, 0, pulled.stderr);
      assert.match(pulled.stdout, /Downloaded newer image|Image is up to date/);

      // Five names that nobody has: no name is looked up for ten minutes, and the page counts down.
      await admin.open(`${registry.url}/images/group/nginx/sharing?dialog=share`);
      admin.expectStatus(404);
      admin.expectStatus(429);
      for (let guess = 1; guess <= 5; guess += 1) {
        await hands.fill(hook(page, "share.account"), `nobody-${guess}`);
        const answered = page.waitForResponse((response) => response.url().includes("/console/call/create_share"));
        await hands.press(hook(page, "share.ok"));
        await answered;
        await page.locator("[data-served=sharing] [aria-invalid=true], [data-served=sharing] [data-countdown]").first().waitFor();
      }
      await hands.fill(hook(page, "share.account"), "nobody-6");
      await hands.press(hook(page, "share.ok"));
      const countdown = page.locator("[data-served=sharing] [data-countdown]");
      await countdown.waitFor();
      const first = await countdown.innerText();
      assert.match(first, /^(10:00|9:5\d)$/);
      await page.waitForFunction((before) => document.querySelector("[data-countdown]")?.textContent !== before, first);
      await look(admin, "journey-share-blocked");

      // The end comes: set to a moment that passes while the test looks on.
      await admin.open(`${registry.url}/images/group/nginx/sharing`);
      await hands.press(hook(page, "sharing.row.globex.edit"));
      await hands.fill(hook(page, "share.deadline"), local(Date.now() + 4_000));
      await hands.press(hook(page, "share.edit.ok"));
      await hook(page, "dialog.edit-share").waitFor({ state: "detached" });
      const manifest = `${registry.url}/v2/group/nginx/manifests/v2.0.0`;
      await poll(async () => (await send(manifest, { headers: basic(globex) })).status !== 200, "the end of the share");
      await run("docker", ["image", "rm", "--force", `${registry.host}/group/nginx:v2.0.0`], { env: engine.env });
      const late = await engine.attemptShell(pull);
      assert.notEqual(late.code, 0);
      assert.match(late.stderr, /denied/i);
      assert.equal((await send(manifest, { headers: basic(owner) })).status, 200);
      await other.open(`${registry.url}/images/shared?status=expired`);
      await row.waitFor();
      assert.equal(await row.locator("a.cell-name__link").count(), 0);
      assert.equal(await hook(other.page, "shared.row.group/nginx.copy").getAttribute("aria-disabled"), "true");
      assert.match(await row.innerText(), /Expired|已过期/);
      await look(other, "journey-shared-expired");
      await admin.open(`${registry.url}/images/group/nginx/sharing`);
      assert.match(await hook(page, "sharing.row.globex.status").innerText(), /Expired|已过期/);
      await look(admin, "journey-sharing-expired");

      // Public: shares no longer matter, and sharing is not offered.
      await hands.press(hook(page, "image.edit"));
      await hands.check(hook(page, "field.is_public.true"));
      assert.match(await hook(page, "dialog.edit").innerText(), /no longer|不再/);
      await look(admin, "journey-to-public");
      await hands.press(hook(page, "edit.ok"));
      await hook(page, "dialog.edit").waitFor({ state: "detached" });
      await hook(page, "sharing.public").waitFor();
      assert.equal(await hook(page, "sharing.share").count(), 0);
      admin.assertQuiet();
      other.assertQuiet();
      await Promise.all([admin.close(), other.close()]);
      await registry.stop();
    });
  }
});
