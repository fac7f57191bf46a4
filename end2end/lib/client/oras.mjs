// oras: the Python package, from the environment that `make install-test` makes.
import path from "node:path";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { randomBytes } from "node:crypto";
import { root, run } from "../process.mjs";
import { writeImageLayout, writeIndexLayout } from "../layout.mjs";

const tools = process.env.ROADSTEAD_TOOLS ?? path.join(process.env.XDG_CACHE_HOME ?? path.join(homedir(), ".cache"), "roadstead/tools");
const script = path.join(root, "end2end/lib/client/oras_words.py");

export async function startOras({ host, isHttps, caFile, folder, fixture }) {
  const home = path.join(folder, "oras");
  await mkdir(home);
  const env = {
    ...process.env, ORAS_HOST: host, ORAS_CONFIG: path.join(home, "config.json"), PYTHONDONTWRITEBYTECODE: "1",
    ...(isHttps ? { ORAS_CA: caFile } : {}),
  };
  const call = async (...args) => (await run(path.join(tools, "python/bin/python"), [script, ...args], { env })).stdout.trim();
  let count = 0;
  const next = () => path.join(home, `layout-${(count += 1)}`);
  const up = async (write, reference, options) => {
    const layout = await write(next(), { tag: "up", ...options });
    await call("push_layout", layout.folder, "up", reference);
  };
  return {
    env,
    cannot: { again: "oras mounts nothing", architecture: "oras takes an index whole", schema2: "oras takes OCI manifests only" },
    async login(user, password) {
      await call("login", user, password);
      // The package only writes the password down: whether it is right shows at the first question.
      await call("tags", fixture.plain.reference);
    },
    push: (reference) => up(writeImageLayout, reference),
    async pull(reference) {
      const to = next();
      await mkdir(to);
      await call("pull_layout", reference, to);
      return JSON.parse(await readFile(path.join(to, "index.json"), "utf8")).manifests[0].digest;
    },
    index: (reference) => up(writeIndexLayout, reference, { size: 50_000 }),
    zstd: (reference) => up(writeImageLayout, reference, { compression: "zstd" }),
    artifact: async (reference, subject) => {
      const file = path.join(home, "note.txt");
      await writeFile(file, randomBytes(2000));
      await call("push_file", reference, file, "text/plain", ...(subject ? [`${subject.mediaType} ${subject.digest} ${subject.size}`] : []));
    },
    async pullArtifact(reference) {
      const to = next();
      await mkdir(to);
      await call("pull_file", reference, to);
    },
    remove: (reference) => call("delete", reference, reference.split(":").at(-1)),
    stop: async () => {},
  };
}
