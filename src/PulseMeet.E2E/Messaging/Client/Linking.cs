using PulseMeet.E2E.Identity;
using PulseMeet.E2E.Keys;
using PulseMeet.E2E.Storage;

namespace PulseMeet.E2E.Messaging;

/// <summary>How another device comes to an account: it asks on its screen, and the device that holds the account's key answers.</summary>
/// <remarks>What was decided is stored before it is published, so that a crash in between is taken up again by the next upkeep, or by
/// the same call. docs/protocol-linking.md.</remarks>
internal sealed class Linking(ClientCore core, DeviceLists lists, Account account)
{
    private static readonly TimeSpan s_wait = TimeSpan.FromSeconds(30);
    private static readonly byte[] s_answerKey = RecordKey.Of("link answer");

    /// <summary>Where the requests lie that this device has answered.</summary>
    public static byte[] LogKey { get; } = RecordKey.Of("link log");

    /// <summary>The requests that this device has answered, for a certificate or for the account's key.</summary>
    public static async Task<LinkLog> ReadLogAsync(ClientCore core, CancellationToken cancellationToken) =>
        await core.Store.ReadAsync(RecordKey.Device, LogKey, cancellationToken).ConfigureAwait(false) is { } stored
            ? LinkLog.Decode(stored.Value)
            : new LinkLog();

    /// <summary>Certifies the device that shows a payload, publishes the list with it, and leaves the answer at the relay.</summary>
    public Task ApproveAsync(string payload, CancellationToken cancellationToken) => account.AloneAsync(
        async () =>
        {
            await FinishAsync(cancellationToken).ConfigureAwait(false);
            using Ed25519KeyPair key = await account.AccountKeyAsync(cancellationToken).ConfigureAwait(false)
                ?? throw new E2EException(E2EError.NotAllowed, "Another device holds the account's key.");
            LinkLog log = await ReadLogAsync(core, cancellationToken).ConfigureAwait(false);
            LinkApproval approval = LinkApproval.Read(payload, core.Address.UserId, log, core.Time.GetUtcNow());
            UserRecord own = await lists.RefreshAsync(core.Address.UserId, Standing.Accepted, cancellationToken).ConfigureAwait(false)
                ?? throw new E2EException(E2EError.StoreDamaged);
            LinkAnswer answer = approval.Approve(key, own.List, log, core.Time);
            byte[] pending = new RecordWriter()
                .Field(answer.CopyRequestId()).Field(answer.ToArray()).Field(answer.Devices.Encode()).ToArray();
            await core.ChangeAsync(
                [],
                work =>
                {
                    work.Put(RecordKey.Device, LogKey, log.Encode());
                    work.Put(RecordKey.Device, s_answerKey, pending);
                    return Task.CompletedTask;
                },
                cancellationToken).ConfigureAwait(false);
            await FinishAsync(cancellationToken).ConfigureAwait(false);
            return true;
        },
        cancellationToken);

    /// <summary>Publishes what was decided and is not published yet. For whoever has the account's turn.</summary>
    public async Task FinishAsync(CancellationToken cancellationToken)
    {
        if (await ReadAsync(s_answerKey, cancellationToken).ConfigureAwait(false) is not { } pending)
        {
            return;
        }

        (byte[] requestId, byte[] answer, byte[] list) = Split(pending);
        bool isOvertaken = false;
        try
        {
            await core.Relay.PublishDeviceListAsync(list, cancellationToken).ConfigureAwait(false);
            await core.Relay.PutLinkAnswerAsync(requestId, answer, cancellationToken).ConfigureAwait(false);
        }
        catch (E2EException exception) when (exception.Reason == E2EError.OutdatedDeviceList)
        {
            // A newer list was signed meanwhile: this request has had its time.
            isOvertaken = true;
        }

        await core.ChangeAsync(
            [Gates.User(core.Address.UserId)],
            async work =>
            {
                work.Delete(RecordKey.Device, s_answerKey);
                if (!isOvertaken)
                {
                    await OwnWord.WantTellingAsync(work, core.Address.UserId, DeviceList.Decode(list)).ConfigureAwait(false);
                    await lists.ApplyAsync(work, core.Address.UserId, list, Standing.Accepted).ConfigureAwait(false);
                }
            },
            cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Waits for the answer, and takes it: this device belongs to the account then.</summary>
    public Task CompleteAsync(LinkRequest request, CancellationToken cancellationToken) => account.AloneAsync(
        async () =>
        {
            await account.CheckNotPublishedAsync(cancellationToken).ConfigureAwait(false);
            if (!await account.IsLinkedAsync(cancellationToken).ConfigureAwait(false))
            {
                byte[] answer = await WaitAsync(core, request.CopyId(), request.CreatedAt, cancellationToken).ConfigureAwait(false);
                LinkedDevice linked = request.Complete(answer, core.Time.GetUtcNow());
                using DeviceIdentity device = linked.Identity;
                await account.StoreAsync(device, null, linked.Devices, cancellationToken).ConfigureAwait(false);
            }

            await account.PublishPreKeysAsync(isForced: true, cancellationToken).ConfigureAwait(false);
            await account.EndAsync(cancellationToken).ConfigureAwait(false);
            return true;
        },
        cancellationToken);

    /// <summary>Waits at the relay for the answer to a request, for as long as that is good.</summary>
    /// <param name="core">The client.</param>
    /// <param name="requestId">The request's id: 16 bytes.</param>
    /// <param name="createdAt">When it was made.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    /// <exception cref="E2EException">None came in time (<see cref="E2EError.LinkRefused"/>), or the relay cannot be reached.</exception>
    public static async Task<byte[]> WaitAsync(
        ClientCore core, byte[] requestId, DateTimeOffset createdAt, CancellationToken cancellationToken)
    {
        TimeSpan pause = TimeSpan.Zero;
        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            long asked = core.Time.GetTimestamp();
            byte[]? answer = await core.Relay.GetLinkAnswerAsync(requestId, s_wait, cancellationToken).ConfigureAwait(false);
            if (core.Time.GetUtcNow() - createdAt > LinkRequest.Lifetime)
            {
                throw new E2EException(E2EError.LinkRefused, "No answer came in time.");
            }

            if (answer is not null)
            {
                return answer;
            }

            // A relay that does not wait is not asked in a circle.
            pause = core.Time.GetElapsedTime(asked) < s_wait / 2 ? Engine.NextPause(pause) : TimeSpan.Zero;
            await Task.Delay(pause, core.Time, cancellationToken).ConfigureAwait(false);
        }
    }

    private static (byte[] RequestId, byte[] Answer, byte[] List) Split(byte[] pending)
    {
        var reader = new Encoding.SpanReader(pending);
        return (reader.ReadField(), reader.ReadField(), reader.ReadField());
    }

    private async Task<byte[]?> ReadAsync(byte[] key, CancellationToken cancellationToken)
    {
        OpenedRecord? record = await core.Store.ReadAsync(RecordKey.Device, key, cancellationToken).ConfigureAwait(false);
        return record?.Value;
    }
}
