using System.Text.Json;
using PulseMeet.E2E.Primitives;

namespace PulseMeet.E2E.Legacy;

/// <summary>Reads the JSON objects of the legacy formats: <c>metadata</c> and one member of base64.</summary>
/// <remarks>Members may come in either order; unknown ones are passed over, a known one that stands twice is refused, so that
/// no two readers see different things. Depth is bounded.</remarks>
internal static class LegacyJson
{
    private const string Algorithm = "aes-256-gcm";

    private static readonly JsonDocumentOptions s_options = new() { MaxDepth = 8, AllowDuplicateProperties = false };

    /// <summary>Reads <c>{"metadata":{…},"ciphertext":…}</c>, or with <c>data</c> for media.</summary>
    public static LegacySealed Read(ReadOnlyMemory<byte> utf8, string dataMember)
    {
        try
        {
            using var document = JsonDocument.Parse(utf8, s_options);
            JsonElement root = document.RootElement;
            return root.ValueKind == JsonValueKind.Object && root.TryGetProperty("metadata", out JsonElement metadata)
                ? ReadMetadata(metadata, Bytes(root, dataMember))
                : throw Malformed("No metadata.");
        }
        catch (Exception exception) when (IsMalformed(exception))
        {
            throw Malformed("Not the JSON of a legacy message.");
        }
    }

    /// <summary>Reads a row's <c>encryption_metadata</c>, for the shape whose content is the ciphertext alone.</summary>
    public static LegacySealed ReadColumn(string encryptionMetadata, byte[] ciphertext)
    {
        try
        {
            using var document = JsonDocument.Parse(System.Text.Encoding.UTF8.GetBytes(encryptionMetadata), s_options);
            return ReadMetadata(document.RootElement, ciphertext);
        }
        catch (Exception exception) when (IsMalformed(exception))
        {
            throw Malformed("Not the JSON of a legacy message.");
        }
    }

    public static E2EException Malformed(string detail) => new(E2EError.InvalidEncoding, detail);

    private static LegacySealed ReadMetadata(JsonElement metadata, byte[] ciphertext)
    {
        if (metadata.ValueKind != JsonValueKind.Object)
        {
            throw Malformed("The metadata is not an object.");
        }

        if (metadata.TryGetProperty("version", out JsonElement version)
            && (version.ValueKind != JsonValueKind.Number || !version.TryGetInt32(out int number) || number != 1))
        {
            throw new E2EException(E2EError.UnsupportedVersion);
        }

        if (metadata.TryGetProperty("algorithm", out JsonElement algorithm)
            && (algorithm.ValueKind != JsonValueKind.String || !algorithm.ValueEquals(Algorithm)))
        {
            throw new E2EException(E2EError.UnsupportedVersion, "Another algorithm.");
        }

        byte[] nonce = Bytes(metadata, "iv");
        byte[] tag = Bytes(metadata, "auth_tag");
        if (nonce.Length != AesGcm256.NonceSize || tag.Length != AesGcm256.TagSize)
        {
            throw Malformed("The nonce is not 12 or the tag not 16 bytes.");
        }

        return new LegacySealed(nonce, tag, ciphertext);
    }

    private static byte[] Bytes(JsonElement parent, string member) =>
        parent.TryGetProperty(member, out JsonElement element)
        && element.ValueKind == JsonValueKind.String
        && element.TryGetBytesFromBase64(out byte[]? bytes)
            ? bytes
            : throw Malformed($"No base64 in «{member}».");

    /// <summary>A lone surrogate in an escape is found only when the text is read, and then as an invalid
    /// operation.</summary>
    private static bool IsMalformed(Exception exception) => exception is JsonException or InvalidOperationException;
}
