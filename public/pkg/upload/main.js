// The page that uploads (`/upload`). The page itself comes from the server, with all its words; this module brings it to
// life whenever it appears in the document, and goes on with what it does while other pages are shown.

import { mapped } from './archive.js';
import * as queue from './queue.js';

let root = null;
let words = {};
const rows = new Map();

const part = (name) => root?.querySelector(`[data-part="${name}"]`);

function say(key, values = {}) {
  return (words[key] ?? key).replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
}

function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== undefined && value !== false) element.setAttribute(name, value === true ? '' : value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

function icon(name) {
  return root.querySelector(`[data-icon="${name}"] svg`)?.cloneNode(true) ?? '';
}

function size(bytes) {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let value = bytes;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${unit === 0 ? value : value.toFixed(1)} ${units[unit]}`;
}

function left(seconds) {
  if (seconds < 60) return say('seconds_left', { n: Math.max(1, Math.round(seconds)) });
  if (seconds < 3600) return say('minutes_left', { n: Math.round(seconds / 60) });
  return say('hours_left', { n: Math.round(seconds / 3600) });
}

const sentOf = (item) => item.sentNow ?? item.sent;

function button(item, name, act) {
  const label = `${say(name)} ${item.name}`;
  const element = make(
    'button',
    {
      type: 'button',
      class: 'btn btn--icon btn--quiet btn--sm',
      'aria-label': label,
      'data-tip': say(name),
      'data-testid': `upload.row.${queue.items.indexOf(item)}.${name}`,
    },
    icon(name),
  );
  element.addEventListener('click', act);
  return element;
}

const ICONS = {
  done: 'done',
  failed: 'failed',
  rejected: 'failed',
  cancelled: 'failed',
  processing: 'busy',
  uploading: 'uploading',
  paused: 'pause',
};

function sentence(fault) {
  const known = words[`fault_${fault?.code}`];
  return known ?? say('fault_failed');
}

function preview(item) {
  const organization = item.organization ?? part('organization')?.value ?? '';
  return item.images.map((image) => {
    const repository = item.repository || (image.name ? mapped(image.name, organization) : '…');
    return `${organization}/${repository}:${image.tag}`;
  });
}

function meta(item) {
  const line = make('p', { class: 'progress-row__meta' });
  const add = (text, attributes = {}) => line.append(make('span', attributes, text));
  switch (item.state) {
    case 'uploading': {
      const share = Math.floor((100 * sentOf(item)) / item.size);
      add(`${share} %`);
      add(`${size(sentOf(item))} / ${size(item.size)}`);
      if (item.isOffline) add(say('offline'), { class: 'progress-row__error' });
      else if (item.rate > 0) {
        add(`${size(item.rate)}/s`);
        add(left((item.size - sentOf(item)) / item.rate));
      }
      break;
    }
    case 'processing': {
      const step = item.step;
      let text = say('processing');
      if (step?.step === 'reading') text = say('reading', { n: step.layers });
      if (step?.step === 'tagging') text = say('tagging');
      add(text);
      break;
    }
    case 'paused':
      add(say('paused'));
      add(`${size(sentOf(item))} / ${size(item.size)}`);
      break;
    case 'waiting':
      add(say('choose_again', { sent: size(item.sent), size: size(item.size) }));
      break;
    case 'rejected':
    case 'failed': {
      line.append(make('span', { class: 'progress-row__error' }, sentence(item.fault)));
      if (item.fault?.detail) line.append(make('span', { class: 'muted' }, item.fault.detail));
      break;
    }
    case 'done':
      add(say('done'));
      for (const tag of item.tags) {
        const [, organization, repository, name] = /^([^/]+)\/(.+):([^:]+)$/.exec(tag) ?? [];
        const path = `/images/${organization}/${(repository ?? '').replaceAll('/', '$')}/tags/${name}`;
        line.append(make('a', { class: 'mono', href: path }, tag));
      }
      break;
    default:
      add(say(item.state));
  }
  if (['pending', 'queued', 'uploading', 'paused'].includes(item.state) && item.images.length > 0) {
    line.append(make('span', { 'data-testid': `upload.row.${queue.items.indexOf(item)}.preview` }, `${say('creates')} `, make('span', { class: 'mono' }, preview(item).join(' '))));
  }
  return line;
}

function acts(item) {
  const all = make('span', { class: 'progress-row__actions' });
  const at = queue.items.indexOf(item);
  const add = (name, act) => all.append(button(item, name, act));
  if (['pending', 'queued'].includes(item.state) && queue.items.length > 1) {
    if (at > 0) add('up', () => queue.move(item, -1));
    if (at < queue.items.length - 1) add('down', () => queue.move(item, 1));
  }
  if (['uploading', 'queued'].includes(item.state)) add('pause', () => queue.pause(item));
  if (item.state === 'paused') add('resume', () => queue.resume(item));
  if (['failed', 'cancelled'].includes(item.state) && item.file) add('retry', () => queue.retry(item));
  if (['queued', 'uploading', 'paused', 'waiting'].includes(item.state)) add('cancel', () => void queue.cancel(item));
  if (item.state === 'done' && item.tags.length > 0) {
    const command = `docker pull ${root.dataset.host}/${item.tags[0]}`;
    const copy = button(item, 'copy', () => {});
    // Copying is done by the part of the page that this stands in.
    copy.setAttribute('data-copy', command);
    all.append(copy);
  }
  if (['pending', 'rejected', 'done', 'failed', 'cancelled'].includes(item.state)) add('remove', () => queue.remove(item));
  return all;
}

/** The field for another repository, while it can still be chosen. */
function into(item) {
  const names = new Set(item.images.map((image) => image.name));
  if (item.state !== 'pending' || names.size > 1 || item.kind !== 'tar') return null;
  const first = item.images[0];
  const input = make('input', {
    class: 'input input--sm',
    type: 'text',
    value: item.repository,
    placeholder: first?.name ? mapped(first.name, part('organization')?.value ?? '') : '',
    'aria-label': say('repository_of', { name: item.name }),
    'data-testid': `upload.row.${queue.items.indexOf(item)}.repository`,
  });
  input.addEventListener('change', () => {
    item.repository = input.value.trim();
    render();
  });
  return make('label', { class: 'row small' }, make('span', { class: 'muted' }, say('repository')), input);
}

function fill(item, row) {
  const index = queue.items.indexOf(item);
  const shown = JSON.stringify([item.state, index, queue.items.length, item.fault, item.tags, item.repository, words.done, part('organization')?.value]);
  row.setAttribute('data-state', item.state);
  row.setAttribute('data-testid', `upload.row.${index}`);
  if (row.dataset.shown !== shown) {
    row.dataset.shown = shown;
    const focus = row.contains(document.activeElement);
    const drawn = icon(ICONS[item.state] ?? 'waits');
    if (drawn !== '' && item.state === 'processing') drawn.classList.add('spin');
    const isMoving = ['uploading', 'processing', 'paused'].includes(item.state);
    const bar = isMoving
      ? make('progress', { class: 'progress progress-row__bar', max: '100', 'aria-label': `${say('progress')} ${item.name}` })
      : null;
    if (bar && item.state === 'processing') bar.classList.add('progress--ok');
    const body = make(
      'div',
      {},
      make('p', { class: 'progress-row__name' }, make('b', {}, item.name), make('span', { class: 'muted small' }, size(item.size)), make('span', { class: 'sr-only', 'data-testid': `upload.row.${index}.state` }, say(item.state))),
      bar,
      meta(item),
      into(item),
    );
    row.replaceChildren(drawn, body, acts(item));
    if (focus) row.querySelector('button')?.focus();
  } else {
    row.querySelector('.progress-row__meta')?.replaceWith(meta(item));
  }
  const bar = row.querySelector('progress');
  if (bar) {
    if (item.state === 'processing') {
      const read = item.step?.step === 'reading' ? item.step.read : item.step?.step === 'tagging' ? item.size : 0;
      bar.value = (100 * read) / item.size;
    } else bar.value = (100 * sentOf(item)) / item.size;
  }
}

function summary() {
  const count = (...states) => queue.items.filter((item) => states.includes(item.state)).length;
  return [
    ['n_done', count('done')],
    ['n_busy', count('uploading', 'processing')],
    ['n_queued', count('queued')],
    ['n_failed', count('failed', 'rejected')],
  ]
    .filter(([, n]) => n > 0)
    .map(([key, n]) => say(key, { n }))
    .join(' · ');
}

function overall() {
  const live = queue.items.filter((item) => ['queued', 'uploading', 'paused', 'processing', 'done'].includes(item.state));
  const all = live.reduce((sum, item) => sum + item.size, 0);
  const sent = live.reduce((sum, item) => sum + (['processing', 'done'].includes(item.state) ? item.size : sentOf(item)), 0);
  return { n: live.filter((item) => item.state === 'done').length, of: live.length, share: all > 0 ? Math.floor((100 * sent) / all) : 0 };
}

let pill = null;

/** What is to be seen of a transfer on other pages. */
function minimised() {
  if (root?.isConnected || !queue.isBusy() || !words.pill) {
    pill?.remove();
    return;
  }
  if (!pill) {
    pill = make('a', { class: 'upload-pill upload-pill--fixed', href: '/upload', 'data-testid': 'upload.pill' });
    pill.append(make('span', {}), make('progress', { class: 'progress', max: '100' }));
  }
  const { n, of, share } = overall();
  const text = say('pill', { n: Math.min(n + 1, of), of, share });
  if (pill.firstChild.textContent !== text) pill.firstChild.textContent = text;
  pill.lastChild.value = share;
  pill.lastChild.setAttribute('aria-label', say('progress'));
  if (!pill.isConnected) document.body.append(pill);
}

let isAsked = false;

/** Shows everything, once in a frame. */
function render() {
  if (isAsked) return;
  isAsked = true;
  requestAnimationFrame(() => {
    isAsked = false;
    minimised();
    if (root?.isConnected) draw();
  });
}

function draw() {
  const list = part('list');
  const wanted = queue.items.map((item) => {
    if (!rows.has(item)) rows.set(item, make('li', { class: 'progress-row' }));
    const row = rows.get(item);
    fill(item, row);
    return row;
  });
  for (const item of rows.keys()) if (!queue.items.includes(item)) rows.delete(item);
  const isSame = list.children.length === wanted.length && wanted.every((row, at) => list.children[at] === row);
  if (!isSame) list.replaceChildren(...wanted);
  part('files').hidden = queue.items.length === 0;
  part('count').textContent = say('files', { n: queue.items.length });
  part('summary').textContent = summary();
  const unfinished = queue.items.filter((item) => item.state === 'waiting').length;
  const notes = [];
  if (unfinished > 0) notes.push(say('unfinished', { n: unfinished }));
  if (queue.ignored.count > 0) notes.push(say('ignored', { n: queue.ignored.count }));
  part('note').textContent = notes.join(' ');
  part('note').hidden = notes.length === 0;
  const { share } = overall();
  const bar = part('overall');
  bar.hidden = !queue.isBusy();
  bar.value = share;
  const canStart = queue.items.some((item) => item.state === 'pending');
  part('start').setAttribute('aria-disabled', String(!canStart));
  part('clear').hidden = !queue.items.some((item) => ['done', 'failed', 'cancelled', 'rejected'].includes(item.state));
  part('cancel-all').hidden = !queue.items.some((item) => ['queued', 'uploading', 'paused'].includes(item.state));
}

async function dropped(transfer) {
  const entries = [...(transfer.items ?? [])].map((item) => item.webkitGetAsEntry?.());
  if (entries.some((entry) => entry?.isDirectory)) {
    part('note').textContent = say('no_folders');
    part('note').hidden = false;
  }
  const files = [...transfer.files].filter((_, at) => !entries[at]?.isDirectory);
  if (files.length > 0) await queue.add(files);
}

/** Brings a page that has just appeared to life. */
function mount(found) {
  root = found;
  words = JSON.parse(found.dataset.words);
  queue.limits.bytes = Number(found.dataset.limit);
  queue.limits.files = Number(found.dataset.files);
  found.dataset.alive = '';
  for (const row of rows.values()) delete row.dataset.shown;
  const input = part('input');
  part('choose').addEventListener('click', () => input.click());
  input.addEventListener('change', () => {
    void queue.add([...input.files]);
    input.value = '';
  });
  const zone = part('zone');
  found.addEventListener('dragover', (event) => {
    event.preventDefault();
    zone.dataset.state = 'over';
  });
  found.addEventListener('dragleave', () => delete zone.dataset.state);
  found.addEventListener('drop', (event) => {
    event.preventDefault();
    delete zone.dataset.state;
    void dropped(event.dataTransfer);
  });
  part('organization').addEventListener('change', render);
  part('start').addEventListener('click', () => {
    const isPublic = found.querySelector('input[name="visibility"]:checked')?.value === 'public';
    queue.start(part('organization').value, isPublic);
  });
  part('clear').addEventListener('click', () => {
    for (const item of [...queue.items]) if (['done', 'failed', 'cancelled', 'rejected'].includes(item.state)) queue.remove(item);
  });
  part('cancel-all').addEventListener('click', () => {
    for (const item of [...queue.items]) if (['queued', 'uploading', 'paused'].includes(item.state)) void queue.cancel(item);
  });
  void queue.restore();
  render();
}

function look() {
  const found = document.querySelector('[data-upload]:not([data-alive])');
  if (found) mount(found);
  else if (root && !root.isConnected) render();
}

queue.watch(render, (item) => {
  const live = root?.isConnected ? part('live') : null;
  if (live) live.textContent = item.state === 'done' ? say('said_done', { name: item.name }) : say('said_failed', { name: item.name, why: sentence(item.fault) });
});
document.addEventListener('paste', (event) => {
  if (root?.isConnected && event.clipboardData?.files.length > 0) void queue.add([...event.clipboardData.files]);
});
addEventListener('beforeunload', (event) => {
  if (queue.isSending()) event.preventDefault();
});
new MutationObserver(look).observe(document.body, { childList: true, subtree: true });
look();
