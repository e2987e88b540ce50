// Groups of ts-mls and of this library, and libsignal's sender keys, in one run, by turns: benchmarks/peers/groups.sh. Durations in milliseconds
// of processor time, medians; sizes in bytes. In every group the creator alone has committed, once, by adding the others.
import { execFileSync } from "node:child_process"
import { readFileSync, writeFileSync } from "node:fs"
import { cpuUsage } from "node:process"
import * as mls from "ts-mls"

const [own, out, rounds, sizeList, result, libsignal] = process.argv.slice(2)
const suites = { 1: "MLS_128_DHKEMX25519_AES128GCM_SHA256_Ed25519", 83: "MLS_256_XWING_AES256GCM_SHA512_Ed25519" }
const sizes = sizeList.split(",").map(Number)
const none = { findPsk: () => undefined }
const median = (values) => values.sort((a, b) => a - b)[Math.floor(values.length / 2)]

async function time(action, times = 7) {
  const taken = []
  for (let i = 0; i < times; i++) {
    const start = cpuUsage()
    await action()
    const { user, system } = cpuUsage(start)
    taken.push((user + system) / 1000)
  }
  return median(taken)
}

async function keyPackage(name, impl) {
  const credential = { credentialType: "basic", identity: new TextEncoder().encode(name) }
  return mls.generateKeyPackage(credential, mls.defaultCapabilities(), mls.defaultLifetime, [], impl)
}

async function measure(suite, size) {
  const impl = await mls.getCiphersuiteImpl(mls.getCiphersuiteFromName(suites[suite]))
  const made = []
  for (let i = 0; i <= size; i++) made.push(await keyPackage(`member ${i}`, impl))
  const add = (member) => ({ proposalType: "add", add: { keyPackage: member.publicPackage } })
  const commit = (state, extraProposals) => mls.createCommit(
    { state, cipherSuite: impl, pskIndex: none }, { extraProposals, wireAsPublicMessage: true, ratchetTreeExtension: true })
  let state = await mls.createGroup(new Uint8Array(16), made[0].publicPackage, made[0].privatePackage, [], impl)
  const began = await commit(state, made.slice(1, size).map(add))
  state = began.newState
  const joiner = made[size / 2]
  const join = () => mls.joinGroup(began.welcome, joiner.publicPackage, joiner.privatePackage, none, impl)
  let member = await join()
  const removal = [{ proposalType: "remove", remove: { removed: size - 1 } }]
  const removed = await commit(state, removal)
  const added = await commit(state, [add(made[size])])
  const content = new Uint8Array(256).fill(7)
  let sender = state
  const message = await time(async () => {
    for (let i = 0; i < 10; i++) {
      const sealed = await mls.createApplicationMessage(sender, content, impl)
      sender = sealed.newState
      member = (await mls.processPrivateMessage(member, sealed.privateMessage, none, impl, mls.acceptAll)).newState
    }
  }, 31)
  return {
    suite, size,
    message: message / 10,
    remove: await time(() => commit(state, removal)),
    removeBytes: mls.encodeMlsMessage(removed.commit).length,
    follow: await time(() => mls.processPublicMessage(member, removed.commit.publicMessage, none, impl, mls.acceptAll)),
    update: await time(() => commit(state, [])),
    add: await time(() => commit(state, [add(made[size])])),
    addBytes: mls.encodeMlsMessage(added.commit).length,
    join: await time(join),
  }
}

const all = { "ts-mls": [], own: [], libsignal: [] }
let described
let version
for (let round = 0; round < Number(rounds); round++) {
  console.log(`Round ${round + 1} of ${rounds}.`)
  for (const suite of [1, 83]) for (const size of sizes) all["ts-mls"].push(await measure(suite, size))
  execFileSync("dotnet", [own, "--mls", "--beside", sizeList, "--json", out], { stdio: "ignore" })
  described = JSON.parse(readFileSync(out, "utf8"))
  const { messages, operations } = described.rows
  for (const row of operations) {
    all.own.push({
      suite: row.suite, size: row.members,
      message: messages.find((other) => other.suite === row.suite).sealAndOpen / 1e6,
      remove: row.remove / 1e6, removeBytes: row.removeBytes, follow: row.followRemove / 1e6,
      update: row.update / 1e6, add: row.add / 1e6, addBytes: row.addBytes, join: row.join / 1e6,
    })
  }
  if (libsignal) {
    const theirs = JSON.parse(execFileSync("node", [libsignal, sizeList], { encoding: "utf8" }))
    version = theirs.version
    all.libsignal.push(...theirs.rows)
  }
}

// One row for each suite and size of each library, with the median of every figure.
const rows = Object.entries(all).flatMap(([library, measured]) => {
  const names = [...new Set(measured.map((row) => `${row.suite ?? ""} ${row.size}`))]
  return names.map((name) => {
    const mine = measured.filter((row) => `${row.suite ?? ""} ${row.size}` === name)
    return { library, ...Object.fromEntries(Object.keys(mine[0]).map((key) => [key, median(mine.map((row) => row[key]))])) }
  })
})
writeFileSync(result, JSON.stringify({
  date: described.date, machine: described.machine, runtime: described.runtime, rounds: Number(rounds),
  versions: { "ts-mls": "1.6.4", libsignal: version, node: process.version }, rows,
}, null, 2) + "\n")
