using PulseMeet.E2E.Primitives;

namespace PulseMeet.E2E.Mls;

/// <summary>The resumption keys of a group's epochs, and behind them the caller's pre-shared keys (RFC 9420, section 8.6).</summary>
internal sealed class GroupPreSharedKeys(MlsGroup group, IPreSharedKeys others) : IPreSharedKeys
{
    public MlsSecret? Find(PreSharedKeyId id) =>
        id.IsResumption && PublicBytes.Equal(id.Id, group.GroupId)
            ? group.ResumptionKey(id.Epoch) ?? others.Find(id)
            : others.Find(id);
}
