using PulseMeet.E2E.Identity;
using PulseMeet.E2E.Relay;

namespace PulseMeet.E2E.Sqlite.Relay;

/// <summary>The relay for one device: every call is one transaction.</summary>
internal sealed partial class ConnectedDevice(DeviceAddress caller, RelayFile file, Waiters waiters, TimeProvider time) : IE2ERelay
{
    /// <summary>What another process on the same file put is found by looking.</summary>
    private static readonly TimeSpan s_poll = TimeSpan.FromSeconds(2);

    private readonly LongPoll _poll = new(waiters, () => s_poll, time);

    public DeviceAddress Caller => caller;

    public async Task<IReadOnlyList<DeliveryOutcome>> DeliverAsync(
        IReadOnlyList<OutgoingEnvelope> envelopes, CancellationToken cancellationToken = default)
    {
        RelayRequest.AreEnvelopes(envelopes);
        RelayRequest.AreWithin(envelopes);
        return await ChangeAsync(
            (write, now, woken) =>
            {
                Sender sender = Mailboxes.Listed(write, caller);
                return envelopes.Select(envelope => Mailboxes.Deliver(write, sender, envelope, now, woken)).ToArray();
            },
            cancellationToken).ConfigureAwait(false);
    }

    public async Task SignalAsync(OutgoingEnvelope envelope, CancellationToken cancellationToken = default)
    {
        RelayRequest.IsEnvelope(envelope);
        RelayRequest.IsWithin(envelope.Content.Length, RelayLimits.MaxSignalSize);
        Sender? recipient = await file.RunAsync(
            read =>
            {
                _ = Mailboxes.Listed(read, caller);
                return Mailboxes.Find(read, envelope.Recipient);
            },
            cancellationToken).ConfigureAwait(false);
        if (recipient is not null)
        {
            waiters.Signal(
                Topic.Mailbox(recipient.Device),
                new MailboxItem(
                    0, MailboxItemKind.Signal, caller, ReadOnlyMemory<byte>.Empty, envelope.Id.ToArray(), time.GetUtcNow(), envelope.Content.ToArray()));
        }
    }

    public async Task<MailboxPage> ReceiveAsync(MailboxRequest request, CancellationToken cancellationToken = default)
    {
        RelayRequest.IsMailboxRequest(request);
        return await _poll.ReceiveAsync(request, () => LookAsync(request, cancellationToken), cancellationToken).ConfigureAwait(false);
    }

    public Task AcknowledgeAsync(IReadOnlyList<long> ids, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(ids);
        RelayRequest.IsWithin(ids.Count, RelayLimits.MaxRequestItems);
        return ChangeAsync(
            (write, _, _) =>
            {
                if (Mailboxes.Find(write, caller) is { } device)
                {
                    foreach (long id in ids)
                    {
                        Mailboxes.Drop(write, device.Device, "i.id = $2", id);
                    }
                }

                return true;
            },
            cancellationToken);
    }

    private Task<(Topic Mailbox, MailboxPage Page)> LookAsync(MailboxRequest request, CancellationToken cancellationToken) => file.RunAsync(
        write =>
        {
            long device = Mailboxes.Listed(write, caller).Device;
            write.Run("update device set highest_revision = $2 where id = $1 and highest_revision < $2", device, request.StoreRevision);
            return (Topic.Mailbox(device), new MailboxPage(
                Mailboxes.Page(write, device, request, time.GetUtcNow()),
                write.Number("select highest_revision from device where id = $1", device)!.Value));
        },
        cancellationToken);

    /// <summary>One transaction; the devices that it names are woken once it is durable.</summary>
    private async Task<T> ChangeAsync<T>(Func<RelayTransaction, DateTimeOffset, ISet<long>, T> change, CancellationToken cancellationToken)
    {
        HashSet<long> woken = [];
        T result = await file.RunAsync(write => change(write, time.GetUtcNow(), woken), cancellationToken).ConfigureAwait(false);
        foreach (long device in woken)
        {
            waiters.Wake(Topic.Mailbox(device));
        }

        return result;
    }
}
