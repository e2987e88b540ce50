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
        ? GivesKey(backend, vector)
        : Check.Refused(() => GivesKey(backend, vector));

    private static bool GivesKey(IMlKemBackend backend, Vector vector)
    {
        byte[] key = new byte[MlKem768.EncapsulationKeySize];
        backend.DeriveEncapsulationKey(vector.Bytes("seed"), key);
        return key.AsSpan().SequenceEqual(vector.Bytes("ek"));
    }

    private static bool Decapsulates(IMlKemBackend backend, Vector vector)
    {
        bool Same()
        {
            byte[] ciphertext = vector.Bytes("c");
            byte[] secret = new byte[MlKem768.SharedSecretSize];
            Argument.HasLength(ciphertext, MlKem768.CiphertextSize);
            backend.Decapsulate(vector.Bytes("seed"), ciphertext, secret);
            bool keyFits = !vector.Test.TryGetProperty("ek", out _) || GivesKey(backend, vector);
            return keyFits && secret.AsSpan().SequenceEqual(vector.Bytes("K"));
        }

        return vector.IsValid ? Same() : Check.Refused(Same);
    }

    private static bool Encapsulates(IMlKemBackend backend, Vector vector)
    {
        byte[] key = vector.Bytes("ek");
        bool Accepts() => MlKem768.IsValidEncapsulationKey(key)
            && backend.TryEncapsulate(key, new byte[MlKem768.CiphertextSize], new byte[MlKem768.SharedSecretSize]);

        return vector.IsValid
            ? Accepts()
            : !MlKem768.IsValidEncapsulationKey(key) && Check.Refused(() => backend.TryEncapsulate(
                key, new byte[MlKem768.CiphertextSize], new byte[MlKem768.SharedSecretSize]));
    }
}
