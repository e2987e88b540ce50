namespace PulseMeet.E2E.Mls;

/// <summary>The numbers of proposals (RFC 9420, section 17.4).</summary>
internal static class ProposalType
{
    public const ushort Add = 1;
    public const ushort Update = 2;
    public const ushort Remove = 3;
    public const ushort PreSharedKey = 4;
    public const ushort ReInit = 5;
    public const ushort ExternalInit = 6;
    public const ushort GroupContextExtensions = 7;

    /// <summary>From here on, the numbers are of private use.</summary>
    public const ushort FirstPrivate = 0xf000;

    /// <summary>Those that every client has, and that no capabilities list (section 7.2).</summary>
    public static bool IsDefault(ushort type) => type is >= Add and <= GroupContextExtensions;

    /// <summary>Whether a commit that covers one has to have a path (section 12.4). A private one always does.</summary>
    public static bool RequiresPath(ushort type) => type is not (Add or PreSharedKey or ReInit);

    /// <summary>Whether a sender outside of the group may propose it (section 12.1.8).</summary>
    public static bool IsExternalAllowed(ushort type) => type is Add or Remove or PreSharedKey or ReInit or GroupContextExtensions;
}
