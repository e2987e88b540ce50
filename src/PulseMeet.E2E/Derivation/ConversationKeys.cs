using PulseMeet.E2E.Keys;

namespace PulseMeet.E2E.Derivation;

/// <summary>The keys of one epoch of a conversation, independent of one another. The owner disposes them together.</summary>
public sealed class ConversationKeys : IDisposable
{
    internal ConversationKeys(
        ConversationContext context, ConversationKey conversation, MediaKey media, AuthenticationKey authentication)
    {
        Context = context;
        Conversation = conversation;
        Media = media;
        Authentication = authentication;
    }

    /// <summary>The conversation and epoch that the keys belong to.</summary>
    public ConversationContext Context { get; }

    /// <summary>Seals messages.</summary>
    public ConversationKey Conversation { get; }

    /// <summary>The key that the keys of media files are derived from.</summary>
    public MediaKey Media { get; }

    /// <summary>Authenticates what travels beside the messages.</summary>
    public AuthenticationKey Authentication { get; }

    /// <summary>The same keys with memory of their own, for another owner.</summary>
    internal ConversationKeys Copy() => new(
        Context, new(Conversation.CopyBytes()), new(Media.CopyBytes()), new(Authentication.CopyBytes()));

    /// <summary>Zeroes the three keys.</summary>
    public void Dispose()
    {
        Conversation.Dispose();
        Media.Dispose();
        Authentication.Dispose();
    }
}
