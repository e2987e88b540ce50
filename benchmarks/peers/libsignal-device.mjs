// A device for the libsignal binding with stores in memory: either the records themselves are kept (no serialisation), or
// their bytes, as a device does that keeps nothing in memory between two messages.
import * as signal from '@signalapp/libsignal-client';

class Sessions extends signal.SessionStore {
  kept = new Map();

  constructor(keepsRecords) {
    super();
    this.keepsRecords = keepsRecords;
  }

  async saveSession(name, record) {
    this.kept.set(name.toString(), this.keepsRecords ? record : record.serialize());
  }

  async getSession(name) {
    const kept = this.kept.get(name.toString());
    return kept === undefined ? null : this.keepsRecords ? kept : signal.SessionRecord.deserialize(kept);
  }

  async getExistingSessions(names) {
    return Promise.all(names.map((name) => this.getSession(name)));
  }
}

class Identity extends signal.IdentityKeyStore {
  pair = signal.IdentityKeyPair.generate();
  peers = new Map();

  async getIdentityKey() {
    return this.pair.privateKey;
  }

  async getIdentityKeyPair() {
    return this.pair;
  }

  async getLocalRegistrationId() {
    return 5;
  }

  async saveIdentity(name, key) {
    this.peers.set(name.toString(), key);
    return signal.IdentityChange.NewOrUnchanged;
  }

  async isTrustedIdentity() {
    return true;
  }

  async getIdentity(name) {
    return this.peers.get(name.toString()) ?? null;
  }
}

class PreKeys extends signal.PreKeyStore {
  kept = new Map();
  async savePreKey(id, record) { this.kept.set(id, record); }
  async getPreKey(id) { return this.kept.get(id); }
  async removePreKey(id) { this.kept.delete(id); }
}

class SignedPreKeys extends signal.SignedPreKeyStore {
  kept = new Map();
  async saveSignedPreKey(id, record) { this.kept.set(id, record); }
  async getSignedPreKey(id) { return this.kept.get(id); }
}

class KemPreKeys extends signal.KyberPreKeyStore {
  kept = new Map();
  async saveKyberPreKey(id, record) { this.kept.set(id, record); }
  async getKyberPreKey(id) { return this.kept.get(id); }
  async markKyberPreKeyUsed(id) { this.kept.delete(id); }
}

class SenderKeys extends signal.SenderKeyStore {
  kept = new Map();
  async saveSenderKey(sender, id, record) { this.kept.set(sender.toString() + id, record); }
  async getSenderKey(sender, id) { return this.kept.get(sender.toString() + id) ?? null; }
}

export class Device {
  identity = new Identity();
  preKeys = new PreKeys();
  signedPreKeys = new SignedPreKeys();
  kemPreKeys = new KemPreKeys();
  senderKeys = new SenderKeys();
  nextId = 1;

  constructor(name, keepsRecords) {
    this.address = signal.ProtocolAddress.new(name, 1);
    this.keepsRecords = keepsRecords;
    this.forgetSessions();
  }

  forgetSessions() {
    this.sessions = new Sessions(this.keepsRecords);
  }
}

// Makes the prekeys of one bundle, puts them into the device's stores, and gives the bundle.
export function bundleOf(device) {
  const id = device.nextId++;
  const identity = device.identity.pair;
  const oneTime = signal.PrivateKey.generate();
  const signed = signal.PrivateKey.generate();
  const signature = identity.privateKey.sign(signed.getPublicKey().serialize());
  const kem = signal.KEMKeyPair.generate();
  const kemSignature = identity.privateKey.sign(kem.getPublicKey().serialize());
  device.preKeys.savePreKey(id, signal.PreKeyRecord.new(id, oneTime.getPublicKey(), oneTime));
  device.signedPreKeys.saveSignedPreKey(
    id, signal.SignedPreKeyRecord.new(id, Date.now(), signed.getPublicKey(), signed, signature));
  device.kemPreKeys.saveKyberPreKey(id, signal.KyberPreKeyRecord.new(id, Date.now(), kem, kemSignature));
  return signal.PreKeyBundle.new(
    5, 1, id, oneTime.getPublicKey(), id, signed.getPublicKey(), signature, identity.publicKey,
    id, kem.getPublicKey(), kemSignature);
}
