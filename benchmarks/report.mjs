// Writes the tables of benchmarks/README.md, between their markers, and the charts, from what results/*.json say.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { bars } from './chart.mjs';

const here = new URL('.', import.meta.url);
const path = (name) => new URL(name, here);
const read = (name) => (existsSync(path(`results/${name}.json`)) ? JSON.parse(readFileSync(path(`results/${name}.json`))) : null);

function duration(nanoseconds) {
  if (nanoseconds === undefined || nanoseconds === null || nanoseconds === 'NaN') return '';
  if (nanoseconds < 1e3) return `${nanoseconds.toFixed(0)} ns`;
  return nanoseconds < 1e6 ? `${(nanoseconds / 1e3).toFixed(nanoseconds < 1e5 ? 1 : 0)} µs` : `${(nanoseconds / 1e6).toFixed(2)} ms`;
}

const number = (value, digits) => (value === 'NaN' || value === undefined ? '' : Number(value).toFixed(digits));
const grouped = (value) => Math.round(Number(value)).toLocaleString('en-US');

function table(heading, rows) {
  const line = (cells) => `| ${cells.join(' | ')} |`;
  return [line(heading), line(heading.map((_, i) => (i === 0 ? '---' : '--:'))), ...rows.map(line)].join('\n');
}

const measuredOn = (result) => `Measured ${result.date}, ${result.machine}${result.runtime ? `, ${result.runtime}` : ''}.`;
const budgets = JSON.parse(readFileSync(path('budgets.json')));

function enforced(name) {
  const result = read(name);
  if (!result) return null;
  const rows = result.rows.budgeted.map((row) => {
    const budget = budgets[row.id];
    const bounds = [
      budget.meanMs && `mean < ${budget.meanMs} ms`, budget.p99Ms && `p99 < ${budget.p99Ms} ms`,
      budget.ratio && `ratio ≤ ${budget.ratio.toFixed(2)}`, budget.ownBytes && `own ≤ ${budget.ownBytes} B`,
    ].filter(Boolean);
    return [
      budget.what, duration(row.mean), duration(row.p99), `${grouped(row.allocated)} B`,
      row.own === 'NaN' ? '' : `${grouped(row.own)} B`, number(row.ratio, 2), bounds.join(', '),
    ];
  });
  const sizes = Object.entries(result.rows.sizes).map(([id, size]) => `${budgets[id].what}: **${size} bytes** (budget ${grouped(budgets[id].bytes)}).`);
  return [
    measuredOn(result), '',
    table(['', 'mean', 'p99', 'allocated', 'own', 'ratio', 'budget'], rows), '', ...sizes.flatMap((line) => [line, '']),
  ].join('\n').trimEnd();
}

const sessionNames = {
  setupNew: 'Session set up with a new peer, first message sent and opened',
  setup: 'Session set up with a known peer, first message sent and opened',
  oneWay: 'One message sent and opened',
  pingPong: 'A message and its answer (a ratchet step on each side)',
  oneWayStored: 'One message, both states written and read for it',
  pingPongStored: 'A message and its answer, states written and read',
};

function verdict(own, peer) {
  const ratio = peer / own;
  return ratio >= 1 ? `${ratio.toFixed(1)} × faster` : `**loses: ${(1 / ratio).toFixed(1)} × slower**`;
}

function sessions() {
  const result = read('peers');
  if (!result) return null;
  const { own, libsignal } = result.sessions;
  const rows = Object.entries(sessionNames).map(([key, name]) => [
    name, duration(own[key]), libsignal ? duration(libsignal[key]) : 'skipped', libsignal ? verdict(own[key], libsignal[key]) : '',
  ]);
  if (own.group) {
    rows.push([
      'Group message sent and opened by one member (MLS, X-Wing; a sender key)', duration(own.group), libsignal ? duration(libsignal.group) : 'skipped',
      libsignal ? verdict(own.group, libsignal.group) : '',
    ]);
  }

  rows.push(['Overhead of a message', `${result.sizes.own.direct} B`, `${result.sizes.libsignal?.direct ?? ''} B`, '']);
  rows.push(['Overhead of a first message', `${grouped(result.sizes.own.first)} B`, `${grouped(result.sizes.libsignal?.first ?? 0)} B`, '']);
  if (result.sizes.own.group) {
    rows.push(['Overhead of a group message', `${result.sizes.own.group} B`, `${result.sizes.libsignal?.group ?? ''} B`, '']);
  }

  if (libsignal) {
    const pairs = Object.entries(sessionNames).map(([key, label]) => ({ label, values: [own[key] / 1e3, libsignal[key] / 1e3] }));
    writeFileSync(path('results/peers.svg'), bars({
      title: 'Time per operation, 256-byte messages (µs, logarithmic)', series: ['PulseMeet.E2E', `libsignal ${result.versions.libsignal} for Node.js`],
      groups: pairs, format: (value) => `${value < 100 ? value.toFixed(1) : value.toFixed(0)} µs`,
    }));
  }

  return [
    `${measuredOn(result)} libsignal-client ${result.versions.libsignal} on Node.js ${result.versions.node}; median of ${result.rounds} rounds by turns.`, '',
    table(['256-byte messages', 'PulseMeet.E2E', 'libsignal for Node.js', ''], rows),
  ].join('\n');
}

const primitiveNames = {
  'x25519.agree': 'X25519 agreement', 'x25519.publicKey': 'X25519 public key', 'ed25519.sign': 'Ed25519 signature',
  'ed25519.verify': 'Ed25519 verification', 'hmac.32': 'HMAC-SHA-256, 32 bytes', hkdf: 'HKDF-SHA-256, 32 bytes out',
  'aesGcm.256': 'AES-256-GCM, 256 bytes', 'aesGcm.65536': 'AES-256-GCM, 64 KiB',
};

function primitives() {
  const result = read('peers');
  if (!result) return null;
  const { own, nsec, nsecHeld, openssl } = result.primitives;
  return table(
    ['', 'here', `NSec ${result.versions.nsec}`, 'NSec, key held', `${result.versions.openssl?.split(' ').slice(0, 2).join(' ') ?? 'OpenSSL'} speed`],
    Object.entries(primitiveNames).map(([key, name]) => [name, ...[own, nsec, nsecHeld, openssl].map((rows) => duration(rows?.[key]))]));
}

function backends(name) {
  const result = read(name);
  if (!result) return null;
  const row = (id) => result.rows.find((candidate) => candidate.id === id);
  const cell = (id) => (row(id) ? duration(row(id).mean) : '');
  const lengths = [...new Set(result.rows.map((candidate) => /^ManagedAesGcm\.Seal (\d+)$/.exec(candidate.id)?.[1]).filter(Boolean))];
  const aes = table(['AES-256-GCM', 'managed seal', 'platform seal', 'libcrypto seal', 'managed open', 'platform open', 'libcrypto open'], lengths.map((length) => [
    `${grouped(length)} B`, cell(`ManagedAesGcm.Seal ${length}`), cell(`PlatformAesGcm.Seal ${length}`), cell(`LibcryptoAesGcm.Seal ${length}`),
    cell(`ManagedAesGcm.Open ${length}`), cell(`PlatformAesGcm.Open ${length}`), cell(`LibcryptoAesGcm.Open ${length}`),
  ]));
  const others = result.rows.filter((candidate) => !candidate.id.includes('AesGcm')).map((candidate) => [
    candidate.id, duration(candidate.mean), `${grouped(candidate.allocated)} B`]);
  return [measuredOn(result), '', aes, '', table(['', 'mean', 'allocated'], others)].join('\n');
}

const suiteNames = { 1: '0x0001', 83: '83 (X-Wing)' };

function groups() {
  const result = read('groups-peers');
  if (!result) return null;
  const name = { own: 'this library', 'ts-mls': `ts-mls ${result.versions['ts-mls']}`, libsignal: `libsignal ${result.versions.libsignal}, sender keys` };
  const ms = (value) => (value === undefined ? '' : `${value < 0.1 ? value.toFixed(3) : value < 10 ? value.toFixed(2) : value.toFixed(0)} ms`);
  const bytes = (value) => (value === undefined ? '' : grouped(value));
  const sizes = [...new Set(result.rows.map((row) => row.size))];
  const find = (library, suite, size) => result.rows.find((row) => row.library === library && row.suite === suite && row.size === size);
  const line = (row) => [
    `${row.suite ? `${suiteNames[row.suite]}, ` : ''}${row.size} members, ${name[row.library]}`, ms(row.message), ms(row.remove), bytes(row.removeBytes), ms(row.follow),
    ms(row.update), ms(row.add), bytes(row.addBytes), ms(row.join),
  ];
  const rows = [1, 83].flatMap((suite) => sizes.flatMap((size) => ['own', 'ts-mls'].map((library) => line(find(library, suite, size)))));
  const keys = sizes.map((size) => find('libsignal', undefined, size)).filter(Boolean);
  const compared = (suite, size) => ['own', 'ts-mls'].map((library) => find(library, suite, size)).concat(keys.filter((row) => row.size === size));
  writeFileSync(path('results/groups-peers.svg'), bars({
    title: 'Groups: processor time (ms, logarithmic)', series: ['PulseMeet.E2E', 'ts-mls', ...(keys.length > 0 ? ['libsignal'] : [])],
    groups: [1, 83].flatMap((suite) => [
      { label: `${suiteNames[suite]}: a message sealed and opened`, values: compared(suite, sizes[0]).map((row) => row.message) },
      ...sizes.map((size) => ({ label: `${suiteNames[suite]}: a removal at ${size} members`, values: compared(suite, size).map((row) => row.remove) })),
    ]),
    format: ms,
  }));
  return [
    `${measuredOn(result)} Node.js ${result.versions.node}; medians of ${result.rounds} ${result.rounds === 1 ? 'round' : 'rounds by turns'}, processor time.`, '',
    table(['', 'message of 256 bytes, sealed and opened', 'remove', 'bytes', 'follow it', 'update', 'add', 'bytes', 'join'], [...rows, ...keys.map(line)]),
  ].join('\n');
}

function growth() {
  const result = read('growth');
  if (!result) return null;
  const label = (row) => `${row.kind}, after ${grouped(row.messages)} messages`;
  writeFileSync(path('results/growth.svg'), bars({
    title: 'Cost of one message (µs)', series: ['seal', 'open'], linear: true, format: (value) => `${value.toFixed(1)} µs`,
    groups: result.rows.map((row) => ({ label: label(row), values: [row.seal / 1e3, row.open / 1e3] })),
  }));
  writeFileSync(path('results/state.svg'), bars({
    title: 'Stored state (bytes, logarithmic)', series: ['state'], format: (value) => `${grouped(value)} B`,
    groups: result.rows.map((row) => ({ label: label(row), values: [row.stateSize] })),
  }));
  return [measuredOn(result), '', table(['', 'seal', 'open', 'save', 'load', 'state'], result.rows.map((row) => [
    label(row), duration(row.seal), duration(row.open), duration(row.save), duration(row.load), `${grouped(row.stateSize)} B`]))].join('\n');
}

function wasm() {
  const result = read('wasm');
  if (!result) return null;
  const cell = (value) => `${value.toFixed(2)} ms`;
  const rows = (of) => Object.entries(of).map(([name, row]) => [name, grouped(row.calls), cell(row.mean), cell(row.p50), cell(row.p99), cell(row.max)]);
  const kept = Object.values(result.rows).every((row) => row.p99 < 50);
  return [`${measuredOn(result)} ${result.browser}. ${kept ? 'Every row keeps the budget.' : 'The budget is broken.'}`, '', table(['', 'calls', 'mean', 'p50', 'p99', 'max'], rows(result.rows)),
    '', 'The client\'s calls as a whole, the pauses left out:', '', table(['', 'calls', 'mean', 'p50', 'p99', 'max'], rows(result.whole))].join('\n');
}

let readme = readFileSync(path('README.md'), 'utf8');
const tables = {
  enforce: enforced('enforce'), 'enforce-no-intrinsics': enforced('enforce-no-intrinsics'), sessions: sessions(), primitives: primitives(),
  backends: backends('backends'), 'backends-no-intrinsics': backends('backends-no-intrinsics'), growth: growth(), wasm: wasm(), groups: groups(),
};
for (const [name, text] of Object.entries(tables)) {
  const [begin, end] = [`<!-- begin ${name} -->`, `<!-- end ${name} -->`];
  const [from, to] = [readme.indexOf(begin), readme.indexOf(end)];
  if (from >= 0 && to > from && text) {
    readme = readme.slice(0, from + begin.length) + '\n' + text + '\n' + readme.slice(to);
  }
}

writeFileSync(path('README.md'), readme);
