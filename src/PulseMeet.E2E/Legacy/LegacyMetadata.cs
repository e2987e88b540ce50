using System.Text.Json;
using PulseMeet.E2E.Primitives;

namespace PulseMeet.E2E.Legacy;

/// <summary>The <c>metadata</c> of a legacy message: nonce and tag, and what says how it was sealed.</summary>
internal struct LegacyMetadata
{
    /// <summary>The longest base64 of a nonce or a tag, in bytes of JSON: either has at most 16 bytes.</summary>
    private const int MaxBase64Size = 1024;

    private byte[]? _nonce;
    private byte[]? _tag;
    private bool? _isVersion;
    private bool? _isAlgorithm;

    private static ReadOnlySpan<byte> Algorithm => "aes-256-gcm"u8;

    /// <summary>Reads the object that the reader stands on, to its end.</summary>
    /// <exception cref="E2EException">Not that object (<see cref="E2EError.InvalidEncoding"/>).</exception>
    public static LegacyMetadata Read(ref Utf8JsonReader json)
    {
        if (json.TokenType != JsonTokenType.StartObject)
        {
            throw LegacyJson.Malformed("The metadata is not an object.");
        }

        var metadata = default(LegacyMetadata);
        while (LegacyJson.NextMember(ref json) is { } name)
        {
            metadata.ReadMember(name, ref json);
        }

        return metadata;
    }

    /// <summary>Puts the tag behind the ciphertext.</summary>
    /// <param name="sealedContent">The ciphertext and room for the tag.</param>
    /// <exception cref="E2EException">Another version or algorithm (<see cref="E2EError.UnsupportedVersion"/>), or nonce or tag
    /// are missing or of another length (<see cref="E2EError.InvalidEncoding"/>).</exception>
    public readonly LegacySealed ToSealed(Memory<byte> sealedContent)
    {
        if (_isVersion == false || _isAlgorithm == false)
        {
            throw new E2EException(E2EError.UnsupportedVersion);
        }

        if (_nonce?.Length != AesGcm256.NonceSize || _tag?.Length != AesGcm256.TagSize)
        {
            throw LegacyJson.Malformed("The nonce is not 12 or the tag not 16 bytes.");
        }

        _tag.CopyTo(sealedContent[^AesGcm256.TagSize..]);
        return new LegacySealed(_nonce, sealedContent);
    }

    private void ReadMember(string name, ref Utf8JsonReader json)
    {
        switch (name)
        {
            case "iv":
                LegacyJson.RefuseSecond(_nonce is not null);
                _nonce = ReadShort(ref json);
                break;
            case "auth_tag":
                LegacyJson.RefuseSecond(_tag is not null);
                _tag = ReadShort(ref json);
                break;
            case "version":
                LegacyJson.RefuseSecond(_isVersion is not null);
                _isVersion = json.TokenType == JsonTokenType.Number && json.TryGetInt32(out int number) && number == 1;
                json.Skip();
                break;
            case "algorithm":
                LegacyJson.RefuseSecond(_isAlgorithm is not null);
                _isAlgorithm = json.TokenType == JsonTokenType.String && json.ValueTextEquals(Algorithm);
                json.Skip();
                break;
            default:
                json.Skip();
                break;
        }
    }

    private static byte[] ReadShort(ref Utf8JsonReader json) =>
        json.ValueSpan.Length <= MaxBase64Size
            ? LegacyJson.ReadBase64(ref json, spare: 0).ToArray()
            : throw LegacyJson.Malformed("The nonce or the tag is longer than its bound.");
}
