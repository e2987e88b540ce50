using PulseMeet.E2E.Encoding;
using PulseMeet.E2E.Primitives;

namespace PulseMeet.E2E.Keys;

/// <summary>An ML-KEM-768 encapsulation key: a post-quantum prekey.</summary>
/// <remarks>FIPS 203, section 7.2: the modulus check is made on reading.</remarks>
public sealed class MlKemPublicKey : PublicKey
{
    /// <summary>Length of the key, in bytes.</summary>
    public const int KeySize = 1184;

    internal MlKemPublicKey(ReadOnlySpan<byte> valid)
        : base(valid)
    {
    }

    /// <summary>Reads a key that came from outside.</summary>
    /// <param name="bytes">1184 bytes.</param>
    /// <exception cref="E2EException">Wrong length, or a coefficient is not reduced
    /// (<see cref="E2EError.InvalidPublicKey"/>).</exception>
    public static MlKemPublicKey FromBytes(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length != KeySize || !MlKem768.IsValidEncapsulationKey(bytes))
        {
            throw new E2EException(E2EError.InvalidPublicKey);
        }

        return new MlKemPublicKey(bytes);
    }

    /// <summary>Reads a key that came from outside, in base64 with padding.</summary>
    /// <param name="base64">Exactly the canonical spelling of 1184 bytes: no white space.</param>
    /// <exception cref="E2EException">Not base64 of 1184 bytes (<see cref="E2EError.InvalidEncoding"/>), or not a valid key
    /// (<see cref="E2EError.InvalidPublicKey"/>).</exception>
    public static MlKemPublicKey FromBase64(ReadOnlySpan<char> base64)
    {
        Span<byte> bytes = stackalloc byte[KeySize];
        StrictText.DecodeBase64(base64, bytes);
        return FromBytes(bytes);
    }

    /// <summary>Reads a key that came from outside, in hexadecimal of either case.</summary>
    /// <param name="hex">Exactly 2368 digits.</param>
    /// <exception cref="E2EException">Not hexadecimal of 1184 bytes (<see cref="E2EError.InvalidEncoding"/>), or not a valid
    /// key (<see cref="E2EError.InvalidPublicKey"/>).</exception>
    public static MlKemPublicKey FromHex(ReadOnlySpan<char> hex)
    {
        Span<byte> bytes = stackalloc byte[KeySize];
        StrictText.DecodeHex(hex, bytes);
        return FromBytes(bytes);
    }
}
