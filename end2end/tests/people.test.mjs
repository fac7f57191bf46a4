// Who may do what, as people see it: users, groups, policies, credentials, permissions, shares and the audit log. Every page
// in both languages, both themes and both widths; what their forms do; and what is left of them for who may only read.
import { after, before, describe, test } from "node:test";
import assert from "node:assert/strict";
import path from "node:path";
import { temporary } from "../lib/process.mjs";
import { owner, startRoadstead } from "../lib/roadstead.mjs";
import { skopeoWith } from "../lib/docker.mjs";
import { writeImageLayout } from "../lib/layout.mjs";
import { hook, launch, look, visitor } from "../lib/browser.mjs";
import { copied, createUser, signIn } from "../lib/journey.mjs";
import { makeAccessKey } from "../lib/access-key.mjs";

const globex = { account: "globex", password: "salty-Anchor-42-tide" };
const password = "harbour-Pilot-77-north";
const users = ["ann", "bob", "li.na", "zhang.wei"];

/** Waits for the answer of a server function that `act` calls. */
const answered = async (page, name, act) => {
  const answer = page.waitForResponse((response) => response.url().endsWith(`/console/call/${name}`));
  await act();
  return answer;
};

describe("people", () => {
  let browser, registry, folder;
  before(async () => {
    folder = await temporary("people");
    [browser, registry] = await Promise.all([launch(), startRoadstead()]);
    await registry.callWith(globex.password, "account", "create", globex.account, "--password-stdin");
    const person = await visitor(browser);
    for (const user of users) await createUser(person, registry, { user, password });
    person.assertQuiet();
    await person.close();
    for (const name of ["cloud-develop", "group"]) await registry.call("organization", "create", name, "--account", owner.account);
    await makeAccessKey(registry, `${owner.account}/ann`);
    const skopeo = await skopeoWith(path.join(folder.folder, "skopeo"));
    await skopeo.login(registry.host, owner.account, owner.password);
    const layout = await writeImageLayout(path.join(folder.folder, "image"));
    for (const name of ["group/nginx", "group/redis"]) await skopeo.copy(layout.reference, `docker://${registry.host}/${name}:v1`);
  });
  after(async () => {
    await browser?.close();
    await registry?.stop();
    await folder?.remove();
  });

  test("several users at once, by the boxes of the list", async () => {
    const person = await visitor(browser);
    const { page } = person;
    await signIn(person, registry);
    await person.open(`${registry.url}/iam/users`);
    assert.equal(await hook(page, "iam.users.batch").isVisible(), false);
    assert.equal(await hook(page, `iam.users.row.${owner.account}.select`).count(), 0, "the owner is not to be disabled");
    await hook(page, "iam.users.select_page").check();
    for (const user of users) assert.ok(await hook(page, `iam.users.row.${user}.select`).isChecked());
    await hook(page, "iam.users.batch.clear").click();
    assert.equal(await hook(page, "iam.users.batch").isVisible(), false);
    for (const user of ["ann", "bob"]) await hook(page, `iam.users.row.${user}.select`).check();
    await hook(page, "iam.users.batch.disable-users").click();
    await hook(page, "dialog.disable-users").waitFor();
    assert.equal(await hook(page, "iam.users.batch.names").innerText(), "ann\nbob");
    await hook(page, "iam.users.batch.ok").click();
    await hook(page, "dialog.disable-users").waitFor({ state: "detached" });
    for (const user of ["ann", "bob"]) assert.match(await hook(page, `iam.users.row.${user}.state`).innerText(), /Disabled/);
    await person.open(`${registry.url}/iam/users?dialog=enable-users&item=ann&item=bob`);
    await hook(page, "iam.users.batch.ok").click();
    await hook(page, "dialog.enable-users").waitFor({ state: "detached" });
    await person.open(`${registry.url}/iam/users?dialog=join-users&item=ann`);
    await hook(page, "iam.users.batch.group").selectOption("readers");
    await hook(page, "iam.users.batch.ok").click();
    await hook(page, "dialog.join-users").waitFor({ state: "detached" });
    assert.match(await hook(page, "iam.users.row.ann").innerText(), /readers/);
    await person.open(`${registry.url}/iam/users?dialog=delete-users&item=bob`);
    assert.ok(await hook(page, "confirm.ok").isDisabled());
    await hook(page, "confirm.name").fill("delete");
    await hook(page, "confirm.ok").click();
    await hook(page, "iam.users.row.bob").waitFor({ state: "detached" });
    person.assertQuiet();
    await person.close();
  });

  test("a policy, one statement after the other, and the same as JSON", async () => {
    const person = await visitor(browser);
    const { page } = person;
    await signIn(person, registry);
    await person.open(`${registry.url}/iam/policies?dialog=create`);
    await hook(page, "field.name").fill("Group pull");
    await hook(page, "iam.policies.create.submit").click();
    await page.waitForURL((url) => url.pathname === "/iam/policies/Group%20pull");
    await hook(page, "iam.statement.1").waitFor();
    assert.equal(await hook(page, "iam.statement.1.remove").count(), 0, "the only statement stays");
    await hook(page, "iam.statement.add").click();
    await hook(page, "iam.statement.effect.Deny").check();
    await hook(page, "iam.statement.level.Write").click();
    await hook(page, "iam.statement.action.swr:repo:upload").check();
    await hook(page, "iam.statement.patterns").fill("swr:repo:fly");
    await hook(page, "iam.statement.resources").fill("group/*\ngroup");
    person.expectStatus(400);
    await hook(page, "iam.statement.ok").click();
    await page.getByText("swr:repo:fly").first().waitFor();
    assert.equal(await hook(page, "iam.statement.resources").inputValue(), "group/*\ngroup", "what was typed stays");
    await hook(page, "iam.statement.patterns").fill("swr:repo:delete*");
    await hook(page, "iam.statement.condition.0.values").fill("192.0.2.0/24");
    await hook(page, "iam.statement.condition.0").locator("select").nth(0).selectOption("g:SourceIp");
    await hook(page, "iam.statement.condition.0").locator("select").nth(1).selectOption("IpAddress");
    await hook(page, "iam.statement.ok").click();
    await hook(page, "iam.statement.2").waitFor();
    await hook(page, "iam.policy.view.json").click();
    const document = JSON.parse(await hook(page, "field.document").inputValue());
    assert.deepEqual(document.Statement[1], {
      Effect: "Deny", Action: ["swr:repo:upload", "swr:repo:delete*"], Resource: ["swr:*:*:repo:group/*", "swr:*:*:namespace:group"],
      Condition: { IpAddress: { "g:SourceIp": ["192.0.2.0/24"] } },
    });
    await hook(page, "iam.policy.view.visual").click();
    await hook(page, "iam.statement.1.remove").click();
    await hook(page, "iam.statement.remove.ok").click();
    await hook(page, "iam.statement.2").waitFor({ state: "detached" });
    assert.match(await hook(page, "iam.statement.1").innerText(), /swr:repo:delete\*/);
    person.assertQuiet();
    await person.close();
  });

  test("a new access key: the page is not left by accident, and the login dialog takes the key in memory", async () => {
    const person = await visitor(browser);
    const { page } = person;
    await signIn(person, registry);
    // For another user, on their page.
    await person.open(`${registry.url}/iam/users/zhang.wei`);
    await hook(page, "credentials.empty.create").click();
    await hook(page, "credentials.create.submit").click();
    await hook(page, "dialog.new-key").waitFor();
    assert.equal(await hook(page, "credentials.new.login").count(), 0, "only one's own key makes one's own login");
    const download = page.waitForEvent("download");
    await hook(page, "credentials.new.download").click();
    assert.equal((await download).suggestedFilename(), "credentials.csv");
    await hook(page, "credentials.new.check").check();
    await hook(page, "credentials.new.saved").click();
    await hook(page, "dialog.new-key").waitFor({ state: "detached" });
    assert.equal(await hook(page, "credentials.count").innerText(), "1/2");

    await person.open(`${registry.url}/credentials`);
    await hook(page, "credentials.empty.create").click();
    await hook(page, "credentials.create.submit").click();
    await hook(page, "dialog.new-key").waitFor();
    const id = await hook(page, "credentials.new.ak").innerText();
    const secret = await copied(page, "credentials.new.copy");
    const asked = page.waitForEvent("dialog");
    const left = page.reload();
    const question = await asked;
    assert.equal(question.type(), "beforeunload");
    await question.accept();
    await left;
    await hook(page, "dialog.new-key").waitFor();
    await person.settled();
    const sent = [];
    page.on("request", (request) => sent.push(request.url() + (request.postData() ?? "")));
    await hook(page, "credentials.new.login").click();
    await hook(page, "login.command").waitFor();
    assert.match(await copied(page, "login.command.copy"), new RegExp(`^docker login -u local@${id} -p [0-9a-f]{64} `));
    assert.deepEqual(sent.filter((each) => each.includes(secret)), []);
    person.assertQuiet();
    await person.close();
  });

  test("the audit log follows what happens", async () => {
    const person = await visitor(browser);
    const { page } = person;
    await signIn(person, registry);
    await person.open(`${registry.url}/audit?name=createUserNamespace`);
    await hook(page, "audit.table").waitFor();
    await hook(page, "filter.live").check();
    await page.waitForURL((url) => url.searchParams.has("live"));
    await hook(page, "audit.live").waitFor({ state: "attached" });
    await registry.call("organization", "create", "followed", "--account", owner.account);
    await hook(page, "audit.table").getByText("followed").first().waitFor();
    person.assertQuiet();
    await person.close();
  });

  test("an organization's settings bind the next push", async () => {
    const person = await visitor(browser);
    const { page } = person;
    await signIn(person, registry);
    await person.open(`${registry.url}/organizations/group/settings`);
    await hook(page, "organization.settings.type.public").check();
    await hook(page, "organization.settings.immutable").fill("v*, stable");
    await answered(page, "save_organization", () => hook(page, "organization.settings.save").click());
    await person.open(`${registry.url}/organizations/group/settings`);
    assert.equal(await hook(page, "organization.settings.immutable").inputValue(), "v*, stable");
    const skopeo = await skopeoWith(path.join(folder.folder, "skopeo-settings"));
    await skopeo.login(registry.host, owner.account, owner.password);
    const other = await writeImageLayout(path.join(folder.folder, "other"));
    await assert.rejects(skopeo.copy(other.reference, `docker://${registry.host}/group/nginx:v1`), /denied|immutable/i);
    await skopeo.copy(other.reference, `docker://${registry.host}/group/open:latest`);
    await person.open(`${registry.url}/images/group/open`);
    assert.match(await hook(page, "badge.visibility").innerText(), /Public/);
    person.assertQuiet();
    await person.close();
  });

  // The pages of console.md A.6.4, A.6.5, A.7.2 and A.9–A.12 with something in them.
  const pages = {
    users: ["/iam/users", "iam.users.table"],
    "users-create": ["/iam/users?dialog=create", "iam.users.create.form"],
    "users-delete": ["/iam/users?dialog=delete-users&item=ann&item=li.na", "iam.users.batch.names"],
    user: ["/iam/users/ann", "iam.user.reach"],
    "user-reset": ["/iam/users/ann?dialog=reset", "iam.user.reset.form"],
    groups: ["/iam/groups", "iam.groups.table"],
    group: ["/iam/groups/readers", "iam.policies"],
    policies: ["/iam/policies", "iam.policies.table"],
    "policies-create": ["/iam/policies?dialog=create", "iam.policies.create.form"],
    policy: ["/iam/policies/Group%20pull", "iam.statements"],
    "policy-statement": ["/iam/policies/Group%20pull?dialog=statement&item=1", "iam.statement.form"],
    "policy-json": ["/iam/policies/Group%20pull?view=json", "field.document"],
    simulate: ["/iam/simulate?user=ann&action=pull_image&on=group/nginx", "iam.simulate.answer"],
    accounts: ["/iam/accounts", "iam.accounts.table"],
    credentials: ["/credentials", "credentials.table"],
    "credentials-create": ["/credentials?dialog=create-key", "credentials.create.form"],
    audit: ["/audit", "audit.table"],
    permissions: ["/images/group/redis/permissions", "permissions.table"],
    "permissions-grant": ["/images/group/redis/permissions?dialog=grant&item=ann&right=3", "permissions.add.form"],
    sharing: ["/images/group/redis/sharing", "sharing.table"],
    "organization-users": ["/organizations/group/users", "permissions.others"],
    "organization-settings": ["/organizations/group/settings", "organization.settings"],
    attention: ["/overview", "overview.attention"],
  };

  for (const language of ["en", "zh-CN"]) {
    test(`every page is accessible in both themes, in ${language}`, async () => {
      const person = await visitor(browser, { language });
      const { page } = person;
      await signIn(person, registry);
      if (language === "en") {
        await person.open(`${registry.url}/images/group/redis/permissions?dialog=grant&item=li.na`);
        await hook(page, "permissions.add.ok").click();
        await hook(page, "permissions.row.li.na").waitFor();
        await person.open(`${registry.url}/images/group/redis/sharing?dialog=share`);
        await hook(page, "share.account").fill(globex.account);
        await hook(page, "share.deadline").fill(new Date(Date.now() + 3 * 86_400_000).toISOString().slice(0, 16));
        await hook(page, "share.ok").click();
        await hook(page, "sharing.row.globex").waitFor();
      }
      for (const [name, [address, there]] of Object.entries(pages)) {
        await person.open(registry.url + address);
        await hook(page, there).first().waitFor();
        await look(person, `people-${name}`, language);
      }
      // One event, unfolded and as JSON.
      await person.open(`${registry.url}/audit`);
      await page.locator(".unfold > summary").first().click();
      await page.locator("a.cell-name__link").first().click();
      await page.locator('[role="dialog"]').waitFor();
      await look(person, "people-trace", language);
      person.assertQuiet();
      await person.close();
    });

    test(`who may only read sees what can be read, in ${language}`, async () => {
      const person = await visitor(browser, { language });
      const { page } = person;
      await signIn(person, registry, { account: owner.account, user: "li.na", password });
      await person.open(`${registry.url}/images`);
      await hook(page, "images.row.group/redis").waitFor();
      assert.equal(await page.locator('[data-testid^="images.row.group/"]:is(tr)').count(), 1, "exactly what was granted");
      assert.equal(await hook(page, "images.select_page").count(), 0, "no batch action, no boxes");
      await person.open(`${registry.url}/images/group/redis`);
      await hook(page, "tags.row.v1").waitFor();
      for (const absent of ["image.edit", "image.more", "image.tab.permissions", "image.tab.sharing", "tags.select_page"]) {
        assert.equal(await hook(page, absent).count(), 0, absent);
      }
      await look(person, "reader-image", language);
      for (const absent of ["shell.nav.iam", "shell.nav.settings"]) assert.equal(await hook(page, absent).count(), 0, absent);
      // What is not theirs to see is not there: the same page as for what does not exist.
      person.expectStatus(404);
      const missing = ["/images/group/no-such-image", "/images/group/nginx", "/images/group/redis/permissions", "/images/group/redis/sharing",
        "/organizations/group/users", "/organizations/group/settings", "/iam/users", "/iam/users/ann", "/iam/groups", "/iam/policies", "/iam/simulate", "/iam/accounts", "/settings"];
      const said = new Set();
      for (const address of missing) {
        const response = await page.goto(registry.url + address);
        assert.equal(response.status(), 404, address);
        said.add(await page.locator("main h1, main h2").first().innerText());
      }
      assert.equal(said.size, 1, `one page for all: ${[...said]}`);
      // Their own credentials and events are theirs.
      await person.open(`${registry.url}/credentials`);
      await hook(page, "credentials.empty.create").waitFor();
      await look(person, "reader-credentials", language);
      await person.open(`${registry.url}/audit?reads=1`);
      assert.match(await hook(page, "audit.scope").innerText(), /own|自己|本人/i);
      const text = await page.locator("main").innerText();
      assert.doesNotMatch(text, /acme\/zhang\.wei|globex/);
      await look(person, "reader-audit", language);
      await person.open(`${registry.url}/organizations/group`);
      for (const absent of ["organization.tab.users", "organization.tab.settings", "organization.delete"]) assert.equal(await hook(page, absent).count(), 0, absent);
      await look(person, "reader-organization", language);
      await person.open(`${registry.url}/images/shared`);
      await hook(page, "shared.empty").waitFor();
      await person.open(`${registry.url}/overview`);
      for (const absent of ["overview.create-organization", "overview.attention"]) assert.equal(await hook(page, absent).count(), 0, absent);
      await look(person, "reader-overview", language);
      person.assertQuiet();
      await person.close();
    });
  }
});
