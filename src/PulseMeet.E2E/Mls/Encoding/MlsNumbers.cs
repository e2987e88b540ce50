namespace PulseMeet.E2E.Mls;

/// <summary>The registries of RFC 9420, section 17, as far as the protocol itself names them.</summary>
internal static class MlsNumbers
{
    /// <summary>ProtocolVersion mls10 (section 6).</summary>
    public const ushort Mls10 = 1;

    /// <summary>The values of every registry that are there to be ignored (section 13.5).</summary>
    public static bool IsGrease(ushort value) =>
        (value & 0x0f0f) == 0x0a0a && value >> 8 == (value & 0xff) && value != 0xfafa;

    /// <summary>The GREASE value with this index, 0 to 14.</summary>
    public static ushort Grease(int index) => (ushort)(0x0a0a + (0x1010 * index));
}

/// <summary>Section 17.2.</summary>
internal enum WireFormat : ushort
{
    PublicMessage = 1,
    PrivateMessage = 2,
    Welcome = 3,
    GroupInfo = 4,
    KeyPackage = 5,
}

/// <summary>Section 17.3.</summary>
internal static class ExtensionType
{
    public const ushort ApplicationId = 1;
    public const ushort RatchetTree = 2;
    public const ushort RequiredCapabilities = 3;
    public const ushort ExternalPub = 4;
    public const ushort ExternalSenders = 5;

    /// <summary>last_resort of draft-ietf-mls-extensions, in KeyPackage.extensions.</summary>
    public const ushort LastResort = 10;

    /// <summary>Those that every client has, and that no capabilities list (section 7.2).</summary>
    public static bool IsDefault(ushort type) => type is >= ApplicationId and <= ExternalSenders;
}

/// <summary>Section 17.5; the private-use value is ours.</summary>
internal static class CredentialType
{
    public const ushort Basic = 1;
    public const ushort X509 = 2;

    /// <summary>A device certificate of this library, as it encodes itself.</summary>
    public const ushort DeviceCertificate = 0xf0e2;
}
