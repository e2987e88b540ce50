using PulseMeet.E2E.Encoding;
using PulseMeet.E2E.Keys;
using PulseMeet.E2E.Primitives;

namespace PulseMeet.E2E.Identity;

/// <summary>What a new device shows: who it wants to be, its public keys, the key that the answer is sealed to, and the secret that the
/// answer is authenticated with. docs/protocol-linking.md, "Linking request".</summary>
internal sealed class LinkPayload
{
    public const int IdSize = 16;
    public const int SecretSize = 32;
    public const int MaxSize = 1 + IdSize + SecretSize + (2 * (2 + DeviceAddress.MaxIdSize)) + (4 * 32) + 8 + Ed25519KeyPair.SignatureSize;

    private const byte Version = 1;
    private const string Prefix = "PML";

    private readonly byte[] _encoded;

    private LinkPayload(byte[] encoded, DeviceAddress address, DateTimeOffset createdAt)
    {
        _encoded = encoded;
        Address = address;
        CreatedAt = createdAt;
    }

    public DeviceAddress Address { get; }

    public DateTimeOffset CreatedAt { get; }

    public required X25519PublicKey IdentityKey { get; init; }

    public required Ed25519PublicKey SigningKey { get; init; }

    public required Ed25519PublicKey MlsKey { get; init; }

    /// <summary>Made for this request alone.</summary>
    public required X25519PublicKey AnswerKey { get; init; }

    public ReadOnlySpan<byte> Id => _encoded.AsSpan(1, IdSize);

    public ReadOnlySpan<byte> Secret => _encoded.AsSpan(1 + IdSize, SecretSize);

    public ReadOnlySpan<byte> Encoded => _encoded;

    /// <summary>What the answer names: this request and no other.</summary>
    public byte[] Hash => Sha256.Hash(_encoded);

    private static ReadOnlySpan<byte> Label => "PulseMeet-E2E v1 link request"u8;

    public static LinkPayload Create(
        DeviceAddress address,
        X25519PublicKey identityKey,
        Ed25519KeyPair signingKey,
        Ed25519PublicKey mlsKey,
        X25519PublicKey answerKey,
        DateTimeOffset now,
        ReadOnlySpan<byte> idAndSecret)
    {
        var writer = new SpanWriter(stackalloc byte[MaxSize]);
        writer.WriteByte(Version);
        writer.WriteBytes(idAndSecret);
        writer.WriteText16(address.UserId);
        writer.WriteText16(address.DeviceId);
        writer.WriteBytes(identityKey.Span);
        writer.WriteBytes(signingKey.PublicKey.Span);
        writer.WriteBytes(mlsKey.Span);
        writer.WriteBytes(answerKey.Span);
        writer.WriteInt64(now.ToUnixTimeSeconds());
        signingKey.Sign(Label, writer.WrittenSpan, writer.Next(Ed25519KeyPair.SignatureSize));
        return Decode(writer.WrittenSpan);
    }

    /// <exception cref="E2EException">Malformed (<see cref="E2EError.InvalidEncoding"/>), another version
    /// (<see cref="E2EError.UnsupportedVersion"/>), with a bad key (<see cref="E2EError.InvalidPublicKey"/>), or not signed by the
    /// device that it names (<see cref="E2EError.InvalidSignature"/>).</exception>
    public static LinkPayload Decode(ReadOnlySpan<byte> encoded)
    {
        var reader = new SpanReader(encoded);
        reader.ExpectVersion(Version);
        _ = reader.ReadBytes(IdSize + SecretSize);
        DeviceAddress address = DeviceCertificate.ReadAddress(ref reader);
        var identityKey = X25519PublicKey.FromBytes(reader.ReadBytes(X25519PublicKey.KeySize));
        var signingKey = Ed25519PublicKey.FromBytes(reader.ReadBytes(Ed25519PublicKey.KeySize));
        var mlsKey = Ed25519PublicKey.FromBytes(reader.ReadBytes(Ed25519PublicKey.KeySize));
        var answerKey = X25519PublicKey.FromBytes(reader.ReadBytes(X25519PublicKey.KeySize));
        DateTimeOffset createdAt = UnixTime.Read(ref reader);
        ReadOnlySpan<byte> signature = reader.ReadBytes(Ed25519KeyPair.SignatureSize);
        reader.ExpectEnd();
        if (!signingKey.Verify(Label, encoded[..^Ed25519KeyPair.SignatureSize], signature))
        {
            throw new E2EException(E2EError.InvalidSignature, "The linking request.");
        }

        return new(encoded.ToArray(), address, createdAt)
        {
            IdentityKey = identityKey,
            SigningKey = signingKey,
            MlsKey = mlsKey,
            AnswerKey = answerKey,
        };
    }

    /// <summary>The text of a QR code in alphanumeric mode.</summary>
    public string ToText()
    {
        char[] text = new char[CrockfordBase32.LengthOf(_encoded.Length)];
        CrockfordBase32.Write(_encoded, text);
        return Prefix + new string(text);
    }

    /// <exception cref="E2EException">As for <see cref="Decode"/>.</exception>
    public static LinkPayload Parse(ReadOnlySpan<char> text)
    {
        ReadOnlySpan<char> trimmed = text.Trim();
        int size = (trimmed.Length - Prefix.Length) * 5 / 8;
        if (!trimmed.StartsWith(Prefix, StringComparison.OrdinalIgnoreCase) || size > MaxSize)
        {
            throw new E2EException(E2EError.InvalidEncoding, "Not a linking request.");
        }

        Span<byte> encoded = stackalloc byte[size];
        CrockfordBase32.Read(trimmed[Prefix.Length..], encoded);
        return Decode(encoded);
    }
}
