namespace PulseMeet.E2E.Storage;

/// <summary>The checks of a batch that every store makes: what fails here is the caller's mistake.</summary>
internal static class StoreChanges
{
    /// <exception cref="ArgumentException">A key is not 1 to 255 bytes or stands twice, or a value is longer than
    /// <see cref="StoreLimits.MaxValueSize"/>.</exception>
    public static void Check(StoreLease lease, IReadOnlyList<StoreChange> changes)
    {
        ArgumentNullException.ThrowIfNull(lease);
        ArgumentNullException.ThrowIfNull(changes);
        HashSet<byte[]> names = new(changes.Count, StoreName.Comparer);
        foreach (StoreChange change in changes)
        {
            if (!names.Add(StoreName.Of(change.Table, change.Key.Span)))
            {
                throw new ArgumentException("A key stands twice in the batch.", nameof(changes));
            }

            if (change.Value?.Length > StoreLimits.MaxValueSize)
            {
                throw new ArgumentException("A value is longer than 16 MiB.", nameof(changes));
            }
        }
    }
}
