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

/** A zstd frame that holds its bytes as they are: the format without a compressor. */
export function zstd(content) {
  const blocks = [];
  const most = 128 * 1024;
  for (let start = 0; start < content.length || start === 0; start += most) {
    const piece = content.subarray(start, start + most);
    const isLast = start + most >= content.length;
    const header = Buffer.alloc(3);
    // Last-block flag, type 0 (raw), size.
    header.writeUIntLE((piece.length << 3) | (isLast ? 1 : 0), 0, 3);
    blocks.push(header, piece);
  }
  const header = Buffer.alloc(9);
  header.writeUInt32LE(0xfd2fb528, 0);
  // One segment, a content size of four bytes, no checksum, no dictionary.
  header.writeUInt8(0xa0, 4);
  header.writeUInt32LE(content.length, 5);
  return Buffer.concat([header, ...blocks]);
}

const compressions = {
  gzip: (raw) => gzipSync(raw, { level: 1 }),
  zstd,
};

/** Puts blobs into a layout and ends it with the one manifest that `tag` names. */
async function layoutIn(folder) {
  await mkdir(path.join(folder, "blobs/sha256"), { recursive: true });
  const put = async (bytes) => {
    const name = digest(bytes);
    await writeFile(path.join(folder, "blobs", name.replace(":", "/")), bytes);
    return { digest: name, size: bytes.length };
  };
  return {
    put,
    json: (value) => put(Buffer.from(JSON.stringify(value))),
    async finish(tag, descriptor) {
      await writeFile(path.join(folder, "oci-layout"), JSON.stringify({ imageLayoutVersion: "1.0.0" }));
      await writeFile(path.join(folder, "index.json"), JSON.stringify({
        schemaVersion: 2, manifests: [{ ...descriptor, annotations: { "org.opencontainers.image.ref.name": tag } }],
      }));
      return { folder, reference: `oci:${folder}:${tag}`, digest: descriptor.digest };
    },
  };
}

async function putImage(layout, { platform, layers, size, compression }) {
  const [os, architecture, variant] = platform.split("/");
  const descriptors = [];
  const diffs = [];
  const history = [];
  for (let index = 0; index < layers; index += 1) {
    const raw = tar(`data-${index}`, randomBytes(size));
    diffs.push(digest(raw));
    descriptors.push({ mediaType: `application/vnd.oci.image.layer.v1.tar+${compression}`, ...(await layout.put(compressions[compression](raw))) });
    history.push({ created: "2026-01-02T03:04:05Z", created_by: `COPY data-${index} /` });
  }
  const config = await layout.json({
    created: "2026-01-02T03:04:05Z", os, architecture, ...(variant ? { variant } : {}),
    config: { Env: ["GREETING=hello"], Cmd: ["/data-0"] }, rootfs: { type: "layers", diff_ids: diffs }, history,
  });
  const manifest = await layout.json({
    schemaVersion: 2, mediaType: "application/vnd.oci.image.manifest.v1+json",
    config: { mediaType: "application/vnd.oci.image.config.v1+json", ...config }, layers: descriptors,
  });
  return { mediaType: "application/vnd.oci.image.manifest.v1+json", ...manifest };
}

/** Writes a layout of one image. Its layers are random bytes, so that no registry has them yet. */
export async function writeImageLayout(folder, { tag = "v1", platform = "linux/amd64", layers = 2, size = 100_000, compression = "gzip" } = {}) {
  const layout = await layoutIn(folder);
  return layout.finish(tag, await putImage(layout, { platform, layers, size, compression }));
}

/**
 * Writes a layout with one index over `platforms` such as `linux/arm64` or `linux/arm/v7`. Every platform has `layers`
 * layers of `size` random bytes. Returns the digests.
 */
export async function writeIndexLayout(folder, { tag = "multi", platforms = ["linux/amd64", "linux/arm64"], layers = 2, size = 200_000, compression = "gzip" } = {}) {
  const layout = await layoutIn(folder);
  const children = [];
  for (const platform of platforms) {
    const [os, architecture, variant] = platform.split("/");
    const image = await putImage(layout, { platform, layers, size, compression });
    children.push({ ...image, platform: { os, architecture, ...(variant ? { variant } : {}) } });
  }
  const index = await layout.json({ schemaVersion: 2, mediaType: "application/vnd.oci.image.index.v1+json", manifests: children });
  const written = await layout.finish(tag, { mediaType: "application/vnd.oci.image.index.v1+json", ...index });
  return { ...written, children: children.map((child) => child.digest) };
}

/** Writes a layout of an artifact that is no image: the empty config, a type of its own, one file. */
export async function writeArtifactLayout(folder, { tag = "note", type = "application/vnd.example.note" } = {}) {
  const layout = await layoutIn(folder);
  const config = { mediaType: "application/vnd.oci.empty.v1+json", ...(await layout.put(Buffer.from("{}"))) };
  const file = { mediaType: "text/plain", ...(await layout.put(randomBytes(2000))), annotations: { "org.opencontainers.image.title": "note.txt" } };
  const manifest = await layout.json({
    schemaVersion: 2, mediaType: "application/vnd.oci.image.manifest.v1+json", artifactType: type, config, layers: [file],
  });
  return layout.finish(tag, { mediaType: "application/vnd.oci.image.manifest.v1+json", ...manifest });
}
