using System.Diagnostics.CodeAnalysis;
using PulseMeet.E2E.Keys;
using PulseMeet.E2E.Primitives;

namespace PulseMeet.E2E.Storage;

/// <content>How batches are written, and the store's key is wrapped anew.</content>
internal sealed partial class SealedStore
{
    /// <summary>Writes a batch whole or not at all; durable when this returns, as the store's options say.</summary>
    /// <param name="batch">At most once; not changed any more.</param>
    /// <param name="cancellationToken">Looked at before the batch is written, not afterwards.</param>
    /// <returns>The store's revision with the batch in it; batches that were written together have the same.</returns>
    /// <exception cref="E2EException">A record that the batch expects is another one (<see cref="E2EError.StoreConflict"/>);
    /// somebody else has the store (<see cref="E2EError.StoreInUse"/>); a full or failing disk (<see cref="E2EError.StoreFailed"/>);
    /// or the store was changed (<see cref="E2EError.StoreDamaged"/>). Nothing was written.</exception>
    public Task<long> CommitAsync(StoreBatch batch, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(batch);
        ObjectDisposedException.ThrowIf(_closed, this);
        return _queue.CommitAsync(batch, cancellationToken);
    }

    /// <summary>Wraps the store's key under another master key, in one batch: before it the old one opens the store, after it the
    /// new one alone.</summary>
    /// <param name="next">The new master key. Not kept, not disposed.</param>
    /// <param name="cancellationToken">Looked at before the batch is written, not afterwards.</param>
    /// <returns>The store's revision with the new wrapping in it.</returns>
    /// <exception cref="E2EException">As for <see cref="CommitAsync"/>.</exception>
    public async Task<long> ChangeMasterKeyAsync(MasterKey next, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(next);
        await _turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            ObjectDisposedException.ThrowIf(_closed, this);
            StoreView view = await PassFailedAsync(await ViewAsync().ConfigureAwait(false)).ConfigureAwait(false);
            byte[] salt = new byte[RecordSeal.SaltSize];
            Randomness.Fill(salt);
            StoreHead head = view.Head with { Revision = view.Head.Revision + 1, KeySalt = salt };
            await WriteAsync(Roots(_keys, next, head), view, view with { Head = head }).ConfigureAwait(false);
            return head.Revision;
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>A wrapped key and a head that names it.</summary>
    private static StoreChange[] Roots(StoreKeys keys, MasterKey masterKey, StoreHead head)
    {
        using BatchSeal seal = keys.BeginBatch(head.Revision);
        return
        [
            new(StoreTables.Roots, StoreTables.KeyRecord, keys.Wrap(masterKey, head.Revision, head.KeySalt)),
            new(StoreTables.Roots, StoreTables.HeadRecord, head.Seal(seal)),
        ];
    }

    private async Task WriteAsync(IReadOnlyList<PendingBatch> group)
    {
        await _turn.WaitAsync().ConfigureAwait(false);
        try
        {
            await WriteGroupAsync(group).ConfigureAwait(false);
        }
        finally
        {
            _turn.Release();
        }
    }

    [SuppressMessage("Design", "CA1031:Do not catch general exception types", Justification = "Whoever waits for the batch is told.")]
    private async Task WriteGroupAsync(IReadOnlyList<PendingBatch> group)
    {
        try
        {
            ObjectDisposedException.ThrowIf(_closed, this);
            StoreView view = await PassFailedAsync(await ViewAsync().ConfigureAwait(false)).ConfigureAwait(false);
            var write = new GroupWrite(_keys, _reader, view);
            List<PendingBatch> accepted = [];
            foreach (PendingBatch pending in group)
            {
                if (pending.EndIfCancelled())
                {
                    continue;
                }

                if (await write.TryAddAsync(pending.Batch).ConfigureAwait(false))
                {
                    accepted.Add(pending);
                }
                else
                {
                    pending.Fail(new E2EException(E2EError.StoreConflict));
                }
            }

            if (accepted.Count > 0)
            {
                (IReadOnlyList<StoreChange> changes, StoreView next) = await write.SealAsync().ConfigureAwait(false);
                await GivingWay.OnceAsync().ConfigureAwait(false);
                await WriteAsync(changes, view, next).ConfigureAwait(false);
                write.Note(_recent);
                accepted.ForEach(pending => pending.Complete(next.Head.Revision, write.Salt));
            }
        }
        catch (E2EException e) when (e.Reason == E2EError.StoreDamaged && group.Count > 1)
        {
            // A damaged place fails those that need it, and nobody beside them.
            foreach (PendingBatch pending in group.Where(pending => !pending.Outcome.IsCompleted))
            {
                await WriteGroupAsync([pending]).ConfigureAwait(false);
            }
        }
        catch (Exception e)
        {
            Exception reason = e is E2EException { Reason: E2EError.StoreDamaged } ? await DamageAsync(e).ConfigureAwait(false) : e;
            foreach (PendingBatch pending in group)
            {
                pending.Fail(reason);
            }
        }
    }

    /// <summary>After a write that failed, and is not there, an empty one is written first. Else a store that gives the failed one back at a later opening
    /// would have the revision of what was written in its place.</summary>
    private async ValueTask<StoreView> PassFailedAsync(StoreView view)
    {
        if (_failed > view.Head.Revision)
        {
            StoreHead head = view.Head with { Revision = view.Head.Revision + 1 };
            using BatchSeal seal = _keys.BeginBatch(head.Revision);
            StoreView next = view with { Head = head };
            await WriteAsync([new(StoreTables.Roots, StoreTables.HeadRecord, head.Seal(seal))], view, next).ConfigureAwait(false);
            view = next;
        }

        _failed = 0;
        return view;
    }

    /// <summary>Why something could not be read: it is damaged, or it is another holder's, whose head says so.</summary>
    [SuppressMessage("Design", "CA1031:Do not catch general exception types", Justification = "It is the reason.")]
    private async ValueTask<Exception> DamageAsync(Exception damage)
    {
        try
        {
            _view = null;
            _ = await ViewAsync().ConfigureAwait(false);
            return _lease.Lost.IsCancellationRequested ? Refusal() : damage;
        }
        catch (Exception reason)
        {
            return reason;
        }
    }

    private async ValueTask WriteAsync(IReadOnlyList<StoreChange> changes, StoreView view, StoreView next)
    {
        _attempted = next.Head;
        try
        {
            await _store.CommitAsync(_lease, view.Head.Revision, changes).ConfigureAwait(false);
        }
        catch (Exception exception)
        {
            // What a store that fails has written, it alone knows: the next one to come asks it.
            _view = null;
            _failed = next.Head.Revision;
            _isTaken = exception is E2EException { Reason: E2EError.StoreInUse };
            throw;
        }

        Publish(next);
    }
}
