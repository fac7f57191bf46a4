// Talking to the server: small requests, and chunks that report how far they are.

const ALL = '/console/upload';

function token() {
  return document.querySelector('meta[name="csrf-token"]')?.content ?? '';
}

/** What the server refused: its status, its own words, and where to go on if it said so. */
export class Refused extends Error {
  constructor(status, body, offset) {
    super(body?.message ?? `HTTP ${status}`);
    this.status = status;
    this.body = body ?? {};
    this.offset = offset;
  }
}

/** The line is broken, or the server is away: trying again may help. */
export class Broken extends Error {}

function parsed(body) {
  try {
    return JSON.parse(body);
  } catch {
    return null;
  }
}

function refuse(status, body, offset) {
  // What stands between us and the server speaks for a server that is away.
  const isAway = status === 0 || status === 408 || status === 429 || status >= 500;
  if (isAway && status !== 507) return new Broken(`HTTP ${status}`);
  return new Refused(status, parsed(body), offset);
}

async function ask(method, path, body, isBackground) {
  const headers = { accept: 'application/json', 'x-csrf-token': token() };
  if (body !== undefined) headers['content-type'] = 'application/json';
  if (isBackground) headers['x-background'] = '1';
  let answer;
  let words;
  try {
    answer = await fetch(path, {
      method,
      headers,
      body: body === undefined ? undefined : JSON.stringify(body),
      cache: 'no-store',
    });
    words = await answer.text();
  } catch {
    throw new Broken('network');
  }
  if (!answer.ok) throw refuse(answer.status, words);
  return words === '' ? null : parsed(words);
}

export const begin = (wanted) => ask('POST', ALL, wanted);
export const list = () => ask('GET', ALL, undefined, true);
export const status = (id, isBackground = true) => ask('GET', `${ALL}/${id}`, undefined, isBackground);
export const finish = (id) => ask('POST', `${ALL}/${id}/finish`);
export const cancel = (id) => ask('DELETE', `${ALL}/${id}`);

async function digestOf(blob) {
  // Browsers only hash where the page came by HTTPS or from this machine; elsewhere the length must do.
  if (!globalThis.crypto?.subtle) return '';
  const hash = new Uint8Array(await crypto.subtle.digest('SHA-256', await blob.arrayBuffer()));
  const hex = [...hash].map((byte) => byte.toString(16).padStart(2, '0')).join('');
  return `&digest=sha256:${hex}`;
}

/** Sends one chunk; `sent` hears how many of its bytes are on their way. Aborts with `signal`. */
export async function chunk(id, offset, blob, signal, sent) {
  let digest;
  try {
    digest = await digestOf(blob);
  } catch {
    throw new Refused(0, { code: 'unreadable' });
  }
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    const abort = () => request.abort();
    const settle = (how, value) => {
      signal.removeEventListener('abort', abort);
      how(value);
    };
    if (signal.aborted) {
      reject(new DOMException('stopped', 'AbortError'));
      return;
    }
    signal.addEventListener('abort', abort);
    request.upload.addEventListener('progress', (event) => sent(event.loaded));
    request.addEventListener('abort', () => settle(reject, new DOMException('stopped', 'AbortError')));
    request.addEventListener('error', () => settle(reject, new Broken('network')));
    request.addEventListener('timeout', () => settle(reject, new Broken('timeout')));
    request.addEventListener('load', () => {
      if (request.status >= 200 && request.status < 300) {
        settle(resolve, parsed(request.responseText));
      } else {
        const offset = request.getResponseHeader('upload-offset');
        settle(reject, refuse(request.status, request.responseText, offset === null ? undefined : Number(offset)));
      }
    });
    request.open('PUT', `${ALL}/${id}?offset=${offset}${digest}`);
    request.setRequestHeader('accept', 'application/json');
    request.setRequestHeader('content-type', 'application/octet-stream');
    request.setRequestHeader('x-csrf-token', token());
    request.timeout = 300_000;
    request.send(blob);
  });
}
