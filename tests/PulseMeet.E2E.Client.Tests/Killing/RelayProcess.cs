using PulseMeet.E2E.Relay;
using PulseMeet.E2E.Sqlite.Relay;

namespace PulseMeet.E2E.Client.Tests.Killing;

/// <summary>A relay over a SQLite file, in a process that ends at any moment. What it answered for is synced before.</summary>
internal static class RelayProcess
{
    public static async Task RunAsync(string database, string salts, int port)
    {
        await using var relay = new SqliteRelay(database, TimeProvider.System);
        await using ChatServer server = await ChatServer.StartAsync(
            services => services.AddSingleton<IE2ERelayServer>(new NonceRecorder(relay, salts)), port);
        await Console.Out.WriteLineAsync($"listening {server.Address}");
        await Console.Out.FlushAsync();

        // Until whoever started it has gone, too.
        await Console.In.ReadLineAsync();
    }
}
