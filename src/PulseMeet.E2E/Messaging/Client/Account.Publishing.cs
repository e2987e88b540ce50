using System.Security.Cryptography;
using PulseMeet.E2E.Diagnostics;
using PulseMeet.E2E.Encoding;
using PulseMeet.E2E.Identity;
using PulseMeet.E2E.Keys;
using PulseMeet.E2E.PreKeys;

namespace PulseMeet.E2E.Messaging;

/// <content>What the relay is given of an account and its device.</content>
internal sealed partial class Account
{
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

    private async Task PublishAsync(CancellationToken cancellationToken)
    {
        UserRecord own = await OwnAsync(cancellationToken).ConfigureAwait(false);
        await core.Relay.PublishDeviceListAsync(own.List.Encode(), cancellationToken).ConfigureAwait(false);

        // An earlier call may have made it under a clock that was years behind.
        await RenewCoreAsync(cancellationToken).ConfigureAwait(false);
        await PublishPreKeysAsync(isForced: true, cancellationToken).ConfigureAwait(false);
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

    /// <summary>Ends later than the one in whose place it is, also where that is of a clock that was ahead: by its end everybody knows the newer one.</summary>
    private DeviceCertificate Renewed(Ed25519KeyPair account, DeviceCertificate device)
    {
        if (!IsRenewalDue(device))
        {
            return device;
        }

        DateTimeOffset now = core.Time.GetUtcNow();
        DateTimeOffset end = UnixTime.After(now, IdentityLimits.CertificateValidity);
        DateTimeOffset later = UnixTime.After(device.NotAfter, TimeSpan.FromSeconds(1));
        return DeviceCertificate.Issue(
            account, device.Address, device.IdentityKey, device.SigningKey, device.MlsKey, now, end > later ? end : later);
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
}
