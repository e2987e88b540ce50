using PulseMeet.E2E.Identity;

namespace PulseMeet.E2E;

/// <summary>Messages of a device are missing.</summary>
/// <param name="sender">The device that wrote them.</param>
/// <param name="conversationWith">The other user of the conversation; the sender's user where that is not known.</param>
/// <param name="count">How many.</param>
/// <param name="isLost">Whether they will not come any more: nobody keeps them. Otherwise they are asked for by themselves,
/// and are handed over if they come.</param>
public sealed class MessagesMissing(DeviceAddress sender, string conversationWith, ulong count, bool isLost) : E2EEvent
{
    /// <summary>The device that wrote them.</summary>
    public DeviceAddress Sender { get; } = sender;

    /// <summary>The other user of the conversation; the sender's user where that is not known.</summary>
    public string ConversationWith { get; } = conversationWith;

    /// <summary>How many.</summary>
    public ulong Count { get; } = count;

    /// <summary>Whether they will not come any more.</summary>
    public bool IsLost { get; } = isLost;
}
