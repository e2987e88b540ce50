using System.Text.Json;
using PulseMeet.E2E.Primitives;

namespace PulseMeet.E2E.Legacy;

/// <summary>Reads the JSON objects of the legacy formats, token by token: <c>metadata</c> and one member of base64. Takes the
/// memory of what the base64 decodes to, and a few kilobytes.</summary>
/// <remarks>Members may come in either order; unknown ones are passed over, a known one that stands twice is refused, so that
/// no two readers see different things. Depth is bounded.</remarks>
internal static class LegacyJson
{
    /// <summary>The longest name of a member, in bytes of JSON: names are looked at as texts.</summary>
    private const int MaxNameSize = 1024;

    private static readonly JsonReaderOptions s_options = new() { MaxDepth = 8 };

    /// <summary>Reads <c>{"metadata":{…},"ciphertext":…}</c>, or with <c>data</c> for media.</summary>
    public static LegacySealed Read(ReadOnlySpan<byte> utf8, string dataMember)
    {
        try
        {
            var json = new Utf8JsonReader(utf8, s_options);
            var metadata = default(LegacyMetadata);
            Memory<byte>? data = null;
            bool hasMetadata = false;
            BeginObject(ref json);
            while (NextMember(ref json) is { } name)
            {
                if (name == "metadata")
                {
                    RefuseSecond(hasMetadata);
                    hasMetadata = true;
                    metadata = LegacyMetadata.Read(ref json);
                }
                else if (name == dataMember)
                {
                    RefuseSecond(data is not null);
                    data = ReadBase64(ref json, AesGcm256.TagSize);
                }
                else
                {
                    json.Skip();
                }
            }

            ExpectEnd(ref json);
            return hasMetadata && data is { } sealedContent
                ? metadata.ToSealed(sealedContent)
                : throw Malformed($"No metadata or no «{dataMember}».");
        }
        catch (Exception exception) when (IsMalformed(exception))
        {
            throw Malformed("Not the JSON of a legacy message.");
        }
    }

    /// <summary>Reads a row's <c>encryption_metadata</c>, for the shape whose content is the ciphertext alone.</summary>
    public static LegacySealed ReadColumn(string encryptionMetadata, ReadOnlySpan<byte> ciphertext)
    {
        try
        {
            var json = new Utf8JsonReader(System.Text.Encoding.UTF8.GetBytes(encryptionMetadata), s_options);
            json.Read();
            var metadata = LegacyMetadata.Read(ref json);
            ExpectEnd(ref json);
            byte[] sealedContent = new byte[ciphertext.Length + AesGcm256.TagSize];
            ciphertext.CopyTo(sealedContent);
            return metadata.ToSealed(sealedContent);
        }
        catch (Exception exception) when (IsMalformed(exception))
        {
            throw Malformed("Not the JSON of a legacy message.");
        }
    }

    public static E2EException Malformed(string detail) => new(E2EError.InvalidEncoding, detail);

    /// <summary>Moves on to the next member's value; null, and on the object's end, where there is none.</summary>
    public static string? NextMember(ref Utf8JsonReader json)
    {
        json.Read();
        if (json.TokenType == JsonTokenType.EndObject)
        {
            return null;
        }

        if (json.ValueSpan.Length > MaxNameSize)
        {
            throw Malformed("The name of a member is longer than its bound.");
        }

        string name = json.GetString()!;
        json.Read();
        return name;
    }

    public static Memory<byte> ReadBase64(ref Utf8JsonReader json, int spare) =>
        json.TokenType == JsonTokenType.String ? LegacyBase64.Decode(ref json, spare) : throw Malformed("Not a string.");

    public static void RefuseSecond(bool isSecond)
    {
        if (isSecond)
        {
            throw Malformed("A member stands twice.");
        }
    }

    private static void BeginObject(ref Utf8JsonReader json)
    {
        if (!json.Read() || json.TokenType != JsonTokenType.StartObject)
        {
            throw Malformed("Not an object.");
        }
    }

    /// <summary>Anything but white space behind the root is a <see cref="JsonException"/>.</summary>
    private static void ExpectEnd(ref Utf8JsonReader json) => json.Read();

    /// <summary>A lone surrogate in an escape is found only when the text is read, and then as an invalid
    /// operation.</summary>
    private static bool IsMalformed(Exception exception) => exception is JsonException or InvalidOperationException;
}
