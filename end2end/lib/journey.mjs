// Steps that several journeys share. Everything is found by its `data-testid`, so one journey runs in every language.
import assert from "node:assert/strict";
import { alive, hook } from "./browser.mjs";
import { owner } from "./roadstead.mjs";

/**
 * From the one-time link to the console. Alive, account and instance are shown one after the other; without scripts they
 * are one form.
 */
export async function setUp(person, registry) {
  const { page } = person;
  await person.open(registry.setupLink());
  assert.ok(await hook(page, "setup.code").inputValue(), "the link fills the code");
  await hook(page, "setup.next").click();
  await hook(page, "setup.account").waitFor();
  await person.settled();
  await hook(page, "setup.account").fill(owner.account);
  await hook(page, "setup.password").fill(owner.password);
  await hook(page, "setup.confirm").fill(owner.password);
  if (person.isAlive) await hook(page, "setup.next").click();
  await hook(page, "setup.region-id").fill("local");
  await hook(page, "setup.finish").click();
  await hook(page, "setup.done").waitFor();
  await person.settled();
}

/** Signs in as the owner of an account, or as a `user` of it. */
export async function signIn(person, registry, { account = owner.account, user = "", password = owner.password } = {}) {
  const { page } = person;
  // The page that is open would ask for news without its session.
  await page.goto("about:blank");
  await person.context.clearCookies();
  await person.open(`${registry.url}/signin`);
  const field = hook(page, "signin.account");
  const isAsked = await field.isVisible();
  if (isAsked) await field.fill(account);
  await hook(page, "signin.user").fill(user || (isAsked ? "" : account));
  await hook(page, "signin.password").fill(password);
  await hook(page, "signin.submit").click();
  await page.waitForURL((url) => url.pathname === "/overview");
  await person.settled();
}

/** A user by the command line, whose first password was changed to the one that they have from then on. */
export async function createUser(person, registry, { account = owner.account, user, password }) {
  const first = `first-${password}`;
  await registry.callWith(first, "user", "create", `${account}/${user}`, "--password-stdin");
  const { page } = person;
  await person.context.clearCookies();
  await person.open(`${registry.url}/signin`);
  const field = hook(page, "signin.account");
  if (await field.isVisible()) await field.fill(account);
  await hook(page, "signin.user").fill(user);
  await hook(page, "signin.password").fill(first);
  await hook(page, "signin.submit").click();
  await page.waitForURL((url) => url.pathname === "/account/password");
  await person.settled();
  await hook(page, "password.current").fill(first);
  await hook(page, "password.new").fill(password);
  await hook(page, "password.confirm").fill(password);
  await hook(page, "password.save").click();
  await page.waitForURL((url) => url.pathname !== "/account/password");
}

export async function createOrganization(person, registry, name) {
  const { page } = person;
  await person.open(`${registry.url}/organizations`);
  await hook(page, "organizations.create").first().click();
  await hook(page, "field.name").fill(name);
  await hook(page, "organizations.create.submit").click();
  await page.waitForURL((url) => url.pathname === `/organizations/${name}`);
}

/** Copies by the button and reads the clipboard back. */
export async function copied(page, name) {
  await hook(page, name).first().click();
  return page.evaluate(() => navigator.clipboard.readText());
}

/** More stops of the Tab key than any page has. */
const STOPS = 300;

/**
 * What a person does with: a mouse, or the keyboard alone. By keyboard a control is reached by Tab from where the focus is,
 * so that one that cannot be reached fails.
 */
export function handsOf(page, isKeyboard) {
  const isThere = (target) => target.evaluate((element) => element === document.activeElement).catch(() => false);
  const reach = async (target) => {
    await target.waitFor();
    for (let stop = 0; stop < STOPS; stop += 1) {
      if (await isThere(target)) return;
      await page.keyboard.press("Tab");
    }
    throw new Error(`Tab does not reach ${target}`);
  };
  if (!isKeyboard) {
    return {
      press: (target) => target.click(),
      check: (target) => target.check(),
      fill: (target, text) => target.fill(text),
    };
  }
  return {
    async press(target) {
      await reach(target);
      await page.keyboard.press("Enter");
    },
    async check(target) {
      // One radio of a group is a stop; arrows walk through the others.
      const name = (await target.getAttribute("type")) === "radio" ? await target.getAttribute("name") : null;
      if (name) {
        await reach(page.locator(`input[name="${name}"]:checked`));
        const choices = await page.locator(`input[name="${name}"]`).count();
        for (let step = 0; step < choices && !(await target.isChecked()); step += 1) await page.keyboard.press("ArrowDown");
      } else {
        await reach(target);
        if (!(await target.isChecked())) await page.keyboard.press("Space");
      }
      assert.ok(await target.isChecked());
    },
    async fill(target, text) {
      await reach(target);
      await target.fill(text);
    },
  };
}

export { alive, hook };
