// A certificate of the server's own making: the steps that it prints for clients are taken as they stand.
import { after, before, describe, test } from "node:test";
import assert from "node:assert/strict";
import path from "node:path";
import { readFile, rm } from "node:fs/promises";
import { run, start, temporary } from "../lib/process.mjs";
import { binary, owner } from "../lib/roadstead.mjs";
import { startDocker } from "../lib/docker.mjs";
import { machineAddress } from "../lib/tls.mjs";

describe("a certificate of its own making", () => {
  let folder, server, engine, host;
  const asked = [];
  before(async () => {
    folder = await temporary("self-signed");
    const env = {
      PATH: process.env.PATH, HOME: folder.folder, ROADSTEAD_DATA_DIR: folder.folder, ROADSTEAD_LISTEN: `${machineAddress()}:0`, ROADSTEAD_TLS: "self-signed",
      ROADSTEAD_SETUP_ACCOUNT: owner.account, ROADSTEAD_SETUP_PASSWORD: owner.password,
    };
    server = start(binary, ["serve"], { env, cwd: folder.folder });
    host = await server.until((text) => text.includes("update-ca-certificates") && text.match(/ready on https:\/\/(\S+)/)?.[1], "steps");
    await run(binary, ["organization", "create", "harbour", "--account", owner.account], { env, cwd: folder.folder });
    engine = await startDocker();
  });
  after(async () => {
    await Promise.allSettled([engine?.stop(), server?.stop(), ...asked.map((each) => rm(each, { recursive: true }))]);
    await folder?.remove();
  });

  /** The printed line for a client, as one takes it in the folder of the certificate, being root already. */
  const step = (client) => {
    const line = server.output().match(new RegExp(`^ +${client}.*?  +(.*)$`, "m"))?.[1];
    assert.ok(line, `${client}: ${server.output()}`);
    return line.replaceAll("sudo ", "");
  };
  const take = (line) => run("sh", ["-c", line], { cwd: path.join(folder.folder, "tls") });
  const wanted = async () => (await run("openssl", ["x509", "-in", path.join(folder.folder, "tls/certificate.pem"), "-noout", "-fingerprint", "-sha256"])).stdout;

  test("the fingerprint is the certificate's", async () => {
    const printed = server.output().match(/SHA-256 ([0-9a-f]{64})/)[1];
    assert.equal((await wanted()).split("=")[1].trim().replaceAll(":", "").toLowerCase(), printed);
    assert.match(await readFile(path.join(folder.folder, "tls/certificate.pem"), "utf8"), /^Names: .*localhost/m);
  });

  test("curl", async () => {
    const { stdout } = await take(`${step("curl")} --silent --output /dev/null --write-out '%{http_code} %{http_version}'`);
    assert.equal(stdout, "401 2");
  });

  test("docker", async () => {
    const before = await engine.attempt("login", "-u", owner.account, "-p", owner.password, host);
    if (!host.startsWith("127.")) assert.notEqual(before.code, 0, "nobody trusts it yet");
    asked.push(`/etc/docker/certs.d/${host}`);
    await take(step("docker"));
    await engine.docker("login", "-u", owner.account, "-p", owner.password, host);
    await engine.buildImage(`${host}/harbour/boat:v1`, [10_000]);
    await engine.docker("push", `${host}/harbour/boat:v1`);
  });

  test("skopeo, and with it podman and buildah", async () => {
    // It would look where docker looks, too.
    await rm(`/etc/docker/certs.d/${host}`, { recursive: true });
    asked.push(`/etc/containers/certs.d/${host}`);
    await take(step("podman"));
    const credentials = `${owner.account}:${owner.password}`;
    const { stdout } = await run("skopeo", ["inspect", "--creds", credentials, `docker://${host}/harbour/boat:v1`]);
    assert.match(JSON.parse(stdout).Digest, /^sha256:/);
  });
});
