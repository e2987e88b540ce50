using PulseMeet.E2E.Identity;
using PulseMeet.E2E.Relay;

namespace PulseMeet.E2E.Testing;

/// <summary>A relay that loses, doubles, delays, reorders, repeats, forgets and lies, by a seed: what every real one may do,
/// and what a device has to stand. In front of any <see cref="IE2ERelay"/>.</summary>
/// <remarks>Thread-safe. Refusals of the relay behind it, and a caller's mistakes, come through as they are.</remarks>
public sealed class UnreliableRelay : IE2ERelay
{
    private readonly IE2ERelay _inner;
    private readonly Misfortune _misfortune;
    private readonly MailboxLies _mailbox;
    private readonly DirectoryLies _directory;

    /// <param name="inner">The relay behind it.</param>
    /// <param name="faults">What goes wrong how often.</param>
    /// <param name="seed">Which course it takes.</param>
    public UnreliableRelay(IE2ERelay inner, RelayFaults faults, ulong seed)
        : this(inner, new Misfortune(faults, seed))
    {
    }

    internal UnreliableRelay(IE2ERelay inner, Misfortune misfortune)
    {
        ArgumentNullException.ThrowIfNull(inner);
        _inner = inner;
        _misfortune = misfortune;
        _mailbox = new(inner, misfortune);
        _directory = new(misfortune);
    }

    /// <summary>Whether faults are over.</summary>
    public bool IsHonest
    {
        get => _misfortune.IsHonest;
        set => _misfortune.IsHonest = value;
    }

    /// <summary>How many faults there were.</summary>
    public int Faults => _misfortune.Count;

    /// <inheritdoc/>
    public DeviceAddress Caller => _inner.Caller;

    /// <inheritdoc/>
    public Task<int> PublishPreKeysAsync(ReadOnlyMemory<byte> publication, CancellationToken cancellationToken = default) =>
        KeptAsync(() => _inner.PublishPreKeysAsync(publication, cancellationToken), 100);

    /// <inheritdoc/>
    public async Task<PreKeyStatus> GetPreKeyStatusAsync(CancellationToken cancellationToken = default) => _directory.Status(
        await _misfortune.CallAsync(() => _inner.GetPreKeyStatusAsync(cancellationToken)).ConfigureAwait(false));

    /// <inheritdoc/>
    public Task PublishDeviceListAsync(ReadOnlyMemory<byte> deviceList, CancellationToken cancellationToken = default) =>
        KeptAsync(() => _inner.PublishDeviceListAsync(deviceList, cancellationToken));

    /// <inheritdoc/>
    public async Task<byte[]?> GetDeviceListAsync(string userId, CancellationToken cancellationToken = default) => _directory.List(
        userId, await _misfortune.CallAsync(() => _inner.GetDeviceListAsync(userId, cancellationToken)).ConfigureAwait(false));

    /// <inheritdoc/>
    public async Task<ClaimedBundles> ClaimBundlesAsync(
        string userId, IReadOnlyCollection<string> except, CancellationToken cancellationToken = default) => _directory.Claim(
        userId, await _misfortune.CallAsync(() => _inner.ClaimBundlesAsync(userId, except, cancellationToken)).ConfigureAwait(false));

    /// <inheritdoc/>
    public Task<int> PublishKeyPackagesAsync(
        IReadOnlyList<ReadOnlyMemory<byte>> keyPackages,
        ReadOnlyMemory<byte> lastResort,
        CancellationToken cancellationToken = default) =>
        KeptAsync(() => _inner.PublishKeyPackagesAsync(keyPackages, lastResort, cancellationToken), 100);

    /// <inheritdoc/>
    public async Task<ClaimedBundles> ClaimKeyPackagesAsync(string userId, CancellationToken cancellationToken = default) => _directory.Claim(
        userId, await _misfortune.CallAsync(() => _inner.ClaimKeyPackagesAsync(userId, cancellationToken)).ConfigureAwait(false));

    /// <inheritdoc/>
    public Task<IReadOnlyList<DeliveryOutcome>> DeliverAsync(
        IReadOnlyList<OutgoingEnvelope> envelopes, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(envelopes);
        return _misfortune.CallAsync(() => _mailbox.DeliverAsync(envelopes, cancellationToken));
    }

    /// <inheritdoc/>
    public Task SignalAsync(OutgoingEnvelope envelope, CancellationToken cancellationToken = default) =>
        KeptAsync(() => _inner.SignalAsync(envelope, cancellationToken));

    /// <inheritdoc/>
    public Task<MailboxPage> ReceiveAsync(MailboxRequest request, CancellationToken cancellationToken = default) =>
        _misfortune.CallAsync(() => _mailbox.ReceiveAsync(request, cancellationToken));

    /// <inheritdoc/>
    public Task AcknowledgeAsync(IReadOnlyList<long> ids, CancellationToken cancellationToken = default) =>
        KeptAsync(() => _inner.AcknowledgeAsync(ids, cancellationToken));

    /// <inheritdoc/>
    public Task<int> OfferCommitAsync(GroupCommit commit, CancellationToken cancellationToken = default) =>
        KeptAsync(() => _inner.OfferCommitAsync(commit, cancellationToken), 0);

    /// <inheritdoc/>
    public async Task<IReadOnlyList<GroupCandidate>> GetCandidatesAsync(
        ReadOnlyMemory<byte> groupId, ulong fromEpoch, int fromPlace, int max, CancellationToken cancellationToken = default) =>
        _mailbox.Candidates(await _misfortune.CallAsync(
            () => _inner.GetCandidatesAsync(groupId, fromEpoch, fromPlace, max, cancellationToken)).ConfigureAwait(false));

    /// <inheritdoc/>
    public Task<byte[]?> GetGroupInfoAsync(ReadOnlyMemory<byte> groupId, CancellationToken cancellationToken = default) =>
        FetchedAsync(() => _inner.GetGroupInfoAsync(groupId, cancellationToken));

    /// <inheritdoc/>
    public Task<byte[]?> GetTreeAsync(ReadOnlyMemory<byte> hash, CancellationToken cancellationToken = default) =>
        FetchedAsync(() => _inner.GetTreeAsync(hash, cancellationToken));

    /// <inheritdoc/>
    public Task SendToGroupAsync(GroupMessage message, CancellationToken cancellationToken = default) =>
        KeptAsync(() => _inner.SendToGroupAsync(message, cancellationToken));

    /// <inheritdoc/>
    public Task SubscribeAsync(ReadOnlyMemory<byte> groupId, bool isSubscribed, CancellationToken cancellationToken = default) =>
        KeptAsync(() => _inner.SubscribeAsync(groupId, isSubscribed, cancellationToken));

    /// <inheritdoc/>
    public Task PutRecoveryCopyAsync(ReadOnlyMemory<byte> recoveryCopy, CancellationToken cancellationToken = default) =>
        KeptAsync(() => _inner.PutRecoveryCopyAsync(recoveryCopy, cancellationToken));

    /// <inheritdoc/>
    public Task<byte[]?> GetRecoveryCopyAsync(CancellationToken cancellationToken = default) =>
        FetchedAsync(() => _inner.GetRecoveryCopyAsync(cancellationToken));

    /// <inheritdoc/>
    public Task PutLinkAnswerAsync(
        ReadOnlyMemory<byte> requestId, ReadOnlyMemory<byte> answer, CancellationToken cancellationToken = default) =>
        KeptAsync(() => _inner.PutLinkAnswerAsync(requestId, answer, cancellationToken));

    /// <inheritdoc/>
    public Task<byte[]?> GetLinkAnswerAsync(
        ReadOnlyMemory<byte> requestId, TimeSpan wait, CancellationToken cancellationToken = default) =>
        FetchedAsync(() => _inner.GetLinkAnswerAsync(requestId, wait, cancellationToken));

    /// <summary>A call whose effect may be forgotten: the answer is then as if it had been kept.</summary>
    private Task<T> KeptAsync<T>(Func<Task<T>> call, T pretended) =>
        _misfortune.CallAsync(() => _misfortune.Strikes(faults => faults.Forgotten) ? Task.FromResult(pretended) : call());

    private Task KeptAsync(Func<Task> call) =>
        _misfortune.CallAsync(() => _misfortune.Strikes(faults => faults.Forgotten) ? Task.CompletedTask : call());

    /// <summary>Bytes that may be changed, or not be there.</summary>
    private async Task<byte[]?> FetchedAsync(Func<Task<byte[]?>> call)
    {
        byte[]? bytes = await _misfortune.CallAsync(call).ConfigureAwait(false);
        return bytes is null || _misfortune.Strikes(faults => faults.Forgotten) ? null
            : _misfortune.Strikes(faults => faults.Lies) ? _misfortune.ChangeBit(bytes)
            : bytes;
    }
}
