// Upload and download in the browser: archives go up, survive pauses, reloads and a killed server, and what comes down is
// loaded by Docker and podman.
import { after, before, describe, test } from "node:test";
import assert from "node:assert/strict";
import path from "node:path";
import { readFile, writeFile } from "node:fs/promises";
import { freePort, poll, run, temporary } from "../lib/process.mjs";
import { owner, startRoadstead } from "../lib/roadstead.mjs";
import { startDocker } from "../lib/docker.mjs";
import { dockerSave } from "../lib/archive.mjs";
import { checkAccessible, hook, launch, pictures, visitor } from "../lib/browser.mjs";
import { createOrganization, signIn } from "../lib/journey.mjs";

const MiB = 1 << 20;

/** A promise that the test settles itself. */
function gateway() {
  let resolve;
  const promise = new Promise((open) => {
    resolve = open;
  });
  return { promise, resolve };
}

/** A file for the file chooser, written to the folder: files over 50 MB cannot be given as bytes. */
async function fileOf(folder, name, bytes) {
  const file = path.join(folder, name);
  await writeFile(file, bytes);
  return file;
}

const choose = (page, files) => hook(page, "upload.input").setInputFiles(files);
const state = (page, index) => hook(page, `upload.row.${index}`).getAttribute("data-state");
const until = (page, index, wanted) =>
  page.waitForFunction(([row, value]) => document.querySelector(`[data-testid="upload.row.${row}"]`)?.dataset.state === value, [index, wanted], { timeout: 60_000 });

for (const language of ["en", "zh"]) {
  describe(`upload through the page (${language})`, () => {
    let browser, registry, person, folder;
    before(async () => {
      folder = await temporary("upload");
      [browser, registry] = await Promise.all([launch(), startRoadstead()]);
      person = await visitor(browser, { language });
      await signIn(person, registry);
      await createOrganization(person, registry, "harbour");
    });
    after(async () => {
      await browser?.close();
      await folder?.remove();
      await registry?.stop();
    });

    test("an archive becomes a tag, and a hostile one gets its sentence", async () => {
      const { page } = person;
      await person.open(`${registry.url}/images`);
      await hook(page, "images.page_upload").click();
      await hook(page, "upload.choose").waitFor();
      await checkAccessible(person, "upload");
      const good = dockerSave(["docker.io/library/tug:v1"]);
      const files = [
        await fileOf(folder.folder, "tug.tar", good.bytes),
        await fileOf(folder.folder, "byid.tar", dockerSave(null, [9_000]).bytes),
        await fileOf(folder.folder, "picture.tar", Buffer.from("no archive at all".repeat(99))),
        await fileOf(folder.folder, "empty.tar", Buffer.alloc(0)),
      ];
      await choose(page, files);
      await until(page, 2, "rejected");
      await until(page, 3, "rejected");
      assert.match(await hook(page, "upload.row.0.preview").innerText(), /harbour\/tug:v1/);
      await hook(page, "upload.start").click();
      await until(page, 0, "done");
      await until(page, 1, "failed");
      const words = language === "en" ? /docker save name:tag/ : /docker save 镜像名:版本/;
      assert.match(await hook(page, "upload.row.1").innerText(), words);
      await pictures(person, "upload", language);
      await checkAccessible(person, "upload with files");
      await hook(page, "upload.row.0").locator("a").first().click();
      await hook(page, "tag.facts").waitFor();
      const manifest = await fetch(`${registry.url}/v2/harbour/tug/manifests/v1`, {
        headers: { authorization: `Basic ${Buffer.from(`${owner.account}:${owner.password}`).toString("base64")}` },
      });
      assert.equal((await manifest.json()).config.digest, good.configDigest, "the image's id");
      person.assertQuiet();
    });

    test("more than ten files are named as ignored", async () => {
      const { page } = person;
      await person.open(`${registry.url}/upload`);
      const files = [];
      for (let index = 0; index < 12; index += 1) {
        files.push(await fileOf(folder.folder, `many-${index}.tar`, dockerSave([`many:${index}`], [2_000]).bytes));
      }
      await choose(page, files);
      await hook(page, "upload.row.9").waitFor();
      assert.match(await hook(page, "upload.note").innerText(), /2/);
      assert.equal(await hook(page, "upload.row.10").count(), 0);
      person.assertQuiet();
    });

    test("goes on after a pause, on other pages, and after a reload, without sending a byte twice", async () => {
      const { page } = person;
      await person.open(`${registry.url}/upload`);
      const { bytes } = dockerSave(["barge:v2"], [20 * MiB, 20 * MiB]);
      const file = await fileOf(folder.folder, "barge.tar", bytes);
      const offsets = [];
      let gate = gateway();
      await page.route(/console\/upload\/[^/]+\?offset=/, async (route) => {
        offsets.push(Number(new URL(route.request().url()).searchParams.get("offset")));
        // The third chunk waits until the test lets it go.
        if (offsets.length === 3) await gate.promise;
        await route.continue().catch(() => {});
      });
      await choose(page, file);
      await hook(page, "upload.start").click();
      await poll(() => Promise.resolve(offsets.length === 3), "three chunks");
      await hook(page, "upload.row.0.pause").click();
      await until(page, 0, "paused");
      gate.resolve();
      await hook(page, "upload.row.0.resume").click();
      await until(page, 0, "uploading");
      // Another page, while it goes on; a new one is found to be unfinished after a reload.
      await page.unroute(/console\/upload\/[^/]+\?offset=/);
      gate = gateway();
      const before = offsets.length;
      await page.route(/console\/upload\/[^/]+\?offset=/, async (route) => {
        offsets.push(Number(new URL(route.request().url()).searchParams.get("offset")));
        if (offsets.length >= before + 2) await gate.promise;
        await route.continue().catch(() => {});
      });
      await poll(() => Promise.resolve(offsets.length >= before), "more");
      await page.locator('[data-testid="shell.nav.overview"]').click();
      await page.waitForURL((url) => url.pathname === "/overview");
      if (await hook(page, "upload.pill").count()) assert.match(await hook(page, "upload.pill").innerText(), /%/);
      page.on("dialog", (dialog) => dialog.accept());
      await person.open(`${registry.url}/upload`);
      gate.resolve();
      await page.unroute(/console\/upload\/[^/]+\?offset=/);
      if ((await hook(page, "upload.row.0").count()) > 0 && (await state(page, 0)) === "waiting") {
        const stored = await page.evaluate(async () => (await (await fetch("/console/upload")).json())[0].received);
        const later = [];
        page.on("request", (request) => {
          const match = /offset=(\d+)/.exec(request.url());
          if (match && request.method() === "PUT") later.push(Number(match[1]));
        });
        await choose(page, file);
        await until(page, 0, "done");
        assert.ok(later.length > 0 && later.every((offset) => offset >= stored), `${later} from ${stored}`);
      }
      await poll(async () => {
        const list = await page.evaluate(async () => (await (await fetch("/console/upload")).json())[0]);
        return list.state === "done";
      }, "the import", 60_000);
      person.assertQuiet();
    });
  });
}

describe("a server that is killed while a file goes up", () => {
  test("loses at most a chunk, and the tag appears", async () => {
    const folder = await temporary("upload-kill");
    const data = path.join(folder.folder, "data");
    const port = await freePort();
    const env = { ROADSTEAD_LISTEN: `127.0.0.1:${port}` };
    const browser = await launch();
    let registry = await startRoadstead({ dataDir: data, env });
    const person = await visitor(browser, {});
    const { page } = person;
    await signIn(person, registry);
    await createOrganization(person, registry, "harbour");
    await person.open(`${registry.url}/upload`);
    const { bytes } = dockerSave(["raft:v1"], [30 * MiB]);
    const file = await fileOf(folder.folder, "raft.tar", bytes);
    const offsets = [];
    const killed = gateway();
    await page.route(/console\/upload\/[^/]+\?offset=/, async (route) => {
      offsets.push(Number(new URL(route.request().url()).searchParams.get("offset")));
      if (offsets.length === 3) {
        await registry.kill();
        killed.resolve();
      }
      await route.continue().catch(() => {});
    });
    await choose(page, file);
    await hook(page, "upload.start").click();
    await killed.promise;
    registry = await startRoadstead({ dataDir: data, env });
    await until(page, 0, "done");
    const again = offsets.filter((offset, index) => offsets.indexOf(offset) !== index);
    assert.ok(new Set(again).size <= 1, `sent again: ${again}`);
    await browser.close();
    await registry.stop();
    await folder.remove();
  });
});

describe("a downloaded archive", () => {
  test("is loaded by Docker and podman, and goes on where it broke off", async () => {
    const folder = await temporary("download");
    const [browser, registry, engine] = await Promise.all([launch(), startRoadstead(), startDocker()]);
    const person = await visitor(browser, {});
    const { page } = person;
    await signIn(person, registry);
    await createOrganization(person, registry, "harbour");
    await person.open(`${registry.url}/upload`);
    const source = dockerSave(["ferry:v1"]);
    await choose(page, await fileOf(folder.folder, "ferry.tar", source.bytes));
    await hook(page, "upload.start").click();
    await until(page, 0, "done");
    await person.open(`${registry.url}/images/harbour/ferry/tags/v1`);
    const podman = (...args) =>
      run("podman", ["--root", `${folder.folder}/graph`, "--runroot", `${folder.folder}/run`, "--storage-driver", "vfs", ...args]);
    for (const format of ["docker", "oci"]) {
      await hook(page, "tag.download").click();
      const [download] = await Promise.all([page.waitForEvent("download"), hook(page, `tag.download.${format}`).click()]);
      const file = path.join(folder.folder, download.suggestedFilename());
      await download.saveAs(file);
      const whole = await readFile(file);
      const address = `/console/download/harbour/ferry?tag=v1&format=${format}`;
      const part = await page.evaluate(async (from) => {
        const answer = await fetch(from, { headers: { range: "bytes=5000-" } });
        return { status: answer.status, bytes: [...new Uint8Array(await answer.arrayBuffer())] };
      }, address);
      assert.equal(part.status, 206);
      assert.ok(whole.subarray(5000).equals(Buffer.from(part.bytes)));
      const loaded = await engine.docker("load", "--input", file);
      assert.match(loaded.stdout, /harbour\/ferry:v1/);
      const { stdout: id } = await engine.docker("image", "inspect", "--format", "{{.Id}}", `${registry.host}/harbour/ferry:v1`);
      assert.equal(id.trim(), source.configDigest);
      await engine.docker("image", "rm", "--force", `${registry.host}/harbour/ferry:v1`);
      const { stdout } = await podman("load", "--input", file);
      assert.match(stdout, /harbour\/ferry:v1/);
      const inspected = await podman("image", "inspect", "--format", "{{.Id}}", `${registry.host}/harbour/ferry:v1`);
      assert.equal(`sha256:${inspected.stdout.trim()}`, source.configDigest);
      await podman("rmi", "--force", `${registry.host}/harbour/ferry:v1`);
    }
    person.assertQuiet();
    await browser.close();
    await engine.stop();
    await registry.stop();
    await folder.remove();
  });
});
