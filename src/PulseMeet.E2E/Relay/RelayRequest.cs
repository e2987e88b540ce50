using PulseMeet.E2E.Identity;
using System.Runtime.CompilerServices;

namespace PulseMeet.E2E.Relay;

/// <summary>The checks of a request that every relay and every relay's client makes: a caller's mistakes
/// (<see cref="ArgumentException"/>), and the bounds of <see cref="RelayLimits"/> (<see cref="E2EException"/>).</summary>
/// <remarks>docs/protocol-relay.md, "Bounds".</remarks>
internal static class RelayRequest
{
    /// <summary>Length of an envelope's, commit's, message's, linking request's or media file's id, in bytes.</summary>
    public const int IdSize = 16;

    /// <summary>Length of a tree's hash, in bytes.</summary>
    public const int HashSize = 32;

    /// <summary>The longest group id, in bytes.</summary>
    public const int MaxGroupIdSize = 64;

    /// <summary>The most items of one page, and the most ids that a request for one leaves out.</summary>
    public const int MaxPage = 1000;

    public static void IsId(ReadOnlyMemory<byte> id, [CallerArgumentExpression(nameof(id))] string? name = null) =>
        Argument.HasLength(id.Span, IdSize, name);

    public static void IsUser(string userId) => Argument.IsText(userId, DeviceAddress.MaxIdSize);

    public static void IsGroup(ReadOnlyMemory<byte> groupId)
    {
        if (groupId.Length is < 1 or > MaxGroupIdSize)
        {
            throw new ArgumentException($"A group id has 1 to {MaxGroupIdSize} bytes.", nameof(groupId));
        }
    }

    public static void IsWait(TimeSpan wait, [CallerArgumentExpression(nameof(wait))] string? name = null)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(wait, TimeSpan.Zero, name);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(wait, RelayLimits.MaxWait, name);
    }

    public static void IsPage(int max, [CallerArgumentExpression(nameof(max))] string? name = null)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(max, 1, name);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(max, MaxPage, name);
    }

    public static void IsMailboxRequest(MailboxRequest request)
    {
        ArgumentNullException.ThrowIfNull(request);
        IsPage(request.Max, nameof(request));
        IsWait(request.Wait, nameof(request));
        ArgumentOutOfRangeException.ThrowIfNegative(request.StoreRevision, nameof(request));
        ArgumentNullException.ThrowIfNull(request.ExceptIds, nameof(request));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(request.ExceptIds.Count, MaxPage, nameof(request));
    }

    public static void AreEnvelopes(IReadOnlyList<OutgoingEnvelope> envelopes)
    {
        ArgumentNullException.ThrowIfNull(envelopes);
        foreach (OutgoingEnvelope envelope in envelopes)
        {
            IsEnvelope(envelope);
        }
    }

    public static void IsEnvelope(OutgoingEnvelope envelope)
    {
        ArgumentNullException.ThrowIfNull(envelope);
        ArgumentNullException.ThrowIfNull(envelope.Recipient, nameof(envelope));
        IsId(envelope.Id, nameof(envelope));
    }

    public static void IsCommit(GroupCommit commit)
    {
        ArgumentNullException.ThrowIfNull(commit);
        IsGroup(commit.GroupId);
        IsId(commit.Id, nameof(commit));
        AreEnvelopes(commit.Welcomes);
        ArgumentNullException.ThrowIfNull(commit.Removed, nameof(commit));
        foreach (DeviceAddress removed in commit.Removed)
        {
            ArgumentNullException.ThrowIfNull(removed, nameof(commit));
        }
    }

    public static void IsMessage(GroupMessage message)
    {
        ArgumentNullException.ThrowIfNull(message);
        IsGroup(message.GroupId);
        IsId(message.Id, nameof(message));
    }

    /// <exception cref="E2EException">More than <paramref name="max"/> (<see cref="E2EError.LimitExceeded"/>).</exception>
    public static void IsWithin(long size, long max)
    {
        if (size > max)
        {
            throw new E2EException(E2EError.LimitExceeded, "A relay's bound.");
        }
    }

    /// <exception cref="E2EException">An envelope, their number or all together are over their bound
    /// (<see cref="E2EError.LimitExceeded"/>).</exception>
    public static void AreWithin(IReadOnlyList<OutgoingEnvelope> envelopes, long besides = 0)
    {
        IsWithin(envelopes.Count, RelayLimits.MaxRequestItems);
        long total = besides;
        foreach (OutgoingEnvelope envelope in envelopes)
        {
            IsWithin(envelope.Content.Length, RelayLimits.MaxEnvelopeSize);
            total += envelope.Content.Length;
        }

        IsWithin(total, RelayLimits.MaxRequestSize);
    }

    /// <exception cref="E2EException">The commit, a Welcome or all together are over their bound
    /// (<see cref="E2EError.LimitExceeded"/>).</exception>
    public static void IsWithin(GroupCommit commit)
    {
        IsWithin(commit.Commit.Length, RelayLimits.MaxEnvelopeSize);
        IsWithin(commit.Removed.Count, RelayLimits.MaxRequestItems);
        AreWithin(commit.Welcomes, (long)commit.Commit.Length + commit.GroupInfo.Length + commit.Tree.Length);
    }
}
