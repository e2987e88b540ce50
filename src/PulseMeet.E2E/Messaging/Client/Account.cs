using System.Security.Cryptography;
using PulseMeet.E2E.Keys;
using PulseMeet.E2E.Storage;

namespace PulseMeet.E2E.Messaging;

/// <summary>How a device comes to an account: by making one, or by bringing it back; and what the device that holds the account's key
/// does with it.</summary>
/// <remarks>What was made is stored before it is published, so that a crash in between is taken up again by the same call.</remarks>
internal sealed partial class Account(ClientCore core, DeviceLists lists)
{
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

    public async Task<UserRecord> OwnAsync(CancellationToken cancellationToken)
    {
        string userId = core.Address.UserId;
        OpenedRecord? own = await core.Store.ReadAsync(RecordKey.Users, RecordKey.Of(userId), cancellationToken).ConfigureAwait(false);
        return own is null
            ? throw new InvalidOperationException("This device belongs to no account yet.")
            : core.Users.Decode(userId, own.Value);
    }

    public async Task<T> AloneAsync<T>(Func<Task<T>> act, CancellationToken cancellationToken)
    {
        using IDisposable turn = await core.Gates.EnterAsync([Gates.Account], cancellationToken).ConfigureAwait(false);
        return await act().ConfigureAwait(false);
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
}
