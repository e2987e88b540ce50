using PulseMeet.E2E.Mls;
using PulseMeet.E2E.Primitives;

namespace PulseMeet.E2E.Groups;

/// <summary>Who is in a group, by its tree alone: accounts with the leaves of their devices.</summary>
internal sealed class Roster
{
    private readonly Dictionary<string, RosterAccount> _accounts = new(StringComparer.Ordinal);
    private readonly Dictionary<uint, PulseLeaf> _leaves = [];

    private Roster()
    {
    }

    /// <summary>Nobody.</summary>
    public static Roster Empty { get; } = new();

    /// <summary>The accounts by user id, in no order.</summary>
    public IReadOnlyCollection<RosterAccount> Accounts => _accounts.Values;

    /// <summary>How many devices there are.</summary>
    public int DeviceCount => _leaves.Count;

    /// <summary>The devices by ascending leaf.</summary>
    public IEnumerable<(uint Index, PulseLeaf Leaf)> Devices => _leaves.OrderBy(entry => entry.Key).Select(entry => (entry.Key, entry.Value));

    /// <exception cref="E2EException">A leaf is none of a pulse chat, a device is there twice, or a user under two account keys
    /// (<see cref="E2EError.GroupLeafRefused"/>).</exception>
    public static Roster Of(RatchetTree tree)
    {
        var roster = new Roster();
        foreach ((uint index, LeafNode node) in tree.Members())
        {
            PulseLeaf leaf = PulseLeaf.Of(node);
            roster._leaves.Add(index, leaf);
            if (!roster._accounts.TryGetValue(leaf.Address.UserId, out RosterAccount? account))
            {
                account = new RosterAccount(leaf.Address.UserId, leaf.AccountKey);
                roster._accounts.Add(account.UserId, account);
            }

            account.Add(index, leaf);
        }

        return roster;
    }

    public RosterAccount? Find(string userId) => _accounts.GetValueOrDefault(userId);

    /// <summary>Whether the account of a leaf is here, under the same key.</summary>
    public bool Has(PulseLeaf leaf) => Find(leaf.Address.UserId) is { } account && PublicBytes.Equal(account.AccountKey, leaf.AccountKey);

    public PulseLeaf? At(uint index) => _leaves.GetValueOrDefault(index);

    /// <summary>Whether the user is in both under one account key.</summary>
    public bool HasSame(string userId, Roster other) =>
        Find(userId) is { } here && other.Find(userId) is { } there && PublicBytes.Equal(here.AccountKey, there.AccountKey);
}

/// <summary>An account in a group.</summary>
internal sealed class RosterAccount(string userId, byte[] accountKey)
{
    private readonly List<(uint Index, PulseLeaf Leaf)> _devices = [];

    public string UserId { get; } = userId;

    /// <summary>32 bytes.</summary>
    public byte[] AccountKey { get; } = accountKey;

    public IReadOnlyList<(uint Index, PulseLeaf Leaf)> Devices => _devices;

    public void Add(uint index, PulseLeaf leaf)
    {
        if (!PublicBytes.Equal(leaf.AccountKey, AccountKey))
        {
            throw new E2EException(E2EError.GroupLeafRefused, "A user is there under two account keys.");
        }

        if (_devices.Exists(other => other.Leaf.Address.DeviceId == leaf.Address.DeviceId))
        {
            throw new E2EException(E2EError.GroupLeafRefused, "A device is there twice.");
        }

        _devices.Add((index, leaf));
    }
}
