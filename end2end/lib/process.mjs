// Child processes that end when their test ends, whatever happens. What a failed test leaves running keeps nobody waiting:
// only what is awaited does.
import { spawn, execFile } from "node:child_process";
import { rmSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import net from "node:net";
import { fileURLToPath } from "node:url";

export const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "../..");
export const isSoak = process.env.ROADSTEAD_SOAK === "1";

const running = new Set();
const folders = new Set();
process.on("exit", () => {
  for (const child of running) child.kill("SIGKILL");
  for (const folder of folders) {
    try {
      rmSync(folder, { recursive: true, force: true });
    } catch {
      // A killed program may still write or hold a mount: then it is the system's to tidy.
    }
  }
});

/** A temporary folder; `remove()` deletes it, at the latest when the tests end. */
export async function temporary(name) {
  const folder = await mkdtemp(path.join(tmpdir(), `roadstead-${name}-`));
  folders.add(folder);
  const remove = async () => {
    await rm(folder, { recursive: true, force: true });
    folders.delete(folder);
  };
  return { folder, remove };
}

/** A port that was free a moment ago. */
export function freePort() {
  return new Promise((resolve, reject) => {
    const server = net.createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

/** Starts a long-running program and collects what it says. `until(predicate)` waits for its output. */
export function start(command, args, options = {}) {
  const child = spawn(command, args, { stdio: ["ignore", "pipe", "pipe"], ...options });
  child.unref();
  running.add(child);
  const state = { output: "", exited: null, waiters: new Set() };
  const wake = () => state.waiters.forEach((waiter) => waiter());
  for (const stream of [child.stdout, child.stderr]) {
    stream.unref();
    stream.setEncoding("utf8");
    stream.on("data", (text) => {
      state.output += text;
      wake();
    });
  }
  const ended = new Promise((resolve) => {
    child.once("error", (error) => {
      state.output += `\n${error}`;
      state.exited = { code: null, signal: null, error };
      running.delete(child);
      wake();
      resolve(state.exited);
    });
    child.once("exit", (code, signal) => {
      state.exited = { code, signal };
      running.delete(child);
      wake();
      resolve(state.exited);
    });
  });
  return {
    child,
    ended,
    output: () => state.output,
    /** Resolves with what `find(output)` returns as soon as that is truthy. */
    until(find, what, milliseconds = 60_000) {
      return new Promise((resolve, reject) => {
        const timer = setTimeout(() => done(reject, new Error(`${command}: no ${what} in ${milliseconds} ms:\n${state.output}`)), milliseconds);
        const done = (settle, value) => {
          clearTimeout(timer);
          state.waiters.delete(look);
          settle(value);
        };
        const look = () => {
          const found = find(state.output);
          if (found) done(resolve, found);
          else if (state.exited) done(reject, new Error(`${command} ended (${state.exited.code ?? state.exited.signal}) before ${what}:\n${state.output}`));
        };
        state.waiters.add(look);
        look();
      });
    },
    async stop(signal = "SIGTERM") {
      if (!state.exited) {
        child.ref();
        child.kill(signal);
      }
      return ended;
    },
  };
}

/** Runs a program to its end. Rejects on a non-zero status, with everything it said; `status: true` returns it instead. */
export function run(command, args, { input, status = false, ...options } = {}) {
  return new Promise((resolve, reject) => {
    const child = execFile(command, args, { maxBuffer: 64 << 20, ...options }, (error, stdout, stderr) => {
      const result = { code: error ? (error.code ?? 1) : 0, stdout, stderr };
      if (error && !status) {
        reject(new Error(`${command} ${args.join(" ")}: ${result.code}\n${stdout}\n${stderr}`));
      } else resolve(result);
    });
    if (input !== undefined) child.stdin.end(input);
  });
}

/** Asks again, on the event loop's own rhythm, until `probe()` gives something; for what announces itself in no other way. */
export async function poll(probe, what, milliseconds = 30_000) {
  const end = performance.now() + milliseconds;
  let last;
  while (performance.now() < end) {
    try {
      const value = await probe();
      if (value) return value;
    } catch (error) {
      last = error;
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`${what}: not within ${milliseconds} ms${last ? `: ${last.message}` : ""}`);
}
