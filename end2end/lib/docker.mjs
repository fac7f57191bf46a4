// A private Docker engine without a network, and skopeo with logins of its own.
import path from "node:path";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { randomBytes } from "node:crypto";
import { run, start, temporary, poll } from "./process.mjs";

/**
 * dockerd needs root; its data, its socket and its logins are in a temporary folder. `docker(...)` runs the client.
 * `flags` are more of the engine's.
 */
export async function startDocker({ flags = [] } = {}) {
  if (process.getuid() !== 0) throw new Error("the Docker engine needs root: run the client tests with sudo");
  const { folder, remove } = await temporary("docker");
  const socket = `unix://${folder}/docker.sock`;
  const daemon = start("dockerd", [
    "--data-root", `${folder}/data`, "--exec-root", `${folder}/exec`, "-p", `${folder}/pid`, "-H", socket,
    "--iptables=false", "--ip6tables=false", "--bridge=none", "--storage-driver=vfs", ...flags,
  ], { env: { ...process.env, PATH: `${process.env.PATH}:/usr/sbin:/sbin`, XDG_RUNTIME_DIR: folder } });
  const env = { ...process.env, DOCKER_HOST: socket, DOCKER_CONFIG: `${folder}/config`, DOCKER_BUILDKIT: "0" };
  await mkdir(`${folder}/config`);
  const docker = (...args) => run("docker", args, { env });
  await daemon.until((text) => text.includes("API listen on"), "socket", 120_000);
  await poll(() => docker("version"), "docker version");
  return {
    docker,
    /** The same with the status and both outputs, also when it fails. */
    attempt: (...args) => run("docker", args, { env, status: true }),
    /** A shell line as a person would paste it. */
    attemptShell: (line) => run("sh", ["-c", line], { env, status: true }),
    env,
    folder,
    async stop() {
      await daemon.stop();
      // containerd's shims may hold mounts for a moment after the daemon has gone.
      await run("sh", ["-c", `grep -o '${folder}[^ ]*' /proc/mounts | sort -r | xargs -r umount -l`], { status: true });
      await remove();
    },
    /**
     * An image of several layers without any base: random bytes, so that nothing compresses away and every layer is new.
     * `COPY` makes one layer each.
     */
    async buildImage(tag, sizes = [300_000, 1_200_000, 5_000_000]) {
      const context = path.join(folder, `context-${randomBytes(4).toString("hex")}`);
      await mkdir(context);
      const lines = ["FROM scratch"];
      for (const [index, size] of sizes.entries()) {
        await writeFile(path.join(context, `layer-${index}`), randomBytes(size));
        lines.push(`COPY layer-${index} /layer-${index}`);
      }
      lines.push('ENV GREETING="hello, harbour"', 'LABEL org.opencontainers.image.title="End to end"', 'CMD ["/layer-0"]');
      await writeFile(path.join(context, "Dockerfile"), `${lines.join("\n")}\n`);
      await docker("build", "--quiet", "--tag", tag, context);
      await rm(context, { recursive: true });
    },
  };
}

/** skopeo with an authentication file of its own, over plain HTTP. */
export async function skopeoWith(authFolder) {
  await mkdir(authFolder, { recursive: true });
  const env = { ...process.env, REGISTRY_AUTH_FILE: path.join(authFolder, "auth.json") };
  return {
    env,
    login: (host, user, password) => run("skopeo", ["login", "--tls-verify=false", "-u", user, "--password-stdin", host], { env, input: password }),
    copy: (...args) => run("skopeo", ["copy", "--src-tls-verify=false", "--dest-tls-verify=false", ...args], { env }),
    inspect: async (...args) => JSON.parse((await run("skopeo", ["inspect", "--tls-verify=false", ...args], { env })).stdout),
    raw: async (reference) => (await run("skopeo", ["inspect", "--raw", "--tls-verify=false", reference], { env })).stdout,
    delete: (reference) => run("skopeo", ["delete", "--tls-verify=false", reference], { env }),
    attempt: (...args) => run("skopeo", args, { env, status: true }),
  };
}
