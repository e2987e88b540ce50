using PulseMeet.E2E.Identity;
using PulseMeet.E2E.Mls;
using PulseMeet.E2E.Primitives;

namespace PulseMeet.E2E.Groups;

/// <summary>Which of an account's device lists is meant: its number and its hash. What a leaf says of its account.</summary>
/// <remarks>docs/protocol-groups.md, "Leaf". Immutable.</remarks>
internal sealed class DeviceListName(long number, byte[] hash)
{
    /// <summary>Length of the encoding, in bytes.</summary>
    public const int Size = 8 + Sha256.Size;

    public long Number { get; } = number;

    public ReadOnlySpan<byte> Hash => hash;

    public static DeviceListName Of(DeviceList list) => new(list.Number, list.Hash.ToArray());

    /// <summary>What a leaf names.</summary>
    /// <exception cref="E2EException">It names none, or not in the documented form (<see cref="E2EError.GroupLeafRefused"/>).</exception>
    public static DeviceListName Of(LeafNode leaf)
    {
        if (leaf.Extensions.Find(GroupNumbers.DeviceListExtension) is not { Data.Length: Size } extension)
        {
            throw new E2EException(E2EError.GroupLeafRefused, "It names no device list.");
        }

        var reader = new MlsReader(extension.Data);
        ulong number = reader.ReadUInt64();
        return number is > 0 and <= long.MaxValue
            ? new DeviceListName((long)number, reader.ReadRest().ToArray())
            : throw new E2EException(E2EError.GroupLeafRefused, "It names a device list without a number.");
    }

    public Extension ToExtension()
    {
        using var writer = new MlsWriter(Size);
        writer.WriteUInt64((ulong)Number);
        writer.WriteBytes(hash);
        return new Extension(GroupNumbers.DeviceListExtension, writer.ToArray());
    }
}
