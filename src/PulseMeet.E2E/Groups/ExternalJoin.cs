using PulseMeet.E2E.Identity;
using PulseMeet.E2E.Mls;
using PulseMeet.E2E.Primitives;

namespace PulseMeet.E2E.Groups;

/// <summary>A device that joins by itself: its commit, and the group once that is taken.</summary>
/// <remarks>Stored before it is offered. Owns its secrets until <see cref="Begin"/>.</remarks>
internal sealed class ExternalJoin : IDisposable
{
    private readonly PendingCommit _pending;
    private readonly DeviceListBook _lists;
    private bool _hasBegun;

    private ExternalJoin(PendingCommit pending, DeviceListBook lists, IReadOnlyList<DeviceAddress> removed)
    {
        _pending = pending;
        _lists = lists;
        Commit = new PreparedCommit(
            pending.Next.Context.Epoch - 1,
            pending.Commit,
            [],
            removed,
            pending.GroupInfo,
            new GroupSnapshot(lists, pending.Tree()).Encode());
    }

    /// <summary>What goes up to the relay.</summary>
    public PreparedCommit Commit { get; }

    /// <summary>Makes the commit by which this device joins, or comes back: then its old leaf goes.</summary>
    /// <param name="groupInfo">The group info.</param>
    /// <param name="snapshot">The snapshot of its epoch.</param>
    /// <param name="device">This device. Not disposed.</param>
    /// <param name="isMemberOf">Whether this device is in a group of an id, apart from <paramref name="old"/>.</param>
    /// <param name="pinned">The account key that this device remembers for a user; null for a user that it does not know.</param>
    /// <param name="time">The clock.</param>
    /// <param name="old">The group as this device held it, where it still does: accounts keep their keys, and an
    /// account that was in it has signed the group info: a group of strangers under the same id is another one.</param>
    /// <param name="from">The epoch from which on a group info is taken where <paramref name="old"/> is there: it goes forward only. Null for
    /// that of <paramref name="old"/>.</param>
    /// <exception cref="E2EException">The group takes no such join, or nobody who was in the one held has signed the group info
    /// (<see cref="E2EError.GroupJoinRefused"/>), is none that its rules
    /// allow, is older than the one held (<see cref="E2EError.MlsWrongEpoch"/>), or an account is under another key than the one
    /// remembered (<see cref="E2EError.AccountKeyChanged"/>).</exception>
    public static ExternalJoin Create(
        ReadOnlySpan<byte> groupInfo,
        ReadOnlySpan<byte> snapshot,
        GroupDevice device,
        Func<ReadOnlyMemory<byte>, bool> isMemberOf,
        Func<string, byte[]?> pinned,
        TimeProvider time,
        PulseGroup? old = null,
        ulong? from = null)
    {
        GroupInfo info = MlsMessage.Decode<GroupInfo>(groupInfo);
        GroupContext context = info.Context;
        if (old is not null)
        {
            RequireNotOlder(context, old, from);
        }

        GroupSnapshot taken = GroupSnapshot.Decode(snapshot);
        RatchetTree tree = RatchetTree.Decode(MlsSuite.Get(context.Suite), taken.Tree);
        Roster roster = Roster.Of(tree);
        PulseGroup.RequirePinned(roster, pinned);
        if (old is not null)
        {
            PulseGroup.RequirePinned(roster, user => old.Roster.Find(user)?.AccountKey);
            if (!old.IsRemoved && roster.At(info.Signer) is var signer && (signer is null || !old.Roster.Has(signer)))
            {
                throw new E2EException(E2EError.GroupJoinRefused, "The group info is signed by nobody who was in the group.");
            }
        }

        uint? replaced = null;
        foreach ((uint index, PulseLeaf leaf) in roster.Find(device.Address.UserId)?.Devices ?? [])
        {
            replaced = leaf.Address == device.Address ? index : replaced;
        }

        var policy = new PulsePolicy(taken.Lists);
        PendingCommit pending = MlsGroup.JoinExternally(
            groupInfo, device.Client, isMemberOf, PulseGroup.Services(policy, time), taken.Tree, replaced);
        return new ExternalJoin(pending, taken.Lists, replaced is null ? [] : [device.Address]);
    }

    /// <summary>The group, when the relay has taken the commit as the first of its epoch. Where others stood in front, whether this
    /// one is the group's shows by the messages that open and by fork statements; if not, the device joins again.</summary>
    /// <param name="device">This device. Not disposed.</param>
    /// <param name="time">The clock.</param>
    public PulseGroup Begin(GroupDevice device, TimeProvider time)
    {
        _hasBegun = true;
        var policy = new PulsePolicy(_lists);
        return PulseGroup.Begin(
            MlsGroup.Begin(_pending, PulseGroup.Services(policy, time)), policy, _lists, device, time, Sha256.Hash(_pending.Commit));
    }

    /// <summary>For the store, with its secrets; the caller zeroes it.</summary>
    public byte[] Serialize()
    {
        using var writer = new MlsWriter(4096);
        writer.WriteByte(PulseGroup.StateVersion);
        _lists.Write(writer);
        writer.WritePresence(Commit.Removed.Count > 0);
        if (Commit.Removed.Count > 0)
        {
            GroupIntentCodec.WriteAddress(Commit.Removed[0], writer);
        }

        byte[] pending = PendingCommitCodec.Serialize(_pending);
        writer.WriteVector(pending);
        SecretMemory.Zero(pending);
        return writer.ToArray();
    }

    /// <exception cref="E2EException">Malformed, or of another version.</exception>
    public static ExternalJoin Deserialize(ReadOnlySpan<byte> serialized)
    {
        MlsReader reader = PulseGroup.Versioned(serialized);
        DeviceListBook lists = DeviceListBook.ReadStored(ref reader);
        DeviceAddress[] removed = reader.ReadPresence() ? [GroupIntentCodec.ReadAddress(ref reader)] : [];
        ReadOnlySpan<byte> pending = reader.ReadVector();
        reader.ExpectEnd();
        return new ExternalJoin(PendingCommitCodec.Deserialize(pending), lists, removed);
    }

    /// <summary>Zeroes the secrets, unless they are the group's by now.</summary>
    public void Dispose()
    {
        if (!_hasBegun)
        {
            _pending.Dispose();
        }
    }

    private static void RequireNotOlder(GroupContext context, PulseGroup old, ulong? from)
    {
        if (!PublicBytes.Equal(context.GroupId, old.Id))
        {
            throw new E2EException(E2EError.MlsWrongGroup);
        }

        if (!old.IsRemoved && context.Epoch < (from ?? old.Epoch))
        {
            throw new E2EException(E2EError.MlsWrongEpoch, "The group info is older than the group that this device holds.");
        }
    }
}
