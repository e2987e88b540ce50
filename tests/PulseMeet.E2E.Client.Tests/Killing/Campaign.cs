namespace PulseMeet.E2E.Client.Tests.Killing;

/// <summary>Two devices and their relay, in processes of their own on SQLite files, over HTTP: the devices write to each other, and one of the
/// three is killed in the middle of it, again and again.</summary>
internal sealed class Campaign : IAsyncDisposable
{
    private static readonly TimeSpan s_patience = TimeSpan.FromMinutes(3);

    private readonly string _folder;
    private readonly KilledRelay _relay;
    private readonly Random _chance;
    private readonly Device[] _devices;

    private Campaign(string folder, KilledRelay relay, Random chance)
    {
        _folder = folder;
        _relay = relay;
        _chance = chance;
        _devices =
        [
            new Device("alice", "bob", Path.Combine(folder, "alice.db"), relay.Address!),
            new Device("bob", "alice", Path.Combine(folder, "bob.db"), relay.Address!),
        ];
    }

    public static async Task<Campaign> StartAsync(int seed)
    {
        string folder = Directory.CreateTempSubdirectory("pulsemeet-kill").FullName;
        var relay = new KilledRelay(folder);
        await relay.StartAsync();
        return new Campaign(folder, relay, new Random(seed));
    }

    public async Task<Outcome> RunAsync(int kills)
    {
        foreach (string command in new[] { "sign up", "accept" })
        {
            foreach (Device device in _devices)
            {
                if (command == "sign up")
                {
                    device.Start();
                }

                device.Tell(command);
                await WaitAsync(device, said => said.Any(line => line.Words[0] == (command == "accept" ? "accepted" : "signed")));
            }
        }

        Array.ForEach(_devices, device => device.Tell("read"));
        for (int i = 0; i < kills; i++)
        {
            foreach (Device device in _devices)
            {
                for (int messages = _chance.Next(1, 4); messages > 0; messages--)
                {
                    device.Tell("say");
                }
            }

            // In the middle of something: after somebody has said a little more, and a moment later.
            int victim = _chance.Next(3);
            Device watched = _devices[victim % 2];
            int lines = watched.Said.Count + _chance.Next(1, 4);
            await WaitAsync(watched, said => said.Count >= lines);
            await Task.Delay(TimeSpan.FromMilliseconds(_chance.Next(0, 25)));
            if (victim == 2)
            {
                await _relay.KillAsync();
                await _relay.StartAsync();
                continue;
            }

            await watched.KillAsync();
            watched.Start();
            watched.Tell("read");
        }

        Array.ForEach(_devices, device => device.Tell("say"));
        foreach ((Device sender, Device receiver) in new[] { (_devices[0], _devices[1]), (_devices[1], _devices[0]) })
        {
            await WaitAsync(sender, said => said.Any(line => line.Life == sender.Said[^1].Life && line.Words[0] == "sent"));
            await WaitAsync(receiver, said => !Sent(sender).Except(Texts(said).Select(text => text.Text)).Any(), isNeeded: false);
        }

        return Judge(kills);
    }

    public ValueTask DisposeAsync()
    {
        Array.ForEach(_devices, device => device.Dispose());
        _relay.Dispose();
        Directory.Delete(_folder, recursive: true);
        return ValueTask.CompletedTask;
    }

    private static async Task WaitAsync(Device device, Func<IReadOnlyList<(int Life, string[] Words)>, bool> isEnough, bool isNeeded = true)
    {
        using var patience = new CancellationTokenSource(s_patience);
        try
        {
            await device.HeardAsync(isEnough, patience.Token);
        }
        catch (OperationCanceledException) when (isNeeded)
        {
            throw new TimeoutException($"{device.User} said: {string.Join("; ", device.Said.TakeLast(10).Select(line => string.Join(' ', line.Words)))}");
        }
        catch (OperationCanceledException)
        {
            // What did not come is lost.
        }
    }

    private static string[] Sent(Device device) =>
        [.. device.Said.Where(line => line.Words[0] == "sent").Select(line => $"{device.User} {line.Words[1]}")];

    private static IEnumerable<(string Sequence, string Text)> Texts(IReadOnlyList<(int Life, string[] Words)> said) =>
        said.Where(line => line.Words[0] == "got").Select(line => (line.Words[1], line.Words[2]));

    private Outcome Judge(int kills)
    {
        int lost = 0;
        int twice = 0;
        var strange = new List<string>();
        foreach ((Device sender, Device receiver) in new[] { (_devices[0], _devices[1]), (_devices[1], _devices[0]) })
        {
            lost += Sent(sender).Except(Texts(receiver.Said).Select(text => text.Text)).Count();
            twice += Texts(receiver.Said).Distinct().GroupBy(text => text.Text).Count(text => text.Count() > 1) + AfterAcknowledging(receiver.Said);
            strange.AddRange(receiver.Said.Where(line => line.Words[0] is "told" or "failed").Select(line => $"{receiver.User} {string.Join(' ', line.Words)}"));
        }

        return new Outcome(kills, _devices.Sum(device => Sent(device).Length), lost, twice, NonceRecorder.Repeated(_relay.Salts), strange);
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
