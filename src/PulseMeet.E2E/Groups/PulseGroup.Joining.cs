using PulseMeet.E2E.Identity;
using PulseMeet.E2E.Mls;
using PulseMeet.E2E.Primitives;

namespace PulseMeet.E2E.Groups;

/// <summary>How a device comes into a pulse chat.</summary>
internal sealed partial class PulseGroup
{
    /// <summary>Creates a group of one device.</summary>
    /// <param name="device">The creator's. Not disposed.</param>
    /// <param name="name">Up to 256 bytes of UTF-8.</param>
    /// <param name="rights">Who may do what.</param>
    /// <param name="suite">See <see cref="GroupSuites"/>.</param>
    /// <param name="time">The clock.</param>
    public static PulseGroup Create(GroupDevice device, string name, GroupRights rights, MlsSuite suite, TimeProvider time)
    {
        if (name.Length > 0)
        {
            Argument.IsText(name, GroupLimits.MaxNameSize);
        }

        if (!rights.AreValid)
        {
            throw new ArgumentException("A right is given to a role that cannot have it.", nameof(rights));
        }

        var lists = new DeviceListBook([device.List]);
        var data = new PulseData
        {
            Name = name,
            Creator = device.Address.UserId,
            Admins = [],
            Rights = rights,
            ListsHash = lists.Hash,
        };
        byte[] id = new byte[Sha256.Size];
        Randomness.Fill(id);
        var policy = new PulsePolicy(lists);
        MlsGroup mls = MlsGroup.Create(suite, id, device.Client, data.ToExtensions(), Services(policy, time));
        return Begin(mls, policy, lists, device, time, EpochMark.NoCommit);
    }

    /// <summary>Joins by a Welcome.</summary>
    /// <param name="welcome">The Welcome.</param>
    /// <param name="own">The key package that it is for. Not disposed: the caller deletes it, unless it is a last resort.</param>
    /// <param name="device">This device. Not disposed.</param>
    /// <param name="snapshot">The snapshot of the epoch.</param>
    /// <param name="isMemberOf">Whether this device is in a group of an id.</param>
    /// <param name="pinned">The account key that this device remembers for a user, 32 bytes; null for a user that it does not
    /// know.</param>
    /// <param name="time">The clock.</param>
    /// <param name="inviter">Who invited, by the signature.</param>
    /// <exception cref="E2EException">The Welcome is not for this device, the group is none that its rules allow, or an account in it is
    /// under another key than the one remembered (<see cref="E2EError.AccountKeyChanged"/>).</exception>
    public static PulseGroup Join(
        ReadOnlySpan<byte> welcome,
        KeyPackageKeys own,
        GroupDevice device,
        ReadOnlySpan<byte> snapshot,
        Func<ReadOnlyMemory<byte>, bool> isMemberOf,
        Func<string, byte[]?> pinned,
        TimeProvider time,
        out DeviceAddress inviter)
    {
        GroupSnapshot joined = GroupSnapshot.Decode(snapshot);
        var policy = new PulsePolicy(joined.Lists);
        MlsGroup mls = MlsGroup.Join(welcome, own, isMemberOf, Services(policy, time), joined.Tree);
        try
        {
            GroupShape shape = GroupShape.Validate(mls.View, joined.Lists);
            RequirePinned(shape.Roster, pinned);
            inviter = PulseLeaf.Of(mls.View.Tree.Leaf(mls.Inviter!.Value)!).Address;
            return Begin(mls, policy, joined.Lists, device, time, EpochMark.NoCommit);
        }
        catch
        {
            mls.Dispose();
            throw;
        }
    }

    /// <summary>Nobody is in the group under another account key than the one that this device remembers.</summary>
    internal static void RequirePinned(Roster roster, Func<string, byte[]?> pinned)
    {
        foreach (RosterAccount account in roster.Accounts)
        {
            if (pinned(account.UserId) is { } key && !PublicBytes.Equal(key, account.AccountKey))
            {
                throw new E2EException(E2EError.AccountKeyChanged, "An account of the group.");
            }
        }
    }

    internal static PulseGroup Begin(
        MlsGroup mls, PulsePolicy policy, DeviceListBook lists, GroupDevice device, TimeProvider time, byte[] commit)
    {
        var shape = new GroupShape(PulseData.Of(mls.View.Context.Extensions), Roster.Of(mls.View.Tree), lists);
        policy.Lists = lists;
        var group = new PulseGroup(mls, policy, shape, device, time);
        group._ages.Enter(null, mls.View.Tree, group.Now());
        group.Mark(commit);
        return group;
    }

    internal static GroupServices Services(PulsePolicy policy, TimeProvider time) => new() { Policy = policy, Time = time };

    private void Mark(byte[] commit)
    {
        _marks.Insert(0, new EpochMark(_mls.Epoch, Sha256.Hash(_mls.EpochAuthenticator()), commit));
        if (_marks.Count > GroupLimits.StatementEpochs)
        {
            _marks.RemoveAt(_marks.Count - 1);
        }
    }
}
