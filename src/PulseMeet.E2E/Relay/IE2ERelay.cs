using PulseMeet.E2E.Identity;

namespace PulseMeet.E2E.Relay;

/// <summary>The server as one device sees it: it keeps public keys and sealed bytes, and passes them on.</summary>
/// <remarks>
/// Nothing that it says is believed: what it hands out is verified, what it forwards is sealed. Each object speaks for one
/// device (<see cref="Caller"/>); the server authenticates that, and lets nobody publish, claim or read for another.
/// Every call is safe to repeat after a lost answer. Implementations are thread-safe. Bounds are in
/// <see cref="RelayLimits"/>; docs/protocol-relay.md has the rules. Every method throws
/// <see cref="E2EException"/> with <see cref="E2EError.RelayUnavailable"/> where the relay cannot be reached, and with
/// <see cref="E2EError.LimitExceeded"/> where a bound or a rate is passed.
/// </remarks>
public interface IE2ERelay
{
    /// <summary>The device that this object speaks for.</summary>
    DeviceAddress Caller { get; }

    /// <summary>Publishes this device's certificate and prekeys. An older publication never replaces a newer one (by the
    /// id of the signed pair, which drops the one-time pairs of earlier ones); one-time pairs of its generation are added, each id
    /// once.</summary>
    /// <param name="publication">An encoded <c>PreKeyPublication</c>.</param>
    /// <param name="cancellationToken">Stops waiting; stored whole or not at all.</param>
    /// <returns>The number of one-time pairs that are left.</returns>
    Task<int> PublishPreKeysAsync(ReadOnlyMemory<byte> publication, CancellationToken cancellationToken = default);

    /// <summary>The number of this device's one-time pairs that are left, and the hash of what is published now.</summary>
    /// <param name="cancellationToken">Stops waiting.</param>
    Task<PreKeyStatus> GetPreKeyStatusAsync(CancellationToken cancellationToken = default);

    /// <summary>Publishes the account's signed device list; its number only rises. The same list again is no error.</summary>
    /// <param name="deviceList">An encoded <c>DeviceList</c>.</param>
    /// <param name="cancellationToken">Stops waiting; stored or not.</param>
    /// <exception cref="E2EException">A newer one is there (<see cref="E2EError.OutdatedDeviceList"/>).</exception>
    Task PublishDeviceListAsync(ReadOnlyMemory<byte> deviceList, CancellationToken cancellationToken = default);

    /// <summary>The newest device list of a user; null where none is known.</summary>
    /// <param name="userId">1 to 64 bytes in UTF-8.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    Task<byte[]?> GetDeviceListAsync(string userId, CancellationToken cancellationToken = default);

    /// <summary>The newest device list of a user with a bundle for each of its devices but the excluded ones. Each one-time
    /// pair is handed out once, ever; a device without any left gives a bundle without.</summary>
    /// <param name="userId">1 to 64 bytes in UTF-8.</param>
    /// <param name="except">Device ids that need no bundle.</param>
    /// <param name="cancellationToken">Stops waiting; a claimed pair may then be lost.</param>
    /// <exception cref="E2EException">The user is not known (<see cref="E2EError.UnknownDevice"/>).</exception>
    Task<ClaimedBundles> ClaimBundlesAsync(
        string userId, IReadOnlyCollection<string> except, CancellationToken cancellationToken = default);

    /// <summary>Adds MLS key packages of this device; the last-resort one replaces the earlier one.</summary>
    /// <param name="keyPackages">Encoded key packages, used once each.</param>
    /// <param name="lastResort">An encoded last-resort key package, or empty to keep the one that is there.</param>
    /// <param name="cancellationToken">Stops waiting; stored whole or not at all.</param>
    /// <returns>The number of key packages that are left, the last-resort one not counted.</returns>
    Task<int> PublishKeyPackagesAsync(
        IReadOnlyList<ReadOnlyMemory<byte>> keyPackages,
        ReadOnlyMemory<byte> lastResort,
        CancellationToken cancellationToken = default);

    /// <summary>The newest device list of a user with one key package for each device that has one.</summary>
    /// <param name="userId">1 to 64 bytes in UTF-8.</param>
    /// <param name="cancellationToken">Stops waiting; a claimed package may then be lost.</param>
    /// <exception cref="E2EException">The user is not known (<see cref="E2EError.UnknownDevice"/>).</exception>
    Task<ClaimedBundles> ClaimKeyPackagesAsync(string userId, CancellationToken cancellationToken = default);

    /// <summary>Puts sealed envelopes into mailboxes. Delivering an id again to the same device puts nothing twice.</summary>
    /// <param name="envelopes">What goes to whom; together at most <see cref="RelayLimits.MaxRequestSize"/> bytes.</param>
    /// <param name="cancellationToken">Stops waiting; some may have been taken.</param>
    /// <returns>One outcome for each envelope, in their order. Accepted ones are durable.</returns>
    Task<IReadOnlyList<DeliveryOutcome>> DeliverAsync(
        IReadOnlyList<OutgoingEnvelope> envelopes, CancellationToken cancellationToken = default);

    /// <summary>Passes a signal (typing) to the devices that are waiting now; stored nowhere, lost without a word.</summary>
    /// <param name="envelope">What goes to whom; at most <see cref="RelayLimits.MaxSignalSize"/> bytes.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    Task SignalAsync(OutgoingEnvelope envelope, CancellationToken cancellationToken = default);

    /// <summary>What is in this device's mailbox and not acknowledged, in order of arrival, the oldest first.</summary>
    /// <param name="request">How many, how long to wait, and this store's revision.</param>
    /// <param name="cancellationToken">Stops waiting; nothing is lost.</param>
    Task<MailboxPage> ReceiveAsync(MailboxRequest request, CancellationToken cancellationToken = default);

    /// <summary>Removes envelopes from this device's mailbox, by id; unknown ids are passed over.</summary>
    /// <param name="ids">The relay's ids of <see cref="MailboxItem"/>.</param>
    /// <param name="cancellationToken">Stops waiting; some may be gone.</param>
    Task AcknowledgeAsync(IReadOnlyList<long> ids, CancellationToken cancellationToken = default);

    /// <summary>Offers a commit for a group's epoch, with its Welcomes, group info and tree, in one step. The first offer of
    /// a new group creates it. Candidates of an epoch keep the order in which they came; the relay cannot judge them.</summary>
    /// <param name="commit">The commit and what belongs to it.</param>
    /// <param name="cancellationToken">Stops waiting; taken whole or not at all.</param>
    /// <returns>The commit's place among the candidates of its epoch, from 0.</returns>
    /// <exception cref="E2EException">The caller is not on the group's delivery list, and the group takes no external
    /// commit (<see cref="E2EError.NotAllowed"/>).</exception>
    Task<int> OfferCommitAsync(GroupCommit commit, CancellationToken cancellationToken = default);

    /// <summary>The candidates of a group's epochs, in order of epoch and place.</summary>
    /// <param name="groupId">The group's id: 1 to 64 bytes.</param>
    /// <param name="fromEpoch">The first epoch that is wanted.</param>
    /// <param name="fromPlace">The first place of that epoch that is wanted, from 0.</param>
    /// <param name="max">The most candidates, 1 to 1,000; the next call begins behind the last one's place.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    Task<IReadOnlyList<GroupCandidate>> GetCandidatesAsync(
        ReadOnlyMemory<byte> groupId, ulong fromEpoch, int fromPlace, int max, CancellationToken cancellationToken = default);

    /// <summary>The group info that came last with an offer; null where none is there or the caller may not see it.</summary>
    /// <param name="groupId">The group's id.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    Task<byte[]?> GetGroupInfoAsync(ReadOnlyMemory<byte> groupId, CancellationToken cancellationToken = default);

    /// <summary>A ratchet tree, by the SHA-256 of its encoding; null where it is not there.</summary>
    /// <param name="hash">32 bytes. The caller compares it with what came.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    Task<byte[]?> GetTreeAsync(ReadOnlyMemory<byte> hash, CancellationToken cancellationToken = default);

    /// <summary>Sends a group's message or proposal to all on the delivery list but the sender. The same id again puts
    /// nothing twice.</summary>
    /// <param name="message">The sealed message.</param>
    /// <param name="cancellationToken">Stops waiting; taken whole or not at all.</param>
    /// <exception cref="E2EException">The caller is not on the delivery list (<see cref="E2EError.NotAllowed"/>).</exception>
    Task SendToGroupAsync(GroupMessage message, CancellationToken cancellationToken = default);

    /// <summary>Takes this device off a group's delivery list, or puts it on again if it was there before.</summary>
    /// <param name="groupId">The group's id.</param>
    /// <param name="isSubscribed">Whether messages of the group are wanted.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    Task SubscribeAsync(ReadOnlyMemory<byte> groupId, bool isSubscribed, CancellationToken cancellationToken = default);

    /// <summary>Keeps the sealed copy of the account key for recovery; replaces the earlier one.</summary>
    /// <param name="recoveryCopy">At most <see cref="RelayLimits.MaxRecoveryCopySize"/> bytes, sealed under the recovery
    /// key.</param>
    /// <param name="cancellationToken">Stops waiting; stored or not.</param>
    Task PutRecoveryCopyAsync(ReadOnlyMemory<byte> recoveryCopy, CancellationToken cancellationToken = default);

    /// <summary>The caller's account's sealed recovery copy; null where there is none.</summary>
    /// <param name="cancellationToken">Stops waiting.</param>
    Task<byte[]?> GetRecoveryCopyAsync(CancellationToken cancellationToken = default);

    /// <summary>Leaves an answer to a linking request for another device of the same user.</summary>
    /// <param name="requestId">The request's id: 16 bytes.</param>
    /// <param name="answer">Sealed; at most <see cref="RelayLimits.MaxLinkAnswerSize"/> bytes. The first answer stays.</param>
    /// <param name="cancellationToken">Stops waiting; stored or not.</param>
    Task PutLinkAnswerAsync(
        ReadOnlyMemory<byte> requestId, ReadOnlyMemory<byte> answer, CancellationToken cancellationToken = default);

    /// <summary>Waits for the answer to a linking request of the caller's user; null where none came in time.</summary>
    /// <param name="requestId">The request's id: 16 bytes.</param>
    /// <param name="wait">At most this long; 0 to 60 seconds.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    Task<byte[]?> GetLinkAnswerAsync(
        ReadOnlyMemory<byte> requestId, TimeSpan wait, CancellationToken cancellationToken = default);
}
