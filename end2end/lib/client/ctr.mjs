// ctr: containerd with a socket, a state and images of its own. It has no login: the credential goes with every call.
import path from "node:path";
import { mkdir, writeFile } from "node:fs/promises";
import { run, start } from "../process.mjs";
import { writeArtifactLayout, writeImageLayout, writeIndexLayout } from "../layout.mjs";

export async function startCtr({ isHttps, caFile, folder, fixture }) {
  const home = path.join(folder, "containerd");
  await mkdir(home);
  const socket = path.join(home, "containerd.sock");
  // Only the native snapshotter works everywhere, and Kubernetes' part is not asked for.
  await writeFile(path.join(home, "config.toml"), [
    "version = 2", `root = "${home}/root"`, `state = "${home}/state"`,
    `disabled_plugins = [${["grpc.v1.cri", ...["aufs", "btrfs", "devmapper", "overlayfs", "zfs"].map((each) => `snapshotter.v1.${each}`)].map((each) => `"io.containerd.${each}"`).join(", ")}]`,
    "[grpc]", `address = "${socket}"`, "[ttrpc]", `address = "${socket}.ttrpc"`, "",
  ].join("\n"));
  const daemon = start("containerd", ["--config", path.join(home, "config.toml")], { env: { ...process.env, PATH: `${process.env.PATH}:/usr/sbin:/sbin` } });
  await daemon.until((text) => text.includes("successfully booted"), "containerd", 60_000);
  const env = {
    ...process.env, CONTAINERD_ADDRESS: socket, CONTAINERD_SNAPSHOTTER: "native",
    // A pasted line names no authority: then it is the system's, which this stands for.
    ...(isHttps ? { SSL_CERT_FILE: caFile } : {}),
  };
  const call = async (...args) => (await run("ctr", ["images", ...args], { env })).stdout;
  const transport = isHttps ? ["--tlscacert", caFile] : ["--plain-http"];
  let credential = "";
  const remote = (word, ...args) => call(word, ...transport, ...(credential ? ["-u", credential] : []), ...args);
  const digestOf = async (reference) => (await call("ls", `name==${reference}`)).match(/sha256:[0-9a-f]{64}/)?.[0];
  const fetched = async (reference, platform) => {
    await call("rm", "--sync", reference);
    return remote("pull", "--platform", platform, reference);
  };
  let count = 0;
  const up = async (write, reference, options) => {
    count += 1;
    const layout = await write(path.join(home, `layout-${count}`), { tag: reference.split(":").at(-1), ...options });
    await run("tar", ["cf", `${layout.folder}.tar`, "-C", layout.folder, "."]);
    await call("import", "--no-unpack", "--all-platforms", "--base-name", reference.slice(0, reference.lastIndexOf(":")), `${layout.folder}.tar`);
    await remote("push", reference);
  };
  const pull = async (reference) => {
    await fetched(reference, "linux/amd64");
    return digestOf(reference);
  };
  return {
    env,
    cannot: { remove: "ctr deletes nothing in a registry" },
    async login(user, password) {
      const before = credential;
      credential = `${user}:${password}`;
      try {
        await pull(fixture.plain.reference);
      } catch (error) {
        credential = before;
        throw error;
      }
    },
    push: (reference) => up(writeImageLayout, reference),
    async again(reference, to) {
      // Where bytes came from is remembered when they are pulled; a mount is tried from there.
      await pull(reference);
      await call("tag", reference, to);
      await remote("push", to);
    },
    pull,
    index: (reference) => up(writeIndexLayout, reference, { size: 50_000 }),
    async architecture(reference, wanted) {
      const said = await fetched(reference, `linux/${wanted}`);
      return said.match(/unpacking linux\/(\w+)/)?.[1];
    },
    zstd: (reference) => up(writeImageLayout, reference, { compression: "zstd" }),
    artifact: (reference) => up(writeArtifactLayout, reference),
    stop: () => daemon.stop(),
  };
}
