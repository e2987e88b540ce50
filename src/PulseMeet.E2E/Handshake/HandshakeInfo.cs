namespace PulseMeet.E2E.Handshake;

/// <summary>How strong the beginning of a session was: what an app may show when prekeys had run out.</summary>
/// <param name="UsedOneTimePreKey">Whether a one-time X25519 prekey took part. Without one, whoever later gets the peer's
/// identity and signed prekeys can read the first messages of the session (PQXDH, section 4.3).</param>
/// <param name="UsedOneTimePostQuantumPreKey">Whether the post-quantum prekey was a one-time one and not the last-resort
/// one.</param>
public readonly record struct HandshakeInfo(bool UsedOneTimePreKey, bool UsedOneTimePostQuantumPreKey);
