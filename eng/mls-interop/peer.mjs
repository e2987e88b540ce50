// Members of MLS groups by ts-mls, for eng/mls-interop.sh: a request and an answer a line, in JSON, bytes in hexadecimal.
import * as readline from "node:readline"
import * as mls from "ts-mls"
import { createGroupInfo } from "ts-mls/createCommit.js"

const members = new Map()
const suites = { 1: "MLS_128_DHKEMX25519_AES128GCM_SHA256_Ed25519", 83: "MLS_256_XWING_AES256GCM_SHA512_Ed25519" }
const nonceSizes = { 1: 32, 83: 64 }
const hex = (bytes) => Buffer.from(bytes).toString("hex")
const bytes = (text) => new Uint8Array(Buffer.from(text, "hex"))
const decode = (text) => mls.decodeMlsMessage(bytes(text), 0)[0]
const wrap = (wireformat, field, value) => hex(mls.encodeMlsMessage({ version: "mls10", wireformat, [field]: value }))

const requests = {
  async keyPackage(member, { name, suite }) {
    const impl = await mls.getCiphersuiteImpl(mls.getCiphersuiteFromName(suites[suite]))
    const credential = { credentialType: "basic", identity: new TextEncoder().encode(name) }
    // Whoever comes back keeps its signature key: joinGroupExternal finds the old leaf by it.
    const old = member?.made
    const made = old
      ? await mls.generateKeyPackageWithKey(
          credential, mls.defaultCapabilities(), mls.defaultLifetime, [],
          { signKey: old.privatePackage.signaturePrivateKey, publicKey: old.publicPackage.leafNode.signaturePublicKey }, impl,
        )
      : await mls.generateKeyPackage(credential, mls.defaultCapabilities(), mls.defaultLifetime, [], impl)
    members.set(name, { suite, impl, made, psks: new Map() })
    return { keyPackage: wrap("mls_key_package", "keyPackage", made.publicPackage) }
  },
  async create(member, { groupId }) {
    member.state = await mls.createGroup(bytes(groupId), member.made.publicPackage, member.made.privatePackage, [], member.impl)
    return {}
  },
  async join(member, { welcome, tree }) {
    const { publicPackage, privatePackage } = member.made
    member.state = await mls.joinGroup(decode(welcome).welcome, publicPackage, privatePackage, index(member), member.impl)
    return {}
  },
  async joinExternally(member, { groupInfo, replaces }) {
    const { publicPackage, privatePackage } = member.made
    const joined = await mls.joinGroupExternal(decode(groupInfo).groupInfo, publicPackage, privatePackage, replaces, member.impl)
    member.state = joined.newState
    return { commit: wrap("mls_public_message", "publicMessage", joined.publicMessage) }
  },
  async commit(member, { add, remove, psks, isPublic }) {
    const extraProposals = [
      ...add.map((message) => ({ proposalType: "add", add: { keyPackage: decode(message).keyPackage } })),
      ...remove.map((removed) => ({ proposalType: "remove", remove: { removed } })),
      ...psks.map((id) => ({ proposalType: "psk", psk: { preSharedKeyId: pskId(member, id) } })),
    ]
    const made = await mls.createCommit(
      { state: member.state, cipherSuite: member.impl, pskIndex: index(member) },
      { extraProposals, wireAsPublicMessage: isPublic, ratchetTreeExtension: true },
    )
    member.pending = made.newState
    return {
      commit: hex(mls.encodeMlsMessage(made.commit)),
      welcome: made.welcome ? wrap("mls_welcome", "welcome", made.welcome) : null,
    }
  },
  async apply(member) {
    member.state = member.pending
    return {}
  },
  async proposeRemove(member, { removed, isPublic }) {
    const made = await mls.createProposal(member.state, isPublic, { proposalType: "remove", remove: { removed } }, member.impl)
    member.state = made.newState
    return { message: hex(mls.encodeMlsMessage(made.message)) }
  },
  async receive(member, { message }) {
    // processMessage of this version looks up no pre-shared keys for public messages; these two do.
    const { publicMessage, privateMessage } = decode(message)
    const got = publicMessage
      ? await mls.processPublicMessage(member.state, publicMessage, index(member), member.impl, mls.acceptAll)
      : await mls.processPrivateMessage(member.state, privateMessage, index(member), member.impl, mls.acceptAll)
    member.state = got.newState
    return { content: got.kind === "applicationMessage" ? hex(got.message) : null }
  },
  async seal(member, { content }) {
    const made = await mls.createApplicationMessage(member.state, bytes(content), member.impl)
    member.state = made.newState
    return { message: wrap("mls_private_message", "privateMessage", made.privateMessage) }
  },
  // ts-mls has the bare key in external_pub, where RFC 9420, 12.4.3.2, has a vector: for others than itself it is put right.
  async groupInfo(member, { forTsMls }) {
    const made = await mls.createGroupInfoWithExternalPubAndRatchetTree(member.state, [], member.impl)
    const extensions = made.extensions.map((extension) =>
      extension.extensionType === "external_pub" ? { ...extension, extensionData: vector(extension.extensionData) } : extension,
    )
    const { groupContext, confirmationTag } = member.state
    const info = forTsMls ? made : await createGroupInfo(groupContext, confirmationTag, member.state, extensions, member.impl)
    return { groupInfo: wrap("mls_group_info", "groupInfo", info) }
  },
  async holdPsk(member, { id, key }) {
    member.psks.set(id, bytes(key))
    return {}
  },
  async where(member) {
    return {
      authenticator: hex(member.state.keySchedule.epochAuthenticator),
      leaf: member.state.privatePath.leafIndex,
      epoch: Number(member.state.groupContext.epoch),
      exported: hex(await mls.mlsExporter(member.state.keySchedule.exporterSecret, "interop", bytes("00ff"), 32, member.impl)),
    }
  },
}

function vector(content) {
  const { length } = content
  return new Uint8Array([...(length < 64 ? [length] : [0x40 | (length >> 8), length & 0xff]), ...content])
}

function index(member) {
  return { findPsk: (id) => (id.psktype === "external" ? member.psks.get(hex(id.pskId)) : undefined) }
}

function pskId(member, id) {
  return { psktype: "external", pskId: bytes(id), pskNonce: member.impl.rng.randomBytes(nonceSizes[member.suite]) }
}

for await (const line of readline.createInterface({ input: process.stdin })) {
  const request = JSON.parse(line)
  try {
    const answer = await requests[request.op](members.get(request.name), request)
    console.log(JSON.stringify(answer))
  } catch (error) {
    console.log(JSON.stringify({ error: String(error?.stack ?? error) }))
  }
}
