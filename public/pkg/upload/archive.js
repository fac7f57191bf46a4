// A look into an archive of images before it is sent: what kind it is, which tags it will create, where its layers are.
// Only headers and small JSON are read, by slices of the file; whatever cannot be understood is left to the server.

const BLOCK = 512;
/** Bytes read around each header. */
const WINDOW = 4096;
/** Headers that are looked at. */
const HEADERS = 8192;
/** Bytes of JSON that are read. */
const JSON_LIMIT = 4 << 20;

const text = new TextDecoder();

async function bytes(file, start, length) {
  return new Uint8Array(await file.slice(start, start + length).arrayBuffer());
}

function field(block, start, length) {
  const part = block.subarray(start, start + length);
  const end = part.indexOf(0);
  return text.decode(end < 0 ? part : part.subarray(0, end));
}

function number(block, start, length) {
  if (block[start] & 0x80) {
    let value = 0;
    for (let at = start + 1; at < start + length; at += 1) value = value * 256 + block[at];
    return value;
  }
  return Number.parseInt(field(block, start, length).trim() || '0', 8);
}

function isHeader(block) {
  if (block.length < BLOCK) return false;
  let sum = 0;
  for (let at = 0; at < BLOCK; at += 1) sum += at >= 148 && at < 156 ? 32 : block[at];
  return sum === number(block, 148, 8);
}

/** `tar`, `gzip`, `zstd`, or nothing that is accepted. */
export async function kind(file) {
  const head = await bytes(file, 0, BLOCK);
  if (head[0] === 0x1f && head[1] === 0x8b) return 'gzip';
  if (head[0] === 0x28 && head[1] === 0xb5 && head[2] === 0x2f && head[3] === 0xfd) return 'zstd';
  return isHeader(head) ? 'tar' : null;
}

function paxPath(record) {
  let rest = record;
  while (rest.length > 0) {
    const space = rest.indexOf(' ');
    const length = Number.parseInt(rest.slice(0, space), 10);
    if (!(length > space)) return null;
    const pair = rest.slice(space + 1, length - 1);
    if (pair.startsWith('path=')) return pair.slice(5);
    rest = rest.slice(length);
  }
  return null;
}

function normal(name) {
  return name.split('/').filter((part) => part !== '' && part !== '.').join('/');
}

function target(name, link) {
  const parts = name.split('/').slice(0, -1);
  for (const part of link.split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '' && part !== '.') parts.push(part);
  }
  return parts.join('/');
}

/** Names of a plain tar: where each file is, or where it leads. */
async function entries(file) {
  const found = new Map();
  let window = { start: 0, bytes: new Uint8Array() };
  let position = 0;
  let long = null;
  for (let count = 0; count < HEADERS && position + BLOCK <= file.size; count += 1) {
    if (position < window.start || position + BLOCK > window.start + window.bytes.length) {
      window = { start: position, bytes: await bytes(file, position, WINDOW) };
    }
    const block = window.bytes.subarray(position - window.start, position - window.start + BLOCK);
    if (!isHeader(block)) break;
    const size = number(block, 124, 12);
    const type = String.fromCharCode(block[156] || 48);
    const start = position + BLOCK;
    if (!Number.isSafeInteger(size) || size < 0) break;
    if (type === 'L' || type === 'x') {
      const value = text.decode(await bytes(file, start, Math.min(size, 65536)));
      long = type === 'L' ? value.replace(/\0.*$/s, '') : paxPath(value) ?? long;
    } else {
      const isUstar = field(block, 257, 5) === 'ustar' && block[262] === 0;
      const prefix = isUstar ? field(block, 345, 155) : '';
      const name = normal(long ?? (prefix ? `${prefix}/${field(block, 0, 100)}` : field(block, 0, 100)));
      long = null;
      if (type === '2') found.set(name, { link: target(name, field(block, 157, 100)) });
      else if (type === '1') found.set(name, { link: normal(field(block, 157, 100)) });
      else if (type === '0' || type === '7') found.set(name, { position: start, size });
    }
    position = start + Math.ceil(size / BLOCK) * BLOCK;
  }
  return found;
}

function find(all, name) {
  let at = all.get(normal(name));
  for (let hops = 0; at?.link !== undefined && hops < 8; hops += 1) at = all.get(at.link);
  return at?.link === undefined ? at : undefined;
}

async function json(file, all, name) {
  const entry = find(all, name);
  if (!entry || entry.size > JSON_LIMIT) return null;
  try {
    return JSON.parse(text.decode(await bytes(file, entry.position, entry.size)));
  } catch {
    return null;
  }
}

/** `name` and `tag` of what an archive calls an image; without a name when only a tag is known. */
function written(value) {
  const at = value.lastIndexOf(':');
  if (at < 0 || value.includes('@') || value.slice(at).includes('/')) return null;
  return { name: value.slice(0, at), tag: value.slice(at + 1) };
}

/** The repository that a name becomes in an organization: as the server maps it. */
export function mapped(name, organization) {
  let rest = name;
  const cut = (matches) => {
    const at = rest.indexOf('/');
    if (at > 0 && matches(rest.slice(0, at))) rest = rest.slice(at + 1);
  };
  cut((first) => (/[.:]/.test(first) || first === 'localhost') && !first.startsWith('.'));
  cut((first) => first === 'library');
  cut((first) => first === organization);
  return rest;
}

async function layersOf(file, all, image) {
  const config = await json(file, all, image.Config ?? '');
  const ids = config?.rootfs?.diff_ids ?? [];
  const seen = [];
  for (const [index, name] of (image.Layers ?? []).entries()) {
    const entry = find(all, name);
    if (!entry || entry.size < 65536) continue;
    const blob = /(?:^|\/)blobs\/sha256\/([0-9a-f]{64})$/.exec(name);
    const head = await bytes(file, entry.position, 4);
    const isPlain = !(head[0] === 0x1f || head[0] === 0x28);
    const digest = blob ? `sha256:${blob[1]}` : isPlain ? ids[index] : undefined;
    if (typeof digest === 'string' && /^sha256:[0-9a-f]{64}$/.test(digest)) {
      seen.push({ position: entry.position, size: entry.size, digest });
    }
  }
  return seen;
}

/** What a plain tar will create: `{ images: [{ name, tag }], layers: [{ position, size, digest }] }`. */
export async function peek(file) {
  const all = await entries(file);
  const images = [];
  let layers = [];
  const list = await json(file, all, 'manifest.json');
  if (Array.isArray(list)) {
    for (const image of list) {
      for (const value of image?.RepoTags ?? []) {
        const found = written(String(value));
        if (found) images.push(found);
      }
      layers = layers.concat(await layersOf(file, all, image ?? {}));
    }
  } else {
    const index = await json(file, all, 'index.json');
    for (const entry of index?.manifests ?? []) {
      const notes = entry?.annotations ?? {};
      const full = notes['io.containerd.image.name'];
      const short = notes['org.opencontainers.image.ref.name'];
      const found = (full && written(full)) || (short && (written(short) ?? { name: null, tag: short }));
      if (found) images.push(found);
    }
    for (const [name, entry] of all) {
      const blob = /^blobs\/sha256\/([0-9a-f]{64})$/.exec(name);
      if (blob && entry.size >= 65536) {
        layers.push({ position: entry.position, size: entry.size, digest: `sha256:${blob[1]}` });
      }
    }
  }
  const unique = new Map(layers.map((layer) => [layer.position, layer]));
  return { images, layers: [...unique.values()].slice(0, 1024) };
}

/** By what a file is known again after a reload: its name, size, date, and a hash of its first and last MiB. */
export async function fingerprint(file) {
  const part = 1 << 20;
  const ends = [await bytes(file, 0, part), await bytes(file, Math.max(0, file.size - part), part)];
  // Two hashes of 32 bits, by which a person's own files are told apart; nothing is secured by them.
  let one = 0xdeadbeef;
  let two = 0x41c6ce57;
  for (const end of ends) {
    for (const byte of end) {
      one = Math.imul(one ^ byte, 2654435761);
      two = Math.imul(two ^ byte, 1597334677);
    }
  }
  const hex = (value) => (value >>> 0).toString(16).padStart(8, '0');
  return `${file.name.slice(-80)}|${file.size}|${file.lastModified}|${hex(one)}${hex(two)}`;
}
