using PulseMeet.E2E.Primitives;

namespace PulseMeet.E2E.Benchmarks.Primitives;

/// <summary>The better backend of each primitive, as the library chooses it.</summary>
internal static class Backends
{
    public static IHmacBackend Hmac => E2E.Primitives.Hmac.Backend;

    public static IAeadBackend AesGcm(int length) => AesGcm256.BackendFor(length);

    /// <summary>Both backends that this machine has.</summary>
    public static IEnumerable<IAeadBackend> AllAesGcm => PlatformAesGcm.IsSupported
        ? [ManagedAesGcm.Instance, PlatformAesGcm.Instance]
        : [ManagedAesGcm.Instance];

    public static IEnumerable<IHmacBackend> AllHmac => [ManagedHmac.Instance, PlatformHmac.Instance];

    public static IEnumerable<IMlKemBackend> AllMlKem => PlatformMlKem.IsSupported
        ? [ManagedMlKem.Instance, PlatformMlKem.Instance]
        : [ManagedMlKem.Instance];
}
