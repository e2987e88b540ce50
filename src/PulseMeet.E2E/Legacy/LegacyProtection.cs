namespace PulseMeet.E2E.Legacy;

/// <summary>What protected a legacy message. None of it is end-to-end authentication: the server held the keys.</summary>
public enum LegacyProtection
{
    /// <summary>None: the row was stored unencrypted (<c>is_encrypted = false</c>).</summary>
    Plaintext = 0,

    /// <summary>None in effect: sealed under 32 zero bytes, by a client that went on using a wiped key.</summary>
    ZeroKey = 1,

    /// <summary>AES-256-GCM under a key that the server could read or another member could hold.</summary>
    Encrypted = 2,
}
