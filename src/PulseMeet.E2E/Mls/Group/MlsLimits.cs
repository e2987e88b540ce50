namespace PulseMeet.E2E.Mls;

/// <summary>The bounds on what others can make this client hold or compute.</summary>
internal static class MlsLimits
{
    /// <summary>The most places for leaves in a tree: depth 14.</summary>
    public const uint MaxLeaves = 1 << 14;

    /// <summary>The longest message, Welcome or tree, in bytes.</summary>
    public const int MaxMessage = 64 * 1024 * 1024;
}
