using PulseMeet.E2E.Diagnostics;
using PulseMeet.E2E.Keys;

namespace PulseMeet.E2E.Sealing;

/// <summary>Seals single messages: a version byte, 24 random bytes, the sealed body.</summary>
/// <remarks>The first 12 random bytes are the salt of the message's cipher key, the other 12 its nonce: 192 random bits in
/// all, so that no number of messages under one conversation key brings a key-nonce pair within reach of repeating.</remarks>
public sealed class MessageSealer : IMessageSealer
{
    /// <summary>The longest plaintext, in bytes.</summary>
    public const int MaxPlaintextSize = SealedBody.MaxPlaintext;

    private readonly PaddingScheme _padding;

    /// <param name="options">The padding; read once.</param>
    /// <exception cref="ArgumentException">An option is outside its range.</exception>
    public MessageSealer(MessageSealingOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        _padding = options.Padding;
    }

    private static ReadOnlySpan<byte> ConversationLabel => "PulseMeet-E2E v1 sealed message"u8;

    private static ReadOnlySpan<byte> ArchiveLabel => "PulseMeet-E2E v1 archived message"u8;

    /// <inheritdoc/>
    public int GetSealedLength(int plaintextLength)
    {
        CheckLength(plaintextLength, nameof(plaintextLength));
        return SealedRecord.GetSealedLength(plaintextLength, _padding);
    }

    /// <inheritdoc/>
    public byte[] Seal(ConversationKey key, ReadOnlySpan<byte> plaintext, MessageContext context) =>
        Seal(key, ConversationLabel, plaintext, context);

    /// <inheritdoc/>
    public byte[] Open(ConversationKey key, ReadOnlySpan<byte> sealedMessage, MessageContext context) =>
        Open(key, ConversationLabel, sealedMessage, context);

    /// <inheritdoc/>
    public byte[] Seal(ArchiveKey key, ReadOnlySpan<byte> plaintext, MessageContext context) =>
        Seal(key, ArchiveLabel, plaintext, context);

    /// <inheritdoc/>
    public byte[] Open(ArchiveKey key, ReadOnlySpan<byte> sealedMessage, MessageContext context) =>
        Open(key, ArchiveLabel, sealedMessage, context);

    private byte[] Seal(SecretKey key, ReadOnlySpan<byte> label, ReadOnlySpan<byte> plaintext, MessageContext context)
    {
        ArgumentNullException.ThrowIfNull(key);
        ArgumentNullException.ThrowIfNull(context);
        CheckLength(plaintext.Length, nameof(plaintext));
        Span<byte> associatedData = stackalloc byte[MessageContext.MaxEncodedSize];
        byte[] message = SealedRecord.Seal(key, label, plaintext, associatedData[..context.Encode(associatedData)], _padding);
        Telemetry.MessageSealed();
        return message;
    }

    private static byte[] Open(
        SecretKey key, ReadOnlySpan<byte> label, ReadOnlySpan<byte> sealedMessage, MessageContext context)
    {
        ArgumentNullException.ThrowIfNull(key);
        ArgumentNullException.ThrowIfNull(context);
        try
        {
            byte[] plaintext = OpenCounted(key, label, sealedMessage, context);
            Telemetry.MessageOpened();
            return plaintext;
        }
        catch (E2EException refused) when (Telemetry.OpeningFailed(refused.Reason))
        {
            throw;
        }
    }

    private static byte[] OpenCounted(
        SecretKey key, ReadOnlySpan<byte> label, ReadOnlySpan<byte> sealedMessage, MessageContext context)
    {
        Span<byte> associatedData = stackalloc byte[MessageContext.MaxEncodedSize];
        return SealedRecord.Open(key, label, sealedMessage, associatedData[..context.Encode(associatedData)]);
    }

    private static void CheckLength(int length, string parameter)
    {
        if ((uint)length > MaxPlaintextSize)
        {
            throw new ArgumentException("A message has at most 16 MiB.", parameter);
        }
    }
}
