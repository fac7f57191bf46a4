// The main job, in both languages: set up, create an organization, copy the login command, push with docker, see the
// image, edit it, pull it back by the copied command, delete it. No console error, no serious accessibility violation.
import { after, before, describe, test } from "node:test";
import assert from "node:assert/strict";
import path from "node:path";
import { temporary } from "../lib/process.mjs";
import { owner, startRoadstead } from "../lib/roadstead.mjs";
import { skopeoWith, startDocker } from "../lib/docker.mjs";
import { writeIndexLayout } from "../lib/layout.mjs";
import { checkAccessible, hook, launch, pictures, visitor } from "../lib/browser.mjs";
import { copied, createOrganization, setUp, signIn } from "../lib/journey.mjs";

const languages = ["en", "zh-CN"];

describe("console", () => {
  let browser, engine, folder;
  before(async () => {
    folder = await temporary("console");
    [browser, engine] = await Promise.all([launch(), startDocker()]);
  });
  after(async () => {
    await Promise.allSettled([browser?.close(), engine?.stop()]);
    await folder?.remove();
  });

  for (const language of languages) {
    test(`from the set-up link to a deleted image, in ${language}`, async () => {
      const registry = await startRoadstead({ setUp: false });
      const person = await visitor(browser, { language });
      const { page } = person;
      const look = async (name) => {
        await checkAccessible(person, name);
        await pictures(person, name, language);
      };

      await person.open(registry.setupLink());
      assert.equal(await page.getAttribute("html", "lang"), language);
      await look("setup");
      await setUp(person, registry);
      await look("setup-done");

      await signIn(person, registry);
      await look("overview-empty");
      await createOrganization(person, registry, "cloud-develop");
      await look("organization-empty");

      // The temporary login command, as copied, in a shell.
      await person.open(`${registry.url}/overview`);
      await hook(page, "overview.login").first().click();
      await hook(page, "login.command").waitFor();
      await look("login-command");
      const login = await copied(page, "login.command.copy");
      assert.match(login, new RegExp(`^docker login -u local@[A-Za-z0-9]+ -p [0-9a-f]{64} ${registry.host}$`));
      const answer = await engine.attemptShell(login);
      assert.match(answer.stdout, /Login Succeeded/, answer.stderr);

      const name = `${registry.host}/cloud-develop/nginx:v1`;
      await engine.buildImage(name);
      const { stdout: pushed } = await engine.docker("push", name);
      const digest = pushed.match(/digest: (sha256:[0-9a-f]{64})/)[1];

      // An index too, with a second tag on the same digest.
      const skopeo = await skopeoWith(path.join(folder.folder, `skopeo-${language}`));
      await skopeo.login(registry.host, owner.account, owner.password);
      const layout = await writeIndexLayout(path.join(folder.folder, `layout-${language}`));
      for (const tag of ["1.0", "stable"]) {
        await skopeo.copy("--all", "--preserve-digests", layout.reference, `docker://${registry.host}/cloud-develop/app:${tag}`);
      }

      await person.open(`${registry.url}/overview`);
      await look("overview");
      await person.open(`${registry.url}/images`);
      await hook(page, "images.row.cloud-develop/nginx").waitFor();
      await hook(page, "images.row.cloud-develop/app").waitFor();
      await look("images");
      await hook(page, "images.row.cloud-develop/nginx").locator('[data-testid="images.row.link"]').click();
      await hook(page, "tags.row.v1").waitFor();
      assert.equal(new URL(page.url()).pathname.replace(/\/tags$/, ""), "/images/cloud-develop/nginx");
      await look("tags");

      // Layers, history and configuration of the tag.
      await hook(page, "tags.row.v1").locator('[data-testid="tags.row.link"]').click();
      await page.waitForURL((url) => url.pathname === "/images/cloud-develop/nginx/tags/v1");
      await hook(page, "tag.facts").waitFor();
      await look("tag");
      await hook(page, "tag.part.layers").click();
      await hook(page, "layers").waitFor();
      const layers = await hook(page, "layers").innerText();
      assert.match(layers, /layer-2/, "the history names the step that made a layer");
      await look("tag-layers");

      // Edit: public, with a description.
      await person.open(`${registry.url}/images/cloud-develop/nginx`);
      await hook(page, "image.edit").click();
      await hook(page, "field.is_public.true").check();
      await hook(page, "field.description").fill("A web server # 网页服务器");
      await look("edit");
      await hook(page, "edit.ok").click();
      await hook(page, "edit.ok").waitFor({ state: "hidden" });
      await engine.docker("logout", registry.host);
      await engine.docker("image", "rm", "--force", name);

      // Public now: the copied pull command works without a login.
      await person.open(`${registry.url}/images/cloud-develop/nginx`);
      const pull = await copied(page, "tags.row.v1.copy");
      assert.equal(pull, `docker pull ${name}`);
      const pulled = await engine.attemptShell(pull);
      assert.ok(pulled.stdout.includes(digest), pulled.stdout + pulled.stderr);

      await person.open(`${registry.url}/images/cloud-develop/nginx/guide`);
      await look("guide");

      // The index: platforms expand, deleting one tag keeps the other.
      await person.open(`${registry.url}/images/cloud-develop/app`);
      await hook(page, "tags.row.1.0.expand").click();
      await hook(page, "tags.child.linux/arm64").waitFor();
      await look("tags-index");
      await deleteTag(page, "1.0");
      await hook(page, "tags.row.1.0").waitFor({ state: "detached" });
      await hook(page, "tags.row.stable").waitFor();
      await skopeo.inspect("--override-os", "linux", "--override-arch", "arm64", `docker://${registry.host}/cloud-develop/app:stable`);

      // Delete the image by typing its name; docker no longer finds it.
      await person.open(`${registry.url}/images/cloud-develop/nginx`);
      await openMenuIfNeeded(hook(page, "image.more"), hook(page, "image.delete"));
      await hook(page, "image.delete").click();
      await hook(page, "confirm.name").waitFor();
      assert.ok(await hook(page, "confirm.ok").isDisabled() || (await hook(page, "confirm.ok").getAttribute("aria-disabled")) === "true");
      await look("delete-image");
      await hook(page, "confirm.name").fill("cloud-develop/nginx");
      await hook(page, "confirm.ok").click();
      await page.waitForURL((url) => url.pathname === "/images");
      await hook(page, "images.row.cloud-develop/app").waitFor();
      assert.equal(await hook(page, "images.row.cloud-develop/nginx").count(), 0);
      const gone = await engine.attempt("pull", name);
      assert.notEqual(gone.code, 0);

      for (const address of ["/organizations", "/organizations/cloud-develop", "/settings/general", "/settings/registry", "/settings/about", "/account", "/audit"]) {
        await person.open(registry.url + address);
        await look(address.slice(1).replaceAll("/", "-"));
      }

      person.assertQuiet();

      // What does not exist is a page inside the shell, with a real status.
      person.expectStatus(404);
      const missing = await page.goto(`${registry.url}/images/cloud-develop/nginx`);
      assert.equal(missing.status(), 404);
      await look("not-found");

      // Signing out ends the session on the server.
      await person.open(`${registry.url}/overview`);
      await hook(page, "shell.user").click();
      await hook(page, "shell.user.signout").click();
      await page.waitForURL((url) => url.pathname === "/signin");
      await page.goto(`${registry.url}/overview`);
      assert.equal(new URL(page.url()).pathname, "/signin");
      await look("signin");
      person.assertQuiet();
      await person.close();
      await registry.stop();
    });
  }

  test("language and theme change in place and stay", async () => {
    const registry = await startRoadstead();
    const person = await visitor(browser, { language: "en" });
    const { page } = person;
    await person.open(`${registry.url}/signin`);
    await hook(page, "shell.lang").click();
    await hook(page, "shell.lang.zh-CN").click();
    await page.waitForFunction(() => document.documentElement.lang === "zh-CN");
    await page.reload();
    assert.equal(await page.getAttribute("html", "lang"), "zh-CN");
    await hook(page, "shell.theme").click();
    await hook(page, "shell.theme.dark").click();
    await page.waitForFunction(() => document.documentElement.dataset.theme === "dark");
    const html = await (await fetch(`${registry.url}/signin`, {
      headers: { accept: "text/html", cookie: (await person.context.cookies()).map((cookie) => `${cookie.name}=${cookie.value}`).join("; ") },
    })).text();
    assert.match(html, /<html[^>]*data-theme="?dark/, "the theme is in the first byte");
    person.assertQuiet();
    await person.close();
    await registry.stop();
  });

  test("a wrong password is one sentence, the name stays", async () => {
    const registry = await startRoadstead();
    const person = await visitor(browser, { language: "en" });
    const { page } = person;
    person.expectStatus(401);
    person.expectStatus(422);
    await person.open(`${registry.url}/signin`);
    const name = (await hook(page, "signin.account").isVisible()) ? "signin.account" : "signin.user";
    await hook(page, name).fill(owner.account);
    await hook(page, "signin.password").fill("not-the-password-1");
    await hook(page, "signin.submit").click();
    await hook(page, "signin.error").waitFor();
    assert.match(await hook(page, "signin.error").innerText(), /wrong/i);
    assert.equal(await hook(page, name).inputValue(), owner.account);
    assert.equal(await hook(page, "signin.password").inputValue(), "");
    person.assertQuiet();
    await person.close();
    await registry.stop();
  });
});

async function openMenuIfNeeded(menu, item) {
  if (!(await item.isVisible())) await menu.click();
}

async function deleteTag(page, tag) {
  const row = hook(page, `tags.row.${tag}`);
  const item = hook(page, `tags.row.${tag}.delete`);
  await openMenuIfNeeded(row.locator('[data-testid="tags.row.menu"]'), item);
  await item.click();
  const field = hook(page, "confirm.name");
  await field.waitFor();
  await field.fill(tag);
  await hook(page, "confirm.ok").click();
}
