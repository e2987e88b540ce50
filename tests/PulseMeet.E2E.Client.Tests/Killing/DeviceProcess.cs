namespace PulseMeet.E2E.Client.Tests.Killing;

/// <summary>An app on one device, in a process that ends at any moment. It does what it is told line by line, and says what happens.</summary>
internal static class DeviceProcess
{
    private static readonly SemaphoreSlim s_turn = new(1, 1);

    public static async Task RunAsync(string user, string peer, string database, Uri relay, int number, SqliteDurability durability)
    {
        var services = new ServiceCollection();
        services.AddPulseMeetE2E(options =>
            {
                options.Device = new(user, "phone");
                options.Client.GapDelay = TimeSpan.FromSeconds(2);
            })
            .UseSqliteStore(database, MasterKeys.From(_ => ValueTask.FromResult(new byte[32])), new() { Durability = durability })
            .UseHttpRelay(relay, ChatServer.TokensOf(user, "phone"));
        await using ServiceProvider provider = services.BuildServiceProvider();
        var client = provider.GetRequiredService<E2EClient>();
        while (await Console.In.ReadLineAsync() is { } command)
        {
            try
            {
                switch (command)
                {
                    case "sign up":
                        await SignUpAsync(client);
                        await SayAsync("signed up");
                        break;
                    case "accept":
                        await client.AcceptAsync(peer);
                        await SayAsync("accepted");
                        break;
                    case "read":
                        _ = ReadAsync(client);
                        break;
                    case "say":
                        await SayAsync($"sending {number}");
                        await client.SendAsync(peer, MessageContent.Text($"{user} {number}"));
                        await SayAsync($"sent {number}");
                        number++;
                        break;
                }
            }
            catch (Exception exception)
            {
                await FailAsync(exception);
            }
        }
    }

    private static async Task SignUpAsync(E2EClient client)
    {
        try
        {
            (await client.SignUpAsync()).Dispose();
        }
        catch (InvalidOperationException)
        {
            // An earlier life has, and was killed before it could say so.
        }
    }

    private static async Task ReadAsync(E2EClient client)
    {
        try
        {
            await foreach (E2EEvent e in client.ReadEventsAsync())
            {
                await SayAsync(e is MessageReceived { Content: TextContent text }
                    ? $"got {e.Sequence} {text.Value}"
                    : $"told {e.Sequence} {e.GetType().Name}");
            }
        }
        catch (Exception exception)
        {
            await FailAsync(exception);
        }
    }

    private static Task FailAsync(Exception exception) =>
        SayAsync($"failed 0 {exception.GetType().Name} {exception.Message.ReplaceLineEndings(" ")}");

    private static async Task SayAsync(string line)
    {
        await s_turn.WaitAsync();
        try
        {
            await Console.Out.WriteLineAsync(line);
            await Console.Out.FlushAsync();
        }
        finally
        {
            s_turn.Release();
        }
    }
}
