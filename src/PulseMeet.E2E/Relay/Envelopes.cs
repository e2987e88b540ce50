using PulseMeet.E2E.Identity;

namespace PulseMeet.E2E.Relay;

/// <summary>Sealed bytes on their way to one device.</summary>
/// <param name="Recipient">Whose mailbox.</param>
/// <param name="Id">16 random bytes that the sender chose; the same for every attempt to deliver it.</param>
/// <param name="Content">The encoded envelope; at most <see cref="RelayLimits.MaxEnvelopeSize"/> bytes.</param>
public sealed record OutgoingEnvelope(DeviceAddress Recipient, ReadOnlyMemory<byte> Id, ReadOnlyMemory<byte> Content);

/// <summary>What became of an envelope.</summary>
public enum DeliveryOutcome
{
    /// <summary>It is durable in the mailbox, now or since an earlier attempt.</summary>
    Accepted = 1,

    /// <summary>The relay knows no such device.</summary>
    UnknownDevice = 2,

    /// <summary>The mailbox, or the sender's share of it, is full: try again later.</summary>
    MailboxFull = 3,
}

/// <summary>What a mailbox holds.</summary>
public enum MailboxItemKind
{
    /// <summary>An envelope between two devices.</summary>
    Envelope = 1,

    /// <summary>A signal: not stored, without an id to acknowledge.</summary>
    Signal = 2,

    /// <summary>A group's message or proposal.</summary>
    GroupMessage = 3,

    /// <summary>Word that a candidate was offered for a group's epoch; the content is the commit itself.</summary>
    GroupCommit = 4,

    /// <summary>A Welcome to a group.</summary>
    Welcome = 5,
}

/// <summary>One thing in a mailbox. All but the content is the relay's word.</summary>
/// <param name="Id">The relay's id, for acknowledging; 0 for a signal.</param>
/// <param name="Kind">What it is.</param>
/// <param name="Sender">Who delivered it, as the relay says.</param>
/// <param name="GroupId">The group's id; empty for envelopes and signals.</param>
/// <param name="EnvelopeId">The sender's 16 bytes.</param>
/// <param name="ArrivedAt">When it came, on the relay's clock.</param>
/// <param name="Content">The sealed bytes.</param>
public sealed record MailboxItem(
    long Id,
    MailboxItemKind Kind,
    DeviceAddress Sender,
    ReadOnlyMemory<byte> GroupId,
    ReadOnlyMemory<byte> EnvelopeId,
    DateTimeOffset ArrivedAt,
    ReadOnlyMemory<byte> Content);

/// <summary>A call for what is in the mailbox.</summary>
/// <param name="Max">The most items, 1 to 1,000.</param>
/// <param name="Wait">How long to wait where the mailbox is empty; 0 to <see cref="RelayLimits.MaxWait"/>.</param>
/// <param name="StoreRevision">The revision of the device's store; the relay remembers the highest.</param>
/// <param name="ExceptIds">Items that the device holds already and has not acknowledged yet; they are left out. At most
/// 1,000.</param>
public sealed record MailboxRequest(int Max, TimeSpan Wait, long StoreRevision, IReadOnlyCollection<long> ExceptIds);

/// <summary>What was in the mailbox.</summary>
/// <param name="Items">The oldest first; empty where nothing came in time.</param>
/// <param name="HighestStoreRevision">The highest revision of this device's store that the relay was ever told: a higher
/// one than the store has means that the store was rolled back.</param>
public sealed record MailboxPage(IReadOnlyList<MailboxItem> Items, long HighestStoreRevision);

/// <summary>What the directory holds of the caller's prekeys.</summary>
/// <param name="OneTimePairs">One-time pairs left.</param>
/// <param name="KeyPackages">Key packages left, the last-resort one not counted.</param>
/// <param name="PublicationHash">SHA-256 of the certificate and signed pair that are published now; empty where none
/// are.</param>
public sealed record PreKeyStatus(int OneTimePairs, int KeyPackages, ReadOnlyMemory<byte> PublicationHash);

/// <summary>What a claim for all devices of a user gave.</summary>
/// <param name="DeviceList">The user's newest encoded device list.</param>
/// <param name="Bundles">By device id: an encoded prekey bundle, or an encoded key package. A listed device that is missing
/// here has published none.</param>
public sealed record ClaimedBundles(ReadOnlyMemory<byte> DeviceList, IReadOnlyDictionary<string, ReadOnlyMemory<byte>> Bundles);
