using PulseMeet.E2E.Identity;
using PulseMeet.E2E.Messaging;
using PulseMeet.E2E.Relay;
using PulseMeet.E2E.Storage;
using PulseMeet.E2E.Testing;
using PulseMeet.E2E.Tests.Messaging;

namespace PulseMeet.E2E.Client.Tests.Pulses;

/// <summary>What somebody wrote in a walk.</summary>
/// <param name="Text">Of its own.</param>
/// <param name="From">Who wrote it.</param>
/// <param name="Step">When.</param>
internal sealed record PulseText(string Text, Member From, int Step)
{
    /// <summary>Its id; null where the device died before it said it.</summary>
    public MessageId? Id { get; set; }
}

/// <summary>A pulse chat of two to six people around a relay that loses, doubles, delays, reorders, repeats, forgets and lies. They come, go, are
/// removed and promoted; their devices die, restart, are put back to a copy, are linked and removed; the clock jumps. Everything by a
/// seed.</summary>
internal sealed class PulseWalk : IAsyncDisposable
{
    private const int MostDevices = 9;

    /// <summary>How often a walk's end waits an hour for something that is asked for again.</summary>
    private const int MaxWaits = 60;

    private readonly Random _random;
    private readonly WalkStores _stores;
    private readonly Dictionary<Member, Action> _copies = [];
    private UnreliableRelayServer? _misfortune;
    private int _names;
    private int _step;

    public PulseWalk(uint seed, bool inFiles)
    {
        _random = new Random((int)(seed % int.MaxValue));
        Users = [.. new[] { "alice", "bob", "carol", "dave", "erin", "frank" }.Take(2 + (int)(seed % 5))];
        TakesJoins = seed % 4 != 0;
        _stores = new WalkStores(inFiles);
        World = new World(inner => _misfortune = new UnreliableRelayServer(inner, RelayFaults.Each(0.04), seed) { IsHonest = true })
        {
            OpenStore = _stores.Open,
            Configure = options => options.DeviceListAge = TimeSpan.Zero,
        };
        World.Relay.OnNoAnswer = () => World.Clock.Advance(TimeSpan.FromMinutes(11));
    }

    public World World { get; }

    public string[] Users { get; }

    /// <summary>Whether the chat lets devices come back by themselves.</summary>
    public bool TakesJoins { get; }

    public PulseId Id { get; private set; }

    public PulseWitness Witness { get; private set; } = null!;

    /// <summary>The devices that are still somebody's.</summary>
    public List<Member> Devices { get; } = [];

    public List<Member> Gone { get; } = [];

    public List<PulseText> Texts { get; } = [];

    /// <summary>How many hours it took in the end until nothing was missing any more.</summary>
    public int Waits { get; private set; }

    /// <summary>When a device's store was last put back.</summary>
    public Dictionary<Member, int> PutBackAt { get; } = [];

    public async Task BeginAsync()
    {
        foreach (string user in Users)
        {
            Devices.Add(await World.SignUpAsync(user));
        }

        await MeetAsync(1);
        PulseChat pulse = await Devices[0].Client.CreatePulseAsync("Walk", [.. Users.Skip(1).Take(Math.Max(1, Users.Length - 2))], new PulseOptions
        {
            Suite = PulseSuite.X25519,
            Rights = PulseRights.Default with { Add = PulseRole.Member, Rename = PulseRole.Member, ExternalJoin = TakesJoins },
        });
        Id = pulse.Id;
        Witness = new PulseWitness(Id);
        World.Relay.Before = (caller, _) => LookAsync(World.Members.LastOrDefault(member => member.Address == caller));
        await MeetAsync(2);
        _misfortune!.IsHonest = false;
    }

    public async Task TakeAsync(PulseStep step)
    {
        _step++;
        Member one = Devices[step.Who % Devices.Count];
        await TakeAsync(step, one);
        foreach (Member device in step.Act == PulseAct.MeetAllAtOnce ? Devices.ToArray() : [one])
        {
            await LookAsync(device);
        }
    }

    /// <summary>The relay is honest from now on, and everybody comes by until nothing is missing any more; what everybody says last shows what is
    /// missing before it.</summary>
    public async Task HealAsync()
    {
        _misfortune!.IsHonest = true;
        await MeetAsync(4);
        for (int i = 0; i < 4; i++)
        {
            World.Clock.Advance(TimeSpan.FromHours(1));
            await MeetAsync(1);
        }

        // Whoever was taken out and lost the word of it looks once a day.
        World.Clock.Advance(TimeSpan.FromDays(1));
        await MeetAsync(3);

        await DropUnlistedAsync();
        await MeetAsync(2);
        foreach (Member device in Devices)
        {
            await SayAsync(device);
        }

        await MeetAsync(4);
        for (; Waits < MaxWaits && await IsAnythingOpenAsync(); Waits++)
        {
            World.Clock.Advance(TimeSpan.FromHours(1));
            await MeetAsync(1);
        }
    }

    /// <summary>A relay that gives every device, also those that were removed and those that never were in the chat, every message that was ever
    /// sealed for it.</summary>
    public async Task ShowEverythingToEverybodyAsync()
    {
        foreach (Member device in Devices.Concat(Gone))
        {
            foreach ((DeviceAddress Sender, GroupMessage Message)[] page in World.Relay.GroupMessages
                .Where(told => told.Sender != device.Address).ToArray().Chunk(100))
            {
                await TryAsync(() => device.Client.PushAsync(
                [
                    .. page.Select(told => new MailboxItem(
                        0, MailboxItemKind.GroupMessage, told.Sender, Id.ToArray(), told.Message.Id, World.Clock.GetUtcNow(), told.Message.Content)),
                ]));
            }

            await device.TakeEventsAsync();
        }
    }

    /// <summary>What a device keeps of the chat; null where it was never in it.</summary>
    public async Task<PulseRecord?> RecordOfAsync(Member device) =>
        await (await device.Client.OpenAsync(default)).Core.Store.ReadAsync(RecordKey.Pulses, Id.ToArray()) is { } stored ? PulseRecord.Decode(stored.Value) : null;

    public async Task<int> CountAsync(Member device, byte table) =>
        (await (await device.Client.OpenAsync(default)).Core.Store.ScanAsync(table, default, Id.ToArray(), 1000)).Count;

    public async ValueTask DisposeAsync()
    {
        World.Relay.Before = (_, _) => Task.CompletedTask;
        await World.DisposeAsync();
        await _stores.DisposeAsync();
    }

    private async Task TakeAsync(PulseStep step, Member one)
    {
        string other = Users[step.How % Users.Length];
        switch (step.Act)
        {
            case PulseAct.Say or PulseAct.SayAgain or PulseAct.SayToo:
                await SayAsync(one);
                break;
            case PulseAct.Synchronize or PulseAct.SynchronizeAgain or PulseAct.SynchronizeToo:
                await TryAsync(one.SyncAsync);
                break;
            case PulseAct.MeetAllAtOnce:
                await Task.WhenAll(Devices.Select(device => Task.Run(() => TryAsync(() => device.Client.SynchronizeAsync()))));
                break;
            case PulseAct.Add or PulseAct.AddAgain:
                await ChangeAsync(one, pulse => pulse.AddAsync(other));
                break;
            case PulseAct.Remove when other != one.UserId:
                await ChangeAsync(one, pulse => pulse.RemoveAsync(other));
                break;
            case PulseAct.Leave when step.How % 3 == 0:
                await ChangeAsync(one, pulse => pulse.LeaveAsync());
                break;
            case PulseAct.Promote:
                await ChangeAsync(one, pulse => pulse.SetRoleAsync(other, (PulseRole)(step.How % 2)));
                break;
            case PulseAct.Rename:
                await ChangeAsync(one, pulse => pulse.RenameAsync($"Walk {_step}"));
                break;
            case PulseAct.Restart:
                await one.RestartAsync();
                break;
            case PulseAct.DieAtOnce:
                await CrashAsync(one);
                break;
            case PulseAct.DieWhileSaying:
                await DieAsync(one, step.How, () => SayAsync(one));
                break;
            case PulseAct.DieWhileSynchronizing:
                await DieAsync(one, step.How, one.SyncAsync);
                break;
            case PulseAct.DieWhileChanging:
                await DieAsync(one, step.How, () => ChangeAsync(one, pulse => pulse.RenameAsync($"Walk {_step}")));
                break;
            case PulseAct.ClockMoves:
                World.Clock.Advance(TimeSpan.FromMinutes((step.How % 271) - 30));
                break;
            case PulseAct.Link when Devices.Count < MostDevices && Devices.Count(device => device.UserId == one.UserId) < 2:
                await LinkAsync(First(one), $"device{++_names}");
                break;
            case PulseAct.RemoveDevice when one != First(one):
                if (await TryAsync(() => First(one).Client.RemoveDeviceAsync(one.Address.DeviceId)))
                {
                    Drop(one);
                }

                break;
            case PulseAct.Copy:
                await one.Client.DisposeAsync();
                _copies[one] = _stores.Copy(one);
                await one.RestartAsync();
                break;
            case PulseAct.PutCopyBack when _copies.Remove(one, out Action? putBack):
                await one.RestoreAsync(putBack);
                PutBackAt[one] = _step;
                break;
        }
    }

    private static async Task<bool> TryAsync(Func<Task> act)
    {
        try
        {
            await act();
            return true;
        }
        catch (E2EException exception) when (exception.Reason is not (E2EError.StoreDamaged or E2EError.StoreConflict or E2EError.StoreInUse))
        {
            // The relay's doing, or what the chat does not allow. A store that is damaged, or written twice, would be ours.
            return false;
        }
    }

    private Member First(Member device) => Devices.First(other => other.UserId == device.UserId);

    private async Task ChangeAsync(Member one, Func<PulseChat, Task> change) => await TryAsync(async () =>
    {
        if (await one.Client.GetPulseAsync(Id) is { } pulse)
        {
            await change(pulse);
        }
    });

    private async Task SayAsync(Member from)
    {
        string text = $"{from.Address.UserId}/{from.Address.DeviceId} {Texts.Count}";
        await TryAsync(async () =>
        {
            if (await from.Client.GetPulseAsync(Id) is { } pulse)
            {
                var said = new PulseText(text, from, _step);
                Texts.Add(said);
                said.Id = await pulse.SendAsync(MessageContent.Text(text));
            }
        });
    }

    private async Task LookAsync(Member? member)
    {
        try
        {
            if (member is not null && Witness is not null)
            {
                await Witness.LookAsync(member);
            }
        }
        catch (Exception exception) when (exception is E2EException or SimulatedCrashException or ObjectDisposedException)
        {
            // It has just died, or is on no list any more.
        }
    }

    private async Task CrashAsync(Member one)
    {
        await _stores.CloseAsync(one);
        one.Crash();
    }

    private async Task DieAsync(Member one, int how, Func<Task> act)
    {
        CrashingStore? store = null;
        await one.RestartAsync(inner => store = new CrashingStore(inner));
        store!.Plan(1 + (how % 9), how % 2 == 0 ? StoreFault.CrashBefore : StoreFault.CrashAfter);
        try
        {
            await TryAsync(act);
        }
        catch (SimulatedCrashException)
        {
        }

        await CrashAsync(one);
    }

    private async Task LinkAsync(Member first, string deviceId)
    {
        Member second = World.Device(first.UserId, deviceId);
        if (await TryAsync(() => World.LinkAsync(first, second)))
        {
            Devices.Add(second);
        }
        else
        {
            // The list may name it all the same: an app would remove it and begin anew.
            second.IsActive = false;
            await TryAsync(() => first.Client.RemoveDeviceAsync(deviceId));
        }
    }

    /// <summary>A removal whose call failed may have happened all the same.</summary>
    private async Task DropUnlistedAsync()
    {
        foreach (Member device in Devices.ToArray())
        {
            DeviceList list = await World.Relay.ListOfAsync(device.UserId);
            if (list.Find(device.Address.DeviceId) is null)
            {
                Drop(device);
            }
        }
    }

    private void Drop(Member device)
    {
        device.IsActive = false;
        Gone.Add(device);
        Devices.Remove(device);
        _copies.Remove(device);
    }

    private async Task MeetAsync(int rounds)
    {
        for (int i = 0; i < rounds; i++)
        {
            World.Clock.Advance(TimeSpan.FromMinutes(15));
            foreach (Member device in Devices.OrderBy(_ => _random.Next()).ToArray())
            {
                await TryAsync(device.SyncAsync);
                await TryAsync(device.SyncAsync);
                await LookAsync(device);
            }
        }
    }

    /// <summary>Whether a device knows of something that is missing, has something to send, or does not know whether it is in.</summary>
    private async Task<bool> IsAnythingOpenAsync()
    {
        foreach (Member device in Devices)
        {
            if (await RecordOfAsync(device) is { IsOpen: true } record
                && (record.IsRejoinWanted || record.IsProvisional || record.IsCatchUpWanted || record.ToAsk.Count > 0
                    || await CountAsync(device, RecordKey.PulseGaps) > 0
                    || await CountAsync(device, RecordKey.PulseOutbox) > 0
                    || await CountAsync(device, RecordKey.PulsePending) > 0))
            {
                return true;
            }
        }

        return false;
    }
}
