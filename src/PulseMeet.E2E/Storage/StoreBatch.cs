using PulseMeet.E2E.Sealing;

namespace PulseMeet.E2E.Storage;

/// <summary>What is to be written in one step, whole or not at all.</summary>
/// <remarks>Keys and values are not copied: they stay as they are until the commit has answered; then the caller zeroes what is
/// secret. Not thread-safe, and for one commit.</remarks>
internal sealed class StoreBatch
{
    private readonly Dictionary<byte[], ReadOnlyMemory<byte>?> _writes = new(StoreName.Comparer);
    private readonly List<(byte[] Name, byte[]? Salt)> _expected = [];

    /// <summary>By name, in no order; null deletes.</summary>
    public IReadOnlyDictionary<byte[], ReadOnlyMemory<byte>?> Writes => _writes;

    /// <summary>The writes that have to be the current ones; null where there may be no record.</summary>
    public IReadOnlyList<(byte[] Name, byte[]? Salt)> Expected => _expected;

    /// <summary>16 bytes that name the write of all that it has put; null until it is written.</summary>
    public byte[]? Salt { get; set; }

    /// <summary>The bytes of all values.</summary>
    public long Size { get; private set; }

    /// <exception cref="ArgumentException">The key is not 1 to 255 bytes or stands in the batch before, or the value is too
    /// long: sealed, it may have <see cref="StoreLimits.MaxValueSize"/> bytes.</exception>
    public StoreBatch Put(byte table, ReadOnlySpan<byte> key, ReadOnlyMemory<byte> value)
    {
        if (value.Length > SealedBody.MaxPlaintext
            || RecordSeal.GetSealedLength(value.Length, PaddingScheme.Default) > StoreLimits.MaxValueSize)
        {
            throw new ArgumentException("The record is too long.", nameof(value));
        }

        Add(table, key, value);
        Size += value.Length;
        return this;
    }

    /// <summary>Deletes a record, if it is there.</summary>
    /// <exception cref="ArgumentException">The key is not 1 to 255 bytes, or stands in the batch before.</exception>
    public StoreBatch Delete(byte table, ReadOnlySpan<byte> key)
    {
        Add(table, key, null);
        return this;
    }

    /// <summary>Lets the batch be written only where a record is still the one that was read.</summary>
    /// <param name="table">The table.</param>
    /// <param name="key">1 to 255 bytes.</param>
    /// <param name="seen">As it was read; null where there was none.</param>
    public StoreBatch Expect(byte table, ReadOnlySpan<byte> key, OpenedRecord? seen)
    {
        _expected.Add((StoreName.Of(table, key), seen?.Salt));
        return this;
    }

    private void Add(byte table, ReadOnlySpan<byte> key, ReadOnlyMemory<byte>? value)
    {
        if (!_writes.TryAdd(StoreName.Of(table, key), value))
        {
            throw new ArgumentException("The batch has this record already.", nameof(key));
        }
    }
}
