using FsCheck.Xunit;
using PulseMeet.E2E.Primitives;

namespace PulseMeet.E2E.Tests.Primitives;

/// <summary>X25519 by both backends: the same secrets, and the same refusals.</summary>
public sealed class X25519Backends
{
    private static IX25519Backend[] Backends { get; } =
        [.. LibcryptoX25519.IsSupported ? [LibcryptoX25519.Instance] : Array.Empty<IX25519Backend>(), ManagedX25519.Instance];

    [Property(MaxTest = 500)]
    public bool Every_backend_agrees_alike_with_whatever_32_bytes_are_there_as_a_key(Guid first, Guid second, Guid third, Guid fourth, bool isBounded)
    {
        byte[] privateKey = [.. first.ToByteArray(), .. second.ToByteArray()];
        byte[] publicKey = [.. third.ToByteArray(), .. fourth.ToByteArray()];
        publicKey[31] &= isBounded ? (byte)0x7f : (byte)0xff;
        return Outcomes(privateKey, publicKey).Distinct().Count() == 1;
    }

    [Fact]
    public void Every_backend_refuses_points_of_low_order_in_every_encoding_and_leaves_zeros()
    {
        string[] low =
        [
            "0000000000000000000000000000000000000000000000000000000000000000",
            "0100000000000000000000000000000000000000000000000000000000000000",
            "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
            "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
            "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
            "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
            "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
        ];
        byte[] privateKey = new byte[32];
        Randomness.Fill(privateKey);
        foreach (string point in low)
        {
            byte[] publicKey = Convert.FromHexString(point);
            foreach (byte high in new byte[] { 0x00, 0x80 })
            {
                publicKey[31] |= high;
                Assert.All(Outcomes(privateKey, publicKey), outcome => Assert.Equal("False " + new string('0', 64), outcome));
            }
        }
    }

    [Fact]
    public void Encodings_that_are_not_canonical_are_taken_alike_below_the_check_that_refuses_them()
    {
        byte[] privateKey = new byte[32];
        Randomness.Fill(privateKey);
        for (int last = 0xee; last <= 0xff; last++)
        {
            byte[] publicKey = new byte[32];
            publicKey.AsSpan().Fill(0xff);
            publicKey[0] = (byte)last;
            publicKey[31] = 0x7f;
            Assert.False(X25519.IsAcceptable(publicKey));
            Assert.Single(Outcomes(privateKey, publicKey).Distinct());
        }
    }

    [Fact]
    public void A_secret_may_be_written_over_either_key()
    {
        byte[] privateKey = new byte[32];
        byte[] publicKey = new byte[32];
        byte[] expected = new byte[32];
        Randomness.Fill(privateKey);
        X25519.DerivePublicKey(privateKey, publicKey);
        foreach (IX25519Backend backend in Backends)
        {
            Assert.True(backend.TryAgree(privateKey, publicKey, expected));
            byte[] over = [.. privateKey];
            Assert.True(backend.TryAgree(over, publicKey, over));
            Assert.Equal(expected, over);
            over = [.. publicKey];
            Assert.True(backend.TryAgree(privateKey, over, over));
            Assert.Equal(expected, over);
        }
    }

    [Fact]
    public void Many_threads_at_once_come_to_the_same_secrets()
    {
        byte[][] keys = [.. Enumerable.Range(0, 16).Select(_ => new byte[32])];
        foreach (byte[] key in keys)
        {
            Randomness.Fill(key);
        }

        byte[] publicKey = new byte[32];
        X25519.DerivePublicKey(keys[0], publicKey);
        string[] expected = [.. keys.Select(key => Outcomes(key, publicKey)[^1])];
        Parallel.For(0, 2000, i => Assert.All(Outcomes(keys[i % 16], publicKey), outcome => Assert.Equal(expected[i % 16], outcome)));
    }

    private static string[] Outcomes(byte[] privateKey, byte[] publicKey) =>
    [
        .. Backends.Select(backend =>
        {
            byte[] secret = new byte[32];
            secret.AsSpan().Fill(0xaa);
            bool agreed = backend.TryAgree(privateKey, publicKey, secret);
            return $"{agreed} {Convert.ToHexStringLower(secret)}";
        }),
    ];
}
