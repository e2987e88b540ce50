using PulseMeet.E2E.Diagnostics;
using PulseMeet.E2E.Identity;
using PulseMeet.E2E.Primitives;
using PulseMeet.E2E.Storage;

namespace PulseMeet.E2E.Messaging;

/// <summary>What has to be done in time: prekeys, certificates, lists, and what is past its age.</summary>
internal sealed class Upkeep(ClientCore core, DeviceLists lists, Account account, Linking linking, KeyHandover handover, Pulses pulses)
{
    private static readonly TimeSpan s_interval = TimeSpan.FromHours(1);
    private static readonly TimeSpan s_cleaning = TimeSpan.FromDays(1);

    private DateTimeOffset? _lastRun;
    private static readonly byte[] s_cleanedKey = RecordKey.Of("cleaned");

    private DateTimeOffset? _lastCleaning;

    /// <summary>Lets the next run look at this account's own list, however short ago it did.</summary>
    public void WantList() => _lastRun = null;

    /// <summary>Does what is due. The first time on a client, everything is looked at. What the relay refuses (a list of a clock that is
    /// ahead, a rate) waits an hour: messages go on without it.</summary>
    /// <exception cref="E2EException">The relay cannot be reached, or the store fails.</exception>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        DateTimeOffset now = core.Time.GetUtcNow();
        if (IsDue(_lastRun, s_interval, now))
        {
            await RefreshOwnListAsync(cancellationToken).ConfigureAwait(false);
            await UnlessRefusedAsync(() => account.AloneAsync(
                async () =>
                {
                    await linking.FinishAsync(cancellationToken).ConfigureAwait(false);
                    return true;
                },
                cancellationToken)).ConfigureAwait(false);
            await UnlessRefusedAsync(() => account.AloneAsync(
                async () =>
                {
                    await handover.FinishAsync(cancellationToken).ConfigureAwait(false);
                    return true;
                },
                cancellationToken)).ConfigureAwait(false);
            await UnlessRefusedAsync(() => account.RenewAsync(cancellationToken)).ConfigureAwait(false);
            core.IsPublicationWanted = true;
            core.AreKeyPackagesWanted = true;
            _lastRun = now;
            Telemetry.CertificateSeen(core, core.Identity.Certificate.NotAfter, core.Time);
        }

        if (core.IsPublicationWanted)
        {
            await UnlessRefusedAsync(() => account.PublishPreKeysAsync(isForced: false, cancellationToken)).ConfigureAwait(false);
            core.IsPublicationWanted = false;
        }

        if (core.AreKeyPackagesWanted)
        {
            await UnlessRefusedAsync(() => pulses.Keys.PublishAsync(cancellationToken)).ConfigureAwait(false);
            core.AreKeyPackagesWanted = false;
        }

        pulses.WakeWhenDue();
        _lastCleaning ??= await ReadLastCleaningAsync(cancellationToken).ConfigureAwait(false);
        if (IsDue(_lastCleaning, s_cleaning, now))
        {
            await DropOldAsync(cancellationToken).ConfigureAwait(false);
            await DropOldUploadsAsync(cancellationToken).ConfigureAwait(false);
            await TrimSessionsAsync(cancellationToken).ConfigureAwait(false);
            await UnlessRefusedAsync(() => pulses.DropOldAsync(cancellationToken)).ConfigureAwait(false);
            await core.Store.CommitAsync(
                new StoreBatch().Put(RecordKey.Device, s_cleanedKey, RecordKey.Of(now.ToUnixTimeSeconds())), cancellationToken).ConfigureAwait(false);
            _lastCleaning = now;
        }
    }

    /// <summary>Everything is looked through once a day, and not with every start of the app.</summary>
    private async Task<DateTimeOffset?> ReadLastCleaningAsync(CancellationToken cancellationToken) =>
        await core.Store.ReadAsync(RecordKey.Device, s_cleanedKey, cancellationToken).ConfigureAwait(false) is { } cleaned
            ? DateTimeOffset.FromUnixTimeSeconds(RecordKey.ToNumber(cleaned.Value))
            : null;

    /// <summary>Looks at this account's own list. A relay that has lost it (one that was itself put back) gets it again: it is signed, so that
    /// any of the devices may bring it.</summary>
    private async Task RefreshOwnListAsync(CancellationToken cancellationToken)
    {
        string userId = core.Address.UserId;
        byte[]? shown = await core.Relay.GetDeviceListAsync(userId, cancellationToken).ConfigureAwait(false);
        UserRecord? own = await core.ChangeAsync(
            [Gates.User(userId)],
            async work => await lists.ApplyAsync(work, userId, shown, Standing.Accepted).ConfigureAwait(false),
            cancellationToken).ConfigureAwait(false);
        if (own?.List.Find(core.Address.DeviceId) is not null && (shown is null || !PublicBytes.Equal(shown, own.List.Encode())))
        {
            await UnlessRefusedAsync(() => core.Relay.PublishDeviceListAsync(own.List.Encode(), cancellationToken)).ConfigureAwait(false);
        }
    }

    private static async Task UnlessRefusedAsync(Func<Task> act)
    {
        try
        {
            await act().ConfigureAwait(false);
        }
        catch (E2EException exception) when (exception.Reason is not (E2EError.RelayUnavailable or E2EError.StoreFailed
            or E2EError.StoreInUse or E2EError.StoreDamaged or E2EError.StoreConflict))
        {
            // The relay's word, not this device's state: it is asked again in time.
        }
    }

    /// <summary>Drops uploads that nobody has taken up.</summary>
    private async Task DropOldUploadsAsync(CancellationToken cancellationToken)
    {
        IReadOnlyList<OpenedRecord> uploads =
            await core.Store.ScanAsync(RecordKey.Uploads, default, default, 1000, cancellationToken).ConfigureAwait(false);
        byte[][] old = [.. uploads.Where(IsOldUpload).Select(record => record.Key.ToArray())];
        if (old.Length > 0)
        {
            await core.ChangeAsync(
                [Gates.Uploads],
                work =>
                {
                    Array.ForEach(old, key => work.Delete(RecordKey.Uploads, key));
                    return Task.CompletedTask;
                },
                cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Also of a clock that was ahead.</summary>
    private bool IsOldUpload(OpenedRecord record)
    {
        TimeSpan age = core.Time.GetUtcNow() - UploadRecord.BegunAtOf(record.Value);
        System.Security.Cryptography.CryptographicOperations.ZeroMemory(record.Value);
        return age.Duration() >= UploadRecord.MaxAge;
    }

    /// <summary>Drops what was sent and is past its age. What is not sealed yet stays.</summary>
    private async Task DropOldAsync(CancellationToken cancellationToken)
    {
        byte[] after = [];
        while (await core.Store.ScanAsync(RecordKey.Sent, after, default, 200, cancellationToken).ConfigureAwait(false) is { Count: > 0 } page)
        {
            after = page[^1].Key.ToArray();
            foreach (IGrouping<string, SentRecord> peer in page.Select(record => SentRecord.Decode(record.Value)).GroupBy(sent => sent.PeerUserId))
            {
                if (!peer.Any(IsOld))
                {
                    continue;
                }

                await core.ChangeAsync(
                    [Gates.User(peer.Key), Gates.User(core.Address.UserId)],
                    async work =>
                    {
                        foreach (SentRecord sent in peer.Where(IsOld))
                        {
                            byte[]? current = await work.ReadAsync(RecordKey.Sent, sent.Key).ConfigureAwait(false);
                            if (current is not null)
                            {
                                Conversations.Forget(work, SentRecord.Decode(current));
                            }
                        }
                    },
                    cancellationToken).ConfigureAwait(false);
            }
        }
    }

    private async Task TrimSessionsAsync(CancellationToken cancellationToken)
    {
        byte[] after = [];
        while (await core.Store.ScanAsync(RecordKey.Peers, after, default, 200, cancellationToken).ConfigureAwait(false) is { Count: > 0 } page)
        {
            after = page[^1].Key.ToArray();
            DateTimeOffset now = core.Time.GetUtcNow();
            foreach (DeviceAddress device in page
                .Where(record => PeerRecord.Decode(record.Value).Book.IsTrimmingDue(now))
                .Select(record => RecordKey.ToDevice(record.Key.Span)))
            {
                await core.ChangeAsync(
                    [Gates.User(device.UserId)],
                    async work => work.DropSessions(device, (await work.PeerAsync(device).ConfigureAwait(false)).Book.Trim(work.Now)),
                    cancellationToken).ConfigureAwait(false);
            }
        }
    }

    /// <summary>A message from a clock that was far ahead is old, too, once the clock is set back.</summary>
    private bool IsOld(SentRecord sent)
    {
        TimeSpan age = core.Time.GetUtcNow() - sent.SentAt;
        return sent.PendingSequence == 0 && (age >= SentRecord.MaxAge || age < -SentRecord.MaxAge);
    }

    private static bool IsDue(DateTimeOffset? last, TimeSpan interval, DateTimeOffset now) =>
        last is not { } at || now - at >= interval || at > now;
}
