using System.Buffers.Binary;
using PulseMeet.E2E.Encoding;
using PulseMeet.E2E.Identity;
using PulseMeet.E2E.Keys;
using PulseMeet.E2E.Primitives;

namespace PulseMeet.E2E.PreKeys;

/// <summary>What a directory hands to somebody who wants to write to a device (PQXDH, section 3.3): its certificate, its signed pair,
/// and a one-time pair where any are left.</summary>
/// <remarks>Immutable and thread-safe. An ML-KEM key is always in it: there is no classical session to fall back to.
/// docs/protocol.md, "Prekey bundle".</remarks>
public sealed class PreKeyBundle
{
    /// <summary>The longest encoding, in bytes.</summary>
    public const int MaxEncodedSize =
        1 + 2 + DeviceCertificate.MaxEncodedSize + SignedPreKeyPair.EncodedSize + 1 + OneTimePreKeyPair.EncodedSize;

    private const byte Version = 2;

    /// <param name="certificate">The device's certificate.</param>
    /// <param name="signedPair">The device's current signed pair.</param>
    /// <param name="oneTimePair">A one-time pair, or null when they have run out.</param>
    /// <exception cref="ArgumentException">Neither pair has an ML-KEM key.</exception>
    public PreKeyBundle(DeviceCertificate certificate, SignedPreKeyPair signedPair, OneTimePreKeyPair? oneTimePair)
    {
        ArgumentNullException.ThrowIfNull(certificate);
        ArgumentNullException.ThrowIfNull(signedPair);
        Certificate = certificate;
        SignedPair = signedPair;
        OneTimePair = oneTimePair;
        KemKey = oneTimePair?.KemKey ?? signedPair.KemKey
            ?? throw new ArgumentException("Neither pair has an ML-KEM key.", nameof(signedPair));
    }

    /// <summary>The device's certificate.</summary>
    public DeviceCertificate Certificate { get; }

    /// <summary>The device's signed pair.</summary>
    public SignedPreKeyPair SignedPair { get; }

    /// <summary>A one-time pair, or null when they have run out.</summary>
    public OneTimePreKeyPair? OneTimePair { get; }

    /// <summary>The key that is encapsulated to: the one-time pair's where there is one.</summary>
    internal MlKemPublicKey KemKey { get; }

    /// <summary>Puts a bundle together out of what a directory has stored, without reading any key.</summary>
    /// <param name="certificate">The device's encoded certificate.</param>
    /// <param name="signedPair">Its encoded signed pair, with the ML-KEM key: 1,325 bytes.</param>
    /// <param name="oneTimePair">An encoded one-time pair of the signed pair's generation, 1,296 bytes; or empty.</param>
    /// <returns>The encoded bundle; with a one-time pair the signed pair's ML-KEM key stands in it as its hash.</returns>
    /// <exception cref="ArgumentException">A length is another one, or the one-time pair is of another generation.</exception>
    public static byte[] Assemble(
        ReadOnlySpan<byte> certificate, ReadOnlySpan<byte> signedPair, ReadOnlySpan<byte> oneTimePair)
    {
        PreKeyPublication.CheckCertificateLength(certificate);
        Argument.HasLength(signedPair, SignedPreKeyPair.EncodedSize);
        var writer = new SpanWriter(stackalloc byte[MaxEncodedSize]);
        writer.WriteByte(Version);
        writer.WriteField16(certificate);
        if (oneTimePair.IsEmpty)
        {
            writer.WriteBytes(signedPair);
            writer.WriteBoolean(false);
            return writer.WrittenSpan.ToArray();
        }

        Argument.HasLength(oneTimePair, OneTimePreKeyPair.EncodedSize);
        if (BinaryPrimitives.ReadUInt32BigEndian(oneTimePair[4..]) != BinaryPrimitives.ReadUInt32BigEndian(signedPair))
        {
            throw new ArgumentException("The one-time pair is of another generation.", nameof(oneTimePair));
        }

        writer.WriteBytes(signedPair[..SignedPreKeyPair.HeadSize]);
        writer.WriteBoolean(false);
        Sha256.Hash(signedPair.Slice(SignedPreKeyPair.HeadSize + 1, MlKemPublicKey.KeySize), writer.Next(Sha256.Size));
        writer.WriteBytes(signedPair[^Ed25519KeyPair.SignatureSize..]);
        writer.WriteBoolean(true);
        writer.WriteBytes(oneTimePair);
        return writer.WrittenSpan.ToArray();
    }

    /// <summary>Reads a bundle that came from outside; nothing in it is verified yet.</summary>
    /// <param name="encoded">What <see cref="Encode"/> or <see cref="Assemble"/> gave, and nothing behind it.</param>
    /// <exception cref="E2EException">Malformed (<see cref="E2EError.InvalidEncoding"/>), another version
    /// (<see cref="E2EError.UnsupportedVersion"/>), with a bad key (<see cref="E2EError.InvalidPublicKey"/>), or without an
    /// ML-KEM key (<see cref="E2EError.KemKeyMissing"/>).</exception>
    public static PreKeyBundle Decode(ReadOnlySpan<byte> encoded)
    {
        var reader = new SpanReader(encoded);
        reader.ExpectVersion(Version);
        DeviceCertificate certificate = DeviceCertificate.Decode(reader.ReadField16());
        SignedPreKeyPair signedPair = SignedPreKeyPair.Read(ref reader);
        OneTimePreKeyPair? oneTimePair = reader.ReadBoolean() ? OneTimePreKeyPair.Read(ref reader) : null;
        reader.ExpectEnd();
        return signedPair.KemKey is null && oneTimePair is null
            ? throw new E2EException(E2EError.KemKeyMissing)
            : new(certificate, signedPair, oneTimePair);
    }

    /// <summary>The encoding.</summary>
    public byte[] Encode()
    {
        var writer = new SpanWriter(stackalloc byte[MaxEncodedSize]);
        writer.WriteByte(Version);
        writer.WriteField16(Certificate.Encoded);
        writer.WriteBytes(SignedPair.Encode());
        writer.WriteBoolean(OneTimePair is not null);
        if (OneTimePair is not null)
        {
            writer.WriteBytes(OneTimePair.Encode());
        }

        return writer.WrittenSpan.ToArray();
    }

    /// <summary>Checks the certificate, the signatures over the pairs (three at most), their age and their generation.</summary>
    /// <param name="now">The current time.</param>
    /// <param name="options">The oldest pair that is taken, and the app's own profile.</param>
    /// <exception cref="E2EException">A signature does not verify (<see cref="E2EError.InvalidSignature"/>); the certificate is
    /// outside its validity, a pair is older than rotation and retirement together, from more than 5 minutes ahead, or of another
    /// generation than the signed pair's (<see cref="E2EError.Expired"/>); or the peer's app has another profile
    /// (<see cref="E2EError.ProfileMismatch"/>).</exception>
    public void Verify(DateTimeOffset now, PreKeyOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        Certificate.Verify(now);
        SignedPair.Verify(Certificate.SigningKey);
        OneTimePair?.Verify(Certificate.SigningKey);
        CheckAge(SignedPair.CreatedAt, now, options.OldestAge);
        if (OneTimePair is not null)
        {
            CheckAge(OneTimePair.CreatedAt, now, options.OldestAge);
            if (OneTimePair.Generation != SignedPair.Id)
            {
                throw new E2EException(E2EError.Expired, "The one-time prekey pair is of another generation.");
            }
        }

        if (!PublicBytes.Equal(SignedPair.ProfileHash, options.Profile.Hash))
        {
            throw new E2EException(E2EError.ProfileMismatch);
        }
    }

    private static void CheckAge(DateTimeOffset createdAt, DateTimeOffset now, TimeSpan oldest)
    {
        if (now - createdAt > oldest || createdAt - now > IdentityLimits.ClockTolerance)
        {
            throw new E2EException(E2EError.Expired, "A prekey pair is too old or from the future.");
        }
    }
}
