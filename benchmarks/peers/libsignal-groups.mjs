// Sender keys of libsignal, through its public API, as benchmarks/peers/groups.sh compares them: a message sealed and opened by one member, and
// what one sender does after somebody was removed, who makes a new key and seals it for every other device. Durations in milliseconds of
// processor time, medians; sizes in bytes. Whoever writes after a removal has to do it, so that a chat pays this as often as it has senders.
import { readFileSync } from 'node:fs';
import { randomUUID } from 'node:crypto';
import { cpuUsage } from 'node:process';
import * as signal from '@signalapp/libsignal-client';
import { Device, bundleOf } from './libsignal-device.mjs';

const sizes = process.argv[2].split(',').map(Number);
const content = new Uint8Array(256).fill(7);
const median = (values) => values.sort((a, b) => a - b)[Math.floor(values.length / 2)];

async function time(action, times = 7) {
  const taken = [];
  for (let i = 0; i < times; i++) {
    const start = cpuUsage();
    await action();
    const { user, system } = cpuUsage(start);
    taken.push((user + system) / 1000);
  }

  return median(taken);
}

async function session(alice, bob) {
  await signal.processPreKeyBundle(bundleOf(bob), bob.address, alice.address, alice.sessions, alice.identity);
  const first = (await signal.signalEncrypt(content, bob.address, alice.address, alice.sessions, alice.identity)).serialize();
  await signal.signalDecryptPreKey(
    signal.PreKeySignalMessage.deserialize(first), alice.address, bob.address, bob.sessions, bob.identity, bob.preKeys, bob.signedPreKeys, bob.kemPreKeys);
  const answer = await signal.signalEncrypt(content, alice.address, bob.address, bob.sessions, bob.identity);
  await signal.signalDecrypt(
    signal.SignalMessage.deserialize(answer.serialize()), bob.address, alice.address, alice.sessions, alice.identity);
}

const alice = new Device('alice', true);
const bob = new Device('bob', true);
await session(alice, bob);

// A key for one receiver: made once, and sealed for every device in the session with it.
async function renew(receivers) {
  const distribution = (await signal.SenderKeyDistributionMessage.create(alice.address, randomUUID(), alice.senderKeys)).serialize();
  let bytes = 0;
  let last;
  for (let i = 0; i < receivers; i++) {
    last = (await signal.signalEncrypt(distribution, bob.address, alice.address, alice.sessions, alice.identity)).serialize();
    bytes += last.length;
  }

  return { bytes, last };
}

async function follow(sealed) {
  const opened = await signal.signalDecrypt(signal.SignalMessage.deserialize(sealed), alice.address, bob.address, bob.sessions, bob.identity);
  await signal.processSenderKeyDistributionMessage(alice.address, signal.SenderKeyDistributionMessage.deserialize(opened), bob.senderKeys);
}

const id = randomUUID();
await signal.processSenderKeyDistributionMessage(
  alice.address, await signal.SenderKeyDistributionMessage.create(alice.address, id, alice.senderKeys), bob.senderKeys);
const message = await time(async () => {
  for (let i = 0; i < 10; i++) {
    const sealed = await signal.groupEncrypt(alice.address, id, alice.senderKeys, content);
    await signal.groupDecrypt(alice.address, bob.senderKeys, sealed.serialize());
  }
}, 61) / 10;
const rows = [];
for (const size of sizes) {
  const keys = [];
  const remove = await time(async () => keys.push(await renew(size - 2)));
  const opening = [];
  for (const { last } of keys) opening.push(await time(() => follow(last), 1));
  rows.push({ size, message, remove, removeBytes: keys[0].bytes, follow: median(opening) });
}

const version = JSON.parse(readFileSync(new URL('node_modules/@signalapp/libsignal-client/package.json', import.meta.url))).version;
console.log(JSON.stringify({ version, rows }));
