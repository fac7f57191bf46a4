// docker: the Docker engine with its own command line.
import { startDocker } from "../docker.mjs";

export async function startDockerClient({ host, isHttps, fixture }) {
  const engine = await startDocker();
  const { docker, env } = engine;
  const version = Number((await docker("version", "--format", "{{.Server.Version}}")).stdout.split(".")[0]);
  // The manifest commands ask for themselves, not through the engine, which takes plain HTTP from loopback.
  const insecure = isHttps ? [] : ["--insecure"];
  const forget = (reference) => engine.attempt("image", "rm", "--force", reference);
  return {
    env,
    cannot: {
      zstd: "docker compresses by gzip",
      artifact: "docker pushes images only",
      remove: "docker deletes nothing in a registry",
      ...(version < 23 ? { pullZstd: `engine ${version} unpacks no zstd` } : {}),
    },
    login: (user, password) => docker("login", "-u", user, "-p", password, host),
    async push(reference) {
      await engine.buildImage(reference, [40_000, 160_000]);
      await docker("push", reference);
    },
    async again(reference, to) {
      await docker("tag", reference, to);
      await docker("push", to);
    },
    async pull(reference) {
      await forget(reference);
      await docker("pull", reference);
      return (await docker("image", "inspect", "--format", "{{.Id}}", reference)).stdout.trim();
    },
    async index(reference) {
      const children = fixture.multi.children.map((digest) => `${fixture.multi.name}@${digest}`);
      await docker("manifest", "create", ...insecure, reference, ...children);
      await docker("manifest", "push", "--purge", ...insecure, reference);
    },
    async architecture(reference, wanted) {
      await forget(reference);
      await docker("pull", "--platform", `linux/${wanted}`, reference);
      return (await docker("image", "inspect", "--format", "{{.Architecture}}", reference)).stdout.trim();
    },
    stop: engine.stop,
  };
}
