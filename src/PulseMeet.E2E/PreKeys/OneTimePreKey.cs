using PulseMeet.E2E.Keys;

namespace PulseMeet.E2E.PreKeys;

/// <summary>A device's one-time X25519 prekey (PQXDH, section 3.2: OPK): handed out once, deleted after one session.</summary>
/// <param name="Id">The device's number for this prekey.</param>
/// <param name="Key">The public key. Not signed: a directory that swaps it can only do what withholding it does.</param>
public sealed record OneTimePreKey(uint Id, X25519PublicKey Key);
