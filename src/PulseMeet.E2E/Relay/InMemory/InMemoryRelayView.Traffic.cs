namespace PulseMeet.E2E.Relay;

/// <summary>Mailboxes and groups.</summary>
internal sealed partial class InMemoryRelayView
{
    public Task<IReadOnlyList<DeliveryOutcome>> DeliverAsync(
        IReadOnlyList<OutgoingEnvelope> envelopes, CancellationToken cancellationToken = default)
    {
        RelayRequest.AreEnvelopes(envelopes);
        cancellationToken.ThrowIfCancellationRequested();
        return Locked(() =>
        {
            RelayRequest.AreWithin(envelopes);
            _ = state.Known(Caller);
            return (IReadOnlyList<DeliveryOutcome>)[.. envelopes.Select(Deliver)];
        });
    }

    public Task SignalAsync(OutgoingEnvelope envelope, CancellationToken cancellationToken = default)
    {
        RelayRequest.IsEnvelope(envelope);
        cancellationToken.ThrowIfCancellationRequested();
        return Locked(() =>
        {
            RelayRequest.IsWithin(envelope.Content.Length, RelayLimits.MaxSignalSize);
            _ = state.Known(Caller);
            state.FindDevice(envelope.Recipient)?.Mailbox.Wake(Item(0, MailboxItemKind.Signal, envelope));
            return true;
        });
    }

    public async Task<MailboxPage> ReceiveAsync(MailboxRequest request, CancellationToken cancellationToken = default)
    {
        RelayRequest.IsMailboxRequest(request);
        cancellationToken.ThrowIfCancellationRequested();
        long start = state.Time.GetTimestamp();
        while (true)
        {
            RelayDevice device;
            TaskCompletionSource<MailboxItem?> waiter;
            TimeSpan left = request.Wait - state.Time.GetElapsedTime(start);
            lock (state.Lock)
            {
                device = state.Known(Caller);
                device.StoreRevision = Math.Max(device.StoreRevision, request.StoreRevision);
                List<MailboxItem> items = device.Mailbox.Take(request, state.Now);
                if (items.Count > 0 || left <= TimeSpan.Zero)
                {
                    return new(items, device.StoreRevision);
                }

                waiter = device.Mailbox.Wait();
            }

            bool isWoken = await Waiting.ForAsync(
                waiter.Task, left, state, () => device.Mailbox.StopWaiting(waiter), cancellationToken).ConfigureAwait(false);
            if (isWoken && await waiter.Task.ConfigureAwait(false) is { } signal)
            {
                return new([signal], Revision(device));
            }
        }
    }

    public Task AcknowledgeAsync(IReadOnlyList<long> ids, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(ids);
        cancellationToken.ThrowIfCancellationRequested();
        return Locked(() =>
        {
            RelayRequest.IsWithin(ids.Count, RelayLimits.MaxRequestItems);
            if (state.FindDevice(Caller) is { } device)
            {
                foreach (long id in ids)
                {
                    device.Mailbox.Acknowledge(id);
                }
            }

            return true;
        });
    }

    public Task<int> OfferCommitAsync(GroupCommit commit, CancellationToken cancellationToken = default)
    {
        RelayRequest.IsCommit(commit);
        cancellationToken.ThrowIfCancellationRequested();
        return Locked(() =>
        {
            RelayRequest.IsWithin(commit);
            RelayDevice device = state.Known(Caller);
            return state.Offer(device, commit);
        });
    }

    public Task<IReadOnlyList<GroupCandidate>> GetCandidatesAsync(
        ReadOnlyMemory<byte> groupId, ulong fromEpoch, int fromPlace, int max, CancellationToken cancellationToken = default)
    {
        RelayRequest.IsGroup(groupId);
        ArgumentOutOfRangeException.ThrowIfNegative(fromPlace);
        RelayRequest.IsPage(max);
        cancellationToken.ThrowIfCancellationRequested();
        return Locked(() => (IReadOnlyList<GroupCandidate>)
            (state.FindGroup(new(groupId))?.Candidates(Caller, fromEpoch, fromPlace, max) ?? []));
    }

    public Task<byte[]?> GetGroupInfoAsync(ReadOnlyMemory<byte> groupId, CancellationToken cancellationToken = default)
    {
        RelayRequest.IsGroup(groupId);
        cancellationToken.ThrowIfCancellationRequested();
        return Locked(() => state.FindGroup(new(groupId))?.InfoFor(Caller));
    }

    public Task<byte[]?> GetTreeAsync(ReadOnlyMemory<byte> hash, CancellationToken cancellationToken = default)
    {
        RelayRequest.IsHash(hash);
        cancellationToken.ThrowIfCancellationRequested();
        return Locked(() => state.Trees.Find(new(hash)));
    }

    public Task SendToGroupAsync(GroupMessage message, CancellationToken cancellationToken = default)
    {
        RelayRequest.IsMessage(message);
        cancellationToken.ThrowIfCancellationRequested();
        return Locked(() =>
        {
            RelayRequest.IsWithin(message.Content.Length, RelayLimits.MaxEnvelopeSize);
            RelayDevice device = state.Known(Caller);
            RelayGroup group = state.FindGroup(new(message.GroupId)) ?? throw new E2EException(E2EError.NotAllowed);
            group.Send(device, message);
            return true;
        });
    }

    public Task SubscribeAsync(ReadOnlyMemory<byte> groupId, bool isSubscribed, CancellationToken cancellationToken = default)
    {
        RelayRequest.IsGroup(groupId);
        cancellationToken.ThrowIfCancellationRequested();
        return Locked(() =>
        {
            state.FindGroup(new(groupId))?.Subscribe(Caller, isSubscribed);
            return true;
        });
    }

    private DeliveryOutcome Deliver(OutgoingEnvelope envelope) =>
        state.FindDevice(envelope.Recipient)?.Mailbox.PutOnce(Item(state.NextItemId(), MailboxItemKind.Envelope, envelope))
            ?? DeliveryOutcome.UnknownDevice;

    private MailboxItem Item(long id, MailboxItemKind kind, OutgoingEnvelope envelope) => new(
        id, kind, Caller, ReadOnlyMemory<byte>.Empty, envelope.Id.ToArray(), state.Now, envelope.Content.ToArray());

    private long Revision(RelayDevice device)
    {
        lock (state.Lock)
        {
            return device.StoreRevision;
        }
    }
}
