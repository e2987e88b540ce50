using System.Numerics;
using PulseMeet.E2E.Keys;
using PulseMeet.E2E.Primitives;
using PulseMeet.E2E.Review.Vectors;
using PulseMeet.E2E.Tests.Support;

namespace PulseMeet.E2E.Tests.Keys;

/// <summary>Which Ed25519 signatures are accepted, to the bit: docs/protocol.md, "Signatures".</summary>
public sealed class SignatureVerification
{
    private static readonly byte[] s_seed = [.. Enumerable.Range(9, 32).Select(i => (byte)i)];
    private static readonly byte[] s_message = "a certificate"u8.ToArray();
    private static readonly byte[] s_publicKey = PublicKeyOf(s_seed);

    [Fact]
    public void With_the_cofactor_a_part_of_small_order_in_R_is_accepted_whatever_its_order()
    {
        for (int i = 1; i <= 8; i++)
        {
            foreach (EdwardsPoint small in EdwardsPoint.SmallOrder)
            {
                byte[] signature = EdwardsPoint.Sign(s_seed, s_publicKey, s_message, small, 1_000_003 * i);
                Assert.True(Verify(s_publicKey, s_message, signature));
                Assert.False(Verify(s_publicKey, "another"u8, signature));
            }
        }
    }

    [Fact]
    public void An_ordinary_signature_is_the_plain_arithmetics()
    {
        byte[] signature = new byte[64];
        Ed25519.Sign(s_seed, s_publicKey, s_message, signature);
        Assert.True(Verify(s_publicKey, s_message, signature));
        byte[] hash = System.Security.Cryptography.SHA512.HashData(s_seed);
        BigInteger r = EdwardsPoint.Little(System.Security.Cryptography.SHA512.HashData([.. hash[32..], .. s_message])) % EdwardsPoint.Order;
        Assert.Equal(signature, EdwardsPoint.Sign(s_seed, s_publicKey, s_message, EdwardsPoint.Neutral, r));
    }

    [Fact]
    public void S_has_to_be_below_the_groups_order()
    {
        byte[] signature = EdwardsPoint.Sign(s_seed, s_publicKey, s_message, EdwardsPoint.Neutral, 77);
        BigInteger s = EdwardsPoint.Little(signature[32..]);
        Assert.True(Verify(s_publicKey, s_message, signature));
        for (BigInteger more = s + EdwardsPoint.Order; more < BigInteger.Pow(2, 256); more += EdwardsPoint.Order)
        {
            Assert.False(Verify(s_publicKey, s_message, [.. signature[..32], .. EdwardsPoint.Bytes(more)]));
        }
    }

    [Fact]
    public void Another_encoding_of_R_is_refused()
    {
        // R is the neutral point: S = k a. Its other encodings have the sign bit of x = 0, or y = 1 + p.
        byte[][] encodings =
        [
            [.. EdwardsPoint.Bytes(1)[..31], 0x80],
            EdwardsPoint.Bytes(1 + EdwardsPoint.Prime),
        ];
        foreach (byte[] encoded in encodings)
        {
            byte[] signature = EdwardsPoint.SignUnder(encoded, s_seed, s_publicKey, s_message, BigInteger.Zero);
            Assert.False(Verify(s_publicKey, s_message, signature));
        }

        byte[] canonical = EdwardsPoint.SignUnder(EdwardsPoint.Bytes(1), s_seed, s_publicKey, s_message, BigInteger.Zero);
        Assert.True(Verify(s_publicKey, s_message, canonical));
    }

    [Fact]
    public void A_public_key_of_small_order_the_neutral_point_among_them_verifies_nothing_and_is_no_key()
    {
        foreach (EdwardsPoint small in EdwardsPoint.SmallOrder)
        {
            // With such a key, R = S B is a signature of every message.
            byte[] key = small.Encode();
            byte[] signature = [.. (7 * EdwardsPoint.Base).Encode(), .. EdwardsPoint.Bytes(7)];
            Assert.False(Verify(key, s_message, signature));
            Assert.Equal(E2EError.InvalidPublicKey, Refusal.Of(() => Ed25519PublicKey.FromBytes(key)));
        }
    }

    [Fact]
    public void A_public_key_with_a_part_of_small_order_is_no_key()
    {
        BigInteger a = EdwardsPoint.PrivateScalar(s_seed);
        foreach (EdwardsPoint small in EdwardsPoint.SmallOrder[1..])
        {
            byte[] mixed = ((a * EdwardsPoint.Base) + small).Encode();
            Assert.Equal(E2EError.InvalidPublicKey, Refusal.Of(() => Ed25519PublicKey.FromBytes(mixed)));
        }

        Assert.Equal(s_publicKey, (a * EdwardsPoint.Base).Encode());
    }

    [Fact]
    public void A_signature_of_another_length_is_refused()
    {
        byte[] signature = EdwardsPoint.Sign(s_seed, s_publicKey, s_message, EdwardsPoint.Neutral, 77);
        Assert.False(Verify(s_publicKey, s_message, signature.AsSpan(0, 63)));
        Assert.False(Verify(s_publicKey, s_message, [.. signature, 0]));
        Assert.False(Verify(s_publicKey, s_message, default));
    }

    /// <summary>By the key's bytes, and by its decoded point where it is a valid key: both say the same.</summary>
    private static bool Verify(ReadOnlySpan<byte> publicKey, ReadOnlySpan<byte> message, ReadOnlySpan<byte> signature)
    {
        bool isValid = Ed25519.Verify(publicKey, message, signature);
        if (Ed25519.Decode(publicKey) is { } point)
        {
            Assert.Equal(isValid, Ed25519.Verify(point, message, signature));
        }

        return isValid;
    }

    private static byte[] PublicKeyOf(byte[] seed)
    {
        byte[] publicKey = new byte[32];
        Ed25519.DerivePublicKey(seed, publicKey);
        return publicKey;
    }
}
