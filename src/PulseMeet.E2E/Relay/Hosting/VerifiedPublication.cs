using PulseMeet.E2E.Identity;
using PulseMeet.E2E.PreKeys;

namespace PulseMeet.E2E.Relay;

/// <summary>A publication that a relay has verified, in the parts that it keeps. docs/protocol-relay.md, "Directory".</summary>
/// <param name="Identity">The certificate without validity and signature: has to be the listed one's.</param>
/// <param name="Certificate">Encoded.</param>
/// <param name="NotAfter">Its end, in Unix seconds.</param>
/// <param name="SignedPair">Encoded.</param>
/// <param name="SignedId">Its id, the generation of the one-time pairs.</param>
/// <param name="Hash">What the device compares.</param>
/// <param name="OneTimePairs">By ascending id, encoded.</param>
internal sealed record VerifiedPublication(
    byte[] Identity,
    byte[] Certificate,
    long NotAfter,
    byte[] SignedPair,
    long SignedId,
    ReadOnlyMemory<byte> Hash,
    IReadOnlyList<(long Id, byte[] Encoded)> OneTimePairs)
{
    /// <exception cref="E2EException">Malformed, not verified, or of another device than the caller
    /// (<see cref="E2EError.WrongIdentity"/>).</exception>
    public static VerifiedPublication Read(ReadOnlyMemory<byte> encoded, DeviceAddress caller, DateTimeOffset now)
    {
        RelayRequest.IsWithin(encoded.Length, RelayLimits.MaxRequestSize);
        PreKeyPublication publication = PreKeyPublication.Decode(encoded.Span);
        if (publication.Certificate.Address != caller)
        {
            throw new E2EException(E2EError.WrongIdentity, "A publication of another device.");
        }

        publication.Verify(now);
        DeviceCertificate certificate = publication.Certificate;
        return new VerifiedPublication(
            certificate.Identity.ToArray(),
            certificate.Encode(),
            certificate.NotAfter.ToUnixTimeSeconds(),
            publication.SignedPair.Encode(),
            publication.SignedPair.Id,
            publication.Hash,
            [.. publication.OneTimePairs.Select(pair => ((long)pair.Id, pair.Encode()))]);
    }
}
