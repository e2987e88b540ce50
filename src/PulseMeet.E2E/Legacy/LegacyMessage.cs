namespace PulseMeet.E2E.Legacy;

/// <summary>A message as the legacy client stored it, taken apart and not opened yet. Immutable and thread-safe.</summary>
/// <remarks>docs/protocol.md, "Legacy formats".</remarks>
public sealed class LegacyMessage
{
    /// <summary>The longest content, in characters: 32 Mi.</summary>
    public const int MaxContentLength = 32 * 1024 * 1024;

    private const int MaxMetadataLength = 16 * 1024;

    private readonly LegacySealed? _sealed;
    private readonly string? _plaintext;

    private LegacyMessage(LegacyShape shape, LegacySealed? sealedContent, string? plaintext)
    {
        Shape = shape;
        _sealed = sealedContent;
        _plaintext = plaintext;
    }

    /// <summary>The shape in which the message was stored.</summary>
    public LegacyShape Shape { get; }

    /// <summary>Takes a row's columns apart.</summary>
    /// <param name="content">The column <c>content</c>.</param>
    /// <param name="encryptionMetadata">The column <c>encryption_metadata</c>, as JSON; null where the row has none.</param>
    /// <param name="isEncrypted">The column <c>is_encrypted</c>.</param>
    /// <exception cref="E2EException">None of the legacy shapes (<see cref="E2EError.InvalidEncoding"/>), of another version
    /// or algorithm (<see cref="E2EError.UnsupportedVersion"/>), or too long (<see cref="E2EError.LimitExceeded"/>).</exception>
    public static LegacyMessage Parse(string content, string? encryptionMetadata, bool isEncrypted = true)
    {
        ArgumentNullException.ThrowIfNull(content);
        if (content.Length > MaxContentLength || encryptionMetadata?.Length > MaxMetadataLength)
        {
            throw new E2EException(E2EError.LimitExceeded, "The legacy message is longer than its bound.");
        }

        if (!isEncrypted)
        {
            return new(LegacyShape.Plaintext, null, content);
        }

        if (content.AsSpan().TrimStart().StartsWith("{"))
        {
            byte[] json = System.Text.Encoding.UTF8.GetBytes(content);
            return new(LegacyShape.Json, LegacyJson.Read(json, "ciphertext"), null);
        }

        byte[] bytes = DecodeBase64(content);
        return TryReadEnvelope(bytes) is { } envelope
            ? new(LegacyShape.Envelope, envelope, null)
            : new(LegacyShape.Column, ReadColumn(encryptionMetadata, bytes), null);
    }

    /// <summary>Opens the message with whichever key fits: the candidates in their order, then the all-zero key.</summary>
    /// <param name="candidates">The keys to try. Not disposed.</param>
    /// <exception cref="E2EException">None fits (<see cref="E2EError.NoKeyFits"/>), or the plaintext is not UTF-8
    /// (<see cref="E2EError.InvalidEncoding"/>).</exception>
    public LegacyPlaintext Open(IEnumerable<LegacyCandidate> candidates)
    {
        ArgumentNullException.ThrowIfNull(candidates);
        if (_sealed is null)
        {
            return LegacyPlaintext.From(_plaintext!, keyName: null, LegacyProtection.Plaintext);
        }

        LegacyOpened opened = _sealed.Open(candidates);
        return LegacyPlaintext.From(Encoding.StrictUtf8.Decode(opened.Plaintext), opened.KeyName, opened.Protection);
    }

    /// <summary>Null where the bytes are not the JSON of an envelope: then they are a ciphertext, which begins with any
    /// byte.</summary>
    private static LegacySealed? TryReadEnvelope(byte[] bytes)
    {
        if (!bytes.AsSpan().TrimStart(" \t\r\n"u8).StartsWith("{"u8))
        {
            return null;
        }

        try
        {
            return LegacyJson.Read(bytes, "ciphertext");
        }
        catch (E2EException exception) when (exception.Reason == E2EError.InvalidEncoding)
        {
            return null;
        }
    }

    private static LegacySealed ReadColumn(string? encryptionMetadata, byte[] ciphertext) =>
        encryptionMetadata is null
            ? throw LegacyJson.Malformed("Neither an envelope nor a ciphertext with its metadata.")
            : LegacyJson.ReadColumn(encryptionMetadata, ciphertext);

    private static byte[] DecodeBase64(string content)
    {
        try
        {
            return Convert.FromBase64String(content);
        }
        catch (FormatException)
        {
            throw LegacyJson.Malformed("Neither JSON nor base64.");
        }
    }
}
