using PulseMeet.E2E.Identity;

namespace PulseMeet.E2E.Relay;

/// <summary>A commit that is offered for an epoch, with all that goes up with it.</summary>
/// <param name="GroupId">1 to 64 bytes.</param>
/// <param name="Epoch">The epoch that the commit ends.</param>
/// <param name="Id">16 random bytes; the same for every attempt to offer it.</param>
/// <param name="Commit">The encoded commit; empty only in the offer that creates a group with one member.</param>
/// <param name="Welcomes">A Welcome for each device that is added; those devices go onto the delivery list.</param>
/// <param name="Removed">Devices that the commit removes; they get nothing of later epochs where this is the epoch's first
/// candidate.</param>
/// <param name="GroupInfo">The group info of the epoch that begins, or empty where the group takes no external commits.</param>
/// <param name="Tree">The ratchet tree of the epoch that begins, fetched by the SHA-256 of these bytes.</param>
public sealed record GroupCommit(
    ReadOnlyMemory<byte> GroupId,
    ulong Epoch,
    ReadOnlyMemory<byte> Id,
    ReadOnlyMemory<byte> Commit,
    IReadOnlyList<OutgoingEnvelope> Welcomes,
    IReadOnlyList<DeviceAddress> Removed,
    ReadOnlyMemory<byte> GroupInfo,
    ReadOnlyMemory<byte> Tree);

/// <summary>A commit that somebody offered.</summary>
/// <param name="Epoch">The epoch that it would end.</param>
/// <param name="Place">Its place among the candidates of that epoch, from 0.</param>
/// <param name="Sender">Who offered it, as the relay says.</param>
/// <param name="Commit">The encoded commit.</param>
public sealed record GroupCandidate(ulong Epoch, int Place, DeviceAddress Sender, ReadOnlyMemory<byte> Commit);

/// <summary>A sealed message of a group.</summary>
/// <param name="GroupId">1 to 64 bytes.</param>
/// <param name="Epoch">The epoch that it is sealed in.</param>
/// <param name="Id">16 random bytes; the same for every attempt to send it.</param>
/// <param name="Content">The encoded MLS message; at most <see cref="RelayLimits.MaxEnvelopeSize"/> bytes.</param>
public sealed record GroupMessage(
    ReadOnlyMemory<byte> GroupId, ulong Epoch, ReadOnlyMemory<byte> Id, ReadOnlyMemory<byte> Content);
