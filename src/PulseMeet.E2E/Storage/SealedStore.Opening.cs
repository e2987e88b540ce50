using PulseMeet.E2E.Keys;
using PulseMeet.E2E.Primitives;

namespace PulseMeet.E2E.Storage;

/// <content>How a store is made, opened, closed and wiped.</content>
internal sealed partial class SealedStore
{
    /// <summary>Takes the store's lease and opens it, or makes it where it is empty.</summary>
    /// <param name="store">The store beneath. Not disposed.</param>
    /// <param name="masterKey">The device's master key. Not kept, not disposed.</param>
    /// <param name="owner">Who asks, for the one who is kept out; 1 to 64 bytes in UTF-8.</param>
    /// <param name="handover">Whether a living holder loses the store.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    /// <exception cref="E2EException">Somebody else has it (<see cref="E2EError.StoreInUse"/>), it was made under another master key
    /// (<see cref="E2EError.WrongMasterKey"/>), it was changed or cut short (<see cref="E2EError.StoreDamaged"/>), or the disk fails
    /// (<see cref="E2EError.StoreFailed"/>). Nothing was overwritten.</exception>
    public static async Task<SealedStore> OpenAsync(
        IE2EStore store, MasterKey masterKey, string owner, bool handover, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(store);
        ArgumentNullException.ThrowIfNull(masterKey);
        store = new CheckedStore(store);
        StoreLease lease = await store.AcquireAsync(owner, handover, cancellationToken).ConfigureAwait(false);
        try
        {
            byte[]? wrapped = await store.ReadAsync(StoreTables.Roots, StoreTables.KeyRecord, cancellationToken).ConfigureAwait(false);
            return wrapped is null
                ? await CreateAsync(store, lease, masterKey, cancellationToken).ConfigureAwait(false)
                : await OpenAsync(store, lease, masterKey, wrapped, cancellationToken).ConfigureAwait(false);
        }
        catch
        {
            await TryReleaseAsync(store, lease).ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Deletes everything in the store and closes it.</summary>
    /// <exception cref="E2EException">Somebody else has the store (<see cref="E2EError.StoreInUse"/>), or the disk fails
    /// (<see cref="E2EError.StoreFailed"/>).</exception>
    public async Task WipeAsync(CancellationToken cancellationToken = default)
    {
        await _turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            ObjectDisposedException.ThrowIf(_closed, this);
            await _store.WipeAsync(_lease, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            _turn.Release();
        }

        await DisposeAsync().ConfigureAwait(false);
    }

    /// <summary>Waits for the write that is under way, zeroes the keys and gives the lease back.</summary>
    public async ValueTask DisposeAsync()
    {
        await _turn.WaitAsync().ConfigureAwait(false);
        try
        {
            if (_closed)
            {
                return;
            }

            _closed = true;
            _view = null;
            _recent.Dispose();
            _keys.Dispose();
            await _store.ReleaseAsync(_lease).ConfigureAwait(false);
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>Why the store could not be opened is the answer, and not that it could not be given back either.</summary>
    private static async Task TryReleaseAsync(IE2EStore store, StoreLease lease)
    {
        try
        {
            await store.ReleaseAsync(lease, CancellationToken.None).ConfigureAwait(false);
        }
        catch (E2EException)
        {
        }
    }

    private static async Task<SealedStore> OpenAsync(
        IE2EStore store, StoreLease lease, MasterKey masterKey, byte[] wrapped, CancellationToken cancellationToken)
    {
        StoreKeys keys = WrappedRoot.Unwrap(masterKey, wrapped, out byte[] keySalt);
        try
        {
            byte[]? sealedHead = await store.ReadAsync(StoreTables.Roots, StoreTables.HeadRecord, cancellationToken).ConfigureAwait(false);
            StoreHead? head = StoreHead.Open(keys, sealedHead);
            return head is not null && head.Revision == lease.Revision && PublicBytes.Equal(head.KeySalt, keySalt)
                ? new SealedStore(store, lease, keys, StoreView.Of(head))
                : throw new E2EException(E2EError.StoreDamaged, "The store's head is missing, old or changed.");
        }
        catch
        {
            keys.Dispose();
            throw;
        }
    }

    private static async Task<SealedStore> CreateAsync(
        IE2EStore store, StoreLease lease, MasterKey masterKey, CancellationToken cancellationToken)
    {
        // What is there without a key is somebody's: nothing is written over it.
        bool empty = lease.Revision == 0;
        foreach (byte table in new[] { StoreTables.Roots, StoreTables.Records, StoreTables.Nodes })
        {
            empty = empty && (await store.ScanAsync(table, default, default, 1, cancellationToken).ConfigureAwait(false)).Count == 0;
        }

        if (!empty)
        {
            throw new E2EException(E2EError.StoreDamaged, "The store has no key.");
        }

        StoreKeys keys = StoreKeys.Generate();
        try
        {
            byte[] salt = new byte[RecordSeal.SaltSize];
            Randomness.Fill(salt);
            StoreHead head = StoreHead.Empty(salt) with { Revision = 1 };
            await store.CommitAsync(lease, 0, Roots(keys, masterKey, head), cancellationToken).ConfigureAwait(false);
            return new SealedStore(store, lease, keys, StoreView.Of(head));
        }
        catch
        {
            keys.Dispose();
            throw;
        }
    }
}
