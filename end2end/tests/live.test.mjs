// A page while it is open: it hears of pushes, works by keyboard alone, and outlives its session.
import { after, before, describe, test } from "node:test";
import assert from "node:assert/strict";
import path from "node:path";
import { temporary } from "../lib/process.mjs";
import { owner, startRoadstead } from "../lib/roadstead.mjs";
import { skopeoWith } from "../lib/docker.mjs";
import { writeIndexLayout } from "../lib/layout.mjs";
import { checkAccessible, hook, launch, pictures, visitor } from "../lib/browser.mjs";
import { createOrganization, signIn } from "../lib/journey.mjs";

describe("a live page", () => {
  let browser, registry, person, folder, push;
  before(async () => {
    folder = await temporary("live");
    [browser, registry] = await Promise.all([launch(), startRoadstead()]);
    person = await visitor(browser, { language: "en" });
    const skopeo = await skopeoWith(path.join(folder.folder, "skopeo"));
    await skopeo.login(registry.host, owner.account, owner.password);
    const layout = await writeIndexLayout(path.join(folder.folder, "layout"));
    push = (name) => skopeo.copy("--all", "--preserve-digests", layout.reference, `docker://${registry.host}/${name}`);
    await signIn(person, registry);
    await createOrganization(person, registry, "harbour");
    await push("harbour/tug:1.0");
  });
  after(async () => {
    await browser?.close();
    await folder?.remove();
    await registry?.stop();
  });

  test("shows a pushed image and a pushed tag without being loaded again", async () => {
    const { page } = person;
    await person.open(`${registry.url}/images`);
    await hook(page, "images.row.harbour/tug").waitFor();
    await push("harbour/barge:1.0");
    await hook(page, "images.row.harbour/barge").waitFor();

    await person.open(`${registry.url}/images/harbour/tug`);
    // What is chosen and unfolded stays while the list changes around it.
    await hook(page, "tags.row.1.0.select").check();
    await hook(page, "tags.row.1.0.expand").click();
    await push("harbour/tug:2.0");
    await hook(page, "tags.row.2.0").waitFor();
    assert.equal(await hook(page, "tags.row.1.0.select").isChecked(), true);
    await hook(page, "tags.child.linux/arm64").waitFor();
    assert.match(await hook(page, "image.tab.tags").innerText(), /2/);
    person.assertQuiet();
  });

  test("does not change under an open dialog", async () => {
    const { page } = person;
    await person.open(`${registry.url}/images/harbour/tug`);
    await hook(page, "image.edit").click();
    await hook(page, "field.description").fill("typed and not saved");
    await push("harbour/tug:3.0");
    assert.equal(await hook(page, "field.description").inputValue(), "typed and not saved");
    page.once("dialog", (dialog) => dialog.accept());
    await page.keyboard.press("Escape");
    await hook(page, "tags.row.3.0").waitFor();
    person.assertQuiet();
  });

  test("asks every few seconds where no stream comes through", async () => {
    const { page } = person;
    await page.route("**/console/events*", (route) => route.fulfill({ status: 204, body: "" }));
    await person.open(`${registry.url}/images/harbour/tug`);
    await push("harbour/tug:4.0");
    await hook(page, "tags.row.4.0").waitFor();
    await page.unroute("**/console/events*");
    person.assertQuiet();
  });

  test("is found and opened by keyboard alone", async () => {
    const { page } = person;
    await person.open(`${registry.url}/overview`);
    await page.keyboard.press("Control+k");
    await hook(page, "palette.search").fill("barg");
    await hook(page, "palette.harbour/barge").waitFor();
    await checkAccessible(person, "palette");
    await pictures(person, "palette", "en");
    await page.keyboard.press("Enter");
    await page.waitForURL((url) => url.pathname === "/images/harbour/barge");

    await page.keyboard.press("Control+k");
    await hook(page, "palette.search").fill("tug:2");
    await hook(page, "palette.harbour/tug:2.0").waitFor();
    await page.keyboard.press("Escape");
    await hook(page, "palette.search").waitFor({ state: "detached" });

    await page.keyboard.press("g");
    await page.keyboard.press("i");
    await page.waitForURL((url) => url.pathname === "/images");
    await hook(page, "images.row.harbour/tug").waitFor();
    await page.keyboard.press("j");
    await page.keyboard.press("j");
    await page.keyboard.press("x");
    await hook(page, "batch.count").waitFor();
    const name = await page.evaluate(() => document.activeElement.closest("tr").dataset.testid);
    await page.keyboard.press("Enter");
    await page.waitForURL((url) => `images.row.${url.pathname.split("/").slice(2).join("/")}` === name);
    await page.keyboard.press("Shift+?");
    await hook(page, "shortcuts").waitFor();
    await checkAccessible(person, "shortcuts");
    await pictures(person, "shortcuts", "en");
    await page.keyboard.press("Escape");
    person.assertQuiet();
  });

  test("remembers columns and order", async () => {
    const { page } = person;
    await person.open(`${registry.url}/images`);
    assert.equal(await hook(page, "sort.pulls").isVisible(), false);
    await hook(page, "list.columns").click();
    const saved = page.waitForResponse((response) => response.url().endsWith("/console/call/list"));
    await hook(page, "columns.pulls").check();
    await saved;
    await hook(page, "sort.pulls").waitFor();
    await page.keyboard.press("Escape");
    const sorted = page.waitForResponse((response) => response.url().endsWith("/console/call/list"));
    await hook(page, "sort.name").click();
    await sorted;
    await person.open(`${registry.url}/images`);
    await hook(page, "sort.pulls").waitFor();
    assert.equal(await page.locator("th", { has: hook(page, "sort.name") }).getAttribute("aria-sort"), "ascending");
    await hook(page, "filter.group").check();
    await hook(page, "images.group.harbour").waitFor();
    await checkAccessible(person, "images-grouped");
    await pictures(person, "images-grouped", "en");
    person.assertQuiet();
  });

  test("outlives its session: the password over the page, and what was typed is still there", async () => {
    const { page } = person;
    person.expectStatus(401);
    await person.open(`${registry.url}/images/harbour/tug`);
    await hook(page, "image.edit").click();
    await hook(page, "field.description").fill("typed before the session ended");
    // The session ends elsewhere.
    const cookies = await person.context.cookies();
    await person.context.clearCookies({ name: "rs_session" });
    assert.ok(cookies.some((cookie) => cookie.name === "rs_session"));
    await hook(page, "edit.ok").click();
    await hook(page, "session.password").waitFor();
    await checkAccessible(person, "session-expired");
    await pictures(person, "session-expired", "en");
    await hook(page, "session.password").fill("not-the-password-1");
    await hook(page, "session.submit").click();
    await hook(page, "dialog.signin").locator('[data-testid="error"]').waitFor();
    await hook(page, "session.password").fill(owner.password);
    await hook(page, "session.submit").click();
    await hook(page, "session.password").waitFor({ state: "detached" });
    assert.equal(await hook(page, "field.description").inputValue(), "typed before the session ended");
    await hook(page, "edit.ok").click();
    await hook(page, "edit.ok").waitFor({ state: "detached" });
    await person.open(`${registry.url}/images/harbour/tug/description`);
    await page.getByText("typed before the session ended").first().waitFor();
    person.assertQuiet();
  });

  test("counts down before its session ends, and goes on when asked", async () => {
    const { page } = person;
    // The browser's clock goes ahead to four minutes before the end; the server's does not, and says so when asked.
    await page.clock.install();
    await page.route("**/console/call/session", (route) => route.fulfill({ json: { idle: 240, longest: 500_000 } }));
    await person.open(`${registry.url}/images`);
    await page.clock.fastForward("07:56:00");
    await hook(page, "session.soon").waitFor();
    assert.match(await hook(page, "session.soon").innerText(), /0?[34]:\d\d/);
    await checkAccessible(person, "session-soon");
    await pictures(person, "session-soon", "en");
    await page.unroute("**/console/call/session");
    await hook(page, "session.stay").click();
    await hook(page, "session.soon").waitFor({ state: "detached" });
    person.assertQuiet();
  });
});

describe("every component", () => {
  let browser, registry;
  before(async () => {
    [browser, registry] = await Promise.all([launch(), startRoadstead()]);
  });
  after(async () => {
    await browser?.close();
    await registry?.stop();
  });

  for (const language of ["en", "zh-CN"]) {
    test(`is accessible in both themes, in ${language}`, async () => {
      const person = await visitor(browser, { language });
      await signIn(person, registry);
      for (const theme of ["light", "dark"]) {
        await person.page.emulateMedia({ colorScheme: theme });
        const response = await person.page.goto(`${registry.url}/__ui`);
        assert.equal(response.status(), 200);
        await hook(person.page, "story.dialogs").waitFor();
        await checkAccessible(person, `components, ${theme}`);
      }
      await pictures(person, "components", language);
      for (const story of ["buttons", "badges", "values", "commands", "fields", "lists", "errors", "empty", "dialogs"]) {
        await hook(person.page, `story.${story}`).waitFor();
      }
      await person.page.goto(`${registry.url}/__ui?dialog=story`);
      await hook(person.page, "dialog.story").waitFor();
      await checkAccessible(person, "a dialog");
      person.assertQuiet();
      await person.close();
    });
  }
});
