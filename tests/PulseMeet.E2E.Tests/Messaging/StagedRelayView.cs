using PulseMeet.E2E.Identity;
using PulseMeet.E2E.Relay;

namespace PulseMeet.E2E.Tests.Messaging;

/// <summary><see cref="StagedRelay"/> as one device sees it.</summary>
internal sealed class StagedRelayView(StagedRelay stage, IE2ERelay inner) : IE2ERelay
{
    public DeviceAddress Caller => inner.Caller;

    public async Task<int> PublishPreKeysAsync(ReadOnlyMemory<byte> publication, CancellationToken cancellationToken = default)
    {
        await BeforeAsync("publish prekeys", cancellationToken);
        return await inner.PublishPreKeysAsync(publication, cancellationToken);
    }

    public async Task<PreKeyStatus> GetPreKeyStatusAsync(CancellationToken cancellationToken = default)
    {
        await BeforeAsync("status", cancellationToken);
        return await inner.GetPreKeyStatusAsync(cancellationToken);
    }

    public async Task PublishDeviceListAsync(ReadOnlyMemory<byte> deviceList, CancellationToken cancellationToken = default)
    {
        await BeforeAsync("publish list", cancellationToken);
        await inner.PublishDeviceListAsync(deviceList, cancellationToken);
    }

    public async Task<byte[]?> GetDeviceListAsync(string userId, CancellationToken cancellationToken = default)
    {
        await BeforeAsync("list", cancellationToken);
        return Shown(userId, await inner.GetDeviceListAsync(userId, cancellationToken));
    }

    public async Task<ClaimedBundles> ClaimBundlesAsync(
        string userId, IReadOnlyCollection<string> except, CancellationToken cancellationToken = default)
    {
        await BeforeAsync("claim", cancellationToken);
        stage.Claims++;
        ClaimedBundles claimed = await inner.ClaimBundlesAsync(userId, except, cancellationToken);
        return stage.ShownBundles(Caller, userId, claimed with { DeviceList = Shown(userId, claimed.DeviceList.ToArray()) });
    }

    public async Task<IReadOnlyList<DeliveryOutcome>> DeliverAsync(
        IReadOnlyList<OutgoingEnvelope> envelopes, CancellationToken cancellationToken = default)
    {
        await BeforeAsync("deliver", cancellationToken);
        IReadOnlyList<DeliveryOutcome> outcomes = await stage.DeliverAsync(inner, envelopes, cancellationToken);
        await BeforeAsync("delivered", cancellationToken);
        return outcomes;
    }

    public async Task SignalAsync(OutgoingEnvelope envelope, CancellationToken cancellationToken = default)
    {
        await BeforeAsync("signal", cancellationToken);
        await inner.SignalAsync(envelope, cancellationToken);
    }

    public async Task<MailboxPage> ReceiveAsync(MailboxRequest request, CancellationToken cancellationToken = default)
    {
        await BeforeAsync("receive", cancellationToken);
        return await stage.ReceiveAsync(inner, request, cancellationToken);
    }

    public async Task AcknowledgeAsync(IReadOnlyList<long> ids, CancellationToken cancellationToken = default)
    {
        await BeforeAsync("acknowledge", cancellationToken);
        await stage.AcknowledgeAsync(inner, ids, cancellationToken);
    }

    public async Task PutRecoveryCopyAsync(ReadOnlyMemory<byte> recoveryCopy, CancellationToken cancellationToken = default)
    {
        await BeforeAsync("put copy", cancellationToken);
        await inner.PutRecoveryCopyAsync(recoveryCopy, cancellationToken);
    }

    public async Task<byte[]?> GetRecoveryCopyAsync(CancellationToken cancellationToken = default)
    {
        await BeforeAsync("get copy", cancellationToken);
        return await inner.GetRecoveryCopyAsync(cancellationToken);
    }

    public async Task PutLinkAnswerAsync(
        ReadOnlyMemory<byte> requestId, ReadOnlyMemory<byte> answer, CancellationToken cancellationToken = default)
    {
        await BeforeAsync("put answer", cancellationToken);
        await inner.PutLinkAnswerAsync(requestId, answer, cancellationToken);
    }

    public async Task<byte[]?> GetLinkAnswerAsync(
        ReadOnlyMemory<byte> requestId, TimeSpan wait, CancellationToken cancellationToken = default)
    {
        await BeforeAsync("get answer", cancellationToken);
        if (stage.OnNoAnswer is not { } tell)
        {
            return await inner.GetLinkAnswerAsync(requestId, wait, cancellationToken);
        }

        byte[]? answer = await inner.GetLinkAnswerAsync(requestId, TimeSpan.Zero, cancellationToken);
        if (answer is null)
        {
            tell();
        }

        return answer;
    }

    public async Task<int> PublishKeyPackagesAsync(
        IReadOnlyList<ReadOnlyMemory<byte>> keyPackages, ReadOnlyMemory<byte> lastResort, CancellationToken cancellationToken = default)
    {
        await BeforeAsync("publish key packages", cancellationToken);
        return await inner.PublishKeyPackagesAsync(keyPackages, lastResort, cancellationToken);
    }

    public async Task<ClaimedBundles> ClaimKeyPackagesAsync(string userId, CancellationToken cancellationToken = default)
    {
        await BeforeAsync("claim key packages", cancellationToken);
        ClaimedBundles claimed = await inner.ClaimKeyPackagesAsync(userId, cancellationToken);
        return stage.ShownKeyPackages(Caller, userId, claimed with { DeviceList = Shown(userId, claimed.DeviceList.ToArray()) });
    }

    public async Task<int> OfferCommitAsync(GroupCommit commit, CancellationToken cancellationToken = default)
    {
        await BeforeAsync("offer", cancellationToken);
        int place = await inner.OfferCommitAsync(commit, cancellationToken);
        await BeforeAsync("offered", cancellationToken);
        return place;
    }

    public async Task<IReadOnlyList<GroupCandidate>> GetCandidatesAsync(
        ReadOnlyMemory<byte> groupId, ulong fromEpoch, int fromPlace, int max, CancellationToken cancellationToken = default)
    {
        await BeforeAsync("candidates", cancellationToken);
        return stage.ShownCandidates(
            Caller, fromEpoch, fromPlace, await inner.GetCandidatesAsync(groupId, fromEpoch, stage.AskedPlace(Caller, fromEpoch, fromPlace), max, cancellationToken));
    }

    public async Task<byte[]?> GetGroupInfoAsync(ReadOnlyMemory<byte> groupId, CancellationToken cancellationToken = default)
    {
        await BeforeAsync("group info", cancellationToken);
        return stage.ShownInfo(Caller, await inner.GetGroupInfoAsync(groupId, cancellationToken));
    }

    public async Task<byte[]?> GetTreeAsync(ReadOnlyMemory<byte> hash, CancellationToken cancellationToken = default)
    {
        await BeforeAsync("tree", cancellationToken);
        return stage.ShownTree(Caller, await inner.GetTreeAsync(hash, cancellationToken));
    }

    public async Task SendToGroupAsync(GroupMessage message, CancellationToken cancellationToken = default)
    {
        await BeforeAsync("send to group", cancellationToken);
        stage.Told(Caller, message);
        await inner.SendToGroupAsync(message, cancellationToken);
        await BeforeAsync("sent to group", cancellationToken);
    }

    public async Task SubscribeAsync(ReadOnlyMemory<byte> groupId, bool isSubscribed, CancellationToken cancellationToken = default)
    {
        await BeforeAsync("subscribe", cancellationToken);
        await inner.SubscribeAsync(groupId, isSubscribed, cancellationToken);
    }

    private Task BeforeAsync(string call, CancellationToken cancellationToken) =>
        stage.Before(Caller, call).WaitAsync(cancellationToken);

    private byte[]? Shown(string userId, byte[]? list) =>
        stage.ShownList(Caller, userId, list is null ? null : DeviceList.Decode(list))?.Encode();
}
