using System.Security.Cryptography;

namespace PulseMeet.E2E.Primitives;

/// <summary>One published known answer for each primitive and each backend that this process has: whether what it would compute with is
/// what the specifications print.</summary>
/// <remarks>FIPS 140-3 calls these self-tests. About two milliseconds in all; see benchmarks/README.md.</remarks>
internal static class KnownAnswers
{
    /// <summary>A primitive by one backend.</summary>
    /// <param name="Primitive">Its name in the specification.</param>
    /// <param name="Backend">Who computes it.</param>
    /// <param name="Role">What it is used for here.</param>
    /// <param name="IsRight">Computes the known answer, and says whether it is the published one.</param>
    public sealed record Check(string Primitive, string Backend, string Role, Func<bool> IsRight)
    {
        /// <summary>As <see cref="IsRight"/>, and false where the backend fails altogether.</summary>
        public bool Passes()
        {
            try
            {
                return IsRight();
            }
            catch (Exception exception) when (exception is CryptographicException or PlatformNotSupportedException)
            {
                return false;
            }
        }
    }

    private const string Direct = "libcrypto";
    private const string Platform = "platform";
    private const string Managed = "BouncyCastle";

    public static IReadOnlyList<Check> All { get; } = [.. Build()];

    private static IEnumerable<Check> Build()
    {
        foreach ((IX25519Backend backend, string name) in Curves())
        {
            yield return new("X25519", name, Role(backend == X25519.Backend), () => X25519Agreement(backend));
        }

        yield return new("Ed25519", Managed, "used", Ed25519Signature);
        foreach ((IMlKemBackend backend, string name) in MlKems())
        {
            yield return new("ML-KEM-768", name, Role(backend == MlKem768.Backend), () => MlKemDecapsulation(backend));
        }

        foreach ((IHmacBackend backend, string name) in Hmacs())
        {
            yield return new("HMAC-SHA-256", name, Role(backend == Hmac.Backend), () => HmacCode(backend));
            yield return new("HKDF-SHA-256", name, Role(backend == Hmac.Backend), () => HkdfExpansion(backend));
        }

        foreach ((IAeadBackend backend, string name) in Aeads())
        {
            bool isShort = AesGcm256.BackendFor(0) == backend;
            bool isLong = AesGcm256.BackendFor(AesGcm256.PlatformFrom) == backend;
            string role = (isShort, isLong) switch
            {
                (true, true) => "used",
                (true, false) => $"used below {AesGcm256.PlatformFrom} bytes",
                (false, true) => $"used from {AesGcm256.PlatformFrom} bytes",
                _ => "not used",
            };
            yield return new("AES-256-GCM", name, role, () => AesGcmSealing(backend));
        }

        yield return new("SHA-256", Platform, "used", () => IsHash(HashFunction.Sha256, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"));
        yield return new(
            "SHA-384",
            Platform,
            "used",
            () => IsHash(HashFunction.Sha384, "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed8086072ba1e7cc2358baeca134c825a7"));
        yield return new(
            "SHA-512",
            Platform,
            "used",
            () => IsHash(HashFunction.Sha512, "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f"));
    }

    private static IEnumerable<(IX25519Backend Backend, string Name)> Curves() =>
        LibcryptoX25519.IsSupported ? [(LibcryptoX25519.Instance, Direct), (ManagedX25519.Instance, Managed)] : [(ManagedX25519.Instance, Managed)];

    private static IEnumerable<(IHmacBackend Backend, string Name)> Hmacs() =>
    [
        .. LibcryptoHmac.IsSupported ? [(LibcryptoHmac.Instance, Direct)] : Array.Empty<(IHmacBackend, string)>(),
        (PlatformHmac.Instance, Platform),
        (ManagedHmac.Instance, Managed),
    ];

    private static IEnumerable<(IMlKemBackend Backend, string Name)> MlKems() =>
        PlatformMlKem.IsSupported ? [(PlatformMlKem.Instance, Platform), (ManagedMlKem.Instance, Managed)] : [(ManagedMlKem.Instance, Managed)];

    private static IEnumerable<(IAeadBackend Backend, string Name)> Aeads() =>
    [
        .. LibcryptoAesGcm.IsSupported ? [(LibcryptoAesGcm.Instance, Direct)] : Array.Empty<(IAeadBackend, string)>(),
        .. PlatformAesGcm.IsSupported ? [(PlatformAesGcm.Instance, Platform)] : Array.Empty<(IAeadBackend, string)>(),
        (ManagedAesGcm.Instance, Managed),
    ];

    private static string Role(bool isUsed) => isUsed ? "used" : "not used";

    /// <summary>RFC 7748, section 5.2, the first vector; and that a key of low order gives nothing.</summary>
    internal static bool X25519Agreement(IX25519Backend backend)
    {
        Span<byte> shared = stackalloc byte[X25519.KeySize];
        return backend.TryAgree(
            Hex("a546e36bf0527c9d3b16154b82465edd62144c0ac1fc5a18506a2244ba449ac4"),
            Hex("e6db6867583030db3594c1a424b15f7c726624ec26b3353b10a903a6d0ab1c4c"),
            shared)
            && Is(shared, "c3da55379de9c6908e94ea4df28d084f32eccf03491c71f754b4075577a28552")
            && !backend.TryAgree(shared, new byte[X25519.KeySize], shared)
            && PublicBytes.Equal(shared, new byte[X25519.KeySize]);
    }

    /// <summary>RFC 8032, section 7.1, test 2, and that a changed signature is refused.</summary>
    private static bool Ed25519Signature()
    {
        byte[] seed = Hex("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb");
        byte[] publicKey = new byte[Ed25519.PublicKeySize];
        byte[] signature = new byte[Ed25519.SignatureSize];
        Ed25519.DerivePublicKey(seed, publicKey);
        Ed25519.Sign(seed, publicKey, [0x72], signature);
        bool isRight = Is(publicKey, "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c")
            && Is(
                signature,
                "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00")
            && Ed25519.Verify(publicKey, [0x72], signature);
        signature[0] ^= 1;
        return isRight && !Ed25519.Verify(publicKey, [0x72], signature);
    }

    /// <summary>Implicit rejection (FIPS 203, algorithm 18, line 7): SHAKE256(z || c) for a ciphertext of zeros; and both sides' secret.
    /// </summary>
    internal static bool MlKemDecapsulation(IMlKemBackend backend)
    {
        byte[] seed = Hex(
            "7c9935a0b07694aa0c6d10e4db6b1add2fd81a25ccb148032dcd739936737f2d8626ed79d451140800e03b59b956f8210e556067407d13dc90fa9e8b872bfb8f");
        byte[] key = new byte[MlKem768.EncapsulationKeySize];
        byte[] ciphertext = new byte[MlKem768.CiphertextSize];
        Span<byte> sent = stackalloc byte[MlKem768.SharedSecretSize];
        Span<byte> received = stackalloc byte[MlKem768.SharedSecretSize];
        backend.Decapsulate(seed, ciphertext, received);
        if (!Is(received, "c5f71f0f8573ee4dd87963c57e16dbf69498afcd898270ebfcf27ea69f45e96e"))
        {
            return false;
        }

        backend.DeriveEncapsulationKey(seed, key);
        if (!backend.TryEncapsulate(key, ciphertext, sent))
        {
            return false;
        }

        backend.Decapsulate(seed, ciphertext, received);
        return PublicBytes.Equal(sent, received);
    }

    /// <summary>RFC 4231, section 4.3.</summary>
    internal static bool HmacCode(IHmacBackend backend)
    {
        Span<byte> mac = stackalloc byte[Hmac.Size];
        backend.Mac("Jefe"u8, "what do ya want for nothing?"u8, mac);
        return Is(mac, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    }

    /// <summary>RFC 4231, section 4.3, over SHA-384 and SHA-512.</summary>
    internal static bool LongerHmacCodes(IHmacBackend sha384, IHmacBackend sha512)
    {
        Span<byte> mac = stackalloc byte[HashFunction.MaxSize];
        sha384.Mac("Jefe"u8, "what do ya want for nothing?"u8, mac[..48]);
        bool isRight = Is(
            mac[..48], "af45d2e376484031617f78d2b58a6b1b9c7ef464f5a01b47e42ec3736322445e8e2240ca5e69e2c78b3239ecfab21649");
        sha512.Mac("Jefe"u8, "what do ya want for nothing?"u8, mac);
        return isRight && Is(
            mac,
            "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea2505549758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737");
    }

    /// <summary>RFC 5869, appendix A.1.</summary>
    internal static bool HkdfExpansion(IHmacBackend backend)
    {
        Span<byte> prk = stackalloc byte[Hkdf.PrkSize];
        Span<byte> okm = stackalloc byte[42];
        Span<byte> ikm = stackalloc byte[22];
        ikm.Fill(0x0b);
        backend.Extract(ikm, Hex("000102030405060708090a0b0c"), prk);
        backend.Expand(prk, Hex("f0f1f2f3f4f5f6f7f8f9"), okm);
        return Is(okm, "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865");
    }

    /// <summary>The GCM specification, test cases 2 (AES-128) and 14, and that a changed tag is refused.</summary>
    internal static bool AesGcmSealing(IAeadBackend backend)
    {
        ReadOnlySpan<byte> zeros = stackalloc byte[AesGcm256.KeySize];
        Span<byte> sealedBytes = stackalloc byte[16 + AesGcm256.TagSize];
        Span<byte> opened = stackalloc byte[16];
        backend.Seal(zeros[..16], zeros[..AesGcm256.NonceSize], zeros[..16], default, sealedBytes);
        if (!Is(sealedBytes, "0388dace60b6a392f328c2b971b2fe78ab6e47d42cec13bdf53a67b21257bddf"))
        {
            return false;
        }

        backend.Seal(zeros, zeros[..AesGcm256.NonceSize], zeros[..16], default, sealedBytes);
        if (!Is(sealedBytes, "cea7403d4d606b6e074ec5d3baf39d18d0d1c8a799996bf0265b98b5d48ab919")
            || !backend.TryOpen(zeros, zeros[..AesGcm256.NonceSize], sealedBytes, default, opened))
        {
            return false;
        }

        sealedBytes[^1] ^= 1;
        return !backend.TryOpen(zeros, zeros[..AesGcm256.NonceSize], sealedBytes, default, opened);
    }

    /// <summary>FIPS 180-4, of "abc".</summary>
    private static bool IsHash(HashFunction hash, string expected) => Is(hash.Hash("abc"u8), expected);

    private static byte[] Hex(string hex) => Convert.FromHexString(hex);

    private static bool Is(ReadOnlySpan<byte> actual, string expected) => PublicBytes.Equal(actual, Hex(expected));
}
