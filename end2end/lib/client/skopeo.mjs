// skopeo: from layouts on disk and back.
import path from "node:path";
import { createHash } from "node:crypto";
import { mkdir, readFile } from "node:fs/promises";
import { run } from "../process.mjs";
import { writeArtifactLayout, writeImageLayout, writeIndexLayout } from "../layout.mjs";

export async function startSkopeo({ host, isHttps, folder }) {
  const home = path.join(folder, "skopeo");
  await mkdir(home);
  const env = { ...process.env, REGISTRY_AUTH_FILE: path.join(home, "auth.json") };
  const call = async (...args) => (await run("skopeo", args, { env })).stdout.trim();
  const plain = (...names) => (isHttps ? [] : names.map((name) => `--${name}tls-verify=false`));
  let count = 0;
  const next = () => path.join(home, `layout-${(count += 1)}`);
  const up = (layout, reference, ...flags) => call("copy", "--quiet", ...plain("dest-"), ...flags, layout.reference, `docker://${reference}`);
  /** A folder keeps the manifest as it came, whatever its format. */
  const down = async (reference, ...flags) => {
    const to = next();
    await call(...flags, "copy", "--quiet", ...plain("src-"), `docker://${reference}`, `dir:${to}`);
    const manifest = await readFile(path.join(to, "manifest.json"));
    return { to, digest: `sha256:${createHash("sha256").update(manifest).digest("hex")}` };
  };
  const pull = async (reference) => (await down(reference)).digest;
  return {
    env,
    cannot: {},
    login: (user, password) => call("login", ...plain(""), "-u", user, "-p", password, host),
    push: async (reference) => up(await writeImageLayout(next()), reference),
    again: (reference, to) => call("copy", "--quiet", ...plain("src-", "dest-"), `docker://${reference}`, `docker://${to}`),
    pull,
    index: async (reference) => up(await writeIndexLayout(next(), { size: 50_000 }), reference, "--all"),
    async architecture(reference, wanted) {
      const { to } = await down(reference, "--override-os", "linux", "--override-arch", wanted);
      return JSON.parse(await call("inspect", "--config", `dir:${to}`)).architecture;
    },
    zstd: async (reference) => up(await writeImageLayout(next(), { compression: "zstd" }), reference, "--preserve-digests"),
    artifact: async (reference) => up(await writeArtifactLayout(next()), reference, "--preserve-digests"),
    pullArtifact: pull,
    remove: (reference) => call("delete", ...plain(""), `docker://${reference}`),
    stop: async () => {},
  };
}
