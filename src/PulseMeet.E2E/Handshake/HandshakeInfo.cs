namespace PulseMeet.E2E.Handshake;

/// <summary>How strong the beginning of a session was: what an app may show when one-time pairs had run out.</summary>
/// <param name="UsedOneTimePair">Whether a one-time pair took part. Without one, whoever later gets the peer's identity key and signed
/// pair can read the first messages of the session (PQXDH, section 4.3).</param>
public readonly record struct HandshakeInfo(bool UsedOneTimePair);
