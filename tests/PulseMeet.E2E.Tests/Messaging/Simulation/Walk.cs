using PulseMeet.E2E.Relay;
using PulseMeet.E2E.Storage;
using PulseMeet.E2E.Testing;

namespace PulseMeet.E2E.Tests.Messaging.Simulation;

/// <summary>Three people with one to three devices each, around a relay that loses, doubles, delays, reorders, repeats, forgets and lies;
/// devices die, restart, are put back to a copy, are linked, removed and reinstalled; clocks jump. Everything by a seed.</summary>
internal sealed class Walk : IAsyncDisposable
{
    private const int MaxDevices = 3;

    private readonly string[] _users = ["alice", "bob", "carol"];
    private readonly List<Member> _devices = [];
    private readonly Dictionary<Member, (InMemoryStore Store, int SaidBefore)> _copies = [];
    private UnreliableRelayServer? _misfortune;
    private int _names;

    public Walk(ulong seed)
    {
        World = new World(inner => _misfortune = new UnreliableRelayServer(inner, RelayFaults.Each(0.04), seed) { IsHonest = true })
        {
            Configure = options => options.DeviceListAge = TimeSpan.Zero,
        };
    }

    public World World { get; }

    public List<Said> Everything { get; } = [];

    /// <summary>The devices that are still somebody's.</summary>
    public IReadOnlyList<Member> Devices => _devices;

    /// <summary>Devices whose stores were put back: what they showed before may come again.</summary>
    public HashSet<Member> PutBack { get; } = [];

    public async Task BeginAsync()
    {
        foreach (string user in _users)
        {
            _devices.Add(await World.SignUpAsync(user));
        }

        foreach (Member device in _devices)
        {
            await AcceptAllAsync(device);
        }

        // Everybody has heard of everybody once: from here on what is missing is missing, and not before the first.
        foreach (Member device in _devices)
        {
            await SayAsync(device, 0);
            await SayAsync(device, 1);
        }

        await MeetAsync(2);
        _misfortune!.IsHonest = false;
    }

    public async Task TakeAsync(Step step)
    {
        Member one = _devices[step.Who % _devices.Count];
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
                World.Clock.Advance(TimeSpan.FromMinutes((step.How % 271) - 30));
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
            case Act.Copy:
                await one.RestartAsync();
                _copies[one] = (one.Store.Copy(), Everything.Count);
                break;
            case Act.PutCopyBack when _copies.Remove(one, out (InMemoryStore Store, int SaidBefore) copy):
                await one.RestoreAsync(copy.Store);
                PutBack.Add(one);
                Forget(one, copy.SaidBefore);
                break;
            case Act.MeetAllAtOnce:
                await Task.WhenAll(_devices.Select(device => Task.Run(() => TryAsync(() => device.Client.SynchronizeAsync()))));
                break;
        }
    }

    /// <summary>The relay is honest from now on, and everybody comes by for a while; what everybody says last shows what is missing
    /// before it.</summary>
    public async Task HealAsync()
    {
        _misfortune!.IsHonest = true;
        await MeetAsync(4);
        foreach (Member device in _devices)
        {
            await AcceptAllAsync(device);
        }

        await MeetAsync(2);
        foreach (Member device in _devices)
        {
            for (int to = 0; to < 2; to++)
            {
                await SayAsync(device, to);
            }
        }

        await MeetAsync(6);
    }

    public ValueTask DisposeAsync() => World.DisposeAsync();

    private static async Task<bool> TryAsync(Func<Task> act)
    {
        try
        {
            await act();
            return true;
        }
        catch (E2EException exception) when (exception.Reason is not (E2EError.StoreDamaged or E2EError.StoreConflict or E2EError.StoreInUse))
        {
            // The relay's doing. A store that is damaged, or written twice, would be ours.
            return false;
        }
    }

    /// <summary>What a device said since a copy, and had not sent when that was put back, is nowhere any more. Whether it was sent, nobody can
    /// say.</summary>
    private void Forget(Member device, int saidBefore)
    {
        for (int i = saidBefore; i < Everything.Count; i++)
        {
            Everything[i] = Everything[i].From == device ? Everything[i] with { For = [], IsSure = false } : Everything[i];
        }
    }

    private Member First(Member device) => _devices.First(other => other.UserId == device.UserId);

    private async Task MeetAsync(int rounds)
    {
        for (int i = 0; i < rounds; i++)
        {
            World.Clock.Advance(TimeSpan.FromMinutes(15));
            foreach (Member device in _devices)
            {
                await TryAsync(device.SyncAsync);
                await TryAsync(device.SyncAsync);
            }
        }
    }

    private async Task SayAsync(Member from, int how)
    {
        string to = _users.Where(user => user != from.UserId).ElementAt(how % 2);
        string text = $"{from.Address.UserId}/{from.Address.DeviceId} {Everything.Count}";
        bool isSure = false;
        try
        {
            await from.SayAsync(to, text);
            isSure = true;
        }
        catch (E2EException)
        {
        }
        finally
        {
            IReadOnlyList<Member> known = isSure ? await Listed.ByAsync(from, to, _devices) : [];
            Everything.Add(new Said(text, from, to, known, isSure));
        }
    }

    private async Task DieAsync(Member one, int how, Func<Task> act)
    {
        CrashingStore? store = null;
        await one.RestartAsync(inner => store = new CrashingStore(inner));
        store!.Plan(1 + (how % 7), how % 2 == 0 ? StoreFault.CrashBefore : StoreFault.CrashAfter);
        try
        {
            await TryAsync(act);
        }
        catch (SimulatedCrashException)
        {
        }

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

    private async Task<bool> RemoveAsync(Member device)
    {
        if (!await TryAsync(() => First(device).Client.RemoveDeviceAsync(device.Address.DeviceId)))
        {
            return false;
        }

        device.IsActive = false;
        _devices.Remove(device);
        _copies.Remove(device);
        return true;
    }

    private async Task AcceptAllAsync(Member device)
    {
        foreach (string user in _users.Where(user => user != device.UserId))
        {
            await TryAsync(() => device.Client.AcceptAsync(user));
        }
    }
}
