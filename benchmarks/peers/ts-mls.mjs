// Groups of ts-mls and of this library in one run, by turns: benchmarks/peers/groups.sh. Durations in milliseconds of processor time,
// medians; sizes in bytes. In every group the creator alone has committed, once, by adding the others.
import { execFileSync } from "node:child_process"
import { readFileSync } from "node:fs"
import { cpuUsage } from "node:process"
import * as mls from "ts-mls"

const [own, out, rounds] = process.argv.slice(2)
const suites = { 1: "MLS_128_DHKEMX25519_AES128GCM_SHA256_Ed25519", 83: "MLS_256_XWING_AES256GCM_SHA512_Ed25519" }
const sizes = [10, 100]
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

const all = { theirs: [], ours: [] }
for (let round = 0; round < Number(rounds); round++) {
  for (const suite of [1, 83]) for (const size of sizes) all.theirs.push(await measure(suite, size))
  execFileSync("dotnet", [own, "--mls", "beside", "--json", out], { stdio: "ignore" })
  const { messages, operations } = JSON.parse(readFileSync(out, "utf8")).rows
  for (const row of operations) {
    all.ours.push({
      suite: row.suite, size: row.members,
      message: messages.find((other) => other.suite === row.suite).sealAndOpen / 1e6,
      remove: row.remove / 1e6, removeBytes: row.removeBytes, follow: row.followRemove / 1e6,
      update: row.update / 1e6, add: row.add / 1e6, addBytes: row.addBytes, join: row.join / 1e6,
    })
  }
}

const columns = ["message", "remove", "removeBytes", "follow", "update", "add", "addBytes", "join"]
console.log(`| | ${columns.join(" | ")} |\n| --- |${" --: |".repeat(columns.length)}`)
for (const suite of [1, 83]) {
  for (const size of sizes) {
    for (const [name, rows] of [["this library", all.ours], ["ts-mls 1.6.4", all.theirs]]) {
      const mine = rows.filter((row) => row.suite === suite && row.size === size)
      const cells = columns.map((column) => {
        const value = median(mine.map((row) => row[column]))
        return column.endsWith("Bytes") ? value.toLocaleString("en") : `${value < 10 ? value.toFixed(2) : value.toFixed(0)} ms`
      })
      console.log(`| ${suite === 1 ? "0x0001" : "83 (X-Wing)"}, ${size} members, ${name} | ${cells.join(" | ")} |`)
    }
  }
}
