// The real binary, with a data folder of its own, on a port that it chose itself.
import path from "node:path";
import { access, mkdir, readFile } from "node:fs/promises";
import { root, run, start, temporary, poll } from "./process.mjs";
import { send } from "./http.mjs";

export const binary =
  process.env.ROADSTEAD_TEST_BINARY ?? path.join(process.env.CARGO_TARGET_DIR ?? path.join(root, "target"), "debug/roadstead");

export const owner = { account: "acme", password: "correct-Horse-7-battery" };

/** Only what the program needs, so that no setting of the machine leaks into a test. */
function environment(dataDir, extra) {
  return { PATH: process.env.PATH, HOME: dataDir, RUST_BACKTRACE: "1", ROADSTEAD_DATA_DIR: dataDir, ROADSTEAD_LISTEN: "127.0.0.1:0", ...extra };
}

async function status(pid, word) {
  const line = (await readFile(`/proc/${pid}/status`, "utf8")).split("\n").find((each) => each.startsWith(word));
  return Number(line.match(/(\d+) kB/)[1]) * 1024;
}

/**
 * Starts `roadstead serve`. Without `setUp` the first account does not exist yet, and `setupLink` is the one-time link.
 * `stop()` asks it to end and checks that it did so in peace; `kill()` is power loss. `ca` vouches for its certificate.
 */
export async function startRoadstead({ setUp = true, env = {}, dataDir, ca } = {}) {
  await access(binary).catch(() => {
    throw new Error(`${binary} is missing: make debug`);
  });
  const folder = dataDir ? null : await temporary("data");
  const data = dataDir ?? folder.folder;
  await mkdir(data, { recursive: true });
  const extra = setUp ? { ROADSTEAD_SETUP_ACCOUNT: owner.account, ROADSTEAD_SETUP_PASSWORD: owner.password, ...env } : env;
  const server = start(binary, ["serve"], { env: environment(data, extra), cwd: data });
  const url = await server.until((text) => text.match(/https?:\/\/[\d.]+:\d+/)?.[0], "address");
  await poll(async () => (await send(`${url}/readyz`, { ca })).status === 200, "readiness");
  return {
    url,
    ca,
    host: new URL(url).host,
    data,
    server,
    output: server.output,
    /** The one-time link, or null when somebody is set up already. */
    setupLink() {
      const code = server.output().match(/\/setup\?code=([A-Za-z0-9_-]+)/)?.[1];
      return code ? `${url}/setup?code=${code}` : null;
    },
    /** A command of the same binary, beside the running server. */
    call: (...args) => run(binary, args, { env: environment(data, extra), cwd: data }),
    /** The same, with something on its standard input. */
    callWith: (input, ...args) => run(binary, args, { env: environment(data, extra), cwd: data, input }),
    /** The most memory that it ever had, in bytes. */
    memory: () => status(server.child.pid, "VmHWM"),
    /** The memory that it has now, in bytes. */
    resident: () => status(server.child.pid, "VmRSS"),
    kill: () => server.stop("SIGKILL"),
    async stop() {
      const { code, signal } = await server.stop();
      if (folder) await folder.remove();
      if (server.output().includes("panicked at")) throw new Error(`roadstead panicked:\n${server.output()}`);
      if (code !== 0) throw new Error(`roadstead ended with ${code ?? signal}:\n${server.output()}`);
    },
  };
}
