using System.Security.Cryptography;
using PulseMeet.E2E.Diagnostics;
using PulseMeet.E2E.Identity;
using PulseMeet.E2E.Keys;
using PulseMeet.E2E.PreKeys;
using PulseMeet.E2E.Primitives;
using PulseMeet.E2E.Storage;
using PulseMeet.E2E.Verification;

namespace PulseMeet.E2E.Messaging;

/// <summary>How a device comes to an account: by making one, or by bringing it back; and what the device that holds the account's key
/// does with it.</summary>
/// <remarks>What was made is stored before it is published, so that a crash in between is taken up again by the same call.</remarks>
internal sealed class Account(ClientCore core, DeviceLists lists)
{
    /// <summary>The account was made, or made anew, and is not published wholly yet.</summary>
    private const byte Made = 1;

    private const byte Published = 2;

    /// <summary>The device was let in by another, and its prekeys are not published yet.</summary>
    private const byte Linked = 3;

    private static readonly byte[] s_stageKey = RecordKey.Of("stage");

    /// <summary>Makes an account whose first device this is.</summary>
    public Task<RecoveryKey> SignUpAsync(CancellationToken cancellationToken) => AloneAsync(
        async () =>
        {
            await CheckNotPublishedAsync(cancellationToken).ConfigureAwait(false);
            if (await core.Relay.GetDeviceListAsync(core.Address.UserId, cancellationToken).ConfigureAwait(false) is { } listed)
            {
                await CheckMadeHereAsync(listed, cancellationToken).ConfigureAwait(false);
            }
            else
            {
                // Nothing of what an earlier call may have made has left the device. It may be of a clock that was wrong.
                using Ed25519KeyPair account = Ed25519KeyPair.Generate();
                await MakeAsync(account, null, cancellationToken).ConfigureAwait(false);
            }

            await PublishAsync(cancellationToken).ConfigureAwait(false);
            RecoveryKey recovery = await ReplaceRecoveryKeyCoreAsync(cancellationToken).ConfigureAwait(false);
            await EndAsync(cancellationToken).ConfigureAwait(false);
            return recovery;
        },
        cancellationToken);

    /// <summary>Brings an account back whose devices are all lost: this one is its only one then.</summary>
    public Task RecoverAsync(RecoveryKey recovery, CancellationToken cancellationToken) => AloneAsync(
        async () =>
        {
            await CheckNotPublishedAsync(cancellationToken).ConfigureAwait(false);
            string userId = core.Address.UserId;
            byte[] copy = await core.Relay.GetRecoveryCopyAsync(cancellationToken).ConfigureAwait(false)
                ?? throw new E2EException(E2EError.UnknownDevice, "There is no recovery copy.");
            using Ed25519KeyPair account = recovery.Open(copy, userId);
            await MakeAsync(
                account, await PreviousListAsync(account.PublicKey, cancellationToken).ConfigureAwait(false), cancellationToken).ConfigureAwait(false);
            await PublishAsync(cancellationToken).ConfigureAwait(false);
            await EndAsync(cancellationToken).ConfigureAwait(false);
            return true;
        },
        cancellationToken);

    /// <summary>Makes a new account key, of which this is the only device. Contacts are told.</summary>
    public Task<RecoveryKey> ResetAsync(CancellationToken cancellationToken) => AloneAsync(
        async () =>
        {
            using Ed25519KeyPair account = Ed25519KeyPair.Generate();
            await MakeAsync(account, await PreviousListAsync(null, cancellationToken).ConfigureAwait(false), cancellationToken).ConfigureAwait(false);
            await PublishAsync(cancellationToken).ConfigureAwait(false);
            RecoveryKey recovery = await ReplaceRecoveryKeyCoreAsync(cancellationToken).ConfigureAwait(false);
            await EndAsync(cancellationToken).ConfigureAwait(false);
            return recovery;
        },
        cancellationToken);

    public Task<RecoveryKey> ReplaceRecoveryKeyAsync(CancellationToken cancellationToken) =>
        AloneAsync(() => ReplaceRecoveryKeyCoreAsync(cancellationToken), cancellationToken);

    /// <summary>Signs a list without a device, and publishes it.</summary>
    public Task RemoveAsync(string deviceId, CancellationToken cancellationToken) => AloneAsync(
        async () =>
        {
            await SignListAsync(
                devices => devices.Exists(device => device.Address.DeviceId == deviceId)
                    ? [.. devices.Where(device => device.Address.DeviceId != deviceId)]
                    : throw new E2EException(E2EError.UnknownDevice),
                cancellationToken).ConfigureAwait(false);
            return true;
        },
        cancellationToken);

    /// <summary>Renews certificates and the list where it is time, on the device that holds the account's key.</summary>
    public Task RenewAsync(CancellationToken cancellationToken) => AloneAsync(
        async () =>
        {
            await RenewCoreAsync(cancellationToken).ConfigureAwait(false);
            return true;
        },
        cancellationToken);

    /// <summary>Signs what <paramref name="change"/> makes of the newest list, publishes it, and takes note of it.</summary>
    public async Task SignListAsync(
        Func<List<DeviceCertificate>, IEnumerable<DeviceCertificate>> change, CancellationToken cancellationToken)
    {
        using Ed25519KeyPair account = await AccountKeyAsync(cancellationToken).ConfigureAwait(false)
            ?? throw new E2EException(E2EError.NotAllowed, "Another device holds the account's key.");
        string userId = core.Address.UserId;
        UserRecord own = await lists.RefreshAsync(userId, Standing.Accepted, cancellationToken).ConfigureAwait(false)
            ?? throw new E2EException(E2EError.StoreDamaged);
        DeviceList list = DeviceList.Sign(account, change([.. own.List.Devices]), own.List, core.Time);
        await core.Relay.PublishDeviceListAsync(list.Encode(), cancellationToken).ConfigureAwait(false);
        await core.ChangeAsync(
            [Gates.User(userId)],
            async work => await lists.ApplyAsync(work, userId, list.Encode(), Standing.Accepted).ConfigureAwait(false),
            cancellationToken).ConfigureAwait(false);
    }

    /// <summary>The account's key pair, which the caller disposes; null where another device holds it.</summary>
    public async Task<Ed25519KeyPair?> AccountKeyAsync(CancellationToken cancellationToken)
    {
        byte[]? key = (await core.Store
            .ReadAsync(RecordKey.Device, ClientCore.AccountKey, cancellationToken).ConfigureAwait(false))?.Value;
        if (key is null)
        {
            return null;
        }

        try
        {
            return Ed25519KeyPair.Import(key);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(key);
        }
    }

    /// <summary>Publishes prekeys where the relay has too few, or other ones.</summary>
    public async Task PublishPreKeysAsync(bool isForced, CancellationToken cancellationToken)
    {
        byte[]? publication = null;
        Relay.PreKeyStatus status = await core.Relay.GetPreKeyStatusAsync(cancellationToken).ConfigureAwait(false);
        await core.ChangeAsync(
            [Gates.PreKeys],
            async work =>
            {
                var directory = new DirectoryState(status.OneTimePairs, status.PublicationHash);
                if (isForced || core.PreKeys.IsPublicationDue(directory))
                {
                    work.HasUsedPreKeys = true;
                    publication = (await core.PreKeys.PreparePublicationAsync(directory, GivingWay.OnceAsync).ConfigureAwait(false)).Encode();
                }
            },
            cancellationToken).ConfigureAwait(false);
        if (publication is not null)
        {
            // What was last said to be there is more now.
            int left = await core.Relay.PublishPreKeysAsync(publication, cancellationToken).ConfigureAwait(false);
            Telemetry.PreKeysLeft(core.PreKeys, left);
        }
    }

    public async Task<UserRecord> OwnAsync(CancellationToken cancellationToken)
    {
        string userId = core.Address.UserId;
        OpenedRecord? own = await core.Store.ReadAsync(RecordKey.Users, RecordKey.Of(userId), cancellationToken).ConfigureAwait(false);
        return own is null
            ? throw new InvalidOperationException("This device belongs to no account yet.")
            : core.Users.Decode(userId, own.Value);
    }

    /// <summary>Stores the device's keys and its account's list.</summary>
    /// <param name="identity">The device. Not disposed.</param>
    /// <param name="account">The account's key pair, where this device is to hold it.</param>
    /// <param name="list">The list with the device on it.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    /// <remarks>Whatever account a call made here that was interrupted goes.</remarks>
    public async Task StoreAsync(DeviceIdentity identity, Ed25519KeyPair? account, DeviceList list, CancellationToken cancellationToken)
    {
        byte[] identityState = identity.Serialize();
        await GivingWay.OnceAsync().ConfigureAwait(false);
        using DevicePreKeys preKeys = DevicePreKeys.Create(identity, core.Options.PreKeys, core.Time);
        byte[] preKeyState = preKeys.Serialize();
        await GivingWay.OnceAsync().ConfigureAwait(false);
        byte[] accountState = new byte[Ed25519KeyPair.PrivateKeySize];
        List<DeviceAddress> peers = await PeersAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            await core.ChangeAsync(
                peers.Select(peer => Gates.User(peer.UserId)).Append(Gates.User(core.Address.UserId)).Append(Gates.PreKeys),
                async work =>
                {
                    foreach (DeviceAddress peer in peers)
                    {
                        // Sessions are with the keys that were.
                        work.DropSessions(peer, (await work.PeerAsync(peer).ConfigureAwait(false)).Book.Clear());
                    }

                    ClientCore.PutIdentity(work, identityState);
                    ClientCore.PutStream(work, StreamId.New(work.Now));
                    work.Put(RecordKey.Device, ClientCore.PreKeysKey, preKeyState);
                    work.Put(RecordKey.Device, s_stageKey, [account is null ? Linked : Made]);
                    if (account is null)
                    {
                        work.Delete(RecordKey.Device, ClientCore.AccountKey);
                    }
                    else
                    {
                        using SecretScope key = account.Use();
                        key.Span.CopyTo(accountState);
                        work.Put(RecordKey.Device, ClientCore.AccountKey, accountState);
                    }

                    var contact = ContactVerification.FirstSeen(new AccountIdentity(list.UserId, list.AccountKey), work.Now);
                    work.SetUser(new UserRecord(contact, Standing.Accepted, list, work.Now));
                },
                cancellationToken).ConfigureAwait(false);
        }
        catch (E2EException exception) when (exception.Reason == E2EError.StoreFailed)
        {
            // It may have been written all the same: what is in memory follows the store, or the same call could not take it up.
            await core.LoadAsync(CancellationToken.None).ConfigureAwait(false);
            throw;
        }
        finally
        {
            CryptographicOperations.ZeroMemory(identityState);
            CryptographicOperations.ZeroMemory(preKeyState);
            CryptographicOperations.ZeroMemory(accountState);
        }

        await core.LoadAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Notes that all that others need of this device is published.</summary>
    public Task EndAsync(CancellationToken cancellationToken) => core.ChangeAsync(
        [],
        work =>
        {
            work.Put(RecordKey.Device, s_stageKey, [Published]);
            return Task.CompletedTask;
        },
        cancellationToken);

    public async Task CheckNotPublishedAsync(CancellationToken cancellationToken)
    {
        if (await IsAtAsync(Published, cancellationToken).ConfigureAwait(false))
        {
            throw new InvalidOperationException("This device belongs to an account already.");
        }
    }

    /// <summary>Whether another device has let this one in, and its prekeys may not be published yet.</summary>
    public Task<bool> IsLinkedAsync(CancellationToken cancellationToken) => IsAtAsync(Linked, cancellationToken);

    public async Task<T> AloneAsync<T>(Func<Task<T>> act, CancellationToken cancellationToken)
    {
        using IDisposable turn = await core.Gates.EnterAsync([Gates.Account], cancellationToken).ConfigureAwait(false);
        return await act().ConfigureAwait(false);
    }

    private async Task<bool> IsAtAsync(byte stage, CancellationToken cancellationToken) =>
        (await core.Store.ReadAsync(RecordKey.Device, s_stageKey, cancellationToken).ConfigureAwait(false))?.Value is [var reached]
        && reached == stage;

    /// <exception cref="E2EException">The relay shows a list of an account that no earlier call made here
    /// (<see cref="E2EError.AccountExists"/>).</exception>
    private async Task CheckMadeHereAsync(byte[] listed, CancellationToken cancellationToken)
    {
        bool isMade = await IsAtAsync(Made, cancellationToken).ConfigureAwait(false);
        if (!isMade || DeviceList.Decode(listed).AccountKey != (await OwnAsync(cancellationToken).ConfigureAwait(false)).List.AccountKey)
        {
            throw new E2EException(E2EError.AccountExists);
        }
    }

    private async Task RenewCoreAsync(CancellationToken cancellationToken)
    {
        UserRecord own = await OwnAsync(cancellationToken).ConfigureAwait(false);
        using Ed25519KeyPair? account = await AccountKeyAsync(cancellationToken).ConfigureAwait(false);
        if (account is not null && (own.List.IsRenewalDue(core.Time.GetUtcNow()) || own.List.Devices.Any(IsRenewalDue)))
        {
            await SignListAsync(devices => [.. devices.Select(device => Renewed(account, device))], cancellationToken).ConfigureAwait(false);
        }

        await AdoptCertificateAsync(cancellationToken).ConfigureAwait(false);
    }

    private async Task MakeAsync(Ed25519KeyPair account, DeviceList? previous, CancellationToken cancellationToken)
    {
        using DeviceIdentity identity = DeviceIdentity.Create(account, core.Address, core.Time);
        await GivingWay.OnceAsync().ConfigureAwait(false);
        DeviceList list = DeviceList.Sign(account, [identity.Certificate], previous, core.Time);
        await StoreAsync(identity, account, list, cancellationToken).ConfigureAwait(false);
    }

    private async Task PublishAsync(CancellationToken cancellationToken)
    {
        UserRecord own = await OwnAsync(cancellationToken).ConfigureAwait(false);
        await core.Relay.PublishDeviceListAsync(own.List.Encode(), cancellationToken).ConfigureAwait(false);

        // An earlier call may have made it under a clock that was years behind.
        await RenewCoreAsync(cancellationToken).ConfigureAwait(false);
        await PublishPreKeysAsync(isForced: true, cancellationToken).ConfigureAwait(false);
    }

    private async Task<RecoveryKey> ReplaceRecoveryKeyCoreAsync(CancellationToken cancellationToken)
    {
        using Ed25519KeyPair account = await AccountKeyAsync(cancellationToken).ConfigureAwait(false)
            ?? throw new E2EException(E2EError.NotAllowed, "Another device holds the account's key.");
        RecoveryKey recovery = RecoveryKey.Generate();
        try
        {
            await core.Relay.PutRecoveryCopyAsync(recovery.Seal(account, core.Address.UserId), cancellationToken).ConfigureAwait(false);
            return recovery;
        }
        catch
        {
            recovery.Dispose();
            throw;
        }
    }

    /// <summary>The newest list that the relay or this device knows, so that the next one has a greater number.</summary>
    private async Task<DeviceList?> PreviousListAsync(Ed25519PublicKey? account, CancellationToken cancellationToken)
    {
        byte[]? encoded = await core.Relay.GetDeviceListAsync(core.Address.UserId, cancellationToken).ConfigureAwait(false);
        DeviceList? newest = encoded is null ? null : DeviceList.Decode(encoded);
        if (newest is not null && account is not null)
        {
            // Its number counts, whenever it says that it was signed: a clock that was ahead, or is behind now, keeps nobody out.
            DateTimeOffset now = core.Time.GetUtcNow();
            newest.Verify(core.Address.UserId, account, newest.SignedAt > now ? newest.SignedAt : now);
        }

        if (core.HasIdentity)
        {
            UserRecord own = await OwnAsync(cancellationToken).ConfigureAwait(false);
            newest = newest is null || own.List.Number > newest.Number ? own.List : newest;
        }

        return newest;
    }

    private bool IsRenewalDue(DeviceCertificate device) => device.IsRenewalDue(core.Time.GetUtcNow());

    private DeviceCertificate Renewed(Ed25519KeyPair account, DeviceCertificate device)
    {
        DateTimeOffset now = core.Time.GetUtcNow();
        return IsRenewalDue(device)
            ? DeviceCertificate.Issue(
                account, device.Address, device.IdentityKey, device.SigningKey, device.MlsKey, now, now + IdentityLimits.CertificateValidity)
            : device;
    }

    /// <summary>Takes the renewed certificate out of the newest list.</summary>
    private async Task AdoptCertificateAsync(CancellationToken cancellationToken)
    {
        UserRecord own = await OwnAsync(cancellationToken).ConfigureAwait(false);
        if (own.List.Find(core.Address.DeviceId) is not { } listed
            || !listed.IsSameDevice(core.Identity.Certificate)
            || listed.NotAfter <= core.Identity.Certificate.NotAfter)
        {
            return;
        }

        core.Identity.TakeRenewed(listed);
        byte[] state = core.Identity.Serialize();
        try
        {
            await core.ChangeAsync(
                [Gates.PreKeys],
                work =>
                {
                    ClientCore.PutIdentity(work, state);
                    return Task.CompletedTask;
                },
                cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(state);
        }

        await PublishPreKeysAsync(isForced: true, cancellationToken).ConfigureAwait(false);
    }

    private async Task<List<DeviceAddress>> PeersAsync(CancellationToken cancellationToken)
    {
        var peers = new List<DeviceAddress>();
        byte[] after = [];
        while (await core.Store.ScanKeysAsync(RecordKey.Peers, after, default, 500, null, cancellationToken).ConfigureAwait(false) is { Count: > 0 } page)
        {
            peers.AddRange(page.Select(key => RecordKey.ToDevice(key.Span)));
            after = page[^1].ToArray();
        }

        return peers;
    }
}
