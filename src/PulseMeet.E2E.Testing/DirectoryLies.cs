using PulseMeet.E2E.Relay;

namespace PulseMeet.E2E.Testing;

/// <summary>What an <see cref="UnreliableRelay"/> does to the directory's answers.</summary>
internal sealed class DirectoryLies(Misfortune misfortune)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, byte[]> _first = [];

    /// <summary>Counts and a hash that are nothing like the truth.</summary>
    public PreKeyStatus Status(PreKeyStatus status) => misfortune.Strikes(faults => faults.Lies)
        ? new(misfortune.Below(2000), misfortune.Below(2000), misfortune.ChangeBit(status.PublicationHash))
        : status;

    /// <summary>The first list of the user that came by, one with a bit changed, or none.</summary>
    public byte[]? List(string userId, byte[]? list)
    {
        if (list is null)
        {
            return null;
        }

        byte[] first = First(userId, list);
        return !misfortune.Strikes(faults => faults.Lies) ? list : misfortune.Below(3) switch
        {
            0 => first,
            1 => misfortune.ChangeBit(list),
            _ => null,
        };
    }

    /// <summary>An older list, a device left out, one device's bundle in another's place, or a changed bit.</summary>
    public ClaimedBundles Claim(string userId, ClaimedBundles claimed)
    {
        byte[] first = First(userId, claimed.DeviceList.ToArray());
        if (!misfortune.Strikes(faults => faults.Lies))
        {
            return claimed;
        }

        KeyValuePair<string, ReadOnlyMemory<byte>>[] bundles = [.. claimed.Bundles];
        return misfortune.Below(4) switch
        {
            0 => claimed with { DeviceList = first },
            1 => claimed with { Bundles = new Dictionary<string, ReadOnlyMemory<byte>>(bundles.Skip(1)) },
            2 => claimed with { Bundles = Rotated(bundles) },
            _ => claimed with { Bundles = bundles.ToDictionary(bundle => bundle.Key, bundle => (ReadOnlyMemory<byte>)misfortune.ChangeBit(bundle.Value)) },
        };
    }

    private static Dictionary<string, ReadOnlyMemory<byte>> Rotated(KeyValuePair<string, ReadOnlyMemory<byte>>[] bundles) =>
        bundles.Select((bundle, index) => (bundle.Key, bundles[(index + 1) % bundles.Length].Value))
            .ToDictionary(bundle => bundle.Key, bundle => bundle.Value);

    private byte[] First(string userId, byte[] list)
    {
        lock (_lock)
        {
            return _first.TryAdd(userId, list) ? list : _first[userId];
        }
    }
}
