using PulseMeet.E2E.Relay;

namespace PulseMeet.E2E.AspNetCore;

/// <summary>The table of docs/protocol-http.md: what each operation reads, does and answers.</summary>
internal static class RelayOperations
{
    /// <summary>The longest request of ids, names and numbers alone, in bytes.</summary>
    private const int Small = 64 * 1024;

    private const int Large = RelayPaths.MaxBodySize;

    public static IReadOnlyList<RelayOperation> All { get; } =
    [
        new(RelayPaths.PublishPreKeys, "Publishes the caller's certificate and prekeys.", Large, true, async call =>
            Number(await call.Relay.PublishPreKeysAsync(call.Body, call.Aborted).ConfigureAwait(false))),
        new(RelayPaths.PreKeyStatus, "Tells what is published of the caller.", 0, true, async call =>
        {
            PreKeyStatus status = await call.Relay.GetPreKeyStatusAsync(call.Aborted).ConfigureAwait(false);
            return RelayWire.Write(writer => RelayWire.Write(writer, status));
        }),
        new(RelayPaths.PublishDeviceList, "Publishes the account's device list.", Large, false, call =>
            None(call.Relay.PublishDeviceListAsync(call.Body, call.Aborted))),
        new(RelayPaths.GetDeviceList, "Gives a user's device list.", Small, true, call =>
            call.Relay.GetDeviceListAsync(RelayWire.Read(call.Body, static (ref WireReader reader) => reader.Text()), call.Aborted)),
        new(RelayPaths.ClaimBundles, "Claims a prekey bundle of each of a user's devices.", Large, true, async call =>
        {
            (string userId, List<string> except) = RelayWire.Read(call.Body, static (ref WireReader reader) => (
                reader.Text(), reader.Many(RelayLimits.MaxRequestItems, static (ref WireReader id) => id.Text())));
            ClaimedBundles claimed = await call.Relay.ClaimBundlesAsync(userId, except, call.Aborted).ConfigureAwait(false);
            return RelayWire.Write(writer => RelayWire.Write(writer, claimed));
        }, RelayCost.Claim),
        new(RelayPaths.PublishKeyPackages, "Publishes MLS key packages of the caller.", Large, true, async call =>
        {
            (List<ReadOnlyMemory<byte>> keyPackages, ReadOnlyMemory<byte> lastResort) = RelayWire.Read(
                call.Body, static (ref WireReader reader) => (
                    reader.Many(RelayLimits.MaxRequestItems, static (ref WireReader keyPackage) => keyPackage.Field()), reader.Field()));
            return Number(await call.Relay.PublishKeyPackagesAsync(keyPackages, lastResort, call.Aborted).ConfigureAwait(false));
        }),
        new(RelayPaths.ClaimKeyPackages, "Claims an MLS key package of each of a user's devices.", Small, true, async call =>
        {
            string userId = RelayWire.Read(call.Body, static (ref WireReader reader) => reader.Text());
            ClaimedBundles claimed = await call.Relay.ClaimKeyPackagesAsync(userId, call.Aborted).ConfigureAwait(false);
            return RelayWire.Write(writer => RelayWire.Write(writer, claimed));
        }, RelayCost.Claim),
        new(RelayPaths.Deliver, "Delivers envelopes.", Large, true, async call =>
        {
            List<OutgoingEnvelope> envelopes = RelayWire.Read(call.Body, static (ref WireReader reader) =>
                reader.Many(RelayLimits.MaxRequestItems, static (ref WireReader envelope) => envelope.Envelope()));
            IReadOnlyList<DeliveryOutcome> outcomes = await call.Relay.DeliverAsync(envelopes, call.Aborted).ConfigureAwait(false);
            return RelayWire.Write(writer => writer.Many(outcomes, outcome => writer.Byte((byte)outcome)));
        }),
        new(RelayPaths.Signal, "Passes a signal to a device that is waiting.", Small, false, call =>
            None(call.Relay.SignalAsync(RelayWire.Read(call.Body, static (ref WireReader reader) => reader.Envelope()), call.Aborted))),
        new(RelayPaths.Receive, "Gives what is in the caller's mailbox, and waits where it is empty.", Small, true, async call =>
        {
            MailboxRequest request = RelayWire.Read(call.Body, RelayWire.ReadMailboxRequest);
            MailboxPage page = await call.Relay.ReceiveAsync(request, call.Aborted).ConfigureAwait(false);
            return RelayWire.Write(writer => RelayWire.Write(writer, page));
        }, RelayCost.Wait),
        new(RelayPaths.Acknowledge, "Removes items from the caller's mailbox.", Small, false, call =>
            None(call.Relay.AcknowledgeAsync(
                RelayWire.Read(call.Body, static (ref WireReader reader) => reader.Ids(RelayLimits.MaxRequestItems)), call.Aborted))),
        .. Groups,
        .. AccountAndMedia,
    ];

    private static IEnumerable<RelayOperation> Groups =>
    [
        new(RelayPaths.Offer, "Offers a commit for a group's epoch.", Large, true, async call =>
            Number(await call.Relay.OfferCommitAsync(RelayWire.Read(call.Body, RelayWire.ReadCommit), call.Aborted).ConfigureAwait(false))),
        new(RelayPaths.Candidates, "Gives the candidates of a group's epochs.", Small, true, async call =>
        {
            (ReadOnlyMemory<byte> groupId, ulong epoch, int place, int max) = RelayWire.Read(
                call.Body, static (ref WireReader reader) => (reader.Field(), reader.UInt64(), reader.Int32(), reader.Int32()));
            IReadOnlyList<GroupCandidate> candidates = await call.Relay.GetCandidatesAsync(groupId, epoch, place, max, call.Aborted).ConfigureAwait(false);
            return RelayWire.Write(writer => writer.Many(candidates, candidate => RelayWire.Write(writer, candidate)));
        }),
        new(RelayPaths.GroupInfo, "Gives a group's newest group info.", Small, true, call =>
            call.Relay.GetGroupInfoAsync(call.Body, call.Aborted)),
        new(RelayPaths.Tree, "Gives a ratchet tree by its hash.", Small, true, call => call.Relay.GetTreeAsync(call.Body, call.Aborted)),
        new(RelayPaths.Send, "Sends a message to a group.", Large, false, call =>
            None(call.Relay.SendToGroupAsync(RelayWire.Read(call.Body, RelayWire.ReadMessage), call.Aborted))),
        new(RelayPaths.Subscribe, "Takes the caller off a group's delivery list, or puts it on again.", Small, false, call =>
        {
            (bool isSubscribed, ReadOnlyMemory<byte> groupId) = RelayWire.Read(
                call.Body, static (ref WireReader reader) => (reader.Boolean(), reader.Rest()));
            return None(call.Relay.SubscribeAsync(groupId, isSubscribed, call.Aborted));
        }),
    ];

    private static IEnumerable<RelayOperation> AccountAndMedia =>
    [
        new(RelayPaths.PutRecovery, "Keeps the sealed recovery copy of the caller's account.", Small, false, call =>
            None(call.Relay.PutRecoveryCopyAsync(call.Body, call.Aborted))),
        new(RelayPaths.GetRecovery, "Gives the sealed recovery copy of the caller's account.", 0, true, call =>
            call.Relay.GetRecoveryCopyAsync(call.Aborted)),
        new(RelayPaths.PutLinkAnswer, "Leaves an answer to a linking request.", 2 * RelayLimits.MaxLinkAnswerSize, false, call =>
        {
            (ReadOnlyMemory<byte> id, ReadOnlyMemory<byte> answer) = RelayWire.Read(
                call.Body, static (ref WireReader reader) => (reader.Bytes(RelayRequest.IdSize), reader.Rest()));
            return None(call.Relay.PutLinkAnswerAsync(id, answer, call.Aborted));
        }),
        new(RelayPaths.GetLinkAnswer, "Waits for the answer to a linking request.", Small, true, call =>
        {
            (ReadOnlyMemory<byte> id, int wait) = RelayWire.Read(
                call.Body, static (ref WireReader reader) => (reader.Bytes(RelayRequest.IdSize), reader.Int32()));
            return call.Relay.GetLinkAnswerAsync(id, TimeSpan.FromMilliseconds(wait), call.Aborted);
        }, RelayCost.Wait),
        new(RelayPaths.BeginMedia, "Begins an upload, or tells how far it is.", Small, true, async call =>
        {
            (ReadOnlyMemory<byte> id, long length) = RelayWire.Read(
                call.Body, static (ref WireReader reader) => (reader.Bytes(RelayRequest.IdSize), reader.Int64()));
            return Long(await call.Media.BeginPutAsync(id, length, call.Aborted).ConfigureAwait(false));
        }),
        new(RelayPaths.PutMedia, "Appends to an upload.", Large, true, async call =>
        {
            (ReadOnlyMemory<byte> id, long offset, ReadOnlyMemory<byte> part) = RelayWire.Read(
                call.Body, static (ref WireReader reader) => (reader.Bytes(RelayRequest.IdSize), reader.Int64(), reader.Rest()));
            return Long(await call.Media.PutAsync(id, offset, part, call.Aborted).ConfigureAwait(false));
        }),
        new(RelayPaths.MediaLength, "Gives the length of a whole file.", Small, true, async call =>
            await call.Media.GetLengthAsync(call.Body, call.Aborted).ConfigureAwait(false) is { } length ? Long(length) : null),
        new(RelayPaths.GetMedia, "Reads a range of a whole file.", Small, true, async call =>
        {
            (ReadOnlyMemory<byte> id, long offset, int count) = RelayWire.Read(
                call.Body, static (ref WireReader reader) => (reader.Bytes(RelayRequest.IdSize), reader.Int64(), reader.Int32()));
            RelayRequest.IsWithin(count, RelayLimits.MaxRequestSize);
            byte[] range = new byte[count];
            return range[..await call.Media.GetAsync(id, offset, range, call.Aborted).ConfigureAwait(false)];
        }),
        new(RelayPaths.DeleteMedia, "Deletes a file of the caller's user.", Small, false, call =>
            None(call.Media.DeleteAsync(call.Body, call.Aborted))),
    ];

    private static byte[] Number(int value) => RelayWire.Write(writer => writer.UInt32(value));

    private static byte[] Long(long value) => RelayWire.Write(writer => writer.Int64(value));

    private static async Task<byte[]?> None(Task task)
    {
        await task.ConfigureAwait(false);
        return null;
    }
}
