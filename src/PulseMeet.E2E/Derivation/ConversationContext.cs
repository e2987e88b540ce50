namespace PulseMeet.E2E.Derivation;

/// <summary>The conversation and epoch that keys are derived for. All of it is part of every derived key.</summary>
public sealed record ConversationContext
{
    /// <summary>The longest conversation id, in bytes of UTF-8.</summary>
    public const int MaxIdSize = 255;

    /// <param name="id">The conversation's id: 1 to 255 bytes in UTF-8, compared byte by byte.</param>
    /// <param name="kind">Direct or pulse.</param>
    /// <param name="epoch">Counts the rotations, from 0.</param>
    /// <exception cref="ArgumentException">The id is empty, too long or not well-formed Unicode.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The kind is not a defined one.</exception>
    public ConversationContext(string id, ConversationKind kind = ConversationKind.Direct, ulong epoch = 0)
    {
        Argument.IsText(id, MaxIdSize);
        if (kind is not (ConversationKind.Direct or ConversationKind.Pulse))
        {
            throw new ArgumentOutOfRangeException(nameof(kind));
        }

        Id = id;
        Kind = kind;
        Epoch = epoch;
    }

    /// <summary>The conversation's id.</summary>
    public string Id { get; }

    /// <summary>Direct or pulse.</summary>
    public ConversationKind Kind { get; }

    /// <summary>Counts the rotations, from 0.</summary>
    public ulong Epoch { get; }

    /// <summary>The same conversation one rotation later: its keys are unrelated to this epoch's.</summary>
    /// <exception cref="OverflowException">This is the last epoch, 2^64 - 1.</exception>
    public ConversationContext NextEpoch() => new(Id, Kind, checked(Epoch + 1));
}
