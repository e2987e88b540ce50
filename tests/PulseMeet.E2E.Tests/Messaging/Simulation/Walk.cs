using PulseMeet.E2E.Identity;
using PulseMeet.E2E.Messaging;
using PulseMeet.E2E.Relay;
using PulseMeet.E2E.Storage;
using PulseMeet.E2E.Testing;

namespace PulseMeet.E2E.Tests.Messaging.Simulation;

/// <summary>Two to five people with one to three devices each, around a relay that loses, doubles, delays, reorders, repeats, forgets and lies;
/// devices die, restart, are put back to a copy, are linked, removed, reinstalled, and all lost; clocks jump. Everything by a seed.</summary>
internal sealed class Walk : IAsyncDisposable
{
    private const int MaxDevices = 3;

    /// <summary>How often a walk's end waits for something that is asked for again: all pauses together, and some.</summary>
    private const int MaxWaits = 40;

    private static readonly TimeSpan s_longWait = TimeSpan.FromHours(12);

    /// <summary>What is said at most while everybody synchronises at once.</summary>
    private const int MaxSaidAtOnce = 3;

    /// <summary>How often a call that has to succeed is tried at a relay that fails one in twenty.</summary>
    private const int MaxTries = 50;

    private readonly string[] _users;
    private readonly Dictionary<Member, HashSet<(StreamName, ulong)>> _missed = [];
    private readonly HashSet<(StreamName, ulong)> _forgotten = [];
    private readonly List<Member> _removed = [];
    private readonly Dictionary<string, RecoveryKey> _recovery = [];
    private readonly HashSet<(Member, (StreamName, ulong))> _toCome = [];
    private int _deliveredWhenKnown;
    private readonly List<Member> _devices = [];
    private readonly Dictionary<Member, (InMemoryStore Store, int SaidBefore, long? OpenAt)> _copies = [];
    private IE2ERelayServer? _honest;
    private UnreliableRelayServer? _misfortune;
    private int _names;

    private readonly ulong _seed;
    private readonly bool _isHonest;
    private DateTimeOffset _latest = DateTimeOffset.MinValue;

    public Walk(ulong seed, WalkKind kind)
    {
        _seed = seed;
        _isHonest = kind == WalkKind.Honest;
        _users = [.. new[] { "alice", "bob", "carol", "dave", "erin" }.Take(2 + (int)(seed % 4))];
        World = new World(inner => _misfortune = new UnreliableRelayServer(_honest = inner, RelayFaults.Each(0.04), seed) { IsHonest = true })
        {
            Configure = options => options.DeviceListAge = TimeSpan.Zero,
        };

        // An answer that was lost: whoever waits for it finds that the ten minutes are over.
        World.Relay.OnNoAnswer = () => World.Clock.Advance(TimeSpan.FromMinutes(11));
    }

    public World World { get; }

    public Diary Diary { get; } = new();

    public List<Said> Everything { get; } = [];

    /// <summary>The devices that are still somebody's.</summary>
    public IReadOnlyList<Member> Devices => _devices;

    /// <summary>Devices whose stores were put back: what they showed before may come again.</summary>
    public HashSet<Member> PutBack { get; } = [];

    /// <summary>What a device has ever known to be missing.</summary>
    public IReadOnlySet<(StreamName, ulong)> Missed(Member device) =>
        _missed.TryGetValue(device, out HashSet<(StreamName, ulong)>? missed) ? missed : _missed[device] = [];

    /// <summary>Whether the first message that the device has of the sender in the conversation is of the message's own stream, or was written
    /// after that was begun: then the device cannot know that what was before it was for it, too.</summary>
    public bool IsFirstContact(Member device, Said said)
    {
        MessageReceived? first = device.Messages.FirstOrDefault(
            message => message.Sender == said.From.Address && message.ConversationWith == said.ConversationOf(device));
        StreamName stream = said.Number!.Value.Stream;
        return first is null
            || Everything.Find(other => first.Content is TextContent text && other.Text == text.Value)?.Number is not { } number
            || number.Stream == stream
            || StreamId.BegunAt(stream.StreamId) < first.Time.ToUnixTimeMilliseconds();
    }

    /// <summary>Whether a device of this name has been removed: what it had said and was still under way is nobody's word any more.</summary>
    public bool HasGone(DeviceAddress device) => _removed.Exists(member => member.Address == device);

    /// <summary>Whether a message has to come: the relay was honest already when a device was to ask for it next, and its sender had it still.</summary>
    public bool HasToCome(Member device, (StreamName, ulong) number) => _toCome.Contains((device, number));

    /// <summary>Of these, the ones that were open when the copy was made, and of which the relay was told no later revision until it came back: nobody can
    /// know.</summary>
    public HashSet<Member> PutBackUnseen { get; } = [];

    /// <summary>Whether a device gave a number before its store was put back, and nobody knows any more: a recipient may have had it, or given it up.</summary>
    public bool WasGivenBefore((StreamName, ulong) number) => _forgotten.Contains(number);

    public async Task BeginAsync()
    {
        foreach (string user in _users)
        {
            Member first = World.Device(user);
            _recovery[user] = await first.Client.SignUpAsync();
            _devices.Add(first);
        }

        foreach (Member device in _devices)
        {
            await AcceptAllAsync(device);
        }

        // Everybody has heard of everybody once: from here on what is missing is missing, and not before the first.
        foreach (Member device in _devices)
        {
            for (int to = 0; to < _users.Length - 1; to++)
            {
                await SayAsync(device, to);
            }
        }

        await MeetAsync(2);
        _misfortune!.IsHonest = _isHonest;
    }

    public async Task TakeAsync(Step step)
    {
        // Nothing happens in no time: two things are one after the other by the clock, too.
        World.Clock.Advance(TimeSpan.FromMilliseconds(1));
        Member one = _devices[step.Who % _devices.Count];
        await TakeAsync(step, one);
        foreach (Member device in step.Act == Act.MeetAllAtOnce ? _devices : [one])
        {
            await NoteMissingAsync(device);
        }

        await Diary.NoteAsync($"{step}, {one.Address.UserId}/{one.Address.DeviceId}", this);
    }

    private async Task TakeAsync(Step step, Member one)
    {
        switch (step.Act)
        {
            case Act.Say or Act.SayAgain or Act.SayToo:
                await SayAsync(one, step.How);
                break;
            case Act.Synchronize or Act.SynchronizeAgain or Act.SynchronizeToo:
                await TryAsync(one.SyncAsync);
                break;
            case Act.ReadAndForget:
                await TryAsync(() => one.Client.SynchronizeAsync());
                break;
            case Act.Restart:
                await one.RestartAsync();
                break;
            case Act.DieAtOnce:
                one.Crash();
                break;
            case Act.DieWhileSaying:
                await DieAsync(one, step.How, () => SayAsync(one, step.How));
                break;
            case Act.DieWhileSynchronizing:
                await DieAsync(one, step.How, one.SyncAsync);
                break;
            case Act.ClockMoves:
                MoveClock(TimeSpan.FromMinutes((step.How % 271) - 30));
                break;
            case Act.Link when _devices.Count(device => device.UserId == one.UserId) < MaxDevices:
                await LinkAsync(First(one), $"device{++_names}");
                break;
            case Act.Remove when one != First(one):
                await RemoveAsync(one);
                break;
            case Act.Reinstall when one != First(one):
                if (await RemoveAsync(one))
                {
                    await LinkAsync(First(one), one.Address.DeviceId);
                }

                break;
            case Act.Recover when step.How % 4 == 0:
                await RecoverAsync(one.UserId, step.How % 8 == 0 ? one.Address.DeviceId : $"device{++_names}");
                break;
            case Act.Copy:
                // Of an app that has ended, or of one that goes on.
                bool isOpen = step.How % 2 == 0;
                await (isOpen ? Task.CompletedTask : one.RestartAsync());
                _copies[one] = (one.Store.Copy(), Everything.Count, isOpen ? await RevisionAsync(one) : null);
                break;
            case Act.PutCopyBack when _copies.Remove(one, out (InMemoryStore Store, int SaidBefore, long? OpenAt) copy):
                await one.RestoreAsync(copy.Store);
                PutBack.Add(one);
                if (await ToldAsync(one) <= copy.OpenAt)
                {
                    PutBackUnseen.Add(one);
                }

                Forget(one, copy.SaidBefore);
                break;
            case Act.MeetAllAtOnce:
                await Task.Run(() => MeetAtOnceAsync(new Random(unchecked((int)(_seed + (ulong)step.How)))));
                break;
        }
    }

    /// <summary>The relay is honest from now on, and everybody comes by until nothing is missing any more; what everybody says last shows
    /// what is missing before it.</summary>
    public async Task HealAsync()
    {
        _misfortune!.IsHonest = true;
        await MeetAsync(4);
        foreach (Member device in _devices)
        {
            await AcceptAllAsync(device);
        }

        await MeetAsync(2);
        await DropUnlistedAsync();
        _deliveredWhenKnown = World.Relay.Delivered.Count;
        foreach (Member device in _devices)
        {
            for (int to = 0; to < _users.Length - 1; to++)
            {
                await SayAsync(device, to);
            }
        }

        await MeetAsync(4);
        await NoteWhatHasToComeAsync();
        for (int i = 0; i < MaxWaits && await NextAsync() is { } due; i++)
        {
            // Who cannot be asked is tried every minute: he is waited for in longer steps by and by.
            TimeSpan wait = due > World.Clock.GetUtcNow() ? due - World.Clock.GetUtcNow() : TimeSpan.Zero;
            World.Clock.Advance(i > MaxWaits / 2 && wait < s_longWait ? s_longWait : wait);
            await MeetAsync(2);
        }
    }

    /// <summary>A relay that gives every device what is for others, and devices that were removed what was sent under their names since
    /// everybody knows: nobody opens any of it.</summary>
    public async Task ShowEverythingToEverybodyAsync()
    {
        (DeviceAddress Sender, OutgoingEnvelope Envelope)[] all = [.. World.Relay.Delivered];
        foreach (Member device in _devices.Concat(_removed))
        {
            await device.TakeEventsAsync();
            int before = device.Messages.Count();
            MailboxItem[] items = [.. all
                .Where((item, i) => item.Envelope.Recipient == device.Address ? i >= _deliveredWhenKnown && _removed.Contains(device) : i >= all.Length - 100)
                .Select(item => new MailboxItem(
                    0, MailboxItemKind.Envelope, item.Sender, default, item.Envelope.Id, default, item.Envelope.Content))];
            foreach (MailboxItem[] page in items.Chunk(100))
            {
                await TryAsync(async () => await (await device.Client.OpenAsync(default)).Receiver.PushAsync(page, default));
                await device.TakeEventsAsync();
            }

            string opened = string.Join(", ", device.Texts.Skip(before));
            Assert.True(
                opened.Length == 0, $"{device.Address}, {(_removed.Contains(device) ? "removed" : "listed")}, opens what was not for it: {opened}.");
        }
    }

    public async ValueTask DisposeAsync()
    {
        await World.DisposeAsync();
        foreach (RecoveryKey key in _recovery.Values)
        {
            key.Dispose();
        }
    }

    private static async Task<bool> TryAsync(Func<Task> act, Action<string>? failed = null)
    {
        try
        {
            await act();
            return true;
        }
        catch (E2EException exception) when (exception.Reason is not (E2EError.StoreDamaged or E2EError.StoreConflict or E2EError.StoreInUse))
        {
            // The relay's doing. A store that is damaged, or written twice, would be ours.
            failed?.Invoke($"{exception.Reason} ({exception.Message})");
            return false;
        }
    }

    /// <summary>What a device said since a copy, and had not sent when that was put back, is nowhere any more. Whether it was sent, nobody can
    /// say.</summary>
    private void Forget(Member device, int saidBefore)
    {
        for (int i = saidBefore; i < Everything.Count; i++)
        {
            if (Everything[i].From == device)
            {
                _forgotten.UnionWith(Everything[i].Number is { } number ? [number] : []);
                Everything[i] = Everything[i] with { For = [], Number = null };
            }
        }
    }

    /// <summary>The highest revision that the relay was told, and really keeps.</summary>
    private async Task<long> ToldAsync(Member device)
    {
        try
        {
            return (await _honest!.Connect(device.Address).ReceiveAsync(new MailboxRequest(1, TimeSpan.Zero, 0, []))).HighestStoreRevision;
        }
        catch (E2EException)
        {
            // It does not know the device (any more).
            return 0;
        }
    }

    private static async Task<long> RevisionAsync(Member device)
    {
        ClientCore core = (await device.Client.OpenAsync(default)).Core;
        return core.Store.Revision + core.RevisionOffset;
    }

    /// <summary>A clock that is set back further than peers bear with makes certificates and lists that are new ones of the future: then something
    /// is missing for a while.</summary>
    private void MoveClock(TimeSpan by)
    {
        DateTimeOffset now = World.Clock.GetUtcNow();
        _latest = now > _latest ? now : _latest;
        TimeSpan most = _latest - IdentityLimits.ClockTolerance - now;
        World.Clock.Advance(_isHonest && by < most ? most : by);
    }

    private Member First(Member device) => _devices.First(other => other.UserId == device.UserId);

    /// <summary>When somebody has to do something about what is missing; null where nothing is.</summary>
    private async Task<DateTimeOffset?> NextAsync()
    {
        DateTimeOffset? next = null;
        foreach (Member device in _devices)
        {
            DateTimeOffset? due = await (await device.Client.OpenAsync(default)).Controls.NameGapsAsync(default);
            next = due < next ? due : next ?? due;
        }

        return next;
    }

    private async Task NoteWhatHasToComeAsync()
    {
        foreach (Said said in Everything.Where(said => said.Number is not null && _devices.Contains(said.From)))
        {
            (StreamName stream, ulong number) = said.Number!.Value;
            foreach (Member device in said.For.Where(_devices.Contains))
            {
                // A meeting takes a while, in which one of the two may have come by already.
                if (await Listed.AsksAtAsync(device, stream, number) is { } asked
                    && await Listed.IsKeptAsync(said.From, device, stream, number, asked + TimeSpan.FromHours(1)))
                {
                    _toCome.Add((device, (stream, number)));
                }
            }
        }
    }

    private async Task NoteMissingAsync(Member device)
    {
        _ = Missed(device);
        _missed[device].UnionWith(await Listed.MissingAsync(device));
    }

    private async Task MeetAsync(int rounds)
    {
        for (int i = 0; i < rounds; i++)
        {
            World.Clock.Advance(TimeSpan.FromMinutes(15));
            foreach (Member device in _devices)
            {
                await TryAsync(device.SyncAsync);
                await TryAsync(device.SyncAsync);
                await NoteMissingAsync(device);
            }

            await Diary.NoteAsync("everybody meets", this);
        }
    }

    /// <summary>Everybody synchronises at once, and some say something meanwhile: before and after any call of the relay that is under way.</summary>
    private async Task MeetAtOnceAsync(Random chance)
    {
        var turnstile = new Turnstile();
        World.Relay.Before = (_, _) => turnstile.WaitAsync();
        List<Task> all = [.. _devices.Select(device => TryAsync(() => device.Client.SynchronizeAsync()))];
        int said = 0;
        while (turnstile.TryAdmit(chance))
        {
            if (said < MaxSaidAtOnce && chance.Next(8) == 0)
            {
                said++;
                all.Add(SayAsync(_devices[chance.Next(_devices.Count)], chance.Next(100)));
            }
        }

        turnstile.Open();
        World.Relay.Before = (_, _) => Task.CompletedTask;
        await Task.WhenAll(all);
    }

    private async Task SayAsync(Member from, int how)
    {
        string to = _users.Where(user => user != from.UserId).ElementAt(how % (_users.Length - 1));
        string text = $"{from.Address.UserId}/{from.Address.DeviceId} {Everything.Count}";
        MessageId? id = null;
        try
        {
            id = await from.SayAsync(to, text);
        }
        catch (E2EException)
        {
        }
        finally
        {
            IReadOnlyList<Member> known = id is null ? [] : await Listed.ByAsync(from, to, _devices);
            Everything.Add(new Said(text, from, to, known, id is { } sent ? await Listed.NumberOfAsync(from, sent) : null));
        }
    }

    private async Task DieAsync(Member one, int how, Func<Task> act)
    {
        CrashingStore? store = null;
        await one.RestartAsync(inner => store = new CrashingStore(inner));
        store!.Plan(1 + (how % 7), how % 2 == 0 ? StoreFault.CrashBefore : StoreFault.CrashAfter);
        await TryAsync(act);
        one.Crash();
    }

    private async Task LinkAsync(Member first, string deviceId)
    {
        Member second = World.Device(first.UserId, deviceId);
        if (await TryAsync(() => World.LinkAsync(first, second)))
        {
            _devices.Add(second);
            await AcceptAllAsync(second);
        }
        else
        {
            // The list may name it all the same: an app would remove it and begin anew.
            second.IsActive = false;
            await TryAsync(() => first.Client.RemoveDeviceAsync(deviceId));
        }
    }

    /// <summary>Somebody has lost all his devices, and comes back on a new one.</summary>
    private async Task RecoverAsync(string userId, string deviceId)
    {
        foreach (Member lost in _devices.Where(device => device.UserId == userId).ToArray())
        {
            Drop(lost);
        }

        Member device = World.Device(userId, deviceId);
        _devices.Add(device);
        var failures = new List<string>();
        while (!await TryAsync(() => device.Client.RecoverAsync(_recovery[userId]), failures.Add))
        {
            // An app tries until the relay lets it.
            Assert.True(failures.Count < MaxTries, $"{device.Address} does not come back: {string.Join("; ", failures)}");
        }

        await AcceptAllAsync(device);
    }

    private async Task<bool> RemoveAsync(Member device)
    {
        if (!await TryAsync(() => First(device).Client.RemoveDeviceAsync(device.Address.DeviceId)))
        {
            return false;
        }

        Drop(device);
        return true;
    }

    /// <summary>A removal whose call failed may have happened all the same.</summary>
    private async Task DropUnlistedAsync()
    {
        foreach (Member device in _devices.ToArray())
        {
            if (device != First(device) && !(await Listed.ByAsync(First(device), device.UserId, _devices)).Contains(device))
            {
                Drop(device);
            }
        }
    }

    private void Drop(Member device)
    {
        device.IsActive = false;
        _removed.Add(device);
        _devices.Remove(device);
        _copies.Remove(device);
    }

    private async Task AcceptAllAsync(Member device)
    {
        foreach (string user in _users.Where(user => user != device.UserId))
        {
            await TryAsync(() => device.Client.AcceptAsync(user));
        }
    }
}
