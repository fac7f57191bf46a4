// Parts that the server makes, under a person's hands: rules at their fields, steps, refusals that lose nothing, and the
// focus, which goes into a dialog and back to what opened it.
import { after, before, describe, test } from "node:test";
import assert from "node:assert/strict";
import { owner, startRoadstead } from "../lib/roadstead.mjs";
import { hook, launch, visitor } from "../lib/browser.mjs";
import { createOrganization, signIn } from "../lib/journey.mjs";

describe("parts made by the server", () => {
  let browser;
  before(async () => { browser = await launch(); });
  after(() => browser?.close());

  const errors = (page) => page.locator(".field__error:visible").allInnerTexts();
  const focused = (page, name) => page.waitForFunction((name) => document.activeElement?.dataset.testid === name, name);

  test("set-up says what is wrong at its field, goes step by step, and loses nothing when it is refused", async () => {
    const registry = await startRoadstead({ setUp: false });
    const person = await visitor(browser);
    const { page } = person;
    await person.open(registry.setupLink());
    await hook(page, "setup.next").click();
    await hook(page, "setup.account").waitFor();
    await person.settled();
    await hook(page, "setup.account").fill("1a");
    await hook(page, "setup.password").fill("another-password");
    await hook(page, "setup.confirm").fill(owner.password);
    await hook(page, "setup.next").click();
    assert.deepEqual(await errors(page), ["Start with a letter, 3–32 characters", "The passwords differ"]);
    assert.equal(await page.locator("[aria-invalid=true]").count(), 2);
    await hook(page, "setup.account").fill(owner.account);
    await hook(page, "setup.password").fill(owner.password);
    assert.deepEqual(await errors(page), [], "live after the first error");
    assert.equal(await page.locator("[aria-invalid=true]").count(), 0);
    // Enter goes on, as the button does, and does not send what was never seen.
    await hook(page, "setup.password").press("Enter");
    await hook(page, "setup.external-url").waitFor();
    assert.ok(await hook(page, "setup.account").isHidden());
    person.expectStatus(400);
    await hook(page, "setup.external-url").fill("ftp://x");
    await hook(page, "setup.finish").click();
    await page.locator(".field__error:visible").first().waitFor();
    assert.deepEqual(await errors(page), ["Enter a valid URL"]);
    assert.equal(await hook(page, "setup.password").inputValue(), owner.password);
    await hook(page, "setup.external-url").fill(registry.url);
    await hook(page, "setup.finish").click();
    await hook(page, "setup.done").waitFor();
    assert.match(await hook(page, "setup.login-command").innerText(), new RegExp(`docker login -u ${owner.account} ${registry.host}`));
    person.assertQuiet();
    await person.close();
    await registry.stop();
  });

  test("dialogs take the focus, keep what was typed, are sent once, and give the focus back", async () => {
    const registry = await startRoadstead();
    const person = await visitor(browser);
    const { page } = person;
    await signIn(person, registry);
    await createOrganization(person, registry, "group");
    await person.open(`${registry.url}/organizations?dialog=create`);
    await focused(page, "field.name");
    await hook(page, "field.name").fill("library");
    await page.locator("[data-answer=reserved]").waitFor({ state: "visible" });
    const question = page.waitForEvent("dialog");
    const closing = hook(page, "dialog.create").locator(".dialog__close").click();
    await (await question).dismiss();
    await closing;
    assert.equal(await hook(page, "field.name").inputValue(), "library");
    await hook(page, "field.name").fill("grp2");
    await page.locator("[data-answer=available]").waitFor({ state: "visible" });
    const sent = [];
    page.on("request", (request) => { if (request.method() === "POST" && request.url().includes("create_organization")) sent.push(request.url()); });
    await hook(page, "organizations.create.submit").dblclick();
    await page.waitForURL((url) => url.pathname === "/organizations/grp2");
    assert.equal(sent.length, 1, "one click too many sends nothing");
    // By a click on the icon, and back with Escape.
    await hook(page, "organization.delete").locator("svg").click();
    await focused(page, "confirm.cancel");
    await page.keyboard.press("Escape");
    await hook(page, "dialog.delete-organization").waitFor({ state: "detached" });
    await focused(page, "organization.delete");
    await hook(page, "organization.push-prefix.copy").locator("svg").first().click();
    // From a menu, and back with a click beside it: to what opened the menu.
    await person.open(`${registry.url}/organizations`);
    await hook(page, "organizations.row.menu").last().click();
    await page.locator("a.menu__item:visible").last().click();
    await focused(page, "confirm.cancel");
    await page.mouse.click(5, 5);
    await hook(page, "dialog.delete-organization").waitFor({ state: "detached" });
    await focused(page, "organizations.row.menu");
    person.assertQuiet();
    await person.close();
    await registry.stop();
  });
});
