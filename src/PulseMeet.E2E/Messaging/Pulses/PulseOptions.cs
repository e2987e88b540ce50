namespace PulseMeet.E2E;

/// <summary>The keys that a pulse chat is made of. Its creator chooses them, and nothing changes them later.</summary>
public enum PulseSuite
{
    /// <summary>By the number of devices that are expected: <see cref="XWing"/> for up to 200, <see cref="X25519"/>
    /// beyond.</summary>
    Automatic = 0,

    /// <summary>X-Wing (X25519 with ML-KEM-768), AES-256-GCM, SHA-384, Ed25519.</summary>
    XWing = 1,

    /// <summary>X25519, AES-128-GCM, SHA-256, Ed25519 (suite 0x0001 of RFC 9420): commits a tenth as long, without protection against
    /// whoever records now and has a quantum computer later.</summary>
    X25519 = 2,
}

/// <summary>What the creator of a pulse chat may choose.</summary>
public sealed record PulseOptions
{
    /// <summary>Its keys; by the expected size where nothing is chosen.</summary>
    public PulseSuite Suite { get; init; } = PulseSuite.Automatic;

    /// <summary>How many devices it is to have in the end; at least those that are invited count.</summary>
    public int ExpectedDevices { get; init; }

    /// <summary>Who may do what.</summary>
    public PulseRights Rights { get; init; } = PulseRights.Default;
}
