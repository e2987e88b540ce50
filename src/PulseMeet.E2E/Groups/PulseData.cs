using PulseMeet.E2E.Encoding;
using PulseMeet.E2E.Identity;
using PulseMeet.E2E.Mls;
using PulseMeet.E2E.Primitives;

namespace PulseMeet.E2E.Groups;

/// <summary>The group context extension of a pulse chat: what all members agree on besides the tree.</summary>
/// <remarks>docs/protocol-groups.md, "Group context". Authenticated as the whole context is: it is in the key schedule. Immutable.</remarks>
internal sealed record PulseData
{
    private const byte Version = 1;

    /// <summary>Up to 256 bytes of UTF-8.</summary>
    public required string Name { get; init; }

    /// <summary>The user id of the creator; empty where the creator has left.</summary>
    public required string Creator { get; init; }

    /// <summary>The user ids of the admins, in ascending order of their bytes; the creator is not among them.</summary>
    public required IReadOnlyList<string> Admins { get; init; }

    public required GroupRights Rights { get; init; }

    /// <summary>Over the device lists of all accounts in the group (<see cref="DeviceListBook.Hash"/>), 32 bytes.</summary>
    public required byte[] ListsHash { get; init; }

    /// <exception cref="E2EException">The group has none, or it is malformed (<see cref="E2EError.GroupExtensionRefused"/>), or of
    /// another version (<see cref="E2EError.UnsupportedVersion"/>).</exception>
    public static PulseData Of(IReadOnlyList<Extension> groupExtensions)
    {
        if (groupExtensions.Find(GroupNumbers.PulseExtension) is not { } extension)
        {
            throw new E2EException(E2EError.GroupExtensionRefused, "It is missing.");
        }

        try
        {
            return Decode(extension.Data);
        }
        catch (E2EException exception) when (exception.Reason == E2EError.InvalidEncoding)
        {
            throw new E2EException(E2EError.GroupExtensionRefused, "It is malformed.", exception);
        }
    }

    /// <summary>The extensions of a group with this: there are no others.</summary>
    public Extension[] ToExtensions() =>
        [GroupNumbers.Required.ToExtension(), new Extension(GroupNumbers.PulseExtension, Encode())];

    public byte[] Encode()
    {
        using var writer = new MlsWriter();
        writer.WriteByte(Version);
        WriteText(writer, Name);
        WriteText(writer, Creator);
        int start = writer.BeginVector();
        foreach (string admin in Admins)
        {
            WriteText(writer, admin);
        }

        writer.EndVector(start);
        Rights.Write(writer);
        writer.WriteBytes(ListsHash);
        return writer.ToArray();
    }

    public GroupRole RoleOf(string userId) =>
        userId == Creator ? GroupRole.Creator : Admins.Contains(userId) ? GroupRole.Admin : GroupRole.Member;

    /// <summary>Whether a role has a right. What only the creator may do is the admins' where there is no creator.</summary>
    public bool Has(GroupRole role, GroupRole right) =>
        role >= right || (Creator.Length == 0 && right == GroupRole.Creator && role == GroupRole.Admin);

    /// <summary>User ids in the order in which the extension has them.</summary>
    public static string[] Sorted(IEnumerable<string> userIds)
    {
        string[] sorted = [.. userIds];
        Array.Sort(sorted, Compare);
        return sorted;
    }

    public static int Compare(string left, string right) =>
        PublicBytes.Compare(StrictUtf8.Instance.GetBytes(left), StrictUtf8.Instance.GetBytes(right));

    internal static void WriteText(MlsWriter writer, string text) => writer.WriteVector(StrictUtf8.Instance.GetBytes(text));

    internal static string ReadText(ref MlsReader reader, int max)
    {
        ReadOnlySpan<byte> text = reader.ReadVector();
        return text.Length <= max
            ? StrictUtf8.Decode(text)
            : throw new E2EException(E2EError.InvalidEncoding, "A text is too long.");
    }

    private static PulseData Decode(ReadOnlySpan<byte> encoded)
    {
        var reader = new MlsReader(encoded);
        if (reader.ReadByte() != Version)
        {
            throw new E2EException(E2EError.UnsupportedVersion);
        }

        string name = ReadText(ref reader, GroupLimits.MaxNameSize);
        string creator = ReadText(ref reader, DeviceAddress.MaxIdSize);
        var admins = new List<string>();
        MlsReader inner = reader.ReadInner();
        while (inner.Remaining > 0)
        {
            string admin = ReadText(ref inner, DeviceAddress.MaxIdSize);
            if (admins.Count == GroupLimits.MaxAdmins
                || admin.Length == 0
                || admin == creator
                || (admins.Count > 0 && Compare(admins[^1], admin) >= 0))
            {
                throw new E2EException(E2EError.InvalidEncoding, "The admins are too many, or not in order.");
            }

            admins.Add(admin);
        }

        var rights = GroupRights.Read(ref reader);
        byte[] listsHash = reader.ReadBytes(Sha256.Size).ToArray();
        reader.ExpectEnd();
        return new PulseData { Name = name, Creator = creator, Admins = admins, Rights = rights, ListsHash = listsHash };
    }
}
