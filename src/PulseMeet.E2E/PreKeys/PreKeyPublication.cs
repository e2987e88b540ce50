using PulseMeet.E2E.Encoding;
using PulseMeet.E2E.Identity;
using PulseMeet.E2E.Primitives;

namespace PulseMeet.E2E.PreKeys;

/// <summary>What a device gives to the directory: its certificate, its current signed pair, and new one-time pairs of the same
/// generation. Public material only; immutable and thread-safe.</summary>
/// <remarks>A directory keeps <see cref="Certificate"/>, <see cref="SignedPair"/> and each one-time pair as they encode themselves,
/// drops one-time pairs of other generations than the signed pair's, and answers with <see cref="PreKeyBundle.Assemble"/>.
/// docs/protocol.md, "Publication".</remarks>
public sealed class PreKeyPublication
{
    /// <summary>The most one-time pairs in one publication.</summary>
    public const int MaxOneTimePairs = 500;

    /// <summary>The longest encoding, in bytes.</summary>
    public const int MaxEncodedSize = 1 + 2 + DeviceCertificate.MaxEncodedSize + SignedPreKeyPair.EncodedSize + 2
        + (MaxOneTimePairs * OneTimePreKeyPair.EncodedSize);

    private const byte Version = 1;

    internal PreKeyPublication(
        DeviceCertificate certificate, SignedPreKeyPair signedPair, IReadOnlyList<OneTimePreKeyPair> oneTimePairs)
    {
        Certificate = certificate;
        SignedPair = signedPair;
        OneTimePairs = oneTimePairs;
    }

    /// <summary>The device's certificate.</summary>
    public DeviceCertificate Certificate { get; }

    /// <summary>The device's current signed pair; one with a greater id replaces it.</summary>
    public SignedPreKeyPair SignedPair { get; }

    /// <summary>New one-time pairs, by ascending id, all of the signed pair's generation: 0 to 500.</summary>
    public IReadOnlyList<OneTimePreKeyPair> OneTimePairs { get; }

    /// <summary>The hash of the certificate and the signed pair, 32 bytes: what a directory tells the device that it holds.</summary>
    public ReadOnlyMemory<byte> Hash => HashOf(Certificate.Encoded, SignedPair.Encode());

    /// <summary>The hash of an encoded certificate and an encoded signed pair.</summary>
    /// <param name="certificate">As <see cref="DeviceCertificate.Encode"/> gave it.</param>
    /// <param name="signedPair">As <see cref="SignedPreKeyPair.Encode"/> gave it, with the ML-KEM key.</param>
    /// <returns>SHA-256, 32 bytes.</returns>
    /// <exception cref="ArgumentException">A length is not one that they have.</exception>
    public static byte[] HashOf(ReadOnlySpan<byte> certificate, ReadOnlySpan<byte> signedPair)
    {
        CheckCertificateLength(certificate);
        Argument.HasLength(signedPair, SignedPreKeyPair.EncodedSize);
        var writer = new SpanWriter(stackalloc byte[2 + DeviceCertificate.MaxEncodedSize + SignedPreKeyPair.EncodedSize]);
        writer.WriteField16(certificate);
        writer.WriteBytes(signedPair);
        return Sha256.Hash(writer.WrittenSpan);
    }

    /// <summary>Reads a publication that came from outside; nothing in it is verified yet.</summary>
    /// <param name="encoded">What <see cref="Encode"/> gave, and nothing behind it.</param>
    /// <exception cref="E2EException">Malformed, not in order or of mixed generations (<see cref="E2EError.InvalidEncoding"/>), another
    /// version (<see cref="E2EError.UnsupportedVersion"/>), with a bad key (<see cref="E2EError.InvalidPublicKey"/>), more than 500
    /// one-time pairs (<see cref="E2EError.LimitExceeded"/>), or without the signed pair's ML-KEM key
    /// (<see cref="E2EError.KemKeyMissing"/>).</exception>
    public static PreKeyPublication Decode(ReadOnlySpan<byte> encoded)
    {
        var reader = new SpanReader(encoded);
        reader.ExpectVersion(Version);
        DeviceCertificate certificate = DeviceCertificate.Decode(reader.ReadField16());
        SignedPreKeyPair signedPair = SignedPreKeyPair.Read(ref reader);
        if (signedPair.KemKey is null)
        {
            throw new E2EException(E2EError.KemKeyMissing);
        }

        int count = reader.ReadUInt16();
        if (count > MaxOneTimePairs)
        {
            throw new E2EException(E2EError.LimitExceeded, "Too many one-time prekey pairs.");
        }

        var oneTimePairs = new List<OneTimePreKeyPair>();
        for (int i = 0; i < count; i++)
        {
            OneTimePreKeyPair pair = OneTimePreKeyPair.Read(ref reader);
            if (pair.Generation != signedPair.Id || (i > 0 && pair.Id <= oneTimePairs[i - 1].Id))
            {
                throw new E2EException(E2EError.InvalidEncoding, "A one-time prekey pair of another generation, or out of order.");
            }

            oneTimePairs.Add(pair);
        }

        reader.ExpectEnd();
        return new(certificate, signedPair, oneTimePairs);
    }

    /// <summary>The encoding.</summary>
    public byte[] Encode()
    {
        byte[] encoded = new byte[1 + 2 + Certificate.Encoded.Length + SignedPreKeyPair.EncodedSize + 2
            + (OneTimePairs.Count * OneTimePreKeyPair.EncodedSize)];
        var writer = new SpanWriter(encoded);
        writer.WriteByte(Version);
        writer.WriteField16(Certificate.Encoded);
        writer.WriteBytes(SignedPair.Encode());
        writer.WriteUInt16(checked((ushort)OneTimePairs.Count));
        foreach (OneTimePreKeyPair pair in OneTimePairs)
        {
            writer.WriteBytes(pair.Encode());
        }

        writer.ExpectFull();
        return encoded;
    }

    /// <summary>Checks the certificate and every signature: what a directory does before it stores the publication.</summary>
    /// <param name="now">The current time.</param>
    /// <exception cref="E2EException">A signature does not verify (<see cref="E2EError.InvalidSignature"/>), or the
    /// certificate is outside its validity (<see cref="E2EError.Expired"/>).</exception>
    public void Verify(DateTimeOffset now)
    {
        Certificate.Verify(now);
        SignedPair.Verify(Certificate.SigningKey);
        foreach (OneTimePreKeyPair pair in OneTimePairs)
        {
            pair.Verify(Certificate.SigningKey);
        }
    }

    internal static void CheckCertificateLength(ReadOnlySpan<byte> certificate)
    {
        if (certificate.IsEmpty || certificate.Length > DeviceCertificate.MaxEncodedSize)
        {
            throw new ArgumentException("Not the length of a certificate.", nameof(certificate));
        }
    }
}
