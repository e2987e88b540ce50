using PulseMeet.E2E.Encoding;
using PulseMeet.E2E.Identity;
using PulseMeet.E2E.Keys;

namespace PulseMeet.E2E.PreKeys;

/// <summary>What a directory hands to somebody who wants to write to a device (PQXDH, section 3.3).</summary>
/// <remarks>Immutable and thread-safe. The post-quantum prekey is not optional: there is no classical session to fall back
/// to. docs/protocol.md, "Prekey bundle".</remarks>
public sealed class PreKeyBundle
{
    /// <summary>The longest encoding, in bytes.</summary>
    public const int MaxEncodedSize =
        1 + 2 + DeviceCertificate.MaxEncodedSize + SignedPreKey.EncodedSize + 1 + KemPreKey.EncodedSize + 1 + 4 + 32;

    private const byte Version = 1;

    /// <param name="certificate">The device's certificate.</param>
    /// <param name="signedPreKey">The device's current signed prekey.</param>
    /// <param name="kemPreKey">A one-time post-quantum prekey, or the last-resort one.</param>
    /// <param name="oneTimePreKey">A one-time prekey, or null when they have run out.</param>
    public PreKeyBundle(
        DeviceCertificate certificate, SignedPreKey signedPreKey, KemPreKey kemPreKey, OneTimePreKey? oneTimePreKey)
    {
        ArgumentNullException.ThrowIfNull(certificate);
        ArgumentNullException.ThrowIfNull(signedPreKey);
        ArgumentNullException.ThrowIfNull(kemPreKey);
        Certificate = certificate;
        SignedPreKey = signedPreKey;
        KemPreKey = kemPreKey;
        OneTimePreKey = oneTimePreKey;
    }

    /// <summary>The device's certificate.</summary>
    public DeviceCertificate Certificate { get; }

    /// <summary>The device's signed prekey.</summary>
    public SignedPreKey SignedPreKey { get; }

    /// <summary>The device's post-quantum prekey.</summary>
    public KemPreKey KemPreKey { get; }

    /// <summary>A one-time prekey, or null when they have run out.</summary>
    public OneTimePreKey? OneTimePreKey { get; }

    /// <summary>Reads a bundle that came from outside; nothing in it is verified yet.</summary>
    /// <param name="encoded">What <see cref="ToArray"/> gave, and nothing behind it.</param>
    /// <exception cref="E2EException">Malformed (<see cref="E2EError.InvalidEncoding"/>), another version
    /// (<see cref="E2EError.UnsupportedVersion"/>), with a bad key (<see cref="E2EError.InvalidPublicKey"/>), or without a
    /// post-quantum prekey (<see cref="E2EError.PostQuantumKeyMissing"/>).</exception>
    public static PreKeyBundle Decode(ReadOnlySpan<byte> encoded)
    {
        var reader = new SpanReader(encoded);
        reader.ExpectVersion(Version);
        DeviceCertificate certificate = DeviceCertificate.Decode(reader.ReadField16());
        SignedPreKey signedPreKey = SignedPreKey.Decode(reader.ReadBytes(SignedPreKey.EncodedSize));
        if (!reader.ReadBoolean())
        {
            throw new E2EException(E2EError.PostQuantumKeyMissing);
        }

        KemPreKey kemPreKey = KemPreKey.Decode(reader.ReadBytes(KemPreKey.EncodedSize));
        OneTimePreKey? oneTimePreKey = reader.ReadBoolean()
            ? new(reader.ReadUInt32(), X25519PublicKey.FromBytes(reader.ReadBytes(X25519PublicKey.KeySize)))
            : null;
        reader.ExpectEnd();
        return new(certificate, signedPreKey, kemPreKey, oneTimePreKey);
    }

    /// <summary>The encoding.</summary>
    public byte[] ToArray()
    {
        var writer = new SpanWriter(stackalloc byte[MaxEncodedSize]);
        writer.WriteByte(Version);
        writer.WriteField16(Certificate.Encoded);
        writer.WriteBytes(SignedPreKey.Encoded);
        writer.WriteBoolean(true);
        writer.WriteBytes(KemPreKey.Encoded);
        writer.WriteBoolean(OneTimePreKey is not null);
        if (OneTimePreKey is not null)
        {
            writer.WriteUInt32(OneTimePreKey.Id);
            writer.WriteBytes(OneTimePreKey.Key.Span);
        }

        return writer.WrittenSpan.ToArray();
    }

    /// <summary>Checks the certificate and the signatures over both prekeys.</summary>
    /// <param name="now">The current time.</param>
    /// <exception cref="E2EException">A signature does not verify (<see cref="E2EError.InvalidSignature"/>), or the
    /// certificate is outside its validity (<see cref="E2EError.Expired"/>).</exception>
    public void Verify(DateTimeOffset now)
    {
        Certificate.Verify(now);
        SignedPreKey.Verify(Certificate.SigningKey);
        KemPreKey.Verify(Certificate.SigningKey);
    }
}
