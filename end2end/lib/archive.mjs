// Archives of images as `docker save` wrote them before Docker 25: written by hand, so that no engine is needed.
import { createHash, randomBytes } from "node:crypto";
import { tar } from "./layout.mjs";

const hex = (bytes) => createHash("sha256").update(bytes).digest("hex");
/** Without the blocks that end a tar: another entry follows. */
const open = (name, content) => tar(name, content).subarray(0, -1024);

/** `{ bytes, configDigest }` of an archive with one image: a layer of random bytes for each size, tagged with `tags`. */
export function dockerSave(tags, sizes = [400_000, 900_000]) {
  const layers = sizes.map((size, index) => tar(`layer-${index}`, randomBytes(size)));
  const config = Buffer.from(JSON.stringify({
    architecture: "amd64",
    os: "linux",
    config: { Cmd: ["/layer-0"] },
    rootfs: { type: "layers", diff_ids: layers.map((layer) => `sha256:${hex(layer)}`) },
    history: sizes.map(() => ({ created: "2026-01-02T03:04:05Z", created_by: "COPY" })),
  }));
  const names = layers.map((layer) => `${hex(layer)}/layer.tar`);
  const list = [{ Config: `${hex(config)}.json`, RepoTags: tags, Layers: names }];
  const bytes = Buffer.concat([
    ...layers.map((layer, index) => open(names[index], layer)),
    open(`${hex(config)}.json`, config),
    tar("manifest.json", Buffer.from(JSON.stringify(list))),
  ]);
  return { bytes, configDigest: `sha256:${hex(config)}` };
}
