namespace PulseMeet.E2E.Storage;

/// <summary>The bounds of a device's store, and the checks that every store makes of its arguments.</summary>
/// <remarks>docs/protocol-relay.md, "The device's store".</remarks>
public static class StoreLimits
{
    /// <summary>The longest key, in bytes; the shortest has 1.</summary>
    public const int MaxKeySize = 255;

    /// <summary>The longest value, in bytes: 16 MiB.</summary>
    public const int MaxValueSize = 16 * 1024 * 1024;

    /// <summary>The longest name of an owner, in bytes of UTF-8.</summary>
    public const int MaxOwnerSize = 64;

    /// <summary>The check of a key.</summary>
    /// <param name="key">Of a record.</param>
    /// <exception cref="ArgumentException">It is not 1 to 255 bytes.</exception>
    public static void CheckKey(ReadOnlySpan<byte> key) => StoreName.CheckKey(key);

    /// <summary>The check of a scan.</summary>
    /// <param name="after">Where it begins.</param>
    /// <param name="prefix">What the keys begin with.</param>
    /// <param name="max">The most records.</param>
    /// <exception cref="ArgumentException">A key is longer than 255 bytes, or <paramref name="max"/> is below 1.</exception>
    public static void CheckScan(ReadOnlySpan<byte> after, ReadOnlySpan<byte> prefix, int max)
    {
        StoreName.CheckPart(after);
        StoreName.CheckPart(prefix);
        ArgumentOutOfRangeException.ThrowIfLessThan(max, 1);
    }

    /// <summary>The check of an owner.</summary>
    /// <param name="owner">Who takes the store.</param>
    /// <exception cref="ArgumentException">It is not 1 to 64 bytes in UTF-8.</exception>
    public static void CheckOwner(string owner) => Argument.IsText(owner, MaxOwnerSize);

    /// <summary>The check of a batch.</summary>
    /// <param name="changes">All of them.</param>
    /// <exception cref="ArgumentException">A key is not 1 to 255 bytes or stands twice, or a value is longer than 16 MiB.</exception>
    public static void CheckBatch(IReadOnlyList<StoreChange> changes)
    {
        ArgumentNullException.ThrowIfNull(changes);
        HashSet<byte[]> names = new(changes.Count, StoreName.Comparer);
        foreach (StoreChange change in changes)
        {
            ArgumentNullException.ThrowIfNull(change, nameof(changes));
            if (!names.Add(StoreName.Of(change.Table, change.Key.Span)))
            {
                throw new ArgumentException("A key stands twice in the batch.", nameof(changes));
            }

            if (change.Value?.Length > MaxValueSize)
            {
                throw new ArgumentException("A value is longer than 16 MiB.", nameof(changes));
            }
        }
    }
}
