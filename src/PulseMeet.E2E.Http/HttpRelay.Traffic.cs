using PulseMeet.E2E.Relay;

namespace PulseMeet.E2E.Http;

/// <content>Mailboxes and groups.</content>
public sealed partial class HttpRelay
{
    /// <inheritdoc/>
    public async Task<IReadOnlyList<DeliveryOutcome>> DeliverAsync(
        IReadOnlyList<OutgoingEnvelope> envelopes, CancellationToken cancellationToken = default)
    {
        RelayRequest.AreEnvelopes(envelopes);
        RelayRequest.AreWithin(envelopes);
        byte[] body = RelayWire.Write(writer => writer.Many(envelopes, writer.Envelope));
        byte[]? answer = await _transport.CallAsync(RelayPaths.Deliver, body, cancellationToken).ConfigureAwait(false);
        return RelayTransport.Read(answer, (ref WireReader reader) => Outcomes(ref reader, envelopes.Count));
    }

    /// <inheritdoc/>
    public Task SignalAsync(OutgoingEnvelope envelope, CancellationToken cancellationToken = default)
    {
        RelayRequest.IsEnvelope(envelope);
        RelayRequest.IsWithin(envelope.Content.Length, RelayLimits.MaxSignalSize);
        byte[] body = RelayWire.Write(writer => writer.Envelope(envelope));
        return _transport.CallAsync(RelayPaths.Signal, body, cancellationToken, Repeatable.Never);
    }

    /// <inheritdoc/>
    public async Task<MailboxPage> ReceiveAsync(MailboxRequest request, CancellationToken cancellationToken = default)
    {
        RelayRequest.IsMailboxRequest(request);
        byte[] body = RelayWire.Write(writer => RelayWire.Write(writer, request));
        return RelayTransport.Read(
            await _transport.CallAsync(RelayPaths.Receive, body, cancellationToken, wait: request.Wait).ConfigureAwait(false), RelayWire.ReadPage);
    }

    /// <inheritdoc/>
    public Task AcknowledgeAsync(IReadOnlyList<long> ids, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(ids);
        RelayRequest.IsWithin(ids.Count, RelayLimits.MaxRequestItems);
        return _transport.CallAsync(RelayPaths.Acknowledge, RelayWire.Write(writer => writer.Ids(ids)), cancellationToken);
    }

    /// <inheritdoc/>
    public async Task<int> OfferCommitAsync(GroupCommit commit, CancellationToken cancellationToken = default)
    {
        RelayRequest.IsCommit(commit);
        RelayRequest.IsWithin(commit);
        byte[] body = RelayWire.Write(writer => RelayWire.Write(writer, commit));
        return RelayTransport.Read(await _transport.CallAsync(RelayPaths.Offer, body, cancellationToken).ConfigureAwait(false), ReadNumber);
    }

    /// <inheritdoc/>
    public async Task<IReadOnlyList<GroupCandidate>> GetCandidatesAsync(
        ReadOnlyMemory<byte> groupId, ulong fromEpoch, int fromPlace, int max, CancellationToken cancellationToken = default)
    {
        RelayRequest.IsGroup(groupId);
        ArgumentOutOfRangeException.ThrowIfNegative(fromPlace);
        RelayRequest.IsPage(max);
        byte[] body = RelayWire.Write(writer =>
        {
            writer.Field(groupId);
            writer.UInt64(fromEpoch);
            writer.UInt32(fromPlace);
            writer.UInt32(max);
        });
        byte[]? answer = await _transport.CallAsync(RelayPaths.Candidates, body, cancellationToken).ConfigureAwait(false);
        return RelayTransport.Read(answer, static (ref WireReader reader) => reader.Many(RelayRequest.MaxPage, RelayWire.ReadCandidate));
    }

    /// <inheritdoc/>
    public Task<byte[]?> GetGroupInfoAsync(ReadOnlyMemory<byte> groupId, CancellationToken cancellationToken = default)
    {
        RelayRequest.IsGroup(groupId);
        return _transport.CallAsync(RelayPaths.GroupInfo, groupId, cancellationToken);
    }

    /// <inheritdoc/>
    public Task<byte[]?> GetTreeAsync(ReadOnlyMemory<byte> hash, CancellationToken cancellationToken = default)
    {
        RelayRequest.IsHash(hash);
        return _transport.CallAsync(RelayPaths.Tree, hash, cancellationToken);
    }

    /// <inheritdoc/>
    public Task SendToGroupAsync(GroupMessage message, CancellationToken cancellationToken = default)
    {
        RelayRequest.IsMessage(message);
        RelayRequest.IsWithin(message.Content.Length, RelayLimits.MaxEnvelopeSize);
        return _transport.CallAsync(RelayPaths.Send, RelayWire.Write(writer => RelayWire.Write(writer, message)), cancellationToken);
    }

    /// <inheritdoc/>
    public Task SubscribeAsync(ReadOnlyMemory<byte> groupId, bool isSubscribed, CancellationToken cancellationToken = default)
    {
        RelayRequest.IsGroup(groupId);
        byte[] body = RelayWire.Write(writer =>
        {
            writer.Byte(isSubscribed ? (byte)1 : (byte)0);
            writer.Bytes(groupId);
        });
        return _transport.CallAsync(RelayPaths.Subscribe, body, cancellationToken);
    }

    /// <summary>One outcome for each envelope: another number of them, or another outcome, is no answer.</summary>
    private static List<DeliveryOutcome> Outcomes(ref WireReader reader, int count)
    {
        List<DeliveryOutcome> outcomes = reader.Many(count, static (ref WireReader outcome) => (DeliveryOutcome)outcome.Byte());
        return outcomes.Count == count && outcomes.TrueForAll(Enum.IsDefined)
            ? outcomes
            : throw new E2EException(E2EError.InvalidEncoding, "Not one outcome for each envelope.");
    }
}
