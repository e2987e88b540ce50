using PulseMeet.E2E.Encoding;
using PulseMeet.E2E.Keys;
using PulseMeet.E2E.Primitives;

namespace PulseMeet.E2E.Sealing;

/// <summary>Seals single messages: a version byte, 24 random bytes, the sealed body.</summary>
/// <remarks>The first 12 random bytes are the salt of the message's cipher key, the other 12 its nonce: 192 random bits in
/// all, so that no number of messages under one conversation key brings a key-nonce pair within reach of repeating.</remarks>
public sealed class MessageSealer : IMessageSealer
{
    /// <summary>The longest plaintext, in bytes.</summary>
    public const int MaxPlaintextSize = SealedBody.MaxPlaintext;

    internal const byte Version = 1;

    internal const int HeaderSize = 1 + (2 * Randomness.NonceSize);

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
        return HeaderSize + SealedBody.GetSealedLength(plaintextLength, _padding);
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
        byte[] message = new byte[GetSealedLength(plaintext.Length)];
        message[0] = Version;
        Span<byte> salt = message.AsSpan(1, Randomness.NonceSize);
        Span<byte> nonce = message.AsSpan(1 + Randomness.NonceSize, Randomness.NonceSize);
        Randomness.NextNonce(salt);
        Randomness.NextNonce(nonce);

        Span<byte> associatedData = stackalloc byte[MessageContext.MaxEncodedSize];
        associatedData = associatedData[..context.Encode(associatedData)];
        using SecretScope secret = key.Use();
        SealedBody.Seal(secret.Span, salt, nonce, label, plaintext, associatedData, message.AsSpan(HeaderSize));
        return message;
    }

    private static byte[] Open(
        SecretKey key, ReadOnlySpan<byte> label, ReadOnlySpan<byte> sealedMessage, MessageContext context)
    {
        ArgumentNullException.ThrowIfNull(key);
        ArgumentNullException.ThrowIfNull(context);
        var reader = new SpanReader(sealedMessage);
        reader.ExpectVersion(Version);
        ReadOnlySpan<byte> salt = reader.ReadBytes(Randomness.NonceSize);
        ReadOnlySpan<byte> nonce = reader.ReadBytes(Randomness.NonceSize);
        ReadOnlySpan<byte> body = reader.ReadRest();

        Span<byte> associatedData = stackalloc byte[MessageContext.MaxEncodedSize];
        associatedData = associatedData[..context.Encode(associatedData)];
        using SecretScope secret = key.Use();
        return SealedBody.Open(secret.Span, salt, nonce, label, body, associatedData)
            ?? throw new E2EException(E2EError.NotAuthentic);
    }

    private static void CheckLength(int length, string parameter)
    {
        if ((uint)length > MaxPlaintextSize)
        {
            throw new ArgumentException("A message has at most 16 MiB.", parameter);
        }
    }
}
