// The long-term login command: made in the browser from a file or typed keys, the secret key never sent; runnable as copied.
import { after, before, describe, test } from "node:test";
import assert from "node:assert/strict";
import { owner, startRoadstead } from "../lib/roadstead.mjs";
import { run } from "../lib/process.mjs";
import { consoleOf, send } from "../lib/http.mjs";
import { makeAccessKey } from "../lib/access-key.mjs";
import { checkAccessible, hook, launch, pictures, visitor } from "../lib/browser.mjs";
import { copied, signIn } from "../lib/journey.mjs";

const csv = (text, name = "credentials.csv") => ({ name, mimeType: "text/csv", buffer: Buffer.from(text) });

describe("the long-term login command", () => {
  let browser, registry, first, second;
  before(async () => {
    [browser, registry] = await Promise.all([launch(), startRoadstead()]);
    first = await makeAccessKey(registry, owner.account);
    second = await makeAccessKey(registry, owner.account);
  });
  after(async () => {
    await browser?.close();
    await registry?.stop();
  });

  const ping = async ({ user, key }) => {
    const authorization = `Basic ${Buffer.from(`${user}:${key}`).toString("base64")}`;
    return (await send(`${registry.url}/v2/`, { headers: { authorization } })).status;
  };

  for (const language of ["en", "zh-CN"]) {
    test(`is made of a file, in ${language}`, async () => {
      const person = await visitor(browser, { language });
      const { page } = person;
      await signIn(person, registry);
      const sent = [];
      page.on("request", (request) => sent.push(request.url() + (request.postData() ?? "")));
      await person.open(`${registry.url}/overview?dialog=login`);
      const temporary = {};
      for (const client of ["docker", "ctr", "crictl", "nerdctl", "podman", "skopeo", "helm", "kubernetes"]) {
        await hook(page, `client.${client}`).click();
        temporary[client] = await copied(page, "login.command.copy");
      }
      await hook(page, "client.docker").click();
      await hook(page, "login.tab.long").click();
      await hook(page, "login.file").waitFor({ state: "attached" });
      assert.ok(await hook(page, "login.generate").isDisabled());

      await hook(page, "login.file").setInputFiles(csv("AK,SK\n1,2\n"));
      await hook(page, "login.bad_file").waitFor();
      const both = `\uFEFF${first.file.trimEnd()}\r\nother,${second.id},${second.secret}\r\n`;
      await hook(page, "login.file").setInputFiles(csv(both));
      await hook(page, "login.pick").selectOption("1");
      assert.equal(await hook(page, "login.access_key").inputValue(), second.id);
      await hook(page, "login.pick").selectOption("0");
      await hook(page, "login.generate").click();
      await hook(page, "login.command").waitFor();
      await checkAccessible(person, "login-long");
      await pictures(person, "login-long", language);
      // Every client's line is the temporary one's, with the other user and key.
      const [, user, key] = temporary.docker.match(/ -u (\S+) -p (\S+) /);
      for (const [client, line] of Object.entries(temporary)) {
        await hook(page, `client.${client}`).click();
        assert.equal(await copied(page, "login.command.copy"), line.replace(user, first.user).replace(key, first.key), client);
      }
      assert.equal(await ping(first), 200);

      // Typed, and unknown: a warning and the command all the same.
      await hook(page, "client.docker").click();
      await hook(page, "login.access_key").fill("RSAKNOBODYHASIT00000");
      await hook(page, "login.command").waitFor({ state: "detached" });
      await hook(page, "login.generate").click();
      await hook(page, "login.unknown").waitFor();
      await hook(page, "login.command").waitFor();

      // Closing forgets everything.
      await hook(page, "confirm.close").click();
      await hook(page, "dialog.login").waitFor({ state: "detached" });
      await person.open(`${registry.url}/overview?dialog=login&login=long`);
      assert.equal(await hook(page, "login.secret_key").inputValue(), "");
      assert.ok(sent.some((each) => each.includes("check_access_key") && each.includes(first.id)), "the server was asked about the public half");
      for (const secret of [first.secret, second.secret, first.key]) {
        assert.deepEqual(sent.filter((each) => each.includes(secret)), []);
      }
      person.assertQuiet();
      await person.close();
    });
  }

  test("is computed by hand without scripts, by the line that the page gives", async () => {
    const person = await consoleOf(registry, owner);
    const page = (await person.ask("/overview?dialog=login&login=long")).text;
    const line = page.match(/data-testid="login\.openssl"[^>]*>(.*?)<\/code>/s)[1]
      .replace(/<span class="prompt"[^>]*>.*?<\/span>/s, "").replace(/<[^>]+>/g, "")
      .replaceAll("&quot;", '"').replaceAll("&#x27;", "'").replaceAll("&amp;", "&");
    const { stdout } = await run("sh", ["-ec", line.replace("AK", first.id).replace("SK", first.secret)]);
    assert.equal(stdout.trim(), first.key);
  });
});
