using System.Diagnostics.CodeAnalysis;
using PulseMeet.E2E.Diagnostics;
using PulseMeet.E2E.Identity;
using PulseMeet.E2E.Relay;

namespace PulseMeet.E2E.Messaging;

/// <summary>The app's relay with its contract enforced: whatever it throws or gives that the contract does not know is a relay that
/// cannot be reached (<see cref="E2EError.RelayUnavailable"/>), which is tried again and ends nothing; and a call ends with its token,
/// whether or not the relay looks at it.</summary>
/// <remarks>Thread-safe where the relay is. What the relay says is believed here as little as anywhere: only its shape is looked at.</remarks>
internal sealed class CheckedRelay(IE2ERelay relay) : IE2ERelay
{
    public DeviceAddress Caller => relay.Caller;

    public Task<int> PublishPreKeysAsync(ReadOnlyMemory<byte> publication, CancellationToken cancellationToken = default) =>
        AskAsync(token => relay.PublishPreKeysAsync(publication, token), left => left >= 0, cancellationToken);

    public Task<PreKeyStatus> GetPreKeyStatusAsync(CancellationToken cancellationToken = default) => AskAsync(
        token => relay.GetPreKeyStatusAsync(token),
        status => status is { OneTimePairs: >= 0, KeyPackages: >= 0 },
        cancellationToken);

    public Task PublishDeviceListAsync(ReadOnlyMemory<byte> deviceList, CancellationToken cancellationToken = default) =>
        TellAsync(token => relay.PublishDeviceListAsync(deviceList, token), cancellationToken);

    public Task<byte[]?> GetDeviceListAsync(string userId, CancellationToken cancellationToken = default) =>
        AskAsync(token => relay.GetDeviceListAsync(userId, token), _ => true, cancellationToken);

    public Task<ClaimedBundles> ClaimBundlesAsync(
        string userId, IReadOnlyCollection<string> except, CancellationToken cancellationToken = default) =>
        AskAsync(token => relay.ClaimBundlesAsync(userId, except, token), IsWhole, cancellationToken);

    public Task<int> PublishKeyPackagesAsync(
        IReadOnlyList<ReadOnlyMemory<byte>> keyPackages, ReadOnlyMemory<byte> lastResort, CancellationToken cancellationToken = default) =>
        AskAsync(token => relay.PublishKeyPackagesAsync(keyPackages, lastResort, token), left => left >= 0, cancellationToken);

    public Task<ClaimedBundles> ClaimKeyPackagesAsync(string userId, CancellationToken cancellationToken = default) =>
        AskAsync(token => relay.ClaimKeyPackagesAsync(userId, token), IsWhole, cancellationToken);

    public Task<IReadOnlyList<DeliveryOutcome>> DeliverAsync(
        IReadOnlyList<OutgoingEnvelope> envelopes, CancellationToken cancellationToken = default) =>
        AskAsync(
            token => relay.DeliverAsync(envelopes, token),
            outcomes => outcomes is not null && outcomes.All(Enum.IsDefined),
            cancellationToken);

    public Task SignalAsync(OutgoingEnvelope envelope, CancellationToken cancellationToken = default) =>
        TellAsync(token => relay.SignalAsync(envelope, token), cancellationToken);

    public Task<MailboxPage> ReceiveAsync(MailboxRequest request, CancellationToken cancellationToken = default) => AskAsync(
        token => relay.ReceiveAsync(request, token),
        page => page?.Items is not null && page.Items.All(item => item?.Sender is not null),
        cancellationToken);

    public Task AcknowledgeAsync(IReadOnlyList<long> ids, CancellationToken cancellationToken = default) =>
        TellAsync(token => relay.AcknowledgeAsync(ids, token), cancellationToken);

    public Task<int> OfferCommitAsync(GroupCommit commit, CancellationToken cancellationToken = default) =>
        AskAsync(token => relay.OfferCommitAsync(commit, token), place => place >= 0, cancellationToken);

    public Task<IReadOnlyList<GroupCandidate>> GetCandidatesAsync(
        ReadOnlyMemory<byte> groupId, ulong fromEpoch, int fromPlace, int max, CancellationToken cancellationToken = default) =>
        AskAsync(
            token => relay.GetCandidatesAsync(groupId, fromEpoch, fromPlace, max, token),
            candidates => candidates is not null && candidates.All(candidate => candidate?.Sender is not null),
            cancellationToken);

    public Task<byte[]?> GetGroupInfoAsync(ReadOnlyMemory<byte> groupId, CancellationToken cancellationToken = default) =>
        AskAsync(token => relay.GetGroupInfoAsync(groupId, token), _ => true, cancellationToken);

    public Task<byte[]?> GetTreeAsync(ReadOnlyMemory<byte> hash, CancellationToken cancellationToken = default) =>
        AskAsync(token => relay.GetTreeAsync(hash, token), _ => true, cancellationToken);

    public Task SendToGroupAsync(GroupMessage message, CancellationToken cancellationToken = default) =>
        TellAsync(token => relay.SendToGroupAsync(message, token), cancellationToken);

    public Task SubscribeAsync(ReadOnlyMemory<byte> groupId, bool isSubscribed, CancellationToken cancellationToken = default) =>
        TellAsync(token => relay.SubscribeAsync(groupId, isSubscribed, token), cancellationToken);

    public Task PutRecoveryCopyAsync(ReadOnlyMemory<byte> recoveryCopy, CancellationToken cancellationToken = default) =>
        TellAsync(token => relay.PutRecoveryCopyAsync(recoveryCopy, token), cancellationToken);

    public Task<byte[]?> GetRecoveryCopyAsync(CancellationToken cancellationToken = default) =>
        AskAsync(token => relay.GetRecoveryCopyAsync(token), _ => true, cancellationToken);

    public Task PutLinkAnswerAsync(
        ReadOnlyMemory<byte> requestId, ReadOnlyMemory<byte> answer, CancellationToken cancellationToken = default) =>
        TellAsync(token => relay.PutLinkAnswerAsync(requestId, answer, token), cancellationToken);

    public Task<byte[]?> GetLinkAnswerAsync(
        ReadOnlyMemory<byte> requestId, TimeSpan wait, CancellationToken cancellationToken = default) =>
        AskAsync(token => relay.GetLinkAnswerAsync(requestId, wait, token), _ => true, cancellationToken);

    private static bool IsWhole(ClaimedBundles claimed) => claimed?.Bundles is not null;

    private Task<bool> TellAsync(Func<CancellationToken, Task> call, CancellationToken cancellationToken) => AskAsync(
        async token =>
        {
            await call(token).ConfigureAwait(false);
            return true;
        },
        _ => true,
        cancellationToken);

    [SuppressMessage("Design", "CA1031:Do not catch general exception types", Justification = "An app's relay may throw anything.")]
    private async Task<T> AskAsync<T>(
        Func<CancellationToken, Task<T>> call, Predicate<T> isWhole, CancellationToken cancellationToken)
    {
        // A token of its own: what the relay has registered on it may throw, and is not the business of whoever cancels.
        using var own = new CancellationTokenSource();
        using CancellationTokenRegistration cancelling = cancellationToken.UnsafeRegister(Cancel, own);
        T answer;
        bool isAnswer;
        try
        {
            await GivingWay.OnceAsync().ConfigureAwait(false);
            answer = await call(own.Token).WaitAsync(cancellationToken).ConfigureAwait(false);
            isAnswer = isWhole(answer);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            throw;
        }
        catch (E2EException exception) when (!IsOfTheStore(exception.Reason))
        {
            Telemetry.RelayFailed(this, exception.Reason);
            throw;
        }
        catch (Exception exception)
        {
            throw Unavailable("The relay failed.", exception);
        }

        if (!isAnswer)
        {
            throw Unavailable("The relay's answer is none.", null);
        }

        Telemetry.RelayAnswered(this);
        return answer;
    }

    private static void Cancel(object? source)
    {
        try
        {
            ((CancellationTokenSource)source!).Cancel();
        }
        catch (AggregateException)
        {
            // The relay's own.
        }
    }

    private E2EException Unavailable(string message, Exception? inner)
    {
        Telemetry.RelayFailed(this, E2EError.RelayUnavailable);
        return inner is null
            ? new E2EException(E2EError.RelayUnavailable, message)
            : new E2EException(E2EError.RelayUnavailable, message, inner);
    }

    /// <summary>What ends an app's loop when it comes from the store says nothing where a relay says it.</summary>
    internal static bool IsOfTheStore(E2EError reason) => reason is E2EError.StoreFailed or E2EError.StoreInUse
        or E2EError.StoreDamaged or E2EError.StoreConflict or E2EError.WrongMasterKey;
}
