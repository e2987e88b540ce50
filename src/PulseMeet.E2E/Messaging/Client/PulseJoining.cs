using System.Collections.Concurrent;
using PulseMeet.E2E.Identity;
using PulseMeet.E2E.Mls;
using PulseMeet.E2E.Primitives;
using PulseMeet.E2E.Storage;

namespace PulseMeet.E2E.Messaging;

/// <summary>How this device comes into pulse chats: by a Welcome, and back by itself.</summary>
/// <remarks>A Welcome waits in the store until the snapshot that it needs is there. A join by itself is stored before it is offered. Nobody
/// is taken for somebody whose account key is another one than the one that is remembered.</remarks>
internal sealed partial class PulseJoining(ClientCore core, DeviceLists lists, PulseKeys keys, PulseMessages messages)
{
    /// <summary>The most open chats into which somebody has added this device who was not accepted.</summary>
    public const int MaxOfStrangers = 256;

    /// <summary>When the relay was last asked in vain for what a Welcome needs, by the Welcome's key in hexadecimal digits.</summary>
    private readonly ConcurrentDictionary<string, DateTimeOffset> _askedAt = new(StringComparer.Ordinal);

    /// <summary>Welcomes to the epoch in which this device is by another one, by their keys in hexadecimal digits.</summary>
    private readonly ConcurrentDictionary<string, bool> _rivals = new(StringComparer.Ordinal);

    /// <summary>Takes the Welcomes that wait.</summary>
    /// <returns>Whether all of them are dealt with.</returns>
    public async Task<bool> TakeWelcomesAsync(CancellationToken cancellationToken)
    {
        bool isDone = true;
        IReadOnlyList<OpenedRecord> waiting =
            await core.Store.ScanAsync(RecordKey.Welcomes, default, default, WelcomeRecord.Max, cancellationToken).ConfigureAwait(false);

        // The newest first: where a commit lost and was made anew, those before it lead nowhere. Of two to one epoch the older one leads on.
        HashSet<PulseId> entered = [];
        foreach (OpenedRecord item in waiting.Reverse())
        {
            isDone &= await TakeAsync(item.Key.ToArray(), WelcomeRecord.Decode(item.Value), entered, cancellationToken).ConfigureAwait(false);
        }

        return isDone;
    }

    /// <summary>Deletes the oldest Welcome that has waited in vain for what it needs.</summary>
    /// <returns>Whether there is one.</returns>
    public async Task<bool> TryMakeRoomAsync(Work work)
    {
        foreach (OpenedRecord item in await core.Store.ScanAsync(RecordKey.Welcomes, default, default, WelcomeRecord.Max).ConfigureAwait(false))
        {
            byte[] key = item.Key.ToArray();
            if (_askedAt.ContainsKey(Convert.ToHexString(key)) && await work.ReadAsync(RecordKey.Welcomes, key).ConfigureAwait(false) is not null)
            {
                _askedAt.TryRemove(Convert.ToHexString(key), out _);
                work.Delete(RecordKey.Welcomes, key);
                return true;
            }
        }

        return false;
    }

    /// <summary>Deletes what waits for groups to which no Welcome leads any more.</summary>
    public async Task DropOldAsync(CancellationToken cancellationToken)
    {
        byte[] after = [];
        while (await core.Store.ScanAsync(RecordKey.PulseWaiting, after, default, 1, cancellationToken).ConfigureAwait(false) is [var item])
        {
            PulseId id = RecordKey.ToPulse(item.Key.Span);
            after = RecordKey.Of(id, long.MaxValue);
            await core.ChangeAsync([Gates.Pulse(id)], work => ForgetWaitingAsync(work, id), cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Deletes the key package of a chat in which this device is for certain, or out of which it is.</summary>
    public Task UseUpAsync(PulseId id, CancellationToken cancellationToken) => core.ChangeAsync(
        [Gates.KeyPackages, Gates.Pulse(id)],
        async work =>
        {
            if (await work.PulseAsync(id).ConfigureAwait(false) is { Record: { Package.Length: > 0 } record }
                && (!record.IsProvisional || !record.IsOpen))
            {
                await keys.UseUpAsync(work, record.Package).ConfigureAwait(false);
                record.Package = [];
            }
        },
        cancellationToken);

    private async Task<bool> TakeAsync(byte[] key, WelcomeRecord record, HashSet<PulseId> entered, CancellationToken cancellationToken)
    {
        try
        {
            (byte[] hash, byte[] message) = PulsePackage.ReadWithSnapshot(record.Content);
            Welcome welcome = MlsMessage.Decode<Welcome>(message);
            if (await IsKnownAsync(record, welcome, cancellationToken).ConfigureAwait(false))
            {
                await DropAsync(key, record.Pulse, null, cancellationToken).ConfigureAwait(false);
                return true;
            }

            if (IsPaused(key, record) || await IsRivalStillAsync(key, record, cancellationToken).ConfigureAwait(false))
            {
                return true;
            }

            if (await TryFetchAsync(hash, cancellationToken).ConfigureAwait(false) is not { } snapshot)
            {
                DateTimeOffset now = core.Time.GetUtcNow();
                _askedAt[Convert.ToHexString(key)] = now;
                if ((now - record.ArrivedAt).Duration() < WelcomeRecord.MaxAge)
                {
                    return false;
                }

                throw new E2EException(E2EError.MlsInvalidWelcome, "What belongs to the Welcome is not at the relay.");
            }

            await core.ChangeAsync(
                [Gates.KeyPackages, Gates.Pulse(record.Pulse)],
                work => JoinAsync(work, key, record, welcome, message, snapshot, entered),
                cancellationToken).ConfigureAwait(false);
        }
        catch (E2EException exception) when (IsOfTheInput(exception.Reason))
        {
            var told = new PulseMessageUnreadable(record.Pulse, record.Sender, exception.Reason);
            await DropAsync(key, record.Pulse, told, cancellationToken).ConfigureAwait(false);
        }

        _askedAt.TryRemove(Convert.ToHexString(key), out _);
        return true;
    }

    /// <summary>The relay is asked again when the Welcome has waited for a quarter longer.</summary>
    private bool IsPaused(byte[] key, WelcomeRecord record)
    {
        DateTimeOffset now = core.Time.GetUtcNow();
        return _askedAt.TryGetValue(Convert.ToHexString(key), out DateTimeOffset asked)
            && asked <= now
            && now - asked < (asked - record.ArrivedAt) / 4
            && now - record.ArrivedAt < WelcomeRecord.MaxAge;
    }

    /// <summary>Whether it is a Welcome that was taken before, or to a chat in which this device is for certain: of a commit that lost.</summary>
    private Task<bool> IsKnownAsync(WelcomeRecord record, Welcome welcome, CancellationToken cancellationToken) => core.ChangeAsync(
        [Gates.KeyPackages, Gates.Pulse(record.Pulse)],
        async work =>
        {
            OpenPulse? pulse = await work.PulseAsync(record.Pulse).ConfigureAwait(false);
            if (pulse is { Record: { IsOpen: false, Package.Length: > 0 } closed })
            {
                await keys.UseUpAsync(work, closed.Package).ConfigureAwait(false);
                closed.Package = [];
            }

            if (pulse is not null && (PublicBytes.Equal(pulse.Record.Welcome, Sha256.Hash(record.Content)) || IsPresent(pulse.Record)))
            {
                return true;
            }

            if (await PulseKeys.FindAsync(work, welcome).ConfigureAwait(false) is not { } found)
            {
                throw new E2EException(E2EError.MlsNotForThisClient);
            }

            found.Keys.Dispose();
            return false;
        },
        cancellationToken);

    /// <summary>What waits for a group to which no Welcome leads any more is for nobody.</summary>
    private async Task ForgetWaitingAsync(Work work, PulseId id)
    {
        if (await work.ReadAsync(RecordKey.Pulses, id.ToArray()).ConfigureAwait(false) is not null)
        {
            return;
        }

        foreach (OpenedRecord item in await core.Store.ScanAsync(RecordKey.Welcomes, default, default, WelcomeRecord.Max).ConfigureAwait(false))
        {
            if (WelcomeRecord.Decode(item.Value).Pulse == id && await work.ReadAsync(RecordKey.Welcomes, item.Key.ToArray()).ConfigureAwait(false) is not null)
            {
                return;
            }
        }

        await messages.DropWaitingAsync(work, id).ConfigureAwait(false);
    }

    private Task DropAsync(byte[] key, PulseId id, E2EEvent? told, CancellationToken cancellationToken) => core.ChangeAsync(
        [Gates.Pulse(id)],
        async work =>
        {
            work.Delete(RecordKey.Welcomes, key);
            await ForgetWaitingAsync(work, id).ConfigureAwait(false);
            if (told is not null)
            {
                work.AddEvent(told);
            }
        },
        cancellationToken);

    /// <summary>The ids of the groups that this device is in, in hexadecimal digits.</summary>
    private async Task<HashSet<string>> PresentAsync()
    {
        var present = new HashSet<string>(StringComparer.Ordinal);
        byte[] after = [];
        while (await core.Store.ScanAsync(RecordKey.Pulses, after, default, 200).ConfigureAwait(false) is { Count: > 0 } page)
        {
            foreach (OpenedRecord item in page)
            {
                after = item.Key.ToArray();
                if (IsPresent(PulseRecord.Decode(item.Value)))
                {
                    present.Add(RecordKey.ToPulse(after).ToString());
                }
            }
        }

        return present;
    }

    /// <summary>Whether an inviter was not accepted, as those of so many open chats were not: strangers make no store grow without end.</summary>
    private async Task<bool> IsOneTooManyAsync(Work work, DeviceAddress inviter)
    {
        if (await IsAcceptedAsync(work, inviter).ConfigureAwait(false))
        {
            return false;
        }

        int count = 0;
        byte[] after = [];
        while (await core.Store.ScanAsync(RecordKey.Pulses, after, default, 200).ConfigureAwait(false) is { Count: > 0 } page)
        {
            foreach (OpenedRecord item in page)
            {
                after = item.Key.ToArray();
                count += PulseRecord.Decode(item.Value) is { IsOpen: true, Inviter: { } other } && !await IsAcceptedAsync(work, other).ConfigureAwait(false)
                    ? 1
                    : 0;
            }
        }

        return count >= MaxOfStrangers;
    }

    private static async Task<bool> IsAcceptedAsync(Work work, DeviceAddress inviter) =>
        await work.UserAsync(inviter.UserId).ConfigureAwait(false) is { Standing: Standing.Accepted };

    /// <summary>Whether this device is in a chat for certain, so that no Welcome leads it elsewhere.</summary>
    private static bool IsPresent(PulseRecord record) =>
        record is { IsOpen: true, IsStalled: false, IsRejoinWanted: false, IsProvisional: false };

    /// <summary>Whether what came is to blame, and not the relay's reach or this device's store.</summary>
    private static bool IsOfTheInput(E2EError reason) => reason is not (E2EError.StoreFailed or E2EError.StoreDamaged
        or E2EError.StoreInUse or E2EError.StoreConflict or E2EError.WrongMasterKey or E2EError.RelayUnavailable or E2EError.UnlistedDevice);
}
