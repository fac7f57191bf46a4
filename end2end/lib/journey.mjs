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

export async function signIn(person, registry, { account = owner.account, password = owner.password } = {}) {
  const { page } = person;
  await person.context.clearCookies();
  await person.open(`${registry.url}/signin`);
  const user = hook(page, "signin.user");
  const field = hook(page, "signin.account");
  if (await field.isVisible()) await field.fill(account);
  else await user.fill(account);
  await hook(page, "signin.password").fill(password);
  await hook(page, "signin.submit").click();
  await page.waitForURL((url) => url.pathname === "/overview");
  await person.settled();
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

export { alive, hook };
