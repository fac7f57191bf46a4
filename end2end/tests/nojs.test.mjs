// With JavaScript switched off: everything reads, and the forms work. Checks read `innerText`, what a person sees:
// `textContent` would also see the text of templates.
import { after, before, describe, test } from "node:test";
import assert from "node:assert/strict";
import path from "node:path";
import { temporary } from "../lib/process.mjs";
import { owner, startRoadstead } from "../lib/roadstead.mjs";
import { skopeoWith } from "../lib/docker.mjs";
import { writeIndexLayout } from "../lib/layout.mjs";
import { hook, launch, visitor } from "../lib/browser.mjs";
import { createOrganization, setUp, signIn } from "../lib/journey.mjs";

describe("without JavaScript", () => {
  let browser, registry, person, folder;
  before(async () => {
    folder = await temporary("nojs");
    browser = await launch();
    registry = await startRoadstead({ setUp: false });
    person = await visitor(browser, { language: "en", javaScriptEnabled: false });
  });
  after(async () => {
    await browser?.close();
    await folder?.remove();
    await registry?.stop();
  });

  test("set-up, sign-in and a new organization are plain forms", async () => {
    await setUp(person, registry);
    await signIn(person, registry);
    await createOrganization(person, registry, "harbour");
    person.assertQuiet();
  });

  test("every page reads", async () => {
    const skopeo = await skopeoWith(path.join(folder.folder, "skopeo"));
    await skopeo.login(registry.host, owner.account, owner.password);
    const layout = await writeIndexLayout(path.join(folder.folder, "layout"));
    await skopeo.copy("--all", "--preserve-digests", layout.reference, `docker://${registry.host}/harbour/fleet/tug:1.0`);
    const pages = {
      "/overview": /Overview/,
      "/overview?dialog=login": /docker login -u local@/,
      "/images": /fleet\/tug/,
      "/images?q=nothing-like-it": /No results match/,
      "/images/harbour/fleet$tug": /linux\/arm64[\s\S]*1\.0/,
      "/images/harbour/fleet$tug/guide": new RegExp(`docker pull ${registry.host.replaceAll(".", "\\.")}/harbour/fleet/tug:1\\.0`),
      "/images/harbour/fleet$tug/tags/1.0": new RegExp(layout.digest.slice(0, 14)),
      "/organizations": /harbour/,
      "/organizations/harbour": /fleet\/tug/,
      "/iam/users": /Account owner/,
      "/iam/users?dialog=create": /Must be changed at the first sign-in/,
      "/iam/groups": /operators/,
      "/iam/policies": /SWR ReadOnlyAccess/,
      "/iam/simulate": /which grant or statement decides/,
      "/settings/general": /Settings/,
      "/settings/about": /Roadstead/,
      "/credentials": /API credentials[\s\S]*No access keys yet[\s\S]*This session/,
      "/upload": /Upload Through Console[\s\S]*Uploading needs scripts/,
      "/account": /Preferences/,
      "/audit": /Create tag[\s\S]*harbour\/fleet\/tug/,
    };
    for (const [address, words] of Object.entries(pages)) {
      const response = await person.page.goto(registry.url + address);
      assert.equal(response.status(), 200, address);
      const text = await person.page.locator("body").innerText();
      assert.match(text, words, `${address}:\n${text}`);
      assert.doesNotMatch(text, /Loading/, address);
      assert.equal(await person.page.locator("h1").count(), 1, `${address} has one h1`);
    }
    person.assertQuiet();
  });

  test("the image is deleted by a form", async () => {
    const { page } = person;
    await page.goto(`${registry.url}/images/harbour/fleet$tug`);
    if (!(await hook(page, "image.delete").isVisible())) await hook(page, "image.more").click();
    await hook(page, "image.delete").click();
    await hook(page, "confirm.name").fill("harbour/fleet/tug");
    await hook(page, "confirm.ok").click();
    await page.waitForURL((url) => url.pathname === "/images");
    assert.equal(await hook(page, "images.row.harbour/fleet/tug").count(), 0);
    person.assertQuiet();
  });
});
