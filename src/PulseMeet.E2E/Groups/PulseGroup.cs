using PulseMeet.E2E.Identity;
using PulseMeet.E2E.Mls;

namespace PulseMeet.E2E.Groups;

/// <summary>A pulse chat as one of its devices holds it: MLS with the rules of docs/protocol-groups.md.</summary>
/// <remarks>
/// Whoever drives it stores <see cref="SerializeEpochs"/> and <see cref="SerializeRatchets"/> before anything leaves or is shown, brings
/// the candidates of each epoch in the relay's order, and does what <see cref="Duties"/> says. No call does any I/O. State changes only
/// after everything has verified. Owns its secrets, not the device. Not thread-safe.
/// </remarks>
internal sealed partial class PulseGroup : IDisposable
{
    private readonly MlsGroup _mls;
    private readonly PulsePolicy _policy;
    private readonly TimeProvider _time;
    private readonly List<EpochMark> _marks = [];
    private readonly List<UnreadableCommit> _unreadable = [];
    private readonly List<(LeaveRequest Request, long Since)> _leaves = [];
    private LeafAges _ages = new();
    private GroupDevice _device;
    private GroupShape _shape;
    private PendingChange? _pending;
    private uint _sent;
    private bool _suspected;
    private bool _rolledBack;
    private bool _isPreparedBefore;

    private PulseGroup(MlsGroup mls, PulsePolicy policy, GroupShape shape, GroupDevice device, TimeProvider time)
    {
        _mls = mls;
        _policy = policy;
        _shape = shape;
        _device = device;
        _time = time;
    }

    /// <summary>The group underneath; to be read.</summary>
    public MlsGroup Mls => _mls;

    public ReadOnlySpan<byte> Id => _mls.GroupId;

    /// <exception cref="E2EException">This device was removed (<see cref="E2EError.MlsGroupClosed"/>).</exception>
    public ulong Epoch => _mls.Epoch;

    public MlsSuite Suite => _mls.Suite;

    /// <summary>Whether this device was removed: what came before still opens, nothing else does.</summary>
    public bool IsRemoved => _mls.IsRemoved;

    /// <summary>The name, the roles and the rights; after a removal as they were last.</summary>
    public PulseData Data => _shape.Data;

    /// <summary>Who is in the group, by its tree: never by what a relay says.</summary>
    public Roster Roster => _shape.Roster;

    /// <summary>The device lists that the group knows.</summary>
    public DeviceListBook Lists => _shape.Lists;

    /// <summary>What was prepared and lost to another commit, or is done in part, and is to be prepared anew: see
    /// <see cref="Rebase"/>.</summary>
    public GroupIntent? Unfinished { get; private set; }

    /// <summary>The device is this one's from now on: its certificate was renewed, or its account has a newer list. The next commit
    /// tells the group.</summary>
    /// <exception cref="ArgumentException">It is another device.</exception>
    public void UseDevice(GroupDevice device)
    {
        if (device.Address != _device.Address)
        {
            throw new ArgumentException("It is another device.", nameof(device));
        }

        _device = device;
    }

    /// <summary>epoch_authenticator (RFC 9420, section 8.7).</summary>
    public byte[] EpochAuthenticator() => _mls.EpochAuthenticator();

    /// <summary>What a joiner needs besides the group info or its Welcome.</summary>
    public byte[] Snapshot() => new GroupSnapshot(_shape.Lists, _mls.Tree()).Encode();

    /// <summary>A group info of this epoch for a device that joins by itself.</summary>
    /// <exception cref="E2EException">The group takes none (<see cref="E2EError.GroupJoinRefused"/>).</exception>
    public byte[] GroupInfo() => Data.Rights.ExternalJoin
        ? _mls.GroupInfo(allowExternalJoin: true, withTree: false)
        : throw new E2EException(E2EError.GroupJoinRefused);

    /// <summary>Deletes past epochs and passed-over keys that are too old.</summary>
    public void Expire() => _mls.Expire();

    public void Dispose() => _mls.Dispose();

    private long Now() => _time.GetUtcNow().ToUnixTimeSeconds();

    private DeviceAddress AddressOf(uint leaf) => PulseLeaf.Of(_mls.View.Tree.Leaf(leaf)!).Address;

    /// <summary>A commit that waits to be taken.</summary>
    /// <param name="Intent">What it is for.</param>
    /// <param name="Lists">The device lists that it leads to.</param>
    /// <param name="IsPartial">Whether something is left to do after it.</param>
    private sealed record PendingChange(GroupIntent Intent, DeviceListBook Lists, bool IsPartial);
}
