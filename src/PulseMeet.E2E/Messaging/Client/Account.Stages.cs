using System.Security.Cryptography;
using PulseMeet.E2E.Identity;
using PulseMeet.E2E.Keys;
using PulseMeet.E2E.PreKeys;
using PulseMeet.E2E.Primitives;
using PulseMeet.E2E.Verification;

namespace PulseMeet.E2E.Messaging;

/// <content>How far a device has come, so that a call that was interrupted is taken up again.</content>
internal sealed partial class Account
{
    /// <summary>The account was made, or made anew, and is not published wholly yet.</summary>
    private const byte Made = 1;

    private const byte Published = 2;

    /// <summary>The device was let in by another, and its prekeys are not published yet.</summary>
    private const byte Linked = 3;

    private static readonly byte[] s_stageKey = RecordKey.Of("stage");

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
        Turn[] turns = [.. peers.Select(peer => Gates.User(peer.UserId)), Gates.User(core.Address.UserId), Gates.PreKeys];
        using IDisposable turn = await core.Gates.EnterAsync(turns, cancellationToken).ConfigureAwait(false);
        try
        {
            await core.ChangeAsync(
                [],
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

    private async Task MakeAsync(Ed25519KeyPair account, DeviceList? previous, CancellationToken cancellationToken)
    {
        using DeviceIdentity identity = DeviceIdentity.Create(account, core.Address, core.Time);
        await GivingWay.OnceAsync().ConfigureAwait(false);
        DeviceList list = DeviceList.Sign(account, [identity.Certificate], previous, core.Time);
        await StoreAsync(identity, account, list, cancellationToken).ConfigureAwait(false);
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
