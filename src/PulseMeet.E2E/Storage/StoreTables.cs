namespace PulseMeet.E2E.Storage;

/// <summary>What lies where in the store beneath. Its keys tell nothing: records lie under codes, nodes under numbers.</summary>
/// <remarks>docs/protocol-storage.md, "Layout".</remarks>
internal static class StoreTables
{
    /// <summary>The wrapped root key and the head, each one record.</summary>
    public const byte Roots = 0;

    /// <summary>The sealed records.</summary>
    public const byte Records = 1;

    /// <summary>The sealed nodes of the tree over the records.</summary>
    public const byte Nodes = 2;

    public static ReadOnlyMemory<byte> KeyRecord { get; } = "key"u8.ToArray();

    public static ReadOnlyMemory<byte> HeadRecord { get; } = "head"u8.ToArray();
}
