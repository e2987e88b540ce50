using PulseMeet.E2E.Encoding;
using PulseMeet.E2E.Keys;
using PulseMeet.E2E.Primitives;
using PulseMeet.E2E.Sealing;

namespace PulseMeet.E2E.Identity;

/// <summary>The bytes of handing over the account key: a signed request, and an answer sealed to it. docs/protocol-linking.md, "Handing
/// over the account key".</summary>
internal static class LinkKeyPayload
{
    private const byte Version = 1;

    private const int MaxSize =
        1 + LinkPayload.IdSize + (2 * (2 + DeviceAddress.MaxIdSize)) + X25519PublicKey.KeySize + 8 + Ed25519KeyPair.SignatureSize;

    private static ReadOnlySpan<byte> RequestLabel => "PulseMeet-E2E v1 account key request"u8;

    private static ReadOnlySpan<byte> AnswerLabel => "PulseMeet-E2E v1 account key answer"u8;

    public static byte[] Create(DeviceIdentity own, ReadOnlySpan<byte> id, X25519PublicKey answerKey, DateTimeOffset now)
    {
        var writer = new SpanWriter(stackalloc byte[MaxSize]);
        writer.WriteByte(Version);
        writer.WriteBytes(id);
        writer.WriteText16(own.Address.UserId);
        writer.WriteText16(own.Address.DeviceId);
        writer.WriteBytes(answerKey.Span);
        writer.WriteInt64(now.ToUnixTimeSeconds());
        own.SigningKey.Sign(RequestLabel, writer.WrittenSpan, writer.Next(Ed25519KeyPair.SignatureSize));
        return writer.WrittenSpan.ToArray();
    }

    /// <summary>Reads a request and checks that a listed device has signed it.</summary>
    public static (DeviceAddress Address, X25519PublicKey AnswerKey, DateTimeOffset CreatedAt) Read(
        ReadOnlySpan<byte> request, DeviceList devices)
    {
        var reader = new SpanReader(request);
        reader.ExpectVersion(Version);
        _ = reader.ReadBytes(LinkPayload.IdSize);
        DeviceAddress address = DeviceCertificate.ReadAddress(ref reader);
        var answerKey = X25519PublicKey.FromBytes(reader.ReadBytes(X25519PublicKey.KeySize));
        DateTimeOffset createdAt = UnixTime.Read(ref reader);
        ReadOnlySpan<byte> signature = reader.ReadBytes(Ed25519KeyPair.SignatureSize);
        reader.ExpectEnd();
        if (address.UserId != devices.UserId)
        {
            throw new E2EException(E2EError.WrongIdentity, "The request is another user's.");
        }

        DeviceCertificate device = devices.Find(address.DeviceId) ?? throw new E2EException(E2EError.UnlistedDevice);
        if (!device.SigningKey.Verify(RequestLabel, request[..^Ed25519KeyPair.SignatureSize], signature))
        {
            throw new E2EException(E2EError.InvalidSignature, "The request for the account key.");
        }

        return (address, answerKey, createdAt);
    }

    public static ReadOnlySpan<byte> IdOf(ReadOnlySpan<byte> request) => request.Slice(1, LinkPayload.IdSize);

    public static byte[] SealAnswer(ReadOnlySpan<byte> request, X25519PublicKey answerKey, Ed25519KeyPair account)
    {
        using SecretScope secret = account.Use();
        return [Version, .. IdOf(request), .. Hpke.Seal(answerKey, AnswerLabel, Sha256.Hash(request), secret.Span)];
    }

    public static Ed25519KeyPair OpenAnswer(ReadOnlySpan<byte> request, X25519KeyPair answerKey, ReadOnlySpan<byte> answer)
    {
        var reader = new SpanReader(answer);
        reader.ExpectVersion(Version);
        if (!PublicBytes.Equal(reader.ReadBytes(LinkPayload.IdSize), IdOf(request)))
        {
            throw new E2EException(E2EError.LinkRefused, "The answer is to another request.");
        }

        ReadOnlySpan<byte> sealedKey = reader.ReadBytes(Hpke.Overhead + Ed25519KeyPair.PrivateKeySize);
        reader.ExpectEnd();
        using var privateKey = new StackSecret(Hpke.Open(answerKey, AnswerLabel, Sha256.Hash(request), sealedKey));
        return Ed25519KeyPair.Import(privateKey.Span);
    }
}
