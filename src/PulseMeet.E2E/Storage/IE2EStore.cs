namespace PulseMeet.E2E.Storage;

/// <summary>A device's own store: a dumb, ordered map of sealed records, written in atomic batches.</summary>
/// <remarks>
/// It sees ciphertext only: records are sealed before they come here, and their integrity is checked after they leave.
/// Keys are compared byte by byte. One process holds the store at a time, by a lease with a generation. Implementations are
/// thread-safe. <c>PulseMeet.E2E.Testing</c> has a conformance suite for an implementation of the app's own; the rules are in
/// docs/protocol-relay.md, "The device's store". Disposing gives back a lease that is still held. An exception that is none of these here
/// (<see cref="IOException"/>, a database's own) reaches the client's caller as <see cref="E2EError.StoreFailed"/> with the exception
/// beneath; the client reads what the store has before it writes again, and goes on once the store does.
/// </remarks>
public interface IE2EStore : IAsyncDisposable
{
    /// <summary>Takes the store for this process. A lease whose process has died is taken over.</summary>
    /// <param name="owner">Who asks, in words for the one who is kept out; 1 to 64 bytes in UTF-8.</param>
    /// <param name="handover">Whether a living holder loses the store, between two of its batches.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    /// <exception cref="E2EException">Another lease holds it (<see cref="E2EError.StoreInUse"/>), the file is no store, or
    /// damaged (<see cref="E2EError.StoreDamaged"/>), or it cannot be opened for writing (<see cref="E2EError.StoreFailed"/>).
    /// Nothing was written.</exception>
    Task<StoreLease> AcquireAsync(string owner, bool handover, CancellationToken cancellationToken = default);

    /// <summary>Gives the store back, so that the next one need not ask. Nothing happens where the lease was lost before.</summary>
    /// <param name="lease">The lease; no batch of it is written any more.</param>
    /// <param name="cancellationToken">Stops waiting for a batch that is under way.</param>
    Task ReleaseAsync(StoreLease lease, CancellationToken cancellationToken = default);

    /// <summary>Reads one record; null where there is none.</summary>
    /// <param name="table">The record's table: a small number that the core chose.</param>
    /// <param name="key">1 to 255 bytes.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    ValueTask<byte[]?> ReadAsync(byte table, ReadOnlyMemory<byte> key, CancellationToken cancellationToken = default);

    /// <summary>Reads records in the order of their keys.</summary>
    /// <param name="table">The table.</param>
    /// <param name="after">Only keys above this one; empty for all.</param>
    /// <param name="prefix">Only keys that begin so; empty for all.</param>
    /// <param name="max">The most records.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    ValueTask<IReadOnlyList<StoreRecord>> ScanAsync(
        byte table,
        ReadOnlyMemory<byte> after,
        ReadOnlyMemory<byte> prefix,
        int max,
        CancellationToken cancellationToken = default);

    /// <summary>Writes a batch whole or not at all. When this returns it is durable, as the store's options say.</summary>
    /// <param name="lease">The lease of <see cref="AcquireAsync"/>.</param>
    /// <param name="expectedRevision">The revision that the batch was made on; the store's revision then is one more.</param>
    /// <param name="changes">Each key at most once.</param>
    /// <param name="cancellationToken">Looked at before the batch begins, not afterwards.</param>
    /// <exception cref="E2EException">The lease was lost (<see cref="E2EError.StoreInUse"/>), the revision is another one
    /// (<see cref="E2EError.StoreConflict"/>), or the disk is full or fails (<see cref="E2EError.StoreFailed"/>); nothing
    /// was written.</exception>
    ValueTask CommitAsync(
        StoreLease lease,
        long expectedRevision,
        IReadOnlyList<StoreChange> changes,
        CancellationToken cancellationToken = default);

    /// <summary>Deletes everything, so that no copy stays in the file.</summary>
    /// <param name="lease">The lease.</param>
    /// <param name="cancellationToken">Looked at before it begins, not afterwards.</param>
    /// <exception cref="E2EException">The lease was lost (<see cref="E2EError.StoreInUse"/>), or the disk fails
    /// (<see cref="E2EError.StoreFailed"/>).</exception>
    Task WipeAsync(StoreLease lease, CancellationToken cancellationToken = default);
}
