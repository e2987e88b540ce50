using PulseMeet.E2E.Encoding;
using PulseMeet.E2E.Primitives;

namespace PulseMeet.E2E.Keys;

/// <summary>An Ed25519 public key: an account key or a device's signing key.</summary>
/// <remarks>RFC 8032, section 5.1. Only the canonical encoding of a point of the prime-order subgroup is accepted.</remarks>
public sealed class Ed25519PublicKey : PublicKey
{
    /// <summary>Length of the key, in bytes.</summary>
    public const int KeySize = 32;

    /// <summary>Decoded at the first signature that is verified, if not before.</summary>
    private Ed25519.Point? _point;

    internal Ed25519PublicKey(ReadOnlySpan<byte> valid)
        : base(valid)
    {
    }

    private Ed25519PublicKey(ReadOnlySpan<byte> valid, Ed25519.Point point)
        : base(valid) => _point = point;

    /// <summary>Reads a key that came from outside.</summary>
    /// <param name="bytes">32 bytes.</param>
    /// <exception cref="E2EException">Wrong length, not canonical, or outside the prime-order subgroup
    /// (<see cref="E2EError.InvalidPublicKey"/>).</exception>
    public static Ed25519PublicKey FromBytes(ReadOnlySpan<byte> bytes)
    {
        Ed25519.Point point = Ed25519.Decode(bytes) ?? throw new E2EException(E2EError.InvalidPublicKey);
        return new Ed25519PublicKey(bytes, point);
    }

    /// <summary>Reads a key that came from outside, in base64 with padding.</summary>
    /// <param name="base64">Exactly the canonical spelling of 32 bytes: no white space.</param>
    /// <exception cref="E2EException">Not base64 of 32 bytes (<see cref="E2EError.InvalidEncoding"/>), or not a valid key
    /// (<see cref="E2EError.InvalidPublicKey"/>).</exception>
    public static Ed25519PublicKey FromBase64(ReadOnlySpan<char> base64)
    {
        Span<byte> bytes = stackalloc byte[KeySize];
        StrictText.DecodeBase64(base64, bytes);
        return FromBytes(bytes);
    }

    /// <summary>Reads a key that came from outside, in hexadecimal of either case.</summary>
    /// <param name="hex">Exactly 64 digits.</param>
    /// <exception cref="E2EException">Not hexadecimal of 32 bytes (<see cref="E2EError.InvalidEncoding"/>), or not a valid
    /// key (<see cref="E2EError.InvalidPublicKey"/>).</exception>
    public static Ed25519PublicKey FromHex(ReadOnlySpan<char> hex)
    {
        Span<byte> bytes = stackalloc byte[KeySize];
        StrictText.DecodeHex(hex, bytes);
        return FromBytes(bytes);
    }

    /// <summary>Whether the signature is this key's over the label, length-prefixed, and the content.</summary>
    internal bool Verify(ReadOnlySpan<byte> label, ReadOnlySpan<byte> content, ReadOnlySpan<byte> signature) =>
        (_point ??= Ed25519.DecodeValid(Span)) is { } point && Ed25519.Verify(point, LabelledContent.Of(label, content), signature);
}
