using PulseMeet.E2E.Groups;

namespace PulseMeet.E2E.Messaging;

/// <summary>A pulse chat within a unit of work: its record, its group, and which parts of that are to be written.</summary>
/// <remarks>Not thread-safe. Whoever has it has the pulse's turn.</remarks>
internal sealed class OpenPulse(PulseId id, PulseRecord record, PulseGroup? group, byte[]? stored)
{
    public PulseId Id { get; } = id;

    public PulseRecord Record { get; } = record;

    /// <summary>Null where its state is deleted: this device has been out of it for a while.</summary>
    public PulseGroup? Group { get; set; } = group;

    /// <summary>The record as it was read; null where there was none.</summary>
    public byte[]? Stored { get; } = stored;

    /// <summary>What took the place of the group that was read, and is disposed once that is durable.</summary>
    public List<PulseGroup> Replaced { get; } = [];

    public bool HasNewEpochs { get; set; }

    public bool HasNewRatchets { get; set; }

    /// <summary>Whether the group in memory is another one than the stored one.</summary>
    public bool IsChanged => HasNewEpochs || HasNewRatchets;

    public ConversationName Conversation => ConversationName.Pulse(Id.ToArray());

    /// <summary>A group that this device is in.</summary>
    /// <exception cref="E2EException">It is out of it (<see cref="E2EError.MlsGroupClosed"/>).</exception>
    public PulseGroup Require() => Record.IsOpen && Group is { IsRemoved: false } open
        ? open
        : throw new E2EException(E2EError.MlsGroupClosed, "This device is out of the pulse chat.");

    /// <summary>Both parts change.</summary>
    public void Change() => HasNewEpochs = HasNewRatchets = true;

    public void Replace(PulseGroup next)
    {
        if (Group is not null)
        {
            Replaced.Add(Group);
        }

        Group = next;
        Change();
    }
}
