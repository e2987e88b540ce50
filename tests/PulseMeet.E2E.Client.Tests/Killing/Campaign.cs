using PulseMeet.E2E.Client.Tests.Power;

namespace PulseMeet.E2E.Client.Tests.Killing;

/// <summary>Two devices and their relay, in processes of their own on SQLite files, over HTTP: the devices write to each other, and one of the
/// three is killed in the middle of it, again and again; or the power goes, for one of them or for all.</summary>
internal sealed class Campaign : IAsyncDisposable
{
    private readonly string _folder;
    private readonly Circumstances _circumstances;
    private readonly KilledRelay _relay;
    private readonly Random _chance;
    private readonly Device[] _devices;
    private int _struck;
    private int _forgotten;

    private Campaign(string folder, Circumstances circumstances, KilledRelay relay)
    {
        _folder = folder;
        _circumstances = circumstances;
        _relay = relay;
        _chance = new Random(circumstances.Seed);
        _devices =
        [
            new Device("alice", "bob", new(folder, "alice", circumstances.IsOfPower), relay.Address!, circumstances.Durability),
            new Device("bob", "alice", new(folder, "bob", circumstances.IsOfPower), relay.Address!, circumstances.Durability),
        ];
    }

    private IEnumerable<Machine> Machines => _devices.Select(device => device.Machine).Append(_relay.Machine);

    public static async Task<Campaign> StartAsync(Circumstances circumstances)
    {
        string folder = Directory.CreateTempSubdirectory("pulsemeet-kill").FullName;
        var relay = new KilledRelay(new(folder, "relay", circumstances.IsOfPower, circumstances.RelaysDiskLies ? "-wal" : null), Path.Combine(folder, "salts"));
        await File.WriteAllTextAsync(relay.Salts, string.Empty);
        await relay.StartAsync();
        return new Campaign(folder, circumstances, relay);
    }

    /// <param name="times">How often something is killed, or the power goes.</param>
    public async Task<Outcome> RunAsync(int times)
    {
        try
        {
            await PlayAsync(times);
        }
        catch (InvalidOperationException broken)
        {
            return Judge() with { Strange = [.. Judge().Strange, broken.Message] };
        }

        return Judge();
    }

    /// <summary>Ends everything as it should end.</summary>
    /// <returns>Files that a process changed and its machine did not notice; empty where power may be lost.</returns>
    public async Task<IReadOnlyList<string>> CloseAsync()
    {
        foreach (Device device in _devices)
        {
            await device.CloseAsync();
        }

        await _relay.CloseAsync();
        return [.. Machines.SelectMany(machine => machine.Unlogged())];
    }

    public ValueTask DisposeAsync()
    {
        Array.ForEach(_devices, device => device.Dispose());
        _relay.Dispose();
        Directory.Delete(_folder, recursive: true);
        return ValueTask.CompletedTask;
    }

    /// <exception cref="InvalidOperationException">A device or the relay cannot go on.</exception>
    private async Task PlayAsync(int times)
    {
        // Some losses of power while files are made, and an account.
        int early = _circumstances is { IsOfPower: true, IsSound: true } ? Math.Max(2, times / 20) : 0;
        Array.ForEach(_devices, device => device.Start());
        Array.ForEach(_devices, device => device.Tell("sign up"));
        for (int i = 0; i < early; i++)
        {
            int victim = _circumstances.DrawVictim(_chance);
            Machine struck = victim == 2 ? _relay.Machine : _devices[victim % 3].Machine;
            long written = _chance.Next(1, 400_000);
            while (struck.Written < written && !_devices.All(device => device.Said.Any(line => line.Words[0] == "signed")))
            {
                await Task.Delay(1);
            }

            await StrikeAsync(victim, "sign up");
        }

        foreach ((string command, string answer) in new[] { ("sign up", "signed"), ("accept", "accepted") })
        {
            foreach (Device device in _devices)
            {
                device.Tell(command);
                await WaitAsync(device, said => said.Any(line => line.Words[0] == answer));
            }
        }

        Array.ForEach(_devices, device => device.Tell("read"));
        for (int i = early; i < times; i++)
        {
            foreach (Device device in _devices)
            {
                for (int messages = _chance.Next(1, 4); messages > 0; messages--)
                {
                    device.Tell("say");
                }
            }

            // In the middle of something: after somebody has said a little more, or has got something, and a moment later.
            int victim = _circumstances.DrawVictim(_chance);
            Device watched = _devices[victim % 2];
            int lines = watched.Said.Count + _chance.Next(1, 4);
            int texts = Texts(watched.Said).Count();
            bool hasArrived = !_circumstances.IsSound || _chance.Next(2) == 0;
            await WaitAsync(watched, said => hasArrived ? Texts(said).Count() > texts : said.Count >= lines);
            await Task.Delay(TimeSpan.FromMilliseconds(_chance.Next(0, 25)));
            await StrikeAsync(victim, "read");
            if (_forgotten > 0)
            {
                return;
            }
        }

        Array.ForEach(_devices, device => device.Tell("say"));
        foreach ((Device sender, Device receiver) in new[] { (_devices[0], _devices[1]), (_devices[1], _devices[0]) })
        {
            await WaitAsync(sender, said => said.Count(line => line.Life == sender.Life && line.Words[0] == "sent") == sender.ToSay);
            await WaitAsync(receiver, said => !Sent(sender).Except(Texts(said).Select(text => text.Text)).Any(), isNeeded: false);
        }
    }

    /// <param name="victim">One of the devices, the relay, or all of them.</param>
    /// <param name="command">What a device is told when it has begun again.</param>
    private async Task StrikeAsync(int victim, string command)
    {
        _struck++;
        Device[] struck = victim == 3 ? _devices : victim == 2 ? [] : [_devices[victim]];
        await Task.WhenAll([.. struck.Select(device => device.KillAsync()), .. victim >= 2 ? [_relay.KillAsync()] : Array.Empty<Task>()]);
        if (victim >= 2)
        {
            _relay.Machine.LosePower(DrawLoss);
            _forgotten += _circumstances.IsOfPower ? _relay.Forgotten() : 0;
            await _relay.StartAsync();
        }

        foreach (Device device in struck)
        {
            device.Machine.LosePower(DrawLoss);
            device.Start();
            device.Tell(command);
        }
    }

    /// <summary>What the power takes along: where a disk or a store breaks its promise, all that was not synced.</summary>
    private PowerLoss DrawLoss(int steps) => _circumstances.IsSound ? PowerLoss.Draw(_chance, steps) : PowerLoss.OfAll();

    private async Task WaitAsync(Device device, Func<IReadOnlyList<(int Life, string[] Words)>, bool> isEnough, bool isNeeded = true)
    {
        using var patience = new CancellationTokenSource(_circumstances.Patience);
        try
        {
            await await Task.WhenAny([.. _devices.Select(
                one => one.HeardAsync(said => HasFailed(said) || (one == device && isEnough(said)), patience.Token))]);
        }
        catch (OperationCanceledException) when (isNeeded)
        {
            throw new TimeoutException($"{device.User} said: {string.Join("; ", device.Said.TakeLast(10).Select(line => string.Join(' ', line.Words)))}");
        }
        catch (OperationCanceledException)
        {
            // What did not come is lost.
        }

        if (_devices.FirstOrDefault(one => HasFailed(one.Said)) is { } failed)
        {
            throw new InvalidOperationException($"{failed.User} cannot go on.");
        }
    }

    private static bool HasFailed(IReadOnlyList<(int Life, string[] Words)> said) => said.Any(line => line.Words[0] == "failed");

    private static string[] Sent(Device device) =>
        [.. device.Said.Where(line => line.Words[0] == "sent").Select(line => $"{device.User} {line.Words[1]}")];

    private static IEnumerable<(string Sequence, string Text)> Texts(IReadOnlyList<(int Life, string[] Words)> said) =>
        said.Where(line => line.Words[0] == "got").Select(line => (line.Words[1], line.Words[2]));

    private Outcome Judge()
    {
        int lost = 0;
        int twice = 0;
        List<string> strange = [];
        foreach ((Device sender, Device receiver) in new[] { (_devices[0], _devices[1]), (_devices[1], _devices[0]) })
        {
            lost += Sent(sender).Except(Texts(receiver.Said).Select(text => text.Text)).Count();
            twice += Texts(receiver.Said).Distinct().GroupBy(text => text.Text).Count(text => text.Count() > 1) + AfterAcknowledging(receiver.Said);
            strange.AddRange(receiver.Said.Where(line => line.Words[0] is "told" or "failed").Select(line => $"{receiver.User} {string.Join(' ', line.Words)}"));
        }

        return new Outcome(
            _struck, _devices.Sum(device => Sent(device).Length), lost, twice, NonceRecorder.Repeated(_relay.Salts), strange)
        {
            IsOfPower = _circumstances.IsOfPower,
            Unsynced = Machines.Sum(machine => machine.Changes.Unsynced),
            Dropped = Machines.Sum(machine => machine.Changes.Lost),
            Forgotten = _forgotten,
        };
    }

    /// <summary>Events that came again although the app had come back for a later one.</summary>
    private static int AfterAcknowledging(IReadOnlyList<(int Life, string[] Words)> said)
    {
        var acknowledged = new HashSet<string>();
        (int Life, string[] Words)? before = null;
        int again = 0;
        foreach ((int Life, string[] Words) line in said.Where(line => line.Words[0] is "got" or "told"))
        {
            if (before is { } earlier && earlier.Life == line.Life)
            {
                acknowledged.Add(earlier.Words[1]);
            }

            again += acknowledged.Contains(line.Words[1]) ? 1 : 0;
            before = line;
        }

        return again;
    }
}
