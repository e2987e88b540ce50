using System.Globalization;

namespace PulseMeet.E2E.RelayLoad;

/// <summary>Some of the clients, in a process of their own. It obeys lines: «send», «stop», «drain».</summary>
internal sealed class Worker(LoadOptions options)
{
    public async Task<int> RunAsync()
    {
        string name = options.First.ToString(CultureInfo.InvariantCulture);
        using var accepted = new Log(Path.Combine(options.Folder, "accepted-" + name));
        using var received = new Log(Path.Combine(options.Folder, "received-" + name));
        using var doubled = new Log(Path.Combine(options.Folder, "doubled-" + name));
        using var handler = new SocketsHttpHandler { PooledConnectionIdleTimeout = TimeSpan.FromMinutes(2) };
        using var http = new HttpClient(handler) { Timeout = TimeSpan.FromMinutes(3) };
        var logs = new Logs(accepted, received, doubled);
        LoadClient[] clients = [.. Enumerable.Range(options.First, options.Count).Select(n => new LoadClient(n, options, http, logs))];
        await Parallel.ForEachAsync(clients, new ParallelOptions { MaxDegreeOfParallelism = 8 }, async (client, _) => await client.SignUpAsync());
        Say("ready");
        using CancellationTokenSource sending = new();
        using CancellationTokenSource receiving = new();
        Expect("send");
        Task receive = Task.WhenAll(clients.Select(client => Task.Run(() => client.ReceiveAsync(receiving.Token))));
        Task send = Task.WhenAll(clients.Select(client => Task.Run(() => client.SendAsync(sending.Token))));
        Expect("stop");
        await sending.CancelAsync();
        await send;
        Say("stopped");
        Expect("drain");
        await receiving.CancelAsync();
        await receive;
        Say("drained");
        return 0;
    }

    private static void Say(string line)
    {
        Console.Out.WriteLine(line);
        Console.Out.Flush();
    }

    private static void Expect(string line)
    {
        string? got = Console.In.ReadLine();
        if (got != line)
        {
            throw new InvalidOperationException($"Expected «{line}», got «{got}».");
        }
    }
}
