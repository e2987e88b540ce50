using System.Buffers.Binary;
using PulseMeet.E2E.Storage;

namespace PulseMeet.E2E.Messaging;

/// <summary>Rising numbers that are never given twice, also not after a crash: they are reserved in the store in blocks.</summary>
/// <remarks>Thread-safe.</remarks>
internal sealed class Sequence(SealedStore store, Gates gates)
{
    private const long Block = 1_000_000;

    private static readonly byte[] s_key = RecordKey.Of("sequence");

    private long _last;
    private long _reserved;

    public long Next() => Interlocked.Increment(ref _last);

    /// <summary>Makes sure that half a block is reserved: more than any unit of work takes.</summary>
    /// <param name="cancellationToken">Stops waiting.</param>
    /// <param name="with">What is written with it where something is reserved: always the first time.</param>
    public async Task EnsureAsync(CancellationToken cancellationToken, StoreBatch? with = null)
    {
        if (Volatile.Read(ref _reserved) - Interlocked.Read(ref _last) >= Block / 2)
        {
            return;
        }

        using IDisposable turn = await gates.EnterAsync([Gates.Sequence], cancellationToken).ConfigureAwait(false);
        if (_reserved == 0)
        {
            OpenedRecord? record = await store.ReadAsync(RecordKey.Device, s_key, cancellationToken).ConfigureAwait(false);
            _last = _reserved = record is null ? 0 : BinaryPrimitives.ReadInt64BigEndian(record.Value);
        }

        if (_reserved - Interlocked.Read(ref _last) < Block / 2)
        {
            byte[] next = RecordKey.Of(_reserved + Block);
            await store.CommitAsync((with ?? new StoreBatch()).Put(RecordKey.Device, s_key, next), cancellationToken).ConfigureAwait(false);
            Volatile.Write(ref _reserved, _reserved + Block);
        }
    }
}
