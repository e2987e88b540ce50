namespace PulseMeet.E2E.Mls;

/// <summary>The bounds on what others can make this client hold or compute.</summary>
internal static class MlsLimits
{
    /// <summary>The most places for leaves in a tree: depth 14.</summary>
    public const uint MaxLeaves = 1 << 14;

    /// <summary>The longest message, Welcome or tree, in bytes.</summary>
    public const int MaxMessage = 64 * 1024 * 1024;

    /// <summary>The proposals of one sender that are kept within an epoch; further ones are refused, so that nobody takes
    /// another's place.</summary>
    public const int MaxProposalsOfSender = 64;

    /// <summary>The longest serialised state, in bytes.</summary>
    public const int MaxState = 512 * 1024 * 1024;
}
