using System.Numerics;
using FsCheck.Xunit;
using PulseMeet.E2E.Keys;

namespace PulseMeet.E2E.Tests.Keys;

/// <summary>Attack 1: one key has one encoding, and low-order points are no keys.</summary>
public sealed class PublicKeyEncodings
{
    private static readonly BigInteger s_p = BigInteger.Pow(2, 255) - 19;

    /// <summary>The encodings of all points of order 1, 2, 4 and 8 on the curve and its twist, canonical or not, with and
    /// without the high bit.</summary>
    public static TheoryData<string> LowOrder()
    {
        string[] small =
        [
            "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
            "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
        ];
        byte[][] canonical =
        [
            Bytes(0), Bytes(1), Bytes(s_p - 1), .. small.Select(Convert.FromHexString),
        ];
        byte[][] unreduced = [Bytes(s_p), Bytes(s_p + 1)];
        var data = new TheoryData<string>();
        foreach (byte[] point in canonical.Concat(unreduced))
        {
            data.Add(Convert.ToHexString(point));
            point[31] |= 0x80;
            data.Add(Convert.ToHexString(point));
        }

        return data;
    }

    [Theory]
    [MemberData(nameof(LowOrder))]
    public void A_low_order_point_is_no_X25519_key(string hex) =>
        Assert.Equal(
            E2EError.InvalidPublicKey, Assert.Throws<E2EException>(() => X25519PublicKey.FromHex(hex)).Reason);

    [Theory]
    [MemberData(nameof(LowOrder))]
    public void Agreement_with_a_low_order_point_that_came_past_the_parser_is_refused(string hex)
    {
        using X25519KeyPair own = X25519KeyPair.Generate();
        var smuggled = new X25519PublicKey(Convert.FromHexString(hex));
        byte[] shared = new byte[32];
        Assert.Equal(E2EError.InvalidPublicKey, Assert.Throws<E2EException>(() => own.Agree(smuggled, shared)).Reason);
        Assert.All(shared, b => Assert.Equal(0, b));
    }

    [Fact]
    public void A_value_of_p_or_more_is_not_canonical()
    {
        for (int i = 0; i < 19; i++)
        {
            byte[] encoded = Bytes(s_p + i);
            Assert.Throws<E2EException>(() => X25519PublicKey.FromBytes(encoded));
        }

        Assert.Equal(Bytes(s_p - 2), X25519PublicKey.FromBytes(Bytes(s_p - 2)).ToArray());
    }

    [Fact]
    public void A_set_high_bit_is_not_canonical()
    {
        using X25519KeyPair pair = X25519KeyPair.Generate();
        byte[] encoded = pair.PublicKey.ToArray();
        encoded[31] |= 0x80;
        Assert.Throws<E2EException>(() => X25519PublicKey.FromBytes(encoded));
    }

    [Theory]
    [InlineData("0100000000000000000000000000000000000000000000000000000000000000")] // the neutral element
    [InlineData("ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f")] // order 2
    [InlineData("0000000000000000000000000000000000000000000000000000000000000000")] // order 4
    [InlineData("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05")] // order 8
    [InlineData("edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f")] // y = p
    [InlineData("0100000000000000000000000000000000000000000000000000000000000080")] // neutral, with a sign
    [InlineData("0200000000000000000000000000000000000000000000000000000000000000")] // not on the curve
    public void A_point_of_small_order_or_another_encoding_is_no_Ed25519_key(string hex) =>
        Assert.Throws<E2EException>(() => Ed25519PublicKey.FromHex(hex));

    [Property(MaxTest = 50)]
    public bool Every_key_reads_back_from_each_of_its_forms()
    {
        using X25519KeyPair x = X25519KeyPair.Generate();
        using Ed25519KeyPair e = Ed25519KeyPair.Generate();
        return X25519PublicKey.FromBase64(x.PublicKey.ToBase64()) == x.PublicKey
            && X25519PublicKey.FromHex(x.PublicKey.ToHex().ToUpperInvariant()) == x.PublicKey
            && X25519PublicKey.FromBytes(x.PublicKey.Span) == x.PublicKey
            && Ed25519PublicKey.FromBase64(e.PublicKey.ToBase64()) == e.PublicKey
            && Ed25519PublicKey.FromHex(e.PublicKey.ToHex()) == e.PublicKey
            && x.PublicKey != X25519KeyPair.Generate().PublicKey
            && !x.PublicKey.Equals(e.PublicKey);
    }

    [Fact]
    public void Base64_has_one_spelling()
    {
        using X25519KeyPair pair = X25519KeyPair.Generate();
        string good = pair.PublicKey.ToBase64();
        char last = good[42];
        string otherBits = good[..42] + (char)(last + 1) + "=";
        string[] bad =
        [
            "", "AAAA", " " + good, good + " ", good + "\n", good[..43], good[..20] + " " + good[20..], good.Replace('=', ' '),
            good[..^1] + "==", otherBits, good[..43] + "é", good[..10] + "-" + good[11..], good + good,
        ];
        foreach (string text in bad)
        {
            Assert.Throws<E2EException>(() => X25519PublicKey.FromBase64(text));
        }
    }

    [Fact]
    public void Hexadecimal_of_another_length_or_alphabet_is_refused()
    {
        string good = new('a', 64);
        foreach (string text in new[] { "", good[..63], good + "aa", good[..63] + "g", " " + good[..63], "0x" + good[2..] })
        {
            Assert.Equal(E2EError.InvalidEncoding, Assert.Throws<E2EException>(() => X25519PublicKey.FromHex(text)).Reason);
        }
    }

    [Property(MaxTest = 200)]
    public bool Arbitrary_bytes_give_a_key_or_the_documented_exception(byte[] bytes)
    {
        foreach (Func<byte[], PublicKey> read in new Func<byte[], PublicKey>[]
            { b => X25519PublicKey.FromBytes(b), b => Ed25519PublicKey.FromBytes(b), b => MlKemPublicKey.FromBytes(b) })
        {
            try
            {
                if (!read(bytes).Span.SequenceEqual(bytes))
                {
                    return false;
                }
            }
            catch (E2EException exception) when (exception.Reason == E2EError.InvalidPublicKey)
            {
            }
        }

        return true;
    }

    private static byte[] Bytes(BigInteger value)
    {
        byte[] bytes = new byte[32];
        value.ToByteArray(isUnsigned: true).CopyTo(bytes, 0);
        return bytes;
    }
}
