// OCI image layouts, written by hand: an index for several platforms needs no network and no emulator this way.
import { createHash, randomBytes } from "node:crypto";
import { gzipSync } from "node:zlib";
import { mkdir, writeFile } from "node:fs/promises";
import path from "node:path";

const digest = (bytes) => `sha256:${createHash("sha256").update(bytes).digest("hex")}`;

/** One file as a tar of its own. */
export function tar(name, content) {
  const header = Buffer.alloc(512);
  header.write(name, 0);
  header.write("0000644\0", 100);
  header.write("0000000\0", 108);
  header.write("0000000\0", 116);
  header.write(`${content.length.toString(8).padStart(11, "0")}\0`, 124);
  header.write("00000000000\0", 136);
  // The checksum counts its own field as spaces; the type flag sits right behind it.
  header.write("        0", 148);
  header.write("ustar\0", 257);
  header.write("00", 263);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
  const padding = Buffer.alloc((512 - (content.length % 512)) % 512);
  return Buffer.concat([header, content, padding, Buffer.alloc(1024)]);
}

/**
 * Writes a layout into `folder` with one index per name of `tags`, over `platforms` such as `linux/arm64` or
 * `linux/arm/v7`. Every platform has `layers` layers of `size` random bytes. Returns the digests.
 */
export async function writeIndexLayout(folder, { tag = "multi", platforms = ["linux/amd64", "linux/arm64"], layers = 2, size = 200_000 } = {}) {
  await mkdir(path.join(folder, "blobs/sha256"), { recursive: true });
  const put = async (bytes) => {
    const name = digest(bytes);
    await writeFile(path.join(folder, "blobs", name.replace(":", "/")), bytes);
    return { digest: name, size: bytes.length };
  };
  const json = (value) => put(Buffer.from(JSON.stringify(value)));
  const children = [];
  for (const platform of platforms) {
    const [os, architecture, variant] = platform.split("/");
    const descriptors = [];
    const diffs = [];
    const history = [];
    for (let index = 0; index < layers; index += 1) {
      const raw = tar(`data-${index}`, randomBytes(size));
      diffs.push(digest(raw));
      descriptors.push({ mediaType: "application/vnd.oci.image.layer.v1.tar+gzip", ...(await put(gzipSync(raw, { level: 1 }))) });
      history.push({ created: "2026-01-02T03:04:05Z", created_by: `COPY data-${index} /` });
    }
    const config = await json({
      created: "2026-01-02T03:04:05Z", os, architecture, ...(variant ? { variant } : {}),
      config: { Env: ["GREETING=hello"], Cmd: ["/data-0"] }, rootfs: { type: "layers", diff_ids: diffs }, history,
    });
    const manifest = await json({
      schemaVersion: 2, mediaType: "application/vnd.oci.image.manifest.v1+json",
      config: { mediaType: "application/vnd.oci.image.config.v1+json", ...config }, layers: descriptors,
    });
    children.push({ mediaType: "application/vnd.oci.image.manifest.v1+json", ...manifest, platform: { os, architecture, ...(variant ? { variant } : {}) } });
  }
  const index = await json({ schemaVersion: 2, mediaType: "application/vnd.oci.image.index.v1+json", manifests: children });
  await writeFile(path.join(folder, "oci-layout"), JSON.stringify({ imageLayoutVersion: "1.0.0" }));
  await writeFile(path.join(folder, "index.json"), JSON.stringify({
    schemaVersion: 2,
    manifests: [{ mediaType: "application/vnd.oci.image.index.v1+json", ...index, annotations: { "org.opencontainers.image.ref.name": tag } }],
  }));
  return { reference: `oci:${folder}:${tag}`, digest: index.digest, children: children.map((child) => child.digest) };
}
