// Takes the median of each figure over the rounds.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const [folder, resultFile] = process.argv.slice(2);

function read(peer) {
  return readdirSync(folder)
    .filter((name) => name.startsWith(peer + '-'))
    .map((name) => JSON.parse(readFileSync(join(folder, name), 'utf8')));
}

function median(values) {
  return values.sort((a, b) => a - b)[Math.floor(values.length / 2)];
}

function medians(rounds) {
  return rounds.length === 0
    ? undefined
    : Object.fromEntries(Object.keys(rounds[0]).map((key) => [key, median(rounds.map((round) => round[key]))]));
}

const own = read('own');
const libsignal = read('libsignal');
const openssl = read('openssl');
const result = {
  date: own[0].date,
  machine: own[0].machine,
  runtime: own[0].runtime,
  rounds: own.length,
  versions: { libsignal: libsignal[0]?.version, node: libsignal[0]?.node, openssl: openssl[0]?.version, nsec: '26.4.0' },
  sessions: { own: medians(own.map((round) => round.rows.sessions)), libsignal: medians(libsignal.map((round) => round.rows)) },
  sizes: { own: own[0].rows.sizes, libsignal: libsignal[0]?.sizes },
  primitives: {
    own: medians(own.map((round) => round.rows.primitives)),
    nsec: medians(own.map((round) => round.rows.nsec)),
    nsecHeld: medians(own.map((round) => round.rows.nsecHeld)),
    openssl: medians(openssl.map((round) => round.rows)),
  },
};
writeFileSync(resultFile, JSON.stringify(result, null, 2) + '\n');
