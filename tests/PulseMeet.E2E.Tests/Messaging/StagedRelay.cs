using PulseMeet.E2E.Identity;
using PulseMeet.E2E.PreKeys;
using PulseMeet.E2E.Relay;

namespace PulseMeet.E2E.Tests.Messaging;

/// <summary>The relay in memory with a stage before it: calls can be watched, held up, made to fail, and what passes can be lost,
/// doubled, changed, or be there without anybody having sent it.</summary>
internal sealed class StagedRelay : IE2ERelayServer
{
    /// <summary>Above all ids that the relay itself gives.</summary>
    private const long FirstPlanted = 1L << 40;

    private readonly Lock _lock = new();
    private readonly TimeProvider _time;
    private readonly IE2ERelayServer _inner;
    private readonly Dictionary<DeviceAddress, List<MailboxItem>> _planted = [];
    private readonly HashSet<(DeviceAddress, DeviceAddress, string)> _left = [];
    private readonly HashSet<(DeviceAddress, DeviceAddress, string)> _taken = [];
    private long _lastPlanted = FirstPlanted;

    /// <param name="time">The relay's clock.</param>
    /// <param name="between">What stands between this and the relay in memory; null for nothing.</param>
    public StagedRelay(TimeProvider time, Func<IE2ERelayServer, IE2ERelayServer>? between = null)
    {
        _time = time;
        var relay = new InMemoryRelay(time);
        _inner = between?.Invoke(relay) ?? relay;
    }

    /// <summary>Runs before every call, with its name: may throw, or wait.</summary>
    public Func<DeviceAddress, string, Task> Before { get; set; } = (_, _) => Task.CompletedTask;

    /// <summary>What is put into a mailbox for an envelope that came: nothing, it, or several things.</summary>
    public Func<DeviceAddress, OutgoingEnvelope, IEnumerable<OutgoingEnvelope>> OnTheWay { get; set; } = (_, envelope) => [envelope];

    /// <summary>Whose mailbox takes nothing more.</summary>
    public Func<DeviceAddress, bool> IsFull { get; set; } = _ => false;

    /// <summary>What somebody is given of a page of the mailbox, in which order.</summary>
    public Func<DeviceAddress, IReadOnlyList<MailboxItem>, IReadOnlyList<MailboxItem>> OnPage { get; set; } = (_, items) => items;

    /// <summary>The list that is shown to somebody.</summary>
    public Func<DeviceAddress, string, DeviceList?, DeviceList?> ShownList { get; set; } = (_, _, list) => list;

    /// <summary>The bundles that are shown to somebody.</summary>
    public Func<DeviceAddress, string, ClaimedBundles, ClaimedBundles> ShownBundles { get; set; } = (_, _, bundles) => bundles;

    /// <summary>The key packages that are shown to somebody.</summary>
    public Func<DeviceAddress, string, ClaimedBundles, ClaimedBundles> ShownKeyPackages { get; set; } = (_, _, claimed) => claimed;

    /// <summary>The candidates that are shown to somebody, of those from an epoch and place on.</summary>
    public Func<DeviceAddress, ulong, int, IReadOnlyList<GroupCandidate>, IReadOnlyList<GroupCandidate>> ShownCandidates { get; set; } =
        (_, _, _, candidates) => candidates;

    /// <summary>From which place on the relay is asked for candidates, when somebody asks for those from one on.</summary>
    public Func<DeviceAddress, ulong, int, int> AskedPlace { get; set; } = (_, _, place) => place;

    /// <summary>The group info that is shown to somebody.</summary>
    public Func<DeviceAddress, byte[]?, byte[]?> ShownInfo { get; set; } = (_, info) => info;

    /// <summary>The tree that is shown to somebody.</summary>
    public Func<DeviceAddress, byte[]?, byte[]?> ShownTree { get; set; } = (_, tree) => tree;

    /// <summary>Every group message that left a device, once, whatever became of it.</summary>
    public List<(DeviceAddress Sender, GroupMessage Message)> GroupMessages { get; } = [];

    /// <summary>Told when somebody's call for the mailbox has nothing to give and waits.</summary>
    public Action<DeviceAddress> OnWaiting { get; set; } = _ => { };

    /// <summary>Told when the answer to a linking request is not there; nobody waits for one then.</summary>
    public Action? OnNoAnswer { get; set; }

    public int Claims { get; set; }

    /// <summary>Every envelope that left a device, once, whatever became of it.</summary>
    public List<(DeviceAddress Sender, OutgoingEnvelope Envelope)> Delivered { get; } = [];

    public IE2ERelay Connect(DeviceAddress caller) => new StagedRelayView(this, _inner.Connect(caller));

    public Task CleanUpAsync(CancellationToken cancellationToken = default) => _inner.CleanUpAsync(cancellationToken);

    /// <summary>What waits for a device, the planted items first; at most 1,000 of the relay's own.</summary>
    public async Task<IReadOnlyList<MailboxItem>> MailboxOfAsync(DeviceAddress device) =>
        (await ReceiveAsync(_inner.Connect(device), new MailboxRequest(1000, TimeSpan.Zero, 0, []), default)).Items;

    public async Task<DeviceList> ListOfAsync(string userId) =>
        DeviceList.Decode(await _inner.Connect(new(userId, "anybody")).GetDeviceListAsync(userId));

    public async Task<PreKeyBundle> BundleOfAsync(DeviceAddress device) => PreKeyBundle.Decode(
        (await _inner.Connect(device).ClaimBundlesAsync(device.UserId, [])).Bundles[device.DeviceId].Span);

    /// <summary>Puts something into a mailbox that nobody sent.</summary>
    public void Put(
        DeviceAddress claimedSender, OutgoingEnvelope envelope, MailboxItemKind kind = MailboxItemKind.Envelope, byte[]? groupId = null)
    {
        lock (_lock)
        {
            PlantedFor(envelope.Recipient).Add(new MailboxItem(
                ++_lastPlanted, kind, claimedSender, groupId, envelope.Id, _time.GetUtcNow(), envelope.Content));
        }
    }

    /// <summary>Lets envelopes pass as the test says; to their sender all look taken that the relay could have taken.</summary>
    public async Task<IReadOnlyList<DeliveryOutcome>> DeliverAsync(
        IE2ERelay inner, IReadOnlyList<OutgoingEnvelope> envelopes, CancellationToken cancellationToken)
    {
        var outcomes = new List<DeliveryOutcome>();
        foreach (OutgoingEnvelope envelope in envelopes)
        {
            if (IsFull(envelope.Recipient))
            {
                outcomes.Add(DeliveryOutcome.MailboxFull);
                continue;
            }

            var name = (inner.Caller, envelope.Recipient, Convert.ToHexString(envelope.Id.Span));
            bool isTaken;
            lock (_lock)
            {
                isTaken = _taken.Contains(name);
                if (_left.Add(name))
                {
                    Delivered.Add((inner.Caller, envelope));
                }
            }

            OutgoingEnvelope[] arriving = isTaken ? [] : [.. OnTheWay(inner.Caller, envelope)];
            DeliveryOutcome outcome = arriving is [var first, ..] ? (await inner.DeliverAsync([first], cancellationToken))[0] : DeliveryOutcome.Accepted;
            outcomes.Add(outcome);
            if (outcome == DeliveryOutcome.Accepted)
            {
                arriving.Skip(1).ToList().ForEach(again => Put(inner.Caller, again));
                lock (_lock)
                {
                    _taken.Add(name);
                }
            }
        }

        return outcomes;
    }

    public async Task<MailboxPage> ReceiveAsync(IE2ERelay inner, MailboxRequest request, CancellationToken cancellationToken)
    {
        MailboxItem[] planted;
        lock (_lock)
        {
            planted = [.. PlantedFor(inner.Caller).Where(item => !request.ExceptIds.Contains(item.Id)).Take(request.Max)];
        }

        TimeSpan wait = planted.Length > 0 ? TimeSpan.Zero : request.Wait;
        long[] except = [.. request.ExceptIds.Where(id => id < FirstPlanted)];
        Task<MailboxPage> receiving = inner.ReceiveAsync(request with { Wait = wait, ExceptIds = except }, cancellationToken);
        if (!receiving.IsCompleted)
        {
            OnWaiting(inner.Caller);
        }

        MailboxPage page = await receiving;
        return page with { Items = OnPage(inner.Caller, [.. planted.Concat(page.Items).Take(request.Max)]) };
    }

    public Task AcknowledgeAsync(IE2ERelay inner, IReadOnlyList<long> ids, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            PlantedFor(inner.Caller).RemoveAll(item => ids.Contains(item.Id));
        }

        return inner.AcknowledgeAsync([.. ids.Where(id => id < FirstPlanted)], cancellationToken);
    }

    /// <summary>Takes note of a group's message.</summary>
    public void Told(DeviceAddress sender, GroupMessage message)
    {
        lock (_lock)
        {
            if (!GroupMessages.Exists(told => told.Sender == sender && told.Message.Id.Span.SequenceEqual(message.Id.Span)))
            {
                GroupMessages.Add((sender, message));
            }
        }
    }

    private List<MailboxItem> PlantedFor(DeviceAddress device) =>
        _planted.TryGetValue(device, out List<MailboxItem>? items) ? items : _planted[device] = [];
}
