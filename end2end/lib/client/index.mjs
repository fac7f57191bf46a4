// Every client in one shape, so that one matrix asks the same of all. To add one: a file beside this one and a line below.
//
// `start(world)` resolves with
//   env                              for shell lines that are pasted as they are
//   login(user, password)            rejects with what the client says
//   push(reference)                  makes an image that no registry has, and pushes it
//   again(reference, to)             pushes what is at `reference` under another name
//   pull(reference)                  forgets it, then pulls; resolves with the digest of its manifest or configuration
//   index(reference)                 pushes an index over two platforms
//   architecture(reference, wanted)  pulls one platform of an index; resolves with the architecture that it got
//   zstd(reference), artifact(reference), pullArtifact(reference), remove(reference)
//   stop()
// `cannot` says of each missing one why. `world` is { host, isHttps, caFile, folder, fixture }.
import { startDockerClient } from "./docker.mjs";
import { startPodman, startBuildah } from "./containers.mjs";
import { startSkopeo } from "./skopeo.mjs";
import { startCtr } from "./ctr.mjs";
import { startOras } from "./oras.mjs";

const all = {
  docker: startDockerClient,
  podman: startPodman,
  buildah: startBuildah,
  skopeo: startSkopeo,
  ctr: startCtr,
  oras: startOras,
};

/** All of them, or those that `ROADSTEAD_TEST_CLIENTS` names, for trying one out. */
const wanted = process.env.ROADSTEAD_TEST_CLIENTS?.split(" ");
export const clients = Object.fromEntries(Object.entries(all).filter(([name]) => wanted?.includes(name) ?? true));

/** `host/organization/repository:tag` in its parts. */
export function parts(reference) {
  const [, repository, tag] = reference.match(/^[^/]+\/(.+):([^:/]+)$/);
  return { repository, tag, name: reference.slice(0, -tag.length - 1) };
}
