namespace PulseMeet.E2E.Mls;

/// <summary>A group as one of its members holds it (RFC 9420).</summary>
/// <remarks>
/// State changes only after everything has verified: what is refused leaves it as it was. The policy, the clock and the
/// pre-shared keys are the caller's. Owns its secrets. Not thread-safe.
/// </remarks>
internal sealed partial class MlsGroup : IDisposable
{
    private readonly GroupServices _services;
    private readonly byte[] _groupId;

    /// <summary>The newest first.</summary>
    private readonly List<PastEpoch> _past = [];

    private ProposalCache _proposals = new();
    private EpochState? _epoch;

    private MlsGroup(MlsSuite suite, byte[] groupId, EpochState? epoch, GroupServices services)
    {
        Suite = suite;
        _groupId = groupId;
        _epoch = epoch;
        _services = services;
    }

    public MlsSuite Suite { get; }

    public ReadOnlySpan<byte> GroupId => _groupId;

    /// <summary>The number of the current epoch.</summary>
    /// <exception cref="E2EException">This member was removed (<see cref="E2EError.MlsGroupClosed"/>).</exception>
    public ulong Epoch => Current.Context.Epoch;

    /// <summary>Whether this member was removed: what came before still opens, nothing else does.</summary>
    public bool IsRemoved => _epoch is null;

    /// <summary>Why the group is over though this member is in it (section 11.2); else null.</summary>
    public ReInitProposal? ReInit => Current.ReInit;

    /// <summary>The group as everyone in it sees it; to be read, not changed.</summary>
    public GroupView View => Current.View;

    /// <summary>The leaf that signed the Welcome's group info, of a group that was just joined by it; else null.</summary>
    public uint? Inviter { get; private init; }

    /// <summary>This member's leaf index.</summary>
    public uint Own => Current.Own;

    /// <summary>The proposals that wait for a commit.</summary>
    public IReadOnlyList<CachedProposal> Proposals => _proposals.All;

    /// <summary>The commit that this member made and that is neither applied nor dropped.</summary>
    public PendingCommit? Pending { get; private set; }

    /// <summary>The current epoch, for a new group that continues this one.</summary>
    public EpochState Current => _epoch ?? throw new E2EException(E2EError.MlsGroupClosed);

    /// <summary>Deletes past epochs and passed-over keys that are too old.</summary>
    public void Expire()
    {
        long now = Now();
        long maxAge = (long)_services.Bounds.MaxAge.TotalSeconds;
        foreach (PastEpoch past in _past.ToArray())
        {
            // A clock that was ahead: the age counts from now on.
            past.Ended = Math.Min(past.Ended, now);
            if (now - past.Ended >= maxAge)
            {
                _past.Remove(past);
                past.Dispose();
            }
            else
            {
                past.Ratchets.Expire(now, maxAge);
            }
        }

        _epoch?.Ratchets.Expire(now, maxAge);
    }

    public void Dispose()
    {
        _epoch?.Dispose();
        Pending?.Dispose();
        _proposals.Dispose();
        _past.ForEach(past => past.Dispose());
    }

    /// <summary>Enters an epoch; null where this member is not in it.</summary>
    private void Enter(EpochState? next)
    {
        _past.Insert(0, Current.Retire(Now()));
        while (_past.Count > _services.Bounds.PastEpochs)
        {
            _past[^1].Dispose();
            _past.RemoveAt(_past.Count - 1);
        }

        if (!ReferenceEquals(Pending?.Next, next))
        {
            Pending?.Dispose();
        }

        _epoch = next;
        Pending = null;
        _proposals.Dispose();
        _proposals = new ProposalCache();
    }

    private long Now() => _services.Time.GetUtcNow().ToUnixTimeSeconds();

    /// <summary>The current epoch, where the group goes on.</summary>
    private EpochState Open() => Current.ReInit is null ? Current : throw new E2EException(E2EError.MlsGroupClosed);
}
