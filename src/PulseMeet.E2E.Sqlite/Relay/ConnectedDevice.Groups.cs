using PulseMeet.E2E.Relay;

namespace PulseMeet.E2E.Sqlite.Relay;

internal sealed partial class ConnectedDevice
{
    public Task<int> OfferCommitAsync(GroupCommit commit, CancellationToken cancellationToken = default)
    {
        RelayRequest.IsCommit(commit);
        RelayRequest.IsWithin(commit);
        return ChangeAsync((write, now, woken) => Groups.Offer(write, caller, commit, now, woken), cancellationToken);
    }

    public async Task<IReadOnlyList<GroupCandidate>> GetCandidatesAsync(
        ReadOnlyMemory<byte> groupId, ulong fromEpoch, int fromPlace, int max, CancellationToken cancellationToken = default)
    {
        RelayRequest.IsGroup(groupId);
        ArgumentOutOfRangeException.ThrowIfNegative(fromPlace);
        RelayRequest.IsPage(max);
        return await file.RunAsync(
            read => Groups.Candidates(read, caller, groupId, fromEpoch, fromPlace, max, time.GetUtcNow()), cancellationToken).ConfigureAwait(false);
    }

    public Task<byte[]?> GetGroupInfoAsync(ReadOnlyMemory<byte> groupId, CancellationToken cancellationToken = default)
    {
        RelayRequest.IsGroup(groupId);
        return file.RunAsync(read => Groups.Info(read, caller.UserId, groupId), cancellationToken);
    }

    public Task<byte[]?> GetTreeAsync(ReadOnlyMemory<byte> hash, CancellationToken cancellationToken = default)
    {
        RelayRequest.IsHash(hash);
        return file.RunAsync(read => read.Bytes("select content from tree where hash = $1", hash), cancellationToken);
    }

    public Task SendToGroupAsync(GroupMessage message, CancellationToken cancellationToken = default)
    {
        RelayRequest.IsMessage(message);
        RelayRequest.IsWithin(message.Content.Length, RelayLimits.MaxEnvelopeSize);
        return ChangeAsync(
            (write, now, woken) =>
            {
                Groups.Send(write, caller, message, now, woken);
                return true;
            },
            cancellationToken);
    }

    public Task SubscribeAsync(ReadOnlyMemory<byte> groupId, bool isSubscribed, CancellationToken cancellationToken = default)
    {
        RelayRequest.IsGroup(groupId);
        return ChangeAsync(
            (write, _, _) =>
            {
                Groups.Subscribe(write, caller, groupId, isSubscribed);
                return true;
            },
            cancellationToken);
    }
}
