namespace PulseMeet.E2E.Storage;

/// <summary>The bounds of a device's store. docs/protocol-relay.md, "The device's store".</summary>
public static class StoreLimits
{
    /// <summary>The longest key, in bytes; the shortest has 1.</summary>
    public const int MaxKeySize = 255;

    /// <summary>The longest value, in bytes: 16 MiB.</summary>
    public const int MaxValueSize = 16 * 1024 * 1024;

    /// <summary>The longest name of an owner, in bytes of UTF-8.</summary>
    public const int MaxOwnerSize = 64;
}
