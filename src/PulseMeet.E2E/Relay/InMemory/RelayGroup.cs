using PulseMeet.E2E.Identity;

namespace PulseMeet.E2E.Relay;

/// <summary>A group of <see cref="InMemoryRelay"/>: its delivery list, and the candidates of its epochs in order. The relay
/// cannot judge a commit. docs/protocol-relay.md, "Groups".</summary>
internal sealed class RelayGroup(RelayState state, ReadOnlyMemory<byte> groupId)
{
    private readonly DeliveryList _list = new();
    private readonly SortedDictionary<ulong, List<Candidate>> _epochs = [];
    private readonly Dictionary<ulong, int> _nextPlaces = [];
    private readonly Dictionary<(DeviceAddress Sender, BytesKey Id), int> _offers = [];
    private readonly HashSet<(DeviceAddress Sender, BytesKey Id)> _sent = [];
    private readonly Queue<((DeviceAddress Sender, BytesKey Id) Key, DateTimeOffset At)> _sentSince = new();
    private GroupInfo? _newest;
    private ulong _greatest;
    private bool _isCreated;

    /// <summary>Takes an offer whole, or refuses it. Gives its place.</summary>
    public int Offer(RelayDevice sender, GroupCommit commit)
    {
        var key = (sender.Address, new BytesKey(commit.Id));
        if (_offers.TryGetValue(key, out int place))
        {
            return place;
        }

        RelayDevice[] joining = [.. commit.Welcomes.Select(welcome => state.FindDevice(welcome.Recipient)).OfType<RelayDevice>()];
        bool isMember = !_isCreated || _list.Gets(sender.Address, commit.Epoch);
        Check(sender, commit, joining, isMember);
        _isCreated = true;
        _greatest = Math.Max(_greatest, commit.Epoch);
        place = Keep(sender, commit, isMember);
        _offers[key] = place;
        Deliver(sender, commit, joining, isMember);
        return place;
    }

    /// <summary>Sends to all who get the epoch.</summary>
    public void Send(RelayDevice sender, GroupMessage message)
    {
        if (!_list.Gets(sender.Address, message.Epoch))
        {
            throw new E2EException(E2EError.NotAllowed, "The caller is not on the group's delivery list.");
        }

        DateTimeOffset now = state.Now;
        Expire(now);
        var key = (sender.Address, new BytesKey(message.Id));
        if (_sent.Add(key))
        {
            _sentSince.Enqueue((key, now));
            Spread(sender, MailboxItemKind.GroupMessage, message.Epoch, message.Id, message.Content);
        }
    }

    public List<GroupCandidate> Candidates(DeviceAddress caller, ulong fromEpoch, int fromPlace, int max)
    {
        List<GroupCandidate> page = [];
        if (!_list.IsOrWasOn(caller))
        {
            return page;
        }

        Expire(state.Now);
        long bytes = 0;
        foreach ((ulong epoch, List<Candidate> candidates) in _epochs.Where(entry => entry.Key >= fromEpoch))
        {
            foreach (Candidate candidate in candidates.Where(candidate => epoch > fromEpoch || candidate.Place >= fromPlace))
            {
                bytes += candidate.Commit.Length;
                if (page.Count == max || (page.Count > 0 && bytes > RelayLimits.MaxRequestSize))
                {
                    return page;
                }

                page.Add(new(epoch, candidate.Place, candidate.Sender, candidate.Commit));
            }
        }

        return page;
    }

    public byte[]? InfoFor(DeviceAddress caller) => _list.IsOrWasOn(caller.UserId) && _newest is { } newest ? [.. newest.Content] : null;

    public void Subscribe(DeviceAddress caller, bool isSubscribed) => _list.Subscribe(caller, isSubscribed);

    public void Forget(DeviceAddress device) => _list.Forget(device);

    /// <summary>Drops what is past its age, but for the greatest offered epoch.</summary>
    public void Expire(DateTimeOffset now)
    {
        foreach ((ulong epoch, List<Candidate> candidates) in _epochs.Where(entry => entry.Key != _greatest).ToArray())
        {
            foreach (Candidate candidate in candidates.Where(candidate => IsPast(candidate.At, now)).ToArray())
            {
                candidates.Remove(candidate);
                _offers.Remove((candidate.Sender, candidate.Id));
                state.Trees.Drop(candidate.Tree);
                state.Offered.Drop(candidate.Sender.UserId, candidate.Size);
            }

            if (candidates.Count == 0)
            {
                _epochs.Remove(epoch);
            }
        }

        while (_sentSince.TryPeek(out var sent) && IsPast(sent.At, now))
        {
            _sent.Remove(_sentSince.Dequeue().Key);
        }
    }

    private static bool IsPast(DateTimeOffset at, DateTimeOffset now) => now - at >= RelayLimits.MaxEnvelopeAge;

    /// <summary>Bounds, then rights, then content.</summary>
    private void Check(RelayDevice sender, GroupCommit commit, RelayDevice[] joining, bool isMember)
    {
        int own = _epochs.TryGetValue(commit.Epoch, out List<Candidate>? candidates)
            ? candidates.Count(candidate => candidate.Sender == sender.Address)
            : 0;
        RelayRequest.IsWithin(own + 1, RelayLimits.MaxCandidatesPerSender);
        RelayRequest.IsWithin(_list.CountWith(joining.Append(sender).Select(device => device.Address)), RelayLimits.MaxGroupDevices);
        state.Offered.Check(sender.Address.UserId, MoreFrom(sender.Address.UserId, commit));
        if (!isMember && (_newest is null || !_list.IsOrWasOn(sender.Address.UserId)))
        {
            throw new E2EException(E2EError.NotAllowed, "The caller is not on the group's delivery list.");
        }

        if (_isCreated && commit.Epoch > _greatest && commit.Epoch - _greatest > 1)
        {
            throw new E2EException(E2EError.NotAllowed, "The epoch is more than one above the greatest that was offered.");
        }

        if (commit.Commit.IsEmpty && (_isCreated || commit.Welcomes.Count > 0))
        {
            throw new E2EException(E2EError.InvalidEncoding, "An empty commit.");
        }
    }

    /// <summary>What an offer adds to what its sender's user has offered: a group info takes the place of the one before.</summary>
    private (int Items, long Bytes) MoreFrom(string userId, GroupCommit commit)
    {
        (int items, long bytes) = commit.Commit.IsEmpty ? (0, 0L) : (1, SizeOf(commit.Commit, commit));
        if (!commit.GroupInfo.IsEmpty)
        {
            (items, bytes) = (items + 1, bytes + SizeOf(commit.GroupInfo, commit));
            if (_newest is { } newest && newest.UserId == userId)
            {
                (items, bytes) = (items - 1, bytes - newest.Size);
            }
        }

        return (items, bytes);
    }

    private static long SizeOf(ReadOnlyMemory<byte> content, GroupCommit commit) => (long)content.Length + commit.Tree.Length;

    private int Keep(RelayDevice sender, GroupCommit commit, bool isMember)
    {
        if (!commit.GroupInfo.IsEmpty)
        {
            if (_newest is { } before)
            {
                state.Trees.Drop(before.Tree);
                state.Offered.Drop(before.UserId, before.Size);
            }

            long size = SizeOf(commit.GroupInfo, commit);
            _newest = new(sender.Address.UserId, commit.GroupInfo.ToArray(), state.Trees.Name(commit.Tree), size);
            state.Offered.Add(sender.Address.UserId, size);
        }

        if (commit.Commit.IsEmpty)
        {
            return 0;
        }

        if (!_epochs.TryGetValue(commit.Epoch, out List<Candidate>? candidates))
        {
            _epochs[commit.Epoch] = candidates = [];
        }

        int place = _nextPlaces.GetValueOrDefault(commit.Epoch);
        _nextPlaces[commit.Epoch] = place + 1;
        long kept = SizeOf(commit.Commit, commit);
        candidates.Add(new(
            place, sender.Address, new BytesKey(commit.Id), commit.Commit.ToArray(), state.Trees.Name(commit.Tree), kept, state.Now));
        state.Offered.Add(sender.Address.UserId, kept);
        foreach (DeviceAddress removed in commit.Removed.Where(
            removed => place == 0 && (isMember || removed.UserId == sender.Address.UserId)))
        {
            _list.Remove(removed, commit.Epoch);
        }

        return place;
    }

    /// <summary>The commit to those who get its epoch; then those come onto the list for whom there is a Welcome, and a
    /// sender from outside.</summary>
    private void Deliver(RelayDevice sender, GroupCommit commit, RelayDevice[] joining, bool isMember)
    {
        if (!commit.Commit.IsEmpty)
        {
            Spread(sender, MailboxItemKind.GroupCommit, commit.Epoch, commit.Id, commit.Commit);
        }

        foreach (RelayDevice device in isMember && _list.IsOrWasOn(sender.Address) ? joining : [sender, .. joining])
        {
            _list.Join(device.Address);
            device.Groups.Add(this);
        }

        foreach (OutgoingEnvelope welcome in commit.Welcomes)
        {
            state.FindDevice(welcome.Recipient)?.Mailbox.PutOnce(
                Item(MailboxItemKind.Welcome, sender, welcome.Id, welcome.Content.ToArray()));
        }
    }

    private void Spread(RelayDevice sender, MailboxItemKind kind, ulong epoch, ReadOnlyMemory<byte> id, ReadOnlyMemory<byte> content)
    {
        byte[] copy = content.ToArray();
        foreach (DeviceAddress recipient in _list.Getting(epoch).Where(device => device != sender.Address))
        {
            state.FindDevice(recipient)?.Mailbox.Put(Item(kind, sender, id, copy));
        }
    }

    private MailboxItem Item(MailboxItemKind kind, RelayDevice sender, ReadOnlyMemory<byte> id, byte[] content) =>
        new(state.NextItemId(), kind, sender.Address, groupId, id.ToArray(), state.Now, content);

    private sealed record Candidate(
        int Place, DeviceAddress Sender, BytesKey Id, byte[] Commit, BytesKey? Tree, long Size, DateTimeOffset At);

    private sealed record GroupInfo(string UserId, byte[] Content, BytesKey? Tree, long Size);
}
