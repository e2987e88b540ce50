using PulseMeet.E2E.Encoding;
using PulseMeet.E2E.Primitives;

namespace PulseMeet.E2E.Verification;

/// <summary>What a device shows as a QR code, and what it compares a scanned one with. Scanning in person replaces comparing 60
/// digits.</summary>
/// <remarks>Says whose code it is and for whom, so that the two sides' codes differ: one's own code, shown back, is no match.
/// docs/protocol-verification.md, "QR code". Whoever photographs a code can test a guess of both user ids and account keys with it; it
/// holds no secret. Immutable and thread-safe.</remarks>
public sealed class VerificationCode
{
    /// <summary>Length of the payload, in bytes.</summary>
    public const int Size = 3 + 1 + (2 * (TagSize + FingerprintSize));

    private const byte Version = 1;
    private const int TagSize = 16;
    private const int FingerprintSize = 32;

    private readonly byte[] _own;
    private readonly byte[] _peer;

    private VerificationCode(byte[] own, byte[] peer)
    {
        _own = own;
        _peer = peer;
    }

    private static ReadOnlySpan<byte> Magic => "PMV"u8;

    private static ReadOnlySpan<byte> TagLabel => "PulseMeet-E2E v1 verification code user"u8;

    /// <summary>Makes the code of one's own account for a peer.</summary>
    /// <param name="own">One's own account.</param>
    /// <param name="peer">The account that the peer is thought to have.</param>
    /// <exception cref="ArgumentException">Both are the same user.</exception>
    /// <remarks>As dear as <see cref="SafetyNumber.Of"/>.</remarks>
    public static VerificationCode Of(AccountIdentity own, AccountIdentity peer)
    {
        AccountIdentity.AreTwo(own, peer);
        return new(Side(own), Side(peer));
    }

    /// <summary>The payload to be shown, <see cref="Size"/> bytes, for a QR code in byte mode.</summary>
    public byte[] ToArray() => [.. Magic, Version, .. _own, .. _peer];

    /// <summary>Compares what was scanned off the peer's screen, in a time that does not depend on where it differs.</summary>
    /// <param name="scanned">All bytes of the QR code.</param>
    /// <returns><see cref="VerificationOutcome.Match"/> only where the peer's device shows this peer's account, as it is known here,
    /// for one's own account as it is.</returns>
    /// <exception cref="E2EException">The code is another app's, or cut short (<see cref="E2EError.InvalidEncoding"/>).</exception>
    public VerificationOutcome Compare(ReadOnlySpan<byte> scanned)
    {
        var reader = new SpanReader(scanned);
        if (!PublicBytes.Equal(reader.ReadBytes(Magic.Length), Magic))
        {
            throw new E2EException(E2EError.InvalidEncoding, "Not a verification code.");
        }

        if (reader.ReadByte() != Version)
        {
            return VerificationOutcome.OtherVersion;
        }

        ReadOnlySpan<byte> shower = reader.ReadBytes(TagSize + FingerprintSize);
        ReadOnlySpan<byte> addressee = reader.ReadBytes(TagSize + FingerprintSize);
        reader.ExpectEnd();
        bool byPeer = ConstantTime.AreEqual(shower[..TagSize], _peer.AsSpan(0, TagSize));
        bool forOwn = ConstantTime.AreEqual(addressee[..TagSize], _own.AsSpan(0, TagSize));
        bool byOwn = ConstantTime.AreEqual(shower[..TagSize], _own.AsSpan(0, TagSize));
        bool isAlike = ConstantTime.AreEqual(shower[TagSize..], _peer.AsSpan(TagSize))
            & ConstantTime.AreEqual(addressee[TagSize..], _own.AsSpan(TagSize));
        return (byOwn, byPeer & forOwn, isAlike) switch
        {
            (true, _, _) => VerificationOutcome.OwnCode,
            (_, false, _) => VerificationOutcome.SomeoneElses,
            (_, true, true) => VerificationOutcome.Match,
            _ => VerificationOutcome.Mismatch,
        };
    }

    /// <summary>The user's tag, which says only whose code it is, and half of the fingerprint, which proves it.</summary>
    private static byte[] Side(AccountIdentity account) =>
    [
        .. Sha256.Hash(LabelledContent.Of(TagLabel, account.EncodedId)).AsSpan(0, TagSize),
        .. NumericFingerprint.Of(account).AsSpan(0, FingerprintSize),
    ];
}
