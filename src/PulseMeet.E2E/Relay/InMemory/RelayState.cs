using PulseMeet.E2E.Identity;

namespace PulseMeet.E2E.Relay;

/// <summary>All that <see cref="InMemoryRelay"/> holds. Everything but the clock is used under <see cref="Lock"/>.</summary>
internal sealed class RelayState(TimeProvider time)
{
    private readonly Dictionary<string, RelayUser> _users = [];
    private readonly Dictionary<BytesKey, RelayGroup> _groups = [];
    private long _lastItemId;

    public Lock Lock { get; } = new();

    public TimeProvider Time { get; } = time;

    public DateTimeOffset Now => Time.GetUtcNow();

    public RelayTrees Trees { get; } = new();

    public Offered Offered { get; } = new();

    public LinkAnswers LinkAnswers { get; } = new();

    /// <summary>An id for a mailbox's item. One row of numbers for all mailboxes, so that a mailbox that was deleted and
    /// begins anew gives none twice.</summary>
    public long NextItemId() => ++_lastItemId;

    public RelayUser? FindUser(string userId) => _users.GetValueOrDefault(userId);

    public RelayUser UserFor(string userId)
    {
        if (!_users.TryGetValue(userId, out RelayUser? user))
        {
            _users[userId] = user = new();
        }

        return user;
    }

    public RelayDevice? FindDevice(DeviceAddress address) =>
        FindUser(address.UserId)?.Devices.GetValueOrDefault(address.DeviceId);

    /// <exception cref="E2EException">It is not on its user's list (<see cref="E2EError.UnknownDevice"/>).</exception>
    public RelayDevice Known(DeviceAddress caller) => FindDevice(caller) ?? throw new E2EException(E2EError.UnknownDevice);

    public RelayGroup? FindGroup(BytesKey groupId) => _groups.GetValueOrDefault(groupId);

    /// <summary>Takes an offer whole, or refuses it; a refused one creates no group.</summary>
    public int Offer(RelayDevice sender, GroupCommit commit)
    {
        var id = new BytesKey(commit.GroupId);
        RelayGroup group = FindGroup(id) ?? new(this, id.Bytes);
        int place = group.Offer(sender, commit);
        _groups[id] = group;
        return place;
    }

    public void CleanUp(CancellationToken cancellationToken)
    {
        (RelayDevice[] devices, RelayGroup[] groups) = Everything();
        foreach (RelayDevice device in devices)
        {
            cancellationToken.ThrowIfCancellationRequested();
            lock (Lock)
            {
                device.Mailbox.Expire(Now);
            }
        }

        foreach (RelayGroup group in groups)
        {
            cancellationToken.ThrowIfCancellationRequested();
            lock (Lock)
            {
                group.Expire(Now);
            }
        }

        lock (Lock)
        {
            LinkAnswers.Expire(Now);
        }
    }

    private (RelayDevice[] Devices, RelayGroup[] Groups) Everything()
    {
        lock (Lock)
        {
            return ([.. _users.Values.SelectMany(user => user.Devices.Values)], [.. _groups.Values]);
        }
    }
}
