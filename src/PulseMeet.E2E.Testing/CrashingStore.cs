using PulseMeet.E2E.Storage;

namespace PulseMeet.E2E.Testing;

/// <summary>A store that fails or crashes at the n-th write.</summary>
/// <remarks>Batches and wiping count as writes. After a crash every call fails with <see cref="SimulatedCrashException"/>, until
/// <see cref="RestartAsync"/>; a client gives that on as <see cref="E2EError.StoreFailed"/>, with it beneath. Thread-safe.</remarks>
/// <param name="inner">Where the records are. Disposed with this.</param>
public sealed class CrashingStore(IE2EStore inner) : IE2EStore
{
    private readonly Lock _lock = new();
    private StoreLease? _lease;
    private int _countdown;
    private StoreFault _fault;
    private bool _crashed;

    /// <summary>Writes that were begun.</summary>
    public int Writes { get; private set; }

    /// <summary>Whether the fault that was planned last has happened.</summary>
    public bool HasHappened { get; private set; }

    /// <summary>Plans one fault.</summary>
    /// <param name="write">Which write from now on: 1 is the next.</param>
    /// <param name="fault">What happens then.</param>
    public void Plan(int write, StoreFault fault)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(write, 1);
        lock (_lock)
        {
            (_countdown, _fault, HasHappened) = (write, fault, false);
        }
    }

    /// <summary>The process begins anew on the same store: what it held is free, and no fault is planned.</summary>
    public async Task RestartAsync()
    {
        StoreLease? lease;
        lock (_lock)
        {
            (lease, _lease, _crashed, _countdown) = (_lease, null, false, 0);
        }

        if (lease is not null)
        {
            await inner.ReleaseAsync(lease).ConfigureAwait(false);
        }
    }

    /// <summary>Plays a story with every fault at every write: at the first, then on a new store at the second, until the
    /// story ends without one.</summary>
    /// <param name="newStore">Gives an empty store.</param>
    /// <param name="story">What is done; a crash and a failed write end it. It may catch <see cref="E2EError.StoreFailed"/> itself.</param>
    /// <param name="check">What has to hold after the restart.</param>
    /// <returns>How many faults were tried.</returns>
    public static async Task<int> AtEveryWriteAsync(
        Func<IE2EStore> newStore, Func<CrashingStore, Task> story, Func<CrashingStore, Task> check)
    {
        ArgumentNullException.ThrowIfNull(newStore);
        ArgumentNullException.ThrowIfNull(story);
        ArgumentNullException.ThrowIfNull(check);
        int tried = 0;
        foreach (StoreFault fault in Enum.GetValues<StoreFault>())
        {
            bool happened = true;
            for (int write = 1; happened; write++)
            {
                await using var store = new CrashingStore(newStore());
                store.Plan(write, fault);
                try
                {
                    await story(store).ConfigureAwait(false);
                }
                catch (SimulatedCrashException)
                {
                }
                catch (E2EException e) when (e.Reason == E2EError.StoreFailed)
                {
                }

                happened = store.HasHappened;
                tried += happened ? 1 : 0;
                await store.RestartAsync().ConfigureAwait(false);
                await check(store).ConfigureAwait(false);
            }
        }

        return tried;
    }

    /// <inheritdoc/>
    public async Task<StoreLease> AcquireAsync(string owner, bool handover, CancellationToken cancellationToken = default)
    {
        ThrowIfCrashed();
        StoreLease lease = await inner.AcquireAsync(owner, handover, cancellationToken).ConfigureAwait(false);
        lock (_lock)
        {
            _lease = lease;
        }

        return lease;
    }

    /// <summary>As the store's; after a crash nothing happens, since nobody is there to do it.</summary>
    /// <param name="lease">The lease.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    public Task ReleaseAsync(StoreLease lease, CancellationToken cancellationToken = default) =>
        IsCrashed() ? Task.CompletedTask : inner.ReleaseAsync(lease, cancellationToken);

    /// <inheritdoc/>
    public ValueTask<byte[]?> ReadAsync(byte table, ReadOnlyMemory<byte> key, CancellationToken cancellationToken = default)
    {
        ThrowIfCrashed();
        return inner.ReadAsync(table, key, cancellationToken);
    }

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<StoreRecord>> ScanAsync(
        byte table, ReadOnlyMemory<byte> after, ReadOnlyMemory<byte> prefix, int max, CancellationToken cancellationToken = default)
    {
        ThrowIfCrashed();
        return inner.ScanAsync(table, after, prefix, max, cancellationToken);
    }

    /// <inheritdoc/>
    public async ValueTask CommitAsync(
        StoreLease lease, long expectedRevision, IReadOnlyList<StoreChange> changes, CancellationToken cancellationToken = default)
    {
        StoreFault? fault = Begin();
        await inner.CommitAsync(lease, expectedRevision, changes, cancellationToken).ConfigureAwait(false);
        End(fault);
    }

    /// <inheritdoc/>
    public async Task WipeAsync(StoreLease lease, CancellationToken cancellationToken = default)
    {
        StoreFault? fault = Begin();
        await inner.WipeAsync(lease, cancellationToken).ConfigureAwait(false);
        End(fault);
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => inner.DisposeAsync();

    /// <summary>Fails before the write, or gives what is to happen after it.</summary>
    private StoreFault? Begin()
    {
        lock (_lock)
        {
            if (_crashed)
            {
                throw new SimulatedCrashException();
            }

            Writes++;
            if (_countdown == 0 || --_countdown > 0)
            {
                return null;
            }

            HasHappened = true;
            switch (_fault)
            {
                case StoreFault.FailBefore:
                    throw new E2EException(E2EError.StoreFailed, "The test's disk is full.");
                case StoreFault.CrashBefore:
                    _crashed = true;
                    throw new SimulatedCrashException();
                default:
                    _crashed = _fault == StoreFault.CrashAfter;
                    return _fault;
            }
        }
    }

    private static void End(StoreFault? fault)
    {
        if (fault == StoreFault.CrashAfter)
        {
            throw new SimulatedCrashException();
        }

        if (fault == StoreFault.FailAfter)
        {
            throw new E2EException(E2EError.StoreFailed, "The test's disk has lost the answer.");
        }
    }

    private bool IsCrashed()
    {
        lock (_lock)
        {
            return _crashed;
        }
    }

    private void ThrowIfCrashed()
    {
        if (IsCrashed())
        {
            throw new SimulatedCrashException();
        }
    }
}
