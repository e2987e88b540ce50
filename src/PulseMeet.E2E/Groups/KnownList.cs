using PulseMeet.E2E.Encoding;
using PulseMeet.E2E.Identity;
using PulseMeet.E2E.Keys;
using PulseMeet.E2E.Mls;
using PulseMeet.E2E.Primitives;

namespace PulseMeet.E2E.Groups;

/// <summary>The device list of an account as a group knows it. Verified when it came, and not again: its keys are
/// looked at no more, so that a large group costs nothing to read.</summary>
internal sealed class KnownList
{
    private readonly byte[] _encoded;
    private readonly List<byte[]> _identities = [];
    private DeviceList? _list;

    private KnownList(byte[] encoded, DeviceList? list)
    {
        _encoded = encoded;
        _list = list;
        Hash = list is null ? Sha256.Hash(encoded) : list.Hash.ToArray();
        var reader = new SpanReader(encoded);
        _ = reader.ReadByte();
        UserId = DeviceCertificate.ReadId(ref reader);
        AccountKey = reader.ReadBytes(Ed25519PublicKey.KeySize).ToArray();
        Number = reader.ReadInt64();
        _ = reader.ReadInt64();
        for (int count = reader.ReadByte(); count > 0; count--)
        {
            _identities.Add(DeviceCertificate.IdentityOf(reader.ReadField16()).ToArray());
        }
    }

    public string UserId { get; }

    public byte[] AccountKey { get; }

    public long Number { get; }

    public byte[] Hash { get; }

    public ReadOnlySpan<byte> Encoded => _encoded;

    /// <summary>Null where the list came out of stored state.</summary>
    public DeviceList? DecodedList => _list;

    public DeviceList List => _list ??= DeviceList.Decode(_encoded);

    /// <summary>A list that came from outside: its own account's signature and those of its certificates verify. No clock is asked: a
    /// list's age never decides whether a commit is valid.</summary>
    /// <exception cref="E2EException"><see cref="E2EError.GroupDeviceListRefused"/>.</exception>
    public static KnownList Verify(ReadOnlySpan<byte> encoded)
    {
        try
        {
            DeviceList list = DeviceList.Decode(encoded);
            DeviceListCodec.VerifySignatures(list, encoded);
            return new KnownList(encoded.ToArray(), list);
        }
        catch (E2EException exception) when (exception.Reason != E2EError.GroupDeviceListRefused)
        {
            throw new E2EException(E2EError.GroupDeviceListRefused, "It is malformed, or a signature does not verify.", exception);
        }
    }

    /// <summary>A list out of this member's own stored state, where only verified ones go.</summary>
    public static KnownList FromStored(ReadOnlySpan<byte> encoded) => new(encoded.ToArray(), null);

    /// <summary>Whether the device of a leaf is on the list, with these keys. A certificate that has been renewed since is still
    /// the device's.</summary>
    public bool Has(PulseLeaf leaf)
    {
        foreach (byte[] identity in _identities)
        {
            if (PublicBytes.Equal(identity, leaf.Identity))
            {
                return true;
            }
        }

        return false;
    }

    public bool IsSameAccount(ReadOnlySpan<byte> accountKey) => PublicBytes.Equal(AccountKey, accountKey);

    /// <summary>Whether a leaf may name what it names: nothing newer than this, and of this number this one. An older one it may
    /// name, as key packages that have lain for a while do: what counts is whether the device is on this list.</summary>
    public bool Allows(DeviceListName named) =>
        named.Number < Number || (named.Number == Number && PublicBytes.Equal(named.Hash, Hash));
}
