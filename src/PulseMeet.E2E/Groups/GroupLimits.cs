namespace PulseMeet.E2E.Groups;

/// <summary>The bounds of a pulse chat that every member holds; docs/protocol-groups.md, "Bounds".</summary>
internal static class GroupLimits
{
    /// <summary>The longest name, in bytes of UTF-8.</summary>
    public const int MaxNameSize = 256;

    /// <summary>The most admins besides the creator.</summary>
    public const int MaxAdmins = 64;

    /// <summary>The most devices in a group.</summary>
    public const int MaxDevices = 4096;

    /// <summary>The longest commit, in bytes: what is longer is passed over unread.</summary>
    public const int MaxCommitSize = 256 * 1024;

    /// <summary>The longest snapshot (tree and device lists), in bytes.</summary>
    public const int MaxSnapshotSize = 16 * 1024 * 1024;

    /// <summary>The longest lifetime of a key package, in seconds: 90 days.</summary>
    public const ulong MaxKeyPackageLifetime = 90 * 24 * 60 * 60;

    /// <summary>The epochs of which a fork statement speaks.</summary>
    public const int StatementEpochs = 16;
}
