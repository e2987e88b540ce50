namespace PulseMeet.E2E.Messaging;

/// <summary>The two bytes that say what a content is. docs/protocol-messaging.md, "Content types".</summary>
/// <remarks>Below <see cref="FirstInternal"/> is what apps say to each other: a type that this version does not know comes
/// out as <see cref="UnknownContent"/>. From there on is what devices say to each other: an unknown one is passed over.</remarks>
internal static class ContentType
{
    public const ushort Text = 1;
    public const ushort Media = 2;
    public const ushort Receipt = 3;
    public const ushort Reaction = 4;
    public const ushort Edit = 5;
    public const ushort Deletion = 6;
    public const ushort DisappearingTime = 7;
    public const ushort App = 8;

    /// <summary>Numbered as what apps say is, and for devices of one's own alone.</summary>
    public const ushort ContactStanding = 9;

    public const ushort FirstInternal = 0x8000;
    public const ushort Signal = 0x8001;
    public const ushort Delivered = 0x8002;
    public const ushort ResendRequest = 0x8003;
    public const ushort Unavailable = 0x8004;
    public const ushort Repair = 0x8005;
    public const ushort PulseLine = 0x8006;

    public static bool IsInternal(ushort type) => type >= FirstInternal;
}
