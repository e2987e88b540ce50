namespace PulseMeet.E2E.Storage;

/// <summary>One line of a node: a record in a leaf, a child above the leaves.</summary>
/// <remarks>Immutable but for the child that was loaded once and is kept with it. Thread-safe.</remarks>
internal sealed class TreeEntry(byte[] name, byte[] salt, long node)
{
    private volatile TreeNode? _loaded;

    /// <summary>The record's table and key; of a child, no more than the lowest name beneath it.</summary>
    public byte[] Name { get; } = name;

    /// <summary>16 bytes that name the write of the record or of the child.</summary>
    public byte[] Salt { get; } = salt;

    /// <summary>The number of the child; 0 in a leaf.</summary>
    public long Node { get; } = node;

    /// <summary>The child, where it was loaded before.</summary>
    public TreeNode? Loaded
    {
        get => _loaded;
        set => _loaded = value;
    }
}
