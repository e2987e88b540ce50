namespace PulseMeet.E2E.Mls;

/// <summary>The pre-shared keys that this client holds, apart from those of the group's own epochs.</summary>
internal interface IPreSharedKeys
{
    /// <returns>A copy that the caller disposes; null where the key is not held.</returns>
    MlsSecret? Find(PreSharedKeyId id);
}

/// <summary>None.</summary>
internal sealed class NoPreSharedKeys : IPreSharedKeys
{
    public static NoPreSharedKeys Instance { get; } = new();

    public MlsSecret? Find(PreSharedKeyId id) => null;
}

/// <summary>Looks up the keys of a list of ids.</summary>
internal static class PreSharedKeys
{
    /// <summary>psk_secret for ids in their order (section 8.4).</summary>
    /// <exception cref="E2EException">One is not held (<see cref="E2EError.MlsUnknownPsk"/>).</exception>
    public static MlsSecret Secret(MlsSuite suite, IPreSharedKeys keys, IEnumerable<PreSharedKeyId> ids)
    {
        var found = new List<(PreSharedKeyId Id, MlsSecret Key)>();
        try
        {
            foreach (PreSharedKeyId id in ids)
            {
                found.Add((id, keys.Find(id) ?? throw new E2EException(E2EError.MlsUnknownPsk)));
            }

            return KeySchedule.PskSecret(suite, found);
        }
        finally
        {
            foreach ((_, MlsSecret key) in found)
            {
                key.Dispose();
            }
        }
    }
}
