// Runs the official libsignal binding for Node.js through its public API and prints what it measured as JSON.
// Durations are means of the faster half of batches of a few milliseconds, in nanoseconds per operation; sizes are in bytes.
import { readFileSync } from 'node:fs';
import * as signal from '@signalapp/libsignal-client';
import { Device, bundleOf } from './libsignal-device.mjs';

const plaintext = new Uint8Array(256).fill(7);
const batches = 151;
const warmUp = 60;

async function time(count, operation) {
  const durations = [];
  for (let batch = 0; batch < batches + warmUp; batch++) {
    const ready = await operation.prepare?.(count);
    const start = process.hrtime.bigint();
    for (let i = 0; i < count; i++) {
      await operation.run(ready?.[i]);
    }

    durations.push(Number(process.hrtime.bigint() - start) / count);
  }

  const kept = durations.slice(warmUp).sort((a, b) => a - b).slice(0, Math.floor(batches / 2));
  return kept.reduce((sum, duration) => sum + duration) / kept.length;
}

async function encrypt(from, to, bytes = plaintext) {
  return signal.signalEncrypt(bytes, to.address, from.address, from.sessions, from.identity);
}

async function send(from, to) {
  const message = await encrypt(from, to);
  await signal.signalDecrypt(
    signal.SignalMessage.deserialize(message.serialize()), from.address, to.address, to.sessions, to.identity);
}

async function open(to, from, serialized) {
  return signal.signalDecryptPreKey(
    signal.PreKeySignalMessage.deserialize(serialized),
    from.address, to.address, to.sessions, to.identity, to.preKeys, to.signedPreKeys, to.kemPreKeys);
}

async function begin(from, to, bundle, bytes = plaintext) {
  await signal.processPreKeyBundle(bundle, to.address, from.address, from.sessions, from.identity);
  const first = (await encrypt(from, to, bytes)).serialize();
  await open(to, from, first);
  return first;
}

async function established(keepsRecords) {
  const alice = new Device('alice', keepsRecords);
  const bob = new Device('bob', keepsRecords);
  await begin(alice, bob, bundleOf(bob));
  const answer = await encrypt(bob, alice);
  await signal.signalDecrypt(
    signal.SignalMessage.deserialize(answer.serialize()), bob.address, alice.address, alice.sessions, alice.identity);
  return [alice, bob];
}

// A first session between two devices that have never met; the devices are made outside the measured time.
function setupNew() {
  return {
    prepare: (count) => Array.from({ length: count }, () => {
      const bob = new Device('bob', true);
      return { alice: new Device('alice', true), bob, bundle: bundleOf(bob) };
    }),
    run: ({ alice, bob, bundle }) => begin(alice, bob, bundle),
  };
}

// Another session between two devices that have met before; the bundles are made outside the measured time.
function setup() {
  const alice = new Device('alice', true);
  const bob = new Device('bob', true);
  return {
    prepare: (count) => Array.from({ length: count }, () => bundleOf(bob)),
    run: async (bundle) => {
      alice.forgetSessions();
      bob.forgetSessions();
      await begin(alice, bob, bundle);
    },
  };
}

async function group() {
  const id = 'd1d1d1d1-7000-11eb-b32a-33b8a8a487a6';
  const alice = new Device('alice', true);
  const bob = new Device('bob', true);
  const distribution = await signal.SenderKeyDistributionMessage.create(alice.address, id, alice.senderKeys);
  await signal.processSenderKeyDistributionMessage(alice.address, distribution, bob.senderKeys);
  const message = await signal.groupEncrypt(alice.address, id, alice.senderKeys, plaintext);
  return {
    size: message.serialize().length - plaintext.length,
    run: async () => {
      const sealed = await signal.groupEncrypt(alice.address, id, alice.senderKeys, plaintext);
      await signal.groupDecrypt(alice.address, bob.senderKeys, sealed.serialize());
    },
  };
}

async function firstMessageSize() {
  const alice = new Device('alice', true);
  const bob = new Device('bob', true);
  return (await begin(alice, bob, bundleOf(bob), new Uint8Array(256))).length - 256;
}

const [alice, bob] = await established(true);
const [storedAlice, storedBob] = await established(false);
const pingPong = (one, other) => ({ run: async () => { await send(one, other); await send(other, one); } });
const groupChat = await group();
const rows = {
  setupNew: await time(2, setupNew()),
  setup: await time(2, setup()),
  oneWay: await time(20, { run: () => send(alice, bob) }),
  pingPong: await time(5, pingPong(alice, bob)),
  oneWayStored: await time(20, { run: () => send(storedAlice, storedBob) }),
  pingPongStored: await time(5, pingPong(storedAlice, storedBob)),
  group: await time(20, groupChat),
};
const sizes = {
  direct: (await encrypt(alice, bob)).serialize().length - plaintext.length,
  first: await firstMessageSize(),
  group: groupChat.size,
};
const version = JSON.parse(
  readFileSync(new URL('node_modules/@signalapp/libsignal-client/package.json', import.meta.url))).version;
console.log(JSON.stringify({ version, node: process.version, rows, sizes }));
