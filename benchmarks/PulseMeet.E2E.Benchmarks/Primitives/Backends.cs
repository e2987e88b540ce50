using PulseMeet.E2E.Benchmarks.Measuring;
using PulseMeet.E2E.Primitives;

namespace PulseMeet.E2E.Benchmarks.Primitives;

/// <summary>The better backend of each primitive, as the library chooses it.</summary>
internal static class Backends
{
    public static IHmacBackend Hmac => E2E.Primitives.Hmac.Backend;

    public static IAeadBackend AesGcm(int length) => AesGcm256.BackendFor(length);

    /// <summary>All backends that this machine has.</summary>
    public static IEnumerable<IAeadBackend> AllAesGcm =>
    [
        ManagedAesGcm.Instance,
        .. PlatformAesGcm.IsSupported ? [PlatformAesGcm.Instance] : Array.Empty<IAeadBackend>(),
        .. LibcryptoAesGcm.IsSupported ? [LibcryptoAesGcm.Instance] : Array.Empty<IAeadBackend>(),
    ];

    /// <summary>The same with a key that is set once.</summary>
    public static IEnumerable<(string Name, IHeldAesGcm Held)> AllHeldAesGcm(byte[] key)
    {
        yield return ("managed", new HeldKeyAesGcm(key, _ => ManagedAesGcm.Instance));
        if (!OperatingSystem.IsBrowser() && PlatformAesGcm.IsSupported)
        {
            yield return ("platform", new PlatformHeldAesGcm(key));
        }

        if (LibcryptoAesGcm.IsSupported)
        {
            yield return ("libcrypto", new LibcryptoHeldAesGcm(key));
        }
    }

    public static IEnumerable<IHmacBackend> AllHmac =>
    [
        ManagedHmac.Instance,
        PlatformHmac.Instance,
        .. LibcryptoHmac.IsSupported ? [LibcryptoHmac.Instance] : Array.Empty<IHmacBackend>(),
    ];

    public static IEnumerable<IX25519Backend> AllX25519 =>
        [ManagedX25519.Instance, .. LibcryptoX25519.IsSupported ? [LibcryptoX25519.Instance] : Array.Empty<IX25519Backend>()];

    public static IEnumerable<IMlKemBackend> AllMlKem => PlatformMlKem.IsSupported
        ? [ManagedMlKem.Instance, PlatformMlKem.Instance]
        : [ManagedMlKem.Instance];

    /// <summary>The same work without libcrypto's being called directly: what the library did before, and does elsewhere.</summary>
    public static Workload Managed(Workload workload) => Switched(workload, usesLibcrypto: false);

    /// <summary>The same work as the library does it here.</summary>
    public static Workload Chosen(Workload workload) => Switched(workload, usesLibcrypto: true);

    private static Workload Switched(Workload workload, bool usesLibcrypto) =>
        workload.Under(() => E2E.Primitives.Backends.UsesLibcrypto = usesLibcrypto);
}
