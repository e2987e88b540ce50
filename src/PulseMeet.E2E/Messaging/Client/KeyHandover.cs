using PulseMeet.E2E.Encoding;
using PulseMeet.E2E.Identity;
using PulseMeet.E2E.Keys;
using PulseMeet.E2E.Primitives;
using PulseMeet.E2E.Storage;

namespace PulseMeet.E2E.Messaging;

/// <summary>How the account's private key comes to another device on the list, so that this one, too, lets devices in and removes them.</summary>
/// <remarks>What was sealed is stored before it leaves, so that a crash in between is taken up again by the next upkeep; whoever is removed meanwhile
/// gets nothing. docs/protocol-linking.md, "Handing over the account key".</remarks>
internal sealed class KeyHandover(ClientCore core, DeviceLists lists, Account account)
{
    private static readonly byte[] s_answerKey = RecordKey.Of("key answer");

    public async Task<LinkKeyRequest> RequestAsync(CancellationToken cancellationToken)
    {
        DeviceIdentity own = core.Identity;
        return await IsHeldAsync(cancellationToken).ConfigureAwait(false)
            ? throw new InvalidOperationException("This device holds the account's key.")
            : LinkKeyRequest.Create(own, core.Time);
    }

    /// <summary>Seals a copy of the key to a device's request, and leaves it at the relay.</summary>
    public Task HandOverAsync(string deviceId, ReadOnlyMemory<byte> request, CancellationToken cancellationToken) => account.AloneAsync(
        async () =>
        {
            await FinishAsync(cancellationToken).ConfigureAwait(false);
            using Ed25519KeyPair key = await account.AccountKeyAsync(cancellationToken).ConfigureAwait(false)
                ?? throw new E2EException(E2EError.NotAllowed, "Another device holds the account's key.");
            UserRecord own = await lists.RefreshAsync(core.Address.UserId, Standing.Accepted, cancellationToken).ConfigureAwait(false)
                ?? throw new E2EException(E2EError.StoreDamaged);
            LinkLog log = await Linking.ReadLogAsync(core, cancellationToken).ConfigureAwait(false);
            var handover = LinkKeyHandover.Read(request.Span, own.List, log, core.Time.GetUtcNow());
            if (handover.Address.DeviceId != deviceId)
            {
                throw new E2EException(E2EError.WrongIdentity, "Another device has made the request.");
            }

            byte[] answer = handover.Seal(key, own.List, log, core.Time.GetUtcNow());
            byte[] pending = new RecordWriter().Field(request.Span).Field(answer).ToArray();
            await core.ChangeAsync(
                [],
                work =>
                {
                    work.Put(RecordKey.Device, Linking.LogKey, log.Encode());
                    work.Put(RecordKey.Device, s_answerKey, pending);
                    return Task.CompletedTask;
                },
                cancellationToken).ConfigureAwait(false);
            await FinishAsync(cancellationToken).ConfigureAwait(false);
            return true;
        },
        cancellationToken);

    /// <summary>Leaves at the relay what was sealed and is not there yet. For whoever has the account's turn.</summary>
    public async Task FinishAsync(CancellationToken cancellationToken)
    {
        if (await core.Store.ReadAsync(RecordKey.Device, s_answerKey, cancellationToken).ConfigureAwait(false) is not { } pending)
        {
            return;
        }

        (byte[] request, byte[] answer) = Split(pending.Value);
        if (IsGoodStill(request, (await account.OwnAsync(cancellationToken).ConfigureAwait(false)).List))
        {
            await core.Relay.PutLinkAnswerAsync(LinkKeyPayload.IdOf(request).ToArray(), answer, cancellationToken).ConfigureAwait(false);
        }

        await core.ChangeAsync(
            [],
            work =>
            {
                work.Delete(RecordKey.Device, s_answerKey);
                return Task.CompletedTask;
            },
            cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Waits for the answer, without the account's turn, and takes the key.</summary>
    public async Task TakeAsync(LinkKeyRequest request, CancellationToken cancellationToken)
    {
        _ = core.Identity;
        if (await IsHeldAsync(cancellationToken).ConfigureAwait(false))
        {
            // An earlier call was through.
            return;
        }

        byte[] answer = await Linking.WaitAsync(core, request.CopyId(), request.CreatedAt, cancellationToken).ConfigureAwait(false);
        await account.AloneAsync(
            async () =>
            {
                if (await IsHeldAsync(cancellationToken).ConfigureAwait(false))
                {
                    return true;
                }

                using Ed25519KeyPair key = request.Open(answer, core.Time.GetUtcNow());
                if (key.PublicKey != core.Identity.Certificate.AccountKey)
                {
                    throw new E2EException(E2EError.WrongIdentity, "The key is of an account that this device is not of.");
                }

                await StoreAsync(key, cancellationToken).ConfigureAwait(false);
                request.End();
                return true;
            },
            cancellationToken).ConfigureAwait(false);
    }

    private Task StoreAsync(Ed25519KeyPair key, CancellationToken cancellationToken) => core.ChangeAsync(
        [],
        work =>
        {
            byte[] state = new byte[Ed25519KeyPair.PrivateKeySize];
            using SecretScope secret = key.Use();
            secret.Span.CopyTo(state);
            work.PutSecret(RecordKey.Device, ClientCore.AccountKey, state);
            return Task.CompletedTask;
        },
        cancellationToken);

    private async Task<bool> IsHeldAsync(CancellationToken cancellationToken)
    {
        using Ed25519KeyPair? held = await account.AccountKeyAsync(cancellationToken).ConfigureAwait(false);
        return held is not null;
    }

    /// <summary>Whether whoever asked is on the list still, and waits still.</summary>
    private bool IsGoodStill(byte[] request, DeviceList devices)
    {
        try
        {
            _ = LinkKeyHandover.Read(request, devices, new LinkLog(), core.Time.GetUtcNow());
            return true;
        }
        catch (E2EException)
        {
            return false;
        }
    }

    private static (byte[] Request, byte[] Answer) Split(byte[] pending)
    {
        var reader = new SpanReader(pending);
        return (reader.ReadField(), reader.ReadField());
    }
}
