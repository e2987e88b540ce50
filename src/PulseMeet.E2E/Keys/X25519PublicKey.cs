using PulseMeet.E2E.Encoding;
using PulseMeet.E2E.Primitives;

namespace PulseMeet.E2E.Keys;

/// <summary>An X25519 public key: a device's identity key, one half of a signed or one-time pair, a ratchet key.</summary>
/// <remarks>RFC 7748, section 5. Only the canonical encoding of a point that is not of low order is accepted, so that one key has one
/// encoding, one identity and one fingerprint.</remarks>
public sealed class X25519PublicKey : PublicKey
{
    /// <summary>Length of the key, in bytes.</summary>
    public const int KeySize = 32;

    internal X25519PublicKey(ReadOnlySpan<byte> valid)
        : base(valid)
    {
    }

    /// <summary>Reads a key that came from outside.</summary>
    /// <param name="bytes">32 bytes.</param>
    /// <exception cref="E2EException">Wrong length, not canonical, or of low order
    /// (<see cref="E2EError.InvalidPublicKey"/>).</exception>
    public static X25519PublicKey FromBytes(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length != KeySize || !X25519.IsAcceptable(bytes))
        {
            throw new E2EException(E2EError.InvalidPublicKey);
        }

        return new X25519PublicKey(bytes);
    }

    /// <summary>Reads a key that came from outside, in base64 with padding.</summary>
    /// <param name="base64">Exactly the canonical spelling of 32 bytes: no white space.</param>
    /// <exception cref="E2EException">Not base64 of 32 bytes (<see cref="E2EError.InvalidEncoding"/>), or not a valid key
    /// (<see cref="E2EError.InvalidPublicKey"/>).</exception>
    public static X25519PublicKey FromBase64(ReadOnlySpan<char> base64)
    {
        Span<byte> bytes = stackalloc byte[KeySize];
        StrictText.DecodeBase64(base64, bytes);
        return FromBytes(bytes);
    }

    /// <summary>Reads a key that came from outside, in hexadecimal of either case.</summary>
    /// <param name="hex">Exactly 64 digits.</param>
    /// <exception cref="E2EException">Not hexadecimal of 32 bytes (<see cref="E2EError.InvalidEncoding"/>), or not a valid
    /// key (<see cref="E2EError.InvalidPublicKey"/>).</exception>
    public static X25519PublicKey FromHex(ReadOnlySpan<char> hex)
    {
        Span<byte> bytes = stackalloc byte[KeySize];
        StrictText.DecodeHex(hex, bytes);
        return FromBytes(bytes);
    }
}
