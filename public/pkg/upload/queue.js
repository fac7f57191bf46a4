// The files of a visit: what each of them is doing, one transfer at a time. Knows nothing of how it looks.

import { fingerprint, kind, peek } from './archive.js';
import * as server from './transfer.js';

/** Seconds between attempts while the line is broken: 1, 2, 4, … */
const LONGEST_PAUSE = 60;
/** Milliseconds between two looks at an import. */
const LOOK = 1000;

/**
 * Files, in their order. An item's `state` is one of `rejected`, `pending`, `queued`, `uploading`, `paused`, `waiting`
 * (an unfinished upload whose file was not chosen again yet), `processing`, `done`, `failed`, `cancelled`.
 */
export const items = [];
export const limits = { files: 10, bytes: 2 ** 31 };
/** How many files the last choice had too many. */
export const ignored = { count: 0 };

let changed = () => {};
let said = () => {};
let next = 0;

/** `onChange` is called whenever something to be seen is different, `onEnd` with an item that ended. */
export function watch(onChange, onEnd) {
  changed = onChange;
  said = onEnd;
}

const isOver = (item) => ['rejected', 'done', 'failed', 'cancelled'].includes(item.state);
export const isBusy = () => items.some((item) => ['queued', 'uploading', 'processing'].includes(item.state));
export const isSending = () => items.some((item) => ['queued', 'uploading'].includes(item.state));

function create(fields) {
  next += 1;
  const item = { key: next, images: [], layers: [], tags: [], sent: 0, rate: 0, repository: '', ...fields };
  items.push(item);
  return item;
}

/** Takes files that were chosen, dropped or pasted. */
export async function add(files) {
  ignored.count = 0;
  for (const file of files) {
    const unfinished = items.filter((item) => item.state === 'waiting' && item.size === file.size);
    if (unfinished.length > 0) {
      const mark = await fingerprint(file).catch(() => null);
      const known = unfinished.find((item) => item.fingerprint === mark);
      if (known) {
        known.file = file;
        known.state = 'queued';
        changed();
        void pump();
        continue;
      }
    }
    if (items.filter((item) => !isOver(item)).length >= limits.files) {
      ignored.count += 1;
      continue;
    }
    await take(file);
  }
  changed();
}

async function take(file) {
  const item = create({ file, name: file.name, size: file.size, state: 'pending' });
  const twin = items.find((other) => other !== item && !isOver(other) && other.name === file.name && other.size === file.size);
  const reject = (code) => Object.assign(item, { state: 'rejected', fault: { code } });
  if (twin) return reject('duplicate');
  if (file.size === 0) return reject('empty');
  if (file.size > limits.bytes) return reject('4130025');
  try {
    item.kind = await kind(file);
  } catch {
    return reject('unreadable');
  }
  if (item.kind === null) return reject('4001022');
  item.fingerprint = await fingerprint(file);
  if (item.kind === 'tar') {
    try {
      Object.assign(item, await peek(file));
    } catch {
      // The server says what is wrong with it.
    }
  }
  return item;
}

/** Sends what was chosen, to `organization`. */
export function start(organization, isPublic) {
  for (const item of items) {
    if (item.state === 'pending') Object.assign(item, { state: 'queued', organization, isPublic });
  }
  changed();
  void pump();
}

export function pause(item) {
  if (item.state === 'uploading' || item.state === 'queued') {
    item.state = 'paused';
    item.stop?.abort();
  }
  changed();
}

export function resume(item) {
  if (item.state === 'paused') item.state = 'queued';
  changed();
  void pump();
}

export function retry(item) {
  if (!item.file || !['failed', 'cancelled'].includes(item.state)) return;
  Object.assign(item, { id: undefined, sent: 0, fault: undefined, step: undefined });
  item.state = item.organization ? 'queued' : 'pending';
  changed();
  void pump();
}

export async function cancel(item) {
  if (isOver(item) || item.state === 'processing') return;
  const { id } = item;
  item.state = 'cancelled';
  item.stop?.abort();
  item.id = undefined;
  changed();
  if (id) {
    try {
      await server.cancel(id);
    } catch {
      // It ends by itself after a day.
    }
  }
  void pump();
}

export function remove(item) {
  const at = items.indexOf(item);
  if (at >= 0 && (isOver(item) || item.state === 'pending')) {
    items.splice(at, 1);
    // What ended is not listed again by the next visit.
    if (item.id) server.cancel(item.id).catch(() => {});
  }
  changed();
}

/** Moves a file that waits before (`-1`) or behind (`1`) its neighbour. */
export function move(item, by) {
  const at = items.indexOf(item);
  const other = items[at + by];
  if (other) {
    items[at + by] = item;
    items[at] = other;
  }
  changed();
}

let isPumping = false;

async function pump() {
  if (isPumping) return;
  isPumping = true;
  for (let item = waiting(); item; item = waiting()) await transfer(item);
  isPumping = false;
  changed();
}

const waiting = () => items.find((item) => item.state === 'queued');

function fail(item, error) {
  const body = error instanceof server.Refused ? error.body : {};
  item.state = 'failed';
  item.fault = { code: body.code ?? codeOf(error), detail: body.message ?? error.message };
  said(item);
  changed();
}

function codeOf(error) {
  if (!(error instanceof server.Refused)) return 'failed';
  if (error.status === 413) return '4130025';
  if (error.status === 403 && error.body?.kind === 'quota_exceeded') return 'quota';
  if (error.status === 403) return '4039002';
  if (error.status === 404) return 'unknown';
  return 'refused';
}

async function transfer(item) {
  item.state = 'uploading';
  item.stop = new AbortController();
  item.rate = 0;
  changed();
  let pauseFor = 1;
  while (item.state === 'uploading') {
    try {
      await step(item);
      pauseFor = 1;
      item.isOffline = false;
    } catch (error) {
      if (item.state !== 'uploading') return;
      // A session that ended is opened again in a dialog over this page; until then it is as if the line were broken.
      const mends = error instanceof server.Broken || error.status === 401 || error.body?.kind === 'digest_mismatch';
      if (!mends && error.offset === undefined) {
        fail(item, error);
        return;
      }
      if (error.offset !== undefined) {
        item.sent = error.offset;
        continue;
      }
      item.isOffline = true;
      changed();
      await sleep(pauseFor * 1000, item.stop.signal);
      pauseFor = Math.min(pauseFor * 2, LONGEST_PAUSE);
      if (item.id && item.state === 'uploading') await look(item);
    }
  }
}

/** Where the server is, after a chunk of which nobody knows what became of it. */
async function look(item) {
  try {
    item.sent = (await server.status(item.id)).received;
  } catch {
    // The next attempt says.
  }
}

/** One step of a transfer: begin it, send a chunk, or finish it. */
async function step(item) {
  if (!item.id) {
    const repository = item.repository || undefined;
    const begun = await server.begin({
      organization: item.organization,
      file_name: item.name,
      size: item.size,
      fingerprint: item.fingerprint,
      is_public: item.isPublic,
      repository,
      layers: item.layers,
    });
    follow(item, begun);
    return;
  }
  if (item.sent < item.size) {
    const stops = (item.gaps ?? []).map((gap) => gap.position).filter((at) => at > item.sent);
    const end = Math.min(item.size, item.sent + (item.chunk ?? 8 << 20), ...stops);
    const start = performance.now();
    const from = item.sent;
    const measure = (loaded) => {
      item.sentNow = Math.min(from + loaded, end);
      const seconds = (performance.now() - start) / 1000;
      if (seconds > 0.2) {
        const rate = loaded / seconds;
        item.rate = item.rate === 0 ? rate : item.rate * 0.8 + rate * 0.2;
      }
      changed();
    };
    const answer = await server.chunk(item.id, from, item.file.slice(from, end), item.stop.signal, measure);
    item.sentNow = undefined;
    follow(item, answer);
    return;
  }
  follow(item, await server.finish(item.id));
  item.state = 'processing';
  changed();
  void process(item);
}

function follow(item, answer) {
  item.id = answer.id;
  item.sent = answer.received;
  item.gaps = answer.gaps;
  item.chunk = answer.chunk;
  item.step = answer.step;
  changed();
}

/** Looks after an import until it ended. */
async function process(item) {
  while (item.state === 'processing') {
    try {
      const answer = await server.status(item.id);
      item.step = answer.step;
      if (answer.state === 'done') Object.assign(item, { state: 'done', tags: answer.tags });
      if (answer.state === 'failed') Object.assign(item, { state: 'failed', fault: answer.fault });
      if (item.state !== 'processing') said(item);
    } catch (error) {
      if (error instanceof server.Refused && error.status === 404) fail(item, error);
    }
    changed();
    if (item.state === 'processing') await sleep(LOOK);
  }
}

function sleep(time, signal) {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, time);
    signal?.addEventListener('abort', () => {
      clearTimeout(timer);
      resolve();
    });
  });
}

let isRestored = false;

/** Finds what an earlier visit left unfinished, once. */
export async function restore() {
  if (isRestored) return;
  isRestored = true;
  let found;
  try {
    found = await server.list();
  } catch {
    isRestored = false;
    return;
  }
  for (const known of found.reverse()) {
    if (items.some((item) => item.id === known.id)) continue;
    const states = { receiving: 'waiting', queued: 'processing', importing: 'processing' };
    const state = states[known.state];
    if (!state) continue;
    const item = create({
      id: known.id,
      name: known.file_name,
      size: known.size,
      fingerprint: known.fingerprint,
      organization: known.organization,
      isPublic: known.is_public,
      sent: known.received,
      gaps: known.gaps,
      chunk: known.chunk,
      state,
    });
    if (state === 'processing') void process(item);
  }
  changed();
}
