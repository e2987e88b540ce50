namespace PulseMeet.E2E.Derivation;

/// <summary>What kind of conversation a key belongs to; part of every derived key.</summary>
public enum ConversationKind
{
    /// <summary>A direct conversation of two users.</summary>
    Direct = 1,

    /// <summary>A pulse chat: the group around an event.</summary>
    Pulse = 2,
}
