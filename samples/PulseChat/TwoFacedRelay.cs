using PulseMeet.E2E.Identity;
using PulseMeet.E2E.Relay;

namespace PulseChatSample;

/// <summary>What a relay needs to show two halves of a chat different changes: it lets two members change the chat at once, and keeps the first
/// of the two changes from one half.</summary>
internal sealed class TwoFaces
{
    private readonly TaskCompletionSource _first = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _both = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly HashSet<DeviceAddress> _deceived = [];
    private readonly HashSet<DeviceAddress> _awaited = [];
    private ulong? _epoch;
    private int _offers;

    /// <summary>How many changes of any kind the relay has been offered.</summary>
    public int Offers => Volatile.Read(ref _offers);

    /// <summary>Completes when the first of the two changes is with the relay.</summary>
    public Task First => _first.Task;

    /// <summary>From the next change of these two devices on, some devices do not see the first.</summary>
    public void Begin(DeviceAddress one, DeviceAddress other, IEnumerable<DeviceAddress> deceived)
    {
        _deceived.UnionWith(deceived);
        _awaited.UnionWith([one, other]);
    }

    /// <summary>Holds the answer to an offer until both are there.</summary>
    public async Task OfferedAsync(DeviceAddress sender, ulong epoch)
    {
        Interlocked.Increment(ref _offers);
        if (!_awaited.Remove(sender))
        {
            return;
        }

        _epoch ??= epoch;
        _first.TrySetResult();
        if (_awaited.Count == 0)
        {
            _both.SetResult();
        }

        await _both.Task;
    }

    public bool IsHiding(DeviceAddress caller, ulong epoch) => epoch == _epoch && _deceived.Contains(caller);
}

/// <summary>A relay that passes everything on, and has two faces when it is told to.</summary>
internal sealed class TwoFacedRelay(IE2ERelay inner, TwoFaces faces) : IE2ERelay
{
    public DeviceAddress Caller => inner.Caller;

    public async Task<int> OfferCommitAsync(GroupCommit commit, CancellationToken cancellationToken = default)
    {
        int place = await inner.OfferCommitAsync(commit, cancellationToken);
        await faces.OfferedAsync(Caller, commit.Epoch);
        return place;
    }

    public async Task<IReadOnlyList<GroupCandidate>> GetCandidatesAsync(
        ReadOnlyMemory<byte> groupId, ulong fromEpoch, int fromPlace, int max, CancellationToken cancellationToken = default)
    {
        int skipped = faces.IsHiding(Caller, fromEpoch) ? 1 : 0;
        IReadOnlyList<GroupCandidate> candidates =
            await inner.GetCandidatesAsync(groupId, fromEpoch, fromPlace + skipped, max, cancellationToken);
        return
        [
            .. candidates.Where(candidate => !faces.IsHiding(Caller, candidate.Epoch) || candidate.Place > 0)
                .Select(candidate => faces.IsHiding(Caller, candidate.Epoch) ? candidate with { Place = candidate.Place - 1 } : candidate),
        ];
    }

    public Task<int> PublishPreKeysAsync(ReadOnlyMemory<byte> publication, CancellationToken cancellationToken = default) =>
        inner.PublishPreKeysAsync(publication, cancellationToken);

    public Task<PreKeyStatus> GetPreKeyStatusAsync(CancellationToken cancellationToken = default) => inner.GetPreKeyStatusAsync(cancellationToken);

    public Task PublishDeviceListAsync(ReadOnlyMemory<byte> deviceList, CancellationToken cancellationToken = default) =>
        inner.PublishDeviceListAsync(deviceList, cancellationToken);

    public Task<byte[]?> GetDeviceListAsync(string userId, CancellationToken cancellationToken = default) =>
        inner.GetDeviceListAsync(userId, cancellationToken);

    public Task<ClaimedBundles> ClaimBundlesAsync(
        string userId, IReadOnlyCollection<string> except, CancellationToken cancellationToken = default) =>
        inner.ClaimBundlesAsync(userId, except, cancellationToken);

    public Task<int> PublishKeyPackagesAsync(
        IReadOnlyList<ReadOnlyMemory<byte>> keyPackages, ReadOnlyMemory<byte> lastResort, CancellationToken cancellationToken = default) =>
        inner.PublishKeyPackagesAsync(keyPackages, lastResort, cancellationToken);

    public Task<ClaimedBundles> ClaimKeyPackagesAsync(string userId, CancellationToken cancellationToken = default) =>
        inner.ClaimKeyPackagesAsync(userId, cancellationToken);

    public Task<IReadOnlyList<DeliveryOutcome>> DeliverAsync(
        IReadOnlyList<OutgoingEnvelope> envelopes, CancellationToken cancellationToken = default) =>
        inner.DeliverAsync(envelopes, cancellationToken);

    public Task SignalAsync(OutgoingEnvelope envelope, CancellationToken cancellationToken = default) =>
        inner.SignalAsync(envelope, cancellationToken);

    public Task<MailboxPage> ReceiveAsync(MailboxRequest request, CancellationToken cancellationToken = default) =>
        inner.ReceiveAsync(request, cancellationToken);

    public Task AcknowledgeAsync(IReadOnlyList<long> ids, CancellationToken cancellationToken = default) =>
        inner.AcknowledgeAsync(ids, cancellationToken);

    public Task<byte[]?> GetGroupInfoAsync(ReadOnlyMemory<byte> groupId, CancellationToken cancellationToken = default) =>
        inner.GetGroupInfoAsync(groupId, cancellationToken);

    public Task<byte[]?> GetTreeAsync(ReadOnlyMemory<byte> hash, CancellationToken cancellationToken = default) =>
        inner.GetTreeAsync(hash, cancellationToken);

    public Task SendToGroupAsync(GroupMessage message, CancellationToken cancellationToken = default) =>
        inner.SendToGroupAsync(message, cancellationToken);

    public Task SubscribeAsync(ReadOnlyMemory<byte> groupId, bool isSubscribed, CancellationToken cancellationToken = default) =>
        inner.SubscribeAsync(groupId, isSubscribed, cancellationToken);

    public Task PutRecoveryCopyAsync(ReadOnlyMemory<byte> recoveryCopy, CancellationToken cancellationToken = default) =>
        inner.PutRecoveryCopyAsync(recoveryCopy, cancellationToken);

    public Task<byte[]?> GetRecoveryCopyAsync(CancellationToken cancellationToken = default) => inner.GetRecoveryCopyAsync(cancellationToken);

    public Task PutLinkAnswerAsync(
        ReadOnlyMemory<byte> requestId, ReadOnlyMemory<byte> answer, CancellationToken cancellationToken = default) =>
        inner.PutLinkAnswerAsync(requestId, answer, cancellationToken);

    public Task<byte[]?> GetLinkAnswerAsync(
        ReadOnlyMemory<byte> requestId, TimeSpan wait, CancellationToken cancellationToken = default) =>
        inner.GetLinkAnswerAsync(requestId, wait, cancellationToken);
}
