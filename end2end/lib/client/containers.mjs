// podman and buildah, which share a library and nearly all words. Each has an image store and logins of its own.
import path from "node:path";
import { mkdir, writeFile } from "node:fs/promises";
import { randomBytes } from "node:crypto";
import { run } from "../process.mjs";

async function start(command, inspect, { host, isHttps, folder, fixture }) {
  const home = path.join(folder, command);
  await mkdir(home);
  // vfs works wherever the tests run, also inside a container.
  await writeFile(path.join(home, "storage.conf"), `[storage]\ndriver = "vfs"\ngraphroot = "${home}/graph"\nrunroot = "${home}/run"\n`);
  await writeFile(path.join(home, "containers.conf"), `[engine]\ncgroup_manager = "cgroupfs"\nevents_logger = "file"\ntmp_dir = "${home}/tmp"\n`);
  const env = {
    ...process.env,
    CONTAINERS_STORAGE_CONF: path.join(home, "storage.conf"),
    CONTAINERS_CONF: path.join(home, "containers.conf"),
    REGISTRY_AUTH_FILE: path.join(home, "auth.json"),
  };
  const call = async (...args) => (await run(command, args, { env })).stdout.trim();
  // The certificate is found where docker's are: /etc/docker/certs.d.
  const plain = isHttps ? [] : ["--tls-verify=false"];
  const forget = (reference) => run(command, ["rmi", "--force", reference], { env, status: true });
  let count = 0;
  const build = async (reference) => {
    count += 1;
    const context = path.join(home, `context-${count}`);
    await mkdir(context);
    await Promise.all([40_000, 160_000].map((size, index) => writeFile(path.join(context, `layer-${index}`), randomBytes(size))));
    await writeFile(path.join(context, "Containerfile"), "FROM scratch\nCOPY layer-0 /layer-0\nCOPY layer-1 /layer-1\nENV GREETING=hello\n");
    await call("build", "--quiet", "--layers", "--tag", reference, "--file", path.join(context, "Containerfile"), context);
  };
  return {
    env,
    cannot: {
      artifact: `${command} pushes images only`,
      remove: `${command} deletes nothing in a registry`,
    },
    login: (user, password) => call("login", ...plain, "-u", user, "-p", password, host),
    async push(reference) {
      await build(reference);
      await call("push", ...plain, reference);
    },
    again: (reference, to) => call("push", ...plain, reference, `docker://${to}`),
    async pull(reference) {
      await forget(reference);
      return `sha256:${(await call("pull", "--quiet", ...plain, reference)).split("\n").at(-1)}`;
    },
    async index(reference) {
      count += 1;
      await call("manifest", "create", `list-${count}`);
      await call("manifest", "add", ...plain, "--all", `list-${count}`, `docker://${fixture.multi.reference}`);
      await call("manifest", "push", ...plain, "--all", `list-${count}`, `docker://${reference}`);
    },
    async architecture(reference, wanted) {
      await forget(reference);
      await call("pull", "--quiet", ...plain, "--platform", `linux/${wanted}`, reference);
      return call(...inspect, reference);
    },
    async zstd(reference) {
      await build(reference);
      await call("push", ...plain, "--compression-format", "zstd", reference);
    },
    stop: async () => {},
  };
}

export const startPodman = (world) => start("podman", ["image", "inspect", "--format", "{{.Architecture}}"], world);
export const startBuildah = (world) => start("buildah", ["inspect", "--type", "image", "--format", "{{.OCIv1.Architecture}}"], world);
