using System.Text.Json;
using PulseMeet.E2E.Primitives;

namespace PulseMeet.E2E.Review.Wycheproof;

/// <summary>ML-KEM-768 by every backend that this machine has.</summary>
/// <remarks>The library keeps private keys as seeds, so that groups over expanded decapsulation keys do not concern it; it
/// draws the encapsulation's randomness itself, so that of those vectors the check of the key is what can be compared.</remarks>
internal static class MlKemChecks
{
    private const string Algorithm = "ML-KEM";

    public static IEnumerable<Check> All =>
        Checks("managed", ManagedMlKem.Instance)
            .Concat(Checks("platform", PlatformMlKem.IsSupported ? PlatformMlKem.Instance : null));

    private static IEnumerable<Check> Checks(string name, IMlKemBackend? backend) =>
    [
        new(Algorithm, ["MLKEMTest"], name, IsOurs, backend is null ? null : vector => Decapsulates(backend, vector)),
        new(Algorithm, ["MLKEMKeyGen", "MLKEMKeyGenSeedTest"], name, IsOurs, backend is null ? null : vector => Generates(backend, vector)),
        new(Algorithm, ["MLKEMEncapsTest"], name, IsOurs, backend is null ? null : vector => Encapsulates(backend, vector)),
    ];

    private static bool IsOurs(JsonElement group) => WycheproofFile.Text(group, "parameterSet") == "ML-KEM-768";

    private static bool Generates(IMlKemBackend backend, Vector vector) => vector.IsValid
        ? DeriveKey(backend, vector).AsSpan().SequenceEqual(vector.Bytes("ek"))
        : Check.Refused(() => DeriveKey(backend, vector));

    private static byte[] DeriveKey(IMlKemBackend backend, Vector vector)
    {
        byte[] seed = vector.Bytes("seed");
        byte[] key = new byte[MlKem768.EncapsulationKeySize];
        Argument.HasLength(seed, MlKem768.SeedSize);
        backend.DeriveEncapsulationKey(seed, key);
        return key;
    }

    /// <summary>Lengths are checked as <see cref="MlKem768"/> checks them for every backend. By the seed and by the parsed key: empty where the
    /// two differ.</summary>
    private static byte[] Decapsulate(IMlKemBackend backend, Vector vector)
    {
        byte[] seed = vector.Bytes("seed");
        byte[] ciphertext = vector.Bytes("c");
        byte[] secret = new byte[MlKem768.SharedSecretSize];
        Argument.HasLength(seed, MlKem768.SeedSize);
        Argument.HasLength(ciphertext, MlKem768.CiphertextSize);
        backend.Decapsulate(seed, ciphertext, secret);
        byte[] byParsedKey = new byte[MlKem768.SharedSecretSize];
        using IParsedMlKemKey parsed = backend.Parse(seed);
        parsed.Decapsulate(ciphertext, byParsedKey);
        return secret.AsSpan().SequenceEqual(byParsedKey) ? secret : [];
    }

    private static bool Decapsulates(IMlKemBackend backend, Vector vector)
    {
        if (!vector.IsValid)
        {
            return Check.Refused(() => Decapsulate(backend, vector));
        }

        bool keyFits = !vector.Test.TryGetProperty("ek", out _)
            || DeriveKey(backend, vector).AsSpan().SequenceEqual(vector.Bytes("ek"));
        return keyFits && Decapsulate(backend, vector).AsSpan().SequenceEqual(vector.Bytes("K"));
    }

    private static bool Encapsulates(IMlKemBackend backend, Vector vector)
    {
        byte[] key = vector.Bytes("ek");
        bool checkPasses = MlKem768.IsValidEncapsulationKey(key);
        bool accepted = false;
        bool refused = Check.Refused(() => accepted = backend.TryEncapsulate(
            key, new byte[MlKem768.CiphertextSize], new byte[MlKem768.SharedSecretSize])) || !accepted;
        return vector.IsValid ? checkPasses && !refused : !checkPasses && refused;
    }
}
